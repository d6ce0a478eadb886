"""Where cells stand in their columns: as near to the heights of their neighbours as the room between them allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

_SWEEPS = 16
_TURN, _STEEPEST = 18.0, 50.0
"""Between two columns: the room of a level wire, and how much more a steep one gets."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Something that takes room in a column, above and below the height at which it stands."""

    column: int
    width: float
    above: float
    below: float


@dataclass(frozen=True, slots=True)
class Pull:
    """A link that wants to be level: it leaves `left` and reaches `right` at some distance from their heights."""

    left: int
    right: int
    leaves: float = 0.0
    reaches: float = 0.0
    weight: float = 1.0


def heights(columns: Sequence[Sequence[int]], cells: Sequence[Cell], pulls: Sequence[Pull], gap: float) -> list[float]:
    """The height of each cell, downwards; those of a column keep their order and their distance."""
    found = [0.0] * len(cells)
    before: list[list[tuple[int, float, float]]] = [[] for _ in cells]
    after: list[list[tuple[int, float, float]]] = [[] for _ in cells]
    for pull in pulls:
        before[pull.right].append((pull.left, pull.leaves - pull.reaches, pull.weight))
        after[pull.left].append((pull.right, pull.reaches - pull.leaves, pull.weight))
    for column in columns:
        _settle(column, cells, [0.0] * len(column), [1.0] * len(column), gap, found)
    for sweep in range(_SWEEPS):
        sides: tuple[list[list[tuple[int, float, float]]], ...] = (before, after)
        one_sided = sweep < _SWEEPS // 2
        for forth in (True, False):
            for column in columns if forth else reversed(columns):
                near = [
                    before[c] + after[c] if not one_sided else sides[not forth][c] or sides[forth][c] for c in column
                ]
                wanted = [
                    sum(w * (found[o] + shift) for o, shift, w in links) / sum(w for _, _, w in links)
                    if links
                    else found[c]
                    for c, links in zip(column, near, strict=True)
                ]
                weights = [max(1.0, sum(w for _, _, w in links)) for links in near]
                _settle(column, cells, wanted, weights, gap, found)
    return found


def _settle(
    column: Sequence[int],
    cells: Sequence[Cell],
    wanted: Sequence[float],
    weights: Sequence[float],
    gap: float,
    found: list[float],
) -> None:
    """Least squares under the distances of a column, by pooling neighbours that would overlap (isotonic regression)."""
    packed = [0.0]
    for upper, lower in pairwise(column):
        packed.append(packed[-1] + cells[upper].below + gap + cells[lower].above)
    pools: list[tuple[float, float, int]] = []
    for at, height, weight in zip(packed, wanted, weights, strict=True):
        mean, total, count = height - at, weight, 1
        while pools and pools[-1][0] > mean:
            other, heavy, many = pools.pop()
            mean = (mean * total + other * heavy) / (total + heavy)
            total, count = total + heavy, count + many
        pools.append((mean, total, count))
    k = 0
    for mean, _, count in pools:
        for _ in range(count):
            found[column[k]] = packed[k] + mean
            k += 1


def straightened(
    columns: Sequence[Sequence[int]],
    cells: Sequence[Cell],
    threads: Sequence[Sequence[int]],
    at: Sequence[float],
    gap: float,
) -> list[float]:
    """The heights with each thread, a chain of linked cells, made level in as few pieces as there is room for."""
    found = list(at)
    upper: dict[int, int] = {}
    lower: dict[int, int] = {}
    for column in columns:
        for one, other in pairwise(column):
            upper[other], lower[one] = one, other

    def room(cell: int) -> tuple[float, float]:
        least, most = -inf, inf
        if cell in upper:
            least = found[upper[cell]] + cells[upper[cell]].below + gap + cells[cell].above
        if cell in lower:
            most = found[lower[cell]] - cells[lower[cell]].above - gap - cells[cell].below
        return least, most

    for thread in sorted(threads, key=len, reverse=True) * 3:
        rest = list(thread)
        while rest:
            piece, (least, most) = [rest[0]], room(rest[0])
            for cell in rest[1:]:
                low, high = room(cell)
                if max(least, low) > min(most, high):
                    break
                least, most = max(least, low), min(most, high)
                piece.append(cell)
            level = max(least, min(most, sum(found[c] for c in piece) / len(piece)))
            for cell in piece:
                found[cell] = level
            rest = rest[len(piece) :]
    return found


def lefts(
    columns: Sequence[Sequence[int]], cells: Sequence[Cell], pulls: Sequence[Pull], at: Sequence[float]
) -> list[float]:
    """Where each column begins; steep links get a wider space to turn in."""
    steep = [0.0] * len(columns)
    for pull in pulls:
        drop = abs(at[pull.left] + pull.leaves - at[pull.right] - pull.reaches)
        steep[cells[pull.left].column] = max(steep[cells[pull.left].column], drop)
    found, here = [], 0.0
    for column, drop in zip(columns, steep, strict=True):
        found.append(here)
        here += max((cells[c].width for c in column), default=0.0) + _TURN + min(_STEEPEST, 0.4 * drop)
    return found
