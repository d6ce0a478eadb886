"""The door to SymPy: the explicit Jacobian that a student would write, entry by entry.

SymPy differentiates on its own (`Matrix.jacobian`): for the proof every function is expanded to its definition,
for display the functions keep their names, and a name's derivative is shown in names only where SymPy has
proven it equal to the derivative of the definition. A wrong rule of the table can thus reach neither.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from time import monotonic
from typing import Any

import numpy as np
import sympy

from jacobian_cli.checks.evaluate import Backend, evaluate, meaning
from jacobian_cli.checks.kernels import Kernels
from jacobian_cli.expr import Expr, Variable, variables
from jacobian_cli.ops import Kind, Row

Entry = Any
_SUBSCRIPTS = str.maketrans("0123456789,", "₀₁₂₃₄₅₆₇₈₉,")
_EXACT_OPERATIONS = 240
_EXACT_SECONDS = 1.5
"""Differences of more operations than this, and all when algebra has taken so long, are compared numerically, to
thirty digits."""
_DIGITS = 30
_EXPANDED_MATRIX = 3
"""Determinants and inverses of matrices up to this size are expanded."""


@dataclass(frozen=True, slots=True)
class Explicit:
    """SymPy's Jacobian with its labels: `matrix` keeps names, `expanded` holds definitions only."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    matrix: sympy.Matrix
    expanded: sympy.Matrix


@dataclass(frozen=True, slots=True)
class ExactResult:
    """Whether two matrices are equal, whether that is proven, and where they differ most."""

    equal: bool
    exact: bool
    error: float = 0.0
    worst: tuple[int, int] | None = None
    values: tuple[float, float] | None = None


def element_symbols(name: str, shape: tuple[int, ...]) -> Any:
    """One SymPy symbol per entry, as an object array: `W₁₁ W₁₂ …`; a scalar is one symbol.

    >>> [str(s) for s in element_symbols("x", (2,))]
    ['x₁', 'x₂']
    """
    shown = shown_name(name)
    if not shape:
        return np.array(sympy.Symbol(shown, real=True), dtype=object)
    wide = max(shape) > 9
    cells = [
        sympy.Symbol(shown + ("," if wide else "").join(str(k + 1) for k in place).translate(_SUBSCRIPTS), real=True)
        for place in product(*(range(length) for length in shape))
    ]
    return np.array(cells, dtype=object).reshape(shape)


def shown_name(name: str) -> str:
    """A name as it is shown in labels: spelled Greek letters become the letters. The 1 of `W1` stays on the
    line, since subscripts count entries.
    """
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    try:
        return unicodedata.lookup(f"GREEK SMALL LETTER {stem.upper()}") + digits if len(stem) > 1 else stem + digits
    except KeyError:
        return stem + digits


def output_labels(name: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    """The labels of the entries of a value, row by row."""
    return tuple(str(symbol) for symbol in np.reshape(element_symbols(name, shape), -1))


def explicit_jacobian(output: Expr, wrt: Variable, sizes: Mapping[str, int], name: str = "f") -> Explicit:
    """The Jacobian of an expression at concrete sizes, by SymPy's `Matrix.jacobian`."""
    values = _element_values(output, sizes, wrt)
    inputs = list(np.reshape(values[wrt.name], -1))
    shape = tuple(size.at(sizes) for size in output.shape)
    named = _column(evaluate(output, values, sizes, _named_backend())).jacobian(inputs).applyfunc(_tidy)
    expanded = _column(evaluate(output, values, sizes, _expanded_backend())).jacobian(inputs).applyfunc(_tidy)
    return Explicit(output_labels(name, shape), tuple(map(str, inputs)), named, expanded)


def entries_of(expr: Expr, sizes: Mapping[str, int]) -> sympy.Matrix:
    """A closed form on element symbols, its functions expanded, as a column of entries row by row."""
    return _column(evaluate(expr, _element_values(expr, sizes), sizes, _expanded_backend()))


def abbreviated(matrix: sympy.Matrix, bodies: Mapping[str, Expr], sizes: Mapping[str, int]) -> sympy.Matrix:
    """The matrix with the entries of what has a name written by that name: h₁ for σ(W₁₁x₁ + …)."""
    for name, body in reversed(list(bodies.items())):
        entries = np.reshape(evaluate(body, _element_values(body, sizes), sizes, _named_backend()), -1)
        symbols = np.reshape(element_symbols(name, tuple(size.at(sizes) for size in body.shape)), -1)
        named = {e: s for e, s in zip(entries, symbols, strict=True) if isinstance(e, sympy.Expr) and e.args}
        matrix = matrix.xreplace(named)
    return matrix


def _element_values(expr: Expr, sizes: Mapping[str, int], *more: Variable) -> dict[str, Any]:
    known = variables(expr) | {v.name: v for v in more}
    return {n: element_symbols(n, tuple(size.at(sizes) for size in v.shape)) for n, v in known.items()}


def _column(value: Any) -> sympy.Matrix:
    entries = list(np.reshape(np.asarray(value, dtype=object), -1))
    return sympy.Matrix(len(entries), 1, entries)


def _tidy(entry: Entry) -> Entry:
    """At generic points: no impulses, steps are indicators."""
    if entry.has(sympy.DiracDelta):
        entry = entry.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))
    if entry.has(sympy.Heaviside):
        entry = entry.replace(sympy.Heaviside, lambda x, *_: _indicator(_compared(x)))
    return entry.doit() if entry.has(sympy.Derivative, sympy.Subs) else entry


def _compared(difference: Entry) -> Any:
    """x − y > 0 is written x > y."""
    above = [t for t in sympy.Add.make_args(difference) if not t.could_extract_minus_sign()]
    below = [-t for t in sympy.Add.make_args(difference) if t.could_extract_minus_sign()]
    return sympy.Add(*above) > sympy.Add(*below)


# what rows mean in SymPy


def _indicator(condition: Any) -> Entry:
    return sympy.Piecewise((1, condition), (0, True))


def _where(condition: Any, x: Entry, y: Entry) -> Entry:
    if isinstance(condition, sympy.Piecewise):
        return sympy.Piecewise((x, condition.args[0][1]), (y, True))
    return sympy.Piecewise((x, sympy.Ne(condition, 0)), (y, True))


def _symbolic(row: Row) -> Callable[..., Entry] | None:
    """SymPy's own function for a row."""
    if not row.sympy:
        return None
    if row.sympy == "where":
        return _where
    function = getattr(sympy, row.sympy)
    if row.indicator:
        return lambda x, y: _indicator(function(x, y))
    found: Callable[..., Entry] = function
    return found


class TooLargeError(Exception):
    """An expansion in symbols that would not end in reasonable time."""


class _ExactKernels(Kernels):
    """What NumPy computes in floats, in exact numbers and symbols."""

    def det(self, x: Any) -> Any:
        return _small_matrix(x).det()

    def logdet(self, x: Any) -> Any:
        return sympy.log(self.det(x))

    def inv(self, x: Any) -> Any:
        return np.array(_small_matrix(x).inv(method="ADJ").tolist(), dtype=object)

    def max(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return _reduced(sympy.Max, x, axis, keepdims)

    def min(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return _reduced(sympy.Min, x, axis, keepdims)

    def eye(self, sizes: Any) -> Any:
        return super().eye(sizes=sizes).astype(int).astype(object)

    def ones(self, sizes: Any) -> Any:
        return super().ones(sizes=sizes).astype(int).astype(object)

    def zeros(self, sizes: Any) -> Any:
        return super().zeros(sizes=sizes).astype(int).astype(object)


def _reduced(function: Any, x: Any, axis: tuple[int, ...] | None, keepdims: bool) -> Any:
    """A function of two entries, over all entries along the axes."""
    order = np.ndim(x)
    for k in sorted(range(order) if axis is None else (a % order for a in axis), reverse=True):
        x = np.frompyfunc(function, 2, 1).reduce(x, axis=k, keepdims=keepdims)
    return x


def _small_matrix(x: Any) -> Any:
    if np.ndim(x) != 2 or len(x) > _EXPANDED_MATRIX:
        raise TooLargeError(f"the determinant of a {len(x)}×{len(x)} matrix of symbols is not expanded")
    return sympy.Matrix(x)


def _backend(named: bool) -> Backend:
    kernels = _ExactKernels(np)

    @lru_cache(maxsize=256)
    def function(row: Row) -> Any:
        symbolic = _symbolic(row)
        if symbolic is None and named and row.kind is Kind.ELEMENTWISE and row.definition and row.called:
            symbolic = _named_function(row)
        if symbolic is not None:
            return np.frompyfunc(symbolic, len(row.parameters), 1)
        if row.definition and row.called:
            return None
        return getattr(kernels, row.numpy)

    constants = {"pi": sympy.pi, "e": sympy.E}
    return Backend(np, lambda f: sympy.Rational(f.numerator, f.denominator), constants, function)


@lru_cache(maxsize=1)
def _named_backend() -> Backend:
    return _backend(named=True)


@lru_cache(maxsize=1)
def _expanded_backend() -> Backend:
    return _backend(named=False)


@lru_cache(maxsize=256)
def _named_function(row: Row) -> Any:
    """A SymPy function that bears the row's name, and whose derivative is proven."""

    def fdiff(self: Any, argindex: int = 1) -> Entry:
        return _derivative(row, argindex - 1).xreplace(dict(zip(_places(row), self.args, strict=True)))

    return type(row.math or row.name, (sympy.Function,), {"fdiff": fdiff, "nargs": len(row.parameters)})


def _places(row: Row) -> list[Any]:
    return [sympy.Symbol(f"_{name}", real=True) for name in row.parameters]


@lru_cache(maxsize=256)
def _derivative(row: Row, k: int) -> Entry:
    """∂f/∂(k-th argument): in names if SymPy proves the table's text, else from the definition."""
    places = _places(row)
    values = dict(zip(row.parameters, places, strict=True))
    body = evaluate(meaning(row.definition, row.parameters), values, {}, _expanded_backend())
    true = _tidy(body.diff(places[k]))
    if not row.derivative:
        return true
    names = (*row.parameters, "ans")
    text = meaning(row.derivative[k], names)
    expanded = evaluate(text, values | {"ans": body}, {}, _expanded_backend())
    if not difference(sympy.Matrix([expanded]), sympy.Matrix([true])).equal:
        return true
    shown = _named_function(row)(*places)
    return evaluate(text, values | {"ans": shown}, {}, _named_backend())


# comparison


def difference(a: sympy.Matrix, b: sympy.Matrix) -> ExactResult:
    """Compare two matrices entry by entry: by algebra where that is cheap, else to thirty digits."""
    proven: dict[tuple[Entry, Entry], bool] = {}
    until = monotonic() + _EXACT_SECONDS
    exact = True
    worst: tuple[float, tuple[int, int], tuple[float, float]] | None = None
    for i in range(a.rows):
        for j in range(a.cols):
            left, right = a[i, j], b[i, j]
            if left == right or proven.get((left, right)):
                continue
            if (left, right) not in proven:
                proven[left, right] = monotonic() < until and _vanishes(left - right)
            if proven[left, right]:
                continue
            gap, values = _numeric_gap(left, right)
            exact = False
            if gap > 1e-20 and (worst is None or gap > worst[0]):
                worst = (gap, (i, j), values)
    if worst is not None:
        return ExactResult(False, False, *worst)
    return ExactResult(True, exact)


def _vanishes(entry: Entry) -> bool:
    """Whether algebra shows an expression to be zero; False means no more than that it was not seen."""
    if entry == 0:
        return True
    if entry.count_ops() > _EXACT_OPERATIONS:
        return False
    plain = _without_branches(entry)
    if plain.has(sympy.sinh, sympy.cosh, sympy.tanh):
        plain = plain.rewrite(sympy.exp)
    if _rational_zero(plain):
        return True
    return plain.count_ops() < _EXACT_OPERATIONS // 4 and _rational_zero(sympy.expand_power_exp(plain))


def _without_branches(entry: Entry) -> Entry:
    """Steps as letters that are 0 or 1: |x| = (2θ − 1)x. Generic points only, so that > and >= are one."""
    if not entry.has(sympy.Piecewise, sympy.Max, sympy.Min, sympy.Abs, sympy.sign):
        return entry
    steps: dict[Entry, Entry] = {}

    def step(gap: Entry) -> Entry:
        """1 where gap > 0."""
        gap = sympy.expand(gap)
        if -gap in steps:
            return 1 - steps[-gap]
        return steps.setdefault(gap, sympy.Dummy())

    def branch(e: Entry) -> Entry:
        if isinstance(e, sympy.Abs):
            return (2 * step(e.args[0]) - 1) * e.args[0]
        if isinstance(e, sympy.sign):
            return 2 * step(e.args[0]) - 1
        if isinstance(e, sympy.Max | sympy.Min):
            result, *others = e.args
            for other in others:
                larger = step(result - other) if isinstance(e, sympy.Max) else step(other - result)
                result = larger * result + (1 - larger) * other
            return result
        result = e.args[-1][0]
        for value, condition in reversed(e.args[:-1]):
            if not isinstance(condition, sympy.core.relational._Inequality):
                return e
            held = step(condition.gts - condition.lts)
            result = held * value + (1 - held) * result
        return result

    kinds = (sympy.Piecewise, sympy.Max, sympy.Min, sympy.Abs, sympy.sign)
    opened = entry.replace(lambda e: isinstance(e, kinds), branch)
    square = {letter: letter for letter in steps.values()}
    expanded = sympy.expand(opened)
    return expanded.replace(lambda e: e.is_Pow and e.base in square and e.exp.is_positive, lambda e: e.base)


def _rational_zero(entry: Entry) -> bool:
    """Whether an expression is zero as a rational function of the function values in it."""
    rational = entry.xreplace(_generators(entry))
    if sympy.expand(rational) == 0:
        return True
    try:
        return bool(sympy.cancel(sympy.together(rational)) == 0)
    except (sympy.PolynomialError, NotImplementedError):
        return False


def _generators(entry: Entry) -> dict[Entry, Entry]:
    """A letter for every function value in an expression, exp(−a) being 1/exp(a): what is left is rational."""
    names: dict[Entry, Entry] = {}
    for function in sorted(entry.atoms(sympy.Function), key=lambda f: (-f.count_ops(), str(f))):
        opposite = sympy.exp(-function.args[0]) if isinstance(function, sympy.exp) else None
        names[function] = 1 / names[opposite] if opposite in names else sympy.Dummy()
    for root in entry.atoms(sympy.Pow):
        if not root.exp.is_Integer:
            names[root] = sympy.Dummy()
    return names


def _numeric_gap(a: Entry, b: Entry) -> tuple[float, tuple[float, float]]:
    """The largest relative difference at three random rational points."""
    generator = random.Random(0)
    symbols = sorted(a.free_symbols | b.free_symbols, key=str)
    worst = (0.0, (0.0, 0.0))
    found = 0
    for attempt in range(12):
        low, high = (-120, 120) if attempt < 6 else (20, 90)
        point = {s: sympy.Rational(generator.randint(low, high) * 2 + 1, 201) for s in symbols}
        left, right = (sympy.N(e.xreplace(point), _DIGITS) for e in (a, b))
        if not (left.is_real and right.is_real and left.is_finite and right.is_finite):
            continue
        found += 1
        gap = abs(left - right) / max(1, abs(left), abs(right))
        if float(gap) >= worst[0]:
            worst = (float(gap), (float(left), float(right)))
        if found == 3:
            return worst
    return worst if found else (float("inf"), (float("nan"), float("nan")))


# text


def entry_text(entry: Entry) -> str:
    """One entry as short mathematics: `u₁·h₁·(1 − h₁)·x₁`."""
    return _text(entry, 0)


def _text(entry: Entry, level: int) -> str:
    """Levels: 0 a sum may stand here, 1 a product, 2 a power or an atom."""
    if entry.is_Symbol:
        return str(entry.name)
    if entry.is_Add:
        return _bracketed(_sum_text(entry), level > 0)
    if entry.is_Rational or entry.is_Float:
        text = str(entry).replace("-", "−")
        return _bracketed(text, level > 0 and (entry < 0 or not entry.is_Integer))
    if entry.is_Mul:
        return _bracketed(_product_text(entry), level > 1)
    if entry.is_Pow:
        return _power_text(entry, level)
    if isinstance(entry, sympy.Piecewise):
        return _piecewise_text(entry, level)
    if isinstance(entry, sympy.core.relational.Relational):
        return f"{_text(entry.lhs, 0)} {entry.rel_op} {_text(entry.rhs, 0)}"
    if isinstance(entry, sympy.Abs):
        return f"|{_text(entry.args[0], 0)}|"
    if isinstance(entry, sympy.exp):
        return f"exp({_text(entry.args[0], 0)})"
    if entry.args and isinstance(entry, sympy.Function):
        return f"{type(entry).__name__}({', '.join(_text(a, 0) for a in entry.args)})"
    return {"pi": "π", "E": "e"}.get(str(entry), str(entry))


def _bracketed(text: str, needed: bool) -> str:
    return f"({text})" if needed else text


def _sum_text(entry: Entry) -> str:
    terms = sorted(entry.args, key=lambda t: (t.could_extract_minus_sign(), not t.is_Number))
    text = _text(terms[0], 0)
    for term in terms[1:]:
        minus = term.could_extract_minus_sign()
        text += f" − {_text(-term, 1)}" if minus else f" + {_text(term, 0)}"
    return text


def _product_text(entry: Entry) -> str:
    coefficient, rest = entry.as_coeff_Mul()
    sign = "−" if coefficient < 0 else ""
    factors = sorted(sympy.Mul.make_args(rest), key=lambda f: (not f.is_Symbol, f.is_Add, str(f)))
    above = [f for f in factors if not (f.is_Pow and f.exp.could_extract_minus_sign())]
    below = [1 / f for f in factors if f not in above]
    numerator = [str(abs(coefficient).p)] if abs(coefficient).p != 1 else []
    numerator += [_text(f, 1) for f in above]
    denominator = [str(coefficient.q)] if coefficient.q != 1 else []
    denominator += [_text(f, 1) for f in below]
    text = sign + ("·".join(numerator) or "1")
    if not denominator:
        return text
    return f"{text}/{denominator[0] if len(denominator) == 1 else '(' + '·'.join(denominator) + ')'}"


def _power_text(entry: Entry, level: int) -> str:
    base, exponent = entry.as_base_exp()
    if exponent.could_extract_minus_sign():
        return _bracketed(f"1/{_text(base**-exponent, 2)}", level > 0)
    if exponent == sympy.Rational(1, 2):
        return f"√{_text(base, 2)}" if base.is_Symbol or base.is_Integer else f"√({_text(base, 0)})"
    if exponent.is_Integer and exponent > 0:
        return _text(base, 2) + str(exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{_text(base, 2)}^{_text(exponent, 2)}"


def _piecewise_text(entry: Entry, level: int) -> str:
    (value, condition), *others = entry.args
    if value == 1 and len(others) == 1 and others[0][0] == 0:
        return f"1({_text(condition, 0)})"
    if value == 0 and len(others) == 1 and others[0][0] == 1:
        return f"1({_text(condition.negated, 0)})"
    del level
    cases = [f"{_text(v, 0)} if {_text(c, 0)}" for v, c in entry.args[:-1]]
    return f"({' else '.join(cases)} else {_text(entry.args[-1][0], 0)})"
