"""A page of HTML that needs nothing else: the picture of a graph, and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jacobian_cli.printers.graph import Graph


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text below a header, and a remark after them."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def page(graph: Graph, tables: Sequence[Table] = ()) -> str:
    """The whole page."""
    raise NotImplementedError
