"""Every line of a derivation checked by itself: its text is read back, evaluated, and compared with what autograd
and central differences say of the same intermediate value.

The names in a line take true values: parts those of the formula, gradients those of autograd. So a mistake is found
in the line that makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from jacobian_cli.calculus.steps.step import Claim, Step, Steps
from jacobian_cli.checks.every_size.certificate import Certificate, together
from jacobian_cli.checks.every_size.lines import proven
from jacobian_cli.checks.oracles import differences
from jacobian_cli.checks.oracles import hips_autograd as autodiff
from jacobian_cli.checks.points.domain import KINK, violations
from jacobian_cli.checks.points.sampling import NoPointError, draws_for, fits
from jacobian_cli.checks.squares import without_roots
from jacobian_cli.checks.verdict.answer import DENSE, MAX_ENTRIES, sample_all
from jacobian_cli.checks.verdict.report import TOLERANCE, Tally, Worst, largest
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate, lengths, node_values, numpy_backend
from jacobian_cli.expr import Defined, Expr, Variable, size_names, variables, walk
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.parser import parse_statement

_SPARE = 3
_FLOOR = 1e-3
_MANY, _DIRECTIONS = 100, 4
"""A variable of more entries is moved along so many random directions, instead of entry by entry."""
_UNSETTLED, _NOTHING = 1e-2, 1e200
_BENT = 1e-6
"""Slopes that differ more than this part are those of two sides of a kink."""
_STEPS = (differences.STEP / 2, differences.STEP / 64)
"""Where a function bends within the first step, as many layers in a row do, the second shows how far it is off."""
Array = Any


@dataclass(frozen=True, slots=True)
class Lines:
    """The verdict on a derivation. `passed` is None when no line could be compared."""

    passed: bool | None
    checked: int
    """How many lines were compared."""
    points: int
    errors: Mapping[str, float]
    """For each engine, the largest relative error in any line."""
    wrong: Mapping[int, Worst]
    """For each wrong line, where it is off most."""
    notes: Sequence[str]
    proven: Sequence[Certificate | None] = ()
    """For each line that has sizes those for which it is proven, if anything is said of that."""

    @property
    def reach(self) -> str:
        """For which sizes the lines are proven, in one line."""
        every = [each for each in self.proven if each is not None and each.every]
        if not self.passed or not every:
            return ""
        if len(every) == len(self.proven) and (whole := together(every)) is not None:
            return whole.line
        return f"· {len(every)} of {len(self.proven)} steps are proven for every size"


def check_lines(
    derivation: Steps,
    texts: Sequence[str],
    where: Mapping[str, str],
    known: Mapping[str, Variable],
    points: int = 3,
    seed: int = 0,
    facts: Mapping[str, frozenset[str]] | None = None,
) -> Lines:
    """Compare the right sides of a derivation, as texts, with what they claim, at `points` random points.

    `where` says what further names in them mean, `known` are the variables, of which `facts` hold.
    """
    output = derivation.output
    known = {**known, derivation.variable.name: derivation.variable}
    rights = read_lines(derivation, texts, where, known)
    tallies = [{name: Tally() for name in TOLERANCE} for _ in texts]
    compared: set[int] = set()
    bent: set[int] = set()
    used, failed = 0, ""
    rng = np.random.default_rng(seed)
    fixed = {s.value for v in known.values() for s in v.shape if s.value is not None}
    exprs = [output, *known.values()]
    for sizes in draws_for(exprs, points + _SPARE, seed, fixed, rights):
        if used == points or sum(prod(lengths(v.shape, sizes)) for v in known.values()) > MAX_ENTRIES:
            break
        if not fits(exprs, sizes):
            failed = f"at sizes {dict(sizes)} a slice holds nothing"
            continue
        try:
            point = sample_all(output, known, sizes, rng, facts)
        except NoPointError as error:
            failed = str(error)
            continue
        truth = _Truth(derivation, point, sizes, rng)
        for k, (step, right) in enumerate(zip(derivation.steps, rights, strict=True)):
            if truth.compare(step, right, tallies[k]) and any(tally.compared for tally in tallies[k].values()):
                compared.add(k)
        bent |= {step.number for step in derivation.steps if truth.kinks.get(step.claim)}
        used += 1
    wrong: dict[int, Worst] = {}
    for step, tally in zip(derivation.steps, tallies, strict=True):
        for name, bound in TOLERANCE.items():
            if tally[name].error > bound and step.number not in wrong:
                worst = tally[name].worst
                assert worst is not None
                wrong[step.number] = worst
    errors = {name: max(tally[name].error for tally in tallies) for name in TOLERANCE}
    notes = [failed] if failed and not used else []
    if used and len(compared) < len(texts):
        notes.append(f"{len(texts) - len(compared)} lines could not be compared: too large, or of no finite value")
    if bent:
        notes.append(f"at a kink, where a side is chosen, held against both sides: {_listed(sorted(bent))}")
    found = [] if wrong or not used else proven(derivation, rights, facts or {})
    return Lines(not wrong if compared else None, len(compared), used, errors, wrong, notes, found)


def read_lines(
    derivation: Steps, texts: Sequence[str], where: Mapping[str, str], known: Mapping[str, Variable]
) -> list[Expr]:
    """The right sides as expressions again; names of parts and gradients are variables in them."""
    shapes: dict[str, Shape] = {name: v.shape for name, v in known.items()}
    shapes |= {node.name: node.shape for node in walk([derivation.output]) if isinstance(node, Defined)}
    shapes |= {name: node.shape for name, node in derivation.names.items()}
    shapes |= {name: claim.by.shape for name, claim in derivation.slopes.items() if claim.by is not None}
    shapes[derivation.upstream.name] = derivation.upstream.shape
    shapes["?sizes"] = tuple(Size.named(name) for name in size_names([derivation.output, *known.values()]))
    rest = [parse_statement(f"{n} = {text}", limited=False) for n, text in where.items() if n not in shapes]
    return [elaborate([*rest, parse_statement(text, limited=False)], shapes).output for text in texts]


def _listed(numbers: Sequence[int]) -> str:
    return f"step{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


class _Truth:
    """What is true at one point."""

    def __init__(self, derivation: Steps, point: Mapping[str, Array], sizes: Mapping[str, int], rng: Any) -> None:
        self.sizes, self.rng = sizes, rng
        out = lengths(derivation.output.shape, sizes)
        self.upstream = rng.standard_normal(out) if out else np.ones(())
        self.values: dict[str, Array] = {**point, derivation.upstream.name: self.upstream}
        parts = {node.name: node for node in walk([derivation.output]) if isinstance(node, Defined)}
        known = node_values(derivation.output, point, sizes, numpy_backend())
        for name, node in {**parts, **derivation.names}.items():
            if name not in point:
                value = known[node] if node in known else evaluate(node, point, sizes)
                self.values[name] = np.asarray(value, float)
        self.gradients: dict[Claim, Array] = {}
        self.kinks: dict[Claim, bool] = {}
        for name, claim in derivation.slopes.items():
            self.values[name] = self.gradient(claim)

    def at(self, claim: Claim) -> tuple[dict[str, Array], str]:
        """The values in which a claim is seen, and the variable that moves; an occurrence has its name's value."""
        assert claim.by is not None
        told = {n: self.values[n.partition("?")[0]] for n in variables(claim.of) if n not in self.values}
        moving = claim.by.name
        told.setdefault(moving, self.values[moving.partition("?")[0]])
        return {**self.values, **told}, moving

    def seed(self, claim: Claim) -> Array:
        """The gradient that arrives at what a claim differentiates."""
        if claim.kind == "path" and claim.seed is not None:
            return self.gradient(claim.seed)
        return self.upstream

    def gradient(self, claim: Claim) -> Array:
        """By autograd."""
        if claim not in self.gradients:
            values, moving = self.at(claim)
            self.gradients[claim] = autodiff.vjp(claim.of, values, self.sizes, moving, self.seed(claim))
        return self.gradients[claim]

    def compare(self, step: Step, right: Expr, tallies: Mapping[str, Tally]) -> bool:
        """One line; False where it is too large."""
        claim, label = step.claim, f"line {step.number}"
        if prod(lengths(right.shape, self.sizes)) > MAX_ENTRIES:
            return False
        printed = np.asarray(evaluate(right, self.values, self.sizes), float)
        if claim.by is None:
            true = np.asarray(evaluate(claim.of, self.values, self.sizes), float)
            for tally in tallies.values():
                tally.add("line", printed, true, label, _FLOOR)
            return True
        values, moving = self.at(claim)
        x = values[moving]
        rows, columns = prod(lengths(claim.of.shape, self.sizes)), np.size(x)

        def function(moved: Array) -> Array:
            return np.asarray(evaluate(claim.of, {**values, moving: moved}, self.sizes), float)

        floor = _FLOOR * max(1.0, largest(function(x)))
        if self.at_kink(claim, values, moving):
            if rows * columns > DENSE:
                return False
            self._one_sided(step, function, x, printed, tallies, floor)
            return True
        if claim.kind == "slope":
            # an element-wise part: a step in all directions at once is one in each
            tallies["autograd"].add("line", printed, self._traced(claim), label, floor)
            there, doubt = _along(function, x, np.ones(np.shape(x)))
            tallies["differences"].add("line", printed, there, label, floor, doubt)
            return True
        if claim.kind in ("gradient", "path"):
            seed = self.seed(claim)
            printed = printed.reshape(np.shape(x))
            tallies["autograd"].add("line", printed, self.gradient(claim), label, floor)
            self._differences(function, x, seed, printed, tallies["differences"], label, floor)
            return True
        matrix = printed.reshape(rows, columns)
        if rows * columns > DENSE:
            cotangent = self.rng.standard_normal(lengths(claim.of.shape, self.sizes))
            pulled = autodiff.vjp(claim.of, values, self.sizes, moving, cotangent)
            product = (cotangent.reshape(1, -1) @ matrix).reshape(np.shape(x))
            tallies["autograd"].add("line", product, pulled, label, floor)
            self._differences(function, x, cotangent, product, tallies["differences"], label, floor)
            return True
        tallies["autograd"].add("line", matrix, self._traced(claim), label, floor)
        if np.size(x) > _MANY:
            for direction in self.rng.standard_normal((_DIRECTIONS, *np.shape(x))):
                there, doubt = _along(function, x, direction)
                product = matrix @ direction.reshape(-1)
                tallies["differences"].add("line", product, there.reshape(-1), label, floor, doubt.reshape(-1))
            return True
        true, doubt = _everywhere(function, x)
        tallies["differences"].add("line", matrix, true, label, floor, doubt)
        return True

    def at_kink(self, claim: Claim, values: Mapping[str, Array], moving: str) -> bool:
        """Whether what a step differentiates stands exactly at a kink, as max(r, r) by one of both r does everywhere.

        Points are drawn where the whole formula is smooth; its parts need not be there.
        """
        here = {name: values[name] for name in variables(claim.of)}
        if claim not in self.kinks:
            met = violations(without_roots(claim.of), here, self.sizes, moves=frozenset({moving}))
            self.kinks[claim] = any(violation.kind == KINK for violation in met)
        return self.kinks[claim]

    def _one_sided(
        self,
        step: Step,
        function: Callable[[Array], Array],
        x: Array,
        printed: Array,
        tallies: Mapping[str, Tally],
        floor: float,
    ) -> None:
        """At a kink the derivative shown is one side's, or lies between the two; entries whose sides are one are
        compared with autograd as ever, which at a kink has a choice of its own.
        """
        claim, label = step.claim, f"line {step.number}"
        sides = differences.sides(function, x)
        if claim.kind == "slope":
            sides = np.diagonal(sides[0]), np.diagonal(sides[1])
        elif claim.kind in ("gradient", "path"):
            parts = [self.seed(claim).reshape(-1, 1) * side for side in sides]
            sides = np.minimum(*parts).sum(axis=0), np.maximum(*parts).sum(axis=0)
        low, high = np.minimum(*sides), np.maximum(*sides)
        printed = np.reshape(printed, np.shape(low))
        tallies["differences"].add("line", printed, np.clip(printed, low, high), label, floor, differences.SIDED)
        bent = high - low > _BENT * max(1.0, largest(high), largest(low))
        true = np.where(bent, printed, np.reshape(self._traced(claim), np.shape(low)))
        tallies["autograd"].add("line", printed, true, label, floor)

    def _traced(self, claim: Claim) -> Array:
        """What autograd says of what a claim differentiates."""
        if claim.kind in ("gradient", "path"):
            return self.gradient(claim)
        values, moving = self.at(claim)
        if claim.kind == "slope":
            return autodiff.vjp(claim.of, values, self.sizes, moving, np.ones(lengths(claim.of.shape, self.sizes)))
        return autodiff.jacobian(claim.of, values, self.sizes, moving)

    def _differences(
        self,
        function: Callable[[Array], Array],
        x: Array,
        seed: Array,
        printed: Array,
        tally: Tally,
        label: str,
        floor: float,
    ) -> None:
        """A gradient against central differences: entry by entry, or along random directions where it is large."""
        if np.size(x) > _MANY:
            for direction in self.rng.standard_normal((_DIRECTIONS, *np.shape(x))):
                there, doubt = _along(lambda moved: np.sum(seed * function(moved)), x, direction)
                tally.add("line", np.sum(printed * direction), there, label, floor, doubt)
            return
        true, doubt = _everywhere(function, x)
        flat = seed.reshape(1, -1)
        spread = (np.abs(flat) @ doubt).reshape(np.shape(x))
        tally.add("line", printed, (flat @ true).reshape(np.shape(x)), label, floor, spread)


def _along(function: Callable[[Array], Array], x: Array, direction: Array) -> tuple[Array, Array]:
    """The derivative along a direction by differences, and how far it may be off."""
    near, nearer = (differences.directional(function, x, direction, step) for step in _STEPS)
    return near, _doubt(near, nearer)


def _everywhere(function: Callable[[Array], Array], x: Array) -> tuple[Array, Array]:
    """The Jacobian by differences, and how far its entries may be off."""
    near, nearer = (differences.central(function, x, step) for step in _STEPS)
    return near, _doubt(near, nearer)


def _doubt(near: Array, nearer: Array) -> Array:
    """Where the steps disagree in the first digits, they say nothing."""
    doubt = np.abs(near - nearer)
    settled = np.max(doubt, initial=0.0) <= _UNSETTLED * max(1.0, float(np.max(np.abs(near), initial=0.0)))
    return doubt if settled else np.full(np.shape(doubt), _NOTHING)
