"""Certificates for every size: what is right gets one, and what is right at small sizes only does not."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import pytest

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import Shown
from jacobian_cli.checks.every_size import certify
from jacobian_cli.checks.every_size.certificate import Certificate, Doubt
from jacobian_cli.checks.every_size.certify import Question, attempted, certified
from jacobian_cli.checks.every_size.expand import expanded
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.elaborate import elaborate
from jacobian_cli.expr import Variable, variables
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.parser import parse_statement

UNHURRIED = 100_000_000


def shapes_of(shapes: Mapping[str, str]) -> dict[str, Shape]:
    return {name: tuple(map(Size.named, sizes.split(","))) if sizes else () for name, sizes in shapes.items()}


def claimed(formula: str, wrt: str, claim: str, shapes: Mapping[str, str]) -> Question:
    """A formula, and what somebody says is its gradient."""
    known = shapes_of(shapes)
    output = elaborate([parse_statement(formula)], known).output
    sizes = {"?sizes": (Size.named("n"),)}
    form = elaborate([parse_statement(claim)], {**known, **sizes}).output
    variables = {name: Variable(name, shape) for name, shape in known.items()}
    return Question(output, variables[wrt], {"gradient": form}, variables, {}, Laid(), "delta")


def agrees(question: Question, size: int) -> bool:
    """Whether the claim is right where all sizes are this one, of true inverses and determinants."""
    forms = {name: expanded(form) for name, form in question.forms.items()}
    comparison = certify._Comparison(question, expanded(question.output), forms, certify.Effort(UNHURRIED))
    return comparison.agrees({"n": size}, 5, free=False)


def standard_identity(*names: str) -> str:
    """Σ sign(π) of the products in every order: zero of 2 × 2 matrices for four (Amitsur & Levitzki 1950)."""
    terms = []
    for order in permutations(range(len(names))):
        inversions = sum(order[i] > order[j] for j in range(len(order)) for i in range(j))
        terms.append(("-" if inversions % 2 else "+") + "@".join(names[k] for k in order))
    return "".join(terms)


_T2, _T3 = "trace(A@A)", "trace(A@A@A)"
_SQUARE = {"A": "n,n"}
_VECTOR = {"x": "n"}
_E3 = "sum(x)**3 - 3*sum(x)*sum(x**2) + 2*sum(x**3)"
_E5 = (
    "sum(x)**5 - 10*sum(x)**3*sum(x**2) + 15*sum(x)*sum(x**2)**2 + 20*sum(x)**2*sum(x**3) - 20*sum(x**2)*sum(x**3)"
    " - 30*sum(x)*sum(x**4) + 24*sum(x**5)"
)
RIGHT_AT_SMALL_SIZES = {
    "Cayley-Hamilton, 2 × 2": (
        _T3, "A", f"3*(trace(A)*A - (trace(A)**2 - {_T2})/2*eye(n)).T", _SQUARE, (1, 2)),
    "Cayley-Hamilton, 3 × 3": (
        "trace(A@A@A@A)", "A",
        f"4*(trace(A)*A@A - (trace(A)**2 - {_T2})/2*A + (trace(A)**3 - 3*trace(A)*{_T2} + 2*{_T3})/6*eye(n)).T",
        _SQUARE, (1, 2, 3)),
    "the standard identity of 2 × 2 matrices": (
        "trace(A)", "A", f"eye(n) + ({standard_identity('A', 'B', 'C', 'D')})",
        {"A": "n,n", "B": "n,n", "C": "n,n", "D": "n,n"}, (1, 2)),
    "three different indices": ("sum(x)", "x", f"ones(n)*(1 + {_E3})", _VECTOR, (1, 2)),
    "five different indices": ("sum(x)", "x", f"ones(n)*(1 + {_E5})", _VECTOR, (1, 2, 3, 4)),
    "a polynomial in the size": ("sum(x)", "x", "ones(n)*(1 + (n-1)*(n-2)*(n-3)*(n-4))", _VECTOR, (1, 2, 3, 4)),
    "a polynomial in the size, under a function": (
        "sum(x)", "x", "ones(n)*exp((n-2)*(n-3)*(n-4)*sum(x))", _VECTOR, (2, 3, 4)),
    "arguments that pair otherwise at another size": (
        "sum(x)", "x", "ones(n)*(1 + sin((n-4)*b + (n-3)*a) - sin((n-3)*a) - sin((n-4)*b))",
        {"x": "n", "a": "", "b": ""}, (3, 4)),
    "weighted means of two": ("sum(x*g)", "g", "x*(x/sum(x) + (1/x)/sum(1/x))", {"x": "n", "g": "n"}, (2,)),
    "a mean of one": ("sum(x*g)", "g", "x*x*sum(1/x)", {"x": "n", "g": "n"}, (1,)),
    "the largest and the least of two": ("max(x) + min(x)", "x", "ones(n)", _VECTOR, (2,)),
    "the product of two": ("prod(x)", "x", "sum(x) - x", _VECTOR, (2,)),
    "three entries that are all": (
        "x[0]*x[1]*x[2]", "x", "(sum(x)**2 - sum(x**2))/2 - x*(sum(x) - x)", _VECTOR, (3,)),
    "the inverse of a 2 × 2 matrix": (
        "logdet(A)", "A", "((trace(A)*eye(n) - A)/det(A)).T", _SQUARE, (2,)),
    "a free sum": ("sum(x)", "x", "ones(n)*(1 + (ones(n).T@ones(n) - 3)*(ones(n).T@ones(n) - 4))", _VECTOR, (3, 4)),
    "a trace of the identity": ("sum(x)", "x", "ones(n)*(1 + (trace(eye(n)) - 3)*sum(x))", _VECTOR, (3,)),
    "entries of a vec of a square": ("sum(A*B)", "A", "B + (A - A.T)*(n - 3)", {"A": "n,n", "B": "n,n"}, (1, 3)),
    "softmax of two": (
        "logsumexp(x)", "x", "softmax(x) + (softmax(x)*(1 - softmax(x)) - prod(softmax(x)))", _VECTOR, (2,)),
}  # fmt: skip
"""A formula, the variable, what is claimed to be its gradient, the shapes, and the sizes at which that is right."""


@pytest.mark.parametrize("entry", RIGHT_AT_SMALL_SIZES.values(), ids=RIGHT_AT_SMALL_SIZES)
def test_what_is_right_at_small_sizes_only_gets_no_certificate(entry: Any) -> None:
    formula, wrt, claim, shapes, sizes = entry
    question = claimed(formula, wrt, claim, shapes)
    assert all(agrees(question, size) for size in sizes)
    assert not agrees(question, max(sizes) + 1)
    for seed in range(3):
        assert isinstance(certified(question, seed, UNHURRIED), Doubt)


CERTIFIED = {
    "u.T@sigmoid(W@x + b)": 4,
    "W@x + b": 2,
    "softmax(x)": None,
    "cross_entropy(X@W, Y)": None,
    "x.T@A@x": None,
    "norm(X@w - y)**2": None,
    "sum(log(1 + exp(-y*(X@w))))": None,
    "x/norm(x)": None,
    "mean(X)**2": None,
    "relu(X@W)": None,
    "max(x)": None,
    "abs(x)": None,
    "A@X@B": None,
    "trace(X.T@A@X)": None,
    "tanh(x)*sin(c*x)": None,
    "x.T@inv(A)@x": None,
    "logdet(A)": None,
    "gelu(x)": None,
    "sqrt(1 + x**2)": None,
    "outer(x, y)": None,
    "x[0]*x": None,
    "concat(x, y)**2": None,
}


@pytest.mark.parametrize("formula", CERTIFIED)
def test_answers_are_proven_for_every_size(formula: str) -> None:
    for d in derived(formula):
        found = certificate(d, UNHURRIED)
        assert found is not None, d.wrt
        assert found.every, f"{d.wrt}: {found}"


LIMITED = {
    "cumsum(x)": "an order of indices",
    "tril(A)@x": "an order of indices",
    "x[1:]*x[:-1]": "a slice",
    "prod(x)": "a product of all entries",
    "cholesky(A)@x": "a Cholesky factor",
    "reshape(X.T, (n, m))*X": "an axis cut otherwise than it was joined",
}


@pytest.mark.parametrize("formula", LIMITED)
def test_what_the_theorem_does_not_speak_of_names_its_sizes(formula: str) -> None:
    shapes = {"X": "n,m"} if "X" in formula else None
    found = certificate(derived(formula, shapes)[-1], UNHURRIED)
    assert found is not None
    assert found.why == LIMITED[formula]
    assert "not proven for every size" in str(found)
    assert found.to_dict()["sizes"] == [dict(sizes) for sizes in found.sizes]


def derived(formula: str, shapes: Mapping[str, str] | None = None) -> Any:
    """By each of its variables."""
    known = shapes_of(shapes or {})
    return jac.derive(formula, wrt=list(variables(elaborate([parse_statement(formula)], known).output)), shapes=shapes)


def certificate(d: Any, work: int) -> Certificate | None:
    shown, problem = Shown(d), d.problem
    upstream = d.derivative.upstream.name
    question = Question(problem.output, d.variable, shown.forms, problem.variables, problem.facts, shown.laid, upstream)
    found = attempted(question, work=work)
    assert not isinstance(found, Doubt)
    return found
