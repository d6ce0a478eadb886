"""One text to its statements, and where its mistakes are."""

from __future__ import annotations

import pytest

import jacobian_cli as jac
from jacobian_cli.syntax.statements import split
from tests.syntax.reading import program


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("z = W x + b; h = tanh(z); u^T h", "z = W@x + b; h = tanh(z); u.T@h"),
        ("z = W x + b\nh = tanh(z)\nu^T h", "z = W@x + b; h = tanh(z); u.T@h"),
        ("1/2 ||y - X w||^2\n  + lambda ||w||^2", "1/2*norm(y - X@w)**2 + lam*norm(w)**2"),
        ("y = A x + b where A = B C", "A = B@C; y = A@x + b"),
        ("A x + b, where A = B C and b = D c", "A = B@C; b = D@c; A@x + b"),
        (r"\|Ax - b\|^2 \quad \text{where } A = BC, b = Dc", "A = B@C; b = D@c; norm(A@x - b)**2"),
        (
            r"\begin{aligned} z &= Wx + b, \\ a &= \sigma(z) \\ L &= \|a\|^2 \\ & + \lambda \|W\|_F^2. \end{aligned}",
            "z = W@x + b; a = sigmoid(z); L = norm(a)**2 + lam*norm(W)**2",
        ),
        (r"\begin{equation}\label{eq:1} L = \|Xw - y\|^2 \end{equation}", "L = norm(X@w - y)**2"),
        ("y = A*x; % model\nL = sum((y - t).^2)", "y = A@x; L = sum((y - t)**2)"),
        ("z = W x + b, h = tanh(z), u^T h", "z = W@x + b; h = tanh(z); u.T@h"),
        ("x^T A x, A = B^T B", "A = B.T@B; x.T@A@x"),
        (r"z = Wx + b,\quad a = \sigma(z)", "z = W@x + b; a = sigmoid(z)"),
        ("“W x + b”", "W@x + b"),
        ("f(x)＝xᵀAx.", "f = x.T@A@x"),
    ],
)
def test_statements_are_told_apart(typed: str, meant: str) -> None:
    assert program(typed).read == meant


def test_what_belongs_together_stays_together() -> None:
    for text in (
        "W[x; h]",
        "x % y",
        "where(x > 0, x, a*x)",
        "z = f(x,\n  y)",
        "def f(x):\n    return x; 1",
        "x/2.",
        "|x|^2, Ax = b",
    ):
        assert split(text) == [text]


def test_a_chain_of_equations_is_refused() -> None:
    with pytest.raises(jac.InputError, match="an equation is not a formula"):
        program(r"\begin{align} f &= x^\top A x \\ &= 2 \end{align}")


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [("z = W x + b; h = foo(z); u^T h", "foo"), ("A x, where A = B C and b = bar(x)", "bar"), ("“x + baz(x)”", "baz")],
)
def test_carets_stand_in_all_that_was_typed(typed: str, wrong: str) -> None:
    with pytest.raises(jac.InputError) as caught:
        jac.derive(typed, wrt="x")
    start, stop = caught.value.to_dict()["span"]
    assert typed[start:stop] == wrong
    _, line, carets, *_ = str(caught.value).splitlines()
    assert line.strip() == typed
    assert line[carets.index("^") : carets.rindex("^") + 1] == wrong
