"""Whole numbers in source: Python's have no end, NumPy's have, and an array of objects is what comes of the others."""

from __future__ import annotations

from contextlib import suppress

from jacobian_cli.expr import Expr, Number

WHOLE = 2**31
"""Products of two whole numbers up to here are none that NumPy lacks."""


def large_power(base: Expr, exponent: Expr) -> bool:
    """Whether a power of whole numbers is so large that it is computed of floats.

    >>> from fractions import Fraction
    >>> nine, thirty = Number(Fraction(9)), Number(Fraction(30))
    >>> large_power(nine, thirty), large_power(thirty, Number(Fraction(2)))
    (True, False)
    """
    if not (isinstance(base, Number) and isinstance(exponent, Number)) or exponent.value.denominator != 1:
        return False
    with suppress(OverflowError, ZeroDivisionError):
        return bool(abs(float(base.value) ** float(exponent.value)) > WHOLE)
    return True
