"""The facts under which a claim that is wrong is right, and those under which the derivative is another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from jacobian_cli.api.check.judge import Judge, Names, Verdict
from jacobian_cli.checks.verdict.claim import Meaning, TruePoint, same
from jacobian_cli.expr import Expr, Variable
from jacobian_cli.ops.facts import FACTS, PLACES, Fact, everything
from jacobian_cli.printers.language import text

Array = Any
_SYMMETRIC = "symmetric"
_FEW = 4
"""Of so many matrices it is asked whether a claim needs them to be symmetric."""


def conditional_verdict(judge: Judge, expr: Expr, form: str | None) -> Verdict:
    """What a value is, with the fact to declare where that makes it a derivative that was asked for.

    >>> from jacobian_cli.api.input.problem import pose, statements_of
    >>> judge = Judge(pose(statements_of("x.T@A@x"), ["x"], {}))
    >>> claim = judge.reader.read("2*A@x")
    >>> judge.verdict(claim.expr, claim.form).meaning is None
    True
    >>> conditional_verdict(judge, claim.expr, claim.form).condition
    'A is symmetric'
    """
    verdict = judge.verdict(expr, form)
    if verdict.meaning is not None or verdict.nearest is None or judge.at is not None:
        return verdict
    right = [m for m in judge.fitting(expr, form) if m.right]
    return (
        _by_free_entries(judge, expr, right, verdict)
        or _under_one_fact(judge, expr, form, right, verdict)
        or _where_all_are_symmetric(judge, expr, form, right, verdict)
        or verdict
    )


def _by_free_entries(judge: Judge, expr: Expr, right: Sequence[Meaning], verdict: Verdict) -> Verdict | None:
    """Whether a claim is the gradient of a symmetric variable by the entries that may then move."""
    name = judge.wrt.name
    by_matrix = _square(judge.wrt) and any(m.form == "gradient" for m in right)
    if not by_matrix or not _holds_under(judge, expr, _FREE, (name,), _SYMMETRIC):
        return None
    condition = f"{name} is symmetric and only its entries on and below the diagonal are free"
    return Verdict(_FREE, verdict.nearest, condition, f"{name}={_SYMMETRIC}")


def _half(point: TruePoint) -> Array:
    """The gradient by the free entries of a symmetric matrix, laid out as the matrix."""
    gradient = point.table.reshape(point.variable)
    return gradient + gradient.T - gradient * np.eye(len(gradient))


_FREE = Meaning("gradient", "symmetric", _half)


def _under_one_fact(
    judge: Judge, expr: Expr, form: str | None, right: Sequence[Meaning], verdict: Verdict
) -> Verdict | None:
    """Whether a claim is right where one fact holds of one variable."""
    for name, variable in judge.problem.variables.items():
        for fact in FACTS.values():
            if (fact.square and not _square(variable)) or (fact.ties and not variable.shape) or fact.name == PLACES:
                continue
            if name == judge.wrt.name and not fact.square:  # it would excuse what is wrong at other values
                continue
            if fact.name in everything(judge.problem.facts.get(name, ())):
                continue
            for meaning in right:
                holds = _holds_under(judge, expr, meaning, (name,), fact.name)
                if holds and _right_once_declared(judge, expr, form, (name,), fact.name):
                    return Verdict(meaning, verdict.nearest, f"{name} {fact.condition}", f"{name}={fact.name}")
    return None


def _where_all_are_symmetric(
    judge: Judge, expr: Expr, form: str | None, right: Sequence[Meaning], verdict: Verdict
) -> Verdict | None:
    """Whether a claim is right where several matrices are symmetric, as covariances are."""
    square = [n for n, v in judge.problem.variables.items() if n != judge.wrt.name and _square(v)]
    needed = [n for n in square if _SYMMETRIC not in everything(judge.problem.facts.get(n, ()))]
    for meaning in right if len(needed) > 1 else ():
        if not _holds_under(judge, expr, meaning, tuple(needed), _SYMMETRIC):
            continue
        for name in needed[:_FEW]:
            fewer = tuple(n for n in needed if n != name)
            if _holds_under(judge, expr, meaning, fewer, _SYMMETRIC):
                needed = [*fewer]
        if _right_once_declared(judge, expr, form, tuple(needed), _SYMMETRIC):
            declared = ",".join(f"{name}={_SYMMETRIC}" for name in needed)
            return Verdict(meaning, verdict.nearest, f"{' and '.join(needed)} are symmetric", declared)
    return None


def _right_once_declared(judge: Judge, expr: Expr, form: str | None, names: Names, fact: str) -> bool:
    """Whether a claim is right once a fact is declared: what is said to make it right must do so."""
    other = judge.under(names, fact)
    return other.any_point and other.verdict(expr, form).meaning is not None


def _holds_under(judge: Judge, expr: Expr, meaning: Meaning, names: Names, fact: str) -> bool:
    """Whether a claim is right wherever a fact holds of these names.

    Where the derivative is zero a claim of another sign or factor is no worse: it takes two points where it is not.
    """
    moving = 0
    for point in judge.points_under(names, fact):
        if not judge.holds(expr, meaning, [point]):
            return False
        moving += bool(np.any(point.table))
    return moving > 1


def relaxed(judge: Judge, *, rows: bool) -> Iterator[tuple[str, Fact, Judge]]:
    """Judges of the same function under one fact more, of rows or of square matrices, where that makes its derivative
    another one.
    """
    if judge.at is not None:
        return
    for name, variable in judge.problem.variables.items():
        for fact in FACTS.values():
            if not ((fact.rows and variable.shape) if rows else (fact.name == _SYMMETRIC and _square(variable))):
                continue
            if name == judge.wrt.name and not fact.square:
                continue
            other = judge.under((name,), fact.name)
            if _another(judge, other.closed_form(judge.usual_form())) and other.any_point:
                yield name, fact, other


def _another(judge: Judge, truth: Expr) -> bool:
    """Whether what is the derivative under a fact is another one without it, and not the same otherwise spelled."""
    own = judge.closed_form(judge.usual_form())
    if text(truth) == text(own):
        return False
    points = judge.points[:2]
    pairs = zip(points, judge.values(truth, points), judge.values(own, points), strict=True)
    return not all(same(point, a, b, judge.tolerance()) for point, a, b in pairs)


def _square(variable: Variable) -> bool:
    return len(variable.shape) == 2 and variable.shape[0] is variable.shape[1]
