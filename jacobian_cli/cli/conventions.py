"""`jac derive --explain-layout`: one derivative as different books write it, side by side."""

from __future__ import annotations

from collections.abc import Iterable

from jacobian_cli.api.derive.answer import answers
from jacobian_cli.api.derive.conventions import CANONICAL_USERS, SHAPE_USERS, Comparison, Writing, comparison
from jacobian_cli.api.sizes import sized
from jacobian_cli.calculus.reshape import CONVENTIONS
from jacobian_cli.cli.derive import problem_of
from jacobian_cli.cli.refusals import print_json
from jacobian_cli.cli.request import Request
from jacobian_cli.cli.screen import Screen
from jacobian_cli.cli.show.about import about, both, closing, instead, needless, partial, verdict, where
from jacobian_cli.cli.status import MISMATCH, RIGHT
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.shape import shape_text


def answer(request: Request, *, points: int) -> int:
    """Print each derivative in all conventions; the exit status says whether every form passed the check."""
    problem, values = problem_of(request)
    found = answers(problem, conventions=CONVENTIONS)
    compared = [comparison(d, points, values) for d in found]
    if request.as_json:
        objects = [c.to_dict() for c in compared]
        print_json({"answers": objects})
    else:
        screen = Screen()
        about(screen, problem)
        where(screen, problem, found)
        for each in compared:
            _page(screen, each)
        needless(screen, found[0])
        closing(screen, problem)
    return MISMATCH if any(c.passed is False for c in compared) else RIGHT


def _page(screen: Screen, compared: Comparison) -> None:
    d = compared.answer
    name, wrt = d.problem.name, d.wrt
    screen.rule(partial(name, wrt))
    instead(screen, d)
    screen.heading("Tensor", f"{sized(compared.canonical)}, axes of {name} before those of {wrt}")
    if d.jacobian.elementwise:
        screen.line(d.jacobian.elementwise, indent=4, style="italic")
    screen.line(CANONICAL_USERS, indent=4, style="dim")
    for writing in compared.writings:
        _writing(screen, writing, d.problem.variables)
    if d.gradient is not None:
        screen.heading("Shape convention", f"{sized(d.gradient.shape)}, as {wrt} itself")
        both(screen, d.gradient, math(d.gradient.expr, d.problem.variables))
        screen.line(SHAPE_USERS, indent=4, style="dim")
    else:
        given = f"given {math(d.derivative.upstream)}, that of {name} ({shape_text(d.problem.output.shape)})"
        screen.heading("Shape convention", f"{sized(d.vjp.shape)}: the gradient of a scalar behind {name}, {given}")
        both(screen, d.vjp, math(d.vjp.expr, d.problem.variables))
        screen.line(SHAPE_USERS, indent=4, style="dim")
    if any(w.relation is not None and "commutation" in w.relation.closed_form for w in compared.writings):
        screen.line("K is a commutation matrix: Kₙₘ vec(X) = vec(Xᵀ) for X of shape n × m", indent=2, style="dim")
    worst = next((w for w in compared.writings if not w.proof.passed), None)
    verdict(screen, (worst or compared.writings[0]).proof.report)
    said = (
        "so is each of the forms above, as it is printed" if worst is None else f"that is the {_title(worst).lower()}"
    )
    screen.line(said, style="dim", indent=2)


def _writing(screen: Screen, writing: Writing, names: Iterable[str]) -> None:
    """One convention: its shape, how it is made from the first, closed form, what runs where, who writes so."""
    made = f"  = {math(writing.relation.expr, names)}" if writing.relation is not None else ""
    screen.heading(_title(writing), sized(writing.form.shape) + made)
    if writing.settled.failed is not None:
        instead(screen, writing.answer)
    both(screen, writing.form, math(writing.form.expr, names))
    screen.line(f"rows {' '.join(writing.rows)}; columns {' '.join(writing.columns)}", indent=4)
    screen.line(writing.users, indent=4, style="dim")


def _title(writing: Writing) -> str:
    orders = f", {writing.vec[0]} by {writing.vec[0]}" if len(writing.vec) == 1 else ""
    return f"{writing.layout.capitalize()} layout{orders}"
