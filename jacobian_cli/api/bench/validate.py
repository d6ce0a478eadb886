"""Whether what a contender found is right: against differences of the formula, and against the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jacobian_cli.api.bench.contenders import STRUCTURED, Contender, matrix_of, parts_of
from jacobian_cli.api.bench.libraries import FIRST_STEP, SECOND_STEP, Task
from jacobian_cli.api.bench.race import Worker
from jacobian_cli.api.derive.source import Written
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Expr, Variable, rebuild

Array = Any
EXACT, ROUGH = 1e-6, 2e-3
"""Relative differences that autodiff and we may show, and that differences may, or what is held against them."""


@dataclass
class Judging:
    """Results as they come in; the first that agrees with differences of the formula is the reference of the others."""

    answers: Sequence[Written]
    task: Task
    reference: str = ""
    results: list[Array] = field(default_factory=list)

    def judge(self, contender: Contender, worker: Worker) -> tuple[str, float | None]:
        """What is wrong, if anything, and how far the result is from the reference."""
        with np.load(worker.ask("result")["file"]) as stored:
            found = [stored[key] for key in stored.files]
        if contender.name == STRUCTURED:
            found = self._multiplied_out(found)
        wanted = [self._wanted(name) for name in self.task.wrt]
        if worker.told["entries"]:
            return self._some(found, worker.told["entries"])
        if [np.size(part) for part in found] != wanted:
            return f"{[np.size(part) for part in found]} numbers, not {wanted}", None
        if not all(np.all(np.isfinite(part)) for part in found):
            return "it is not finite", None
        found = [np.reshape(part, -1) for part in found]
        rough = contender.library == "differences"
        if not self.results:
            off = max(map(self._against_differences, self.task.wrt, found))
            if off > ROUGH:
                return f"differences of the formula are {off:.1e} away", off
            self.results, self.reference = found, contender.name
            return "", 0.0
        off = max(map(distance, found, self.results))
        return (f"{off:.1e} away from {self.reference}" if off > (ROUGH if rough else EXACT) else ""), off

    def _wanted(self, name: str) -> int:
        n = int(np.size(self.task.at[name]))
        return {"jacobian": self.task.out * n, "hessian": n * n, "jvp": self.task.out}.get(self.task.form, n)

    def _multiplied_out(self, parts: Sequence[Array]) -> list[Array]:
        """The matrices that are made of these parts."""
        named = {
            part: Variable(f"part {k}", part.shape) for k, part in enumerate(parts_of(self.answers, self.task.form))
        }
        values = {f"part {k}": part for k, part in enumerate(parts)}
        found = []
        for written in self.answers:
            form = matrix_of(written, self.task.form)
            assert form is not None
            made: Expr = rebuild(form, named.get)
            found.append(np.asarray(evaluate(made, {**self.task.at, **values}, self.task.sizes)))
        return found

    def _some(self, found: Sequence[Array], entries: Mapping[str, Sequence[int]]) -> tuple[str, float | None]:
        """Differences of a part of the entries, beside the same entries of the reference."""
        if not self.results:
            return "", None
        worst = 0.0
        for name, part, whole in zip(self.task.wrt, found, self.results, strict=True):
            chosen, n = list(entries[name]), int(np.size(self.task.at[name]))
            square = np.reshape(whole, (-1, n))[:, chosen]
            square = square[chosen] if self.task.form == "hessian" else square
            worst = max(worst, distance(np.reshape(part, -1), np.reshape(square, -1)))
        return (f"{worst:.1e} away from {self.reference}" if worst > ROUGH else ""), worst

    def _against_differences(self, name: str, found: Array) -> float:
        """How far a result is from differences of the formula along directions, which nobody's rules are part of."""
        task, x = self.task, np.asarray(self.task.at[name], float)
        rng = np.random.default_rng(7)
        v = np.asarray(task.directions[name], float)

        def value(moved: Array) -> Array:
            return np.asarray(
                evaluate(self.answers[0].answer.problem.output, {**task.at, name: moved}, task.sizes), float
            )

        if task.form in ("hessian", "hvp"):
            u, h = rng.standard_normal(x.shape), SECOND_STEP
            pairs = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
            bent = sum(sign * value(x + h * (a * u + b * v)) for a, b, sign in pairs) / (4 * h * h)
            moved = found if task.form == "hvp" else np.reshape(found, (x.size, x.size)) @ v.reshape(-1)
            return distance(np.asarray(u.reshape(-1) @ moved), bent, float(np.linalg.norm(moved)))
        steps = (FIRST_STEP, FIRST_STEP / 10, FIRST_STEP / 100)  # of many entries some lie near their kinks
        return min(_off(task, found, v, (value(x + h * v) - value(x - h * v)) / (2 * h)) for h in steps)


def _off(task: Task, found: Array, v: Array, along: Array) -> float:
    """How far a result is from what differences say along a direction."""
    if task.form == "jvp":
        return distance(found, along.reshape(-1))
    if task.form == "jacobian":
        return distance(np.reshape(found, (-1, v.size)) @ v.reshape(-1), along.reshape(-1))
    return distance(found @ v.reshape(-1), np.sum(along * task.delta), float(np.linalg.norm(found)))


def distance(found: Array, expected: Array, least: float = 0.0) -> float:
    """The largest difference, beside the largest entry.

    >>> distance(np.array([1.0, 2.5]), np.array([1.0, 2.0]))
    0.25
    """
    scale = max(float(np.max(np.abs(expected), initial=0.0)), least)
    gap = float(np.max(np.abs(found - expected), initial=0.0))
    return gap / scale if scale else gap
