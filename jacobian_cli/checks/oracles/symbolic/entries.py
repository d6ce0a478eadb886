"""The entries of a value on element symbols, `x₁`, `W₁₂`, at small sizes."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
import sympy

from jacobian_cli.checks.oracles.alone import alone
from jacobian_cli.checks.oracles.budget import Budget, TooLargeError
from jacobian_cli.checks.oracles.entry_text import greek, indexed, length
from jacobian_cli.checks.oracles.symbolic.kernels import EXPANDED, SHOWN, ZERO, generic
from jacobian_cli.evaluate.evaluate import Backend, evaluate, lengths
from jacobian_cli.expr import Apply, Defined, Expr, Variable, rebuild, variables, walk
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.places import places_of

MAX_OPERATIONS = 60_000
"""Operations in all entries of a function, written out, times the symbols they are differentiated by."""
_MAX_LENGTH = 20_000


class _Spelled(sympy.Symbol):  # type: ignore[misc]  # SymPy has no types
    """The symbol of a Greek letter that was spelled out: `delta` looks like `δ` and is another variable."""


@lru_cache(maxsize=512)
def element_symbols(name: str, shape: tuple[int, ...], positive: bool = False) -> Any:
    """The entries of a variable as real symbols, `x₁`, `W₁₂`; a scalar is an array without axes. Symbols that are
    `positive` are others, whatever their names.

    >>> element_symbols("W", (2, 2)).tolist(), element_symbols("delta", ()).item()
    ([[W₁₁, W₁₂], [W₂₁, W₂₂]], δ)
    """
    shown = greek(name)
    make = sympy.Symbol if shown == name else _Spelled
    symbols = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        symbols[index] = make(indexed(shown, index), **({"positive": True} if positive else {"real": True}))
    symbols.flags.writeable = False
    return symbols


@alone
def entries_of(
    expr: Expr, sizes: Mapping[str, int], shape: tuple[int, int] | None = None, budget: Budget | None = None
) -> sympy.Matrix:
    """The entries of a closed form on the same element symbols, expanded; a vector is a column.

    With `shape` the entries, row by row, become a matrix of that shape.
    """
    entries, own = every_entry(expr, sizes, EXPANDED, budget or Budget()), lengths(expr.shape, sizes)
    return sympy.Matrix(*(shape or (own if len(own) == 2 else (len(entries), 1))), entries)


@alone
def abbreviated(
    matrix: sympy.Matrix, where: Mapping[str, Expr], sizes: Mapping[str, int], budget: Budget | None = None
) -> sympy.Matrix:
    """A table with names kept in which the entries of what `where` defines stand as `h₁`, `h₂`."""
    names: dict[Any, Any] = {}
    budget = budget or Budget()
    for name, body in where.items():
        symbols = element_symbols(name, lengths(body.shape, sizes))
        for value, symbol in zip(every_entry(body, sizes, SHOWN, budget), symbols.flat, strict=True):
            if value.args:
                names.setdefault(generic(value), symbol)
    return matrix.xreplace(names) if names else matrix


@alone
def entries_in_names(
    expr: Expr,
    names: Container[str],
    sizes: Mapping[str, int],
    shape: tuple[int, int],
    budget: Budget | None = None,
) -> sympy.Matrix:
    """The entries of a closed form in which `names` of its *where* list stand for themselves: p₁ − p₁²."""
    kept = rebuild(
        expr, lambda node: Variable(node.name, node.shape) if isinstance(node, Defined) and node.name in names else None
    )
    return sympy.Matrix(*shape, [generic(entry) for entry in every_entry(kept, sizes, SHOWN, budget or Budget())])


def _must_be_short(expr: Expr, sizes: Mapping[str, int]) -> None:
    """Refuse, before it is built, an expression whose entries would be too long: SymPy's trees share nothing."""
    lengths: dict[Expr, int] = {}
    for node in walk([expr]):
        inside = sum(lengths[child] for child in node.children)
        if isinstance(node, Apply):
            read = max((prod(s.at(sizes) for s in a.shape) for a in node.arguments), default=1)
            written = prod(s.at(sizes) for s in node.shape)
            kind = FUNCTIONS[node.function].kind
            if kind is Kind.CONTRACTION:
                inside *= max(1, max((a.shape[-1].at(sizes) for a in node.arguments if a.shape), default=1))
            elif kind not in (Kind.ELEMENTWISE, Kind.SHAPE):
                inside *= max(2, read // max(1, written), read if kind is Kind.ROW else 1)
        lengths[node] = inside + 1
        if lengths[node] > _MAX_LENGTH:
            raise TooLargeError(f"written out, an entry would take over {_MAX_LENGTH:,} operations")


def every_entry(expr: Expr, sizes: Mapping[str, int], backend: Backend, budget: Budget, by: int = 1) -> list[Any]:
    """The entries of a value on element symbols, row by row."""

    def function(row: Row) -> Callable[..., Any] | None:
        budget.ask()
        return backend.function(row)

    _must_be_short(expr, sizes)
    symbols = {n: element_symbols(n, lengths(v.shape, sizes))[()] for n, v in variables(expr).items()}
    for name, among in places_of([expr]).items():  # places are numbers: 0, 1, …, in turn
        shape = lengths(variables(expr)[name].shape, sizes)
        symbols[name] = np.reshape(np.arange(prod(shape)) % min(size.at(sizes) for size in among), shape)
    with budget.spent():
        entries = list(np.ravel(evaluate(expr, symbols, sizes, replace(backend, function=function)) + ZERO))
    operations = by * length(entries)
    if operations > MAX_OPERATIONS:
        raise TooLargeError(
            f"written out, the entries would take {operations:,} operations, more than {MAX_OPERATIONS:,}"
        )
    return entries
