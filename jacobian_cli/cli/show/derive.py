"""`jac derive` on the terminal: the answer first, on one screen; what is proven of it follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jacobian_cli.api.derive.answer import Answer, ClosedForm
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.api.sizes import sized
from jacobian_cli.cli.screen import Screen, cells
from jacobian_cli.cli.show.about import (
    about,
    closing,
    instead,
    labelled,
    name_text,
    needless,
    partial,
    stands,
    unchecked,
    unconstrained,
    verdict,
    where,
)
from jacobian_cli.cli.show.backward import backward
from jacobian_cli.cli.show.hessian import second
from jacobian_cli.expr import Expr
from jacobian_cli.printers.math.unicode import math

if TYPE_CHECKING:
    from jacobian_cli.api.derive.settle import Settled

_CHAIN = 3
"""Of a formula of so many definitions `jac chain` shows what it rests on."""
_ENTRY = 60
"""An element-wise line longer than this says less than the closed form."""


class Page:
    """The answer for some variables: what can be said before anything is checked, and what only then."""

    def __init__(
        self, screen: Screen, problem: Problem, *, chosen: bool, entries: bool, full: bool, backward: bool = False
    ) -> None:
        self.screen, self.problem, self.backward = screen, problem, backward
        self.chosen, self.entries, self.full = chosen, entries or full, full

    def answers(self, found: Sequence[Answer]) -> None:
        """The formula as it was read, every shape, and every derivative in closed form."""
        about(self.screen, self.problem)
        if self.backward:
            backward(self.screen, self.problem, found)
        elif found[0].hessian is not None:
            for answer in found:
                second(self.screen, answer)
            where(self.screen, self.problem, found)
        elif len(found) == 1:
            self._answer(found[0])
            self._details(found[0])
        else:
            self._several(found)
        needless(self.screen, found[0])

    def unchecked(self, found: Sequence[Answer]) -> None:
        """What stands in place of a verdict where none was wanted."""
        unchecked(self.screen)
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
                from jacobian_cli.cli.show.numbers import at_point  # loads NumPy

                at_point(self.screen, each.answer, each.proof.at, full=self.full)
        reports = [each.proof.report for each in settled]
        if len(reports) > 1 and all(report.passed for report in reports):
            from jacobian_cli.checks.verdict.report import many, worst_of  # NumPy is loaded by now

            verdict(self.screen, worst_of(reports), many(len(reports)))
        else:
            for each, report in zip(settled, reports, strict=True):
                label = f"{symbol(each.answer)}: " if len(reports) > 1 else ""
                verdict(self.screen, report, label=label)
        self._closing([each.answer for each in settled])

    def _several(self, found: Sequence[Answer]) -> None:
        """A table; then, where they were asked for by name, each in its other forms."""
        forms = [main_form(d) for d in found]
        for answer in found:
            instead(self.screen, answer)
            unconstrained(self.screen, answer)
        rows = [
            (symbol(d), self._math(form.expr), form.closed_form, sized(form.shape))
            for d, form in zip(found, forms, strict=True)
        ]
        titles = ("gradient" if found[0].gradient is not None else "Jacobian", "mathematics", "text", "shape")
        if sum(max(cells(row[k]) for row in [titles, *rows]) for k in range(4)) + 10 <= self.screen.width:
            self.screen.table(titles, rows, columns="bold,,green,dim")
        else:
            for row in rows:
                labelled(self.screen, f"{row[0]}  =", row[1], row[3], style="bold")
                labelled(self.screen, "", row[2], style="green")
        where(self.screen, self.problem, found, None if self.chosen else [form.expr for form in forms])
        if found[0].gradient is None:
            self.screen.line(f"each {jacobian_said(found[0])}".replace(f", {sized(forms[0].shape)}", ""), style="dim")
        if self.chosen:
            for answer in found:
                self.screen.line()
                self.screen.rule(symbol(answer))
                self._details(answer)

    def _answer(self, d: Answer) -> None:
        """The gradient of a scalar, the Jacobian of anything else."""
        form, said = main_form(d), jacobian_said(d) if d.gradient is None else gradient_said(d)
        instead(self.screen, d)
        unconstrained(self.screen, d, tied=True)
        labelled(self.screen, f"{symbol(d)}  =", self._math(form.expr), said, style="bold")
        where(self.screen, self.problem, [d])
        labelled(self.screen, "text", form.closed_form, style="green")

    def _details(self, d: Answer) -> None:
        """One entry, the Jacobian beside the gradient, the backward rule."""
        entry = d.jacobian.elementwise
        if entry and cells(entry) <= _ENTRY:
            labelled(self.screen, "entry", entry)
        if d.symmetric is not None and d.half_vector is not None:
            name = name_text(d.wrt)
            self._form("symmetric", d.symmetric, f"gradient where {name} stays symmetric")
            self._form("half", d.half_vector, f"by vech({name}): duplication.T@vec of the gradient")
        if d.gradient is not None:
            labelled(self.screen, "Jacobian", self._math(d.jacobian.expr), reshaped_said(d))
            labelled(self.screen, "", d.jacobian.closed_form, style="green")
        delta = math(d.derivative.upstream)
        rule, said = f"{delta} ↦ {self._math(d.vjp.expr)}", f"VJP, {delta} = ∂J/∂{name_text(d.problem.name)}"
        labelled(self.screen, "backward", rule, said)
        if d.vjp.closed_form != main_form(d).closed_form:
            labelled(self.screen, "", d.vjp.closed_form, style="green")

    def _form(self, label: str, form: ClosedForm, said: str) -> None:
        labelled(self.screen, label, self._math(form.expr), said)
        labelled(self.screen, "", form.closed_form, style="green")

    def _math(self, expr: Expr) -> str:
        return math(expr, self.problem.variables)

    def _closing(self, found: Sequence[Answer]) -> None:
        """What was taken for granted, and what may be asked next."""
        closing(self.screen, self.problem)
        if self.backward:
            return
        if len(self.problem.program.values) > _CHAIN:
            self.screen.line("each link, and a name for each δ: jac chain", style="dim")
        if not self.chosen and len(found) > 1:
            self.screen.line(f"one of them in all its forms: --wrt {found[0].wrt}", style="dim")
        elif self.screen.watched:
            self.screen.line("more: --steps  --entries  --to latex|markdown|numpy  --at x=…", style="dim")


def main_form(d: Answer) -> ClosedForm:
    """The gradient of a scalar, the Jacobian of anything else."""
    return d.jacobian if d.gradient is None else d.gradient


def symbol(d: Answer) -> str:
    """∂f/∂W, the names as mathematics writes them."""
    return partial(d.problem.name, d.wrt)


def gradient_said(d: Answer) -> str:
    """What a gradient is."""
    like = f", {sized(d.gradient.shape)} like {name_text(d.wrt)}" if d.gradient and d.gradient.shape else ""
    return f"gradient{like}"


def jacobian_said(d: Answer) -> str:
    """What the Jacobian of a vector or a matrix is, and how it is laid out."""
    runs = "row" if d.convention.layout == "numerator" else "column"
    layout = f"{d.jacobian.layout} layout ({runs} i: ∂{name_text(d.problem.name)}ᵢ)"
    return f"Jacobian, {sized(d.jacobian.shape)}, {layout}{_flattened(d)}"


def reshaped_said(d: Answer) -> str:
    """How the Jacobian of a scalar becomes its gradient."""
    if not d.variable.shape:
        return sized(d.jacobian.shape)
    before, after = sized(d.jacobian.shape), sized(d.vjp.shape)
    if len(d.variable.shape) == 1:
        turned = "transposed" if d.convention.layout == "numerator" else "as it is"
        return f"{before}; {turned}, it is the gradient"
    return f"{before}{_flattened(d)}; reshaped to {after}, it is the gradient"


def _flattened(d: Answer) -> str:
    shapes = ((name_text(d.problem.name), d.problem.output.shape), (name_text(d.wrt), d.variable.shape))
    names = [name for name, shape in shapes if len(shape) > 1]
    return f"; {' and '.join(names)} {d.convention.vec} by {d.convention.vec}" if names else ""
