"""Tokens of mathematics, whatever they were typed in, and the limits that every reader keeps."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.mends import MAX_DEPTH, MAX_DIGITS
from jacobian_cli.syntax.tree import Term, parts_of


class Token(NamedTuple):
    """One sign, name or number with its place.

    `kind` is one of num, name, func, op, open, close, bar, sup, sub, prime, sqrt, frac, sum, ones, eye, text, end.
    """

    kind: str
    text: str
    start: int
    stop: int
    space: bool = False
    """Whether a blank stands before it."""
    parts: tuple[tuple[Token, ...], ...] = ()
    """What stands inside: a superscript, a numerator and a denominator."""
    value: Fraction | None = None

    @property
    def span(self) -> Span:
        return Span(self.start, self.stop)


class OtherNotationError(InputError):
    """A text that cannot be in the notation that it was taken for: two names stand beside each other."""


def too_deep(text: str) -> InputError:
    return InputError(f"the formula is nested too deeply (limit: {MAX_DEPTH} levels)", text=text)


def want_shallow(term: Term, text: str) -> Term:
    """A tree whose nesting is within the limit."""
    level: Sequence[Term] = [term]
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise too_deep(text)
        level = [part for node in level for part in parts_of(node)]
    return term


def number(digits: str, text: str, span: Span) -> Fraction:
    """The exact value of digits, a decimal point and a power of ten."""
    mantissa, _, exponent = digits.lower().partition("e")
    if len(digits) > MAX_DIGITS or (exponent and abs(int(exponent)) > MAX_DIGITS):
        raise InputError("this number is too long", text=text, span=span, hint=f"at most {MAX_DIGITS} digits are read")
    whole = Fraction(mantissa if not mantissa.startswith(".") else "0" + mantissa)
    return whole * Fraction(10) ** int(exponent or 0)
