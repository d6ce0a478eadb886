"""`jac derive`: options to a problem, the answer to the screen or to JSON."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Mapping
from typing import Any

import click

from jacobian_cli.api.derive.derivation import derivations
from jacobian_cli.api.input.assume import assumptions_of
from jacobian_cli.api.input.problem import Problem, pose, shapes_of
from jacobian_cli.calculus.reshape import read_convention
from jacobian_cli.cli.request import Request
from jacobian_cli.shape import shape_text
from jacobian_cli.syntax.errors import InputError

# one thread is right for small checks, and a pool of them costs NumPy most of its start
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
RIGHT, MISMATCH = 0, 1


def problem_of(request: Request) -> tuple[Problem, Mapping[str, Any] | None]:
    """The typed problem, and the values given for its variables."""
    shapes = shapes_of(None, request.declarations)
    assume = assumptions_of(None, request.declarations)
    if not request.at:
        return pose(request.statements, request.wrt, shapes, assume=assume), None
    from jacobian_cli.api.input.values import fitted_to, read_values

    values = read_values(list(request.at))
    problem = pose(request.statements, request.wrt, shapes, values, assume)
    return problem, fitted_to(problem, values)


def answer(
    request: Request,
    *,
    points: int,
    full: bool = False,
    order: int = 1,
    layout: str = "numerator",
    vec: str = "row",
    steps: bool = False,
    style: str = "text",
) -> int:
    """Print the answer; the exit status says whether the check passed."""
    problem, values = problem_of(request)
    if order == 2 and problem.output.shape:
        raise InputError(
            f"a Hessian is that of a scalar; {problem.name} is {shape_text(problem.output.shape)}",
            hint="sum it, or take the Jacobian: jac derive",
        )
    found = derivations(problem, second=order == 2, conventions=[read_convention(layout, vec)])
    from jacobian_cli.api.derive.settle import settle  # loads NumPy, autograd and SymPy

    gc.freeze()
    gc.enable()
    if steps and style != "text":
        from jacobian_cli.cli.show.steps import print_steps

        return RIGHT if print_steps(found, style, points) else MISMATCH
    settled = [settle(d, points, values, full=full) for d in found]
    passed = all(each.passed is not False for each in settled)
    if steps:
        passed = passed and all(d.stepwise.checked(points).passed is not False for d in found)
    if request.as_json:
        objects = [
            {**each.to_dict(), **(d.stepwise.to_dict(points) if steps else {})}
            for d, each in zip(found, settled, strict=True)
        ]
        click.echo(json.dumps(objects[0] if len(objects) == 1 else objects, ensure_ascii=False, indent=2))
    elif steps:
        from jacobian_cli.cli.show.steps import show_steps

        show_steps(problem, found, settled, points)
    else:
        from jacobian_cli.cli.screen import show_derivations

        show_derivations(problem, settled, full=full)
    return RIGHT if passed else MISMATCH
