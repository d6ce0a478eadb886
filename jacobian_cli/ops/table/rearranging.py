"""What only rearranges: each is read as slices, joins, reshapes and transposes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from jacobian_cli.expr import Number
from jacobian_cli.ops.row import Kind, Row
from jacobian_cli.ops.rules import ShapeError, described, reduced_axes
from jacobian_cli.shape import ONE, Size, product

_ALL = (None, None)


def _axes(x: Any, axis: Any) -> tuple[int, ...]:
    """Axes as they were given, counted from 0; all of them where none is."""
    if not x.shape:
        raise ShapeError("a scalar has no axes", order=True)
    given = () if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return reduced_axes(x.shape, {"axis": tuple(map(whole, given))} if given else {})


def _axis(x: Any, axis: Any) -> int:
    (found,) = _axes(x, axis if not isinstance(axis, tuple) else axis[0])
    return found


def whole(number: Any) -> int:
    value: int | None = number.value if isinstance(number, Size) else number
    if value is None:
        raise ShapeError(f"a whole number belongs here, not {number}")
    return value


def _size(number: Any) -> Size:
    return number if isinstance(number, Size) else Size.number(number)


def _at(x: Any, axis: int, item: Any) -> tuple[Any, ...]:
    """An index that picks along one axis."""
    del x
    return (*[_ALL] * axis, item)


def _flip(make: Any, x: Any, axis: Any = None) -> Any:
    turned = _axes(x, axis)
    return make("[]", x, index=tuple((None, None, -1) if k in turned else _ALL for k in range(max(turned) + 1)))


def _roll(make: Any, x: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None and len(x.shape) > 1:
        return make("reshape", _roll(make, _ravel(make, x), shift), shape=x.shape)
    if isinstance(shift, tuple) or isinstance(axis, tuple):
        return _rolled(make, x, shift, axis)
    along, by = _axis(x, 0 if axis is None else axis), _size(shift)
    size = x.shape[along]
    if by.value is not None and size.value is not None:
        by = Size.number(by.value % size.value)
    if not by.terms:
        return x
    back = by.value is not None and by.value < 0
    start = Size(()) - by if back else size - by
    parts = [make("[]", x, index=_at(x, along, item)) for item in ((start, None), (None, start))]
    return joined(make, parts, along)


def _rolled(make: Any, x: Any, shifts: Any, axes: Any) -> Any:
    """Along several axes, by as much along each, or by one number along all."""
    axes = axes if isinstance(axes, tuple) else (axes,)
    shifts = shifts if isinstance(shifts, tuple) else (shifts,) * len(axes)
    if len(shifts) != len(axes):
        raise ShapeError("there is one shift for each axis", hint="as in `roll(X, (1, 2), (0, 1))`")
    for shift, axis in zip(shifts, axes, strict=True):
        x = _roll(make, x, shift, axis)
    return x


def joined(make: Any, parts: list[Any], axis: int) -> Any:
    """Parts joined along an axis."""
    return make("concat", *parts, **({"axis": (axis,)} if axis else {}))


def _pad(make: Any, x: Any, width: Any, axis: Any = None) -> Any:
    pairs = _widths(x, width)
    if axis is not None:
        along = _axis(x, axis)
        pairs = [pair if k == along else (0, 0) for k, pair in enumerate(pairs)]
    for axis, (before, behind) in enumerate(pairs):
        sides = [zeros(make, x, axis, _size(length)) for length in (before, behind)]
        parts = [part for part in (sides[0], x, sides[1]) if part is not None]
        x = joined(make, parts, axis) if len(parts) > 1 else x
    return x


def _widths(x: Any, width: Any) -> list[tuple[Any, Any]]:
    """How much stands in front of each axis and behind it: one number, a pair for every axis, or a pair for each."""
    order = len(x.shape)
    if not isinstance(width, tuple):
        return [(width, width)] * order
    if not any(isinstance(part, tuple) for part in width):
        if len(width) != 2:
            raise ShapeError("a width is one number, a pair, or a pair for each axis", "as in `pad(x, (1, 2))`")
        return [(width[0], width[1])] * order
    if len(width) != order or any(not isinstance(part, tuple) or len(part) != 2 for part in width):
        raise ShapeError(f"there is a pair of widths for each axis of {described(x.shape)}", "as in `pad(x, (1, 2))`")
    return [(part[0], part[1]) for part in width]


def zeros(make: Any, x: Any, axis: int, length: Size) -> Any:
    """Zeros of the shape of x but for one axis; nothing where that would have no length."""
    if not length.terms:
        return None
    if length.value is not None and length.value < 0:
        raise ShapeError("a width is not negative", "what is cut away is a slice: `x[1:-1]`")
    return make("zeros", sizes=(*x.shape[:axis], length, *x.shape[axis + 1 :]))


def _repeat(make: Any, x: Any, repeats: Any, axis: Any = None) -> Any:
    if axis is None and len(x.shape) != 1:
        x = _ravel(make, x)
    along, times = _axis(x, 0 if axis is None else axis), _size(repeats)
    if len(x.shape) < 3:
        return make("kron", x, _all_ones(make, x, along, times))
    spread = make("[]", x, index=(*_at(x, along, _ALL), None))
    shape = x.shape
    whole = make("ones", sizes=(*(ONE for _ in shape[: along + 1]), times, *(ONE for _ in shape[along + 1 :])))
    return make("reshape", make("*", spread, whole), shape=(*shape[:along], shape[along] * times, *shape[along + 1 :]))


def _all_ones(make: Any, x: Any, along: int, count: Size) -> Any:
    """Ones along one axis of a vector or matrix."""
    ones = make("ones", sizes=(count,))
    return make(".T", ones) if len(x.shape) == 2 and along else ones


def _tile(make: Any, x: Any, reps: Any) -> Any:
    times = reps if isinstance(reps, tuple) else (reps,)
    if len(times) == len(x.shape) == 2:
        return make("kron", make("ones", sizes=tuple(map(_size, times))), x)
    for _ in range(len(times) - len(x.shape)):
        x = make("[]", x, index=(None,))
    for back, count in enumerate(reversed(times), start=1):
        if _size(count) is ONE:
            continue
        along, shape = len(x.shape) - back, x.shape
        if len(shape) < 3:
            x = make("kron", _all_ones(make, x, along, _size(count)), x)
            continue
        spread = make("[]", x, index=_at(x, along, None))
        whole = make("ones", sizes=(*(ONE for _ in shape[:along]), _size(count), *(ONE for _ in shape[along:])))
        rows = make("*", spread, whole)
        x = make("reshape", rows, shape=(*shape[:along], _size(count) * shape[along], *shape[along + 1 :]))
    return x


def swapped(make: Any, x: Any, axis1: Any, axis2: Any) -> Any:
    a, b = _axis(x, axis1), _axis(x, axis2)
    order = [b if k == a else a if k == b else k for k in range(len(x.shape))]
    return _turned(make, x, order)


def _turned(make: Any, x: Any, order: list[int]) -> Any:
    if order == sorted(order):
        return x
    return make(".T", x) if order == [1, 0] else make("transpose", x, axes=tuple(order))


def _moveaxis(make: Any, x: Any, source: Any, destination: Any) -> Any:
    ends = [tuple(map(whole, side)) if isinstance(side, tuple) else (whole(side),) for side in (source, destination)]
    count = len(x.shape)
    if len(ends[0]) != len(ends[1]):
        raise ShapeError("as many axes are moved as places are named", "as in `moveaxis(A, 0, -1)`")
    goes = {_axis(x, b): _axis(x, a) for a, b in zip(*ends, strict=True)}
    rest = iter(k for k in range(count) if k not in goes.values())
    return _turned(make, x, [goes[k] if k in goes else next(rest) for k in range(count)])


def _ravel(make: Any, x: Any) -> Any:
    return x if len(x.shape) == 1 else make("reshape", x, shape=(product(x.shape),))


def _squeeze(make: Any, x: Any, axis: Any = None) -> Any:
    gone = _axes(x, axis) if axis is not None else tuple(k for k, size in enumerate(x.shape) if size is ONE)
    if any(x.shape[k] is not ONE for k in gone):
        raise ShapeError(f"only an axis of length one can go, in {described(x.shape)}", "one entry is `x[0]`")
    return make("[]", x, index=tuple(0 if k in gone else _ALL for k in range(max(gone) + 1))) if gone else x


def _expand_dims(make: Any, x: Any, axis: Any) -> Any:
    count = len(x.shape) + 1
    at = whole(axis) % count
    return make("[]", x, index=_at(x, at, None))


def _chunk(make: Any, x: Any, parts: Any, place: Any, axis: Any = -1) -> Any:
    along, count, at = _axis(x, axis), whole(parts), whole(place)
    size = x.shape[along].over(Size.number(count)) if count > 0 else None
    if size is None or not -count <= at < count:
        raise ShapeError(
            f"{described(x.shape)} has no part {at} of {count} equal ones along its axis {along}",
            "declare how long it is, as in `-s x=2*n`; parts count from 0",
        )
    start = Size.number(at % count) * size
    return make("[]", x, index=_at(x, along, (start if start.terms else None, start + size)))


def _diff(make: Any, x: Any, n: Any = 1, axis: Any = -1) -> Any:
    along = _axis(x, axis)
    for _ in range(whole(n)):
        parts = [make("[]", x, index=_at(x, along, item)) for item in ((ONE, None), (None, Size.number(-1)))]
        x = make("-", *parts)
    return x


def _trapezoid(make: Any, y: Any, x: Any = None, axis: Any = -1) -> Any:
    """The area under straight lines between points one apart, or at the places `x`, whose last axis is that of `y`."""
    along = _axis(y, axis)
    ends = [make("[]", y, index=_at(y, along, item)) for item in ((ONE, None), (None, Size.number(-1)))]
    pairs = make("/", make("+", *ends), Number(Fraction(2)))
    if x is not None:
        steps = _diff(make, x)
        if len(x.shape) == 1 < len(y.shape):
            steps = make("[]", steps, index=(*[None] * along, _ALL, *[None] * (len(y.shape) - along - 1)))
        pairs = make("*", pairs, steps)
    return make("sum", pairs, axis=(along,))


_ROWS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], Any, str], ...] = (
    ("flip", "the entries in the opposite order, along the axes given or all", ("axis",), ("axis",), _flip, "flip(x)"),
    ("roll", "each entry shifted so many places on, those at the end coming first", ("shift", "axis"), ("axis",), _roll,
     "roll(x, 1)"),
    ("pad", "zeros around: so many on every side, (before, behind), or a pair for each axis; along one axis if told", (
     "width", "axis"), ("axis",), _pad,
     "pad(x, (1, 2))"),
    ("repeat", "each entry so many times", ("repeats", "axis"), ("axis",), _repeat, "repeat(x, 2)"),
    ("tile", "the whole so many times, one after the other", ("reps",), (), _tile, "tile(x, 2)"),
    ("swapaxes", "two axes exchanged", ("axis1", "axis2"), (), swapped, "swapaxes(A, 0, 1)"),
    ("moveaxis", "axes moved to other places", ("source", "destination"), (), _moveaxis, "moveaxis(A, 0, -1)"),
    ("chunk", "one of so many equal parts along the last axis unless told otherwise, counted from 0",
     ("parts", "place", "axis"), ("axis",), _chunk, "chunk(concat(x, x), 2, 0)"),
    ("ravel", "the entries as one vector, row by row", (), (), _ravel, "ravel(A)"),
    ("squeeze", "without axes of length one", ("axis",), ("axis",), _squeeze, "squeeze(A[:, :1])"),
    ("expand_dims", "with an axis of length one put in", ("axis",), (), _expand_dims, "expand_dims(x, 1)"),
    ("diff", "differences of neighbours, n times over, along the last axis unless told otherwise", ("n", "axis"),
     ("n", "axis"), _diff, "diff(x)"),
)  # fmt: skip
REARRANGING = (
    *(Row(name=name, summary=summary, kind=Kind.SHAPE, options=options, defaults=dict.fromkeys(free, ""), reads=reads,
          example=example)
      for name, summary, options, free, reads, example in _ROWS),
    Row(name="trapezoid", summary="the area under straight lines between points one apart, or at the places given",
        kind=Kind.SHAPE, parameters=("y",), options=("x", "axis"), values=("x",), defaults={"x": "", "axis": ""},
        reads=_trapezoid, example="trapezoid(y, x)"),
)  # fmt: skip
