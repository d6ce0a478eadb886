"""The smallest example that shows a claim wrong: sizes as small as can be, entries that are single digits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from jacobian_cli.api.check.answer import Counterexample
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.checks.points.domain import violations
from jacobian_cli.checks.points.sampling import fits
from jacobian_cli.checks.squares import without_roots
from jacobian_cli.checks.verdict.claim import Meaning, TruePoint, same
from jacobian_cli.expr import Expr, size_names

Array = Any
_TRIES, _SIZES, _ENTRIES = 12, 3, 30
_CLEAR = 1e-3
"""How far claim and truth are to be apart for a person to see it."""


def counterexample(judge: Judge, expr: Expr, meaning: Meaning) -> Counterexample | None:
    """Small whole numbers at which a claim differs from the truth; None where none were found or facts are declared."""
    if judge.at is not None or judge.problem.facts:
        return None
    for sizes in _sizes(judge):
        for values in _drawn(judge, sizes):
            if _differs(judge, expr, meaning, values, sizes) is None:
                continue
            simple = _shrunk(judge, expr, meaning, values, sizes)
            found = _differs(judge, expr, meaning, simple, sizes)
            if found is None:
                continue
            claimed, true = found
            given = {name: _plain(value) for name, value in simple.items()}
            return Counterexample(dict(sizes), given, _plain(claimed), _plain(true))
    return None


def _sizes(judge: Judge) -> Iterator[dict[str, int]]:
    """Sizes, the smallest in all first."""
    parts = [judge.problem.output, *judge.problem.variables.values()]
    names = size_names(parts)
    least = 1 if len(names) <= 4 else 2
    choices = product(range(least, _SIZES + 1), repeat=len(names)) if len(names) <= 4 else [tuple([2] * len(names))]
    for chosen in sorted(choices, key=lambda c: (sum(c), c)):
        sizes = dict(zip(names, chosen, strict=True))
        if fits(parts, sizes):
            yield sizes


def _drawn(judge: Judge, sizes: Mapping[str, int]) -> Iterator[dict[str, Array]]:
    rng = np.random.default_rng(0)
    for attempt in range(_TRIES):
        low = 1 if attempt % 2 == 0 else -3
        yield {
            name: rng.integers(low, 5, tuple(size.at(sizes) for size in v.shape)).astype(float)
            for name, v in judge.problem.variables.items()
        }


def _differs(
    judge: Judge, expr: Expr, meaning: Meaning, values: Mapping[str, Array], sizes: Mapping[str, int]
) -> tuple[Array, Array] | None:
    """Claim and truth where they differ and the function is smooth, else None."""
    try:
        point = _point(judge, values, sizes)
        if point is None:
            return None
        (claimed,) = judge.values(expr, [point])
        true = judge.true(meaning, point)
    except (ValueError, IndexError, ZeroDivisionError, np.linalg.LinAlgError):
        return None
    if claimed.shape != true.shape or not (np.all(np.isfinite(claimed)) and np.all(np.isfinite(true))):
        return None
    return None if same(point, claimed, true, _CLEAR) else (claimed, true)


def _point(judge: Judge, values: Mapping[str, Array], sizes: Mapping[str, int]) -> TruePoint | None:
    """A point of small numbers with its true derivative, kept for the next claim; None where there is none."""
    said = (tuple(sizes.items()), *((name, value.tobytes()) for name, value in values.items()))
    kept: dict[Any, TruePoint | None] = judge.__dict__.setdefault("small", {})
    if said not in kept:
        point = None
        if not violations(without_roots(judge.problem.output), dict(values), sizes):
            point = TruePoint(judge.function, values, sizes, np.random.default_rng(0))
            size, moved = point.upstream.size, point.tangent.size
            point.upstream = np.arange(2.0, 2 + size).reshape(point.out) if point.out else np.ones(())
            point.tangent = np.arange(2.0, 2 + moved).reshape(point.variable)
        kept[said] = point
    return kept[said]


def _shrunk(
    judge: Judge, expr: Expr, meaning: Meaning, values: dict[str, Array], sizes: Mapping[str, int]
) -> dict[str, Array]:
    """The same with every entry made as simple as it can be, one after the other."""
    if sum(np.size(v) for v in values.values()) > _ENTRIES:
        return values
    for name in list(values):
        for at in np.ndindex(*np.shape(values[name])):
            for simpler in (0.0, 1.0, 2.0):
                if abs(values[name][at]) <= simpler:
                    break
                changed = values[name].copy()
                changed[at] = simpler
                if _differs(judge, expr, meaning, {**values, name: changed}, sizes) is not None:
                    values = {**values, name: changed}
                    break
    return values


def _plain(value: Array) -> Any:
    """Numbers for people: whole ones without a point."""
    listed = np.round(np.asarray(value, float), 6).tolist()

    def whole(item: Any) -> Any:
        if isinstance(item, list):
            return [whole(part) for part in item]
        return int(item) if float(item).is_integer() else item

    return whole(listed)
