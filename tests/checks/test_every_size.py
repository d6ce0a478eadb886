"""Certificates for every size: what is right gets one, and what is right at small sizes only does not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import sympy

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import Shown
from jacobian_cli.api.derive.proof import certificate_of
from jacobian_cli.calculus.simplify.rules import RULES
from jacobian_cli.checks.every_size import certify
from jacobian_cli.checks.every_size.certificate import Certificate, Doubt
from jacobian_cli.checks.every_size.certify import attempted, certified
from jacobian_cli.checks.every_size.expand import composed, expanded, written
from jacobian_cli.checks.every_size.field import PRIMES, Dual, Field
from jacobian_cli.checks.every_size.functions import SLOPES
from jacobian_cli.checks.every_size.question import Question
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.cli.run import run
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Apply, Variable, variables
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.parser import parse_statement
from tests.calculus.rewriting import normal, posed
from tests.calculus.rewriting import written as written_again
from tests.checks.test_rules_are_caught import forget

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
_E3_OF_ROWS = (
    "sum(X, axis=1, keepdims=True)**3 - 3*sum(X, axis=1, keepdims=True)*sum(X**2, axis=1, keepdims=True)"
    " + 2*sum(X**3, axis=1, keepdims=True)"
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
    "a function of nothing": ("sum(x)", "x", "ones(n)*(1 + (sum(exp(x - x)) - 3))", _VECTOR, (3,)),
    "a function of a diagonal": ("sum(x)", "x", "ones(n)*(1 + (sum(exp(diag(x))) - sum(exp(x)) - 6))", _VECTOR, (3,)),
    "a function of what was put behind": (
        "sum(x)", "x", "ones(n)*(1 + (sum(exp(concat(x, ones(n)))) - sum(exp(x)) - 3*exp(1)))", _VECTOR, (3,)),
    "a function of joined axes": (
        "sum(x)", "x", "ones(n)*(1 + (sum(exp(reshape(outer(x, ones(n)), (n*n,)))) - 3*sum(exp(x))))", _VECTOR, (3,)),
    "a step of nothing": ("sum(x)", "x", "ones(n)*(1 + (sum(x >= x) - 3))", _VECTOR, (3,)),
    "three different indices of each row": (
        "sum(X)", "X",
        f"ones(n, n)*(1 + {_E3_OF_ROWS})", {"X": "n,n"}, (1, 2)),
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


def test_a_rule_that_is_right_at_small_sizes_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The points of the numeric check are all of sizes at which it is right."""
    forget()
    wrong = "x/ans*(1 + (N - 1)*(N - 2)*(N - 3)*(N - 4)*(N - 5)*(N - 6))"
    monkeypatch.setitem(FUNCTIONS, "norm", replace(FUNCTIONS["norm"], derivative=(wrong,)))
    d = jac.derive("norm(x)", wrt="x", check=False)
    doubt = certificate_of(Shown(d))
    report = d.check()
    forget()
    assert isinstance(doubt, Doubt)
    assert doubt.sizes["n"] > 6
    assert report.passed is False
    assert any(sizes["n"] > 6 for sizes in report.sizes)
    assert all(sizes["n"] <= 6 for sizes in report.sizes[:3])


def test_the_derivatives_of_the_table_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [d for formula in ("u.T@tanh(W@x)", "layernorm(x)", "relu(x)*softmax(x)") for d in derived(formula)]
    shown = [(d, Shown(d)) for d in answers]
    assert all(each.forms for _, each in shown)
    for name, row in list(FUNCTIONS.items()):
        monkeypatch.setitem(FUNCTIONS, name, replace(row, derivative=tuple("0" for _ in row.derivative), backward=()))
    for d, each in shown:
        found = certificate_of(each)
        assert isinstance(found, Certificate), d.wrt
        assert found.every, d.wrt


def test_the_primes_are_such_that_numbers_resemble_the_reals() -> None:
    for level, prime in enumerate(PRIMES):
        field = Field.at(level)
        assert pow(3, prime - 1, prime) == 1
        assert field.square(prime - 1) == -1
        assert all(field.square(small) == 1 for small in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31))
        assert (prime - 1) % 3 != 0
        assert (prime - 1) % 5 != 0
        if level:
            assert (prime - 1) % PRIMES[level - 1] == 0
            assert pow(field.generator, PRIMES[level - 1], prime) == 1 != field.generator


@pytest.mark.parametrize("name", [name for name in SLOPES if name != "polygamma"])
def test_slopes_are_those_of_sympy(name: str) -> None:
    """What is said here of functions is what SymPy says of them, in numbers."""
    x = sympy.Symbol("x")
    called = FUNCTIONS[name].sympy
    true = sympy.diff(getattr(sympy, called)(x), x)
    node = Apply(name, (Variable("x", ()),), (), ())
    slope = written(SLOPES[name], node)
    at = 1.7 if name == "arccosh" else 0.3
    ours = float(evaluate(slope, {"x": np.float64(at)}, {}))
    assert ours == pytest.approx(float(true.subs(x, at).evalf()), rel=1e-9)


def test_derivatives_over_a_field_are_those_of_polynomials() -> None:
    field = Field.at(0)
    x = Dual(2, Dual(1, np.array([5], object), np.array([1], object)), np.array([1], object))
    cube = field.power(x, Fraction(3))
    assert [int(v[0]) for v in (cube.value.value, cube.value.slope, cube.slope.value, cube.slope.slope)] == [
        125, 75, 75, 30
    ]  # fmt: skip
    root = field.power(Dual(1, np.array([9], object), np.array([6], object)), Fraction(1, 2))
    assert [int(root.value[0]), int(root.slope[0])] == [3, 1]


FACTS = {
    "x.T@S@x": {"S": "symmetric"},
    "log(det(S))": {"S": "spd"},
    "x.T@D@x": {"D": "diagonal"},
    "cross_entropy(z, y)": {"y": "one_hot"},
    "-sum(y*log_softmax(z))": {"y": "sums_to_one"},
    "sum(sqrt(x))": {"x": "positive"},
}


@pytest.mark.parametrize("formula", FACTS)
def test_what_is_declared_holds_exactly(formula: str) -> None:
    known = elaborate([parse_statement(formula)]).output
    free = [name for name in variables(known) if name not in FACTS[formula]] or list(variables(known))
    for d in jac.derive(formula, wrt=free, assume=FACTS[formula]):
        found = certificate(d, UNHURRIED)
        assert found is not None, d.wrt
        assert found.every, f"{d.wrt}: {found}"


@pytest.mark.parametrize("formula", ["sum(log(1 + exp(X@w)))", "w.T@A@w", "logsumexp(w)", "sum(tanh(w)**2)"])
def test_hessians_are_proven_for_every_size(formula: str) -> None:
    d = jac.derive(formula, wrt="w", order=2)
    found = certificate(d, UNHURRIED)
    assert found is not None
    assert found.every, str(found)


def test_a_hessian_that_is_right_at_one_size_is_not() -> None:
    d = jac.derive("sum(exp(w))", wrt="w", order=2)
    right = Shown(d).forms
    known = shapes_of({"w": "n"})
    form = elaborate([parse_statement("diag(exp(w))*(n - 2)")], {**known, "?sizes": (Size.named("n"),)}).output
    question = Question(
        d.problem.output, d.variable, {**right, "hessian w": form}, d.problem.variables, {}, Laid(), "delta"
    )
    assert isinstance(certified(question, work=UNHURRIED), Doubt)


def test_every_layout_is_proven() -> None:
    for layout in ("numerator", "denominator"):
        for vec in ("row", "column"):
            found = certificate(jac.derive("A@X@B", wrt="X", layout=layout, vec=vec), UNHURRIED)
            assert found is not None
            assert found.every, (layout, vec)


def test_json_and_the_tick_line_say_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["derive", "u.T@sigmoid(W@x + b)", "--wrt", "W", "--json"])
    check = json.loads(capsys.readouterr().out)["answers"][0]["check"]
    assert check["sizes"] == "all"
    assert check["bound"] == 3
    with pytest.raises(SystemExit):
        run(["derive", "cumsum(x)", "--wrt", "x", "--json"])
    check = json.loads(capsys.readouterr().out)["answers"][0]["check"]
    assert check["sizes"] == [{"n": 3}, {"n": 4}]
    with pytest.raises(SystemExit):
        run(["derive", "u.T@sigmoid(W@x + b)", "--wrt", "W"])
    assert "✓ for every n and m: exactly, modulo a prime, at 1 size (≤ 3 indices a term)" in capsys.readouterr().out


def test_identities_of_the_table_hold_at_every_size() -> None:
    """Each with its example: what is written is the derivative by t of t times what was typed."""
    certificates = {rule.name: proven(rule) for rule in RULES}
    assert {name for name, found in certificates.items() if isinstance(found, Doubt)} == LOGARITHMS | KRONECKER
    sized = [found for found in certificates.values() if isinstance(found, Certificate)]
    assert sum(found.every for found in sized) >= 0.85 * len(sized) > 85


LOGARITHMS = {f"{name} of what is {moved}" for name in ("logsumexp", "log_softmax") for moved in ("raised", "lowered")}
"""That log(exp(c)*t) is c + log(t) is not known modulo a prime: of these, floating-point numbers decide."""
KRONECKER = {f"{what} of a Kronecker product" for what in ("determinant", "logarithm of the determinant")}
"""Nor is log(a*b), nor a power whose exponent is a size."""


def proven(rule: Any) -> Certificate | Doubt | None:
    """What is found of an identity."""
    given = "; ".join(filter(None, [rule.given, rule.example]))
    problem = posed(given, rule.shapes, rule.facts)
    shown = written_again(problem, normal(problem)[0])
    output = problem.output
    t, delta = Variable("t?", ()), Variable("delta?", output.shape)
    question = Question(
        composed("t*x", t=t, x=output),
        t,
        {"vjp": composed("sum(delta*x)", delta=delta, x=shown)},
        {**problem.variables, t.name: t},
        problem.facts,
        Laid(),
        delta.name,
    )
    return attempted(question, work=UNHURRIED // 50)
