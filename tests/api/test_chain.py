"""`jac.chain`: what it returns, how formulas without names are read, what it refuses, and that its check can fail."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from typing import Any

import pytest

import jacobian_cli as jac
from jacobian_cli.api.chain.compose import composed
from jacobian_cli.api.chain.proof import prove_chain
from jacobian_cli.calculus.chain import links as calculus
from jacobian_cli.calculus.notation import write
from jacobian_cli.expr import Expr
from jacobian_cli.syntax.parser import statements
from jacobian_cli.syntax.statements import split

NEURON = ["z = W@x + b", "h = sigmoid(z)", "s = u.T@h"]


def read(*stages: str, known: tuple[str, ...] = ()) -> tuple[list[str], str]:
    found, note = composed([s for text in stages for s in statements(split(text))], known)
    return [s.source for s in found], note


def test_fields_of_the_json_answer() -> None:
    found = jac.chain(NEURON, wrt="W,b")
    answer = json.loads(json.dumps({**found.to_dict(), **found.check(points=1).to_dict()}))
    assert answer["links"][0] == {
        "name": "z",
        "expression": "W@x + b",
        "shape": ["n"],
        "local": {"wrt": "W", "shape": ["n", "n*m"], "closed_form": "kron(eye(n), x.T)"},
    }
    assert answer["deltas"] == {"delta_z": {"shape": ["n"], "closed_form": "u*h*(1 - h)"}}
    (product,) = [p for p in answer["products"] if p["wrt"] == "z"]
    assert product == {
        "wrt": "z",
        "shape": [1, "n"],
        "factors": {"h": "u.T@diag(h*(1 - h))"},
        "closed_form": "(u*h*(1 - h)).T",
        "name": "delta_z",
        "multiply_adds": "n",
    }
    assert answer["jacobians"]["W"]["closed_form"] == "kron(delta_z, x).T"
    assert answer["gradients"]["W"]["closed_form"] == "delta_z@x.T"
    assert answer["costs"]["W"]["forward"] == {"multiply_adds": "2*n*m", "at": 12}
    assert answer["check"]["passed"] is True


def test_objects_are_frozen_and_short_to_look_at() -> None:
    found = jac.chain(NEURON, wrt="W")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.links[0].name = "y"  # type: ignore[misc]  # what is refused
    assert len(repr(found)) + len(repr(found.links)) + len(repr(found.products)) + len(repr(found.deltas)) < 600
    assert found._repr_latex_().count("frac") == 3


@pytest.mark.parametrize(
    ("stages", "definitions"),
    [
        (("z = W@x", "h = sigmoid(z)"), ["z = W@x", "h = sigmoid(z)"]),
        (("z = W@x", "sigmoid(z)"), ["z = W@x", "sigmoid(z)"]),
        (("sigmoid(z)", "W@x + b"), ["z = W@x + b", "sigmoid(z)"]),
        (("sum(h)", "sigmoid(z)", "W@x"), ["z = W@x", "h = sigmoid(z)", "sum(h)"]),
        (("sum", "tanh", "W@z"), ["z2 = W@z", "z1 = tanh(z2)", "sum(z1)"]),
        (("u.T@h", "h = sigmoid(z)", "z = W@x"), ["z = W@x", "h = sigmoid(z)", "u.T@h"]),
        (("exp(a*z)", "W@x + a"), ["z = W@x + a", "exp(a*z)"]),
    ],
)
def test_formulas_without_names_are_read_outermost_first(stages: tuple[str, ...], definitions: list[str]) -> None:
    found, note = read(*stages)
    assert found == definitions
    assert bool(note) == (list(stages) != definitions)


def test_names_that_mean_something_do_not_stand_for_a_stage() -> None:
    assert read("u.T@h", "sigmoid(x)", known=("u",))[0] == ["h = sigmoid(x)", "u.T@h"]


def test_composition_is_the_same_as_its_definitions() -> None:
    composition, definitions = (
        jac.chain(["sum(h**2)", "sigmoid(z)", "W@x"], wrt="W"),
        jac.chain(["z = W@x", "h = sigmoid(z)", "sum(h**2)"], wrt="W"),
    )
    assert composition.gradients["W"].closed_form == definitions.gradients["W"].closed_form
    assert composition.where == definitions.where
    assert "z = W@x" in composition.note


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        (["u.T@h", "sigmoid(z)"], "which name stands for the next stage, sigmoid(z): u or h?"),
        (["3*2", "sigmoid(z)"], "no name in this formula"),
        (["z = W@x", "sum(z)", "prod(z)"], "no name in this formula"),
        (["sigmoid(z)", "y = W@x"], ""),
        (["z = W@x", "z = x", "s = sum(z)"], "'z' is defined twice"),
        (["z = W@h", "h = sin(z)", "s = sum(h)"], "z → h → z"),
        ([], "there is no formula"),
    ],
)
def test_refusals(stages: list[str], message: str) -> None:
    with pytest.raises(jac.InputError) as refused:
        jac.chain(stages, wrt="x")
    assert message in str(refused.value)


def test_a_definition_that_nothing_uses_is_reported() -> None:
    found = jac.chain(["a = sum(x)", "z = W@x", "s = sum(z)"], wrt="x")
    assert found.problem.program.unused == ("a",)
    assert found.to_dict()["unused"] == ["a"]
    assert [link.name for link in found.links] == ["z", "s"]


def test_what_is_declared_makes_the_products_shorter() -> None:
    stages = ["z = W@x", "p = softmax(z)", "loss = -sum(y*log(p))"]
    found = jac.chain(stages, wrt="W", assume={"y": "sums_to_one"})
    assert found.deltas["delta_z"].closed_form == "p - y"
    assert found.check(points=1).passed


def test_a_definition_that_is_held_ends_the_chain() -> None:
    found = jac.chain(NEURON, wrt="z,W")
    assert [d.wrt for d in found.derivations] == ["z", "W"]
    assert found.gradients["z"].closed_form == "u*h*(1 - h)"
    assert found.gradients["W"].closed_form == "0" or "zeros" in found.gradients["W"].closed_form


def test_numbers_at_every_link_and_a_step_downhill() -> None:
    found = jac.chain(["z = W@x + b", "r = z - t", "loss = r.T@r/2"], wrt="W,b")
    at = {"W": [[1, 2], [3, 4]], "x": [1, 1], "b": [0, 0], "t": [1, 1]}
    proof = found.prove(at=at, rate=0.1)
    assert proof.passed
    assert proof.numbers is not None
    assert proof.descent is not None
    assert proof.numbers.values["r"].tolist() == [2, 6]
    assert proof.numbers.locals["loss", "r"].tolist() == [[2, 6]]
    assert proof.numbers.products["W"].tolist() == [[2, 2, 6, 6]]
    assert proof.numbers.gradients["W"].tolist() == [[2, 2], [6, 6]]
    # r becomes (1 − 0.1·3) r: the loss is 20·0.49
    assert proof.descent.before == 20
    assert proof.descent.after == pytest.approx(9.8)
    assert proof.descent.predicted == pytest.approx(20 - 0.1 * 120)


@pytest.mark.parametrize("line", ["local", "product"])
def test_the_check_sees_a_wrong_line(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """Every printed line is compared: a local Jacobian or a product that is off by a thousandth is not let through."""
    kind: Any = calculus.Local if line == "local" else calculus.Running
    true = kind.__dict__["form"].func

    def wrong(self: Any) -> Expr:
        form: Expr = true(self)
        name = self.input.name if line == "local" else self.variable.name
        return write.apply("*", write.apply("/", write.number(1001), write.number(1000)), form) if name == "z" else form

    monkeypatch.setattr(kind, "form", property(wrong))
    proof = prove_chain(jac.chain(NEURON, wrt="x"), 1)
    assert proof.lines.passed is False
    assert proof.passed is False
    assert proof.lines.engines["differences"].worst is not None
    assert "z" in proof.lines.engines["differences"].worst.form


def test_a_weight_that_many_links_share_is_proven() -> None:
    names = [f"h{k}" for k in range(70)]
    stages = ["h0 = tanh(w*x)", *(f"{b} = tanh(w*{a})" for a, b in pairwise(names)), "s = sum(h69)"]
    found = jac.chain(stages, wrt="w", shapes={"w": "()", "x": "3"})
    assert "part1" in found.where
    proof = found.check(points=1)
    assert proof.lines.passed
    assert proof.answers["w"].report.engines["autograd"].passed
    assert any("were compared" in note for note in proof.lines.notes)


def test_what_is_doubted_of_a_stage_is_told_in_both_readings() -> None:
    warning = jac.chain(["tanh(z)", "W*x"], wrt=["x"]).warnings[0]
    assert "z = W*x multiplies entry by entry" in warning
    assert warning.endswith("z = W@x")
