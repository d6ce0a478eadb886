"""The proof of an answer: its explicit table, its numeric check, its exact check, its values at a point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jacobian_cli.api.derive.answer import Answer, answers
from jacobian_cli.api.derive.at_point import AtPoint, numbers_at
from jacobian_cli.api.derive.explicit import MAX_EXPLICIT, count, explicit_table, table_sizes
from jacobian_cli.api.derive.printed import Array, Shown
from jacobian_cli.api.input.arguments import points_of
from jacobian_cli.api.input.problem import Problem, pose
from jacobian_cli.api.input.values import as_arrays, fitted_to
from jacobian_cli.checks.every_size.certificate import Certificate, Doubt
from jacobian_cli.checks.every_size.digits import settled
from jacobian_cli.checks.every_size.question import Question
from jacobian_cli.checks.oracles.budget import Budget
from jacobian_cli.checks.oracles.restricted import restricted, without_symbols
from jacobian_cli.checks.oracles.symbolic import (
    Explicit,
    TooLargeError,
    difference,
    element_symbols,
    entries_of,
    jacobian_of,
)
from jacobian_cli.checks.points.domain import domain
from jacobian_cli.checks.points.sampling import NO_VALUE, NoPointError
from jacobian_cli.checks.verdict.answer import MAX_ENTRIES, SECOND, numeric_verdict, sample_all
from jacobian_cli.checks.verdict.report import Engine, Report, Worst
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.interned import Portable
from jacobian_cli.shape import Size
from jacobian_cli.syntax.errors import InputError

SHOWN_ROWS, SHOWN_COLUMNS = 8, 12
"""An explicit table beyond these is shown only when asked for."""


@dataclass(frozen=True, repr=False)
class Proof(Portable):
    """All that backs an answer. `explicit` is None where the table is too large to be shown."""

    report: Report
    sizes: Mapping[str, int]
    explicit: Explicit | None
    at: AtPoint | None = None
    pattern: Array | None = None
    """Where a table too large to be shown is not zero, seen at a random point; that of a scalar in the shape of the
    variable.
    """

    def __repr__(self) -> str:
        return repr(self.report)

    @property
    def passed(self) -> bool | None:
        """Whether all engines agree; None if nothing could be compared."""
        return self.report.passed

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        check = self.report.to_dict()
        if self.at is None:
            return {"check": check}
        at = self.at
        values: dict[str, Any] = {"value": np.asarray(at.value).tolist(), "jacobian": at.jacobian.tolist()}
        if at.gradient is not None:
            values["gradient"] = at.gradient.tolist()
        if at.hessians:
            values["hessian"] = {name: matrix.tolist() for name, matrix in at.hessians.items()}
        if at.unformed:
            values["engine"] = "differences"
        return {"at": values, "check": check}


def prove(
    answer: Answer,
    points: int = 3,
    values: Mapping[str, Array] | None = None,
    *,
    full: bool = False,
    budget: Budget | None = None,
) -> Proof:
    """Compare the printed answer with autograd, central differences and SymPy's explicit table.

    With `values` the numeric comparison is made there. Where declared sizes are too large for an entry by entry
    comparison, the same derivation is compared entry by entry at small sizes too. SymPy works as long as the
    budget lasts, which several answers may share. Raises `InputError` where the formula has no value.
    """
    return prove_shown(Shown(answer), points, values, full=full, budget=budget)


def prove_shown(
    shown: Shown,
    points: int,
    values: Mapping[str, Array] | None = None,
    *,
    full: bool = False,
    budget: Budget | None = None,
) -> Proof:
    """The same of texts that may have been read before; see `prove`."""
    proof, small = _proved(shown, points, values, full=full, budget=budget)
    if not proof.report.passed:
        return proof
    return replace(proof, report=_certified(small or shown, proof.report, declared=small is not None))


def certificate_of(shown: Shown) -> Certificate | Doubt | None:
    """For which sizes the printed forms are proven."""
    problem, upstream = shown.answer.problem, shown.answer.upstream
    wrt, forms = shown.answer.variable, shown.forms
    return settled(Question(problem.output, wrt, forms, problem.variables, problem.facts, shown.laid, upstream))


def _certified(shown: Shown, report: Report, *, declared: bool) -> Report:
    """The verdict with its certificate. Where the two sides differ modulo a prime, floating-point numbers of the same
    sizes decide.
    """
    found = certificate_of(shown)
    if found is None:
        return report
    if isinstance(found, Certificate):
        return replace(report, certificate=replace(found, names=()) if declared else found)
    problem = shown.answer.problem
    try:
        rng = np.random.default_rng(0)
        point = sample_all(
            problem.output, problem.variables, found.sizes, rng, problem.facts, frozenset({shown.answer.wrt})
        )
    except NoPointError:
        return report
    there = _numeric(shown, 1, {**point, **found.sizes})
    if there.passed is not False:
        return report
    return _joined(report, there, "other sizes than these agree")


def _proved(
    shown: Shown, points: int, values: Mapping[str, Array] | None, *, full: bool, budget: Budget | None
) -> tuple[Proof, Shown | None]:
    """The proof, and the same answer with letters for declared numbers, if it was needed."""
    answer, problem = shown.answer, shown.answer.problem
    budget = budget or Budget()
    at = None if values is None else numbers_at(shown, values)
    report = _numeric(shown, points, values if at and at.compared else None)
    sizes = dict(report.sizes[0]) if report.sizes and values is None else table_sizes(problem)
    cells = _cells(answer, sizes)
    rows = count(problem.output.shape, sizes)
    listed = cells <= MAX_EXPLICIT and (full or (rows <= SHOWN_ROWS and cells <= rows * SHOWN_COLUMNS))
    smaller = None if listed else twin(answer)
    small = None if smaller is None else Shown(smaller)
    if at and not at.compared:
        why = "since the one given is at a kink" if at.kinks else "where the printed form has a value"
        report = replace(report, notes=[*report.notes, f"checked at random points, {why}"])
    widest = max((count(problem.variables[name].shape, sizes) for name in answer.hessians), default=0)
    unseen = cells * widest > SECOND or bool(report.unseen)
    if report.unseen and small is None:  # what is printed and was not compared is not right, it is unknown
        report = replace(report, passed=report.passed and None)
    if small is not None and (report.passed is None or cells > MAX_ENTRIES or unseen):
        report = _joined(report, _numeric(small, points, None), "compared entry by entry at small sizes")
    note = f"no explicit table: it would have {cells:,} entries (limit {MAX_EXPLICIT})" if cells > MAX_EXPLICIT else ""
    if any(said.startswith(NO_VALUE) for said in report.notes):  # nor can SymPy say anything of infinity
        return Proof(report, sizes, None, at), small
    engine, unsaid = None, without_symbols(relied_on(answer))
    try:
        if listed:
            explicit = _table(answer, sizes, budget)
            engine = None if unsaid else exact_engine(shown, explicit, sizes)
            return Proof(_with(report, engine, unsaid), sizes, explicit, at), small
        if unsaid:
            note = note or unsaid
        elif small is not None and _cells(small.answer, few := table_sizes(small.answer.problem)) <= MAX_EXPLICIT:
            engine = exact_engine(small, _table(small.answer, few, budget), few)
        elif cells <= MAX_EXPLICIT:
            engine = exact_engine(shown, _table(answer, sizes, budget), sizes)
    except RecursionError:
        note = note or "not compared with SymPy: the formula is nested too deeply for it"
    except (IndexError, TypeError, ValueError):
        note = note or "not compared with SymPy: it cannot write this out at small sizes"
    except TooLargeError as error:
        note = note or f"not compared with SymPy: {error}"
    pattern = pattern_of(shown, sizes) if cells <= MAX_EXPLICIT else None
    return Proof(_with(report, engine, note), sizes, None, at, pattern), small


def _table(answer: Answer, sizes: Mapping[str, int], budget: Budget) -> Explicit:
    return explicit_table(answer.problem, answer.variable, answer.convention, sizes, budget=budget)


def pattern_of(shown: Shown, sizes: Mapping[str, int]) -> Array | None:
    """Where the Jacobian is not zero at a random point, as it is laid out, that of a scalar in the shape of the
    variable; None where no point is found.
    """
    problem = shown.answer.problem
    try:
        point = sample_all(problem.output, problem.variables, sizes, np.random.default_rng(0), problem.facts)
    except NoPointError:
        return None
    matrix = np.asarray(evaluate(shown.forms["jacobian"], point, sizes), float)
    if not problem.output.shape:
        lengths = tuple(size.at(sizes) for size in shown.answer.variable.shape)
        matrix = shown.laid.shaped(matrix, lengths).reshape(-1, *(lengths[-1:] or (1,)))
        return matrix != 0
    return matrix.reshape(shown.matrix_shape(sizes)) != 0


def _numeric(shown: Shown, points: int, values: Mapping[str, Array] | None) -> Report:
    problem = shown.answer.problem
    return numeric_verdict(
        problem.output,
        shown.answer.variable,
        shown.printed,
        points,
        values,
        known=problem.variables,
        facts=problem.facts,
        forms=shown.forms,
    )


def _cells(answer: Answer, sizes: Mapping[str, int]) -> int:
    return count(answer.problem.output.shape, sizes) * count(answer.variable.shape, sizes)


def twin(answer: Answer) -> Answer | None:
    """The same answer with letters for declared numbers, if the formula allows any sizes."""
    problem = lettered(answer.problem, [answer.wrt])
    if problem is None:
        return None
    return answers(problem, second=bool(answer.hessian), conventions=[answer.convention])[0]


def lettered(problem: Problem, wrt: Sequence[str]) -> Problem | None:
    """The same formula with letters for declared numbers, if it allows any sizes."""
    names: dict[int, str] = {}

    def letter(size: Size) -> Size:
        if size.value is None or size.value == 1:
            return size
        return Size.named(names.setdefault(size.value, f"size{len(names) + 1}"))

    declared = {n: tuple(map(letter, shape)) for n, shape in problem.program.declared.items()}
    if not names:
        return None
    try:
        return pose(problem.program.statements, wrt, declared, assume=problem.assumptions)
    except InputError:
        return None


def _joined(first: Report, second: Report, note: str) -> Report:
    """Two verdicts on one answer: the worse of each."""
    engines = dict(first.engines)
    for name, engine in second.engines.items():
        if name not in engines or engine.max_relative_error > engines[name].max_relative_error:
            engines[name] = engine
    passed = all(engine.passed for engine in engines.values()) if engines else None
    notes = [*first.notes, *second.notes, note]
    return Report(passed, max(first.points, second.points), engines, [*first.sizes, *second.sizes], notes)


class Proofs:
    """The proofs of one answer made so far."""

    def __init__(self, answer: Answer) -> None:
        self.shown = Shown(answer)
        self._made: dict[int, Proof] = {}

    def of(self, shown: Shown, points: int = 3, at: Mapping[str, object] | None = None) -> Proof:
        """The proof of these texts at one point, or at random ones; of the answer's own texts that is kept."""
        if at is not None:
            return prove_shown(shown, 1, fitted_to(shown.answer.problem, as_arrays(at)))
        points = points_of(points)
        if shown is not self.shown:
            return prove_shown(shown, points)
        if points not in self._made:
            self._made[points] = prove_shown(shown, points)
        return self._made[points]


def exact_engine(shown: Shown, explicit: Explicit, sizes: Mapping[str, int]) -> Engine:
    """SymPy's own derivative, functions expanded to their definitions, against the printed closed form.

    Raises `TooLargeError` where the expansion is too large, the budget of the table is spent, or no point decides.
    """
    answer, forms, budget = shown.answer, shown.forms, explicit.budget
    problem, facts, known = answer.problem, relied_on(answer), answer.problem.variables
    true = explicit.expanded
    tables = [("jacobian", entries_of(forms["jacobian"], sizes, true.shape, budget), true)]
    laid = explicit.laid
    first = list(true if laid.turned is (laid.vec == "column") else true.T)
    for name in answer.hessians:
        again = laid.flat(element_symbols(name, tuple(size.at(sizes) for size in problem.variables[name].shape)))
        if len(first) * len(again) > MAX_EXPLICIT:
            raise TooLargeError(f"the second derivatives would have {len(first) * len(again):,} entries")
        second = jacobian_of(first, list(again), budget)
        entries = entries_of(forms[f"hessian {name}"], sizes, second.shape, budget)
        tables.append((f"hessian {name}", entries, second))
    exact = True

    def positive() -> Sequence[Any]:
        conditions = domain(explicit.expr, sizes)
        return [e for c in conditions for e in restricted(entries_of(c, sizes, budget=budget), facts, known, sizes)]

    for form, printed_table, true in tables:
        ours, theirs = (restricted(table, facts, known, sizes) for table in (printed_table, true))
        result = difference(ours, theirs, budget=budget, domain=positive)
        if not result.decided:
            raise TooLargeError("the expansions could not be compared")
        exact = exact and result.exact
        if not result.equal:
            row, column = result.worst or (0, 0)
            here, there = result.values or (float("nan"), float("nan"))
            label = explicit.entry(row, column) if form == "jacobian" else f"H[{row + 1},{column + 1}]"
            return Engine("sympy", False, result.error, Worst(form, label, here, there), False)
    return Engine("sympy", True, 0.0, None, exact, "" if exact else "equal to 30 digits at random rational points")


def relied_on(answer: Answer) -> dict[str, frozenset[str]]:
    """The declared facts without which the closed forms would be others."""
    used = answer.derivative.used
    found = {name: frozenset(fact for fact, needed in facts.items() if needed) for name, facts in used.items()}
    return {name: facts for name, facts in found.items() if facts}


def _with(report: Report, engine: Engine | None, note: str = "") -> Report:
    engines = dict(report.engines)
    passed = report.passed
    if engine is not None:
        engines[engine.name] = engine
        passed = passed and engine.passed if engine.passed else False  # SymPy alone proves no value anywhere
    notes = [*report.notes, *([note] if note else [])]
    return Report(passed, report.points, engines, report.sizes, notes)
