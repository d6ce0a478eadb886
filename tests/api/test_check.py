"""`jac.check`: right answers pass in any spelling, wrong ones do not, and the mistake is named.

The mistakes are written by hand, or published; nothing here makes them by the product's own means.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.check.judged import judged
from jacobian_cli.api.check.run import judge_of
from jacobian_cli.checks.mistakes.sweep import Sweep
from tests.corpus.test_identities import ENTRIES

_CORPUS = Path(__file__).parents[1] / "corpus"
PUBLISHED: list[dict[str, Any]] = [
    json.loads(line) for line in (_CORPUS / "mistakes.jsonl").read_text(encoding="utf-8").splitlines()
]
_FACTS = {"onehot": "one_hot", "rowonehot": "one_hot", "simplex": "sums_to_one", "unitinterval": "probability"}
_DECLARED = {"spd", "symmetric", "positive", "lower", "binary", "pm1"}

NEURON, SLOPE = "u.T@sigmoid(W@x+b)", "sigmoid(W@x+b)*(1-sigmoid(W@x+b))"
RIGHT = [
    ("u.T @ sigmoid(W@x+b)", "W", "(u*sigmoid(W@x+b)*(1-sigmoid(W@x+b))) @ x.T", "shape"),
    ("u.T @ sigmoid(W@x+b)", "W", "outer(u*exp(-W@x-b)/(1 + exp(-W@x-b))**2, x)", "shape"),
    ("u.T @ sigmoid(W@x+b)", "W", "kron(u*sigmoid(W@x+b)*(1-sigmoid(W@x+b)), x).T", "numerator"),
    ("u.T @ tanh(W@x)", "x", "(u*(1 - tanh(W@x)**2)).T@W", "numerator"),
    ("softmax(z)", "z", "diag(softmax(z)) - softmax(z)@softmax(z).T", "numerator"),
    ("softmax(z)", "z", "softmax(z)*(delta - sum(delta*softmax(z)))", "shape"),
    ("softmax(z)", "z", "softmax(z)*(v - softmax(z).T@v)", "shape"),
    ("norm(X@w - y)**2/2", "w", "dw = X.T@(X@w - y)", "shape"),
    ("norm(X@w - y)**2/2", "w", "∇_w f = X^T(Xw - y)", "shape"),
    ("norm(X@w - y)**2/2", "w", r"\frac{\partial f}{\partial \mathbf{w}} = X^\top(Xw - y)", "shape"),
    ("norm(X@w - y)**2/2", "w", r"$\nabla_{w} \mathcal{L}(w) = X^\top(Xw - y)$", "shape"),
    ("norm(X@w - y)**2/2", "w", "∂f/∂w = Xᵀ(Xw − y)", "shape"),
    ("tanh(z)", "z", "diag(tanh'(z))", "numerator"),
    ("u.T @ sigmoid(W@x+b)", "W", "(u ⊙ σ′(Wx + b))xᵀ", "shape"),
    ("u.T @ sigmoid(W@x+b)", "W", r"\left(u \odot \sigma'(Wx + b)\right) x^\top", "shape"),
    ("W@x", "W", "I ⊗ xᵀ", "numerator"),
    ("W@x", "W", "kron(I, x.T)", "numerator"),
    ("x", "x", "I", "numerator"),
    ("logdet(X)", "X", "inv(X.T)", "shape"),
    ("sum(X@W + b)", "b", "n*ones(k)", "shape"),
    ("alpha*x", "alpha", "x", "tensor"),
    (NEURON, "W", "h = sigmoid(W@x+b); δ = u*h*(1 - h); δ@x.T", "shape"),
    (NEURON, "W", "h = sp.expit(W @ x + b); np.outer(u*h*(1 - h), x)", "shape"),
]


@pytest.mark.parametrize(("function", "wrt", "claim", "convention"), RIGHT)
def test_right(function: str, wrt: str, claim: str, convention: str) -> None:
    shapes = {"X": "n,m", "W": "m,k", "b": "k"} if function == "sum(X@W + b)" else {}
    found = jac.check(function, wrt, claim, shapes=shapes)
    assert (found.verdict, found.convention, found.diagnosis) == ("right", convention, ())


RIGHT_IF = [
    ("x.T@A@x", "x", "2*A@x", "A is symmetric"),
    ("trace(A@X.T@B@X) + trace(C@C)", "X", "2*B@X@A", "A and B are symmetric"),
    ("x.T@P@x + (y - H@x).T@R@(y - H@x)", "x", "2*P@x - 2*H.T@R@(y - H@x)", "P and R are symmetric"),
    ("logdet(S)", "S", "2*inv(S) - diag(diag(inv(S)))", "S is symmetric and only its entries on and below"),
    ("u.T@sigmoid(W@x+b)", "W", "x@(u*sigmoid(W@x+b)*(1-sigmoid(W@x+b))).T", "laid out m × n"),
    ("W@x", "x", "W.T", "denominator layout"),
    ("A@X@B", "X", "kron(B.T, A)", "flattened column by column"),
    ("cross_entropy(z, y)", "z", "softmax(z) - y", "y sums to one"),
]


@pytest.mark.parametrize(("function", "wrt", "claim", "condition"), RIGHT_IF)
def test_right_under_a_condition(function: str, wrt: str, claim: str, condition: str) -> None:
    found = jac.check(function, wrt, claim)
    assert found.verdict == "right if"
    assert found.condition is not None
    assert condition in found.condition
    assert not found.passed


def test_what_is_declared_is_no_condition() -> None:
    assert jac.check("x.T@A@x", "x", "2*A@x", assume={"A": "symmetric"}).passed
    assert jac.check("W@x", "x", "W.T", layout="denominator").passed


BATCH = {"X": "n,m", "W": "m,k", "Y": "n,k", "b": "k"}
WRONG = [
    (NEURON, "W", "u@x.T", "missing_derivative"),
    (NEURON, "W", "(u*sigmoid(W@x+b))@x.T", "missing_derivative variable_for_derivative"),
    (NEURON, "W", "(u*(W@x+b)*(1-(W@x+b)))@x.T", "input_for_output"),
    (NEURON, "W", f"(u*{SLOPE})*x", "outer_lost"),
    (NEURON, "W", f"({SLOPE})@x.T", "unit_factor missing_derivative"),
    (NEURON, "W", "(u*(1-sigmoid(W@x+b)**2))@x.T", "wrong_derivative"),
    (NEURON, "W", f"-(u*{SLOPE})@x.T", "sign"),
    ("u.T@tanh(W@x+b)", "x", "W@(u*(1-tanh(W@x+b)**2))", "transposed"),
    ("u.T@tanh(W@x+b)", "x", "W.T@(u*(1+tanh(W@x+b)**2))", "sign"),
    ("u.T@tanh(W@x+b)", "x", "W.T@u", "missing_derivative"),
    ("cross_entropy(X@W, Y)", "W", "X.T@(softmax(X@W)-Y)", "factor"),
    ("cross_entropy(X@W, Y)", "W", "X.T@(Y-softmax(X@W))/n", "sign"),
    ("cross_entropy(X@W, Y)", "W", "X.T@(softmax(X@W, axis=0)-Y)/n", "wrong_axis"),
    ("cross_entropy(X@W, Y)", "W", "X.T@softmax(X@W)/n", "missing_term"),
    ("norm(X@w - y)**2/2", "w", "X@(X@w - y)", "transposed"),
    ("norm(X@w - y)**2/2", "w", "X.T@X@w - y", "does_not_conform"),
    ("norm(X@w - y)**2/2", "w", "2*X.T@(X@w-y)", "factor"),
    ("softmax(z)", "z", "diag(softmax(z)*(1-softmax(z)))", "diagonal_only"),
    ("softmax(z)", "z", "diag(softmax(z))", "missing_term sum_term_forgotten"),
    ("softmax(z)", "z", "softmax(z)*(1-softmax(z))", "diagonal_only shape"),
    ("softmax(z)", "z", "diag(softmax(z)) + softmax(z)@softmax(z).T", "sign"),
    ("softmax(z)", "z", "diag(z) - z@z.T", "input_for_output"),
    ("softmax(z)", "z", "delta", "local_forgotten"),
    ("layernorm(x)", "x", "delta/std(x)", "sum_term_forgotten"),
    ("layernorm(x)", "x", "(delta - mean(delta))/std(x)", "sum_term_forgotten missing_term"),
    ("sum(X@W + b)", "b", "ones(k)", "factor"),
    ("x.T@A@x", "x", "A@x", "missing_term missing_branch"),
    ("logdet(X)", "X", "inv(X)", "transposed"),
    ("logdet(X)", "X", "inv(X).T@inv(X).T", "inverse_power"),
    ("trace(A@X@B)", "X", "B@A", "transposed"),
    ("trace(A@X@B)", "X", "B.T@A.T", "order"),
    ("a.T@inv(X)@b", "X", "inv(X).T@a@b.T@inv(X).T", "sign"),
    ("a.T@inv(X)@b", "X", "-a@b.T@inv(X).T", "inverse_power local_forgotten missing_derivative"),
    ("sum(log(1+exp(-y*(X@w))))", "w", "-X.T@(y*sigmoid(y*(X@w)))", "sigma_of_minus sign"),
    ("W@x", "W", "outer(x, delta)", "transposed outer_swapped"),
    ("W@x", "W", "delta@x", "inner_for_outer"),
    ("norm(x)", "x", "x", "missing_derivative factor"),
    ("norm(x)", "x", "x/norm(x)**2", "inverse_power"),
    ("norm(x)", "x", "0*x", "silent_zero"),
    ("exp(-norm(x - z)**2/2)", "x", "exp(-norm(x-z)**2/2)*(-x)", "missing_term"),
    ("var(x)", "x", "2*(x - mean(x))/(n - 1)", "factor"),
    ("norm(X@w - y)**2", "w", "2*X.T@X@w - X.T@y", "factor"),
    ("tanh(x)", "x", "1 - tanh(x)**2", "shape"),
    ("x/norm(x)", "x", "eye(n)/norm(x)", "missing_term"),
    ("sum(maximum(0, 1 - y*(X@w)))", "w", "-X.T@y", "missing_derivative missing_branch"),
    ("concat(x, z)[1]*x", "x", "concat(x, z)[0]*eye(n) + x@eye(n)[1].T", "index"),
    (NEURON, "W", "h = sigmoid(W@x+b); d = u*h*(1 + h); d@x.T", "sign"),
    (NEURON, "W", "h = sigmoid(W@x+b); d = u*h*(1 - h); ds/dW = d@x", "inner_for_outer does_not_conform outer_lost"),
]


@pytest.mark.parametrize(("function", "wrt", "claim", "kinds"), WRONG)
def test_wrong(function: str, wrt: str, claim: str, kinds: str) -> None:
    shapes = (
        BATCH if "X@W" in function else {"X": "n,n"} if "inv(X)" in function or "det(X)" in function else {"X": "n,m"}
    )
    known = {n: s for n, s in shapes.items() if n in function}
    found = jac.check(function, wrt, claim, shapes=known)
    assert not found.passed
    assert {d.kind for d in found.diagnosis} & set(kinds.split())


@pytest.mark.parametrize("mistake", PUBLISHED, ids=lambda m: m["id"])
def test_published(mistake: dict[str, Any]) -> None:
    """The wrong derivation that was published, and the right one."""
    shapes = {name: tuple(sizes) for name, sizes in mistake["shapes"].items()}
    facts = {n: _FACTS.get(d, d) for n, d in mistake["domain"].items() if d in _FACTS or d in _DECLARED}
    judge = judge_of(mistake["expr"], mistake["wrt"], shapes=shapes, assume=facts)
    assert judged(judge, mistake["right"], mistake["form"]).verdict == "right"
    found = judged(judge, mistake["claim"], mistake["form"])
    assert found.verdict != "right"
    conforms = not {"does_not_conform", "shape"} & {d.kind for d in found.diagnosis}
    assert conforms == mistake["conforms"]
    if mistake["conforms"] and found.verdict == "wrong":
        assert found.max_relative_error > 1e-3
        assert found.worst is not None


_ORDINARY = [e for e in ENTRIES if e["order"] == 1]


@pytest.mark.parametrize("entry", _ORDINARY[::3], ids=lambda e: e["id"])
def test_no_false_alarm_and_no_false_pass(entry: dict[str, Any]) -> None:
    """The right answer in two spellings, and with a sign and a factor."""
    shapes = {name: tuple(sizes) for name, sizes in entry["shapes"].items()}
    facts = {n: _FACTS.get(d, d) for n, d in entry["domain"].items() if d in _FACTS or d in _DECLARED}
    judge = judge_of(entry["expr"], entry["wrt"], shapes=shapes, assume={n: f for n, f in facts.items() if n in shapes})
    truth = judge.whole_truth(judge.usual_form())
    for spelled in (truth, f"({truth})/2 + ({truth})*0.5"):
        assert judged(judge, spelled).verdict == "right"
    if any(np.any(point.table) for point in judge.points):
        for wrong, kind in ((f"-({truth})", "sign"), (f"2*({truth})", "factor")):
            found = judged(judge, wrong)
            assert found.verdict == "wrong"
            assert found.diagnosis[0].kind == kind


def test_a_sweep_without_a_slip_is_the_derivative() -> None:
    judge = judge_of("sum(softmax(X@W + b)*Y) + norm(W)**2", "W", shapes=BATCH)
    for point in judge.points:
        found: Any = Sweep(judge.function.output, judge.wrt, point.values, point.sizes).table()
        np.testing.assert_allclose(found, point.table, rtol=1e-9, atol=1e-12)


def test_counterexample_is_small_and_true() -> None:
    found = jac.check("norm(Y - X@W)**2", "W", "2*X.T@(Y - X@W)").counterexample
    assert found is not None
    assert set(found.sizes.values()) == {1}
    y, x, w = (np.array(found.values[name], dtype=float) for name in "YXW")
    assert found.true == (2 * x.T @ (x @ w - y)).tolist()
    assert found.claimed == (2 * x.T @ (y - x @ w)).tolist()


def test_special_points_do_not_pass() -> None:
    """Right at W symmetric, at n = m, at g = 1: none of them is right."""
    assert jac.check("trace(A@X)", "X", "A", shapes={"A": "n,n", "X": "n,n"}).verdict == "right if"
    assert not jac.check("trace(A@X)", "X", "A").passed
    assert not jac.check("g*sum(x**2)", "x", "2*x", shapes={"g": ()}).passed


REFUSED = [
    ("x.T@x", "x", "2*y", "'y' is not in the function"),
    ("x.T@x", "x", "2*(x", "never closed"),
    ("x.T@x", "x", "foo(x)", "no function 'foo'"),
    ("x.T@x", "x", "x*log(0*sum(x))/0", "no value"),
    ("x.T@x", "x,y", "x", "one variable"),
]


@pytest.mark.parametrize(("function", "wrt", "claim", "message"), REFUSED)
def test_refused(function: str, wrt: str, claim: str, message: str) -> None:
    with pytest.raises(jac.InputError, match=message.replace("(", r"\(")):
        jac.check(function, wrt, claim, shapes={"y": "n", "x": "n"} if wrt == "x,y" else {})


def test_only_names_in_the_derivative_are_explained() -> None:
    """W.T has no T in it, though the second derivatives have a part of that name."""
    steps = ["h1 = tanh(W@h0 + U@x1)", "h2 = tanh(W@h1 + U@x2)", "s = v.T@h2"]
    found = jac.check(steps, "W", "v@h0.T", shapes={"W": "k,k", "U": "k,m"})
    assert "T" in found.where
    assert set(found.to_dict()["truth"]["where"]) == {"h1", "h2", "delta1"}


@pytest.mark.parametrize("fact", ["binary", "one_hot", "positive"])
def test_what_is_declared_does_not_excuse(fact: str) -> None:
    """A fact that makes the derivative no other one is no part of an explanation."""
    claim = "w*delta/r - x*(x.T@(w*delta))/r**3"
    shapes, assume = {"x": "n", "w": "n"}, {"w": fact}
    found = jac.check(["r = sqrt(mean(x**2) + 1)", "y = w*x/r"], "x", claim, form="vjp", shapes=shapes, assume=assume)
    assert found.diagnosis[0].kind == "mean_for_sum"
    assert not any("right if" in told.explanation for told in found.diagnosis)


@pytest.mark.parametrize(
    ("claim", "note"),
    [("-2*sum(X - mu, axis=0)", "right if mu is a vector: declare it with -s mu=m"), ("2*sum(X - mu, axis=0)", "")],
)
def test_a_number_by_habit_may_be_a_vector(claim: str, note: str) -> None:
    found = jac.check("sum((X - mu)**2)", "mu", claim)
    assert found.verdict == "wrong"
    assert "; ".join(found.notes) == note


def test_two_mistakes_are_told_together() -> None:
    found = jac.check("norm(Y - X@B)**2", "B", "X.T@(Y - X@B)", shapes={"X": "n,d", "B": "d,k", "Y": "n,k"})
    assert [(told.kind, told.certain) for told in found.diagnosis] == [("sign", True), ("factor", True)]


def test_a_mistake_is_no_coincidence_of_signs() -> None:
    """What holds only where all entries are negative is no explanation."""
    found = jac.check("norm1(A@x - b)", "x", "A.T@abs(A@x - b)", shapes={"A": "m,n"})
    assert [told.kind for told in found.diagnosis] == ["variable_for_derivative"]


def test_as_json() -> None:
    found = jac.check("W@sigmoid(x)", "x", "W.T @ diag(sigmoid(x)*(1-sigmoid(x)))").to_dict()
    again = json.loads(json.dumps(found))
    assert again["verdict"] == "wrong"
    assert [d["kind"] for d in again["diagnosis"]] == ["transposed", "does_not_conform"]
    assert again["diagnosis"][0]["fix"] == "W@diag(sigmoid(x)*(1 - sigmoid(x)))"


def test_many_spaces_cost_nothing() -> None:
    assert jac.check("x.T@x", wrt="x", claim=" " * 3000 + "2*x" + " " * 3000).verdict == "right"
    assert (
        jac.check("x.T@x", wrt="x", claim=" " * 1500 + "df/dx" + " " * 1500 + "=" + " " * 500 + "2*x").verdict
        == "right"
    )


def test_a_vector_may_stand_before_a_matrix_as_in_numpy() -> None:
    shapes = {"C": "n,n", "c": ""}
    found = jac.check("w.T@C@w*c", wrt="c", claim="w@C@w", shapes=shapes)
    assert (found.verdict, found.read) == ("right", "w.T@C@w")
    assert jac.check("w.T@C@w", wrt="w", claim="C@w + w@C", shapes=shapes).verdict == "right"
    assert jac.check("w.T@C@w", wrt="w", claim="w@C.T + w@C", shapes=shapes).verdict == "right"
    assert jac.check("w.T@C@w", wrt="w", claim="C@w + w.T@C", shapes=shapes).verdict == "wrong"  # a column and a row
    wrong = jac.check("w.T@C@w", wrt="w", claim="w@C + w@C", shapes=shapes)
    assert wrong.verdict == "wrong"


def test_a_power_for_an_inverse_is_told() -> None:
    found = jac.check("logdet(X)", wrt="X", claim="X**-1")
    assert (found.verdict, found.diagnosis[0].kind) == ("wrong", "inverse_power")
