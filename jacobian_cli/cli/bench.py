"""`jac bench`: a race to a table, to JSON, or to a picture of how costs grow."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jacobian_cli.cli.files import write_files
from jacobian_cli.cli.refusals import print_json
from jacobian_cli.cli.request import Request, Typed, read_request
from jacobian_cli.cli.status import MISMATCH, RIGHT
from jacobian_cli.syntax.errors import InputError

if TYPE_CHECKING:
    from jacobian_cli.api.bench.answer import Bench, Growth
    from jacobian_cli.api.input.problem import Problem

_SERIES = (32, 64, 128, 256)
_MOST, _LARGEST = 8, 100_000


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is raced, how long, and where the picture goes."""

    order: int
    form: str | None
    preset: str | None
    scale: str | None
    seconds: float
    svg: str | None
    force: bool
    against: str | None = None


def answer(typed: Typed, wishes: Wishes) -> int:
    """Race, and show it; status 1 if what is ours was wrong."""
    request, sizes, form = _asked(typed, wishes)
    if request.at:
        raise InputError(
            "a race is run at sizes, at a point of its own", hint="leave --at out; shapes are -s W=512,512"
        )
    if wishes.svg is not None and wishes.scale is None:
        raise InputError("the picture is of how costs grow", hint="add --scale n, a size of the formula")
    from jacobian_cli.api.bench.contenders import AGAINST
    from jacobian_cli.api.bench.run import bench_of, form_of, growth, rivals
    from jacobian_cli.cli.derive import problem_of
    from jacobian_cli.cli.screen import progress

    against = AGAINST if wishes.against is None else rivals(wishes.against)
    problem, _ = problem_of(request)
    chosen = form_of(problem, form, wishes.order)
    gc.freeze()
    gc.enable()
    found: Bench | Growth
    with progress(3) as say:
        if wishes.scale is None:
            found = bench_of(problem, chosen, sizes, wishes.seconds, say, against)
        else:
            name, at = series(wishes.scale)
            found = growth(problem, chosen, name, at, wishes.seconds, say, sizes, against)
    return _shown(request, problem, found, wishes)


def _asked(typed: Typed, wishes: Wishes) -> tuple[Request, Mapping[str, int], str | None]:
    """The formula, sizes of letters, and the form: as typed, or those of a preset."""
    if wishes.preset is None:
        return read_request(typed), {}, wishes.form
    from jacobian_cli.api.bench.presets import PRESETS

    if typed.formula or typed.path or typed.source:
        raise InputError("a preset is a formula of its own", hint="leave the other one out")
    preset = PRESETS[wishes.preset]
    shapes = tuple(f"{name}={shape}" for name, shape in preset.shapes.items())
    given = replace(
        typed,
        formula=preset.formulas,
        wrt=typed.wrt or ",".join(preset.wrt),
        shapes=(*shapes, *typed.shapes),
        assume=(*preset.assume, *typed.assume),
    )
    form = wishes.form or (preset.form if wishes.order == 1 or preset.form == "hessian" else "hessian")
    return read_request(given), preset.sizes, form


def series(text: str) -> tuple[str, Sequence[int]]:
    """`n`, or `n=100,200,400`: the name of a size, and the numbers that it runs through."""
    name, given, numbers = text.partition("=")
    hint = f"as in --scale {name.strip() or 'n'}=100,200,400"
    if not given:
        return name.strip(), _SERIES
    try:
        at = [int(number) for number in numbers.split(",")]
    except ValueError:
        raise InputError(f"{numbers.strip() or 'nothing'} is no series of sizes", hint=hint) from None
    if not 2 <= len(at) <= _MOST or sorted(set(at)) != at or at[0] < 1 or at[-1] > _LARGEST:
        raise InputError(
            f"a series is 2 to {_MOST} sizes from 1 to {_LARGEST:,}, each larger than the one before", hint=hint
        )
    return name.strip(), at


def _shown(request: Request, problem: Problem, found: Bench | Growth, wishes: Wishes) -> int:
    from jacobian_cli.api.bench.answer import Growth

    if wishes.svg is not None and isinstance(found, Growth):
        write_files({wishes.svg: found.svg()}, force=wishes.force)
    if request.as_json:
        print_json(found.to_dict())
    else:
        from jacobian_cli.cli.show.bench import show_bench, show_growth

        if isinstance(found, Growth):
            show_growth(problem, found)
        else:
            show_bench(problem, found)
        if wishes.svg is not None:
            from jacobian_cli.cli.screen import Screen

            Screen().line(f"written: {wishes.svg}")
    return RIGHT if found.passed else MISMATCH
