"""Functions of matrices, and sums of products in index notation."""

from __future__ import annotations

from typing import Any

from jacobian_cli.ops import shapes
from jacobian_cli.ops.row import Kind, Law, Row


def _bilinear(np: Any, x: Any, y: Any, z: Any) -> Any:
    if np.ndim(z) == 2:
        return np.dot(x, np.dot(z, y))
    return np.einsum("...i,...j,kij->...k", x, y, z)


def _rot2(np: Any, t: Any) -> Any:
    return np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])


def _skew(np: Any, x: Any) -> Any:
    a, b, c = x[..., 0], x[..., 1], x[..., 2]
    rows = ((0 * a, -c, b), (c, 0 * a, -a), (-b, a, 0 * a))
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


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
        latex=r"\operatorname{chol}", symbol="L", given={"of a scalar": "sqrt(x)"}),
    Row(name="inv", summary="inverse", kind=Kind.CORE, signatures=("ii->ii",),
        derivative=('-einsum("ik,lj->ijkl", ans, ans)',), nonzero=("det(x)",), numpy="inv", math="{}⁻¹",
        latex="{}^{{-1}}", given={"of a scalar": "1/x"}),
    Row(name="skew", summary="the matrix with skew(x)@y = cross(x, y)", kind=Kind.CORE, signatures=("i->ii",),
        rule=shapes.skew, derivative=("stack(skew(eye(3)[0]), skew(eye(3)[1]), skew(eye(3)[2]), axis=2)",),
        definition="stack(stack(0, -x[2], x[1]), stack(x[2], 0, -x[0]), stack(-x[1], x[0], 0))", kernel=_skew,
        math="[{}]ₓ", latex=r"[{}]_\times", example="skew(x)@y"),
    Row(name="cross", summary="vector product of two vectors of three entries", kind=Kind.CORE, parameters=("x", "y"),
        signatures=("i,i->i",), rule=shapes.cross, derivative=("-skew(y)", "skew(x)"), definition="skew(x)@y",
        numpy="cross", law=Law("product rule", "one factor at a time, the others held fixed"),
        example="cross(x, y)"),
    Row(name="rot2", summary="rotation of the plane by an angle", kind=Kind.CORE, parameters=("t",),
        signatures=("->ii",), rule=shapes.rot2, derivative=("rot2(t + pi/2)",),
        definition="stack(stack(cos(t), -sin(t)), stack(sin(t), cos(t)))", kernel=_rot2, math="R",
        example="rot2(c)@x"),
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
        law=Law(why="the entries on the diagonal count once"),
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
        law=Law("product rule", "one factor at a time, the others held fixed"),
        numpy="outer",
    ),
    Row(
        name="dot",
        summary="dot product of two vectors; of matrices their product",
        kind=Kind.CONTRACTION,
        parameters=("x", "y"),
        signatures=("i,i->", "ij,jk->ik", "ij,j->i", "i,ij->j"),
        law=Law("product rule", "one factor at a time, the others held fixed"),
        numpy="dot",
    ),
    Row(
        name="inner",
        summary="dot products along the last axes: of vectors dot(x, y), of matrices x@y.T",
        kind=Kind.CONTRACTION,
        parameters=("x", "y"),
        signatures=("i,i->", "ij,kj->ik", "ij,j->i", "j,ij->i"),
        law=Law("product rule", "one factor at a time, the others held fixed"),
        numpy="inner",
        example="inner(A, B)",
    ),
    Row(
        name="vdot",
        summary="sum of x*y, of vectors and of matrices",
        kind=Kind.CONTRACTION,
        parameters=("x", "y"),
        signatures=("i,i->", "ij,ij->"),
        law=Law("product rule", "one factor at a time, the others held fixed"),
        numpy="vdot",
        example="vdot(A, B)",
    ),
    Row(
        name="bilinear",
        summary="x.T@z@y, or for a tensor z such a number for each of its matrices; x and y may be rows of a batch",
        kind=Kind.CONTRACTION,
        parameters=("x", "y", "z"),
        signatures=("i,j,ij->", "i,j,kij->k", "bi,bj,kij->bk"),
        law=Law("product rule", "one factor at a time, the others held fixed"),
        kernel=_bilinear,
        example="bilinear(x, y, A)",
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
        law=Law("product rule", "upstream times the other factors, over the indices that they share"),
        settle=shapes.settle_einsum,
        numpy="einsum",
        example='einsum("ij,jk->ik", A, B)',
    ),
)  # fmt: skip
