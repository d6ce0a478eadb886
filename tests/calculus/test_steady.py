"""Formulas as code computes them: the same function, with a value where what is written on paper has none."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import mpmath
import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.calculus.notation.steady import steady
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.ops.identities import STEADY, Identity
from jacobian_cli.printers.language import text
from jacobian_cli.syntax.parser import parse_statement


def said(formula: str) -> str:
    return text(steady(elaborate([parse_statement(formula)]).output))


@pytest.mark.parametrize("identity", STEADY, ids=lambda identity: identity.name)
def test_each_identity_is_applied_and_keeps_the_value(identity: Identity) -> None:
    expr = elaborate([parse_statement(identity.left)]).output
    found = steady(expr)
    assert text(found) == identity.right
    rng = np.random.default_rng(4)
    for _ in range(5):
        at: Mapping[str, Any] = {name: rng.uniform(0.1, 0.9, 4) for name in "xy"}
        sizes = {name: 4 for size in (*expr.shape, *found.shape) for name in size.names()}
        sizes |= dict.fromkeys("nm", 4)
        np.testing.assert_allclose(evaluate(found, at, sizes), evaluate(expr, at, sizes), rtol=1e-13)


@pytest.mark.parametrize(
    ("formula", "form"),
    [
        ("-sum(y*log(sigmoid(x)) + (1 - y)*log(1 - sigmoid(x)))", "-sum(y*log_sigmoid(x) + (1 - y)*log_sigmoid(-x))"),
        ("log(exp(x) + 1)", "softplus(x)"),
        ("1/(1 + exp(-x))", "sigmoid(x)"),
        ("1/(1 + exp(-y*x))", "sigmoid(y*x)"),
        ("log(1/(1 + exp(-x)))", "log_sigmoid(x)"),
        ("exp(X)/sum(exp(X), axis=0)", "softmax(X, axis=0)"),
        ("exp(X)/sum(exp(X), axis=1, keepdims=True)", "softmax(X, axis=1)"),
        ("log(softmax(X, axis=0))", "log_softmax(X, axis=0)"),
        ("log(sum(exp(X), axis=1))", "logsumexp(X, axis=1)"),
        ("log(sum(exp(X)))", "logsumexp(X)"),
        ("sqrt(sum(X**2, axis=1))", "norm(X, axis=1)"),
        ("sqrt((W@x - b).T@(W@x - b))", "norm(W@x - b)"),
        ("sum(x**2)**(3/2)", "norm(x)**3"),
        ("sqrt(2 + 9*x**2 + sum(X**2))", "hypot(hypot(sqrt(2), 3*x), norm(X))"),
        ("x**2/(1 + x**2)", "(x/hypot(1, x))**2"),
        ("x@y*x/norm(x)**2", "x@y/norm(x)*(x/norm(x))"),
        ("exp(X)/sum(exp(X))", "1/sum(exp(X - max(X)))*exp(X - max(X))"),
        ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh(x)"),
        (
            "(exp(x) + exp(y))/(exp(x) - exp(y))",
            "(exp(x - maximum(x, y)) + exp(y - maximum(x, y)))/(-sign(x - y)*expm1(-abs(x - y)))",
        ),
        ("log(2 + exp(x) + exp(y))", "logaddexp(logaddexp(log(2), x), y)"),
        ("log(mean(exp(X), axis=1)/2)", "logsumexp(X, axis=1) - log(m) - log(2)"),
        ("exp(x)@w/sum(exp(x))", "exp(x - max(x))@w/sum(exp(x - max(x)))"),
        ("y*exp(-x**2)*(1 - 2*x**2)", "y*(exp(-x**2) - 2*(x*exp(-x**2/2))**2)"),
        ("binary_cross_entropy(sigmoid(x), y)", "-mean(y*log_sigmoid(x) + (1 - y)*log_sigmoid(-x))"),
    ],
)
def test_larger_formulas_are_told_by_their_parts(formula: str, form: str) -> None:
    assert said(formula) == form


@pytest.mark.parametrize(
    "formula",
    [
        "exp(x) + exp(y)",
        "x/(2 + x)",
        "sqrt(1 - x**2)",
        "sqrt(x + x**2)",
        "x/(1 + x**2)",
        "exp(-x**2)",
        "sqrt(x.T@y)",
        "sqrt(A.T@A)",
        "sqrt(sum(x**3))",
        "1 - sigmoid(x)",
    ],
)
def test_what_only_looks_alike_stays(formula: str) -> None:
    assert said(formula) == text(elaborate([parse_statement(formula)]).output)


EXTREME: list[tuple[str, Any, Any]] = [
    ("log(1 + exp(x))", [1e300, -1e300, 100.0], [1e300, 0, 100]),
    ("log(sigmoid(x))", [1e300, -1e300, -800.0], [0, -1e300, -800]),
    ("log(softmax(x))", [1e300, -1e300, 0.0], [0, -2e300, -1e300]),
    ("exp(x)/sum(exp(x))", [1e300, -1e300, 0.0], [1, 0, 0]),
    ("log(sum(exp(x)))", [1e300, -1e300, 1000.0], 1e300),
    ("1/(1 + exp(-x))", [1e300, -1e300, -1000.0], [1, 0, 0]),
    ("sqrt(x.T@x)", [3e300, -4e300, 0.0], 5e300),
    ("elu(x)", [1e300, -1e300, 1000.0], [1e300, -1, 1000]),
    ("selu(x)", [1e300, -1e300, 0.0], [1.0507009873554805e300, -1.0507009873554805 * 1.6732632423543772, 0]),
    ("log(cosh(x))", [1e300, -1e300, 1000.0], [1e300, 1e300, 1000 - np.log(2)]),
]


@pytest.mark.parametrize(("formula", "x", "value"), EXTREME, ids=[formula for formula, *_ in EXTREME])
def test_exported_code_has_a_value_at_extremes_and_no_warning(formula: str, x: list[float], value: Any) -> None:
    names: dict[str, Any] = {}
    exec(jac.export(jac.derive(formula, wrt="x")), names)
    at = np.array(x)
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        np.testing.assert_allclose(names["value"](at), value, rtol=1e-15)
        moved = names["vjp"](np.ones(np.shape(value)) if np.ndim(value) else 1.0, at)
    assert np.all(np.isfinite(moved))


GRID = np.array([0.0, 5e-324, 1e-310, 1e-17, 1e-8, 1e-3, 0.5, 1.0, 3.0, 36.0, 37.0, 100.0, 700.0, 745.0, 1e3])
EXACT: dict[str, tuple[Any, float]] = {
    "log(1 + exp(x))": (lambda x: mpmath.log1p(mpmath.exp(x)), 4),
    "log(sigmoid(x))": (lambda x: -mpmath.log1p(mpmath.exp(-x)), 4),
    "exp(x) - 1": (mpmath.expm1, 2),
}


@pytest.mark.parametrize("formula", EXACT)
def test_values_are_right_to_units_in_the_last_place(formula: str) -> None:
    exact, units = EXACT[formula]
    names: dict[str, Any] = {}
    exec(jac.export(jac.derive(formula, wrt="x")), names)
    grid = np.concatenate([-GRID, GRID[GRID < 709] if formula == "exp(x) - 1" else GRID])
    found = names["value"](grid)
    with mpmath.workdps(400):
        for x, y in zip(grid, found, strict=True):
            true = exact(mpmath.mpf(float(x)))
            off = abs(mpmath.mpf(float(y)) - true) / mpmath.mpf(float(np.spacing(abs(float(true)))))
            assert off <= units, (x, y, float(off))
