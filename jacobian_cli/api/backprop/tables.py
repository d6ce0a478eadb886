"""A run of `backprop` in words and numbers: what its tables and its picture show."""

from __future__ import annotations

from typing import Any

import numpy as np

from jacobian_cli.api.backprop.passes import INPUT, Edge, Node
from jacobian_cli.api.backprop.run import Backprop
from jacobian_cli.api.backprop.singular_points import Kink
from jacobian_cli.api.figures import PRINTED, SHORT, long, number, shape_text, short, written
from jacobian_cli.expr import Apply, Variable
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.printers.graph.model import Graph, GraphEdge, GraphNode
from jacobian_cli.printers.graph.page import Table
from jacobian_cli.printers.math.unicode import math

Array = Any
_ASKED = 46
"""Arrays of so many characters are shown in the picture, where they were asked for."""


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


def spelled(name: str) -> str:
    """A name as mathematics: `w₀`, `λ`."""
    return math(Variable(name, ()))


def kink_text(kink: Kink) -> str:
    """Where a node is at its kink, and what was taken for its slope there."""
    at = f" at entry [{','.join(str(k + 1) for k in kink.entry)}]" if kink.entry else ""
    told = f"{spelled(kink.node.name)} = {math(kink.node.expr)} is exactly at its kink{at}"
    slopes = ", ".join(f"{number(slope)} for {spelled(name)}" for name, slope in kink.slopes.items())
    return f"{told}; the slope taken there: {slopes}" if slopes else told


def label(node: Node) -> str:
    """What stands in a node of the picture."""
    if not isinstance(node.expr, Apply):
        return spelled(node.name)
    if any(not name.isidentifier() for name in node.inputs) or len(node.inputs) > len(set(node.inputs)):
        return math(node.expr)
    row = FUNCTIONS[node.operation]
    return row.math if row.math and "{" not in row.math else row.name


def graph(run: Backprop) -> Graph:
    """The computational graph with values and gradients as text."""
    known = {node.name: node for node in run.nodes}

    def kind(node: Node) -> Any:
        return "output" if node is run.output else "input" if node.operation == INPUT else "operation"

    nodes = tuple(
        GraphNode(n.name, label(n), kind(n), shape_text(n.shape), _drawn(n.value), _drawn(n.gradient), _called(n))
        for n in run.nodes
    )
    edges = tuple(
        GraphEdge(
            e.source,
            e.target,
            _drawn(known[e.source].value),
            _drawn(e.downstream, _ASKED if e.source in run.gradients else SHORT),
        )
        for e in run.edges
    )
    return Graph(nodes, edges, f"{spelled(run.name)} = {math(run.program.output)}")


def _called(node: Node) -> str:
    return "" if node.operation == INPUT else spelled(node.name)


def _drawn(value: Array | None, room: int = SHORT) -> str:
    """Numbers and small arrays; a shape is written once, at the node."""
    return "" if value is None else written(value, 4, room)


def partial(run: Backprop, name: str) -> str:
    """∂f/∂x, the gradient of a node."""
    return f"∂{spelled(run.name)}/∂{spelled(name)}"


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
    program = run.program
    named = [(n, v) for n, v in program.values.items() if n != program.output_name]
    before = [f"{spelled(name)} = {math(getattr(value, 'body', value))}" for name, value in named]
    return (*before, f"{spelled(run.name)} = {math(program.output)}")


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
