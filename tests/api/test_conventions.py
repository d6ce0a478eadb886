"""One derivative in all conventions: what the comparison says of them, and whether that is so."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.api.derive.conventions import comparison
from jacobian_cli.calculus.reshape import CONVENTIONS, from_numerator_row
from jacobian_cli.cli.main import jac as command
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Expr
from tests.calculus.expressions import expressions
from tests.calculus.test_layouts import in_all_conventions
from tests.calculus.test_properties import QUICK, Point, one_of


@settings(QUICK, max_examples=50)
@given(expressions(depth=3), st.data())
def test_each_is_made_from_the_first_as_it_says(expr: Expr, data: st.DataObject) -> None:
    found = in_all_conventions(expr, one_of(data, expr))
    first = Point(found[CONVENTIONS[0]])
    shape = [size.at(first.sizes) for size in CONVENTIONS[0].shape(expr.shape, first.derivation.variable.shape)]
    numerator = first.at(first.read["jacobian"]).reshape(shape)
    assume(np.all(np.isfinite(numerator)))
    for convention, derivation in found.items():
        relation = from_numerator_row(convention, expr.shape, derivation.variable.shape)
        assert relation is not None
        made = np.asarray(evaluate(relation, {"J": numerator}, first.sizes), float)
        printed = first.at(Point(derivation).read["jacobian"])
        size = max(1.0, float(np.max(np.abs(printed), initial=0.0)))
        np.testing.assert_allclose(made.reshape(-1), printed.reshape(-1), rtol=1e-9, atol=1e-9 * size)


def test_vectors_have_one_vec_order() -> None:
    writings = jac.derive("W@x + b", wrt="x").conventions(points=1).writings
    assert [(w.layout, w.vec) for w in writings] == [
        ("numerator", ("row", "column")),
        ("denominator", ("row", "column")),
    ]
    assert [w.form.closed_form for w in writings] == ["W", "W.T"]
    assert [w.rows for w in writings] == [("f₁", "f₂"), ("x₁", "x₂", "x₃")]


def test_labels_run_as_the_entries_do() -> None:
    writings = jac.derive("A@X", wrt="X", shapes={"A": "2,40", "X": "40,30"}).conventions(points=1).writings
    assert writings[0].columns == ("X₁₁", "X₁₂", "X₁₃", "X₁₄", "…", "X₄₀,₃₀")
    assert writings[1].columns == ("X₁₁", "X₂₁", "X₃₁", "X₄₁", "…", "X₄₀,₃₀")


def test_names_are_shared_by_all_forms() -> None:
    compared = jac.derive("sum(tanh(A@X)**3)", wrt="X").conventions(points=1)
    assert compared.passed
    assert {frozenset(w.answer.where) for w in compared.writings} == {frozenset(compared.answer.where)}


def test_one_wrong_form_fails_the_comparison() -> None:
    derivation = comparison(jac.derive("A@X@B", wrt="X"), points=1).answer
    forms = derivation.forms
    jacobians = dict(forms.jacobians)
    jacobians[CONVENTIONS[1]] = jacobians[CONVENTIONS[0]]
    object.__setattr__(forms, "jacobians", jacobians)
    compared = comparison(derivation, points=1)
    assert [w.settled.passed for w in compared.writings] == [True, False, True, True]
    assert all(w.proof.passed for w in compared.writings), "the plain index form stands in its place"
    assert compared.passed is False


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command, list(arguments), standalone_mode=False, catch_exceptions=False)


def test_the_comparison_as_json() -> None:
    result = run("derive", "A@X@B", "--wrt", "X", "--explain-layout", "--json")
    answer = json.loads(result.output)["answers"][0]
    forms = {(c["layout"], c["vec"]): c["closed_form"] for c in answer["conventions"]}
    assert forms["numerator", "column"] == "kron(B.T, A)"
    assert answer["canonical"]["shape"] == ["n", "p", "m", "k"]
    assert answer["gradient"] is None
    assert all(c["check"]["passed"] for c in answer["conventions"])


def test_json_says_the_convention() -> None:
    result = run("derive", "X.T", "--wrt", "X", "--layout", "denominator", "--vec", "column", "--json")
    jacobian = json.loads(result.output)["answers"][0]["jacobian"]
    assert (jacobian["layout"], jacobian["vec"]) == ("denominator", "column")
    assert (jacobian["closed_form"], jacobian["latex"]) == ("commutation(m, n)", "K_{m, n}")
    assert jacobian["shape"] == ["n*m", "n*m"]


@pytest.mark.parametrize(("layout", "vec"), [("sideways", "row"), ("numerator", "diagonal"), ("", "")])
def test_conventions_that_there_are_not(layout: str, vec: str) -> None:
    with pytest.raises(jac.InputError, match="there is no"):
        jac.derive("x", wrt="x", layout=layout, vec=vec)
    with pytest.raises(jac.InputError, match="there is no"):
        jac.derive("x", wrt="x").rewritten(layout, vec)


def test_values_at_a_point_lie_as_the_jacobian_does() -> None:
    at = ("--at", "A=[[1,2],[3,4],[5,6]],x=[10,100]")
    rows = json.loads(run("derive", "A@x", "--wrt", "A", *at, "--json").output)["answers"][0]["at"]["jacobian"]
    turned = run("derive", "A@x", "--wrt", "A", *at, "--layout", "denominator", "--vec", "column", "--json")
    columns = np.array(json.loads(turned.output)["answers"][0]["at"]["jacobian"])
    np.testing.assert_array_equal(columns, np.array(rows)[:, [0, 2, 4, 1, 3, 5]].T)
