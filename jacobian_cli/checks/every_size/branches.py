"""Choices: the branches of a formula that its points meet, and choices that sizes make, of which points say nothing.

Sides are met by chance, so points are drawn that are all of one sign, large and small, and masks that hold all entries
or none. A choice of which but one side has been met leaves the other unproven.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jacobian_cli.checks.every_size.expand import constant, positive
from jacobian_cli.expr import Apply, Expr, Extent, variables, walk
from jacobian_cli.ops.facts import MASK, everything

Array = Any
COMPARED = {">": (1,), "<": (-1,), ">=": (0, 1), "<=": (-1, 0), "==": (0,), "!=": (-1, 1)}
"""The signs of a difference of which a comparison holds."""
STEPS = frozenset(("sign", *COMPARED))
"""Functions that have one value on one side of zero, and another one on the other."""
_CHOOSING = STEPS | {"floor", "max", "largest", "sort", "argsort", "where"}
_EQUALITIES = frozenset(("==", "!="))
_BINARY = frozenset(("binary", "pm1", MASK))
_FACTS_OF_SIGN = frozenset(("positive",))
NEAR = 1e-9
"""Numbers so near are the same."""


@dataclass(frozen=True, slots=True)
class Look:
    """Where to look for another branch: entries of one sign, or of any, times this."""

    sign: int
    scale: float

    def of(self, value: Array, facts: frozenset[str] | None, rng: np.random.Generator) -> Array:
        """A value there; where something is declared that would not hold, as it is."""
        known = everything(facts or ())
        if facts and facts <= _BINARY:
            least = -1 if "pm1" in known else 0
            return np.where(self.sign > 0, 1, least) * np.ones(np.shape(value)) if self.sign else value
        if known - _FACTS_OF_SIGN:
            return value
        if "positive" in known:
            return value * self.scale
        if self.sign:
            return self.sign * self.scale * np.abs(value)
        return value * self.scale * rng.choice([-1.0, 1.0]) * 10 ** rng.uniform(-2.0, 1.0)


BRANCHES = (Look(1, 1.0), Look(-1, 1.0), Look(0, 1.0), Look(0, 30.0))
"""Where further points are, if there is a choice."""
LOOKS = 16
"""So many points are looked at for one on a side that has not been met."""


def one_sided(step: Apply, met: set[int], discrete: Collection[str]) -> bool:
    """Whether a choice came to the same in all entries of all points; numbers that vary are hardly ever equal, but for
    the `discrete` ones, and what is seen to be positive is so everywhere.
    """
    if step.function in COMPARED and constant(step.arguments[1]) == 0 and positive(step.arguments[0]):
        return False
    return len(met) < 2 and not (step.function in _EQUALITIES and variables(step).keys() - set(discrete))


def outcomes(step: Apply, real: Mapping[Expr, Array]) -> set[int]:
    """What a choice comes to at a point, in any of its entries."""
    if any(argument not in real for argument in step.arguments):
        return set()
    values = [real[argument] for argument in step.arguments]
    gap = values[0] - values[1] if len(values) > 1 else values[0]
    near = np.abs(gap) <= NEAR * (1 + np.abs(values[0]))
    sides = {int(side) for side in np.unique(np.where(near, 0, np.sign(gap)))}
    return {int(side in COMPARED[step.function]) for side in sides} if step.function in COMPARED else sides


def clear(steps: Iterable[Apply], real: Mapping[Expr, Array]) -> bool:
    """Whether no choice at a point hangs on a number so small that it may be rounding, or an exponential far out."""
    for step in steps:
        if all(argument in real for argument in step.arguments):
            values = [real[argument] for argument in step.arguments]
            gap = np.abs(values[0] - values[1] if len(values) > 1 else values[0])
            if np.any((gap > 0) & (gap <= NEAR * (1 + np.abs(values[0])))):
                return False
    return True


def by_size(exprs: Iterable[Expr]) -> bool:
    """Whether a choice is made by sizes alone, or a root taken of what their difference is squared in: no number of
    sizes tells of all.
    """
    return any(_chosen(node) or _rooted(node) for node in walk(exprs) if isinstance(node, Apply))


def _chosen(node: Apply) -> bool:
    if node.function not in _CHOOSING:
        return False
    asked = node.arguments[:1] if node.function == "where" else node.arguments
    alone = not any(map(variables, asked)) and any(isinstance(part, Extent) for part in walk(asked))
    return alone or any(map(_difference, walk(asked)))


def _rooted(node: Apply) -> bool:
    power = constant(node.arguments[1]) if node.function == "**" else None
    if power is None or power.denominator % 2:
        return False
    (base, _), once = node.arguments, set[Expr]()
    if _difference(base):
        return True
    for part in walk([base]):
        if isinstance(part, Apply):
            squared = part.function == "**" and (constant(part.arguments[1]) or 0) % 2 == 0
            for inner in filter(_difference, part.arguments):
                if squared or inner in once:
                    return True
                once.add(inner)
    return False


def _difference(node: Expr) -> bool:
    """Whether a value is a sum or a choice, or a power of one, made of sizes alone."""
    return (
        isinstance(node, Apply)
        and node.function in ("+", "sign", "floor", "where", "**")
        and not variables(node)
        and not positive(node)
        and any(isinstance(part, Apply) and part.function not in ("*", "**") for part in walk([node]))
        and any(isinstance(part, Extent) for part in walk([node]))
    )
