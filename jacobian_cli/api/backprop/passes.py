"""A formula at a point, node by node: what each computes, what comes back to it, and what it sends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from jacobian_cli.calculus.derivative.backward_rule import ANS, backward_rules, local_jacobians
from jacobian_cli.elaborate import Program
from jacobian_cli.engine.accumulate import unbroadcast
from jacobian_cli.engine.operations import Operation
from jacobian_cli.engine.tape import Tape
from jacobian_cli.evaluate.evaluate import lengths
from jacobian_cli.expr import Apply, Defined, Expr, Variable, rebuild, size_names
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.printers.language import text
from jacobian_cli.records import record

Array = Any
INPUT = "input"
MAX_LOCAL = 400
"""A local Jacobian of more entries than this is not written out."""
_LETTERS = "abcdghijklmnopqrstuvwxyz"
_OUTPUTS = ("f", "out", "value", "output")


@record(frozen=True, slots=True)
class Node:
    """A variable, or what an operation made of its inputs."""

    name: str
    operation: str
    """The function of the table, or `input`."""
    inputs: tuple[str, ...]
    """The names of nodes; numbers and constants as they are written."""
    shape: tuple[int, ...]
    value: Array
    gradient: Array | None
    """The gradient of the output with respect to this node; None where none was asked for."""
    terms: tuple[Array, ...]
    """What came back along each use, in the order of the uses: the gradient is their sum."""
    expr: Expr
    """The operation in the names of its inputs."""

    @property
    def flow(self) -> str:
        """What its backward does to the gradient that arrives, in the words of a lecture."""
        if not isinstance(self.expr, Apply):
            return ""
        row = FUNCTIONS[self.expr.function]
        if row.flow:
            return row.flow
        if row.own is not None:
            return f"{row.name}: its own backward"
        does = "scales by its slope" if row.kind is Kind.ELEMENTWISE else "multiplies by its Jacobian"
        return f"{row.math if row.math.isalpha() else row.name} {does}"


@record(frozen=True)
class Edge:
    """An input of an operation: the gradient that comes back along it is upstream × local."""

    source: str
    target: str
    upstream: Array | None
    local: Array | None
    """The Jacobian |target| × |source|; of an element-wise operation its diagonal, in the shape of the value. None
    where it has more than 400 entries."""
    downstream: Array | None
    copied: bool
    """Whether the input was broadcast, so that its gradient is a sum over the copies."""
    node: Apply
    position: int

    @cached_property
    def symbols(self) -> tuple[Expr, Expr] | None:
        """The local Jacobian and the downstream gradient in names, given `delta`; None for a function that has none."""
        if FUNCTIONS[self.node.function].own is not None:
            return None
        names = {}
        arguments: list[Expr] = []
        for k, argument in enumerate(self.node.arguments):
            place = Variable(f"x{k}", argument.shape)
            if isinstance(argument, Variable):
                names[place.name] = argument
            arguments.append(place if isinstance(argument, Variable) else argument)
        call = Apply(self.node.function, tuple(arguments), self.node.parameters, self.node.shape)
        names[ANS] = Variable(self.target, self.node.shape)
        at = sum(isinstance(a, Variable) for a in self.node.arguments[: self.position])
        forms = (local_jacobians(call)[at], backward_rules(call)[at])
        local, rule = (rebuild(f, lambda e: names.get(e.name) if isinstance(e, Variable) else None) for f in forms)
        return local, rule


@record(frozen=True)
class Passes:
    """The forward and the backward pass."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    gradients: Mapping[str, Array]
    names: Mapping[int, str]
    """The name of each place of the tape that is a node."""


def passes(program: Program, tape: Tape, sizes: Mapping[str, int], upstream: Array) -> Passes:
    """Everything the backward sweep of a tape that has run sends along its edges."""
    names = _names(program, tape)
    terms: dict[int, list[Array]] = {place: [] for place in names}
    sent: dict[int, Sequence[Array | None]] = {}

    def visit(place: int, arrived: Sequence[Array], downstream: Sequence[Array | None]) -> None:
        sent[place] = downstream
        if place == len(tape.nodes) - 1:
            terms[_body(tape, place)].extend(arrived)
        if isinstance(tape.nodes[place].expr, Apply):
            for k, gradient in zip(tape.nodes[place].inputs, downstream, strict=True):
                if gradient is not None and _body(tape, k) in terms:
                    terms[_body(tape, k)].append(gradient)

    gradients = tape.backward(upstream, visit)
    nodes: list[Node] = []
    edges: list[Edge] = []
    for place, name in names.items():
        node = tape.nodes[place]
        expr = _in_names(tape, place, names)
        totals = terms[place][::-1]  # in the order in which the value was used
        with np.errstate(all="ignore"):
            gradient = sum(totals[1:], totals[0]) if totals else np.zeros(np.shape(tape.values[place]))
        operation = expr.function if isinstance(expr, Apply) else INPUT
        fed = _fed(tape, place, names) if isinstance(expr, Apply) else ()
        nodes.append(
            Node(
                name,
                operation,
                fed,
                np.shape(tape.values[place]),
                tape.values[place],
                gradient if node.active else None,
                tuple(totals) if node.active else (),
                expr,
            )
        )
        if isinstance(expr, Apply):
            edges.extend(_edges(tape, place, names, expr, gradient, sent.get(place)))
    nodes.sort(key=lambda node: node.operation != INPUT)
    return Passes(tuple(nodes), tuple(edges), gradients, names)


def _edges(
    tape: Tape,
    place: int,
    names: Mapping[int, str],
    expr: Apply,
    upstream: Array,
    sent: Sequence[Array | None] | None,
) -> Iterator[Edge]:
    work = tape.operations[place]
    assert work is not None
    for k, source in enumerate(tape.nodes[place].inputs):
        body = _body(tape, source)
        if body not in names:
            continue
        shape = np.shape(tape.values[source])
        copied = FUNCTIONS[expr.function].kind is Kind.ELEMENTWISE and shape != np.shape(tape.values[place])
        if not tape.nodes[source].active:
            yield Edge(names[body], names[place], None, None, None, copied, expr, k)
            continue
        local = _local(tape, place, work, k)
        downstream = sent[k] if sent is not None else None
        downstream = np.zeros(shape) if downstream is None else downstream
        yield Edge(names[body], names[place], upstream, local, downstream, copied, expr, k)


def _local(tape: Tape, place: int, work: Operation, k: int) -> Array | None:
    """The local Jacobian, from what the operation makes of unit gradients."""
    value, given = tape.values[place], tape.values[tape.nodes[place].inputs[k]]
    shape, wanted = np.shape(value), np.shape(given)
    expr = tape.nodes[place].expr
    diagonal = isinstance(expr, Apply) and FUNCTIONS[expr.function].kind is Kind.ELEMENTWISE and shape == wanted
    rows, columns = prod(shape), prod(wanted)
    if not diagonal and rows * columns > MAX_LOCAL:
        return None

    def pulled(unit: Array) -> Array:
        gradient = work.backward(unit)[k]
        return np.zeros(wanted) if gradient is None else np.array(unbroadcast(gradient, wanted), float)

    with np.errstate(all="ignore"):
        if diagonal:
            return pulled(np.ones(shape))
        units = np.eye(rows).reshape((rows, *shape))
        found = np.stack([pulled(unit) for unit in units]).reshape(rows, columns)
    return found.reshape(()) if not shape and not wanted else found


def _body(tape: Tape, place: int) -> int:
    """The place of what a definition stands for."""
    while isinstance(tape.nodes[place].expr, Defined):
        (place,) = tape.nodes[place].inputs
    return place


def _names(program: Program, tape: Tape) -> dict[int, str]:
    """A name for every node that depends on a variable, in the order of the tape: the user's where there is one."""
    moving = set[int]()
    given: dict[int, str] = {}
    for place, node in enumerate(tape.nodes):
        if isinstance(node.expr, Variable) or any(k in moving for k in node.inputs):
            moving.add(place)
        if isinstance(node.expr, Defined):
            body = _body(tape, place)
            if isinstance(tape.nodes[body].expr, Apply):
                given.setdefault(body, node.expr.name)
    taken = {*program.variables, *program.values, *given.values(), *size_names([program.output])}
    last = _body(tape, len(tape.nodes) - 1)
    if isinstance(tape.nodes[last].expr, Apply):
        given[last] = program.output_name or next(name for name in _OUTPUTS if name not in taken)
    places = [k for k in sorted(moving | {last}) if not isinstance(tape.nodes[k].expr, Defined)]
    free = [letter for letter in _LETTERS if letter not in taken | {given.get(last, "")}]
    nameless = [k for k in places if k not in given and isinstance(tape.nodes[k].expr, Apply)]
    if len(nameless) > len(free):
        free = [name for name in (f"v{k + 1}" for k in range(len(nameless) + len(taken))) if name not in taken]
    fresh = dict(zip(nameless, free, strict=False))
    found = {}
    for place in places:
        expr = tape.nodes[place].expr
        found[place] = expr.name if isinstance(expr, Variable) else given.get(place) or fresh.get(place, "f")
    return found


def _fed(tape: Tape, place: int, names: Mapping[int, str]) -> tuple[str, ...]:
    bodies = [_body(tape, k) for k in tape.nodes[place].inputs]
    return tuple(names[b] if b in names else text(tape.nodes[b].expr) for b in bodies)


def _in_names(tape: Tape, place: int, names: Mapping[int, str]) -> Expr:
    """The operation of a place in the names of its inputs."""
    expr = tape.nodes[place].expr
    if not isinstance(expr, Apply):
        return expr
    arguments = []
    for k, argument in zip(tape.nodes[place].inputs, expr.arguments, strict=True):
        body = _body(tape, k)
        arguments.append(Variable(names[body], argument.shape) if body in names else tape.nodes[body].expr)
    return Apply(expr.function, tuple(arguments), expr.parameters, expr.shape)


def numbers(tape: Tape, sizes: Mapping[str, int]) -> int:
    """How many numbers all values of a formula hold at these sizes."""
    return sum(prod(lengths(node.expr.shape, sizes)) for node in tape.nodes)
