"""At points where the printed derivative divides by zero, overflows or vanishes, the tape has the derivative all the
same: worked out by hand, by loops, and by differences of numbers scaled down.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.syntax.errors import InputError

SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
DEFICIENT = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 1.0]])


def cofactors(a: Any) -> Any:
    """By minors."""
    n = len(a)
    minors = [
        [np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) if n > 1 else 1.0 for j in range(n)] for i in range(n)
    ]
    return np.array([[(-1) ** (i + j) * minors[i][j] for j in range(n)] for i in range(n)])


def others(x: Any) -> Any:
    """By leaving each out."""
    return np.array([np.prod(np.delete(x, k)) for k in range(len(x))])


ZEROS = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0], [1.0, 2.0, 3.0]])
POINTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("prod(x)", {"x": [0, 2, 3]}, {"x": [6, 0, 0]}),
    ("prod(x)", {"x": [0, 0, 3]}, {"x": [0, 0, 0]}),
    ("prod(x)", {"x": [1e-200, 1e-200, 1e200]}, {"x": [1, 1, 0]}),
    ("sum(prod(A, axis=1))", {"A": ZEROS}, {"A": [others(row) for row in ZEROS]}),
    ("sum(prod(A, axis=0))", {"A": ZEROS}, {"A": np.transpose([others(row) for row in ZEROS.T])}),
    ("prod(A)", {"A": ZEROS[2:] * [[0, 1, 1]]}, {"A": [[6, 0, 0]]}),
    ("prod(x)*prod(y)", {"x": [0, 2], "y": [0, 5]}, {"x": [0, 0], "y": [0, 0]}),
    ("prod(sin(x))", {"x": [0, np.pi / 2]}, {"x": [1, 0]}),
    ("det(A)", {"A": SINGULAR}, {"A": [[4, -2], [-2, 1]]}),
    ("det(A)", {"A": DEFICIENT}, {"A": cofactors(DEFICIENT)}),
    ("det(A)", {"A": np.zeros((3, 3))}, {"A": np.zeros((3, 3))}),
    ("det(A)**2", {"A": SINGULAR}, {"A": np.zeros((2, 2))}),
    ("det(A@A.T)", {"A": SINGULAR}, {"A": np.zeros((2, 2))}),
    ("norm(x)", {"x": [3e200, 4e200]}, {"x": [0.6, 0.8]}),
    ("norm(x)", {"x": [3e-200, 4e-200]}, {"x": [0.6, 0.8]}),
    ("sum(norm(A, axis=1))", {"A": [[3e200, 4e200], [3, 4]]}, {"A": [[0.6, 0.8], [0.6, 0.8]]}),
    ("sum(norm(A, axis=0))", {"A": [[3e200, 3], [4e200, 4]]}, {"A": [[0.6, 0.6], [0.8, 0.8]]}),
    ("std(x)", {"x": [-1e200, 1e200]}, {"x": [-0.5, 0.5]}),
    ("x.T@normalize(y)/norm(x)", {"y": [3e200, 4e200], "x": [3.0, 4.0]}, {"y": [0, 0]}),
    ("x**y", {"x": 0.0, "y": 2.0}, {"x": 0, "y": 0}),
    ("x**y", {"x": 0.0, "y": 1.0}, {"x": 1, "y": 0}),
    ("x**y", {"x": 0.0, "y": 0.5}, {"y": 0}),
    ("x**3", {"x": 0.0}, {"x": 0}),
    ("sum(x**y)", {"x": [0.0, 2.0], "y": 2.0}, {"x": [0, 4], "y": 4 * np.log(2)}),
]


def shapes(at: dict[str, Any]) -> dict[str, Any]:
    return {name: ("", "n", "m,p" if name == "A" else "n,n")[np.ndim(value)] for name, value in at.items()}


@pytest.mark.parametrize(("formula", "at", "gradients"), POINTS)
def test_the_tape_has_the_derivative(formula: str, at: dict[str, Any], gradients: dict[str, Any]) -> None:
    declared = {} if "det" in formula else shapes(at)
    _, found = jac.tape(formula, wrt=list(gradients), shapes=declared).gradients(**at)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-12, atol=1e-13)


SEEN = [(f, at, g) for f, at, g in POINTS if g.keys() == at.keys() and at != {"x": [1e-200, 1e-200, 1e200]}]
"""All but a point where autograd's own product vanishes."""


@pytest.mark.parametrize(("formula", "at", "gradients"), SEEN)
def test_the_graph_has_it_too(formula: str, at: dict[str, Any], gradients: dict[str, Any]) -> None:
    found = jac.backprop(formula, at=at)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(found.gradients[name], gradient, rtol=1e-12, atol=1e-13)
    assert found.check.passed is not False, found.check.engines


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("norm(x)", {"x": [0, 0]}),
        ("x**y", {"x": 0, "y": 0}),
        ("sqrt(x)", {"x": 0}),
        ("inv(A)", {"A": SINGULAR}),
        ("logdet(A)", {"A": SINGULAR}),
        ("log(prod(x))", {"x": [0, 2]}),
        ("sqrt(det(A))", {"A": SINGULAR}),
    ],
)
def test_where_there_is_no_derivative_none_is_made_up(formula: str, at: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        jac.backprop(formula, at=at)


RULES = [(name, k) for name, row in FUNCTIONS.items() for k in range(len(row.everywhere))]


@pytest.mark.parametrize(("name", "k"), RULES)
def test_it_is_the_printed_derivative_where_that_is_defined(name: str, k: int) -> None:
    """The two texts of a row, each evaluated, at random points of the domain."""
    row, rng = FUNCTIONS[name], np.random.default_rng(0)
    matrix = row.signatures[0].startswith("ii")
    size = meaning("zeros(N)", ()).shape
    shape = size * 2 if matrix else size if "axis" in row.options else ()
    value = () if matrix or "keepdims" in row.options else shape
    names = (*row.parameters, "ans")
    kinds = (*(shape for _ in row.parameters), value)
    for _ in range(20):
        at = {p: rng.uniform(0.2, 2.0, (4,) * len(shape)) for p in row.parameters}
        call = f"{name}({', '.join(row.parameters)})" if row.called else name.join(row.parameters)
        at["ans"] = evaluate(meaning(call, row.parameters, kinds[:-1]), at, {"N": 4})
        printed, computed = (
            evaluate(meaning(t[k], names, kinds), at, {"N": 4}) for t in (row.derivative, row.everywhere)
        )
        np.testing.assert_allclose(computed, printed, rtol=1e-9, atol=1e-12)


KERNELS: dict[str, Callable[..., Any]] = {
    "norm": lambda x: np.sqrt(np.sum(x * x)),
    "prod_of_others": others,
    "cofactors": cofactors,
}


@pytest.mark.parametrize("name", KERNELS)
def test_kernels(name: str) -> None:
    rng = np.random.default_rng(0)
    kernel: Any = FUNCTIONS[name].kernel
    for length in (1, 2, 5):
        x = rng.standard_normal((length, length) if name == "cofactors" else length)
        np.testing.assert_allclose(kernel(np, x), KERNELS[name](x), rtol=1e-10)
    batch = rng.standard_normal((3, 4, 4))
    whole = kernel(np, batch) if name == "cofactors" else kernel(np, batch, axis=-1)
    rows = batch if name == "cofactors" else batch.reshape(-1, 4)
    np.testing.assert_allclose(np.reshape(whole, -1), np.ravel([KERNELS[name](row) for row in rows]), rtol=1e-9)


def test_kernels_along_axes() -> None:
    """Several axes are one row; an empty batch gives an empty value."""
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    prod_of_others, norm = FUNCTIONS["prod_of_others"].kernel, FUNCTIONS["norm"].kernel
    assert prod_of_others is not None
    assert norm is not None
    for axes in ((0,), 1, (0, 2), (2, 0), None, (-1, 1)):
        np.testing.assert_allclose(prod_of_others(np, x, axes) * x, np.prod(x, axis=axes, keepdims=True) + 0 * x)
        for keepdims in (False, True):
            plain = np.sqrt(np.sum(x**2, axis=axes, keepdims=keepdims))
            np.testing.assert_array_equal(norm(np, x, axes, keepdims), plain)
    assert prod_of_others(np, np.zeros((0, 3)), 1).shape == (0, 3)
    assert norm(np, np.zeros((0, 3)), 1).shape == (0,)
    assert norm(np, np.zeros((3, 0)), 1).tolist() == [0, 0, 0]
