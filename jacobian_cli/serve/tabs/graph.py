"""Graph: the computational graph at a point that can be edited, values forwards, gradients backwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from jacobian_cli.api.backprop.run import Backprop, backprop
from jacobian_cli.api.backprop.tables import backward_groups, backward_rows, graph, kink_text, tables
from jacobian_cli.api.derive.explicit import table_sizes
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.api.pages import spelled
from jacobian_cli.checks.points.constrained import misfit
from jacobian_cli.checks.points.sampling import NoPointError, sample
from jacobian_cli.printers.graph.svg import svg
from jacobian_cli.serve.markup import Markup, element, heading, markup, table
from jacobian_cli.serve.tabs.equations import verdict
from jacobian_cli.syntax.errors import InputError

_LONGEST = 2_000
"""Of a value that can be edited."""


def show(problem: Problem, values: Mapping[str, Any] | None = None) -> Markup:
    """The picture, what comes back along each edge, and the gradients, at these values or at small ones."""
    return shown(run(problem, completed(problem, values)))


def edited(problem: Problem, given: Mapping[str, Any]) -> Markup:
    """The same with a field for each value."""
    values = completed(problem, given)
    fields = [_field(name, values[name]) for name in problem.variables if name in values]
    form = element("form", *fields, element("button", "run", type="submit"), class_="values", data_at=True)
    return markup(form, shown(run(problem, values)))


def completed(problem: Problem, values: Mapping[str, Any] | None) -> dict[str, Any]:
    """A value for each variable: those given, small ones for the others."""
    given = {} if values is None else dict(values)
    return given if problem.variables.keys() <= given.keys() else {**point(problem), **given}


def run(problem: Problem, values: Mapping[str, Any]) -> Backprop:
    """The graph at a point. Raises `InputError` for values that do not fit."""
    statements = problem.program.statements
    shapes = {name: tuple(map(str, shape)) for name, shape in problem.program.declared.items()}
    facts = {name: sorted(said) for name, said in problem.facts.items()}
    return backprop(list(statements), values, [v.name for v in problem.wrt], shapes, facts)


def point(problem: Problem) -> dict[str, Any]:
    """Values to begin with, at small sizes: rounded, where the formula and its facts hold there."""
    sizes, rng = table_sizes(problem), np.random.default_rng(0)
    try:
        drawn = sample(problem.output, sizes, rng, problem.facts)
    except NoPointError:
        raise InputError("no values are found at which this formula is defined") from None
    rounded = {name: np.round(value, 1) for name, value in drawn.items()}
    fits = all(misfit(name, said, rounded[name]) is None for name, said in problem.facts.items() if name in rounded)
    return {name: np.asarray(value).tolist() for name, value in (rounded if fits else drawn).items()}


def _field(name: str, value: Any) -> Markup:
    said = json.dumps(value)
    label = element("label", spelled(name), for_=f"at-{name}")
    return element(
        "span", label, element("input", id=f"at-{name}", name=name, value=said, maxlength=str(_LONGEST)), class_="field"
    )


def shown(ran: Backprop) -> Markup:
    """A run as a picture and tables."""
    drawn = graph(ran)
    picture = element("figure", Markup(svg(replace(drawn, title=""), styled=False)), class_="graph wide", tabindex="0")
    rows = []
    for node, edges in backward_groups(ran):
        for row in backward_rows(node, edges):
            cells = [element("td", cell) for cell in row]
            rows.append(element("tr", *cells, data_target=node.name))
    head = ("edge", "upstream", "local", "downstream", "")
    edges_table = element("table", heading(head), element("tbody", *rows), class_="edges")
    forward, _, gradients = tables(ran)
    return markup(
        picture,
        element("h2", "Backward: upstream × local = downstream"),
        element("p", "choose a node of the picture to see its edges alone", class_="dim script"),
        element("div", edges_table, class_="wide", tabindex="0"),
        element("h2", "Gradients"),
        table(gradients.header, list(gradients.rows)),
        element("p", gradients.note, class_="dim"),
        element("h2", "Forward"),
        table(forward.header, list(forward.rows)),
        *(element("p", kink_said, class_="warning") for kink_said in _kinks(ran)),
        verdict(ran.check),
    )


def _kinks(ran: Backprop) -> list[str]:
    return [kink_text(kink) for kink in ran.kinks]
