"""The operations of the passes, counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac

N, M = 8, 20


def operations(formula: str | list[str], at: dict[str, Any], wrt: str | None = None) -> tuple[int, int, int]:
    told = jac.backprop(formula, at=at, wrt=wrt).operations
    return told["forward"], told["backward"], told["naive"]


def test_the_example_of_the_lecture() -> None:
    """Forwards + max ×; backwards two products at ×, two at max, one addition for y; by paths 2 + (2 + 2 + 1) + 2."""
    assert operations("(x + y)*max(y, z)", {"x": 1, "y": 2, "z": 0}) == (3, 5, 9)


def test_a_matrix_times_a_vector() -> None:
    at = {"W": np.ones((N, M)), "x": np.ones(M)}
    assert operations("W@x", at) == (N * M, 2 * N * M, 2 * N * M)
    assert operations("W@x", at, wrt="W") == (N * M, N * M, N * M)


def test_what_variables_share_is_worked_out_once() -> None:
    at = {"W": np.ones((N, M)), "x": np.ones(M), "b": np.ones(N)}
    forward, backward, naive = operations("sum(sigmoid(W@x + b))", at)
    assert forward == N * M + N + N + N
    assert backward == N + 2 * N * M
    shared = N + N + N  # the ones of the sum, the slopes of the sigmoid, the ones of +
    assert naive == 2 * (shared + N * M) + shared
    run = jac.backprop("sum(sigmoid(W@x + b))", at=at)
    assert run.repeated == {"c": 3, "d": 3, "a": 2}


@pytest.mark.parametrize("doublings", [10, 1000])
def test_paths_multiply(doublings: int) -> None:
    steps = ["x0 = c", *(f"x{k + 1} = x{k} + x{k}" for k in range(doublings))]
    run = jac.backprop(steps, at={"c": 1e-300})
    assert run.operations["forward"] == doublings
    assert run.operations["backward"] == doublings
    assert run.operations["naive"] >= min(2**doublings, 10**300)


def test_rearranging_is_free() -> None:
    assert operations("concat(x, y[1:], x)", {"x": [1, 2], "y": [3, 4, 5]}) == (0, 2, 11)


def test_broadcasting_costs_the_sum() -> None:
    forward, backward, _ = operations("X + b", {"X": np.ones((5, 3)), "b": np.ones(3)})
    assert (forward, backward) == (15, 12)
