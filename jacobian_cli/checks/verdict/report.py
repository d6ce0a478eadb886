"""What is said of a comparison: for each engine the largest error, for all of them the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from jacobian_cli.checks.every_size.certificate import Certificate, together

FLOOR = 1e-3
"""Errors are relative to the largest entry, or to this part of the value where all entries are smaller."""
_DOUBTS = 4
"""How many times the change under a halved step a difference may be off, where a function is steep."""
TOLERANCE = {"autograd": 1e-9, "differences": 1e-6}
Array = Any


@dataclass(frozen=True, slots=True)
class Worst:
    """The entry where an engine and the printed form differ most. Indices count from 1."""

    form: str
    entry: str
    printed: float
    true: float


@dataclass(frozen=True, slots=True)
class Engine:
    """What one independent derivation says of the printed form."""

    name: str
    passed: bool
    max_relative_error: float
    worst: Worst | None = None
    exact: bool | None = None
    note: str = ""

    @property
    def agreement(self) -> str:
        """How well it agrees, in words."""
        if self.exact is None:
            return f"to {bound(self.max_relative_error)}"
        if self.exact:
            return "exactly"
        return "to 30 digits" if self.passed else "differs"


ENGINES = {"autograd": "autograd", "differences": "differences", "sympy": "SymPy"}
_MARKS = {True: "✓", False: "✗", None: "?"}


def bound(error: float) -> str:
    """A power of ten that the error is under; the last digits of rounding are nobody's news."""
    for power in (12, 8, 6, 4, 2):
        if error < 10.0**-power:
            return f"1e-{power}"
    return f"{error:.2g}"


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """The verdict on one answer. `passed` is None when nothing could be compared; `notes` say why.

    >>> Report(True, 3, {"sympy": Engine("sympy", True, 0.0, exact=True)}, [])
    ✓ checked at 3 points: SymPy exactly
    """

    passed: bool | None
    points: int
    engines: Mapping[str, Engine]
    sizes: Sequence[Mapping[str, int]]
    notes: Sequence[str] = field(default_factory=tuple)
    unseen: frozenset[str] = frozenset()
    """Forms that would have held too many numbers to be compared."""
    certificate: Certificate | None = None
    """For which sizes it is proven; None where nothing is said of that."""

    def __repr__(self) -> str:
        return self.line()

    def line(self, checked: str = "checked", label: str = "") -> str:
        """What was compared, and how well it agreed, in one line."""
        parts = [f"{ENGINES.get(engine.name, engine.name)} {engine.agreement}" for engine in self.engines.values()]
        points = f" at {self.points} points" if self.points > 1 else ""
        word = {True: checked, False: "WRONG", None: "checked in part" if parts else "not checked"}[self.passed]
        return f"{_MARKS[self.passed]} {label}{word}" + (f"{points}: {', '.join(parts)}" if parts else "")

    def __str__(self) -> str:
        """The same, with the entries that differ, and the notes."""
        return "\n".join(filter(None, [repr(self), self.reach, *self.mismatches, *self.notes]))

    @property
    def reach(self) -> str:
        """For which sizes it is proven, in one line; nothing where nothing is said of that."""
        if self.certificate is None or not self.passed:
            return ""
        return self.certificate.line

    @property
    def mismatches(self) -> list[str]:
        """For each engine that differs, where it differs most."""
        return [
            f"{name}: worst entry {e.worst.entry} of the {e.worst.form}: printed form {e.worst.printed:.6g}, "
            f"{name} {e.worst.true:.6g}"
            for e in self.engines.values()
            for name in [ENGINES.get(e.name, e.name)]
            if not e.passed and e.worst is not None
        ]

    def to_dict(self) -> dict[str, Any]:
        engines: dict[str, Any] = {}
        for name, engine in self.engines.items():
            entry: dict[str, Any] = {"passed": engine.passed, "max_relative_error": engine.max_relative_error}
            if engine.exact is not None:
                entry["exact"] = engine.exact
            if engine.worst is not None and not engine.passed:
                worst = engine.worst
                entry["worst"] = {
                    "form": worst.form,
                    "entry": worst.entry,
                    "printed": worst.printed,
                    "true": worst.true,
                }
            engines[name] = entry
        reach = self.certificate.to_dict() if self.certificate else {}
        return {"passed": self.passed, "points": self.points, "engines": engines, "notes": list(self.notes), **reach}


def many(count: int) -> str:
    """`both checked`, or `all 4 checked`."""
    return "both checked" if count == 2 else f"all {count} checked"


def worst_of(reports: Sequence[Report]) -> Report:
    """The verdict on several answers, each engine at its worst; what was not asked of all is left out."""
    common = set.intersection(*(set(report.engines) for report in reports))
    engines = {
        name: max((report.engines[name] for report in reports), key=lambda e: (e.exact is False, e.max_relative_error))
        for name in reports[0].engines
        if name in common
    }
    points = min(report.points for report in reports)
    certificate = together([report.certificate for report in reports])
    return replace(reports[0], points=points, engines=engines, notes=_alike(reports), certificate=certificate)


def _alike(reports: Sequence[Report]) -> list[str]:
    """The notes on several answers: of those that begin alike, the first, and how many answers have one."""
    met: dict[str, list[str]] = {}
    for report in reports:
        for head, note in {note.partition(":")[0]: note for note in reversed(report.notes)}.items():
            met.setdefault(head, []).append(note)
    return [
        notes[0] if len(set(notes)) == 1 else notes[0].replace(head, f"{head}, {len(notes)} of {len(reports)}", 1)
        for head, notes in met.items()
    ]


@dataclass(slots=True)
class Tally:
    """The largest error of one engine so far, and whether it knew what was asked."""

    error: float = 0.0
    worst: Worst | None = None
    compared: bool = False
    unknown: bool = False

    def add(self, form: str, printed: Array, true: Array, label: str, floor: float, doubt: Array = 0.0) -> None:
        """Take in one comparison; `doubt` is how far the true values may themselves be off.

        Where the engine gives no finite value there is nothing to compare with; where only the printed form gives
        none, it is wrong.
        """
        printed, true = np.broadcast_arrays(np.asarray(printed, float), np.asarray(true, float))
        known = np.isfinite(true)
        self.unknown = self.unknown or not np.all(known)
        if not np.any(known):
            return
        self.compared = True
        with np.errstate(invalid="ignore"):
            gap = np.maximum(np.abs(printed - true) - _DOUBTS * np.asarray(doubt), 0.0)
        gap = np.where(known, np.where(np.isfinite(gap), gap, np.inf), 0.0)
        scale = max(largest(true), largest(printed), floor)
        at = np.unravel_index(int(np.argmax(gap)), gap.shape)
        error = float(gap[at]) / scale
        if error > self.error:
            entry = label + ("[" + ",".join(str(int(k) + 1) for k in at) + "]" if at else "")
            self.error, self.worst = error, Worst(form, entry, float(printed[at]), float(true[at]))


def largest(value: Array) -> float:
    """The size of the largest finite entry."""
    value = np.abs(np.asarray(value, float))
    return float(np.max(value, initial=0.0, where=np.isfinite(value)))


def verdicts(tallies: Mapping[str, Tally]) -> tuple[dict[str, Engine], list[str]]:
    """What each engine says of what it knew, and a note on each that did not know all that was asked."""
    engines = {
        name: Engine(name, tally.error <= TOLERANCE[name], tally.error, tally.worst)
        for name, tally in tallies.items()
        if tally.compared
    }
    notes = [
        f"{name} cannot tell {'some entries' if tally.compared else 'the derivative'} here"
        for name, tally in tallies.items()
        if tally.unknown
    ]
    return engines, notes
