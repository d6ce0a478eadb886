"""The shapes of what picks entries: indices, places, and windows that slide along an axis."""

from __future__ import annotations

from typing import Any

from jacobian_cli.ops.cuts import Listed, cut_of
from jacobian_cli.ops.rules import ShapeError, described, mismatch
from jacobian_cli.ops.shapes import joined_axis
from jacobian_cli.shape import ONE, Shape, Size, Unifier

DOTS = "..."
"""The axes that an index leaves out."""


def settle_index(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> dict[str, Any]:
    """`...` written out as the axes that it stands for."""
    del unifier
    index: tuple[Any, ...] = options["index"]
    if DOTS not in index:
        return options
    if index.count(DOTS) > 1:
        raise ShapeError("an index can hold ... only once")
    at = index.index(DOTS)
    missing = len(shapes[0]) - sum(item is not None and item != DOTS for item in index)
    return {"index": (*index[:at], *[(None, None)] * missing, *index[at + 1 :])}


def index(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """`i`, `start:stop`, `None`; axes not mentioned are kept whole."""
    del unifier
    (shape,) = shapes
    result: list[Size] = []
    axis = 0
    if any(isinstance(item, Listed) for item in options["index"]) and not _alone(options["index"]):
        raise ShapeError(
            "beside a list of places only slices are picked", "one after the other: `A[[0, 2]][:, [1, 0]]`"
        )
    for item in options["index"]:
        if item is None:
            result.append(ONE)
            continue
        if axis == len(shape):
            hint = None if shape else "it is one number by itself: leave the index out"
            raise ShapeError(f"too many indices for {described(shape)}", hint, order=True)
        size = shape[axis]
        axis += 1
        match item:
            case tuple():
                result.append(_length(item, size))
            case Listed(places):
                for place in places:
                    _must_be_there(place, size)
                result.append(Size.number(len(places)))
            case _:
                _must_be_there(item, size)
    return (*result, *shape[axis:])


def _alone(index: tuple[Any, ...]) -> bool:
    """Whether one item is a list and the others are slices: what NumPy does with more is not axis by axis."""
    return sum(not isinstance(item, tuple) for item in index) == 1


def _length(item: Any, size: Size) -> Size:
    """How many places a slice takes."""
    cut = cut_of(item, size)
    shown = ":".join("" if bound is None else str(bound) for bound in item)
    if cut.count.value is not None and cut.count.value <= 0:
        raise ShapeError(f"the slice {shown} holds nothing")
    if size.value is not None and cut.stop.value is not None and cut.step == 1 and cut.stop.value > size.value:
        raise ShapeError(f"the slice {shown} leaves the axis of length {size}")
    return cut.count


def _must_be_there(item: int | Size, size: Size) -> None:
    if item is size or (isinstance(item, int) and size.value is not None and not -size.value <= item < size.value):
        raise ShapeError(f"there is no entry {item} on an axis of length {size}", "indices count from 0, as in NumPy")


def one_hot(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """A row for each place."""
    del unifier
    return (*shapes[0], options["count"])


def take(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """The axes of the places for the one along which they pick."""
    del unifier
    x, places = shapes
    if not x:
        raise ShapeError("a scalar has no places", order=True)
    axis = joined_axis(x, options)
    return (*x[:axis], *places, *x[axis + 1 :])


def settle_take(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> dict[str, Any]:
    """The axis counted from 0, the first one where none is named."""
    del unifier
    return {"axis": (joined_axis(shapes[0], options),)} if shapes[0] else options


def scatter_add(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """The axes of the places are those of x in front; for them one axis of the length given."""
    x, places = shapes
    if len(x) < len(places) or not all(unifier.unify(a, b) for a, b in zip(x, places, strict=False)):
        raise ShapeError(mismatch(shapes, unifier), "there is one place for each row", order=len(x) < len(places))
    return (options["count"], *x[len(places) :])


def unfold(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """For the last axis those of the windows and of what is in one."""
    (shape,) = shapes
    if not shape:
        raise ShapeError("a scalar has no windows", order=True)
    count: Size = options["count"]
    return (*shape[:-1], _windows(unifier.resolve(shape[-1]), count), count)


def _windows(size: Size, count: Size) -> Size:
    """How many windows there are."""
    starts = size - count + ONE
    if starts.value is not None and starts.value < 1:
        raise ShapeError(f"no window of {count} fits into {size} entries", "windows are no longer than the axis")
    return starts


def fold(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """One axis for the last two."""
    del options
    (shape,) = shapes
    if len(shape) < 2:
        raise ShapeError(f"windows are the rows of a matrix, not {described(shape)}", "as in `fold(X)`", order=True)
    return (*shape[:-2], unifier.resolve(shape[-2]) + unifier.resolve(shape[-1]) - ONE)


def correlate(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """A vector of the windows of the first that are as long as the second."""
    del options
    x, y = _signals("correlate", shapes, unifier)
    return (_windows(x, y),)


def convolve(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """A vector as long as both together, less one."""
    del options
    x, y = _signals("convolve", shapes, unifier)
    return (x + y - ONE,)


def _signals(name: str, shapes: list[Shape], unifier: Unifier) -> list[Size]:
    for shape in shapes:
        if len(shape) != 1:
            raise ShapeError(
                f"{name} takes two vectors, not {described(shape)}",
                "with channels, (3, n), it is `conv1d(X, ones(4, 3, 2))`",
                order=True,
            )
    return [unifier.resolve(shape[0]) for shape in shapes]
