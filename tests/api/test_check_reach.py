"""For which sizes claims that are right are proven, and claims that are right at the small sizes of a check only."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import jacobian_cli as jac
from jacobian_cli.cli.main import jac as jac_command

RIGHT = (
    ("u.T@sigmoid(W@x+b)", "W", "(u*sigmoid(W@x+b)*(1-sigmoid(W@x+b)))@x.T", None),
    ("u.T@sigmoid(W@x+b)", "x", "W.T@(u*sigmoid(W@x+b)*(1-sigmoid(W@x+b)))", None),
    ("x.T@x", "x", "reshape(2*x, (n, 1))", None),
    ("W@x", "x", "W", None),
    ("A@X@B", "X", "kron(A, B.T)", None),
    ("X@w", "X", 'einsum("ia,b->iab", eye(n), w)', None),
    ("W@x", "x", "W.T@delta", None),
    ("Q@K.T", "K", "delta.T@Q", "vjp"),
    ("sin(x)", "x", "cos(x)*v", None),
    ("sum(exp(x))", "x", "diag(exp(x))", "hessian"),
    ("softmax(z)", "z", "diag(softmax(z)) - softmax(z)@softmax(z).T", None),
    ("logdet(A)", "A", "inv(A).T", None),
    ("norm(x)", "x", "x/sqrt(sum(x*x))", None),
)


@pytest.mark.parametrize(("formula", "wrt", "claim", "form"), RIGHT)
def test_a_right_claim_says_for_which_sizes(formula: str, wrt: str, claim: str, form: str | None) -> None:
    found = jac.check(formula, wrt, claim, form=form)
    assert found.verdict == "right"
    assert found.certificate is not None
    assert found.certificate.every
    assert found.to_dict()["sizes"] == "all"


def test_every_layout_that_was_asked_for() -> None:
    claims = {
        ("numerator", "row"): "kron(A, B.T)",
        ("numerator", "column"): "kron(B.T, A)",
        ("denominator", "row"): "kron(A.T, B)",
        ("denominator", "column"): "kron(B, A.T)",
    }
    for (layout, vec), claim in claims.items():
        found = jac.check("A@X@B", "X", claim, layout=layout, vec=vec)
        assert found.verdict == "right"
        assert found.certificate is not None
        assert found.certificate.every


SMALL = (
    ("norm(x)", "x", "x/norm(x)*(1 + (n-1)*(n-2)*(n-3)*(n-4)*(n-5)*(n-6)*(n-7)*(n-8))"),
    ("x.T@x", "x", "2*x + x*(n-2)*(n-3)*(n-4)*(n-5)*(n-6)*(n-7)/1000"),
    ("sum(log(x))", "x", "1/x + (n-2)*(n-3)*(n-4)*(n-5)*(n-6)*(n-7)*x"),
)


@pytest.mark.parametrize(("formula", "wrt", "claim"), SMALL)
def test_a_claim_that_is_right_at_the_sizes_drawn_only_is_wrong(formula: str, wrt: str, claim: str) -> None:
    found = jac.check(formula, wrt, claim)
    assert found.verdict == "wrong"
    assert found.worst is not None
    assert found.certificate is None


def test_the_page_and_json_say_it() -> None:
    asked = ["check", "u.T@sigmoid(W@x+b)", "--wrt", "b", "u*sigmoid(W@x+b)*(1 - sigmoid(W@x+b))"]
    assert "✓ for every n and m: exactly, modulo a prime, at 1 size" in CliRunner().invoke(jac_command, asked).output
    said = json.loads(CliRunner().invoke(jac_command, [*asked, "--json"]).output)
    assert (said["sizes"], said["bound"]) == ("all", 3)


def test_what_a_claim_of_an_order_of_indices_was_compared_at() -> None:
    found = jac.check("sum(cumsum(x))", "x", "cumsum(ones(n)[::-1])[::-1]")
    assert found.verdict == "right"
    assert found.certificate is None or found.certificate.why
