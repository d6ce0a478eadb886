"""ABx + ACx = A(B + C)x: what the terms of a sum begin or end with in common is written once, where that is shorter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from jacobian_cli.calculus.cost import OPERATION, cost, shortest
from jacobian_cli.calculus.notation.write import (
    apply,
    chain,
    divide,
    eye,
    is_call,
    kron,
    matmul,
    number,
    scalar_part,
    scaled,
    summands,
    total,
    transpose,
)
from jacobian_cli.expr import Apply, Expr

_MAX_FACTORED = 60
"""Sums of products with more factors in all than this are left as they are."""
_BEAM = 3
"""So many ways of having put some terms together are followed: what saves most at once may save less in the end."""
_ONE = number(1)


class _Chain(NamedTuple):
    """A term of a sum: scalar · A₁@A₂@… / divisor, and whether it is subtracted."""

    minus: bool
    scalar: Expr
    factors: tuple[Expr, ...]
    divisor: Expr

    @staticmethod
    def of(minus: bool, expr: Expr) -> _Chain:
        divisor = _ONE
        match expr:
            case Apply(function="/", arguments=(above, below)) if not below.shape:
                expr, divisor = above, below
        first, *rest = chain(expr)
        scalar, matrix = scalar_part(first)
        return (
            _Chain(minus, _ONE, (first, *rest), divisor)
            if scalar is None
            else _Chain(minus, scalar, (matrix, *rest), divisor)
        )

    @property
    def expr(self) -> Expr:
        return divide(scaled(self.scalar, matmul(*self.factors)), self.divisor)

    def inside(self, front: int, back: int, *, scalar: bool, divisor: bool) -> _Chain:
        """What stands between the first `front` and the last `back` factors (nothing is the identity), with the
        scalar and the divisor if asked for.
        """
        factors = self.factors[front : len(self.factors) - back]
        if not factors:
            factors = (eye(self.factors[front - 1].shape[1] if front else self.factors[0].shape[0]),)
        return _Chain(self.minus, self.scalar if scalar else _ONE, factors, self.divisor if divisor else _ONE)


def factored(terms: Sequence[tuple[bool, Expr]]) -> list[tuple[bool, Expr]]:
    """ABx + ACx = A(B + C)x, two terms at a time, as long as the sum becomes shorter, the shortest ways first."""
    found = tuple(_Chain.of(minus, expr) for minus, expr in terms)
    if sum(len(chain.factors) for chain in found) > _MAX_FACTORED:
        return list(terms)
    best = (0, found)
    beam = [best]
    while beam:
        steps = {frozenset(after): (saved, after) for before in beam for saved, after in _joined(*before)}
        beam = sorted(steps.values(), key=lambda step: -step[0])[:_BEAM]
        best = max([best, *beam[:1]], key=lambda step: step[0])
    return [(one.minus, one.expr) for one in best[1]]


def _joined(saved: int, terms: tuple[_Chain, ...]) -> Iterator[tuple[int, tuple[_Chain, ...]]]:
    """A sum with two of its terms together, wherever that is shorter, and what is saved with what was before."""
    for i, j in combinations(range(len(terms)), 2):
        for more, one in _shorter(terms[i], terms[j]):
            yield saved + more, (*terms[:i], one, *terms[i + 1 : j], *terms[j + 1 :])


@lru_cache(maxsize=4096)
def _shorter(a: _Chain, b: _Chain) -> tuple[tuple[int, _Chain], ...]:
    """Two terms as one, wherever that is shorter, and by how much."""
    apart = cost(a.expr) + cost(b.expr) + OPERATION
    return tuple((saved, one) for one in _together(a, b) if (saved := apart - cost(one.expr)) > 0)


def _together(a: _Chain, b: _Chain) -> Iterator[_Chain]:
    """The sum of two terms as one, with what they share outside."""
    scalar, divisor = a.scalar is not b.scalar, a.divisor is not b.divisor
    if a.factors == b.factors:
        numbers = [c.scalar if a.divisor is b.divisor else divide(c.scalar, c.divisor) for c in (a, b)]
        both = total([(False, numbers[0]), (a.minus != b.minus, numbers[1])])
        yield _Chain(a.minus, both, a.factors, _ONE if divisor else a.divisor)
    for front, back in _shared(a.factors, b.factors):
        left, right = (c.inside(front, back, scalar=scalar, divisor=divisor) for c in (a, b))
        if left.expr.shape != right.expr.shape:
            continue
        parts = [(False, left.expr), (a.minus != b.minus, right.expr)]
        if a.minus == b.minus and is_call(left.expr, ".T") and not is_call(right.expr, ".T"):
            parts.reverse()  # A + Aᵀ
        inner = _kronecker(parts)
        if inner is None and (front or back or a.scalar is b.scalar is not _ONE):
            inner = _upright(total(parts))
        if inner is not None:
            around = (*a.factors[:front], inner, *a.factors[len(a.factors) - back :])
            yield _Chain(a.minus, _ONE if scalar else a.scalar, around, _ONE if divisor else a.divisor)


def _kronecker(parts: Sequence[tuple[bool, Expr]]) -> Expr | None:
    """A ⊗ B + A ⊗ C = A ⊗ (B + C), and on the other side; None if the parts are not such."""
    if not all(is_call(part, "kron") for _, part in parts):
        return None
    for side in (0, 1):
        if parts[0][1].children[side] is parts[1][1].children[side]:
            inner = _upright(total(factored([(minus, part.children[1 - side]) for minus, part in parts])))
            halves = (parts[0][1].children[side], inner)
            return kron(*(halves if side == 0 else halves[::-1]))
    return None


def _upright(expr: Expr) -> Expr:
    """A sum that stands in parentheses, or the transpose of the transposes: (Xᵀ − Zᵀ)m = (X − Z)ᵀm."""
    if not all(is_call(term, ".T") for _, term in summands(expr)) or len(expr.shape) != 2:
        return expr
    return shortest([apply(".T", transpose(expr)), expr])


def _shared(a: Sequence[Expr], b: Sequence[Expr]) -> Iterator[tuple[int, int]]:
    """How many factors two products can be made to share at the front and at the back, matrices or vectors being
    left; or, in one of them, nothing, which is an identity.
    """
    shortest = min(len(a), len(b))
    front = next((k for k in range(shortest) if a[k] is not b[k]), shortest)
    back = next((k for k in range(shortest - front) if a[-1 - k] is not b[-1 - k]), shortest - front)
    more = abs(len(a) - len(b))
    if (
        front + back == shortest
        and (more == 1 or (more and front and back))
        and (not front or len(a[front - 1].shape) == 2)
    ):
        middle = matmul(*max(a, b, key=len)[front : max(len(a), len(b)) - back]).shape
        if len(middle) == 2 and middle[0] is middle[1]:
            yield front, back
    front, back = min(front, shortest - 1), min(back, shortest - 1 - min(front, shortest - 1))
    for start, end in dict.fromkeys(((front, back), (front, 0), (0, back), (0, 0))):
        left = matmul(*a[start : len(a) - end]).shape
        if len(left) == 2 or (len(left) == 1 and not end and (not start or a[start - 1].shape)):
            yield start, end
