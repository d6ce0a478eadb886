"""Where entries lie: indices as sums of loop variables times whole numbers, and loops over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple


class Place(NamedTuple):
    """A sum of variables times whole numbers, and a whole number."""

    terms: tuple[tuple[str, int], ...] = ()
    offset: int = 0

    @staticmethod
    def of(name: str) -> Place:
        return Place(((name, 1),))

    def times(self, factor: int) -> Place:
        """So many times as far."""
        return Place(tuple((name, c * factor) for name, c in self.terms) if factor else (), self.offset * factor)

    def plus(self, other: Place) -> Place:
        """Moved on."""
        found = dict(self.terms)
        for name, c in other.terms:
            found[name] = found.get(name, 0) + c
        return Place(tuple((name, c) for name, c in found.items() if c), self.offset + other.offset)

    @property
    def text(self) -> str:
        """As C spells it.

        >>> Place((("i", 4), ("j", -1)), 3).text, Place().text
        ('4*i - j + 3', '0')
        """
        parts = [(c < 0, name if abs(c) == 1 else f"{abs(c)}*{name}") for name, c in self.terms]
        parts += [(self.offset < 0, str(abs(self.offset)))] if self.offset or not parts else []
        first, *others = parts
        return f"{'-' * first[0]}{first[1]}" + "".join(f" {'-' if minus else '+'} {part}" for minus, part in others)


ZERO = Place()
Lengths = tuple[int, ...]


def flat(places: Sequence[Place], lengths: Sequence[int]) -> Place:
    """The place in an array that lies row by row.

    >>> flat([Place.of("i"), Place.of("j")], (3, 4)).text
    '4*i + j'
    """
    found = ZERO
    for place, length in zip(places, lengths, strict=True):
        found = found.times(length).plus(place)
    return found


def run(places: Iterable[Place]) -> Place:
    """The sum of places."""
    found = ZERO
    for place in places:
        found = found.plus(place)
    return found


def count(lengths: Iterable[int]) -> int:
    """The number of entries."""
    return prod(lengths)
