"""What is rewritten before it is computed or differentiated keeps its value: inverses as solutions and by Cholesky
factors, and names for what a formula normalises.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from jacobian_cli.calculus.derivative.normalised import normalised
from jacobian_cli.calculus.derivative.solutions import factored, solved
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Defined, Expr, size_names, variables, walk
from jacobian_cli.printers.language import text
from tests.checks.formulas import typed as program

N = 3
SHAPES = {"A": "n,n", "B": "n,n", "S": "n,n", "x": "n", "y": "n", "b": "n", "c": "", "eps": ""}


def typed(formula: str) -> Expr:
    return program(formula, **SHAPES).output


def point(forms: Sequence[Expr], seed: int = 0) -> tuple[dict[str, Any], dict[str, int]]:
    """Values of what stands in the forms; S is symmetric and positive definite, A and B have inverses."""
    rng, sizes = np.random.default_rng(seed), dict.fromkeys(size_names(forms), N)
    names = {name: v for form in forms for name, v in variables(form).items()}
    values = {n: rng.uniform(0.5, 1.5, [size.at(sizes) for size in v.shape]) for n, v in names.items()}
    for name in {"A", "B", "S"} & values.keys():
        values[name] = values[name] + 3 * np.eye(N)
    if "S" in values:
        values["S"] = values["S"] @ values["S"].T
    return values, sizes


def agree(found: Expr, wanted: Expr) -> None:
    values, sizes = point([wanted])
    np.testing.assert_allclose(evaluate(found, values, sizes), evaluate(wanted, values, sizes), rtol=1e-11, atol=1e-12)


PRODUCTS = [
    "M@x",
    "M.T@x",
    "x.T@M",
    "x.T@M.T",
    "-M@x",
    "(-M)@((-M)@x)",
    "(-M)@(-M)@x",
    "(-M)@B@(-(2*M))@x",
    "(-M)@(-M)@(-M)@x",
    "(2*M)@((-3)*M)@x",
    "-(c*M).T@x",
    "x.T@(-M)@M.T@y",
    "(x.T@(-(c*M)).T).T",
    "M@B@M.T@x",
    "(M@x)@(y.T@M)",
    "outer(M@x, M.T@y)",
    "M@x + M@x*c - M.T@y",
    "M@B",
    "B@M.T + M",
    "diag(M@x)@M",
    "M@diag(x)@y",
]
"""Products in which an inverse M has signs and numbers, is transposed, and stands on either side."""


@pytest.mark.parametrize("formula", PRODUCTS)
@pytest.mark.parametrize("inverse", ["inv(A)", "inv(A@A.T)", "inv(A + B)"])
def test_what_is_solved_for_has_the_value_of_the_product(inverse: str, formula: str) -> None:
    wanted = typed(f"M = {inverse}; {formula}")
    (found,) = solved([wanted], ["M", *variables(wanted)])
    agree(found, wanted)


@pytest.mark.parametrize("formula", PRODUCTS)
def test_what_is_computed_by_a_cholesky_factor_has_the_value_of_the_inverse(formula: str) -> None:
    wanted = typed(f"M = inv(S); {formula}")
    forms = factored([wanted], {"S": ["spd"]}, ["M", *variables(wanted)])
    assert "cholesky" in {getattr(node, "function", "") for node in walk(forms)}
    agree(forms[0], wanted)
    (found,) = solved(forms, ["M", *variables(wanted)])
    agree(found, wanted)


@pytest.mark.parametrize("formula", ["logdet(S)", "slogdet(S)", "det(S)", "det(S)*trace(inv(S)@B)", "logdet(S)/2 + c"])
def test_determinants_by_a_factor_keep_their_value(formula: str) -> None:
    wanted = typed(formula)
    (found,) = factored([wanted], {"S": ["spd"]}, list(variables(wanted)))
    assert "cholesky" in {getattr(node, "function", "") for node in walk([found])}
    agree(found, wanted)


NORMALISED: Mapping[str, Collection[str]] = {
    "b*x/norm(x)": ["x/norm(x)"],
    "x/norm(x)*b + y": ["x/norm(x)"],
    "b*(x - mean(x))/sqrt(var(x) + eps)": ["sqrt(var(x) + eps)", "(x - mean(x))/s"],
    "b*((x - mean(x))*rsqrt(var(x) + eps)) + y": ["sqrt(var(x) + eps)", "(x - mean(x))/s"],
    "c*x*y/sum(x)": ["x/sum(x)"],
    "b*x*(x + y)/norm(x)": ["x/norm(x)"],
    "b/(y/(x/sum(x)))": ["x/sum(x)"],
    "x/norm(x)": [],
    "x*y/norm(b)": [],
    "b/norm(x)": [],
    "b*x": [],
}
"""Formulas, and what bears a name in them afterwards."""


@pytest.mark.parametrize("formula", NORMALISED)
def test_a_name_for_what_is_normalised_changes_no_value(formula: str) -> None:
    wanted = typed(formula)
    found = normalised(wanted, ())
    named = [] if found is None else [text(node.body) for node in walk([found]) if isinstance(node, Defined)]
    assert named == NORMALISED[formula]
    if found is not None:
        agree(found, wanted)
