"""A page of HTML that needs nothing else: the picture of a graph, and tables."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from jacobian_cli.printers.graph.model import Graph, Table
from jacobian_cli.printers.graph.svg import svg
from jacobian_cli.syntax.errors import printable

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--faint:#667080;--rule:#d5dbe4;--paper:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e5e9f0;--faint:#97a1b0;--rule:#343c49;--paper:#15181e}}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:72rem;background:var(--paper);color:var(--ink);
font:16px/1.5 "Helvetica Neue",Arial,"Liberation Sans","DejaVu Sans",sans-serif}
h1,.given{font:italic 1.6rem/1.3 "STIX Two Text","Times New Roman","Liberation Serif",serif;margin:0 0 1rem;
overflow-x:auto}
.given{font-size:1.2rem;margin:0 0 .3rem;color:var(--ink)}
h2{font-size:1.05rem;margin:2rem 0 .5rem}
figure,.wide{margin:0;overflow-x:auto}figure{margin-left:-20px}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .9rem .3rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule);
max-width:30rem;white-space:pre-line}
th{color:var(--faint);font-weight:600;white-space:nowrap}
.number{text-align:right;white-space:nowrap}
p{color:var(--faint);font-size:.9rem;margin:.5rem 0 0}
@media print{figure,.wide{overflow:visible}svg{max-width:100%;height:auto}}
"""


def page(graph: Graph, tables: Sequence[Table] = (), formulas: Sequence[str] = ()) -> str:
    """The whole page: no network, no scripts, light and dark as the reader's browser is. The last formula is its title,
    the others stand above it.

    Raises `InputError` for a graph of more than 200 nodes.
    """
    *given, title = map(_safe, formulas or [graph.title or "Computational graph"])
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body>",
        *(f'<p class="given">{formula}</p>' for formula in given),
        f"<h1>{title}</h1>",
        f"<figure>\n{svg(Graph(graph.nodes, graph.edges))}</figure>",
        *map(_table, tables),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _safe(text: str) -> str:
    return escape(printable(text))


def _table(table: Table) -> str:
    numbers = [all(map(_is_number, column)) for column in zip(*table.rows, strict=True)]
    kinds = [' class="number"' if number else "" for number in numbers] or [""] * len(table.header)
    header = "".join(
        f'<th scope="col"{kind}>{_safe(cell)}</th>' for cell, kind in zip(table.header, kinds, strict=True)
    )
    rows = "".join(
        f"<tr>{''.join(f'<td{kind}>{_safe(cell)}</td>' for cell, kind in zip(row, kinds, strict=True))}</tr>\n"
        for row in table.rows
    )
    note = f"\n<p>{_safe(table.note)}</p>" if table.note else ""
    return (
        f'<section><h2>{_safe(table.title)}</h2>\n<div class="wide"><table><thead><tr>{header}</tr></thead>\n'
        f"<tbody>\n{rows}</tbody></table></div>{note}</section>"
    )


def _is_number(cell: str) -> bool:
    """Whether a cell is a number, or says nothing.

    >>> _is_number("−0.5"), _is_number("8 × 20")
    (True, False)
    """
    try:
        return not cell.strip() or isinstance(float(cell.replace("−", "-")), float)
    except ValueError:
        return False
