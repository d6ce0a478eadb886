"""A computational graph whose values and gradients are already written: what every picture of it is made from."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import Literal, NamedTuple

from jacobian_cli.records import record
from jacobian_cli.syntax.errors import InputError

Kind = Literal["input", "operation", "output"]
LIMIT = 200
"""Nodes of a picture; nobody reads more."""
_EDGES = 3 * LIMIT
_TERMS = 18
"""Letters of a sum that is written out."""


class GraphNode(NamedTuple):
    """One value: a leaf of the formula, or what an operation made. `shape` is empty for a scalar."""

    key: str
    label: str
    kind: Kind
    shape: str = ""
    value: str = ""
    gradient: str = ""
    """All that comes back to the node, summed."""
    name: str = ""
    """What tables beside the picture call an operation; nothing if its label says it."""


class GraphEdge(NamedTuple):
    """An operand: the value that goes forward along it, the downstream gradient that comes back."""

    source: str
    target: str
    forward: str = ""
    backward: str = ""


@record(frozen=True)
class Graph:
    """Nodes with different keys, and edges between them without a circle.

    >>> Graph((GraphNode("x", "x", "input"), GraphNode("f", "exp", "output")), (GraphEdge("x", "f"),)).ordered
    ('x', 'f')
    """

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    title: str = ""

    def __post_init__(self) -> None:
        if len(self.named) < len(self.nodes):
            raise ValueError("two nodes of a graph have the same key")
        if any(edge.source not in self.named or edge.target not in self.named for edge in self.edges):
            raise ValueError("an edge of a graph ends nowhere")
        if len(self.ordered) < len(self.nodes):
            raise ValueError("a computational graph has no circles")

    @cached_property
    def named(self) -> dict[str, GraphNode]:
        return {node.key: node for node in self.nodes}

    @cached_property
    def operands(self) -> dict[str, list[GraphEdge]]:
        """The edges into each node."""
        found: dict[str, list[GraphEdge]] = {node.key: [] for node in self.nodes}
        for edge in self.edges:
            found[edge.target].append(edge)
        return found

    @cached_property
    def uses(self) -> dict[str, list[GraphEdge]]:
        """The edges out of each node."""
        found: dict[str, list[GraphEdge]] = {node.key: [] for node in self.nodes}
        for edge in self.edges:
            found[edge.source].append(edge)
        return found

    @cached_property
    def ordered(self) -> tuple[str, ...]:
        """The keys, operands first."""
        waiting = {key: len(edges) for key, edges in self.operands.items()}
        ready = deque(key for key, edges in waiting.items() if not edges)
        found = []
        while ready:
            key = ready.popleft()
            found.append(key)
            for edge in self.uses[key]:
                waiting[edge.target] -= 1
                if not waiting[edge.target]:
                    ready.append(edge.target)
        return tuple(found)

    def caption(self, key: str) -> str:
        """What is written small below a node: its name and its shape."""
        return ": ".join(filter(None, (self.named[key].name, self.named[key].shape)))

    def returned(self, key: str) -> str:
        """What comes back to a node: `2 + 3 = 5` where its value branches, else its gradient.

        >>> y, sides = GraphNode("y", "y", "input", gradient="5"), [GraphNode(k, k, "operation") for k in "ab"]
        >>> Graph((y, *sides), (GraphEdge("y", "a", "2", "2"), GraphEdge("y", "b", "2", "3"))).returned("y")
        '2 + 3 = 5'
        """
        total, terms = self.named[key].gradient, [edge.backward for edge in self.uses[key]]
        if len(terms) < 2 or not total or not all(terms):
            return total
        written = " + ".join(terms).replace("+ -", "− ").replace("+ −", "− ")
        return f"{written if len(written) <= _TERMS else f'sum of {len(terms)}'} = {total}"


def drawable(graph: Graph) -> None:
    """Refuse what nobody could read."""
    if not graph.nodes:
        raise InputError("there is nothing to draw: the graph has no nodes")
    for many, limit, what in ((len(graph.nodes), LIMIT, "nodes"), (len(graph.edges), _EDGES, "edges")):
        if many > limit:
            raise InputError(
                f"a graph of {many:,} {what} cannot be drawn legibly; the limit is {limit}",
                hint="draw a part of it, or write vectors and matrices in place of their entries",
            )


class Table(NamedTuple):
    """Rows of text below a header, and a remark after them."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
