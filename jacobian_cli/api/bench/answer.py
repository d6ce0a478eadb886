"""What a race came to: one row a contender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from statistics import median
from typing import Any

from jacobian_cli.printers.plot import loglog_svg

TIMED, WRONG, FAILED, MISSING = "timed", "wrong", "failed", "not installed"
TOO_LARGE, TOO_SLOW = "too large", "too slow"
_LONGEST = 70
"""Longer formulas are no titles."""


@dataclass(frozen=True, slots=True)
class Row:
    """One contender: how long it took, or why there is no time."""

    name: str
    state: str
    """`timed`, `wrong`, `failed`, `not installed`, `too large` or `too slow`."""
    reason: str = ""
    seconds: tuple[float, ...] = ()
    """Of each turn."""
    compile: float | None = None
    """Seconds until it was compiled, where it is."""
    peak: int | None = None
    """Bytes that one run takes at most, its result among them."""
    off: float | None = None
    """The largest relative difference from the reference."""
    estimated: bool = False
    """Whether a part of the work was done, and the time is what all of it would take."""

    @property
    def median(self) -> float | None:
        """Of its turns."""
        return median(self.seconds) if self.seconds else None

    @property
    def spread(self) -> float | None:
        """Half of the turns lie so far around the median, as a share of it: the distance of the quartiles."""
        if len(self.seconds) < 4 or not self.median:
            return None
        ordered, n = sorted(self.seconds), len(self.seconds)
        return (ordered[3 * n // 4] - ordered[n // 4]) / self.median

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        return {
            "contender": self.name,
            "state": self.state,
            **({"reason": self.reason} if self.reason else {}),
            "median_seconds": self.median,
            "spread": self.spread,
            "compile_seconds": self.compile,
            "peak_bytes": self.peak,
            "off": self.off,
            "estimated": self.estimated,
            "turns": len(self.seconds),
        }


@dataclass(frozen=True, slots=True)
class Bench:
    """A race of contenders for one derivative at one point. `rows` has one for each, ours first."""

    expression: str
    form: str
    wrt: tuple[str, ...]
    sizes: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]
    rows: tuple[Row, ...]
    cores: int
    reference: str
    """The contender that the others are compared with, which differences of the value agree with."""
    assumed: tuple[str, ...] = ()
    """Sizes that nobody gave."""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether what is ours was right, and timed."""
        return all(row.state not in (WRONG, FAILED) for row in self.rows if row.name.startswith("jac"))

    def ratio(self, row: Row) -> float | None:
        """How many times as long a contender takes as ours in NumPy."""
        ours = next((r.median for r in self.rows if r.median), None)
        return row.median / ours if row.median and ours else None

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        return {
            "expression": self.expression,
            "form": self.form,
            "wrt": list(self.wrt),
            "sizes": dict(self.sizes),
            "shapes": {name: list(shape) for name, shape in self.shapes.items()},
            "cores": self.cores,
            "reference": self.reference,
            "versions": dict(self.versions),
            "contenders": [{**row.to_dict(), "ratio": self.ratio(row)} for row in self.rows],
        }

    def __repr__(self) -> str:
        told = [f"{row.name} {_short(row.median)}" if row.median else f"{row.name} {row.state}" for row in self.rows]
        return f"<{self.form} of {self.expression} by {', '.join(self.wrt)}: {'; '.join(told)}>"


@dataclass(frozen=True, slots=True)
class Growth:
    """Races at a series of sizes."""

    size: str
    at: tuple[int, ...]
    races: tuple[Bench, ...]

    @property
    def passed(self) -> bool:
        """Whether all of them passed."""
        return all(race.passed for race in self.races)

    def points(self) -> dict[str, list[tuple[int, float]]]:
        """For each contender, sizes and seconds, where it was timed."""
        found: dict[str, list[tuple[int, float]]] = {}
        for n, race in zip(self.at, self.races, strict=True):
            for row in race.rows:
                found.setdefault(row.name, [])
                if row.median:
                    found[row.name].append((n, row.median))
        return found

    def slopes(self) -> dict[str, float | None]:
        """The exponent p of seconds ∝ sizeᵖ, by least squares of the logarithms over the larger half of the sizes."""
        return {
            name: slope(pairs[len(pairs) // 2 - 1 :] if len(pairs) > 3 else pairs)
            for name, pairs in self.points().items()
        }

    def svg(self) -> str:
        """A picture of it, in logarithmic axes."""
        slopes = {name: f"{self.size}^{p:.1f}" for name, p in self.slopes().items() if p is not None}
        first = self.races[0]
        title = f"{first.form} of {first.expression} by {', '.join(first.wrt)}"
        return loglog_svg(self.points(), title if len(title) <= _LONGEST else first.form, self.size, slopes)

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        return {
            "scale": self.size,
            "at": list(self.at),
            "slopes": self.slopes(),
            "races": [race.to_dict() for race in self.races],
        }


def slope(pairs: Sequence[tuple[float, float]]) -> float | None:
    """The slope of a line through the logarithms; None of fewer than two points.

    >>> round(slope([(1, 3.0), (2, 12.0), (4, 48.0)]), 6)
    2.0
    """
    if len(pairs) < 2:
        return None
    xs, ys = ([log(value) for value in axis] for axis in zip(*pairs, strict=True))
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    below = sum((a - x) ** 2 for a in xs)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / below if below else None


def _short(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1e3:.3g} ms"
