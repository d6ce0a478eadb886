"""Picking by places: gather, its transpose, which adds what it scatters, and the order of entries."""

from __future__ import annotations

from typing import Any

from jacobian_cli.ops import shapes, structure
from jacobian_cli.ops.row import Kind, Row
from jacobian_cli.ops.rules import ShapeError


def _one_hot(np: Any, i: Any, count: Any) -> Any:
    return np.eye(count)[np.asarray(i, int)]


def _take(np: Any, x: Any, i: Any, axis: Any = (0,)) -> Any:
    return x[(slice(None),) * axis[0] + (np.asarray(i, int),)]


def _scatter_add(np: Any, x: Any, i: Any, count: Any) -> Any:
    i = np.asarray(i, int)
    found = np.zeros((count, *np.shape(x)[np.ndim(i) :]))
    np.add.at(found, i, x)
    return found


def _argsort(np: Any, x: Any, axis: Any = -1) -> Any:
    return 1.0 * np.argsort(x, axis=axis)


def _along_axis(make: Any, x: Any, i: Any) -> Any:
    """One entry of each row; with as many axes as x, several."""
    if not x.shape or len(i.shape) not in (len(x.shape), len(x.shape) - 1):
        raise ShapeError("there is one place for each row", "`take_along_axis(X, i)`, i having as many", order=True)
    count = x.shape[-1]
    picked = make("one_hot", i, count=count)
    if len(i.shape) == len(x.shape):
        x = make("[]", x, index=("...", None, (None, None)))
    return make("sum", make("*", picked, x), axis=(-1,))


PLACES = (
    Row(name="one_hot", summary="rows of an identity matrix with n columns, those at the places i", kind=Kind.SHAPE,
        parameters=("i",), counts={"i": 0}, options=("count",), rule=shapes.one_hot, form=structure.one_hot,
        kernel=_one_hot, latex=r"\operatorname{onehot}", example="one_hot(i, n)@x"),
    Row(name="take", summary="the entries, or rows, at the places i: x[i]", kind=Kind.SHAPE, parameters=("x", "i"),
        counts={"i": 0}, options=("axis",), rule=shapes.take, settle=shapes.settle_take,
        form=structure.take, kernel=_take, law="indexing",
        why="what was picked gets its part added, as often as it was picked", flow="an index adds back where it picked",
        example="take(W, i)"),
    Row(name="scatter_add", summary="zeros, n rows of them, to which the rows of x are added at the places i: the "
        "transpose of x[i]", kind=Kind.SHAPE, parameters=("x", "i"), counts={"i": 0}, options=("count",),
        rule=shapes.scatter_add, form=structure.scatter_add, kernel=_scatter_add, example="scatter_add(x, i, n)"),
    Row(name="take_along_axis", summary="of each row of x the entry at its place i, or the entries", kind=Kind.SHAPE,
        parameters=("x", "i"), counts={"i": 0}, reads=_along_axis, example="take_along_axis(X, i)"),
)  # fmt: skip
