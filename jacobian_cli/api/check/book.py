"""What is known of the mistakes made about one function, kept with what judges claims about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from jacobian_cli.api.check.answer import Diagnosis
from jacobian_cli.api.check.by_change import ByChange
from jacobian_cli.api.check.by_value import ByValue, Known
from jacobian_cli.api.check.claim import Claim
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.kinds import rank
from jacobian_cli.api.check.scaled import scaled, scaled_by_part
from jacobian_cli.checks.mistakes.edits import Edit
from jacobian_cli.checks.verdict.claim import TruePoint
from jacobian_cli.expr import Expr

_NEARER = {"factor": ("mean_for_sum", "wrong_axis"), "extra_derivative": ("inverse_power",)}
"""Kinds that say more of a claim which is a multiple of the right one."""
SHOWN = 2
"""So many explanations are given of one claim."""


def book_of(judge: Judge, telling: Sequence[TruePoint] = ()) -> Book:
    """The mistakes that are known of a function, kept with it.

    They are looked up at two points: where the claim in question differs from the truth if those are named, since at
    others a mistake that does nothing there explains it as well. What is found there has to hold at a few more, where
    a function may choose otherwise.
    """
    points = _spread(telling or judge.points, judge.points)
    books: dict[tuple[TruePoint, ...], Book] = judge.__dict__.setdefault("books", {})
    if points not in books:
        books[points] = Book(judge, points)
    return books[points]


def _spread(telling: Sequence[TruePoint], others: Sequence[TruePoint]) -> tuple[TruePoint, ...]:
    """The points to look mistakes up at: two that tell, of different draws if there are, and those to confirm them."""
    # where the derivative is zero every mistake looks alike
    first, *rest = sorted(telling, key=lambda p: not np.any(p.table))
    # beside a point lie those farther out in its direction, where everything has the same sign
    second = sorted(rest, key=lambda p: (not np.any(p.table), p.sizes == first.sizes))[:1]
    more = (p for p in others if p not in (first, *second) and len({*p.sizes.values()}) == len(p.sizes))
    return (first, *second, *islice(more, _CONFIRMING))


_CONFIRMING = 4


class Book:
    """The mistakes about one function and variable: by what they give, and by what mends them."""

    def __init__(self, judge: Judge, points: Sequence[TruePoint]) -> None:
        self.judge = judge
        self.by_change = ByChange(judge)
        self.by_values = ByValue(judge, self.by_change.names, points)
        self._kinds: dict[object, frozenset[str]] = {}

    def explained(self, claim: Claim, expr: Expr) -> tuple[list[Diagnosis], bool]:
        """What explains a claim that conforms, the likeliest first; and whether it is wrong with the whole, or in a
        place of the claim.

        What is wrong with the whole of it is looked for first: it is what people do most.
        """
        said = self._said_of(claim, expr)
        known = self._kinds.get(said)
        found, placed, together = self._whole_or_part(claim, expr, known)
        # what has a place in the claim says more than what only gives its value
        ranked = sorted(found.values(), key=lambda d: (d.kind not in placed, not d.place, rank(d.kind)))
        specific = [d for d in ranked if d.kind != "unknown"] or ranked
        self._kinds.setdefault(said, frozenset(d.kind for d in specific[:SHOWN]))
        sure = together or len(specific) == 1
        told = [replace(d, certain=sure and d.kind != "unknown") for d in specific[:SHOWN]]
        return told, bool(placed)

    def _said_of(self, claim: Claim, expr: Expr) -> object:
        """What a claim gives at the points: two that give the same are wrong in the same way."""
        scales = [point.scale(point.table) for point in self.by_values.points]
        values = zip(self.judge.values(expr, self.by_values.points), scales, strict=True)
        return (claim.form, *((np.shape(v), np.round(v / scale, 9).tobytes()) for v, scale in values))

    def _whole_or_part(
        self, claim: Claim, expr: Expr, kinds: frozenset[str] | None
    ) -> tuple[dict[str, Diagnosis], set[str], bool]:
        """The explanations by their kind, the kinds that have a place in the claim, and whether all of them were made
        together; `kinds` are known already.
        """
        multiple = self._scaled(claim, expr)
        found = multiple or self._told(claim, self.by_values.looked_up(claim, expr, ("whole",)))
        if found:
            return *self._placed(claim, found), bool(multiple)
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
        if not found:
            truth = self.judge.truth(claim.form or self.judge.usual_form())
            for kind, said in scaled_by_part(self.judge, expr, claim.form):
                found[kind] = Diagnosis(kind, "", said, truth)
        return found, placed, False

    def _scaled(self, claim: Claim, expr: Expr) -> dict[str, Diagnosis]:
        """What is said of a multiple of the derivative."""
        truth = self.judge.truth(claim.form or self.judge.usual_form())
        values = self.judge.values(expr, self.judge.points)
        return {kind: Diagnosis(kind, "", said, truth) for kind, said in scaled(self.judge, values, claim.form)}

    def _placed(self, claim: Claim, found: dict[str, Diagnosis]) -> tuple[dict[str, Diagnosis], set[str]]:
        """What is wrong with the whole, with the place in the claim where one change mends it."""
        wanted = {*found, *(kind for of, kinds in _NEARER.items() if of in found for kind in kinds)}
        tried = (edit for edit in self.by_change.edits_of(claim) if edit.mended in wanted)
        mended: dict[str, tuple[Edit, Expr]] = {}
        for edit, fix in self.by_change.mending(claim, tried):
            mended.setdefault(edit.mended, (edit, fix))
            if edit.mended not in found:
                break
        nearer = [kind for kind in mended if kind not in found]
        for kind in nearer or list(mended)[:1]:
            edit, fix = mended[kind]
            told = self.by_change.by_edit(claim, edit, fix)
            said = told.explanation if nearer else found[kind].explanation
            changed = Diagnosis(kind, told.place, said, told.fix)
            return ({kind: changed} if nearer else {**found, kind: changed}), {kind}
        return found, set(found)

    def _edits_of(self, claim: Claim, kinds: frozenset[str]) -> Iterator[Edit]:
        return (edit for edit in self.by_change.edits_of(claim) if edit.mended in kinds)

    def mended_by_one(self, claim: Claim) -> list[Diagnosis]:
        """One change that makes a claim conform and be right."""
        found = self.by_change.mended(claim)
        kinds: dict[str, Diagnosis] = {}
        for edit, fix in sorted(found, key=lambda pair: rank(pair[0].mended)):
            kinds.setdefault(edit.mended, self.by_change.by_edit(claim, edit, fix))
        chosen = [d for d in kinds.values() if d.kind != "unknown"] or list(kinds.values())
        return [replace(d, certain=len(chosen) == 1 and d.kind != "unknown") for d in chosen[:SHOWN]]

    def by_value(self, claim: Claim, expr: Expr) -> list[Diagnosis]:
        """What gives a claim, in whatever shape it is."""
        found = self._told(claim, self.by_values.looked_up(claim, expr, ("whole", "steps", "truth")))
        ranked = sorted((d for d in found.values() if d.kind != "unknown"), key=lambda d: (not d.place, rank(d.kind)))
        return [replace(d, certain=len(ranked) == 1) for d in ranked[:SHOWN]]

    def _told(self, claim: Claim, found: Iterable[Known]) -> dict[str, Diagnosis]:
        """The mistakes found by value, one of each kind."""
        told: dict[str, Diagnosis] = {}
        truth = self.judge.truth(claim.form or self.judge.usual_form())
        for known in found:
            told.setdefault(known.kind, Diagnosis(known.kind, known.place, known.explanation, truth))
        return told
