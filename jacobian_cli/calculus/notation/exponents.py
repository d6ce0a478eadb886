"""Numbers, powers and quotients as people write them."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from jacobian_cli.calculus.index.tensor import Rational
from jacobian_cli.calculus.notation.write import apply, divide, number
from jacobian_cli.expr import Expr, Number


def power(base: Expr, exponent: Rational) -> Expr:
    """base**exponent; a half is a root, a negative exponent a quotient."""
    if exponent == 1:
        return base
    if exponent < 0:
        return divide(number(1), power(base, -exponent))
    if exponent == Fraction(1, 2):
        return apply("sqrt", base)
    return apply("**", base, exponent_expr(exponent))


def exponent_expr(value: Rational) -> Expr:
    whole = Fraction(value)
    if whole.denominator == 1 or _terminates(whole):
        return Number(whole)
    return apply("/", number(whole.numerator), number(whole.denominator))


def _terminates(value: Fraction) -> bool:
    denominator = value.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1


@lru_cache(maxsize=1024)
def coefficient_parts(value: Rational) -> tuple[Expr, Expr]:
    """A positive number as numerator and denominator; what was typed as 0.01 stays so."""
    value = Fraction(value)
    if value.denominator >= 100 and value.denominator % 10 == 0 and _terminates(value):
        return Number(value), number(1)
    return number(value.numerator), number(value.denominator)
