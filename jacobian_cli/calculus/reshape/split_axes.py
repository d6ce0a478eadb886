"""Where the formula itself has a vec or a reshape: two axes that were split from one axis of M are that axis again.

M_i(lk), the derivative of M vec(X) by X_kl, has the columns of M where X is flattened column by column,
and those of M K row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jacobian_cli.calculus.index.tensor import Factor, Product, Reshape, Sum, Tensor
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.reshape.convention import Axes
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.expr import Apply, Expr
from jacobian_cli.shape import Shape, Size


def commutation(rows: Size, columns: Size) -> Expr:
    """K, with K vec(X) = vec(Xᵀ) for X of this shape."""
    return write.apply("commutation", sizes=(rows, columns))


def around(front: Sequence[Expr], middle: Expr, back: Sequence[Expr]) -> Expr:
    """A product with commutation matrices around it: Kₙₘᵀ = Kₘₙ, and KₙₘKₘₙ = I."""
    factors: list[Expr] = []
    for factor in map(_without_transpose, (*front, *write.chain(middle), *back)):
        if factors and _sizes(factor) and _sizes(factor) == _sizes(factors[-1])[::-1]:
            factors[-1] = write.eye(factor.shape[0])
        else:
            factors.append(factor)
    return write.matmul(*factors)


def _without_transpose(factor: Expr) -> Expr:
    match factor:
        case Apply(function=".T", arguments=(inner,)) if _sizes(inner):
            return commutation(*_sizes(inner)[::-1])
    return factor


def _sizes(factor: Expr) -> Shape:
    """Those of a commutation matrix; none of anything else."""
    match factor:
        case Apply(function="commutation", parameters=(("sizes", sizes),)):
            return tuple(sizes)
    return ()


class Sides(NamedTuple):
    """A term, the axes of its rows and of its columns, and the commutation matrices that stand around it."""

    term: Tensor
    rows: Axes
    columns: Axes
    front: tuple[Expr, ...] = ()
    back: tuple[Expr, ...] = ()


def joined(term: Tensor, rows: Axes, columns: Axes) -> Sides:
    """A term, each side of two axes made one where they were one."""
    sides = Sides(term, rows, columns)
    for _ in range(2 if any(isinstance(part, Reshape) for part in (term, *term.children)) else 0):
        sides = _with_one_axis(sides, sides.rows) or sides
        sides = _with_one_axis(sides, sides.columns) or sides
    return sides


def _with_one_axis(sides: Sides, side: Axes) -> Sides | None:
    term = sides.term
    if len(side) != 2 or isinstance(term, Sum):
        return None
    if not isinstance(term, Product):
        term = Product(1, ((term, tuple(range(len(term.shape))), 1),), term.shape)
    bearing = [factor for factor in term.factors if set(side) & set(factor[1])]
    if len(bearing) != 1:
        return None
    ((node, labels, power),) = bearing
    at = min((labels.index(k) for k in side if k in labels), default=0)
    if not isinstance(node, Reshape) or power != 1 or set(labels[at : at + 2]) != set(side):
        return None
    whole = (*node.shape[:at], node.shape[at] * node.shape[at + 1], *node.shape[at + 2 :])
    if whole != node.body.shape or any(labels.count(k) > 1 for k in side):
        return None
    kept, gone = sorted(side)

    def moved(label: int) -> int:
        return label - (label > gone)

    factors: list[Factor] = []
    for other, names, exponent in term.factors:
        if other is node and names == labels:
            factors.append((node.body, tuple(moved(k) for k in (*labels[:at], kept, *labels[at + 2 :])), 1))
        else:
            factors.append((other, tuple(map(moved, names)), exponent))
    shape = tuple(whole[at] if k == kept else size for k, size in enumerate(term.shape) if k != gone)
    made = algebra.product(shape, factors, term.coefficient)
    if isinstance(made, Sum):
        return None
    one, other_side = (kept,), tuple(map(moved, sides.columns if side is sides.rows else sides.rows))
    slow, fast = (term.shape[k] for k in side)
    crossed = labels[at] != side[0]
    if side is sides.rows:
        front = (commutation(slow, fast),) if crossed else ()
        return sides._replace(term=made, rows=one, columns=other_side, front=front)
    back = (commutation(fast, slow),) if crossed else ()
    return sides._replace(term=made, rows=other_side, columns=one, back=back)
