"""Windows: convolutions and pools are what NumPy says, and their backward rules those that people know."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.syntax.errors import InputError

SIGNAL = {"x": "n", "w": "k"}
RULES = [
    ("correlate(x, w)", "x", SIGNAL, "convolve(delta, w)"),
    ("correlate(x, w)", "w", SIGNAL, "correlate(x, delta)"),
    ("convolve(x, w)", "x", SIGNAL, "correlate(delta, w)"),
    ("convolve(x, w)", "w", SIGNAL, "correlate(delta, x)"),
    ("conv1d(x, w)", "x", SIGNAL, "convolve(delta, w)"),
    ("unfold(x, 3)", "x", SIGNAL, "fold(delta)"),
    ("fold(X)", "X", {"X": "n,m"}, "unfold(delta, m)"),
    ("max_pool(x, 3, stride=1)", "x", SIGNAL, "fold(delta[:, None]*largest(unfold(x, 3), axis=1))"),
    ("avg_pool(x, 2)", "x", SIGNAL, "reshape(delta@ones(2).T, n)/2"),
]


@pytest.mark.parametrize(("formula", "wrt", "shapes", "rule"), RULES)
def test_backward_rules_people_know(formula: str, wrt: str, shapes: dict[str, str], rule: str) -> None:
    found = jac.derive(formula, wrt=wrt, shapes={name: s for name, s in shapes.items() if name in formula})
    assert found.vjp.closed_form == rule
    assert found.check().passed


def test_the_gradient_of_a_least_squares_filter() -> None:
    found = jac.derive("sum((correlate(x, w) - y)**2)/2", wrt="w")
    assert found.gradient is not None
    assert found.gradient.closed_form == "correlate(x, correlate(x, w) - y)"
    assert found.check().passed


@pytest.mark.parametrize(
    ("formula", "wrt", "shapes"),
    [
        ("conv1d(x, w, stride=2, padding=1)", "w", {"x": "7", "w": "3"}),
        ("conv1d(x, w, padding='full')", "x", {"x": "4", "w": "3"}),
        ("conv1d(x, w, padding='same')", "x", {"x": "5", "w": "3"}),
        ("conv1d(X, W)", "W", {"X": "c,n", "W": "o,c,k"}),
        ("conv1d(X, W, stride=2)", "X", {"X": "2,2,5", "W": "2,2,3"}),
        ("conv2d(X, W)", "X", {"X": "3,4", "W": "2,3"}),
        ("conv2d(X, W, stride=(2, 1), padding=1)", "W", {"X": "2,3,4", "W": "2,2,2,2"}),
        ("avg_pool2d(X, 2, stride=1)", "X", {"X": "3,4"}),
        ("max_pool2d(X, 2)", "X", {"X": "4,6"}),
        ("sum(log(correlate(x, w))**2)", "x", {"x": "n", "w": "1"}),
        ("correlate(x, w)", "w", {"x": "4", "w": "4"}),
        ("convolve(x, w)", "x", {"x": "1", "w": "4"}),
    ],
)
def test_any_of_them_is_right(formula: str, wrt: str, shapes: dict[str, str]) -> None:
    assert jac.derive(formula, wrt=wrt, shapes=shapes).check().passed


def value(formula: str, wrt: str, **arrays: Any) -> Any:
    arrays = {name: np.asarray(array, float) for name, array in arrays.items()}
    shapes = {name: ",".join(map(str, array.shape)) for name, array in arrays.items()}
    return evaluate(jac.derive(formula, wrt=wrt, shapes=shapes).problem.output, arrays, {})


def test_values_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=7), rng.normal(size=3)
    for mode in ("valid", "same", "full"):
        made = value(f"conv1d(x, w, padding='{mode}')", "x", x=x, w=w)
        np.testing.assert_allclose(made, np.correlate(x, w, mode))
    np.testing.assert_allclose(value("convolve(x, w)", "x", x=x, w=w), np.convolve(x, w))
    image, kernel = rng.normal(size=(2, 5, 6)), rng.normal(size=(3, 2, 2, 3))
    expected = [
        [[np.sum(kernel[o] * image[:, i : i + 2, j : j + 3]) for j in range(0, 4, 2)] for i in range(4)]
        for o in range(3)
    ]
    np.testing.assert_allclose(value("conv2d(X, W, stride=(1, 2))", "X", X=image, W=kernel), expected)
    pooled = value("max_pool2d(X, 2)", "X", X=image[:, :4])
    np.testing.assert_allclose(pooled, image[:, :4].reshape(2, 2, 2, 3, 2).max(axis=(2, 4)))


def test_source_that_runs() -> None:
    names: dict[str, Any] = {}
    exec(jac.derive("conv1d(x, w, stride=2)", wrt="w").to_python("numpy"), names)
    x, w = np.arange(6.0) ** 2, np.array([1.0, -1.0])
    np.testing.assert_allclose(names["value"](x=x, w=w), np.correlate(x, w, "valid")[::2])
    windows = np.lib.stride_tricks.sliding_window_view(x, 2)[::2]
    np.testing.assert_allclose(names["vjp"](np.ones(3), x=x, w=w), windows.T @ np.ones(3))


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("conv1d(x, W)", "does not slide"),
        ("conv1d(x, w, padding='reflect')", "no padding"),
        ("conv1d(x, w, padding='same')", "odd length"),
        ("conv1d(x, w, stride=0)", "from 1 on"),
        ("conv2d(A, B, stride=(1, 1, 1))", "2 axes"),
        ("max_pool(x, 2, padding=1)", "zeros around"),
        ("max_pool(x, 0)", "from 1 on"),
        ("max_pool2d(x, 2)", ""),
        ("unfold(ones(2), 3) + x", "no window"),
        ("unfold(1, 1)", "scalar"),
        ("fold(ones(2)) + x", "rows of a matrix"),
        ("correlate(A, B)@x", "two vectors"),
    ],
)
def test_what_cannot_be_meant(formula: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        jac.derive(formula, wrt="x", shapes={"W": "o,c,k", "w": "k", "x": "n", "A": "n,m", "B": "p,q"})
    assert said in str(caught.value)
