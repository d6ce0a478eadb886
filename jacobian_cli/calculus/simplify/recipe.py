"""What an identity says stands there instead, not built yet: only the engine builds, so that no identity calls the
algebra. The parts are tensors in normal form, or recipes again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from jacobian_cli.calculus.index.tensor import Extent, Factor, Labels, Product, Rational, Sum, Tensor
from jacobian_cli.records import record
from jacobian_cli.shape import Shape, Size


@record(frozen=True, slots=True)
class Times:
    """coefficient · Σ Π factors, labels from `len(shape)` on being summed over."""

    shape: Shape
    factors: Sequence[Piece]
    coefficient: Rational = 1


@record(frozen=True, slots=True)
class Plus:
    """Σ coefficient · term, all of one shape."""

    shape: Shape
    terms: Sequence[tuple[Rational, Part]]


@record(frozen=True, slots=True)
class Call:
    """A function of the table; the first `loop` axes of each argument and of the value run together."""

    function: str
    arguments: tuple[Part, ...]
    loop: int
    shape: Shape


@record(frozen=True, slots=True)
class Fold:
    """The same entries, row by row, in another shape."""

    body: Part
    shape: Shape
    loop: int = 0


@record(frozen=True, slots=True)
class Opened:
    """A product in which, once it is built, one short sum is multiplied out."""

    body: Part


Part = Tensor | Times | Plus | Call | Fold | Opened
Piece = tuple[Part, Labels, Rational]
"""A factor whose tensor may still have to be built."""


@record(frozen=True)
class Open:
    """A product whose factors have met and may still be changed: what identities of products are asked about."""

    shape: Shape
    factors: list[Factor]
    coefficient: Rational = 1

    @property
    def order(self) -> int:
        """How many axes the value has; labels from here on are summed over."""
        return len(self.shape)

    @cached_property
    def bearing(self) -> Mapping[int, int]:
        """How many factors bear each label."""
        return Counter(label for _, labels, _ in self.factors for label in set(labels))


class Rewrite(NamedTuple):
    """What an identity makes of the factors of a product: those that stay, what stands there instead of the others, a
    number, and the labels over which it summed. Any other label that disappears still counts its size, see `counted`.
    """

    kept: Sequence[Factor]
    new: Sequence[Piece] = ()
    number: Rational = 1
    summed: frozenset[int] = frozenset()


def counted(
    order: int, sizes: dict[int, Size], factors: list[Factor], summed: frozenset[int] = frozenset()
) -> tuple[Rational, list[Factor]]:
    """Σ_j 1 = m: a summed label that no factor bears any more counts its size, whatever made it disappear. `sizes` are
    those of the labels that were there.
    """
    left = {label for _, labels, _ in factors for label in labels}.union(summed)
    number: Rational = 1
    for label, size in sizes.items():
        if label >= order and label not in left:
            if size.value is None:
                factors = [*factors, (Extent(size), (), 1)]
            else:
                number = number * size.value
    return number, factors


def ones(shape: Shape) -> Tensor:
    """All ones."""
    return Product(1, (), shape)


def zeros(shape: Shape) -> Tensor:
    """All zeros."""
    return Sum((), shape)


@lru_cache(maxsize=4096)
def opposite(tensor: Tensor) -> Tensor:
    """The negative of a tensor, in normal form if the tensor is."""
    match tensor:
        case Sum(terms, shape):
            return Sum(tuple((-c, t) for c, t in terms), shape)
        case Product(coefficient, factors, shape):
            whole = tuple(range(len(shape)))
            if coefficient == -1 and len(factors) == 1 and factors[0][1:] == (whole, 1):
                return factors[0][0]
            return Product(-coefficient, factors, shape)
    return Product(-1, ((tensor, tuple(range(len(tensor.shape))), 1),), tensor.shape)


def scale(coefficient: Rational, tensor: Tensor) -> Tensor:
    """A number times a tensor, which is in normal form but for the number in front."""
    if coefficient == 1:
        return tensor
    if not coefficient:
        return zeros(tensor.shape)
    match tensor:
        case Sum(terms, shape):
            return Sum(tuple([(coefficient * c, t) for c, t in terms]), shape)
        case Product(before, factors, shape):
            return multiple(coefficient * before, factors, shape)
    return Product(coefficient, ((tensor, tuple(range(len(tensor.shape))), 1),), tensor.shape)


def monic(term: Product) -> Tensor:
    return multiple(1, term.factors, term.shape)


def multiple(coefficient: Rational, factors: tuple[Factor, ...], shape: Shape) -> Tensor:
    """A product in normal form with another number in front."""
    if coefficient == 1 and len(factors) == 1 and factors[0][1:] == (tuple(range(len(shape))), 1):
        return factors[0][0]
    return Product(coefficient, factors, shape)
