"""`jac page`: one answer as one file of HTML."""

from __future__ import annotations

import click

from jacobian_cli.cli.derive import problem_of
from jacobian_cli.cli.files import write_files
from jacobian_cli.cli.request import Request
from jacobian_cli.cli.status import MISMATCH, RIGHT
from jacobian_cli.serve.page import page
from jacobian_cli.serve.question import command_of
from jacobian_cli.serve.tabs.answer import settled_of


def answer(request: Request, output: str, *, force: bool) -> int:
    """Write the page. What does not pass its check says so on it; the exit status says it too."""
    text, status = page_of(request)
    write_files({output: text}, force=force)
    click.echo(f"wrote {output}")
    return status


def page_of(request: Request, *, script: bool = True) -> tuple[str, int]:
    """The page, and the exit status that goes with its verdict."""
    problem, values = problem_of(request)
    formulas = [statement.source.strip() for statement in request.statements]
    proofs = settled_of(problem)
    command = command_of(formulas, request.declarations, request.wrt, request.at)
    text = page(problem, command, values, proofs, script=script)
    return text, MISMATCH if any(each.passed is False for each in proofs) else RIGHT
