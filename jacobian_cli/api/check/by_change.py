"""Claims with one change, tried for being right: that names the place in what was typed, and the right formula."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from jacobian_cli.api.check.answer import Diagnosis
from jacobian_cli.api.check.claim import UPSTREAM, Claim
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.kinds import SAID
from jacobian_cli.checks.mistakes.edits import Edit, described, edits
from jacobian_cli.checks.mistakes.terms import Known, key
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.expr import Expr
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.printers.language import text
from jacobian_cli.shape import ONE
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.parser import parse
from jacobian_cli.syntax.tree import Call, Definition, Group, Literal, Name, Slice, Term

Array = Any
_TOLERANCE = 1e-8


class ByChange:
    """The claims about one function and variable that one change makes right."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self._mended: dict[tuple[object, str], list[tuple[Edit, Expr]]] = {}
        self._aims: dict[str | None, list[tuple[Array, float]]] = {}

    def edits_of(self, claim: Claim) -> Iterator[Edit]:
        """All single changes of a claim."""
        return claim.variants(lambda term: edits(term, self.names_in(claim)))

    def names_in(self, claim: Claim) -> Known:
        """What is known of the names in a claim; one that does not conform may have a name of another shape."""
        strangers: dict[str, list[str]] = {}
        if claim.error is not None:
            named = {n: alike for n, alike in self.names.alike.items() if n not in self.names.sizes}
            strangers = {n: [m for m in named if m != n and m not in alike] for n, alike in named.items()}
        return replace(self.names, upstream=claim.upstream, strangers=strangers)

    def by_edit(self, claim: Claim, edit: Edit, fix: Expr) -> Diagnosis:
        """What is said of a claim that a change makes right."""
        what = described(edit, lambda term: _source(claim, term))
        return Diagnosis(
            edit.mended,
            self.quoted(claim, edit),
            f"{SAID.get(edit.mended, 'changed')}: {what}",
            spelled_form(text(fix)),
        )

    def quoted(self, claim: Claim, edit: Edit) -> str:
        """The place of a change as it was typed."""
        return claim.text[edit.span.start : edit.span.stop].strip()

    def mended(self, claim: Claim) -> list[tuple[Edit, Expr]]:
        """The single changes of a claim that make it right."""
        asked = (key(claim.term), claim.form or "")
        if asked not in self._mended:
            self._mended[asked] = list(self.mending(claim, self.edits_of(claim)))
        return self._mended[asked]

    def mending(self, claim: Claim, tried: Iterable[Edit]) -> Iterator[tuple[Edit, Expr]]:
        """Those of some changes that make a claim right, each with the formula."""
        for edit in tried:
            expr = self.right(claim, edit.term)
            if expr is not None and self.sensible(claim, edit):
                yield edit, expr

    def sensible(self, claim: Claim, edit: Edit) -> bool:
        """Whether what is called an inner or an outer product is one of vectors."""
        if edit.mended not in ("inner_for_outer", "outer_lost") or not isinstance(edit.place, Call):
            return True
        for part in edit.place.arguments:
            found = self.judge.reader.built(claim.opened(part), claim.text)
            if isinstance(found, InputError) or len([s for s in found.shape if s is not ONE]) != 1:
                return False
        return True

    def right(self, claim: Claim, term: Term) -> Expr | None:
        """The value of a changed claim if it is right. One point tells most wrong ones; the rest is tried at all."""
        try:
            expr = self.judge.reader.built(term, claim.text)
        except InputError:
            return None
        if isinstance(expr, InputError):
            return None
        try:
            (value,) = self.judge.values(expr, self.judge.points[:1])
        except (ValueError, IndexError, np.linalg.LinAlgError):
            return None
        if not any(_near(value, true, scale) for true, scale in self._targets(claim.form)):
            return None
        verdict = self.judge.verdict(expr, claim.form)
        return expr if verdict.meaning is not None and verdict.meaning.right else None

    def _targets(self, form: str | None) -> list[tuple[Array, float]]:
        """What a right claim gives at the first point, and what errors are relative to there."""
        if form not in self._aims:
            point = self.judge.points[0]
            right = [m for m in self.judge.meanings(form) if m.right]
            arrays = [np.asarray(m.of(point), float) for m in right]
            self._aims[form] = [(array, point.scale(array)) for array in arrays]
        return self._aims[form]

    @cached_property
    def names(self) -> Known:
        """What is known of the names and functions in the formula and its derivative."""
        reader, wrt = self.judge.reader, self.judge.wrt.name
        variables = self.judge.problem.variables
        rests = self._rests()
        named: dict[str, Expr] = {**variables, **{n: v for n, v in reader.values.items() if n in rests}}
        alike = {n: [m for m, w in named.items() if m != n and w.shape == v.shape] for n, v in named.items()}
        sizes = [n for n in reader.sizes if n not in variables]
        alike |= {n: [m for m in sizes if m != n] for n in sizes}
        scalars = frozenset({*(n for n, v in variables.items() if not v.shape and n != wrt), *sizes})
        swaps, arguments = self._applied()
        behind: dict[str, list[tuple[Term, Term]]] = {}
        for _, _, inner, outer in swaps:
            for name in names_in(inner) if not isinstance(inner, Name) else ():
                if name in variables:
                    behind.setdefault(name, []).append((inner, outer))
        return Known(swaps, arguments, alike, behind, {}, rests, frozenset(sizes), scalars, wrt)

    def _rests(self) -> dict[str, frozenset[str]]:
        """The names that each definition is made of, through whatever others."""
        found: dict[str, frozenset[str]] = {}
        for statement in self.judge.problem.program.statements:
            if statement.name and statement.name in self.judge.reader.values:
                direct = set(names_in(statement.value))
                found[statement.name] = frozenset(direct.union(*(found.get(n, ()) for n in direct)))
        return found

    def _applied(self) -> tuple[list[tuple[object, object, Term, Term]], dict[str, list[tuple[object, Term]]]]:
        """Arguments with the functions of them that the formula or its derivative applies: where both are of one shape,
        and the arguments of each function.
        """
        found: dict[object, tuple[object, object, Term, Term]] = {}
        arguments: dict[str, dict[object, Term]] = {}
        truth = parse(self.judge.whole_truth(self.judge.usual_form()), limited=False)
        for statement in (*self.judge.problem.program.statements, Definition(None, truth, "")):
            stack: list[Term] = [statement.value]
            while stack:
                term = stack.pop()
                if isinstance(term, Call):
                    row = FUNCTIONS.get(term.function)
                    alike = row is not None and row.kind in (Kind.ELEMENTWISE, Kind.ROW)
                    powered = term.function == "**" and isinstance(term.arguments[1], Literal)
                    if (len(term.arguments) == 1 and alike and term.function != "u-") or powered:
                        inner, says = term.arguments[0], key(term)
                        found.setdefault(says, (key(inner), says, inner, term))
                        if term.function.isidentifier():
                            arguments.setdefault(term.function, {})[key(inner)] = inner
                        if statement.name and term is statement.value:
                            name = Name(statement.name, term.span)
                            found.setdefault(statement.name, (key(inner), key(name), inner, name))
                    stack += [a for a in term.arguments if not isinstance(a, Group | Slice)]
        return list(found.values()), {name: list(listed.items()) for name, listed in arguments.items()}


def spelled_form(form: str) -> str:
    """A form of which the upstream and the direction bear the names that people type."""
    return form.replace(UPSTREAM, "delta").replace("?tangent", "v")


def _near(value: Array, true: Array, scale: float) -> bool:
    """Whether a value may be the true one."""
    if value.shape != true.shape:
        return False
    with np.errstate(invalid="ignore"):
        return bool(np.all(np.abs(value - true) <= _TOLERANCE * scale))


def _source(claim: Claim, term: Term) -> str:
    return claim.text[term.span.start : term.span.stop].strip()
