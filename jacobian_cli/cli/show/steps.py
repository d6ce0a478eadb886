"""`--steps`: the derivation on the terminal, or as a text for notes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import click

from jacobian_cli.api.derive.derivation import Derivation
from jacobian_cli.api.derive.steps import Stepwise
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.cli.request import columns
from jacobian_cli.cli.screen import MARKS, Screen, cells
from jacobian_cli.cli.show.about import about, closing, needless, partial, stands, unchecked, unconstrained, verdict
from jacobian_cli.printers.math.steps import about_text, lead
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.syntax.errors import InputError

if TYPE_CHECKING:  # they load NumPy and SymPy
    from jacobian_cli.api.derive.settle import Settled
    from jacobian_cli.checks.verdict.steps import Lines

_REMARKS = {"latex": "% {}", "markdown": "<!-- {} -->"}


def show_steps(problem: Problem, found: Sequence[Derivation], settled: Sequence[Settled], points: int) -> None:
    """Formula and shapes, then for each variable the steps, and both verdicts, on the steps and on the answer; without
    anything settled none.
    """
    screen = Screen()
    about(screen, problem)
    for k, derivation in enumerate(found):
        if k:
            screen.line()
        screen.rule(f"{partial(problem.name, derivation.wrt)}, step by step")
        unconstrained(screen, derivation)
        equations(screen, derivation.stepwise, [d.stepwise for d in found[:k]])
        if not settled:
            continue
        each = settled[k]
        if each.proof.at is not None:
            from jacobian_cli.cli.show.numbers import at_point  # loads NumPy

            at_point(screen, derivation, each.proof.at)
        verdict_on_steps(screen, derivation.stepwise.checked(points), len(derivation.steps()))
        if each.failed is not None:
            stands(screen, each.answer)
        verdict(screen, each.proof.report)
    if not settled:
        unchecked(screen)
    needless(screen, found[0])
    closing(screen, problem)


def equations(screen: Screen, stepwise: Stepwise, shown: Sequence[Stepwise] = ()) -> None:
    """Each step: the equation, its right side as one would type it, and below them shape, rule and reason.

    The steps that it begins with as one of those shown before are not shown again.
    """
    if not shown:
        screen.line(lead(stepwise.found, stepwise.answer.problem.name), style="dim", indent=2)
    digits = len(str(len(stepwise.steps)))
    same, other = max(((_shared(stepwise, s), s.answer.wrt) for s in shown), default=(0, ""))
    if same > 1:
        screen.line(f"{'1':>{digits}}  to {same}: as by {other}", style="dim", indent=2)
    steps = stepwise.steps[same:] if same > 1 else stepwise.steps
    rows = [
        (f"{s.number:>{digits}}  {s.left} = {math(s.expr, stepwise.answer.problem.variables)}", s.closed_form)
        for s in steps
    ]
    widths = [cells(left) for left, right in rows if cells(left) + cells(right) + 5 <= screen.width]
    width = max((w for w in widths if w <= screen.width // 2), default=0)
    for step, (left, right) in zip(steps, rows, strict=True):
        if max(width, cells(left)) + cells(right) + 5 <= screen.width:
            screen.columns([(left, right)], styles=("", "green"), widths=(width,))
        else:
            screen.columns([(left[:digits], left[digits + 2 :])])
            screen.line(right, style="green", indent=digits + 4)
        screen.line(about_text(step.step), style="dim", indent=digits + 4)


def _shared(one: Stepwise, other: Stepwise) -> int:
    """With how many of the same steps both begin."""
    pairs = zip(one.steps, other.steps, strict=False)
    same = takewhile(lambda pair: (str(pair[0]), pair[0].rule) == (str(pair[1]), pair[1].rule), pairs)
    return sum(1 for _ in same)


def verdict_on_steps(screen: Screen, lines: Lines, count: int) -> None:
    """How many steps were checked, and which are wrong."""
    from jacobian_cli.checks.verdict.report import ENGINES, bound

    mark, colour = MARKS[lines.passed]
    many = f"all {count} steps" if lines.checked == count else f"{lines.checked} of {count} steps"
    if lines.passed is None:
        screen.line(f"{mark} steps not checked", style=colour)
    elif lines.passed:
        points = f"{lines.points} points" if lines.points > 1 else "1 point"
        engines = ", ".join(f"{ENGINES[name]} to {bound(error)}" for name, error in lines.errors.items())
        screen.line(f"{mark} {many} checked at {points}: {engines}", style=colour)
    else:
        screen.line(f"{mark} WRONG: {len(lines.wrong)} of {count} steps", style=colour)
    if lines.reach:
        screen.line(lines.reach, style=colour if lines.reach.startswith(mark) else "dim")
    for number, worst in lines.wrong.items():
        screen.line(f"step {number}: printed form {worst.printed:.6g}, true {worst.true:.6g}", colour, indent=2)
    for note in lines.notes:
        screen.line(note, style="dim", indent=2)


def print_steps(found: Sequence[Derivation], style: str, points: int | None) -> bool:
    """The steps as LaTeX or Markdown, and what was checked, at so many points, as a remark; whether none is wrong."""
    if style not in _REMARKS:
        raise InputError("steps are not written as numpy", hint=f"there are {' and '.join(_REMARKS)}")
    right = True
    for k, derivation in enumerate(found):
        said = f"{len(derivation.steps())} steps, "
        if points is None:
            said += "not checked"
        else:
            lines = derivation.stepwise.checked(points)
            word = {True: "checked", False: "WRONG", None: "not checked"}[lines.passed]
            wrong = f" ({', '.join(map(str, lines.wrong))})" if lines.wrong else ""
            said += f"{lines.checked} compared at {lines.points} points: {word}{wrong}"
            right = right and lines.passed is not False
        remark = _REMARKS[style].format(said)
        click.echo(
            "\n" * bool(k) + derivation.stepwise.formatted(style, **columns()) + "\n" * (style == "markdown") + remark
        )
    return right
