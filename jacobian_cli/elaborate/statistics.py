"""Sums and means of a whole matrix that MATLAB takes of each column: X - mean(X) and mean(X)*w."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jacobian_cli.elaborate.habits import MATRIX, VECTOR, habit
from jacobian_cli.elaborate.quoting import Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.marks import ONLY_OURS
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Name, Term

_OF_COLUMNS = frozenset("sum mean std var max min median prod".split())
"""Functions that are of all entries here, and of each column in MATLAB."""
_BOARDS = ("", "math", "latex")


def statistics(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """The doubts of one statement, where nobody who wrote these knows another sign of products than `*`."""
    sources = [one.source for one in typed.statements]
    if statement.notation not in _BOARDS or any(ONLY_OURS.search(source) for source in sources):
        return
    if not any("*" in source or "^" in source for source in sources):
        return
    named = {one.name: one.value for one in typed.statements if one.name}
    for call in dict.fromkeys(_met(typed, named, statement.terms)):
        down = f"{call.function}({spelled(call.arguments[0])}, axis=0)"
        yield Doubt(f"`{spelled(call)}` is over all entries; down the columns, as MATLAB has it, it is `{down}`")


def _met(typed: Typed, named: Mapping[str, Term], terms: Sequence[Term]) -> Iterator[Call]:
    """The statistics of a matrix that meet this matrix entry by entry, or stand before a vector as a row would."""
    for term in terms:
        if not (isinstance(term, Call) and term.function in ("-", "/", "*") and len(term.arguments) == 2):
            continue
        left, right = term.arguments
        if term.function == "*":
            found = _statistic(typed, named, left)
            if found is not None and isinstance(right, Name) and habit(right.text) == VECTOR:
                yield found
            continue
        found = _statistic(typed, named, right)
        if found is not None and spelled(found.arguments[0]) in names_in(left):
            yield found


def _statistic(typed: Typed, named: Mapping[str, Term], term: Term) -> Call | None:
    """A statistic of all entries of a capital, or what a name stands for that is one."""
    if isinstance(term, Name):
        term = named.get(term.text, term)
    match term:
        case Call(function=function, arguments=(Name(text=name) as inner,), keywords=()) if function in _OF_COLUMNS:
            if name in typed.assumed and habit(name) == MATRIX and typed.order(inner) == MATRIX:
                return term
    return None
