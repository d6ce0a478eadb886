"""Mathematics in Unicode and ASCII: what is read, what is doubted, what is refused."""

from __future__ import annotations

import pytest

from jacobian_cli.syntax.declarations import parse_file
from jacobian_cli.syntax.errors import InputError
from tests.syntax.reading import program, read

READ = {
    "juxtaposition": [
        ("uᵀσ(Wx + b)", "W", "u.T@sigmoid(W@x + b)"),
        ("W x + b", "W", "W@x + b"),
        ("Wx+b", "x", "W@x + b"),
        ("x^TAx", "x", "x.T@A@x"),
        ("XᵀAX", "X", "X.T@A@X"),
        ("xyᵀ", "x", "x@y.T"),
        ("XW + 1bᵀ", "W", "X@W + ones(n)@b.T"),
        ("αAx + βy", "x", "α*A@x + β*y"),
        ("λ(x+y)", "x", "λ*(x + y)"),
        ("2x", "x", "2*x"),
        ("λx", "x", "λ*x"),
        ("C (Ax + b)", "x", "C@(A@x + b)"),
        ("x^T(A + A^T)x", "x", "x.T@(A + A.T)@x"),
        ("diag(x) A diag(y)", "x", "diag(x)@A@diag(y)"),
        ("A ⊙ BᵀXXᵀB", "X", "A*(B.T@X@X.T@B)"),
        ("xᵀA⁻¹x / 2", "x", "x.T@inv(A)@x/2"),
        ("W[x; h] + b", "W", "W@concat(x, h) + b"),
    ],
    "marks": [
        ("x'Ax", "x", "x.T@A@x"),
        ("A^-1 b", "A", "inv(A)@b"),
        ("A^{-1}b", "A", "inv(A)@b"),
        ("X⁻ᵀy", "X", "inv(X).T@y"),
        ("X^{-T}y", "X", "inv(X).T@y"),
        ("X^tBX", "X", "X.T@B@X"),
        ("T x + b", "x", "T@x + b"),
        ("T + A^T", "A", "T + A.T"),
        ("e^-z", "z", "exp(-z)"),
        ("x̂ᵀy", "x̂", "x̂.T@y"),
        ("W₁x + b₁", "W1", "W1@x + b1"),
        ("W^{(1)} x", "W^{(1)}", "W1@x"),
        ("W^T_1 x", "W1", "W1.T@x"),
        ("W_1 x + b_1", "W_1", "W_1@x + b1"),
        ("σ² xᵀx", "x", "σ**2*x.T@x"),
        ("X[0, :]ᵀw", "w", "X[0, :].T@w"),
    ],
    "functions": [
        ("softmax(QK^T/sqrt(d))V", "Q", "softmax(Q@K.T/sqrt(d))@V"),
        ("W2 relu(W1 x + b1) + b2", "W1", "W2@relu(W1@x + b1) + b2"),
        ("Wσ(x)", "W", "W@sigmoid(x)"),
        ("sin² x + cos² x", "x", "sin(x)**2 + cos(x)**2"),
        ("cos(x)^2", "x", "cos(x)**2"),
        ("sin(x)ᵀy", "x", "sin(x).T@y"),
        ("tr XᵀAX", "X", "trace(X.T@A@X)"),
        ("−yᵀ log softmax(Wx)", "W", "-y.T@log(softmax(W@x))"),
        ("log 2π + x", "x", "log(2*pi) + x"),
        ("ReLU(Wx)", "x", "relu(W@x)"),
        ("√(xᵀx + ε)", "x", "sqrt(x.T@x + ε)"),
        ("√2 x", "x", "sqrt(2)*x"),
        ("∑ log σ(−Wx)", "x", "sum(log(sigmoid(-W@x)))"),
        ("⟨x, y⟩", "x", "x.T@y"),
    ],
    "bars": [
        ("½‖Xw − y‖²", "w", "0.5*norm(X@w - y)**2"),
        ("1/2 ||y - Xw||^2", "w", "1/2*norm(y - X@w)**2"),
        ("‖A‖_F²", "A", "norm(A)**2"),
        ("‖x‖₁ + ‖y‖₂²", "x", "norm1(x) + norm(y)**2"),
        ("uᵀv/(‖u‖‖v‖)", "u", "u.T@v/(norm(u)*norm(v))"),
        ("log|XᵀX|", "X", "logdet(X.T@X)"),
        ("|A|", "A", "det(A)"),
    ],
    "shapes": [
        ("‖y − Xβ‖² + λ‖β‖₁", "β", "norm(y - X@β)**2 + λ*norm1(β)"),
        ("(x−μ)ᵀS⁻¹(x−μ)", "x", "(x - μ).T@inv(S)@(x - μ)"),
        ("γ ⊙ (x − μ)/σ + β", "x", "γ*(x - μ)/σ + β"),
        ("K + σ²I", "σ", "K + σ**2*eye(n)"),
        ("(I − xxᵀ/(xᵀx))y", "x", "(eye(n) - x@x.T/(x.T@x))@y"),
        ("1ᵀx", "x", "ones(n).T@x"),
        ("A : B", "A", "trace(A.T@B)"),
        ("XᵀAX : B", "X", "trace((X.T@A@X).T@B)"),
        ("x^T*A*x", "x", "x.T@A@x"),
    ],
    "definitions": [
        ("z = Wx + b; σ(z)", "W", "z = W@x + b; sigmoid(z)"),
        ("f(x) = xᵀAx", "x", "f = x.T@A@x"),
        ("loss = ‖Wx − b‖²", "W", "loss = norm(W@x - b)**2"),
    ],
    "the language": [("Wx@x + Wh@h", "x", "language"), ("Wx + b", "b", "language"), ("max(x, 0)", "x", "language")],
}


@pytest.mark.parametrize(
    ("typed", "wrt", "meant"), [row for rows in READ.values() for row in rows], ids=lambda value: str(value)[:40]
)
def test_is_read(typed: str, wrt: str, meant: str) -> None:
    assert read(typed, wrt) == meant
    if "language" not in meant:
        assert not program(typed, wrt).warnings


@pytest.mark.parametrize(
    ("typed", "wrt", "taken", "other"),
    [
        ("sin 2x", "x", "sin(2*x)", "sin(2)*x"),
        ("sigma(W x)", "x", "sigmoid(x)", "sigma*(x)"),
        ("|x - y|", "x", "abs(x - y)", "norm(x - y)"),
        ("‖AX‖", "X", "norm(A@X)", "spectral"),
        ("A^2 − B", "A", "A@A", "A**2"),
        ("2^A", "A", "2**A", "entry by entry"),
        ("e^A", "A", "exp(A)", "matrix exponential"),
        ("tr(log X)", "X", "log(X)", "matrix logarithm"),
        ("σ(W*x + b)", "x", "W@x", "W*x"),
        ("log Φ(xᵀβ)", "β", "ndtr(x)", "-s Φ=n,m"),
        ("y wᵀx", "w", "y@w.T@x", "-s y=()"),
        ("Δx", "x", "Δ@x", "Δ_x"),
        ("xᵀy − e", "x", "2.718", "-s e=n"),
        ("Xi x + b", "x", "one name", "X i"),
        ("2^3^x", "x", "2^(3^x)", "2^(3^x)"),
        ("Atan(ωt)", "t", "A tan(ωt)", "arctan(ωt)"),
        ("N(x)", "x", "N@x", "a function called N"),
        ("Ax·Ay", "x", "(A@x).T@(A@y)", "A@x*(A@y)"),
    ],
)
def test_is_doubted_with_both_readings(typed: str, wrt: str, taken: str, other: str) -> None:
    (warning,) = program(typed, wrt).warnings
    assert taken in warning
    assert other in warning


@pytest.mark.parametrize(
    ("typed", "wrt", "said"),
    [
        ("1/2x", "x", "(1/2) x or 1/(2 x)"),
        ("t/RC", "R", "(t/R) C or t/(R C)"),
        ("sin⁻¹(x)", "x", "arcsin(x) or 1/sin(x)"),
        ("cos^-1 x", "x", "arccos(x) or 1/cos(x)"),
        ("log⁻¹ x", "x", "exp(x) or 1/log(x)"),
        ("sin^n x", "x", "(sin(x))^n"),
        ("max x", "x", "maximized"),
        ("max_x ‖x‖²", "x", "maximized"),
        ("N(x | μ, Σ)", "x", "normal_pdf((x - m)/s)/s"),
        ("x* Q x", "x", "x^T Q x; a product is x * Q x"),
        ("a/2b", "b", "(a/2) b or a/(2 b)"),
        ("x/y z", "x", "(x/y) z or x/(y z)"),
        ("1/2(x + y)", "x", "(1/2) (x + y) or 1/(2 (x + y))"),
        ("log x y", "x", "log(x) y or log(x y)"),
        ("√x²", "x", "√(x²) or (√x)²"),
        ("√2x", "x", "√(2x) or √(2) x"),
        ("A^B", "A", "A**B"),
        ("∑ᵢ xᵢ yⱼ", "x", "einsum"),
        ("sum_i x_i y_j", "x", "einsum"),
        ("xᵢ yᵢ", "x", "einsum"),
        ("σ'(z)", "z", "jac takes the derivative"),
        ("f(x + y)", "x", "not a function"),
        ("xᵀ f(x + y)", "x", "not a function"),
        ("φ(x)", "x", "not a function"),
        ("x x", "x", "x.T@x, x@x.T, or x*x"),
        ("x - x'", "x", "do not mix"),
        ("d/dx x^2", "x", "jac takes the derivative"),
        ("∂(x²)/∂x", "x", "jac takes the derivative"),
        ("minimize ||Ax - b||^2", "x", "minimize"),
        ("y − ∥Ax", "x", "never closed"),
        ("(x + y", "x", "closed"),
        ("x² +", "x", "ends too early"),
        ("x⁺y", "x", "cannot be read"),
        ("2^", "x", "exponent"),
        ("2^ᵀA", "x", "exponent"),
        ("(A + B)^{1/2}", "A", "power of a matrix"),
        ("a × b", "a", "cross(a, b)"),
        ("ω × r", "r", "cross(ω, r)"),
        ("x(1)^2", "x", "x[0]"),
        ("σ∘(Wx)", "x", "σ(Wx)"),
        ("min ‖Ax − b‖", "x", "that is ‖Ax − b‖"),
        ("maximize over w: wᵀx", "w", "that is wᵀx"),
        ("1 − y_+", "y", "max(x, 0)"),
        ("Γ(x + 1)", "x", "lgamma(x + 1)"),
        ("LN(x)", "x", "layernorm(x)"),
        ("Var(x)", "x", "var(x)"),
        ("A.T(x + y)", "x", "A.T@(x + y)"),
        ("x if x > 0 else -x", "x", "where(x > 0, x, -x)"),
        ("∑ₜ βᵗ log cₜ", "c", "einsum"),
        ("[a -b; c d]", "a", "entries are separated by commas"),
        ("dJ/dW", "W", "jac takes the derivative"),
    ],
)
def test_is_refused_with_a_way_out(typed: str, wrt: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(typed, wrt, syntax="math")
    assert said in str(caught.value).replace("`", "")
    assert caught.value.text == typed
    assert caught.value.span is not None
    assert 0 <= caught.value.span.start <= len(typed)


@pytest.mark.parametrize(
    ("typed", "said"),
    [("p = softmax(Wx); log p_y", "-s p_y=()"), ("f(x) = xᵀAx; f(y)", "applied to anything else")],
)
def test_definitions_are_used_as_they_were_made(typed: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(typed, "W")
    assert said in str(caught.value)
    assert read("f(x) = xᵀAx; 2 f(x)", "x") == "f = x.T@A@x; 2*f"
    assert read("f = @(w) norm(X*w - y)^2; f(w)", "w") == "f = norm(X@w - y)**2; f"


def test_a_minus_above_the_line_keeps_its_brackets() -> None:
    assert read("‖x‖^{-k/2} + det(F)^{-2/3}", "x", {"k": ""}) == "norm(x)**(-k/2) + det(F)**(-2/3)"
    assert read("x^{-(k + 1)} - x^{-1}", "x", {"k": "", "x": ""}) == "x**(-(k + 1)) - x**-1"


@pytest.mark.parametrize("text", ["A : B", "A: n, m\nB: n, m\nA : B", "B: n, n\nA : B\ndet(A)"])
def test_a_colon_in_a_file_declares(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_file(text)
    assert "trace(A.T@B)" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "(" * 150 + "x" + ")" * 150,
        "x" + "'" * 9000,
        "x" + "ᵀ" * 9000,
        "x^{" * 3000,
        "|" * 9000,
        "√" * 9000,
        "log " * 2000,
        "x + " * 2000 + "x",
        "Wx" * 4000,
        "ab" * 5000,
        "1/" * 4000 + "2",
        "A " * 4000,
        "x_" * 3000,
        "sin" * 3000,
        "x" * 200_000,
        "9" * 5000,
        "1e999999999",
    ],
    ids=lambda text: f"{text[:8]} {len(text)}",
)
def test_every_text_ends(text: str) -> None:
    try:
        program(text, "x", syntax="math")
    except InputError as error:
        str(error)
