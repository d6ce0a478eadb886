"""Whatever makes a summed label disappear leaves its size behind: windows of ones, even powers of a sign, deltas,
declared facts, quotients that have a name, factors that cancel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.calculus.index.tensor import Delta, Factor, Leaf, Rational, Tensor, Unit, Window
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.ops.cuts import Cut
from jacobian_cli.shape import Shape, Size
from tests.calculus.values import contracted, lengths, value

N, M = Size.named("n"), Size.named("m")
LONG = N + Size.number(2)
SIZES = {"n": 2, "m": 3}


def leaf(name: str, *shape: Size, fact: str = "") -> Leaf:
    return Leaf(name, shape, shape, frozenset([fact] if fact else []))


def along(function: str, tensor: Tensor) -> Tensor:
    return algebra.apply(function, (tensor,), len(tensor.shape), tensor.shape)


RNG = np.random.default_rng(7)
x, v, A, X = leaf("x", N), leaf("v", M), leaf("A", N, M), leaf("X", N, M)
FACTS: dict[Leaf, Any] = {
    leaf("b", N, fact="binary"): np.array([0.0, 1.0]),
    leaf("s", N, fact="pm1"): np.array([1.0, -1.0]),
    leaf("S", N, M, fact="pm1"): np.sign(RNG.standard_normal((2, 3))),
    leaf("y", M, fact="one_hot"): np.array([0.0, 1.0, 0.0]),
    leaf("p", N, M, fact="sums_to_one"): np.array([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]]),
    leaf("Q", N, N, fact="orthogonal"): np.array([[0.6, -0.8], [0.8, 0.6]]),
    leaf("D", N, N, fact="diagonal"): np.diag([0.7, 1.4]),
}
VALUES = {t.name: RNG.uniform(0.5, 2.0, lengths(t.shape, SIZES)) for t in (x, v, A, X)}
VALUES |= {t.name: known for t, known in FACTS.items()}
VALUES["A"] = VALUES["A"] * np.array([[1, -1, 1], [-1, 1, -1]])
GROUPS: list[list[tuple[Tensor, Rational]]] = [
    [(algebra.ones((N, M)), 1)],
    [(algebra.ones((LONG,)), 1)],
    [(Window(LONG, Cut(Size.number(1), N)), 1)],
    [(Unit(M, 1), 2)],
    [(Delta(N), 1)],
    [(along("sign", A), 2)],
    [(along("sign", A), 1), (along("abs", A), -1), (A, 1)],
    [(algebra.apply(">", (v, algebra.zeros((M,))), 1, (M,)), 3)],
    [(along("sinh", X), 1), (along("cosh", X), -1), (along("tanh", X), -1)],
    [(along("exp", x), 1), (algebra.add((N,), [(1, algebra.ones((N,))), (1, along("exp", x))]), -1)],
    [(algebra.apply("softmax", (A,), 1, (N, M)), 1)],
    [(X, 2), (X, -2)],
    [(algebra.product((N,), [(A, (0, 1), 1), (v, (1,), 1)]), 1)],
    [(algebra.product((N,), [(A, (0, 1), 1), (v, (1,), 1)]), -1)],
    [(algebra.apply("inv", (leaf("D", N, N),), 0, (N, N)), 1), (leaf("D", N, N), 1)],
    [(algebra.apply("tril", (algebra.ones((N, N)),), 0, (N, N)), 1)],
]
GROUPS += [[(node, power)] for node in FACTS for power in (1, 2)]
"""Factors that vanish, or some of which do, where they meet on labels that nothing else holds."""


@st.composite
def sums(draw: st.DrawFn) -> tuple[Shape, list[Factor], Rational]:
    """A product whose labels are mostly summed over, each by what may vanish from it."""
    shape: Shape = draw(st.sampled_from([(), (), (N,), (M,), (N, M)]))
    sizes = dict(enumerate((*shape, N, M, LONG, N)))
    factors: list[Factor] = []
    for _ in range(draw(st.integers(1, 4))):
        group = draw(st.sampled_from(GROUPS))
        labels = []
        for size in group[0][0].shape:
            fitting = [k for k, s in sizes.items() if s is size]
            assume(fitting)
            labels.append(draw(st.sampled_from(fitting)))
        factors += [(node, tuple(labels), power) for node, power in group]
    return shape, factors, draw(st.sampled_from([1, -1, 3]))


@settings(max_examples=400, suppress_health_check=list(HealthCheck), deadline=None)
@given(sums())
def test_a_sum_over_labels_that_nothing_holds_keeps_their_sizes(drawn: tuple[Shape, list[Factor], Rational]) -> None:
    """In index form, and in what is written of it."""
    shape, factors, coefficient = drawn
    with np.errstate(all="ignore"):
        found = {node: value(node, VALUES, SIZES) for node, _, _ in factors}
        expected = contracted(shape, factors, coefficient, found, SIZES)
    assume(np.all(np.isfinite(expected)))
    tensor = algebra.product(shape, factors, coefficient)
    np.testing.assert_allclose(value(tensor, VALUES, SIZES), expected, rtol=1e-9, atol=1e-9)
    written = write.shaped(Notation().express(tensor), shape)
    np.testing.assert_allclose(evaluate(written, VALUES, SIZES), expected, rtol=1e-9, atol=1e-9)


FORMULAS: list[tuple[str, str, dict[str, str], dict[str, str]]] = [
    ("norm(outer(sign(w), x))**2", "x", {"x": "n", "w": "m"}, {}),
    ("norm(outer(x, sign(w)))**2", "x", {"x": "n", "w": "n"}, {}),
    ("sum(c*ones(n + 1)[1:])", "c", {"c": "()", "x": "n"}, {}),
    ("sum(c**3*ones(n + 1)[1:])", "c", {"c": "()", "x": "n"}, {}),
    ("sum((x[:, None]*ones(n + 2).T)[:, 1:])", "x", {"x": "n"}, {}),
    ("sum((x[:, None]**3*ones(n + 2).T)[:, 1:])", "x", {"x": "n"}, {}),
    ("prod(rmsnorm(y)[1:])", "y", {"y": "n"}, {}),
    ("prod(layernorm(y)[1:3])", "y", {"y": "n + 3"}, {}),
    ('einsum("q,p->", ones(n + 3)[:3], z**2)', "z", {"z": "n"}, {}),
    ('einsum("q,p->", eye(n)[0], z**2)', "z", {"z": "n"}, {}),
    ("sum(c**2*abs(A)*sign(A)/A)", "c", {"c": "()", "A": "n,m"}, {}),
    ("c**2*sum(tanh(A)*cosh(A)/sinh(A))", "c", {"c": "()", "A": "n,m"}, {}),
    ("c**2*sum((A@v)/(A@v))", "c", {"c": "()", "A": "n,m", "v": "m"}, {}),
    ("c**2*sum(exp(-A)*(1 + exp(A))*sigmoid(A))", "c", {"c": "()", "A": "n,m"}, {}),
    ("norm(outer(s, x))**2", "x", {"x": "n", "s": "m"}, {"s": "pm1"}),
    ("sum(softmax(outer(x, v), axis=1)*c**2)", "c", {"x": "n", "v": "m", "c": "()"}, {}),
    ("sum(x**3)*sum(inv(A)@A*eye(n))", "x", {"x": "m", "A": "n,n"}, {}),
]


@pytest.mark.parametrize("order", [1, 2], ids=["first", "second"])
@pytest.mark.parametrize(("formula", "wrt", "shapes", "assume"), FORMULAS, ids=[f[0] for f in FORMULAS])
def test_answers_keep_the_sizes_of_what_vanished(
    formula: str, wrt: str, shapes: dict[str, str], assume: dict[str, str], order: int
) -> None:
    """Against finite differences and autograd, which know nothing of index forms."""
    found = jac.derive(formula, wrt=wrt, shapes=shapes, assume=assume, order=order)
    report = found.check(points=2)
    assert report.passed, found.to_dict()
    assert "mean(1)" not in str(found.to_dict())
