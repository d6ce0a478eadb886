"""What objects show of themselves: in a REPL a page, in a notebook mathematics, tables and pictures."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

import jacobian_cli as jac
from jacobian_cli.printers.graph.model import LIMIT

NEURON = "u.T @ sigmoid(W@x + b)"


def test_a_derivation_is_its_page() -> None:
    assert repr(jac.derive(NEURON, wrt="W")).splitlines() == [
        "f = uᵀσ(Wx + b)",
        "∂f/∂W = (u ⊙ h ⊙ (1 − h))xᵀ",
        "  gradient  (u*h*(1 - h))@x.T        n × m",
        "  Jacobian  kron(u*h*(1 - h), x).T   1 × n*m",
        "  backward  (delta*u*h*(1 - h))@x.T  n × m",
        "  where h = sigmoid(W@x + b)",
    ]


def test_several_are_a_table() -> None:
    found = jac.derive("u.T@x", wrt=["u", "x"])
    assert repr(found).splitlines() == ["f = uᵀx", "  ∂f/∂u = x  x", "  ∂f/∂x = u  u"]
    assert found._repr_html_().count("<table>") == 2
    assert repr(found[:0]) == "()"


def test_a_chain_is_its_products() -> None:
    lines = repr(jac.chain(["z = W@x + b", "s = u.T@z"], wrt="W,b")).splitlines()
    assert lines == [
        "z = Wx + b",
        "s = uᵀz",
        "  ∂s/∂z = uᵀ        u.T",
        "  ∂s/∂W = (u ⊗ x)ᵀ  kron(u, x).T",
        "  ∂s/∂b = uᵀ        u.T",
    ]


def test_a_run_is_its_gradients_and_its_picture() -> None:
    run = jac.backprop("(x + y)*max(y, z)", at={"x": 1, "y": 2, "z": 0})
    assert repr(run).splitlines()[1:] == ["  f      =  6", "  ∂f/∂x  =  2", "  ∂f/∂y  =  5", "  ∂f/∂z  =  0"]
    picture = run._repr_svg_()
    assert picture is not None
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    links = [f"h{k + 1} = sin(h{k})" for k in range(LIMIT)]
    long = jac.backprop(["h0 = x*x", *links, f"x + h{LIMIT}"], at={"x": 1})
    assert long._repr_svg_() is None


def test_steps_are_a_list_that_a_notebook_typesets() -> None:
    steps = jac.derive("u.T @ sigmoid(z)", wrt="z").steps()
    assert isinstance(steps, tuple)
    assert repr(steps).splitlines()[2] == "3  ∂f/∂h = u  (matrix product)"
    shown = steps._repr_markdown_()
    assert shown.count("$$") == 2 * len(steps)
    assert steps[0]._repr_latex_() == f"$${steps[0].latex}$$"


@pytest.mark.parametrize(("claim", "mark"), [("(A + A.T)@x", "✓ right"), ("2*A@x", "? right if"), ("A@x", "✗ wrong")])
def test_a_verdict_says_what_is_right(claim: str, mark: str) -> None:
    lines = repr(jac.check("x.T@A@x", "x", claim)).splitlines()
    assert lines[0] == f"claimed: {claim}"
    assert lines[1].startswith(mark)
    assert (lines[-1] == "closed form: (A + A.T)@x") is not mark.startswith("✓")


def test_forms_and_tapes_are_mathematics() -> None:
    assert jac.derive("u.T@x", wrt="x").jacobian._repr_latex_() == r"$$u^{\top}$$"
    tape = jac.tape("x.T@x", wrt="x")
    assert repr(tape).splitlines() == ["f = xᵀx", "  gradients by x"]
    assert tape._repr_latex_() == r"$$x^{\top} x$$"
