"""Functions of what repeats along an axis."""

from __future__ import annotations

from jacobian_cli.calculus.index.tensor import Apply
from jacobian_cli.calculus.simplify.factors import axes_of, without_axes
from jacobian_cli.calculus.simplify.recipe import Call, Times


def repeated(node: Apply) -> Times | None:
    """log(2·1) = log(2)·1: a function of what is repeated along an axis repeats."""
    loop = node.loop
    used = {axis for argument in node.arguments for axis in axes_of(argument)}
    if all(axis in used for axis in range(loop)):
        return None
    kept = [axis for axis in range(loop) if axis in used]
    fewer = tuple(without_axes(a, [*kept, *range(loop, len(a.shape))]) for a in node.arguments)
    behind = list(range(loop, len(node.shape)))
    small = Call(node.function, fewer, len(kept), tuple(node.shape[axis] for axis in [*kept, *behind]))
    return Times(node.shape, [(small, (*kept, *behind), 1)])
