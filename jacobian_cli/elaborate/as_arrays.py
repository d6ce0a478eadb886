"""Formulas of the language whose vectors stand as NumPy has them: x@W + b, x@A@x."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from jacobian_cli.elaborate.habits import VECTOR, habit
from jacobian_cli.elaborate.options import OrderError
from jacobian_cli.elaborate.program import Program, elaborate
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Call, Definition, Group, Name, Slice, Term

_NUMPY = "numpy"
_SIGNS = {"@": "?matmul", ".T": "?turn"}


def elaborate_typed(
    statements: Sequence[Definition],
    declared: Mapping[str, Shape] | None = None,
    orders: Mapping[str, int] | None = None,
    square: Iterable[str] = (),
    places: Iterable[str] = (),
    masks: Iterable[str] = (),
) -> Program:
    """What was typed, typed. Where a vector stands before a matrix, which no column does, it is read as in NumPy."""
    facts = (tuple(square), tuple(places), tuple(masks))
    try:
        return elaborate(statements, declared, orders, *facts)
    except OrderError as error:
        if any(s.notation or _turns(s) for s in statements) or not any(_multiplies(s) for s in statements):
            raise
        arrays = [replace(s, value=_as_arrays(s.value), notation=_NUMPY) for s in statements]
        try:
            return elaborate(arrays, declared, orders, *facts)
        except InputError:
            raise error from None


def _multiplies(statement: Definition) -> bool:
    return any(isinstance(term, Call) and term.function == "@" for term in statement.terms)


def _turns(statement: Definition) -> bool:
    """Whether a vector is transposed, as NumPy's never are: the formula is of the language then."""
    return any(
        isinstance(term, Call)
        and term.function == ".T"
        and isinstance(term.arguments[0], Name)
        and habit(term.arguments[0].text) == VECTOR
        for term in statement.terms
    )


def _as_arrays(term: Term) -> Term:
    match term:
        case Call(function=function, arguments=arguments, keywords=keywords, span=span):
            options = tuple((name, _as_arrays(value)) for name, value in keywords)
            return Call(_SIGNS.get(function, function), tuple(map(_as_arrays, arguments)), options, span)
        case Group(items=items):
            return replace(term, items=tuple(map(_as_arrays, items)))
        case Slice(start=start, stop=stop, step=step):
            first, last, by = (None if bound is None else _as_arrays(bound) for bound in (start, stop, step))
            return replace(term, start=first, stop=last, step=by)
    return term
