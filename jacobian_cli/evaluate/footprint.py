"""How many numbers the evaluation of an expression holds, told from shapes before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod

from jacobian_cli.evaluate.pairwise import plan
from jacobian_cli.expr import Apply, Expr, walk
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.shape import Shape

Sizes = Mapping[str, int]


def total(expr: Expr, sizes: Sizes) -> int:
    """The entries of the values of all nodes together, as an engine keeps them that goes back through them.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> outer = elaborate([parse_statement("sum(x@x.T)")]).output
    >>> total(outer, {"n": 1000}), peak(outer, {"n": 1000})
    (1002001, 1002000)
    """
    return sum(_made(node, sizes) for node in walk([expr]))


def peak(expr: Expr, sizes: Sizes) -> int:
    """The most entries held at once where each value is dropped after its last use."""
    uses = last_uses(expr)
    held = most = 0
    for node in walk([expr]):
        most = max(most, held + _made(node, sizes))
        held += _entries(node.shape, sizes)
        held -= sum(_entries(done.shape, sizes) for done in uses.get(node, ()))
    return most


@lru_cache(maxsize=256)
def last_uses(expr: Expr) -> dict[Expr, list[Expr]]:
    """For each node the children that are not needed after it, in the order of `walk`."""
    last = {child: node for node in walk([expr]) for child in node.children}
    done: dict[Expr, list[Expr]] = {}
    for child, node in last.items():
        done.setdefault(node, []).append(child)
    return done


def _made(node: Expr, sizes: Sizes) -> int:
    """The entries that come into being at a node, those on the way to its value with them."""
    own = _entries(node.shape, sizes)
    if isinstance(node, Apply) and FUNCTIONS[node.function].kind is Kind.CONTRACTION:
        subscripts = dict(node.parameters).get("subscripts")
        if subscripts and len(node.arguments) > 2:
            shapes = tuple(tuple(size.at(sizes) for size in a.shape) for a in node.arguments)
            return max(own, sum(step.entries for step in plan(subscripts, shapes)))
    return own


def _entries(shape: Shape, sizes: Sizes) -> int:
    return prod(size.at(sizes) for size in shape)
