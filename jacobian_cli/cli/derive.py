"""`jac derive`: options to a problem, the answer to the screen or to JSON."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from jacobian_cli.api.derive.derivation import Derivation, Derivations, derivations
from jacobian_cli.api.input.assume import assumptions_of
from jacobian_cli.api.input.problem import Problem, pose, shapes_of
from jacobian_cli.calculus.reshape import read_convention
from jacobian_cli.cli.refusals import print_json
from jacobian_cli.cli.request import Request, columns
from jacobian_cli.cli.status import MISMATCH, RIGHT
from jacobian_cli.elaborate.statement import named_places
from jacobian_cli.records import record
from jacobian_cli.shape import shape_text
from jacobian_cli.syntax.errors import InputError

if TYPE_CHECKING:
    from jacobian_cli.api.derive.settle import Settled

# one thread is right for small checks, and a pool of them costs NumPy most of its start
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
SKIPPED = {"passed": None, "skipped": True}


def want_check(unchecked: bool, wishes: Mapping[str, object]) -> None:
    """Refuse what is worked out by the check where none is wanted."""
    given = [option for option, wish in wishes.items() if wish]
    if unchecked and given:
        raise InputError(
            f"{given[0]} and --no-check do not go together", hint="what it shows is worked out by the check"
        )


def problem_of(request: Request) -> tuple[Problem, Mapping[str, Any] | None]:
    """The typed problem, and the values given for its variables."""
    shapes = shapes_of(None, request.declarations)
    assume = assumptions_of(None, request.declarations)
    wrt = variables_of(request)
    if not request.at:
        return pose(request.statements, wrt, shapes, assume=assume), None
    from jacobian_cli.api.input.values import fitted_to, read_values

    values = read_values(list(request.at))
    problem = pose(request.statements, wrt, shapes, values, assume)
    return problem, fitted_to(problem, values)


def variables_of(request: Request) -> tuple[str, ...] | None:
    """The variables that were asked for; None stands for every one."""
    called = {name for statement in request.statements for name, _ in named_places(statement.value)}
    every = not request.wrt or (request.wrt == ("all",) and "all" not in called)
    return None if every else request.wrt


@record(frozen=True, slots=True)
class Wishes:
    """How an answer is wanted."""

    points: int
    full: bool = False
    entries: bool = False
    order: int = 1
    layout: str = "numerator"
    vec: str = "row"
    steps: bool = False
    backward: bool = False
    style: str | None = None
    unchecked: bool = False

    @property
    def checked_at(self) -> int | None:
        """How many points are tried, if any."""
        return None if self.unchecked else self.points


def answer(request: Request, wishes: Wishes) -> int:
    """Print the answer; the exit status says whether the check passed.

    On a terminal the answer stands before it is checked; a pipe, a file and every form that is taken away wait.
    """
    want_check(wishes.unchecked, {"--at": request.at, "--entries": wishes.entries, "--full": wishes.full})
    alone = (
        ("--json", request.as_json),
        ("--to", wishes.style),
        ("--steps", wishes.steps),
        ("--entries", wishes.entries),
    )
    if wishes.backward and (other := next((option for option, given in alone if given), None)):
        raise InputError("--backward is a page of its own", hint=f"leave {other} out")
    problem, values = problem_of(request)
    if wishes.order == 2 and problem.output.shape:
        raise InputError(
            f"a Hessian is that of a scalar; {problem.name} is {shape_text(problem.output.shape)}",
            hint=_scalar_hint(problem),
        )
    conventions = [read_convention(wishes.layout, wishes.vec)]
    second, checking = wishes.order == 2, not wishes.unchecked
    found = derivations(problem, second=second, conventions=conventions, checking=checking)
    gc.freeze()
    gc.enable()
    if request.as_json:
        return _json(found, values, wishes)
    if wishes.style is not None:
        return _form(problem, found, values, wishes)
    if wishes.steps:
        return _steps(problem, found, values, wishes)
    return _page(request, problem, found, values, wishes)


Values = Mapping[str, Any] | None


def _proved(found: Sequence[Derivation], values: Values, wishes: Wishes, say: Callable[[str], None]) -> list[Settled]:
    """Every derivation compared with what shares nothing with it."""
    if len(found) == 1:
        say("checking…")
    from jacobian_cli.api.derive.settle import settle  # loads NumPy, autograd and SymPy
    from jacobian_cli.checks.oracles.budget import Budget

    settled, budget = [], Budget()  # one for all
    for d in found:
        if len(found) > 1:
            say(f"checking… ∂{d.problem.name}/∂{d.wrt}")
        settled.append(settle(d, wishes.points, values, full=wishes.full, budget=budget))
    return settled


def _scalar_hint(problem: Problem) -> str:
    """How the output may become a number: by the reading that is doubted, by numbers, or by a sum."""
    if doubts := problem.program.doubts:
        return doubts[0].message
    if names := problem.program.numbers_by:
        return f"of numbers it is one: {' '.join(f'`-s {name}=()`' for name in names)}; else sum it"
    return "sum it, or take the Jacobian: jac derive"


def _json(found: Sequence[Derivation], values: Values, wishes: Wishes) -> int:
    """`{"answers": [...]}`, for one variable too."""
    settled = [] if wishes.unchecked else _proved(found, values, wishes, _silent)
    objects = [{**d.to_dict(), "check": SKIPPED} for d in found] if wishes.unchecked else [s.to_dict() for s in settled]
    answers = [
        {**each, **(d.stepwise.to_dict(wishes.checked_at) if wishes.steps else {})}
        for d, each in zip(found, objects, strict=True)
    ]
    print_json({"answers": answers})
    return _status(found, settled, wishes)


def _form(problem: Problem, found: Derivations, values: Values, wishes: Wishes) -> int:
    """LaTeX, Markdown or NumPy, to be taken away."""
    assert wishes.style is not None
    if wishes.steps:
        from jacobian_cli.cli.show.steps import print_steps

        return RIGHT if print_steps(found, wishes.style, wishes.checked_at) else MISMATCH
    settled = [] if wishes.unchecked else _proved(found, values, wishes, _silent)
    from jacobian_cli.api.export.forms import written

    if wishes.style == "numpy":
        return _status(found, settled, wishes) if print_source(found) else MISMATCH
    answers = [each.answer for each in settled] or found
    reports = [each.proof.report for each in settled]
    click.echo(written(problem, answers, wishes.style, reports, **columns()))
    return _status(found, settled, wishes)


def print_source(found: Derivations) -> bool:
    """One module of what stands; where nothing does, a word on it instead. Says whether it was written."""
    from jacobian_cli.api.derive.source import FailedError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what stands in place of what is said in the source
            click.echo((found.to_python() if len(found) > 1 else found[0].to_python()).rstrip())
    except FailedError as error:
        click.echo(f"jac: {error}", err=True)
        return False
    return True


def _steps(problem: Problem, found: Sequence[Derivation], values: Values, wishes: Wishes) -> int:
    """Line by line."""
    from jacobian_cli.cli.screen import progress
    from jacobian_cli.cli.show.steps import show_steps

    settled: list[Settled] = []
    if not wishes.unchecked:
        with progress(len(found)) as say:
            settled = _proved(found, values, wishes, say)
    show_steps(problem, found, settled, wishes.points)
    return _status(found, settled, wishes)


def _page(request: Request, problem: Problem, found: Sequence[Derivation], values: Values, wishes: Wishes) -> int:
    """The page: where somebody watches, its answer at once and its verdict when it is there."""
    from jacobian_cli.cli.screen import Screen, progress
    from jacobian_cli.cli.show.derive import Page

    screen, chosen = Screen(), variables_of(request) is not None
    page = Page(screen, problem, chosen=chosen, entries=wishes.entries, full=wishes.full, backward=wishes.backward)
    if wishes.unchecked:
        page.answers(found)
        page.unchecked(found)
        return RIGHT
    early = screen.watched and values is None  # a point at which there is no value is refused before anything is said
    if early:
        page.answers(found)
    with progress(len(found)) as say:
        settled = _proved(found, values, wishes, say)
    if not early:
        page.answers([each.answer for each in settled])
    page.verdicts(settled, replaced=early)
    return _status(found, settled, wishes)


def _status(found: Sequence[Derivation], settled: Sequence[Settled], wishes: Wishes) -> int:
    passed = all(each.passed is not False for each in settled)
    if wishes.steps and not wishes.unchecked:
        passed = passed and all(d.stepwise.checked(wishes.points).passed is not False for d in found)
    return RIGHT if passed else MISMATCH


def _silent(text: str) -> None:
    """What is written to a pipe says nothing on the way."""
