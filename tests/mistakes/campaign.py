"""Published derivatives with one mistake each, judged: is it found, and is it called by its name?

    python -m tests.mistakes.campaign --seed 3 --each 40

A mistake counts only where the reference, NumPy itself, says that the changed derivative is another one. A report names
for each kind how many were tried, how many were found wrong, named first, and given the right formula back; and how
many right derivatives, written otherwise, were called wrong.
"""

from __future__ import annotations

import argparse
import ast
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from scipy import special

from jacobian_cli.api.check.answer import Check
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.judged import judged
from jacobian_cli.api.check.run import judge_of
from jacobian_cli.syntax.errors import InputError
from tests.corpus.test_identities import ENTRIES, Entry, drawn_point
from tests.mistakes.edits import Mistake, mistakes

_FACTS = {"onehot": "one_hot", "rowonehot": "one_hot", "simplex": "sums_to_one", "unitinterval": "probability"}
_DECLARED = {"spd", "symmetric", "positive", "lower", "binary", "pm1"}
_OPEN = {"invertible", "posdet", "nonzero", "small", "large"}
"""Domains that are open sets: nothing needs to be declared there."""
_DIFFERENT = 1e-2
_MUST_CONFORM = ("matmul_for_hadamard",)
"""Kinds of which NumPy, where it refuses them, only says that a number has no axes."""


@dataclass
class Tally:
    """What became of the mistakes of one kind."""

    tried: int = 0
    found: int = 0
    named: int = 0
    mended: int = 0
    missed: list[str] = field(default_factory=list)


def judge(entry: Entry) -> Judge:
    """What judges claims about a published derivative."""
    shapes = {name: tuple(sizes) for name, sizes in entry["shapes"].items()}
    facts = {n: _FACTS.get(d, d) for n, d in entry["domain"].items() if d in _FACTS or d in _DECLARED}
    return judge_of(entry["expr"], entry["wrt"], shapes=shapes, assume={n: f for n, f in facts.items() if n in shapes})


def value(entry: Entry, source: str, seed: int) -> Any | None:
    """What NumPy makes of a derivative; None where it has no value."""
    tree = ast.parse(source)
    last = tree.body[-1]
    assert isinstance(last, ast.Expr)
    tree.body[-1] = ast.Assign([ast.Name("published", ast.Store())], last.value)
    names: dict[str, Any] = {"np": np, "sp": special, **entry["sizes"], **drawn_point(entry, seed)}
    try:
        with np.errstate(all="ignore"):
            exec(compile(ast.fix_missing_locations(tree), entry["id"], "exec"), names)
        found = np.asarray(names["published"], float)
    except (ValueError, TypeError, IndexError, np.linalg.LinAlgError):
        return None
    return found if np.all(np.isfinite(found)) else None


def made(entry: Entry) -> Iterator[Mistake]:
    """The mistakes that make another derivative of a published one, or one that cannot be multiplied."""
    right = [value(entry, entry["reference_numpy"], seed) for seed in (0, 1)]
    for mistake in mistakes(entry["reference_numpy"]):
        wrong = [value(entry, mistake.claim, seed) for seed in (0, 1)]
        if mistake.kind in _MUST_CONFORM and any(a is None for a in wrong):
            continue
        if all(_apart(a, b) for a, b in zip(wrong, right, strict=True)):
            yield mistake


def _apart(a: Any | None, b: Any) -> bool:
    if a is None or np.shape(a) != np.shape(b):
        return True
    return float(np.max(np.abs(a - b), initial=0.0)) > _DIFFERENT * float(np.max(np.abs(b), initial=0.0))


@cache
def readable(every: int = 1) -> tuple[tuple[Entry, Judge], ...]:
    """The published derivatives that are claims as they stand, with what judges them: they are the controls."""
    found = []
    for entry in ENTRIES[::every]:
        undeclared = {*entry["domain"].values()} - {*_FACTS, *_DECLARED, *_OPEN}
        if entry["order"] == 1 and not undeclared:
            court = judge(entry)
            try:
                judged(court, entry["reference_numpy"])
            except InputError:
                continue
            found.append((entry, court))
    return tuple(found)


def controls(every: int = 1) -> list[str]:
    """Right derivatives, as published and written otherwise, that were called wrong."""
    alarms = []
    for entry, court in readable(every):
        *steps, last = entry["reference_numpy"].split("; ")
        for spelled in (last, f"({last})/2 + 0.5*({last})", f"-(-1*({last}))"):
            claim = "; ".join([*steps, spelled])
            if judged(court, claim).verdict != "right":
                alarms.append(f"{entry['id']}: {claim}")
    return alarms


def run(seed: int, each: int, every: int = 1) -> dict[str, Tally]:
    """So many mistakes of each kind, drawn from all entries, or from every so many of them."""
    rng = random.Random(seed)
    listed: dict[str, list[tuple[Entry, Judge, Mistake]]] = {}
    for entry, court in readable(every):
        of_one: dict[str, list[Mistake]] = {}
        for mistake in made(entry):
            of_one.setdefault(mistake.kind, []).append(mistake)
        for kind, found in of_one.items():
            listed.setdefault(kind, []).append((entry, court, rng.choice(found)))
    report = {}
    for kind, drawn in sorted(listed.items()):
        rng.shuffle(drawn)
        report[kind] = tally = Tally()
        for entry, court, mistake in drawn[:each]:
            _count(tally, entry, court, mistake)
    return report


def _count(tally: Tally, entry: Entry, court: Judge, mistake: Mistake) -> None:
    try:
        answer = judged(court, mistake.claim)
    except InputError as error:
        tally.missed.append(f"{entry['id']}: {mistake.claim}: refused: {error.message}")
        return
    tally.tried += 1
    tally.found += answer.verdict != "right"
    named = answer.verdict == "right if" or bool({d.kind for d in answer.diagnosis[:1]} & mistake.kinds)
    tally.named += named
    tally.mended += _mended(entry, court, answer)
    if not named or answer.verdict == "right":
        said = ", ".join(d.kind for d in answer.diagnosis)
        tally.missed.append(
            f"{entry['id']} {entry['expr']} by {entry['wrt']}: {mistake.claim}: {answer.verdict} {said}"
        )


def _mended(entry: Entry, court: Judge, answer: Check) -> bool:
    """Whether the formula given back with the first explanation is right."""
    for found in answer.diagnosis[:1]:
        try:
            return bool(judged(court, "; ".join([*(f"{n} = {v}" for n, v in answer.where.items()), found.fix])).passed)
        except InputError:
            return False
    return answer.verdict == "right"


def told(report: dict[str, Tally], alarms: Sequence[str]) -> str:
    """The report as text."""
    counts = ("tried", "found", "named", "mended")
    lines = [f"{'kind':22}" + "".join(f"{what:>8}" for what in counts)]
    for kind, t in report.items():
        lines.append(f"{kind:22}" + "".join(f"{getattr(t, what):8}" for what in counts))
    total = [sum(getattr(t, what) for t in report.values()) for what in counts]
    lines.append(f"{'all':22}" + "".join(f"{n:8}" for n in total))
    lines.append(f"right derivatives called wrong: {len(alarms)}")
    return "\n".join(lines)


def main() -> None:
    """The campaign on demand."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--each", type=int, default=40)
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    report, alarms = run(asked.seed, asked.each), controls()
    if asked.list:
        for kind, tally in report.items():
            for line in tally.missed:
                print(f"{kind}: {line}")
        print(*alarms, sep="\n")
    print(told(report, alarms))
    sys.exit(1 if alarms or any(t.found < t.tried for t in report.values()) else 0)


if __name__ == "__main__":
    main()
