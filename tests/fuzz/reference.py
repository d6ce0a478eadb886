"""What a typed formula is in NumPy, written here from the definitions once more: no kernel and no rule of the table is
used, and of its definitions only those of functions that are new since.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import linalg as scipy_linalg
from scipy import special

from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.expr import Apply, Constant, Defined, Expr, Extent, Number, Variable, walk
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.cuts import Listed
from jacobian_cli.shape import Size

Array = Any
Options = dict[str, Any]


def value(expr: Expr, point: Mapping[str, Array], sizes: Mapping[str, int], *, shaped: bool = True) -> Array:
    """The value at a point, in the shape that the formula has; or entry by entry, whatever shapes the values have."""
    found: dict[Expr, Array] = {}
    with np.errstate(all="ignore"):
        for node in walk([expr]):
            match node:
                case Variable(name=name):
                    made = point[name]
                case Number(value=number):
                    made = float(number)
                case Constant(name=name):
                    made = {"pi": math.pi, "e": math.e, "inf": math.inf}[name]
                case Extent(size=size):
                    made = float(size.at(sizes))
                case Defined(body=body):
                    made = found[body]
                case Apply(function=function, arguments=arguments, parameters=parameters):
                    options = {name: _numbers(option, sizes) for name, option in parameters}
                    made = meaning_of(function)(*(found[a] for a in arguments), **options)
                case _:
                    raise AssertionError(node)
            made = np.asarray(made, float)
            found[node] = np.reshape(made, [size.at(sizes) for size in node.shape]) if shaped else made
    return found[expr]


def meaning_of(name: str) -> Callable[..., Array]:
    """What a function is: as it is written below, or else as NumPy and SciPy have it, or by its definition."""
    row = FUNCTIONS[name]
    if name in MEANINGS:
        return MEANINGS[name]
    if row.definition and row.kind is Kind.ELEMENTWISE:
        body = meaning(row.definition, row.parameters)
        return lambda *values: value(body, dict(zip(row.parameters, values, strict=True)), {}, shaped=False)
    found: Callable[..., Array] = getattr(np, name, None) or getattr(special, name)
    return found


def _numbers(option: Any, sizes: Mapping[str, int]) -> Any:
    if isinstance(option, Size):
        return option.at(sizes)
    return tuple(_numbers(part, sizes) for part in option) if isinstance(option, tuple) else option


def _index(x: Array, index: tuple[Any, ...]) -> Array:
    def item(given: Any) -> Any:
        return slice(*given) if isinstance(given, tuple) else [*given.places] if isinstance(given, Listed) else given

    return x[tuple(map(item, index))]


def _take(x: Array, i: Array, axis: tuple[int, ...]) -> Array:
    return np.take(x, np.asarray(i, int), axis=axis[0])


def _one_hot(i: Array, count: int) -> Array:
    return 1.0 * (np.asarray(i)[..., None] == np.arange(count))


def _scatter_add(x: Array, i: Array, count: int) -> Array:
    return np.tensordot(_one_hot(i, count), x, (range(np.ndim(i)),) * 2)


def _axes(x: Array, axis: tuple[int, ...] | None) -> tuple[int, ...]:
    return tuple(range(np.ndim(x))) if axis is None else tuple(axis)


def _reduced(function: Callable[..., Array]) -> Callable[..., Array]:
    """A function of axes, kept so that its value stands beside the array; dropped again where they are not kept."""

    def reduction(x: Array, axis: tuple[int, ...] | None = None, keepdims: bool = False) -> Array:
        axes = _axes(x, axis)
        kept = function(x, axes)
        return kept if keepdims else np.squeeze(kept, axes) if axes else kept

    return reduction


def _rows(function: Callable[[Array, tuple[int, ...]], Array]) -> Callable[..., Array]:
    return lambda x, axis=(-1,): function(x, tuple(axis) if np.ndim(x) else ())


def _mean(x: Array, axes: tuple[int, ...]) -> Array:
    return np.mean(x, axis=axes, keepdims=True)


def _sum(x: Array, axes: tuple[int, ...]) -> Array:
    return np.sum(x, axis=axes, keepdims=True)


def _variance(x: Array, axes: tuple[int, ...]) -> Array:
    return _mean((x - _mean(x, axes)) ** 2, axes)


def _logsumexp(x: Array, axes: tuple[int, ...]) -> Array:
    top = np.max(x, axis=axes, keepdims=True)
    return top + np.log(_sum(np.exp(x - top), axes))


def _share(pick: Callable[..., Array]) -> Callable[..., Array]:
    """1/k for each of the k entries that are picked."""

    def weights(x: Array, axis: tuple[int, ...] | None = None) -> Array:
        axes = _axes(x, axis)
        met = 1.0 * (x == pick(x, axis=axes, keepdims=True))
        return met / _sum(met, axes)

    return weights


def _so_far(extreme: Callable[..., Array], rest: float) -> Callable[[Array], Array]:
    """In row i 1 at the extreme of the first i entries, found one after the other."""

    def marks(x: Array) -> Array:
        found = np.zeros((*np.shape(x), np.shape(x)[-1]))
        for at in np.ndindex(*np.shape(x)):
            *front, i = at
            seen = np.array([x[(*front, j)] if j <= i else rest for j in range(np.shape(x)[-1])])
            found[at] = seen == extreme(seen)
        return found / found.sum(-1, keepdims=True)

    return marks


def _prod_of_others(x: Array, axis: tuple[int, ...] | None = None) -> Array:
    axes, result = _axes(x, axis), np.empty(np.shape(x))
    for place in np.ndindex(np.shape(x)):
        others = np.array(x)
        others[place] = 1.0
        index = tuple(slice(None) if k in [a % np.ndim(x) for a in axes] else i for k, i in enumerate(place))
        result[place] = np.prod(others[index])
    return result


def _matrix_product(a: Array, b: Array) -> Array:
    """A vector is a column, and a row beside it makes a matrix."""
    if not np.ndim(a) or not np.ndim(b):
        return a * b
    left = a[:, None] if np.ndim(a) == 1 and np.ndim(b) == 2 and len(b) == 1 else a
    return np.matmul(left, b)


def _kron(a: Array, b: Array) -> Array:
    if np.ndim(a) == np.ndim(b) == 1:
        return np.kron(a, b)
    a, b = (x if np.ndim(x) == 2 else np.reshape(x, (-1, 1)) for x in (a, b))
    return np.kron(a, b)


def _transposed(x: Array) -> Array:
    return np.reshape(x, (1, -1)) if np.ndim(x) == 1 else np.transpose(x)


def _commutation(sizes: tuple[int, int]) -> Array:
    n, m = sizes
    result = np.zeros((n * m, n * m))
    for i in range(n):
        for j in range(m):
            result[i * m + j, j * n + i] = 1.0
    return result


def _half(n: int) -> list[tuple[int, int]]:
    """The places on and below the diagonal, column by column."""
    return [(i, j) for j in range(n) for i in range(j, n)]


def _vech(x: Array) -> Array:
    return np.array([x[place] for place in _half(len(x))])


def _elimination(sizes: tuple[int, ...]) -> Array:
    (n,) = sizes
    result = np.zeros((n * (n + 1) // 2, n * n))
    for k, (i, j) in enumerate(_half(n)):
        result[k, j * n + i] = 1.0
    return result


def _duplication(sizes: tuple[int, ...]) -> Array:
    (n,) = sizes
    result = np.zeros((n * n, n * (n + 1) // 2))
    for k, (i, j) in enumerate(_half(n)):
        result[j * n + i, k] = result[i * n + j, k] = 1.0
    return result


def _unfold(x: Array, count: int) -> Array:
    return np.lib.stride_tricks.sliding_window_view(x, count, axis=-1)


def _fold(x: Array) -> Array:
    """Entry p sums x[i, p - i]."""
    starts, count = np.shape(x)[-2:]
    result = np.zeros((*np.shape(x)[:-2], starts + count - 1))
    for i in range(starts):
        for t in range(count):
            result[..., i + t] += x[..., i, t]
    return result


def _log_softmax(x: Array, axes: tuple[int, ...]) -> Array:
    return x - _logsumexp(x, axes)


def _last(x: Array, y: Array) -> tuple[int, ...]:
    return (-1,) if np.ndim(x) or np.ndim(y) else ()


def _positive_columns(v: Array) -> Array:
    """Columns whose largest entry is positive."""
    top = np.argmax(np.abs(v), axis=-2)
    return v * np.sign(np.take_along_axis(v, top[..., None, :], axis=-2))


def _centred(x: Array) -> Array:
    return x - x.mean(axis=1, keepdims=True)


def _even(x: Array) -> Array:
    """The symmetric part."""
    return (x + np.swapaxes(x, -1, -2)) / 2


def _each(function: Callable[..., Array]) -> Callable[..., Array]:
    """A function of a matrix on each of a batch."""

    def batched(x: Array) -> Array:
        if np.ndim(x) < 3:
            return np.real(function(x))
        return np.stack([batched(part) for part in x])

    return batched


def _lstsq(x: Array, y: Array) -> Array:
    """One matrix after the other, each with its part of y or with all of it."""
    if np.ndim(x) > 2:
        return np.stack([_lstsq(part, y[k] if np.ndim(y) > 2 else y) for k, part in enumerate(x)])
    return np.linalg.lstsq(x, y, rcond=None)[0]


def _cross_entropy(x: Array, y: Array) -> Array:
    return -np.mean(np.sum(y * _log_softmax(x, _last(x, x)), axis=_last(x, y)))


_norm = _reduced(lambda x, axes: np.sqrt(_sum(x * x, axes)))
MEANINGS: dict[str, Callable[..., Array]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "u-": lambda x: -x,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "**": np.power,
    "@": _matrix_product,
    ".T": _transposed,
    "[]": _index,
    "take": _take,
    "one_hot": _one_hot,
    "scatter_add": _scatter_add,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
    **{name: getattr(np, name) for name in "exp log log1p expm1 sqrt square abs sign".split()},
    **{name: getattr(np, name) for name in "sin cos tan sinh cosh tanh arcsin arccos arctan logaddexp".split()},
    "erf": special.erf,
    "lgamma": special.gammaln,
    "digamma": special.digamma,
    "polygamma": lambda k, x: special.polygamma(int(k), x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.where(x > 0, x, 0),
    "leaky_relu": lambda x, a=0.01: np.where(x > 0, x, a * x),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "elu": lambda x, a=1.0: np.where(x > 0, x, a * (np.exp(x) - 1)),
    "gelu": lambda x: x * (1 + special.erf(x / np.sqrt(2))) / 2,
    "silu": lambda x: x / (1 + np.exp(-x)),
    "maximum": np.maximum,
    "minimum": np.minimum,
    "where": lambda c, x, y: np.where(c != 0, x, y),
    "sum": _reduced(_sum),
    "mean": _reduced(_mean),
    "prod": _reduced(lambda x, axes: np.prod(x, axis=axes, keepdims=True)),
    "max": _reduced(lambda x, axes: np.max(x, axis=axes, keepdims=True)),
    "min": _reduced(lambda x, axes: np.min(x, axis=axes, keepdims=True)),
    "var": _reduced(_variance),
    "std": _reduced(lambda x, axes: np.sqrt(_variance(x, axes))),
    "norm": _norm,
    "norm1": _reduced(lambda x, axes: _sum(np.abs(x), axes)),
    "logsumexp": _reduced(_logsumexp),
    "largest": _share(np.max),
    "smallest": _share(np.min),
    "prod_of_others": _prod_of_others,
    "largest_so_far": _so_far(np.max, -np.inf),
    "smallest_so_far": _so_far(np.min, np.inf),
    "cdist": lambda x, y: np.sqrt(np.sum((x[:, None] - y) ** 2, axis=-1)),
    "softmax": _rows(lambda x, axes: np.exp(_log_softmax(x, axes))),
    "softmin": _rows(lambda x, axes: np.exp(_log_softmax(-x, axes))),
    "logcumsumexp": _rows(lambda x, axes: np.logaddexp.accumulate(x, axis=axes[0]) if axes else x),
    "log_softmax": _rows(_log_softmax),
    "layernorm": _rows(lambda x, axes: (x - _mean(x, axes)) / np.sqrt(_variance(x, axes))),
    "rmsnorm": _rows(lambda x, axes: x / np.sqrt(_mean(x * x, axes))),
    "normalize": _rows(lambda x, axes: x / np.sqrt(_sum(x * x, axes))),
    "cumsum": _rows(lambda x, axes: np.cumsum(x, axis=axes[0]) if axes else x),
    "cumprod": _rows(lambda x, axes: np.cumprod(x, axis=axes[0]) if axes else x),
    "cummax": _rows(lambda x, axes: np.maximum.accumulate(x, axis=axes[0]) if axes else x),
    "cummin": _rows(lambda x, axes: np.minimum.accumulate(x, axis=axes[0]) if axes else x),
    "trace": lambda x: np.trace(x, axis1=-2, axis2=-1),
    "det": np.linalg.det,
    "logdet": lambda x: np.log(np.linalg.det(x)),
    "inv": lambda x: np.linalg.inv(x) if np.ndim(x) else 1 / x,
    "cofactors": lambda x: np.linalg.det(x)[..., None, None] * np.swapaxes(np.linalg.inv(x), -1, -2),
    "cholesky": lambda x: np.linalg.cholesky((x + np.swapaxes(x, -1, -2)) / 2),
    "solve": lambda x, y: np.linalg.inv(x) @ y if np.ndim(x) else y / x,
    "outer": lambda x, y: np.reshape(x, (-1, 1)) * np.reshape(y, (1, -1)),
    "dot": np.dot,
    "kron": _kron,
    "diag": lambda x: np.diag(x) if np.ndim(x) <= 2 else np.diagonal(x, axis1=-2, axis2=-1),
    "tril": np.tril,
    "triu": np.triu,
    "vec": lambda x: np.reshape(x, -1, order="F"),
    "transpose": lambda x, axes=None: np.transpose(x, axes),
    "reshape": np.reshape,
    "concat": lambda *parts, axis=(0,): np.concatenate([np.atleast_1d(p) for p in parts], axis=axis[0]),
    "stack": lambda *parts, axis=(0,): np.stack(parts, axis=axis[0]),
    "einsum": lambda *operands, subscripts: np.einsum(subscripts, *operands),
    "eye": lambda sizes: np.eye(sizes[0]),
    "ones": lambda sizes: np.full(sizes, 1.0),
    "zeros": lambda sizes: np.full(sizes, 0.0),
    "ones_like": np.ones_like,
    "zeros_like": np.zeros_like,
    "commutation": _commutation,
    "elimination": _elimination,
    "duplication": _duplication,
    "vech": _vech,
    "unfold": _unfold,
    "fold": _fold,
    "sort": _rows(lambda x, axes: np.sort(x, axis=axes[0])),
    "argsort": _rows(lambda x, axes: np.argsort(x, axis=axes[0])),
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": lambda x, y: -np.mean(y * np.log(x) + (1 - y) * np.log(1 - x)),
    "mse": lambda x, y: np.mean((x - y) ** 2),
    "kl_div": lambda x, y: np.sum(x * (np.log(x) - np.log(y))),
    "nll_loss": lambda x, y: -np.mean(np.sum(x * y, axis=_last(x, y))),
    "l1_loss": lambda x, y: np.mean(np.abs(x - y)),
    "bce_with_logits": lambda x, y: np.mean(np.logaddexp(0, x) - x * y),
    "triplet_loss": lambda x, y, z, a=1.0: np.mean(
        np.maximum(np.sqrt(np.sum((x - y) ** 2, -1)) - np.sqrt(np.sum((x - z) ** 2, -1)) + a, 0)
    ),
    "cov": np.cov,
    "corrcoef": np.corrcoef,
    "cosine_similarity": lambda x, y: np.sum(x * y, -1) / np.sqrt(np.sum(x * x, -1) * np.sum(y * y, -1)),
    "batchnorm": lambda x: (x - x.mean(0)) / x.std(0),
    "inner": np.inner,
    "vdot": lambda x, y: np.sum(x * y),
    "bilinear": lambda x, y, z: np.einsum("...i,...j,kij->...k", x, y, z) if np.ndim(z) > 2 else x @ z @ y,
    "skew": lambda x: np.cross(np.eye(3), x),
    "cross": np.cross,
    "rot2": lambda t: np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]),
    "eigvalsh": lambda x: np.linalg.eigvalsh(_even(x)),
    "eigvecs": lambda x: _positive_columns(np.linalg.eigh(_even(x))[1]),
    "inv_gaps": lambda x: np.where(np.eye(x.shape[-1]), 0, 1 / (x[..., None, :] - x[..., :, None])),
    "svdvals": lambda x: np.linalg.svd(x, compute_uv=False),
    "spectral_norm": lambda x: np.linalg.norm(x, 2, axis=(-2, -1)),
    "nuclear_norm": lambda x: np.linalg.norm(x, "nuc", axis=(-2, -1)),
    "polar": _each(lambda x: scipy_linalg.polar(x)[0]),
    "pinv": np.linalg.pinv,
    "lstsq": _lstsq,
    "qr": lambda x: scipy_linalg.cholesky(x.T @ x),
    "sqrtm": _each(lambda x: scipy_linalg.sqrtm(_even(x))),
    "expm": scipy_linalg.expm,
    "slogdet": lambda x: np.linalg.slogdet(x)[1],
    "hinge": lambda x, y: np.mean(np.maximum(0, 1 - y * x)),
}


def slopes(function: Callable[[Array], Array], x: Array) -> tuple[Array, Array]:
    """|out| × |in| by central differences of fourth order, and how far half the step is from it."""

    def at(step: float) -> Array:
        columns = []
        for place in np.ndindex(np.shape(x)):
            h = np.zeros(np.shape(x))
            h[place] = step * max(1.0, abs(float(x[place])))
            near, far = function(x + h) - function(x - h), function(x + 2 * h) - function(x - 2 * h)
            columns.append(np.reshape((8 * near - far) / (12 * h[place]), -1))
        return np.stack(columns, axis=1)

    coarse, fine = at(1e-3), at(5e-4)
    return fine, np.abs(fine - coarse)
