"""Definitions that stand where a whole number must be told: the bounds of slices, places and sizes, `k = 2; x[:k]`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor

from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import MAX_SIZE
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Call, Definition, Group, Literal, Name, Slice, Term, terms_in

_Values = Mapping[str, Fraction | None]
"""What each definition is, where it is a number."""


def told(statements: Sequence[Definition], declared: Collection[str]) -> Sequence[Definition]:
    """The statements with the numbers that definitions are, wherever only a whole number can stand. Raises
    `InputError` where a slice ends at what is computed, which would else be taken for a size of that name.
    """
    if not any(_places(call) for statement in statements for call in statement.calls):
        return statements
    values: dict[str, Fraction | None] = {}
    for statement in statements:
        if statement.name and statement.name not in declared:
            values[statement.name] = _value(statement.value, values)
    if not values:
        return statements
    found = [_with(statement, values) for statement in statements]
    if all(one is other for one, other in zip(found, statements, strict=True)):
        return statements
    used = {name.text for statement in found for name in statement.names}
    before = {name.text for statement in statements for name in statement.names}
    idle = before - used
    return [s for s in found if s is found[-1] or s.name not in idle]


def _with(statement: Definition, values: _Values) -> Definition:
    measured = [part for term in statement.terms for part in _measured(term)]
    if not any(isinstance(part, Name) and part.text in values for whole in measured for part in terms_in(whole)):
        return statement
    value = _inserted(statement.value, values, statement)
    return statement if value == statement.value else replace(statement, value=value)


def _measured(term: Term) -> tuple[Term, ...]:
    """The arguments of a call that are sizes or places."""
    return tuple(term.arguments[k] for k in _places(term)) if isinstance(term, Call) else ()


def _places(call: Call) -> tuple[int, ...]:
    row = FUNCTIONS.get(ALIASES.get(call.function, call.function))
    if row is None or not row.options:
        return ()
    if "sizes" in row.options:
        return tuple(range(len(call.arguments)))
    return tuple(range(1, len(call.arguments))) if {"shape", "index"} & {*row.options} else ()


def _inserted(term: Term, values: _Values, statement: Definition) -> Term:
    if not isinstance(term, Call):
        if isinstance(term, Group):
            return replace(term, items=tuple(_inserted(item, values, statement) for item in term.items))
        return term
    measured = _places(term)
    arguments = tuple(
        _place(part, values, statement) if k in measured else _inserted(part, values, statement)
        for k, part in enumerate(term.arguments)
    )
    keywords = tuple((name, _inserted(part, values, statement)) for name, part in term.keywords)
    return Call(term.function, arguments, keywords, term.span)


def _place(term: Term, values: _Values, statement: Definition) -> Term:
    """A place or a size, or several."""
    match term:
        case Group(items=items):
            return replace(term, items=tuple(_place(item, values, statement) for item in items))
        case Slice(start=start, stop=stop, step=step):
            first, last, by = (None if b is None else _bound(b, values, statement) for b in (start, stop, step))
            return Slice(first, last, term.span, by)
        case Call(function=function) if function.isidentifier():
            return _inserted(term, values, statement)
    return _whole(term, values) or term


def _bound(term: Term, values: _Values, statement: Definition) -> Term:
    """Where a slice begins or ends."""
    whole = _whole(term, values)
    if whole is not None:
        return whole
    for name in terms_in(term):
        if isinstance(name, Name) and name.text in values:
            message = f"'{name.text}' is computed, and a slice ends at a size or a whole number"
            hint = "sizes are letters, numbers, sums and products, as in `x[:n - 1]`"
            raise InputError(message, text=statement.source, span=name.span, hint=hint)
    return term


def _whole(term: Term, values: _Values) -> Literal | None:
    value = None if isinstance(term, Literal) else _value(term, values)
    return None if value is None or value.denominator != 1 else Literal(value, term.span)


def _value(term: Term, values: _Values) -> Fraction | None:
    """What a part is, where it is a number whatever the variables are."""
    match term:
        case Literal(value=value):
            return value
        case Name(text=text):
            return values.get(text)
        case Call(function="u-" | "+" | "-" | "*" | "/" | "floor" as sign, arguments=arguments, keywords=()):
            parts = [_value(part, values) for part in arguments]
            numbers = [part for part in parts if part is not None]
            found = _computed(sign, numbers) if len(numbers) == len(parts) else None
            return found if found is not None and _within(found) else None
    return None


def _computed(sign: str, numbers: Sequence[Fraction]) -> Fraction | None:
    match sign, numbers:
        case "u-", (one,):
            return -one
        case "floor", (one,):
            return Fraction(floor(one))
        case "+", (one, other):
            return one + other
        case "-", (one, other):
            return one - other
        case "*", (one, other):
            return one * other
        case "/", (one, other) if other:
            return one / other
    return None


def _within(value: Fraction) -> bool:
    """Whether a number may be a place or a size, or lead to one: what is squared again and again grows without end."""
    return max(abs(value.numerator), value.denominator) <= MAX_SIZE
