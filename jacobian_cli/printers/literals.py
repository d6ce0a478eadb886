"""Vectors and matrices that are written out, entry by entry or block by block, in every notation."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from jacobian_cli.expr import Apply, Expr, Number, Parameters

_SIDE = (("axis", (1,)),)
_COLUMN, _ENTRY = ((None, None), None), (None, None)
"""What makes a column of a vector, and a 1 × 1 matrix of a scalar."""
Cells = list[list[Expr]]


def vector(node: Expr) -> Sequence[Expr] | None:
    """The entries of a vector of scalars."""
    cells = _joined(node, "stack", ())
    return cells if cells is not None and len(node.shape) == 1 else None


def matrix(node: Expr) -> Cells | None:
    """The rows of a matrix of entries, or of one that is joined of others, a vector being a column there.

    >>> from jacobian_cli.expr import Variable
    >>> from jacobian_cli.shape import ONE
    >>> a, b = Variable("a", ()), Variable("b", ())
    >>> rows = tuple(Apply("stack", pair, (), (ONE + ONE,)) for pair in ((a, b), (b, a)))
    >>> [[cell.name for cell in row] for row in matrix(Apply("stack", rows, (), (ONE + ONE, ONE + ONE)))]
    [['a', 'b'], ['b', 'a']]
    """
    if len(node.shape) != 2 or not isinstance(node, Apply) or node.function not in ("stack", "concat"):
        return None
    rows = _joined(node, "stack", ())
    if rows is not None:
        cells = [vector(row) for row in rows]
        return [list(row) for row in cells if row is not None] if None not in cells else None
    rows = _joined(node, "concat", ()) or (node,)
    found = [list(_joined(row, "concat", _SIDE) or (row,)) for row in rows]
    if len(found) == len(found[0]) == 1:
        return None
    return _bare(found) if max(map(len, found)) > 1 else found


def nested(cells: Cells) -> bool:
    """Whether there are both rows and columns, or entries, which no call of `concat` says."""
    return (len(cells) > 1 and max(map(len, cells)) > 1) or not any(cell.shape for row in cells for cell in row)


def _joined(node: Expr, function: str, parameters: Parameters) -> tuple[Expr, ...] | None:
    if isinstance(node, Apply) and node.function == function and node.parameters == parameters:
        return node.arguments
    return None


def _bare(rows: Cells) -> Cells:
    """Blocks as they are read: a vector is a column, and 0 as large as its row and its column are."""
    zero = Number(Fraction(0))
    blocks = [[_block(cell) for cell in row] for row in rows]
    if not any(cell.shape for row in blocks for cell in row):
        return rows  # these would be entries
    told = [[cell is not zero and not _is_zero(cell) for cell in row] for row in blocks]
    return [
        [
            zero
            if _is_zero(cell) and any(told[i]) and any(t[j] for t in told if len(t) == len(row))
            else rows[i][j]
            if cell is zero
            else cell
            for j, cell in enumerate(row)
        ]
        for i, row in enumerate(blocks)
    ]


def _is_zero(cell: Expr) -> bool:
    return isinstance(cell, Apply) and cell.function == "zeros"


def _block(cell: Expr) -> Expr:
    if isinstance(cell, Apply) and cell.function == "[]":
        (inner,), ((_, index),) = cell.arguments, cell.parameters
        if (index == _COLUMN and len(inner.shape) == 1) or (index == _ENTRY and not inner.shape):
            return inner
    return cell
