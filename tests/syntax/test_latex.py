"""LaTeX as papers write it."""

from __future__ import annotations

import pytest

from jacobian_cli.syntax.errors import InputError
from tests.syntax.reading import program, read

READ = [
    (r"\frac{1}{2}\lVert X\mathbf{w} - \mathbf{y}\rVert^2", "w", "1/2*norm(X@w - y)**2"),
    (r"\frac12 \left\| X w - y \right\|_2^2", "w", "1/2*norm(X@w - y)**2"),
    (r"\tfrac{\lambda}{2} \|w\|^2", "w", "lam/2*norm(w)**2"),
    (r"\operatorname{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V", "Q", "softmax(Q@K.T/sqrt(d_k))@V"),
    (r"\mathrm{softmax}(z)^{\mathsf T} y", "z", "softmax(z).T@y"),
    (r"\|AX-B\|_F^2", "X", "norm(A@X - B)**2"),
    (r"\vert\vert Y - XBX^{\top} \vert\vert_F^2", "X", "norm(Y - X@B@X.T)**2"),
    (r"X:AX^{-1}B", "X", "trace(X.T@(A@inv(X)@B))"),
    (r"(Ax - b)^\mathsf{T} (Ax - b)", "x", "(A@x - b).T@(A@x - b)"),
    (r"(Ax-b)^{\rm T}(Ax-b)", "x", "(A@x - b).T@(A@x - b)"),
    (r"x^{\intercal} A x", "x", "x.T@A@x"),
    (r"x^{\!\top} A x", "x", "x.T@A@x"),
    (r"\hat{y}^\top y", r"\hat{y}", "y_hat.T@y"),
    (r"\mathbf{a}^{\mathsf T}\mathbf{X}\mathbf{b}", "X", "a.T@X@b"),
    (r"{\bf a}^T {\bf X} {\bf b}", "X", "a.T@X@b"),
    (r"\log|K_y| + \log2\pi", "K_y", "logdet(K_y) + log(2*pi)"),
    (r"-\frac{1}{2} y^T K_y^{-1} y", "K_y", "-1/2*y.T@inv(K_y)@y"),
    (r"\ln\left|\det X\right|", "X", "log(abs(det(X)))"),
    (r"\sigma(W_{hx} x_t + W_{hh} h_{t-1} + b_h)", "W_hx", "sigmoid(W_hx@x_t + W_hh@h_tm1 + b_h)"),
    (r"W^{(2)} \sigma(W^{(1)} x)", "W1", "W2@sigmoid(W1@x)"),
    (r"\hat{y}^\top \log \hat y", "y_hat", "y_hat.T@log(y_hat)"),
    (r"w^* + \bar{x}", "w_star", "w_star + x_bar"),
    (r"\mathbf{1}^\top x", "x", "ones(n).T@x"),
    (r"\mathbf{1}_{n}^\top x", "x", "ones(n).T@x"),
    (r"\mathbf{1}(x > 0) \odot y", "y", "(x > 0)*y"),
    (r"(X^\top X + \lambda I)^{-1} X^\top y", "y", "inv(X.T@X + lam*eye(n))@X.T@y"),
    (r"I_{n} - x x^\top", "x", "eye(n) - x@x.T"),
    (r"\langle x, y \rangle", "x", "x.T@y"),
    (r"\exp\left(-\frac{\|x - c\|^2}{2 s^2}\right)", "x", "exp(-norm(x - c)**2/(2*s**2))"),
    (r"e^{-x^\top A x}", "x", "exp(-x.T@A@x)"),
    (r"\sqrt{x^\top x + \epsilon}", "x", "sqrt(x.T@x + epsilon)"),
    (r"\operatorname{tr}(AXB)", "X", "trace(A@X@B)"),
    (r"\mathrm{Tr}\, X^\top A X", "X", "trace(X.T@A@X)"),
    (r"$x^T A x$", "x", "x.T@A@x"),
    (r"\[ x^T A x \]", "x", "x.T@A@x"),
    (r"\mathcal{L} = \|Wx - b\|^2", "W", "L = norm(W@x - b)**2"),
    (r"A \otimes B \odot C", "A", "kron(A, B)*C"),
    (r"\operatorname{sum}(X, \text{axis=0})", "X", "sum(X, axis=0)"),
    (r"X[:, \text{None}]", "X", "X[:, None]"),
    (r"x\bigl(y^\top x\bigr)", "x", "x*(y.T@x)"),
]


@pytest.mark.parametrize(("typed", "wrt", "meant"), READ)
def test_is_read(typed: str, wrt: str, meant: str) -> None:
    assert read(typed, wrt) == meant


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (r"\frac{\partial f}{\partial x}", "jac takes the derivative"),
        (r"\nabla_x f", "jac takes the derivative"),
        (r"\frac{d}{dx} x^2", "jac takes the derivative"),
        (r"\frac{dy}{dx}", "jac takes the derivative"),
        (r"\phi(x)", "not a function"),
        (r"\mathbf{H}^{\mathsf{H}}x", r"\mathbf{H}^T"),
        (r"\mathbf{w}^\top \mathbf{x} / \mathbf{w}^\top \mathbf{S}_W", r"\mathbf{x}/(\mathbf{w}^\top \mathbf{S}_W)"),
        (r"\begin{cases} a & b \end{cases}", "matrices are read"),
        (r"\sum_{n=1}^N x_{n+1}", "einsum"),
        (r"x_i", "einsum"),
        (r"\frac{1}{2", "never closed"),
        (r"\frac", "too early"),
        (r"\left( x", "never closed"),
        (r"\foo(x)", "cannot be read"),
        (r"x^", "too early"),
        (r"\log x y", "log(x) y"),
        ("\\", "belongs behind"),
        ("x^\\", "belongs behind"),
        (r"\int x", "integral"),
        (r"x \in R", "declared"),
    ],
)
def test_is_refused_with_a_way_out(typed: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(typed, "x", syntax="latex")
    assert said in str(caught.value).replace("`", "")
    assert caught.value.text == typed


@pytest.mark.parametrize(
    "text",
    [
        "{" * 9000,
        "{" * 3000 + "x" + "}" * 3000,
        r"\frac{" * 1500,
        r"\frac{x}" * 1000,
        r"\sqrt" * 1500,
        "x" + "'" * 9000,
        "x" + "^{x" * 3000 + "}" * 3000,
        r"\left" * 1500,
        r"\hat" * 2000 + "x",
        "\\" * 9001,
        r"\mathbf{" * 1000 + "x" + "}" * 1000,
        "_" * 9000,
        r"\|" * 4000,
        "$" * 9000,
    ],
    ids=lambda text: f"{text[:8]} {len(text)}",
)
def test_every_text_ends(text: str) -> None:
    try:
        program(text, "x", syntax="latex")
    except InputError as error:
        str(error)
