"""A convention: which axes of a derivative run through the rows of its matrix, which through its columns, and in
what order.

    numerator layout     row i, column j holds ∂f_i/∂x_j: |out| × |in|
    denominator layout   its transpose: |in| × |out|
    row vec              entries of a matrix row by row: the last index runs fastest
    column vec           entries column by column, the vec of Magnus & Neudecker: the first index runs fastest
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from jacobian_cli.shape import Shape, Size, product
from jacobian_cli.syntax.errors import InputError

Axes = tuple[int, ...]


class Layout(StrEnum):
    """Whether the output (the numerator of ∂f/∂x) or the variable runs down the rows."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"


class Vec(StrEnum):
    """In what order the entries of a matrix stand in a vector."""

    ROW = "row"
    COLUMN = "column"

    def order(self, axes: Axes) -> Axes:
        """Axes from the slowest to the fastest."""
        return axes if self is Vec.ROW else axes[::-1]


class Convention(NamedTuple):
    """One way of making a derivative a matrix.

    >>> str(Convention(Layout.DENOMINATOR, Vec.COLUMN))
    'denominator/column'
    """

    layout: Layout = Layout.NUMERATOR
    vec: Vec = Vec.ROW

    def axes(self, out_order: int, order: int) -> tuple[Axes, Axes]:
        """The axes of rows and of columns, each from the slowest to the fastest.

        >>> Convention(Layout.DENOMINATOR, Vec.COLUMN).axes(1, 3)
        ((2, 1), (0,))
        """
        out = self.vec.order(tuple(range(out_order)))
        variable = self.vec.order(tuple(range(out_order, order)))
        return (out, variable) if self.layout is Layout.NUMERATOR else (variable, out)

    def shape(self, out: Shape, variable: Shape) -> tuple[Size, Size]:
        """The rows and columns of the matrix."""
        rows, columns = product(out), product(variable)
        return (rows, columns) if self.layout is Layout.NUMERATOR else (columns, rows)

    def __str__(self) -> str:
        return f"{self.layout}/{self.vec}"


NUMERATOR_ROW = Convention()
CONVENTIONS = tuple(Convention(layout, vec) for layout in Layout for vec in Vec)
"""All there are, the lecture's first."""


def jacobian_shape(out: Shape, variable: Shape) -> tuple[Size, Size]:
    """|out| × |in|."""
    return NUMERATOR_ROW.shape(out, variable)


def read_convention(layout: str = "numerator", vec: str = "row") -> Convention:
    """A convention from its words. Raises `InputError` for words that name none.

    >>> read_convention("denominator").vec
    <Vec.ROW: 'row'>
    """
    asked: list[tuple[str, object, type[Layout | Vec]]] = [("layout", layout, Layout), ("vec", vec, Vec)]
    for word, kind, words in asked:
        if not isinstance(kind, str) or kind not in tuple(words):
            raise InputError(f"there is no {word} '{kind}'", hint=f"it is {' or '.join(words)}")
    return Convention(Layout(layout), Vec(vec))
