"""The proof of an answer: its explicit table, its numeric check, its exact check, its values at a point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from jacobian_cli.api.derive.derivation import Derivation, derivations
from jacobian_cli.api.input.problem import Problem, pose
from jacobian_cli.api.input.values import as_arrays, fitted_to, lengths_of_sizes, want_inside
from jacobian_cli.checks.oracles import differences
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.checks.oracles.restricted import restricted, without_symbols
from jacobian_cli.checks.oracles.symbolic import (
    Explicit,
    TooLargeError,
    difference,
    element_symbols,
    entries_of,
    explicit_jacobian,
)
from jacobian_cli.checks.points.domain import DOMAIN, FORM, KINK, NOT_FINITE, Violation, shares, violations
from jacobian_cli.checks.points.sampling import NoPointError, draw_sizes, fits, least_size
from jacobian_cli.checks.verdict.answer import (
    MAX_ENTRIES,
    SECOND,
    Engine,
    Printed,
    Report,
    Worst,
    numeric_verdict,
    read_back,
    sample_all,
)
from jacobian_cli.evaluate.evaluate import evaluate, meaning, sizes_of
from jacobian_cli.expr import Expr, size_names, variables
from jacobian_cli.interned import Portable
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.printers.language import text
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.errors import InputError

MAX_EXPLICIT = 400
"""An explicit table beyond this many entries is refused."""
SHOWN_ROWS, SHOWN_COLUMNS = 8, 12
"""An explicit table beyond these is shown only when asked for."""
MAX_POINTS = 100
_DRAWS = 12
_FEW = 12
"""A derivative at a kink of more entries is not written out."""
_SETTLED = 1e-4
"""Differences that change by more than this part when the step is halved are not shown."""
Array = Any


@dataclass(frozen=True)
class AtPoint:
    """The numbers at a point the user gave."""

    value: Array
    jacobian: Array
    gradient: Array | None
    sizes: Mapping[str, int]
    kinks: Sequence[Kink]
    nudges: Sequence[Nudge]
    hessians: Mapping[str, Array] = field(default_factory=dict)
    """For second derivatives, by the variable differentiated by next."""
    unformed: str = ""
    """Where the printed form has no value, so that the numbers are those of central differences."""

    @property
    def compared(self) -> bool:
        """Whether the numbers are those of the printed form, which an engine can be asked about here."""
        return not self.kinks and not self.unformed


@dataclass(frozen=True)
class Kink:
    """A function exactly at its kink, and the value that its derivative is given there, where it has one of its own."""

    node: Expr
    choice: str


@dataclass(frozen=True)
class Nudge:
    """A scalar moved by a little: what the function becomes, and what the derivative says it becomes."""

    name: str
    moved_to: float
    value: float
    predicted: float


@dataclass(frozen=True)
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
    derivation: Derivation, points: int = 3, values: Mapping[str, Array] | None = None, *, full: bool = False
) -> Proof:
    """Compare the printed answer with autograd, central differences and SymPy's explicit table.

    With `values` the numeric comparison is made there. Where declared sizes are too large for an entry by entry
    comparison, the same derivation is compared entry by entry at small sizes too. Raises `InputError` where the
    formula has no value.
    """
    problem = derivation.problem
    at = None if values is None else _at_point(derivation, values)
    report = _numeric(derivation, points, values if at and at.compared else None)
    sizes = dict(report.sizes[0]) if report.sizes and values is None else table_sizes(problem)
    cells = _cells(derivation, sizes)
    rows = _count(problem.output.shape, sizes)
    shown = cells <= MAX_EXPLICIT and (full or (rows <= SHOWN_ROWS and cells <= rows * SHOWN_COLUMNS))
    small = None if shown else twin(derivation)
    if at and not at.compared:
        why = "since the one given is at a kink" if at.kinks else "where the printed form has a value"
        report = replace(report, notes=[*report.notes, f"checked at random points, {why}"])
    widest = max((_count(problem.variables[name].shape, sizes) for name in derivation.hessians), default=0)
    unseen = cells * widest > SECOND or bool(report.unseen)
    if report.unseen and small is None:  # what is printed and was not compared is not right, it is unknown
        report = replace(report, passed=report.passed and None)
    if small is not None and (report.passed is None or cells > MAX_ENTRIES or unseen):
        report = _joined(report, _numeric(small, points, None), "compared entry by entry at small sizes")
    note = f"no explicit table: it would have {cells:,} entries (limit {MAX_EXPLICIT})" if cells > MAX_EXPLICIT else ""
    engine, unsaid = None, without_symbols(relied_on(derivation))
    try:
        if shown:
            explicit = explicit_table(derivation, sizes)
            engine = None if unsaid else exact_engine(derivation, explicit, sizes)
            return Proof(_with(report, engine, unsaid), sizes, explicit, at)
        if unsaid:
            note = note or unsaid
        elif small is not None and _cells(small, table_sizes(small.problem)) <= MAX_EXPLICIT:
            few = table_sizes(small.problem)
            engine = exact_engine(small, explicit_table(small, few), few)
        elif cells <= MAX_EXPLICIT:
            engine = exact_engine(derivation, explicit_table(derivation, sizes), sizes)
    except RecursionError:
        note = note or "not compared with SymPy: the formula is nested too deeply for it"
    except (IndexError, TypeError, ValueError):
        note = note or "not compared with SymPy: it cannot write this out at small sizes"
    except TooLargeError as error:
        note = note or f"not compared with SymPy: {error}"
    pattern = _pattern(derivation, sizes) if cells <= MAX_EXPLICIT else None
    return Proof(_with(report, engine, note), sizes, None, at, pattern)


def _pattern(derivation: Derivation, sizes: Mapping[str, int]) -> Array | None:
    problem = derivation.problem
    try:
        point = sample_all(problem.output, problem.variables, sizes, np.random.default_rng(0), problem.facts)
    except NoPointError:
        return None
    form = read_back(printed(derivation), problem.variables, derivation.derivative.upstream)["jacobian"]
    matrix = np.asarray(evaluate(form, point, sizes), float)
    if not problem.output.shape:
        lengths = tuple(size.at(sizes) for size in derivation.variable.shape)
        matrix = _laid(derivation).shaped(matrix, lengths).reshape(-1, *(lengths[-1:] or (1,)))
        return matrix != 0
    return matrix.reshape(_matrix_shape(derivation, sizes)) != 0


def _numeric(derivation: Derivation, points: int, values: Mapping[str, Array] | None) -> Report:
    problem = derivation.problem
    return numeric_verdict(
        problem.output,
        derivation.variable,
        printed(derivation),
        points,
        values,
        known=problem.variables,
        facts=problem.facts,
    )


def _cells(derivation: Derivation, sizes: Mapping[str, int]) -> int:
    return _count(derivation.problem.output.shape, sizes) * _count(derivation.variable.shape, sizes)


def twin(derivation: Derivation) -> Derivation | None:
    """The same derivation with letters for declared numbers, if the formula allows any sizes."""
    problem = lettered(derivation.problem, [derivation.wrt])
    if problem is None:
        return None
    return derivations(problem, second=bool(derivation.hessian), conventions=[derivation.convention])[0]


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
    """The proofs of one derivation made so far."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        self._made: dict[int, Proof] = {}

    def proved(self, points: int, at: Mapping[str, Any] | None) -> Proof:
        """The proof at random points (kept), or at one point."""
        problem = self.derivation.problem
        if at is not None:
            return prove(self.derivation, 1, fitted_to(problem, as_arrays(at)))
        if points not in range(1, MAX_POINTS + 1):
            raise InputError(f"{points!r} points cannot be checked at", hint=f"a whole number from 1 to {MAX_POINTS}")
        if points not in self._made:
            self._made[points] = prove(self.derivation, points)
        return self._made[points]


def explicit_table(derivation: Derivation, sizes: Mapping[str, int] | None = None) -> Explicit:
    """SymPy's Jacobian at these sizes, or at small ones. Raises `InputError` past 400 entries."""
    problem = derivation.problem
    drawn = table_sizes(problem)
    chosen = {**drawn, **({} if sizes is None else lengths_of_sizes(sizes, drawn))}
    cells = _cells(derivation, chosen)
    if cells > MAX_EXPLICIT:
        raise InputError(
            f"the explicit table would have {cells:,} entries (limit {MAX_EXPLICIT})",
            hint=f"the closed form is {derivation.jacobian.closed_form}",
        )
    return explicit_jacobian(problem.output, derivation.variable, chosen, problem.name, _laid(derivation))


def printed(derivation: Derivation) -> Printed:
    """The answer as the user sees it: texts only."""
    gradient = derivation.gradient
    return Printed(
        derivation.jacobian.closed_form,
        None if gradient is None else gradient.closed_form,
        derivation.vjp.closed_form,
        derivation.where,
        derivation.upstream,
        tuple(size_names([derivation.problem.output])),
        {name: form.closed_form for name, form in derivation.hessians.items()},
        _laid(derivation),
    )


def _laid(derivation: Derivation) -> Laid:
    return Laid(str(derivation.convention.layout), str(derivation.convention.vec))


def _matrix_shape(derivation: Derivation, sizes: Mapping[str, int]) -> tuple[int, int]:
    """The rows and columns of the Jacobian at these sizes, as it is laid out."""
    rows, columns = _count(derivation.problem.output.shape, sizes), _count(derivation.variable.shape, sizes)
    return _laid(derivation).shape(rows, columns)


def table_sizes(problem: Problem) -> dict[str, int]:
    """Small numbers for the size symbols, pairwise different; those of variables before those in between."""
    known = problem.variables.values()
    fixed = {size.value for v in known for size in v.shape if size.value is not None}
    parts = [*known, problem.output]
    draws = draw_sizes(size_names(parts), _DRAWS, 0, fixed, least_size(parts))
    return dict(next((sizes for sizes in draws if fits(parts, sizes)), draws[0]))


def exact_engine(derivation: Derivation, explicit: Explicit, sizes: Mapping[str, int]) -> Engine:
    """SymPy's own derivative, functions expanded to their definitions, against the printed closed form.

    Raises `TooLargeError` where the expansion is too large, or no point decides.
    """
    problem = derivation.problem
    forms = read_back(printed(derivation), problem.variables, derivation.derivative.upstream)
    facts = relied_on(derivation)
    true = explicit.expanded
    tables = [("jacobian", entries_of(forms["jacobian"], sizes, true.shape), true)]
    laid = explicit.laid
    first = list(true if laid.turned is (laid.vec == "column") else true.T)
    for name in derivation.hessians:
        again = laid.flat(element_symbols(name, tuple(size.at(sizes) for size in problem.variables[name].shape)))
        if len(first) * len(again) > MAX_EXPLICIT:
            raise TooLargeError(f"the second derivatives would have {len(first) * len(again):,} entries")
        second = type(true)(len(first), 1, first).jacobian(list(again))
        tables.append((f"hessian {name}", entries_of(forms[f"hessian {name}"], sizes, second.shape), second))
    exact = True
    for form, printed_table, true in tables:
        sides = (restricted(table, facts, problem.variables, sizes) for table in (printed_table, true))
        result = difference(*sides)
        if not result.decided:
            raise TooLargeError("the expansions could not be compared")
        exact = exact and result.exact
        if not result.equal:
            row, column = result.worst or (0, 0)
            here, there = result.values or (float("nan"), float("nan"))
            label = explicit.entry(row, column) if form == "jacobian" else f"H[{row + 1},{column + 1}]"
            return Engine("sympy", False, result.error, Worst(form, label, here, there), False)
    return Engine("sympy", True, 0.0, None, exact, "" if exact else "equal to 30 digits at random rational points")


def relied_on(derivation: Derivation) -> dict[str, frozenset[str]]:
    """The declared facts without which the closed forms would be others."""
    used = derivation.derivative.used
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


def _count(shape: Shape, sizes: Mapping[str, int]) -> int:
    return prod(size.at(sizes) for size in shape)


def _at_point(derivation: Derivation, values: Mapping[str, Array]) -> AtPoint:
    problem = derivation.problem
    sizes = sizes_of(problem.variables, values)
    want_inside(problem.output, sizes, problem.text)
    moving = {derivation.wrt, *derivation.hessians}
    met = violations(problem.output, values, sizes)
    wrong = [
        v for v in met if v.kind == NOT_FINITE or moving & variables(v.node).keys() or not _finite(v, values, sizes)
    ]
    for violation in wrong:
        if violation.kind in (DOMAIN, NOT_FINITE):
            why = _explained(violation, _finite(violation, values, sizes))
            raise InputError(why, text=problem.text, hint="choose another point with --at")
    forms = read_back(printed(derivation), problem.variables, derivation.derivative.upstream)
    value = np.asarray(evaluate(problem.output, values, sizes), float)
    shape = _matrix_shape(derivation, sizes)
    matrix = np.asarray(evaluate(forms["jacobian"], values, sizes), float).reshape(shape)
    gradient = np.asarray(evaluate(forms["gradient"], values, sizes), float) if "gradient" in forms else None
    unformed = next((f"where {_some(v.expression)} is 0" for v in wrong if v.kind == FORM), "")
    if unformed or not np.all(np.isfinite(matrix)):
        unformed = unformed or "at this point"
        matrix = _by_differences(derivation, values, sizes)
        gradient = None if gradient is None else _laid(derivation).shaped(matrix, gradient.shape)
    nudges = _nudges(derivation, values, sizes, value, matrix) if shape == (1, 1) else []
    kinks = [_kink(v, moving, values, sizes) for v in wrong if v.kind == KINK]
    second = {
        name: np.asarray(evaluate(forms[f"hessian {name}"], values, sizes), float)
        for name in ([] if unformed else derivation.hessians)
        if f"hessian {name}" in forms
    }
    return AtPoint(value, matrix, gradient, sizes, kinks, nudges, second, unformed)


def _by_differences(derivation: Derivation, values: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    """The Jacobian at a point where the printed form has no value. Raises `InputError` where differences have none."""
    problem, wrt = derivation.problem, derivation.wrt
    x = np.asarray(values[wrt], float)

    def function(moved: Array) -> Array:
        return np.asarray(evaluate(problem.output, {**values, wrt: moved}, sizes), float)

    found, doubt = differences.with_doubt(function, x)
    tolerated = _SETTLED * max(1.0, float(np.max(np.abs(found), initial=0.0)))
    sure = np.all(np.isfinite(found)) and np.all(doubt <= tolerated)
    if not sure or not np.all(np.abs(differences.bend(function, x)) <= tolerated):
        raise InputError(
            f"the derivative by {wrt} is not finite here", text=problem.text, hint="choose another point with --at"
        )
    out, variable = (tuple(size.at(sizes) for size in v.shape) for v in (problem.output, derivation.variable))
    return _laid(derivation).of(found, out, variable) + 0.0


def _some(expression: Expr) -> str:
    return f"an entry of {text(expression)}" if expression.shape else text(expression)


def _finite(violation: Violation, values: Mapping[str, Array], sizes: Mapping[str, int]) -> bool:
    """Whether the node at fault has a value all the same."""
    return bool(np.all(np.isfinite(evaluate(violation.node, values, sizes))))


def _nudges(
    derivation: Derivation, values: Mapping[str, Array], sizes: Mapping[str, int], value: Array, matrix: Array
) -> list[Nudge]:
    """The lecture's experiment: move the input by 0.01 and look."""
    name, step = derivation.wrt, 0.01
    moved = np.asarray(values[name], float) + step
    after = float(np.asarray(evaluate(derivation.problem.output, {**values, name: moved}, sizes)).reshape(()))
    return [Nudge(name, float(moved.reshape(())), after, float(value.reshape(())) + step * float(matrix[0, 0]))]


def _kink(violation: Violation, moving: set[str], values: Mapping[str, Array], sizes: Mapping[str, int]) -> Kink:
    """What the printed derivative takes for the derivative of the function, by the arguments that move."""
    entry, node, arguments = violation.row, violation.node, violation.node.arguments
    if entry.mirror and not variables(arguments[0]):
        entry, arguments = FUNCTIONS[entry.mirror], arguments[::-1]
    inputs = {n: evaluate(a, values, sizes) for n, a in zip(entry.parameters, arguments, strict=True)}
    inputs["ans"] = evaluate(node, values, sizes)
    if entry.chooses:
        return Kink(node, "")
    if entry.picks:
        return Kink(node, _numbers_text(np.asarray(evaluate(shares(node), values, sizes), float)))
    names = (*entry.parameters, "ans")
    shown = [
        _numbers_text(np.asarray(evaluate(meaning(slope, names), inputs, sizes), float))
        for slope, argument in zip(entry.derivative, arguments, strict=False)
        if moving & variables(argument).keys()
    ]
    return Kink(node, shown[0] if len(shown) == 1 else f"({', '.join(shown)})" if shown else "")


def _numbers_text(value: Array) -> str:
    if value.size == 1:
        return f"{float(value.reshape(-1)[0]):g}"
    if value.size > _FEW:
        return "0 and 1" if set(np.unique(value)) <= {0.0, 1.0} else "the numbers above"
    return f"[{', '.join(map(_numbers_text, value))}]"


def _explained(violation: Violation, finite: bool) -> str:
    where = text(violation.node)
    if violation.kind == NOT_FINITE:
        return f"{where} is not finite here"
    if not variables(violation.expression):
        return f"{where} is not defined"
    wanted = "must be positive" if violation.positive else "must not be zero"
    what = "cannot be differentiated here" if finite else "is not defined here"
    return f"{where} {what}: {text(violation.expression)} {wanted}"
