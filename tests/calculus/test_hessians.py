"""Hessians: symmetric to the last bit in code, blocks that are transposes of each other, what structure saves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.checks.points.sampling import sample
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.shape import Size

FORMULAS = {
    "sum(log(1 + exp(-y*(X@w))))": "w",
    "norm(T - U@V.T)**2": "U,V",
    "x.T@A@x + sum(x**3)": "x",
    "logsumexp(W@x + b)": "x,b",
    "sum(tanh(W@x)*u)": "W,x,u",
    "logdet(S)": "S",
    "trace(X@A@X@B)": "X",
    "norm(A@x - b)": "x,A",
    "sum(sigmoid(x)*H)*sum(H_)": "x",
}


def blocks(formula: str) -> jac.Derivations:
    return jac.derive(formula, wrt=FORMULAS[formula].split(","), order=2)


def point(derivation: jac.Derivation) -> tuple[dict[str, Any], dict[str, int]]:
    variables = derivation.problem.variables
    names = dict.fromkeys(name for v in variables.values() for size in v.shape for name in size.names())
    sizes = {name: 3 + k for k, name in enumerate(names)}
    return sample(derivation.problem.output, sizes, np.random.default_rng(3)), sizes


@pytest.mark.parametrize("formula", FORMULAS)
def test_generated_hessians_are_symmetric_to_the_last_bit(formula: str) -> None:
    for derivation in blocks(formula):
        values, sizes = point(derivation)
        made: dict[str, Any] = {}
        exec(derivation.to_python(), made)
        found = made["hessian"](**values)
        assert np.array_equal(found, found.T)
        assert derivation.hessian is not None
        assert derivation.hessian.to_dict()["symmetric"] is True
        printed = np.asarray(evaluate(derivation.hessian.expr, values, sizes), float).reshape(found.shape)
        np.testing.assert_allclose(found, printed, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("formula", [formula for formula, wrt in FORMULAS.items() if "," in wrt])
def test_blocks_are_each_others_transposes(formula: str) -> None:
    found = {d.wrt: d for d in blocks(formula)}
    for v, first in found.items():
        values, sizes = point(first)
        rows = np.size(values[v])
        for w, second in found.items():
            if w != v:
                one = np.asarray(evaluate(first.hessians[w].expr, values, sizes), float).reshape(rows, -1)
                other = np.asarray(evaluate(second.hessians[v].expr, values, sizes), float).reshape(-1, rows)
                np.testing.assert_allclose(one, other.T, rtol=1e-12, atol=1e-12)
                assert not first.hessians[w].symmetric


@pytest.mark.parametrize(
    ("formula", "wrt", "structured", "dense"),
    [
        ("sum(log(1 + exp(-y*(X@w))))", "w", "n*m + n", "m**2"),
        ("norm(T - U@V.T)**2", "U", "k**2", "n**2*k**2"),
        ("logsumexp(z)", "z", "n", "n**2"),
        ("logdet(S)", "S", "n**2", "n**4"),
        ("sum(exp(x))", "x", "n", "n**2"),
        ("norm(x)**2", "x", "0", "n**2"),
        ("x.T@A@x", "x", "n**2", "n**2"),
        ("trace(X.T@X)", "X", "0", "n**2*m**2"),
    ],
)
def test_what_the_structure_saves(formula: str, wrt: str, structured: str, dense: str) -> None:
    hessian = jac.derive(formula, wrt=wrt, order=2).hessian
    assert hessian is not None
    assert (str(hessian.stored.structured), str(hessian.stored.dense)) == (structured, dense)
    kept = hessian.to_dict()["stored"]
    assert list(map(str, kept.values())) == [structured, dense]


def test_entries_are_counted_in_numbers_where_sizes_are_numbers() -> None:
    hessian = jac.derive("norm(T - U@V.T)**2", wrt="U", shapes={"U": "30,4", "V": "20,4"}, order=2).hessian
    assert hessian is not None
    assert hessian.to_dict()["stored"] == {"structured": 16, "dense": 14400}
    assert hessian.stored.saves
    assert hessian.stored.dense is Size.number(14400)


PUBLISHED: tuple[tuple[str, str, dict[str, str], dict[str, str], str], ...] = (
    # what divides the rows of one term is not taken out of the others
    ("x.T@A@x - sum(log(1 - x**2))", "x", {"A": "n,n"}, {"A": "symmetric"},
     "diag(2*(1 + x**2)/(1 - x**2)**2) + 2*A"),
    ("x.T@A@x + sum(1/(1 + x**2))", "x", {"A": "n,n"}, {"A": "symmetric"},
     "2*A - diag(2*(1 - 3*x**2)/(1 + x**2)**3)"),
    ("sum(softplus(X@b)) - y.T@(X@b) + l*sum(sqrt(b**2 + c))", "b", {"l": "()", "c": "()"}, {},
     "X.T@diag(h*(1 - h))@X + diag(l*c/(b**2 + c)**1.5)"),
    # a diagonal of one number is a multiple of the identity
    ("sqrt(1 + x.T@x)", "x", {}, {}, "(c*eye(n) - x@x.T)/c**1.5"),
    ("log(1 + x.T@x)", "x", {}, {}, "2*(c*eye(n) - 2*x@x.T)/c**2"),
    ("(x.T@x)/(1 + x.T@x)", "x", {}, {}, "2*(c*eye(n) - 4*x@x.T)/c**3"),
    ("1/sqrt(1 - x.T@x)", "x", {}, {}, "(3*x@x.T + c*eye(n))/c**2.5"),
    ("norm(x - a) + norm(x - b)", "x", {}, {},
     "(1/c + 1/g)*eye(n) - (x - a)@(x - a).T/c**3 - (x - b)@(x - b).T/g**3"),
    # diagonals between the same matrices are one
    ("sum(((A@x)**2 - y)**2)/4", "x", {"A": "m,n"}, {}, "A.T@diag(3*(A@x)**2 - y)@A"),
    ("sum(log(1 + (X@w)**2))", "w", {}, {}, "2*X.T@diag((1 - r)/(1 + r)**2)@X"),
    ("sum(1/(1 + (A@x)**2))", "x", {"A": "m,n"}, {}, "-2*A.T@diag((1 - 3*r)/(1 + r)**3)@A"),
    # numbers are taken out of sums, halves too
    ("x.T@m/sqrt(x.T@S@x)", "x", {"S": "n,n"}, {"S": "spd"},
     "-(S@x@m.T + (x.T@m)*S + (m - 3*(x.T@m)*S@x/c)@x.T@S)/c**1.5"),
    # what has a name is called by it behind a number too
    ("(v + n)/2*log(1 + (x - m).T@P@(x - m)/v)", "x", {"m": "n", "P": "n,n", "v": "()"}, {"P": "symmetric"},
     "(v + n)*(c*P - 2*r@r.T)/c**2"),
    # one of the two shares is said
    ("-1/(1 + exp(a.T@x))", "x", {}, {}, "-h*(1 - h)*(1 - 2*h)*a@a.T"),
)  # fmt: skip


@pytest.mark.parametrize(("formula", "wrt", "shapes", "facts", "form"), PUBLISHED)
def test_hessians_have_the_form_in_which_they_are_published(
    formula: str, wrt: str, shapes: dict[str, str], facts: dict[str, str], form: str
) -> None:
    found = jac.derive(formula, wrt, shapes, order=2, assume=facts)
    assert found.hessian is not None
    assert found.hessian.closed_form == form
    assert found.check(points=1).passed
