"""The proof of a chain: its answers, every printed line of it, the numbers at each link, a step downhill."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any

import numpy as np

from jacobian_cli.api.chain.answer import ChainAnswer
from jacobian_cli.api.derive.answer import ClosedForm
from jacobian_cli.api.derive.explicit import table_sizes
from jacobian_cli.api.derive.proof import Proof, lettered
from jacobian_cli.api.derive.settle import Settled, settle
from jacobian_cli.api.input.arguments import points_of, positive
from jacobian_cli.api.input.values import as_arrays, fitted_to
from jacobian_cli.checks.every_size.certificate import together
from jacobian_cli.checks.every_size.lines import proven_tables
from jacobian_cli.checks.oracles.budget import Budget
from jacobian_cli.checks.points.sampling import NoPointError, draws_for, fits
from jacobian_cli.checks.verdict.answer import sample_all
from jacobian_cli.checks.verdict.chain import Line, compare, read
from jacobian_cli.checks.verdict.report import Engine, Report
from jacobian_cli.evaluate.evaluate import evaluate, node_values, numpy_backend, sizes_of
from jacobian_cli.expr import Defined, Expr, Variable, rebuild, walk
from jacobian_cli.interned import Portable
from jacobian_cli.records import record
from jacobian_cli.shape import Shape, shape_text
from jacobian_cli.syntax.errors import InputError

Array = Any
MAX_WORK = 4_000
"""Lines times links that are compared: of a longer chain the lines nearest to the output and to the variables."""
MAX_CELLS = 20_000
_DRAWS = 12


@record(frozen=True)
class Step:
    """One step of gradient descent: each variable moved against its gradient, `rate` times as far."""

    rate: float
    before: float
    after: float
    predicted: float
    """The loss where it would be a plane: before − rate·‖gradient‖²."""


@record(frozen=True)
class Numbers:
    """The chain at one point: the value of each name, each local Jacobian by link and input, each running product."""

    values: Mapping[str, Array]
    locals: Mapping[tuple[str, str], Array]
    products: Mapping[str, Array]
    gradients: Mapping[str, Array]


@record(frozen=True, repr=False)
class ChainProof(Portable):
    """All that backs a chain: the verdict on each variable's answer, and on the lines in between."""

    settled: Mapping[str, Settled]
    lines: Report
    numbers: Numbers | None = None
    descent: Step | None = None

    @property
    def answers(self) -> Mapping[str, Proof]:
        """The proof of each variable's answer."""
        return {name: each.proof for name, each in self.settled.items()}

    @property
    def report(self) -> Report:
        """All verdicts as one: the worse of each."""
        engines: dict[str, Engine] = {}
        reports = [*(each.report for each in self.settled.values()), self.lines]
        for report in reports:
            for name, engine in report.engines.items():
                old = engines.get(name)
                if old is None or (engine.passed, -engine.max_relative_error) < (old.passed, -old.max_relative_error):
                    engines[name] = engine if old is None or engine.exact is not None else replace(engine, exact=None)
        passed: bool | None = all(e.passed for e in engines.values()) if engines else None
        if any(report.passed is None for report in reports):
            passed = None if passed else passed
        notes = list(dict.fromkeys(note for report in reports for note in report.notes))
        answers = together([each.report.certificate for each in self.settled.values()])
        lines = self.lines.certificate
        certificate = together([answers, lines]) if answers and answers.every and lines and lines.every else answers
        points = max(r.points for r in reports)
        return Report(passed, points, engines, self.lines.sizes, notes, certificate=certificate)

    def __repr__(self) -> str:
        return repr(self.report)

    def __str__(self) -> str:
        return str(self.report)

    @property
    def passed(self) -> bool | None:
        """Whether all engines agree; None if something could not be compared."""
        return self.report.passed

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        found: dict[str, Any] = {"check": Proof(self.report, {}, None).to_dict()["check"]}
        if instead := {name: each.to_dict() for name, each in self.settled.items() if each.failed is not None}:
            found["instead"] = instead
        if self.numbers is not None:
            numbers = self.numbers
            found["at"] = {
                "values": {name: np.asarray(value).tolist() for name, value in numbers.values.items()},
                "locals": [
                    {"name": link, "wrt": wrt, "jacobian": value.tolist()}
                    for (link, wrt), value in numbers.locals.items()
                ],
                "products": {name: value.tolist() for name, value in numbers.products.items()},
                "gradients": {name: value.tolist() for name, value in numbers.gradients.items()},
            }
        if self.descent is not None:
            step = self.descent
            found["descent"] = {
                "rate": step.rate,
                "before": step.before,
                "after": step.after,
                "predicted": step.predicted,
            }
        return found


class _Lines:
    """The printed lines of a chain, each read back once, however often it is asked for."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, Expr], Expr] = {}

    def __call__(self, form: ClosedForm) -> Expr:
        line = (form.closed_form, form.expr)
        if line not in self._read:
            self._read[line] = read(*line)
        return self._read[line]

    def value(self, form: ClosedForm, env: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
        """The value of a printed line, without minus zeros."""
        return np.asarray(evaluate(self(form), env, sizes), float) + 0.0


def prove_chain(
    found: ChainAnswer, points: int = 3, at: Mapping[str, object] | None = None, rate: float | None = None
) -> ChainProof:
    """Compare each answer, and each line that leads to it, with derivatives that share nothing with them.

    Raises `InputError` where the formula has no value at the point given, or a step is asked for of no scalar.
    """
    problem = found.problem
    points = points_of(points)
    if rate is not None:
        rate = positive(rate, "{} is no rate to go downhill at", "a number above 0, as in rate=0.1")
    if rate is not None and problem.output.shape:
        raise InputError(
            f"gradient descent goes down a scalar; {found.name} is {shape_text(problem.output.shape)}",
            hint="sum it, or take a loss of it",
        )
    values = None if at is None else fitted_to(problem, as_arrays(at))
    budget = Budget()  # one for all
    settled = {answer.wrt: settle(answer, points, values, budget=budget) for answer in found.answers}
    lines = _Lines()
    shown = None if values is None else _finite_numbers(found, values, lines)
    compared = all(each.proof.at is None or each.proof.at.compared for each in settled.values())
    verdict = _verdict(found, lines, values if compared else None)
    if values is None and rate is None:
        return ChainProof(settled, verdict)
    point, sizes = (values, sizes_of(problem.variables, values)) if values is not None else _point(found)
    step = None if rate is None else _step(found, lines, point, sizes, rate)
    return ChainProof(settled, verdict, shown, step)


def _verdict(found: ChainAnswer, lines: _Lines, values: Mapping[str, Array] | None) -> Report:
    """Every printed line, at the point given or at a random one; at small sizes where they are too large."""
    try:
        point, sizes = (values, sizes_of(found.problem.variables, values)) if values is not None else _point(found)
    except NoPointError as error:
        return Report(None, 0, {}, [], [str(error)])
    printed = _printed(found, lines)
    small = [line for line in printed if _cells(line, sizes) <= MAX_CELLS]
    if len(small) < len(printed):
        twin = lettered(found.problem, [v.name for v in found.problem.wrt])
        if twin is not None:
            report = _verdict(ChainAnswer(twin), _Lines(), None)
            certificate = report.certificate and replace(report.certificate, names=())
            notes = [*report.notes, "each line on the way is compared at small sizes"]
            return replace(report, notes=notes, certificate=certificate)
    half = max(6, MAX_WORK // len(found.links) // 2)
    chosen = small if len(small) <= 2 * half else [*small[:half], *small[-half:]]
    report = compare(chosen, _environment(found, lines, point, sizes), sizes)
    if report.passed and values is None:
        report = _proven(found, lines, chosen, report)
    if len(chosen) < len(printed):
        note = f"of {len(printed)} lines on the way {len(chosen)} were compared"
        return replace(report, notes=[*report.notes, note])
    return report


def _proven(found: ChainAnswer, lines: _Lines, chosen: Sequence[Line], report: Report) -> Report:
    """The verdict with the sizes for which all these lines are proven, or with how many are for every size."""
    output = found.problem.output
    parts: dict[str, Expr] = {node.name: node for node in walk([output]) if isinstance(node, Defined)}
    parts[found.name] = output
    gradients = {name: lines(form) for name, form in found.deltas.items()}
    tables = [(line.function(), line.wrt, line.printed()) for line in chosen]
    said = proven_tables(tables, parts, gradients, found.problem.facts)
    every = [each for each in said if each is not None and each.every]
    if len(every) == len(said):
        return replace(report, certificate=together(every))
    note = f"{len(every)} of {len(said)} lines on the way are proven for every size"
    return replace(report, notes=[*report.notes, note])


def _point(found: ChainAnswer) -> tuple[Mapping[str, Array], dict[str, int]]:
    """A random point at small sizes, or at the declared ones. Raises `NoPointError` if none is found."""
    problem = found.problem
    parts: list[Expr] = [*problem.variables.values(), problem.output]
    fixed = {s.value for v in problem.variables.values() for s in v.shape if s.value is not None}
    draws = draws_for(parts, _DRAWS, 0, fixed)
    rng = np.random.default_rng(1)
    failed: NoPointError | None = None
    for sizes in [table_sizes(problem), *draws]:
        if fits(parts, sizes):
            try:
                return sample_all(problem.output, problem.variables, sizes, rng, problem.facts), dict(sizes)
            except NoPointError as error:
                failed = failed or error
    raise failed or NoPointError("at small sizes a slice holds nothing")


def _environment(
    found: ChainAnswer, lines: _Lines, point: Mapping[str, Array], sizes: Mapping[str, int]
) -> dict[str, Array]:
    """The value of each name: variables, definitions, and running products as they are printed."""
    output = found.problem.output
    env = dict(point)
    nodes = node_values(output, point, sizes, numpy_backend())
    env.update((node.name, np.asarray(v, float)) for node, v in nodes.items() if isinstance(node, Defined))
    env[found.name] = np.asarray(nodes[output], float)
    for name, form in found.deltas.items():
        env[name] = lines.value(form, env, sizes)
    return env


def _printed(found: ChainAnswer, lines: _Lines) -> list[Line]:
    """What is printed and claims to be a Jacobian: local ones, products side by side, products worked out."""
    output, name = found.problem.output, found.name
    made = []

    def add(label: str, form: ClosedForm, function: Callable[[], Expr], wrt: Variable) -> None:
        made.append(Line(label, partial(lines, form), form.expr.shape, function, wrt))

    for link in found.links:
        for local in link.locals.values():
            wrt = Variable(local.wrt, _shape_of(found, local.wrt))
            formula = partial(_itself, link.formula)
            add(f"∂{link.name}/∂{local.wrt}", local, formula, wrt)
    for product in found.products:
        node = Variable(product.node, _shape_of(found, product.node))
        function = partial(_held, output, node)
        add(f"∂{name}/∂{node.name}", product, function, node)
        if len(product.factors) == 1:
            (factors,) = product.factors.values()
            add(f"∂{name}/∂{node.name} as factors", factors, function, node)
    for wrt_name, form in found.reshaped.items():
        wrt = found.problem.variables[wrt_name]
        add(f"{wrt_name} reshaped", form, partial(_itself, output), wrt)
    return made


def _itself(expr: Expr) -> Expr:
    return expr


def _cells(line: Line, sizes: Mapping[str, int]) -> int:
    return prod(size.at(sizes) for size in line.shape)


def _shape_of(found: ChainAnswer, name: str) -> Shape:
    values = found.problem.program.values
    return values[name].shape if name in values else found.problem.variables[name].shape


def _held(output: Expr, leaf: Variable) -> Expr:
    """The output as a function of one of the values on its way."""
    return rebuild(output, lambda node: leaf if isinstance(node, Defined) and node.name == leaf.name else None)


def numbers_at(found: ChainAnswer, values: Mapping[str, Array], lines: _Lines | None = None) -> Numbers:
    """Every printed line where the variables have these values."""
    lines = lines or _Lines()
    sizes = sizes_of(found.problem.variables, values)
    env = _environment(found, lines, values, sizes)
    return Numbers(
        {
            **{name: env[name] for name in found.problem.variables},
            **{link.name: env[link.name] for link in found.links},
        },
        {
            (link.name, name): lines.value(local, env, sizes)
            for link in found.links
            for name, local in link.locals.items()
        },
        {p.node: lines.value(p, env, sizes) for p in found.products},
        {name: lines.value(form, env, sizes) for name, form in found.gradients.items()},
    )


def _finite_numbers(found: ChainAnswer, values: Mapping[str, Array], lines: _Lines) -> Numbers:
    """The numbers at a point. Raises `InputError` where a printed line has none."""
    numbers = numbers_at(found, values, lines)
    named = [(f"∂{link}/∂{wrt}", value) for (link, wrt), value in numbers.locals.items()]
    named += [
        (f"∂{found.name}/∂{name}", value) for name, value in (*numbers.products.items(), *numbers.gradients.items())
    ]
    for label, value in named:
        if not np.all(np.isfinite(value)):
            raise InputError(
                f"{label}, as it is printed, has no value here",
                text=found.problem.text,
                hint="choose another point with --at; jac derive shows the derivative where it exists all the same",
            )
    return numbers


def _step(found: ChainAnswer, lines: _Lines, point: Mapping[str, Array], sizes: Mapping[str, int], rate: float) -> Step:
    """The loss before and after each variable is moved by −rate times its gradient."""
    problem = found.problem
    env = _environment(found, lines, point, sizes)
    gradients = {name: lines.value(form, env, sizes) for name, form in found.gradients.items()}
    moved = {**point, **{name: np.asarray(point[name], float) - rate * g for name, g in gradients.items()}}
    before, after = (float(evaluate(problem.output, values, sizes)) for values in (point, moved))
    return Step(rate, before, after, before - rate * sum(float(np.sum(g**2)) for g in gradients.values()))
