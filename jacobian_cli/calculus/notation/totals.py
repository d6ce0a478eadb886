"""Sums over all that there is: dot products, traces, sums of entries, row by row or altogether."""

from __future__ import annotations

from jacobian_cli.calculus.cost import shortest
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.order import Powers, Style
from jacobian_cli.expr import Expr


def row_sums(matrix: Expr) -> Expr:
    """Σ_j A_ij, over columns or over the rows of the transpose."""
    turned = write.transpose(matrix)
    return shortest([write.apply("sum", matrix, axis=(1,)), write.apply("sum", turned, axis=(0,))])


def dot(style: Style, powers: Powers) -> Expr:
    """Σ_i of powers of vectors."""
    if len(powers) == 1 and powers[0][1] == 1 and write.is_call(powers[0][0], "diag"):
        return write.apply("trace", powers[0][0].children[0])
    if len(powers) == 1 and powers[0][1] == 2:
        return write.matmul(write.transpose(powers[0][0]), powers[0][0])
    if len(powers) == 2 and all(p == 1 for _, p in powers):
        a, b = sorted((e for e, _ in powers), key=style.key)
        if not write.is_call(a, "ones") and not write.is_call(b, "ones"):
            return write.matmul(write.transpose(a), b)
    return all_of(style.product(powers))


def whole_sum(style: Style, powers: Powers) -> Expr:
    """Σ_ij of powers of matrices: of two, a trace where that takes no transpose."""
    if len(powers) == 2 and all(p == 1 for _, p in powers):
        (a, _), (b, _) = powers
        turned = [write.is_call(e, ".T") or _backwards(e) for e in (a, b)]
        if turned == [False, True]:
            return write.apply("trace", write.matmul(a, write.transpose(b)))
        if turned == [True, False]:
            return write.apply("trace", write.matmul(b, write.transpose(a)))
        if any(write.is_call(e, "@") for e in (a, b)):
            return write.apply("trace", write.matmul(write.transpose(a), b))
    return all_of(style.product(powers))


def all_of(expr: Expr) -> Expr:
    """The sum of all entries; of what is a sum along axes already, that of what it sums."""
    while write.is_call(expr, "sum"):
        (expr,) = expr.children
    return write.apply("sum", expr)


def _backwards(expr: Expr) -> bool:
    """Whether a chain consists of transposes only: its own transpose reads better."""
    factors = write.chain(expr)
    return len(factors) > 1 and all(write.is_call(f, ".T") for f in factors)
