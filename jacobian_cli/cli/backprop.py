"""`jac backprop`: options to a run, the run to tables, pictures or JSON."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jacobian_cli.api.input.assume import assumptions_of
from jacobian_cli.api.input.problem import shapes_of
from jacobian_cli.cli.request import Request
from jacobian_cli.syntax.errors import InputError

if TYPE_CHECKING:
    from jacobian_cli.api.backprop.passes import Edge, Node
    from jacobian_cli.api.backprop.run import Backprop
    from jacobian_cli.cli.screen import Screen

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
RIGHT, MISMATCH = 0, 1
_NODES = 40
"""A graph of more nodes is shown in part, unless asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How the run is to be shown."""

    svg: str | None
    html: str | None
    dot: bool
    mermaid: bool
    tree: bool
    symbolic: bool
    naive: bool
    nudge: float | None
    full: bool


def answer(request: Request, plugins: Sequence[str], wishes: Wishes) -> int:
    """Print the run, or what was asked for in its place; the exit status says whether the check passed."""
    if sum((request.as_json, wishes.dot, wishes.mermaid, wishes.tree)) > 1:
        raise InputError("one of --json, --dot, --mermaid and --tree, please")
    from jacobian_cli.api.backprop.register import load
    from jacobian_cli.api.backprop.run import run
    from jacobian_cli.api.input.values import read_values

    for path in plugins:
        load(path)

    values, shapes = read_values(list(request.at)), shapes_of(None, request.declarations)
    assume = assumptions_of(None, request.declarations)
    done = run(request.statements, values, request.wrt or None, shapes, assume)
    gc.freeze()
    gc.enable()
    written = _pictures(done, wishes)
    if request.as_json:
        click.echo(json.dumps(_object(done, wishes), ensure_ascii=False, indent=2))
    elif wishes.dot or wishes.mermaid:
        from jacobian_cli.api.backprop.tables import graph
        from jacobian_cli.printers.graph.source import dot, mermaid

        click.echo((dot if wishes.dot else mermaid)(graph(done)), nl=False)
        return RIGHT
    else:
        from jacobian_cli.cli.screen import Screen

        show(Screen(), done, wishes)
        for path in written:
            click.echo(f"written: {path}")
    return MISMATCH if done.check.passed is False else RIGHT


def _pictures(run: Backprop, wishes: Wishes) -> list[str]:
    """The files asked for, written."""
    if not (wishes.svg or wishes.html):
        return []
    from jacobian_cli.api.backprop.tables import graph, tables
    from jacobian_cli.printers.graph.page import page
    from jacobian_cli.printers.graph.svg import svg

    drawn = graph(run)
    texts = {}
    if wishes.svg:
        texts[wishes.svg] = svg(drawn)
    if wishes.html:
        texts[wishes.html] = page(drawn, tables(run))
    for path, text in texts.items():
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}") from None
    return list(texts)


def _object(run: Backprop, wishes: Wishes) -> dict[str, object]:
    nudges = run.nudges(wishes.nudge) if wishes.nudge is not None else []
    told = [{"name": n.name, "to": n.moved_to, "value": n.value, "predicted": n.predicted} for n in nudges]
    extra = {**({"repeated": run.repeated} if wishes.naive else {}), **({"nudges": told} if nudges else {})}
    return {**run.to_dict(), **extra}


def show(screen: Screen, run: Backprop, wishes: Wishes) -> None:
    """The whole page."""
    from jacobian_cli.api.backprop.tables import kink_text, spelled
    from jacobian_cli.cli.screen import verdict, warned
    from jacobian_cli.printers.math.unicode import math

    warned(screen, run.warnings, run.read)
    for name, value in run.program.values.items():
        if name != run.program.output_name:
            screen.line(f"{spelled(name)} = {math(getattr(value, 'body', value))}", indent=2)
    screen.line(f"{spelled(run.name)} = {math(run.program.output)}", style="bold", indent=2)
    screen.line()
    if wishes.tree:
        _tree(screen, run)
    else:
        _forward(screen, run, wishes)
        _backward(screen, run, wishes)
    _gradients(screen, run)
    _operations(screen, run, wishes)
    if wishes.nudge is not None:
        screen.heading("Nudge", style="")
        for n in run.nudges(wishes.nudge):
            moved = f"{spelled(run.name)}({spelled(n.name)} = {n.moved_to:.6g}) = {n.value:.6g}"
            screen.line(f"{moved}; the gradient predicts {n.predicted:.6g}", indent=4)
    for kink in run.kinks:
        screen.line(kink_text(kink), indent=2, style="yellow")
    verdict(screen, run.check)


def _forward(screen: Screen, run: Backprop, wishes: Wishes) -> None:
    from jacobian_cli.api.backprop.tables import forward_rows

    rows = forward_rows(run)
    screen.heading("Forward", "each node from its inputs")
    shown = rows if wishes.full else rows[:_NODES]
    scalars = all(not shape for _, _, shape, _ in shown)
    cells = [
        (f"{name} = {operation}" if operation else name, *([] if scalars else [shape or "scalar"]), value)
        for name, operation, shape, value in shown
    ]
    screen.columns(cells, indent=4, styles=("", "dim", "") if not scalars else ())
    _more(screen, len(rows) - len(shown), "nodes")


def _backward(screen: Screen, run: Backprop, wishes: Wishes) -> None:
    from jacobian_cli.api.backprop.tables import backward_groups, backward_rows, partial, spelled, summed

    given = "; δ is the gradient that arrives at the node" if wishes.symbolic else ""
    screen.heading("Backward", f"upstream × local = downstream, from {spelled(run.name)} back{given}")
    groups = backward_groups(run)
    shown = groups if wishes.full else groups[:_NODES]
    made = [(node, edges, backward_rows(node, edges)) for node, edges in shown]
    flat = [row for _, _, rows in made for row in rows]
    widths = [max((len(row[k]) for row in flat), default=0) for k in range(4)]
    beside = sum(widths) + 14 + max((len(row[4]) for row in flat), default=0) <= screen.width
    for node, edges, rows in made:
        if len(node.terms) > 1:
            screen.line(f"{partial(run, node.name)} = {summed(node.terms, node.gradient)}: a copy sums", indent=4)
        for edge, row in zip(edges, rows, strict=True):
            name, upstream, local, downstream = (cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True))
            if row[4] and not beside:
                screen.line(row[4], indent=4, style="dim")
            product = f"{name}  {upstream} × {local} = {downstream}"
            screen.columns([(product, row[4] if beside else "")], indent=4, styles=("", "dim"))
            if wishes.symbolic:
                _symbols(screen, node, edge)
    _more(screen, len(groups) - len(shown), "nodes")


def _symbols(screen: Screen, node: Node, edge: Edge) -> None:
    """The local Jacobian and the downstream gradient in names."""
    from jacobian_cli.api.backprop.tables import spelled
    from jacobian_cli.printers.math.unicode import math

    if edge.symbols is None:
        screen.line(f"{node.operation} has no symbolic derivative", indent=6, style="dim")
        return
    local, rule = (math(form) for form in edge.symbols)
    screen.line(
        f"∂{spelled(node.name)}/∂{spelled(edge.source)} = {local};  downstream {rule}", indent=6, style="italic"
    )


def _tree(screen: Screen, run: Backprop) -> None:
    from jacobian_cli.api.backprop.tables import graph
    from jacobian_cli.printers.graph.tree import tree

    lines = tree(graph(run))
    screen.heading("Graph", "value, ← gradient")
    rows = [
        (
            f"{line.stem}{line.label}",
            line.shape,
            line.value,
            f"← {line.gradient}" if line.gradient else "",
            line.note,
        )
        for line in lines
    ]
    screen.columns(rows, indent=4, styles=("bold", "dim", "blue", "red", "dim"))


def _gradients(screen: Screen, run: Backprop) -> None:
    from jacobian_cli.api.backprop.tables import long, partial, spelled, summed

    screen.heading("Gradients", "" if not run.value.ndim else f"of the sum of the entries of {run.name}")
    known = {node.name: node for node in run.nodes}
    rows = []
    for name, gradient in run.gradients.items():
        terms = known[name].terms if name in known else ()
        told = summed(terms, gradient) if not gradient.ndim else long(gradient)
        note = f"{spelled(name)} is used {len(terms)} times: a copy sums" if len(terms) > 1 else ""
        rows.append((partial(run, name), "=", told, note))
    screen.columns(rows, indent=4, styles=("bold", "", "", "dim"))


def _operations(screen: Screen, run: Backprop, wishes: Wishes) -> None:
    """The lesson: one sweep shares what the paths have in common."""
    from jacobian_cli.api.backprop.tables import partial

    told = run.operations
    counted = f"{_count(told['forward'])} forward, {_count(told['backward'])} backward"
    screen.heading("Operations", f"{counted}; {_count(told['naive'])} if every path is multiplied out", style="")
    if not wishes.naive:
        return
    repeated = sorted(run.repeated.items(), key=lambda item: -item[1])
    for name, times in repeated[:_NODES]:
        screen.line(f"{partial(run, name)} would be worked out {_count(times)} times; the sweep does it once", indent=4)
    if not repeated:
        screen.line("no two paths have a node in common: nothing is computed twice", indent=4)
    _more(screen, len(repeated) - _NODES, "nodes")


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**15 else f"about 10^{int(number.bit_length() * log10(2))}"


def _more(screen: Screen, hidden: int, what: str) -> None:
    if hidden > 0:
        screen.line(f"{hidden:,} more {what}; --full shows them, --json prints them", indent=4, style="dim")
