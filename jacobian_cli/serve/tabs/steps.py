"""Steps: the derivation line by line, each line with its rule, all of them checked."""

from __future__ import annotations

from jacobian_cli.api.derive.derivation import Derivation, derivations
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.api.sizes import sized
from jacobian_cli.printers.math.mathml import math_element, mathml
from jacobian_cli.printers.math.steps import lead, left_mathml, words
from jacobian_cli.serve.markup import Markup, element, markup
from jacobian_cli.serve.tabs.equations import equation, partial, where

_MARKS = {True: ("right", "✓"), False: ("wrong", "✗"), None: ("open", "?")}


def show(problem: Problem) -> Markup:
    """The steps of each derivative, and the verdict on them."""
    found = derivations(problem)
    return markup(*map(_steps, found), where(problem, found))


def _steps(d: Derivation) -> Markup:
    stepwise, names = d.stepwise, d.problem.variables
    lines = []
    for step in stepwise.steps:
        reason = words(step.step.reason, lambda expr: math_element(mathml(expr, names)))
        told = markup(element("strong", step.rule), Markup(f": {reason}") if reason else "")
        shown = equation(left_mathml(step.step.left), step.expr, names, block=True)
        lines.append(
            element(
                "li",
                element("div", shown, class_="wide", tabindex="0"),
                element("p", told, " · ", sized(step.shape), class_="dim"),
            )
        )
    said = lead(stepwise.found, d.problem.name, lambda expr: math_element(mathml(expr, names)))
    return element(
        "section",
        element("h2", partial(d.problem.name, d.wrt), ", step by step"),
        element("p", Markup(said), class_="dim"),
        element("ol", *lines, class_="steps"),
        _verdict(d),
    )


def _verdict(d: Derivation) -> Markup:
    lines = d.stepwise.checked()
    kind, mark = _MARKS[lines.passed]
    if lines.passed is False:
        said = f"{mark} WRONG: steps {', '.join(map(str, lines.wrong))}"
    elif lines.passed is None:
        said = f"{mark} steps not checked"
    else:
        said = f"{mark} {lines.checked} of {len(d.stepwise.steps)} steps checked at {lines.points} points"
    notes = [element("p", note, class_="dim") for note in lines.notes]
    return markup(element("p", said, class_=f"verdict {kind}", role="status"), *notes)
