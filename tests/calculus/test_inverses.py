"""Inverses in products: each identity keeps the value, and what is printed is what a book on matrices prints."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.calculus.index.tensor import Delta, Factor, Leaf, Rational, Tensor, walk
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.shape import Size
from tests.calculus.values import lengths, value

N, M = Size.named("n"), Size.named("m")
SIZES = {"n": 3, "m": 5}
RNG = np.random.default_rng(11)


def leaf(name: str, *shape: Size, facts: frozenset[str] = frozenset()) -> Leaf:
    return Leaf(name, shape, shape, facts)


A, B, X, S = leaf("A", N, N), leaf("B", N, N), leaf("X", N, N), leaf("S", N, N, facts=frozenset({"symmetric"}))
Q = leaf("Q", N, N, facts=frozenset({"orthogonal"}))
R, W = leaf("R", M, N), leaf("W", M, M)
x, w, c = leaf("x", N), leaf("w", M), leaf("c")
VALUES = {node.name: RNG.uniform(0.5, 2.0, lengths(node.shape, SIZES)) for node in (A, B, X, S, Q, R, W, x, w, c)}
VALUES |= {name: VALUES[name] + 4 * np.eye(3) for name in "ABX"}
VALUES |= {"S": VALUES["S"] + VALUES["S"].T + 9 * np.eye(3), "Q": np.linalg.qr(VALUES["Q"])[0]}
VALUES["W"] = VALUES["W"] + 9 * np.eye(5)
Pair = tuple[Tensor, Any]
"""A tensor, and the value that it should have."""


def at(tensor: Tensor) -> Any:
    return value(tensor, VALUES, SIZES)


def mul(*matrices: Tensor) -> Tensor:
    """The matrix product."""
    made = matrices[0]
    for other in matrices[1:]:
        shape = (made.shape[0], *other.shape[1:])
        labels = (2, 1) if len(other.shape) == 2 else (2,)
        made = algebra.product(shape, [(made, (0, 2), 1), (other, labels, 1)])
    return made


def inv(matrix: Tensor) -> Tensor:
    return algebra.apply("inv", (matrix,), 0, matrix.shape)


def turn(matrix: Tensor) -> Tensor:
    return algebra.permute(matrix, (1, 0))


def diag(vector: Tensor, power: Rational = 1) -> Tensor:
    size = vector.shape[0]
    return algebra.product((size, size), [(Delta(size), (0, 1), 1), (vector, (0,), power)])


def times(scalar: Tensor, matrix: Tensor, number: Rational = 1) -> Tensor:
    return algebra.product(matrix.shape, [(scalar, (), 1), (matrix, (0, 1), 1)], number)


def plus(*matrices: Tensor) -> Tensor:
    return algebra.add(matrices[0].shape, [(1, matrix) for matrix in matrices])


def pair(matrix: Leaf) -> Pair:
    return matrix, VALUES[matrix.name]


def chained(words: list[Pair]) -> Pair:
    return mul(*(t for t, _ in words)), np.linalg.multi_dot([np.eye(3), *(v for _, v in words), np.eye(3)])


def grown(smaller: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    return st.one_of(
        smaller.map(lambda p: (inv(p[0]), np.linalg.inv(p[1]))),
        smaller.map(lambda p: (inv(p[0]), np.linalg.inv(p[1]))),
        smaller.map(lambda p: (turn(p[0]), p[1].T)),
        smaller.map(lambda p: (times(c, p[0], -2), -2 * VALUES["c"] * p[1])),
        st.lists(smaller, min_size=2, max_size=4).map(chained),
    )


SQUARE = [
    *map(pair, (A, B, X, S, Q)),
    (diag(x), np.diag(VALUES["x"])),
    (plus(A, turn(B)), VALUES["A"] + VALUES["B"].T),
    (mul(turn(R), W, R), VALUES["R"].T @ VALUES["W"] @ VALUES["R"]),
    (mul(turn(R), diag(w), R), VALUES["R"].T @ np.diag(VALUES["w"]) @ VALUES["R"]),
]
WORDS = st.recursive(st.sampled_from(SQUARE), grown, max_leaves=8)


@settings(max_examples=300, deadline=None)
@given(WORDS)
def test_a_chain_with_inverses_keeps_its_value(word: Pair) -> None:
    tensor, expected = word
    np.testing.assert_allclose(at(tensor), expected, rtol=1e-5, atol=1e-5 * np.max(np.abs(expected)))
    trace = algebra.product((), [(tensor, (0, 0), 1)])
    scale = np.max(np.abs(expected))
    np.testing.assert_allclose(at(trace), np.trace(expected), rtol=1e-5, atol=1e-5 * scale)
    diagonal = algebra.product((N,), [(tensor, (0, 0), 1)])
    np.testing.assert_allclose(at(diagonal), np.diag(expected), rtol=1e-5, atol=1e-5 * scale)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(WORDS, st.booleans()), min_size=2, max_size=5), st.randoms())
def test_a_chain_is_one_node_in_whatever_order_its_factors_are_given(words: list[Any], shuffle: Any) -> None:
    last = len(words) - 1
    factors: list[Factor] = []
    for k, ((tensor, _), turned) in enumerate(words):
        ends = (k + 1 if k else 0, 1 if k == last else k + 2)
        factors.append((tensor, ends[::-1] if turned else ends, 1))
    again = list(factors)
    shuffle.shuffle(again)
    assert algebra.product((N, N), again) is algebra.product((N, N), factors)


@settings(max_examples=100, deadline=None)
@given(WORDS)
def test_the_transpose_of_a_normal_form_is_one(word: Pair) -> None:
    assert turn(turn(word[0])) is word[0]


I = Delta(N)  # noqa: E741 - as papers write it
SAME: list[tuple[str, Callable[[], Tensor], Tensor]] = [
    ("A⁻¹A = I", lambda: mul(inv(A), A), I),
    ("AA⁻¹ = I", lambda: mul(A, inv(A)), I),
    ("(Aᵀ)⁻¹Aᵀ = I", lambda: mul(inv(turn(A)), turn(A)), I),
    ("S⁻¹Sᵀ = I", lambda: mul(inv(S), turn(S)), I),
    ("(A⁻¹)⁻¹ = A", lambda: inv(inv(A)), A),
    ("(Aᵀ)⁻¹ = (A⁻¹)ᵀ", lambda: inv(turn(A)), turn(inv(A))),
    ("(−2cA)⁻¹ = −A⁻¹/2c", lambda: times(c, inv(times(c, A, -2)), -2), inv(A)),
    ("diag(x)⁻¹ = diag(1/x)", lambda: inv(diag(x)), diag(x, -1)),
    ("(cI)⁻¹ = I/c", lambda: times(c, inv(times(c, I))), I),
    ("(diag(x)A)⁻¹ = A⁻¹diag(1/x)", lambda: inv(mul(diag(x), A)), mul(inv(A), diag(x, -1))),
    ("(A⁻¹B)⁻¹ = B⁻¹A", lambda: inv(mul(inv(A), B)), mul(inv(B), A)),
    ("(BA⁻ᵀ)⁻¹ = AᵀB⁻¹", lambda: inv(mul(B, turn(inv(A)))), mul(turn(A), inv(B))),
    ("(QA)⁻¹ = A⁻¹Qᵀ", lambda: inv(mul(Q, A)), mul(inv(A), turn(Q))),
    ("(AB)⁻¹A = B⁻¹", lambda: mul(inv(mul(A, B)), A), inv(B)),
    ("B(AB)⁻¹ = A⁻¹", lambda: mul(B, inv(mul(A, B))), inv(A)),
    ("B(AXB)⁻¹A = X⁻¹", lambda: mul(B, inv(mul(A, X, B)), A), inv(X)),
    ("(A + Bᵀ)⁻¹(A + Bᵀ) = I", lambda: mul(inv(plus(A, turn(B))), plus(A, turn(B))), I),
    ("(Aᵀ + B)⁻¹(A + Bᵀ)ᵀ = I", lambda: mul(inv(plus(turn(A), B)), turn(plus(A, turn(B)))), I),
    ("(2A + 2B)⁻¹2(A + B) = I", lambda: mul(inv(plus(A, A, B, B)), plus(A, B), plus(I, I)), I),
    ("(RᵀR)⁻¹RᵀR = I", lambda: mul(inv(mul(turn(R), R)), turn(R), R), I),
    ("(RᵀdR)⁻¹RᵀdR = I", lambda: mul(inv(mul(turn(R), diag(w), R)), turn(R), diag(w), R), I),
    ("(ARᵀR)⁻¹A = (RᵀR)⁻¹", lambda: mul(inv(mul(A, turn(R), R)), A), inv(mul(turn(R), R))),
]


@pytest.mark.parametrize(("make", "simpler"), [case[1:] for case in SAME], ids=[case[0] for case in SAME])
def test_an_identity_gives_the_simpler_node(make: Callable[[], Tensor], simpler: Tensor) -> None:
    assert make() is simpler


def test_only_what_the_domain_implies_is_assumed() -> None:
    """Rᵀ is not square, and has no inverse; other diagonals between are other matrices."""
    hat = mul(R, inv(mul(turn(R), R)), turn(R))
    assert any(node is inv(mul(turn(R), R)) for node in walk([hat]))
    other = mul(inv(mul(turn(R), diag(w), R)), turn(R), R)
    assert other is not I
    np.testing.assert_allclose(
        at(other),
        np.linalg.solve(VALUES["R"].T @ np.diag(VALUES["w"]) @ VALUES["R"], VALUES["R"].T @ VALUES["R"]),
    )


def test_a_trace_of_what_cancels_counts_the_size() -> None:
    assert algebra.product((), [(A, (0, 1), 1), (inv(A), (1, 0), 1)]) is algebra.extent(N)
    assert algebra.product((N,), [(A, (0, 1), 1), (inv(A), (1, 0), 1)]) is algebra.ones((N,))


GRADIENTS = [
    ("logdet(A@X@B)", "X", "inv(X).T"),
    ("det(A@X@B)", "X", "det(A@X@B)*inv(X).T"),
    ("det(X@X@X)", "X", "3*det(X@X@X)*inv(X).T"),
    ("logdet(a*X)", "X", "inv(X).T"),
    ("logdet(a*X)", "a", "n/a"),
    ("det(a*X)", "a", "n*det(a*X)/a"),
    ("log(det(2*pi*X))", "X", "inv(X).T"),
    ("logdet(X@X.T@inv(A))", "X", "2*inv(X).T"),
    ("logdet(X.T@A@X)", "X", "2*inv(X).T"),
    ("det(A@inv(X))", "X", "-det(A@inv(X))*inv(X).T"),
    ("a*x.T@inv(inv(X))@y", "X", "a*x@y.T"),
    ("logdet(diag(x))", "x", "1/x"),
    ("det(diag(x))", "x", "prod(x)/x"),
    ("logdet(diag(x)@X@diag(x))", "x", "2/x"),
    ("sum(inv(a*eye(n))@x)", "a", "-sum(x)/a**2"),
    ("x.T@inv(X)@(X@y)", "x", "y"),
    ("x.T@solve(X, X@y)", "X", "zeros(n, n)"),
    ("trace(inv(X)@A)", "X", "-(inv(X)@A@inv(X)).T"),
    ("M = A@X@B; logdet(M)", "X", "inv(X).T"),
    ("y.T@inv(diag(x))@y", "x", "-(y/x)**2"),
]
SHAPES = {"A": "n,n", "X": "n,n", "B": "n,n", "x": "n", "y": "n", "a": "()"}


@pytest.mark.parametrize(("formula", "wrt", "gradient"), GRADIENTS, ids=[f"{f} by {v}" for f, v, _ in GRADIENTS])
def test_gradients_as_books_print_them(formula: str, wrt: str, gradient: str) -> None:
    names = set(re.findall(r"\w+", formula))
    found = jac.derive(formula, wrt=wrt, shapes={name: shape for name, shape in SHAPES.items() if name in names})
    assert found.gradient is not None
    assert found.gradient.closed_form == gradient


@pytest.mark.parametrize(
    ("formula", "wrt", "shapes", "gradient"),
    [
        ("logdet(kron(A, B))", "A", {"A": "n,n", "B": "m,m"}, "m*inv(A).T"),
        ("logdet(kron(A, B))", "B", {"A": "n,n", "B": "m,m"}, "n*inv(B).T"),
        ("log(det(kron(A, B)))", "A", {"A": "n,n", "B": "m,m"}, "m*inv(A).T"),
        ("det(kron(A, B))", "A", {"A": "n,n", "B": "m,m"}, "m*det(A)**m*det(B)**n*inv(A).T"),
        ("logdet(kron(C, D))**2", "D", {"C": "3,3", "D": "2,2"}, "6*logdet(kron(C, D))*inv(D).T"),
    ],
)
def test_determinants_of_kronecker_products(formula: str, wrt: str, shapes: dict[str, str], gradient: str) -> None:
    found = jac.derive(formula, wrt, shapes)
    assert found.gradient is not None
    assert found.gradient.closed_form == gradient
    assert found.check(points=1).passed


def test_a_kronecker_product_has_a_determinant_where_its_halves_have_negative_ones() -> None:
    """Of two 2 × 2 matrices det(A ⊗ B) is det(A)² det(B)²: its logarithm is there also where that of det(A) is not."""
    rng = np.random.default_rng(0)
    halves = [rng.standard_normal((2, 2)) for _ in range(2)]
    halves = [half if np.linalg.det(half) < 0 else half[::-1] for half in halves]
    values = dict(zip("AB", halves, strict=True))
    found = jac.derive("exp(logdet(kron(A, B))/4)", "A", {"A": "2,2", "B": "2,2"})
    made: dict[str, Any] = {}
    exec(found.to_python(), made)
    det = np.linalg.det(np.kron(*halves))
    np.testing.assert_allclose(made["gradient"](**values), det**0.25 / 2 * np.linalg.inv(halves[0]).T, rtol=1e-10)
