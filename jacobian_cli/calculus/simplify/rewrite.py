"""What an identity makes of the factors of a product, and the one place where labels that disappear are counted."""

from __future__ import annotations

from dataclasses import dataclass

from jacobian_cli.calculus.index.tensor import Extent, Factor, Rational
from jacobian_cli.shape import Size


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What an identity makes of the factors of a product: what stands there instead, a number, and the labels over
    which it summed. Any other label that disappears still counts its size, see `counted`.
    """

    factors: list[Factor]
    number: Rational = 1
    summed: frozenset[int] = frozenset()


def counted(order: int, sizes: dict[int, Size], found: Rewrite) -> tuple[Rational, list[Factor]]:
    """Σ_j 1 = m: a summed label that no factor bears any more counts its size, whatever made it disappear. `sizes` are
    those of the labels that were there.
    """
    left = {label for _, labels, _ in found.factors for label in labels}.union(found.summed)
    number, factors = found.number, found.factors
    for label, size in sizes.items():
        if label >= order and label not in left:
            if size.value is None:
                factors = [*factors, (Extent(size), (), 1)]
            else:
                number = number * size.value
    return number, factors
