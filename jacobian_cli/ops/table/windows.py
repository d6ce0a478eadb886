"""Windows that slide along an axis: taken out of an array, added back, and multiplied by a kernel."""

from __future__ import annotations

from typing import Any

from jacobian_cli.ops import picking, structure
from jacobian_cli.ops.row import Kind, Law, Row


def _unfold(np: Any, x: Any, count: Any) -> Any:
    places = np.arange(np.shape(x)[-1] - count + 1)[:, None] + np.arange(count)
    return x[..., places]


def _fold(np: Any, x: Any) -> Any:
    starts, count = np.shape(x)[-2:]
    front = np.shape(x)[:-2]
    total = np.zeros((*front, starts + count - 1))
    for t in range(count):
        sides = [np.zeros((*front, t)), x[..., t], np.zeros((*front, count - 1 - t))]
        total = total + np.concatenate(sides, axis=-1)
    return total


def _correlate(np: Any, x: Any, y: Any) -> Any:
    places = np.arange(np.shape(x)[0] - np.shape(y)[0] + 1)[:, None] + np.arange(np.shape(y)[0])
    return np.matmul(x[places], y)


def _convolve(np: Any, x: Any, y: Any) -> Any:
    behind = np.zeros(np.shape(y)[0] - 1)
    long = np.concatenate([behind, x, behind])
    places = np.arange(np.shape(x)[0] + np.shape(y)[0] - 1)[:, None] + np.arange(np.shape(y)[0])
    return np.matmul(long[places], y[::-1])


WINDOWS = (
    Row(name="unfold", summary="the windows of k entries along the last axis, one in each row: n - k + 1 of them",
        kind=Kind.SHAPE, options=("count",), rule=picking.unfold, form=structure.unfold, kernel=_unfold, moves=True,
        law=Law("windows", "an entry gets back what arrives at it in each of its windows"), flow="windows add back",
        example="unfold(x, 3)"),
    Row(name="fold", summary="windows added where they were taken, the transpose of unfold: entry p sums X[i, p - i]",
        kind=Kind.SHAPE, rule=picking.fold, form=structure.fold, kernel=_fold, moves=False,
        law=Law("windows", "each window sees its part"), example="fold(X)"),
    Row(name="correlate", summary="the kernel y times each window of x, n - k + 1 sums of products (valid); deep "
        "learning's convolution", kind=Kind.SHAPE, parameters=("x", "y"), rule=picking.correlate,
        form=structure.correlate, kernel=_correlate,
        law=Law("correlation", "back to the input, the full convolution with the kernel; to the kernel, the input "
                "correlated with what arrives"), example="correlate(x, y)"),
    Row(name="convolve", summary="the full convolution: entry p sums x[i]*y[p - i]; n + k - 1 entries",
        kind=Kind.SHAPE, parameters=("x", "y"), rule=picking.convolve, form=structure.convolve, kernel=_convolve,
        law=Law("convolution", "back to each, what arrives is correlated with the other"), example="convolve(x, y)"),
)  # fmt: skip
