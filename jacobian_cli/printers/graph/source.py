"""The graph in the languages of other tools: Graphviz' DOT, and Mermaid."""

from __future__ import annotations

from html import escape

from jacobian_cli.printers.graph.model import Graph, GraphNode, Kind
from jacobian_cli.syntax.errors import printable

VALUE, GRADIENT = "#0b57a8", "#c02a0a"
_DOT_SHAPES: dict[Kind, str] = {
    "input": "box, style=rounded",
    "operation": "ellipse",
    "output": "ellipse, penwidth=2",
}
_MERMAID_SHAPES: dict[Kind, tuple[str, str]] = {
    "input": ("[", "]"),
    "operation": ("(", ")"),
    "output": ("(", ")"),
}
_PLAIN = frozenset(" ,()=")
"""What Mermaid takes as itself besides letters and digits; all else is written as the number of the character."""


def dot(graph: Graph) -> str:
    """Source for Graphviz: values in blue, gradients in red.

    >>> from jacobian_cli.printers.graph.model import GraphEdge
    >>> x, f = GraphNode("x", "x", "input", "n"), GraphNode("f", 'say "hi"', "output", "", "3")
    >>> print(dot(Graph((x, f), (GraphEdge("x", "f", "2", "1"),))), end="")
    digraph {
      rankdir=LR
      node [fontname="Helvetica", margin="0.08,0.04"]
      edge [fontname="Helvetica", fontsize=11]
      n0 [shape=box, style=rounded, label=<x<BR/><FONT POINT-SIZE="10">n</FONT>>]
      n1 [shape=ellipse, penwidth=2, label=<say &quot;hi&quot;<BR/><FONT COLOR="#0b57a8">3</FONT>>]
      n0 -> n1 [label=<<FONT COLOR="#0b57a8">2</FONT><BR/><FONT COLOR="#c02a0a">1</FONT>>]
    }
    """
    keys = {node.key: f"n{k}" for k, node in enumerate(graph.nodes)}
    lines = ["digraph {", "  rankdir=LR"]
    if graph.title:
        lines.append(f'  graph [fontname="Helvetica", labelloc=t, label=<{_html(graph.title)}>]')
    lines += ['  node [fontname="Helvetica", margin="0.08,0.04"]', '  edge [fontname="Helvetica", fontsize=11]']
    for node in graph.nodes:
        rows = [_html(node.label)]
        if graph.caption(node.key):
            rows.append(f'<FONT POINT-SIZE="10">{_html(graph.caption(node.key))}</FONT>')
        rows += _coloured(*_own(graph, node))
        lines.append(f"  {keys[node.key]} [shape={_DOT_SHAPES[node.kind]}, label=<{'<BR/>'.join(rows)}>]")
    for edge in graph.edges:
        label = "<BR/>".join(_coloured(edge.forward, edge.backward))
        lines.append(f"  {keys[edge.source]} -> {keys[edge.target]}" + (f" [label=<{label}>]" if label else ""))
    return "\n".join([*lines, "}"]) + "\n"


def mermaid(graph: Graph) -> str:
    """Source for Mermaid, which many viewers of Markdown draw: values after →, gradients after ←.

    >>> from jacobian_cli.printers.graph.model import GraphEdge
    >>> x, f = GraphNode("x", "x", "input", "n"), GraphNode("f", "+", "output", "", "3", "1")
    >>> print(mermaid(Graph((x, f), (GraphEdge("x", "f", "2", "1"),))), end="")
    flowchart LR
      n0["x<br/>n"]
      n1("#43;<br/>#8594; 3<br/>#8592; 1")
      n0 -->|"#8594; 2<br/>#8592; 1"| n1
    """
    keys = {node.key: f"n{k}" for k, node in enumerate(graph.nodes)}
    lines = ["---", f"title: {_quoted(graph.title)}", "---"] if graph.title else []
    lines.append("flowchart LR")
    for node in graph.nodes:
        rows = [node.label, graph.caption(node.key), *_arrows(*_own(graph, node))]
        opening, closing = _MERMAID_SHAPES[node.kind]
        lines.append(f'  {keys[node.key]}{opening}"{_rows(rows)}"{closing}')
    for edge in graph.edges:
        label = _rows(_arrows(edge.forward, edge.backward))
        lines.append(f"  {keys[edge.source]} -->" + (f'|"{label}"| ' if label else " ") + keys[edge.target])
    return "\n".join(lines) + "\n"


def _own(graph: Graph, node: GraphNode) -> tuple[str, str]:
    """What no edge says of a node: the value of an end, the sum that comes back where a value branches."""
    uses = len(graph.uses[node.key])
    ends = node.kind == "output" or not uses
    return node.value if ends else "", graph.returned(node.key) if ends or uses > 1 else ""


def _html(text: str) -> str:
    return escape(printable(text.replace("\n", " ")).strip()) or " "


def _coloured(value: str, gradient: str) -> list[str]:
    texts = ((value, VALUE), (gradient, GRADIENT))
    return [f'<FONT COLOR="{colour}">{_html(text)}</FONT>' for text, colour in texts if text]


def _arrows(value: str, gradient: str) -> list[str]:
    return [f"{arrow} {text}" for arrow, text in (("→", value), ("←", gradient)) if text]


def _quoted(text: str) -> str:
    """A string of YAML, where Mermaid keeps titles."""
    escaped = printable(text.replace("\n", " ")).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _rows(texts: list[str]) -> str:
    return "<br/>".join(_entities(text) for text in texts if text)


def _entities(text: str) -> str:
    letters = printable(text.replace("\n", " "))
    return "".join(c if (c.isascii() and c.isalnum()) or c in _PLAIN else f"#{ord(c)};" for c in letters)
