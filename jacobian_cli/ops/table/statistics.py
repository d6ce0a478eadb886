"""Statistics of samples, and layers that normalize: short for their definitions."""

from __future__ import annotations

from typing import Any

from jacobian_cli.ops import shapes
from jacobian_cli.ops.row import Kind, Row
from jacobian_cli.ops.rules import ShapeError, described
from jacobian_cli.shape import ONE, Size, product

_CENTRED = "(x - mean(x, axis=1, keepdims=True))"


def _groupnorm(make: Any, x: Any, groups: Any, gain: Any = None, bias: Any = None, eps: Any = None) -> Any:
    """The last axis in so many parts, each normalized."""
    count = groups if isinstance(groups, Size) else Size.number(groups)
    if not x.shape or count.value is None or count.value < 1:
        raise ShapeError("a vector, or rows, are cut into so many groups", "as in `groupnorm(X, 2)`", order=not x.shape)
    *front, last = x.shape
    part = last.over(count)
    if part is None or part is ONE:
        sizes = ",".join(("n", "m", "k")[: len(front)])
        hint = f"declare how long it is, as in `-s X={sizes}{',' * bool(front)}{3 * count.value}`"
        raise ShapeError(f"the last axis of {described(x.shape)} cannot be cut into {count} groups", hint)
    rows = make("reshape", x, shape=(product((*front, count)), part))
    if eps is None:
        found = make("layernorm", rows)
    else:
        along = {"axis": (-1,), "keepdims": True}
        spread = make("sqrt", make("+", make("var", rows, **along), eps))
        found = make("/", make("-", rows, make("mean", rows, **along)), spread)
    found = make("reshape", found, shape=x.shape)
    found = found if gain is None else make("*", found, gain)
    return found if bias is None else make("+", found, bias)


STATISTICS = (
    Row(name="cov", summary="covariances of the rows of a matrix, each column being one observation, divided by their "
        "number less one as NumPy has it", kind=Kind.FORMULA,
        given={"y": "cov(stack(x, y))", "bias=True": "cov(x, ddof=0)", "bias=False": "cov(x)", "rowvar=True": "cov(x)",
               "rowvar=False": "cov(x.T)", "ddof": f"{_CENTRED}@{_CENTRED}.T/(m - ddof)"},
        second={"y": "a second variable: the matrix of both"}, values=("y",), rule=shapes.samples,
        definition=f"{_CENTRED}@{_CENTRED}.T/(sum(ones_like(x[0])) - 1)", example="cov(A)"),
    Row(name="corrcoef", summary="correlations of the rows of a matrix, each column being one observation",
        kind=Kind.FORMULA, given={"y": "corrcoef(stack(x, y))", "rowvar=True": "corrcoef(x)",
                                   "rowvar=False": "corrcoef(x.T)"}, second={"y": "a second variable"}, values=("y",),
        rule=shapes.samples, definition=f"normalize({_CENTRED})@normalize({_CENTRED}).T", example="corrcoef(A)"),
    Row(name="cosine_similarity", summary="dot(x, y)/(norm(x)*norm(y)); of matrices, of each pair of rows",
        kind=Kind.FORMULA, parameters=("x", "y"),
        definition="sum(x*y, axis=-1)/(norm(x, axis=-1)*norm(y, axis=-1))", example="cosine_similarity(x, y)"),
    Row(name="cdist", summary="the distance of each row of one matrix from each row of another", kind=Kind.FORMULA,
        parameters=("x", "y"), definition="norm(x[:, None, :] - y, axis=-1)",
        given={"ord": "norm(x[:, None, :] - y, ord=ord, axis=-1)"}, example="cdist(X, Y)"),
    Row(name="batchnorm", summary="each column of a batch with mean 0 and deviation 1, without gain and bias "
        "(Ioffe & Szegedy 2015)", kind=Kind.FORMULA, rule=shapes.batch, definition="layernorm(x, axis=0)",
        given={"bias": "ans + bias", "gain": "ans*gain", "eps": "layernorm(x, axis=0, eps=eps)"},
        second={"gain": "it multiplies the columns", "bias": "it is added to the columns"},
        example="batchnorm(X)"),
    Row(name="groupnorm", summary="the last axis in so many parts, each with mean 0 and deviation 1 (Wu & He 2018)",
        kind=Kind.SHAPE, options=("groups", "gain", "bias", "eps"), values=("gain", "bias", "eps"),
        defaults=dict.fromkeys(("gain", "bias", "eps"), ""), reads=_groupnorm,
        example="groupnorm(concat(x, y, 2*x, y**2), 2)"),
)  # fmt: skip
