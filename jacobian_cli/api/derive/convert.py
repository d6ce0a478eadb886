"""`convert`: a derivative that is already there, as an array or in closed form, from one convention to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from jacobian_cli.api.input.arguments import textual
from jacobian_cli.api.input.problem import ShapeLike, shapes_of
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.reshape import (
    CANONICAL,
    SHAPE,
    Convention,
    Format,
    converted,
    read_convention,
    rearrangement,
)
from jacobian_cli.elaborate import elaborate
from jacobian_cli.printers.language import text
from jacobian_cli.shape import ONE, Shape, product, shape_text
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.parser import parse_statement

Given = TypeVar("Given")
"""A matrix of SymPy's, or an array of NumPy's, PyTorch's or JAX's."""


@overload
def convert(
    derivative: str,
    source: str,
    target: str,
    *,
    out: ShapeLike = (),
    variable: ShapeLike,
    shapes: Mapping[str, ShapeLike] | None = None,
) -> str: ...
@overload
def convert(
    derivative: Sequence[Any] | NDArray[Any],
    source: str,
    target: str,
    *,
    out: ShapeLike = (),
    variable: ShapeLike,
    shapes: Mapping[str, ShapeLike] | None = None,
) -> NDArray[Any]: ...
@overload
def convert(
    derivative: Given,
    source: str,
    target: str,
    *,
    out: ShapeLike = (),
    variable: ShapeLike,
    shapes: Mapping[str, ShapeLike] | None = None,
) -> Given: ...
def convert(
    derivative: object,
    source: str,
    target: str,
    *,
    out: ShapeLike = (),
    variable: ShapeLike,
    shapes: Mapping[str, ShapeLike] | None = None,
) -> object:
    """A derivative written in the convention `source`, in the convention `target`.

    `out` and `variable` are the shapes of the output and of the variable. The conventions, for an output of N
    entries and a variable of M, are

    - `"numerator"`: N × M, row i holding ∂f_i; `"denominator"`: its transpose, M × N. Matrices are flattened row by
      row; `"numerator/column"` and `"denominator/column"` flatten them column by column (Magnus & Neudecker,
      Matrix Differential Calculus, 1988);
    - `"canonical"`: the tensor of all partial derivatives, of shape out + variable, as PyTorch and JAX give it;
    - `"shape"`: of a scalar, its gradient in the shape of the variable.

    `derivative` is an array (NumPy's, PyTorch's, JAX's, or nested lists), a SymPy matrix, or a text of the language;
    the answer is one too. `shapes` declares those of the variables in a text, as for `derive`. Raises `InputError`
    for a convention that does not exist and for shapes that do not fit.

    >>> row = [[1, 2, 3, 4, 5, 6]]
    >>> convert(row, "numerator", "shape", variable=(2, 3)).tolist()
    [[1, 2, 3], [4, 5, 6]]
    >>> convert([[1, 2, 3], [4, 5, 6]], "shape", "denominator/column", variable=(2, 3)).ravel().tolist()
    [1, 4, 2, 5, 3, 6]
    >>> convert("kron(eye(n), x.T)", "numerator", "denominator/column", out="n", variable="n,m", shapes={"x": "m"})
    'kron(x, eye(n))'
    """
    forms = read_format(source), read_format(target)
    given = shapes_of({"out": out, "variable": variable})
    if SHAPE in forms and product(given["out"]) is not ONE:
        raise InputError(
            f"the shape convention is for scalars; this output is {shape_text(given['out'])}",
            hint='"canonical" has all its partial derivatives',
        )
    if isinstance(derivative, str):
        return _rewritten(derivative, *forms, given["out"], given["variable"], shapes_of(shapes))
    return _rearranged(derivative, *forms, _lengths(given["out"]), _lengths(given["variable"]))


def read_format(name: str) -> Format:
    """A convention by its name. Raises `InputError` for a name that there is not.

    >>> read_format("denominator").layout
    <Layout.DENOMINATOR: 'denominator'>
    """
    textual(name, "the name of a convention", 'as in "numerator/column"')
    for other in (CANONICAL, SHAPE):
        if name == other:
            return other
    layout, _, vec = name.partition("/")
    return read_convention(layout, vec or "row")


def _lengths(shape: Shape) -> tuple[int, ...]:
    lengths = tuple(size.value for size in shape)
    if any(length is None for length in lengths):
        raise InputError(f"the shape {shape_text(shape)} of an array is numbers")
    return tuple(length for length in lengths if length is not None)


def _rearranged(derivative: Any, source: Format, target: Format, out: Sequence[int], variable: Sequence[int]) -> Any:
    move = rearrangement(source, target, out, variable)
    if hasattr(derivative, "rows") and hasattr(derivative, "cols"):  # a matrix of SymPy's
        _must_fit(derivative.rows * derivative.cols, move.split)
        entries = list(derivative)
        moved = [entries[k] for k in move.positions()]
        if len(move.shape) <= 2:
            return type(derivative)(*(*move.shape, 1, 1)[:2], moved)
        return np.array(moved, dtype=object).reshape(move.shape)
    array = derivative
    if not (hasattr(derivative, "reshape") and hasattr(derivative, "transpose")):
        try:
            array = np.asarray(derivative)
        except (ValueError, RuntimeError, RecursionError):
            raise InputError("this is not an array", hint="rows must be of one length") from None
    _must_fit(prod(array.shape), move.split)
    return move.of(array)


def _must_fit(entries: int, split: Sequence[int]) -> None:
    if entries != prod(split):
        raise InputError(f"the array has {entries} entries; a derivative of these shapes has {prod(split)}")


def _rewritten(
    derivative: str, source: Format, target: Format, out: Shape, variable: Shape, shapes: Mapping[str, Shape]
) -> str:
    statement = parse_statement(derivative)
    program = elaborate([statement], shapes)
    want = source.shape(out, variable) if isinstance(source, Convention) else (*out, *variable)
    if product(program.output.shape) is not product(want):
        raise InputError(
            f"this is {shape_text(program.output.shape)}; a derivative of these shapes is {shape_text(want)}",
            text=derivative,
            hint="declare the shapes of its variables with shapes=",
        )
    notation = Notation(list(program.variables))
    return text(converted(notation, program.output, source, target, out, variable))
