"""Answer: every derivative as mathematics and as text to paste, its reshape as a picture, its verdict."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.api.derive.answer import Answer, ClosedForm
from jacobian_cli.api.derive.derivation import derivations
from jacobian_cli.api.derive.settle import Settled, settle
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.api.sizes import shape_said, sized
from jacobian_cli.checks.oracles.budget import Budget
from jacobian_cli.checks.verdict.report import many, worst_of
from jacobian_cli.expr import Variable
from jacobian_cli.ops.facts import FACTS
from jacobian_cli.printers.math.mathml import mathml
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.serve.markup import Markup, element, markup
from jacobian_cli.serve.tabs.equations import definitions, derivative, formula, name, partial, pasted, verdict, where

_ROWS, _COLUMNS = 2, 3
"""How large a matrix of symbolic sizes is drawn; of numbers, at most this many cells."""
_MOST = 60
_DIGITS = str.maketrans("0123456789,", "₀₁₂₃₄₅₆₇₈₉,")


def show(problem: Problem) -> Markup:
    """The closed forms, before anything is checked."""
    found = derivations(problem)
    return markup(about(problem), *(_answer(each) for each in found), where(problem, found))


def check(problem: Problem) -> Markup:
    """The verdict on each derivative, and what stands in place of a closed form that does not pass."""
    return verdicts(problem, settled_of(problem))


def settled_of(problem: Problem) -> list[Settled]:
    """Each derivative with its proof."""
    budget = Budget()
    return [settle(each, budget=budget) for each in derivations(problem)]


def verdicts(problem: Problem, every: Sequence[Settled]) -> Markup:
    """The verdict on each, in one line where all are right."""
    lines = list[Markup]()
    if len(every) > 1 and all(each.passed for each in every):
        return verdict(worst_of([each.report for each in every]), many(len(every)))
    for settled in every:
        if len(every) > 1:
            lines.append(element("h3", partial(problem.name, settled.answer.wrt)))
        if settled.failed is not None:
            lines.append(element("p", settled.answer.warnings[-1], class_="wrong"))
            lines.append(_answer(settled.answer))
        lines.append(verdict(settled.report))
    return markup(*lines)


def about(problem: Problem) -> Markup:
    """How the formula was read, what is doubtful in that, and what was assumed."""
    lines = [definitions(problem)]
    if problem.read is not None:
        lines.append(element("p", "read as ", element("code", problem.read), class_="dim"))
    lines += [element("p", f"! {warning}", class_="warning") for warning in problem.warnings]
    shapes = [f"{math(v)} {shape_said(v.shape)}" for v in problem.variables.values()]
    lines.append(
        element("p", " · ".join([f"{problem.name} {shape_said(problem.output.shape)}", *shapes]), class_="dim")
    )
    if problem.program.unused:
        lines.append(element("p", f"not used: {', '.join(problem.program.unused)}", class_="warning"))
    given = [f"{each} is {FACTS[fact].summary}" for each, facts in problem.facts.items() for fact in sorted(facts)]
    if given:
        lines.append(element("p", "given: ", "; ".join(given), class_="dim"))
    return element("div", *lines, class_="about")


def _answer(d: Answer) -> Markup:
    """The gradient of a scalar, the Jacobian of anything else; then the other forms."""
    main, title = (d.jacobian, "Jacobian") if d.gradient is None else (d.gradient, "gradient")
    delta = math(d.derivative.upstream)
    parts = [
        element("p", f"{title}, {sized(main.shape)}{_like(d)}", class_="kind"),
        derivative(d, main),
        pasted(main),
    ]
    if d.fault:
        parts.insert(0, element("p", d.warnings[-1], class_="wrong"))
    if d.jacobian.elementwise:
        parts.append(_form("one entry", element("span", d.jacobian.elementwise, class_="entry")))
    if d.gradient is not None:
        parts.append(
            _form(f"Jacobian, {sized(d.jacobian.shape)}", _math(d, d.jacobian), pasted(d.jacobian), reshape(d))
        )
    arrow = formula(f"{mathml(d.derivative.upstream)}<mo>↦</mo>{mathml(d.vjp.expr, d.problem.variables)}")
    said = f"backward rule (VJP), {delta} = ∂J/∂{d.problem.name}"
    parts.append(_form(said, element("div", arrow, class_="wide", tabindex="0"), pasted(d.vjp)))
    heading = element("h2", "by ", name(d.wrt), class_="sr")
    return element("section", heading, *parts, class_="answer", data_wrt=d.wrt)


def _below(place: str) -> str:
    """A place as people write it: ₁₂, and ₁,₁₂ where it is not to be told otherwise."""
    return (place if len(place) > len("1,1") else place.replace(",", "")).translate(_DIGITS)


def _like(d: Answer) -> str:
    if d.gradient is None:
        return f", row i: ∂{d.problem.name}ᵢ, {d.jacobian.layout} layout"
    return f" like {math(d.variable)}" if d.variable.shape else ""


def _form(title: str, *parts: str) -> Markup:
    return element("div", element("p", title, class_="kind"), *parts, class_="form")


def _math(d: Answer, form: ClosedForm) -> Markup:
    return element("div", formula(mathml(form.expr, d.problem.variables)), class_="wide", tabindex="0")


def reshape(d: Answer) -> Markup:
    """Where each entry of the 1 × nm Jacobian goes in the n × m gradient: pairs of cells with the same `data-cell`."""
    shape = d.variable.shape
    if len(shape) != 2:
        return markup()
    rows, columns = (size.value or small for size, small in zip(shape, (_ROWS, _COLUMNS), strict=True))
    if rows * columns > _MOST:
        return markup()
    symbolic = any(size.value is None for size in shape)
    cells = [[f"{i + 1},{j + 1}" for j in range(columns)] for i in range(rows)]

    def cell(place: str) -> Markup:
        label = f"∂{d.problem.name}/∂{d.wrt}[{place}]"
        return element(
            "td",
            f"{math(Variable(d.wrt, ()))}{_below(place)}",
            data_cell=place,
            tabindex="0",
            aria_label=label,
        )

    row = element("table", element("tr", *(cell(place) for line in cells for place in line)))
    grid = element("table", *(element("tr", *map(cell, line)) for line in cells))
    at = f", drawn at {rows} × {columns}" if symbolic else ""
    caption = f"row by row: 1 × {rows * columns} → {rows} × {columns}{at}"
    return element(
        "figure",
        element("figcaption", f"the Jacobian reshaped is the gradient, {caption}"),
        element("div", row, element("span", "→", aria_hidden="true"), grid, class_="reshape"),
    )
