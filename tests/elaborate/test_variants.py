"""Options that make another function of a row: each value against NumPy's own, each derivative checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.syntax.errors import InputError

RNG = np.random.default_rng(0)
VALUES: dict[str, Any] = {
    "x": RNG.standard_normal(4), "A": RNG.standard_normal((3, 4)), "S": RNG.standard_normal((4, 4)), "c": np.array(0.3)
}  # fmt: skip
FOUR = {"S": "n,4", "x": "4"}
SHAPES = {"x": "m", "A": "n,m", "S": "n,n", "c": ""}


def normed(x: Any, eps: float, axis: int = -1) -> Any:
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + eps)


VARIANTS: dict[str, Callable[..., Any]] = {
    "var(x, ddof=1)": lambda x: np.var(x, ddof=1),
    "var(A, axis=0, ddof=1)": lambda a: np.var(a, axis=0, ddof=1),
    "std(A, axis=1, keepdims=True, ddof=1)": lambda a: np.std(a, axis=1, keepdims=True, ddof=1),
    "var(A, ddof=c)": lambda a, c: a.var() * 12 / (12 - c),
    "norm(x, ord=1)": lambda x: np.linalg.norm(x, 1),
    "norm(x, 2)": lambda x: np.linalg.norm(x, 2),
    "norm(x, 3)": lambda x: np.linalg.norm(x, 3),
    "norm(x, ord=inf)": lambda x: np.linalg.norm(x, np.inf),
    "norm(x, ord=-inf)": lambda x: np.linalg.norm(x, -np.inf),
    "norm(A, ord=1, axis=1)": lambda a: np.linalg.norm(a, 1, axis=1),
    "norm(A, 1)": lambda a: np.linalg.norm(a, 1),
    "norm(A, ord=inf)": lambda a: np.linalg.norm(a, np.inf),
    'norm(A, "fro")': lambda a: np.linalg.norm(a, "fro"),
    "layernorm(x, eps=0.1)": lambda x: normed(x, 0.1),
    "layernorm(A, eps=c)": normed,
    "layernorm(A, axis=0, eps=0.01)": lambda a: normed(a, 0.01, 0),
    "rmsnorm(A, eps=0.01)": lambda a: a / np.sqrt((a**2).mean(-1, keepdims=True) + 0.01),
    "layernorm(A, gain=x, bias=2*x, eps=0.01)": lambda a, x: normed(a, 0.01) * x + 2 * x,
    "rmsnorm(A, gain=x)": lambda a, x: a / np.sqrt((a**2).mean(-1, keepdims=True)) * x,
    "batchnorm(A, eps=0.01)": lambda a: normed(a, 0.01, 0),
    "batchnorm(A, gain=x)": lambda a, x: normed(a, 0.0, 0) * x,
    "batchnorm(A, bias=x, gain=x, eps=0.1)": lambda a, x: normed(a, 0.1, 0) * x + x,
    "multi_dot(A, A.T, 2*A)": lambda a: a @ a.T @ (2 * a),
    "multi_dot([x, A.T, A])": lambda a, x: x @ a.T @ a,
    "multi_dot(A, A.T, A, x)": lambda a, x: a @ a.T @ a @ x,
    "multi_dot(x, A.T, A, x)": lambda a, x: x @ a.T @ a @ x,
    "tensordot(A, A.T, 1)": lambda a: np.tensordot(a, a.T, 1),
    "tensordot(A, 2*A)": lambda a: np.tensordot(a, 2 * a),
    "tensordot(x, A, 0)": lambda a, x: np.tensordot(x, a, 0),
    "tensordot(A, A, ((-1,), (1,)))": lambda a: np.tensordot(a, a, axes=((-1,), (1,))),
    "tensordot(S, S, ((0, 1), (1, 0)))": lambda s: np.tensordot(s, s, axes=((0, 1), (1, 0))),
    "groupnorm(S, 2)": lambda s: normed(s.reshape(8, 2), 0.0).reshape(4, 4),
    "groupnorm(x, 2, eps=0.1)": lambda x: normed(x.reshape(2, 2), 0.1).reshape(4),
    "groupnorm(S, 2, eps=0.1, gain=x, bias=2*x)": lambda s, x: normed(s.reshape(8, 2), 0.1).reshape(4, 4) * x + 2 * x,
    "cov(A, ddof=0)": lambda a: np.cov(a, ddof=0),
    "cov(A, rowvar=False)": lambda a: np.cov(a, rowvar=False),
    "cov(A, rowvar=True)": np.cov,
    "corrcoef(A, rowvar=False)": lambda a: np.corrcoef(a, rowvar=False),
    "corrcoef(A, rowvar=True)": np.corrcoef,
    "cov(x, x**2)": lambda x: np.cov(x, x**2),
    "corrcoef(x, x**2)": lambda x: np.corrcoef(x, x**2),
    "cov(A, rowvar=False, ddof=0)": lambda a: np.cov(a, rowvar=False, ddof=0),
    "norm(A, 2)": lambda a: np.linalg.norm(a, 2),
    'norm(A, "nuc")': lambda a: np.linalg.norm(a, "nuc"),
    "huber(x, delta=0.5)": lambda x: np.where(abs(x) <= 0.5, x**2 / 2, 0.5 * (abs(x) - 0.25)),
    "smooth_l1(x, beta=2)": lambda x: np.where(abs(x) <= 2, x**2 / 4, abs(x) - 1),
    "elu(x, alpha=c)": lambda x, c: np.where(x > 0, x, c * (np.exp(x) - 1)),
    "celu(x, alpha=2)": lambda x: np.where(x > 0, x, 2 * (np.exp(x / 2) - 1)),
    "leaky_relu(x, negative_slope=0.3)": lambda x: np.where(x > 0, x, 0.3 * x),
    "softshrink(x, lambd=0.1)": lambda x: np.sign(x) * np.maximum(abs(x) - 0.1, 0),
    "clip(x, b=0.5, a=-0.5)": lambda x: np.clip(x, -0.5, 0.5),
    "clip(x, max=0.5)": lambda x: np.minimum(x, 0.5),
    "clip(x, min=0.1)": lambda x: np.maximum(x, 0.1),
    "clip(x, None, 0.5)": lambda x: np.minimum(x, 0.5),
    "softplus(x, beta=c)": lambda x, c: np.log1p(np.exp(c * x)) / c,
    "softplus(x, 2)": lambda x: np.log1p(np.exp(2 * x)) / 2,
    "hardtanh(x, max_val=0.2)": lambda x: np.clip(x, -1, 0.2),
    "hardshrink(x, lambd=0.1)": lambda x: np.where(abs(x) > 0.1, x, 0),
    "mod(3*x, 2)": lambda x: np.mod(3 * x, 2),
    "(3*x) % 2 + 9*x // 2": lambda x: (3 * x) % 2 + 9 * x // 2,
    "x*(ceil(9*x) + round(9*x) + trunc(9*x))": lambda x: x * (np.ceil(9 * x) + np.round(9 * x) + np.trunc(9 * x)),
    "sort(A, axis=0, descending=True)": lambda a: -np.sort(-a, axis=0),
    "sort(x, descending=False)": np.sort,
    "sort(A)@x": lambda a, x: np.sort(a) @ x,
    "topk(x, 2)": lambda x: -np.sort(-x)[:2],
    "topk(A, k=2, axis=0, largest=False)": lambda a: np.sort(a, axis=0)[:2],
    "median(A)": np.median,
    "median(x)": np.median,
    "median(A, axis=0)": lambda a: np.median(a, axis=0),
    "median(A, axis=1, keepdims=True)": lambda a: np.median(a, axis=1, keepdims=True),
    "quantile(x, 0.3)": lambda x: np.quantile(x, 0.3),
    "quantile(A, 0.3, axis=1)": lambda a: np.quantile(a, 0.3, axis=1),
    "percentile(A, 30, axis=-1)": lambda a: np.percentile(a, 30, axis=-1),
    "cumprod(A, axis=0)": lambda a: np.cumprod(a, axis=0),
    "cumprod(x)": np.cumprod,
    "cummax(A, axis=0)": np.maximum.accumulate,
    "cummax(x)": np.maximum.accumulate,
    "cummin(A)": lambda a: np.minimum.accumulate(a, axis=1),
    "largest_so_far(x)@x": np.maximum.accumulate,
    "smallest_so_far(x)@x": np.minimum.accumulate,
    "trapezoid(A)": lambda a: np.sum((a[:, 1:] + a[:, :-1]) / 2, axis=1),
    "trapezoid(A, axis=0)": lambda a: np.sum((a[1:] + a[:-1]) / 2, axis=0),
    "trapezoid(x**2, x)": lambda x: np.sum((x[1:] ** 2 + x[:-1] ** 2) / 2 * np.diff(x)),
    "trapezoid(A, x=x)": lambda a, x: np.sum((a[:, 1:] + a[:, :-1]) / 2 * np.diff(x), axis=1),
    "cdist(A, 2*A + 1)": lambda a: np.sqrt(((a[:, None] - 2 * a - 1) ** 2).sum(-1)),
    "cdist(A, 2*A + 1, p=3)": lambda a: (np.abs(a[:, None] - 2 * a - 1) ** 3).sum(-1) ** (1 / 3),
    "vech(S)": lambda a: a.T[np.triu_indices(4)],
    "unvech(vech(S), n)": lambda a: np.tril(a) + np.tril(a, -1).T,
    "duplication(n)@vech(S)": lambda a: (np.tril(a) + np.tril(a, -1).T).T.ravel(),
    "elimination(n)@vec(S)": lambda a: a.T[np.triu_indices(4)],
    "norm(A, -1)": lambda a: np.linalg.norm(a, -1),
    "norm(A, ord=-inf)": lambda a: np.linalg.norm(a, -np.inf),
    "norm(S, -2)": lambda a: np.linalg.norm(a, -2),
    "norm(x, p=3)": lambda x: np.linalg.norm(x, 3),
    "std(x, correction=1)": lambda x: np.std(x, ddof=1),
    "trace(S, offset=1)": lambda a: np.trace(a, 1),
    "cov(A, bias=True)": lambda a: np.cov(a, bias=True),
    "cov(A, bias=False)": np.cov,
    "cov(x, x**2, ddof=0)": lambda x: np.cov(x, x**2, ddof=0),
    "cov(x, x**2, bias=True)": lambda x: np.cov(x, x**2, bias=True),
    "corrcoef(x, x**2, rowvar=True)": lambda x: np.corrcoef(x, x**2),
    "layernorm(A, x, 2*x)": lambda a, x: normed(a, 0.0) * x + 2 * x,
    "rmsnorm(A, x)": lambda a, x: a / np.sqrt((a**2).mean(-1, keepdims=True)) * x,
    "glu(x)": lambda x: x[:2] / (1 + np.exp(-x[2:])),
    "glu(S, axis=1)": lambda a: a[:, :2] / (1 + np.exp(-a[:, 2:])),
    "swiglu(x)": lambda x: x[:2] / (1 + np.exp(-x[:2])) * x[2:],
    "chunk(x, 2, 1)": lambda x: x[2:],
    "softmin(A)": lambda a: np.exp(-a) / np.exp(-a).sum(-1, keepdims=True),
    "logcumsumexp(x)": lambda x: np.log(np.cumsum(np.exp(x))),
    "kl_div(softmax(x), softmax(2*x))": lambda x: np.sum(p(x) * np.log(p(x) / p(2 * x))),
    "diag(x, 1)": lambda x: np.diag(x, 1),
    "diag(x, k=-2)": lambda x: np.diag(x, -2),
    "diag(S, k=1)": lambda a: np.diag(a, 1),
    "diag(S, -1)": lambda a: np.diag(a, -1),
    "diag(x, 0)": np.diag,
    "trace(S, 1)": lambda a: np.trace(a, 1),
    "trace(S, k=-2)": lambda a: np.trace(a, -2),
    "trace(sum(x))": np.sum,
    "det(sum(x))": np.sum,
    "inv(norm(x))": lambda x: 1 / np.linalg.norm(x),
    "eigvalsh(norm(x))": np.linalg.norm,
    "sqrtm(norm(x))": lambda x: np.sqrt(np.linalg.norm(x)),
    "expm(norm(x))": lambda x: np.exp(np.linalg.norm(x)),
    "slogdet(-norm(x))": lambda x: np.log(np.linalg.norm(x)),
    "sqrtm(norm(x)*eye(2))": lambda x: np.sqrt(np.linalg.norm(x)) * np.eye(2),
    "expm(norm(x)*eye(2))": lambda x: np.exp(np.linalg.norm(x)) * np.eye(2),
    "logdet(norm(x))": lambda x: np.log(np.linalg.norm(x)),
    "cholesky(norm(x))": lambda x: np.sqrt(np.linalg.norm(x)),
    "max(x, sin(9*x))": lambda x: np.maximum(x, np.sin(9 * x)),
    "min(x, sin(9*x))": lambda x: np.minimum(x, np.sin(9 * x)),
    "transpose(A)": np.transpose,
    "sum(x[x > 0])": lambda x: x[x > 0].sum(),
    "mean(A[A < 1])": lambda a: a[a < 1].mean(),
    "prod(A[A > 0])": lambda a: a[a > 0].prod(),
    "cross_entropy(x, 2)": lambda x: np.log(np.exp(x).sum()) - x[2],
    "nll_loss(log_softmax(x), 2)": lambda x: np.log(np.exp(x).sum()) - x[2],
    **{f"{f}(A, {k})": lambda a, f=f, k=k: getattr(np, f)(a, k) for f in ("tril", "triu") for k in (-2, -1, 0, 1, 2)},
}


def p(x: Any) -> Any:
    return np.exp(x) / np.exp(x).sum()


@pytest.mark.parametrize("formula", VARIANTS)
def test_variant(formula: str) -> None:
    meant = VARIANTS[formula]
    names = [name for name in VALUES if name in formula.replace("axis", "").replace("max", "").split("(", 1)[1]]
    names = [name for name in names if name != "c" or "=c" in formula]
    given = {name: VALUES[name] for name in names}
    given = {name: given[name] for name in ("A", "S", "x", "c") if name in given}
    wrt = next(iter(given))
    shapes = FOUR if formula.startswith(("groupnorm", "glu", "swiglu", "chunk")) else SHAPES
    declared = {name: shapes[name] for name in names}
    derivation = jac.derive(formula, wrt=wrt, shapes=declared, check=False)  # what is exported is checked below
    functions: dict[str, Any] = {}
    exec(derivation.to_python("numpy"), functions)
    np.testing.assert_allclose(functions["value"](**given), meant(*given.values()), rtol=1e-12, atol=1e-14)
    assert derivation.check(points=2).passed
    assert jac.backprop(f"sum(({formula})**2)", at=given, shapes=declared).check.passed


def test_every_option_of_the_table_is_tried() -> None:
    for name, row in FUNCTIONS.items():
        tried = [formula for formula in VARIANTS if formula.startswith(f"{name}(")]
        assert len(tried) >= len(row.given), name


@pytest.mark.parametrize(
    "formula",
    [
        "norm(A, ord=-3)",
        "norm(A, ord=3)",
        "huber(x, alpha=1, delta=1)",
        "var(x, ddof=True)",
        "tril(A, k)",
        "norm(x, 1, 2)",
        "groupnorm(x, 3)",
        "multi_dot(x)",
        "tensordot(A, x, axes=((0, 1), (0,)))",
        "tensordot(A, x, axes=3)",
    ],
)
def test_what_an_option_cannot_be_is_refused(formula: str) -> None:
    with pytest.raises(InputError):
        jac.derive(formula, wrt="A" if "A" in formula else "x")


def test_an_option_is_a_number_whatever_its_name() -> None:
    assert jac.derive("layernorm(x, eps=e0)", wrt="x").shapes == {"x": ("n",), "e0": ()}
