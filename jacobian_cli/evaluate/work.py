"""How much work the evaluation of an expression is, told from shapes before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import isqrt, prod

from jacobian_cli.elaborate.row_text import COUNT, meaning
from jacobian_cli.evaluate.evaluate import lengths
from jacobian_cli.evaluate.pairwise import plan
from jacobian_cli.expr import Apply, Expr, walk
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.rules import reduced_axes
from jacobian_cli.shape import Shape, Size

_AT_ONCE = 2_000
"""Numbers that are worked out in the time that a call takes."""


def work(expr: Expr, sizes: Mapping[str, int]) -> int:
    """The calls of array functions, and what they work out in the time of so many calls.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> rows = elaborate([parse_statement("softmax(X)")], {"X": (Size.named("n"), Size.number(5))}).output
    >>> [work(rows, {"n": n}) for n in (1, 10, 100)]
    [4, 31, 301]
    """
    return sum(_of_node(node, sizes) if isinstance(node, Apply) else 1 for node in walk([expr]))


def _of_node(node: Apply, sizes: Mapping[str, int]) -> int:
    row, shapes = FUNCTIONS[node.function], [lengths(a.shape, sizes) for a in node.arguments]
    own = prod(lengths(node.shape, sizes))
    entries = sum(map(prod, shapes)) + own
    if row.numpy or row.kernel or row.own is not None or not row.definition:
        calls, operations = len(shapes) or 1, entries
        if row.kind is Kind.CONTRACTION:
            letters = dict(node.parameters).get("subscripts")
            steps = plan(letters, tuple(shapes)) if letters else ()
            calls = len(steps) or 1
            # of two matrices, of vectors: the square root of mk·kn·mn is mkn
            operations = sum(s.operations for s in steps) if letters else isqrt(own * prod(map(prod, shapes)))
        elif row.kind is Kind.CORE:
            operations = sum(isqrt(prod(shape) ** 3) for shape in shapes)  # as an inverse takes n³
        return calls + operations // _AT_ONCE
    slices = 1
    if "axis" in row.options:
        last = {} if row.kind is Kind.REDUCTION or not shapes[0] else {"axis": (-1,)}
        axes = reduced_axes(node.arguments[0].shape, {**last, **dict(node.parameters)})
        slices = prod(n for axis, n in enumerate(shapes[0]) if axis not in axes)
    inner = _parts(row, None if row.kind is Kind.ELEMENTWISE else tuple(a.shape for a in node.arguments))
    return inner * (slices + entries // _AT_ONCE)


@lru_cache(maxsize=1024)
def _parts(row: Row, shapes: tuple[Shape, ...] | None) -> int:
    """The applications in a definition."""
    if "axis" in row.options and shapes is not None:
        shapes = ((Size.named(COUNT),), *shapes[1:])
    return sum(isinstance(node, Apply) for node in walk([meaning(row.definition, row.parameters, shapes)])) or 1
