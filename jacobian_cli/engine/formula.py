"""Expressions of the table compiled for NumPy: a list of calls, each on values made before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import e, pi
from typing import Any

import numpy as np

from jacobian_cli.checks.evaluate import COUNT, meaning
from jacobian_cli.checks.kernels import Kernels
from jacobian_cli.expr import Apply, Constant, Expr, Extent, Number, Variable, walk
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.rules import matches, parsed
from jacobian_cli.shape import Size

Array = Any
Kernel = Callable[..., Array]
CORE = (Size.named(COUNT),)
"""The shape of one row, of as many entries as there are."""


class _Kernels(Kernels):
    """The meanings of the table, on arrays that need no tracing."""

    def power(self, x: Array, y: Array) -> Array:
        """The operator knows the whole exponents that can be multiplied out."""
        return np.asarray(x) ** y


KERNELS = _Kernels()


class Formula:
    """An expression in named values, to be called with them.

    Along rows, values are stacks of rows `(..., N)` or of one number each `(..., 1)`, and the last of the
    values is the count N: what an expression says of one vector is done to every row at once.

    >>> softmax = meaning("exp(x)/sum(exp(x))", ("x",), (CORE,))
    >>> Formula(softmax, ("x", COUNT), along=True)(np.zeros((3, 2)), 2).tolist()
    [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]
    """

    def __init__(self, expr: Expr, names: Sequence[str], *, along: bool = False) -> None:
        self.start: list[Array] = [None] * len(names)
        self.steps: list[tuple[Kernel, tuple[int, ...]]] = []
        places: dict[Expr, int] = {}
        constants: list[Array] = []
        applied: list[Apply | Extent] = []
        for node in walk([expr]):
            match node:
                case Variable(name=name):
                    places[node] = list(names).index(name)
                case Number(value=value):
                    places[node] = len(names) + len(constants)
                    constants.append(float(value))
                case Constant(name=name):
                    places[node] = len(names) + len(constants)
                    constants.append({"pi": pi, "e": e}[name])
                case Apply() | Extent():
                    applied.append(node)
                case _:
                    raise AssertionError(node)
        self.start += constants
        for node in applied:
            kernel, counted = _step(node, along)
            inputs = tuple(places[child] for child in node.children)
            self.steps.append((kernel, (*inputs, len(names) - 1) if counted else inputs))
            places[node] = len(self.start) + len(self.steps) - 1
        self.result = places[expr]

    def __call__(self, *values: Array) -> Array:
        made = [*values, *self.start[len(values) :]]
        for kernel, inputs in self.steps:
            made.append(kernel(*[made[k] for k in inputs]))
        return made[self.result]


def _step(node: Apply | Extent, along: bool) -> tuple[Kernel, bool]:
    """What computes a node, and whether it is told the number of entries in a row."""
    if isinstance(node, Extent):
        return lambda count, size=node.size: float(size.at({COUNT: count})), True
    row = FUNCTIONS[node.function]
    if row.kind is Kind.ELEMENTWISE:
        return elementwise(row), False
    assert along, f"{row.name} has no meaning entry by entry"
    match row.kind:
        case Kind.REDUCTION | Kind.ROW:
            return along_rows(row), True
        case Kind.CONTRACTION:
            return _product_of_rows(node), False
    sizes = dict(node.parameters)["sizes"]
    kernel = getattr(KERNELS, row.numpy)
    return lambda count: kernel(sizes=tuple(size.at({COUNT: count}) for size in sizes)), True


@lru_cache(maxsize=256)
def elementwise(row: Row) -> Kernel:
    """An element-wise function on arrays: NumPy's, or its definition, whose own broadcasting is NumPy's."""
    if row.numpy:
        kernel: Kernel = getattr(KERNELS, row.numpy)
        return kernel
    return Formula(meaning(row.definition, row.parameters), row.parameters)


@lru_cache(maxsize=256)
def along_rows(row: Row) -> Kernel:
    """A reduction or a function of rows on `(..., N)`, called with the rows and N; a reduction leaves `(..., 1)`.

    A row that does not feel a shift, or only adds it, is evaluated with the largest entry moved to 0: exp stays
    finite.
    """
    if row.numpy and row.kind is Kind.REDUCTION:
        reduced = getattr(KERNELS, row.numpy)
        return lambda rows, count: reduced(rows, axis=-1, keepdims=True)
    if row.numpy:
        kernel: Kernel = getattr(KERNELS, row.numpy)
        return lambda rows, count: kernel(rows, axis=(-1,))
    formula = Formula(meaning(row.definition, row.parameters, (CORE,)), (*row.parameters, COUNT), along=True)
    if not row.shift:
        return formula
    added = float(row.shift)

    def shifted(rows: Array, count: int) -> Array:
        top = rows.max(axis=-1, keepdims=True)
        value = formula(rows - top, count)
        return value + top if added else value

    return shifted


def _product_of_rows(node: Apply) -> Kernel:
    """A product of two vectors, row by row."""
    row, shapes = FUNCTIONS[node.function], [argument.shape for argument in node.arguments]
    signature = next(s for s in row.signatures if matches(s, shapes))
    inputs, output = parsed(signature.replace("1", ""))
    if len(inputs) == 1:
        assert inputs[0] == output, f"{signature} along rows"
        return lambda x: x
    if not output and inputs[0]:
        return lambda x, y: (x * y).sum(axis=-1, keepdims=True)
    assert len(inputs[0] + inputs[1]) < 2 or inputs[0] != inputs[1], signature
    assert not (inputs[0] and inputs[1]), f"{signature} along rows"
    return np.multiply
