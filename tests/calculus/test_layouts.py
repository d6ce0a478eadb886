"""Closed forms in every layout and vec order: what is printed, read back, against autograd and against each other."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.api.derive.derivation import derivations
from jacobian_cli.api.input.problem import pose, shapes_of, statements_of
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.reshape import CONVENTIONS, Convention, converted
from jacobian_cli.checks.oracles import hips_autograd as autodiff
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Expr, variables
from jacobian_cli.printers.language import text
from tests.calculus.expressions import VARIABLES, expressions
from tests.calculus.test_properties import QUICK, Point, one_of, right, told
from tests.calculus.test_reshape import laid_out


def in_all_conventions(expr: Expr, wrt: str) -> dict[Convention, jac.Derivation]:
    """The derivation of an expression from its text, written in every convention with the same names."""
    used = {name: [str(size) for size in VARIABLES[name]] for name in [*variables(expr), "A"]}
    problem = pose(statements_of(text(expr)), [wrt], shapes_of(used))
    (first,) = derivations(problem, conventions=CONVENTIONS)
    return {c: first.rewritten(c.layout, c.vec) for c in CONVENTIONS}


@settings(QUICK, max_examples=40)
@given(expressions(depth=4), st.data())
def test_every_convention_is_that_of_the_canonical_derivative(expr: Expr, data: st.DataObject) -> None:
    """NumPy's orders of flattening, applied to autograd's Jacobian, give what is printed."""
    found = in_all_conventions(expr, one_of(data, expr))
    for convention, derivation in found.items():
        point = Point(derivation)
        out, variable = (tuple(s.at(point.sizes) for s in shape) for shape in (expr.shape, derivation.variable.shape))
        true = autodiff.jacobian(derivation.problem.output, point.values, point.sizes, derivation.wrt)
        assume(np.all(np.isfinite(true)))
        printed = point.at(point.read["jacobian"])
        wanted = laid_out(true.reshape(out + variable), out, variable, convention)
        size = max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
        np.testing.assert_allclose(
            printed.reshape(wanted.shape), wanted, rtol=1e-7, atol=1e-7 * size, err_msg=told(derivation)
        )


@QUICK
@given(expressions(depth=3), st.data(), st.sampled_from(CONVENTIONS))
def test_the_check_judges_what_is_printed(expr: Expr, data: st.DataObject, convention: Convention) -> None:
    derivation = in_all_conventions(expr, one_of(data, expr))[convention]
    assert right(derivation) is not False, told(derivation)


@settings(QUICK, max_examples=60)
@given(expressions(depth=3), st.data(), st.sampled_from(list(product(CONVENTIONS, repeat=2))))
def test_closed_forms_are_converted(expr: Expr, data: st.DataObject, ways: tuple[Convention, Convention]) -> None:
    """From one printed form to another convention: the value of the form that is derived there."""
    found = in_all_conventions(expr, one_of(data, expr))
    source, target = (found[way] for way in ways)
    point = Point(source)
    form = converted(Notation(), point.read["jacobian"], *ways, expr.shape, source.variable.shape)
    wanted = point.at(Point(target).read["jacobian"])
    got = point.at(form)
    assume(np.all(np.isfinite(wanted)))
    size = max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
    np.testing.assert_allclose(got.reshape(wanted.shape), wanted, rtol=1e-7, atol=1e-7 * size, err_msg=text(form))


CLOSED = {
    # formula, variable: numerator/row, numerator/column, denominator/row, denominator/column
    ("W@x + b", "W"): ("kron(eye(n), x.T)", "kron(x.T, eye(n))", "kron(eye(n), x)", "kron(x, eye(n))"),
    ("W@x + b", "x"): ("W", "W", "W.T", "W.T"),
    ("A@X@B", "X"): ("kron(A, B.T)", "kron(B.T, A)", "kron(A.T, B)", "kron(B, A.T)"),
    ("X.T", "X"): ("commutation(m, n)", "commutation(n, m)", "commutation(n, m)", "commutation(m, n)"),
    ("vec(X)", "X"): ("commutation(m, n)", "eye(n*m)", "commutation(n, m)", "eye(n*m)"),
    ("vec(X.T)", "X"): ("eye(n*m)", "commutation(n, m)", "eye(n*m)", "commutation(m, n)"),
    ("M@vec(X)", "X"): ("M@commutation(m, n)", "M", "commutation(n, m)@M.T", "M.T"),
    ("M@reshape(X, n*m)", "X"): ("M", "M@commutation(n, m)", "M.T", "commutation(m, n)@M.T"),
    ("v.T@vec(X)", "X"): ("v.T@commutation(m, n)", "v.T", "commutation(n, m)@v", "v"),
    ("commutation(n, m)@vec(X)", "X"): ("eye(n*m)", "commutation(n, m)", "eye(n*m)", "commutation(m, n)"),
    # Magnus & Neudecker 1988, ch. 9: d vec XX' = (I + K)(X ⊗ I) d vec X
    ("X@X.T", "X"): (
        "(eye(n**2) + commutation(n, n))@kron(eye(n), X)",
        "(eye(n**2) + commutation(n, n))@kron(X, eye(n))",
        "kron(eye(n), X.T)@(eye(n**2) + commutation(n, n))",
        "kron(X.T, eye(n))@(eye(n**2) + commutation(n, n))",
    ),
    # ibid.: d vec X⁻¹ = -(X'⁻¹ ⊗ X⁻¹) d vec X
    ("inv(X)", "X"): (
        "-kron(inv(X), inv(X).T)",
        "-kron(inv(X).T, inv(X))",
        "-kron(inv(X).T, inv(X))",
        "-kron(inv(X), inv(X).T)",
    ),
    ("A@X.T@B", "X"): (
        "kron(A, B.T)@commutation(m, k)",
        "kron(B.T, A)@commutation(k, m)",
        "commutation(k, m)@kron(A.T, B)",
        "commutation(m, k)@kron(B, A.T)",
    ),
    ("sigmoid(X)", "X"): (
        "diag(reshape(sigmoid(X)*(1 - sigmoid(X)), n*m))",
        "diag(vec(sigmoid(X)*(1 - sigmoid(X))))",
        "diag(reshape(sigmoid(X)*(1 - sigmoid(X)), n*m))",
        "diag(vec(sigmoid(X)*(1 - sigmoid(X))))",
    ),
    ("u.T@X@v", "X"): ("kron(u, v).T", "kron(v, u).T", "kron(u, v)", "kron(v, u)"),
    ("logdet(X)", "X"): ("reshape(inv(X).T, (1, n**2))", "vec(inv(X).T).T", "reshape(inv(X).T, n**2)", "vec(inv(X).T)"),
}


@pytest.mark.parametrize(("formula", "wrt"), CLOSED)
def test_closed_forms_in_all_conventions(formula: str, wrt: str) -> None:
    shapes = {"X": "n,m"} if "vec" in formula or "reshape" in formula else None
    found = {c: jac.derive(formula, wrt=wrt, shapes=shapes, layout=c.layout, vec=c.vec) for c in CONVENTIONS}
    assert tuple(r.jacobian.closed_form for r in found.values()) == CLOSED[formula, wrt]
    for convention, derivation in found.items():
        assert derivation.check(points=2).passed, convention


@pytest.mark.parametrize("first", ["", "-"])
@pytest.mark.parametrize("second", ["+", "-"])
@pytest.mark.parametrize("term", ["A@X", "X@A", "X", "c*X@X"])
def test_a_term_and_its_mirror_image_keep_their_signs(first: str, second: str, term: str) -> None:
    """E ± KE = (I ± K)E, whatever stands in front of either."""
    shapes = {"X": "n,n", "A": "n,n", "c": "()"}
    for convention in CONVENTIONS:
        layout, vec = convention.layout, convention.vec
        found = jac.derive(f"{first}{term} {second} ({term}).T", "X", shapes, layout=layout, vec=vec, check=False)
        assert "commutation" in found.jacobian.closed_form
        assert found.check(points=1).passed, convention


def test_a_wrong_convention_is_caught() -> None:
    """The check compares the text in the layout that it claims to be in."""
    derivation = jac.derive("A@X@B", wrt="X", vec="column")
    twisted = jac.derive("A@X@B", wrt="X")
    forms = derivation.forms
    object.__setattr__(forms, "jacobian", twisted.forms.jacobian)
    report = derivation.check()
    assert report.passed is False
    assert {name for name, engine in report.engines.items() if not engine.passed} == {
        "autograd",
        "differences",
        "sympy",
    }


def test_entries_follow_the_convention() -> None:
    numerator = jac.derive("A@x", wrt="A").jacobian.entries({"n": 2, "m": 3})
    column = jac.derive("A@x", wrt="A", layout="denominator", vec="column").jacobian.entries({"n": 2, "m": 3})
    assert numerator.shape == (2, 6)
    assert column.shape == (6, 2)
    places = [0, 3, 1, 4, 2, 5]
    assert numerator.extract([0, 1], places) == column.T


def test_hessians_run_in_the_vec_order() -> None:
    row, column = (jac.derive("norm(T - U@V.T)**2", wrt="U", order=2, vec=vec) for vec in ("row", "column"))
    assert str(row.hessian) == "2*kron(eye(n), V.T@V)"
    assert str(column.hessian) == "2*kron(V.T@V, eye(n))"
    assert column.check().passed
    assert str(jac.derive("trace(X@X)", wrt="X", order=2).hessian) == "2*commutation(n, n)"


def test_generated_code_keeps_to_numerator_layout_row_by_row() -> None:
    ns: dict[str, Any] = {}
    exec(jac.derive("A@X.T@B", wrt="X", layout="denominator", vec="column").to_python("numpy"), ns)
    rng = np.random.default_rng(0)
    a, x, b = rng.standard_normal((2, 3)), rng.standard_normal((4, 3)), rng.standard_normal((4, 5))
    step = np.array([(a @ e.reshape(4, 3).T @ b).ravel() for e in np.eye(12)]).T
    np.testing.assert_allclose(ns["jacobian"](A=a, X=x, B=b), step, atol=1e-12)


def test_commutation_matrix() -> None:
    x = np.arange(6.0).reshape(2, 3)
    k = np.asarray(evaluate(jac.derive("commutation(2, 3)@v", wrt="v").forms.jacobian, {}, {}))
    np.testing.assert_array_equal(k @ x.ravel(order="F"), x.T.ravel(order="F"))
