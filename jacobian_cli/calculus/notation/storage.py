"""What a matrix takes to keep: all its entries, or only the factors and diagonals that it is written in.

A product is kept as its factors, a diagonal matrix as its diagonal, a Kronecker product as its two factors, each of
them multiplied out; identities and commutation matrices take nothing (Golub & Van Loan, Matrix Computations, ch. 1).
"""

from __future__ import annotations

from typing import NamedTuple

from jacobian_cli.calculus.notation import write
from jacobian_cli.expr import Apply, Constant, Expr, Extent, Number
from jacobian_cli.shape import Size, product

_PATTERNS = ("eye", "zeros", "ones", "commutation")
"""Matrices that are known by their sizes."""


class Stored(NamedTuple):
    """How many entries a matrix takes, as it is written and written out."""

    structured: Size
    dense: Size

    @property
    def saves(self) -> bool:
        """Whether the two differ."""
        return self.structured is not self.dense


def stored(form: Expr, dense: Size) -> Stored:
    """The entries of a form that has `dense` of them.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> form = elaborate([parse_statement("X.T@diag(h*(1 - h))@X")]).output
    >>> stored(form, product(form.shape))
    Stored(structured=n*m + n, dense=m**2)
    """
    total = Size.number(0)
    for part in kept(form):
        total = total + product(part.shape)
    return Stored(total, dense)


def kept(form: Expr) -> dict[Expr, None]:
    """The parts of which every entry is kept, each once."""
    found: dict[Expr, None] = {}
    waiting = [(form, False)]  # a part, and whether it is multiplied out
    while waiting:
        part, whole = waiting.pop()
        below = _below(part, whole=whole)
        if below is None:
            found[part] = None
        else:
            waiting += reversed(below)
    return found


def _below(part: Expr, *, whole: bool) -> list[tuple[Expr, bool]] | None:
    """What a part is kept as; None where as it is."""
    if isinstance(part, Number | Constant | Extent):
        return []
    if not isinstance(part, Apply):
        return None
    arguments = part.arguments
    if part.function in _PATTERNS:
        return []
    if write.is_call(part, "kron"):
        return [(a, True) for a in arguments]
    if write.is_call(part, "diag") and len(arguments[0].shape) == 1:
        return [(arguments[0], True)]
    if part.function in (".T", "u-") or (part.function in ("*", "/") and not all(a.shape for a in arguments)):
        scaled = part.function != "/" or not arguments[1].shape
        return [(a, whole) for a in arguments] if scaled else None
    if whole or not part.shape:
        return None
    if part.function in ("@", "outer") or (part.function in ("+", "-") and len({a.shape for a in arguments}) == 1):
        return [(a, False) for a in arguments]
    return None
