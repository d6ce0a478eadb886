"""Sizes at which what is inverted has an inverse, and formulas that have no value anywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import jacobian_cli as jac
from jacobian_cli.checks.points.ranks import regular
from jacobian_cli.checks.points.sampling import NO_VALUE
from jacobian_cli.checks.verdict.report import ENGINES, Engine, Report, Worst
from jacobian_cli.cli.main import jac as jac_command
from tests.checks.formulas import typed

INVERTED = ("det(A@X@B)", "logdet(A@X@B)", "det(A@X@B)**c", "inv(A@X@B)", "logdet(X.T@X)", "trace(inv(X@X.T))")


@pytest.mark.parametrize("formula", INVERTED)
def test_points_are_drawn_where_there_is_an_inverse(formula: str) -> None:
    report = jac.derive(formula, "X").check()
    assert report.passed
    assert report.points == 3


@pytest.mark.parametrize("formula", INVERTED)
def test_its_steps_too(formula: str) -> None:
    lines = jac.derive(formula, "X").stepwise.checked()
    assert lines.passed
    assert lines.points == 3


def test_the_rank_is_what_linear_algebra_says() -> None:
    rng = np.random.default_rng(0)
    for formula in ("A@B", "A@B + B.T@A.T", "A@B + x@y.T", "(A@B)*(A@B)", "3*A@B", "(A@B).T@C", "A@B + diag(x)"):
        expr = typed(f"logdet({formula})", A="n,m", B="m,n", C="n,n", x="n", y="n").output
        for n, m in ((2, 3), (3, 2), (5, 2), (5, 1), (4, 3)):
            a, b, c = (rng.standard_normal(shape) for shape in ((n, m), (m, n), (n, n)))
            x, y = rng.standard_normal((2, n))
            values = {"A": a, "B": b, "C": c, "x": x, "y": y, "diag": np.diag}
            made = _numpy(formula, values)
            full = np.linalg.matrix_rank(made) == n
            assert regular([expr], {"n": n, "m": m}) == full, (formula, n, m)


def _numpy(formula: str, v: dict[str, Any]) -> Any:
    product = v["A"] @ v["B"]
    return {
        "A@B": product,
        "A@B + B.T@A.T": product + product.T,
        "A@B + x@y.T": product + np.outer(v["x"], v["y"]),
        "(A@B)*(A@B)": product * product,
        "3*A@B": 3 * product,
        "(A@B).T@C": product.T @ v["C"],
        "A@B + diag(x)": product + np.diag(v["x"]),
    }[formula]


def test_declared_sizes_of_too_small_a_rank_are_no_verdict() -> None:
    report = jac.derive("det(A@X@B)", "X", {"A": "4,2"}).check()
    assert report.passed is None
    assert any("too small a rank" in note for note in report.notes)


@pytest.mark.parametrize("formula", ["x - inf", "x + log(0)", "log(0)*x", "x/0", "0/0*x", "x + 1/(1 - 1)"])
def test_a_formula_without_a_value_is_not_checked_and_one_line_says_so(formula: str) -> None:
    report = jac.derive(formula, "x").check()
    assert report.passed is None
    assert not report.engines
    (note,) = report.notes
    assert note.startswith(NO_VALUE)


def test_masks_have_values() -> None:
    assert jac.derive("softmax(where(mask, x, -inf))", "x").check().passed


def test_the_engine_that_differs_is_named_as_it_is_in_the_verdict() -> None:
    differs = Engine("sympy", False, 1.0, Worst("jacobian", "∂f₁/∂x₁", 1.0, 0.0), False)
    report = Report(False, 3, {"autograd": Engine("autograd", True, 0.0), "sympy": differs}, [])
    assert str(report).count(ENGINES["sympy"]) == 3
    assert report.to_dict()["passed"] is False


def test_what_a_function_takes_for_granted_of_a_matrix_is_said() -> None:
    for function in ("sqrtm", "cholesky"):
        for assume, said in (((), True), (("--assume", "A=spd"), False)):
            run = CliRunner().invoke(jac_command, ["derive", f"{function}(A)", "--wrt", "A", "--no-check", *assume])
            assert ("only the symmetric part of A enters" in run.output) == said
