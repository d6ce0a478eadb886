"""What trees say before any shape is known: their parts, and what kind of function stands there."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.syntax.tree import Call, Group, Name, Term, parts_of

COUNTED = frozenset("?extent ?count ?length".split())
"""What counts the entries of an array."""
_SIGNS = frozenset(("*", "/", "+", "-", "u-", "**"))


def elementwise(term: Call) -> bool:
    """Whether a function or operator goes entry by entry."""
    row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
    if row is None:
        return False
    if row.given and len(term.arguments) == 2 and not term.keywords and row.of_two:
        row = FUNCTIONS[row.of_two]
    return row.kind is Kind.ELEMENTWISE


def of_scalar(term: Call) -> bool:
    """Whether it is a function of matrices, one of which may be a scalar."""
    row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
    return row is not None and bool(row.given and row.of_scalar)


def is_number(term: Term, sizes: Collection[str] = ()) -> bool:
    """Whether a part is made of numbers and sizes only."""
    waiting = [term]
    for part in waiting:  # what is near comes first: most often it is a name
        if isinstance(part, Name) and part.text not in sizes:
            return False
        waiting += parts_of(part)
    return True


def summands(term: Term) -> Iterator[Term]:
    """What is added in a sum of the language, from left to right, without signs."""
    stack = [term]
    while stack:
        part = stack.pop()
        if isinstance(part, Call) and part.function in ("+", "-", "u-"):
            stack.extend(reversed(part.arguments))
        else:
            yield part


def values_in(term: Call) -> tuple[Term, ...]:
    """The arguments that are values: a list of them counts as its items, what is inside an index not."""
    if term.function == "[]":
        return term.arguments[:1]
    return tuple(item for a in term.arguments for item in (a.items if isinstance(a, Group) else (a,)))


def of_matrices(term: Term) -> bool:
    """Whether a matrix is made of names by products, sums and functions of matrices, by none of entries."""
    stack = [term]
    while stack:
        part = stack.pop()
        if not isinstance(part, Call):
            continue
        if elementwise(part) and part.function not in _SIGNS:
            return False
        if part.function == "@" or not elementwise(part):
            continue
        stack += part.arguments
    return True
