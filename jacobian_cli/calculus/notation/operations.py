"""One operation of the language at a time: typed, its sign and its number where people write them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from jacobian_cli.calculus.index.tensor import Rational
from jacobian_cli.elaborate import Builder, Scope
from jacobian_cli.expr import Apply, Expr, Extent, Number
from jacobian_cli.ops import row
from jacobian_cli.shape import Shape, Size

_BUILDER = Builder(Scope({}), "")


def apply(function: str, *arguments: Expr, **options: Any) -> Expr:
    """A function of the table on typed arguments; a shape that does not fit is a bug, not an input error."""
    return _applied(function, arguments, tuple(options.items()))


@lru_cache(maxsize=1 << 14)
def _applied(function: str, arguments: tuple[Expr, ...], options: tuple[tuple[str, Any], ...]) -> Expr:
    return _BUILDER.applied(row(function), arguments, dict(options))


@lru_cache(maxsize=1024)
def number(value: Rational) -> Expr:
    return Number(Fraction(value))


def is_number(expr: Expr, value: Rational) -> bool:
    return expr is number(value)


def is_call(expr: Expr, function: str) -> bool:
    return isinstance(expr, Apply) and expr.function == function


def joined(parts: Sequence[Expr]) -> Expr:
    """Parts end to end, or below each other."""
    return apply("concat" if any(part.shape for part in parts) else "stack", *parts)


def extent(size: Size) -> Expr:
    return Extent(size) if size.value is None else number(size.value)


def eye(size: Size) -> Expr:
    return apply("eye", sizes=(size,))


def ones(*sizes: Size) -> Expr:
    return apply("ones", sizes=sizes)


def zeros(shape: Shape) -> Expr:
    return apply("zeros", sizes=shape) if shape else number(0)


def diag(vector: Expr) -> Expr:
    """The diagonal matrix of a vector; of all ones the identity."""
    if is_call(vector, "ones"):
        return eye(vector.shape[0])
    return apply("diag", vector)


def is_diagonal(expr: Expr) -> bool:
    return is_call(expr, "diag") and len(expr.shape) == 2


def kron(a: Expr, b: Expr) -> Expr:
    """The Kronecker product; of identities an identity."""
    if is_call(a, "eye") and is_call(b, "eye"):
        return eye(a.shape[0] * b.shape[0])
    return apply("kron", a, b)


def multiply(a: Expr, b: Expr) -> Expr:
    """a*b element by element, with the scalar in front and 1 left out."""
    if is_number(a, 1):
        return b
    if is_number(b, 1):
        return a
    if a.shape == b.shape and isinstance(b, Apply) and row(b.function).mask and is_call(b.arguments[0], "ones"):
        return apply(b.function, a)  # X ⊙ tril(1) = tril(X)
    return apply("*", a, b)


def divide(a: Expr, b: Expr) -> Expr:
    return a if is_number(b, 1) else apply("/", a, b)


def negate(expr: Expr) -> Expr:
    """-x, put on the first factor of a product, where it is written."""
    match expr:
        case Number(value=value):
            return Number(-value)
        case Apply(function="u-", arguments=(inner,)):
            return inner
        case Apply(function="*" | "/" | "@" as function, arguments=(a, b)):
            return apply(function, negate(a), b)
    return apply("u-", expr)


def scaled(factor: Expr, expr: Expr) -> Expr:
    """factor·expr for a scalar factor, put on the first matrix of a product, where it is written."""
    if is_number(factor, 1):
        return expr
    if is_number(factor, -1):
        return negate(expr)
    match expr:
        case Apply(function="@" | "/" as function, arguments=(a, b)) if not is_number(a, 1):
            return apply(function, scaled(factor, a), b)
        case Apply(function="/", arguments=(_, b)) if not isinstance(factor, Number):
            return apply("/", factor, b)
        case Apply(function="*", arguments=(a, b)):
            if isinstance(a, Number) and isinstance(factor, Number):
                return scaled(Number(a.value * factor.value), b)
            if isinstance(a, Number):
                return scaled(a, scaled(factor, b))
            return apply("*", scaled(factor, a), b)
        case Apply(function="u-", arguments=(inner,)):
            return negate(scaled(factor, inner))
        case Number(value=value) if isinstance(factor, Number):
            return Number(value * factor.value)
    return multiply(factor, expr)


def unsigned(expr: Expr) -> tuple[bool, Expr]:
    """Whether a minus stands in front of an expression, and the expression without it."""
    match expr:
        case Number(value=value) if value < 0:
            return True, Number(-value)
        case Apply(function="u-", arguments=(inner,)):
            return True, inner
        case Apply(function="*" | "/" | "@" as function, arguments=(a, b)):
            minus, first = unsigned(a)
            if minus:
                return True, b if function == "*" and is_number(first, 1) else apply(function, first, b)
    return False, expr


def scalar_part(expr: Expr) -> tuple[Expr | None, Expr]:
    """The scalar factor in front of an expression, and the rest."""
    match expr:
        case Apply(function="*", arguments=(a, b)) if not a.shape:
            return a, b
        case Apply(function="u-", arguments=(a,)):
            return number(-1), a
    return None, expr


def chain(expr: Expr) -> list[Expr]:
    """The factors of a matrix product, which may be multiplied in any order."""
    factors: list[Expr] = []
    while isinstance(expr, Apply) and expr.function == "@":
        first, last = expr.arguments
        if len(last.shape) == 1 and len(first.shape) != 2:
            break  # u@v is a number; in (A@P)@v, P of three axes, the rows of P@v would run along
        expr = first
        factors.append(last)
    return [expr, *reversed(factors)]


def summands(expr: Expr) -> list[tuple[bool, Expr]]:
    """The terms of a sum, each with whether it is subtracted."""
    terms: list[tuple[bool, Expr]] = []
    while isinstance(expr, Apply) and expr.function in ("+", "-"):
        minus = expr.function == "-"
        expr, last = expr.arguments
        terms.append((minus, last))
    return [(False, expr), *reversed(terms)]
