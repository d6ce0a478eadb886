"""The door to HIPS autograd: derivatives by an engine that shares no rule with ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache, partial
from math import prod
from typing import Any, cast

import autograd
import autograd.numpy as anp
import numpy as np
from autograd.core import VJPNode, primitive_vjps
from autograd.extend import defvjp, primitive
from autograd.tracer import isbox, notrace_primitives

from jacobian_cli.checks.oracles.alone import alone
from jacobian_cli.checks.squares import without_roots
from jacobian_cli.evaluate.evaluate import Backend, evaluate, numeric
from jacobian_cli.evaluate.kernels import Kernels
from jacobian_cli.expr import Expr
from jacobian_cli.ops import FUNCTIONS, Row

Array = Any

_RULES: dict[str, tuple[Callable[..., Any] | None, ...]] = {
    # autograd has erf only by way of SciPy; d erf/dx = 2/√π exp(−x²), Abramowitz & Stegun 7.1.19
    "erf": (lambda ans, x: lambda g: g * 2 / np.sqrt(np.pi) * anp.exp(-(x**2)),),
    "erfc": (lambda ans, x: lambda g: -g * 2 / np.sqrt(np.pi) * anp.exp(-(x**2)),),
    "erfinv": (lambda ans, x: lambda g: g * np.sqrt(np.pi) / 2 * anp.exp(ans**2),),
    "lgamma": (lambda ans, x: lambda g: g * _known("digamma")(x),),
    "scatter_add": (lambda ans, x, i, count: lambda g: g[np.asarray(i, int)], None),
    "digamma": (lambda ans, x: lambda g: g * _known("polygamma")(1, x),),
    "polygamma": (None, lambda ans, k, x: lambda g: g * _known("polygamma")(k + 1, x)),
}
"""What autograd is told of kernels that it cannot look through: an oracle has no rule from the table."""


_SINGLY = frozenset({"sqrt"})
"""What autograd differentiates by a power, which NumPy rounds otherwise for an array."""


def _known(name: str) -> Callable[..., Array]:
    """A kernel that a rule calls."""
    kernel = FUNCTIONS[name].kernel
    assert kernel is not None
    return _with_rule(name, kernel)


@cache
def _with_rule(name: str, kernel: Callable[..., Array]) -> Callable[..., Array]:
    """A kernel that autograd does not look into, with the rule that is given above."""
    known = primitive(partial(kernel, np))
    defvjp(known, *_RULES[name])
    return cast("Callable[..., Array]", known)


class _TracedKernels(Kernels):
    """The meanings of the table on arrays that autograd follows."""

    def of(self, row: Row) -> Callable[..., Array] | None:
        """By a rule given above, what is written here, or the definition: a kernel of our own is no witness."""
        own: Callable[..., Array] | None = getattr(type(self), row.name, None) if row.kernel else None
        if own is not None:
            return partial(own, self)
        kernel = super().of(row)
        if row.kernel is None or kernel is None:
            theirs = kernel is getattr(anp, row.numpy, None)
            known = kernel in primitive_vjps or kernel in notrace_primitives[VJPNode]  # steps are flat
            return None if row.definition and theirs and not known else kernel
        if row.name in _RULES:
            kernel = _with_rule(row.name, row.kernel)
        elif row.definition:
            return None

        def looked_into(*values: Array, **options: Any) -> Array:
            try:
                return kernel(*values, **options)
            except TypeError as error:
                raise AssertionError(
                    f"autograd cannot look into the kernel of {row.name}: it wants a rule in {__name__}"
                ) from error

        return looked_into

    def cofactors(self, x: Array) -> Array:
        front = anp.shape(x)[:-2]
        return anp.reshape(anp.linalg.det(x), (*front, 1, 1)) * anp.swapaxes(anp.linalg.inv(x), -1, -2)

    def sort(self, x: Array, *, axis: tuple[int, ...] = (-1,)) -> Array:
        """By a permutation matrix for each row."""
        rows = anp.moveaxis(x, axis[0], -1)
        places = np.argsort(np.asarray(_plain(rows)), axis=-1)
        return anp.moveaxis(anp.sum(np.eye(places.shape[-1])[places] * rows[..., None, :], axis=-1), -1, axis[0])

    def argsort(self, x: Array, *, axis: tuple[int, ...] = (-1,)) -> Array:
        return np.argsort(np.asarray(_plain(x)), axis=axis[0])

    def cumprod(self, x: Array, *, axis: tuple[int, ...] = (-1,)) -> Array:
        """One factor more at a time."""
        rows = anp.moveaxis(x, axis[0], -1)
        parts = [rows[..., 0]]
        for k in range(1, anp.shape(rows)[-1]):
            parts.append(parts[-1] * rows[..., k])
        return anp.moveaxis(anp.stack(parts, axis=-1), -1, axis[0])

    def eigvalsh(self, x: Array) -> Array:
        return anp.linalg.eigh((x + anp.swapaxes(x, -1, -2)) / 2)[0]

    def eigvecs(self, x: Array) -> Array:
        vectors = anp.linalg.eigh((x + anp.swapaxes(x, -1, -2)) / 2)[1]
        entries = np.asarray(_plain(vectors))
        largest = np.argmax(np.abs(entries), axis=-2, keepdims=True)
        return vectors * np.sign(np.take_along_axis(entries, largest, -2))

    def svdvals(self, x: Array) -> Array:
        return anp.linalg.svd(x, full_matrices=False)[1]

    def spectral_norm(self, x: Array) -> Array:
        return anp.linalg.svd(x, full_matrices=False)[1][..., 0]

    def nuclear_norm(self, x: Array) -> Array:
        return anp.sum(anp.linalg.svd(x, full_matrices=False)[1], axis=-1)

    def polar(self, x: Array) -> Array:
        """By Newton's iteration (Higham 1986): autograd's rule for singular vectors divides by differences."""
        x = x / anp.sqrt(anp.sum(x**2, axis=(-2, -1), keepdims=True))
        for _ in range(30):
            x = (x + anp.swapaxes(self.pinv(x), -1, -2)) / 2
        return x

    def pinv(self, x: Array) -> Array:
        """Of the shorter side, by the inverse of its products."""
        turned = anp.swapaxes(x, -1, -2)
        if anp.shape(x)[-2] < anp.shape(x)[-1]:
            return anp.matmul(turned, anp.linalg.inv(anp.matmul(x, turned)))
        return anp.matmul(anp.linalg.inv(anp.matmul(turned, x)), turned)

    def sqrtm(self, x: Array) -> Array:
        """By Denman's and Beavers' iteration, which needs inverses only."""
        y = (x + anp.swapaxes(x, -1, -2)) / 2
        z = np.eye(anp.shape(x)[-1]) + 0 * y
        for _ in range(20):
            y, z = (y + anp.linalg.inv(z)) / 2, (z + anp.linalg.inv(y)) / 2
        return y

    def expm(self, x: Array) -> Array:
        """(1 + x/m + (x/m)²/2 + …)ᵐ with a large m."""
        step, one = x / 2.0**12, np.eye(anp.shape(x)[-1])
        total = one + step + anp.matmul(step, step) / 2
        total = total + anp.matmul(step, anp.matmul(step, step)) / 6 + anp.matmul(step, step) @ (step @ step) / 24
        for _ in range(12):
            total = anp.matmul(total, total)
        return total

    def einsum(self, *operands: Array, subscripts: str) -> Array:
        """autograd knows no diagonal: a_ii is written a_ij δ_ij."""
        inputs, output = subscripts.split("->")
        parts, extra, ties = [], [], []
        free = (letter for letter in "ZYXWVUTSRQPONMLKJIHGFEDCBA" if letter not in subscripts)
        for letters, operand in zip(inputs.split(","), operands, strict=True):
            told = ""
            for axis, letter in enumerate(letters):
                name = next(free) if letter in told else letter
                if name != letter:
                    extra.append(letter + name)
                    ties.append(np.eye(anp.shape(operand)[axis]))
                told += name
            parts.append(told)
        return super().einsum(*operands, *ties, subscripts=f"{','.join(parts + extra)}->{output}")

    def trace(self, x: Array) -> Array:
        """autograd knows no axes here."""
        return anp.sum(x * np.eye(anp.shape(x)[-1]), axis=(-2, -1))

    def where(self, c: Array, x: Array, y: Array) -> Array:
        """autograd's own forgets what was broadcast."""
        whole = np.ones(np.broadcast_shapes(*(anp.shape(value) for value in (c, x, y))))
        return anp.where(anp.not_equal(c, 0), x * whole, y * whole)


@lru_cache(maxsize=1)
def _backend() -> Backend:
    return numeric(_TracedKernels(anp), _SINGLY)


@alone
@np.errstate(all="ignore")
def jacobian(output: Expr, values: Mapping[str, Array], sizes: Mapping[str, int], wrt: str) -> Array:
    """The Jacobian |out| × |in| of an expression, both flattened row by row."""
    x = np.asarray(values[wrt], float)
    shape = tuple(size.at(sizes) for size in output.shape)
    out = prod(shape)
    if out == 1:
        return vjp(output, values, sizes, wrt, np.ones(shape)).reshape(1, -1)

    def flat(v: Array) -> Array:
        return anp.reshape(_value(output, values, sizes, wrt, v), (out,)) + _nothing(v)

    return np.asarray(autograd.jacobian(flat)(x), float).reshape(out, x.size)


@alone
@np.errstate(all="ignore")
def second(output: Expr, values: Mapping[str, Array], sizes: Mapping[str, int], wrt: str, other: str) -> Array:
    """The derivative by `other` of the Jacobian by `wrt`: |out|·|wrt| × |other|, each flattened row by row."""
    x, y = (np.asarray(values[name], float) for name in (wrt, other))
    out = prod(size.at(sizes) for size in output.shape)

    def first(w: Array) -> Array:
        def flat(v: Array) -> Array:
            inner = {**values, other: w, wrt: v if wrt != other else w + (v - anp.array(x))}
            return anp.reshape(_at(output, inner, sizes), (out,)) + _nothing(v)

        return anp.reshape(autograd.jacobian(flat)(x), (-1,)) + _nothing(w)

    return np.asarray(autograd.jacobian(first)(y), float).reshape(out * x.size, y.size)


@alone
@np.errstate(all="ignore")
def second_along(
    output: Expr, values: Mapping[str, Array], sizes: Mapping[str, int], wrt: str, other: str, upstream: Array, v: Array
) -> Array:
    """The derivative by `other` of the derivative along `v` by `wrt` of the output times an upstream gradient."""
    x, y = (np.asarray(values[name], float) for name in (wrt, other))

    def slope(w: Array) -> Array:
        def scalar(moved: Array) -> Array:
            inner = {**values, other: w, wrt: moved if wrt != other else w + (moved - anp.array(x))}
            return anp.sum(_at(output, inner, sizes) * upstream) + _nothing(moved)

        return anp.sum(autograd.grad(scalar)(x) * v) + _nothing(w)

    return np.asarray(autograd.grad(slope)(y), float)


@alone
@np.errstate(all="ignore")
def vjp(output: Expr, values: Mapping[str, Array], sizes: Mapping[str, int], wrt: str, upstream: Array) -> Array:
    """The gradient of the variable, in its shape, for an upstream gradient of the output's shape."""

    def scalar(v: Array) -> Array:
        return anp.sum(_value(output, values, sizes, wrt, v) * upstream) + _nothing(v)

    return np.asarray(autograd.grad(scalar)(np.asarray(values[wrt], float)), float)


@alone
@np.errstate(all="ignore")
def gradients(
    output: Expr, values: Mapping[str, Array], sizes: Mapping[str, int], wrt: Iterable[str], upstream: Array
) -> dict[str, Array]:
    """The gradients of several variables from one pass, for an upstream gradient of the output's shape."""

    def scalar(chosen: Mapping[str, Array]) -> Array:
        moved = {name: chosen[name] for name in names}
        value = anp.sum(_at(output, {**values, **moved}, sizes) * upstream)
        return value + sum(map(_nothing, moved.values()))

    names = list(wrt)
    given = {name: np.asarray(values[name], float) for name in names}
    try:
        found = autograd.grad(scalar)(given)
    except np.linalg.LinAlgError:  # its rule for a determinant divides by it
        found = {name: value * np.nan for name, value in given.items()}
    return {name: np.asarray(found[name], float) for name in names}


def _plain(value: Array) -> Array:
    """The numbers in what autograd follows."""
    while isbox(value):
        value = value._value
    return value


def _value(output: Expr, values: Mapping[str, Array], sizes: Mapping[str, int], wrt: str, v: Array) -> Array:
    return _at(output, {**values, wrt: v}, sizes)


def _at(output: Expr, values: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    """The value; of ‖x‖² as Σ xᵢ², since a rule for ‖x‖ has nothing to say at 0."""
    return evaluate(without_roots(output), values, sizes, _backend())


def _nothing(v: Array) -> Array:
    """Zero, made of `v`: autograd warns of what does not depend on the input, and a zero Jacobian is an answer."""
    return 0.0 * anp.reshape(v, (-1,))[0]
