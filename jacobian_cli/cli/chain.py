"""`jac chain`: options to a composition, the answer to the screen or to JSON."""

from __future__ import annotations

import gc
import json
from dataclasses import replace

import click

from jacobian_cli.api.chain import composition
from jacobian_cli.api.stages import composed
from jacobian_cli.cli.derive import MISMATCH, RIGHT, problem_of
from jacobian_cli.cli.request import Request


def answer(request: Request, *, points: int, rate: float | None = None, full: bool = False) -> int:
    """Print the answer; the exit status says whether the check passed."""
    known = [*request.wrt, *(declaration.name for declaration in request.declarations)]
    statements, note = composed(request.statements, known)
    problem, values = problem_of(replace(request, statements=tuple(statements)))
    found = composition(problem, note)
    gc.freeze()
    gc.enable()
    proof = found.prove(points, values, rate)
    if request.as_json:
        click.echo(json.dumps({**found.to_dict(), **proof.to_dict()}, ensure_ascii=False, indent=2))
    else:
        from jacobian_cli.cli.screen_chain import show_chain

        show_chain(found, proof, full=full)
    return MISMATCH if proof.passed is False else RIGHT
