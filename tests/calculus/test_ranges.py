"""What is known of the range of an expression holds of what is computed, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from jacobian_cli.calculus.notation import ranges
from jacobian_cli.calculus.notation.ranges import is_nonnegative
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Expr
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.syntax.parser import parse_statement

NEVER_BELOW = (
    "y**2*sigmoid(x)*(1 - sigmoid(x))", "1 - tanh(x)**2", "1 - sin(x)*sin(x)", "1 - softmax(x)", "sqrt(abs(x)*x**2)",
    "maximum(x, 0)*exp(-x)", "-x*(0 - x)*0 + x*x", "sum(x**2)*(x > 0)", "-sigmoid(x)*(sigmoid(x) - 1)",
    "2 - erf(x)", "erfc(x)/3", "where(x > 0, exp(x), x**4)", "-minimum(x, 0)", "log1p(exp(x))", "mean(abs(x))/3",
    "concat(x**2, exp(x))", "(x**2)[0]", "(1 - sigmoid(x))**3", "abs(x) + norm(y)", "-(0 - abs(x))/exp(y)",
)  # fmt: skip
SOMETIMES_BELOW = (
    "x", "-x**2", "x*y", "sin(x)", "sigmoid(x) - 1", "1 - exp(x)", "x**3", "x/exp(y)", "where(x > 0, exp(x), x)",
    "maximum(x, -1)", "-sum(x)", "exp(x) - exp(y)", "concat(x**2, x)", "tanh(x)*exp(x)", "sigmoid(x) - sigmoid(y)",
    "1 - relu(x)", "softplus(x) - 1", "log1p(x**2) - x**2", "1/(x - y)",
)  # fmt: skip
POINTS = (0.0, -0.0, 1.0, -1.0, 1e-320, -1e-320, 1e-17, 36.7, -36.7, 745.2, -745.2, 3.3, 0.49, 1e3, -1e3, 0.1, -2.0)


def _read(text: str) -> Expr:
    return elaborate([parse_statement(f"c*({text})")]).output.children[1]


def _values(form: Expr) -> np.ndarray:
    """At points where functions saturate, and at random ones."""
    rng = np.random.default_rng(0)
    x = np.concatenate([np.array(POINTS), 3 * rng.standard_normal(400), 100 * rng.standard_normal(100)])
    point = {"x": x, "y": rng.permutation(x)}
    with np.errstate(all="ignore"):
        return np.asarray(evaluate(form, point, {"n": x.size, "m": x.size}))


@pytest.mark.parametrize("text", NEVER_BELOW)
def test_what_is_said_not_to_be_below_zero_is_not(text: str) -> None:
    form = _read(text)
    assert is_nonnegative(form, {})
    assert not (_values(form) < 0).any()


@pytest.mark.parametrize("text", SOMETIMES_BELOW)
def test_what_may_be_below_zero_is_not_said_to_stay_above(text: str) -> None:
    form = _read(text)
    assert (_values(form) < 0).any()
    assert not is_nonnegative(form, {})


def test_ranges_are_of_functions_of_the_table_and_hold() -> None:
    assert not {*ranges._RANGES, *ranges._RULES} - FUNCTIONS.keys()
    for name, (least, most) in ranges._RANGES.items():
        row = FUNCTIONS[name]
        if row.called and len(row.parameters) == 1 and name != "one_hot":
            found = _values(_read(f"{name}(x)"))
            assert (found >= least).all(), name
            assert (found <= most).all(), name


def test_facts_of_variables_count() -> None:
    above = {"positive", "probability", "binary"}
    for fact in (*above, "pm1", "symmetric"):
        assert is_nonnegative(_read("s*x**2"), {"s": [fact]}) is (fact in above)
    assert is_nonnegative(_read("1 - s"), {"s": ["probability"]})
    assert not is_nonnegative(_read("1 - s"), {"s": ["positive"]})
