"""What rounding leaves of a value: how far it moves when the numbers it is made from move in their last digits.

Where large numbers cancel, two right answers may differ in more digits than a tolerance allows. The difference is
then no larger than what each of them moves by at points that nobody could tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = Any
_POINTS = 4
_DIGITS = 4 * float(np.finfo(float).eps)


def spread(compute: Callable[[Mapping[str, Array]], Array], point: Mapping[str, Array]) -> Array:
    """The largest change of each entry among a few such points.

    >>> noise = spread(lambda p: (p["x"] + 1e6) - 1e6, {"x": np.array([0.1, 3.0])})
    >>> bool(np.all(noise < 1e-9)), bool(np.all(spread(lambda p: p["x"], {"x": np.ones(2)}) < 1e-14))
    (True, True)
    """
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        here = np.asarray(compute(point), float)
        found = np.zeros(here.shape)
        for _ in range(_POINTS):
            near = {name: x * (1 + _DIGITS * rng.uniform(-1, 1, np.shape(x))) for name, x in point.items()}
            found = np.maximum(found, np.abs(np.asarray(compute(near), float) - here))
    return np.where(np.isfinite(found), found, 0.0)
