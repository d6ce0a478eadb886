"""The Jacobian at small sizes, entry by entry, by SymPy's own `Matrix.jacobian`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import sympy

from jacobian_cli.checks.oracles.alone import alone
from jacobian_cli.checks.oracles.budget import Budget, TooLargeError
from jacobian_cli.checks.oracles.entry_text import greek, indexed
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.checks.oracles.symbolic.entries import element_symbols, every_entry
from jacobian_cli.checks.oracles.symbolic.kernels import EXPANDED, SHOWN, generic
from jacobian_cli.evaluate.evaluate import Backend, lengths
from jacobian_cli.expr import Apply, Defined, Expr, Variable, walk
from jacobian_cli.interned import Portable
from jacobian_cli.ops import FUNCTIONS

MAX_ENTRIES = 400


@dataclass(frozen=True)
class Explicit(Portable):
    """The Jacobian at small sizes, entry by entry, with a label for each row and column, as it is laid out."""

    expr: Expr
    wrt: Variable
    sizes: Mapping[str, int]
    laid: Laid
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    budget: Budget = field(default_factory=Budget, compare=False)
    """For what is worked out when it is asked for."""

    def entry(self, row: int, column: int) -> str:
        """What stands in a place of the table: ∂f₁/∂x₂."""
        of, by = (column, row) if self.laid.turned else (row, column)
        outputs, variables = (self.columns, self.rows) if self.laid.turned else (self.rows, self.columns)
        return f"∂{outputs[of]}/∂{variables[by]}"

    @cached_property
    @alone
    def expanded(self) -> sympy.Matrix:
        """Composite functions replaced by their definitions, SymPy's derivatives only: the proof."""
        return self._table(EXPANDED)

    @cached_property
    @alone
    def matrix(self) -> sympy.Matrix:
        """The same with names kept, for showing; at generic points."""
        named = any(isinstance(node, Apply) and FUNCTIONS[node.function].definition for node in walk([self.expr]))
        table = self._table(SHOWN) if named else self.expanded
        return table.applyfunc(generic) if table.has(sympy.Heaviside, sympy.DiracDelta) else table

    def _table(self, backend: Backend) -> sympy.Matrix:
        out, variable = (lengths(part.shape, self.sizes) for part in (self.expr, self.wrt))
        values = every_entry(self.expr, self.sizes, backend, self.budget, prod(variable))
        values = [values[k] for k in self.laid.places(out)]
        symbols = list(self.laid.flat(element_symbols(self.wrt.name, variable)))
        table = jacobian_of(values, symbols, self.budget)
        return table.T if self.laid.turned else table


@alone
def jacobian_of(values: Sequence[Any], symbols: Sequence[Any], budget: Budget) -> sympy.Matrix:
    """SymPy's Jacobian of some entries by some symbols, one entry after the other. Raises `TooLargeError`."""
    table = sympy.zeros(len(values), len(symbols))
    with budget.spent():
        for i, value in enumerate(values):
            within: set[Any] = getattr(value, "free_symbols", set())  # a number has none
            for j, symbol in enumerate(symbols):
                budget.ask()
                if symbol in within:
                    table[i, j] = sympy.diff(value, symbol)
    return table


def explicit_jacobian(
    expr: Expr,
    wrt: Variable,
    sizes: Mapping[str, int],
    name: str = "f",
    laid: Laid | None = None,
    budget: Budget | None = None,
) -> Explicit:
    """The table of an expression, its entries labelled by `name` or, if it is a definition, by its own: |out|×|in| row
    by row, or as `laid` says.

    Raises `TooLargeError` past 400 entries and, when these are asked for, if they would be too long to write out.
    """
    symbols = element_symbols(wrt.name, lengths(wrt.shape, sizes))
    label = greek(expr.name if isinstance(expr, Defined) else name)
    laid, out = laid or Laid(), lengths(expr.shape, sizes)
    labels = [indexed(label, index) for index in np.ndindex(out)]
    rows = tuple(labels[k] for k in laid.places(out))
    if len(rows) * symbols.size > MAX_ENTRIES:
        raise TooLargeError(f"the table would have {len(rows)} × {symbols.size} entries, more than {MAX_ENTRIES}")
    columns = tuple(symbol.name for symbol in laid.flat(symbols))
    rows, columns = (columns, rows) if laid.turned else (rows, columns)
    return Explicit(expr, wrt, dict(sizes), laid, rows, columns, budget or Budget())
