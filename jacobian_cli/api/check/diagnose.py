"""Why a claim is wrong: the mistakes that people make, made on purpose, until one of them gives the claim.

Three searches. The derivation with one wrong step, and the right answer with one change, are looked up by value
(`by_value`); the claim with one change (or two, where it does not even conform, `conform`) is tried for being right
(`by_change`): that names the place in what was typed, and the formula that is right. `book` keeps what was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from jacobian_cli.api.check.answer import Diagnosis
from jacobian_cli.api.check.book import SHOWN, Book, book_of
from jacobian_cli.api.check.claim import Claim
from jacobian_cli.api.check.conform import not_conforming, of_another_shape
from jacobian_cli.api.check.judge import Judge, Verdict
from jacobian_cli.api.check.kinds import rank
from jacobian_cli.api.check.scaled import scaled
from jacobian_cli.api.check.several import by_two, under_facts
from jacobian_cli.checks.verdict.claim import Meaning, TruePoint, same
from jacobian_cli.expr import Expr

Array = Any


def diagnose(judge: Judge, claim: Claim, verdict: Verdict, expr: Expr | None) -> Iterator[Diagnosis]:
    """The explanations found, the most likely first."""
    claim = _of_one_form(judge, claim, verdict)
    book = book_of(judge, _telling(judge, verdict, expr))
    if expr is None:
        yield from not_conforming(judge, claim, book)
        return
    if verdict.meaning is None and not any(np.any(value) for value in judge.values(expr, judge.points)):
        truth = judge.truth(claim.form or judge.usual_form())
        yield Diagnosis("silent_zero", claim.text.strip(), "it is zero everywhere", truth)
        return
    if verdict.nearest is None:
        yield from of_another_shape(judge, claim, expr, book)
        return
    if verdict.meaning is not None and not verdict.declare:
        yield _otherwise_laid(judge, claim, verdict.meaning)
        return
    found, sure = book.explained(claim, expr)
    several = "," in verdict.declare  # that more than one matrix is symmetric explains less than a slip does
    if not sure and (several or not verdict.condition):
        found = under_facts(judge, claim, _conforming, rows=True) or found or by_two(claim, book)
        found = found or under_facts(judge, claim, _conforming, rows=False)
    yield from found
    if not found and not verdict.condition:
        yield _none(judge, claim)


def settled(judge: Judge, claim: Claim, verdict: Verdict, expr: Expr) -> Verdict:
    """A wrong claim that has the shape of second derivatives alone, and does not say what it is: a gradient of another
    shape, unless a mistake gives it that is made with second derivatives.
    """
    second = verdict.nearest is not None and verdict.nearest.form == "hessian"
    if claim.form is not None or verdict.meaning is not None or not second:
        return verdict
    found, _ = book_of(judge).explained(replace(claim, form="hessian"), expr)
    return verdict if any(d.kind != "extra_derivative" for d in found) else Verdict(None, None)


def _of_one_form(judge: Judge, claim: Claim, verdict: Verdict) -> Claim:
    """A claim that says what it is: second derivatives where it has their shape alone, else first ones."""
    if claim.form is not None or judge.problem.output.shape:
        return claim
    second = verdict.nearest is not None and verdict.nearest.form == "hessian"
    return replace(claim, form="hessian" if second else "gradient")


def _telling(judge: Judge, verdict: Verdict, expr: Expr | None) -> list[TruePoint]:
    """The points at which a claim differs from what it comes nearest to, where a function chooses and it may be right
    at some; of others the first two do.
    """
    if expr is None or verdict.nearest is None or judge.at is not None:
        return []
    nearest, pairs = verdict.nearest, list(zip(judge.points, judge.values(expr, judge.points), strict=True))
    apart = [p for p, value in pairs if not same(p, value, judge.true(nearest, p), judge.tolerance())]
    return apart if len(apart) < len(pairs) else []


def _conforming(book: Book, claim: Claim, expr: Expr | None) -> list[Diagnosis]:
    """What explains a claim that has the shape of a derivative."""
    judge = book.judge
    if expr is None or judge.verdict(expr, claim.form).nearest is None:
        return []
    return book.explained(claim, expr)[0]


def _otherwise_laid(judge: Judge, claim: Claim, meaning: Meaning) -> Diagnosis:
    """What a claim that follows another convention is by the one that was asked for."""
    asked_by_columns = meaning.form == "jacobian" and judge.laid.vec == "column"
    kind = "transposed" if ("column" in meaning.convention) is asked_by_columns else "vec_order"
    asked = (
        f"{judge.laid.layout} layout" if meaning.form in ("jacobian", "hessian") else f"the shape of {judge.wrt.name}"
    )
    return Diagnosis(kind, claim.text.strip(), f"for {asked} it is {_NAMED[kind]}", judge.truth(meaning.form))


_NAMED = {"transposed": "transposed", "vec_order": "in the other order of entries"}


def explained_numbers(judge: Judge, value: Array, form: str | None, tolerance: float) -> list[Diagnosis]:
    """What explains numbers at one point, where no formula was given."""
    book, point = book_of(judge), judge.points[0]
    truth = judge.truth(form or judge.usual_form())
    multiple = list(scaled(judge, [np.asarray(value, float)], form, tolerance))
    if multiple:
        return [Diagnosis(kind, "", said, truth) for kind, said in multiple[:SHOWN]]
    for stage in ("whole", "steps", "truth"):
        found: dict[str, Diagnosis] = {}
        for known, _, array in book.by_values.known(form or "", stage):
            if np.shape(array) == np.shape(value) and same(point, value, array, tolerance):
                found.setdefault(known.kind, Diagnosis(known.kind, known.place, known.explanation, truth))
        ranked = sorted(found.values(), key=lambda d: rank(d.kind))
        if ranked:
            return [replace(d, certain=False) for d in ranked[:SHOWN]]
    return [Diagnosis("unknown", "", "none of the mistakes that were tried gives these numbers", truth, certain=False)]


def _none(judge: Judge, claim: Claim) -> Diagnosis:
    said = "none of the mistakes that were tried gives this claim"
    return Diagnosis("unknown", "", said, judge.truth(claim.form or judge.usual_form()), certain=False)
