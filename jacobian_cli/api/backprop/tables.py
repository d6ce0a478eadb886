"""A run of `backprop` in words and numbers: what its tables and its picture show."""

from __future__ import annotations

from typing import Any

import numpy as np

from jacobian_cli.api.backprop.passes import INPUT, Edge, Node
from jacobian_cli.api.backprop.picture import picture
from jacobian_cli.api.backprop.run import Backprop
from jacobian_cli.api.backprop.singular_points import Kink
from jacobian_cli.api.figures import PRINTED, long, number, shape_text, short
from jacobian_cli.api.pages import derivative, formulas, spelled
from jacobian_cli.printers.graph.model import Graph, Table
from jacobian_cli.printers.math.unicode import math

Array = Any


def summed(terms: tuple[Array, ...], total: Array | None) -> str:
    """`2 + 3 = 5`, where a value branches; of arrays, how many terms there are."""
    if total is None or len(terms) < 2:
        return short(total, 6)
    if np.ndim(total):
        return f"sum of {len(terms)} terms, each {shape_text(np.shape(total))}"
    told = number(float(terms[0]))
    for term in terms[1:]:
        told += f" − {number(-float(term))}" if float(term) < 0 else f" + {number(float(term))}"
    return f"{told if len(terms) <= 8 else f'sum of {len(terms)} terms'} = {number(float(total))}"


def kink_text(kink: Kink) -> str:
    """Where a node is at its kink, and what was taken for its slope there."""
    at = f" at entry [{','.join(str(k + 1) for k in kink.entry)}]" if kink.entry else ""
    told = f"{spelled(kink.node.name)} = {math(kink.node.expr)} is exactly at its kink{at}"
    slopes = ", ".join(f"{number(slope)} for {spelled(name)}" for name, slope in kink.slopes.items())
    return f"{told}; the slope taken there: {slopes}" if slopes else told


def graph(run: Backprop) -> Graph:
    """The computational graph with values and gradients as text."""
    return picture(run.passes, run.program)


def partial(run: Backprop, name: str) -> str:
    """∂f/∂x, the gradient of a node."""
    return derivative(run.name, name)


FORWARD = ("node", "operation", "shape", "value")
BACKWARD = ("edge", "upstream", "local", "downstream", "")


def forward_rows(run: Backprop) -> list[tuple[str, ...]]:
    """One row for each node."""
    return [
        (spelled(n.name), "" if n.operation == INPUT else math(n.expr), shape_text(n.shape), _ranged(n.value))
        for n in run.nodes
    ]


def _ranged(value: Array) -> str:
    return long(value).removeprefix(f"{shape_text(np.shape(value))}, ")


def backward_groups(run: Backprop) -> list[tuple[Node, list[Edge]]]:
    """The nodes from the output back that pass a gradient on, each with its edges."""
    groups = [(node, [e for e in run.edges if e.target == node.name and e.upstream is not None]) for node in run.nodes]
    return [(node, edges) for node, edges in reversed(groups) if edges]


def backward_rows(node: Node, edges: list[Edge]) -> list[tuple[str, ...]]:
    """One row for each edge into a node: upstream × local = downstream, and what the node does."""
    rows: list[tuple[str, ...]] = []
    for k, edge in enumerate(edges):
        told = [node.flow] if not k else []
        told += [f"{spelled(edge.source)} was copied: a copy sums"] if edge.copied else []
        name = f"{spelled(node.name)} → {spelled(edge.source)}"
        rows.append((name, short(edge.upstream), _local(edge), short(edge.downstream), "; ".join(told)))
    return rows


def _local(edge: Edge) -> str:
    if edge.local is not None:
        return short(edge.local)
    rows, columns = (np.size(np.asarray(value)) for value in (edge.upstream, edge.downstream))
    return f"({rows}×{columns})"


def symbols(edge: Edge) -> tuple[str, str] | None:
    """The local Jacobian and the downstream gradient in names; None for a function that has no symbolic derivative."""
    if edge.symbols is None:
        return None
    local, rule = map(math, edge.symbols)
    return local, rule


def definitions(run: Backprop) -> tuple[str, ...]:
    """The formula as mathematics, each definition before its use."""
    return formulas(run.program, run.name)


def tables(run: Backprop, *, symbolic: bool = False) -> tuple[Table, ...]:
    """The same tables, for a page."""
    groups = backward_groups(run)
    backward = [row for node, edges in groups for row in backward_rows(node, edges)]
    header: tuple[str, ...] = BACKWARD
    if symbolic:
        said = [symbols(edge) or ("", "") for _, edges in groups for edge in edges]
        backward = [(*row[:4], *told, row[4]) for row, told in zip(backward, said, strict=True)]
        header = (*BACKWARD[:4], "local, in symbols", "downstream, in symbols", "")
    known = {n.name: n.terms for n in run.nodes}
    gradients = tuple(
        (partial(run, name), shape_text(np.shape(g)), _rows(g) if np.ndim(g) else summed(known.get(name, ()), g))
        for name, g in run.gradients.items()
    )
    told = run.operations
    cost = f"{told['forward']:,} operations forward, {told['backward']:,} backward, {told['naive']:,} path by path"
    given = "; δ is the gradient that arrives at the node" if symbolic else ""
    return (
        Table("Forward", FORWARD, tuple(forward_rows(run))),
        Table("Backward", header, tuple(backward), f"upstream × local = downstream, from the output back{given}"),
        Table("Gradients", ("gradient", "shape", "value"), gradients, cost),
    )


def _rows(value: Array) -> str:
    """An array in full, a row a line, or the range of its entries."""
    value = np.asarray(value)
    if value.size > PRINTED or value.ndim > 2:
        return _ranged(value)
    return "\n".join(" ".join(number(float(entry)) for entry in row) for row in np.atleast_2d(value))
