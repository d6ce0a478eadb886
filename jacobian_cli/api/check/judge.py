"""Claims about one function and one variable, judged: what is worked out once serves every claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from jacobian_cli.api.check.claim import TANGENT, UPSTREAM, Reader
from jacobian_cli.api.derive.derivation import Derivation, derivations
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.calculus.reshape import read_convention
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.checks.oracles.rounding import spread
from jacobian_cli.checks.points.domain import singular
from jacobian_cli.checks.points.sampling import least_size
from jacobian_cli.checks.verdict.answer import sample_all
from jacobian_cli.checks.verdict.claim import (
    Function,
    Meaning,
    TruePoint,
    meanings,
    same,
    true_point_at,
    true_points,
)
from jacobian_cli.checks.verdict.report import TOLERANCE
from jacobian_cli.evaluate.evaluate import applied, evaluate, numpy_backend
from jacobian_cli.expr import Apply, Defined, Expr, rebuild, walk
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.printers.language import text
from jacobian_cli.syntax.errors import InputError

Array = Any
Names = tuple[str, ...]
_PATIENCE = 2
"""At so many sizes a point is sought where a fact holds that is not declared, until none is taken to be there."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a claim was found to be: one of the meanings, or none; and the meaning that it comes nearest to."""

    meaning: Meaning | None
    nearest: Meaning | None
    condition: str = ""
    declare: str = ""


class Judge:
    """Judges claims about the derivative of one formula by one variable.

    >>> from jacobian_cli.api.input.problem import pose, statements_of
    >>> judge = Judge(pose(statements_of("x.T@A@x"), ["x"], {}))
    >>> claim = judge.reader.read("(A + A.T)@x")
    >>> judge.verdict(claim.expr, claim.form).meaning.convention
    'shape'
    """

    def __init__(
        self,
        problem: Problem,
        *,
        layout: str | None = None,
        vec: str | None = None,
        rtol: float | None = None,
        at: Mapping[str, Array] | None = None,
    ) -> None:
        convention = read_convention(layout or "numerator", vec or "row")
        (self.wrt,) = problem.wrt
        self.problem, self.rtol, self.at = problem, rtol, at
        self.laid = Laid(str(convention.layout), str(convention.vec))
        self.function = Function(problem.output, self.wrt, problem.variables, problem.facts)
        self.claims: tuple[Expr, ...] = ()
        """Claims that take more room than the function: points are drawn where they have values."""
        self._roomy: dict[int, Judge] = {}
        self._partial: dict[tuple[int, ...], Judge] = {}
        self._assumed: dict[tuple[Names, str], tuple[list[TruePoint], Iterator[TruePoint]]] = {}
        self._values: dict[TruePoint, dict[Expr, Array]] = {}
        self._meanings: dict[str | None, list[Meaning]] = {}
        self._true: dict[tuple[Meaning, TruePoint], Array] = {}
        self._relaxed: dict[tuple[Names, str], Judge] = {}

    @cached_property
    def derivation(self) -> Derivation:
        """The right answer in closed form."""
        second = not self.problem.output.shape
        return derivations(self.problem, second=second, conventions=[read_convention(self.laid.layout, self.laid.vec)])[
            0
        ]

    @cached_property
    def reader(self) -> Reader:
        """What reads claims."""
        return Reader(self.problem, self.wrt, self.derivation.derivative.where)

    @cached_property
    def points(self) -> list[TruePoint]:
        """The points to compare at. Raises `InputError` if there are none."""
        if self.at is not None:
            return [true_point_at(self.function, self.at)]
        found = list(true_points(self.function, claims=self.claims))
        if not found:
            raise InputError("no point was found at which the function is defined", text=self.problem.text)
        return found

    def with_room_for(self, expr: Expr) -> Judge:
        """What judges a claim that takes entries which the smallest sizes of this one's points have not, or inverts
        what is singular at some: det(AXB) has a derivative where AXB has no inverse.
        """
        calls = [n for n in walk([expr]) if isinstance(n, Apply)] if self.at is None else []
        if any(FUNCTIONS[n.function].kind is Kind.CORE for n in calls):
            regular = [p for p in self.points if not singular(expr, with_arrivals(p), p.sizes)]
            if 0 < len(regular) < len(self.points):
                return self._at(regular)
        if not any("index" in dict(n.parameters) for n in calls):
            return self
        least = least_size([expr])
        if least <= min((size for point in self.points for size in point.sizes.values()), default=least):
            return self
        if least not in self._roomy:
            other = Judge(self.problem, layout=self.laid.layout, vec=self.laid.vec, rtol=self.rtol)
            other.claims = (expr,)
            self._roomy[least] = other
        return self._roomy[least]

    def _at(self, points: list[TruePoint]) -> Judge:
        """The same judge at some of its points."""
        places = tuple(self.points.index(point) for point in points)
        if places not in self._partial:
            self._partial[places] = self._of_points(points)
        return self._partial[places]

    def _of_points(self, points: list[TruePoint]) -> Judge:
        other = copy(self)
        other._meanings, other._relaxed, other._roomy = {}, {}, {}
        other.__dict__.pop("books", None)
        other.__dict__["points"] = points
        return other

    def at_sizes_too(self, sizes: Mapping[str, int]) -> Judge:
        """The same judge with a point of these sizes in front. Raises `NoPointError` if there is none."""
        facts = self.problem.facts
        rng = np.random.default_rng(0)
        values = sample_all(self.function.output, self.function.known, sizes, rng, facts, frozenset({self.wrt.name}))
        return self._of_points([TruePoint(self.function, values, sizes, rng), *self.points])

    def verdict(self, expr: Expr, form: str | None) -> Verdict:
        """What a value is under what is declared: a derivative asked for, one of another convention, or none."""
        fitting = self.fitting(expr, form)
        if not fitting and all(not a.shape and a == 0 for a in self.values(expr, self.points)):  # 0 for all entries
            nothing = next((m for m in self.meanings(form) if all(self._is_zero(m, p) for p in self.points)), None)
            return Verdict(nothing, nothing)
        for meaning in fitting:
            if self.holds(expr, meaning, self.points):
                return Verdict(meaning, meaning, "" if meaning.right else meaning.condition)
        return Verdict(None, fitting[0] if fitting else None)

    def fitting(self, expr: Expr, form: str | None) -> list[Meaning]:
        """The meanings whose shape a claim has at every point, the likeliest first."""
        arrays = self.values(expr, self.points)
        return [m for m in self.meanings(form) if self._fits(m, arrays)]

    def values(self, expr: Expr, points: Sequence[TruePoint]) -> list[Array]:
        """A claim at points."""
        return [np.asarray(self._valued(expr, p), float) for p in points]

    def _valued(self, expr: Expr, point: TruePoint) -> Array:
        """The value at a point; parts that another claim has too are worked out once."""
        found = self._values.setdefault(point, {})
        backend = numpy_backend()
        with np.errstate(all="ignore"):
            for node in walk([expr], lambda node: node not in found):
                if node in found:
                    continue
                if isinstance(node, Apply):
                    arguments = [found[a] for a in node.arguments]
                    found[node] = applied(node, arguments, point.sizes, backend)
                elif isinstance(node, Defined):
                    found[node] = found[node.body]
                else:
                    found[node] = evaluate(node, with_arrivals(point), point.sizes)
        return found[expr]

    def forget(self) -> None:
        """Drop what was kept of the claims judged so far."""
        self._values.clear()
        self.reader.forget()

    def tolerance(self) -> float:
        """How far claim and truth may be apart, relative to the largest entry."""
        return TOLERANCE["autograd"] if self.rtol is None else self.rtol

    def meanings(self, form: str | None) -> list[Meaning]:
        """All that a claim of this form may be."""
        if form not in self._meanings:
            self._meanings[form] = meanings(self.function, form, self.laid)
        return self._meanings[form]

    def true(self, meaning: Meaning, point: TruePoint) -> Array:
        """What a claim of this meaning is at a point."""
        asked = (meaning, point)
        if asked not in self._true:
            self._true[asked] = np.asarray(meaning.of(point), float)
        return self._true[asked]

    def _is_zero(self, meaning: Meaning, point: TruePoint) -> bool:
        true = self.true(meaning, point)
        return bool(np.all(np.abs(true) <= self.tolerance() * point.scale(true)))

    def _fits(self, meaning: Meaning, arrays: Sequence[Array]) -> bool:
        pairs = zip(self.points, arrays, strict=True)
        return all(np.shape(array) == np.shape(self.true(meaning, point)) for point, array in pairs)

    def holds(self, expr: Expr, meaning: Meaning, points: Sequence[TruePoint]) -> bool:
        """Whether a claim is what it would have to be, at every point; the first one tells most that are not."""
        for point in points:
            (claimed,), true = self.values(expr, [point]), self.true(meaning, point)
            if same(point, claimed, true, self.tolerance()):
                continue
            if not same(point, claimed, true, 1e-4):
                return False

            def at(values: Mapping[str, Array], point: TruePoint = point) -> Array:
                return np.asarray(evaluate(expr, values, point.sizes), float)

            if not same(point, claimed, true, self.tolerance(), spread(at, with_arrivals(point))):
                return False
        return True

    def under(self, names: Names, fact: str) -> Judge:
        """The judge of the same function under one fact more of these names."""
        if (names, fact) not in self._relaxed:
            known = self.problem.facts
            facts = {**known, **{name: frozenset({*known.get(name, ()), fact}) for name in names}}
            problem = replace(self.problem, facts=facts)
            self._relaxed[names, fact] = Judge(problem, layout=self.laid.layout, vec=self.laid.vec, rtol=self.rtol)
        return self._relaxed[names, fact]

    @cached_property
    def any_point(self) -> bool:
        """Whether the function has a value anywhere under what is declared."""
        try:
            return bool(self.points)
        except InputError:
            return False

    def points_under(self, names: Names, fact: str) -> Iterator[TruePoint]:
        """Points at which a fact holds, drawn as they are asked for: one tells most claims that are wrong."""
        if (names, fact) not in self._assumed:
            assumed = dict.fromkeys(names, frozenset({fact}))
            drawn = true_points(self.function, assumed=assumed, count=6, claims=self.claims, patience=_PATIENCE)
            self._assumed[names, fact] = ([], islice(drawn, 24))
        found, rest = self._assumed[names, fact]
        yield from found
        for point in rest:
            found.append(point)
            yield point

    def usual_form(self) -> str:
        """What a derivative of this function is called where nothing else is said."""
        return "jacobian" if self.problem.output.shape else "gradient"

    def truth(self, form: str) -> str:
        """The right answer as text."""
        return text(self.closed_form(form))

    def whole_truth(self, form: str) -> str:
        """The same without names for what repeats, but those of the user."""
        named = self.derivation.derivative.where
        users = self.problem.program.values
        expr = self.closed_form(form)

        def opened(node: Expr) -> Expr | None:
            inner = isinstance(node, Defined) and node.name in named and node.name not in users
            return rebuild(node.body, opened) if inner and isinstance(node, Defined) else None

        return text(rebuild(expr, opened))

    def closed_form(self, form: str) -> Expr:
        """The right answer."""
        forms = self.derivation.forms
        if form == "gradient" and forms.gradient is not None:
            return forms.gradient
        if form == "vjp":
            return forms.vjp
        if form == "hessian" and self.derivation.hessian is not None:
            return self.derivation.hessian.expr
        return self.derivation.jacobian.expr

    def notes(self) -> tuple[str, ...]:
        """What is to be said of the truth itself."""
        if all(point.agreed for point in self.points):
            return ()
        return ("differences do not find the derivative that autograd finds here",)


def with_arrivals(point: TruePoint) -> dict[str, Array]:
    """The values of a point, δ and the direction among them."""
    return {**point.values, UPSTREAM: point.upstream, TANGENT: point.tangent}
