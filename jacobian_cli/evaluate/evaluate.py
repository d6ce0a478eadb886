"""The value of a typed expression, by any library that has arrays: one walk, and a backend that says what
each row of the table means there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import Any

import numpy

from jacobian_cli.elaborate.row_text import COUNT, meaning
from jacobian_cli.evaluate.footprint import last_uses
from jacobian_cli.evaluate.kernels import Kernels
from jacobian_cli.evaluate.stacked import ROWS, stacked
from jacobian_cli.expr import Apply, Constant, Defined, Expr, Extent, Number, Variable, walk
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.cuts import Listed
from jacobian_cli.ops.identities import shift
from jacobian_cli.ops.rules import matches, parsed
from jacobian_cli.records import record
from jacobian_cli.shape import Shape, Size

Values = Mapping[str, Any]
Sizes = Mapping[str, int]
Kernel = Callable[..., Any]
CONSTANT_VALUES = {"pi": math.pi, "e": math.e, "inf": math.inf}


@record(frozen=True, slots=True)
class Backend:
    """What numbers and functions are. A row for which `function` has no answer is evaluated by its definition."""

    numpy: Any
    number: Callable[[Fraction], Any]
    constants: Mapping[str, Any]
    function: Callable[[Row], Kernel | None]
    steady: bool = False
    """Whether definitions are evaluated in the form that does not overflow: a `steady` one, or with the largest
    entry moved to 0.
    """
    singly: frozenset[str] = frozenset()
    """Functions that round otherwise for an array of numbers than for each number."""


def numeric(kernels: Kernels, singly: frozenset[str] = frozenset()) -> Backend:
    """The backend that computes with floats, in the array library of `kernels`."""
    known: dict[str, tuple[Row, Kernel | None]] = {}

    def function(row: Row) -> Kernel | None:
        seen = known.get(row.name)
        if seen is None or seen[0] is not row:  # a table may be tried in which a row is another
            known[row.name] = seen = row, looked_up(row)
        return seen[1]

    def looked_up(row: Row) -> Kernel | None:
        if row.own is not None:
            made = row.own
            return lambda *inputs: made().forward(*inputs)
        return kernels.of(row)

    return Backend(kernels.np, float, CONSTANT_VALUES, function, steady=True, singly=singly)


@lru_cache(maxsize=1)
def numpy_backend() -> Backend:
    """NumPy, with the meanings that `Kernels` adds."""
    return numeric(Kernels())


def evaluate(expr: Expr, values: Values, sizes: Sizes, backend: Backend | None = None) -> Any:
    """The value of an expression where its variables and size names have these values.

    >>> x = Variable("x", (Size.named("n"),))
    >>> float(evaluate(Apply("sum", (x,), (), ()), {"x": numpy.arange(4.0)}, {"n": 4}))
    6.0
    """
    return _values(expr, values, sizes, backend or numpy_backend(), kept=False)[-1]


def node_values(expr: Expr, values: Values, sizes: Sizes, backend: Backend) -> dict[Expr, Any]:
    """The value of every node of an expression, children before parents."""
    found = _values(expr, values, sizes, backend, kept=True)
    return {node: value for (node, _, _), value in zip(_steps(expr), found, strict=True)}


@lru_cache(maxsize=256)
def _steps(expr: Expr) -> tuple[tuple[Expr, tuple[int, ...], tuple[int, ...]], ...]:
    """The nodes of an expression, children before parents; where the values of its children stand, and those that are
    done with after it. Checks evaluate one expression at hundreds of points.
    """
    order, uses = list(walk([expr])), last_uses(expr)
    place = {node: k for k, node in enumerate(order)}
    return tuple(
        (node, tuple(map(place.__getitem__, node.children)), tuple(map(place.__getitem__, uses.get(node, ()))))
        for node in order
    )


def _values(expr: Expr, values: Values, sizes: Sizes, backend: Backend, *, kept: bool) -> list[Any]:
    """The values of the nodes; unless they are `kept`, without those that are not needed any more."""
    with numpy.errstate(all="ignore"):
        return _found(expr, values, sizes, backend, kept=kept)


def _inside(expr: Expr, values: Values, sizes: Sizes, backend: Backend) -> Any:
    """The value of what a function means in an expression."""
    return _found(expr, values, sizes, backend, kept=False)[-1]


def _found(expr: Expr, values: Values, sizes: Sizes, backend: Backend, *, kept: bool) -> list[Any]:
    """The same where NumPy's warnings are off already."""
    found: list[Any] = []
    for node, inputs, done in _steps(expr):
        if isinstance(node, Apply):
            value = applied(node, [found[k] for k in inputs], sizes, backend)
        elif isinstance(node, Variable):
            value = values[node.name]
        elif isinstance(node, Defined):
            value = found[inputs[0]]
        elif isinstance(node, Number):
            value = backend.number(node.value)
        elif isinstance(node, Constant):
            value = backend.constants[node.name]
        else:
            assert isinstance(node, Extent)
            value = backend.number(Fraction(node.size.at(sizes)))
        found.append(value)
        if not kept:
            for k in done:
                found[k] = None
    return found


def applied(node: Apply, arguments: list[Any], sizes: Sizes, backend: Backend) -> Any:
    """The value of one application where its arguments have these values."""
    row = FUNCTIONS[node.function]
    kernel = backend.function(row)
    if kernel is None:
        return _by_definition(row, node, arguments, sizes, backend)
    try:
        if node.parameters:
            value = kernel(*arguments, **{name: resolved(value, sizes) for name, value in node.parameters})
        else:
            value = kernel(*arguments)
    except numpy.linalg.LinAlgError:  # a matrix that has none
        return numpy.full(lengths(node.shape, sizes), numpy.nan)
    if row.kind in (Kind.CONTRACTION, Kind.SHAPE):
        # kernels know arrays only: where a size happens to be 1, a matrix looks like a row
        shape = lengths(node.shape, sizes)
        if backend.numpy.shape(value) != shape:
            return backend.numpy.reshape(value, shape)
    return value


def lengths(shape: Shape, sizes: Sizes) -> tuple[int, ...]:
    """A shape in numbers."""
    return tuple([size.at(sizes) for size in shape])


def sizes_of(known: Mapping[str, Variable], values: Mapping[str, Any]) -> dict[str, int]:
    """The size symbols, read off arrays of the right shape; a value by the name of none of them is itself a size."""
    sizes = {name: int(value) for name, value in values.items() if name not in known}
    for name, variable in known.items():
        for size, length in zip(variable.shape, numpy.shape(values[name]), strict=True):
            if size.name is not None:
                sizes[size.name] = length
    return sizes


def resolved(option: Any, sizes: Sizes) -> Any:
    """What an option (axes, sizes, subscripts, indices) is in numbers."""
    if isinstance(option, Size):
        return option.at(sizes)
    if isinstance(option, Listed):
        return list(option.places)
    if not isinstance(option, tuple):
        return option
    return tuple(
        slice(*(resolved(part, sizes) for part in item)) if isinstance(item, tuple) else resolved(item, sizes)
        for item in option
    )


def _by_definition(row: Row, node: Apply, arguments: list[Any], sizes: Sizes, backend: Backend) -> Any:
    names = row.parameters
    text = (backend.steady and row.steady) or row.definition
    if row.kind is Kind.ELEMENTWISE:
        # what holds for each entry holds for arrays: the definition is typed once, for scalars
        return _inside(meaning(text, names), dict(zip(names, arguments, strict=True)), {}, backend)
    if row.kind is Kind.CORE and "axis" not in row.options:
        return _of_each_matrix(row, text, node, arguments, sizes, backend)
    if "axis" not in row.options:
        body = meaning(text, names, tuple(a.shape for a in node.arguments))
        return _inside(body, dict(zip(names, arguments, strict=True)), sizes, backend)
    np, (x, *others) = backend.numpy, arguments
    order = np.ndim(x)
    given = dict(node.parameters).get("axis", range(order) if row.kind in (Kind.REDUCTION, Kind.SHARE) else (-1,))
    axes = sorted({axis % order for axis in given}) if order else []
    kept = [axis for axis in range(order) if axis not in axes]
    moved = np.transpose(x, (*kept, *axes)) if axes and kept else x
    count = prod(np.shape(x)[axis] for axis in axes)
    shapes = ((Size.named(COUNT),), *(a.shape for a in node.arguments[1:]))
    body = meaning(text, names, shapes)

    def of_row(part: Any) -> Any:
        if backend.steady and (added := shift(row.name)):
            top = np.max(part)
            return top * float(added) + _inside(body, {names[0]: part - top}, {COUNT: count}, backend)
        return _inside(body, dict(zip(names, (part, *others), strict=True)), {**sizes, COUNT: count}, backend)

    if not count or not np.size(x):  # nothing to run along
        return np.zeros(lengths(node.shape, sizes))
    found = None if others else _of_all_rows(row, body, moved, count, backend)
    if found is None:
        slices = [of_row(part) for part in np.reshape(moved, (-1, count))]
        if row.kind is Kind.REDUCTION and not node.shape:
            return slices[0]
        found = np.stack(slices)
    if row.kind is Kind.REDUCTION:
        return np.reshape(found, lengths(node.shape, sizes))
    back = [(*kept, *axes).index(axis) for axis in range(order)]
    return np.transpose(np.reshape(found, np.shape(moved)), back)


def _of_all_rows(row: Row, body: Expr, x: Any, count: int, backend: Backend) -> Any:
    """A definition on each of several rows at once, rounded as on one after the other; None where it cannot be."""
    rows = prod(backend.numpy.shape(x)) // count
    whole = stacked(body, backend.singly) if backend.steady and rows > 1 else None
    if whole is None:
        return None
    np, sizes, (name,) = backend.numpy, {ROWS: rows, COUNT: count}, row.parameters
    lying = np.reshape(np.reshape(x, (-1,)), (rows, count))  # entries of a row beside each other, as when it is alone
    if not (added := shift(row.name)):
        return _inside(whole, {name: lying}, sizes, backend)
    top = np.max(lying, axis=1, keepdims=True)
    return top * float(added) + _inside(whole, {name: lying - top}, sizes, backend)


def _of_each_matrix(row: Row, text: str, node: Apply, arguments: list[Any], sizes: Sizes, backend: Backend) -> Any:
    """A definition for one matrix, on each of a stack of them."""
    given = [a.shape for a in node.arguments]
    (core, *_), _ = parsed(next((s for s in row.signatures if matches(s, given)), row.signatures[0]))
    front = len(node.arguments[0].shape) - len(core)
    loop = node.arguments[0].shape[:front]
    along = [bool(front) and a.shape[:front] == loop for a in node.arguments]
    shapes = tuple(a.shape[front:] if runs else a.shape for a, runs in zip(node.arguments, along, strict=True))
    body = meaning(text, row.parameters, shapes, next(iter(shapes[0]), None))
    if not front:
        return _inside(body, dict(zip(row.parameters, arguments, strict=True)), sizes, backend)
    np = backend.numpy
    parts = []
    for at in numpy.ndindex(*lengths(loop, sizes)):
        values = [value[at] if runs else value for value, runs in zip(arguments, along, strict=True)]
        parts.append(_inside(body, dict(zip(row.parameters, values, strict=True)), sizes, backend))
    return np.reshape(np.stack(parts), lengths(node.shape, sizes))
