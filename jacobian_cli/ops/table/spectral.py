"""Decompositions, and functions of a matrix as a whole, where their derivative has a closed form.

Magnus 1985 (eigenvalues and eigenvectors), Golub & Pereyra 1973 (pseudo-inverse), Watson 1992 (norms of singular
values), Higham 2008, chapters 6, 8 and 10 (square root, polar factor, exponential), Murray 2016 (triangular factors).

Where eigenvalues meet or the rank drops there is no derivative; what is nearly so, to 10⁻⁸ of the largest, counts so.
"""

from __future__ import annotations

from typing import Any

from jacobian_cli.ops import shapes
from jacobian_cli.ops.row import COMMUTING, TRACED, Kind, Row


def _eigvalsh(np: Any, x: Any) -> Any:
    return np.linalg.eigvalsh((x + np.swapaxes(x, -1, -2)) / 2)


def _eigvecs(np: Any, x: Any) -> Any:
    v = np.linalg.eigh((x + np.swapaxes(x, -1, -2)) / 2)[1]
    largest = np.take_along_axis(v, np.argmax(np.abs(v), axis=-2, keepdims=True), -2)
    return v * np.sign(largest)


def _svdvals(np: Any, x: Any) -> Any:
    return np.linalg.svd(x, compute_uv=False)


def _spectral_norm(np: Any, x: Any) -> Any:
    return np.linalg.svd(x, compute_uv=False)[..., 0]


def _nuclear_norm(np: Any, x: Any) -> Any:
    return np.sum(np.linalg.svd(x, compute_uv=False), axis=-1)


def _polar(np: Any, x: Any) -> Any:
    u, _, v = np.linalg.svd(x, full_matrices=False)
    return u @ v


def _pinv(np: Any, x: Any) -> Any:
    """No singular value is taken for zero: where the rank drops, the entries are large, and no derivative is."""
    u, s, v = np.linalg.svd(x, full_matrices=False)
    return np.swapaxes(v, -1, -2) / np.expand_dims(s, -2) @ np.swapaxes(u, -1, -2)


def _slogdet(np: Any, x: Any) -> Any:
    return np.linalg.slogdet(x)[1]


def _sqrtm(np: Any, x: Any) -> Any:
    w, v = np.linalg.eigh((x + np.swapaxes(x, -1, -2)) / 2)
    return v * np.sqrt(np.expand_dims(w, -2)) @ np.swapaxes(v, -1, -2)


def _expm(np: Any, x: Any) -> Any:
    """By the series of a matrix whose norm is at most one half, squared again and again."""
    largest = np.max(np.sum(np.abs(x), axis=-1))
    halvings = max(0, int(np.ceil(np.log2(largest))) + 1) if 0 < largest < np.inf else 0
    small, one = x / 2.0**halvings, np.eye(np.shape(x)[-1])
    total = one + small / 16
    for k in range(15, 0, -1):
        total = one + small @ total / k
    for _ in range(halvings):
        total = total @ total
    return total


def _inv_gaps(np: Any, x: Any) -> Any:
    one = np.eye(np.shape(x)[-1])
    return (1 - one) / (one + np.expand_dims(x, -2) - np.expand_dims(x, -1))


_APART = "ans[..., 1:] - ans[..., :-1] - max(abs(ans), axis=-1, keepdims=True)/10**8"
_V = "eigvecs(-x.T@x)"
"""The right singular vectors, in the order of singular values."""
_EIGVECS = (
    '(einsum("il,lk,al,bk->ikab", ans, inv_gaps(eigvalsh(x)), ans, ans)'
    ' + einsum("il,lk,bl,ak->ikab", ans, inv_gaps(eigvalsh(x)), ans, ans))/2'
)
"""dV = V (F ⊙ Vᵀ dS V), F_lk = 1/(λ_k − λ_l), and S the symmetric part."""
_ONE = "diag(ones_like(x))"
_INV_GAPS = f"(1 - {_ONE})/({_ONE} + ones_like(x)@x.T - x@ones_like(x).T)"
_GAPS = 'einsum("ij,ik->ijk", ans**2, eye(N)) - einsum("ij,jk->ijk", ans**2, eye(N))'
_PINV = (
    '-einsum("ik,lj->ijkl", ans, ans)'
    ' + einsum("il,kj->ijkl", ans@ans.T, eye(N) - x@ans)'
    ' + einsum("il,kj->ijkl", diag(ones_like(x[0])) - ans@x, ans.T@ans)'
)
_SYLVESTER = "reshape(inv(kron(ans, eye(N)) + kron(eye(N), ans)), (N, N, N, N))"
_SQRTM = f"({_SYLVESTER} + transpose({_SYLVESTER}, (0, 1, 3, 2)))/2"
"""X dX + dX X = dS, and S the symmetric part."""
_EXPM = (
    "reshape(expm(concat(concat(kron(x, eye(N)), eye(N*N), axis=1),"
    " concat(zeros(N*N, N*N), kron(eye(N), x.T), axis=1)))[:N*N, N*N:], (N, N, N, N))"
)
"""∫ exp(sA) ⊗ exp((1 − s)Aᵀ) ds, which is a block of one exponential (Van Loan 1978)."""
_OF_ROWS = "ans@x.T + eye(N) - ans@ans.T"
_SYLVESTER_OF_ROWS = f"reshape(inv(kron({_OF_ROWS}, eye(N)) + kron(eye(N), {_OF_ROWS})), (N, N, N, N))"
_POLAR = (
    f'einsum("ia,abkd,dl,bj->ijkl", ans@ans.T, {_SYLVESTER_OF_ROWS}, ans, ans)'
    f' - einsum("ia,abck,cl,bj->ijkl", ans@ans.T, {_SYLVESTER_OF_ROWS}, ans, ans)'
    ' + einsum("ik,lj->ijkl", ans@pinv(x), diag(ones_like(x[0])) - ans.T@ans)'
    ' + einsum("ik,lj->ijkl", eye(N) - ans@ans.T, pinv(x)@ans)'
)
"""dP = PPᵀ W P + P A⁺ dA (I − PᵀP) + (I − PPᵀ) dA A⁺ P, where G W + W G = dA Pᵀ − P dAᵀ and G = A Pᵀ on its range."""
_RANK = "10**8 - norm(x, axis=(-2, -1))*norm(pinv(x), axis=(-2, -1))"
_GRAM = 'eigvalsh(einsum("...ij,...ik->...jk", x, x))'
_TOP = "eigvecs(x.T@x)[:, -1]"

_SYMMETRIC = "only the symmetric part of {} enters"
PRESUMED = {
    **dict.fromkeys(("eigvalsh", "eigvecs"), _SYMMETRIC),
    **dict.fromkeys(("sqrtm", "cholesky"), f"{_SYMMETRIC}, which must be positive definite"),
}
"""What these take for granted of a matrix that is not declared symmetric."""

DEGENERATE = {
    **dict.fromkeys(("eigvalsh", "eigvecs"), "two eigenvalues of the symmetric part are equal, or nearly so"),
    "sqrtm": "the least eigenvalue of the symmetric part is not positive, or nearly zero",
    "svdvals": "two singular values are equal, or the rank drops, or nearly so",
    "spectral_norm": "its two largest singular values are equal, or nearly so",
    **dict.fromkeys(("nuclear_norm", "polar", "pinv", "lstsq"), "the rank drops, or nearly so"),
}
"""What it means that a condition of these does not hold."""
SPECTRAL = (
    Row(name="eigvalsh", summary="eigenvalues of the symmetric matrix (x + x.T)/2, the least first", kind=Kind.CORE,
        signatures=("ii->i",), derivative=('einsum("ik,jk->kij", eigvecs(x), eigvecs(x))',), kernel=_eigvalsh,
        domain=(_APART,), given={"of a scalar": "x"}, math="λ", latex=r"\lambda",
        example="eigvalsh(A)"),
    Row(name="eigvecs", summary="eigenvectors of (x + x.T)/2 as columns, in the order of eigvalsh, the largest entry "
        "of each being positive", kind=Kind.CORE, signatures=("ii->ii",), derivative=(_EIGVECS,), kernel=_eigvecs,
        domain=(_APART.replace("ans", "eigvalsh(x)"),), symbol="V", named=True,
        example="eigvecs(A)"),
    Row(name="inv_gaps", summary="1/(x_j - x_i) in row i and column j, and 0 on the diagonal", kind=Kind.CORE,
        signatures=("i->ii",), derivative=(_GAPS,), definition=_INV_GAPS,
        kernel=_inv_gaps, symbol="F", named=True, example="inv_gaps(x)@x"),
    Row(name="svdvals", summary="singular values of a matrix that is not wider than high, the largest first",
        kind=Kind.CORE, signatures=("ij->j",), rule=shapes.singular, kernel=_svdvals,
        definition="sqrt(-eigvalsh(-x.T@x))",
        derivative=(f'einsum("il,lk,jk->kij", x, {_V}, {_V}/ans)',),
        domain=("ans[..., :-1] - ans[..., 1:] - ans[..., :1]/10**8", "ans[..., -1] - ans[..., 0]/10**8"),
        math="σ", latex=r"\sigma",
        example="svdvals(A)"),
    Row(name="spectral_norm", summary="largest singular value", kind=Kind.CORE, signatures=("ij->",),
        derivative=(f"x@{_TOP}@{_TOP}.T/ans",), kernel=_spectral_norm, definition="sqrt(max(eigvalsh(x.T@x)))",
        domain=(f"{_GRAM}[..., -1] - {_GRAM}[..., -2] - {_GRAM}[..., -1]/10**8",), math="‖{}‖₂",
        latex=r"\left\lVert {} \right\rVert_2",
        example="spectral_norm(A)"),
    Row(name="nuclear_norm", summary="sum of the singular values", kind=Kind.CORE, signatures=("ij->",),
        derivative=("polar(x)",), kernel=_nuclear_norm, domain=(_RANK,), math="‖{}‖⁎",
        latex=r"\left\lVert {} \right\rVert_*",
        example="nuclear_norm(A)"),
    Row(name="polar", summary="U@V.T where x = U@diag(s)@V.T: of all matrices with orthonormal rows or columns the "
        "nearest", kind=Kind.CORE, signatures=("ij->ij",), derivative=(_POLAR,), kernel=_polar, domain=(_RANK,),
        symbol="P", named=True,
        example="polar(A)"),
    Row(name="pinv", summary="Moore-Penrose inverse of a matrix of full rank", kind=Kind.CORE, signatures=("ij->ji",),
        derivative=(_PINV,), kernel=_pinv, domain=(_RANK.replace("pinv(x)", "ans"),), math="{}⁺", latex="{}^{{+}}",
        example="pinv(A)"),
    Row(name="lstsq", summary="the z that makes norm(x@z - y) least", kind=Kind.FORMULA, parameters=("x", "y"),
        definition="pinv(x)@y", example="lstsq(A, b)"),
    Row(name="qr", summary="the upper triangular R of x = QR, its diagonal being positive; Q is x@inv(qr(x))",
        kind=Kind.FORMULA, rule=shapes.triangular, definition="cholesky(x.T@x).T",
        example="qr(A)"),
    Row(name="sqrtm", summary="the square root of a matrix that is symmetric and positive definite", kind=Kind.CORE,
        signatures=("ii->ii",), derivative=(_SQRTM,), kernel=_sqrtm,
        domain=("eigvalsh(x)[..., 0] - max(abs(x), axis=(-2, -1))/10**8",),
        given={"of a scalar": "sqrt(x)", TRACED: "inv(ans)/2"},
        example="sqrtm(A)"),
    Row(name="expm", summary="exponential of a matrix", kind=Kind.CORE, signatures=("ii->ii",), derivative=(_EXPM,),
        kernel=_expm, given={"of a scalar": "exp(x)", COMMUTING: "ans"}, math="exp", latex=r"\exp",
        example="expm(A)"),
    Row(name="slogdet", summary="logarithm of the absolute value of the determinant", kind=Kind.CORE,
        signatures=("ii->",), derivative=("inv(x).T",), kernel=_slogdet, definition="log(abs(det(x)))",
        nonzero=("det(x)",), given={"of a scalar": "log(abs(x))"},
        example="slogdet(A + 4*eye(n))"),
)  # fmt: skip
