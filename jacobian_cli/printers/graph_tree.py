"""The graph as a tree of lines for the terminal, the output at the top."""

from __future__ import annotations

from dataclasses import dataclass

from jacobian_cli.printers.graph import Graph


@dataclass(frozen=True, slots=True)
class TreeLine:
    """A node below one of its uses: the stem drawn before it, and what is written in columns beside it."""

    stem: str
    label: str
    shape: str
    value: str
    gradient: str
    """What comes back along this edge."""
    note: str
    """Where the value branches: the sum, term by term; or that the node was shown above."""


def tree(graph: Graph) -> list[TreeLine]:
    """The lines, from each output down to its inputs; a node is unfolded once."""
    raise NotImplementedError
