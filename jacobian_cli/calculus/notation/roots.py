"""Roots of sums of squares, and what is divided by their powers: a square overflows where its root does not.

sqrt(1 + x**2) is hypot(1, x), sum(x**2)**(3/2) is norm(x)**3, and x*x.T/norm(x)**2 is (x/norm(x))*(x/norm(x)).T: each
factor is divided by itself, so that none of them overflows or vanishes on the way (J. L. Blue, A portable Fortran
program to find the Euclidean norm of a vector, ACM TOMS 4, 1978).
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from jacobian_cli.calculus.notation.growth import NORMS, constant, degree, meant, moves
from jacobian_cli.calculus.notation.operations import apply, divide, is_call, multiply, number
from jacobian_cli.expr import Apply, Expr, Number, Variable, walk

_HALF = Fraction(1, 2)
_MOST = 4
"""Powers of a norm that a quotient is divided by step by step."""
_FAR = number(10**8)
"""From here on the square of a number is what one more than it is, in double precision."""


def rooted(node: Apply) -> Expr | None:
    """A root of a sum of squares, or an odd power of one, as that power of a norm; nothing for what is none."""
    if node.function == "sqrt":
        base, power = node.arguments[0], _HALF
    elif node.function == "**" and (exponent := constant(node.arguments[1])) is not None:
        base, power = node.arguments[0], exponent
    else:
        return None
    if power.denominator != 2:
        return None
    parts = _squares(base)
    if parts is None or not any(map(moves, parts)) or (len(parts) == 1 and not is_call(parts[0], "norm")):
        return None
    found = _together(parts)
    if found.shape != node.shape:
        return None
    odd = 2 * power
    return found if odd == 1 else apply("**", found, number(odd))


def logged(node: Apply) -> Expr | None:
    """log(1 + x**2) by parts, of which one is of |x| up to a large number, the other of all beyond: log1p(x**2) there
    has no square that is lost beside one, and no square that overflows.
    """
    if node.function != "log1p":
        return None
    parts = _squares(node.arguments[0])
    if parts is None or not any(map(moves, parts)):
        return None
    found = _together(parts)
    if found.shape != node.shape:
        return None
    size = found if isinstance(found, Apply) and found.function in NORMS else apply("abs", found)
    near = apply("log1p", apply("**", apply("minimum", size, _FAR), number(2)))
    beyond = apply("log", divide(apply("maximum", size, _FAR), _FAR))
    return apply("+", near, multiply(number(2), beyond))


def _squares(expr: Expr) -> list[Expr] | None:
    """Expressions whose squares add up to this one."""
    expr = meant(expr)
    if isinstance(expr, Number):
        if expr.value <= 0:
            return None
        above, below = isqrt(expr.value.numerator), isqrt(expr.value.denominator)
        exact = Fraction(above, below)
        return [number(exact) if exact**2 == expr.value else apply("sqrt", expr)]
    if not isinstance(expr, Apply):
        return None
    match expr.function, expr.arguments:
        case "+", (a, b):
            one, other = _squares(a), _squares(b)
            return None if one is None or other is None else [*one, *other]
        case "**", (x, Number(value=power)) if power > 0 and power.denominator == 1 and power % 2 == 0:
            return [x if power == 2 else apply("**", x, number(power / 2))]
        case "*", (a, b) if a is b:
            return [a]
        case "*", (Number() as factor, b):
            one, other = _squares(factor), _squares(b)
            return None if one is None or other is None or len(other) > 1 else [multiply(one[0], other[0])]
        case "sum", (x,):
            inner = _squares(x)
            if inner is None or len(inner) > 1 or inner[0].shape != x.shape:
                return None
            return [apply("norm", inner[0], **dict(expr.parameters))]
        case "@", (a, b) if len(b.shape) == 1 and (a is b or (is_call(a, ".T") and a.children[0] is b)):
            return [apply("norm", b)]
    return None


def divided(node: Apply) -> Expr | None:
    """A quotient by a power of a norm, or of a sum of squares that its upper part outgrows, its factors divided one by
    one; nothing for others.
    """
    if node.function != "/":
        return None
    above, below = node.arguments
    power, k = meant(below), Fraction(1)
    if isinstance(power, Apply) and power.function == "**" and isinstance(exponent := power.arguments[1], Number):
        power, k = power.arguments[0], exponent.value
    norm, least = power, 1
    if not _is_norm(power):
        parts = _squares(power)
        if parts is None or len(parts) < 2:
            return None
        norm, k, least = _together(parts), 2 * k, 2
    if k.denominator != 1 or not 2 <= k <= _MOST:
        return None
    names = {part.name for part in walk([norm]) if isinstance(part, Variable)}
    if not least <= degree(above, names) <= int(k):
        return None
    found = _over(above, norm, int(k), names)
    return found if found is not None and found.shape == node.shape else None


def _together(parts: list[Expr]) -> Expr:
    """The root of the sum of their squares."""
    found = parts[0]
    for part in parts[1:]:
        found = apply("hypot", found, part)
    return found


def _is_norm(expr: Expr) -> bool:
    expr = meant(expr)
    if isinstance(expr, Apply) and expr.function == "[]":
        return _is_norm(expr.arguments[0])
    return isinstance(expr, Apply) and expr.function in NORMS


def _over(expr: Expr, norm: Expr, k: int, names: set[str]) -> Expr | None:
    """An expression divided by a power of a norm, no part of which grows faster than that power."""
    if k == 0:
        return expr
    inner = meant(expr)
    alone = not norm.shape
    if isinstance(inner, Apply) and (k > 1 or degree(inner, names) > 1):
        parts = inner.arguments
        match inner.function:
            case "+" | "-":
                sides = [_over(part, norm, k, names) for part in parts]
                return apply(inner.function, *sides) if None not in sides else None  # type: ignore[arg-type]  # none is None then
            case "u-" | ".T":
                one = _over(parts[0], norm, k, names) if alone or inner.function == "u-" else None
                return None if one is None else apply(inner.function, one)
            case "diag" if alone and len(inner.shape) == 2:
                one = _over(parts[0], norm, k, names)
                return None if one is None else apply("diag", one)
            case "*" | "@" | "outer" | "dot" if alone or inner.function == "*":
                first = max(0, min(k, degree(parts[0], names)))
                one, other = _over(parts[0], norm, first, names), _over(parts[1], norm, k - first, names)
                return None if one is None or other is None else apply(inner.function, one, other)
            case "**" if isinstance(parts[1], Number) and 2 <= parts[1].value <= k and parts[1].value.denominator == 1:
                power = int(parts[1].value)
                return _apart(apply("**", divide(parts[0], norm), parts[1]), norm, k - power)
    return _apart(expr, norm, k)


def _apart(expr: Expr, norm: Expr, k: int) -> Expr:
    for _ in range(k):
        expr = divide(expr, norm)
    return expr
