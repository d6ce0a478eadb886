"""Names above the line, which are numbers where nothing else says that they are vectors: (1 + ‖x‖²)^{-(ν + d)/2}."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from jacobian_cli.elaborate.habits import MATRIX, habit, varies
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term, parts_of

_BOARD = ("math", "latex")
_OF_VECTORS = frozenset("?T .T ?norm ?dot ?cdot ?inner ?hadamard ?cross ?over ?total sum".split())
"""What takes a name for a vector that stands in it alone."""
_SUMS = ("?plus", "?minus")
_PRODUCTS = ("?beside", "?star")
_SCALED = ("?beside", "/", "u-")


def vectors_in(value: Term) -> set[str]:
    """The names that stand somewhere in a formula where a vector does: transposed, between bars, behind a matrix, in a
    sum with another name that is not above a line; all others scale, divide or are exponents.
    """
    found = {part.text for part in _summands(value) if isinstance(part, Name)}
    stack = [(value, False)]
    while stack:
        term, raised = stack.pop()
        if not isinstance(term, Call):
            continue
        stack += [(part, raised or (term.function == "?power" and k == 1)) for k, part in enumerate(parts_of(term))]
        names = [part.text for part in term.arguments if isinstance(part, Name)]
        if term.function in _OF_VECTORS:
            found |= {name for part in term.arguments for name in (*_of_sum(part), *_named(part))}
        elif term.function in _SUMS and not raised and not any(isinstance(part, Literal) for part in term.arguments):
            found.update(names)
        elif term.function in _PRODUCTS:
            found.update(*(_moved(before, behind) for before, behind in pairwise(term.arguments)))
    return found


def _named(term: Term) -> tuple[str, ...]:
    return (term.text,) if isinstance(term, Name) else ()


def _of_sum(term: Term) -> list[str]:
    return [part.text for part in _summands(term) if isinstance(part, Name)]


def _moved(before: Term, behind: Term) -> tuple[str, ...]:
    """The vector behind a matrix."""
    while isinstance(before, Call) and before.function in ("?T", ".T", "?power", "?beside"):
        before = before.arguments[-1 if before.function == "?beside" else 0]
    large = isinstance(before, Name) and habit(before.text) == MATRIX
    return _named(behind) if large else ()


def _summands(term: Term) -> list[Term]:
    """The terms of a sum."""
    if isinstance(term, Call) and term.function in _SUMS:
        return [part for argument in term.arguments for part in _summands(argument)]
    return [term]


def exponents(statements: Sequence[Definition], guessed: Mapping[str, int]) -> set[str]:
    """The names above a line in mathematics that are numbers: no variables, and nowhere vectors."""
    found, vectors = set[str](), set[str]()
    for statement in statements:
        if statement.notation in _BOARD:
            vectors |= vectors_in(statement.value)
            for term in statement.terms:
                match term:
                    case Call(function="?power", arguments=(below, above)) if not isinstance(below, Literal):
                        found |= {*names_in(above)}
    return {name for name in found - vectors if guessed.get(name) == 1 and not varies(name)}


def numbers_at(term: Call, assumed: Mapping[str, int], vectors: set[str], *, base: int, made: bool) -> list[str]:
    """The names of a power that are taken for vectors and are numbers: variables above the line of a number that is
    `made` of vectors, or of a vector, and what is scaled below it. `base` says how many axes the base has.
    """
    below, above = term.arguments
    found = [name for name in names_in(above) if assumed.get(name) == 1 and name not in vectors]
    if not (base or made):
        found = []
    if base and not isinstance(above, Literal) and _scaled(below):  # (2πt)^{-n/2}
        names = [name for name in names_in(below) if assumed.get(name) == 1]
        if not any(varies(name) or name in vectors for name in names):
            found += names
    return sorted(dict.fromkeys(found), key=habit, reverse=True)


def _scaled(term: Term) -> bool:
    """Whether a part is a product of numbers and letters: 2πt."""
    several = isinstance(term, Call) and term.function in _SCALED
    return several and all(isinstance(part, Name | Literal) or _scaled(part) for part in parts_of(term))


def beside_number(term: Term) -> bool:
    """Whether a part is a sum with a number in it: 1 + N/K."""
    return isinstance(term, Call) and any(isinstance(part, Literal) for part in _summands(term))
