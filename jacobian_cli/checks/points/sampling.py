"""Random points at which a formula is defined and smooth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from jacobian_cli.checks.points.constrained import drawn
from jacobian_cli.checks.points.domain import Violation, conditions, failing, parted
from jacobian_cli.evaluate.evaluate import node_values, numpy_backend
from jacobian_cli.expr import Apply, Expr, variables, walk
from jacobian_cli.shape import Size

Array = Any
DOMAIN_MARGIN = 0.05
KINK_MARGIN = 0.02
_LARGE = 1e6
MAX_DIFFERENT = 24
"""Of more size symbols than this some are drawn alike: the layers of a deep network need not all differ."""
_LONG, _GAIN = 200, 1.5
"""In formulas of more parts matrices are drawn so that they lengthen what they multiply no more than so: otherwise one
layer in many is saturated, or small changes grow beyond all measure, and differences see neither.
"""
_TRIES = 150
_STRICT = 50
"""After so many tries without a point each further lot of them may come ten times as close to a kink."""


class NoPointError(Exception):
    """No random point was found at which the formula is defined and smooth."""


def least_size(exprs: Iterable[Expr]) -> int:
    """The least size at which indices and slices that are numbers can stay inside.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> least_size([elaborate([parse_statement("x[4]")]).output])
    5
    """
    found = 2
    for node in walk(exprs):
        found = max([found, *(2 - c for size in node.shape for monomial, c in size.terms if not monomial and c < 0)])
        if isinstance(node, Apply):
            for item in dict(node.parameters).get("index", ()):
                found = max([found, *(bound + 1 for bound in _numbers(item))])
    return found


def fits(exprs: Iterable[Expr], sizes: Mapping[str, int]) -> bool:
    """Whether every part has at least one entry at these sizes: the slice m:n has none where n <= m."""
    return all(size.at(sizes) > 0 for node in walk(exprs) for size in node.shape)


def _numbers(item: Any) -> list[int]:
    """The whole numbers in an index, without their signs."""
    if isinstance(item, int):
        return [abs(item)]
    if isinstance(item, Size):
        return [abs(coefficient) for monomial, coefficient in item.terms if not monomial]
    return [number for part in item or () for number in _numbers(part)]


def draw_sizes(names: Sequence[str], count: int, seed: int, avoid: set[int], least: int = 2) -> list[dict[str, int]]:
    """Assignments of small numbers to size symbols, pairwise different, so that a transpose cannot hide.

    >>> draw_sizes(["n", "m"], 2, 0, set())[0]
    {'n': 2, 'm': 3}
    """
    different = min(len(names), MAX_DIFFERENT)
    pool = [k for k in range(least, least + 3 + different + len(avoid)) if k not in avoid]
    rng = np.random.default_rng(seed)
    draws = [dict(zip(names, cycle(pool), strict=False))]
    while len(draws) < count:
        chosen = [int(k) for k in rng.permutation(pool)[:different]]
        draws.append(dict(zip(names, cycle(chosen), strict=False)))
    return draws


def sample(
    expr: Expr,
    sizes: Mapping[str, int],
    rng: np.random.Generator,
    facts: Mapping[str, frozenset[str]] | None = None,
) -> dict[str, Array]:
    """Values for the variables of an expression, away from kinks and from the edges of domains, and such that the
    facts declared of them hold.

    Raises `NoPointError` when none is found among many candidates.
    """
    shapes = {name: tuple(size.at(sizes) for size in v.shape) for name, v in variables(expr).items()}
    wanted = conditions(expr, sizes)
    declared = facts or {}
    wrong: Violation | None = None
    gain = _GAIN if sum(1 for _ in walk([expr])) > _LONG else None
    for attempt in range(_TRIES):
        try:
            point = {
                name: drawn(said, shape, rng) if (said := declared.get(name)) else _draw(shape, rng, attempt, gain)
                for name, shape in shapes.items()
            }
            found = node_values(expr, point, sizes, numpy_backend())
        except (IndexError, ValueError) as error:
            raise NoPointError(f"at sizes {dict(sizes)} an index leaves its axis") from error
        near = KINK_MARGIN / 10 ** (attempt // _STRICT)
        wrong = next(failing(expr, wanted, found, sizes, DOMAIN_MARGIN, near), None)
        wrong = wrong or next(parted(expr, wanted, point, sizes, found), None)
        if wrong is None and all(_moderate(found[node]) for node in found if isinstance(node, Apply)):
            return point
    what = wrong.message if wrong else "its values are too large"
    raise NoPointError(f"no random point was found at which the formula is defined and smooth: {what}")


def _moderate(value: Any) -> bool:
    return bool(np.max(np.abs(value), initial=0.0) < _LARGE)


def _draw(shape: tuple[int, ...], rng: np.random.Generator, attempt: int, gain: float | None = None) -> Array:
    """One array: normal at first, then whatever may please the formula."""
    kind = 0 if attempt < 4 else int(rng.integers(6))
    if kind == 1:
        return rng.uniform(0.5, 2.0, shape)
    if kind == 2:
        return rng.uniform(-0.3, 0.3, shape)
    if kind == 3:
        return rng.uniform(0.1, 0.9, shape)
    if kind == 4:
        return rng.uniform(2.0, 4.0, shape)
    if kind == 5 and len(shape) == 2 and shape[0] == shape[1]:
        b = rng.standard_normal(shape)
        return b @ b.T / shape[0] + 0.7 * np.eye(shape[0])
    if gain is not None and len(shape) > 1:
        return gain / np.sqrt(shape[-1]) * rng.standard_normal(shape)
    return rng.standard_normal(shape)
