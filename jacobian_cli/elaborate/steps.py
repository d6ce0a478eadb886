"""Names of steps: numbers that scale what is added to an iterate, x + h*(A@x + b)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jacobian_cli.elaborate.habits import HABITS, MATRIX, SCALAR, VECTOR, Default, habit, of_time
from jacobian_cli.elaborate.parts import Parts
from jacobian_cli.elaborate.quoting import Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term

_STEP = re.compile(r"[ht](_\w+|\d*)|dt|T")
_WHY = "what scales the change of an iterate is a number"


def steps(parts: Parts) -> dict[str, Default]:
    """The names that do nothing but to scale what is added to an iterate."""
    open_ones = {n for n, guess in parts.guessed.items() if guess.order and guess.why in HABITS and _STEP.fullmatch(n)}
    if not open_ones:
        return {}
    found: dict[str, int] = dict.fromkeys(open_ones, 0)
    for statement in parts.statements:
        for call in statement.calls:
            for name in _steps_of(parts, call):
                found[name] = found.get(name, 0) + 1
        for used in statement.names:
            if used.text in open_ones:
                found[used.text] -= 1
    scaling = {name for statement in parts.statements for call in statement.calls for name in _steps_of(parts, call)}
    return {name: Default(SCALAR, _WHY) for name in open_ones & scaling if found[name] == 0}


def stepped(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`x + T*(A@x + B@u)`: a capital that was taken for a step."""
    for call in statement.calls:
        for name in _steps_of(typed, call):
            if habit(name) == MATRIX and not of_time(name) and typed.assumed.get(name) == ():
                taken = f"`{name}` is taken for a number, a step, in `{spelled(call)}`"
                yield Doubt(f"{taken}; a matrix is declared: `-s {name}=n,m`")


def _steps_of(parts: Parts | Typed, call: Call) -> Iterator[str]:
    """The step in a sum of two parts, if one of them is an iterate."""
    if call.function not in ("+", "-") or len(call.arguments) != 2:
        return
    for before, change in (call.arguments, call.arguments[::-1]):
        lead, rest, divided = _led(change)
        like = {parts.order(change), *map(parts.order, rest)}
        if lead is None or parts.order(before) in (None, SCALAR) or parts.order(before) not in like:
            continue
        changes = {name for part in rest for name in names_in(part)}
        iterated = isinstance(before, Name) and before.text in changes
        moved = iterated and not all(isinstance(part, Name) for part in rest)
        if lead.text not in changes and (moved or (divided and habit(lead.text) == VECTOR)):
            yield lead.text


def _led(term: Term) -> tuple[Name | None, list[Term], bool]:
    """The name in front of a product, what stands behind it, and whether a number divides the name or its sum."""
    rest: list[Term] = []
    divided = False
    while isinstance(term, Call) and term.function in ("*", "/", "@") and len(term.arguments) == 2:
        first, other = term.arguments
        if isinstance(first, Literal) and term.function == "*":
            term = other
            continue
        if not isinstance(other, Literal):
            rest.append(other)
        halved = term.function == "/" and isinstance(other, Literal)
        divided = divided or (halved and (isinstance(first, Name) or _scales_sum(first)))
        term = first
    return (term if isinstance(term, Name) and rest else None), rest, divided


def _scales_sum(term: Term) -> bool:
    """h*(k1 + 2*k2)."""
    match term:
        case Call(function="*", arguments=(_, Call(function="+" | "-"))):
            return True
    return False
