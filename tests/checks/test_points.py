"""Where a check finds points: inside the domain, away from kinks that it may come upon, and only from those."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.derive.proof import prove
from jacobian_cli.checks.oracles import differences
from jacobian_cli.checks.points.sampling import NoPointError, sample
from jacobian_cli.checks.verdict.answer import Printed, numeric_verdict
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import variables
from tests.checks.formulas import typed

Shapes = dict[str, str]
STILL: tuple[tuple[str, str, Shapes], ...] = (
    ("where(tril(ones(n, n)) > 0, Q@K.T, -1000)", "Q", {"Q": "n,d", "K": "n,d"}),
    ("sum(where(eye(n) > 0, A, 2*A))", "A", {"A": "n,n"}),
    ("abs(tril(A))", "A", {"A": "n,n"}),
    ("relu(zeros(n))*x", "x", {"x": "n"}),
    ("maximum(x - x, 0)*x", "x", {"x": "n"}),
    ("where(M > 0, S, -S)", "S", {"M": "n,m", "S": "n,m"}),
    ("prod(zeros(n))*x + norm(zeros(n))*x", "x", {"x": "n"}),
    ("min((x - y)/3 + x)", "x", {"x": "n", "y": "n"}),
)
"""Formulas with constants at their own kinks, or where a derivative has no form that nobody needs."""


@pytest.mark.parametrize(("formula", "wrt", "shapes"), STILL, ids=[formula for formula, *_ in STILL])
def test_what_does_not_move_is_at_no_kink(formula: str, wrt: str, shapes: Shapes) -> None:
    assume = {"M": "binary"} if "M" in shapes else None
    report = jac.derive(formula, wrt, shapes, assume=assume).check()
    assert report.passed
    assert report.points == 3


def test_a_kink_that_is_come_upon_is_one() -> None:
    for formula, point in (("sum(abs(x))", [0.0, 1.0]), ("sum(relu(x - y))", [1.0, 2.0])):
        shapes = {"x": "n", "y": "n"} if "y" in formula else {"x": "n"}
        report = jac.derive(formula, "x", shapes).check(
            at={"y": [1.0, 1.0], "x": point} if "y" in shapes else {"x": point}
        )
        assert any("kink" in note for note in report.notes)


NARROW = (
    "log(x - 3)*log(5 - x)",
    "sqrt(sum(x) - 8) + log(9 - sum(x))",
    "arcsin(x - 4)",
    "log(logdet(A)) + sum(x)",
    "log(-sum(A))*log(x[0] + 7)",
    "sqrt(norm(x) - 6)*log(sum(x) - 9)",
    "log(log(log(x)))",
    "arccos(x[0]**2 - 20)*log(x)",
    "1e5*exp(10*sum(x))*log(x + 2)",
    "inv(A - 7*eye(m))@x",
    "log(min(A@x) + 1) + log(4 - max(x))",
)
"""Formulas of which few points are inside the domain."""


@pytest.mark.parametrize("formula", NARROW)
def test_points_are_found_inside_narrow_domains(formula: str) -> None:
    program = typed(formula, x="m", A="m,m")
    sizes = {"m": 3}
    for seed in range(3):
        point = sample(program.output, sizes, np.random.default_rng(seed))
        value = evaluate(program.output, point, sizes)
        assert np.all(np.isfinite(value))
        for name in variables(program.output):

            def moved(x: Any, name: str = name) -> Any:
                return evaluate(program.output, {**point, name: x}, sizes)  # noqa: B023 - called before the next turn

            slopes, doubt = differences.with_doubt(moved, point[name])
            assert np.all(np.isfinite(slopes))
            assert np.all(doubt <= 1e-4 * max(1.0, np.max(np.abs(slopes))))


def test_what_is_zero_but_for_rounding_is_not_inside_a_domain() -> None:
    program = typed("log(det(X.T@X))", X="n,m")
    for seed in range(5):
        with pytest.raises(NoPointError):
            sample(program.output, {"n": 2, "m": 4}, np.random.default_rng(seed))
    assert jac.derive("log(det(X.T@X))", "X", order=2).check(points=1).passed


def test_where_nothing_can_be_mended_nothing_is_tried() -> None:
    asked = []

    class Counting:
        def __init__(self) -> None:
            self.rng = np.random.default_rng(0)

        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return getattr(self.rng, name)

    with pytest.raises(NoPointError, match="inv is outside its domain"):
        sample(typed("inv(zeros(2, 2))@x", x="2").output, {}, Counting())  # type: ignore[arg-type]  # a generator that counts
    assert len(asked) < 10


@pytest.mark.parametrize(
    ("formula", "wrt", "values", "slopes"),
    [
        ("norm(y - z)**2/2", "y", {"y": [1.0, 2.0], "z": [1.0, 2.0]}, [0.0, 0.0]),
        ("sum(x)*norm(x)", "x", {"x": [0.0, 0.0]}, [0.0, 0.0]),
        ("where(x > 0, log(x), 0)", "x", {"x": [-1.0, 2.0]}, [[0.0, 0.0], [0.0, 0.5]]),
    ],
)
def test_a_derivative_is_shown_wherever_there_is_one(
    formula: str, wrt: str, values: dict[str, list[float]], slopes: Any
) -> None:
    found = jac.derive(formula, wrt)
    at = prove(found, 1, {name: np.array(value) for name, value in values.items()}).at
    assert at is not None
    assert np.allclose(at.jacobian, slopes, atol=1e-6)


@pytest.mark.parametrize(("formula", "x"), [("norm(y - z)", 1.0), ("sqrt(y[0])", 0.0), ("log(y[0])", 0.0)])
def test_where_there_is_none_the_refusal_says_what_must_hold(formula: str, x: float) -> None:
    with pytest.raises(jac.InputError, match="must"):
        jac.derive(formula, "y", {"y": "2"}).check(at={"y": [x, 1.0], **({"z": [1.0, 1.0]} if "z" in formula else {})})


@pytest.mark.parametrize(
    ("formula", "x", "gradient"),
    [
        ("where(x > 0, log(x), 0)", [-1.0, 2.0], [0.0, 0.5]),
        ("where(x > 0, sqrt(x), -x)", [-1.0, 4.0], [-1.0, 0.25]),
        ("sum(where(x > 1, x**0.5*log(x), x**2))", [-2.0, 4.0], [-4.0, 0.25 * np.log(4) + 0.5]),
    ],
)
def test_the_branch_not_taken_does_not_stop_the_graph(formula: str, x: list[float], gradient: list[float]) -> None:
    found = jac.backprop(formula, at={"x": x})
    assert np.allclose(found.gradients["x"], gradient)
    assert found.check.passed
    value, gradients = jac.tape(formula).gradients(x=np.array(x))
    assert np.all(np.isfinite(value))
    assert np.allclose(gradients["x"], gradient)


def test_what_arises_in_the_branch_taken_is_refused() -> None:
    for formula in ("log(x)", "where(x < 0, log(x), 0)", "sqrt(x)*0"):
        with pytest.raises(jac.InputError):
            jac.backprop(formula, at={"x": [-1.0, 2.0]})


MASKED: tuple[tuple[str, Shapes], ...] = (
    ("softmax(where(M, -inf, S))", {"M": "n,m", "S": "n,m"}),
    ("sum(softmax(where(M, S, -inf))*S)", {"M": "n,m", "S": "n,m"}),
    ("softmax(where(tril(ones(n, n)) > 0, S, -inf))@V", {"S": "n,n", "V": "n,d"}),
    ("logsumexp(where(M == 0, S, -inf))", {"M": "n,m", "S": "n,m"}),
    ("max(where(M, S, -inf))", {"M": "n,m", "S": "n,m"}),
    ("where(M, -inf, S**2)", {"M": "n,m", "S": "n,m"}),
)


@pytest.mark.parametrize(("formula", "shapes"), MASKED, ids=[formula for formula, _ in MASKED])
def test_infinity_is_a_number_in_masks(formula: str, shapes: Shapes) -> None:
    found = jac.derive(formula, "S", shapes)
    assert "inf" not in found.shapes
    assert found.check().passed
    namespace: dict[str, Any] = {}
    exec(found.to_python(), namespace)
    rng = np.random.default_rng(0)
    point = {"S": rng.standard_normal((3, 3)), "M": np.eye(3)[:, [1, 2, 0]], "V": rng.standard_normal((3, 2))}
    given = {name: point[name] for name in shapes}
    value = namespace["value"](**given)
    upstream = rng.standard_normal(np.shape(value))
    kept = np.isfinite(value)

    def weighted(s: Any) -> Any:
        return np.sum(np.where(kept, upstream * namespace["value"](**{**given, "S": s}), 0.0))

    slopes, _ = differences.with_doubt(weighted, point["S"])
    assert np.allclose(namespace["vjp"](upstream, **given), slopes.reshape(3, 3), atol=1e-8)


def test_infinity_is_printed_and_read_back() -> None:
    found = jac.derive("softmax(where(M, -inf, S))", "S", {"M": "n,m", "S": "n,m"})
    assert r"\infty" in jac.derive("sum(where(M, -inf, S)**2)", "S", {"M": "n,m", "S": "n,m"}).jacobian.latex
    assert "np.inf" in found.to_python()
    assert jac.derive("where(M, -np.inf, S)", "S", {"M": "n,m", "S": "n,m"}).check().passed


def test_an_infinite_value_excuses_nothing() -> None:
    """Errors are measured by the largest finite entry."""
    found = jac.derive("where(M, -inf, S)", "S", {"M": "n,m", "S": "n,m"})
    printed = Printed(f"({found.jacobian.closed_form})*1.001", None, found.vjp.closed_form, found.where, "delta")
    assert numeric_verdict(found.problem.output, found.variable, printed).passed is False


@pytest.mark.parametrize("fact", ["spd", "symmetric", "diagonal", "lower", "orthogonal"])
def test_facts_of_each_matrix_of_a_batch(fact: str) -> None:
    formula = "sum(S*T)" if fact == "symmetric" else "logdet(S@transpose(S, (0, 2, 1)))@x + sum(S*T)"
    found = jac.derive(formula, "S", {"S": "b,n,n", "T": "b,n,n", "x": "b"}, assume={"S": fact})
    assert found.check().passed
    point = sample(found.problem.output, {"b": 2, "n": 3}, np.random.default_rng(0), found.problem.facts)
    one = jac.derive("sum(A)", "A", {"A": "n,n"}, assume={"A": fact})
    for matrix in point["S"]:
        assert one.check(at={"A": matrix}).passed
    if fact != "lower":
        spoilt = point["S"] + np.triu(np.ones((3, 3)), 1)
        with pytest.raises(jac.InputError, match=rf"S is declared {fact}.*S\[1"):
            found.check(at={**point, "S": spoilt, "T": np.ones((2, 3, 3)), "x": np.ones(2)})


def test_a_batch_of_positive_definite_matrices_is_inside_the_domain_of_their_logarithms() -> None:
    report = jac.derive("log(logdet(S) + 20)@x", "S", {"S": "b,n,n", "x": "b"}, assume={"S": "spd"}).check()
    assert report.passed
    assert report.points == 3
