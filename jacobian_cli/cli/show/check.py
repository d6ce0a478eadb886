"""The verdict on a claim, as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jacobian_cli.api.check.answer import RIGHT, RIGHT_IF, Check, Counterexample, Graded
from jacobian_cli.api.check.report import cells, headline, told, warned
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.cli.screen import Screen, progress
from jacobian_cli.cli.show.about import about, closing, partial
from jacobian_cli.syntax.errors import Span, excerpt

_MARKS = {RIGHT: ("✓", "green"), RIGHT_IF: ("?", "yellow")}
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

_PLAIN = ("shape", "does_not_conform", "unknown")
"""Kinds of which nothing is guessed."""


def show_check(problem: Problem, found: Check) -> None:
    """The formula, the verdict, and what explains it."""
    screen = Screen()
    about(screen, problem)
    screen.line(f"claimed  {partial(problem.name, found.wrt)} = {found.claim}")
    if found.read is not None:
        screen.line(f"read as  {found.read}", style="dim")
    for warning in found.warnings:
        if warning not in problem.warnings:  # which stand above
            screen.line(f"! {warning}", style="yellow")
    screen.line()
    mark, colour = _MARKS.get(found.verdict, ("✗", "red"))
    screen.line(f"{mark} {headline(found)}", style=colour)
    if found.certificate is not None:
        screen.line(found.certificate.line, style=colour if found.certificate.every else "dim")
    ordered = sorted(found.diagnosis, key=lambda d: d.kind not in ("does_not_conform", "shape"))
    for number, diagnosis in enumerate(ordered):
        if diagnosis.kind == "does_not_conform":
            _caret(screen, found.claim, diagnosis.place)
        certain = "" if diagnosis.certain or diagnosis.kind in _PLAIN else "perhaps: "
        screen.line(f"{certain}{diagnosis.explanation}", indent=2)
        later = [d.fix for d in ordered[number + 1 :]]
        if diagnosis.fix and diagnosis.fix not in later:
            names = [("", f"where {n} = {body}") for n, body in found.names_in(diagnosis.fix)]
            screen.columns([("right is", diagnosis.fix), *names], indent=4, styles=("dim", "green"))
    if found.declare:
        screen.line(f"declare it with --assume {found.declare}", indent=2, style="dim")
    rows: list[tuple[str, str]] = []
    if found.worst is not None and found.verdict != RIGHT:
        worst = found.worst
        rows.append(("worst entry", f"{_label(problem, found)}: claimed {worst.claimed:.6g}, true {worst.true:.6g}"))
        rows.append(("differ", f"{found.differing} of {found.entries} entries ({found.pattern})"))
        rows += [("", line) for line in found.drawn]
    if found.counterexample is not None:
        rows += _example(found.counterexample)
    if found.verdict != RIGHT and all(d.fix != found.truth for d in found.diagnosis):
        rows.append(("closed form", found.truth))
        rows += [("", f"where {name} = {body}") for name, body in found.names_in(found.truth)]
    if rows:
        screen.line()
        screen.columns(rows, indent=2, styles=("dim", ""))
    for note in found.notes:
        screen.line(note, style="yellow", indent=2)
    closing(screen, problem)


def _caret(screen: Screen, claim: str, place: str) -> None:
    """The claim with a mark below what does not fit."""
    at = max(claim.find(place), 0)
    for line in excerpt(claim, Span(at, at + len(place))):
        screen.line(line, indent=2)


def watched(graded: Iterator[Graded], total: int) -> Iterator[Graded]:
    """The verdicts as they come, with a bar on a terminal."""
    with progress(total) as step:
        step("checking…")
        for one in graded:
            step("checking…")
            yield one


def show_graded(found: Sequence[Graded], counted: Mapping[str, int], read: Mapping[int, str]) -> None:
    """How the definitions were read, a table of the verdicts, a line for each kind of mistake, and the points."""
    screen = Screen()
    for warning in warned(found):
        screen.line(f"! {warning}", style="yellow")
    for number, said in sorted(read.items()):
        screen.line(f"read as  {said}   (line {number})", style="dim")
    titles = ("claim", "verdict", "where", "kind", "points")
    rows = [cells(one) for one in found]
    screen.table(titles, rows, styles=[_MARKS.get(one.verdict, ("✗", "red"))[1] for one in found])
    screen.line()
    for who, said in told(found):
        screen.line(f"{who}: {said}", indent=2)
    total, earned = sum(one.points for one in found), sum(one.points for one in found if one.passed)
    right = sum(one.passed for one in found)
    screen.line()
    screen.line(f"{right} of {len(found)} right, {earned:g} of {total:g} points")
    if counted:
        screen.line("  ".join(f"{kind} {count}" for kind, count in counted.items()), style="dim")


def _label(problem: Problem, found: Check) -> str:
    """The worst entry as people write it: ∂s/∂W₂₁."""
    assert found.worst is not None
    name, _, index = found.worst.entry.partition("[")
    written = index.rstrip("]")
    below = written.translate(_SUBSCRIPTS).replace(",", "" if max(map(len, written.split(",")), default=0) < 2 else ",")
    return f"∂{problem.name}/∂{name}{below}" if name == found.wrt else f"{name}{below}"


def _example(example: Counterexample) -> list[tuple[str, str]]:
    """Numbers small enough to redo by hand."""
    values = ", ".join(f"{name} = {_number(value)}" for name, value in example.values.items())
    return [
        ("try", values),
        ("", f"claimed {_number(example.claimed)}, true {_number(example.true)}"),
    ]


def _number(value: Any) -> str:
    return str(value)
