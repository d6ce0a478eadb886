"""The steps of a derivation as a Python user gets them, and their check."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jacobian_cli.api.derive.answer import Answer, ClosedForm, symbols
from jacobian_cli.api.input.arguments import points_of, word
from jacobian_cli.calculus.steps.derivation import derivation_steps
from jacobian_cli.calculus.steps.step import Step, Steps
from jacobian_cli.checks.squares import without_roots
from jacobian_cli.printers.language import text
from jacobian_cli.printers.math.latex import latex
from jacobian_cli.printers.math.lines import SLIDE
from jacobian_cli.printers.math.steps import (
    latex_steps,
    left_latex,
    left_text,
    markdown_steps,
    rule_text,
    text_steps,
    words,
)
from jacobian_cli.records import record
from jacobian_cli.syntax.errors import InputError

if TYPE_CHECKING:
    from jacobian_cli.checks.verdict.steps import Lines

FORMATS = {"text": text_steps, "latex": latex_steps, "markdown": markdown_steps}


@record(frozen=True, repr=False)
class DerivationStep(ClosedForm):
    """One line of a derivation: `left` = `closed_form`, by one rule."""

    step: Step

    @property
    def number(self) -> int:
        """The number of the line, from 1."""
        return self.step.number

    @cached_property
    def left(self) -> str:
        """What the line is about: `h`, `∂f/∂z`, `δ₁ = ∂f/∂z`."""
        return left_text(self.step.left)

    @cached_property
    def rule(self) -> str:
        """The name of the rule."""
        return rule_text(self.step.rule)

    @cached_property
    def reason(self) -> str:
        """The rule in words; empty where its name says it all."""
        return words(self.step.reason)

    @cached_property
    def latex(self) -> str:
        """The equation in LaTeX."""
        return f"{left_latex(self.step.left)} = {latex(self.expr)}"

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        return {
            "number": self.number,
            "left": self.left,
            "closed_form": self.closed_form,
            "shape": list(self.shape),
            "rule": self.rule,
            "reason": self.reason,
            "latex": self.latex,
        }

    def __str__(self) -> str:
        return f"{self.left} = {self.closed_form}"

    def __repr__(self) -> str:
        return f"{self.number}  {self}  ({self.rule})"

    def _repr_latex_(self) -> str:
        return f"$${self.latex}$$"


class StepList(tuple[DerivationStep, ...]):
    """The steps of one derivation, in order; a notebook typesets them."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(map(repr, self))

    def _repr_markdown_(self) -> str:
        told = ((s, f": {s.reason}" if s.reason else "") for s in self)
        return "\n\n".join(f"{s.number}. **{s.rule}**{reason}\n\n   $${s.latex}$$" for s, reason in told)


class Stepwise:
    """The steps of one derivation, made once."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self._checked: dict[int, Lines] = {}

    @cached_property
    def found(self) -> Steps:
        """The steps as typed expressions."""
        problem = self.answer.problem
        taken = {*problem.program.values, *problem.program.sizes} - {problem.program.output_name}
        taken |= {name for v in problem.variables.values() for size in v.shape for name in size.names()}
        order = list(problem.variables)
        output = without_roots(problem.output, meeting=True)  # at 0 a norm has no derivative to go on with
        try:
            return derivation_steps(
                output, self.answer.variable, problem.name, self.answer.derivative, order, taken, text
            )
        except (InputError, RecursionError, MemoryError):
            raise
        except Exception as error:
            raise InputError(
                f"the steps of this derivation could not be written ({type(error).__name__})",
                text=problem.text,
                hint="the answer has no need of them; please report this formula, it shows a fault of jac",
            ) from error

    @cached_property
    def steps(self) -> StepList:
        """The steps, numbered from 1."""
        return StepList(DerivationStep(step.right, symbols(step.shape), step) for step in self.found.steps)

    def formatted(self, style: str, columns: int = SLIDE) -> str:
        """All steps as one text, LaTeX in lines of so many letters. Raises `InputError` for another format."""
        word(style, FORMATS, "there is no format {}")
        label = self.answer.problem.name
        return latex_steps(self.found, label, columns) if style == "latex" else FORMATS[style](self.found, label)

    def checked(self, points: int = 3) -> Lines:
        """Every line compared with autograd and central differences of what it is about."""
        points = points_of(points)
        if points not in self._checked:
            from jacobian_cli.checks.verdict.steps import check_lines  # loads NumPy and autograd

            texts = [step.closed_form for step in self.steps]
            problem, where = self.answer.problem, self.answer.where
            self._checked[points] = check_lines(
                self.found, texts, where, problem.variables, points, facts=problem.facts
            )
        return self._checked[points]

    def to_dict(self, points: int | None = 3) -> dict[str, Any]:
        """The fields that steps add to the JSON answer; with no points nothing is checked."""
        steps = [step.to_dict() for step in self.steps]
        if points is None:
            return {"steps": steps, "steps_check": {"passed": None, "skipped": True}}
        verdict = self.checked(points)
        wrong = [
            {"number": number, "entry": worst.entry, "printed": worst.printed, "true": worst.true}
            for number, worst in verdict.wrong.items()
        ]
        check: Mapping[str, Any] = {
            "passed": verdict.passed,
            "checked": verdict.checked,
            "points": verdict.points,
            "engines": {name: {"max_relative_error": error} for name, error in verdict.errors.items()},
            "wrong": wrong,
            "notes": list(verdict.notes),
        }
        every = [each for each in verdict.proven if each is not None and each.every]
        proof = {"proven": len(every), "sized": len(verdict.proven)} if verdict.proven else {}
        return {"steps": steps, "steps_check": {**check, **proof}}
