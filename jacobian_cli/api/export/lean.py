"""Answers as statements for Lean."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.api.derive.proof import relied_on
from jacobian_cli.api.derive.source import Written
from jacobian_cli.printers.lean.statement import Statement, statement_source
from jacobian_cli.syntax.errors import InputError


def lean_source(answers: Sequence[Written]) -> str:
    """A file of theorems. Raises `InputError` for what has no statement there."""
    if answers[0].answer.hessian is not None:
        raise InputError("Lean is given first derivatives", hint="leave the order out")
    return statement_source([_stated(written) for written in answers])


def _stated(written: Written) -> Statement:
    answer, problem = written.answer, written.answer.problem
    forms = answer.forms
    return Statement(
        problem.name,
        problem.output,
        answer.variable,
        forms.vjp if forms.gradient is None else forms.gradient,
        answer.derivative.upstream if forms.gradient is None else None,
        problem.variables,
        relied_on(answer),
        problem.text,
    )
