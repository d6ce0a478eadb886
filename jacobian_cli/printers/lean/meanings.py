"""What functions mean in Lean: those that Mathlib has, and the others by their definitions."""

from __future__ import annotations

from fractions import Fraction

from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.expr import Apply, Constant, Defined, Expr, Extent, Number, Variable, rebuild
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.shape import product

REAL = {
    "exp": "Real.exp", "log": "Real.log", "sin": "Real.sin", "cos": "Real.cos", "tan": "Real.tan",
    "sinh": "Real.sinh", "cosh": "Real.cosh", "tanh": "Real.tanh", "arctan": "Real.arctan", "arcsinh": "Real.arsinh",
    "arcsin": "Real.arcsin", "arccos": "Real.arccos", "sqrt": "Real.sqrt",
}  # fmt: skip
DOMAINS = {
    "log": ("0 < {}",), "sqrt": ("0 < {}",), "tan": ("Real.cos {} ≠ 0",),
    **dict.fromkeys(("arcsin", "arccos"), ("-1 < {}", "{} < 1")),
}  # fmt: skip
_ROWS = {
    "mean": "sum(x, axis={a}, keepdims={k})/N",
    "norm": "sqrt(sum(x**2, axis={a}, keepdims={k}))",
    "var": "sum((x - mean(x, axis={a}, keepdims=True))**2, axis={a}, keepdims={k})/N",
    "std": "sqrt(sum((x - mean(x, axis={a}, keepdims=True))**2, axis={a}, keepdims={k})/N)",
    "logsumexp": "log(sum(exp(x), axis={a}, keepdims={k}))",
    "softmax": "exp(x)/sum(exp(x), axis={a}, keepdims=True)",
    "softmin": "exp(-x)/sum(exp(-x), axis={a}, keepdims=True)",
    "log_softmax": "x - log(sum(exp(x), axis={a}, keepdims=True))",
    "normalize": "x/norm(x, axis={a}, keepdims=True)",
    "layernorm": "(x - mean(x, axis={a}, keepdims=True))/std(x, axis={a}, keepdims=True)",
    "rmsnorm": "x/sqrt(sum(x**2, axis={a}, keepdims=True)/N)",
}
"""Functions of rows, whose definitions in the table are of one row."""


def plain(expr: Expr) -> Expr:
    while isinstance(expr, Defined):
        expr = expr.body
    return expr


def rational(expr: Expr) -> Fraction | None:
    match plain(expr):
        case Number(value):
            return value
        case Apply("u-", (a,)):
            found = rational(a)
            return None if found is None else -found
        case Apply("/", (a, b)):
            first, second = rational(a), rational(b)
            return first / second if first is not None and second else None
    return None


def positive(expr: Expr) -> bool:
    """Whether a value is seen to be positive, or is a size, of whose zero nothing hangs."""
    match plain(expr):
        case Number(value):
            return value > 0
        case Extent() | Constant() | Apply("exp" | "cosh" | "ones" | "sigmoid" | "softmax"):
            return True
        case Apply("+" | "*" | "/", (a, b)):
            return positive(a) and positive(b)
        case Apply("sum" | "sqrt" | "**" | "[]" | "reshape" | ".T", (a, *_)):
            return positive(a)
        case Apply("mean", (a,)):
            return positive(a)
    return False


def meant(node: Apply) -> Expr | None:
    """The definition of a function, of these arguments."""
    row = FUNCTIONS[node.function]
    if row.kinks or row.own is not None or (row.nonzero and row.kind is Kind.ELEMENTWISE):
        return None
    text = _ROWS.get(node.function, row.definition if row.kind in (Kind.ELEMENTWISE, Kind.FORMULA) else "")
    if not text:
        return None
    shape, options = node.arguments[0].shape, dict(node.parameters)
    axes = options.get("axis") or (tuple(range(len(shape))) if row.kind is Kind.REDUCTION else (-1,) if shape else ())
    if not shape:
        text = text.replace(", axis={a}", "").replace(", keepdims={k}", "").replace(", keepdims=True", "")
    text = text.format(a=f"({', '.join(map(str, axes))},)", k=bool(options.get("keepdims"))) if "{" in text else text
    count = product([shape[axis] for axis in axes])
    body = meaning(text, row.parameters, tuple(a.shape for a in node.arguments), count)
    given = dict(zip(row.parameters, node.arguments, strict=True))
    return rebuild(body, lambda part: given.get(part.name) if isinstance(part, Variable) else None)
