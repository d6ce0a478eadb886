"""What only picks and rearranges entries, each against NumPy's own: values, exported source, derivatives, the tape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.syntax.errors import InputError

RNG = np.random.default_rng(0)
VALUES: dict[str, Any] = {
    "A": RNG.standard_normal((4, 6)), "x": RNG.standard_normal(6), "T": RNG.standard_normal((2, 3, 4)),
    "y": RNG.standard_normal(3), "i": np.array([2, 0, 2]), "J": np.array([[1, 0, 3], [3, 3, 2]]),
    "r": np.array([5, 0, 1, 5]), "k": np.array(1),
}  # fmt: skip
SHAPES = {"x": "n", "A": "m,n", "T": "p,q,m", "y": "d", "i": "d", "J": "b,t", "r": "m", "k": ""}


def scattered(x: Any, i: Any, n: int) -> Any:
    found = np.zeros((n, *x.shape[1:]))
    for row, place in zip(x, i, strict=True):
        found[place] += row
    return found


SAME: dict[str, Callable[..., Any]] = {
    "x[::2]": lambda x: x[::2],
    "x[1::2]": lambda x: x[1::2],
    "x[::-1]": lambda x: x[::-1],
    "x[4:1:-1]": lambda x: x[4:1:-1],
    "x[::-2]": lambda x: x[::-2],
    "x[5:0:-2]": lambda x: x[5:0:-2],
    "A[:, 1:-1]": lambda a: a[:, 1:-1],
    "A[::-1, ::3]": lambda a: a[::-1, ::3],
    "A[..., ::-1]@x": lambda a, x: a[..., ::-1] @ x,
    "T[:, ::-1, 1:]": lambda t: t[:, ::-1, 1:],
    "x[[0, 2, 0, -1]]": lambda x: x[[0, 2, 0, -1]],
    "A[[1, 0, 1]]@x": lambda a, x: a[[1, 0, 1]] @ x,
    "A[:, [3, 3]]": lambda a: a[:, [3, 3]],
    "T[0][:, [1, 1]]": lambda t: t[0][:, [1, 1]],
    "flip(x)": np.flip,
    "flip(A)": np.flip,
    "flip(A, 0)": lambda a: np.flip(a, 0),
    "flip(T, axis=(0, 2))": lambda t: np.flip(t, (0, 2)),
    "roll(x, 2)": lambda x: np.roll(x, 2),
    "roll(x, -1)": lambda x: np.roll(x, -1),
    "roll(A, 1, axis=1)": lambda a: np.roll(a, 1, axis=1),
    "roll(A, 5)": lambda a: np.roll(a, 5),
    "pad(x, 2)": lambda x: np.pad(x, 2),
    "pad(x, (0, 2))": lambda x: np.pad(x, (0, 2)),
    "pad(A, ((1, 0), (2, 3)))": lambda a: np.pad(a, ((1, 0), (2, 3))),
    "pad(T, 1)": lambda t: np.pad(t, 1),
    "repeat(x, 2)": lambda x: np.repeat(x, 2),
    "repeat(A, 2)": lambda a: np.repeat(a, 2),
    "repeat(A, 3, axis=0)": lambda a: np.repeat(a, 3, axis=0),
    "repeat(A, 3, axis=1)": lambda a: np.repeat(a, 3, axis=1),
    "repeat(T, 2, axis=1)": lambda t: np.repeat(t, 2, axis=1),
    "tile(x, 3)": lambda x: np.tile(x, 3),
    "tile(x, (2, 2))": lambda x: np.tile(x, (2, 2)),
    "tile(A, 2)": lambda a: np.tile(a, 2),
    "tile(A, (2, 3))": lambda a: np.tile(a, (2, 3)),
    "swapaxes(A, 0, 1)": lambda a: a.swapaxes(0, 1),
    "swapaxes(T, 0, -1)": lambda t: t.swapaxes(0, -1),
    "moveaxis(T, 0, -1)": lambda t: np.moveaxis(t, 0, -1),
    "moveaxis(T, (0, 1), (2, 0))": lambda t: np.moveaxis(t, (0, 1), (2, 0)),
    "ravel(T)": np.ravel,
    "flatten(A)": np.ravel,
    "squeeze(A[:, :1])": lambda a: np.squeeze(a[:, :1]),
    "squeeze(A[:, :1], 1)*T[0, 0]": lambda a, t: a[:, 0] * t[0, 0],
    "expand_dims(x, 0)": lambda x: np.expand_dims(x, 0),
    "expand_dims(A, -1)": lambda a: np.expand_dims(a, -1),
    "diff(x)": np.diff,
    "diff(x, 2)": lambda x: np.diff(x, 2),
    "diff(A, axis=0)": lambda a: np.diff(a, axis=0),
    "A[i]": lambda a, i: a[i],
    "A[i]@x*y": lambda a, x, y, i: (a[i] @ x) * y,
    "A[:, i]@y": lambda a, y, i: a[:, i] @ y,
    "A[J]": lambda a, j: a[j],
    "x[i]*y": lambda x, y, i: x[i] * y,
    "x[k]*x": lambda x, k: x[k] * x,
    "A[k]": lambda a, k: a[k],
    "A[:, k]": lambda a, k: a[:, k],
    "A[i, 1:]": lambda a, i: a[i, 1:],
    "take(A, i, axis=1)": lambda a, i: np.take(a, i, axis=1),
    "take(T, i, axis=1)": lambda t, i: np.take(t, i, axis=1),
    "one_hot(i, d)@y": lambda y, i: np.eye(3)[i] @ y,
    "scatter_add(y, i, 5)": lambda y, i: scattered(y, i, 5),
    "scatter_add(A, r, 7)@x": lambda a, x, r: scattered(a, r, 7) @ x,
    "take_along_axis(A, r)": lambda a, r: a[np.arange(4), r],
    "cross_entropy(A, r)": lambda a, r: np.mean(np.log(np.exp(a).sum(-1)) - a[np.arange(4), r]),
    "cross_entropy(x, k)": lambda x, k: np.log(np.exp(x).sum()) - x[k],
    "cross_entropy(A@x, k)": lambda a, x, k: np.log(np.exp(a @ x).sum()) - (a @ x)[k],
}


@pytest.mark.parametrize("formula", SAME)
def test_same_as_numpy(formula: str) -> None:
    call = formula.replace("axis", "")
    inside = "".join(c if c.isalnum() or c == "_" else " " for c in call).split()
    given = {name: value for name, value in VALUES.items() if name in inside}
    shapes = {name: SHAPES[name] for name in given}
    wrt = next(name for name in ("x", "A", "T", "y") if name in given)
    for variable in {wrt, *(name for name in ("A", "y") if name in given)}:
        derivation = jac.derive(formula, variable, shapes, check=False)  # what is exported is checked below
        functions: dict[str, Any] = {}
        exec(derivation.to_python("numpy"), functions)
        value = functions["value"](**given)
        np.testing.assert_allclose(value, SAME[formula](*given.values()), rtol=1e-12, atol=1e-14)
        assert derivation.check(points=2).passed, formula
        upstream = RNG.standard_normal(np.shape(value))
        found, point = functions["vjp"](upstream, **given), given[variable]
        numeric = np.zeros(np.shape(point))
        for place in np.ndindex(np.shape(point)):
            step = np.zeros(np.shape(point))
            step[place] = 1e-6
            ends = [functions["value"](**{**given, variable: point + sign * step}) for sign in (1, -1)]
            numeric[place] = np.sum(upstream * (ends[0] - ends[1])) / 2e-6
        np.testing.assert_allclose(found, numeric, rtol=1e-6, atol=1e-8)
    assert jac.backprop(f"sum(({formula})**2)", at=given, shapes=shapes).check.passed


@pytest.mark.parametrize(
    ("formula", "form"),
    [
        ("A[i]", "scatter_add(delta, i, m)"),
        ("A[[1, 0, 1]]@x", "scatter_add(delta, [1, 0, 1], m)@x.T"),
        ("x[::-1]", "delta[::-1]"),
        ("x[i]", "scatter_add(delta, i, n)"),
        ("pad(x, 2)", "delta[2:n + 2]"),
        ("cross_entropy(x, k)", "delta*(softmax(x) - one_hot(k, n))"),
        ("scatter_add(y, i, n)", "delta[i]"),
    ],
)
def test_backward_rules_people_know(formula: str, form: str) -> None:
    wrt = next(name for name in ("A", "x", "y") if name in formula.replace("axis", "").replace("entropy", ""))
    assert jac.derive(formula, wrt, {n: s for n, s in SHAPES.items() if n in formula}).vjp.closed_form == form


def test_a_declared_index_is_a_variable() -> None:
    found = jac.derive("sum((W[i]@x - y)**2)", "W", assume={"i": "index"})
    assert found.gradient is not None
    assert found.gradient.closed_form == "2*scatter_add(W[i]@x - y, i, n)@x.T"
    assert found.check().passed


def test_half_of_a_size_is_said() -> None:
    found = jac.derive("x[::2]*y", "x")
    assert found.problem.wants == ("n a multiple of 2",)
    functions: dict[str, Any] = {}
    exec(found.to_python("numpy"), functions)
    with pytest.raises(ValueError, match="n a multiple of 2, and n = 5"):
        functions["value"](x=np.ones(5), y=np.ones(3))


@pytest.mark.parametrize(
    ("formula", "wrt", "options", "told"),
    [
        ("x[i]", "i", {"shapes": {"i": "k"}}, "holds places"),
        ("x[m]", "x", {"shapes": {"m": "k"}, "assume": {"m": "binary"}}, "no size can say"),
        ("x[x > 0]", "x", {}, "no size can say"),
        ("A[[0], [1]]", "A", {}, "only slices"),
        ("x[i]", "x", {"shapes": {"i": "k", "x": "3"}, "at": {"i": [0, 3], "x": [1, 2, 3]}}, "from 0 to 2"),
    ],
)
def test_refused(formula: str, wrt: str, options: dict[str, Any], told: str) -> None:
    at = options.pop("at", None)
    with pytest.raises(InputError, match=told):
        jac.backprop(f"sum({formula})", at, shapes=options["shapes"]) if at else jac.derive(formula, wrt, **options)
