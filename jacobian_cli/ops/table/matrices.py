"""Functions of matrices, and sums of products in index notation."""

from __future__ import annotations

from typing import Any

from jacobian_cli.ops import shapes
from jacobian_cli.ops.row import Kind, Row

_PHI = "tril(ones(N, N)) - eye(N)/2"
_CHOLESKY = (
    f'(einsum("ia,aj,ak,jl->ijkl", ans, {_PHI}, inv(ans), inv(ans))'
    f' + einsum("ia,aj,al,jk->ijkl", ans, {_PHI}, inv(ans), inv(ans)))/2'
)
"""dL = L Φ(L⁻¹ dS L⁻ᵀ), with Φ the lower triangle, its diagonal halved, and S the symmetric part."""
_COFACTORS = 'einsum("ij,lk->ijkl", ans, inv(x)) - einsum("il,jk->ijkl", ans, inv(x))'


def _cofactors(np: Any, x: Any) -> Any:
    """By singular values s: of U diag(s) V they are det(U) det(V) U diag(products of the other s) V."""
    if not np.all(np.isfinite(x)):
        return x * np.nan
    u, s, v = np.linalg.svd(x, full_matrices=False)
    others = np.prod(np.where(np.eye(np.shape(s)[-1]) == 1, 1.0, np.expand_dims(s, -2)), axis=-1)
    sign = np.expand_dims(np.linalg.det(u) * np.linalg.det(v), (-2, -1))
    return sign * (u * np.expand_dims(others, -2)) @ v


def _logdet(np: Any, x: Any) -> Any:
    sign, value = np.linalg.slogdet(x)
    return np.where(sign > 0, value, np.nan)[()]


def _cholesky(np: Any, x: Any) -> Any:
    return np.linalg.cholesky((x + np.swapaxes(x, -1, -2)) / 2)


LINEAR_ALGEBRA = (
    Row(name="det", summary="determinant", kind=Kind.CORE, signatures=("ii->",), derivative=("ans*inv(x).T",),
        divides=("ans",), computed={"x": "cofactors(x)"}, numpy="det", latex=r"\det", given={"of a scalar": "x"}),
    Row(name="cofactors", summary="matrix of cofactors: det(A)*inv(A).T, also where A has no inverse", kind=Kind.CORE,
        signatures=("ii->ii",), derivative=(_COFACTORS,), definition="det(x)*inv(x).T", divides=("det(x)",),
        kernel=_cofactors, example="cofactors(A)", latex=r"\operatorname{cof}"),
    Row(name="logdet", summary="logarithm of the determinant, where it is positive", kind=Kind.CORE,
        signatures=("ii->",), derivative=("inv(x).T",), kernel=_logdet,
        domain=("det(x)",), latex=r"\operatorname{logdet}", given={"of a scalar": "log(x)"}),
    Row(name="cholesky", summary="the lower L with L@L.T = (x + x.T)/2 (derivative: Murray 2016)", kind=Kind.CORE,
        signatures=("ii->ii",), derivative=(_CHOLESKY,), domain=("diag(ans)",), kernel=_cholesky,
        latex=r"\operatorname{chol}", given={"of a scalar": "sqrt(x)"}),
    Row(name="inv", summary="inverse", kind=Kind.CORE, signatures=("ii->ii",),
        derivative=('-einsum("ik,lj->ijkl", ans, ans)',), nonzero=("det(x)",), numpy="inv", math="{}⁻¹",
        latex="{}^{{-1}}", given={"of a scalar": "1/x"}),
    Row(name="solve", summary="inv(x)@y", kind=Kind.FORMULA, parameters=("x", "y"), definition="inv(x)@y"),
)  # fmt: skip

CONTRACTIONS = (
    Row(
        name="trace",
        summary="sum of the diagonal; of a batch, of each matrix",
        kind=Kind.CONTRACTION,
        signatures=("ii->", "...ii->..."),
        numpy="trace",
        given={"of a scalar": "x", "k>0": "trace(x[:-{k}, {k}:])", "k<0": "trace(x[{k}:, :-{k}])"},
        second={"k": "it is a whole number, -1 for the diagonal below the main one"},
        why="the entries on the diagonal count once",
        flow="trace copies to the diagonal",
        math="tr",
        latex=r"\operatorname{tr}",
    ),
    Row(
        name="outer",
        summary="outer product x yᵀ of two vectors",
        kind=Kind.CONTRACTION,
        parameters=("x", "y"),
        signatures=("i,j->ij",),
        law="product rule",
        why="one factor at a time, the others held fixed",
        numpy="outer",
    ),
    Row(
        name="dot",
        summary="dot product of two vectors",
        kind=Kind.CONTRACTION,
        parameters=("x", "y"),
        signatures=("i,i->",),
        law="product rule",
        why="one factor at a time, the others held fixed",
        numpy="dot",
    ),
    Row(
        name="diag",
        summary="the diagonal matrix of a vector, or the diagonal of a matrix; of a batch, of each matrix",
        kind=Kind.CONTRACTION,
        signatures=("i->ii", "ii->i", "...ii->...i"),
        numpy="diag",
        given={
            "k>0 of matrices": "diag(x[:-{k}, {k}:])",
            "k<0 of matrices": "diag(x[{k}:, :-{k}])",
            "k>0": "concat(concat(zeros(N, {k}), diag(x), axis=1), zeros({k}, N + {k}))",
            "k<0": "concat(zeros({k}, N + {k}), concat(diag(x), zeros(N, {k}), axis=1))",
        },
        second={"k": "it is a whole number, -1 for the diagonal below the main one"},
        latex=r"\operatorname{diag}",
    ),
    Row(
        name="einsum",
        summary="a sum of products in index notation",
        kind=Kind.CONTRACTION,
        parameters=("...",),
        options=("subscripts",),
        rule=shapes.einsum,
        law="product rule",
        why="upstream times the other factors, over the indices that they share",
        settle=shapes.settle_einsum,
        numpy="einsum",
        example='einsum("ij,jk->ik", A, B)',
    ),
)  # fmt: skip
