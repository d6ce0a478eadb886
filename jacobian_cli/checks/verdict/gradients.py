"""The verdict on gradients at a point: what a tape found, beside autograd and central differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from jacobian_cli.checks.oracles import differences
from jacobian_cli.checks.verdict.report import FLOOR, TOLERANCE, Report, Tally, largest, verdicts
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Apply, Expr, walk
from jacobian_cli.ops import FUNCTIONS

Array = Any
_MANY = 2_000_000
"""Up to this many evaluations of a node every entry is moved by itself, past it all move together."""
_EVALUATIONS = 8
_DIRECTIONS = 4


class Comparison:
    """Gradients against both engines, point after point."""

    def __init__(self) -> None:
        self.tallies = {name: Tally() for name in TOLERANCE}
        self.sizes: list[Mapping[str, int]] = []
        self.notes: dict[str, None] = {}

    def add(
        self,
        output: Expr,
        values: Mapping[str, Array],
        sizes: Mapping[str, int],
        found: Mapping[str, Array],
        upstream: Array,
    ) -> None:
        """Take in the gradients of some variables of `output` at a point, for an upstream gradient of its shape."""
        whole = np.asarray(evaluate(output, values, sizes), float)
        floor = FLOOR * max(1.0, largest(whole * upstream))
        foreign = sorted({n.function for n in walk([output]) if isinstance(n, Apply) and FUNCTIONS[n.function].own})
        if foreign:
            self.notes[f"autograd does not know {', '.join(foreign)}: compared with differences alone"] = None
            self.tallies.pop("autograd", None)
        else:
            from jacobian_cli.checks.oracles import hips_autograd as autodiff

            true = autodiff.gradients(output, values, sizes, found, upstream)
            for name, gradient in found.items():
                self.tallies["autograd"].add("gradient", gradient, true[name], name, floor)
        nodes = sum(1 for _ in walk([output]))
        if nodes * _EVALUATIONS * sum(np.size(g) for g in found.values()) <= _MANY:
            self._entries(output, values, sizes, found, upstream, floor)
        else:
            self._directions(output, values, sizes, found, upstream, floor)
        self.sizes.append(sizes)

    def _entries(
        self,
        output: Expr,
        values: Mapping[str, Array],
        sizes: Mapping[str, int],
        found: Mapping[str, Array],
        upstream: Array,
        floor: float,
    ) -> None:
        for name, gradient in found.items():

            def weighted(x: Array, name: str = name) -> Array:
                return np.sum(np.asarray(evaluate(output, {**values, name: x}, sizes), float) * upstream)

            slope, doubt = (p.reshape(np.shape(gradient)) for p in differences.with_doubt(weighted, values[name]))
            self.tallies["differences"].add("gradient", gradient, slope, name, floor, doubt)

    def _directions(
        self,
        output: Expr,
        values: Mapping[str, Array],
        sizes: Mapping[str, int],
        found: Mapping[str, Array],
        upstream: Array,
        floor: float,
    ) -> None:
        """All variables at once along random directions."""
        rng = np.random.default_rng(0)
        names = list(found)
        ends = np.cumsum([np.size(values[name]) for name in names])[:-1]
        start = np.concatenate([np.reshape(values[name], -1) for name in names])
        gradient = np.concatenate([np.reshape(found[name], -1) for name in names])

        def weighted(x: Array) -> Array:
            parts = (p.reshape(np.shape(values[n])) for n, p in zip(names, np.split(x, ends), strict=True))
            moved = {**values, **dict(zip(names, parts, strict=True))}
            return np.sum(np.asarray(evaluate(output, moved, sizes), float) * upstream)

        for _ in range(_DIRECTIONS):
            direction = rng.standard_normal(start.shape) / np.sqrt(start.size)
            steps = (differences.STEP, differences.STEP / 2)
            coarse, fine = (float(differences.directional(weighted, start, direction, step)) for step in steps)
            ours = np.array(float(gradient @ direction))
            self.tallies["differences"].add("gradient", ours, np.array(fine), "gᵀv", floor, abs(fine - coarse))
        self.notes["differences along random directions, since the variables hold many numbers"] = None

    def report(self, notes: tuple[str, ...] = (), *, points: int) -> Report:
        """The verdict on the comparisons so far, made at so many points; `passed` is None if there were none."""
        engines, unknown = verdicts(self.tallies)
        passed = all(engine.passed for engine in engines.values()) if engines else None
        return Report(passed, points, engines, self.sizes, (*self.notes, *unknown, *notes))
