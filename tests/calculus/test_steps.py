"""Derivations step by step: every line of every formula is right, the list is short, and it ends in what is printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.calculus.steps.derivation import MAX_STEPS
from jacobian_cli.checks.verdict.steps import Lines, check_lines
from jacobian_cli.cli.run import run
from jacobian_cli.expr import Expr
from jacobian_cli.printers.language import text
from jacobian_cli.syntax.parser import parse_statement
from tests.calculus.expressions import expressions
from tests.calculus.test_properties import QUICK, derived, one_of
from tests.checks.test_rules_are_caught import forget, spoil

FORMULAS = {
    "u.T @ sigmoid(W@x + b)": "W,b,x,u",
    "W@x + b": "W,x,b",
    "norm(A@x - b)**2": "x,A",
    "x.T@A@x": "x,A",
    "cross_entropy(W@x, y)": "W,y",
    "cross_entropy(X@W, Y)": "W",
    "softmax(z)": "z",
    "sum(log(1+exp(-y*(X@w))))": "w",
    "trace(A@X@B)": "X",
    "logdet(X)": "X",
    "(x+y)*max(y,z)": "x,y,z",
    "layernorm(x)": "x",
    "layernorm(A)": "A",
    "std(x)": "x",
    "solve(A, b)": "A,b",
    "hinge(X@w, y)": "w",
    "exp(-x)/(1 + exp(-x))": "x",
    "x*x*x": "x",
    "x": "x",
    "z = W@x + b; h = relu(z); y = x + h; sum(y*h)": "x,W",
    "f*x": "f",
}


def stepwise(formula: str, wrt: str) -> jac.Derivations:
    return jac.derive(formula, wrt=wrt.split(","))


@pytest.mark.parametrize("formula", FORMULAS)
def test_every_line_is_right(formula: str) -> None:
    for derivation in stepwise(formula, FORMULAS[formula]):
        steps, verdict = derivation.steps(), derivation.stepwise.checked()
        assert verdict.passed, (derivation.wrt, [(str(steps[k - 1]), worst) for k, worst in verdict.wrong.items()])
        assert verdict.checked == len(steps)
        assert verdict.points == 3
        assert [step.number for step in steps] == list(range(1, len(steps) + 1))


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_end_is_what_is_printed(formula: str) -> None:
    for derivation in stepwise(formula, FORMULAS[formula]):
        written = [step.closed_form for step in derivation.steps()]
        assert (derivation.gradient or derivation.vjp).closed_form in written[-8:]
        assert derivation.jacobian.closed_form in written


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_line_says_nothing(formula: str) -> None:
    for derivation in stepwise(formula, FORMULAS[formula]):
        lines = [str(step) for step in derivation.steps()]
        assert len(set(lines)) == len(lines)
        assert not any(line.partition(" = ")[0] == line.partition(" = ")[2] for line in lines)


def test_names_are_those_of_the_user_and_of_the_closed_form() -> None:
    (derivation,) = stepwise("q = W@x + b; s = u.T@sigmoid(q)", "x")
    lines = [str(step) for step in derivation.steps()]
    assert lines[:3] == ["s = u.T@h", "h = sigmoid(q)", "q = W@x + b"]
    assert lines[-2:] == [
        f"∂s/∂x = {derivation.gradient}",
        f"∂s/∂x [as a row] = {derivation.jacobian}",
    ]
    (derivation,) = stepwise("softmax(z)", "z")
    assert str(derivation.steps()[0]) == "f = p = softmax(z)"
    assert derivation.where == {"p": "softmax(z)"}


def test_rules_have_names() -> None:
    (derivation,) = stepwise("x.T@A@x", "x")
    assert [step.rule for step in derivation.steps()] == [
        "as given",
        "product rule",
        "product rule",
        "transpose of a product",
        "contributions add up",
        "collect terms",
        "transpose of a product",
    ]


CHAINS = {
    "z = W@x + b; h = sigmoid(z); s = u.T@h": "W,b,x,u",
    "h = relu(W@x + b); y = x + h; s = norm(y)**2": "x,W",
    "h = relu(W@x); y = x + V@h; g = relu(U@y); r = y + Q@g; loss = norm(r - t)**2/2": "x,t",
    "p = softmax(z); z = W@x; loss = -sum(y*log(p))": "W,y",
    "z = W@x; h = tanh(z); q = softmax(V@h)": "W,x",
}


@pytest.mark.parametrize("stages", CHAINS)
def test_the_steps_of_a_chain_are_right_and_in_its_names(stages: str) -> None:
    found = jac.chain(stages, wrt=CHAINS[stages])
    for name, steps in found.steps().items():
        verdict = found.steps_dict(2)["steps_check"][name]
        assert verdict["passed"], verdict["wrong"]
        assert verdict["checked"] == len(steps)
        if name in found.gradients:
            assert found.gradients[name].closed_form in [step.closed_form for step in steps]
            meant = {n for step in steps for n in step.step.left.names}
            assert meant >= set(re.findall(r"delta\d+", found.gradients[name].closed_form))


def test_a_name_never_means_two_things() -> None:
    (derivation,) = stepwise("z + sigmoid(W@z + h) + norm(delta1*z)*r", "z")
    names = [name for step in derivation.steps() for name in step.step.left.names if name != "f"]
    assert len(set(names)) == len(names)
    assert not set(names) & {"z", "h", "W", "r", "delta1", "n"}
    assert derivation.stepwise.checked().passed


def test_a_long_chain_is_cut_short_and_says_so() -> None:
    layers = ["h0 = tanh(W0@x)", *(f"h{k} = tanh(W{k}@h{k - 1})" for k in range(1, 40)), "u.T@h39"]
    derivation = jac.derive(layers, wrt="W0", shapes={f"W{k}": (3, 3) for k in range(40)})
    steps = derivation.steps()
    assert len(steps) <= MAX_STEPS
    assert derivation.stepwise.found.omitted == 81 - 16
    assert any("65 more parts by the same rules" in step.reason for step in steps)
    assert derivation.stepwise.checked(1).passed


@settings(QUICK, max_examples=50)
@given(st.data())
def test_steps_of_any_formula(data: st.DataObject) -> None:
    expr: Expr = data.draw(expressions())
    derivation = derived(expr, one_of(data, expr))
    steps = derivation.steps()
    assert 0 < len(steps) <= MAX_STEPS
    for step in steps:  # what is printed is read back
        parse_statement(step.closed_form, limited=False)
    verdict = derivation.stepwise.checked(1)
    assume(verdict.passed is not None)
    if not verdict.passed:
        again = [_at(derivation, seed) for seed in (1, 2, 3)]  # one random point may be too steep for differences
        assume(derivation.check(points=1).passed is not False)
        note(str({k: str(steps[k - 1]) for k in verdict.wrong}))
        assert any(lines.passed for lines in again)
    assert verdict.checked == len(steps)


def _at(derivation: jac.Derivation, seed: int) -> Lines:
    texts = [step.closed_form for step in derivation.steps()]
    found, known = derivation.stepwise.found, derivation.problem.variables
    return check_lines(found, texts, derivation.where, known, 1, seed)


# a wrong line is found


@pytest.fixture
def _nothing_is_remembered() -> Iterator[None]:
    forget()
    yield
    forget()


@pytest.mark.usefixtures("_nothing_is_remembered")
@pytest.mark.parametrize(
    ("name", "formula", "wrt", "first"),
    [
        ("sigmoid", "u.T@sigmoid(W@x)", "x", "∂h/∂z"),
        ("sigmoid", "sum(sigmoid(X@W))", "W", "∂H/∂M"),
        ("maximum", "sum(x*maximum(x, y))", "x", "∂v/∂x"),
        ("norm", "norm(A@x)**2", "x", "∂r/∂z [as a row]"),
        ("inv", "trace(inv(X)@A)", "X", "∂f/∂X"),
    ],
)
def test_a_wrong_rule_is_found_where_it_is_used(
    name: str, formula: str, wrt: str, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch, name, 0)
    (derivation,) = stepwise(formula, wrt)
    steps, verdict = derivation.steps(), derivation.stepwise.checked()
    assert verdict.passed is False
    assert steps[min(verdict.wrong) - 1].left == first


def test_every_line_is_compared_by_itself() -> None:
    (derivation,) = stepwise("norm(A@x - b)**2", "x")
    texts = [step.closed_form for step in derivation.steps()]
    known = derivation.problem.variables
    for k, written in enumerate(texts):
        wrong = [*texts[:k], f"1.001*({written})", *texts[k + 1 :]]
        verdict = check_lines(derivation.stepwise.found, wrong, derivation.where, known, 2)
        assert list(verdict.wrong) == [k + 1], written


FLAT = {
    "softshrink(r, r)": "r",
    "maximum(r, r)": "r",
    "relu6(relu6(A))": "A",
    "sum(maximum(x, x)*x)": "x",
    "abs(relu(x))": "x",
}
"""Formulas with a part that is at its kink at every point near, where the whole has a derivative."""


@pytest.mark.parametrize("formula", FLAT)
def test_at_a_kink_a_step_is_held_against_both_sides(formula: str) -> None:
    (derivation,) = stepwise(formula, FLAT[formula])
    texts = [step.closed_form for step in derivation.steps()]
    found, known = derivation.stepwise.found, derivation.problem.variables
    verdict = check_lines(found, texts, derivation.where, known)
    assert verdict.passed
    assert verdict.checked == len(texts)
    assert "at a kink" in verdict.notes[0]
    for k, written in enumerate(texts):
        wrong = [*texts[:k], f"{written} + 7*ones_like({written})", *texts[k + 1 :]]
        assert list(check_lines(found, wrong, derivation.where, known, 2).wrong) == [k + 1], written


def test_what_is_checked_is_the_text() -> None:
    """The typed right sides play no part in the check."""
    (derivation,) = stepwise("W@x + b", "x")
    found = derivation.stepwise.found
    blind = replace(found, steps=tuple(replace(s, right=found.upstream) for s in found.steps))
    texts = [text(step.right) for step in found.steps]
    assert check_lines(blind, texts, derivation.where, derivation.problem.variables).passed


@pytest.mark.usefixtures("_nothing_is_remembered")
@pytest.mark.parametrize("style", [[], ["--to", "latex"], ["--json"]])
def test_a_wrong_step_of_a_chain_ends_with_status_one(
    style: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(monkeypatch, "sigmoid", 0)
    with pytest.raises(SystemExit) as ended:
        run(["chain", "z = W@x", "s = sum(sigmoid(z))", "--wrt", "W", "--steps", *style])
    assert ended.value.code == 1
    assert ("WRONG" if "--json" not in style else '"wrong": [') in capsys.readouterr().out
