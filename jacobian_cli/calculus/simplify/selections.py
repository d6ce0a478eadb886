"""Rows that slices take of rows that slices took: x[::-1][::-1] = x, also where the inner ones are divided by."""

from __future__ import annotations

from collections.abc import Iterator

from jacobian_cli.calculus.index.tensor import Factor, Labels, Product, Tensor, Window
from jacobian_cli.calculus.simplify.leaves import window
from jacobian_cli.calculus.simplify.recipe import Open, Piece, Rewrite, Times
from jacobian_cli.ops.cuts import Cut
from jacobian_cli.shape import ONE, Size


def taken_twice(met: Open) -> Rewrite | None:
    """(V W x)_i = (VW x)_i, and Σ_j V_ij x_j/(W y)_j = (V x)_i/(VW y)_i: V takes one entry of each."""
    for k, (outer, ends, _) in enumerate(met.factors):
        for row, column in _ways(outer, ends):
            if column < met.order or row == column:
                continue
            beside = [f for j, f in enumerate(met.factors) if j != k and column in f[1]]
            rest = [f for j, f in enumerate(met.factors) if j != k and column not in f[1]]
            if len(beside) == 1 and (made := _joined(outer, row, column, beside[0])) is not None:
                return Rewrite(rest, [made], summed=frozenset({column}))
            if any(map(_takes_below, beside, [column] * len(beside))) and all(f[1].count(column) == 1 for f in beside):
                new = [_taken(outer, row, column, factor) for factor in beside]
                return Rewrite(rest, new, summed=frozenset({column}))
    return None


def _ways(node: Tensor, labels: Labels) -> Iterator[tuple[int, int]]:
    """The labels of the entries that are taken, and of those from which; a reversal is its own inverse."""
    if isinstance(node, Window) and isinstance(node.cut, Cut):
        yield labels[0], labels[1]
        if node.cut == Cut(node.size - ONE, node.size, -1):
            yield labels[1], labels[0]


def _joined(outer: Tensor, row: int, column: int, factor: Factor) -> Piece | None:
    """Two slices as one."""
    inner, labels, _ = factor
    for middle, end in _ways(inner, labels):
        if middle == column != end:
            first, second = _cut(outer), _cut(inner)
            begin = second.first + Size.number(second.step) * first.first
            cut = Cut(begin, first.count, first.step * second.step)
            return window(inner.shape[0] if end == labels[0] else inner.shape[1], cut), (row, end), 1
    return None


def _cut(node: Tensor) -> Cut:
    assert isinstance(node, Window)
    assert isinstance(node.cut, Cut)
    return node.cut


def _takes_below(factor: Factor, column: int) -> bool:
    """Whether a power of a product is one of entries that a slice took."""
    node, labels, power = factor
    if not isinstance(node, Product) or power == 1 or labels.count(column) != 1:
        return False
    axis = labels.index(column)
    return any(row == axis for part, ls, _ in node.factors for row, end in _ways(part, ls) if end >= len(node.shape))


def _taken(outer: Tensor, row: int, column: int, factor: Factor) -> Piece:
    """A factor with the entries along one of its axes that a slice takes."""
    node, labels, power = factor
    axis = labels.index(column)
    summed = len(labels)
    inside = (*range(axis), summed, *range(axis + 1, len(labels)))
    shape = (*node.shape[:axis], outer.shape[0], *node.shape[axis + 1 :])
    made = Times(shape, [(outer, (axis, summed), 1), (node, inside, 1)])
    return made, tuple(row if label == column else label for label in labels), power
