"""Claims that cannot be multiplied, or have a shape that no convention gives: the smallest change that mends them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from jacobian_cli.api.check.answer import Diagnosis
from jacobian_cli.api.check.book import Book
from jacobian_cli.api.check.claim import Claim
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.several import by_two, under_facts
from jacobian_cli.checks.verdict.claim import TruePoint, same
from jacobian_cli.expr import Expr
from jacobian_cli.syntax.errors import Span

Array = Any


def not_conforming(judge: Judge, claim: Claim, book: Book) -> Iterator[Diagnosis]:
    """A claim that cannot be worked out, with the smallest change after which it is right."""
    error = claim.error
    assert error is not None
    span = error.span or Span(0, len(claim.text))
    found = _explained(book, claim, None) or under_facts(judge, claim, _explained, rows=True) or by_two(claim, book)
    place = claim.text[span.start : span.stop].strip()
    fix = found[0].fix if found else judge.truth(claim.form or judge.usual_form())
    yield from found
    yield Diagnosis("does_not_conform", place, error.message, fix, certain=True)


def of_another_shape(judge: Judge, claim: Claim, expr: Expr, book: Book) -> Iterator[Diagnosis]:
    """A claim that can be worked out, and has a shape that no convention gives the derivative."""
    (value, *_) = judge.values(expr, judge.points[:1])
    wanted = [m for m in judge.meanings(claim.form) if m.right]
    point = judge.points[0]
    shapes = " or ".join(
        dict.fromkeys(_shape(m.of(point)) for m in wanted if m.form != "hessian" or claim.form == "hessian")
    )
    found = _a_diagonal(judge, expr) or _explained(book, claim, expr) or _a_jacobian(judge, claim, expr)
    found = found or under_facts(judge, claim, _explained, rows=True) or by_two(claim, book)
    found = found or under_facts(judge, claim, _explained, rows=False)
    yield from found
    said = f"it is {_shape(value)} where the derivative is {shapes} (at {_sizes(point)})"
    fix = found[0].fix if found else judge.truth(claim.form or judge.usual_form())
    yield Diagnosis("shape", claim.text.strip(), said, fix, certain=True)


def _explained(book: Book, claim: Claim, expr: Expr | None) -> list[Diagnosis]:
    """One mistake that explains a claim, by its place or by its value."""
    return book.mended_by_one(claim) or (book.by_value(claim, expr) if expr is not None else [])


def _a_diagonal(judge: Judge, expr: Expr) -> list[Diagnosis]:
    """A vector that is the diagonal of the Jacobian."""
    whole = True
    for point, value in zip(judge.points, judge.values(expr, judge.points), strict=True):
        table = point.table
        if value.shape != table.shape[:1] or table.shape[0] != table.shape[1]:
            return []
        if not same(point, value, np.diagonal(table), judge.tolerance()):
            return []
        whole = whole and not np.any(table[~np.eye(len(table), dtype=bool)])
    if whole:
        said = "it is the diagonal of the Jacobian, which is a matrix with nothing off it"
        return [Diagnosis("shape", "", said, judge.truth("jacobian"))]
    said = "it is only the diagonal of the Jacobian: every entry of the output depends on every entry of the variable"
    return [Diagnosis("diagonal_only", "", said, judge.truth("jacobian"))]


def _a_jacobian(judge: Judge, claim: Claim, expr: Expr) -> list[Diagnosis]:
    """What stands for a backward rule and is the Jacobian."""
    if claim.form != "vjp" or judge.verdict(expr, "jacobian").meaning is None:
        return []
    said = "it is the Jacobian: the upstream gradient is left out"
    return [Diagnosis("upstream_forgotten", claim.text.strip(), said, judge.truth("vjp"))]


def _shape(value: Array) -> str:
    shape = np.shape(value)
    return " × ".join(map(str, shape)) if len(shape) > 1 else f"a vector of {shape[0]}" if shape else "a number"


def _sizes(point: TruePoint) -> str:
    return ", ".join(f"{name} = {size}" for name, size in point.sizes.items()) or "the sizes declared"
