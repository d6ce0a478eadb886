"""The functions of the table on SymPy's expressions.

Composite functions are replaced by their definitions, or keep their names: in what is shown, σ stays σ. A derivative of
the table's gets into the latter only if SymPy proves it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import lru_cache, partial
from math import prod
from typing import Any, ClassVar

import numpy as np
import sympy

from jacobian_cli.checks.oracles.budget import TooLargeError
from jacobian_cli.checks.oracles.exact_linalg import ExactKernels
from jacobian_cli.checks.oracles.zero_test import Prover
from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.evaluate.evaluate import Backend, evaluate
from jacobian_cli.ops import FUNCTIONS, Kind, Row

ANS = "ans"
DIGITS = 30
_MAX_POWER = 10_000


class Indicator(sympy.Function):  # type: ignore[misc]  # SymPy has no types
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


class Floor(sympy.floor):  # type: ignore[misc]  # SymPy has no types
    """The whole number below; constant at generic points."""

    def _eval_derivative(self, symbol: Any) -> Any:
        return sympy.Integer(0)


class Named(sympy.Function):  # type: ignore[misc]  # SymPy has no types
    """A composite function of the table that keeps its name."""

    row: ClassVar[Row]

    def fdiff(self, argindex: int = 1) -> Any:
        slope = _slope(self.row, argindex - 1)
        return slope.xreplace(dict(zip(_places(self.row), self.args, strict=True)))

    def defined(self) -> Any:
        """What its name stands for."""
        return _meant(self.row.definition, self.row, self.args, EXPANDED)

    def _eval_is_extended_real(self) -> bool:
        return True

    def _eval_evalf(self, prec: int) -> Any:
        return self.defined()._evalf(prec)


@lru_cache(maxsize=256)
def _named_class(row: Row) -> type[Named]:
    return type(row.math or row.name, (Named,), {"row": row, "nargs": len(row.parameters), "__module__": __name__})


def __getattr__(name: str) -> type[Named]:
    """The class of a function by its name, as a pickle of entries asks for it."""
    for row in FUNCTIONS.values():
        if (row.math or row.name) == name and _has_name(row):
            return _named_class(row)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@lru_cache(maxsize=256)
def _slope(row: Row, place: int) -> Any:
    """A named function's derivative to one of its places: the table's if SymPy proves it, else the definition's."""
    places = _places(row)
    value = _meant(row.definition, row, places, EXPANDED)
    true, text = value.diff(places[place]), row.derivative[place]
    if Prover().equal(true, _meant(text, row, (*places, value), EXPANDED)):
        return _meant(text, row, (*places, _named_class(row)(*places)), SHOWN)
    return generic(true)


def _places(row: Row) -> list[Any]:
    return [sympy.Symbol(f"_{name}", real=True) for name in row.parameters]


def _meant(text: str, row: Row, values: Sequence[Any], backend: Backend) -> Any:
    """A text of a row where its parameters, and `ans` if it is given, have these values."""
    names = (*row.parameters, ANS)[: len(values)]
    return evaluate(meaning(text, names), dict(zip(names, values, strict=True)), {}, backend)


def _has_name(row: Row) -> bool:
    """Whether a function keeps its name: SymPy has none for it, and the table knows how to differentiate it."""
    return row.kind is Kind.ELEMENTWISE and row.called and not row.sympy and bool(row.definition and row.derivative)


ZERO = sympy.Integer(0)
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

    def floor(self, x: Any) -> Any:
        return _floor(x)

    def diag(self, x: Any) -> Any:
        return super().diag(x) + ZERO

    def largest(self, x: Any, axis: tuple[int, ...] | None = None) -> Any:
        return _shares(x, axis, sympy.Max, sympy.Gt)

    def smallest(self, x: Any, axis: tuple[int, ...] | None = None) -> Any:
        return _shares(x, axis, sympy.Min, sympy.Lt)

    def one_hot(self, i: Any, *, count: int) -> Any:
        return _integers(np.eye(count))[np.asarray(i, int)]

    def take(self, x: Any, i: Any, *, axis: tuple[int, ...]) -> Any:
        return np.asarray(x, dtype=object)[(slice(None),) * axis[0] + (np.asarray(i, int),)]

    def scatter_add(self, x: Any, i: Any, *, count: int) -> Any:
        places = self.one_hot(i, count=count)
        return np.tensordot(places, np.asarray(x, dtype=object), (range(np.ndim(i)),) * 2)

    def sort(self, x: Any, *, axis: tuple[int, ...] = (-1,)) -> Any:
        return _ordered(np.sort, x, axis)

    def argsort(self, x: Any, *, axis: tuple[int, ...] = (-1,)) -> Any:
        return _ordered(np.argsort, x, axis)

    def unfold(self, x: Any, *, count: int) -> Any:
        x = np.asarray(x, dtype=object)
        return np.stack([x[..., i : i + count] for i in range(x.shape[-1] - count + 1)], axis=-2)

    def fold(self, x: Any) -> Any:
        x = np.asarray(x, dtype=object)
        *front, starts, count = x.shape
        total = _integers(np.zeros((*front, starts + count - 1)))
        for i in range(starts):
            total[..., i : i + count] += x[..., i, :]
        return total

    def correlate(self, x: Any, y: Any) -> Any:
        return self.unfold(x, count=len(y)) @ np.asarray(y, dtype=object)

    def convolve(self, x: Any, y: Any) -> Any:
        return self.fold(np.multiply.outer(np.asarray(x, dtype=object), np.asarray(y, dtype=object)))

    def logdet(self, x: Any) -> Any:
        return _logarithm(self.det(x))


def _constant(kernel: Callable[..., Any], **options: Any) -> Any:
    """What is made of sizes alone."""
    return _integers(kernel(np, **options))


def _ordered(function: Callable[..., Any], x: Any, axis: tuple[int, ...]) -> Any:
    """Numbers have an order, and symbols none."""
    try:
        return function(x, axis=axis[0])
    except TypeError:
        raise TooLargeError(f"SymPy knows no {function.__name__} of symbols") from None


def _shares(x: Any, axis: tuple[int, ...] | None, extreme: Any, beats: Any) -> Any:
    """1(xᵢ > max of the others), shared by those that are one expression, or equal wherever they are looked at."""
    x = np.asarray(x, dtype=object) + ZERO  # what a mask made zero is a number of Python
    order = np.ndim(x)
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
    point = {s: sympy.Float(chooser.uniform(0.1, 0.9), 2 * DIGITS) for s in symbols}
    values = [sympy.N(entry.xreplace(point), 2 * DIGITS) for entry in entries]
    groups: list[list[int]] = []
    known: dict[Any, list[int]] = {}
    for k, value in enumerate(values):
        key = sympy.N(value, DIGITS) if value.is_number and value.is_finite else entries[k]
        group = known.setdefault(key, [])
        group.append(k)
        groups.append(group)
    return groups


def _power(x: Any, y: Any) -> Any:
    """A power, unless it is a number of very many digits."""
    if isinstance(y, sympy.Expr) and y.is_number and abs(sympy.N(y)) > _MAX_POWER:
        raise TooLargeError("a power is too large to be written out")
    return x**y


_floor = np.frompyfunc(Floor, 1, 1)
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
    if row.kernel is not None and not row.parameters:
        return partial(_constant, row.kernel)
    if row.kernel is not None and row.moves:
        return partial(row.kernel, np)
    if row.kernel is not None and name not in _OWN and row.kind is not Kind.CONTRACTION:
        raise TooLargeError(f"SymPy knows no {row.name}")
    kernel: Callable[..., Any] | None = getattr(_KERNELS, name) if name in _OWN else _KERNELS.of(row)
    return kernel


def _backend(*, named: bool) -> Backend:
    def number(value: Fraction) -> Any:
        return sympy.Rational(value.numerator, value.denominator)

    return Backend(np, number, {"pi": sympy.pi, "e": sympy.E, "inf": sympy.oo}, lambda row: _function(row, named=named))


EXPANDED, SHOWN = _backend(named=False), _backend(named=True)


def generic(entry: Any) -> Any:
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
