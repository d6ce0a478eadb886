"""Declared facts: each identity, what it makes of an answer, and that it is true where the facts hold."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import printed
from jacobian_cli.calculus.derivative.assume import Declared
from jacobian_cli.calculus.differentiate.lower import lower
from jacobian_cli.calculus.index.canonical import symmetric, transposed
from jacobian_cli.calculus.index.tensor import Apply, Delta, Leaf, Tensor
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.calculus.simplify.assumptions import sums_away
from jacobian_cli.checks.oracles.differences import central
from jacobian_cli.checks.points.constrained import drawn
from jacobian_cli.checks.verdict.answer import numeric_verdict
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Apply as Application
from jacobian_cli.expr import Expr, variables, walk
from jacobian_cli.ops.facts import FACTS, Fact, everything
from jacobian_cli.ops.identities import marks
from jacobian_cli.printers.language import text
from jacobian_cli.shape import Shape, Size
from tests.calculus.expressions import VARIABLES, expressions
from tests.calculus.values import lengths, value

N, M = Size.named("n"), Size.named("m")
SIZES = {"n": 3, "m": 4}
QUICK = settings(suppress_health_check=list(HealthCheck), max_examples=75, phases=[Phase.explicit, Phase.generate])


def leaf(name: str, shape: Shape, *facts: str) -> Leaf:
    return Leaf(name, shape, shape, everything(facts))


A, B = leaf("A", (N, N)), leaf("B", (N, N))
S, Q, D = leaf("S", (N, N), "symmetric"), leaf("Q", (N, N), "orthogonal"), leaf("D", (N, N), "diagonal")
P, V = leaf("P", (N, N), "spd"), leaf("V", (M, N), "sums_to_one")
x, y, s, t = leaf("x", (N,)), leaf("y", (N,), "one_hot"), leaf("s", (N,), "pm1"), leaf("t", (N,), "positive")
c = leaf("c", (), "positive")


def times(shape: Shape, *factors: tuple[Tensor, tuple[int, ...]]) -> Tensor:
    return algebra.product(shape, [(node, labels, 1) for node, labels in factors])


def power(tensor: Tensor, exponent: Any) -> Tensor:
    return algebra.product(tensor.shape, [(tensor, tuple(range(len(tensor.shape))), exponent)])


def applied(function: str, *arguments: Tensor) -> Tensor:
    return algebra.apply(function, arguments, len(arguments[0].shape), arguments[0].shape)


def inverse(matrix: Tensor) -> Tensor:
    return algebra.apply("inv", (matrix,), 0, matrix.shape)


# what is symmetric


def test_what_is_symmetric() -> None:
    gram = times((N, N), (A, (2, 0)), (A, (2, 1)))
    both = algebra.add((N, N), [(1, A), (1, times((N, N), (A, (1, 0))))])
    weighted = times((N, N), (A, (2, 0)), (S, (2, 3)), (A, (3, 1)))
    for node in (S, P, D, Delta(N), gram, both, weighted, times((N, N), (x, (0,)), (x, (1,)))):
        assert symmetric(node), node
        assert symmetric(inverse(node)), node
        assert symmetric(applied("exp", node)), node
        assert transposed(node) is node
    for node in (A, Q, x, times((N, N), (A, (2, 0)), (B, (2, 1))), times((N, N), (S, (0, 2)), (P, (2, 1)))):
        assert not symmetric(node), node
    assert not symmetric(applied("softmax", S))
    assert not symmetric(algebra.apply("softmax", (S,), 1, (N, N)))


def test_the_labels_of_what_is_symmetric_have_no_order() -> None:
    assert times((N, N), (S, (1, 0))) is S
    assert times((N,), (S, (1, 0)), (x, (1,))) is times((N,), (S, (0, 1)), (x, (1,)))
    assert times((), (S, (0, 1)), (A, (0, 1))) is times((), (S, (0, 1)), (A, (1, 0)))
    assert times((N, N), (S, (0, 1)), (S, (1, 0))) is power(S, 2)
    assert times((), (S, (0, 1)), (P, (1, 2)), (D, (2, 0))) is times((), (S, (0, 1)), (D, (1, 2)), (P, (2, 0)))
    assert times((), (A, (0, 1)), (B, (0, 1))) is not times((), (A, (0, 1)), (B, (1, 0)))
    assert algebra.add((N, N), [(1, S), (-1, transposed(S))]) is algebra.zeros((N, N))


# products


def test_rows_that_sum_to_one() -> None:
    assert times((), (y, (0,))) is algebra.number(1)
    assert times((M,), (V, (0, 1))) is algebra.ones((M,))
    assert times((N,), (V, (1, 0))) is not algebra.ones((N,))
    assert times((M,), (power(V, 2), (0, 1))) is not algebra.ones((M,))
    assert sums_away(V, (0, 1), {1})
    assert not sums_away(V, (1, 0), {1})
    assert not sums_away(times((M, N), (V, (0, 1)), (x, (1,))), (0, 1), {1})
    smooth = algebra.add((N,), [(2, y), (-1, x)])
    assert times((), (smooth, (0,))) is algebra.add((), [(2, algebra.number(1)), (-1, times((), (x, (0,))))])


def test_products_of_what_is_one_hot() -> None:
    assert power(y, 3) is y
    assert times((N, N), (y, (0,)), (y, (1,))) is times((N, N), (y, (0,)), (Delta(N), (0, 1)))
    assert times((N,), (y, (0,)), (y, (1,))) is y
    z = leaf("z", (N,), "one_hot")
    assert times((N, N), (y, (0,)), (z, (1,))) is not times((N, N), (y, (0,)), (Delta(N), (0, 1)))
    binary = leaf("b", (N,), "binary")
    assert power(binary, 2) is binary
    assert len(times((N, N), (binary, (0,)), (binary, (1,))).children) == 2


def test_squares_of_signs() -> None:
    assert power(s, 2) is algebra.ones((N,))
    assert power(s, -1) is s
    assert times((), (s, (0,)), (s, (0,))) is algebra.extent(N)
    assert times((N,), (s, (0,)), (x, (0,)), (s, (0,))) is x


def test_orthogonal_matrices() -> None:
    assert times((N, N), (Q, (2, 0)), (Q, (2, 1))) is Delta(N)
    assert times((N, N), (Q, (0, 2)), (Q, (1, 2))) is Delta(N)
    assert times((N,), (Q, (0, 1)), (Q, (2, 1)), (x, (2,))) is x
    assert times((), (Q, (0, 1)), (Q, (0, 1))) is algebra.extent(N)
    assert times((N,), (Q, (0, 1)), (Q, (0, 1))) is algebra.ones((N,))
    assert inverse(Q) is transposed(Q)
    assert times((N, N), (Q, (0, 2)), (Q, (2, 1))) is not Delta(N)
    reflection = leaf("H", (N, N), "orthogonal", "symmetric")
    assert times((N, N), (reflection, (0, 2)), (reflection, (2, 1))) is Delta(N)


def test_diagonal_matrices_and_the_identity() -> None:
    assert times((N, N), (D, (0, 1)), (Delta(N), (0, 1))) is D
    assert times((N, N), (A, (0, 1)), (Delta(N), (0, 1))) is not A


def test_what_is_positive() -> None:
    assert applied("abs", t) is t
    assert applied("sign", t) is algebra.ones((N,))
    assert applied("sign", algebra.scale(-2, t)) is not algebra.ones((N,))
    assert applied("sqrt", t) is not t
    assert power(power(t, 2), Fraction(1, 2)) is t
    assert power(power(x, 2), Fraction(1, 2)) is not x
    product = times((N,), (t, (0,)), (applied("exp", x), (0,)), (c, ()))
    assert applied("abs", product) is product
    assert applied("abs", algebra.add((N,), [(1, t), (1, algebra.ones((N,)))])).shape == (N,)
    assert isinstance(applied("abs", algebra.add((N,), [(1, t), (-1, applied("exp", x))])), Apply)
    determinant = algebra.apply("det", (inverse(P),), 0, ())
    assert applied("abs", determinant) is determinant
    shifted = algebra.add((N, N), [(1, P), (1, times((N, N), (c, ()), (Delta(N), (0, 1))))])
    assert applied("sign", algebra.apply("det", (shifted,), 0, ())) is algebra.number(1)
    assert isinstance(applied("sign", algebra.apply("det", (S,), 0, ())), Apply)


# whole answers

ANSWERS = [
    # the Matrix Cookbook, (81), (85), (125), (126)
    ("x.T@A@x", "x", {"A": "symmetric"}, "2*A@x"),
    ("x.T@A.T@x", "x", {"A": "symmetric"}, "2*A@x"),
    ("(x - s).T@W@(x - s)", "x", {"W": "symmetric"}, "2*W@(x - s)"),
    ("trace(inv(X.T@C@X)@A)", "X", {"C": "spd"}, "-C@X@M@(A + A.T)@M"),
    ("logdet(X.T@C@X)", "X", {"C": "symmetric"}, "2*C@X@inv(X.T@C@X)"),
    ("logdet(S)", "S", {"S": "spd"}, "inv(S)"),
    ("abs(det(S))", "S", {"S": "spd"}, "det(S)*inv(S)"),
    ("trace(S@S@A)", "S", {"S": "symmetric"}, "S@A.T + A.T@S"),
    ("x.T@D@x", "x", {"D": "diagonal"}, "2*D@x"),
    ("x.T@L@x", "x", {"L": "lower"}, "(L + L.T)@x"),
    # cross-entropy, with the honest longer form where nothing is said of the targets
    ("cross_entropy(z, y)", "z", {}, "sum(y)*softmax(z) - y"),
    ("cross_entropy(z, y)", "z", {"y": "sums_to_one"}, "softmax(z) - y"),
    ("cross_entropy(z, y)", "z", {"y": "one_hot"}, "softmax(z) - y"),
    ("-(y.T@log(softmax(z)))", "z", {"y": "one_hot"}, "softmax(z) - y"),
    ("norm(Q@x)**2", "x", {"Q": "orthogonal"}, "2*x"),
    ("u.T@inv(Q)@x", "x", {"Q": "orthogonal"}, "Q@u"),
    ("trace(inv(Q)@A@Q)", "A", {"Q": "orthogonal"}, "eye(n)"),
    ("sum(abs(x))", "x", {"x": "positive"}, "ones(n)"),
    ("sum(abs(p)*x)", "x", {"p": "probability"}, "p"),
    ("sum(relu(x)*y)", "x", {"x": "positive"}, "y"),
    ("sum(sqrt(x**2)*y)", "y", {"x": "positive"}, "x"),
    ("sum(b**2*x)", "x", {"b": "binary"}, "b"),
]


def derived(formula: str, wrt: str, facts: dict[str, Any], **others: Any) -> Any:
    return jac.derive(formula, wrt=wrt, assume=facts, **others)


@pytest.mark.parametrize("fact", ["binary", "one_hot"])
def test_a_mask_in_a_definition_is_not_divided_by(fact: str) -> None:
    (found,) = jac.derive(["r = sqrt(mean(x**2) + 1)", "y = w*x/r"], wrt=["x"], assume={"w": fact})
    assert found.jacobian.closed_form == "(diag(w) - y@x.T/(n*r))/r"
    assert found.check().passed


@pytest.mark.parametrize(("formula", "wrt", "facts", "gradient"), ANSWERS)
def test_answers_under_facts(formula: str, wrt: str, facts: dict[str, Any], gradient: str) -> None:
    found = derived(formula, wrt, facts)
    assert found.gradient.closed_form == gradient
    assert found.check().passed


def test_structure_that_facts_need_not_say() -> None:
    """XᵀX is its own transpose, whatever X is."""
    assert str(jac.derive("logdet(X@X.T)", wrt="X").gradient) == "2*inv(X@X.T)@X"
    assert str(jac.derive("y.T@inv(X.T@X)@y", wrt="y").gradient) == "2*inv(X.T@X)@y"


def test_a_hessian_under_facts() -> None:
    found = derived("sum(softplus(-y*(X@w)))", "w", {"y": "pm1"}, order=2)
    assert found.hessian.closed_form == "X.T@diag(h*(1 - h))@X"
    assert found.check().passed


def test_which_facts_were_used() -> None:
    assert derived("x.T@A@x", "x", {"A": "symmetric", "x": "positive"}).assumed == {
        "A": {"symmetric": "used"},
        "x": {"positive": "unused"},
    }
    # two facts of which one would do are both used
    assert set(derived("logdet(S)", "S", {"S": ["spd", "diagonal"]}).assumed["S"].values()) == {"used"}
    assert derived("A@x", "A", {"A": "symmetric"}).assumed == {"A": {"symmetric": "unused"}}


@pytest.mark.parametrize("formula", ["trace(S@S@A)", "x.T@S@x", "sum(S*S.T*A)", "x.T@inv(S)@x", "trace(S@A@S.T@A)"])
@pytest.mark.parametrize("fact", ["symmetric", "spd", "diagonal"])
def test_the_derivative_by_what_is_symmetric_is_unconstrained(formula: str, fact: str) -> None:
    """At a symmetric point, each entry moves alone."""
    found = derived(formula, "S", {"S": fact})
    assert found.unconstrained
    rng = np.random.default_rng(3)
    point = {"S": drawn(frozenset({fact}), (3, 3), rng), "A": rng.standard_normal((3, 3)), "x": rng.standard_normal(3)}
    output = found.problem.output

    def moved(entries: Any) -> Any:
        return evaluate(output, {**point, "S": entries}, {"n": 3})

    gradient = evaluate(found.forms.gradient, point, {"n": 3})
    np.testing.assert_allclose(gradient.reshape(1, -1), central(moved, point["S"]), rtol=1e-6, atol=1e-6)


# soundness: facts for the variables of random expressions


def fits(fact: Fact, shape: Shape) -> bool:
    if fact.square:
        return len(shape) == 2 and shape[0] is shape[1]
    return bool(shape) or not fact.rows


FITTING = {name: [f.name for f in FACTS.values() if fits(f, shape)] for name, shape in VARIABLES.items()}
FACTS_OF_ALL = st.fixed_dictionaries({name: st.sampled_from(facts) for name, facts in FITTING.items()})


def point_of(facts: dict[str, str], seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {n: drawn(frozenset({facts[n]}), lengths(shape, SIZES), rng) for n, shape in VARIABLES.items()}


@QUICK
@given(expressions(depth=4), FACTS_OF_ALL)
def test_facts_keep_the_value(expr: Expr, facts: dict[str, str]) -> None:
    tensor = lower(expr)
    declared = Declared({name: frozenset({fact}) for name, fact in facts.items()})
    again = declared.tensor(tensor)
    note(f"{text(expr)} where {facts}: {again}")
    assert declared.tensor(tensor) is again
    for seed in range(2):
        point = point_of(facts, seed)
        with np.errstate(all="ignore"):
            expected = value(tensor, point, SIZES)
            assume(bool(np.all(np.isfinite(expected)) and np.max(np.abs(expected), initial=0) < 1e6))
            found = value(again, point, SIZES)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def tied(expr: Expr, facts: set[str]) -> bool:
    """Whether largest entries may be equal to each other, where a derivative is one choice of many."""
    choosing = any(isinstance(n, Application) and marks(n.function) for n in walk([expr]))
    return choosing and bool(everything(facts) & {"binary", "pm1", "diagonal", "lower", "symmetric"})


@QUICK
@given(expressions(depth=3), FACTS_OF_ALL, st.data())
def test_what_is_printed_under_facts_is_right(expr: Expr, facts: dict[str, str], data: st.DataObject) -> None:
    names = sorted(variables(expr))
    assume(names)
    wrt = data.draw(st.sampled_from(names))
    said = {name: facts[name] for name in names}
    assume(not tied(expr, set(said.values())))
    note(f"∂/∂{wrt} of {text(expr)} where {said}")
    shapes = {name: [str(size) for size in VARIABLES[name]] for name in [*names, "A"]}
    found = jac.derive(text(expr), wrt=wrt, shapes=shapes, assume=said)
    problem = found.problem
    verdicts: list[bool] = []
    for seed in range(3):
        report = numeric_verdict(
            problem.output, found.variable, printed(found), 1, seed=seed, facts=problem.facts, known=problem.variables
        )
        if report.passed is None or (report.passed and not verdicts):
            return
        verdicts.append(report.passed)
    assert sum(verdicts) >= 2, printed(found)
