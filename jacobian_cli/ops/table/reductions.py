"""Functions that run over some axes, or all."""

from __future__ import annotations

from typing import Any

from jacobian_cli.ops.row import Kind, Law, Row


def _largest(np: Any, x: Any, axis: Any = None) -> Any:
    found = 1.0 * (x == np.max(x, axis=axis, keepdims=True))
    return found / np.sum(found, axis=axis, keepdims=True)


def _norm(np: Any, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """Where squares would overflow or vanish, of x over its largest entry."""
    top = np.max(np.abs(x), axis=axis, keepdims=True) if np.size(x) else np.ones(())
    most = float(np.finfo(np.result_type(top, np.float32)).max) ** 0.4
    scale = np.where((top > most) | (top < 1 / most) & (top > 0), top, 1.0)
    found = scale * np.sqrt(np.sum((x / scale) ** 2, axis=axis, keepdims=True))
    return found if keepdims else np.squeeze(found, axis=axis)[()]


def _std(np: Any, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    away = x - np.mean(x, axis=axis, keepdims=True)
    top = np.max(np.abs(away), axis=axis, keepdims=True) if np.size(x) else np.ones(())
    most = float(np.finfo(np.result_type(top, np.float32)).max) ** 0.4
    scale = np.where((top > most) | (top < 1 / most) & (top > 0), top, 1.0)
    found = scale * np.sqrt(np.mean((away / scale) ** 2, axis=axis, keepdims=True))
    return found if keepdims else np.squeeze(found, axis=axis)[()]


def _prod_of_others(np: Any, x: Any, axis: Any = None) -> Any:
    """The product of those before times the product of those behind."""
    axes = tuple(range(np.ndim(x))) if axis is None else tuple(np.atleast_1d(axis))
    ends = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, ends)
    shape, split = np.shape(moved), np.ndim(x) - len(axes)
    rows = np.reshape(moved, (*shape[:split], int(np.prod(shape[split:]))))
    first = np.ones_like(rows[..., :1])
    before = np.cumprod(np.concatenate([first, rows[..., :-1]], axis=-1), axis=-1)
    behind = np.cumprod(np.concatenate([first, rows[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    return np.moveaxis(np.reshape(before * behind, shape), ends, axes)


def _smallest(np: Any, x: Any, axis: Any = None) -> Any:
    found = 1.0 * (x == np.min(x, axis=axis, keepdims=True))
    return found / np.sum(found, axis=axis, keepdims=True)


_OTHER_OTHERS = "(1 - eye(N))*prod_of_others(where(eye(N) > 0, 1, ones(N)@x.T), axis=1)"
"""Row i: the products of all but two, of those beside x_i."""
REDUCTIONS = (
    Row(
        name="sum",
        summary="sum of the entries",
        kind=Kind.REDUCTION,
        options=("axis", "keepdims"),
        algebra="sum",
        given={"of picked entries": "sum(m*x)"},
        numpy="sum",
        law=Law(why="each entry counts once"),
        flow="a sum copies to every entry",
        math="sum",
        latex=r"\operatorname{sum}",
    ),
    Row(
        name="mean",
        summary="mean of the entries",
        kind=Kind.REDUCTION,
        options=("axis", "keepdims"),
        definition="sum(x)/N",
        given={"of picked entries": "sum(m*x)/sum(m*ones_like(x))"},
        flow="a mean shares equally",
        numpy="mean",
        latex=r"\operatorname{mean}",
    ),
    Row(
        name="norm",
        summary="Euclidean (Frobenius) norm",
        kind=Kind.REDUCTION,
        options=("axis", "keepdims"),
        derivative=("x/ans",),
        definition="sqrt(sum(x**2))",
        kernel=_norm,
        math="‖{}‖",
        latex=r"\left\lVert {} \right\rVert",
        nonzero=("ans",),
        given={
            "ord=1": "norm1(x)", "ord=2": "norm(x)", "ord=inf": "max(abs(x))", "ord=-inf": "min(abs(x))",
            "ord": "sum(abs(x)**ord)**(1/ord)", "ord=1 of matrices": "max(sum(abs(x), axis=0))",
            "ord=inf of matrices": "max(sum(abs(x), axis=1))", "ord=fro of matrices": "norm(x)",
            "ord=2 of matrices": "spectral_norm(x)", "ord=nuc of matrices": "nuclear_norm(x)",
            "ord=-1 of matrices": "min(sum(abs(x), axis=0))", "ord=-inf of matrices": "min(sum(abs(x), axis=1))",
            "ord=-2 of matrices": "svdvals(x)[-1]",
        },
        second={"ord": "of a vector it is a number or inf, of a matrix 1, 2, inf, 'fro' or 'nuc'"},
    ),
    Row(name="norm1", summary="sum of absolute values", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        definition="sum(abs(x))", kinks=("x",)),
    Row(name="var", summary="variance (divided by the number of entries)", kind=Kind.REDUCTION,
        options=("axis", "keepdims"), derivative=("2*(x - mean(x))/N",), definition="mean((x - mean(x))**2)",
        given={"ddof": "var(x)*N/(N - ddof)"}),
    Row(name="std", symbol="s", summary="standard deviation", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        nonzero=("ans",), derivative=("(x - mean(x))/(N*ans)",), definition="sqrt(mean((x - mean(x))**2))",
        kernel=_std,
        given={"ddof": "std(x)*sqrt(N/(N - ddof))"}),
    Row(name="prod", summary="product of the entries", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        derivative=("ans/x",), divides=("x",), computed={"x": "prod_of_others(x)"}, numpy="prod",
        given={"of picked entries": "prod(where(m == 1, x, 1))"}),
    Row(name="prod_of_others", summary="for each entry the product of all others: prod(x)/x, also where x is 0",
        kind=Kind.SHARE, options=("axis",), derivative=(_OTHER_OTHERS,), definition="prod(x)/x",
        divides=("x",), backward=("(sum(delta*ans) - delta*ans)/x",), kernel=_prod_of_others,
        example="prod_of_others(x)@x"),
    Row(name="logsumexp", summary="log(sum(exp(x)))", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        derivative=("softmax(x)",), definition="log(sum(exp(x)))"),
    Row(name="max", summary="largest entry; of two values the larger, element by element", kind=Kind.REDUCTION,
        options=("axis", "keepdims"), derivative=("largest(x)",), numpy="max", latex=r"\max",
        law=Law("max routes", "all of it goes to the largest entry"), given={"of two values": "maximum"},
        flow="max routes to the largest"),
    Row(name="min", summary="smallest entry; of two values the smaller, element by element", kind=Kind.REDUCTION,
        options=("axis", "keepdims"), derivative=("smallest(x)",), numpy="min", latex=r"\min",
        law=Law("min routes", "all of it goes to the smallest entry"), given={"of two values": "minimum"},
        flow="min routes to the smallest"),
    Row(name="largest", summary="1 at the largest entry, 0 at the others; k that are equal have 1/k each",
        kind=Kind.SHARE, options=("axis",), derivative=("0",), kernel=_largest,
        example="largest(x)@x"),
    Row(name="smallest", summary="1 at the smallest entry, 0 at the others; k that are equal have 1/k each",
        kind=Kind.SHARE, options=("axis",), derivative=("0",), kernel=_smallest,
        example="smallest(x)@x"),
)  # fmt: skip
