"""The shapes of factors side by side: which product they make, and of what shape it is."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.shape import ONE, Shape


def is_row(shape: Shape | None) -> bool:
    return shape is not None and len(shape) == 2 and shape[0] is ONE


def axes_of(shape: Shape) -> int:
    """The number of axes, a row counting as a vector."""
    return 1 if is_row(shape) else len(shape)


def way_of(left: Shape, right: Shape) -> str:
    """How two factors side by side are multiplied: `*`, `@`, or not at all."""
    if not left or not right:
        return "*"
    if len(left) > 2 or len(right) > 2:
        return "@"
    if len(left) == 1:
        return "@" if is_row(right) else ""
    if is_row(left):
        return "" if is_row(right) else "@"
    return "" if is_row(right) else "@"


def shape_of(shapes: Sequence[Shape]) -> Shape | None:
    """The kind of shape of a product from left to right, if there is one."""
    total = shapes[0]
    for shape in shapes[1:]:
        if not way_of(total, shape):
            return None
        if not total:
            total = shape
        elif not shape:
            continue
        elif is_row(total):
            total = () if len(shape) == 1 else (ONE, shape[-1])
        elif len(total) == 1:
            total = (total[0], shape[-1])
        else:
            total = (total[0],) if len(shape) == 1 else (total[0], shape[-1])
    return total
