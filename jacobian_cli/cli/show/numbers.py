"""Numbers on the terminal: scalars, lists, matrices in brackets, and what a derivative is at a point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from jacobian_cli.api.figures import long, number, written
from jacobian_cli.cli.screen import Cell, Matrix, Screen
from jacobian_cli.cli.show.about import name_text, partial
from jacobian_cli.printers.math.unicode import math

if TYPE_CHECKING:  # a graph's page needs no derivation, and its value at a point loads SymPy
    from jacobian_cli.api.derive.answer import Answer
    from jacobian_cli.api.derive.at_point import AtPoint

Array = Any
_ROWS = 12
_DIGITS = 6


def numbers(value: Array, room: int, *, full: bool = False) -> Cell:
    """A number, a list or a matrix, where it fits into so many columns or all is wanted; else its shape and range."""
    value = np.asarray(value)
    if value.ndim == 2 and value.size and (full or value.shape[0] <= _ROWS):
        matrix = Matrix(tuple(tuple(number(float(entry), _DIGITS) for entry in row) for row in value))
        if matrix.width <= room:
            return matrix
        if full:
            return "\n".join(f"[{', '.join(row)}]" for row in matrix.rows)
    return written(value, _DIGITS, max(room, 1 << 30) if full else room) or long(value)


def at_point(screen: Screen, d: Answer, at: AtPoint, *, full: bool = False) -> None:
    """The values at the point given."""
    screen.heading("At the point given", style="")
    room = screen.width - 24

    rows = [(name_text(d.problem.name), "=", numbers(at.value, room, full=full))]
    derived = at.jacobian if at.gradient is None else at.gradient
    rows.append((partial(d.problem.name, d.wrt), "=", numbers(derived, room, full=full)))
    for name, matrix in at.hessians.items():
        title = "Hessian" if name == d.wrt else f"Block {name_text(d.wrt)}, {name_text(name)}"
        rows.append((title, "=", numbers(matrix, room, full=full)))
    screen.columns(rows, indent=4)
    if at.unformed:
        screen.line(
            f"the printed form has no value {at.unformed}: these are central differences", indent=4, style="yellow"
        )
    for nudge in at.nudges:
        screen.line(
            f"nudge: {name_text(d.problem.name)}({name_text(nudge.name)} = {nudge.moved_to:g}) = {nudge.value:.6g}; "
            f"the derivative predicts {nudge.predicted:.6g}",
            indent=4,
        )
    for kink in at.kinks:
        screen.line(
            f"{math(kink.node)} is exactly at its kink; the choice shown takes "
            + (f"its derivative as {kink.choice}" if kink.choice else "the derivative of one side"),
            indent=4,
            style="yellow",
        )
