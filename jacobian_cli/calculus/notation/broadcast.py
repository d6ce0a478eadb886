"""A vector along the rows or the columns of a matrix, as NumPy broadcasts it: v[:, None]*M and M*w, for the products
diag(v)@M and M@diag(w) of matrices.
"""

from __future__ import annotations

from jacobian_cli.calculus.cost import shortest
from jacobian_cli.calculus.index.tensor import Rational, magnitude
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.order import Powers, Style
from jacobian_cli.expr import Expr


def scaled(style: Style, matrix: Powers, rows: Powers, columns: Powers, scalars: Powers, coefficient: Rational) -> Expr:
    """Powers of matrices, entry by entry, with weights on their rows and on their columns and scalars in front."""
    plain = _scaled(style, matrix, rows, columns, scalars, coefficient)
    if not any(write.is_call(e, ".T") for e, _ in matrix):
        return plain
    turned = [(write.transpose(e), p) for e, p in matrix]
    return shortest([plain, write.apply(".T", _scaled(style, turned, columns, rows, scalars, coefficient))])


def _scaled(
    style: Style, matrix: Powers, rows: Powers, columns: Powers, scalars: Powers, coefficient: Rational
) -> Expr:
    apart = [(write.upright(style.product([(e, magnitude(p))])), 1 if p > 0 else -1) for e, p in rows]
    found = [apart]
    if len(rows) > 1:
        found.append([(write.upright(style.product(rows)), 1)])
    beside = [(write.lying(e), p) for e, p in columns]
    if len({len(e.shape) for e, _ in beside}) > 1:  # a row does not mix with a vector
        beside = list(columns)
    return shortest(style.product([*scalars, *way, *matrix, *beside], coefficient) for way in found)
