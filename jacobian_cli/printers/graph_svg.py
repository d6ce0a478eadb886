"""The graph as the lectures draw it, in SVG: values above the edges, gradients below."""

from __future__ import annotations

from jacobian_cli.printers.graph import Graph


def svg(graph: Graph) -> str:
    """A picture of its own; `InputError` beyond the limit of nodes."""
    raise NotImplementedError
