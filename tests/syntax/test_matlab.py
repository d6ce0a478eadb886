"""MATLAB and Julia."""

from __future__ import annotations

import pytest

import jacobian_cli as jac
from jacobian_cli.syntax.errors import InputError
from tests.syntax.reading import program, read

READ = [
    ("x'*A*x + b'*x", "x", "x.T@A@x + b.T@x"),
    ("(A*x - b)'*(A*x - b)", "x", "(A@x - b).T@(A@x - b)"),
    ("A\\b", "b", "solve(A, b)"),
    ("(X'*X)\\(X'*y)", "y", "solve(X.T@X, X.T@y)"),
    ("inv(X'*X + lambda*eye(n))*X'*y", "y", "inv(X.T@X + lam*eye(n))@X.T@y"),
    ("sum(log(exp(-y.*(X*w)) + vector(1)))", "w", "sum(log(exp(-y*(X@w)) + 1))"),
    ("1./(1+exp(-z))", "z", "1/(1 + exp(-z))"),
    ("norm(X, 'fro')^2", "X", "norm(X)**2"),
    ("sum(X.^2, 1)", "X", "sum(X**2, axis=0, keepdims=True)"),
    ("sum(X(:).^2)", "X", "sum(vec(X)**2)"),
    ("X*W .+ b'", "X", "X@W + b.T"),
    ("A(1,:)*x .* 1", "x", "A[0:1, :]@x*1"),
    ("A(2:end, 1)'*x", "x", "A[1:, 0].T@x"),
    ("A[1, :]' * x", "x", "A[0, :].T@x"),
    ("[x; y]'*w", "x", "concat(x, y).T@w"),
    ("A/B + C'*D", "A", "A@inv(B) + C.T@D"),
    ("-2^2*x'", "x", "-2**2*x.T"),
    ("σ.(W*x .+ b)", "W", "sigmoid(W@x + b)"),
    ("1 ./ (1 .+ exp.(-z))", "z", "1/(1 + exp(-z))"),
    ("sum(abs2, A*x - b)", "x", "sum(square(A@x - b))"),
    ("dot(x, A, y)", "A", "x.T@A@y"),
    ("-sum(y .* log.(ŷ))", "ŷ", "-sum(y*log(ŷ))"),
    ("2x .+ 1", "x", "2*x + 1"),
    ("2x.^2 .+ 1/2norm(x)^2", "x", "2*x**2 + 1/(2*norm(x)**2)"),
    ("maximum(x .* 2)", "x", "max(x*2)"),
    ("(A'*A)^-1*A'*b", "b", "inv(A.T@A)@A.T@b"),
    ("z = W*x .+ b; tanh.(z)", "W", "z = W@x + b; tanh(z)"),
]


@pytest.mark.parametrize(("typed", "wrt", "meant"), READ)
def test_is_read(typed: str, wrt: str, meant: str) -> None:
    assert read(typed, wrt) == meant
    assert not program(typed, wrt).warnings


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("sum(X,2)", "write sum(X, axis=1) as in MATLAB"),
        ("mean(X, 1)", "an axis is named: mean(X, axis=1) as in NumPy, mean(X, axis=0) as in MATLAB"),
        ("sum(X, 0)", "an axis is named: sum(X, axis=0)"),
        ("x[i] .* y", "an entry is x(1) in MATLAB; x[1] is Julia's: --syntax julia"),
    ],
)
def test_an_axis_and_an_entry_are_named_as_each_has_them(typed: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        program(typed)
    assert caught.value.hint == hint


def test_a_notation_can_be_named() -> None:
    assert read("dot(A.*B, C)", "A", syntax="matlab") == "sum(A*B*C, axis=0, keepdims=True)"
    assert read("dot(A.*B, C)", "A", syntax="julia") == "trace((A*B).T@C)"
    assert read("norm(A*x - b)^2", "x", syntax="matlab") == "norm(A@x - b)**2"
    assert read("norm(A*x - b)^2", "x", {"A": "n,m", "x": "m", "b": "n"}, syntax="julia") == "norm(A@x - b)**2"
    with pytest.raises(InputError, match="there is no notation 'fortran'"):
        read("x", "x", syntax="fortran")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("sum(x)*vector(1)", "sum(x)*ones(n)"), ("matrix(1)*x", "ones(n, m)@x"), ("x*vector(1)'", "x@ones(n).T")],
)
def test_ones_of_no_size_are_refused_with_what_to_paste(typed: str, meant: str) -> None:
    with pytest.raises(InputError) as caught:
        program(typed, "x")
    assert caught.value.hint == f"say it: {meant}"
    program(meant, "x")


@pytest.mark.parametrize(
    ("typed", "wrt", "claim"),
    [
        ("sum(x)", "x", "vector(1)"),
        ("sum(A)", "A", "matrix(1)"),
        ("vector(1)'*(A*x)", "A", "vector(1)*x'"),
        ("x'*A*vector(1)", "A", "x*vector(1)'"),
    ],
)
def test_in_a_claim_the_derivative_says_the_size_of_ones(typed: str, wrt: str, claim: str) -> None:
    assert jac.check(typed, wrt, claim).passed
    assert not jac.check(typed, wrt, f"2*{claim}").passed


@pytest.mark.parametrize(
    ("typed", "wrt", "said"),
    [
        ("sum(X.^2)", "X", "columns"),
        ("softmax(Q*K' ./ sqrt(d))*V", "Q", "columns"),
    ],
)
def test_is_doubted(typed: str, wrt: str, said: str) -> None:
    assert any(said in warning for warning in program(typed, wrt).warnings)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("x.^2 + x^2", "power"),
        ("normalize(x)*x'*x", "z-scores"),
        ("reshape(X, 2, 3)'*x", "row by row"),
        ("x' + A*", "too early"),
        ("(x'*y", "closed"),
        ("x'*)", "never opened"),
        ("x'*y z", "product is written"),
        ("rand(3)*x'", "random"),
        ("norm()*x'", "wants an argument"),
        ("[]*x'", "nothing stands"),
        ("dot(x, A,", "too early"),
        ("x .* 'abc", "quotation"),
        ("a ./ (b' * )", "never opened"),
    ],
)
def test_is_refused_with_a_way_out(typed: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(typed, "x", syntax="matlab")
    assert said in str(caught.value)
    assert caught.value.text == typed


@pytest.mark.parametrize(
    "text",
    ["(" * 5000, "x" + "'" * 9000, "-" * 9000 + "x", "[" * 5000, "x^" * 4000 + "x", "f(" * 3000, "x.*" * 3000 + "x"],
    ids=lambda text: f"{text[:8]} {len(text)}",
)
@pytest.mark.parametrize("syntax", ["matlab", "julia"])
def test_every_text_ends(text: str, syntax: str) -> None:
    try:
        program(text, "x", syntax=syntax)
    except InputError as error:
        str(error)
