"""`jac chain`: options to a composition, the answer to the screen or to JSON."""

from __future__ import annotations

import gc
import json
from dataclasses import replace

import click

from jacobian_cli.api.chain.compose import composed
from jacobian_cli.api.chain.composition import composition
from jacobian_cli.cli.derive import MISMATCH, RIGHT, problem_of
from jacobian_cli.cli.request import Request


def answer(
    request: Request,
    *,
    points: int,
    rate: float | None = None,
    full: bool = False,
    steps: bool = False,
    style: str = "text",
) -> int:
    """Print the answer; the exit status says whether the check passed."""
    known = [*request.wrt, *(declaration.name for declaration in request.declarations)]
    statements, note = composed(request.statements, known)
    problem, values = problem_of(replace(request, statements=tuple(statements)))
    found = composition(problem, note)
    gc.freeze()
    gc.enable()
    if steps and style != "text":
        from jacobian_cli.cli.show.steps import print_steps

        return RIGHT if print_steps(found.stepwise, style, points) else MISMATCH
    proof = found.prove(points, values, rate)
    if request.as_json:
        derived = found.steps_dict(points) if steps else {}
        click.echo(json.dumps({**found.to_dict(), **derived, **proof.to_dict()}, ensure_ascii=False, indent=2))
    else:
        from jacobian_cli.cli.show.chain import show_chain

        show_chain(found, proof, full=full, steps=points if steps else None)
    right = not steps or all(d.stepwise.checked(points).passed is not False for d in found.stepwise)
    return RIGHT if right and proof.passed is not False else MISMATCH
