"""Even powers of norms that are 0 somewhere: a squared distance has a derivative wherever the distance has none."""

from __future__ import annotations

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.derive.proof import prove
from jacobian_cli.checks.squares import without_roots
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Expr
from jacobian_cli.printers.language import text
from jacobian_cli.shape import Size
from jacobian_cli.syntax.parser import parse_statement

PAIRS = "norm(X[:, None, :] - X, axis=-1)"
KERNELS: tuple[tuple[str, str, dict[str, str]], ...] = (
    (f"sum(W*{PAIRS}**2)/4", "X", {"X": "n,d", "W": "n,n"}),
    (f"K = exp(-{PAIRS}**2/2); sum(R*K)", "X", {"X": "n,d", "R": "n,n"}),
    ("sum(W*cdist(X, X)**2)/4", "X", {"X": "n,d", "W": "n,n"}),
    (f"sum(W/(1 + ({PAIRS}/l)**2))", "X", {"X": "n,d", "W": "n,n", "l": "()"}),
    (f"D = {PAIRS}; sum(W*D*D)", "X", {"X": "n,d", "W": "n,n"}),
    ("sum(W*sqrt(sum((X[:, None, :] - X)**2, axis=-1))**2)", "X", {"X": "n,d", "W": "n,n"}),
    ("norm(X - X[0], axis=1)**2@u", "X", {"X": "n,d", "u": "n"}),
    ("norm(x - x)**2 + x.T@x", "x", {"x": "n"}),
    ("exp(-abs(x[:, None] - x)**4)@u", "x", {"x": "n", "u": "n"}),
)


def output(formula: str, **shapes: str) -> Expr:
    declared = {name: tuple(map(Size.named, sizes)) for name, sizes in shapes.items()}
    return elaborate([parse_statement(formula)], declared).output


@pytest.mark.parametrize(("formula", "wrt", "shapes"), KERNELS)
def test_squared_distances_of_rows_from_themselves_are_checked(formula: str, wrt: str, shapes: dict[str, str]) -> None:
    report = jac.derive(formula, wrt, shapes).check()
    assert report.passed, report
    assert report.points == 3
    assert {"autograd", "differences", "sympy"} <= report.engines.keys()


@pytest.mark.parametrize("formula", [f"sum(W*{PAIRS})", f"sum(W*{PAIRS}**3)", "sum(W*cdist(X, X))"])
def test_distances_themselves_have_no_derivative_there(formula: str) -> None:
    report = jac.derive(formula, "X", {"X": "n,d", "W": "n,n"}).check()
    assert report.passed is None
    assert repr(report).startswith("? checked in part: SymPy" if report.engines else "? not checked")


@pytest.mark.parametrize(
    ("formula", "written"),
    [
        ("norm(A)**2", "sum(A**2)"),
        ("norm(A, axis=1)**4", "sum(A**2, axis=1)**2"),
        ("norm(A, axis=0, keepdims=True)**(-2)", "sum(A**2, axis=0, keepdims=True)**-1"),
        ("(2*norm(A)/c)**2", "2**2*sum(A**2)/c**2"),
        ("(-norm(x))*(-norm(x))", "sum(x**2)"),
        ("c*norm(x)*norm(x)", "c*sum(x**2)"),
        ("abs(x)**2", "x**2"),
        ("square(abs(x))", "x**2"),
        ("hypot(x, x)**2", "x**2 + x**2"),
        ("sqrt(sum(x**2))**2", "sum(x**2)"),
        ("std(A, axis=0)**2", "mean((A - mean(A, axis=0, keepdims=True))**2, axis=0)"),
        ("norm(A, axis=1)[:, None]**2", "sum(A**2, axis=1)[:, None]"),
        ("norm(x)**3", "norm(x)**3"),
        ("sqrt(x)**2", "sqrt(x)**2"),
        ("norm(x)**c", "norm(x)**c"),
        ("exp(x)**2", "exp(x)**2"),
    ],
)
def test_the_root_goes_and_the_value_stays(formula: str, written: str) -> None:
    expr = output(formula, A="mn", x="n", c="")
    lowered = without_roots(expr)
    assert text(lowered) == written
    rng = np.random.default_rng(0)
    values = {"A": rng.standard_normal((3, 4)), "x": rng.uniform(0.5, 2.0, 4), "c": np.float64(1.7)}
    sizes = {"m": 3, "n": 4}
    assert np.allclose(evaluate(lowered, values, sizes), evaluate(expr, values, sizes), rtol=1e-12)


def test_only_what_meets_itself_is_opened_for_steps_and_code() -> None:
    alone, meeting = output("norm(x - y)**2", x="n", y="n"), output("norm(x - x)**2", x="n")
    assert without_roots(alone, meeting=True) is alone
    assert text(without_roots(meeting, meeting=True)) == "sum((x - x)**2)"


def test_the_steps_of_a_kernel_divide_by_no_distance() -> None:
    answer = jac.derive(f"K = exp(-{PAIRS}**2/2); sum(R*K)", "X", {"X": "n,d", "R": "n,n"})
    stepwise = answer.stepwise
    assert stepwise.checked().passed
    assert all("norm" not in step.closed_form for step in stepwise.steps)


def test_gradients_of_kernels_at_a_point() -> None:
    rng = np.random.default_rng(1)
    rows, weights = rng.standard_normal((4, 2)), rng.standard_normal((4, 4))
    found = jac.backprop(f"sum(W*{PAIRS}**2)/4", at={"X": rows, "W": weights})
    both = weights + weights.T
    assert np.allclose(found.gradients["X"], (np.diag(both.sum(axis=1)) - both) @ rows / 2, rtol=1e-12)
    assert found.check.passed
    same = jac.backprop("norm(y - z)**2 + y.T@z", at={"y": rows[0], "z": rows[0]})
    assert np.allclose(same.gradients["y"], rows[0])
    at = prove(jac.derive(f"sum(W*{PAIRS}**2)/4", "X"), 1, {"X": rows, "W": weights}).at
    assert at is not None
    assert at.gradient is not None
    assert not at.unformed
    assert np.allclose(at.gradient, found.gradients["X"])


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
def test_code_takes_no_norm_that_is_zero(target: str) -> None:
    answer = jac.derive(f"K = exp(-{PAIRS}**2/2); sum(R*K)", "X", {"X": "n,d", "R": "n,n"}, check=False)
    code = jac.export(answer, to=target)
    assert "norm(" not in code.replace(f"exp(-{PAIRS}", "")
