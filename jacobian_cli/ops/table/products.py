"""Products of many matrices, and of tensors over several axes: each is read as products and sums of products."""

from __future__ import annotations

from itertools import count
from typing import Any

from jacobian_cli.ops.row import Kind, Row
from jacobian_cli.ops.rules import ShapeError, described, reduced_axes
from jacobian_cli.shape import Size

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PAIR = "as in `tensordot(A, B, axes=1)` or `tensordot(A, B, axes=((1,), (0,)))`"


def _multi_dot(make: Any, *factors: Any) -> Any:
    """Matrices, of which the first may be a vector that stands for a row, and the last one that stands for a column."""
    if len(factors) < 2:
        raise ShapeError("a product has two factors or more", "as in `multi_dot(A, B, C)`")
    for k, factor in enumerate(factors):
        if len(factor.shape) != 2 and not (len(factor.shape) == 1 and k in (0, len(factors) - 1)):
            raise ShapeError(
                f"matrices are multiplied here, and a vector first or last, not {described(factor.shape)}",
                "as in `multi_dot(A, B, x)`",
                order=True,
            )
    first, *middle, last = factors
    if len(last.shape) == 1:
        for factor in reversed(middle):
            last = make("@", factor, last)
        return make("@", first if len(first.shape) == 2 else make(".T", first), last)
    if len(first.shape) == 1:
        for factor in (*middle, last):
            first = make("@", make(".T", factor), first)
        return first
    for factor in (*middle, last):
        first = make("@", first, factor)
    return first


def _tensordot(make: Any, x: Any, y: Any, axes: Any = 2) -> Any:
    left, right = _pairs(x, y, axes)
    if not left:
        letters = _LETTERS[: len(x.shape) + len(y.shape)]
        ours, theirs = letters[: len(x.shape)], letters[len(x.shape) :]
    else:
        fresh = count()
        ours = "".join(_LETTERS[next(fresh)] for _ in x.shape)
        met = dict(zip(right, (ours[axis] for axis in left), strict=True))
        theirs = "".join(met[axis] if axis in met else _LETTERS[next(fresh)] for axis in range(len(y.shape)))
    kept = [c for c in ours if c not in theirs] + [c for c in theirs if c not in ours]
    return make("einsum", x, y, subscripts=f"{ours},{theirs}->{''.join(kept)}")


def _pairs(x: Any, y: Any, axes: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which axes of the one meet which of the other."""
    if not isinstance(axes, tuple):
        number = _whole(axes)
        if not 0 <= number <= min(len(x.shape), len(y.shape)):
            raise ShapeError(f"{described(x.shape)} and {described(y.shape)} have no {number} axes to meet", _PAIR)
        return tuple(range(len(x.shape) - number, len(x.shape))), tuple(range(number))
    if len(axes) != 2:
        raise ShapeError("axes are a number, or those of the first and those of the second", _PAIR)
    sides = [tuple(map(_whole, side)) if isinstance(side, tuple) else (_whole(side),) for side in axes]
    for side, value in zip(sides, (x, y), strict=True):
        if side and len(reduced_axes(value.shape, {"axis": side})) != len(side):
            raise ShapeError("each axis is named once", _PAIR)
    if len(sides[0]) != len(sides[1]):
        raise ShapeError("as many axes of the first are named as of the second", _PAIR)
    left, right = (tuple(k % len(v.shape) for k in side) for side, v in zip(sides, (x, y), strict=True))
    return left, right


def _whole(number: Any) -> int:
    value: int | None = number.value if isinstance(number, Size) else number
    if value is None:
        raise ShapeError(f"a whole number belongs here, not {number}", _PAIR)
    return value


PRODUCTS = (
    Row(name="multi_dot", summary="the product of matrices; a vector that comes first is a row, the last a column",
        kind=Kind.SHAPE, parameters=("...",), reads=_multi_dot, example="multi_dot(A, B, A)"),
    Row(name="tensordot", summary="the sum of products over axes that meet: the last so many of x and the first of y, "
        "or those named of each", kind=Kind.SHAPE, parameters=("x", "y"), options=("axes",), defaults={"axes": ""},
        reads=_tensordot, example="tensordot(A, B, 1)"),
)  # fmt: skip
