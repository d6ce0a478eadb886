"""Other names for functions, and what to write instead of functions that there are not."""

from __future__ import annotations

ALIASES: dict[str, str] = {
    "add": "+",
    "divide": "/",
    "matmul": "@",
    "multiply": "*",
    "power": "**",
    "subtract": "-",
    "Phi": "ndtr",
    "phi": "normal_pdf",
    "expit": "sigmoid",
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "clamp": "clip",
    "concatenate": "concat",
    "flatten": "ravel",
    "gammaln": "lgamma",
    "hardsigmoid": "hard_sigmoid",
    "hardswish": "hard_swish",
    "fix": "trunc",
    "ln": "log",
    "logsigmoid": "log_sigmoid",
    "remainder": "mod",
    "rint": "round",
    "swish": "silu",
    "tr": "trace",
    "trapz": "trapezoid",
    "unsqueeze": "expand_dims",
}

SPELLED: dict[str, str] = {
    "a_max": "b",
    "a_min": "a",
    "correction": "ddof",
    "diagonal": "k",
    "max": "b",
    "max_val": "b",
    "min": "a",
    "min_val": "a",
    "offset": "k",
    "p": "ord",
    "value": "b",
}
"""What parameters and options are called elsewhere, and here."""
OF_MATRICES: dict[str, str] = {
    "exp": "the matrix exponential is `expm({})`",
    "log": "the matrix logarithm is not in the language",
    "sqrt": "the square root of a matrix is `sqrtm({})`",
}
"""What mathematicians mean by a function when it is applied to a matrix, where that is not its entries' values."""
WORDS = frozenset("alpha beta delta lambd margin negative_slope".split())
"""What other libraries call the one parameter of a function that may be left out."""


_CONSTANT = "it is constant almost everywhere: its derivative is zero"
_NONE = "it has no formula in the language"
_ENTRYWISE = "functions of matrices such as this one are not in the language; `{}` goes entry by entry"
_EIGEN = "of a symmetric matrix there are `eigvalsh(A)` and `eigvecs(A)`; of others the values may be complex"
_TURNED = "`A.T`, or the axes in their new order: `transpose(A, (1, 0))`"

ELSEWHERE: dict[str, str] = {
    "adjugate": "`det(A)*inv(A)`",
    "arange": "declare a variable for it and give its values with --at",
    "argmax": _CONSTANT,
    "argmin": _CONSTANT,
    "average": "`mean(x)`, or `dot(w, x)/sum(w)` with weights",
    "bmm": "`A@B`",
    "column_stack": "`stack(x, y, axis=1)`",
    "conv": _NONE,
    "cot": "`cos(x)/sin(x)`",
    "coth": "`cosh(x)/sinh(x)`",
    "csc": "`1/sin(x)`",
    "csch": "`1/sinh(x)`",
    "diagonal": "`diag(A)`, of a batch too",
    "dstack": "`stack(A, B, axis=2)`",
    "eig": _EIGEN,
    "eigh": _EIGEN,
    "eigvals": _EIGEN,
    "factorial": _NONE,
    "fft": "its values are complex, and the language has real numbers only",
    "full": "`c*ones(n, m)`",
    "gamma": "the gamma function is `exp(lgamma(x))`; a product is `gamma*x`",
    "hstack": "`concat(x, y)` of vectors, `concat(A, B, axis=1)` of matrices",
    "identity": "`eye(n)`",
    "linear": "`W@x + b`",
    "log_det": "`logdet(X)`",
    "log_sum_exp": "`logsumexp(x)`",
    "logm": _ENTRYWISE.format("log(A)"),
    "mae": "`mean(abs(x - y))`",
    "matrix_power": "`A@A@A`",
    "norm2": "`norm(x)`",
    "permute": _TURNED,
    "quad_form": "`x.T@P@x`",
    "rank": _CONSTANT,
    "sec": "`1/cos(x)`",
    "sech": "`1/cosh(x)`",
    "sigma": "the logistic function is `sigmoid(x)`; a product is `sigma*x`",
    "sum_square": "`sum(x**2)`",
    "sum_squares": "`sum(x**2)`",
    "svd": "singular values are `svdvals(A)`, right singular vectors the columns of `eigvecs(-A.T@A)`",
    "view": "`reshape(x, (n, m))`, row by row",
    "vstack": "`stack(x, y)` of vectors, `concat(A, B)` of matrices",
}
"""What to write instead of functions that people know from elsewhere, texts to paste between backticks."""
