"""Central differences of fourth order: the oracle that knows nothing but forward values.

Error h⁴f⁽⁵⁾/30 plus rounding ε|f|/h; at h = 10⁻³ about 10⁻¹² for smooth functions of moderate values
(Abramowitz & Stegun 25.3.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Array = Any
STEP = 1e-3
_SIDED_STEP, SIDED = 1e-5, 1e-8
"""The step of differences on one side, and how far these may be off."""
_SHORTER = 9
_SURE = 1e-7
_SETTLED = 0.1
"""Where halving the step changes more than this part, differences do not know the derivative."""


def central(function: Callable[[Array], Array], x: Array, step: float = STEP) -> Array:
    """The Jacobian |out| × |in|, both flattened row by row.

    >>> central(lambda x: x**2, np.array([1.0, 2.0])).round(9).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    x = np.asarray(x, float)
    columns = [np.reshape(directional(function, x, direction, step), -1) for direction in _units(x)]
    return np.stack(columns, axis=1)


def _units(x: Array) -> Iterator[Array]:
    """The directions in which one entry moves."""
    for k in range(x.size):
        direction = np.zeros(x.size)
        direction[k] = 1.0
        yield direction.reshape(x.shape)


def with_doubt(function: Callable[[Array], Array], x: Array) -> tuple[Array, Array]:
    """The Jacobian, and by how much its entries change when the step is halved: what differences do not know.

    Where they know little, smaller steps are tried, and each entry is taken from the step that knows it best: near
    a kink, near the end of a domain and far from zero the first step is too long. What no step settles is nan.

    >>> value, doubt = with_doubt(lambda x: x**2, np.array([1.0, 2.0]))
    >>> bool(np.max(doubt) < 1e-9)
    True
    >>> with_doubt(np.log, np.array([1e-9]))[0].round(-3).item()
    1000000000.0
    """
    with np.errstate(all="ignore"):
        value, doubt = _best(function, x)
        size = np.abs(x)
        if np.any(
            (size > 0) & (size < STEP / 10**_SHORTER)
        ):  # closer to zero than any step: a bend there is not seen from outside
            bent = bend(function, x) > _SETTLED * max(1.0, float(np.nanmax(np.abs(value), initial=0.0)))
            value, doubt = np.where(bent, np.nan, value), np.where(bent, 0.0, doubt)
        return value, doubt


def _best(function: Callable[[Array], Array], x: Array) -> tuple[Array, Array]:
    value, doubt = _halved(function, x, STEP)
    for power in range(1, _SHORTER + 1):
        known = np.abs(value[np.isfinite(value)])
        if np.all(doubt <= _SURE * max(1.0, float(np.max(known, initial=0.0)))):
            break
        again, unsure = _halved(function, x, STEP / 10**power)
        better = unsure < doubt
        value, doubt = np.where(better, again, value), np.where(better, unsure, doubt)
    largest = float(np.max(np.abs(value), initial=0.0, where=np.isfinite(value)))
    settled = doubt <= max(_SURE, _SETTLED * largest)
    return np.where(settled, value, np.nan), np.where(settled, doubt, 0.0)


def _halved(function: Callable[[Array], Array], x: Array, step: float) -> tuple[Array, Array]:
    """The differences of half a step, and how far they are from those of a whole one, which meet them at two points."""
    x = np.asarray(x, float)
    both: list[tuple[Array, Array]] = []
    for direction in _units(x):
        at, h = _along(function, x, direction, step)
        far, near, half = (at(k * h) - at(-k * h) for k in (2, 1, 0.5))
        both.append((np.reshape((8 * near - far) / (12 * h), -1), np.reshape((8 * half - near) / (6 * h), -1)))
    coarse, fine = (np.stack(columns, axis=1) for columns in zip(*both, strict=True))
    change = np.abs(fine - coarse)
    return fine, np.where(np.isfinite(change), change, np.inf)


def bend(function: Callable[[Array], Array], x: Array, step: float = 1e-7) -> Array:
    """By how much the slopes to both sides differ, |out| × |in|: about 0 where there is a derivative.

    >>> bend(np.abs, np.array([0.0, 1.0])).round(3).tolist()
    [[2.0, 0.0], [0.0, 0.0]]
    """
    x, here = np.asarray(x, float), np.asarray(function(x), float)
    columns = []
    with np.errstate(all="ignore"):
        for k in range(x.size):
            h = np.zeros(x.size)
            h[k] = step * max(1.0, abs(float(x.reshape(-1)[k])))
            moved = h.reshape(x.shape)
            columns.append(np.reshape((function(x + moved) - 2 * here + function(x - moved)) / h[k], -1))
    return np.stack(columns, axis=1)


def sides(function: Callable[[Array], Array], x: Array) -> tuple[Array, Array]:
    """The Jacobians |out| × |in| on both sides, from below and from above, by differences of second order.

    >>> [side.item() for side in sides(np.abs, np.array([0.0]))]
    [-1.0, 1.0]
    """
    x, here = np.asarray(x, float), np.asarray(function(x), float)
    found: tuple[list[Array], list[Array]] = [], []
    for columns, sign in zip(found, (-1, 1), strict=True):
        for k in range(x.size):
            h = np.zeros(x.size)
            h[k] = sign * _SIDED_STEP * max(1.0, abs(float(x.reshape(-1)[k])))
            moved = h.reshape(x.shape)
            change = 4 * function(x + moved) - 3 * here - function(x + 2 * moved)
            columns.append(np.reshape(change / (2 * h[k]), -1))
    below, above = (np.stack(columns, axis=1) for columns in found)
    return below, above


def directional(function: Callable[[Array], Array], x: Array, direction: Array, step: float = STEP) -> Array:
    """The derivative along a direction."""
    at, h = _along(function, x, direction, step)
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


def _along(
    function: Callable[[Array], Array], x: Array, direction: Array, step: float
) -> tuple[Callable[[float], Array], float]:
    """The values on a line, and the step for the size of what moves."""
    x = np.asarray(x, float)
    length = float(np.sqrt(np.sum(direction**2))) or 1.0
    h = step * max(1.0, float(np.max(np.abs(x * (direction != 0)), initial=0.0))) / length

    def at(distance: float) -> Array:
        return np.asarray(function(x + distance * direction), float)

    return at, h
