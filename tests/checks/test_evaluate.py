"""What formulas mean: each against NumPy written out by hand, at points that a seed fixes."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import autograd.numpy
import numpy as np
import pytest

from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.evaluate.evaluate import evaluate, numeric
from jacobian_cli.evaluate.kernels import Kernels
from jacobian_cli.expr import Apply, Number, Variable
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.shape import Size
from tests.checks.formulas import SIZES, lengths, typed

A = np.array
LOOSE = {"x": "n", "y": "n", "b": "m", "A": "n,m", "B": "m,k", "S": "n,n", "r": "1,m", "c": ""}
MEANINGS: list[tuple[str, Callable[..., Any]]] = [
    ("x.T@y", lambda v: sum(v["x"] * v["y"])),
    ("x@y", lambda v: sum(v["x"] * v["y"])),
    ("x@b.T", lambda v: A([[p * q for q in v["b"]] for p in v["x"]])),
    ("A@b", lambda v: A([sum(row * v["b"]) for row in v["A"]])),
    ("A@B", lambda v: A([[sum(row * col) for col in v["B"].T] for row in v["A"]])),
    ("x.T@A", lambda v: A([[sum(v["x"] * col) for col in v["A"].T]])),
    ("x.T@y@b.T", lambda v: A([sum(v["x"] * v["y"]) * v["b"]])),
    ("b@(x.T@y)", lambda v: v["b"] * sum(v["x"] * v["y"])),
    ("r@b", lambda v: sum(v["r"][0] * v["b"])),
    ("r.T", lambda v: v["r"][0]),
    ("x.T", lambda v: A([v["x"]])),
    ("A.T", lambda v: A([[v["A"][i, j] for i in range(2)] for j in range(3)])),
    ("c.T", lambda v: v["c"]),
    ("A + b", lambda v: A([row + v["b"] for row in v["A"]])),
    ("A/c - 2*A**2", lambda v: v["A"] / v["c"] - 2 * v["A"] * v["A"]),
    ("-x**2/2", lambda v: A([-p * p / 2 for p in v["x"]])),
    ("sum(x)/n + n", lambda v: sum(v["x"]) / 2 + 2),
    ("pi*c + e", lambda v: math.pi * v["c"] + math.e),
    ("x > y", lambda v: A([float(p > q) for p, q in zip(v["x"], v["y"], strict=True)])),
    ("(x >= x) + (x < x) + (x == x) + (x != x) + (x <= x)", lambda v: A([3.0, 3.0])),
    ("where(x > 0, 1, c)", lambda v: A([1.0 if p > 0 else v["c"] for p in v["x"]])),
    ("where(x, 1, c)", lambda v: A([1.0, 1.0])),
    ("maximum(A, b)", lambda v: A([[max(p, q) for p, q in zip(row, v["b"], strict=True)] for row in v["A"]])),
    ("erf(x)", lambda v: A([math.erf(p) for p in v["x"]])),
    ("sigmoid(x)", lambda v: A([1 / (1 + math.exp(-p)) for p in v["x"]])),
    ("relu(A)", lambda v: A([[max(p, 0.0) for p in row] for row in v["A"]])),
    ("leaky_relu(x)", lambda v: A([p if p > 0 else 0.01 * p for p in v["x"]])),
    ("leaky_relu(x, c)", lambda v: A([p if p > 0 else v["c"] * p for p in v["x"]])),
    ("softplus(x)", lambda v: A([math.log1p(math.exp(p)) for p in v["x"]])),
    ("elu(x)", lambda v: A([p if p > 0 else math.expm1(p) for p in v["x"]])),
    ("gelu(x)", lambda v: A([p * 0.5 * math.erfc(-p / math.sqrt(2)) for p in v["x"]])),
    ("silu(x)", lambda v: A([p / (1 + math.exp(-p)) for p in v["x"]])),
    ("logaddexp(x, y)", lambda v: A([math.log(sum(map(math.exp, pq))) for pq in zip(v["x"], v["y"], strict=True)])),
    ("sum(A)", lambda v: sum(v["A"].flat)),
    ("sum(A, axis=0)", lambda v: v["A"][0] + v["A"][1]),
    ("mean(A, axis=1, keepdims=True)", lambda v: A([[sum(row) / 3] for row in v["A"]])),
    ("mean(A, axis=-1)", lambda v: A([sum(row) / 3 for row in v["A"]])),
    ("norm(A)", lambda v: math.sqrt(sum(p * p for p in v["A"].flat))),
    ("norm(A, axis=0)", lambda v: A([math.hypot(*col) for col in v["A"].T])),
    ("norm(A, axis=(0, 1), keepdims=True)", lambda v: A([[math.hypot(*v["A"].flat)]])),
    ("norm(A, axis=-1, keepdims=True)", lambda v: A([[math.hypot(*row)] for row in v["A"]])),
    ("norm1(A, axis=0)", lambda v: A([sum(map(abs, col)) for col in v["A"].T])),
    ("var(A, axis=1)", lambda v: A([sum((p - sum(r) / 3) ** 2 for p in r) / 3 for r in v["A"]])),
    ("std(x)", lambda v: abs(v["x"][0] - v["x"][1]) / 2),
    ("prod(A, axis=0)", lambda v: v["A"][0] * v["A"][1]),
    ("logsumexp(x)", lambda v: math.log(math.exp(v["x"][0]) + math.exp(v["x"][1]))),
    ("max(A, axis=1, keepdims=True)", lambda v: A([[max(row)] for row in v["A"]])),
    ("min(A) + max(x, 2*x)", lambda v: A([min(v["A"].flat) + max(p, 2 * p) for p in v["x"]])),
    ("softmax(A)", lambda v: A([[math.exp(p) / sum(map(math.exp, row)) for p in row] for row in v["A"]])),
    ("softmax(A, axis=0)", lambda v: A([[math.exp(p) / sum(map(math.exp, r)) for p in r] for r in v["A"].T]).T),
    ("log_softmax(x)", lambda v: v["x"] - math.log(sum(map(math.exp, v["x"])))),
    ("cumsum(b)", lambda v: A([v["b"][0], v["b"][0] + v["b"][1], sum(v["b"])])),
    ("normalize(b)", lambda v: v["b"] / math.hypot(*v["b"])),
    ("layernorm(b)", lambda v: (v["b"] - sum(v["b"]) / 3) / math.sqrt(sum((v["b"] - sum(v["b"]) / 3) ** 2) / 3)),
    ("rmsnorm(A)", lambda v: A([row / math.sqrt(sum(row * row) / 3) for row in v["A"]])),
    ("det(S)", lambda v: v["S"][0, 0] * v["S"][1, 1] - v["S"][0, 1] * v["S"][1, 0]),
    ("logdet(S@S.T)", lambda v: 2 * math.log(abs(v["S"][0, 0] * v["S"][1, 1] - v["S"][0, 1] * v["S"][1, 0]))),
    ("inv(S)@S", lambda v: A([[1.0, 0.0], [0.0, 1.0]])),
    ("S@solve(S, x)", lambda v: v["x"]),
    ("mse(x, y)", lambda v: sum((v["x"] - v["y"]) ** 2) / 2),
    ("hinge(x, y)", lambda v: sum(max(0.0, 1 - p * q) for p, q in zip(v["x"], v["y"], strict=True)) / 2),
    ("cross_entropy(b, abs(b))", lambda v: sum(abs(v["b"]) * (math.log(sum(map(math.exp, v["b"]))) - v["b"]))),
    ("binary_cross_entropy(sigmoid(c), 1)", lambda v: math.log1p(math.exp(-v["c"]))),
    ("concat(x, c, b)", lambda v: A([*v["x"], v["c"], *v["b"]])),
    ("stack(x, y)", lambda v: A([v["x"], v["y"]])),
    ("trace(S)", lambda v: v["S"][0, 0] + v["S"][1, 1]),
    ("diag(S)", lambda v: A([v["S"][0, 0], v["S"][1, 1]])),
    ("diag(x)", lambda v: A([[v["x"][0], 0], [0, v["x"][1]]])),
    ("outer(x, b)", lambda v: A([[p * q for q in v["b"]] for p in v["x"]])),
    ("dot(x, y)", lambda v: v["x"][0] * v["y"][0] + v["x"][1] * v["y"][1]),
    ("kron(x, b)", lambda v: A([p * q for p in v["x"] for q in v["b"]])),
    ("kron(S, x)", lambda v: A([[v["S"][i, j] * p for j in range(2)] for i in range(2) for p in v["x"]])),
    ("vec(A)", lambda v: A([v["A"][i, j] for j in range(3) for i in range(2)])),
    ("reshape(A, (m, n))", lambda v: A(list(v["A"].flat)).reshape(3, 2)),
    ('einsum("ij,jk->ki", A, B)', lambda v: A([[sum(r * col) for r in v["A"]] for col in v["B"].T])),
    ("A[1]", lambda v: v["A"][1]),
    ("A[:, -1]", lambda v: A([v["A"][0, 2], v["A"][1, 2]])),
    ("A[0, 1:m]", lambda v: A([v["A"][0, 1], v["A"][0, 2]])),
    ("b[:-1]", lambda v: A([v["b"][0], v["b"][1]])),
    ("x[:, None] + A", lambda v: A([[p + q for q in row] for p, row in zip(v["x"], v["A"], strict=True)])),
    ("eye(n)@x + ones(n) + zeros(n)", lambda v: v["x"] + 1),
    ("z = A@b; h = z*z; sum(h)", lambda v: sum(sum(row * v["b"]) ** 2 for row in v["A"])),
]  # fmt: skip


FLAT = (Kind.ELEMENTWISE, Kind.REDUCTION)


@pytest.mark.parametrize(("text", "expected"), MEANINGS, ids=[text for text, _ in MEANINGS])
def test_meaning(text: str, expected: Callable[..., Any]) -> None:
    program = typed(text, **LOOSE)
    rng = np.random.default_rng(1)
    values = {name: np.asarray(rng.standard_normal(size)) for name, size in lengths(program, SIZES).items()}
    values["c"] = np.array(0.5 + rng.random())
    result, by_hand = np.asarray(evaluate(program.output, values, SIZES)), np.asarray(expected(values))
    assert result.shape == by_hand.shape == tuple(s.at(SIZES) for s in program.output.shape)
    np.testing.assert_allclose(result, by_hand, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("text", [text for text, _ in MEANINGS])
def test_autograd_s_numpy_means_the_same(text: str) -> None:
    program = typed(text, **LOOSE)
    rng = np.random.default_rng(2)
    values = {name: rng.standard_normal(size) for name, size in lengths(program, SIZES).items()}
    traced = numeric(Kernels(autograd.numpy))
    np.testing.assert_allclose(
        evaluate(program.output, values, SIZES, traced), evaluate(program.output, values, SIZES), rtol=1e-12, atol=1e-13
    )


def test_a_matrix_of_one_row_stays_a_matrix() -> None:
    """Where a size happens to be 1, a matrix is not mistaken for a row vector."""
    sizes, row = {"n": 1, "m": 3}, np.array([[1.0, 2.0, 3.0]])
    shapes = {"A": "n,m", "b": "m"}
    assert evaluate(typed("A.T", **shapes).output, {"A": row}, sizes).shape == (3, 1)
    assert evaluate(typed("A@b", **shapes).output, {"A": row, "b": row[0]}, sizes).tolist() == [14.0]


def test_a_size_called_n_does_not_disturb_the_count_of_a_reduction() -> None:
    program = typed("norm(X, axis=1) + N", X="N,m")
    value = evaluate(program.output, {"X": np.array([[3.0, 4.0], [0.0, 1.0], [6.0, 8.0]])}, {"N": 3, "m": 2})
    assert value.tolist() == [8.0, 4.0, 13.0]


def test_overflow_is_silent() -> None:
    assert evaluate(typed("exp(c)", c="").output, {"c": 1e4}, {}) == math.inf


def test_numbers_are_exact_until_the_backend_takes_them() -> None:
    assert evaluate(Number(Fraction(1, 3)), {}, {}) == 1 / 3


@pytest.mark.parametrize("name", [r.name for r in FUNCTIONS.values() if r.definition and r.numpy and r.kind in FLAT])
def test_numpy_s_meaning_is_the_definition(name: str) -> None:
    """A row that has both says the same twice."""
    row = FUNCTIONS[name]
    values = {parameter: np.array([0.3, 0.7, 1.9]) * (1 + k) for k, parameter in enumerate(row.parameters)}
    shapes = ((Size.named("N"),),) if row.kind is Kind.REDUCTION else None
    defined = np.asarray(evaluate(meaning(row.definition, row.parameters, shapes), values, {"N": 3}))
    own = np.asarray(getattr(Kernels(), row.numpy)(*values.values()))
    np.testing.assert_allclose(own, defined, rtol=1e-13)


def test_kernels_of_matrices() -> None:
    """Names that the table may use for functions of whole matrices."""
    kernels, x = Kernels(), np.array([[4.0, 2.0], [2.0, 3.0]])
    assert kernels.det(x) == pytest.approx(8)
    logdet, cholesky = (kernels.of(FUNCTIONS[name]) for name in ("logdet", "cholesky"))
    assert logdet is not None
    assert cholesky is not None
    assert logdet(x) == pytest.approx(math.log(8))
    assert np.isnan(logdet(-np.eye(3)))
    size = Size.named("n")
    matrix = Variable("A", (size, size))
    for name in ("cholesky", "inv"):  # a matrix that has none
        none = evaluate(Apply(name, (matrix,), (), matrix.shape), {"A": np.zeros((3, 3))}, {"n": 3})
        assert np.isnan(none).all()
        assert none.shape == (3, 3)
    np.testing.assert_allclose(kernels.inv(x) @ x, np.eye(2), atol=1e-15)
    np.testing.assert_allclose(x @ kernels.inv(x) @ np.ones(2), np.ones(2))
    np.testing.assert_allclose(cholesky(x), np.array([[2, 0], [1, math.sqrt(2)]]))
    cumsum = kernels.of(FUNCTIONS["cumsum"])
    assert cumsum is not None
    assert cumsum(x).tolist() == [[4, 6], [2, 5]]
    assert kernels.concatenate(np.ones(1), 2.0).tolist() == [1, 2]
    assert kernels.stack(np.ones(2), np.zeros(2)).shape == (2, 2)


ALONG = [r.name for r in FUNCTIONS.values() if "axis" in r.options and r.definition and Kernels().of(r) is None]


@pytest.mark.parametrize("name", ALONG)
@pytest.mark.parametrize("axis", [0, 1])
def test_all_rows_at_once_are_each_row_to_the_last_bit(name: str, axis: int) -> None:
    matrix = np.random.default_rng(0).uniform(-30.0, 30.0, (9, 11))
    whole = evaluate(typed(f"{name}(A, axis={axis})", A="n,m").output, {"A": matrix}, {"n": 9, "m": 11})
    one = typed(f"{name}(x)", x="n").output
    alone = np.stack([evaluate(one, {"x": row}, {"n": len(row)}) for row in np.moveaxis(matrix, axis, -1)])
    assert np.array_equal(np.moveaxis(whole, axis, -1) if whole.ndim == 2 else whole, alone, equal_nan=True)
