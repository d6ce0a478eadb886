"""What the functions of the table mean in NumPy, where NumPy lacks them or spells them otherwise.

Vectors are mathematicians': `(n,)` a column, `(1, n)` a row, and a scalar is a 1×1 matrix where `@` meets it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy

from jacobian_cli.evaluate.pairwise import contract
from jacobian_cli.ops import Kind, Row

Array = Any


class Kernels:
    """NumPy, corrected: every other name is NumPy's own.

    `np` is NumPy or a module that imitates it, so that `autograd.numpy` can trace the same meanings.

    >>> Kernels().matmul(numpy.ones((1, 3)), numpy.ones(3)).item()
    3.0
    """

    def __init__(self, np: Any = numpy) -> None:
        self.np = np

    def __getattr__(self, name: str) -> Any:
        return getattr(self.np, name)

    def of(self, row: Row) -> Callable[..., Array] | None:
        """What computes a row of the table; None where only its definition does."""
        if row.kernel is not None:
            return partial(row.kernel, self.np)
        found: Callable[..., Array] | None = getattr(self, row.numpy) if row.numpy else None
        if found is not None and row.kind is Kind.ROW and not hasattr(type(self), row.numpy):
            return partial(_along, found)
        return found

    def greater(self, x: Array, y: Array) -> Array:
        return 1.0 * self.np.greater(x, y)

    def less(self, x: Array, y: Array) -> Array:
        return 1.0 * self.np.less(x, y)

    def greater_equal(self, x: Array, y: Array) -> Array:
        return 1.0 * self.np.greater_equal(x, y)

    def less_equal(self, x: Array, y: Array) -> Array:
        return 1.0 * self.np.less_equal(x, y)

    def equal(self, x: Array, y: Array) -> Array:
        return 1.0 * self.np.equal(x, y)

    def not_equal(self, x: Array, y: Array) -> Array:
        return 1.0 * self.np.not_equal(x, y)

    def where(self, c: Array, x: Array, y: Array) -> Array:
        return self.np.where(self.np.not_equal(c, 0), x, y)

    def matmul(self, x: Array, y: Array) -> Array:
        left, right = self.np.ndim(x), self.np.ndim(y)
        if not left or not right:
            return x * y
        if left == 1 and right == 2:
            return x[:, None] * y
        product = self.np.matmul(x, y)
        return product[0] if left == 2 and right == 1 and x.shape[0] == 1 else product

    def transpose(self, x: Array) -> Array:
        match self.np.shape(x):
            case ():
                return x
            case (_,):
                return x[None, :]
            case (1, _):
                return x[0]
        return self.np.transpose(x)

    def permute(self, x: Array, *, axes: tuple[int, ...]) -> Array:
        """The axes in another order."""
        return self.np.transpose(x, axes)

    def kron(self, x: Array, y: Array) -> Array:
        """With a matrix, a vector counts as one column."""
        if self.np.ndim(x) == self.np.ndim(y) == 1:
            return self.np.reshape(x[:, None] * y, (-1,))
        x, y = (a if self.np.ndim(a) == 2 else a[:, None] for a in (x, y))
        blocks = x[:, None, :, None] * y[None, :, None, :]
        return self.np.reshape(blocks, (x.shape[0] * y.shape[0], x.shape[1] * y.shape[1]))

    def vdot(self, x: Array, y: Array) -> Array:
        return self.np.sum(x * y)

    def vec(self, x: Array) -> Array:
        """Columns stacked."""
        return self.np.reshape(self.np.transpose(x), (-1,))

    def index(self, x: Array, *, index: tuple[Any, ...]) -> Array:
        return numpy.asarray(x)[index] if isinstance(x, float) else x[index]

    def einsum(self, *operands: Array, subscripts: str) -> Array:
        lengths = tuple(self.np.shape(operand) for operand in operands)
        return contract(self.np.einsum, subscripts, operands, lengths)

    def reshape(self, x: Array, *, shape: tuple[int, ...]) -> Array:
        return self.np.reshape(x, shape)

    def eye(self, *, sizes: tuple[int, ...]) -> Array:
        return numpy.eye(sizes[0])

    def ones(self, *, sizes: tuple[int, ...]) -> Array:
        return numpy.ones(sizes)

    def zeros(self, *, sizes: tuple[int, ...]) -> Array:
        return numpy.zeros(sizes)

    def commutation(self, *, sizes: tuple[int, ...]) -> Array:
        """The rows of an identity in the order of vec(Xᵀ)."""
        rows, columns = sizes
        count = rows * columns
        identity = self.eye(sizes=(count,))
        return identity.reshape(columns, rows, count).swapaxes(0, 1).reshape(count, count)

    def concatenate(self, *parts: Array, axis: tuple[int, ...] = (0,)) -> Array:
        """A scalar counts as a vector of one entry."""
        return self.np.concatenate([self.np.reshape(p, (1,)) if self.np.ndim(p) == 0 else p for p in parts], axis[0])

    def stack(self, *parts: Array, axis: tuple[int, ...] = (0,)) -> Array:
        return self.np.stack(parts, axis[0])

    def det(self, x: Array) -> Array:
        return self.np.linalg.det(x)

    def inv(self, x: Array) -> Array:
        return self.np.linalg.inv(x)

    def diag(self, x: Array) -> Array:
        """Of each matrix of a batch."""
        return self.np.diag(x) if self.np.ndim(x) < 3 else self.np.diagonal(x, axis1=-1, axis2=-2)

    def trace(self, x: Array) -> Array:
        """Of each matrix of a batch."""
        return self.np.trace(x, axis1=-2, axis2=-1)


def _along(function: Callable[..., Array], x: Array, *, axis: tuple[int, ...] = (-1,)) -> Array:
    """NumPy's name for a function of rows, along one axis."""
    return function(x, axis=axis[0])
