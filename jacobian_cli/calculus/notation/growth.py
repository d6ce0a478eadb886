"""How fast a formula grows with its variables: what may overflow before its value does."""

from __future__ import annotations

from fractions import Fraction

from jacobian_cli.expr import Apply, Defined, Expr, Number, Variable, walk
from jacobian_cli.ops import Kind, row

NORMS = frozenset({"norm", "hypot"})


def degree(expr: Expr, names: set[str]) -> int:
    """How fast an expression grows with these variables, as a power."""
    if isinstance(expr, Variable):
        return int(expr.name in names)
    if isinstance(expr, Defined):
        return degree(expr.body, names)
    if not isinstance(expr, Apply) or not expr.arguments:
        return 0
    entry, degrees = row(expr.function), [degree(argument, names) for argument in expr.arguments]
    if entry.algebra == "product" or entry.kind is Kind.CONTRACTION:
        return sum(degrees)
    match expr.function, expr.arguments:
        case "/", _:
            return degrees[0] - degrees[1]
        case "**", (_, Number(value=exponent)) if exponent.denominator == 1:
            return int(exponent) * degrees[0]
    adds = entry.algebra == "sum" or expr.function in ("-", "u-", *NORMS)
    return max(degrees) if adds or entry.moves or entry.kind is Kind.SHAPE else 0


def meant(expr: Expr) -> Expr:
    """What a name stands for."""
    while isinstance(expr, Defined):
        expr = expr.body
    return expr


def moves(expr: Expr) -> bool:
    """Whether an expression hangs on a variable."""
    return any(isinstance(node, Variable) for node in walk([expr]))


def constant(expr: Expr) -> Fraction | None:
    """The number that an expression is, as -3/2; nothing where it is none."""
    match expr:
        case Number(value=value):
            return value
        case Apply(function="u-", arguments=(x,)):
            inner = constant(x)
            return None if inner is None else -inner
        case Apply(function="/", arguments=(a, b)):
            above, below = constant(a), constant(b)
            return above / below if above is not None and below else None
    return None
