"""Functions of each row."""

from __future__ import annotations

from dataclasses import replace

from jacobian_cli.ops.row import LOG_PROBABILITIES, PROBABILITIES, Kind, Role, Row

_WEIGHTED = "delta*exp(max(x) - ans)"
_BACK_THROUGH_TOTALS = f"exp(x - max(x))*(sum({_WEIGHTED}) - cumsum({_WEIGHTED}) + {_WEIGHTED})"
"""Each entry stands in all totals from its own place on: δ_i exp(x_j)/exp(total_i), summed over i ≥ j."""
_OTHERS_SO_FAR = "tril(ones(N, N))*prod_of_others(where(tril(ones(N, N)) > 0, ones(N)@x.T, ones(N, N)), axis=1)"
"""In row i and column j the product of x_1 to x_i without x_j."""
_ALONG = (
    Row(name="softmax", summary="exp(x)/sum(exp(x))", derivative=("diag(ans) - ans@ans.T",),
        definition="exp(x)/sum(exp(x))", symbol="p", named=True, role=Role(gives=PROBABILITIES)),
    Row(name="log_softmax", summary="x - logsumexp(x)", derivative=("eye(N) - ones(N)@softmax(x).T",),
        definition="x - log(sum(exp(x)))", role=Role(gives=LOG_PROBABILITIES)),
    Row(name="cumsum", summary="running sum", derivative=("cumsum(eye(N), axis=0)",),
        backward=("sum(delta) - cumsum(delta) + delta",), numpy="cumsum"),
    Row(name="cumprod", summary="running product", derivative=("tril(ones(N, N))*(ans@(1/x).T)",), divides=("x",),
        computed={"x": _OTHERS_SO_FAR}, numpy="cumprod", example="cumprod(x)"),
    Row(name="normalize", summary="x/norm(x)", derivative=("(eye(N) - ans@ans.T)/norm(x)",),
        definition="x/norm(x)", symbol="v", nonzero=("norm(x)",)),
    Row(name="layernorm", summary="(x - mean(x))/std(x) (Ba et al. 2016, without gain and bias)",
        derivative=("(eye(N) - ones(N)@ones(N).T/N - ans@ans.T/N)/std(x)",), definition="(x - mean(x))/std(x)",
        symbol="x_hat", named=True, nonzero=("std(x)",),
        given={"bias": "ans + bias", "gain": "ans*gain", "eps": "(x - mean(x))/sqrt(var(x) + eps)"},
        second={"gain": "it multiplies the entries", "bias": "it is added to the entries"}),
    Row(name="rmsnorm", summary="x/sqrt(mean(x**2)) (Zhang & Sennrich 2019, without gain)",
        derivative=("(eye(N) - ans@ans.T/N)/sqrt(mean(x**2))",), definition="x/sqrt(mean(x**2))", symbol="x_hat",
        computed={"x": "(eye(N) - ans@ans.T/N)*sqrt(N)/norm(x)", "ans": "x*sqrt(N)/norm(x)"}, named=True,
        nonzero=("norm(x)",), given={"gain": "ans*gain", "eps": "x/sqrt(mean(x**2) + eps)"},
        second={"gain": "it multiplies the entries"}),
    Row(name="softmin", summary="softmax(-x)", definition="softmax(-x)", symbol="p", example="softmin(x)",
        role=Role(gives=PROBABILITIES)),
    Row(name="logcumsumexp", summary="log(cumsum(exp(x)))", definition="log(cumsum(exp(x)))",
        derivative=("tril(exp(ones(N)@x.T - ans@ones(N).T))",),
        computed={"ans": "max(x) + log(cumsum(exp(x - max(x))))",
                  "x": "tril(exp(minimum(ones(N)@x.T - ans@ones(N).T, 0)))"}, backward=(_BACK_THROUGH_TOTALS,),
        example="logcumsumexp(x)"),
)  # fmt: skip

ROWS = tuple(replace(row, kind=Kind.ROW, options=("axis",)) for row in _ALONG)
