"""`jac derive` on the terminal: the answer first, on one screen; what is proven of it follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from jacobian_cli.api.derive.answer import Answer, ClosedForm
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.cli.screen import Screen, cells, given_facts, instead, numbers, stands, unconstrained, verdict, warned
from jacobian_cli.cli.show.hessian import second
from jacobian_cli.cli.show.sizes import power_said, shape_said
from jacobian_cli.expr import Defined, Expr, Variable
from jacobian_cli.printers.language import text as language
from jacobian_cli.printers.math.unicode import math

if TYPE_CHECKING:
    from jacobian_cli.api.derive.settle import Settled
    from jacobian_cli.checks.verdict.report import Report

_LABEL = 11
_DEFINED = 6
"""Of so many definitions all are shown; `jac chain` names what a longer composition rests on."""
_ENTRY = 60
"""An element-wise line longer than this says less than the closed form."""


class Page:
    """The answer for some variables: what can be said before anything is checked, and what only then."""

    def __init__(self, screen: Screen, problem: Problem, *, chosen: bool, entries: bool, full: bool) -> None:
        self.screen, self.problem = screen, problem
        self.chosen, self.entries, self.full = chosen, entries or full, full

    def answers(self, found: Sequence[Answer]) -> None:
        """The formula as it was read, every shape, and every derivative in closed form."""
        about(self.screen, self.problem)
        given_facts(self.screen, found[0])
        if found[0].hessian is not None:
            for answer in found:
                second(self.screen, answer)
            self._where(found)
        elif len(found) == 1:
            self._answer(found[0])
            self._details(found[0])
        else:
            self._several(found)

    def unchecked(self, found: Sequence[Answer]) -> None:
        """What stands in place of a verdict where none was wanted."""
        self.screen.line("? not checked: --no-check", style="yellow")
        self._closing(found)

    def verdicts(self, settled: Sequence[Settled], *, replaced: bool) -> None:
        """The verdicts, and what was asked for besides; `replaced` where an answer that failed has been shown."""
        for each in settled:
            if each.failed is not None and replaced:
                stands(self.screen, each.answer)
            if self.entries:
                from jacobian_cli.cli.show.entries import show_entries

                if len(settled) > 1:
                    self.screen.rule(symbol(each.answer))
                show_entries(self.screen, each.answer, each.proof, full=self.full)
            if each.proof.at is not None:
                numbers(self.screen, each.answer, each.proof.at)
        reports = [each.proof.report for each in settled]
        if len(reports) > 1 and all(report.passed for report in reports):
            verdict(self.screen, worst_of(reports), f"all {len(reports)} checked")
        else:
            for each, report in zip(settled, reports, strict=True):
                label = f"{symbol(each.answer)}: " if len(reports) > 1 else ""
                verdict(self.screen, report, label=label)
        self._closing([each.answer for each in settled])

    def _several(self, found: Sequence[Answer]) -> None:
        """One derivative below the other; then, where they were asked for by name, each in its other forms."""
        for answer in found:
            self._answer(answer, where=False)
        self._where(found)
        if self.chosen:
            for answer in found:
                self.screen.line()
                self.screen.rule(symbol(answer))
                self._details(answer)

    def _answer(self, d: Answer, *, where: bool = True) -> None:
        """The gradient of a scalar, the Jacobian of anything else."""
        form, said = (d.jacobian, jacobian_said(d)) if d.gradient is None else (d.gradient, gradient_said(d))
        instead(self.screen, d)
        unconstrained(self.screen, d)
        self._row(f"{symbol(d)}  =", self._math(form.expr), said, style="bold")
        if not where:
            self._row("", form.closed_form, style="green")
            return
        self._where([d])
        self._row("text", form.closed_form, style="green")

    def _where(self, found: Sequence[Answer]) -> None:
        """What the names in the answer stand for, those of the user left out."""
        where = {name: body for d in found for name, body in d.derivative.where.items()}
        defined = self.problem.program.values
        named = [Defined(name, body) for name, body in where.items() if name not in defined]
        for k, name in enumerate(named):
            label = "where" if not k else ""
            both = f"{math(name)} = {self._math(name.body)}", f"{name.name} = {language(name.body)}"
            self._row(label, both[0], both[1], beside="green")

    def _details(self, d: Answer) -> None:
        """One entry, the Jacobian beside the gradient, the backward rule."""
        entry = d.jacobian.elementwise
        if entry and cells(entry) <= _ENTRY:
            self._row("entry", entry)
        if d.gradient is not None:
            self._row("Jacobian", self._math(d.jacobian.expr), reshaped_said(d))
            self._row("", d.jacobian.closed_form, style="green")
        delta = math(d.derivative.upstream)
        self._row("backward", f"{delta} ↦ {self._math(d.vjp.expr)}", f"VJP, {delta} = ∂J/∂{name_of(d)}")
        if d.vjp.closed_form != (d.gradient or d.jacobian).closed_form:
            self._row("", d.vjp.closed_form, style="green")

    def _row(self, label: str, left: str, right: str = "", *, style: str = "", beside: str = "dim") -> None:
        """A label, what it says, and a remark beside it, or below it where it does not fit."""
        width = max(_LABEL, cells(label) + 2)
        label = label + " " * (width - cells(label))
        room = self.screen.width - width
        if right and cells(left) + cells(right) + 2 <= room:
            gap = " " * max(2, min(40, room - cells(right)) - cells(left))
            self.screen.columns([(label, left + gap, right)], indent=0, styles=("bold", style, beside), gap=0)
            return
        self.screen.columns([(label, left)], indent=0, styles=("bold", style), gap=0)
        if right:
            self.screen.columns([(" " * width, right)], indent=0, styles=("", beside), gap=0)

    def _math(self, expr: Expr) -> str:
        return math(expr, self.problem.variables)

    def _closing(self, found: Sequence[Answer]) -> None:
        """What was taken for granted, and what may be asked next."""
        assumed = assumptions(self.problem)
        if assumed:
            self.screen.line(f"assumed: {assumed}", style="dim")
        if len(self.problem.program.values) > _DEFINED:
            self.screen.line("jac chain shows each link and names each δ", style="dim")
        if not self.chosen and len(found) > 1:
            self.screen.line(f"one of them in all its forms: --wrt {found[0].wrt}", style="dim")
        elif self.screen.watched:
            self.screen.line("more: --steps  --entries  --to latex|markdown|numpy  --at x=…", style="dim")


def about(screen: Screen, problem: Problem) -> None:
    """How the formula was read, what is doubtful in that, its definitions, and the shape of every name."""
    warned(screen, problem.warnings)
    program = problem.program
    if problem.read is not None:
        screen.line(f"read as  {problem.read}", style="dim")
    named = [(n, v) for n, v in program.values.items() if n != program.output_name]
    for name, value in named[:_DEFINED]:
        screen.line(f"{math(Variable(name, ()))} = {math(getattr(value, 'body', value))}")
    if len(named) > _DEFINED:
        screen.line(f"… {len(named) - _DEFINED} more definitions", style="dim")
    screen.line(f"{math(Variable(problem.name, ()))} = {math(problem.output, problem.variables)}", style="bold")
    screen.line(shapes_line(problem), style="dim")
    decided(screen, problem)
    if program.unused:
        screen.line(f"not used: {', '.join(program.unused)}", style="yellow")
    screen.line()


def decided(screen: Screen, problem: Problem) -> None:
    """The one name by whose being taken for a vector the answer is one."""
    name = problem.program.decided_by
    if name is not None:
        kind = {1: "a vector", 2: "a matrix"}.get(len(problem.output.shape), "a tensor")
        one = "one" if kind == "a vector" else "a vector"
        screen.line(f"{problem.name} is {kind} because {name} was assumed {one}: -s {name}=()", "dim")


def shapes_line(problem: Problem) -> str:
    """`f scalar · W n×m · x m · b, u n`: names of one shape stand together; then what sizes must be."""
    groups: dict[str, list[str]] = {}
    for name, variable in problem.variables.items():
        groups.setdefault(shape_said(variable.shape), []).append(math(Variable(name, ())))
    parts = [f"{math(Variable(problem.name, ()))} {shape_said(problem.output.shape)}"]
    parts += [f"{', '.join(names)} {shape}" for shape, names in groups.items()]
    return " · ".join([*parts, *(f"where {want.replace('>=', '≥').replace('<=', '≤')}" for want in problem.wants)])


def symbol(d: Answer) -> str:
    """∂f/∂W, the names as mathematics writes them."""
    return f"∂{name_of(d)}/∂{math(Variable(d.wrt, ()))}"


def name_of(d: Answer) -> str:
    """The output as mathematics writes it."""
    return math(Variable(d.problem.name, ()))


def _size(form: ClosedForm) -> str:
    return " × ".join(power_said(size) for size in form.shape) if form.shape else "scalar"


def gradient_said(d: Answer) -> str:
    """What a gradient is."""
    like = f", {_size(d.gradient)} like {math(Variable(d.wrt, ()))}" if d.gradient and d.gradient.shape else ""
    return f"gradient{like}"


def jacobian_said(d: Answer) -> str:
    """What the Jacobian of a vector or a matrix is, and how it is laid out."""
    flat = _flattened(d)
    rows = "row i: ∂" + name_of(d) + "ᵢ" if d.convention.layout == "numerator" else "column i: ∂" + name_of(d) + "ᵢ"
    return f"Jacobian, {_size(d.jacobian)}, {d.jacobian.layout} layout ({rows}){flat}"


def reshaped_said(d: Answer) -> str:
    """How the Jacobian of a scalar becomes its gradient."""
    if not d.variable.shape:
        return _size(d.jacobian)
    before, after = _size(d.jacobian), _size(ClosedForm(d.forms.vjp, d.vjp.shape))
    if len(d.variable.shape) == 1:
        turned = "transposed" if d.convention.layout == "numerator" else "as it is"
        return f"{before}; {turned}, it is the gradient"
    return f"{before}{_flattened(d)}; reshaped to {after}, it is the gradient"


def _flattened(d: Answer) -> str:
    shapes = ((name_of(d), d.problem.output.shape), (math(Variable(d.wrt, ())), d.variable.shape))
    names = [name for name, shape in shapes if len(shape) > 1]
    return f"; {' and '.join(names)} {d.convention.vec} by {d.convention.vec}" if names else ""


def assumptions(problem: Problem) -> str:
    """Which habits gave names their shapes, and how another shape is said."""
    whys: dict[str, list[str]] = {}
    for name in problem.variables:
        if problem.program.origins.get(name) == "assumed":
            whys.setdefault(problem.program.whys.get(name, "the textbook habit"), []).append(name)
    if not whys:
        return ""
    said = "; ".join(f"{why} ({', '.join(names)})" for why, names in whys.items())
    (example, *_) = next(iter(whys.values()))
    other = "()" if len(problem.variables[example].shape) else "n"
    return f"{said}; if not, -s {example}={other}"


def worst_of(reports: Sequence[Report]) -> Report:
    """The verdict on several answers, each engine at its worst; what was not asked of all is left out."""
    common = set.intersection(*(set(report.engines) for report in reports))
    engines = {
        name: max((report.engines[name] for report in reports), key=lambda e: (e.exact is False, e.max_relative_error))
        for name in reports[0].engines
        if name in common
    }
    notes = tuple(dict.fromkeys(note for report in reports for note in report.notes))
    return replace(reports[0], points=min(report.points for report in reports), engines=engines, notes=notes)
