"""Half-vectors: a symmetric matrix by the entries on and below its diagonal (Magnus & Neudecker 1980)."""

from __future__ import annotations

from typing import Any

from jacobian_cli.ops import shapes, structure
from jacobian_cli.ops.row import Kind, Row


def _vech(np: Any, x: Any) -> Any:
    return np.transpose(x)[np.triu_indices(np.shape(x)[0])]


def _elimination(np: Any, sizes: Any) -> Any:
    n = sizes[0]
    column, row = np.triu_indices(n)
    return np.eye(n * n)[column * n + row]


def _duplication(np: Any, sizes: Any) -> Any:
    n = sizes[0]
    i = np.arange(n)
    row, column = np.maximum(i[:, None], i), np.minimum(i[:, None], i)
    return np.eye(n * (n + 1) // 2)[np.reshape(column * n - column * (column + 1) // 2 + row, (-1,))]


SYMMETRIC = (
    Row(name="vech", summary="the half-vector of a square matrix: its columns stacked, each from the diagonal down",
        kind=Kind.SHAPE, rule=shapes.vech, form=structure.vech, moves=True, kernel=_vech, flow="vech puts back",
        latex=r"\operatorname{vech}", example="vech(A)"),
    Row(name="elimination", summary="L with L vec(A) = vech(A) for A of n rows and columns", kind=Kind.SHAPE,
        parameters=(), options=("sizes",), rule=shapes.elimination, form=structure.elimination, kernel=_elimination,
        example="elimination(n)"),
    Row(name="duplication", summary="D with D vech(A) = vec(A) for a symmetric A of n rows; of a gradient G by vec(A), "
        "D.T@vec(G) is that by vech(A)", kind=Kind.SHAPE, parameters=(), options=("sizes",), rule=shapes.duplication,
        form=structure.duplication, kernel=_duplication, example="duplication(n)"),
    Row(name="unvech", summary="the symmetric matrix with n rows that has this half-vector", kind=Kind.SHAPE,
        options=("count",), reads=structure.unvech, example="unvech(x, 3)"),
)  # fmt: skip
