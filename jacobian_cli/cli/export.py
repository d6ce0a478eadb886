"""`jac export`: an answer as a file, and a test of it beside."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from pathlib import Path

import click

from jacobian_cli.cli.files import write_files
from jacobian_cli.cli.request import Request
from jacobian_cli.syntax.errors import InputError

WRITTEN, FAILED = 0, 1


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wanted, and where it goes."""

    to: str
    output: str | None
    force: bool
    order: int
    unchecked: bool


def answer(request: Request, wishes: Wishes) -> int:
    """Write the export, to a file or to the screen. What fails its check is not written as source: status 1."""
    from jacobian_cli.api.derive.derivation import derivations
    from jacobian_cli.api.derive.source import FailedError
    from jacobian_cli.api.export.run import export
    from jacobian_cli.cli.derive import problem_of

    if request.at:
        raise InputError("export is of a formula, at no point", hint="leave --at out; jac derive takes it")
    problem, _ = problem_of(request)
    if wishes.order == 2 and problem.output.shape:
        raise InputError(f"a Hessian is that of a scalar; {problem.name} is none", hint="leave --order out, or sum it")
    found = derivations(problem, second=wishes.order == 2, checking=not wishes.unchecked)
    gc.freeze()
    gc.enable()
    try:
        text = export(found if len(found) > 1 else found[0], wishes.to)
    except FailedError as error:
        click.echo(f"jac: {error}", err=True)
        return FAILED
    if wishes.output is None:
        click.echo(text, nl=False)
        return WRITTEN
    write_files({wishes.output: text}, force=wishes.force)
    click.echo(f"wrote {Path(wishes.output)}")
    return WRITTEN
