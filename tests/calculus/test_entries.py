"""Entries picked from the end, or at a place that has a letter, of vectors and matrices whose sizes are numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.evaluate.evaluate import evaluate

PICKED = [
    "v*x[-1]",
    "v*x[-1]*x[0]",
    "x[-1]*x[2]",
    "x[-1] - x[2]",
    "x[0] + x[2] + x[-1]",
    "x[0] + x[1] + x[k]",
    "v*x[k]",
    "v*(x[k] + x[-2])",
    "[x[0]*x[1], x[-1]]",
    "[x[1]*x[-1], x[k]]",
    "v*A[-1, 0]",
    "v*A[-1, k]",
    "A[-1]@A[2]",
    "[A[0]@A[-1], A[k, 1]]",
]


@pytest.mark.parametrize("formula", PICKED)
@pytest.mark.parametrize("k", range(3))
def test_the_derivative_by_entries_is_right(formula: str, k: int) -> None:
    """Every formula is of the second degree at most, so that differences are exact."""
    wrt = "A" if "A" in formula else "x"
    found = jac.derive(formula, wrt, {"x": "3", "A": "3,3", "v": "n"}, check=False)
    sizes, rng = {"n": 4, "k": k}, np.random.default_rng(k)
    point = {"x": rng.standard_normal(3), "A": rng.standard_normal((3, 3)), "v": rng.standard_normal(4)}

    def f(at: Any) -> Any:
        return np.ravel(evaluate(found.problem.output, {**point, wrt: at}, sizes))

    steps = np.eye(point[wrt].size).reshape(-1, *point[wrt].shape)
    true = np.stack([(f(point[wrt] + h) - f(point[wrt] - h)) / 2 for h in steps], axis=1)
    np.testing.assert_allclose(evaluate(found.forms.jacobian, point, sizes), true, atol=1e-12)
    delta = rng.standard_normal(len(true))
    shape = [size.at(sizes) for size in found.problem.output.shape]
    pulled = evaluate(found.forms.vjp, {**point, found.upstream: delta.reshape(shape)}, sizes)
    np.testing.assert_allclose(pulled, (delta @ true).reshape(point[wrt].shape), atol=1e-12)


def test_an_entry_from_the_end_is_that_from_the_beginning() -> None:
    last, third = (jac.derive(f"v*x[{k}]", "x", {"x": "3", "v": "n"}, check=False) for k in (-1, 2))
    assert last.vjp.closed_form == third.vjp.closed_form == "[0, 0, v.T@delta]"
