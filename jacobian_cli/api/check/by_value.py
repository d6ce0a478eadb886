"""Mistakes by what they give: the derivation with a wrong step, the right answer with a change, looked up by value.

One evaluation of a claim serves however many mistakes are known.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from jacobian_cli.api.check.claim import UPSTREAM, Claim
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.kinds import SAID
from jacobian_cli.checks.mistakes.edits import described, edits
from jacobian_cli.checks.mistakes.paths import Path, paths
from jacobian_cli.checks.mistakes.sweep import Slip, Sweep
from jacobian_cli.checks.mistakes.terms import Known as Names
from jacobian_cli.checks.mistakes.whole import Whole, moved, wholes, with_table
from jacobian_cli.checks.verdict.claim import Function, Meaning, TruePoint, same
from jacobian_cli.expr import Defined, Expr, Variable, variables
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.parser import parse

Array = Any
TOLERANCE = 1e-8


@dataclass(frozen=True, slots=True)
class Known:
    """A mistake and what it gives: at the first points, in the form that a meaning has there."""

    kind: str
    place: str
    explanation: str
    at: Callable[[int], TruePoint | Array | None]


@dataclass(frozen=True, slots=True)
class Table:
    """Mistakes that give arrays of one shape at the first point: a row each, and what errors are relative to there."""

    known: list[tuple[Known, Meaning]]
    rows: Array
    scales: Array

    @classmethod
    def of(cls, listed: Sequence[tuple[Known, Meaning, Array]], point: TruePoint) -> Table:
        """The table of mistakes that give arrays of one shape."""
        arrays = [array for _, _, array in listed]
        rows = np.stack([np.reshape(array, -1) for array in arrays])
        return cls([(known, meaning) for known, meaning, _ in listed], rows, np.array([point.scale(a) for a in arrays]))

    def near(self, value: Array) -> Iterator[tuple[Known, Meaning]]:
        """The mistakes that give this value."""
        flat = np.reshape(value, -1)
        if not np.all(np.isfinite(flat)):
            return
        gap = np.max(np.abs(self.rows - flat), axis=1, initial=0.0)
        largest = np.max(np.abs(flat), initial=0.0)
        for k in np.flatnonzero(gap <= TOLERANCE * np.maximum(self.scales, largest)):
            yield self.known[k]


class ByValue:
    """The mistakes of one function and variable, by what they give at a few points."""

    def __init__(self, judge: Judge, names: Names, points: Sequence[TruePoint]) -> None:
        self.judge, self.names, self.points = judge, names, points
        self._known: dict[tuple[str, str], list[tuple[Known, Meaning, Array]]] = {}
        self._indexed: dict[tuple[str, str], dict[tuple[int, ...], Table]] = {}
        self._steps: dict[bool, list[Known]] = {}
        self._wholes: dict[tuple[int, str], list[Whole]] = {}
        self._shown: dict[Expr, str] = {}
        self._swept_at: dict[tuple[bool, int], Sweep] = {}
        self._sweeps: dict[bool, list[tuple[Slip, Callable[[int], Array | None]]]] = {}

    def looked_up(self, claim: Claim, expr: Expr, stages: Sequence[str]) -> Iterator[Known]:
        """The mistakes that give the claim, at all points; with another sign or a factor of two if need be."""
        first, *more = self.judge.values(expr, self.points)
        form = claim.form or ""
        indexed = [self.indexed(form, stage).get(np.shape(first)) for stage in stages]
        for scale, words in ((1.0, ""), (-1.0, "sign"), (0.5, "factor"), (2.0, "factor")):
            if words and stages == ("whole",):
                return
            hits = 0
            for table in indexed:
                for known, meaning in table.near(scale * first) if table is not None else ():
                    if not all(self._again(known, meaning, k + 1, scale * value) for k, value in enumerate(more)):
                        continue
                    hits += 1
                    if words:  # where, is not known: the other mistake has the place
                        yield Known(words, "", SAID[words], known.at)
                    if not meaning.right and np.ndim(first) == 2 and known.kind != "transposed":
                        yield Known("transposed", "", "it is laid out as the transpose", known.at)
                    yield known
            if hits:
                return

    def indexed(self, form: str, stage: str) -> dict[tuple[int, ...], Table]:
        """The same mistakes by the shape of what they give, so that one comparison serves all of a shape."""
        if (form, stage) not in self._indexed:
            by_shape: dict[tuple[int, ...], list[tuple[Known, Meaning, Array]]] = {}
            for one in self.known(form, stage):
                by_shape.setdefault(np.shape(one[2]), []).append(one)
            self._indexed[form, stage] = {s: Table.of(listed, self.points[0]) for s, listed in by_shape.items()}
        return self._indexed[form, stage]

    def _again(self, known: Known, meaning: Meaning, k: int, value: Array) -> bool:
        array = _given(known, meaning, k)
        return array is not None and np.shape(array) == np.shape(value) and _close(self.points[k], value, array)

    def known(self, form: str, stage: str) -> list[tuple[Known, Meaning, Array]]:
        """The mistakes of a form with what they give at the first point, in every convention asked for: with the
        whole, in one of the steps, or in one place of the closed form.
        """
        if (form, stage) not in self._known:
            found: list[tuple[Known, Meaning, Array]] = []
            forms: set[str] = set()
            for meaning in self.judge.meanings(form or None):
                if stage == "truth" and meaning.form in forms:
                    continue  # the same texts
                forms.add(meaning.form)
                if (meaning.form == "hessian" and form != "hessian") or not (
                    meaning.right or meaning.convention == "transposed"
                ):
                    continue
                for known in self._mistakes(meaning, stage):
                    array = _given(known, meaning, 0)
                    if array is not None and np.all(np.isfinite(array)):
                        found.append((known, meaning, array))
            self._known[form, stage] = found
        return self._known[form, stage]

    def _mistakes(self, meaning: Meaning, stage: str) -> Iterator[Known]:
        second = meaning.form == "hessian"
        if stage == "whole":
            for number, whole in enumerate(wholes(self.points[0], meaning.form)):
                yield Known(whole.kind, "", whole.what, self._whole(number, meaning.form))
        elif stage == "steps":
            if second not in self._steps:
                self._steps[second] = [dataclasses.replace(k, at=cache(k.at)) for k in self._wrong_steps(second=second)]
            yield from self._steps[second]
        elif meaning.right:
            yield from self._changed_truth(meaning)

    def _wrong_steps(self, *, second: bool) -> Iterator[Known]:
        """What a wrong step, a step or a factor left out, or another variable gives."""
        for slip, tables in self._slips(second=second):
            yield Known(slip.kind, self._step(slip), self._said(slip), self._table(tables, second=second))
        yield from self._wrong_paths(second=second)
        yield from self._left_out()
        if not second:
            yield from self._by_others()

    def _whole(self, number: int, form: str) -> Callable[[int], TruePoint | None]:
        def at(k: int) -> TruePoint | None:
            if (k, form) not in self._wholes:
                self._wholes[k, form] = list(wholes(self.points[k], form))
            found = self._wholes[k, form]
            return found[number].point if number < len(found) else None

        return at

    def _table(self, tables: Callable[[int], Array | None], *, second: bool) -> Callable[[int], TruePoint | None]:
        def at(k: int) -> TruePoint | None:
            table, point = tables(k), self.points[k]
            if table is None:
                return None
            return with_table(point, point.table, table) if second else with_table(point, table)

        return at

    def _slips(self, *, second: bool) -> Iterator[tuple[Slip, Callable[[int], Array | None]]]:
        """The wrong steps of the derivation, or of that of the gradient."""
        if second not in self._sweeps:
            self._sweeps[second] = list(self._swept(second=second))
        yield from self._sweeps[second]

    def _moving(self, *, second: bool) -> Expr | None:
        """The function, or its gradient; None where the variable does not move it."""
        output = self.judge.derivation.forms.gradient if second else self.judge.problem.output
        return output if output is not None and self.judge.wrt.name in variables(output) else None

    def _sweep(self, output: Expr, k: int, *, second: bool) -> Sweep:
        """The derivation, or that of the gradient, at a point."""
        if (second, k) not in self._swept_at:
            point = self.points[k]
            self._swept_at[second, k] = Sweep(output, self.judge.wrt, point.values, point.sizes)
        return self._swept_at[second, k]

    def _swept(self, *, second: bool) -> Iterator[tuple[Slip, Callable[[int], Array | None]]]:
        output = self._moving(second=second)
        if output is None:
            return
        slips = cache(lambda k: list(self._sweep(output, k, second=second).slips()))
        for number, slip in enumerate(slips(0)):

            def tables(k: int, number: int = number) -> Array | None:
                if number >= len(slips(k)):
                    return None
                with np.errstate(all="ignore"):
                    return self._sweep(output, k, second=second).table(slips(k)[number])

            yield slip, cache(tables)

    def _wrong_paths(self, *, second: bool) -> Iterator[Known]:
        """The derivation with a whole step missing."""
        output = self._moving(second=second)
        if output is None:
            return
        wrt = self.judge.wrt.name
        for path in paths(self._sweep(output, 0, second=second)):

            def at(k: int, path: Path = path) -> TruePoint | None:
                sweep = self._sweep(output, k, second=second)
                try:
                    table = path.table(sweep)
                except (ValueError, IndexError):
                    return None
                if table is None:
                    return None
                point = self.points[k]
                made = with_table(point, point.table, table) if second else with_table(point, table)
                if not second:
                    made.out, made.variable = sweep.lengths(path.start), sweep.lengths(path.stop)
                return made

            node = self._short(path.node)
            yield Known(path.kind, f"∂{node}/∂{wrt}", path.what.replace("{wrt}", wrt).replace("{}", node), at)

    def _left_out(self) -> Iterator[Known]:
        """The derivative where a factor is one, or a term is nothing, as they are when training begins."""
        for name, variable in self.judge.problem.variables.items():
            if name == self.judge.wrt.name:
                continue
            for kind, value in (("unit_factor", 1.0), ("missing_term", 0.0)):
                if value and len(variable.shape) > 1:
                    continue

                def at(k: int, name: str = name, value: float = value) -> TruePoint | None:
                    other = moved(self.points[k], {name: np.full(np.shape(self.points[k].values[name]), value)})
                    return other if np.all(np.isfinite(other.table)) else None

                what = "the factor" if value else "what is added as"
                yield Known(kind, "", f"{what} {name} is forgotten: this is the derivative where it is {value:g}", at)

    def _by_others(self) -> Iterator[Known]:
        """The derivative by another variable."""
        for name, variable in self.judge.problem.variables.items():
            if name == self.judge.wrt.name:
                continue
            function = dataclasses.replace(self.judge.function, wrt=variable)

            def at(k: int, function: Function = function) -> TruePoint:
                point = self.points[k]
                other = TruePoint(function, point.values, point.sizes, np.random.default_rng(0))
                other.upstream = point.upstream
                return other

            yield Known("misprint", "", f"it is the derivative by {name}", at)

    def _changed_truth(self, meaning: Meaning) -> Iterator[Known]:
        """The right closed form with one change."""
        judge = self.judge
        printed = judge.whole_truth(meaning.form)
        upstream = judge.derivation.upstream if meaning.form == "vjp" else ""
        term = parse(printed, limited=False)
        reader = judge.reader
        if upstream and upstream not in reader.values:
            reader.values[upstream] = Variable(UPSTREAM, judge.problem.output.shape)
        for edit in edits(term, dataclasses.replace(self.names, upstream=upstream)):
            try:
                expr = reader.typed(edit.term, printed)
            except InputError:
                continue
            if isinstance(expr, InputError):
                continue

            def at(k: int, expr: Expr = expr) -> Array | None:
                try:
                    return judge.values(expr, [self.points[k]])[0]
                except (ValueError, IndexError, np.linalg.LinAlgError):
                    return None

            what = described(edit, lambda term: printed[term.span.start : term.span.stop])
            yield Known(edit.made, "", f"{SAID.get(edit.made, 'changed')}: {what}", at)

    def _step(self, slip: Slip) -> str:
        return f"∂{self._short(slip.node)}/∂{self._short(slip.node.arguments[slip.argument])}"

    def _short(self, node: Expr) -> str:
        """A part by the name that the user gave it, or in brackets."""
        if node not in self._shown:
            values = self.judge.problem.program.values
            named = {value.body: name for name, value in values.items() if isinstance(value, Defined)}
            shown = named.get(node) or (self.judge.problem.name if node is self.judge.problem.output else math(node))
            plain = len(shown) <= 24 and (shown.isidentifier() or len(shown) <= 2)
            self._shown[node] = shown if plain else f"({shown[:40]})"
        return self._shown[node]

    def _said(self, slip: Slip) -> str:
        return f"in {self._step(slip)}: {slip.what}"


def _given(known: Known, meaning: Meaning, k: int) -> Array | None:
    """What a mistake gives at a point, in the form of a meaning; None where it has none."""
    try:
        given = known.at(k)
        if given is None:
            return None
        with np.errstate(all="ignore"):
            return np.asarray(meaning.of(given) if isinstance(given, TruePoint) else given, float)
    except (ValueError, IndexError):
        return None


def _close(point: TruePoint, a: Array, b: Array) -> bool:
    return same(point, np.asarray(a, float), b, TOLERANCE)
