"""ABx + ACx = A(B + C)x: what the terms of a sum begin or end with in common is written once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jacobian_cli.calculus.notation.write import (
    chain,
    divide,
    eye,
    is_call,
    matmul,
    number,
    scalar_part,
    scaled,
    total,
)
from jacobian_cli.expr import Apply, Expr

_MAX_FACTORED = 60
"""Sums of products with more factors in all than this are left as they are."""


@dataclass(frozen=True, slots=True)
class _Chain:
    """A term of a sum as a product of matrices, with the scalar that it is divided by."""

    minus: bool
    factors: tuple[Expr, ...]
    divisor: Expr

    @staticmethod
    def of(minus: bool, expr: Expr) -> _Chain:
        match expr:
            case Apply(function="/", arguments=(above, below)) if not below.shape:
                return _Chain(minus, tuple(_factors(above)), below)
        return _Chain(minus, tuple(_factors(expr)), number(1))

    def inside(self, front: int, back: int, divided: bool) -> tuple[bool, Expr]:
        """What stands between the first `front` and the last `back` factors; nothing is the identity."""
        factors = self.factors[front : len(self.factors) - back]
        inner = _joined(factors) if factors else eye(self.factors[front - 1].shape[1])
        return self.minus, divide(inner, self.divisor) if divided else inner

    @property
    def expr(self) -> Expr:
        return divide(_joined(self.factors), self.divisor)


def factored(terms: Sequence[tuple[bool, Expr]]) -> list[tuple[bool, Expr]]:
    """ABx + ACx = A(B + C)x: what products begin or end with in common is written once."""
    found = [_Chain.of(minus, expr) for minus, expr in terms]
    if sum(len(chain.factors) for chain in found) > _MAX_FACTORED:
        return list(terms)
    while True:
        best: tuple[int, int, int, int, int] | None = None
        for i, a in enumerate(found):
            for j in range(i + 1, len(found)):
                front, back = _shared(a.factors, found[j].factors)
                if front + back and (best is None or front + back > best[0]):
                    best = (front + back, i, j, front, back)
        if best is None:
            return [(one.minus, one.expr) for one in found]
        _, i, j, front, back = best
        one, other = found[i], found[j]
        apart = one.divisor is not other.divisor
        (minus, left), (subtracted, right) = one.inside(front, back, apart), other.inside(front, back, apart)
        parts = [(False, left), (minus != subtracted, right)]
        if minus == subtracted and is_call(left, ".T") and not is_call(right, ".T"):
            parts.reverse()  # A + Aᵀ
        inner = total(parts)
        around = (*one.factors[:front], inner, *one.factors[len(one.factors) - back :])
        found[i] = _Chain(minus, around, number(1) if apart else one.divisor)
        del found[j]


def _factors(expr: Expr) -> list[Expr]:
    """The factors of a matrix product, the scalar in front of it being one of them."""
    first, *rest = chain(expr)
    if not rest:
        return [expr]
    scalar, matrix = scalar_part(first)
    return [matrix, *rest] if scalar is None else [scalar, matrix, *rest]


def _joined(factors: Sequence[Expr]) -> Expr:
    if factors[0].shape:
        return matmul(*factors)
    return scaled(factors[0], matmul(*factors[1:])) if len(factors) > 1 else factors[0]


def _shared(a: Sequence[Expr], b: Sequence[Expr]) -> tuple[int, int]:
    """How many factors two products share at the front and at the back, matrices or vectors of one shape being left,
    or, in one of them, nothing.
    """
    shortest = min(len(a), len(b))
    front = next((k for k in range(shortest) if a[k] is not b[k]), shortest)
    back = next((k for k in range(shortest - front) if a[-1 - k] is not b[-1 - k]), shortest - front)
    if front + back == shortest and len(a) != len(b):
        middle = max(a, b, key=len)[front : max(len(a), len(b)) - back]
        square = _joined(middle).shape
        if front and back and len(square) == 2 and square[0] is square[1] and len(a[front - 1].shape) == 2:
            return front, back
    most = shortest - 1
    front, back = min(front, most), min(back, most - min(front, most))
    for start, end in ((front, back), (front, 0), (0, back)):
        if not start + end:
            continue
        left, right = (_joined(c[start : len(c) - end]).shape for c in (a, b))
        if left == right and (len(left) == 2 or (len(left) == 1 and not end and a[start - 1].shape)):
            return start, end
    return 0, 0
