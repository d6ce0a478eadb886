"""What values of a function are taken in place, and what their names say of them."""

from __future__ import annotations

from fractions import Fraction

from jacobian_cli.syntax.code.arguments import LOST
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.tree import Call, Flag, Group, Literal, Name, Term, Text


def is_light(term: Term) -> bool:
    """Whether a value is taken in place: a name, a number, a size, what is no value."""
    if isinstance(term, Name | Literal | Flag | Group | Text):
        return True
    return isinstance(term, Call) and (
        term.function in ("?extent", "?shape", "?count", "?pair", "?slogdet", "?split", LOST)
        or (term.function in ("+", "-", "*", "u-") and all(map(is_light, term.arguments)) and _sized(term))
    )


def _sized(term: Term) -> bool:
    """Whether arithmetic is about sizes only, so that it can stand where a size belongs."""
    if isinstance(term, Name):
        return False
    return not isinstance(term, Call) or term.function in ("?extent", "?count") or all(map(_sized, term.arguments))


def whole(value: int, span: Span) -> Literal:
    return Literal(Fraction(value), span)


def at(term: Term, span: Span) -> Term:
    """A name with the place where it is used."""
    match term:
        case Name(text=text):
            return Name(text, span)
        case Literal(value=value):
            return Literal(value, span)
    return term


def names_number(name: str) -> bool:
    """Whether a name is rather that of a number than that of weights or of a bias, which are arrays in a tuple."""
    return (name[:1].islower() and name[:1] not in "wb") or name in ("b", "beta")
