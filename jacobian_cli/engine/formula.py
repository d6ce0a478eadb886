"""Expressions of the table compiled for NumPy: a list of calls, each on values made before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from jacobian_cli.elaborate.row_text import COUNT, meaning
from jacobian_cli.evaluate.evaluate import CONSTANT_VALUES
from jacobian_cli.evaluate.kernels import Kernels
from jacobian_cli.expr import Apply, Constant, Expr, Extent, Number, Variable, walk
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.identities import shift
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
        nodes = list(walk([expr]))
        applied = [node for node in nodes if isinstance(node, Apply | Extent)]
        constants = [node for node in nodes if isinstance(node, Number | Constant)]
        self.constants = [_number(node) for node in constants]
        places: dict[Expr, int] = {node: len(names) + k for k, node in enumerate((*constants, *applied))}
        places |= {node: names.index(node.name) for node in nodes if isinstance(node, Variable)}
        last = {child: node for node in applied for child in node.children}
        self.steps: list[_Step] = []
        for node in applied:
            kernel, counted = _kernel(node, along)
            inputs = tuple(places[child] for child in node.children)
            spare = tuple(places[c] for c in node.children if last[c] is node and _fresh(c) and c is not expr)
            self.steps.append(
                _Step(kernel, (*inputs, len(names) - 1) if counted else inputs, spare * isinstance(kernel, np.ufunc))
            )
        self.result = places[expr]
        self.operations = operations_in(expr)

    def __call__(self, *values: Array) -> Array:
        made = [*values, *self.constants]
        for step in self.steps:
            inputs = [made[k] for k in step.inputs]
            for k in step.spare:
                if _fits(made[k], inputs):  # nobody will read it again: the result takes its place
                    made.append(step.kernel(*inputs, out=made[k]))
                    break
            else:
                made.append(step.kernel(*inputs))
        return made[self.result]


class _Step(NamedTuple):
    """One call: on which values, and which of them may be overwritten."""

    kernel: Kernel
    inputs: tuple[int, ...]
    spare: tuple[int, ...]


def operations_in(expr: Expr) -> int:
    """How many operations an expression takes for each entry; to multiply by ones is to copy."""
    applied = [node for node in walk([expr]) if isinstance(node, Apply) and node.arguments]
    return sum(not any(isinstance(a, Apply) and not a.arguments for a in node.arguments) for node in applied)


def _number(node: Number | Constant) -> float:
    return float(node.value) if isinstance(node, Number) else CONSTANT_VALUES[node.name]


def _fresh(node: Expr) -> bool:
    """Whether the value is an array of its own, that nothing else can see."""
    return isinstance(node, Apply) and FUNCTIONS[node.function].kind is Kind.ELEMENTWISE


def _fits(place: Array, inputs: Sequence[Array]) -> bool:
    """Whether a result of these inputs has the shape of one of them."""
    shape = np.shape(place)
    return len(shape) > 0 and all(np.shape(x) in (shape, ()) for x in inputs)


def _kernel(node: Apply | Extent, along: bool) -> tuple[Kernel, bool]:
    """What computes a node, and whether it is told the number of entries in a row."""
    if isinstance(node, Extent):
        return lambda count, size=node.size: float(size.at({COUNT: count})), True
    row = FUNCTIONS[node.function]
    if row.kind is Kind.ELEMENTWISE:
        return elementwise(row), False
    assert along, f"{row.name} has no meaning entry by entry"
    match row.kind:
        case Kind.REDUCTION | Kind.ROW | Kind.SHARE:
            return along_rows(row), True
        case Kind.CONTRACTION:
            return _product_of_rows(node), False
    sizes = dict(node.parameters)["sizes"]
    kernel = KERNELS.of(row)
    assert kernel is not None
    return lambda count: kernel(sizes=tuple(size.at({COUNT: count}) for size in sizes)), True


def runs_along(expr: Expr) -> bool:
    """Whether all that an expression does to one row can be done to every row at once."""
    applied = (node for node in walk([expr]) if isinstance(node, Apply) and node.arguments)
    return all(FUNCTIONS[node.function].kind not in _APART for node in applied)


_APART = (Kind.SHAPE, Kind.CORE, Kind.FORMULA)


@lru_cache(maxsize=256)
def elementwise(row: Row) -> Kernel:
    """An element-wise function on arrays: NumPy's, or its definition, whose own broadcasting is NumPy's."""
    return KERNELS.of(row) or Formula(meaning(row.definition, row.parameters), row.parameters)


@lru_cache(maxsize=256)
def along_rows(row: Row) -> Kernel:
    """A reduction or a function of rows on `(..., N)`, called with the rows and N; a reduction leaves `(..., 1)`.

    A row that does not feel a shift, or only adds it, is evaluated with the largest entry moved to 0: exp stays
    finite.
    """
    kernel = KERNELS.of(row)
    if kernel is not None and row.kind is Kind.REDUCTION:
        return lambda rows, count: kernel(rows, axis=-1, keepdims=True)
    if kernel is not None:
        return lambda rows, count: kernel(rows, axis=(-1,))
    formula = Formula(
        meaning(row.steady or row.definition, row.parameters, (CORE,)), (*row.parameters, COUNT), along=True
    )
    if not shift(row.name):
        return formula
    added = float(shift(row.name))

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
