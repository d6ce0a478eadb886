"""Claims that cannot be multiplied, or have a shape that no convention gives: the smallest change that mends them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from jacobian_cli.api.check.answer import Diagnosis
from jacobian_cli.api.check.book import SHOWN, Book
from jacobian_cli.api.check.claim import Claim
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.kinds import rank
from jacobian_cli.checks.mistakes.edits import edits
from jacobian_cli.checks.verdict.claim import TruePoint, same
from jacobian_cli.expr import Expr
from jacobian_cli.syntax.errors import InputError, Span

Array = Any
_PAIRS = 300
"""How many claims with two changes are tried, where no single change makes one conform."""


def not_conforming(judge: Judge, claim: Claim, book: Book) -> Iterator[Diagnosis]:
    """A claim that cannot be worked out, with the smallest change after which it is right."""
    error = claim.error
    assert error is not None
    span = error.span or Span(0, len(claim.text))
    found = _by_one(claim, book) or _by_two(claim, book)
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
    found = _a_diagonal(judge, expr) or _by_one(claim, book) or book.by_value(claim, expr) or _by_two(claim, book)
    yield from found
    said = f"it is {_shape(value)} where the derivative is {shapes} (at {_sizes(point)})"
    fix = found[0].fix if found else judge.truth(claim.form or judge.usual_form())
    yield Diagnosis("shape", claim.text.strip(), said, fix, certain=True)


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


def _shape(value: Array) -> str:
    shape = np.shape(value)
    return " × ".join(map(str, shape)) if len(shape) > 1 else f"a vector of {shape[0]}" if shape else "a number"


def _sizes(point: TruePoint) -> str:
    return ", ".join(f"{name} = {size}" for name, size in point.sizes.items()) or "the sizes declared"


def _by_one(claim: Claim, book: Book) -> list[Diagnosis]:
    """One change that makes a claim conform and be right."""
    found = book.by_change.mended(claim)
    kinds: dict[str, Diagnosis] = {}
    for edit, fix in sorted(found, key=lambda pair: rank(pair[0].mended)):
        kinds.setdefault(edit.mended, book.by_change.by_edit(claim, edit, fix))
    chosen = [d for d in kinds.values() if d.kind != "unknown"] or list(kinds.values())
    return [replace(d, certain=len(chosen) == 1) for d in chosen[:SHOWN]]


def _by_two(claim: Claim, book: Book) -> list[Diagnosis]:
    """Two mistakes: a change by which the claim comes to conform, and what gives the value that it then has."""
    first = sorted((e for e in book.by_change.edits_of(claim) if e.mended in _CONFORMING), key=lambda e: rank(e.mended))
    tried = 0
    for edit in first:
        expr = book.judge.reader.built(edit.term, claim.text)
        if isinstance(expr, InputError):
            continue
        try:
            told = book.by_value(claim, expr)
        except (ValueError, IndexError, np.linalg.LinAlgError):
            continue
        if told:
            return _both(book.by_change.by_edit(claim, edit, expr), told[0])
    for edit in first:  # two places that do not conform
        for second in edits(edit.term, book.by_change.swaps, claim.upstream):
            tried += 1
            if tried > _PAIRS:
                return []
            right = book.by_change.right(claim, second.term) if second.mended in _CONFORMING else None
            if right is not None:
                return _both(book.by_change.by_edit(claim, edit, right), book.by_change.by_edit(claim, second, right))
    return []


def _both(one: Diagnosis, other: Diagnosis) -> list[Diagnosis]:
    """Two mistakes that together are right."""
    return [replace(other, place=one.place)] if one.kind == other.kind else [replace(one, fix=other.fix), other]


_CONFORMING = frozenset(
    "transposed term_transposed order outer_swapped outer_lost inner_for_outer hadamard_for_matmul "
    "matmul_for_hadamard wrong_contraction shape".split()
)
