"""Exported NumPy at the ends of what floats hold: right to a few units in the last place, finite, without a warning."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from tests.benchmarks.accuracy import TABLE, Function, measured
from tests.export.test_numpy import module_of


@pytest.mark.parametrize(("formula", "value", "slope", "least", "most"), TABLE, ids=[formula for formula, *_ in TABLE])
def test_values_and_slopes_are_right_to_units_in_the_last_place(
    formula: str, value: Function, slope: Function, least: float, most: float
) -> None:
    off, far = measured(formula, value, slope)
    assert off[0] <= least, off
    assert far[0] <= most, far


VECTORS: list[tuple[str, str]] = [
    (formula, wrt)
    for formula, wrt in (
        ("x/norm(x)", "x"), ("x/sqrt(1 + x.T@x)", "x"), ("sum(x**2)**0.5", "x"), ("log(mean(exp(x)))", "x"),
        ("log(sum(exp(x)) + 1)", "x"), ("exp(x)@w/sum(exp(x))", "x"), ("log(exp(x) + exp(y))", "x,y"),
        ("binary_cross_entropy(sigmoid(x), y)", "x"), ("sum(log(exp(x) + exp(-x)))", "x"), ("gelu(x)", "x"),
        ("exp(-norm(x)**2/2)", "x"), ("x@y/(norm(x)*norm(y))", "x"), ("exp(X)/sum(exp(X))", "X"),
        ("log1p(x.T@x)", "x"), ("normalize(x)", "x"), ("layernorm(x)", "x"), ("rmsnorm(x)", "x"), ("mish(x)", "x"),
    )
]  # fmt: skip


@pytest.mark.parametrize("large", [1e300, -1e300, 1e200, 1e-300, 1e-170, 1e3, -1e3])
@pytest.mark.parametrize(("formula", "wrt"), VECTORS, ids=[formula for formula, _ in VECTORS])
def test_every_function_is_finite_without_a_warning(formula: str, wrt: str, large: float) -> None:
    found = jac.derive(formula, wrt.split(",", maxsplit=1)[0], check=False)
    module = module_of(jac.export(found))
    at: dict[str, Any] = {}
    for name, variable in found.problem.variables.items():
        a = np.array([0.0, 1.0, 1.0]) if name == "y" else np.array([0.2, 0.1, 0.3])
        if name in "xX":
            a = np.array([large, 0.3, -0.2])
        at[name] = np.stack([a, a[::-1]]) if len(variable.shape) == 2 else a
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        value = np.asarray(module["value"](**at))
        delta = np.ones(value.shape) if value.shape else 1.0
        given = {"vjp": {"delta": delta, **at}, "jvp": {**at, "v": np.ones_like(at[wrt[0]])}}
        results = [value, *(module[name](**given.get(name, at)) for name in ("jacobian", "vjp", "jvp"))]
    assert all(np.all(np.isfinite(result)) for result in results)


ROWS = [[3.0, 4.0], [1e200, -1e200], [3e-200, 4e-200], [5e-324, 0.0], [0.0, 0.0], [1e308, 1.0], [1e-320, 1e-300]]


@pytest.mark.parametrize("scale", [1.0, 2.0**600, 2.0**-600])
@pytest.mark.parametrize("axis", [None, 1])
def test_lengths_and_deviations_are_right_where_squares_overflow_or_vanish(scale: float, axis: int | None) -> None:
    names: dict[str, Any] = {}
    exec(jac.export(jac.derive("norm(x) + std(x)", "x", check=False)), names)
    x = np.array(ROWS if scale == 1 else [[3.0, 4.0], [-0.25, 7.5], [1.0, 1.0]]) * scale
    with np.errstate(all="raise", under="ignore"):
        norm, std = (names[name](x, axis) for name in ("norm", "std"))
        rows = [x.reshape(-1)] if axis is None else list(x)
        assert np.allclose(norm, [math.hypot(*row) for row in rows], rtol=1e-15, atol=0)
        if scale != 1:
            assert np.allclose(std, names["std"](x / scale, axis=axis) * scale, rtol=1e-15, atol=0)
    assert names["norm"](np.array([np.inf, 1.0])) == np.inf
    assert names["norm"](np.array([10**10, 0])) == 1e10
    assert names["norm"](np.ones(2, np.float32)).dtype == np.float32
