"""Fewer crossings: the barycentre method of Sugiyama, Tagawa and Toda (1981), then swaps of neighbours."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Link = tuple[int, int]
_SWEEPS = 24
_PATIENCE = 4
"""Sweeps that save nothing before no more are made."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each cell, the cells that it is linked with in the column before and in the column after."""

    before: list[list[int]]
    after: list[list[int]]

    @staticmethod
    def of(count: int, links: Sequence[Link]) -> Neighbours:
        found = Neighbours([[] for _ in range(count)], [[] for _ in range(count)])
        for left, right in links:
            found.before[right].append(left)
            found.after[left].append(right)
        return found


def untangled(columns: Sequence[Sequence[int]], links: Sequence[Link]) -> list[list[int]]:
    """The cells of each column in an order with few crossings; links run from a column to the next one.

    >>> untangled([[0, 1], [2, 3]], [(0, 3), (1, 2)])
    [[0, 1], [3, 2]]
    """
    now = [list(column) for column in columns]
    near = Neighbours.of(sum(map(len, columns)), links)
    best, fewest, patience = [*map(list, now)], crossings(now, near), _PATIENCE
    for sweep in range(_SWEEPS):
        if not fewest or not patience:
            break
        patience -= 1
        forth = sweep % 2 == 0
        place = {cell: at for column in now for cell, at in _places(column)}
        for column in now if forth else reversed(now):
            _sort(column, near.before if forth else near.after, place)
            place.update(_places(column))
        _swap(now, near)
        count = crossings(now, near)
        if count < fewest:
            best, fewest, patience = [*map(list, now)], count, _PATIENCE
    return best


def crossings(columns: Sequence[Sequence[int]], near: Neighbours) -> int:
    """How many pairs of links cross."""
    total = 0
    for left, right in pairwise(columns):
        place = {cell: k for k, cell in enumerate(right)}
        passed: list[int] = []
        for cell in left:
            ends = sorted(place[other] for other in near.after[cell])
            total += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return total


def _places(column: Sequence[int]) -> list[tuple[int, float]]:
    """How far down its column each cell is, from 0 to 1."""
    return [(cell, (k + 0.5) / len(column)) for k, cell in enumerate(column)]


def _sort(column: list[int], near: Sequence[Sequence[int]], place: dict[int, float]) -> None:
    """By the mean place of the neighbours; a cell that has none stays where it is."""

    def barycentre(cell: int) -> float:
        others = near[cell]
        return sum(place[o] for o in others) / len(others) if others else place[cell]

    column.sort(key=barycentre)


def _swap(columns: Sequence[list[int]], near: Neighbours) -> None:
    """Exchange neighbours of a column wherever that saves crossings."""
    place = {cell: k for column in columns for k, cell in enumerate(column)}
    for column in columns:
        for k in range(len(column) - 1):
            upper, lower = column[k], column[k + 1]
            gain = 0
            for side in (near.before, near.after):
                ups, lows = [place[c] for c in side[upper]], [place[c] for c in side[lower]]
                gain += sum((u > w) - (u < w) for u in ups for w in lows)
            if gain > 0:
                column[k], column[k + 1] = lower, upper
                place[upper], place[lower] = k + 1, k
