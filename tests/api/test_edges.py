"""Points at the edge: large entries, ties, zeros under a division, branches that were not taken."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import special

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import printed
from jacobian_cli.api.derive.proof import Proof, prove
from jacobian_cli.api.input.values import as_arrays, fitted
from jacobian_cli.checks.verdict.answer import numeric_verdict
from jacobian_cli.checks.verdict.report import Tally
from jacobian_cli.syntax.errors import InputError

LARGE = np.array([-1000.0, 0.0, 1000.0])
ROWS = np.array([[-1000.0, 0.0, 1000.0], [700.0, 2000.0, -3000.0]])
ONE_HOT = np.array([0.0, 0.0, 1.0])


def proved(derivation: jac.Derivation, at: dict[str, Any]) -> Proof:
    """The proof of an answer at a point."""
    return prove(derivation, 1, fitted(as_arrays(at), derivation.problem.variables))


def exported(formula: str, **values: Any) -> dict[str, Any]:
    """What the exported functions give, where no warning may be raised: the vjp for an upstream gradient of ones."""
    wrt, given = next(iter(values.items()))
    shapes = {name: ("", "n", "n,m")[np.ndim(value)] for name, value in values.items()}
    module: dict[str, Any] = {}
    exec(jac.derive(formula, wrt=wrt, shapes=shapes).to_python(), module)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found: dict[str, Any] = {
            name: module[name](**values) for name in ("value", "jacobian", "gradient") if name in module
        }
        found["vjp"] = module["vjp"](np.ones(np.shape(found["value"])), **values)
    assert np.shape(found["vjp"]) == np.shape(given)
    return found


VECTORS: dict[str, tuple[Any, Any]] = {
    "logsumexp(x)": (1000.0, ONE_HOT),
    "softmax(x)": (ONE_HOT, np.zeros((3, 3))),
    "log_softmax(x)": ([-2000, -1000, 0], np.eye(3) - np.ones((3, 1)) * ONE_HOT),
    "sigmoid(x)": ([0, 0.5, 1], np.diag([0, 0.25, 0])),
    "softplus(x)": ([0, np.log(2), 1000], np.diag([0, 0.5, 1])),
    "logaddexp(x, 0)": ([0, np.log(2), 1000], np.diag([0, 0.5, 1])),
    "logaddexp(1, x)": ([1, np.log(1 + np.e), 1000], np.diag([0, 1 / (1 + np.e), 1])),
    "silu(x)": ([0, 0, 1000], np.diag([0, 0.5, 1])),
    "x.T@softmax(x)": (1000.0, ONE_HOT),
}


@pytest.mark.parametrize("formula", VECTORS)
def test_exported_code_stands_large_entries(formula: str) -> None:
    value, slopes = VECTORS[formula]
    found = exported(formula, x=LARGE)
    np.testing.assert_allclose(found["value"], value, atol=1e-12)
    np.testing.assert_allclose(found["jacobian"], np.reshape(slopes, (-1, 3)), atol=1e-12)
    np.testing.assert_allclose(found["vjp"], np.sum(np.reshape(slopes, (-1, 3)), axis=0), atol=1e-12)
    if np.ndim(value) == 0:
        np.testing.assert_allclose(found["gradient"], slopes, atol=1e-12)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_exported_logsumexp_stands_large_entries_along_each_axis(axis: int | None, keepdims: bool) -> None:
    options = ("" if axis is None else f", axis={axis}") + ", keepdims=True" * keepdims
    found = exported(f"logsumexp(X{options})", X=ROWS)
    whole = special.logsumexp(ROWS, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(found["value"], whole)
    np.testing.assert_allclose(found["vjp"], special.softmax(ROWS, axis=axis), atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_exported_rows_stand_large_entries_along_each_axis(name: str, axis: int) -> None:
    found = exported(f"{name}(X, axis={axis})", X=ROWS)
    np.testing.assert_allclose(found["value"], getattr(special, name)(ROWS, axis=axis), atol=1e-12)
    assert all(np.all(np.isfinite(part)) for part in found.values())


def test_exported_cross_entropy_stands_large_logits() -> None:
    targets = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    found = exported("cross_entropy(X, Y)", X=ROWS, Y=targets)
    assert found["value"] == pytest.approx((1000 + 1300) / 2)
    np.testing.assert_allclose(found["gradient"], (special.softmax(ROWS, axis=1) - targets) / 2, atol=1e-12)


NOT_FINITE: list[tuple[Any, Any]] = [(np.nan, 1.0), (np.inf, 1.0), (np.array([1.0, np.nan]), np.array([1.0, 2.0]))]


@pytest.mark.parametrize(("printed", "true"), NOT_FINITE)
def test_a_printed_value_that_is_not_finite_is_wrong(printed: Any, true: Any) -> None:
    tally = Tally()
    tally.add("jacobian", printed, true, "J", 1e-3)
    assert tally.compared
    assert tally.error == np.inf


@pytest.mark.parametrize("printed", [1.0, np.nan, np.inf])
@pytest.mark.parametrize("true", [np.nan, np.inf])
def test_with_what_is_not_finite_nothing_is_compared(printed: float, true: float) -> None:
    tally = Tally()
    tally.add("jacobian", printed, true, "J", 1e-3)
    assert (tally.compared, tally.unknown) == (False, True)


def test_entries_that_an_engine_knows_are_compared_beside_one_that_it_does_not() -> None:
    tally = Tally()
    tally.add("jacobian", np.array([1.0, 2.0]), np.array([np.nan, 1.0]), "J", 1e-3)
    assert (tally.compared, tally.unknown, tally.error) == (True, True, 0.5)


def test_an_engine_that_knows_nothing_says_so() -> None:
    report = jac.derive("tan(x)/abs(x)", wrt="x", shapes={"x": ()}).check(at={"x": 1e-200})
    assert "autograd" not in report.engines
    assert any("autograd cannot tell" in note for note in report.notes)


AT: list[tuple[str, dict[str, Any], Any]] = [
    ("prod(x)", {"x": [1, 0, 3]}, [0, 3, 0]),
    ("prod(x)", {"x": [0, 0, 3]}, [0, 0, 0]),
    ("prod(x)**2 + sum(x)", {"x": [1, 0, 3]}, [1, 1, 1]),
    ("det(X)", {"X": [[1, 2], [2, 4]]}, [[4, -2], [-2, 1]]),
    ("det(X)", {"X": [[0, 0], [0, 0]]}, [[0, 0], [0, 0]]),
    ("log(1 + det(X))", {"X": [[1, 2], [2, 4]]}, [[4, -2], [-2, 1]]),
]


@pytest.mark.parametrize(("formula", "at", "gradient"), AT)
def test_a_derivative_where_its_form_divides_by_zero(formula: str, at: dict[str, Any], gradient: Any) -> None:
    (wrt,) = at
    proof = proved(jac.derive(formula, wrt=wrt), at)
    assert proof.at is not None
    assert "is 0" in proof.at.unformed
    assert proof.at.gradient is not None
    np.testing.assert_allclose(proof.at.gradient, gradient, atol=1e-9)
    assert proof.passed
    assert proof.to_dict()["at"]["engine"] == "differences"


TIES: list[tuple[str, str, dict[str, Any], str]] = [
    ("max(x)", "x", {"x": [1, 1, 0]}, "[0.5, 0.5, 0]"),
    ("min(x)", "x", {"x": [1, 0, 0]}, "[0, 0.5, 0.5]"),
    ("max(X, axis=1)", "X", {"X": [[1, 1, 0], [2, 3, 4]]}, "[[0.5, 0.5, 0], [0, 0, 1]]"),
    ("sum(min(X, axis=0, keepdims=True))", "X", {"X": [[1, 1], [2, 1]]}, "[[1, 0.5], [0, 0.5]]"),
    ("max(0, t)", "t", {"t": 0}, "0"),
    ("max(t, 0)", "t", {"t": 0}, "0"),
    ("max(x, y)", "y", {"x": 1, "y": 1}, "1"),
    ("abs(x)", "x", {"x": [0, 1]}, "[0, 1]"),
    ("norm1(x)", "x", {"x": [0, 1]}, ""),
    ("where(x, 2*x, 3*x)", "x", {"x": [0, 1]}, ""),
    ("hinge(x, y)", "x", {"x": [1, 0], "y": [1, 1]}, ""),
]


@pytest.mark.parametrize(("formula", "wrt", "at", "choice"), TIES)
def test_at_a_kink_the_choice_is_said(formula: str, wrt: str, at: dict[str, Any], choice: str) -> None:
    proof = proved(jac.derive(formula, wrt=wrt, shapes={n: "" for n, v in at.items() if v in (0, 1)}), at)
    assert proof.at is not None
    assert [kink.choice for kink in proof.at.kinks] == [choice]
    assert proof.passed
    assert "at a kink" in proof.report.notes[-1]


def test_a_lead_is_no_tie() -> None:
    proof = proved(jac.derive("max(X, axis=1)", wrt="X"), {"X": [[1, 2], [2, 1]]})
    assert proof.at is not None
    assert not proof.at.kinks
    assert proof.passed


def test_what_does_not_move_may_stand_at_its_kink() -> None:
    proof = proved(jac.derive("abs(y)*x + sqrt(y)", wrt="x", shapes={"x": "", "y": ""}), {"x": 1, "y": 0})
    assert proof.at is not None
    assert not proof.at.kinks
    assert proof.passed


REFUSED: dict[str, tuple[Any, str]] = {
    "norm(x)": ([0, 0], "norm(x) cannot be differentiated here: norm(x) must not be zero"),
    "std(x)": ([1, 1], "std(x) must not be zero"),
    "x**0.5": ([0, 1], "x**0.5 cannot be differentiated here: x must be positive"),
    "sqrt(x)": ([-1, 1], "sqrt(x) is not defined here: x must be positive"),
    "0**-1*x": ([1, 1], "0**-1 is not defined"),
    "arcsin(x)": ([1, 0], "arcsin(x) cannot be differentiated here: 1 - x must be positive"),
    "inv(x)": ([[1, 2], [2, 4]], "inv(x) is not defined here: det(x) must not be zero"),
    "logdet(x)": ([[0, 1], [1, 0]], "logdet(x) is not defined here: det(x) must be positive"),
    "binary_cross_entropy(x, x)": ([0, 0.5], "must be positive"),
    "where(x >= 0, sqrt(abs(x)), 0)": ([0, 1], "the derivative by x is not finite here"),
}


@pytest.mark.parametrize("formula", REFUSED)
def test_what_has_no_derivative_is_refused_with_the_reason(formula: str) -> None:
    at, message = REFUSED[formula]
    with pytest.raises(InputError) as refused:
        proved(jac.derive(formula, wrt="x", shapes={"x": "n,n" if np.ndim(at) == 2 else "n"}), {"x": at})
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("formula", "wrt", "shape"),
    [("exp(layernorm(exp(exp(r))))", "r", "1,m"), ("var(layernorm((d + d)**S, axis=0), axis=0)", "d", "")],
)
def test_rounding_is_no_mistake(formula: str, wrt: str, shape: str) -> None:
    """Where everything cancels, two right answers share few digits."""
    derivation = jac.derive(formula, wrt=wrt, shapes={wrt: shape, "S": "n,n"} if "S" in formula else {wrt: shape})
    problem, forms = derivation.problem, printed(derivation)
    for seed in (11, 12):
        assert numeric_verdict(problem.output, derivation.variable, forms, points=20, seed=seed).passed
    wrong = replace(forms, jacobian=f"{forms.jacobian} + 1/1000")
    assert not numeric_verdict(problem.output, derivation.variable, wrong, points=20, seed=11).passed


@pytest.mark.parametrize(
    ("formula", "hint"),
    [
        ("sum(X, 0)@x", "sum(X, axis=0)"),
        ("softmax(x, -1)", "softmax(x, axis=-1)"),
    ],
)
def test_a_further_argument_is_told_its_name(formula: str, hint: str) -> None:
    with pytest.raises(InputError) as refused:
        jac.derive(formula, wrt="x")
    assert hint in str(refused.value.hint)
