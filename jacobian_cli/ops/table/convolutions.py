"""Convolutions and pools, with stride and padding: each is read as a sum of products, or a largest entry, of windows.

What comes in has, as in PyTorch, the axes (n), (channels, n) or (batch, channels, n); images have two for n. Kernels
have (k), or (out, channels, k). Nothing is turned round: this is the correlation that deep learning calls convolution.
"""

from __future__ import annotations

from typing import Any

from jacobian_cli.ops.row import Kind, Row
from jacobian_cli.ops.rules import ShapeError, described
from jacobian_cli.ops.table.rearranging import joined, zeros
from jacobian_cli.shape import ONE, Size

_ALL = (None, None)
_LETTERS = "ijuv"
_WAYS = "a padding is a number, or 'valid', 'same' or 'full'"


def _pair(option: Any, axes: int) -> tuple[Any, ...]:
    """An option for each axis that windows slide along: one for all, or a tuple."""
    if not isinstance(option, tuple):
        return (option,) * axes
    if len(option) != axes:
        raise ShapeError(f"there are {axes} axes, and options for {len(option)}", "as in `conv2d(X, W, stride=(2, 1))`")
    return option


def _whole(number: Any, least: int = 1) -> int:
    value: int | None = number.value if isinstance(number, Size) else number
    if not isinstance(value, int) or value < least:
        raise ShapeError(
            f"a whole number from {least} on belongs here, not {number}", "as in `max_pool(x, 2, stride=1)`"
        )
    return value


def _sides(padding: Any, count: Size) -> tuple[Size, Size]:
    """How many zeros stand before and behind."""
    match padding:
        case "valid":
            return Size(()), Size(())
        case "full":
            return count - ONE, count - ONE
        case "same":
            if count.value is None:
                raise ShapeError(
                    f"how {count} - 1 zeros are shared out nothing says", "a kernel of odd length: `-s w=3`"
                )
            before = (count.value - 1) // 2
            return Size.number(before), Size.number(count.value - 1 - before)
        case str():
            raise ShapeError(f"there is no padding '{padding[:20]}'", _WAYS)
    each = padding if isinstance(padding, Size) else Size.number(_whole(padding, 0))
    return each, each


def _padded(make: Any, x: Any, axis: int, sides: tuple[Size, Size]) -> Any:
    parts = [zeros(make, x, axis, sides[0]), x, zeros(make, x, axis, sides[1])]
    there = [part for part in parts if part is not None]
    return joined(make, there, axis) if len(there) > 1 else x


def _stepped(make: Any, x: Any, axis: int, step: int) -> Any:
    return x if step == 1 else make("[]", x, index=(*[_ALL] * axis, (None, None, step)))


def _windows(make: Any, x: Any, counts: tuple[Any, ...], strides: tuple[Any, ...]) -> Any:
    """The last axes in windows: behind the axes of where these begin stand those of what is in them."""
    order, axes = len(x.shape), len(counts)
    front = tuple(range(order - axes))
    x = make("unfold", x, count=counts[-1])
    if axes == 2:  # (i, j, v): what was i is unfolded too, and (j, v, i, u) put in order
        i, j, u, v = range(order - 2, order + 2)
        x = make("unfold", make("transpose", x, axes=(*front, j, u, i)), count=counts[0])
        x = make("transpose", x, axes=(*front, u, i, v, j))
    for axis, stride in zip(range(order - axes, order), strides, strict=True):
        x = _stepped(make, x, axis, _whole(stride))
    return x


def _fits(size: Size, count: Size, stride: Any) -> bool:
    """Whether windows lie side by side, and nothing is left over."""
    step = stride if isinstance(stride, Size) else Size.number(_whole(stride))
    if step is not count or count.value is None or size.is_open:
        return False
    return size.value is None or size.value % count.value == 0


def _tiled(make: Any, x: Any, counts: tuple[Size, ...]) -> Any:
    """Windows side by side: the entries in another shape."""
    front, axes = x.shape[: -len(counts)], x.shape[-len(counts) :]
    split = [part for size, count in zip(axes, counts, strict=True) for part in (size.part(_whole(count)), count)]
    x = make("reshape", x, shape=(*front, *split))
    if len(counts) == 1:
        return x
    order = len(front)
    return make("transpose", x, axes=(*range(order), order, order + 2, order + 1, order + 3))


def _convolution(axes: int) -> Any:
    def convolved(make: Any, x: Any, w: Any, stride: Any = 1, padding: Any = 0) -> Any:
        channels = len(w.shape) == axes + 2
        if len(w.shape) not in (axes, axes + 2) or len(x.shape) not in ((axes + 1, axes + 2) if channels else (axes,)):
            raise ShapeError(
                f"a kernel of {described(w.shape)} does not slide along {described(x.shape)}",
                "channels, (c, n), go with a kernel of (out, c, k): `jac functions conv1d`",
                order=True,
            )
        counts = w.shape[-axes:]
        for axis, (count, side) in enumerate(zip(counts, _pair(padding, axes), strict=True), len(x.shape) - axes):
            x = _padded(make, x, axis, _sides(side, count))
        strides = _pair(stride, axes)
        if axes == 1 and not channels:
            return _stepped(make, make("correlate", x, w), 0, _whole(strides[0]))
        where, inside = _LETTERS[:axes], _LETTERS[2 : 2 + axes]
        batch, deep, out = "b" * (len(x.shape) == axes + 2), "c" * channels, "o" * channels
        letters = f"{batch}{deep}{where}{inside},{out}{deep}{inside}->{batch}{out}{where}"
        return make("einsum", _windows(make, x, counts, strides), w, subscripts=letters)

    return convolved


def _pool(axes: int, function: str) -> Any:
    def pooled(make: Any, x: Any, size: Any, stride: Any = None, padding: Any = 0) -> Any:
        if len(x.shape) < axes:
            raise ShapeError(f"windows do not slide along {described(x.shape)}", order=True)
        counts = tuple(c if isinstance(c, Size) else Size.number(_whole(c)) for c in _pair(size, axes))
        for axis, side in enumerate(_pair(padding, axes), len(x.shape) - axes):
            if function == "max" and side not in (0, Size(())):
                raise ShapeError("zeros around would be among what the largest is taken of", "pad it: `pad(x, 1)`")
            x = _padded(make, x, axis, _sides(side, counts[axis - len(x.shape)]))
        strides = counts if stride is None else _pair(stride, axes)
        if all(map(_fits, x.shape[-axes:], counts, strides)):
            return make(function, _tiled(make, x, counts), axis=tuple(range(-axes, 0)))
        return make(function, _windows(make, x, counts, strides), axis=tuple(range(-axes, 0)))

    return pooled


_CONVOLVED = ("stride", "padding")
_POOLED = ("size", *_CONVOLVED)
CONVOLUTIONS = (
    *(
        Row(name=f"conv{axes}d", summary=f"{what}: a kernel times each window, over channels; padding a number, "
            "'valid', 'same' or 'full'", kind=Kind.SHAPE, parameters=("x", "w"), options=_CONVOLVED,
            defaults=dict.fromkeys(_CONVOLVED, ""), reads=_convolution(axes), example=example)
        for axes, what, example in (
            (1, "of (n), (c, n) or (b, c, n) and (k) or (o, c, k)", "conv1d(x, w, stride=2)"),
            (2, "of (h, w), (c, h, w) or (b, c, h, w) and (k, l) or (o, c, k, l)", "conv2d(A, ones(2, 2))"),
        )
    ),
    *(
        Row(name=f"{name}_pool{'2d' * (axes - 1)}", summary=f"the {what} of each window along the last {along}, one "
            "behind the other unless there is a stride", kind=Kind.SHAPE, parameters=("x",), options=_POOLED,
            defaults=dict.fromkeys(_CONVOLVED, ""), reads=_pool(axes, function), example=example)
        for axes, along in ((1, "axis"), (2, "two axes"))
        for name, function, what in (("max", "max", "largest entry"), ("avg", "mean", "mean"))
        for example in (f"{name}_pool(x, 2)" if axes == 1 else f"{name}_pool2d(A, 2)",)
    ),
)  # fmt: skip
