"""Amplitudes and lengths of kernels: `s**2*exp(-0.5*D/l**2)`, where an entry for each column is hardly meant."""

from __future__ import annotations

from collections.abc import Iterator

from jacobian_cli.elaborate.habits import MATRIX, VECTOR, habit
from jacobian_cli.elaborate.quoting import Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term, terms_in


def kernels(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """What scales the exponential of a matrix, or divides in it, and is read as a vector."""
    match term:
        case Call(function="*", arguments=(scale, Call(function="exp") as curve)) if typed.order(curve) == MATRIX:
            scaling = _scale(scale)
            below = [
                name
                for part in terms_in(curve)
                if isinstance(part, Call) and part.function == "/" and typed.order(part.arguments[0]) == MATRIX
                for name in _scale(part.arguments[1])
            ]
            places = names_in(statement.value)
            names = [
                name
                for name in dict.fromkeys((*scaling, *below))
                if habit(name) == VECTOR == len(typed.assumed.get(name, ())) and places.count(name) == 1
            ]
            if names and scaling:
                said = " and ".join(f"`{name}`" for name in names)
                taken = "is taken for a vector" if len(names) == 1 else "are taken for vectors"
                ways = " ".join(f"`-s {name}=()`" for name in names)
                what = "a number is" if len(names) == 1 else "numbers are"
                each = "with an entry for each column"
                yield Doubt(f"{said} {taken} in `{spelled(term)}`, {each}; {what} declared: {ways}")


def _scale(term: Term) -> list[str]:
    """The names in what scales: s in 2*s**2."""
    match term:
        case Name(text=text):
            return [text]
        case Call(function="**", arguments=(Name(text=text), Literal())):
            return [text]
        case Call(function="*" | "u-", arguments=parts):
            return [name for part in parts for name in _scale(part)]
    return []
