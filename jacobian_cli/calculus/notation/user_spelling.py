"""The user's own spelling of what survives, where it is as simple as what would be written instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from jacobian_cli.calculus.index.tensor import Apply, Product, Reshape, Sum, Tensor, walk
from jacobian_cli.calculus.notation import write
from jacobian_cli.expr import Apply as Application
from jacobian_cli.expr import Expr
from jacobian_cli.expr import walk as expressions
from jacobian_cli.ops.identities import inverts
from jacobian_cli.shape import ONE

Node = TypeVar("Node", Expr, Tensor)


def spelled(given: Mapping[Tensor, Expr]) -> dict[Tensor, Expr]:
    """The spellings that are kept."""
    undone = _undone(given)
    return {t: write.proper(e) for t, e in given.items() if t not in undone and not _flattened(e) and _kept(t, e)}


def _kept(tensor: Tensor, expr: Expr) -> bool:
    match tensor:
        case Sum(terms=terms):
            return bool(terms) and not write.is_call(expr, "u-")  # -(x - c) is c - x
        case Apply():
            return _by_name(tensor, expr)
    return isinstance(tensor, Product | Reshape)


def _undone(given: Mapping[Tensor, Expr]) -> set[Tensor]:
    """Tensors of which an inverse or a product of constants was typed that is none any more: diag(1/x), ones(n, m)."""
    typed = expressions(given.values())
    inverses: set[Expr] = {e for e in typed if isinstance(e, Application) and inverts(e.function)}
    constants: set[Tensor] = {t for t in given if t.shape and isinstance(t, Product) and not t.factors}
    if not inverses:
        return constants
    kept: set[Tensor] = {t for t in walk(given) if isinstance(t, Apply) and inverts(t.function)}
    inside = _holding(walk(given), kept)
    holding = _holding(expressions(given.values()), inverses)
    return constants | {t for t, e in given.items() if e in holding and t not in inside}


def _holding(nodes: Iterable[Node], some: set[Node]) -> set[Node]:
    """Of nodes, children first, those in which one of some occurs."""
    found = set(some)
    for node in nodes:
        if any(child in found for child in node.children):
            found.add(node)
    return found


def _flattened(expr: Expr) -> bool:
    """Whether an axis of length one would have to be picked out of what was typed with `keepdims` or `[:, None]`."""
    return ONE in expr.shape and write.proper(expr) is not expr and not _is_row(expr)


def _is_row(expr: Expr) -> bool:
    return len(expr.shape) == 2 and expr.shape[0] is ONE


def _by_name(tensor: Apply, expr: Expr) -> bool:
    """Whether a function was typed by its name: what was recognised, as σ in 1/(1 + exp(-x)), is written by it."""
    return not isinstance(expr, Application) or expr.function == tensor.function
