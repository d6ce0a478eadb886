"""PyTorch's modules, `nn.GELU(approximate="tanh")(x)`, as the functions that they call."""

from __future__ import annotations

import ast
from collections.abc import Sequence

_FUNCTIONS: dict[str, tuple[str, str]] = {
    **{
        name: (name.lower(), "inplace")
        for name in ("ReLU", "SiLU", "SELU", "Mish", "ReLU6", "Hardswish", "Hardsigmoid")
    },
    **{name: (name.lower(), "") for name in ("Sigmoid", "Tanh", "LogSigmoid", "Softsign", "Tanhshrink")},
    "GELU": ("gelu", "approximate"),
    "Softplus": ("softplus", "beta threshold"),
    "ELU": ("elu", "alpha inplace"),
    "CELU": ("celu", "alpha inplace"),
    "LeakyReLU": ("leaky_relu", "negative_slope inplace"),
    "Hardtanh": ("hardtanh", "min_val max_val"),
    "Softshrink": ("softshrink", "lambd"),
    "Hardshrink": ("hardshrink", "lambd"),
    "Threshold": ("threshold", "threshold value"),
    "Softmax": ("softmax", "dim"),
    "LogSoftmax": ("log_softmax", "dim"),
    "Softmin": ("softmin", "dim"),
    "GLU": ("glu", "dim"),
    "MSELoss": ("mse_loss", ""),
    "L1Loss": ("l1_loss", ""),
    "SmoothL1Loss": ("smooth_l1_loss", ""),
    "HuberLoss": ("huber_loss", "reduction delta"),
    "BCELoss": ("binary_cross_entropy", "weight"),
    "BCEWithLogitsLoss": ("binary_cross_entropy_with_logits", "weight"),
    "CrossEntropyLoss": ("cross_entropy", "weight"),
    "NLLLoss": ("nll_loss", "weight"),
    "KLDivLoss": ("kl_div", ""),
    "SoftMarginLoss": ("soft_margin_loss", ""),
    "MarginRankingLoss": ("margin_ranking_loss", "margin"),
    "TripletMarginLoss": ("triplet_margin_loss", "margin"),
    "CosineSimilarity": ("cosine_similarity", "dim eps"),
    "PairwiseDistance": ("pairwise_distance", "p eps"),
}
"""Modules without parameters: the functions that they call, and the options that may stand without their names."""


def kind_of(made: ast.expr) -> str:
    """What a module is: the GELU of `nn.GELU()`."""
    function = made.func if isinstance(made, ast.Call) else made
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def written(made: ast.expr, node: ast.Call, arguments: Sequence[ast.expr], changing: bool = False) -> ast.Call | None:
    """The call of a module that was made so, written as that of a function; none where it is not known. Where names
    change, one that works in place is a function that ends in _.
    """
    kind = kind_of(made)
    if kind not in _FUNCTIONS or not isinstance(made, ast.Call) or node.keywords:
        return None
    name, words = _FUNCTIONS[kind]
    options = words.split()
    if len(made.args) > len(options) or any(isinstance(a, ast.Starred) for a in made.args):
        return None
    given = [ast.keyword(word, value) for word, value in zip(options, made.args, strict=False)] + made.keywords
    inplace = next((k.value for k in given if k.arg == "inplace"), None)
    if changing and isinstance(inplace, ast.Constant) and inplace.value is True:
        name += "_"
    function = ast.Attribute(ast.Name("functional", ast.Load()), name, ast.Load())
    call = ast.Call(function, list(arguments), [keyword for keyword in given if keyword.arg != "inplace"])
    for part in (call, function, function.value):
        ast.copy_location(part, node)
    for keyword in call.keywords:
        ast.copy_location(keyword, keyword.value)
    return call
