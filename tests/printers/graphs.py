"""Graphs to draw: the lecture's example, circuits of any form, labels that mean something to XML, DOT or Mermaid."""

from __future__ import annotations

from hypothesis import strategies as st

from jacobian_cli.printers.graph.model import Graph, GraphEdge, GraphNode

HOSTILE = '"]>})<b>&amp;"\\" `x` #35; | --> end\n%% subgraph \x1b[31m \u202e😀 1. x - y* _z_ ]]> 日本 \ud800'


def lecture() -> Graph:
    """f = (x + y) max(y, z), at x = 1, y = 2, z = 0."""
    nodes = (
        GraphNode("x", "x", "input", value="1", gradient="2"),
        GraphNode("y", "y", "input", value="2", gradient="5"),
        GraphNode("z", "z", "input", value="0", gradient="0"),
        GraphNode("sum", "+", "operation", value="3", gradient="2"),
        GraphNode("max", "max", "operation", value="2", gradient="3"),
        GraphNode("f", "×", "output", value="6", gradient="1"),
    )
    edges = (
        GraphEdge("x", "sum", "1", "2"),
        GraphEdge("y", "sum", "2", "2"),
        GraphEdge("y", "max", "2", "3"),
        GraphEdge("z", "max", "0", "0"),
        GraphEdge("sum", "f", "3", "2"),
        GraphEdge("max", "f", "2", "3"),
    )
    return Graph(nodes, edges, "f = (x + y) max(y, z)")


def hostile() -> Graph:
    """Every text is an attack."""
    nodes = (
        GraphNode(HOSTILE, HOSTILE, "input", HOSTILE, HOSTILE, HOSTILE),
        GraphNode("end", "end", "operation", HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        GraphNode("f", "", "output", HOSTILE, "`", "-"),
    )
    edges = (
        GraphEdge(HOSTILE, "end", HOSTILE, HOSTILE),
        GraphEdge(HOSTILE, "f", "+", "1. one"),
        GraphEdge("end", "f", "", "\\"),
    )
    return Graph(nodes, edges, HOSTILE)


def chain(length: int) -> Graph:
    """One operation after the other."""
    nodes = [GraphNode(str(k), "exp" if k else "x", "operation" if k else "input", value="1") for k in range(length)]
    return Graph(tuple(nodes), tuple(GraphEdge(str(k), str(k + 1), "1", "2") for k in range(length - 1)))


_TEXTS = st.sampled_from(["", "2", "-0.25", "1.25e-07", "[0.1, -2, … 20 entries]", "W" * 60, "日本語"])
_LABELS = st.sampled_from(["x", "W", "+", "max", "logsumexp(x, axis=1)", "σ", "W" * 60])


@st.composite
def graphs(draw: st.DrawFn, most: int = 24) -> Graph:
    """Leaves, then operations of one to four operands among what was there before."""
    leaves = draw(st.integers(1, max(1, most // 4)))
    count = leaves + draw(st.integers(0, most - leaves))
    nodes, edges = [], []
    for k in range(count):
        leaf, last = k < leaves, k == count - 1
        kind = "input" if leaf else "output" if last else "operation"
        texts = draw(st.tuples(_LABELS, _TEXTS, _TEXTS, _TEXTS))
        name = draw(st.sampled_from(["", "a", "W" * 60]))
        nodes.append(GraphNode(str(k), texts[0], kind, *texts[1:], name))  # type: ignore[arg-type] # a literal
        for _ in range(0 if leaf else draw(st.integers(1, 4))):
            near = draw(st.integers(1, min(k, 6))) if draw(st.booleans()) else draw(st.integers(1, k))
            edges.append(GraphEdge(str(k - near), str(k), draw(_TEXTS), draw(_TEXTS)))
    return Graph(tuple(nodes), tuple(edges), draw(_TEXTS))
