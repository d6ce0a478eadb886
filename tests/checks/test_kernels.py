"""Functions that NumPy lacks: each kernel against mpmath, to a few units in the last place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.ops import FUNCTIONS, Row
from jacobian_cli.syntax.errors import InputError

RNG = np.random.default_rng(0)
POSITIVE = np.concatenate([
    RNG.uniform(1e-3, 0.5, 80), RNG.uniform(0.5, 2.5, 200), RNG.uniform(2.5, 12, 120), 10 ** RNG.uniform(-8, 8, 80),
    1 + 10.0 ** -np.arange(1, 15), 2 - 10.0 ** -np.arange(1, 15),
    [1.4616321449683622, 1.46163214497, 8.0, 2.5, 1.5, 0.5],
])  # fmt: skip
REAL = np.concatenate([RNG.uniform(-3, 3, 200), [-6.0, -1e-9, 0.0, 1e-300, 5.5]])
KERNELS: dict[str, tuple[tuple[Any, ...], Any, Callable[..., Any]]] = {
    "erf": ((), REAL, mpmath.erf),
    "erfc": ((), REAL, mpmath.erfc),
    "erfinv": (
        (),
        np.concatenate([RNG.uniform(-1, 1, 200), 1 - 10.0 ** -np.arange(1, 15), [1e-300, 0.5]]),
        mpmath.erfinv,
    ),
    "lgamma": ((), POSITIVE, mpmath.loggamma),
    "digamma": ((), POSITIVE, mpmath.digamma),
    "polygamma": ((2,), POSITIVE[::4], mpmath.polygamma),
}
BY_OTHER_TESTS = {"largest", "smallest", "logdet", "cholesky", "norm", "std", "prod_of_others", "cofactors"}
BY_OTHER_TESTS |= set(
    "eigvalsh eigvecs inv_gaps svdvals spectral_norm nuclear_norm polar pinv sqrtm expm slogdet".split()
)
BY_OTHER_TESTS |= {"bilinear", "skew", "rot2", "take", "one_hot", "scatter_add", "vech", "duplication", "elimination"}
BY_OTHER_TESTS |= {"unfold", "fold", "correlate", "convolve", "largest_so_far", "smallest_so_far"}
"""Of whole arrays: tests/calculus/test_maxima, tests/checks/test_evaluate, tests/checks/test_spectral,
tests/elaborate/test_rearranging and test_variants, tests/engine/test_everywhere and below.
"""
ULPS = 4


@pytest.mark.parametrize(("n", "k"), [(1, 1), (5, 1), (5, 3), (4, 4)])
def test_windows_are_those_of_numpy(n: int, k: int) -> None:
    unfold, fold, correlate, convolve = (FUNCTIONS[f].kernel for f in ("unfold", "fold", "correlate", "convolve"))
    assert unfold is not None
    assert fold is not None
    assert correlate is not None
    assert convolve is not None
    x, y, arrived = RNG.standard_normal(n), RNG.standard_normal(k), RNG.standard_normal((n - k + 1, k))
    windows = np.lib.stride_tricks.sliding_window_view(x, k)
    assert np.array_equal(unfold(np, x, k), windows)
    np.testing.assert_allclose(np.sum(fold(np, arrived) * x), np.sum(arrived * windows), rtol=1e-12)
    np.testing.assert_allclose(correlate(np, x, y), np.correlate(x, y, "valid"), rtol=1e-12)
    np.testing.assert_allclose(convolve(np, x, y), np.convolve(x, y), rtol=1e-12)


def test_every_kernel_is_compared() -> None:
    assert {name for name, row in FUNCTIONS.items() if row.kernel} == set(KERNELS) | BY_OTHER_TESTS


@pytest.mark.parametrize("name", KERNELS)
def test_kernel_is_right_to_the_last_places(name: str) -> None:
    before, points, exact = KERNELS[name]
    kernel = FUNCTIONS[name].kernel
    assert kernel is not None
    found = kernel(np, *before, points)
    with mpmath.workdps(40):
        for x, value in zip(points, found, strict=True):
            true = exact(*before, mpmath.mpf(float(x)))
            assert abs(mpmath.mpf(float(value)) - true) <= ULPS * np.spacing(abs(float(true))), x


@pytest.mark.parametrize("name", ["lgamma", "digamma"])
def test_kernels_of_positive_numbers_say_nan_elsewhere(name: str) -> None:
    kernel = FUNCTIONS[name].kernel
    assert kernel is not None
    assert np.isnan(kernel(np, np.array([0.0, -1.5, np.nan]))).all()


INCOMPLETE = {
    "no value": Row(name="mystery", summary="", derivative=("1",)),
    "no slope": Row(name="mystery", summary="", kernel=lambda np, x: x),
}


@pytest.mark.parametrize("which", INCOMPLETE)
def test_an_incomplete_row_is_refused_at_its_use(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FUNCTIONS, "mystery", INCOMPLETE[which])
    with pytest.raises(InputError, match="mystery cannot be used: its row in the table has neither a definition"):
        jac.derive("sum(mystery(x))", wrt="x")


@pytest.mark.parametrize("row", FUNCTIONS.values(), ids=FUNCTIONS)
def test_every_row_is_complete(row: Row) -> None:
    assert not row.lacks


def test_a_kernel_without_a_rule_for_autograd_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    row = replace(FUNCTIONS["erf"], name="erf_again")
    monkeypatch.setitem(FUNCTIONS, "erf_again", row)
    with pytest.raises(AssertionError, match="autograd cannot look into the kernel of erf_again: it wants a rule"):
        jac.derive("sum(erf_again(x))", wrt="x").check(points=1)
