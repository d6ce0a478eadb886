"""Determinants, inverses and Cholesky factors of small matrices of exact entries, by their definitions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from jacobian_cli.checks.oracles.budget import TooLargeError
from jacobian_cli.evaluate.kernels import Array, Kernels

_HALF = Fraction(1, 2)


_LARGEST = 4
"""Determinants of matrices up to this size are written out."""


class ExactKernels(Kernels):
    """The kernels on arrays of numbers or expressions that compute exactly.

    >>> ExactKernels().inv(np.array([[Fraction(2), 1], [1, 1]])).tolist()
    [[Fraction(1, 1), Fraction(-1, 1)], [Fraction(-1, 1), Fraction(2, 1)]]
    """

    def det(self, x: Array) -> Array:
        if np.ndim(x) > 2:
            return _each(self.det, x)
        if len(x) > _LARGEST:
            raise TooLargeError(f"the determinant of a {len(x)}×{len(x)} matrix of symbols is not written out")
        everything = tuple(range(len(x)))
        return _minor(x, everything, everything, {})

    def inv(self, x: Array) -> Array:
        """Cramer's rule."""
        if np.ndim(x) > 2:
            return _each(self.inv, x)
        n, determinant = len(x), self.det(x)
        known: dict[Any, Any] = {}
        result = np.empty((n, n), dtype=object)
        for i, j in product(range(n), repeat=2):
            rows, columns = (tuple(k for k in range(n) if k != left_out) for left_out in (j, i))
            result[i, j] = (-1) ** (i + j) * _minor(x, rows, columns, known) / determinant
        return result

    def cholesky(self, x: Array) -> Array:
        if np.ndim(x) > 2:
            return _each(self.cholesky, x)
        x, result = (x + np.transpose(x)) * _HALF, 0 * x
        for i in range(len(x)):
            for j in range(i + 1):
                rest = x[i, j] - sum(result[i, k] * result[j, k] for k in range(j))
                result[i, j] = rest**_HALF if i == j else rest / result[j, j]
        return result


def _each(function: Callable[[Array], Array], x: Array) -> Array:
    """A function of one matrix on each of a batch."""
    return np.array([function(matrix) for matrix in x], dtype=object)


def _minor(x: Array, rows: tuple[int, ...], columns: tuple[int, ...], known: dict[Any, Any]) -> Any:
    """The determinant of these rows and columns along the first row, each smaller one computed once."""
    if not rows:
        return 1
    if (rows, columns) not in known:
        known[rows, columns] = sum(
            (-1) ** k * x[rows[0], column] * _minor(x, rows[1:], columns[:k] + columns[k + 1 :], known)
            for k, column in enumerate(columns)
        )
    return known[rows, columns]
