"""Sums of a number and an array in mathematics, which the board has not, and squares that are meant as norms.

`‖Xw − y‖² + λw²` adds a number to each entry of a vector; whoever writes it means λ‖w‖². And `x − ∑ⱼ αⱼdⱼ` subtracts a
number, unless each dⱼ is a vector.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from jacobian_cli.elaborate.amounts import PLAIN_CAPITALS
from jacobian_cli.elaborate.habits import MATRIX, VECTOR, habit
from jacobian_cli.elaborate.quoting import Typed, changed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import summands
from jacobian_cli.elaborate.trees import call_of
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term, terms_in

_NUMBERS = frozenset("norm norm1 normf trace det logdet inner ?inner dot vdot".split())
"""Functions that make one number of arrays, which nobody adds to each entry."""
_SCALED = ("*", "/", "u-")
_INSIDE = ("log", "sqrt", "abs")
_SUMS = ("+", "-")


def of_sums(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """One doubt of a statement: what the first of such sums may have been meant as."""
    for term in statement.terms:
        if isinstance(term, Call) and term.function in (*_SUMS, "*") and len(term.arguments) == 2:
            for number, other in (term.arguments, term.arguments[::-1]):
                doubt = _combined(typed, term, number, other)
                if doubt is None and term.function != "*":
                    doubt = _added(typed, statement, number, other)
                if doubt is not None:
                    yield doubt
                    return
    yield from _residuals(typed, statement)


def _combined(typed: Typed, term: Call, number: Term, other: Term) -> Doubt | None:
    """What to say of ∑ⱼ αⱼdⱼ, a number beside a vector, or of one that a matrix is multiplied by under its name."""
    if typed.order(number) or not typed.order(other):
        return None
    bodies = {one.name: one.value for one in typed.statements if one.name}
    parts = summands(number) if term.function != "*" else iter((number,))
    for part in map(_unscaled, parts):
        body = _unscaled(bodies.get(part.text, part)) if isinstance(part, Name) else part
        if term.function == "*" and not (body is not part and isinstance(other, Name)):
            continue  # a sum by its sign is refused behind a matrix
        if not (isinstance(body, Call) and body.function == "sum" and not body.keywords):
            continue
        factors = body.arguments[0].arguments if _is_product(body.arguments[0]) else body.arguments
        names = [f.text for f in factors if isinstance(f, Name) and len(typed.assumed.get(f.text, ())) == VECTOR]
        if len(names) == len(factors) and names and not {*names} & {*names_in(other)}:
            name, taken = names[-1], f"`{spelled(body)}` is one number beside `{spelled(other)}`"
            rows = f"{typed.assumed[name][0]},{typed.shapes[id(other)][-1]}"
            return Doubt(f"{taken}; if each of `{name}` is a vector, declare rows: `-s {name}={rows}`")
    return None


def _is_product(term: Term) -> TypeGuard[Call]:
    return isinstance(term, Call) and term.function == "*"


def _added(typed: Typed, statement: Definition, number: Term, other: Term) -> Doubt | None:
    """What to say of a number that is added to something that has axes, or only has none that it fits."""
    parts = list(summands(other))
    squares = [square for part in parts if (square := _square(part)) is not None]
    single = next((part for part in summands(number) if _is_number(typed, part, totals=bool(squares))), None)
    if typed.order(number) or single is None:
        return None
    if typed.order(other):
        arrays = [square for square in squares if typed.order(square)]
        if arrays:
            return _as_norm(typed, statement, single, arrays)
        part = next(part for part in parts if typed.order(part))
        return Doubt(f"`{spelled(single)}` is one number, which is added to each entry of `{spelled(part)}`")
    for part in parts:
        base = _square(part) or _unscaled(part)
        name = base.arguments[0] if isinstance(base, Call) and base.function == "**" else base
        if not isinstance(name, Name) or name.text in PLAIN_CAPITALS:
            continue
        if habit(name.text) == MATRIX and name.text in typed.demanded:
            taken = f"`{name.text}` is taken for a number, for one is added to it"
            added_up = "" if base is name else f", whose squares are added up in `norm({name.text})**2`"
            return Doubt(f"{taken}; a matrix{added_up} is declared: `-s {name.text}=n,m`")
    return None


def _as_norm(typed: Typed, statement: Definition, number: Term, squares: list[Call]) -> Doubt:
    """Squares entry by entry, and what they are where each is the number that it is meant to be."""
    taken = f"`{spelled(squares[0])}` is read, entry by entry"
    if number is not squares[0]:
        taken += f", and `{spelled(number)}` added to each"
    meant = changed(statement, {id(square): _norm for square in squares})
    if meant is not None and typed.fits(statement, meant):
        return Doubt(f"{taken}; as one number it is `{meant.source}`")
    return Doubt(f"{taken}; as one number it is `{spelled(_norm(squares[0]))}`")


def _norm(square: Call) -> Call:
    base, power = square.arguments
    return call_of("**", call_of("norm", base), power)


def _residuals(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """½(y − Xw)², entry by entry: what the whole formula adds up to is a vector of squares."""
    parts = [square for part in summands(statement.value) if (square := _square(part)) is not None]
    made = [s for s in parts if typed.order(s) == VECTOR and _multiplies(typed, s.arguments[0])]
    if made and statement is typed.statements[-1]:
        yield _as_norm(typed, statement, made[0], [s for s in parts if typed.order(s)])


def _multiplies(typed: Typed, term: Term) -> bool:
    """Whether a matrix product is subtracted from something in a part."""
    parts = list(summands(term))
    products = [part for part in parts if isinstance(part, Call) and part.function == "@" and typed.order(part)]
    return len(parts) > 1 and bool(products)


def _square(term: Term) -> Call | None:
    """The square that a summand is, whatever numbers scale it."""
    term = _unscaled(term)
    match term:
        case Call(function="**", arguments=(_, Literal(value=power))) if power == 2:
            assert isinstance(term, Call)
            return term
    return None


def _unscaled(term: Term) -> Term:
    """What is scaled in a summand."""
    while isinstance(term, Call) and term.function in _SCALED:
        term = term.arguments[0 if term.function == "/" else -1]
    return term


def _is_number(typed: Typed, term: Term, *, totals: bool) -> bool:
    """Whether a summand is a number made of whole arrays: a norm, xᵀy, tr(A); a total only where `totals` count."""
    if typed.order(term):
        return False
    term = _unscaled(term)
    while isinstance(term, Call) and term.function == "**":
        term = term.arguments[0]
    if isinstance(term, Call) and term.function in _INSIDE:
        return isinstance(term.arguments[0], Call) and term.arguments[0].function == "det"
    if not isinstance(term, Call) or typed.order(term):
        return False
    if term.function == "sum":
        return totals and any(_square(part) is not None for part in terms_in(term.arguments[0]))
    if term.function == "@":
        return bool(names_in(term)) and not any(_ones(part) for part in terms_in(term))
    if term.function in _SUMS:
        return any(_is_number(typed, part, totals=totals) for part in summands(term))
    return term.function in _NUMBERS


def _ones(term: Term) -> bool:
    return isinstance(term, Call) and term.function in ("ones", "ones_like")
