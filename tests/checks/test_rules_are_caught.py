"""Tests of tests: a rule that is wrong by one part in a thousand is found out by engines with rules of their own."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import Shown, printed
from jacobian_cli.api.derive.proof import certificate_of
from jacobian_cli.checks.every_size.certificate import Certificate
from jacobian_cli.checks.verdict.answer import numeric_verdict
from jacobian_cli.checks.verdict.report import Report
from jacobian_cli.cli.run import run
from jacobian_cli.expr import Apply, Variable
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.printers.language import text
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.errors import InputError
from tests.calculus.expressions import CALLS

INDEPENDENT = ("autograd", "differences")
RULES = [(name, k) for name, row in FUNCTIONS.items() for k, rule in enumerate(row.derivative) if rule]
BACKWARD = [(name, k) for name, row in FUNCTIONS.items() for k in range(len(row.backward))]


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> Iterator[None]:
    """What was derived with a wrong rule must not outlive its test."""
    forget()
    yield
    forget()


def forget() -> None:
    for name in list(sys.modules):
        if name.startswith("jacobian_cli"):
            for function in _remembering(name):
                function.cache_clear()


@cache
def _remembering(module: str) -> list[Any]:
    """The functions of a module that remember what they answered."""
    return [value for value in list(vars(sys.modules[module]).values()) if hasattr(value, "cache_clear")]


def spoil(monkeypatch: pytest.MonkeyPatch, name: str, k: int, rule: str = "derivative") -> None:
    """Scale a derivative by 1.001, or put 0.001 where it is zero."""
    row = FUNCTIONS[name]
    texts = list(getattr(row, rule))
    texts[k] = "0.001" if texts[k] == "0" else f"1.001*({texts[k]})"
    changed: dict[str, Any] = {rule: tuple(texts)}
    if rule == "everywhere":
        changed = {"computed": {**row.computed, row.parameters[k]: texts[k]}}
    monkeypatch.setitem(FUNCTIONS, name, replace(row, **changed))


def formulas(name: str) -> list[tuple[str, dict[str, list[str]]]]:
    """The function of one variable per parameter, of as many axes as it takes; and with a first argument that is
    zero here and there, where a branch is chosen by it.
    """

    def breadth(shapes: tuple[Shape, ...]) -> tuple[bool, int]:
        return len(set(shapes)) == 1, sum(map(len, shapes))

    call = max(CALLS[name], key=lambda c: (not c.options, *breadth(c.arguments)))
    variables = call.variables()
    shapes = {v.name: [str(size) for size in v.shape] for v in variables if isinstance(v, Variable)}
    cut = Apply("relu", (variables[0],), (), call.arguments[0])
    both = [variables, [cut, *variables[1:]]]
    return [(text(Apply(name, tuple(arguments), call.options, call.shape)), shapes) for arguments in both]


NOWHERE = {("heaviside", 1)}
"""Derivatives that are zero but at a point, which no certificate speaks of."""


@pytest.mark.parametrize(("name", "k"), RULES, ids=[f"{name} {k}" for name, k in RULES])
def test_a_rule_that_is_slightly_wrong_is_not_certified(name: str, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither exactly nor to thirty digits, also where one branch of several is wrong."""
    spoil(monkeypatch, name, k)
    expression, shapes = formulas(name)[0]
    try:
        shown = Shown(jac.derive(expression, wrt=f"v{k}", shapes=shapes, check=False))
    except InputError:
        return  # by places and by options nothing is differentiated
    assert isinstance(certificate_of(shown), Certificate) == ((name, k) in NOWHERE)


def checked(expression: str, wrt: str, shapes: dict[str, list[str]], points: int = 3) -> Report:
    """What the engines with rules of their own say of what is printed; no other answer is looked for in its place."""
    found = jac.derive(expression, wrt=wrt, shapes=shapes)
    return numeric_verdict(found.problem.output, found.variable, printed(found), points)


@pytest.mark.parametrize(("name", "k"), RULES, ids=[f"{name} {k}" for name, k in RULES])
def test_a_rule_that_is_slightly_wrong_is_caught(name: str, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, name, k)
    reports = (checked(expression, f"v{k}", shapes) for expression, shapes in formulas(name))
    report = next((report for report in reports if report.passed is False), None)
    assert report is not None
    for engine in (report.engines[engine] for engine in INDEPENDENT):
        assert not engine.passed
        assert engine.max_relative_error > 1e-5
        assert engine.worst is not None
        assert re.fullmatch(rf"(J|v{k})(\[\d+(,\d+)*\])?", engine.worst.entry)
        assert engine.worst.printed != engine.worst.true


@pytest.mark.parametrize(("name", "k"), BACKWARD, ids=[f"{name} {k}" for name, k in BACKWARD])
def test_a_backward_rule_that_is_slightly_wrong_is_caught(name: str, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph goes by these rules, and each of its answers is compared with engines of their own."""
    expression, shapes = formulas(name)[0]
    lengths = {size: 2 + n for n, size in enumerate(sorted({size for shape in shapes.values() for size in shape}))}
    rng = np.random.default_rng(0)
    at = {v: rng.standard_normal([lengths[size] for size in shape]) for v, shape in shapes.items()}
    assert jac.backprop(f"sum(({expression})**2)", at=at).check.passed
    spoil(monkeypatch, name, k, "backward")
    forget()
    report = jac.backprop(f"sum(({expression})**2)", at=at).check
    assert not any(report.engines[engine].passed for engine in INDEPENDENT)


def test_the_rules_as_they_stand_are_not_caught() -> None:
    """So that the test above cannot pass for another reason."""
    for name in ("sigmoid", "tanh", "norm", "softmax", "det"):
        expression, shapes = formulas(name)[0]
        assert checked(expression, "v0", shapes, points=1).passed, name


def test_a_rule_that_is_wrong_for_a_few_entries_only_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FUNCTIONS, "relu", replace(FUNCTIONS["relu"], derivative=("where(x > -0.3, 1, 0)",)))
    report = checked("relu(A)", "A", {"A": ["9", "8"]})
    assert report.passed is False
    worst = report.engines["differences"].worst
    assert worst is not None
    assert (worst.printed, worst.true) == (1.0, 0.0)


@pytest.fixture
def broken_sigmoid(monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, "sigmoid", 0)


@pytest.mark.usefixtures("broken_sigmoid")
def test_the_command_says_what_is_wrong_and_where(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["derive", "sigmoid(z)", "--wrt", "z"])
    shown = capsys.readouterr().out
    assert ended.value.code == 1
    assert "WRONG" in shown
    assert re.search(r"autograd: worst entry J\[\d,\d\]", shown)
    assert re.search(r"differences: worst entry J\[\d,\d\]", shown)


@pytest.mark.usefixtures("broken_sigmoid")
def test_the_json_says_what_is_wrong_and_where(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["derive", "u.T@sigmoid(W@x + b)", "--wrt", "W", "--json"])
    check = json.loads(capsys.readouterr().out)["answers"][0]["check"]
    assert ended.value.code == 1
    assert check["passed"] is False
    for name in INDEPENDENT:
        assert check["engines"][name]["passed"] is False
        assert check["engines"][name]["worst"]["printed"] != check["engines"][name]["worst"]["true"]


def test_a_right_answer_ends_with_status_zero(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["derive", "sigmoid(z)", "--wrt", "z"])
    assert ended.value.code == 0
    assert "WRONG" not in capsys.readouterr().out
