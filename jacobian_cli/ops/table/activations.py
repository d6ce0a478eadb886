"""Activations; their papers are named in their rows."""

from __future__ import annotations

from jacobian_cli.ops.row import Row

ACTIVATIONS = (
    Row(
        name="sigmoid",
        summary="logistic function 1/(1 + exp(-x))",
        derivative=("ans*(1 - ans)",),
        definition="1/(1 + exp(-x))",
        steady="exp(-logaddexp(0, -x))",
        math="σ",
        latex=r"\sigma",
        symbol="h",
    ),
    Row(
        name="relu",
        summary="max(x, 0)",
        derivative=("x > 0",),
        definition="maximum(x, 0)",
        why="1 where the input is positive, else 0",
        flow="relu is a gate: open where x > 0",
        kinks=("x",),
        symbol="h",
    ),
    Row(
        name="leaky_relu",
        summary="x where positive, else a*x (a = 0.01)",
        parameters=("x", "a"),
        defaults={"a": "0.01"},
        derivative=("where(x > 0, 1, a)", "minimum(x, 0)"),
        definition="where(x > 0, x, a*x)",
        kinks=("x",),
        symbol="h",
    ),
    Row(
        name="softplus",
        summary="log(1 + exp(x))",
        derivative=("sigmoid(x)",),
        definition="logaddexp(0, x)",
    ),
    Row(
        name="elu",
        summary="x where positive, else exp(x) - 1 (Clevert et al. 2015)",
        derivative=("where(x > 0, 1, exp(x))",),
        definition="where(x > 0, x, exp(x) - 1)",
        kinks=("x",),
        symbol="h",
    ),
    Row(
        name="gelu",
        summary="x Φ(x), Φ the normal distribution (Hendrycks & Gimpel 2016)",
        derivative=("(1 + erf(x/sqrt(2)))/2 + x*exp(-x**2/2)/sqrt(2*pi)",),
        definition="x*(1 + erf(x/sqrt(2)))/2",
        symbol="h",
    ),
    Row(
        name="silu",
        summary="x sigmoid(x), also called swish (Elfwing et al. 2017)",
        derivative=("sigmoid(x) + ans*(1 - sigmoid(x))",),
        definition="x*sigmoid(x)",
        symbol="h",
    ),
)
