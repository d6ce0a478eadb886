"""The largest and the smallest of many entries: ties share the weight, those that are always there and others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.checks.points.sampling import sample
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.printers.language import text
from jacobian_cli.printers.math.latex import latex
from tests.checks.formulas import typed
from tests.checks.test_rules_are_caught import forget

Array = Any
FORMULAS: dict[str, dict[str, str]] = {
    "max(A + A.T)": {"A": "n,n"},
    "min(A@A.T)": {"A": "n,m"},
    "max(stack(x, x))": {"x": "n"},
    "max(concat(x, 2*x, x))": {"x": "n"},
    "max(x[:, None]*x, axis=0)": {"x": "n"},
    "max(A/norm(A, axis=0), axis=0)": {"A": "n,m"},
    "max((A - mean(A, axis=0))/std(A, axis=0), axis=0)": {"A": "n,m"},
    "min(softmax(A), axis=1)": {"A": "n,m"},
    "max(relu(A@x))": {"A": "n,m", "x": "m"},
    "max(P, axis=(0, 2))": {"P": "n,m,k"},
    "max(abs(x - mean(x)))": {"x": "n"},
    "max(A, axis=1, keepdims=True)*A": {"A": "n,m"},
}
LENGTHS = {"n": 3, "m": 4, "k": 2}


def drawn(shape: str, rng: np.random.Generator) -> Array:
    return rng.standard_normal([LENGTHS[size] for size in shape.split(",")])


def slopes(function: Callable[[Array], Array], x: Array) -> Array:
    """Central differences of a function of one array, its value a number."""
    found = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = 1e-6
        found[index] = (function(x + step) - function(x - step)) / 2e-6
    return found


@pytest.mark.parametrize("formula", FORMULAS)
def test_exported_source_is_right_at_every_random_point(formula: str) -> None:
    shapes = FORMULAS[formula]
    wrt = next(iter(shapes))
    names: dict[str, Any] = {}
    exec(jac.derive(formula, wrt=wrt, shapes=shapes).to_python("numpy"), names)
    rng = np.random.default_rng(5)
    for _ in range(20):
        point = {name: drawn(shape, rng) for name, shape in shapes.items()}
        delta = rng.standard_normal(np.shape(names["value"](**point)))

        def weighted(x: Array, point: dict[str, Array] = point, delta: Array = delta) -> Array:
            return np.sum(delta * names["value"](**{**point, wrt: x}))

        np.testing.assert_allclose(names["vjp"](delta, **point), slopes(weighted, point[wrt]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("formula", FORMULAS)
def test_every_engine_agrees(formula: str) -> None:
    shapes = FORMULAS[formula]
    assert jac.derive(formula, wrt=next(iter(shapes)), shapes=shapes).check(points=3).passed


TIES: list[tuple[str, str, Any, Any]] = [
    ("max(A + A.T)", "A", [[0, 3], [2, 0]], [[0, 1], [1, 0]]),
    ("max(x)", "x", [1, 1, 0], [0.5, 0.5, 0]),
    ("min(x)", "x", [1, 1, 0, 0, 0], [0, 0, 1 / 3, 1 / 3, 1 / 3]),
    ("max(relu(x))", "x", [-1, -2, -3], [0, 0, 0]),
    ("sum(max(A, axis=1))", "A", [[2, 2], [0, 1]], [[0.5, 0.5], [0, 1]]),
    ("max(stack(x, x))", "x", [1, 3, 2], [0, 1, 0]),
    ("max(x) + 2*min(x)", "x", [1, 1], [1.5, 1.5]),
    ("max(A)", "A", [[1, 1], [1, 1]], [[0.25, 0.25], [0.25, 0.25]]),
]


@pytest.mark.parametrize(("formula", "name", "value", "gradient"), TIES, ids=[t[0] for t in TIES])
def test_ties_share_the_weight(formula: str, name: str, value: Any, gradient: Any) -> None:
    """In the printed form, in the tape and in exported source."""
    x = np.array(value, float)
    derivation = jac.derive(formula, wrt=name, shapes={name: x.shape})
    names: dict[str, Any] = {}
    exec(derivation.to_python("numpy"), names)
    np.testing.assert_allclose(names["gradient"](x), gradient)
    np.testing.assert_allclose(names["vjp"](2.0, x), 2 * np.array(gradient))
    np.testing.assert_allclose(names["jacobian"](x), np.reshape(gradient, (1, -1)))
    np.testing.assert_allclose(jac.backprop(formula, at={name: x}).gradients[name], gradient)


def test_a_tie_that_is_always_there_is_seen_by_the_checker() -> None:
    """Points are not drawn again until the largest entry stands on the diagonal."""
    program, rng = typed("max(A + A.T)", A="n,n"), np.random.default_rng(0)
    points = [sample(program.output, {"n": 3}, rng)["A"] for _ in range(20)]
    places = [np.unravel_index(int(np.argmax(A + A.T)), A.shape) for A in points]
    assert any(i != j for i, j in places)


def test_the_checker_refuses_a_rule_that_counts_a_tie_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    monkeypatch.setitem(FUNCTIONS, "max", replace(FUNCTIONS["max"], derivative=("x == ans",)))
    try:
        report = jac.derive("max(A + A.T)", wrt="A").check(points=3)
    finally:
        forget()
    assert report.passed is False


@pytest.mark.parametrize(
    ("formula", "name", "value", "kink"),
    [
        ("max(x)", "x", [1, 1, 0], True),
        ("max(A + A.T)", "A", [[0, 3], [2, 0]], False),
        ("max(A + A.T)", "A", [[2.5, 3], [2, 0]], True),
        ("max(A)", "A", [[0, 3], [3, 0]], True),
    ],
)
def test_a_tie_is_a_kink_where_it_parts(formula: str, name: str, value: Any, kink: bool) -> None:
    assert bool(jac.backprop(formula, at={name: value}).kinks) is kink


def test_a_tie_that_only_a_declared_fact_makes_is_a_kink() -> None:
    """The derivative is the unconstrained one: each entry is free."""
    run = jac.backprop("max(S)", at={"S": [[0, 3], [3, 0]]}, assume={"S": "symmetric"})
    assert run.kinks
    np.testing.assert_allclose(run.gradients["S"], [[0, 0.5], [0.5, 0]])
    assert jac.derive("max(S)", wrt="S", assume={"S": "symmetric"}).check(points=3).passed


WRITTEN = [
    ("max(x)", "largest(x)", r"\mathbf{1}(x = \max(x))"),
    ("sum(min(A, axis=0))", "smallest(A, axis=0)", r"\mathbf{1}(A = \min(A, \text{axis=0}))"),
]


@pytest.mark.parametrize(("formula", "plain", "tex"), WRITTEN)
def test_how_it_is_written(formula: str, plain: str, tex: str) -> None:
    name = "A" if "A" in formula else "x"
    gradient = jac.derive(formula, wrt=name).gradient
    assert gradient is not None
    assert gradient.closed_form == plain
    written = typed(plain, **{name: "n,m" if name == "A" else "n"}).output
    assert text(written) == plain
    assert latex(written) == tex
