"""Tables in the layout and vec order in which an answer is printed.

By NumPy's own orders of flattening: nothing of what writes closed forms is used here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Array = Any
Lengths = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Laid:
    """How a table is laid out, in the words that the answer uses.

    >>> Laid("denominator", "column").of(np.arange(6), (), (2, 3)).ravel().tolist()
    [0, 3, 1, 4, 2, 5]
    """

    layout: str = "numerator"
    vec: str = "row"

    @property
    def order(self) -> Literal["C", "F"]:
        """NumPy's letter for it."""
        return "F" if self.vec == "column" else "C"

    @property
    def turned(self) -> bool:
        """Whether the table stands on its side."""
        return self.layout == "denominator"

    def places(self, shape: Lengths) -> list[int]:
        """The entries of a shape, counted row by row, in the order of its vec."""
        return np.arange(np.prod(shape, dtype=int)).reshape(shape).ravel(order=self.order).tolist()

    def shape(self, rows: int, columns: int) -> tuple[int, int]:
        """The shape of the table of so many entries of the output by so many of the variable."""
        return (columns, rows) if self.turned else (rows, columns)

    def of(self, table: Array, out: Lengths, variable: Lengths) -> Array:
        """The table |out| × |variable|, entries of both row by row, as it is laid out here."""
        rows, columns = self.places(out), self.places(variable)
        matrix = np.reshape(table, (len(rows), len(columns)))[np.ix_(rows, columns)]
        return matrix.T if self.turned else matrix

    def flat(self, value: Array) -> Array:
        """The vec of a value."""
        return np.reshape(value, -1, order=self.order)

    def shaped(self, vector: Array, shape: Lengths) -> Array:
        """The value of which this is the vec."""
        return np.reshape(vector, shape, order=self.order)
