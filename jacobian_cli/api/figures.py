"""Numbers and small arrays as people write them."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
SHORT = 18
"""Arrays that are written in so many characters are shown, of others the shape."""

PRINTED = 400
"""So many numbers are printed for one array."""


def number(value: float, digits: int = 6) -> str:
    """A number of so many digits, with a proper minus sign."""
    written = f"{value + 0.0:.{digits}g}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
    return written.replace("-", "−")


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape in numbers, empty for a scalar."""
    return " × ".join(map(str, shape))


def short(value: Array | None, digits: int = 4, room: int = SHORT) -> str:
    """A number, a small array, or else the shape of the array.

    >>> short(np.array([1.0, 0.25])), short(np.zeros((3, 40)))
    ('[1, 0.25]', '(3×40)')
    """
    if value is None:
        return ""
    return written(value, digits, room) or f"({'×'.join(map(str, np.shape(value)))})"


def long(value: Array, room: int = 46) -> str:
    """A number, a small array, or else the range of its entries."""
    least, most = (number(float(end), 3) for end in (np.min(value), np.max(value)))
    return written(value, 6, room) or f"{shape_text(np.shape(value))}, entries from {least} to {most}"


def written(value: Array, digits: int, room: int) -> str:
    """An array in full, if it is that short."""
    text = _listed(np.asarray(value), digits) if np.size(value) <= room else ""
    return text if len(text) <= room or not np.ndim(value) else ""


def _listed(value: Array, digits: int) -> str:
    if not value.ndim:
        return number(float(value), digits)
    return "[" + ", ".join(_listed(part, digits) for part in value) + "]"
