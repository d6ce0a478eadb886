"""What is said of texts that are no formula, or no certain one, and what is proposed in their place."""

from __future__ import annotations

import pytest

import jacobian_cli as jac

PRODUCTS = ("(a - t).T@p", "(a - t)@p.T", "(a - t)*p")
NUMBERS = ("-s a=()", "-s t=()", "-s p=()")
REFUSED = (
    ("xᵀy/zᵀw", "x", "below the line", ("xᵀy/(zᵀ w)",)),
    ("x'A x/x'x", "x", "below the line", ("x'A x/(x' x)",)),
    ("A^1/2 x", "x", "does this power end", ("A^(1/2) x", "((A^1)/2) x")),
    ("p + uv", "u", "beside", ("u.T@v", "u@v.T", "u*v", "-s u=()", "-s u=()", "-s v=()", "-s uv=n")),
    ("(a − t)p", "t", "beside", (*PRODUCTS, *NUMBERS[:2], *NUMBERS)),
    ("√xy", "x", "below the root", ("√(xy)", "√(x) y")),
    ("√2πx", "x", "below the root", ("√(2πx)", "√(2) πx")),
    (r"\mathbb{E}[\|x\|^2]", "x", "an expectation", (r"mean(\|x\|^2)",)),
    (r"\mathbb{E}_{x\sim p}\left[\log p(x)\right]", "x", "an expectation", (r"mean(\log p(x))",)),
    ("E[x]", "x", "an expectation", ("mean(x)",)),
    ("2*E[x**2]", "x", "an expectation", ("mean(x**2)",)),
    ("Ax = b", "x", "an equation is not a formula", ("z = A@x",)),
    ("Loss: ‖Ax − b‖²", "x", "a word before a formula", ("‖Ax − b‖²",)),
    ("Objective: x.T @ A @ x", "x", "a word before a formula", ("x.T @ A @ x",)),
    (r"\mathbf{1}_{x>0}", "x", "a condition stands below", ("1(x>0)",)),
    (r"x^{(i)\top} w", "w", "an entry with the index i", ('einsum("ij,j->i", A, x)', "-s x_i=n")),
    ("x dot y", "x", "dot stands between", ("dot(x, y)",)),
    ("x mod 2", "x", "mod stands between", ("mod(x, 2)",)),
    ("max x", "x", "maximized", ("x", "max(x)")),
    ("x, y, z", "x", "without brackets", ("[x, y]",)),
    ("R(θ)p", "p", "'R' is not a function", ("R@θ",)),
    ("p(y|x)", "x", r"the density p\(y\|x\)", ()),
    ("FFN(Wx)", "x", "no function 'FFN'", ()),
    ("FFN(Wx)²", "x", "no function 'FFN'", ("F F N (Wx)",)),
    ("LayerNorm(x + MHA(x))", "x", "no function 'MHA'", ("M H A (x)",)),
)


@pytest.mark.parametrize(("text", "wrt", "message", "pastes"), REFUSED, ids=lambda value: str(value)[:30])
def test_what_is_said(text: str, wrt: str, message: str, pastes: tuple[str, ...]) -> None:
    with pytest.raises(jac.InputError, match=message) as told:
        jac.derive(text, wrt=wrt)
    assert told.value.pastes == pastes


@pytest.mark.parametrize(
    ("text", "taken", "other"),
    [
        ("x^1/2", "(x^1)/2", "x^(1/2)"),
        ("2 e^-t/τ", "2 e^(-t)/τ", "2 e^(-t/τ)"),
        ("e^-x^2/2", "e^(-x^2)/2", "e^(-x^2/2)"),
    ],
)
def test_exponents_without_brackets_are_doubted(text: str, taken: str, other: str) -> None:
    found = jac.derive(text, wrt="t" if "t" in text else "x", shapes={"t": "()"} if "t" in text else {})
    assert isinstance(found, jac.Derivation)
    assert (taken, other) in [doubt.readings for doubt in found.problem.program.doubts]


@pytest.mark.parametrize("text", ["x^2/2", "x^4/12", "e^x/(1+e^x)", "e^(-x)/2", "x^(1/2)", "||x||^2/2"])
def test_quotients_that_are_certain_are_not_doubted(text: str) -> None:
    found = jac.derive(text, wrt="x")
    assert isinstance(found, jac.Derivation)
    assert not found.problem.program.doubts
