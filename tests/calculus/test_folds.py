"""Sums over joined axes are sums over their parts, and what is left of a Kronecker product is written as one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.calculus.index.tensor import Delta, Factor, Leaf, Reshape, Tensor
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.shape import Shape, Size
from tests.calculus.values import contracted, lengths, value

N, M = Size.named("n"), Size.named("m")
SIZES = {"n": 2, "m": 3}


def leaf(name: str, *shape: Size) -> Leaf:
    return Leaf(name, shape, shape)


A, B, C, w = leaf("A", N, M), leaf("B", N, N), leaf("C", M, N), leaf("w", N * M)
RNG = np.random.default_rng(3)
VALUES = {node.name: RNG.uniform(0.5, 2.0, lengths(node.shape, SIZES)) for node in (A, B, C, w)}


def at(tensor: Tensor) -> Any:
    return value(tensor, VALUES, SIZES)


def kron(a: Tensor, b: Tensor) -> Tensor:
    joined = algebra.product((*a.shape[:1], *b.shape[:1], *a.shape[1:], *b.shape[1:]), [(a, (0, 2), 1), (b, (1, 3), 1)])
    return algebra.reshape(joined, (a.shape[0] * b.shape[0], a.shape[1] * b.shape[1]))


def vec(matrix: Tensor) -> Tensor:
    return algebra.reshape(matrix, (matrix.shape[0] * matrix.shape[1],))


FOLDED = [vec(A), vec(C), w, kron(A, C), kron(C, A), kron(B, Delta(M)), kron(Delta(N), Delta(M)), A, Delta(N * M)]


@st.composite
def products(draw: st.DrawFn) -> tuple[Shape, list[Factor]]:
    shape = draw(st.sampled_from([(), (N * M,), (N,), (N * M, N * M)]))
    sizes = dict(enumerate((*shape, N * M, N * M, M)))
    factors: list[Factor] = []
    for _ in range(draw(st.integers(1, 4))):
        node = draw(st.sampled_from(FOLDED))
        labels = []
        for size in node.shape:
            fitting = [k for k, s in sizes.items() if s is size]
            assume(fitting)
            labels.append(draw(st.sampled_from(fitting)))
        positive = isinstance(node, Leaf | Reshape) and len(node.shape) == 1
        factors.append((node, tuple(labels), draw(st.sampled_from([1, 2, -1])) if positive else 1))
    return shape, factors


@settings(max_examples=400, deadline=None)
@given(products())
def test_a_product_of_folded_tensors_keeps_its_value(drawn: tuple[Shape, list[Factor]]) -> None:
    shape, factors = drawn
    expected = contracted(shape, factors, 3, {node: at(node) for node, _, _ in factors}, SIZES)
    np.testing.assert_allclose(at(algebra.product(shape, factors, 3)), expected, rtol=1e-9, atol=1e-9)


def test_joined_axes_are_taken_apart_where_all_know_their_parts() -> None:
    both = [(A, (0, 1), 1), (B, (0, 2), 1), (C, (1, 2), 1)]
    joined = vec(algebra.product((N, M), [(B, (0, 2), 1), (C, (1, 2), 1)]))
    assert algebra.product((), [(vec(A), (0,), 1), (joined, (0,), 1)]) is algebra.product((), both)
    assert algebra.product((), [(vec(A), (0,), 2)]) is algebra.product((), [(A, (0, 1), 2)])
    assert algebra.reshape(Delta(N * M), (N, M, N, M)) is algebra.product(
        (N, M, N, M), [(Delta(N), (0, 2), 1), (Delta(M), (1, 3), 1)]
    )
    kept = algebra.product((), [(vec(A), (0,), 1), (vec(C), (0,), 1)])  # rows of m, and rows of n
    assert any(isinstance(child, Reshape) for child in kept.children)


FORMS = [
    ("trace(kron(X, X))", "X", {"X": "n,n"}, "2*trace(X)*eye(n)"),
    ("trace(kron(A, X))", "X", {"A": "m,m", "X": "n,n"}, "trace(A)*eye(n)"),
    ("vec(A).T@vec(X)", "X", {"A": "n,m", "X": "n,m"}, "A"),
    ("vec(A@X@B).T@vec(C)", "X", {"A": "n,n", "B": "m,m", "X": "n,m", "C": "n,m"}, "A.T@C@B.T"),
    ("norm(vec(X))**2", "X", {"X": "n,m"}, "2*X"),
    ("norm(kron(A, B)@x - b)**2", "x", {"A": "n,n", "B": "m,m", "x": "n*m"}, "2*kron(A, B).T@(kron(A, B)@x - b)"),
    (
        "norm(kron(A, B)@vec(X) - y)**2",
        "X",
        {"A": "k,m", "B": "n,p", "X": "p,m"},
        "2*B.T@reshape(kron(A, B)@vec(X) - y, (k, n)).T@A",
    ),
    ("sum(kron(x, y))", "x", {"x": "n", "y": "m"}, "sum(y)*ones(n)"),
    ("sum(ones(n)@ones(m).T*X)", "X", {"X": "n,m"}, "ones(n, m)"),
    ("sum(X)**2", "X", {"X": "n,m"}, "2*sum(X)*ones(n, m)"),
]


@pytest.mark.parametrize(("formula", "wrt", "shapes", "gradient"), FORMS, ids=[f"{f} by {v}" for f, v, *_ in FORMS])
def test_gradients_without_reshape(formula: str, wrt: str, shapes: dict[str, str], gradient: str) -> None:
    found = jac.derive(formula, wrt=wrt, shapes=shapes)
    assert found.gradient is not None
    assert found.gradient.closed_form == gradient


def test_a_kronecker_product_stays_one() -> None:
    assert jac.derive("kron(A, B)@x", wrt="x", shapes={"A": "n,k", "B": "m,p"}).jacobian.closed_form == "kron(A, B)"
