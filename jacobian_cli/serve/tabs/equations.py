"""What stands on more than one tab: formulas, derivatives, what names stand for, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from jacobian_cli.api.derive.answer import Answer, ClosedForm
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.api.sizes import sized
from jacobian_cli.expr import Defined, Expr, Variable
from jacobian_cli.printers.language import text
from jacobian_cli.printers.math.mathml import key, math_element, mathml, name_mathml, partial_mathml
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.serve.markup import Markup, copied, element, markup

if TYPE_CHECKING:
    from jacobian_cli.checks.verdict.report import Report

_EQUALS = "<mo>=</mo>"
_MARKS = {True: "right", False: "wrong", None: "open"}


def formula(*parts: str, block: bool = False) -> Markup:
    """MathML in its element."""
    return Markup(math_element(*parts, block=block))


def equation(left: str, right: Expr, names: Iterable[str] = (), *, block: bool = False) -> Markup:
    """left = right, the left side in MathML."""
    return formula(left, _EQUALS, mathml(right, names), block=block)


def name(of: str) -> Markup:
    """A name in a line of text."""
    return formula(name_mathml(of))


def partial(above: str, below: str) -> Markup:
    """∂f/∂W in a line of text."""
    return formula(f"<mrow><mo>∂</mo>{name_mathml(above)}<mo>/</mo><mo>∂</mo>{name_mathml(below)}</mrow>")


def definitions(problem: Problem) -> Markup:
    """Every definition and the output, as mathematics, each with its shape where that is known."""
    lines = [
        equation(name_mathml(defined), getattr(value, "body", value), problem.variables, block=True)
        for defined, value in problem.program.values.items()
        if defined != problem.program.output_name
    ]
    lines.append(equation(name_mathml(problem.name), problem.output, problem.variables, block=True))
    return element("div", *lines, class_="given")


def derivative(answer: Answer, form: ClosedForm) -> Markup:
    """∂f/∂W = …, on a line of its own."""
    left = partial_mathml(answer.problem.name, answer.wrt)
    return element("div", equation(left, form.expr, answer.problem.variables, block=True), class_="wide", tabindex="0")


def where(problem: Problem, found: Iterable[Answer]) -> Markup:
    """What the names in the answers stand for, those of the user too: they are what a reader points at."""
    bodies: dict[str, Expr] = {name: getattr(v, "body", v) for name, v in problem.program.values.items()}
    own = set(bodies)
    bodies |= {name: body for d in found for name, body in d.derivative.where.items()}
    shown = [
        element(
            "div",
            element("dt", name(each), class_="sr" if each in own else None),
            element(
                "dd",
                equation(name_mathml(each), body, problem.variables),
                " ",
                element("code", f"{each} = {text(body)}"),
            ),
            data_for=key(each),
            class_="own" if each in own else None,
        )
        for each, body in bodies.items()
    ]
    shown += [
        element("div", element("dt", name(each)), element("dd", f"{math(Variable(each, ()))}: {sized(v.shape)}"),
                data_for=key(each), class_="own")
        for each, v in problem.variables.items()
    ]  # fmt: skip
    return element("dl", *shown, class_="where")


def pasted(form: ClosedForm) -> Markup:
    """A form as text to paste."""
    return copied(form.closed_form)


def verdict(report: Report, checked: str = "checked") -> Markup:
    """The tick line, what differs, and the notes."""
    lines = [element("p", report.line(checked), class_=f"verdict {_MARKS[report.passed]}", role="status")]
    lines += [element("p", report.reach, class_="dim")] if report.reach else []
    lines += [element("p", each, class_="wrong") for each in report.mismatches]
    lines += [element("p", note, class_="dim") for note in report.notes]
    return markup(*lines)


def named(of: Mapping[str, Expr]) -> list[Defined]:
    """Names with what they stand for."""
    return [Defined(name, body) for name, body in of.items()]
