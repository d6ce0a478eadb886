"""For which sizes a claim that is right is proven."""

from __future__ import annotations

from jacobian_cli.api.check.claim import TANGENT, UPSTREAM
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.checks.every_size.certificate import Certificate, Doubt
from jacobian_cli.checks.every_size.digits import settled
from jacobian_cli.checks.every_size.question import Question
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.checks.verdict.claim import Meaning
from jacobian_cli.expr import Expr

_ROWS = ("tensor", "flat")
"""Conventions in which entries stand row by row, whatever was asked for."""


def reach(judge: Judge, expr: Expr, meaning: Meaning) -> Certificate | Doubt | None:
    """Compare a right claim exactly, at as many sizes as it takes; a `Doubt` names sizes at which it may be wrong.

    >>> from jacobian_cli.api.input.problem import pose, statements_of
    >>> judge = Judge(pose(statements_of("x.T@A@x"), ["x"], {}))
    >>> claim = judge.reader.read("(A + A.T)@x")
    >>> print(reach(judge, claim.expr, judge.verdict(claim.expr, claim.form).meaning))
    for every n: exactly, modulo a prime, at 1 size (≤ 2 indices a term)
    """
    if judge.at is not None:
        return None
    problem, laid = judge.problem, Laid() if meaning.convention in _ROWS else judge.laid
    form = f"hessian {judge.wrt.name}" if meaning.form == "hessian" else meaning.form
    return settled(
        Question(problem.output, judge.wrt, {form: expr}, problem.variables, problem.facts, laid, UPSTREAM, TANGENT)
    )
