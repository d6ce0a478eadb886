"""`jac check`: a claim to a judge, the verdict to the screen or to JSON."""

from __future__ import annotations

import gc
import json

import click

from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.judged import judged
from jacobian_cli.cli.derive import MISMATCH, RIGHT, problem_of
from jacobian_cli.cli.request import Request
from jacobian_cli.syntax.errors import InputError


def answer(request: Request, claim: str, *, layout: str, vec: str, form: str | None, rtol: float | None) -> int:
    """Print the verdict; the exit status is 0 for a claim that is right as it stands."""
    if len(request.wrt) != 1:
        raise InputError("a claim is about one variable", text=", ".join(request.wrt), hint="name one with --wrt")
    problem, values = problem_of(request)
    gc.freeze()
    gc.enable()
    found = judged(Judge(problem, layout=layout, vec=vec, rtol=rtol, at=values), claim, form)
    if request.as_json:
        click.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
    else:
        from jacobian_cli.cli.show.check import show_check

        show_check(problem, found)
    return RIGHT if found.passed else MISMATCH
