"""Closed forms in which something cancels that stands under a name, a root or a sum: as they are published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

import jacobian_cli as jac
from jacobian_cli.calculus.derivative.assume import Declared
from jacobian_cli.calculus.derivative.vanishing import cancels
from jacobian_cli.calculus.differentiate.lower import lower
from jacobian_cli.calculus.index.tensor import is_zero
from tests.calculus.rewriting import posed

POSITIVE = {"p": "positive", "q": "positive"}
NUMBERS = {"mu": "()", "s": "()", "y": "()", "b": "()"}


@dataclass(frozen=True)
class Published:
    """A formula, and the gradients that are printed of it by each variable. An empty text is not compared."""

    formula: str
    gradients: Mapping[str, str]
    assume: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.formula} by {', '.join(self.gradients)}"


FORMS = [
    # the Jensen-Shannon divergence, its mean written out and under a name (Nowozin, Cseke & Tomioka 2016)
    Published(
        "sum(p*log(2*p/(p + q))) + sum(q*log(2*q/(p + q)))",
        {"p": "log(2*p/(p + q))", "q": "log(2*q/(p + q))"},
        POSITIVE,
    ),
    Published(
        "m = (p + q)/2; sum(p*log(p/m))/2 + sum(q*log(q/m))/2",
        {"p": "log(p/m)/2", "q": "log(q/m)/2"},
        POSITIVE,
    ),
    # the continuous ranked probability score of a normal forecast (Gneiting et al. 2005), with erf and its numbers
    Published(
        "z = (y - mu)/s; s*(z*erf(z/sqrt(2)) + sqrt(2/pi)*exp(-z**2/2) - 1/sqrt(pi))",
        {"mu": "-erf(z/sqrt(2))", "s": "sqrt(2/pi)*exp(-z**2/2) - 1/sqrt(pi)"},
        {"s": "positive"},
        NUMBERS,
    ),
    # the Bhattacharyya distance of two shares, and the Hellinger distance
    Published(
        "p = softmax(z); q = softmax(w); -log(sum(sqrt(p*q)))",
        {"z": "(p - r/sum(r))/2"},
        shapes={"z": "n", "w": "n"},
    ),
    Published("sum((sqrt(p) - sqrt(q))**2)", {"p": "1 - sqrt(q/p)"}, POSITIVE),
    # the chi-squared divergence, in f-GAN notation the slope of (u - 1)^2/u at u = p/q
    Published("sum((p - q)**2/q)", {"p": "2*(p - q)/q", "q": "1 - (p/q)**2"}, POSITIVE),
    # expected improvement (Jones, Schonlau & Welch 1998): what arrives at z is nothing
    Published(
        "z = (mu - b)/s; (mu - b)*ndtr(z) + s*normal_pdf(z)",
        {"mu": "ndtr(z)", "s": "normal_pdf(z)"},
        {"s": "positive"},
        NUMBERS,
    ),
    # Black & Scholes (1973): S φ(d) = K exp(-rT) φ(d - v√T), so that nothing arrives at d
    Published(
        "d = (log(S/K) + (r + v**2/2)*T)/(v*sqrt(T)); S*ndtr(d) - K*exp(-r*T)*ndtr(d - v*sqrt(T))",
        {"S": "ndtr(d)", "v": "K*exp(-r*T)*normal_pdf(d - v*sqrt(T))*sqrt(T)"},
        dict.fromkeys("SKvT", "positive"),
        dict.fromkeys("SKrvT", "()"),
    ),
    # shares that are written by hand: of all entries, of rows, and beside an outside option
    Published(
        "Q = exp(-D)/sum(exp(-D)); sum(P*log(P/Q))",
        {"D": "P - sum(P)*Q"},
        {"P": "positive"},
        {"D": "n,n", "P": "n,n"},
    ),
    Published("q = exp(z)/(1 + sum(exp(z))); -sum(y*log(q))", {"z": "sum(y)*q - y"}, shapes={"z": "n", "y": "n"}),
    # the squared hinge of inequalities, and the contrastive loss (Hadsell, Chopra & LeCun 2006)
    Published("sum(maximum(0, A@x - b)**2)", {"x": "2*A.T@maximum(0, A@x - b)"}),
    Published("h = maximum(A@x - b, 0); h.T@h", {"x": "2*A.T@h"}),
    Published("u.T@minimum(x, 0)**3", {"x": "3*u*minimum(x, 0)**2"}, shapes={"u": "n", "x": "n"}),
    # causal attention: the shares of what is masked are nothing already
    Published(
        "P = softmax(where(tril(ones(n, n)), Q@K.T, -inf)); sum(G*(P@V))",
        {"Q": "(P*(delta_P - sum(delta_P*P, axis=1, keepdims=True)))@K"},
        shapes={"Q": "n,d", "K": "n,d", "V": "n,k", "G": "n,k"},
    ),
    Published("u.T@softmax(where(c, x, -inf))", {"x": "(u - u.T@p)*p"}, shapes={"c": "n", "x": "n", "u": "n"}),
    # running sums: the gradient runs from the end; so it does in Cox's partial likelihood (Cox 1975)
    Published("cumsum(x)@u", {"x": "cumsum(u[::-1])[::-1]"}, shapes={"x": "n", "u": "n"}),
    Published(
        "v = X@b; -sum(d*(v - log(flip(cumsum(flip(exp(v)))))))",
        {"b": "X.T@(exp(v)*cumsum(delta1[::-1]) - d)"},
        shapes={"X": "n,m", "b": "m", "d": "n"},
    ),
    Published("u.T@(1/x[1:][::2])[::-1]**2", {"x": ""}, shapes={"x": "2*n + 1", "u": "n"}),
    Published(
        "d = norm(a - b); y*d**2 + (1 - y)*maximum(m - d, 0)**2",
        {"a": "2*(y*d - (1 - y)*maximum(m - d, 0))*(a - b)/d"},
        shapes={"a": "n", "b": "n", "m": "()", "y": "()"},
    ),
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_what_is_published_is_printed_and_right(form: Published) -> None:
    found = jac.derive(form.formula, wrt=list(form.gradients), shapes=form.shapes, assume=form.assume)
    assert {one.wrt: form.gradients[one.wrt] and str(one.gradient) for one in found} == form.gradients
    assert all(one.check(points=2).passed for one in found)


def test_a_fact_that_makes_an_adjoint_a_number_is_used() -> None:
    """What arrives at q is 1 where the weights are signs: without the fact the answer would be longer."""
    found = jac.derive("q = x**2; sum(abs(s)*q)", wrt="x", shapes={"x": "n", "s": "n"}, assume={"s": "pm1"})
    assert str(found.gradient) == "2*x"
    assert found.derivative.used == {"s": {"pm1": True}}


def test_a_mask_stays_where_shares_are_not_nothing() -> None:
    """-y is no -inf: what is masked keeps a share."""
    found = jac.derive("u.T@((c != 0)*softmax(where(c, x, -y)))", wrt="x", shapes=dict.fromkeys("ucxy", "n"))
    assert "c != 0" in str(found.gradient) + str(found.where)
    assert found.check(points=2).passed


def test_terms_that_nearly_cancel_are_kept() -> None:
    """With another rate nothing cancels, and of variables without a sign nothing is known."""
    nearly = "d = (log(S/K) + (r + v**2/2)*T)/(v*sqrt(T)); S*ndtr(d) - K*exp(-2*r*T)*ndtr(d - v*sqrt(T))"
    found = jac.derive(nearly, wrt="S", shapes=dict.fromkeys("SKrvT", "()"), assume=dict.fromkeys("SKvT", "positive"))
    assert str(found.gradient) != "ndtr(d)"
    assert found.check(points=2).passed
    unknown = jac.derive(nearly.replace("2*r*T", "r*T"), wrt="S", shapes=dict.fromkeys("SKrvT", "()"), check=False)
    assert str(unknown.gradient) != "ndtr(d)"


@pytest.mark.parametrize(
    ("formula", "zero"),
    [
        ("x*exp(y) - exp(y + log(x))", True),
        ("x**2*exp(y)**2 - exp(2*(y + log(x)))", True),
        ("sqrt(x)*exp(y) - exp(y + log(x)/2)", True),
        ("normal_pdf(x)*exp(x*y) - normal_pdf(x - y)*exp(y**2/2)", True),
        ("2*x*exp(y) - exp(y + log(x))", False),
        ("x*exp(y) + exp(y + log(x))", False),
        ("x*exp(y) - exp(y - log(x))", False),
        ("z*exp(y) - exp(y + log(z))", False),  # z may be negative
        ("normal_pdf(x)*exp(x*y) - normal_pdf(x - y)*exp(y**2)", False),
    ],
)
def test_two_terms_cancel_where_their_logarithms_are_one(formula: str, zero: bool) -> None:
    problem = posed(formula, dict.fromkeys("xyz", "()"), {"x": "positive"})
    tensor = Declared(problem.facts).tensor(lower(problem.output))
    assert (is_zero(tensor) or cancels(tensor)) is zero
