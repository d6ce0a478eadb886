"""`jac page`: one answer as one file of HTML."""

from __future__ import annotations

import click

from jacobian_cli.cli.derive import MISMATCH, RIGHT, problem_of
from jacobian_cli.cli.files import write_files
from jacobian_cli.cli.request import Request
from jacobian_cli.serve.page import page
from jacobian_cli.serve.question import command_of
from jacobian_cli.serve.tabs.answer import settled_of


def answer(request: Request, output: str, *, force: bool) -> int:
    """Write the page. What does not pass its check says so on it; the exit status says it too."""
    problem, values = problem_of(request)
    formulas = [statement.source.strip() for statement in request.statements]
    proofs = settled_of(problem)
    text = page(problem, command_of(formulas, request.declarations, request.wrt, request.at), values, proofs)
    write_files({output: text}, force=force)
    click.echo(f"wrote {output}")
    return MISMATCH if any(each.passed is False for each in proofs) else RIGHT
