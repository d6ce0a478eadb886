"""The graph as a tree, the output at the top: which node hangs where, and what is said of it."""

from __future__ import annotations

from typing import NamedTuple

from jacobian_cli.printers.graph.model import Graph, GraphEdge, drawable


class TreeLine(NamedTuple):
    """A node below one of its uses: how deep it hangs, and what is written beside it."""

    depth: int
    label: str
    shape: str
    value: str
    gradient: str
    """What comes back along this edge."""
    note: str
    """Where the value branches: the sum, term by term; or that its operands were shown above."""


def tree(graph: Graph) -> list[TreeLine]:
    """The lines, from each output down to its inputs; the operands of a node are shown once.

    Raises `InputError` for a graph of more than 200 nodes.

    >>> from jacobian_cli.printers.graph.model import GraphNode
    >>> x, f = GraphNode("x", "x", "input", "", "3", "6"), GraphNode("f", "×", "output", "", "9", "1")
    >>> for line in tree(Graph((x, f), (GraphEdge("x", "f", "3", "3"), GraphEdge("x", "f", "3", "3")))):
    ...     print(f"{'  ' * line.depth}{line.label} {line.value} ← {line.gradient}  {line.note}".rstrip())
    × 9 ← 1
      x 3 ← 3  3 + 3 = 6
      x 3 ← 3  as above
    """
    drawable(graph)
    roots = [node for node in graph.nodes if not graph.uses[node.key]]
    waiting = [(GraphEdge(node.key, "", node.value, node.gradient), 0) for node in reversed(roots)]
    shown: set[str] = set()
    lines = []
    while waiting:
        edge, depth = waiting.pop()
        node = graph.named[edge.source]
        branches = len(graph.uses[node.key]) > 1
        note = "as above" if node.key in shown else graph.returned(node.key) if branches else ""
        lines.append(TreeLine(depth, node.label, node.shape, node.value, edge.backward, note))
        operands = [] if node.key in shown else graph.operands[node.key]
        shown.add(node.key)
        waiting += [(operand, depth + 1) for operand in reversed(operands)]
    return lines
