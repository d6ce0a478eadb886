"""How exact exported NumPy is: values and slopes on a hard grid beside mpmath's, in units in the last place. On demand:

python -m tests.benchmarks.accuracy
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

import jacobian_cli as jac

GRID = [0.0, 5e-324, 1e-310, 1e-300, 1e-170, 1e-17, 1e-8, 1e-3, 0.3, 1.0, 3.0, 36.0, 37.0, 100.0, 700.0, 745.0, 1e3,
        1e17, 1e155, 1e200, 1e300]  # fmt: skip
POINTS = np.array([*(-x for x in reversed(GRID[1:])), *GRID])
Function = Callable[[Any], Any]
exp, log, sqrt, log1p, tanh = mpmath.exp, mpmath.log, mpmath.sqrt, mpmath.log1p, mpmath.tanh


def sigmoid(x: Any) -> Any:
    return 1 / (1 + exp(-x))


TABLE: list[tuple[str, Function, Function, float, float]] = [
    ("sqrt(1 + x**2)", lambda x: sqrt(1 + x**2), lambda x: x / sqrt(1 + x**2), 2, 2),
    ("(4 + x**2)**(-1/2)", lambda x: 1 / sqrt(4 + x**2), lambda x: -x / sqrt(4 + x**2) ** 3, 2, 6),
    ("x/(1 + x**2)", lambda x: x / (1 + x**2), lambda x: (1 - x**2) / (1 + x**2) ** 2, 3, 8),
    ("log(1 + x**2)", lambda x: log1p(x**2), lambda x: 2 * x / (1 + x**2), 3, 3),
    ("log(1 + exp(x))", lambda x: log1p(exp(x)), sigmoid, 4, 4),
    ("log1p(exp(x))", lambda x: log1p(exp(x)), sigmoid, 4, 4),
    ("log(exp(x) + exp(2*x))", lambda x: x + log1p(exp(x)), lambda x: 1 + sigmoid(x), 4, 4),
    ("log(exp(x) + exp(-x))", lambda x: log(exp(x) + exp(-x)), tanh, 4, 4),
    ("log(2 + exp(x))", lambda x: log(2 + exp(x)), lambda x: exp(x) / (2 + exp(x)), 4, 4),
    ("exp(x)/(2 + exp(x))", lambda x: exp(x) / (2 + exp(x)), lambda x: 2 * exp(x) / (2 + exp(x)) ** 2, 4, 6),
    ("1/(1 + exp(-x))", sigmoid, lambda x: sigmoid(x) * sigmoid(-x), 4, 8),
    ("(exp(x) - exp(-2*x))/(exp(x) + exp(-2*x))", lambda x: tanh(1.5 * x),
     lambda x: 1.5 / mpmath.cosh(1.5 * x) ** 2, 4, 8),
    ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", tanh, lambda x: 1 / mpmath.cosh(x) ** 2, 4, 6),
    ("x*exp(-x**2)", lambda x: x * exp(-(x**2)), lambda x: (1 - 2 * x**2) * exp(-(x**2)), 4, 20),
    ("1/cosh(x)", lambda x: 1 / mpmath.cosh(x), lambda x: -tanh(x) / mpmath.cosh(x), 4, 6),
    ("softsign(x)", lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2, 2, 4),
    ("arctan(x)", mpmath.atan, lambda x: 1 / (1 + x**2), 2, 3),
    ("erf(x)", mpmath.erf, lambda x: 2 * exp(-(x**2)) / sqrt(mpmath.pi), 2, 4),
    ("huber(x)", lambda x: x**2 / 2 if abs(x) <= 1 else abs(x) - 0.5, lambda x: max(min(x, 1), -1), 1, 1),
]  # fmt: skip
"""Formula, value, slope, and the units in the last place that each is off at most."""
_LEAST = mpmath.mpf("1e-150")
"""What is less than that may be lost: the square of its inverse is none that a float holds."""
_OF_ONE = frozenset({"1/(1 + exp(-x))", "(exp(x) - exp(-x))/(exp(x) + exp(-x))"})
"""Their slopes are h*(1 - h) and 1 - h**2, of the value h at hand: right to a unit in the last place of one."""


def units(found: float, true: Any, least: Any = 0) -> float:
    """How far off a float is; what is smaller than `least` is counted in the units of that."""
    off = abs(mpmath.mpf(found) - true)
    return float(off / (max(abs(true), least) * mpmath.mpf(2) ** -52)) if off > _LEAST else 0.0


def measured(formula: str, value: Function, slope: Function) -> tuple[tuple[float, float], tuple[float, float]]:
    """The largest errors of a value and of its slope, each with the point of it. Any warning is an error."""
    module: dict[str, Any] = {}
    exec(jac.export(jac.derive(formula, "x", check=False)), module)
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        found, moved = module["value"](POINTS), module["vjp"](np.ones_like(POINTS), POINTS)
    with mpmath.workdps(700):
        return _worst(value, found, 0), _worst(slope, moved, int(formula in _OF_ONE))


def _worst(function: Function, found: Any, least: Any) -> tuple[float, float]:
    pairs = zip(POINTS, found, strict=True)
    return max((units(float(y), function(mpmath.mpf(float(x))), least), float(x)) for x, y in pairs)


if __name__ == "__main__":
    print(f"{'formula':40} value, at x            slope, at x")
    for formula, value, slope, *_ in TABLE:
        (off, x), (far, y) = measured(formula, value, slope)
        print(f"{formula:40} {off:6.2f} ulp, {x:<10g} {far:6.2f} ulp, {y:<10g}")
