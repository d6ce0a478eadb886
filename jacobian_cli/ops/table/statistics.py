"""Statistics of samples, and layers that normalize: short for their definitions."""

from __future__ import annotations

from jacobian_cli.ops import shapes
from jacobian_cli.ops.row import Kind, Row

_CENTRED = "(x - mean(x, axis=1, keepdims=True))"

STATISTICS = (
    Row(name="cov", summary="covariances of the rows of a matrix, each column being one observation, divided by their "
        "number less one as NumPy has it", kind=Kind.FORMULA,
        given={"rowvar=True": "cov(x)", "rowvar=False": "cov(x.T)", "ddof": f"{_CENTRED}@{_CENTRED}.T/(m - ddof)"},
        definition=f"{_CENTRED}@{_CENTRED}.T/(sum(ones_like(x[0])) - 1)", example="cov(A)"),
    Row(name="corrcoef", summary="correlations of the rows of a matrix, each column being one observation",
        kind=Kind.FORMULA, given={"rowvar=True": "corrcoef(x)", "rowvar=False": "corrcoef(x.T)"},
        rule=shapes.samples, definition=f"normalize({_CENTRED})@normalize({_CENTRED}).T", example="corrcoef(A)"),
    Row(name="cosine_similarity", summary="dot(x, y)/(norm(x)*norm(y)); of matrices, of each pair of rows",
        kind=Kind.FORMULA, parameters=("x", "y"),
        definition="sum(x*y, axis=-1)/(norm(x, axis=-1)*norm(y, axis=-1))", example="cosine_similarity(x, y)"),
    Row(name="batchnorm", summary="each column of a batch with mean 0 and deviation 1, without gain and bias "
        "(Ioffe & Szegedy 2015)", kind=Kind.FORMULA, rule=shapes.batch, definition="layernorm(x, axis=0)",
        given={"bias": "ans + bias", "gain": "ans*gain", "eps": "layernorm(x, axis=0, eps=eps)"},
        example="batchnorm(X)"),
)  # fmt: skip
