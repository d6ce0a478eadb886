"""Sums over an index: what they run over, and how far."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.syntax.errors import InputError
from tests.syntax.reading import program

Array = Any


def shapes(text: str, wrt: str = "", **declared: str) -> dict[str, str]:
    """The sizes of every variable."""
    found = program(text, wrt, declared)
    return {name: ",".join(map(str, variable.shape)) for name, variable in found.variables.items()}


def test_a_limit_names_a_size() -> None:
    assert shapes(r"\frac{1}{N}\sum_{i=1}^N (y_i - w^T x_i)^2") == {"y": "N", "x": "N,n", "w": "n"}
    assert shapes("∑ᵢ₌₁ⁿ xᵢ + ∑ⱼ₌₁ᵐ yⱼ") == {"x": "n", "y": "m"}
    assert shapes(r"\sum_{n=1}^N x_n^2 + b", x="N") == {"x": "N", "b": ""}
    assert shapes(r"x = A b; \frac{1}{N} \sum_{i=1}^N x_i") == {"A": "N,n", "b": "n"}


@pytest.mark.parametrize(
    ("text", "declared", "message"),
    [
        (r"\sum_{i=1}^3 x_i^2", {"x": "4"}, "the sum runs to 3, and x has 4 entries"),
        (r"\sum_{i=1}^3 w^T x_i", {"x": "4,n"}, "the sum runs to 3, and x has 4 rows"),
        (r"\sum_{i=1}^n x_i", {"x": "m"}, "the sum runs to n, and x has m entries"),
        (r"\sum_{i=1}^N x_i + \sum_{i=1}^M x_i", {}, "one sum over x runs to N, another to M"),
        (r"\sum_{n=1}^n x_n", {}, "this sum runs from 1 to its own index n"),
        (r"\sum_{i=1}^N x_i", {"N": "()"}, "'N' is declared as a variable and used as a size"),
        (r"\sum_i x_i \sum_i y_i", {}, "two sums run over one index i"),
        (r"w^T \sum_i x_i", {}, "a row stands before a sum of numbers"),
        (r"A \sum_i x_i", {}, "a matrix stands before a sum of numbers"),
        (r"\| \sum_i x_i \|^2", {}, "a sum of numbers has no norm"),
        (r"(\sum_i x_i)^T y", {}, "a sum of numbers has no transpose"),
        (r"\sum_i x_i - y_i", {}, "a sum ends before the next + or −, and this entry stands behind it"),
        (r"\sum_{ij} A_{ij} x_i", {}, "a sum over two indices is not read"),
        (r"\sum_i (\sum_j A_{ij} x_j)^2", {}, "a sum stands in one over another index"),
    ],
)
def test_what_does_not_run_over_all_is_refused(text: str, declared: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        program(text, shapes=declared)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "way"),
    [
        (r"w^T \sum_i x_i", r"\sum_i w^T x_i"),
        (r"(\sum_i x_i - y_i)^2", r"(\sum_i (x_i - y_i))^2"),
        (r"-\sum_n\sum_k t_{nk}\log y_{nk}", "sum(t*log(y))"),
        (r"\sum_{i,j} (x_i - y_j)^2", "sum((x[:, None] - y)**2)"),
        (r"\sum_i \sum_j x_i A_{ji} x_j", "sum(x*A*x[:, None])"),
        (r"\max_{ij} |A_{ij}|", "max(abs(A))"),
        (r"\min_w (w^T x)", "(w^T x)"),
    ],
)
def test_the_way_out_says_the_same(text: str, way: str) -> None:
    with pytest.raises(InputError) as caught:
        program(text)
    assert caught.value.pastes[0] == way


OF_ROWS: dict[str, Callable[..., Array]] = {
    r"\sum_i w^T A B x_i": lambda x, w, a, b: sum(w @ a @ b @ row for row in x),
    r"\sum_i w^T A B^T C x_i": lambda x, w, a, b, c: sum(w @ a @ b.T @ c @ row for row in x),
    r"\sum_i x_i^T A B w": lambda x, w, a, b: sum(row @ a @ b @ w for row in x),
    r"\sum_i x_i^T A B x_i": lambda x, a, b: sum(row @ a @ b @ row for row in x),
    r"\sum_i x_i^T A B z_i": lambda x, z, a, b: sum(r @ a @ b @ s for r, s in zip(x, z, strict=True)),
    r"\sum_i x_i^T A^T B z_i": lambda x, z, a, b: sum(r @ a.T @ b @ s for r, s in zip(x, z, strict=True)),
    r"\sum_i A B x_i": lambda x, a, b: sum(a @ b @ row for row in x),
    r"\sum_i y_i A B C x_i": lambda x, y, a, b, c: sum(k * (a @ b @ c @ row) for k, row in zip(y, x, strict=True)),
    r"\sum_i (w^T x_i - y_i) A B x_i": lambda x, y, w, a, b: sum(
        (w @ row - k) * (a @ b @ row) for k, row in zip(y, x, strict=True)
    ),
    r"\sum_i y_i x_i z_i^T": lambda x, y, z: sum(k * np.outer(r, s) for k, r, s in zip(y, x, z, strict=True)),
    r"\sum_i (y_i - w^T A B x_i)^2": lambda x, y, w, a, b: sum(
        (k - w @ a @ b @ row) ** 2 for k, row in zip(y, x, strict=True)
    ),
}
"""Sums over the rows of x and z, and what they are, row by row; a, b, c are the matrices A, B, C."""


@pytest.mark.parametrize("text", OF_ROWS)
def test_a_sum_over_rows_is_what_its_terms_add_up_to(text: str) -> None:
    declared = {"x": "k,n", "z": "k,n", "y": "k", "w": "n", **dict.fromkeys("abc", "n,n")}
    wanted, sizes, rng = OF_ROWS[text], {"n": 3, "k": 4}, np.random.default_rng(0)
    names = inspect.signature(wanted).parameters
    at = {name: rng.standard_normal([sizes[s] for s in declared[name].split(",")]) for name in names}
    called = {name: name.upper() if name in "abc" else name for name in names}
    output = program(text, shapes={called[name]: declared[name] for name in names}).output
    found = evaluate(output, {called[name]: value for name, value in at.items()}, sizes)
    np.testing.assert_allclose(found, wanted(**at), rtol=1e-12)
