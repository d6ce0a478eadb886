"""LaTeX."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings

from jacobian_cli.expr import Apply, Expr, Number, Variable
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.printers.math.latex import latex
from tests.printers.typed import N, apply, expressions, typed

PRINTED = {
    "W@x + b": r"W x + b",
    "b.T@sigmoid(W@x + b)": r"b^{\top} \sigma(W x + b)",
    "x*y*(1 - x)": r"x \odot y \odot (1 - x)",
    "diag(b)@kron(eye(n), x.T)": r"\operatorname{diag}(b) (I_{n} \otimes x^{\top})",
    "2*W.T@(W@x - b)": r"2 W^{\top} (W x - b)",
    "x**2": r"x^{2}",
    "S**-2": r"S^{\odot -2}",
    "x**(y + 1)": r"x^{y + 1}",
    "(x**2)**y": r"(x^{2})^{y}",
    "c/(2*lam)": r"\frac{c}{2 \lambda}",
    "-c/lam*x": r"-\frac{c}{\lambda} x",
    "(c/lam)**2": r"\left(\frac{c}{\lambda}\right)^{2}",
    "x/c": r"\frac{x}{c}",
    "x/y": r"x / y",
    "x*2": r"x \cdot 2",
    "1e-20*x": r"1 \cdot 10^{-20} x",
    "(c + 1/lam)*x": r"\left(c + \frac{1}{\lambda}\right) x",
    "exp(x/c)": r"\exp\left(\frac{x}{c}\right)",
    "ones(n, m)@x": r"\mathbf{1}_{n \times m} x",
    "W@zeros(m)": r"W \mathbf{0}_{m}",
    "x > 0": r"\mathbf{1}(x > 0)",
    "c*(lam >= 0)": r"c \cdot \mathbf{1}(\lambda \ge 0)",
    "sqrt(x + y)": r"\sqrt{x + y}",
    "abs(x)": r"\left|x\right|",
    "norm(x)**2": r"\left\lVert x \right\rVert^{2}",
    "sum(W, axis=1)": r"\operatorname{sum}(W, \text{axis=1})",
    "leaky_relu(x)": r"\operatorname{leaky\_relu}(x)",
    'einsum("ij,jk->ik", W, B)': r"\operatorname{einsum}(\mathtt{ij,jk\to ik}, W, B)",
    "x[:, None]": r"x[:, \text{None}]",
    "pi*e": r"\pi \mathrm{e}",
    "max(x, 0)": r"\max(x, 0)",
}


@pytest.mark.parametrize("formula", PRINTED)
def test_is_written_so(formula: str) -> None:
    assert latex(typed(formula)) == PRINTED[formula]


NAMES = {
    "W1": "W_{1}",
    "alpha": r"\alpha",
    "lam_2": r"\lambda_{2}",
    "Delta": r"\Delta",
    "Δ": r"\Delta",
    "Alpha": r"\mathrm{A}",
    "λ": r"\lambda",
    "x_hat": r"\hat{x}",
    "x1_i": r"x_{1, i}",
    "loss": r"\mathrm{loss}",
    "_": r"\_",
    "a__b": r"\mathrm{a\_\_b}",
}


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    assert latex(Variable(name, ())) == NAMES[name]


def test_words_stand_apart_and_fractions_keep_their_sign_outside() -> None:
    loss, c = Variable("loss", ()), Variable("c", ())
    assert latex(apply("*", c, loss)) == r"c \, \mathrm{loss}"
    assert latex(apply("+", c, apply("*", Number(Fraction(-1, 3)), c))) == r"c - \frac{1}{3} c"


def _check(written: str) -> None:
    r"""Groups nest, none is empty, every \left meets its \right, and no base bears two superscripts."""
    groups: list[str] = []
    closed = ""
    for token in re.findall(r"\\left|\\right|\\.|[_^]?\{|.", written):
        assert (token, closed) not in (("^{", "^{"), ("_{", "_{"))
        closed = ""
        if token in ("{", "^{", "_{", r"\left"):
            groups.append(token)
        elif token in ("}", r"\right"):
            closed = groups.pop()
            assert (closed == r"\left") == (token == r"\right")
    assert not groups
    assert "{}" not in written


def test_every_function_has_a_spelling() -> None:
    x = Variable("x", (N,))
    for name, entry in FUNCTIONS.items():
        if entry.called and not entry.options:
            _check(latex(Apply(name, (x,) * len(entry.parameters), (), (N,))))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(expressions(built=True))
def test_is_well_formed(expr: Expr) -> None:
    _check(latex(expr))
