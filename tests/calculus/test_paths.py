"""Gradients that pass through many layers in one formula: lists of factors, multiplied out where they arrive."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from tests.work import calls

SHAPES = {"x": "3", "X": "2,3", "b": "3", "c": "()"}
DEEP = {
    "tanh of matrices": ("tanh(W{k}@{inner})", 20),
    "sigmoid and a number": ("sigmoid(c*W{k}@{inner} - b)", 20),
    "a quotient": ("W{k}@{inner}/(1 + x.T@x)", 20),
    "a softmax between": ("softmax(W{k}@tanh(2*{inner}))", 20),
    "a residual": ("{inner} + W{k}@sin({inner})", 4),
    "its own square": ("tanh({inner}**2/2)", 20),
    "rows of a batch": ("tanh({inner}@W{k})", 20),
}


def nested(layer: str, innermost: str, depth: int) -> str:
    """So many layers in one formula."""
    return reduce(lambda inner, k: layer.format(inner=inner, k=k), range(1, depth + 1), innermost)


@pytest.mark.parametrize("kind", DEEP)
def test_a_deep_formula_has_the_derivative_that_differences_have(kind: str) -> None:
    layer, depth = DEEP[kind]
    innermost = "X" if "batch" in kind else "x"
    formula = f"sum({nested(layer, innermost, depth)})"
    shapes = {f"W{k}": "3,3" for k in range(1, depth + 1) if f"W{k}" in formula}
    shapes |= {name: size for name, size in SHAPES.items() if name in formula.replace("exp", "").replace("max", "")}
    rng = np.random.default_rng(0)
    at: dict[str, Any] = {}
    for name, size in shapes.items():
        drawn = rng.normal(size=() if size == "()" else tuple(map(int, size.split(","))))
        at[name] = np.eye(3) + drawn / 2 if name.startswith("W") else drawn
    for wrt in (innermost, *(["W2"] if "W2" in shapes else [])):
        module: dict[str, Any] = {}
        exec(jac.derive(formula, wrt=wrt, shapes=shapes, check=False).to_python(), module)
        step = 1e-6 * rng.normal(size=at[wrt].shape)
        above, below = (module["value"](**{**at, wrt: at[wrt] + sign * step}) for sign in (1, -1))
        expected = float(np.sum(module["gradient"](**at) * step))
        assert (above - below) / 2 == pytest.approx(expected, rel=1e-4, abs=1e-13)


def test_what_a_layer_costs_does_not_grow_with_the_depth() -> None:
    def derived(depth: int) -> tuple[object, ...]:
        found = jac.derive(nested("tanh(W{k}@{inner})", "x", depth), wrt="W1")
        return found.jacobian.closed_form, found.vjp.closed_form, found.where

    counted = []
    for depth in (16, 32, 64):
        assert all(derived(depth))  # what is worked out once for all depths, or kept for this one, is none of a layer
        counted.append(calls(lambda depth=depth: derived(depth)))  # type: ignore[misc]  # a lambda that holds its turn
    few, more, most = counted
    assert most - more < 2.5 * (more - few)
