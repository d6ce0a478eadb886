"""Entries that may have been counted from 1, and equations that are no formulas."""

from __future__ import annotations

from collections.abc import Iterator

from jacobian_cli.elaborate.quoting import Typed, changed, quoted
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Group, Literal, Name, Term


def first_entries(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`x[1]*exp(x[2])`, `x[[1]]`: single entries none of which is the first."""
    picked = [term for s in typed.statements for term in s.terms if isinstance(term, Call) and term.function == "[]"]
    for name in dict.fromkeys(term.arguments[0].text for term in picked if isinstance(term.arguments[0], Name)):
        own = [term for term in picked if isinstance(term.arguments[0], Name) and term.arguments[0].text == name]
        places = [[place.value for place in _places(term)] for term in own]
        if not places or any(not found or min(found) < 1 for found in places) or min(map(min, places)) > 1:
            continue
        here = {id(term) for term in own} & {id(term) for term in statement.terms}
        other = changed(statement, dict.fromkeys(here, _from_zero)) if here else None
        if other is not None and typed.fits(statement, other):
            taken, meant = quoted(statement, other, statement.value.span)
            yield Doubt(f"entries count from 0 in `{taken}`; counted from 1 it is `{meant}`")
            return


def _places(term: Call) -> list[Literal]:
    """The places of a single entry, also in brackets of their own; none where more is taken."""
    picks = term.arguments[1]
    items = picks.items if isinstance(picks, Group) else (picks,)
    inner = [i.items[0] if isinstance(i, Group) and len(i.items) == 1 else i for i in items]
    return [i for i in inner if isinstance(i, Literal)] if all(isinstance(i, Literal) for i in inner) else []


def _from_zero(term: Call) -> Term:
    x, picks = term.arguments
    less = tuple(Literal(place.value - 1, place.span) for place in _places(term))
    return Call("[]", (x, Group(less, picks.span)), (), term.span)


def compared(statement: Definition) -> Iterator[Doubt]:
    """`y == W@x`, which is 1 where both are equal and has no slope."""
    match statement.value:
        case Call(function="==", arguments=(left, right)):
            taken, sides = spelled(statement.value), (spelled(left), spelled(right))
            held = f"({sides[1]})" if isinstance(right, Call) and right.function in ("+", "-", "==") else sides[1]
            yield Doubt(
                f"`{taken}` is 1 where both are equal, and its derivative 0; their difference is `{sides[0]} - {held}`"
            )
