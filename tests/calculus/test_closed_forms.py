"""What is printed: forms that a careful teacher would write, letter by letter; and that they are right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import printed
from jacobian_cli.checks.verdict.answer import numeric_verdict


@dataclass(frozen=True)
class Form:
    """A formula, a variable, and what is printed of its derivative. An empty text is not compared."""

    formula: str
    wrt: str
    jacobian: str
    vjp: str = ""
    gradient: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.formula} by {self.wrt}"


FORMS = [
    # the affine layer and the neuron (CS224N, lecture 3)
    Form("W@x + b", "W", "kron(eye(n), x.T)", "delta@x.T"),
    Form("W@x + b", "x", "W", "W.T@delta"),
    Form("W@x + b", "b", "eye(n)", "delta"),
    Form("sigmoid(W@x + b)", "x", "diag(h*(1 - h))@W", "W.T@(delta*h*(1 - h))", where={"h": "sigmoid(W@x + b)"}),
    Form(
        "sigmoid(W@x + b)",
        "W",
        "diag(h*(1 - h))@kron(eye(n), x.T)",
        "(delta*h*(1 - h))@x.T",
        where={"h": "sigmoid(W@x + b)"},
    ),
    # a row of outputs, whose upstream gradient is a row beside a vector
    Form(
        "sigmoid(w.T@(A - B))",
        "w",
        "diag(h*(1 - h))@(A - B).T",
        "(A - B)@(delta.T*h*(1 - h))",
        where={"h": "sigmoid((A - B).T@w)"},
    ),
    Form(
        "u.T@sigmoid(W@x + b)",
        "W",
        "kron(u*h*(1 - h), x).T",
        "(delta*u*h*(1 - h))@x.T",
        gradient="(u*h*(1 - h))@x.T",
        where={"h": "sigmoid(W@x + b)"},
    ),
    Form(
        "u.T@sigmoid(W@x + b)",
        "x",
        "(u*h*(1 - h)).T@W",
        "delta*W.T@(u*h*(1 - h))",
        gradient="W.T@(u*h*(1 - h))",
        where={"h": "sigmoid(W@x + b)"},
    ),
    Form(
        "u.T@sigmoid(W@x + b)",
        "b",
        "(u*h*(1 - h)).T",
        "delta*u*h*(1 - h)",
        gradient="u*h*(1 - h)",
        where={"h": "sigmoid(W@x + b)"},
    ),
    Form("u.T@sigmoid(W@x + b)", "u", "sigmoid(W@x + b).T", "delta*sigmoid(W@x + b)", gradient="sigmoid(W@x + b)"),
    Form(
        "z = W@x + b; h = sigmoid(z); u.T@h",
        "W",
        "kron(u*h*(1 - h), x).T",
        "(delta*u*h*(1 - h))@x.T",
        gradient="(u*h*(1 - h))@x.T",
        where={"z": "W@x + b", "h": "sigmoid(z)"},
    ),
    Form(
        "z = W@x + b; h = sigmoid(z); u.T@h",
        "x",
        "(u*h*(1 - h)).T@W",
        "delta*W.T@(u*h*(1 - h))",
        gradient="W.T@(u*h*(1 - h))",
        where={"z": "W@x + b", "h": "sigmoid(z)"},
    ),
    # a Gaussian's likelihood: the solution of a system is named (Rasmussen & Williams 2006, eq. 5.9)
    Form(
        "K = A.T@A + eye(n); y.T@inv(K)@y/2 + logdet(K)/2",
        "A",
        "reshape(A@(inv(K) - a@a.T), (1, n*m))",
        gradient="A@(inv(K) - a@a.T)",
        where={"a": "inv(K)@y", "K": "A.T@A + eye(n)"},
    ),
    Form(
        "M = X.T - X; norm(sum(M, axis=0) - sum(M, axis=1))**2",
        "X",
        "reshape(8*(sum(M, axis=1) - sum(M, axis=1, keepdims=True)), (1, n**2))",
        gradient="8*(sum(M, axis=1) - sum(M, axis=1, keepdims=True))",
        where={"M": "X.T - X"},
    ),
    Form("z = W@x + b; h = sigmoid(z); h", "z", "diag(h*(1 - h))", "delta*h*(1 - h)", where={"h": "sigmoid(z)"}),
    Form(
        "z = W@x + b; u.T@relu(z)",
        "W",
        "kron(u*(z > 0), x).T",
        "(delta*u*(z > 0))@x.T",
        gradient="(u*(z > 0))@x.T",
        where={"z": "W@x + b"},
    ),
    Form("relu(W@x + b)", "W", "diag(W@x + b > 0)@kron(eye(n), x.T)", "(delta*(W@x + b > 0))@x.T"),
    Form("W2@relu(W1@x + b1) + b2", "W1", "kron(W2@diag(W1@x + b1 > 0), x.T)", "((W2.T@delta)*(W1@x + b1 > 0))@x.T"),
    Form("W2@relu(W1@x + b1) + b2", "x", "W2@diag(W1@x + b1 > 0)@W1", "W1.T@((W2.T@delta)*(W1@x + b1 > 0))"),
    Form("W2@relu(W1@x + b1) + b2", "W2", "kron(eye(n), relu(W1@x + b1).T)", "delta@relu(W1@x + b1).T"),
    Form(
        "u.T@tanh(V@sigmoid(W@x))",
        "W",
        "kron((V.T@(u*(1 - tanh(V@h)**2)))*h*(1 - h), x).T",
        gradient="((V.T@(u*(1 - tanh(V@h)**2)))*h*(1 - h))@x.T",
        where={"h": "sigmoid(W@x)"},
    ),
    Form("X@W + b", "X", "kron(eye(n), W.T)", "delta@W.T"),
    Form("X@W + b", "W", "kron(X, eye(k))", "X.T@delta"),
    Form("X@W + b", "b", "kron(ones(n), eye(k))", "sum(delta, axis=0)"),
    # entry by entry
    Form("tanh(z)", "z", "diag(1 - tanh(z)**2)", "delta*(1 - tanh(z)**2)"),
    Form("sigmoid(z)", "z", "diag(sigmoid(z)*(1 - sigmoid(z)))", "delta*sigmoid(z)*(1 - sigmoid(z))"),
    Form("relu(z)", "z", "diag(z > 0)", "delta*(z > 0)"),
    Form("softplus(z)", "z", "diag(sigmoid(z))", "delta*sigmoid(z)"),
    Form("leaky_relu(z)", "z", "diag(where(z > 0, 1, 0.01))", "delta*where(z > 0, 1, 0.01)"),
    Form("elu(z)", "z", "diag(where(z > 0, 1, exp(z)))", "delta*where(z > 0, 1, exp(z))"),
    Form("exp(z)", "z", "diag(exp(z))", "delta*exp(z)"),
    Form("log(z)", "z", "diag(1/z)", "delta/z"),
    Form("abs(z)", "z", "diag(sign(z))", "delta*sign(z)"),
    Form("sin(z)", "z", "diag(cos(z))", "delta*cos(z)"),
    Form("cos(W@x)", "x", "-diag(sin(W@x))@W", "-W.T@(delta*sin(W@x))"),
    Form("max(x, 0)", "x", "diag(x > 0)", "delta*(x > 0)"),
    Form("x**3", "x", "diag(3*x**2)", "3*delta*x**2"),
    Form("1/x", "x", "-diag(1/x**2)", "-delta/x**2"),
    Form("x*y", "x", "diag(y)", "y*delta"),
    Form("x/y", "y", "-diag(x/y**2)", "-x*delta/y**2"),
    Form("x - y", "y", "-eye(n)", "-delta"),
    Form("c*x", "c", "x", "x.T@delta", shapes={"c": ""}),
    Form("c*x", "x", "c*eye(n)", "c*delta", shapes={"c": ""}),
    # scalars of vectors
    Form("x.T@y", "x", "y.T", "delta*y", gradient="y"),
    Form("x.T@x", "x", "2*x.T", "2*delta*x", gradient="2*x"),
    Form("sum(x)", "x", "ones(n).T", "delta*ones(n)", gradient="ones(n)"),
    Form("mean(x)", "x", "ones(n).T/n", "delta*ones(n)/n", gradient="ones(n)/n"),
    Form("sum(x**2)", "x", "2*x.T", "2*delta*x", gradient="2*x"),
    Form("norm(x)", "x", "x.T/norm(x)", "delta*x/norm(x)", gradient="x/norm(x)"),
    Form("norm(x)**2", "x", "2*x.T", "2*delta*x", gradient="2*x"),
    Form("norm(A@x - b)**2", "x", "2*(A@x - b).T@A", "2*delta*A.T@(A@x - b)", gradient="2*A.T@(A@x - b)"),
    Form("norm(A@x - b)**2/2", "x", "(A@x - b).T@A", "delta*A.T@(A@x - b)", gradient="A.T@(A@x - b)"),
    Form("x.T@A@x", "x", "x.T@(A + A.T)", "delta*(A + A.T)@x", gradient="(A + A.T)@x"),
    Form("x.T@A@x", "A", "kron(x, x).T", "delta*x@x.T", gradient="x@x.T"),
    Form("x.T@A@y", "A", "kron(x, y).T", "delta*x@y.T", gradient="x@y.T"),
    Form(
        "a.T@x*(b.T@x)",
        "x",
        "((a.T@x)*b + (b.T@x)*a).T",
        "delta*((a.T@x)*b + (b.T@x)*a)",
        gradient="(a.T@x)*b + (b.T@x)*a",
    ),
    Form("(A@x).T@(B@x)", "x", "x.T@(B.T@A + A.T@B)", "delta*(B.T@A + A.T@B)@x", gradient="(B.T@A + A.T@B)@x"),
    Form("exp(-x.T@x/2)", "x", "-exp(-x.T@x/2)*x.T", gradient="-exp(-x.T@x/2)*x"),
    Form("log(sum(exp(x)))", "x", "softmax(x).T", "delta*softmax(x)", gradient="softmax(x)"),
    Form("logsumexp(x)", "x", "softmax(x).T", "delta*softmax(x)", gradient="softmax(x)"),
    Form("logsumexp(X@w)", "w", "softmax(X@w).T@X", "delta*X.T@softmax(X@w)", gradient="X.T@softmax(X@w)"),
    Form("norm1(x)", "x", "sign(x).T", "delta*sign(x)", gradient="sign(x)"),
    Form("sum(A@x)", "A", "kron(ones(n), x).T", "delta*ones(n)@x.T", gradient="ones(n)@x.T"),
    Form("sum(A@x)", "x", "sum(A, axis=0).T", "delta*sum(A, axis=0)", gradient="sum(A, axis=0)"),
    # vectors of vectors
    Form("x/norm(x)", "x", "(eye(n) - x@x.T/norm(x)**2)/norm(x)", "(delta - (x.T@delta)*x/norm(x)**2)/norm(x)"),
    Form("normalize(x)", "x", "(eye(n) - normalize(x)@normalize(x).T)/norm(x)"),
    Form("x.T@x*x", "x", "(x.T@x)*eye(n) + 2*x@x.T", "(x.T@x)*delta + 2*(x.T@delta)*x"),
    Form("log(softmax(x))", "x", "eye(n) - ones(n)@softmax(x).T"),
    Form("2**x", "x", "diag(log(2)*2**x)"),
    Form("x/(1 + abs(x))", "x", "diag(1/(1 + abs(x))**2)", "delta/(1 + abs(x))**2"),
    Form("-(y*log(sigmoid(z)) + (1 - y)*log(1 - sigmoid(z)))", "z", "diag(sigmoid(z) - y)"),
    Form("concat(A@x, B@x)", "x", "concat(A, B)"),
    Form("x - mean(x)", "x", "eye(n) - ones(n)@ones(n).T/n", "delta - mean(delta)"),
    Form("softmax(z)", "z", "diag(p) - p@p.T", "p*(delta - p.T@delta)", where={"p": "softmax(z)"}),
    Form("log_softmax(z)", "z", "eye(n) - ones(n)@softmax(z).T", "delta - sum(delta)*softmax(z)"),
    Form(
        "u.T@softmax(W@x + b)",
        "W",
        "kron((u - u.T@p)*p, x).T",
        "(delta*(u - u.T@p)*p)@x.T",
        gradient="((u - u.T@p)*p)@x.T",
        where={"p": "softmax(W@x + b)"},
    ),
    Form(
        "X@softmax(X.T@x)",
        "x",
        "X@(diag(p) - p@p.T)@X.T",
        "X@(p*(delta1 - p.T@delta1))",
        where={"p": "softmax(X.T@x)", "delta1": "X.T@delta"},
    ),
    Form("diag(x)@A@y", "x", "diag(A@y)", "delta*(A@y)"),
    Form("concat(x, y)", "x", "eye(m + n)[:n].T", "delta[:n]"),
    # matrices
    Form("A@x", "A", "kron(eye(n), x.T)", "delta@x.T"),
    Form("A.T@x", "A", "kron(x.T, eye(m))", "x@delta.T"),
    Form("A.T@x", "x", "A.T", "A@delta"),
    Form("A@B", "A", "kron(eye(n), B.T)", "delta@B.T"),
    Form("A@B", "B", "kron(A, eye(k))", "A.T@delta"),
    Form("A@X@B", "X", "kron(A, B.T)", "A.T@delta@B.T"),
    Form("A + B", "A", "eye(n*m)", "delta"),
    Form("x@y.T", "x", "kron(eye(n), y)", "delta@y"),
    Form("x@y.T", "y", "kron(x, eye(m))", "delta.T@x"),
    Form("x@x.T", "x", "kron(eye(n), x) + kron(x, eye(n))", "(delta + delta.T)@x"),
    Form("outer(x, y)", "x", "kron(eye(n), y)", "delta@y"),
    Form("sum(A, axis=1)", "A", "kron(eye(n), ones(m).T)", "delta@ones(m).T"),
    Form("mean(A, axis=0)", "A", "kron(ones(n).T, eye(m))/n", "ones(n)@delta.T/n"),
    # scalars of matrices (The Matrix Cookbook, §2)
    Form("trace(A)", "A", "reshape(eye(n), (1, n**2))", "delta*eye(n)", gradient="eye(n)"),
    Form("trace(A@X)", "X", "reshape(A.T, (1, n*m))", "delta*A.T", gradient="A.T"),
    Form("trace(A@X@B)", "X", "reshape(A.T@B.T, (1, m*k))", "delta*A.T@B.T", gradient="A.T@B.T"),
    Form("trace(X.T@X)", "X", "reshape(2*X, (1, n*m))", "2*delta*X", gradient="2*X"),
    Form("trace(X.T@A@X)", "X", "reshape((A + A.T)@X, (1, n*m))", "delta*(A + A.T)@X", gradient="(A + A.T)@X"),
    Form("norm(X)", "X", "reshape(X/norm(X), (1, n*m))", "delta*X/norm(X)", gradient="X/norm(X)"),
    Form("norm(X)**2", "X", "reshape(2*X, (1, n*m))", "2*delta*X", gradient="2*X"),
    Form(
        "norm(A@X - B)**2",
        "X",
        "reshape(2*A.T@(A@X - B), (1, m*k))",
        "2*delta*A.T@(A@X - B)",
        gradient="2*A.T@(A@X - B)",
    ),
    Form("det(A)", "A", "reshape(det(A)*inv(A).T, (1, n**2))", "delta*det(A)*inv(A).T", gradient="det(A)*inv(A).T"),
    Form("logdet(A)", "A", "reshape(inv(A).T, (1, n**2))", "delta*inv(A).T", gradient="inv(A).T"),
    Form("inv(A)", "A", "-kron(inv(A), inv(A).T)", "-inv(A).T@delta@inv(A).T"),
    Form("a.T@inv(A)@b", "A", "reshape(-inv(A).T@a@b.T@inv(A).T, (1, n**2))", gradient="-inv(A).T@a@b.T@inv(A).T"),
    Form("trace(inv(A)@B)", "A", "reshape(-(inv(A)@B@inv(A)).T, (1, n**2))", gradient="-(inv(A)@B@inv(A)).T"),
    Form(
        "x.T@inv(A)@x", "x", "x.T@(inv(A) + inv(A).T)", "delta*(inv(A) + inv(A).T)@x", gradient="(inv(A) + inv(A).T)@x"
    ),
    Form("solve(A, b)", "b", "inv(A)", "inv(A).T@delta"),
    Form("solve(A, b)", "A", "-kron(inv(A), b.T@inv(A).T)", "-inv(A).T@delta@b.T@inv(A).T"),
    # losses
    Form(
        "-y.T@log(softmax(z))",
        "z",
        "(sum(y)*softmax(z) - y).T",
        "delta*(sum(y)*softmax(z) - y)",
        gradient="sum(y)*softmax(z) - y",
    ),
    Form(
        "cross_entropy(z, y)",
        "z",
        "(sum(y)*softmax(z) - y).T",
        "delta*(sum(y)*softmax(z) - y)",
        gradient="sum(y)*softmax(z) - y",
    ),
    Form("mse(x, y)", "x", "2*(x - y).T/n", "2*delta*(x - y)/n", gradient="2*(x - y)/n"),
    Form(
        "mse(W@x, y)",
        "W",
        "reshape(2*(W@x - y)@x.T/n, (1, n*m))",
        "2*delta*(W@x - y)@x.T/n",
        gradient="2*(W@x - y)@x.T/n",
    ),
    Form("mean((y - X@w)**2)", "w", "2*(X@w - y).T@X/n", "2*delta*X.T@(X@w - y)/n", gradient="2*X.T@(X@w - y)/n"),
    Form(
        "sum((y - X@w)**2)/n",
        "w",
        "2*(X@w - y).T@X/n",
        "2*delta*X.T@(X@w - y)/n",
        gradient="2*X.T@(X@w - y)/n",
        shapes={"y": "n"},
    ),
    Form(
        "norm(X@W - Y)**2/2 + lam*norm(W)**2/2",
        "W",
        "reshape(X.T@(X@W - Y) + lam*W, (1, m*k))",
        "delta*(X.T@(X@W - Y) + lam*W)",
        gradient="X.T@(X@W - Y) + lam*W",
    ),
    Form(
        "sum(log(1 + exp(-y*(X@w))))",
        "w",
        "-(y*sigmoid(-y*(X@w))).T@X",
        gradient="-X.T@(y*sigmoid(-y*(X@w)))",
    ),
    Form(
        "log(sigmoid(u.T@v))",
        "u",
        "(1 - sigmoid(u.T@v))*v.T",
        "delta*(1 - sigmoid(u.T@v))*v",
        gradient="(1 - sigmoid(u.T@v))*v",
    ),
    # what does not depend on the variable
    Form("y", "x", "zeros(m, n)", "zeros(n)", shapes={"x": "n", "y": "m"}),
    # like terms: in a Kronecker product, under a commutation matrix, over several denominators
    Form(
        "X.T@A@X + X.T@B@X",
        "X",
        "kron(X.T@(A + B), eye(k)) + commutation(k, k)@kron(X.T@(A + B).T, eye(k))",
        "(A + B).T@X@delta + (A + B)@X@delta.T",
        shapes={"X": "n,k", "A": "n,n", "B": "n,n"},
    ),
    Form(
        "A@X@B + A@X@C",
        "X",
        "kron(A, (B + C).T)",
        "A.T@delta@(B + C).T",
        shapes={"A": "m,n", "X": "n,k", "B": "k,p", "C": "k,p"},
    ),
    Form(
        "(X - mean(X, axis=0)).T@(X - mean(X, axis=0))/(n - 1)",
        "X",
        "(eye(m**2) + commutation(m, m))@kron((X - mean(X, axis=0)).T, eye(m))/(n - 1)",
        "(X - mean(X, axis=0))@(delta + delta.T)/(n - 1)",
        shapes={"X": "n,m"},
    ),
    Form(
        "X.T@X/(n - 1) + 2*X.T@X",
        "X",
        "(2 + 1/(n - 1))*(eye(m**2) + commutation(m, m))@kron(X.T, eye(m))",
        "(2*n - 1)*X@(delta + delta.T)/(n - 1)",
        shapes={"X": "n,m"},
    ),
    # a modulus and its sign, a density
    Form("sum(log(abs(x)))", "x", "(1/x).T", gradient="1/x"),
    Form("ndtr(x)", "x", "diag(normal_pdf(x))", "delta*normal_pdf(x)"),
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_is_printed_so(form: Form) -> None:
    derivation = jac.derive(form.formula, wrt=form.wrt, shapes=form.shapes)
    found = derivation.gradient
    assert derivation.jacobian.closed_form == form.jacobian
    assert (found and found.closed_form) == form.gradient
    assert form.vjp in ("", derivation.vjp.closed_form)
    assert derivation.where == form.where


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_is_right(form: Form) -> None:
    derivation = jac.derive(form.formula, wrt=form.wrt, shapes=form.shapes)
    report = numeric_verdict(derivation.problem.output, derivation.variable, printed(derivation), points=2)
    assert report.passed, report


def test_several_variables_share_their_names() -> None:
    """The delta that W and b have in common is named once."""
    of_w, of_b = jac.derive("u.T@sigmoid(W@x + b)", wrt=["W", "b"])
    assert of_w.where == {"h": "sigmoid(W@x + b)", "delta1": "u*h*(1 - h)"}
    assert (str(of_w.gradient), str(of_b.gradient)) == ("delta1@x.T", "delta1")
    assert of_w.jacobian.closed_form == "kron(delta1, x).T"
    assert of_b.jacobian.closed_form == "delta1.T"


def test_names_of_the_formula_are_not_taken_again() -> None:
    found = jac.derive("h.T@sigmoid(W@x) + p.T@softmax(V@x)", wrt="x", shapes={"h": "n", "p": "m"})
    assert set(found.where).isdisjoint({"h", "p", "W", "V", "x", "n", "m"})
    assert "delta" not in jac.derive("delta*x", wrt="x", shapes={"delta": "n"}).upstream.split()


def test_a_size_that_is_a_number_is_printed_as_a_number() -> None:
    found = jac.derive("W@x + b", wrt="W", shapes={"W": "8,20"})
    assert (found.jacobian.closed_form, found.jacobian.shape) == ("kron(eye(8), x.T)", (8, 160))
    mean = jac.derive("mean(x)", wrt="x", shapes={"x": "4"})
    assert str(mean.gradient) == "ones(4)/4"


SHAPES = {
    ("W@x + b", "W"): ("n", "n*m"),
    ("W@x + b", "x"): ("n", "m"),
    ("u.T@sigmoid(W@x + b)", "W"): (1, "n*m"),
    ("alpha*x", "alpha"): ("n", 1),
    ("alpha*beta", "alpha"): (1, 1),
    ("A@B", "A"): ("n*k", "n*m"),
    ("x.T", "x"): ("n", "n"),
}


@pytest.mark.parametrize(("formula", "wrt"), SHAPES)
def test_the_shape_of_a_jacobian(formula: str, wrt: str) -> None:
    assert jac.derive(formula, wrt=wrt).jacobian.shape == SHAPES[formula, wrt]
