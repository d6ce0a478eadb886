"""The explicit table: its labels, its names, its proofs, and what it looks like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy

from jacobian_cli.checks.oracles.symbolic import (
    abbreviated,
    difference,
    element_symbols,
    entries_of,
    entry_text,
    explicit_jacobian,
)
from jacobian_cli.ops import FUNCTIONS
from tests.checks.formulas import typed

NEURON = "u.T@sigmoid(W@x + b)"


def texts(formula: str, wrt: str, sizes: dict[str, int], **shapes: str) -> list[list[str]]:
    program = typed(formula, **shapes)
    matrix = explicit_jacobian(program.output, program.variables[wrt], sizes).matrix
    return [[entry_text(entry) for entry in row] for row in matrix.tolist()]


def test_symbols_are_named_as_in_mathematics() -> None:
    assert [str(s) for s in element_symbols("x", (2,))] == ["x₁", "x₂"]
    assert str(element_symbols("W", (2, 3))[1, 2]) == "W₂₃"
    assert str(element_symbols("W", (10, 2))[9, 1]) == "W₁₀,₂"
    assert str(element_symbols("c", ()).item()) == "c"
    assert str(element_symbols("delta", (1,))[0]) == "δ₁"
    assert element_symbols("x", (2,))[0].is_real


def test_the_table_a_student_would_write() -> None:
    program = typed("W@x + b", W="n,m", x="m", b="n")
    table = explicit_jacobian(program.output, program.variables["W"], {"n": 2, "m": 3})
    assert table.rows == ("f₁", "f₂")
    assert table.columns == ("W₁₁", "W₁₂", "W₁₃", "W₂₁", "W₂₂", "W₂₃")
    assert texts("W@x + b", "W", {"n": 2, "m": 3}, W="n,m", x="m", b="n") == [
        ["x₁", "x₂", "x₃", "0", "0", "0"],
        ["0", "0", "0", "x₁", "x₂", "x₃"],
    ]


def test_a_variable_that_does_not_occur_has_a_table_of_zeros() -> None:
    program = typed("x**2", x="n", y="n")
    table = explicit_jacobian(program.output, program.variables["y"], {"n": 2})
    assert table.matrix == table.expanded == sympy.zeros(2, 2)


def test_names_are_kept_and_the_proof_has_none() -> None:
    program = typed(NEURON, W="n,m", x="m", b="n", u="n")
    table = explicit_jacobian(program.output, program.variables["b"], {"n": 2, "m": 1})
    shown, proof = str(table.matrix), str(table.expanded)
    assert "σ(" in shown
    assert "exp" not in shown
    assert "σ(" not in proof
    assert "exp" in proof


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sigmoid(x)", "σ(x₁)·(1 − σ(x₁))"),
        ("relu(x)", "1(x₁ > 0)"),
        ("softplus(x)", "σ(x₁)"),
        ("tanh(x)", "1 − tanh(x₁)²"),
        ("abs(x)", "sign(x₁)"),
        ("x**3", "3·x₁²"),
        ("2*x", "2"),
        ("log(x)", "1/x₁"),
        ("1/x", "−1/x₁²"),
        ("sqrt(x)", "1/(2·√x₁)"),
        ("maximum(x, 1)", "1(x₁ > 1)"),
        ("c", "0"),
    ],
)
def test_an_entry_as_text(formula: str, expected: str) -> None:
    assert texts(formula, "x", {"n": 1}, x="n", c="") == [[expected]]


def test_a_product_as_text() -> None:
    assert texts("u.T@sigmoid(x)", "x", {"n": 1}, u="n", x="n") == [["u₁·σ(x₁)·(1 − σ(x₁))"]]


def test_what_is_defined_can_be_abbreviated() -> None:
    program = typed("h = sigmoid(W@x + b); u.T@h", W="n,m", x="m", b="n", u="n")
    sizes = {"n": 2, "m": 2}
    table = explicit_jacobian(program.output, program.variables["b"], sizes)
    short = abbreviated(table.matrix, {"h": program.values["h"]}, sizes)
    assert [entry_text(entry) for entry in short] == ["h₁·u₁·(1 − h₁)", "h₂·u₂·(1 − h₂)"]


@pytest.mark.parametrize(("name", "wrong"), [("sigmoid", "1.001*ans*(1 - ans)"), ("silu", "ans"), ("relu", "x < 0")])
def test_a_wrong_derivative_in_the_table_does_not_reach_the_screen(
    name: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = typed(f"{name}(x)", x="n")
    right = explicit_jacobian(program.output, program.variables["x"], {"n": 1})
    proof, shown = right.expanded, entry_text(right.matrix[0])
    monkeypatch.setitem(FUNCTIONS, name, replace(FUNCTIONS[name], derivative=(wrong,)))
    spoilt = explicit_jacobian(program.output, program.variables["x"], {"n": 1})
    assert difference(spoilt.matrix, proof).equal
    assert difference(spoilt.expanded, proof).equal
    assert (entry_text(spoilt.matrix[0]) == shown) is (name == "relu")


def test_a_closed_form_is_compared_with_the_table() -> None:
    program = typed(NEURON, W="n,m", x="m", b="n", u="n")
    sizes = {"n": 2, "m": 3}
    table = explicit_jacobian(program.output, program.variables["W"], sizes).expanded
    shapes = {"W": "n,m", "x": "m", "b": "n", "u": "n"}
    right = typed("outer(u*sigmoid(W@x + b)*(1 - sigmoid(W@x + b)), x)", **shapes)
    found = difference(entries_of(right.output, sizes).reshape(1, 6), table)
    assert found.equal
    assert found.worst is None
    wrong = typed("outer(u*sigmoid(W@x + b), x)", **shapes)
    missed = difference(entries_of(wrong.output, sizes).reshape(1, 6), table)
    assert not missed.equal
    assert missed.worst is not None
    assert missed.values is not None
    assert missed.values[0] != pytest.approx(missed.values[1])


def test_one_wrong_entry_is_found() -> None:
    a = sympy.Matrix(2, 2, list(element_symbols("A", (2, 2)).flat))
    b = a.copy()
    b[1, 0] += sympy.Rational(1, 10**6)
    found = difference(a, b)
    assert (found.equal, found.worst) == (False, (1, 0))


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("(x + 1)**2", "x**2 + 2*x + 1", True),
        ("x**2/x", "x", True),
        ("tanh(x)", "(exp(2*x) - 1)/(exp(2*x) + 1)", True),
        ("sin(x)**2 + cos(x)**2", "1", True),
        ("1/sqrt(2)", "sqrt(2)/2", True),
        ("sigmoid(-x)", "1 - sigmoid(x)", True),
        ("relu(x) - relu(-x)", "x", True),
        ("maximum(x, y) + minimum(x, y)", "x + y", True),
        ("(x > 0) + (x <= 0)", "1", True),
        ("abs(x)", "x", False),
        ("sqrt(x**2)", "x", False),
        ("relu(x)", "x", False),
        ("sigmoid(x)", "tanh(x)", False),
        ("x", "1.000000001*x", False),
    ],
)
def test_equality_at_generic_points(left: str, right: str, equal: bool) -> None:
    a, b = (entries_of(typed(text, x="", y="").output, {}) for text in (left, right))
    assert difference(a, b).equal is equal


def test_entries_keep_their_order() -> None:
    assert list(entries_of(typed("A", A="n,m").output, {"n": 2, "m": 3})) == list(
        np.ravel(element_symbols("A", (2, 3)))
    )
