"""Gradients that meet: those of several uses add up, and so do those of the copies that broadcasting made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = Any


def total(terms: Sequence[Array]) -> Array:
    """What comes back along several paths adds up."""
    if len(terms) == 1:
        return terms[0]
    result = terms[0] + terms[1]
    for term in terms[2:]:
        result += term
    return result


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """The gradient of what was broadcast: a copy sums.

    >>> unbroadcast(np.ones((4, 3)), (3,)).tolist(), unbroadcast(np.ones((4, 3)), (4, 1)).shape
    ([4.0, 4.0, 4.0], (4, 1))
    """
    given = np.shape(gradient)
    if given == shape:
        return gradient
    front = len(given) - len(shape)
    axes = [front + k for k, length in enumerate(shape) if length == 1 and given[front + k] != 1]
    return np.reshape(np.sum(gradient, axis=(*range(front), *axes)), shape)
