"""The tape: a formula as a list of nodes, run forwards once and backwards once.

At each node downstream = upstream × local, and what comes back along several paths adds up (CS224N lecture 3;
Griewank & Walther, Evaluating Derivatives, ch. 3). The list is sorted: whoever walks it from the end meets each
node after all that use it, so one sweep is enough, however many paths there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.engine.accumulate import total, unbroadcast
from jacobian_cli.engine.operations import Operation, operation
from jacobian_cli.evaluate.evaluate import CONSTANT_VALUES
from jacobian_cli.expr import Apply, Constant, Defined, Expr, Extent, Number, Variable, walk
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.records import record

Array = Any
Visit = Callable[[int, Sequence[Array], Sequence[Array | None]], None]


@record(frozen=True, slots=True)
class Node:
    """A place on the tape: an expression, where its inputs stand, and whether a gradient must reach it."""

    expr: Expr
    inputs: tuple[int, ...]
    active: bool


class Tape:
    """A formula that runs on arrays.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> formula = elaborate([parse_statement("(x + y)*max(y, z)")], {"x": (), "y": (), "z": ()}).output
    >>> tape = Tape(formula, ["x", "y", "z"])
    >>> float(tape.forward({"x": 1.0, "y": 2.0, "z": 0.0}, {}))
    6.0
    >>> {name: float(gradient) for name, gradient in tape.backward().items()}
    {'x': 2.0, 'y': 5.0, 'z': 0.0}
    """

    def __init__(self, output: Expr, wrt: Sequence[str]) -> None:
        self.nodes: list[Node] = []
        self.wanted: dict[str, int] = {}
        self.places: dict[Expr, int] = {}
        self._sizes: Mapping[str, int] | None = None
        for expr in walk([output]):
            inputs = tuple(self.places[child] for child in expr.children)
            name = expr.name if isinstance(expr, Variable | Defined) else ""
            active = name in wrt or any(self.nodes[k].active for k in inputs)
            self.places[expr] = len(self.nodes)
            if name in wrt:
                self.wanted[name] = len(self.nodes)
            self.nodes.append(Node(expr, inputs, active))

    def forward(self, values: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
        """The value of the formula; every node keeps what its backward needs."""
        if sizes != self._sizes:
            self.operations = [self._operation(node, sizes) for node in self.nodes]
            self._sizes = dict(sizes)
        made: list[Array] = []
        with np.errstate(all="ignore"):
            for node, work in zip(self.nodes, self.operations, strict=True):
                if work is None:
                    made.append(self._leaf(node, values, made))
                else:
                    made.append(work.forward(*[made[k] for k in node.inputs]))
        self.values = made
        return made[-1]

    def backward(self, upstream: Array = 1.0, visit: Visit | None = None) -> dict[str, Array]:
        """The gradients, given that of the output. `visit` sees each node, what arrived there and what it sent on."""
        arrived: list[list[Array]] = [[] for _ in self.nodes]
        arrived[-1].append(np.broadcast_to(np.asarray(upstream, float), np.shape(self.values[-1])))
        found = dict.fromkeys(self.wanted.values())
        with np.errstate(all="ignore"):
            for place in reversed(range(len(self.nodes))):
                node, terms = self.nodes[place], arrived[place]
                arrived[place] = []
                if not node.active or not terms:
                    continue
                upstream = total(terms)
                if place in found:
                    found[place] = upstream
                sent = self._sent(place, upstream)
                for k, downstream in zip(node.inputs, sent, strict=True):
                    if downstream is not None:
                        arrived[k].append(downstream)
                if visit is not None:
                    visit(place, terms, sent)
        return self._gradients(found)

    def _sent(self, place: int, upstream: Array) -> list[Array | None]:
        """One gradient for each input that needs one, in the shape of that input."""
        node, work = self.nodes[place], self.operations[place]
        gradients = [upstream] * len(node.inputs) if work is None else work.backward(upstream)
        gradients = [_asked(gradient, self.values[place], upstream) for gradient in gradients]
        return [
            unbroadcast(gradient, np.shape(self.values[k])) if gradient is not None and self.nodes[k].active else None
            for k, gradient in zip(node.inputs, gradients, strict=True)
        ]

    def _operation(self, node: Node, sizes: Mapping[str, int]) -> Operation | None:
        if not isinstance(node.expr, Apply):
            return None
        wanted = [self.nodes[k].active for k in node.inputs]
        row = FUNCTIONS[node.expr.function]
        if row.own is not None:
            own: Operation = row.own()
            return own
        if row.kind is Kind.FORMULA:
            return Composite(node.expr, row, wanted, sizes)
        return operation(node.expr, wanted, sizes)

    def _leaf(self, node: Node, values: Mapping[str, Array], made: Sequence[Array]) -> Array:
        match node.expr:
            case Variable(name=name):
                return np.asarray(values[name], float)
            case Number(value=value):
                return np.float64(value)
            case Constant(name=name):
                return np.float64(CONSTANT_VALUES[name])
            case Extent(size=size):
                assert self._sizes is not None
                return np.float64(size.at(self._sizes))
        return made[node.inputs[0]]

    def _gradients(self, found: Mapping[int, Array | None]) -> dict[str, Array]:
        """By name, each an array of its own."""
        result: dict[str, Array] = {}
        given: set[int] = set()
        for name, place in self.wanted.items():
            gradient = found[place]
            if gradient is None:
                gradient = np.zeros(np.shape(self.values[place]))
            elif id(gradient) in given or not (
                np.ndim(gradient) and gradient.flags.owndata and gradient.flags.writeable
            ):
                gradient = np.array(gradient, float)
            given.add(id(gradient))
            result[name] = gradient
        return result


def _asked(gradient: Array | None, value: Array, upstream: Array) -> Array | None:
    """A gradient without what comes of entries that have no finite value and of which nothing is asked: those of a
    branch that was not taken.
    """
    if gradient is None or np.all(np.isfinite(gradient)) or np.shape(gradient) != np.shape(value):
        return gradient
    return np.where(~np.isfinite(value) & (upstream == 0), 0.0, gradient)


class Composite:
    """A function that is short for its definition: a tape of its own, inside the node."""

    def __init__(self, node: Apply, row: Row, wanted: Sequence[bool], sizes: Mapping[str, int]) -> None:
        body = meaning(row.definition, row.parameters, tuple(a.shape for a in node.arguments))
        self.names, self.sizes = row.parameters, sizes
        self.wanted = [name if needed else None for name, needed in zip(row.parameters, wanted, strict=True)]
        self.tape = Tape(body, [name for name in self.wanted if name])

    def forward(self, *inputs: Array) -> Array:
        return self.tape.forward(dict(zip(self.names, inputs, strict=True)), self.sizes)

    def backward(self, upstream: Array) -> Sequence[Array | None]:
        found = self.tape.backward(upstream)
        return [found[name] if name else None for name in self.wanted]
