"""Sums of products of many arrays, worked out two at a time: all at once takes a loop for every letter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations
from math import prod
from typing import Any, NamedTuple

Array = Any
Lengths = tuple[tuple[int, ...], ...]
_MANY = 10_000
"""So many products are worth the look for a matrix product among them."""


class Step(NamedTuple):
    """One or two of the arrays at hand are taken away, and what `subscripts` makes of them is put behind the others."""

    places: tuple[int, ...]
    subscripts: str
    operations: int
    """Products that are added up."""
    entries: int
    """Of what is made."""


@lru_cache(maxsize=4096)
def plan(subscripts: str, lengths: Lengths) -> tuple[Step, ...]:
    """The steps for arrays of these lengths: always the two that leave the least behind.

    >>> [step.subscripts for step in plan("ab,bc,c->a", ((9, 9), (9, 9), (9,)))]
    ['bc,c->b', 'ab,b->a']
    >>> sum(step.operations for step in plan("ab,bc,cd,de->ae", ((9, 9),) * 4))
    2187
    """
    inputs, output = subscripts.split("->")
    at_hand = inputs.split(",")
    long = {
        letter: n for axes, shape in zip(at_hand, lengths, strict=True) for letter, n in zip(axes, shape, strict=True)
    }
    steps: list[Step] = []

    def size(letters: str) -> int:
        return prod(long[letter] for letter in set(letters))

    def kept(taken: Sequence[int]) -> str:
        """The letters of some arrays that are needed afterwards."""
        others = "".join(letters for k, letters in enumerate(at_hand) if k not in taken)
        here = dict.fromkeys("".join(at_hand[k] for k in taken))
        return "".join(letter for letter in here if letter in output or letter in others)

    def weight(pair: tuple[int, int]) -> tuple[int, int]:
        """What two arrays leave behind, and what it takes."""
        used = [at_hand[k] for k in pair]
        return size(kept(pair)) - sum(map(size, used)), size("".join(used))

    def take(places: tuple[int, ...], made: str) -> None:
        used = [at_hand[k] for k in places]
        steps.append(Step(places, f"{','.join(used)}->{made}", size("".join(used)), size(made)))
        for k in sorted(places, reverse=True):
            del at_hand[k]
        at_hand.append(made)

    if len(at_hand) > 2:  # sums over one array alone come first
        for k in reversed(range(len(at_hand))):
            if len(made := kept((k,))) < len(set(at_hand[k])):
                take((k,), made)
    while len(at_hand) > 2:
        best = min(combinations(range(len(at_hand)), 2), key=weight)
        take(best, kept(best))
    take(tuple(range(len(at_hand))), output)
    return tuple(steps)


def contract(einsum: Callable[..., Array], subscripts: str, operands: Sequence[Array], lengths: Lengths) -> Array:
    """The sum of products, each step by `einsum`."""
    at_hand = list(operands)
    for step in plan(subscripts, lengths):
        whole = all(hasattr(at_hand[k], "shape") for k in step.places)  # numbers of SymPy have none
        many = {"optimize": True} if whole and step.operations > _MANY else {}
        made = einsum(step.subscripts, *(at_hand[k] for k in step.places), **many)
        for k in sorted(step.places, reverse=True):
            del at_hand[k]
        at_hand.append(made)
    return at_hand[0]
