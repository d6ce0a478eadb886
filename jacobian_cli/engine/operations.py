"""What each node does, forwards and backwards: every operation follows from its row of the table.

An operation keeps what its backward needs. `backward` takes the upstream gradient and returns one gradient for
each input, None for those that need none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, Protocol

import numpy as np

from jacobian_cli.calculus.derivative.backward_rule import ANS, UPSTREAM, backward_rules
from jacobian_cli.elaborate.row_text import COUNT, meaning
from jacobian_cli.engine.contraction import contraction, exchanged
from jacobian_cli.engine.formula import CORE, Formula, along_rows, elementwise, operations_in, runs_along
from jacobian_cli.evaluate.evaluate import applied, evaluate, lengths, numpy_backend
from jacobian_cli.expr import Apply, Expr, Number, Variable, variables
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.rules import matches, parsed

Array = Any
Sizes = Mapping[str, int]
Gradients = Sequence[Array | None]


class Operation(Protocol):
    """The work of one node."""

    def forward(self, *inputs: Array) -> Array: ...
    def backward(self, upstream: Array) -> Gradients: ...


def operation(node: Apply, wanted: Sequence[bool], sizes: Sizes) -> Operation:
    """The work of a node at these sizes; `wanted` says which inputs need a gradient. The tape knows composites."""
    row = FUNCTIONS[node.function]
    if row.moves and row.kind is not Kind.CONTRACTION:
        return Moved(node, sizes)
    match row.kind:
        case Kind.ELEMENTWISE:
            return Elementwise(node, row, wanted)
        case Kind.CONTRACTION:
            return Contracted(node, row, wanted, sizes)
        case Kind.REDUCTION | Kind.ROW | Kind.SHARE:
            return Along(node, row, wanted, sizes)
    return General(node, row, sizes)


class Elementwise:
    """Entry by entry: upstream × the slope of each entry. What was broadcast, the tape sums."""

    def __init__(self, node: Apply, row: Row, wanted: Sequence[bool]) -> None:
        self.function = elementwise(row)
        # numbers stay what they are: the slope of x**2 is 2*x, and no power is left in it
        arguments = tuple(
            a if isinstance(a, Number) else Variable(name, ())
            for name, a in zip(row.parameters, node.arguments, strict=True)
        )
        rules = iter(backward_rules(Apply(row.name, arguments, (), ()), everywhere=True))
        found = [None if isinstance(a, Number) else next(rules) for a in arguments]
        names = (UPSTREAM, ANS, *row.parameters)
        self.rules = [
            Formula(rule, names) if rule is not None and needed and variables(rule) else None
            for rule, needed in zip(found, wanted, strict=True)
        ]

    def forward(self, *inputs: Array) -> Array:
        self.inputs = inputs
        self.value = self.function(*inputs)
        return self.value

    def backward(self, upstream: Array) -> Gradients:
        return [None if rule is None else rule(upstream, self.value, *self.inputs) for rule in self.rules]


class Contracted:
    """A sum of products in index notation: backwards, the letters are exchanged."""

    def __init__(self, node: Apply, row: Row, wanted: Sequence[bool], sizes: Sizes) -> None:
        signature = dict(node.parameters).get("subscripts") or next(
            s for s in row.signatures if matches(s, [a.shape for a in node.arguments])
        )
        inputs, output = parsed(signature)
        # a literal 1 is an axis of length one, which no sum runs over
        letters = tuple(part.replace("1", "") for part in inputs)
        self.cores = [
            None if "1" not in part else tuple(s.at(sizes) for s, c in zip(a.shape, part, strict=True) if c != "1")
            for part, a in zip(inputs, node.arguments, strict=True)
        ]
        self.letters = {
            letter: size.at(sizes)
            for part, a in zip(inputs, node.arguments, strict=True)
            for letter, size in zip(part, a.shape, strict=True)
        }
        self.shape = lengths(node.shape, sizes)
        self.core = tuple(n for n, c in zip(self.shape, output, strict=True) if c != "1")
        self.compute = contraction(letters, output.replace("1", ""))
        self.rules = [
            exchanged(letters, output.replace("1", ""), k) if needed else None for k, needed in enumerate(wanted)
        ]

    def forward(self, *inputs: Array) -> Array:
        self.shapes = [np.shape(x) for x in inputs]
        self.inputs = [x if c is None else np.reshape(x, c) for x, c in zip(inputs, self.cores, strict=True)]
        return _in_shape(self.compute(*self.inputs), self.shape)

    def backward(self, upstream: Array) -> Gradients:
        upstream = _in_shape(upstream, self.core)
        return [
            None if rule is None else _in_shape(rule(upstream, *self.inputs), shape)
            for rule, shape in zip(self.rules, self.shapes, strict=True)
        ]


class Along:
    """A reduction or a function of rows: the axes it runs over are turned to the back, where they are one row."""

    def __init__(self, node: Apply, row: Row, wanted: Sequence[bool], sizes: Sizes) -> None:
        del wanted  # there is one input, and it needs a gradient, or nobody would ask
        (argument,) = node.arguments
        self.shape, self.result = lengths(argument.shape, sizes), lengths(node.shape, sizes)
        order = len(self.shape)
        everything = (-1,) if row.kind is Kind.ROW else tuple(range(order))
        axes = sorted({axis % order for axis in dict(node.parameters).get("axis", everything)}) if order else []
        kept = [axis for axis in range(order) if axis not in axes]
        self.turn = (*kept, *axes)
        self.back = tuple(self.turn.index(axis) for axis in range(order))
        self.loop = tuple(self.shape[axis] for axis in kept)
        self.count = prod(self.shape[axis] for axis in axes)
        self.reduces = row.kind is Kind.REDUCTION
        self.function = along_rows(row)
        self.rule = along_rule(row)

    def forward(self, x: Array) -> Array:
        self.rows = self._rows(x)
        self.value = self.function(self.rows, self.count)
        return np.reshape(self.value, self.result) if self.reduces else self._back(self.value)

    def backward(self, upstream: Array) -> Gradients:
        upstream = np.reshape(upstream, (*self.loop, 1)) if self.reduces else self._rows(upstream)
        return [self._back(self.rule(upstream, self.value, self.rows, self.count))]

    def _rows(self, x: Array) -> Array:
        return np.reshape(np.transpose(x, self.turn), (*self.loop, self.count))

    def _back(self, rows: Array) -> Array:
        turned = tuple(self.shape[axis] for axis in self.turn)
        return np.transpose(np.reshape(np.broadcast_to(rows, (*self.loop, self.count)), turned), self.back)


def along_rule(row: Row) -> Formula | RowByRow:
    """The backward rule of a function of one row, to be done to every row at once."""
    (name,) = row.parameters
    shape = () if row.kind is Kind.REDUCTION else CORE
    if row.backward:
        placeholders = (name, ANS, UPSTREAM)
        rule = meaning(row.backward[0], placeholders, (CORE, shape, shape))
    else:
        (rule,) = backward_rules(Apply(row.name, (Variable(name, CORE),), (), shape), everywhere=True)
    names = (UPSTREAM, ANS, name)
    return Formula(rule, (*names, COUNT), along=True) if runs_along(rule) else RowByRow(rule, names)


class RowByRow:
    """What an expression says of one row, where no operation does it to all of them at once."""

    def __init__(self, rule: Expr, names: Sequence[str]) -> None:
        self.rule, self.names, self.operations = rule, names, operations_in(rule)

    def __call__(self, *values: Array) -> Array:
        *stacks, count = values
        loop = np.shape(stacks[-1])[:-1]
        rows = [
            evaluate(self.rule, {n: v[at] for n, v in zip(self.names, stacks, strict=True)}, {COUNT: count})
            for at in np.ndindex(*loop)
        ]
        return np.reshape(np.stack(rows), (*loop, count))


class Moved:
    """Entries that only change places. Where each came from is seen by sending their numbers through."""

    def __init__(self, node: Apply, sizes: Sizes) -> None:
        self.node, self.sizes = node, sizes
        self.shapes = [lengths(a.shape, sizes) for a in node.arguments]
        self.ends = np.cumsum([prod(shape) for shape in self.shapes])

    def forward(self, *inputs: Array) -> Array:
        return applied(self.node, list(inputs), self.sizes, numpy_backend())

    def backward(self, upstream: Array) -> Gradients:
        numbered = np.split(np.arange(self.ends[-1]), self.ends[:-1])
        places = self.forward(*(part.reshape(shape) for part, shape in zip(numbered, self.shapes, strict=True)))
        whole = np.bincount(np.ravel(places), np.ravel(upstream), self.ends[-1])  # one entry may go to several places
        parts = np.split(whole, self.ends[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]


class General:
    """Anything else (determinants, inverses, Kronecker products): the rule that the calculus derives.

    Functions of a matrix take a stack of them one by one.
    """

    def __init__(self, node: Apply, row: Row, sizes: Sizes) -> None:
        self.node, self.sizes = node, dict(sizes)
        self.names = row.parameters[: len(node.arguments)]
        self.front = 0
        shapes = [a.shape for a in node.arguments]
        if row.kind is Kind.CORE:
            (core, *_), _ = parsed(row.signatures[0])
            self.front = len(shapes[0]) - len(core)
        cores = [shape[self.front :] for shape in shapes]
        arguments = tuple(Variable(name, shape) for name, shape in zip(self.names, cores, strict=True))
        self.call = Apply(row.name, arguments, node.parameters, node.shape[self.front :])
        self.rules = backward_rules(self.call, everywhere=True) if arguments else ()

    def forward(self, *inputs: Array) -> Array:
        self.inputs = inputs
        self.value = self._each(self.call, dict(zip(self.names, inputs, strict=True)))
        return self.value

    def backward(self, upstream: Array) -> Gradients:
        given = {**dict(zip(self.names, self.inputs, strict=True)), ANS: self.value, UPSTREAM: upstream}
        return [self._each(rule, given) for rule in self.rules]

    def _each(self, expr: Expr, given: Mapping[str, Array]) -> Array:
        if not self.front:
            return evaluate(expr, given, self.sizes)
        loop = np.shape(self.inputs[0])[: self.front]
        results = [evaluate(expr, {n: v[at] for n, v in given.items()}, self.sizes) for at in np.ndindex(*loop)]
        return np.reshape(np.stack(results), (*loop, *np.shape(results[0])))


def _in_shape(x: Array, shape: tuple[int, ...]) -> Array:
    return x if np.shape(x) == shape else np.reshape(x, shape)
