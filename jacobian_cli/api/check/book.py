"""What is known of the mistakes made about one function, kept with what judges claims about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from jacobian_cli.api.check.answer import Diagnosis
from jacobian_cli.api.check.by_change import ByChange, spelled_form
from jacobian_cli.api.check.by_value import ByValue, Known
from jacobian_cli.api.check.claim import Claim
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.kinds import rank
from jacobian_cli.checks.mistakes.edits import Edit
from jacobian_cli.checks.verdict.claim import TruePoint
from jacobian_cli.expr import Expr
from jacobian_cli.printers.language import text

SHOWN = 2
"""So many explanations are given of one claim."""


def book_of(judge: Judge, telling: Sequence[TruePoint] = ()) -> Book:
    """The mistakes that are known of a function, kept with it.

    They are looked up at two points: where the claim in question differs from the truth if those are named, since at
    others a mistake that does nothing there explains it as well.
    """
    # where the derivative is zero every mistake looks alike
    points = tuple(sorted(telling or judge.points, key=lambda p: not np.any(p.table))[:2])
    books: dict[tuple[TruePoint, ...], Book] = judge.__dict__.setdefault("books", {})
    if points not in books:
        books[points] = Book(judge, points)
    return books[points]


class Book:
    """The mistakes about one function and variable: by what they give, and by what mends them."""

    def __init__(self, judge: Judge, points: Sequence[TruePoint]) -> None:
        self.judge = judge
        self.by_change = ByChange(judge)
        self.by_values = ByValue(judge, self.by_change.swaps, points)
        self._kinds: dict[object, frozenset[str]] = {}

    def explained(self, claim: Claim, expr: Expr) -> list[Diagnosis]:
        """What explains a claim that conforms, the likeliest first.

        What is wrong with the whole of it is looked for first: it is what people do most.
        """
        said = self._said_of(claim, expr)
        known = self._kinds.get(said)
        found, placed = self._whole_or_part(claim, expr, known)
        # what has a place in the claim says more than what only gives its value
        ranked = sorted(found.values(), key=lambda d: (d.kind not in placed, rank(d.kind)))
        specific = [d for d in ranked if d.kind != "unknown"] or ranked
        self._kinds.setdefault(said, frozenset(d.kind for d in specific[:SHOWN]))
        return [Diagnosis(d.kind, d.place, d.explanation, d.fix, certain=len(specific) == 1) for d in specific[:SHOWN]]

    def _said_of(self, claim: Claim, expr: Expr) -> object:
        """What a claim gives at the points: two that give the same are wrong in the same way."""
        scales = [point.scale(point.table) for point in self.by_values.points]
        values = zip(self.judge.values(expr, self.by_values.points), scales, strict=True)
        return (claim.form, *((np.shape(v), np.round(v / scale, 9).tobytes()) for v, scale in values))

    def _whole_or_part(
        self, claim: Claim, expr: Expr, kinds: frozenset[str] | None
    ) -> tuple[dict[str, Diagnosis], set[str]]:
        """The explanations by their kind, and the kinds that have a place in the claim; `kinds` are known already."""
        found = self._told(claim, self.by_values.looked_up(claim, expr, ("whole",)))
        if found:
            fixes = self.by_change.mending(claim, (e for e in self.by_change.edits_of(claim) if e.mended in found))
            edit, fix = next(iter(fixes), (None, None))
            if edit is None or fix is None:
                return found, set()
            old = found[edit.mended]
            found[edit.mended] = Diagnosis(
                old.kind, self.by_change.quoted(claim, edit), old.explanation, spelled_form(text(fix))
            )
            return found, {edit.mended}
        tried = (
            self.by_change.mended(claim)
            if kinds is None
            else self.by_change.mending(claim, self._edits_of(claim, kinds))
        )
        for edit, fix in tried:
            found.setdefault(edit.mended, self.by_change.by_edit(claim, edit, fix))
            if kinds is not None and kinds <= found.keys():
                break
        placed = set(found)
        if kinds is None or not kinds <= found.keys():
            for kind, told in self._told(claim, self.by_values.looked_up(claim, expr, ("steps", "truth"))).items():
                found.setdefault(kind, told)
        return found, placed

    def _edits_of(self, claim: Claim, kinds: frozenset[str]) -> Iterator[Edit]:
        return (edit for edit in self.by_change.edits_of(claim) if edit.mended in kinds)

    def by_value(self, claim: Claim, expr: Expr) -> list[Diagnosis]:
        """What gives a claim, in whatever shape it is."""
        found = self._told(claim, self.by_values.looked_up(claim, expr, ("whole", "steps", "truth")))
        ranked = sorted((d for d in found.values() if d.kind != "unknown"), key=lambda d: rank(d.kind))
        return [replace(d, certain=len(ranked) == 1) for d in ranked[:SHOWN]]

    def _told(self, claim: Claim, found: Iterable[Known]) -> dict[str, Diagnosis]:
        """The mistakes found by value, one of each kind."""
        told: dict[str, Diagnosis] = {}
        truth = self.judge.truth(claim.form or self.judge.usual_form())
        for known in found:
            told.setdefault(known.kind, Diagnosis(known.kind, known.place, known.explanation, truth))
        return told
