"""Windows, convolutions and half-vectors in C: entries that are found by counting, each behind lines that do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from jacobian_cli.expr import Apply, Expr
from jacobian_cli.printers.c.places import Place
from jacobian_cli.printers.precedence import PYTHON, Piece
from jacobian_cli.shape import Shape

Places = tuple[Place, ...]


class Writing(Protocol):
    """What is asked of the body of a function."""

    depth: int

    def lengths(self, shape: Shape) -> tuple[int, ...]: ...

    def claim(self, name: str) -> str: ...

    def say(self, line: str) -> None: ...

    def over(self, lengths: Sequence[int]) -> AbstractContextManager[Places]: ...

    def entry(self, node: Expr, at: Places) -> Piece: ...


def _total(
    body: Writing, count: int, part: Callable[[Place, Place], Piece], within: tuple[Place, int] | None = None
) -> Piece:
    """The sum of what a loop of so many steps adds; `within`, where a place less the step is one of so many."""
    name = body.claim("s1")
    body.say(f"double {name} = 0.0;")
    with body.over([count]) as (t,):
        if within is None:
            body.say(f"{name} += {part(t, t).text};")
            return Piece(name)
        there, length = body.claim("k1"), within[1]
        body.say(f"int {there} = {within[0].plus(t.times(-1)).text};")
        body.say(f"if ({there} >= 0 && {there} < {length}) {{")
        body.depth += 1
        body.say(f"{name} += {part(Place.of(there), t).text};")
        body.depth -= 1
        body.say("}")
    return Piece(name)


def _unfold(body: Writing, node: Apply, at: Places) -> Piece:
    return body.entry(node.arguments[0], (*at[:-2], at[-2].plus(at[-1])))


def _fold(body: Writing, node: Apply, at: Places) -> Piece:
    """The windows of which this is an entry."""
    (x,) = node.arguments
    starts, count = body.lengths(x.shape)[-2:]
    return _total(body, count, lambda k, t: body.entry(x, (*at[:-1], k, t)), (at[-1], starts))


def _correlate(body: Writing, node: Apply, at: Places) -> Piece:
    x, y = node.arguments
    (count,) = body.lengths(y.shape)
    return _total(body, count, lambda k, t: PYTHON["*"].join(body.entry(x, (at[0].plus(t),)), body.entry(y, (t,))))


def _convolve(body: Writing, node: Apply, at: Places) -> Piece:
    x, y = node.arguments
    (long,), (count,) = body.lengths(x.shape), body.lengths(y.shape)
    return _total(body, count, lambda k, t: PYTHON["*"].join(body.entry(x, (k,)), body.entry(y, (t,))), (at[0], long))


def _half(body: Writing, rows: int, at: Place) -> tuple[Place, Place]:
    """Row and column of an entry of a half-vector: on and below the diagonal, column by column."""
    row, column = body.claim("i1"), body.claim("j1")
    body.say(f"int {row} = {at.text}, {column} = 0;")
    body.say(f"while ({row} >= {rows} - {column}) {{")
    body.say(f"    {row} -= {rows} - {column}++;")
    body.say("}")
    return Place.of(row).plus(Place.of(column)), Place.of(column)


def _vech(body: Writing, node: Apply, at: Places) -> Piece:
    (x,) = node.arguments
    return body.entry(x, _half(body, body.lengths(x.shape)[0], at[0]))


def _elimination(body: Writing, node: Apply, at: Places) -> Piece:
    (rows,) = body.lengths(dict(node.parameters)["sizes"])
    row, column = _half(body, rows, at[0])
    return Piece(f"({at[1].text} == {column.times(rows).plus(row).text} ? 1.0 : 0.0)")


def _duplication(body: Writing, node: Apply, at: Places) -> Piece:
    (rows,) = body.lengths(dict(node.parameters)["sizes"])
    row, column = _half(body, rows, at[1])
    one, other = (place.text for place in (column.times(rows).plus(row), row.times(rows).plus(column)))
    return Piece(f"({at[0].text} == {one} || {at[0].text} == {other} ? 1.0 : 0.0)")


WINDOWS: dict[str, Callable[[Writing, Apply, Places], Piece]] = {
    "unfold": _unfold, "fold": _fold, "correlate": _correlate, "convolve": _convolve, "vech": _vech,
    "elimination": _elimination, "duplication": _duplication,
}  # fmt: skip
