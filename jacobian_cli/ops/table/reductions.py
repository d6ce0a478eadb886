"""Functions that run over some axes, or all."""

from __future__ import annotations

from typing import Any

from jacobian_cli.ops.row import Kind, Row


def _largest(np: Any, x: Any, axis: Any = None) -> Any:
    found = 1.0 * (x == np.max(x, axis=axis, keepdims=True))
    return found / np.sum(found, axis=axis, keepdims=True)


def _smallest(np: Any, x: Any, axis: Any = None) -> Any:
    found = 1.0 * (x == np.min(x, axis=axis, keepdims=True))
    return found / np.sum(found, axis=axis, keepdims=True)


REDUCTIONS = (
    Row(
        name="sum",
        summary="sum of the entries",
        kind=Kind.REDUCTION,
        options=("axis", "keepdims"),
        algebra="sum",
        numpy="sum",
        why="each entry counts once",
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
        math="‖{}‖",
        latex=r"\left\lVert {} \right\rVert",
        nonzero=("ans",),
        mends={"ord": "`norm(x)` is the Euclidean norm; others are `norm1(x)`, `max(abs(x))`, `sum(abs(x)**p)**(1/p)`"},
    ),
    Row(name="norm1", summary="sum of absolute values", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        definition="sum(abs(x))", kinks=("x",)),
    Row(name="var", summary="variance (divided by the number of entries)", kind=Kind.REDUCTION,
        options=("axis", "keepdims"), derivative=("2*(x - mean(x))/N",), definition="mean((x - mean(x))**2)",
        mends={"ddof": "it divides by the number of entries: with n - 1, write `var(x)*n/(n - 1)`"}),
    Row(name="std", summary="standard deviation", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        nonzero=("ans",), derivative=("(x - mean(x))/(N*ans)",), definition="sqrt(mean((x - mean(x))**2))",
        mends={"ddof": "it divides by the number of entries: with n - 1, write `std(x)*sqrt(n/(n - 1))`"}),
    Row(name="prod", summary="product of the entries", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        derivative=("ans/x",), divides=("x",), numpy="prod"),
    Row(name="logsumexp", summary="log(sum(exp(x)))", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        flat=True, derivative=("softmax(x)",), definition="log(sum(exp(x)))", log_total_of="exp", shift="1"),
    Row(name="max", summary="largest entry; of two values the larger, element by element", kind=Kind.REDUCTION,
        options=("axis", "keepdims"), derivative=("largest(x)",), numpy="max", latex=r"\max", law="max routes",
        why="all of it goes to the largest entry", binary="maximum", flow="max routes to the largest",
        picks="largest"),
    Row(name="min", summary="smallest entry; of two values the smaller, element by element", kind=Kind.REDUCTION,
        options=("axis", "keepdims"), derivative=("smallest(x)",), numpy="min", latex=r"\min", law="min routes",
        why="all of it goes to the smallest entry", binary="minimum", flow="min routes to the smallest",
        picks="smallest"),
    Row(name="largest", summary="1 at the largest entry, 0 at the others; k that are equal have 1/k each",
        kind=Kind.SHARE, options=("axis",), derivative=("0",), kernel=_largest, picks="largest", marks="max",
        sums_to_one=True, example="largest(x)@x"),
    Row(name="smallest", summary="1 at the smallest entry, 0 at the others; k that are equal have 1/k each",
        kind=Kind.SHARE, options=("axis",), derivative=("0",), kernel=_smallest, picks="smallest", marks="min",
        sums_to_one=True, example="smallest(x)@x"),
)  # fmt: skip
