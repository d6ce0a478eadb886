"""A run of `jac backprop` on the terminal: both passes, the gradients that were asked for, what they cost."""

from __future__ import annotations

from math import log10

from jacobian_cli.api.backprop.passes import Edge, Node
from jacobian_cli.api.backprop.run import Backprop
from jacobian_cli.api.backprop.tables import (
    backward_groups,
    backward_rows,
    forward_rows,
    graph,
    kink_text,
    partial,
    summed,
    symbols,
)
from jacobian_cli.api.pages import spelled
from jacobian_cli.cli.screen import Cell, Screen, cells
from jacobian_cli.cli.show.about import defined
from jacobian_cli.cli.show.numbers import numbers
from jacobian_cli.printers.graph.tree import tree
from jacobian_cli.records import record

_NODES = 40
"""A graph of more nodes is shown in part, unless asked for."""


@record(frozen=True, slots=True)
class BackpropPage:
    """What is shown of a run before its verdict."""

    screen: Screen
    run: Backprop
    full: bool

    def about(self) -> None:
        """The formula as it was read."""
        run = self.run
        defined(self.screen, run.program, run.name, run.read, run.warnings)
        self.screen.line()

    def forward(self) -> None:
        """One row a node: its name, its shape unless all are scalars, its value."""
        screen, run = self.screen, self.run
        screen.heading("Forward", "each node from its inputs")
        rows = forward_rows(run)
        shown = rows if self.full else rows[:_NODES]
        scalars = not any(shape for _, _, shape, _ in shown)
        screen.columns(
            [
                (f"{name} = {operation}" if operation else name, *([] if scalars else [shape or "scalar"]), value)
                for name, operation, shape, value in shown
            ],
            indent=4,
            styles=() if scalars else ("", "dim", ""),
        )
        self._more(len(rows) - len(shown), "nodes")

    def backward(self, *, symbolic: bool) -> None:
        """Upstream × local = downstream along every edge, from the output back."""
        screen, run = self.screen, self.run
        given = "; δ is the gradient that arrives at the node" if symbolic else ""
        screen.heading("Backward", f"upstream × local = downstream, from {spelled(run.name)} back{given}")
        groups = backward_groups(run)
        shown = groups if self.full else groups[:_NODES]
        made = [(node, edges, backward_rows(node, edges)) for node, edges in shown]
        flat = [row for _, _, rows in made for row in rows]
        widths = [max((cells(row[k]) for row in flat), default=0) for k in range(4)]
        beside = sum(widths) + 14 + max((cells(row[4]) for row in flat), default=0) <= screen.width
        columns = (widths[0] + 1, widths[1], 1, widths[2], 1, widths[3] + 1)
        for node, edges, rows in made:
            if len(node.terms) > 1:
                told = summed(node.terms, node.gradient)
                screen.line(f"{partial(run, node.name)} = {told}: a copy sums", indent=4)
            for edge, (name, upstream, local, downstream, remark) in zip(edges, rows, strict=True):
                if remark and not beside:
                    screen.line(remark, indent=4, style="dim")
                product = (name, upstream, "×", local, "=", downstream)
                said = (*product, remark) if beside else product
                screen.columns([said], indent=4, styles=("bold", "", "", "", "", "", "dim"), gap=1, widths=columns)
                if symbolic:
                    self._symbols(node, edge)
        self._more(len(groups) - len(shown), "nodes")

    def _symbols(self, node: Node, edge: Edge) -> None:
        told = symbols(edge)
        if told is None:
            self.screen.line(f"{node.operation} has no symbolic derivative", indent=6, style="dim")
        else:
            local, downstream = told
            left = f"∂{spelled(node.name)}/∂{spelled(edge.source)}"
            self.screen.line(f"{left} = {local};  downstream {downstream}", indent=6, style="italic")

    def tree(self) -> None:
        """The graph from the output down, in place of both passes."""
        self.screen.heading("Graph", "value, ← gradient")
        self.screen.tree(
            (
                line.depth,
                (
                    (line.label, "bold"),
                    (line.shape, "dim"),
                    (line.value, "cyan"),
                    (f"← {line.gradient}" if line.gradient else "", "red"),
                    (line.note, "dim"),
                ),
            )
            for line in tree(graph(self.run))
        )

    def gradients(self) -> None:
        """What was asked for, as matrices where they fit."""
        screen, run = self.screen, self.run
        screen.heading("Gradients", "" if not run.value.ndim else f"of the sum of the entries of {run.name}")
        known = {node.name: node for node in run.nodes}
        rows: list[tuple[Cell, ...]] = []
        room = screen.width - 9 - max((cells(partial(run, name)) for name in run.gradients), default=0)
        for name, gradient in run.gradients.items():
            terms = known[name].terms if name in known else ()
            note = f"{spelled(name)} is used {len(terms)} times: a copy sums" if len(terms) > 1 else ""
            told = numbers(gradient, room, full=self.full) if gradient.ndim else summed(terms, gradient)
            rows.append((partial(run, name), "=", told, note))
        noted = any(row[3] for row in rows)
        screen.columns([row if noted else row[:3] for row in rows], indent=4, styles=("bold", "", "", "dim"))

    def operations(self, *, naive: bool) -> None:
        """The lesson: one sweep shares what the paths have in common."""
        screen, run = self.screen, self.run
        told = run.operations
        counted = f"{_count(told['forward'])} forward, {_count(told['backward'])} backward"
        screen.heading("Operations", f"{counted}; {_count(told['naive'])} if every path is multiplied out", style="")
        if not naive:
            return
        repeated = sorted(run.repeated.items(), key=lambda item: -item[1])
        for name, times in repeated[:_NODES]:
            often = f"{partial(run, name)} would be worked out {_count(times)} times"
            screen.line(f"{often}; the sweep does it once", indent=4)
        if not repeated:
            screen.line("no two paths have a node in common: nothing is computed twice", indent=4)
        self._more(len(repeated) - _NODES, "nodes")

    def nudges(self, step: float) -> None:
        """Each scalar moved by a little."""
        self.screen.heading("Nudge", style="")
        for n in self.run.nudges(step):
            moved = f"{spelled(self.run.name)}({spelled(n.name)} = {n.moved_to:.6g}) = {n.value:.6g}"
            self.screen.line(f"{moved}; the gradient predicts {n.predicted:.6g}", indent=4)

    def kinks(self) -> None:
        """Where a slope was chosen."""
        for kink in self.run.kinks:
            self.screen.line(kink_text(kink), indent=2, style="yellow")

    def _more(self, hidden: int, what: str) -> None:
        if hidden > 0:
            told = f"{hidden:,} more {what}; --full shows them, --json prints them"
            self.screen.line(told, indent=4, style="dim")


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**15 else f"about 10^{int(number.bit_length() * log10(2))}"
