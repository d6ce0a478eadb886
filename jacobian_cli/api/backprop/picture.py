"""A run as a graph whose values and gradients are written: what its pictures are made from."""

from __future__ import annotations

from typing import Any

from jacobian_cli.api.backprop.passes import INPUT, Node, Passes
from jacobian_cli.api.figures import SHORT, shape_text, written
from jacobian_cli.api.pages import spelled
from jacobian_cli.elaborate import Program
from jacobian_cli.expr import Apply
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.printers.graph.model import Graph, GraphEdge, GraphNode
from jacobian_cli.printers.math.unicode import math

Array = Any
_ASKED = 46
"""Arrays of so many characters are shown in the picture, where they were asked for."""


def label(node: Node) -> str:
    """What stands in a node of the picture."""
    if not isinstance(node.expr, Apply):
        return spelled(node.name)
    if any(not name.isidentifier() for name in node.inputs) or len(node.inputs) > len(set(node.inputs)):
        return math(node.expr)
    row = FUNCTIONS[node.operation]
    return row.math if row.math and "{" not in row.math else row.name


def picture(passes: Passes, program: Program) -> Graph:
    """The computational graph with values and gradients as text."""
    known = {node.name: node for node in passes.nodes}
    last = passes.nodes[-1]

    def kind(node: Node) -> Any:
        return "output" if node is last else "input" if node.operation == INPUT else "operation"

    nodes = tuple(
        GraphNode(n.name, label(n), kind(n), shape_text(n.shape), _drawn(n.value), _drawn(n.gradient), _called(n))
        for n in passes.nodes
    )
    edges = tuple(
        GraphEdge(
            e.source,
            e.target,
            _drawn(known[e.source].value),
            _drawn(e.downstream, _ASKED if e.source in passes.gradients else SHORT),
        )
        for e in passes.edges
    )
    return Graph(nodes, edges, f"{spelled(last.name)} = {math(program.output)}")


def _called(node: Node) -> str:
    return "" if node.operation == INPUT else spelled(node.name)


def _drawn(value: Array | None, room: int = SHORT) -> str:
    """Numbers and small arrays; a shape is written once, at the node."""
    return "" if value is None else written(value, 4, room)
