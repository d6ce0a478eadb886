"""The graph in the languages of other tools: Graphviz' DOT, and Mermaid."""

from __future__ import annotations

from jacobian_cli.printers.graph import Graph


def dot(graph: Graph) -> str:
    """Source for Graphviz."""
    raise NotImplementedError


def mermaid(graph: Graph) -> str:
    """Source for Mermaid, which many Markdown viewers draw."""
    raise NotImplementedError
