"""Claims that no single mistake explains: two of them, or one by somebody who takes something for granted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from jacobian_cli.api.check.answer import Diagnosis
from jacobian_cli.api.check.book import Book, book_of
from jacobian_cli.api.check.claim import Claim
from jacobian_cli.api.check.conditions import relaxed
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.kinds import rank
from jacobian_cli.checks.mistakes.edits import edits
from jacobian_cli.expr import Expr
from jacobian_cli.syntax.errors import InputError

Explain = Callable[[Book, Claim, Expr | None], list[Diagnosis]]
_FIRST, _PAIRS = 120, 300
"""How many claims with one change, and with two, are looked at where no single change makes one right."""


def under_facts(judge: Judge, claim: Claim, explain: Explain, *, rows: bool) -> list[Diagnosis]:
    """What explains a claim about a function of which somebody takes something for granted: that y sums to one
    (`rows`), that A is symmetric.
    """
    for name, fact, other in relaxed(judge, rows=rows):
        read = other.reader.read(claim.text, claim.form)
        found = [d for d in explain(book_of(other), read, read.expr) if d.kind != "unknown"]
        if found:
            said = f"; with that mended it is right if {name} {fact.condition}"
            return [replace(d, explanation=d.explanation + said, certain=False) for d in found]
    return []


def by_two(claim: Claim, book: Book) -> list[Diagnosis]:
    """Two mistakes: a change of the claim, and what gives the value that it then has. If a claim has no value at all,
    both may be changes.
    """
    wanted = _CONFORMING if claim.expr is None else _COMMON
    likely = (e for e in book.by_change.edits_of(claim) if e.mended in wanted and book.by_change.sensible(claim, e))
    first = sorted(likely, key=lambda e: rank(e.mended))
    tried = 0
    for edit in first[:_FIRST]:
        try:
            expr = book.judge.reader.built(edit.term, claim.text)
        except InputError:
            continue
        if isinstance(expr, InputError):
            continue
        try:
            told = book.by_value(claim, expr)
        except (ValueError, IndexError, np.linalg.LinAlgError):
            continue
        if told and told[0].kind != edit.mended:
            return _both(book.by_change.by_edit(claim, edit, expr), told[0])
    for edit in first if claim.error is not None else ():  # two places that do not conform
        for second in edits(edit.term, book.by_change.names_in(claim)):
            tried += 1
            if tried > _PAIRS:
                return []
            right = book.by_change.right(claim, second.term) if second.mended in _CONFORMING else None
            if right is not None:
                return _both(book.by_change.by_edit(claim, edit, right), book.by_change.by_edit(claim, second, right))
    return []


def _both(one: Diagnosis, other: Diagnosis) -> list[Diagnosis]:
    """Two mistakes that together are right."""
    if one.kind == other.kind:
        return [replace(other, place=one.place, certain=True)]
    return [replace(one, fix=other.fix, certain=True), replace(other, certain=True)]


_CONFORMING = frozenset(
    "transposed term_transposed order outer_swapped outer_lost inner_for_outer hadamard_for_matmul "
    "matmul_for_hadamard wrong_contraction shape wrong_axis broadcast_axis missing_sum misprint".split()
)
"""Changes after which a claim may be worked out."""
_COMMON = frozenset(
    "transposed term_transposed order outer_swapped sign factor sigma_of_minus wrong_axis broadcast_axis inverse_power "
    "wrong_contraction wrong_node input_for_output sum_term_forgotten wrong_derivative mean_for_sum "
    "ones_for_identity".split()
)
"""Mistakes that people make beside another one."""
