"""Choices in a formula are choices in its derivative, so that the branch not taken has no say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import printed
from jacobian_cli.checks.verdict.answer import read_back
from jacobian_cli.evaluate.evaluate import evaluate

GRADIENTS = {
    "sum(where(x > 0, x, a*(exp(x) - 1)))": "where(x > 0, 1, a*exp(x))",
    "sum(where(x > 0, log(x), 0))": "where(x > 0, 1/x, 0)",
    "sum(where(x > 0, log(x), x))": "where(x > 0, 1/x, 1)",
    "sum(where(x > 0, y, log(y)))": "zeros(n)",
    "sum(where(x > 0, x**2, x**3))": "where(x > 0, 2*x, 3*x**2)",
    "sum(where(x > 0, x*y, y/x))": "y*where(x > 0, 1, -1/x**2)",
    "sum(y*where(x == 0, 1, sin(x)/x))": "-y*where(x == 0, 0, (sin(x)/x - cos(x))/x)",
    "sum(where(abs(x) <= a, x**2/2, a*(abs(x) - a/2)))": "where(abs(x) <= a, x, a*sign(x))",
    "sum(where(x > 0, where(x > 1, log(x), x), exp(x)))": "where(x > 0, where(x > 1, 1/x, 1), exp(x))",
    # what is finite everywhere stays a product, as does what was typed as one
    "sum(relu(x))": "x > 0",
    "sum(where(x > 0, x, 0))": "x > 0",
    "sum(where(x > 0, sin(x), 0))": "cos(x)*(x > 0)",
    "sum(relu(x)*log(x))": "relu(x)/x + log(x)*(x > 0)",
    "sum(elu(x))": "where(x > 0, 1, exp(x))",
}
SHAPES = {"x": "n", "y": "n", "a": ""}


def derived(formula: str) -> jac.Derivation:
    found: jac.Derivation = jac.derive(formula, wrt="x", shapes=SHAPES)
    return found


@pytest.mark.parametrize("formula", GRADIENTS)
def test_is_written_so(formula: str) -> None:
    derivation = derived(formula)
    assert derivation.gradient is not None
    assert derivation.gradient.closed_form == GRADIENTS[formula]
    assert derivation.check().passed


@pytest.mark.parametrize(
    ("formula", "x", "slopes"),
    [
        ("where(x > 0, x, a*(exp(x) - 1))", [800, -800], [1, 0]),
        ("where(x > 0, log(x), 0)", [-1, 2], [0, 0.5]),
        ("where(x < 10, exp(x), x)", [0, 800], [1, 1]),
        ("where(x < 10, exp(x), 0)*x", [0, 800], [1, 0]),
        ("where(x == 0, 1, sin(x)/x)", [np.pi, -np.pi], [-1 / np.pi, 1 / np.pi]),
        ("where(x > 0, where(x > 1, log(x - 1), x), sqrt(-x))", [0.5, -4], [1, -0.25]),
    ],
)
def test_the_branch_not_taken_has_no_say(formula: str, x: list[float], slopes: list[float]) -> None:
    derivation = derived(formula)
    known = derivation.problem.variables
    values: dict[str, Any] = {"x": np.array(x, float), "a": np.array(1.0), "y": np.ones(2)}
    forms = read_back(printed(derivation), known, derivation.derivative.upstream)
    sizes = {"n": 2}
    delta = {derivation.upstream: np.ones(2)}
    np.testing.assert_allclose(evaluate(forms["jacobian"], values, sizes), np.diag(slopes), atol=1e-12)
    np.testing.assert_allclose(evaluate(forms["vjp"], {**values, **delta}, sizes), slopes, atol=1e-12)
    at = {name: values[name] for name in known}
    assert derivation.check(at=at).passed


CONDITIONS = st.sampled_from(["x > 0", "x > y", "x*y <= 1", "A@x > y", "abs(x) < a", "y != 0"])
PARTS = st.sampled_from(["x", "0", "1", "y", "x*y", "x**2", "sin(x)", "exp(x)", "1/x", "A@x", "a*x", "log(1 + x**2)"])


@st.composite
def choices(draw: st.DrawFn, depth: int = 1) -> str:
    """A choice, perhaps in another one, perhaps times or beside something."""
    part = choices(depth - 1) if depth else PARTS
    inner = f"where({draw(CONDITIONS)}, {draw(part)}, {draw(part)})"
    return draw(st.sampled_from(["{}", "{}*x", "x + {}", "{}/x", "A@{}", "exp({})", "{}**2", "sum({})*x"])).format(
        inner
    )


@settings(max_examples=40)
@given(choices())
def test_any_choice_is_differentiated_rightly(formula: str) -> None:
    report = jac.derive(formula, wrt="x", shapes={**SHAPES, "A": "n,n"}).check(points=2)
    assert report.passed is not False, (formula, report.engines)


BOUNDED = [
    ("minimum(maximum(x, -1), 1)", "x", {}, "diag(abs(x) < 1)"),
    ("minimum(maximum(x, -c), c)", "x", {"c": "positive"}, "diag(abs(x) < c)"),
    ("maximum(minimum(x, 3), -2)", "x", {}, "diag((x > -2)*(x < 3))"),
    ("sum(maximum(q*(y - X@w), (q - 1)*(y - X@w)))", "w", {}, "X.T@((y - X@w <= 0) - q)"),
    ("-log(softmax(z)[o])", "z", {}, "softmax(z) - eye(n)[o]"),
    ("-log(softmax(U@v)[0])", "v", {}, "U.T@(softmax(U@v) - eye(n)[0])"),
    ("-log(softmax(z).T@y)", "z", {"y": "one_hot"}, "softmax(z) - y"),
    ("u.T@softmax(z - max(z))", "z", {}, "(u - u.T@p)*p"),
    ("log(sum(exp(z - max(z)))) + max(z)", "z", {}, "softmax(z)"),
    ("-sum(log(sum(softmax(Z)*Y, axis=1)))", "Z", {"Y": "one_hot"}, "softmax(Z) - Y"),
]


@pytest.mark.parametrize(("formula", "wrt", "facts", "expected"), BOUNDED, ids=[row[0] for row in BOUNDED])
def test_bounds_and_picked_entries_come_out_as_published(
    formula: str, wrt: str, facts: dict[str, str], expected: str
) -> None:
    found = jac.derive(formula, wrt=wrt, shapes={"c": "()", "q": "()"} if "q" in formula else {}, assume=facts)
    form = found.gradient or found.jacobian
    assert form.closed_form == expected
    assert found.check(points=2).passed
