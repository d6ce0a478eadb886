"""Sums of products by letters, beside `einsum` and its derivative by definition."""

from __future__ import annotations

import numpy as np
import pytest

from jacobian_cli.engine.contraction import contraction, exchanged

LENGTHS = {"i": 2, "j": 3, "k": 4}
SIGNATURES = [
    "ij,jk->ik", "ij,kj->ik", "ji,jk->ik", "ji,kj->ik", "ij,jk->ki", "ij,j->i", "i,ij->j", "i,i->", "i,j->ij",
    "i,j->ji", ",ij->ij", "i,->i", "ij->ji", "ij->ij", "ii->", "ii->i", "i->ii", "ij->", "ij->j", "ij,ij->",
    "ij,ij->ij", "ij,j->ij", "i,ij,j->", "ij,jk,ki->", "ij,i->", "ii,i->i", "ijk,k->ij", "->",
]  # fmt: skip


@pytest.mark.parametrize("signature", SIGNATURES)
def test_values_and_gradients(signature: str) -> None:
    left, output = signature.split("->")
    inputs = tuple(left.split(","))
    rng = np.random.default_rng(0)
    operands = [rng.standard_normal([LENGTHS[letter] for letter in part]) for part in inputs]
    compute = contraction(inputs, output)
    value = compute(*operands)
    if len(set(output)) == len(output):
        np.testing.assert_allclose(value, np.einsum(signature, *operands))
    upstream = rng.standard_normal(np.shape(value))
    for k, operand in enumerate(operands):
        gradient = exchanged(inputs, output, k)(upstream, *operands)
        assert np.shape(gradient) == operand.shape
        for place in np.ndindex(*operand.shape):
            unit = np.zeros(operand.shape)
            unit[place] = 1.0
            # a sum of products is linear in each operand: the derivative along a unit is its value there
            moved = compute(*(unit if j == k else other for j, other in enumerate(operands)))
            assert np.sum(moved * upstream) == pytest.approx(gradient[place])


def test_a_diagonal_matrix() -> None:
    assert contraction(("i",), "ii")(np.array([1.0, 2.0])).tolist() == [[1, 0], [0, 2]]


def test_matrix_products_are_matrix_products() -> None:
    """Not `einsum`, which does not use the fast library for them."""
    assert contraction(("ij", "jk"), "ik") is np.matmul
