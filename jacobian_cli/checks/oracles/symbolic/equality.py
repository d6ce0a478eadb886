"""Whether two tables of entries are equal: exactly where that is cheap, else at random points."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import sympy

from jacobian_cli.checks.oracles.alone import alone
from jacobian_cli.checks.oracles.budget import Budget
from jacobian_cli.checks.oracles.symbolic.kernels import DIGITS, Named
from jacobian_cli.checks.oracles.zero_test import Prover

_POINTS = 3


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
def difference(
    a: sympy.Matrix,
    b: sympy.Matrix,
    seed: int = 0,
    budget: Budget | None = None,
    domain: Callable[[], Iterable[Any]] = tuple,
) -> ExactResult:
    """Compare two tables: entry by entry exactly where that is cheap, else to 30 digits at three random points at which
    all of the `domain` is positive.

    Raises `TooLargeError` where the budget is spent.
    """
    if a.shape != b.shape:
        raise AssertionError(f"tables of shapes {a.shape} and {b.shape}")
    budget = budget or Budget()
    with budget.spent():
        return _difference(_unnamed(a), _unnamed(b), seed, budget, domain)


def _difference(
    a: sympy.Matrix, b: sympy.Matrix, seed: int, budget: Budget, domain: Callable[[], Iterable[Any]]
) -> ExactResult:
    prover, unproved = Prover(), []
    for i, j in product(*map(range, a.shape)):
        budget.ask()
        if not prover.equal(a[i, j], b[i, j]):
            unproved.append((i, j))
    if not unproved:
        return ExactResult(True, True)
    entries = [table[at] for at in unproved for table in (a, b)]
    symbols = sorted(set().union(*(entry.free_symbols for entry in entries)), key=str)
    roots = _must_be_positive(entries) | {e for e in domain() if e.free_symbols and e.free_symbols <= {*symbols}}
    chooser, error, met = random.Random(seed), 0.0, 0
    for attempt in range(4 * _POINTS):
        low, high = ((-150, 150), (10, 90))[attempt % 2]
        span = range(low * len(symbols), high * len(symbols) + 1)  # no two alike: ties are kinks
        places = chooser.sample(span, len(symbols))
        point = {
            s: sympy.Float(sympy.Rational(abs(place) if s.is_positive else place, 101 * len(symbols)), 2 * DIGITS)
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
        if gaps[worst] > 10.0**-DIGITS:
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
    while named := table.atoms(Named):
        table = table.xreplace({f: f.defined() for f in named})
    return table


def _at(entry: Any, point: Mapping[Any, Any], budget: Budget) -> Any:
    """The real number that an entry is at a point; None if it is none."""
    budget.ask()
    value = sympy.N(entry.xreplace(point), 2 * DIGITS)
    return value if value.is_Number and value.is_finite and value.is_extended_real else None
