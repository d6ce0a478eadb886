"""Why a claim is wrong: the mistakes that people make, made on purpose, until one of them gives the claim.

Three searches. The derivation with one wrong step, and the right answer with one change, are looked up by value: one
evaluation of the claim serves however many mistakes are known. The claim with one change (or two, where it does not
even conform) is tried for being right: that names the place in what was typed, and the formula that is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from jacobian_cli.api.check.answer import Diagnosis
from jacobian_cli.api.check.claim import UPSTREAM, Claim
from jacobian_cli.api.check.judge import Judge, Verdict
from jacobian_cli.checks.mistakes.edits import Edit, described, edits, key
from jacobian_cli.checks.mistakes.sweep import Slip, Sweep
from jacobian_cli.checks.mistakes.whole import wholes, with_table
from jacobian_cli.checks.verdict.claim import Meaning, TruePoint, same
from jacobian_cli.expr import Defined, Expr, Variable, variables
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.printers.language import text
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.shape import ONE
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.parser import parse
from jacobian_cli.syntax.tree import Call, Group, Name, Slice, Term

Array = Any
_SHOWN = 2
_PAIRS = 300
"""How many claims with two changes are tried, where no single change makes one right."""
_TOLERANCE = 1e-8
_PREFERENCE = (
    "silent_zero sign factor outer_lost inner_for_outer term_transposed transposed outer_swapped order "
    "missing_derivative upstream_forgotten input_for_output sum_term_forgotten diagonal_only "
    "variable_for_derivative hadamard_for_matmul matmul_for_hadamard local_forgotten missing_term missing_branch "
    "mean_for_sum missing_sum wrong_axis ones_for_identity symmetric_form unit_factor wrong_node "
    "sigma_of_minus inverse_power constant_inner extra_derivative wrong_contraction wrong_derivative shape "
    "unknown"
).split()
"""Where several kinds explain a claim, those that are met more often stand in front."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A mistake and what it gives: at the first points, in the form that a meaning has there."""

    kind: str
    place: str
    explanation: str
    at: Callable[[int], TruePoint | Array | None]


def diagnose(judge: Judge, claim: Claim, verdict: Verdict, expr: Expr | None) -> Iterator[Diagnosis]:
    """The explanations found, the most likely first."""
    book = _book(judge)
    if expr is None:
        yield from _not_conforming(judge, claim, book)
        return
    if verdict.nearest is None:
        yield from _of_another_shape(judge, claim, expr, book)
        return
    if verdict.meaning is not None and not verdict.declare:
        yield _otherwise_laid(judge, claim, verdict.meaning)
        return
    if not any(np.any(value) for value in judge.values(expr, judge.points)):
        yield Diagnosis(
            "silent_zero", claim.text.strip(), "it is zero everywhere", judge.truth(claim.form or judge.usual_form())
        )
        return
    found = [d for d in book.explained(claim, expr) if d.kind != "unknown"]
    if not found and not verdict.condition:
        found = _under_a_fact(judge, claim)
    yield from found
    if not found and not verdict.condition:
        yield _none(judge, claim)


def _under_a_fact(judge: Judge, claim: Claim) -> list[Diagnosis]:
    """What explains a claim about a function of which somebody takes something for granted: that y sums to one."""
    for name, fact, other in judge.relaxed():
        read = other.reader.read(claim.text, claim.form)
        if read.expr is None or other.verdict(read.expr, read.form, conditions=False).nearest is None:
            continue
        found = [d for d in _book(other).explained(read, read.expr) if d.kind != "unknown"]
        if found:
            said = f"; with that mended it is right if {name} {fact.condition}"
            return [replace(d, explanation=d.explanation + said, certain=False) for d in found]
    return []


def _otherwise_laid(judge: Judge, claim: Claim, meaning: Meaning) -> Diagnosis:
    """What a claim that follows another convention is by the one that was asked for."""
    kind = "vec_order" if "column" in meaning.convention or "columns" in meaning.convention else "transposed"
    asked = (
        f"{judge.laid.layout} layout" if meaning.form in ("jacobian", "hessian") else f"the shape of {judge.wrt.name}"
    )
    return Diagnosis(kind, claim.text.strip(), f"for {asked} it is {_NAMED[kind]}", judge.truth(meaning.form))


_NAMED = {"transposed": "transposed", "vec_order": "in the other order of entries"}


def _spelled(form: str) -> str:
    return form.replace(UPSTREAM, "delta").replace("?tangent", "v")


def _book(judge: Judge) -> _Book:
    """The mistakes that are known of a function, kept with it."""
    made: _Book | None = judge.__dict__.get("book")
    if made is None:
        made = judge.__dict__["book"] = _Book(judge)
    return made


def explained_numbers(judge: Judge, value: Array, form: str | None, tolerance: float) -> list[Diagnosis]:
    """What explains numbers at one point, where no formula was given."""
    book, point = _book(judge), judge.points[0]
    truth = judge.truth(form or judge.usual_form())
    for stage in ("whole", "steps", "truth"):
        found: dict[str, Diagnosis] = {}
        for known, _, array in book.known(form or "", stage):
            if np.shape(array) == np.shape(value) and same(point, value, array, tolerance):
                found.setdefault(known.kind, Diagnosis(known.kind, known.place, known.explanation, truth))
        ranked = sorted(found.values(), key=lambda d: _rank(d.kind))
        if ranked:
            return [replace(d, certain=False) for d in ranked[:_SHOWN]]
    return [Diagnosis("unknown", "", "none of the mistakes that were tried gives these numbers", truth, certain=False)]


def _none(judge: Judge, claim: Claim) -> Diagnosis:
    said = "none of the mistakes that were tried gives this claim"
    return Diagnosis("unknown", "", said, judge.truth(claim.form or judge.usual_form()), certain=False)


@dataclass(frozen=True, slots=True)
class _Table:
    """Mistakes that give arrays of one shape at the first point: a row each, and what errors are relative to there."""

    known: list[tuple[_Known, Meaning]]
    rows: Array
    scales: Array

    @classmethod
    def of(cls, listed: Sequence[tuple[_Known, Meaning, Array]], point: TruePoint) -> _Table:
        arrays = [array for _, _, array in listed]
        rows = np.stack([np.reshape(array, -1) for array in arrays])
        return cls([(known, meaning) for known, meaning, _ in listed], rows, np.array([point.scale(a) for a in arrays]))

    def near(self, value: Array) -> Iterator[tuple[_Known, Meaning]]:
        """The mistakes that give this value."""
        flat = np.reshape(value, -1)
        if not np.all(np.isfinite(flat)):
            return
        gap = np.max(np.abs(self.rows - flat), axis=1, initial=0.0)
        largest = np.max(np.abs(flat), initial=0.0)
        for k in np.flatnonzero(gap <= _TOLERANCE * np.maximum(self.scales, largest)):
            yield self.known[k]


class _Book:
    """The mistakes of one function and variable, by what they give."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        # where the derivative is zero every mistake looks alike
        self.points = sorted(judge.points, key=lambda p: not np.any(p.table))[:2]
        self._known: dict[tuple[str, str], list[tuple[_Known, Meaning, Array]]] = {}
        self._indexed: dict[tuple[str, str], dict[tuple[int, ...], _Table]] = {}
        self._mended: dict[tuple[object, str], list[tuple[Edit, Expr]]] = {}
        self._kinds: dict[object, frozenset[str]] = {}
        self._aims: dict[str | None, list[tuple[Array, float]]] = {}
        self._sweeps: dict[bool, list[tuple[Slip, Callable[[int], Array | None]]]] = {}

    def explained(self, claim: Claim, expr: Expr) -> list[Diagnosis]:
        """What explains a claim that conforms, the likeliest first.

        What is wrong with the whole of it is looked for first: it is what people do most.
        """
        said = self._said_of(claim, expr)
        known = self._kinds.get(said)
        found, placed = self._whole_or_part(claim, expr, known)
        # what has a place in the claim says more than what only gives its value
        ranked = sorted(found.values(), key=lambda d: (d.kind not in placed, _rank(d.kind)))
        specific = [d for d in ranked if d.kind != "unknown"] or ranked
        self._kinds.setdefault(said, frozenset(d.kind for d in specific[:_SHOWN]))
        return [Diagnosis(d.kind, d.place, d.explanation, d.fix, certain=len(specific) == 1) for d in specific[:_SHOWN]]

    def _said_of(self, claim: Claim, expr: Expr) -> object:
        """What a claim gives at the points: two that give the same are wrong in the same way."""
        scales = [point.scale(point.table) for point in self.points]
        values = zip(self.judge.values(expr, self.points), scales, strict=True)
        return (claim.form, *((np.shape(v), np.round(v / scale, 9).tobytes()) for v, scale in values))

    def _whole_or_part(
        self, claim: Claim, expr: Expr, kinds: frozenset[str] | None
    ) -> tuple[dict[str, Diagnosis], set[str]]:
        """The explanations by their kind, and the kinds that have a place in the claim; `kinds` are known already."""
        found = self._told(claim, self.looked_up(claim, expr, ("whole",)))
        if found:
            fixes = self._mending(claim, (e for e in self._edits(claim) if e.mended in found))
            edit, fix = next(iter(fixes), (None, None))
            if edit is None or fix is None:
                return found, set()
            old = found[edit.mended]
            found[edit.mended] = Diagnosis(old.kind, self._quoted(claim, edit), old.explanation, _spelled(text(fix)))
            return found, {edit.mended}
        tried = self.mended(claim) if kinds is None else self._mending(claim, self._edits_of(claim, kinds))
        for edit, fix in tried:
            found.setdefault(edit.mended, self._by_edit(claim, edit, fix))
            if kinds is not None and kinds <= found.keys():
                break
        placed = set(found)
        if kinds is None or not kinds <= found.keys():
            for kind, told in self._told(claim, self.looked_up(claim, expr, ("steps", "truth"))).items():
                found.setdefault(kind, told)
        return found, placed

    def _edits_of(self, claim: Claim, kinds: frozenset[str]) -> Iterator[Edit]:
        return (edit for edit in self._edits(claim) if edit.mended in kinds)

    def by_value(self, claim: Claim, expr: Expr) -> list[Diagnosis]:
        """What gives a claim, in whatever shape it is."""
        found = self._told(claim, self.looked_up(claim, expr, ("whole", "steps", "truth")))
        ranked = sorted((d for d in found.values() if d.kind != "unknown"), key=lambda d: _rank(d.kind))
        return [replace(d, certain=len(ranked) == 1) for d in ranked[:_SHOWN]]

    def _told(self, claim: Claim, found: Iterable[_Known]) -> dict[str, Diagnosis]:
        """The mistakes found by value, one of each kind."""
        told: dict[str, Diagnosis] = {}
        truth = self.judge.truth(claim.form or self.judge.usual_form())
        for known in found:
            told.setdefault(known.kind, Diagnosis(known.kind, known.place, known.explanation, truth))
        return told

    def _edits(self, claim: Claim) -> Iterator[Edit]:
        return claim.variants(lambda term: edits(term, self.swaps, claim.upstream))

    def _by_edit(self, claim: Claim, edit: Edit, fix: Expr) -> Diagnosis:
        what = described(edit, lambda term: _source(claim, term))
        return Diagnosis(
            edit.mended, self._quoted(claim, edit), f"{_SAID.get(edit.mended, 'changed')}: {what}", _spelled(text(fix))
        )

    def _quoted(self, claim: Claim, edit: Edit) -> str:
        return claim.text[edit.span.start : edit.span.stop].strip()

    # claims with one change

    def mended(self, claim: Claim) -> list[tuple[Edit, Expr]]:
        """The single changes of a claim that make it right."""
        asked = (key(claim.term), claim.form or "")
        if asked not in self._mended:
            self._mended[asked] = list(self._mending(claim, self._edits(claim)))
        return self._mended[asked]

    def _mending(self, claim: Claim, tried: Iterable[Edit]) -> Iterator[tuple[Edit, Expr]]:
        for edit in tried:
            expr = self._right(claim, edit.term)
            if expr is not None and self._sensible(claim, edit):
                yield edit, expr

    def _sensible(self, claim: Claim, edit: Edit) -> bool:
        """Whether what is called an inner or an outer product is one of vectors."""
        if edit.mended not in ("inner_for_outer", "outer_lost") or not isinstance(edit.place, Call):
            return True
        for part in edit.place.arguments:
            found = self.judge.reader.built(claim.opened(part), claim.text)
            if isinstance(found, InputError) or len([s for s in found.shape if s is not ONE]) > 1:
                return False
        return True

    def _right(self, claim: Claim, term: Term) -> Expr | None:
        """The value of a changed claim if it is right. One point tells most wrong ones; the rest is tried at all."""
        try:
            expr = self.judge.reader.built(term, claim.text)
        except InputError:
            return None
        if isinstance(expr, InputError):
            return None
        try:
            (value,) = self.judge.values(expr, self.judge.points[:1])
        except (ValueError, IndexError, np.linalg.LinAlgError):
            return None
        if not any(_near(value, true, scale) for true, scale in self._targets(claim.form)):
            return None
        verdict = self.judge.verdict(expr, claim.form, conditions=False)
        return expr if verdict.meaning is not None and verdict.meaning.right else None

    def _targets(self, form: str | None) -> list[tuple[Array, float]]:
        """What a right claim gives at the first point, and what errors are relative to there."""
        if form not in self._aims:
            point = self.judge.points[0]
            right = [m for m in self.judge.meanings(form) if m.right]
            arrays = [np.asarray(m.of(point), float) for m in right]
            self._aims[form] = [(array, point.scale(array)) for array in arrays]
        return self._aims[form]

    @cached_property
    def swaps(self) -> list[tuple[Term, Term]]:
        """Arguments and the functions of them, of the same shape, that the formula applies."""
        found: dict[object, tuple[Term, Term]] = {}
        for statement in self.judge.problem.program.statements:
            stack: list[Term] = [statement.value]
            while stack:
                term = stack.pop()
                if isinstance(term, Call):
                    row = FUNCTIONS.get(term.function)
                    if len(term.arguments) == 1 and row is not None and row.kind in (Kind.ELEMENTWISE, Kind.ROW):
                        (inner,) = term.arguments
                        found.setdefault(key(term), (inner, term))
                        if statement.name and term is statement.value:
                            found.setdefault(statement.name, (inner, Name(statement.name, term.span)))
                    stack += [a for a in term.arguments if not isinstance(a, Group | Slice)]
        return list(found.values())

    # mistakes by value

    def looked_up(self, claim: Claim, expr: Expr, stages: Sequence[str]) -> Iterator[_Known]:
        """The mistakes that give the claim, at both points; with another sign or a factor of two if need be."""
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
                    if words:
                        yield _Known(words, known.place, _SAID[words], known.at)
                    yield known
            if hits:
                return

    def indexed(self, form: str, stage: str) -> dict[tuple[int, ...], _Table]:
        """The same mistakes by the shape of what they give, so that one comparison serves all of a shape."""
        if (form, stage) not in self._indexed:
            by_shape: dict[tuple[int, ...], list[tuple[_Known, Meaning, Array]]] = {}
            for one in self.known(form, stage):
                by_shape.setdefault(np.shape(one[2]), []).append(one)
            self._indexed[form, stage] = {s: _Table.of(listed, self.points[0]) for s, listed in by_shape.items()}
        return self._indexed[form, stage]

    def _again(self, known: _Known, meaning: Meaning, k: int, value: Array) -> bool:
        given = known.at(k)
        if given is None:
            return False
        array = np.asarray(meaning.of(given) if isinstance(given, TruePoint) else given, float)
        return np.shape(array) == np.shape(value) and _close(self.points[k], value, array)

    def known(self, form: str, stage: str) -> list[tuple[_Known, Meaning, Array]]:
        """The mistakes of a form with what they give at the first point, in every convention asked for: with the
        whole, in one of the steps, or in one place of the closed form.
        """
        if (form, stage) not in self._known:
            found: list[tuple[_Known, Meaning, Array]] = []
            for meaning in self.judge.meanings(form or None):
                if (meaning.form == "hessian" and form != "hessian") or not (
                    meaning.right or meaning.convention == "transposed"
                ):
                    continue
                for known in self._mistakes(meaning, stage):
                    given = known.at(0)
                    if given is None:
                        continue
                    array = np.asarray(meaning.of(given) if isinstance(given, TruePoint) else given, float)
                    if np.all(np.isfinite(array)):
                        found.append((known, meaning, array))
            self._known[form, stage] = found
        return self._known[form, stage]

    def _mistakes(self, meaning: Meaning, stage: str) -> Iterator[_Known]:
        second = meaning.form == "hessian"
        if stage == "whole":
            for number, whole in enumerate(wholes(self.points[0], meaning.form)):
                yield _Known(whole.kind, "", whole.what, self._whole(number, meaning.form))
        elif stage == "steps":
            for slip, tables in self._slips(second=second):
                yield _Known(slip.kind, self._step(slip), self._said(slip), self._table(tables, second=second))
        elif meaning.right:
            yield from self._changed_truth(meaning)

    def _whole(self, number: int, form: str) -> Callable[[int], TruePoint | None]:
        def at(k: int) -> TruePoint | None:
            found = list(wholes(self.points[k], form))
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

    def _swept(self, *, second: bool) -> Iterator[tuple[Slip, Callable[[int], Array | None]]]:
        output: Expr | None = self.judge.problem.output
        if second:
            output = self.judge.derivation.forms.gradient
        if output is None or self.judge.wrt.name not in variables(output):
            return
        sweeps = [Sweep(output, self.judge.wrt, p.values, p.sizes) for p in self.points]
        listed = [list(sweep.slips()) for sweep in sweeps]
        for number, slip in enumerate(listed[0]):
            made: dict[int, Array | None] = {}

            def tables(k: int, number: int = number, made: dict[int, Array | None] = made) -> Array | None:
                if k not in made:
                    with np.errstate(all="ignore"):
                        made[k] = sweeps[k].table(listed[k][number]) if number < len(listed[k]) else None
                return made[k]

            yield slip, tables

    def _changed_truth(self, meaning: Meaning) -> Iterator[_Known]:
        """The right closed form with one change."""
        judge = self.judge
        printed = judge.whole_truth(meaning.form)
        upstream = judge.derivation.upstream if meaning.form == "vjp" else ""
        term = parse(printed, limited=False)
        reader = judge.reader
        if upstream and upstream not in reader.values:
            reader.values[upstream] = Variable(UPSTREAM, judge.problem.output.shape)
        for edit in edits(term, self.swaps, upstream):
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
            yield _Known(edit.made, "", f"{_SAID.get(edit.made, 'changed')}: {what}", at)

    def _step(self, slip: Slip) -> str:
        return f"∂{self._short(slip.node)}/∂{self._short(slip.node.arguments[slip.argument])}"

    def _short(self, node: Expr) -> str:
        """A part by the name that the user gave it, or in brackets."""
        named = {
            value.body: name for name, value in self.judge.problem.program.values.items() if isinstance(value, Defined)
        }
        shown = named.get(node) or (self.judge.problem.name if node is self.judge.problem.output else math(node))
        return shown if len(shown) <= 24 and (shown.isidentifier() or len(shown) <= 2) else f"({shown[:40]})"

    def _said(self, slip: Slip) -> str:
        return f"in {self._step(slip)}: {slip.what}"


_SAID = {
    "sign": "the sign is wrong",
    "factor": "a constant factor is wrong",
    "transposed": "a transpose is wrong",
    "term_transposed": "one term is left transposed",
    "order": "the factors stand in the wrong order",
    "outer_swapped": "the outer product stands the wrong way round",
    "hadamard_for_matmul": "* stands where @ belongs",
    "matmul_for_hadamard": "@ stands where * belongs",
    "inner_for_outer": "an inner product stands where the outer product belongs",
    "outer_lost": "the outer product is lost",
    "missing_derivative": "a derivative is left out",
    "extra_derivative": "a factor too many",
    "missing_term": "a term is left out",
    "unit_factor": "a factor is left out",
    "upstream_forgotten": "the upstream gradient is left out",
    "local_forgotten": "a local Jacobian is left out",
    "input_for_output": "the input stands where the output belongs",
    "wrong_node": "the value is taken at another node",
    "wrong_axis": "the sum runs along the wrong axis",
    "mean_for_sum": "a mean for a sum, or a sum for a mean",
    "missing_sum": "a sum is left out",
    "ones_for_identity": "ones stand where the identity belongs",
    "inverse_power": "the power is wrong",
    "sigma_of_minus": "the sign of the argument is wrong",
    "wrong_contraction": "contracted over the wrong axes",
    "shape": "another shape",
}


def _rank(kind: str) -> int:
    return _PREFERENCE.index(kind) if kind in _PREFERENCE else len(_PREFERENCE)


def _near(value: Array, true: Array, scale: float) -> bool:
    """Whether a value may be the true one."""
    if value.shape != true.shape:
        return False
    with np.errstate(invalid="ignore"):
        return bool(np.all(np.abs(value - true) <= _TOLERANCE * scale))


def _close(point: TruePoint, a: Array, b: Array) -> bool:
    return same(point, np.asarray(a, float), b, _TOLERANCE)


def _source(claim: Claim, term: Term) -> str:
    return claim.text[term.span.start : term.span.stop].strip()


# claims that do not conform


def _not_conforming(judge: Judge, claim: Claim, book: _Book) -> Iterator[Diagnosis]:
    """A claim that cannot be worked out, with the smallest change after which it is right."""
    error = claim.error
    assert error is not None
    span = error.span or Span(0, len(claim.text))
    found = _by_one(claim, book) or _by_two(claim, book)
    place = claim.text[span.start : span.stop].strip()
    fix = found[0].fix if found else judge.truth(claim.form or judge.usual_form())
    yield from found
    yield Diagnosis("does_not_conform", place, error.message, fix, certain=True)


def _of_another_shape(judge: Judge, claim: Claim, expr: Expr, book: _Book) -> Iterator[Diagnosis]:
    """A claim that can be worked out, and has a shape that no convention gives the derivative."""
    (value, *_) = judge.values(expr, judge.points[:1])
    wanted = [m for m in judge.meanings(claim.form) if m.right]
    point = judge.points[0]
    shapes = " or ".join(
        dict.fromkeys(_shape(m.of(point)) for m in wanted if m.form != "hessian" or claim.form == "hessian")
    )
    found = _by_one(claim, book) or book.by_value(claim, expr) or _by_two(claim, book)
    yield from found
    said = f"it is {_shape(value)} where the derivative is {shapes} (at {_sizes(point)})"
    fix = found[0].fix if found else judge.truth(claim.form or judge.usual_form())
    yield Diagnosis("shape", claim.text.strip(), said, fix, certain=True)


def _shape(value: Array) -> str:
    shape = np.shape(value)
    return " × ".join(map(str, shape)) if len(shape) > 1 else f"a vector of {shape[0]}" if shape else "a number"


def _sizes(point: TruePoint) -> str:
    return ", ".join(f"{name} = {size}" for name, size in point.sizes.items()) or "the sizes declared"


def _by_one(claim: Claim, book: _Book) -> list[Diagnosis]:
    """One change that makes a claim conform and be right."""
    found = book.mended(claim)
    kinds: dict[str, Diagnosis] = {}
    for edit, fix in sorted(found, key=lambda pair: _rank(pair[0].mended)):
        kinds.setdefault(edit.mended, book._by_edit(claim, edit, fix))
    chosen = [d for d in kinds.values() if d.kind != "unknown"] or list(kinds.values())
    return [replace(d, certain=len(chosen) == 1) for d in chosen[:_SHOWN]]


def _by_two(claim: Claim, book: _Book) -> list[Diagnosis]:
    """Two mistakes: a change by which the claim comes to conform, and what gives the value that it then has."""
    first = sorted((e for e in book._edits(claim) if e.mended in _CONFORMING), key=lambda e: _rank(e.mended))
    tried = 0
    for edit in first:
        expr = book.judge.reader.built(edit.term, claim.text)
        if isinstance(expr, InputError):
            continue
        try:
            told = book.by_value(claim, expr)
        except (ValueError, IndexError, np.linalg.LinAlgError):
            continue
        if told:
            return _both(book._by_edit(claim, edit, expr), told[0])
    for edit in first:  # two places that do not conform
        for second in edits(edit.term, book.swaps, claim.upstream):
            tried += 1
            if tried > _PAIRS:
                return []
            right = book._right(claim, second.term) if second.mended in _CONFORMING else None
            if right is not None:
                return _both(book._by_edit(claim, edit, right), book._by_edit(claim, second, right))
    return []


def _both(one: Diagnosis, other: Diagnosis) -> list[Diagnosis]:
    """Two mistakes that together are right."""
    return [replace(other, place=one.place)] if one.kind == other.kind else [replace(one, fix=other.fix), other]


_CONFORMING = frozenset(
    "transposed term_transposed order outer_swapped outer_lost inner_for_outer hadamard_for_matmul "
    "matmul_for_hadamard wrong_contraction shape".split()
)
