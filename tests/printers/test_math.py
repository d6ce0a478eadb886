"""Mathematics for the terminal."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings

import jacobian_cli as jac
from jacobian_cli.elaborate import elaborate
from jacobian_cli.expr import Apply, Defined, Expr, Number, Variable
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.shape import ONE, Size
from jacobian_cli.syntax.parser import parse_statement
from tests.printers.typed import N, apply, expressions, typed

PRINTED = {
    "W@x + b": "Wx + b",
    "b.T@sigmoid(W@x + b)": "bᵀσ(Wx + b)",
    "x*y*(1 - x)": "x ⊙ y ⊙ (1 − x)",
    "x*(y*x)": "x ⊙ (y ⊙ x)",
    "c*x.T": "cxᵀ",
    "diag(b)@kron(eye(n), x.T)": "diag(b)(Iₙ ⊗ xᵀ)",
    "2*W.T@(W@x - b)": "2Wᵀ(Wx − b)",
    "x@y": "xᵀy",
    "x@x.T": "xxᵀ",
    "outer(b, x)": "bxᵀ",
    "dot(x, y)": "xᵀy",
    "(W@x).T": "(Wx)ᵀ",
    "c.T": "c",
    "kron(S@S, Q)": "SS ⊗ Q",
    "kron(S, Q)*kron(S, Q)": "(S ⊗ Q) ⊙ (S ⊗ Q)",
    "kron(S*S, Q)": "(S ⊙ S) ⊗ Q",
    "x**2": "x²",
    "x**-1": "x⁻¹",
    "x**-12": "x⁻¹²",
    "S**2": "S^⊙2",
    "x**y": "x^y",
    "x**(y + 1)": "x^(y + 1)",
    "c**0.5*lam": "c^0.5 λ",
    "(x**2)**y": "(x²)^y",
    "(-x)**2": "(−x)²",
    "-x**2": "−x²",
    "-(x*y)": "−x ⊙ y",
    "-(x + y)": "−(x + y)",
    "x + (-y)": "x − y",
    "x - (-y)": "x − (−y)",
    "x*(-y)": "x ⊙ (−y)",
    "-2*x": "−2x",
    "-1*x": "−x",
    "x - (y - x)": "x − (y − x)",
    "1/x": "1 / x",
    "c/(2*lam)": "c / (2λ)",
    "c/lam*x": "(c / λ)x",
    "(x@y)*x": "(xᵀy)x",
    "x*2": "x·2",
    "2*3*x": "2·3x",
    "0.5*x": "0.5x",
    "1e-20*x": "1·10⁻²⁰x",
    "W@ones(m)": "W·1ₘ",
    "ones(n).T@b": "1ₙᵀb",
    "ones(n)@x.T": "1ₙxᵀ",
    "zeros(m) + x": "0ₘ + x",
    "x > 0": "1(x > 0)",
    "diag(x >= y)": "diag(1(x ≥ y))",
    "c*(lam > 0)": "c·1(λ > 0)",
    "x*(x != 0)": "x ⊙ 1(x ≠ 0)",
    "c*exp(x)": "c exp(x)",
    "sum(x)*c": "sum(x)c",
    "abs(x - y)": "|x − y|",
    "sqrt(x)": "√x",
    "sqrt(x + y)**2": "(√(x + y))²",
    "norm(x)": "‖x‖",
    "norm(W, axis=1)": "norm(W, axis=1)",
    "sum(W, axis=(0, 1), keepdims=True)": "sum(W, axis=(0, 1), keepdims=True)",
    "trace(S)": "tr(S)",
    "leaky_relu(x)": "leaky_relu(x)",
    "reshape(W, (m, n))": "reshape(W, m × n)",
    'einsum("ij,jk->ik", W, B)': 'einsum("ij,jk→ik", W, B)',
    "x[:, None]*W.T": "x[:, None] ⊙ Wᵀ",
    "(W@x)[0]": "(Wx)[0]",
    "x[m - 2:m]": "x[m − 2:m]",
    "sum(x)/m": "sum(x) / m",
    "pi*c": "πc",
}


@pytest.mark.parametrize("formula", PRINTED)
def test_is_written_so(formula: str) -> None:
    assert math(typed(formula)) == PRINTED[formula]


NAMES = {
    "W1": "W₁",
    "W_1": "W₁",
    "W12": "W₁₂",
    "alpha": "α",
    "delta2": "δ₂",
    "lam": "λ",
    "Delta": "Δ",
    "Sigma": "Σ",
    "x_hat": "x̂",
    "y_hat_2": "ŷ₂",
    "x1_2": "x₁_2",
    "delta_out": "δ_out",
    "_x": "_x",
    "λ": "λ",
    "loss": "loss",
}


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    assert math(Variable(name, ())) == NAMES[name]


def test_words_stand_apart() -> None:
    loss, c = Variable("loss", ()), Variable("c", ())
    assert math(apply("*", apply("*", c, loss), c)) == "c loss c"
    assert math(apply("*", Number(Fraction(2)), loss)) == "2 loss"


def test_what_calculation_makes() -> None:
    c, h = Variable("c", ()), Defined("h", typed("sigmoid(W@x + b)"))
    assert math(apply("*", Number(Fraction(-1)), c)) == "−c"
    assert math(apply("+", c, apply("*", Number(Fraction(-2)), c))) == "c − 2c"
    assert math(apply("*", Number(Fraction(-1, 3)), c)) == "−(1 / 3)c"
    assert math(apply("*", h, apply("-", Number(Fraction(1)), h))) == "h ⊙ (1 − h)"
    assert math(apply("ones", sizes=(N * N + ONE,))) == "1_{n² + 1}"
    assert math(apply("reshape", typed("x"), shape=(Size.named("m"),))) == "reshape(x, m)"


def test_every_function_has_a_spelling() -> None:
    x = Variable("x", (N,))
    for name, entry in FUNCTIONS.items():
        if entry.called and not entry.options:
            assert math(Apply(name, (x,) * len(entry.parameters), (), (N,)))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(expressions(built=True))
def test_brackets_balance(expr: Expr) -> None:
    depth = 0
    for character in math(expr):
        depth += (character in "([") - (character in ")]")
        assert depth >= 0
    assert depth == 0


@pytest.mark.parametrize(
    ("text", "beside", "expected"),
    [
        ("eye(n)@A", (), "IA"),
        ("eye(n)@A", ("I",), "IₙA"),
        ("I@x + eye(n)@x", (), "Ix + Iₙx"),
        ("I@I_n + eye(n)", (), "I I_n + Iₙ"),
        ("I + eye(d)", (), "I + I_d"),
        ("I@I_d + eye(d)", (), "I I_d + I_{d}"),
        ("eye(n) - 2*x@x.T", (), "I − 2xxᵀ"),
        ("A + lam*eye(n)", (), "A + λI"),
    ],
)
def test_a_variable_called_like_the_identity(text: str, beside: tuple[str, ...], expected: str) -> None:
    output = elaborate([parse_statement(text)]).output
    assert math(output, beside) == expected


@pytest.mark.parametrize(
    ("formula", "wrt", "entry"),
    [
        ("u.T@sigmoid(W@x + b)", "W", "∂f/∂Wᵢⱼ = uᵢ hᵢ (1 − hᵢ) xⱼ"),
        ("W@x", "W", "∂fᵢ/∂Wⱼₖ = δᵢⱼ xₖ"),
        ("softmax(z)", "z", "∂fᵢ/∂zⱼ = δᵢⱼ pᵢ − pᵢ pⱼ"),
        ("x.T@A@x", "x", ""),  # longer than (A + Aᵀ)x
        ("log(det(X))", "X", ""),  # (X⁻¹)ⱼᵢ is no entry that a reader sees
        ("sum(sin(A@x)*y)", "x", ""),
        ("sum(sin(A@X))", "A", ""),
    ],
)
def test_an_entry_is_shown_where_it_tells_more_than_the_closed_form(formula: str, wrt: str, entry: str) -> None:
    assert jac.derive(formula, wrt=wrt).jacobian.elementwise == entry
