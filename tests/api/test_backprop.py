"""`backprop`: what it tells of a run, what it checks, and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.cli.run import run
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.ops import FUNCTIONS
from tests.checks.test_rules_are_caught import RULES, forget, formulas, spoil

LECTURE: dict[str, Any] = {"expression": "(x + y)*max(y, z)", "at": {"x": 1, "y": 2, "z": 0}}


def test_the_lecture_node_by_node() -> None:
    """Values above the edges, gradients below, as on the slide."""
    found = jac.backprop(**LECTURE)
    told = {
        n.name: (n.operation, n.inputs, float(n.value), float(n.gradient))
        for n in found.nodes
        if n.gradient is not None
    }
    assert told == {
        "x": ("input", (), 1, 2),
        "y": ("input", (), 2, 5),
        "z": ("input", (), 0, 0),
        "a": ("+", ("x", "y"), 3, 2),
        "b": ("maximum", ("y", "z"), 2, 3),
        "f": ("*", ("a", "b"), 6, 1),
    }
    (y,) = (node for node in found.nodes if node.name == "y")
    assert [float(term) for term in y.terms] == [2, 3]
    assert {node.flow for node in found.nodes} == {"", "+ distributes", "max routes", "× switches"}


def test_every_edge_is_upstream_times_local() -> None:
    rng = np.random.default_rng(0)
    at = {"u": rng.normal(size=2), "W": rng.normal(size=(2, 3)), "x": rng.normal(size=3), "b": rng.normal(size=2)}
    found = jac.backprop("u.T@softmax(W@x + b) + norm(W)", at=at)
    for edge in found.edges:
        assert edge.upstream is not None
        assert edge.local is not None
        assert edge.downstream is not None
        if edge.local.shape == np.shape(edge.upstream):
            np.testing.assert_allclose(edge.upstream * edge.local, edge.downstream)
        else:
            np.testing.assert_allclose(np.ravel(edge.upstream) @ edge.local, np.ravel(edge.downstream))


def test_symbols_have_the_value_of_the_numbers() -> None:
    at = {"u": [1.0, -2.0], "W": [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], "x": [1.0, 2.0, -1.0], "b": [0.5, 0.1]}
    found = jac.backprop(["z = W@x + b", "h = sigmoid(z)", "s = u.T@h"], at=at)
    values = {node.name: node.value for node in found.nodes}
    for edge in found.edges:
        assert edge.symbols is not None
        assert edge.downstream is not None
        local, rule = edge.symbols
        there = {**values, "delta": edge.upstream}
        np.testing.assert_allclose(evaluate(rule, there, found.sizes), edge.downstream)
        matrix = np.asarray(evaluate(local, there, found.sizes), float)
        assert matrix.size == np.size(values[edge.target]) * np.size(values[edge.source])


def test_json_is_stable() -> None:
    told = jac.backprop(**LECTURE).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert (told["value"], told["gradients"]) == (6.0, {"x": 2.0, "y": 5.0, "z": 0.0})
    assert told["operations"] == {"forward": 3, "backward": 5, "naive": 9}
    assert set(told["nodes"][0]) == {"name", "operation", "inputs", "shape", "value", "gradient"}
    assert told["edges"][0] == {"from": "x", "to": "a", "upstream": 2.0, "local": 1.0, "downstream": 2.0}


def test_the_nudge_of_the_lecture() -> None:
    (nudge,) = jac.backprop("x**3", at={"x": 4}).nudges(0.01)
    assert nudge.moved_to == 4.01
    assert nudge.value == pytest.approx(64.481201)
    assert nudge.predicted == pytest.approx(64.48)


def test_the_gradient_of_a_definition_is_checked_too() -> None:
    found = jac.backprop(["z = 3*x", "h = z*z + x"], at={"x": 2}, wrt=["z", "x"])
    assert {name: float(g) for name, g in found.gradients.items()} == {"z": 12, "x": 37}
    assert found.check.passed is True


def test_only_what_is_asked_for_gets_a_gradient() -> None:
    found = jac.backprop("(x + y)*z", at={"x": 1, "y": 2, "z": 3}, wrt="x")
    assert set(found.gradients) == {"x"}
    assert [n.name for n in found.nodes if n.gradient is None] == ["y", "z"]


def test_names_of_the_user_come_first() -> None:
    found = jac.backprop(["h = a*b", "f = h + c*a"], at={"a": 1, "b": 2, "c": 3})
    assert [node.name for node in found.nodes] == ["a", "b", "c", "h", "d", "f"]
    found = jac.backprop("f*f + f", at={"f": 2})
    assert [node.name for node in found.nodes] == ["f", "a", "out"]


def test_many_nodes_have_many_names() -> None:
    found = jac.backprop("+".join(f"x{k}*x{k}" for k in range(40)), at={f"x{k}": 1 for k in range(40)})
    names = [node.name for node in found.nodes]
    assert len(set(names)) == len(names) == 40 + 79


def test_a_value_is_used_twice_by_one_node() -> None:
    found = jac.backprop("x*x", at={"x": 3})
    assert [float(term) for term in found.nodes[0].terms] == [3, 3]


@pytest.mark.parametrize(
    ("formula", "at", "message"),
    [
        ("log(x)*y", {"x": -1, "y": 2}, "nan arises at a = log(x), where x = -1"),
        ("sum(log(x))", {"x": [1, 0, 2]}, "-inf arises at a = log(x), where x[2] = 0"),
        ("x/y", {"x": 1, "y": 0}, "inf arises at f = x / y, where x = 1, y = 0"),
        ("exp(exp(x))", {"x": 9}, "inf arises at f = exp(a), where a = 8103.08"),
        ("sqrt(x)*y", {"x": 0, "y": 2}, "the gradient of a = √x is not finite in x, where x = 0"),
        ("inv(A)", {"A": [[1, 1], [1, 1]]}, "nan arises at f = A⁻¹"),
        ("x*y", {"x": 1}, "no value is given for y"),
        ("x*y", {"x": 1, "y": 1, "z": 1}, "there is no variable z"),
        ("x + y", {"x": [1, 2], "y": [1, 2, 3]}, "the size n is 2 in x and 3 in y"),
        ("W@x", {"W": [[1, 2]], "x": 1}, "@ does not take"),
        ("x*y", {"x": 1, "y": float("nan")}, "nan and infinity"),
        ("x[5]", {"x": [1, 2]}, "an index or slice leaves the values given"),
        ("outer(x, y)*1", {"x": np.ones(20_000), "y": np.ones(20_000)}, "hold 800,040,001 numbers"),
        ("2 + 3", {}, "no variable"),
    ],
)
def test_what_is_refused(formula: str, at: dict[str, Any], message: str) -> None:
    with pytest.raises(jac.InputError, match=re.escape(message)):
        jac.backprop(formula, at=at)


@pytest.mark.parametrize(
    ("formula", "at", "name", "slopes"),
    [
        ("max(x, y)", {"x": 1, "y": 1}, "f", {"x": 0.0, "y": 1.0}),
        ("relu(x)*x", {"x": 0}, "a", {"x": 0.0}),
        ("sum(abs(x))", {"x": [1, 0]}, "a", {"x": 0.0}),
        ("hinge(x, y)", {"x": 1, "y": 1}, "f", {"x": 0.0, "y": 0.0}),
    ],
)
def test_a_kink_is_said_with_the_choice_made(
    formula: str, at: dict[str, Any], name: str, slopes: dict[str, float]
) -> None:
    found = jac.backprop(formula, at=at)
    assert [(kink.node.name, kink.slopes) for kink in found.kinks] == [(name, slopes)]
    assert found.check.passed is True
    assert "at a kink" in found.check.notes[-1]


@pytest.fixture
def nothing_is_remembered() -> Iterator[None]:
    forget()
    yield
    forget()


USED = [(name, k) for name, k in RULES if not FUNCTIONS[name].backward]


@pytest.mark.usefixtures("nothing_is_remembered")
@pytest.mark.parametrize(("name", "k"), USED, ids=[f"{name} {k}" for name, k in USED])
def test_a_rule_that_is_slightly_wrong_is_caught(name: str, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By both engines, which share no rule with the tape."""
    spoil(monkeypatch, name, k, "everywhere" if FUNCTIONS[name].everywhere else "derivative")
    caught(name)


@pytest.mark.usefixtures("nothing_is_remembered")
@pytest.mark.parametrize("name", [row.name for row in FUNCTIONS.values() if row.backward])
def test_a_backward_that_is_slightly_wrong_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = FUNCTIONS[name]
    monkeypatch.setitem(FUNCTIONS, name, replace(row, backward=(f"1.001*({row.backward[0]})",)))
    caught(name)


def caught(name: str) -> None:
    """Whether both engines object at some point; the cubes make that all entries matter, and not alike."""
    rng = np.random.default_rng(1)
    ranges, lengths = ((0.2, 0.9), (-0.9, 0.9), (1.1, 1.9)), ({"n": 2, "m": 3}, {"n": 3, "m": 2})
    for _, (expression, shapes), (low, high), long in product(range(3), formulas(name), ranges, lengths):
        at = {v: rng.uniform(low, high, [long.get(z) or int(z) for z in shape]) for v, shape in shapes.items()}
        try:
            engines = jac.backprop(f"sum((({expression}) + 1)**3)", at=at, shapes=shapes).check.engines
        except jac.InputError:
            continue
        if all(engine.max_relative_error > 1e-5 for engine in engines.values()):
            assert set(engines) == {"autograd", "differences"}
            assert not any(engine.passed for engine in engines.values())
            return
    pytest.fail(f"a wrong rule of {name} was not noticed")


@pytest.mark.usefixtures("nothing_is_remembered")
def test_the_command_says_that_a_gradient_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(monkeypatch, "sigmoid", 0)
    with pytest.raises(SystemExit) as ended:
        run(["backprop", "sigmoid(w*x)", "--at", "w=1,x=2"])
    assert ended.value.code == 1
    assert "✗ WRONG" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x*y", "--at", "x=1,y=2", "--dot", "--json"], "one of --json, --dot"),
        (["x*y", "--at", "x=1,y=2", "--svg", "/nowhere/at/all.svg"], "cannot be written"),
        (["x*y", "--at", "x=[1],y=[2]", "--nudge", "0.1"], "only a scalar"),
        (["x*y", "--at", "x=1,y=2", "--nudge", "nan"], "a nudge is a small number"),
        (["x*y"], "no value is given for x, y"),
        (["x*y", "--at", "x=1,y=2", "--wrt", "q"], "'q' is neither"),
    ],
)
def test_what_the_command_refuses(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["backprop", *arguments])
    assert ended.value.code == 2
    assert message in "".join(capsys.readouterr())


def test_pictures(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    svg, page = tmp_path / "graph.svg", tmp_path / "page.html"
    command = ["backprop", "(x + y)*max(y, z)", "--at", "x=1,y=2,z=0"]
    with pytest.raises(SystemExit):
        run([*command, "--svg", str(svg), "--html", str(page)])
    assert f"written: {svg}" in capsys.readouterr().out
    assert svg.read_text(encoding="utf-8").startswith("<svg")
    assert "2 + 3 = 5" in page.read_text(encoding="utf-8")
    for option, start in (("--dot", "digraph"), ("--mermaid", "flowchart")):
        with pytest.raises(SystemExit) as ended:
            run([*command, option])
        assert ended.value.code == 0
        assert start in capsys.readouterr().out


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("sin(x)", {"x": 1e6}),
        ("log(x)", {"x": 1e-9}),
        ("sqrt(x)", {"x": 1e-6}),
        ("relu(x)", {"x": 1e-4}),
        ("cross_entropy(X, Y)", {"X": [[2000, 0]], "Y": [[0, 1]]}),
    ],
)
def test_differences_find_the_step_that_fits_the_point(formula: str, at: dict[str, Any]) -> None:
    engines = jac.backprop(formula, at=at).check.engines
    assert engines["differences"].passed


@pytest.mark.parametrize(("formula", "name"), [("max(x)", "f"), ("sum(min(A, axis=0))", "a")])
def test_a_tie_is_a_kink(formula: str, name: str) -> None:
    found = jac.backprop(formula, at={"x": [1, 1, 0]} if "x)" in formula else {"A": [[1, 2], [1, 3]]})
    assert [kink.node.name for kink in found.kinks] == [name]
    assert found.check.passed is True
