"""Operations that a user wrote: run with care, and compared with central differences before they are used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jacobian_cli.checks.oracles import differences
from jacobian_cli.engine.accumulate import unbroadcast
from jacobian_cli.ops import Kind, Row
from jacobian_cli.ops.rules import parsed
from jacobian_cli.syntax.errors import InputError

Array = Any
_LENGTHS = (2, 3, 4, 5, 6)
_TRIES = 40
_POINTS = 3
_TOLERANCE = 1e-6
_DOUBTS = 4


class Own:
    """A user's operation with its results looked at: whatever it does wrong is said in its name."""

    def __init__(self, row: Row) -> None:
        self.row = row
        assert row.own is not None
        self.work = self._called("making it", row.own)

    def forward(self, *inputs: Array) -> Array:
        self.shapes = [np.shape(x) for x in inputs]
        value = self._array("forward", self._called("forward", self.work.forward, *inputs))
        if value.shape != (wanted := value_shape(self.row, self.shapes)):
            raise InputError(f"{self.row.name}: forward gives shape {value.shape} where {wanted} belongs")
        return value

    def backward(self, upstream: Array) -> Sequence[Array | None]:
        given = self._called("backward", self.work.backward, upstream)
        gradients = list(given) if isinstance(given, tuple | list) else [given]
        if len(gradients) != len(self.shapes):
            raise InputError(
                f"{self.row.name}: backward gives {len(gradients)} gradients for {len(self.shapes)} inputs",
                hint="return one gradient for each input of forward, in its order",
            )
        return [
            None if g is None else self._fitting(self._array("backward", g), shape, name)
            for g, shape, name in zip(gradients, self.shapes, self.row.parameters, strict=True)
        ]

    def _fitting(self, gradient: Array, shape: tuple[int, ...], name: str) -> Array:
        """A gradient may still have the shape of the value, where the input was broadcast; the tape sums it."""
        broadcast = self.row.kind is Kind.ELEMENTWISE and gradient.shape == value_shape(self.row, self.shapes)
        if gradient.shape != shape and not broadcast:
            raise InputError(f"{self.row.name}: the gradient of {name} has shape {gradient.shape}, {name} has {shape}")
        return gradient

    def _array(self, what: str, value: Any) -> Array:
        try:
            return np.array(value, dtype=float)
        except (TypeError, ValueError):
            raise InputError(f"{self.row.name}: {what} gives no array of numbers") from None

    def _called(self, what: str, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a user's code raises is told in its name
            reason = (str(error).splitlines() or [""])[0][:200]
            raise InputError(f"{self.row.name}: {what} failed with {type(error).__name__}: {reason}") from None


def value_shape(row: Row, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape that a value of inputs of these shapes must have."""
    if row.kind is Kind.ELEMENTWISE:
        return np.broadcast_shapes(*shapes)
    inputs, output = parsed(row.signatures[0])
    lengths = {
        letter: n for part, shape in zip(inputs, shapes, strict=True) for letter, n in zip(part, shape, strict=True)
    }
    return tuple(lengths[letter] for letter in output)


def prove(row: Row, at: Mapping[str, Any] | None = None) -> None:
    """Compare the backward of a user's operation with central differences of its forward.

    At random points of small shapes, or at the values given for its parameters. Raises `InputError`, naming the
    worst entry, if they differ, and if there is no point to compare at.
    """
    rng = np.random.default_rng(0)
    if at is not None:
        _compare(row, [np.asarray(at[name], float) for name in row.parameters], rng)
        return
    for shapes in _shapes(row):
        found = 0
        for attempt in range(_TRIES):
            inputs = [_draw(shape, attempt, rng) for shape in shapes]
            with np.errstate(all="ignore"):
                finite = np.all(np.isfinite(Own(row).forward(*(np.array(x) for x in inputs))))
            if finite and _compare(row, inputs, rng):
                found += 1
            if found == _POINTS:
                break
        if not found:
            raise InputError(
                f"{row.name} cannot be checked: at none of {_TRIES} random points is it finite",
                hint="say where to check it: register(…, at={'x': [0.2, 0.7]})",
            )


def _shapes(row: Row) -> list[list[tuple[int, ...]]]:
    """Shapes of arguments to check at: scalars, vectors, and one broadcast against the other."""
    count = len(row.parameters)
    if row.kind is not Kind.ELEMENTWISE:
        inputs, _ = parsed(row.signatures[0])
        lengths = dict(zip(dict.fromkeys("".join(inputs)), _LENGTHS, strict=False))
        return [[tuple(lengths[letter] for letter in part) for part in inputs]]
    found: list[list[tuple[int, ...]]] = [[()] * count, [(2, 3)] * count]
    if count > 1:
        found += [[(3,) if k == j else () for k in range(count)] for j in range(count)]
    return found


def _draw(shape: tuple[int, ...], attempt: int, rng: np.random.Generator) -> Array:
    low, high = ((-2.0, 2.0), (0.2, 0.9), (1.2, 3.0), (-0.9, -0.2))[attempt % 4]
    return rng.uniform(low, high, shape)


def _compare(row: Row, inputs: list[Array], rng: np.random.Generator) -> bool:
    """One point; False where differences have no finite value to tell."""
    own, given = Own(row), [np.array(x) for x in inputs]
    with np.errstate(all="ignore"):
        value = own.forward(*given)
        upstream = rng.uniform(0.5, 1.5, value.shape)
        if not np.array_equal(Own(row).forward(*given), value):
            raise InputError(f"{row.name}: forward gives another value each time, or changes its inputs")
        gradients = own.backward(np.array(upstream))
        if not all(np.array_equal(a, b) for a, b in zip(given, inputs, strict=True)):
            raise InputError(f"{row.name}: forward or backward changes its inputs", hint="work on copies")
        for k, (name, x) in enumerate(zip(row.parameters, inputs, strict=True)):

            def weighted(moved: Array, k: int = k) -> Array:
                return np.sum(Own(row).forward(*(moved if j == k else y for j, y in enumerate(inputs))) * upstream)

            slope, doubt = (part.reshape(x.shape) for part in differences.with_doubt(weighted, x))
            if not np.all(np.isfinite(slope)):
                return False
            ours = gradients[k]
            gradient = np.zeros(x.shape) if ours is None else unbroadcast(ours, x.shape)
            _want_equal(row, name, x, gradient, slope, doubt)
    return True


def _want_equal(row: Row, name: str, x: Array, gradient: Array, slope: Array, doubt: Array) -> None:
    gap = np.abs(gradient - slope) - _DOUBTS * doubt
    gap = np.where(np.isfinite(gap), gap, np.inf)
    if np.max(gap) <= _TOLERANCE * max(1.0, float(np.max(np.abs(slope)))):
        return
    worst = np.unravel_index(int(np.argmax(gap)), gap.shape)
    entry = name + (f"[{','.join(str(int(k) + 1) for k in worst)}]" if worst else "")
    raise InputError(
        f"{row.name} is refused: its backward is wrong\n"
        f"worst entry: the gradient of {entry} at {entry} = {float(x[worst]):.6g} is {float(gradient[worst]):.6g}; "
        f"central differences of forward say {float(slope[worst]):.6g}",
        hint="backward returns upstream × local, for each input in the order of forward",
    )
