"""Points at which a run is refused, because something is not finite, or shown with a warning, because of a kink."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jacobian_cli.api.backprop.passes import Node, Passes
from jacobian_cli.checks.points.domain import DOMAIN, KINK, reaching, violations
from jacobian_cli.checks.squares import without_roots
from jacobian_cli.engine.tape import Tape
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Apply, Defined, Expr, walk
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.records import record
from jacobian_cli.syntax.errors import InputError

Array = Any


@record(frozen=True, slots=True)
class Kink:
    """A node exactly at its kink: the entry (from 0), the first of those, and the slope taken for each input."""

    node: Node
    entry: tuple[int, ...]
    slopes: Mapping[str, float]


def differentiable(output: Expr, values: Mapping[str, Array], sizes: Mapping[str, int], wrt: Sequence[str]) -> Expr:
    """The formula as it is run: where a norm is 0 under a square, with the square as the sum of squares that it is."""
    other = without_roots(output)
    held = {node.name for node in walk([output]) if isinstance(node, Defined)}
    if other is output or not held.isdisjoint(wrt):
        return output
    met, left = (sum(v.kind == DOMAIN for v in violations(expr, values, sizes)) for expr in (output, other))
    return other if left < met else output


def kinks_of(tape: Tape, values: Mapping[str, Array], sizes: Mapping[str, int], found: Passes) -> tuple[Kink, ...]:
    """The nodes exactly at a kink through which a gradient flows, and the slopes taken there."""
    output = tape.nodes[-1].expr
    moves = frozenset(tape.wanted) if values.keys() >= tape.wanted.keys() else None
    met = {tape.places[v.node]: v for v in violations(output, values, sizes, moves=moves) if v.kind == KINK}
    zeros = {
        place: 0.0 if v.expression is v.node else evaluate(v.expression, values, sizes) for place, v in met.items()
    }
    known = {node.name: node for node in found.nodes}
    places = [place for place in zeros if place in found.names and tape.nodes[place].active]
    return tuple(_kink(known[found.names[place]], zeros[place], found) for place in places)


def _kink(node: Node, zero: Array, found: Passes) -> Kink:
    entry: tuple[int, ...] = ()
    if np.shape(zero) == node.shape:
        entry = tuple(int(k) for k in np.argwhere(np.asarray(zero) == 0)[0])
    slopes = {
        edge.source: float(edge.local[entry])
        for edge in found.edges
        if edge.target == node.name and edge.local is not None and np.shape(edge.local) == np.shape(zero)
    }
    return Kink(node, entry, slopes)


def want_finite(tape: Tape, found: Passes, text: str) -> None:
    """Refuse a point where a value or a gradient is not finite, naming the first node where it happens. Nothing is said
    of a branch that is not taken, nor of infinity as it is written in a mask.
    """
    known = {node.name: node for node in found.nodes}
    hint = "choose another point with --at"
    values = {node.expr: tape.values[place] for place, node in enumerate(tape.nodes)}
    reached = reaching(tape.nodes[-1].expr, values)
    places = {name: place for place, name in found.names.items()}
    for node in found.nodes:
        there = tape.nodes[places[node.name]] if node.name in places else None
        if there is not None and there.expr not in reached:
            continue
        written = there is not None and any(np.any(np.isinf(tape.values[k])) for k in there.inputs)
        if (bad := _bad_entry(np.nan_to_num(node.value, nan=np.nan) if written else node.value)) is not None:
            what = f"{node.name} = {math(node.expr)}"
            raise InputError(f"{node.value[bad]:g} arises at {what}{_where(node, known, bad)}", text=text, hint=hint)
    for edge in reversed(found.edges):
        if edge.downstream is not None and (bad := _bad_entry(edge.downstream)) is not None:
            node = known[edge.target]
            divides = isinstance(node.expr, Apply) and FUNCTIONS[node.expr.function].divides
            raise InputError(
                f"the backward rule of {node.name} = {math(node.expr)} divides by zero{_where(node, known, bad)}"
                if divides
                else f"the gradient of {node.name} = {math(node.expr)} is not finite in {edge.source}"
                f"{_where(node, known, bad)}",
                text=text,
                hint=hint,
            )


def _bad_entry(value: Array) -> tuple[int, ...] | None:
    """Where an array is not finite."""
    finite = np.isfinite(value)
    return None if np.all(finite) else tuple(int(k) for k in np.argwhere(~finite)[0])


def _where(node: Node, known: Mapping[str, Node], entry: tuple[int, ...]) -> str:
    """The inputs of a node: numbers, and of arrays of its shape the entry in question."""
    told = []
    for name in dict.fromkeys(node.inputs):
        if name not in known:
            continue
        value = known[name].value
        if not np.ndim(value):
            told.append(f"{name} = {float(value):g}")
        elif np.shape(value) == node.shape and len(entry) == np.ndim(value):
            told.append(f"{name}[{','.join(str(k + 1) for k in entry)}] = {value[entry]:g}")
    return f", where {', '.join(told)}" if told else ""
