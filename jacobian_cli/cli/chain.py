"""`jac chain`: options to a composition, the answer to the screen or to JSON."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from jacobian_cli.api.chain.compose import composed
from jacobian_cli.api.chain.composition import Composition, composition
from jacobian_cli.api.derive.derivation import Derivation, Derivations
from jacobian_cli.cli.derive import SKIPPED, print_source, problem_of, want_check
from jacobian_cli.cli.refusals import print_json
from jacobian_cli.cli.request import Request, columns
from jacobian_cli.cli.status import MISMATCH, RIGHT
from jacobian_cli.records import record
from jacobian_cli.syntax.errors import InputError

if TYPE_CHECKING:
    from jacobian_cli.api.chain.proof import ChainProof


@record(frozen=True, slots=True)
class Wishes:
    """How a composition is wanted."""

    points: int
    rate: float | None = None
    full: bool = False
    steps: bool = False
    style: str | None = None
    unchecked: bool = False


def answer(request: Request, wishes: Wishes) -> int:
    """Print the answer; the exit status says whether the check passed."""
    try:
        return _answer(request, wishes)
    except (InputError, RecursionError, MemoryError, OSError):
        raise
    except Exception as error:
        raise InputError(
            f"the chain could not be written ({type(error).__name__}: {str(error)[:100]}); please report it, it is a "
            "fault of jac",
            hint="`jac derive` gives the derivatives without it",
        ) from error


def _answer(request: Request, wishes: Wishes) -> int:
    want_check(wishes.unchecked, {"--at": request.at, "--descend": wishes.rate is not None})
    known = [*request.wrt, *(declaration.name for declaration in request.declarations)]
    statements, note = composed(request.statements, known)
    problem, values = problem_of(replace(request, statements=tuple(statements)))
    found = composition(problem, note)
    gc.freeze()
    gc.enable()
    points, steps = wishes.points, wishes.steps
    if steps and wishes.style is not None:
        from jacobian_cli.cli.show.steps import print_steps

        return RIGHT if print_steps(found.stepwise, wishes.style, None if wishes.unchecked else points) else MISMATCH
    if wishes.unchecked:
        return _unchecked(request, found, wishes)
    if request.as_json:
        proof = found.prove(points, values, wishes.rate)
        derived = found.steps_dict(points) if steps else {}
        print_json({**found.to_dict(), **derived, **proof.to_dict()})
    elif wishes.style is not None:
        proof = found.prove(points, values, wishes.rate)
        settled = list(proof.settled.values())
        if wishes.style == "numpy":
            print_source(found.derivations)
        else:
            from jacobian_cli.api.export.forms import written

            answers, reports = [each.answer for each in settled], [each.proof.report for each in settled]
            click.echo(written(problem, answers, wishes.style, [*reports, proof.lines], **columns()))
    else:
        proof = _page(found, values, wishes)
    right = not steps or all(d.stepwise.checked(points).passed is not False for d in found.stepwise)
    return RIGHT if right and proof.passed is not False else MISMATCH


def _page(found: Composition, values: Mapping[str, Any] | None, wishes: Wishes) -> ChainProof:
    """The page: where somebody watches, its answer at once and its verdict when it is there."""
    from jacobian_cli.cli.screen import Screen, progress
    from jacobian_cli.cli.show.chain import ChainPage

    screen = Screen()
    page = ChainPage(screen, found, full=wishes.full)
    # a point at which there is no value is refused before anything is said; steps are shown with their verdict
    early = screen.watched and values is None and wishes.rate is None and not wishes.steps
    if early:
        page.about()
        page.answers(found.derivations)
    with progress() as say:
        say("checking…")
        proof = found.prove(wishes.points, values, wishes.rate)
    if not early:
        page.about()
        if wishes.steps:
            page.steps(wishes.points)
        else:
            page.answers(found.derivations)
    page.verdicts(proof)
    return proof


def _unchecked(request: Request, found: Composition, wishes: Wishes) -> int:
    """What is known of a composition before anything is checked."""
    if request.as_json:
        derived = found.steps_dict(None) if wishes.steps else {}
        print_json({**found.to_dict(), **derived, "check": SKIPPED})
    elif wishes.style == "numpy":
        print_source(Derivations(tuple(Derivation.of(answer, checking=False) for answer in found.answers)))
    elif wishes.style is not None:
        from jacobian_cli.api.export.forms import written

        click.echo(written(found.problem, found.derivations, wishes.style, [], **columns()))
    else:
        from jacobian_cli.cli.screen import Screen
        from jacobian_cli.cli.show.chain import ChainPage

        page = ChainPage(Screen(), found, full=wishes.full)
        page.about()
        if wishes.steps:
            page.steps(None)
        else:
            page.answers(found.derivations)
        page.unchecked()
    return RIGHT
