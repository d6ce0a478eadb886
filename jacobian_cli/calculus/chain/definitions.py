"""The definitions between the variables and the output, each held apart from those it uses."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.expr import Defined, Expr, Variable, nodes, rebuild


def held(expr: Expr) -> Expr:
    """An expression in which each definition is a variable of its own."""
    return rebuild(expr, lambda node: Variable(node.name, node.shape) if isinstance(node, Defined) else None)


def links_of(output: Expr, name: str, wrt: Sequence[Variable]) -> dict[str, Expr]:
    """The definitions that lie between the variables and the output, each after those it uses, the output last."""
    active: set[Expr] = set(wrt)
    found: dict[str, Expr] = {}
    for node in nodes(output):
        if not active.isdisjoint(node.children):
            active.add(node)
            if isinstance(node, Defined):
                found[node.name] = node.body
    return {**found, name: output}
