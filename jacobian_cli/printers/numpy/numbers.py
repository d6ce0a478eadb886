"""Whole numbers in source: Python's have no end, NumPy's have, and an array of objects is what comes of the others."""

from __future__ import annotations

from contextlib import suppress

from jacobian_cli.expr import Apply, Expr, Number, Variable, walk
from jacobian_cli.ops import row

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


def is_known(expr: Expr) -> bool:
    """Whether it is the same whatever the variables are."""
    return not any(isinstance(part, Variable) for part in walk([expr]))


def picked(node: Apply) -> tuple[Expr, Expr] | None:
    """Of a sum along the last axis of one_hot(i, n)*X the places and the rows, one entry of each of which it is."""
    (x,), options = node.arguments, dict(node.parameters)
    last = options.get("axis") in ((-1,), (len(x.shape) - 1,)) and not options.get("keepdims")
    if not last or not isinstance(x, Apply) or x.function != "*":
        return None
    ones, rows = x.arguments
    if not isinstance(ones, Apply) or not row(ones.function).picking or not isinstance(ones.arguments[0], Variable):
        return None
    return (ones.arguments[0], rows) if len(x.shape) > 1 and rows.shape == x.shape == ones.shape else None
