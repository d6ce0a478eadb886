"""The one door to SymPy: every entry of a Jacobian at small sizes, by SymPy's own `Matrix.jacobian`.

Two tables: the proof, in which composite functions are replaced by their definitions and nothing but SymPy's
derivatives occurs; and the one that is shown, in which σ stays σ. A derivative of the table's gets into the latter
only if the former proves it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import product
from math import prod
from typing import Any, ClassVar

import numpy as np
import sympy
from sympy import Matrix

from jacobian_cli.checks.oracles.alone import alone
from jacobian_cli.checks.oracles.budget import Budget, TooLargeError
from jacobian_cli.checks.oracles.entry_text import entry_text, greek, indexed, length
from jacobian_cli.checks.oracles.exact_linalg import ExactKernels
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.checks.oracles.zero_test import Prover
from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.evaluate.evaluate import Backend, evaluate, lengths
from jacobian_cli.expr import Apply, Defined, Expr, Variable, rebuild, variables, walk
from jacobian_cli.interned import Portable
from jacobian_cli.ops import FUNCTIONS, Kind, Row

__all__ = [
    "ExactResult",
    "Explicit",
    "Matrix",
    "TooLargeError",
    "abbreviated",
    "difference",
    "element_symbols",
    "entries_in_names",
    "entries_of",
    "entry_text",
    "explicit_jacobian",
]
ANS = "ans"
MAX_ENTRIES = 400
MAX_OPERATIONS = 60_000
"""Operations in all entries of a function, written out, times the symbols they are differentiated by."""
_DIGITS = 30
_POINTS = 3

_MAX_POWER = 10_000
_MAX_LENGTH = 20_000


class _Spelled(sympy.Symbol):  # type: ignore[misc]
    """The symbol of a Greek letter that was spelled out: `delta` looks like `δ` and is another variable."""


class Indicator(sympy.Function):  # type: ignore[misc]
    """1(condition): 1 where it holds, else 0; constant at generic points."""

    nargs = 1

    @classmethod
    def eval(cls, condition: Any) -> Any:
        if condition in (sympy.true, sympy.false):
            return sympy.Integer(int(bool(condition)))
        if isinstance(condition, sympy.Rel) and isinstance(condition.lhs, cls) and condition.rhs == 0:
            return {sympy.Ne: condition.lhs, sympy.Eq: 1 - condition.lhs}.get(type(condition))
        return None

    def _eval_is_nonnegative(self) -> bool:
        return True

    def _eval_derivative(self, symbol: Any) -> Any:
        return sympy.Integer(0)


class _Named(sympy.Function):  # type: ignore[misc]
    """A composite function of the table that keeps its name."""

    row: ClassVar[Row]

    def fdiff(self, argindex: int = 1) -> Any:
        slope = _slope(self.row, argindex - 1)
        return slope.xreplace(dict(zip(_places(self.row), self.args, strict=True)))

    def defined(self) -> Any:
        """What its name stands for."""
        return _meant(self.row.definition, self.row, self.args, _EXPANDED)

    def _eval_is_extended_real(self) -> bool:
        return True

    def _eval_evalf(self, prec: int) -> Any:
        return self.defined()._evalf(prec)


@lru_cache(maxsize=256)
def _named_class(row: Row) -> type[_Named]:
    return type(row.math or row.name, (_Named,), {"row": row, "nargs": len(row.parameters), "__module__": __name__})


def __getattr__(name: str) -> type[_Named]:
    """The class of a function by its name, as a pickle of entries asks for it."""
    for row in FUNCTIONS.values():
        if (row.math or row.name) == name and _has_name(row):
            return _named_class(row)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@lru_cache(maxsize=256)
def _slope(row: Row, place: int) -> Any:
    """A named function's derivative to one of its places: the table's if SymPy proves it, else the definition's."""
    places = _places(row)
    value = _meant(row.definition, row, places, _EXPANDED)
    true, text = value.diff(places[place]), row.derivative[place]
    if Prover().equal(true, _meant(text, row, (*places, value), _EXPANDED)):
        return _meant(text, row, (*places, _named_class(row)(*places)), _SHOWN)
    return _generic(true)


def _places(row: Row) -> list[Any]:
    return [sympy.Symbol(f"_{name}", real=True) for name in row.parameters]


def _meant(text: str, row: Row, values: Sequence[Any], backend: Backend) -> Any:
    """A text of a row where its parameters, and `ans` if it is given, have these values."""
    names = (*row.parameters, ANS)[: len(values)]
    return evaluate(meaning(text, names), dict(zip(names, values, strict=True)), {}, backend)


def _has_name(row: Row) -> bool:
    """Whether a function keeps its name: SymPy has none for it, and the table knows how to differentiate it."""
    return row.kind is Kind.ELEMENTWISE and row.called and not row.sympy and bool(row.definition and row.derivative)


_ZERO = sympy.Integer(0)
"""Added to arrays that NumPy may have filled with zeros of its own."""


class _Symbolic(ExactKernels):
    """The kernels on arrays of SymPy's expressions."""

    def where(self, c: Any, x: Any, y: Any) -> Any:
        return np.frompyfunc(_where, 3, 1)(c, x, y)

    def eye(self, *, sizes: tuple[int, ...]) -> Any:
        return _integers(np.eye(sizes[0]))

    def ones(self, *, sizes: tuple[int, ...]) -> Any:
        return _integers(np.ones(sizes))

    def zeros(self, *, sizes: tuple[int, ...]) -> Any:
        return _integers(np.zeros(sizes))

    def index(self, x: Any, *, index: tuple[Any, ...]) -> Any:
        return np.asarray(x, dtype=object)[index]

    def power(self, x: Any, y: Any) -> Any:
        return np.frompyfunc(_power, 2, 1)(x, y)

    def diag(self, x: Any) -> Any:
        return super().diag(x) + _ZERO

    def largest(self, x: Any, axis: tuple[int, ...] | None = None) -> Any:
        return _shares(x, axis, sympy.Max, sympy.Gt)

    def smallest(self, x: Any, axis: tuple[int, ...] | None = None) -> Any:
        return _shares(x, axis, sympy.Min, sympy.Lt)

    def logdet(self, x: Any) -> Any:
        return _logarithm(self.det(x))


def _shares(x: Any, axis: tuple[int, ...] | None, extreme: Any, beats: Any) -> Any:
    """1(xᵢ > max of the others), shared by those that are one expression, or equal wherever they are looked at."""
    x = np.asarray(x, dtype=object)
    order = x.ndim
    axes = list(range(order)) if axis is None else sorted(k % order for k in axis)
    kept = [k for k in range(order) if k not in axes]
    turned = np.transpose(x, (*kept, *axes))
    rows = turned.reshape(prod(turned.shape[: len(kept)]), -1)
    found = np.empty(rows.shape, dtype=object)
    for row, entries in zip(found, rows, strict=True):
        alike = _alike(entries)
        for k, group in enumerate(alike):
            others = [entries[j] for j in {g[0]: None for g in alike if g is not group}]
            wins = Indicator(beats(entries[group[0]], extreme(*others))) if others else sympy.Integer(1)
            row[k] = wins / len(group)
    return np.transpose(found.reshape(turned.shape), np.argsort((*kept, *axes)))[()]


def _alike(entries: Iterable[Any]) -> list[list[int]]:
    """For each entry, the places of all that are equal to it: told by their values at a point."""
    entries = list(entries)
    symbols = sorted(set().union(*(entry.free_symbols for entry in entries)), key=str)
    chooser = random.Random(0)
    point = {s: sympy.Float(chooser.uniform(0.1, 0.9), 2 * _DIGITS) for s in symbols}
    values = [sympy.N(entry.xreplace(point), 2 * _DIGITS) for entry in entries]
    groups: list[list[int]] = []
    known: dict[Any, list[int]] = {}
    for k, value in enumerate(values):
        key = sympy.N(value, _DIGITS) if value.is_number and value.is_finite else entries[k]
        group = known.setdefault(key, [])
        group.append(k)
        groups.append(group)
    return groups


def _power(x: Any, y: Any) -> Any:
    """A power, unless it is a number of very many digits."""
    if isinstance(y, sympy.Expr) and y.is_number and abs(sympy.N(y)) > _MAX_POWER:
        raise TooLargeError("a power is too large to be written out")
    return x**y


_logarithm = np.frompyfunc(sympy.log, 1, 1)
_integers = np.frompyfunc(lambda entry: sympy.Integer(int(entry)), 1, 1)
_KERNELS = _Symbolic()
_OWN = {*vars(_Symbolic), *vars(ExactKernels)}
"""Kernels that are preferred to a definition."""


def _where(c: Any, x: Any, y: Any) -> Any:
    condition = c.args[0] if isinstance(c, Indicator) else sympy.Ne(c, 0)
    return sympy.Piecewise((x, condition), (y, True))


def _lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Comparisons are numbers here, 0 or 1."""

    def lifted(*arguments: Any) -> Any:
        value = function(*arguments)
        return Indicator(value) if isinstance(value, sympy.logic.boolalg.Boolean) and not value.is_Symbol else value

    return lifted


@lru_cache(maxsize=256)
def _entrywise(name: str, count: int) -> Callable[..., Any]:
    found: Callable[..., Any] = np.frompyfunc(_lifted(getattr(sympy, name)), count, 1)
    return found


def _reduction(name: str) -> Callable[..., Any]:
    step: Any = _entrywise(name, 2)

    def reduction(x: Any, axis: tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
        axes = tuple(range(np.ndim(x))) if axis is None else tuple(k % np.ndim(x) for k in axis)
        for k in axes:
            x = step.reduce(x, axis=k, keepdims=True)
        return x if keepdims else np.squeeze(x, axes)[()]

    return reduction


def _function(row: Row, *, named: bool) -> Callable[..., Any] | None:
    if named and _has_name(row):
        return np.frompyfunc(_named_class(row), len(row.parameters), 1)
    if row.of_two:
        return _reduction(FUNCTIONS[row.of_two].sympy)
    if row.sympy and hasattr(sympy, row.sympy):
        return _entrywise(row.sympy, len(row.parameters))
    name = row.numpy or row.name
    if row.called and row.definition and name not in _OWN:
        return None
    if row.kernel is not None and name not in _OWN:
        raise TooLargeError(f"SymPy knows no {row.name}")
    kernel: Callable[..., Any] | None = getattr(_KERNELS, name) if row.numpy or row.kernel else None
    return kernel


def _backend(*, named: bool) -> Backend:
    def number(value: Fraction) -> Any:
        return sympy.Rational(value.numerator, value.denominator)

    return Backend(np, number, {"pi": sympy.pi, "e": sympy.E, "inf": sympy.oo}, lambda row: _function(row, named=named))


_EXPANDED, _SHOWN = _backend(named=False), _backend(named=True)


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
        return self._table(_EXPANDED)

    @cached_property
    @alone
    def matrix(self) -> sympy.Matrix:
        """The same with names kept, for showing; at generic points."""
        named = any(isinstance(node, Apply) and FUNCTIONS[node.function].definition for node in walk([self.expr]))
        table = self._table(_SHOWN) if named else self.expanded
        return table.applyfunc(_generic) if table.has(sympy.Heaviside, sympy.DiracDelta) else table

    def _table(self, backend: Backend) -> sympy.Matrix:
        out, variable = (lengths(part.shape, self.sizes) for part in (self.expr, self.wrt))
        values = _entries(self.expr, self.sizes, backend, self.budget, prod(variable))
        values = [values[k] for k in self.laid.places(out)]
        symbols = list(self.laid.flat(element_symbols(self.wrt.name, variable)))
        table = jacobian_of(values, symbols, self.budget)
        return table.T if self.laid.turned else table


@alone
def jacobian_of(values: Sequence[Any], symbols: Sequence[Any], budget: Budget) -> sympy.Matrix:
    """SymPy's Jacobian of some entries by some symbols, one entry after the other. Raises `TooLargeError`."""
    table = sympy.zeros(len(values), len(symbols))
    with budget.spent():
        for (i, value), (j, symbol) in product(enumerate(values), enumerate(symbols)):
            budget.ask()
            table[i, j] = sympy.Matrix([value]).jacobian([symbol])[0]
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


@alone
def entries_of(
    expr: Expr, sizes: Mapping[str, int], shape: tuple[int, int] | None = None, budget: Budget | None = None
) -> sympy.Matrix:
    """The entries of a closed form on the same element symbols, expanded; a vector is a column.

    With `shape` the entries, row by row, become a matrix of that shape.
    """
    entries, own = _entries(expr, sizes, _EXPANDED, budget or Budget()), lengths(expr.shape, sizes)
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
        for value, symbol in zip(_entries(body, sizes, _SHOWN, budget), symbols.flat, strict=True):
            if value.args:
                names.setdefault(_generic(value), symbol)
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
    return sympy.Matrix(*shape, [_generic(entry) for entry in _entries(kept, sizes, _SHOWN, budget or Budget())])


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


def _entries(expr: Expr, sizes: Mapping[str, int], backend: Backend, budget: Budget, by: int = 1) -> list[Any]:
    """The entries of a value on element symbols, row by row."""

    def function(row: Row) -> Callable[..., Any] | None:
        budget.ask()
        return backend.function(row)

    _must_be_short(expr, sizes)
    symbols = {n: element_symbols(n, lengths(v.shape, sizes))[()] for n, v in variables(expr).items()}
    with budget.spent():
        entries = list(np.ravel(evaluate(expr, symbols, sizes, replace(backend, function=function)) + _ZERO))
    operations = by * length(entries)
    if operations > MAX_OPERATIONS:
        raise TooLargeError(
            f"written out, the entries would take {operations:,} operations, more than {MAX_OPERATIONS:,}"
        )
    return entries


def _generic(entry: Any) -> Any:
    """An entry at generic points: no DiracDelta, and an indicator for each Heaviside."""
    if not entry.has(sympy.Heaviside, sympy.DiracDelta):
        return entry
    return entry.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0)).replace(sympy.Heaviside, _indicator)


def _indicator(argument: Any, *_: Any) -> Any:
    """1(a > b) for Heaviside(a - b)."""
    terms = sympy.Add.make_args(argument)
    left = sympy.Add(*(t for t in terms if not t.could_extract_minus_sign()))
    right = sympy.Add(*(-t for t in terms if t.could_extract_minus_sign()))
    return Indicator(sympy.Lt(right, 0, evaluate=False) if left == 0 else sympy.Gt(left, right))


@dataclass(frozen=True, slots=True)
class ExactResult:
    """Whether two tables are equal, and whether that was proved (`exact`) or seen at random points.

    `worst` is the entry, counted from 0, where they differ most: by the relative `error`, at a point where it has
    these two `values`. Where no point was found to decide, `decided` is False.
    """

    equal: bool
    exact: bool
    error: float = 0.0
    worst: tuple[int, int] | None = None
    values: tuple[float, float] | None = None
    decided: bool = True


@alone
def difference(a: sympy.Matrix, b: sympy.Matrix, seed: int = 0, budget: Budget | None = None) -> ExactResult:
    """Compare two tables: entry by entry exactly where that is cheap, else to 30 digits at three random points.

    Raises `TooLargeError` where the budget is spent.
    """
    if a.shape != b.shape:
        raise AssertionError(f"tables of shapes {a.shape} and {b.shape}")
    budget = budget or Budget()
    with budget.spent():
        return _difference(_unnamed(a), _unnamed(b), seed, budget)


def _difference(a: sympy.Matrix, b: sympy.Matrix, seed: int, budget: Budget) -> ExactResult:
    prover, unproved = Prover(), []
    for i, j in product(*map(range, a.shape)):
        budget.ask()
        if not prover.equal(a[i, j], b[i, j]):
            unproved.append((i, j))
    if not unproved:
        return ExactResult(True, True)
    entries = [table[at] for at in unproved for table in (a, b)]
    symbols = sorted(set().union(*(entry.free_symbols for entry in entries)), key=str)
    roots = _must_be_positive(entries)
    chooser, error, met = random.Random(seed), 0.0, 0
    for attempt in range(4 * _POINTS):
        low, high = ((-150, 150), (10, 90))[attempt % 2]
        span = range(low * len(symbols), high * len(symbols) + 1)  # no two alike: ties are kinks
        places = chooser.sample(span, len(symbols))
        point = {
            s: sympy.Float(sympy.Rational(abs(place) if s.is_positive else place, 101 * len(symbols)), 2 * _DIGITS)
            for s, place in zip(symbols, places, strict=True)
        }
        if not all((value := _at(root, point, budget)) is not None and value > 0 for root in roots):
            continue
        pairs = {at: (_at(a[at], point, budget), _at(b[at], point, budget)) for at in unproved}
        if any(value is None for pair in pairs.values() for value in pair):
            continue
        gaps = {at: float(abs(x - y) / max(1, abs(x), abs(y))) for at, (x, y) in pairs.items()}
        worst = max(gaps, key=lambda at: gaps[at])
        error, met = max(error, gaps[worst]), met + 1
        if gaps[worst] > 10.0**-_DIGITS:
            left, right = pairs[worst]
            return ExactResult(False, False, error, worst, (float(left), float(right)))
        if met == _POINTS:
            break
    return ExactResult(met > 0, False, error, decided=met > 0)


def _must_be_positive(entries: Sequence[Any]) -> set[Any]:
    """What stands under roots and logarithms: where it is negative an entry may be real, and mean nothing."""
    powers = {power for entry in entries for power in entry.atoms(sympy.Pow) if not power.exp.is_Integer}
    logarithms = {log for entry in entries for log in entry.atoms(sympy.log)}
    return {power.base for power in powers} | {log.args[0] for log in logarithms}


def _unnamed(table: sympy.Matrix) -> sympy.Matrix:
    """A table with every name replaced by its definition."""
    while named := table.atoms(_Named):
        table = table.xreplace({f: f.defined() for f in named})
    return table


def _at(entry: Any, point: Mapping[Any, Any], budget: Budget) -> Any:
    """The real number that an entry is at a point; None if it is none."""
    budget.ask()
    value = sympy.N(entry.xreplace(point), 2 * _DIGITS)
    return value if value.is_Number and value.is_finite and value.is_extended_real else None
