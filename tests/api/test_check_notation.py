"""A formula and the claim about it are typed by one person in one notation: a mark in either decides for both."""

from __future__ import annotations

import pytest

from jacobian_cli import check
from jacobian_cli.api.check.derivation_file import Grader, read_derivation
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.many import check_all
from jacobian_cli.api.input.problem import marks_of, pose, statements_of
from jacobian_cli.checks.mistakes.edits import edits

_SYMMETRIC = {"A": "symmetric"}
_RIGHT: list[tuple[str | list[str], str, str, str, str]] = [  # formula, variable, claim, what both are read as
    ("x'*A*x", "x", "2*A*x", "x.T@A@x", "2*A@x"),
    ("xᵀAx", "x", "2*A*x", "x.T@A@x", "2*A@x"),
    ("x^T A x", "x", "2*A*x", "x.T@A@x", "2*A@x"),
    ("x^\\top A x", "x", "2*A*x", "x.T@A@x", "2*A@x"),
    ("t(x) %*% A %*% x", "x", "2 * A %*% x", "x.T@A@x", "2*(A@x)"),
    ("u'*tanh(W*x)", "u", "tanh(W*x)", "u.T@tanh(W@x)", "tanh(W@x)"),
    ("norm(A*x-b)^2", "b", "2*(b - A*x)", "norm(A@x - b)**2", "2*(b - A@x)"),
    ("trace(X'*A*X)", "X", "2*A*X", "trace(X.T@A@X)", "2*A@X"),
    ("log(sum(exp(W*x)))", "x", "W'*softmax(W*x)", "log(sum(exp(W@x)))", "W.T@softmax(W@x)"),
    ("trace(W*X)", "X", "W'", "trace(W@X)", "W.T"),
    ("sum(W*x)", "x", "Wᵀ1", "sum(W@x)", "W.T@ones(n)"),
    ("u'*tanh(W*x + b)", "b", "u*(1 - tanh(W*x + b)^2)", "u.T@tanh(W@x + b)", "u*(1 - tanh(W@x + b)**2)"),
    (["g = A*x", "x'*g"], "x", "2*A*x", "g = A@x; x.T@g", "2*A@x"),
]
_OWN = [  # what is certainly of the language stays that, whatever stands beside it
    ("x'*A*x", "x", "(A + A.T)@x"),
    ("sum(x.^2)", "x", "2*x"),
    ("sum(x*y)", "x", "y"),
    ("sum(A*X)", "X", "A"),
    ("norm(x)**2", "x", "2*x"),
]
_UNFORMED = ["A*x.*exp(-x.^2)", "W*x.*exp(x)", "A*X.*softmax(A*x)", "A*sum(W)*exp(A*x)"]


@pytest.mark.parametrize(("formula", "wrt", "claim", "read", "claimed"), _RIGHT)
def test_a_mark_in_either_decides_for_both(
    formula: str | list[str], wrt: str, claim: str, read: str, claimed: str
) -> None:
    assume = _SYMMETRIC if "A*x" in claim or "A*X" in claim or "A %" in claim else None
    found = check(formula, wrt, claim, assume=assume)
    assert (found.verdict, found.read) == ("right", claimed)
    assert statements_of(formula, [wrt], beside=marks_of([claim]))
    assert pose(statements_of(formula, [wrt], beside=marks_of([claim])), [wrt], {}).read == read


@pytest.mark.parametrize(("formula", "wrt", "claim"), _OWN)
def test_what_needs_no_other_reading_has_none(formula: str, wrt: str, claim: str) -> None:
    found = check(formula, wrt, claim)
    assert found.verdict == "right"
    assert found.read in (None, claim)


def test_what_has_no_value_in_the_notation_is_read_entry_by_entry_and_warned_of() -> None:
    found = check("sum(x.^2.*y)", "x", "2*x*y")
    assert found.verdict == "right"
    assert "entry by entry" in found.warnings[-1]
    assert check("norm(A*x - b)^2", "x", "2*A*(A*x - b)").verdict == "wrong"


def test_claims_of_a_file_are_in_the_notation_of_its_formulas() -> None:
    file = read_derivation("g = A*x\nf = x'*g\nassume A: symmetric\ndf/dx = 2*A*x")
    assert [one.verdict for one in Grader(file).graded()] == ["right"]
    file = read_derivation("f = trace(A*X)\ndf/dX = A'")
    assert [one.verdict for one in Grader(file).graded()] == ["right"]


def test_each_of_many_claims_decides_for_its_own_formula() -> None:
    asked = [{"expression": "trace(A*X)", "wrt": "X", "claim": claim} for claim in ("A'", "diag(diag(A))")]
    assert [one.verdict for one in check_all(asked)] == ["right", "right"]


@pytest.mark.parametrize("claim", _UNFORMED)
def test_a_claim_that_cannot_be_formed_is_changed_in_every_place_and_still_read(claim: str) -> None:
    formula = "A*exp(x) + W*x + 0*sum(X(:)).*b"
    judge = Judge(pose(statements_of(formula), ["x"], {}))
    read = judge.reader.read(claim)
    for edit in edits(read.term):
        judge.reader.built(edit.term, claim)
    assert check(formula, "x", claim).verdict == "wrong"


@pytest.mark.parametrize(
    ("formula", "claim", "verdict"),
    [
        ("x[0]**2 * x[1]", "[2*x[0]*x[1], x[0]**2]", "right"),
        ("x(1)^2 + x(2)^2", "[2*x(1); 2*x(2)]", "right"),
        ("x(1)^2 + x(2)^2", "[2*x(1); x(2)]", "wrong"),
        ("[x(1)^2 + x(2); x(1)]", "[2*x(1) 1; 1 0]", "right"),
        ("x[0]**2 + x[2]", "[2*x[0], 1]", "wrong"),
        ("sum(x**2)", "2*x", "right"),
    ],
)
def test_a_claim_that_is_a_list_says_how_many_entries_there_are(formula: str, claim: str, verdict: str) -> None:
    found = check(formula, "x", claim)
    assert found.verdict == verdict
    assert not any("2 where the derivative is a vector of 2" in one for one in (*found.notes, str(found)))
