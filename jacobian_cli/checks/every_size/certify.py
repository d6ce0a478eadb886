"""Whether an answer holds at every size: exact comparisons modulo a prime, at as many sizes as the bound asks for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from time import thread_time

import numpy as np

from jacobian_cli.checks.every_size.asked import asked_sizes
from jacobian_cli.checks.every_size.branches import (
    BRANCHES,
    COMPARED,
    LOOKS,
    STEPS,
    Look,
    clear,
    one_sided,
    outcomes,
)
from jacobian_cli.checks.every_size.certificate import Certificate, Doubt, Sizes
from jacobian_cli.checks.every_size.draw import DISCRETE
from jacobian_cli.checks.every_size.expand import UnknownError, expanded
from jacobian_cli.checks.every_size.field import PRIMES, Array, DegenerateError, base, slope
from jacobian_cli.checks.every_size.point import Point, RootError, TooManyError, depth
from jacobian_cli.checks.every_size.question import TIED, Question
from jacobian_cli.checks.every_size.rows import row
from jacobian_cli.checks.every_size.terms import Flags
from jacobian_cli.checks.points.constrained import drawn
from jacobian_cli.checks.points.sampling import fits, masks
from jacobian_cli.evaluate.evaluate import evaluate, lengths
from jacobian_cli.expr import Apply, Expr, size_names, variables, walk
from jacobian_cli.ops.facts import everything
from jacobian_cli.ops.places import places_of

WORK = 620_000
"""Products that a certificate may take: about a tenth of a second."""
_COUNTED = 800
"""What it takes to write a node out and to count its terms, in products."""
_LOOKED = 60
"""What it takes to evaluate one node at a real point."""
_SLOWEST = 5e-6
"""Seconds that one product takes at most."""
_AGAIN = 16
_TRIES = 60
"""Points drawn until one is met where every square root exists."""


class SpentError(Exception):
    """The time is over."""


def certified(question: Question, seed: int = 1, work: int = WORK) -> Certificate | Doubt | None:
    """Compare a formula and its derivative exactly; None where that says nothing, a `Doubt` where they differ."""
    try:
        return attempted(question, seed, work)
    except Exception:  # noqa: BLE001 - an answer that was checked by others does not fall with its certificate
        return None


def attempted(question: Question, seed: int = 1, work: int = WORK) -> Certificate | Doubt | None:
    """The same, but faults of this package are raised."""
    try:
        return _certified(question, seed, Effort(work))
    except (DegenerateError, UnknownError, TooManyError, SpentError, RecursionError):
        return None


class Effort:
    """Raises `SpentError` when so much work is done: products counted, so that no answer depends on a clock, which
    stands behind them for what is slower than it seems.
    """

    def __init__(self, work: int) -> None:
        self.work, self.used, self._end = work, 0, thread_time() + work * _SLOWEST

    @property
    def left(self) -> int:
        """What may still be done."""
        return self.work - self.used

    def expect(self, work: int) -> None:
        """Not even begin with so much work."""
        if work > self.work:
            raise SpentError

    def __call__(self, work: int) -> None:
        self.used += work
        if self.used > self.work or thread_time() > self._end:
            raise SpentError


def _certified(question: Question, seed: int, effort: Effort) -> Certificate | Doubt | None:
    names = tuple(size_names([question.output, *question.known.values()]))
    if not names:
        return None
    output = expanded(question.output)
    forms = {name: expanded(form) for name, form in question.forms.items() if name not in TIED}
    effort(_COUNTED * sum(1 for _ in walk([output, *forms.values()])))
    comparison, repeated = _Comparison(question, output, forms, effort), frozenset[Apply]()
    while True:
        found = _settled(question, seed, effort, names, comparison, repeated)
        if not comparison.repeated:
            return found
        repeated = repeated.union(comparison.repeated)


def _settled(
    question: Question,
    seed: int,
    effort: Effort,
    names: tuple[str, ...],
    comparison: _Comparison,
    repeated: Collection[Apply],
) -> Certificate | Doubt | None:
    """Compare at as many sizes as are needed where all functions but those `repeated` hold their indices."""
    output, forms = comparison.output, comparison.forms
    asked = asked_sizes(question, output, forms, names, repeated)
    drawn, why, bound = asked.sizes, asked.why, asked.bound
    comparison.functions, comparison.repeated = {} if why else bound.functions, None
    compared: list[Sizes] = []
    free, apart = bound.free and not why, False
    if len(drawn) > 1 and not why and not bound.summed:
        with suppress(DegenerateError):
            apart = comparison.agrees(drawn[0], seed, free=free, apart=True)
        drawn = drawn[:1] if apart else drawn
    before = effort.used
    draws = [(sizes, k) for k, sizes in enumerate(drawn)]
    if comparison.chosen or comparison.discrete:
        draws += [(drawn[0], len(drawn) + k) for k in range(len(BRANCHES))]
    try:
        for sizes, k in draws:
            look = BRANCHES[k - len(drawn)] if k >= len(drawn) else None
            if not comparison.agrees(sizes, seed + 1000 * k, free=free, apart=apart, look=look):
                if not free:
                    return Doubt(sizes)
                free, why, compared = False, "an inverse or a determinant", []
                break
            compared.append(sizes)
            each = (effort.used - before) // len(compared)
            effort.expect(before + each * len(drawn))
            if len(compared) >= len(drawn) and not comparison.one_sided and each > effort.left:
                break  # other branches of what takes so long are not looked for
        if why and not compared:
            for k, sizes in enumerate(asked.few):
                if not comparison.agrees(sizes, seed + 1000 * k, free=False):
                    return Doubt(sizes)
                compared.append(sizes)
    except SpentError:
        if not compared:
            raise
        why = why or "that would take too long"
    if not why and comparison.one_sided:
        why = "a branch that no point met"
    unique = list({tuple(sizes.items()): sizes for sizes in compared}.values())
    return Certificate(names, unique, PRIMES[comparison.level], asked.most, why, bool(comparison.chosen))


CHOICES = frozenset(("sign", "floor", ">", "<", ">=", "<=", "==", "!=", "max", "largest", "sort", "argsort"))


class _Comparison:
    """The forms of a derivative beside the derivative of the formula, along random directions at random points."""

    def __init__(self, question: Question, output: Expr, forms: Mapping[str, Expr], effort: Effort) -> None:
        self.question, self.output, self.forms, self.effort = question, output, forms, effort
        self.level = max(map(depth, [output, *forms.values()]))
        if self.level >= len(PRIMES):
            raise UnknownError("exp")
        nodes = [node for node in walk([output, *forms.values()]) if isinstance(node, Apply)]
        self.chosen = list(dict.fromkeys(a for node in nodes if node.function in CHOICES for a in node.arguments))
        self.masks = masks([question.output], frozenset({question.wrt.name})).keys() - question.facts.keys()
        """Variables that do nothing but choose: any numbers first, zeros and ones where branches are looked for."""
        self.picking = {name: among for name, (among, *_) in places_of([output]).items()}
        self.discrete = [name for name in question.known if self._is_discrete(name) or name in self.masks]
        self.functions: Mapping[Apply, Flags] = {}
        """The indices that functions are said to hold."""
        self.repeated: set[Apply] | None = None
        """Those that had one value more than once at every point: f(x_i - x_i) and f(δ_ij) hold none of these."""
        self._looked = sum(1 for _ in walk(self.chosen))
        self._met: dict[Apply, set[int]] = {node: set() for node in nodes if node.function in STEPS}

    @property
    def one_sided(self) -> bool:
        """Whether there is a choice of which one side alone has been met."""
        return any(one_sided(step, met, self.discrete) for step, met in self._met.items())

    def agrees(self, sizes: Sizes, seed: int, *, free: bool, apart: bool = False, look: Look | None = None) -> bool:
        """Whether all forms say the same at these sizes."""
        question = self.question
        if not fits([question.output, *question.known.values()], sizes):
            raise DegenerateError
        real, values = self._real(sizes, seed, look)
        if look is not None and self.one_sided:
            others = [self._real(sizes, seed + k, BRANCHES[k % len(BRANCHES)]) for k in range(LOOKS)]
            real, values = max([(real, values), *others], key=lambda found: self._new(found[0]))
        if look is not None and not clear(self._met, real):
            look, (real, values) = None, self._real(sizes, seed, None)
        for step, met in self._met.items():
            met.update(outcomes(step, real))
        whole = [name for name in values if self._is_discrete(name) or (look is not None and name in self.masks)]
        discrete = {name: values[name].astype(int).astype(object) for name in whole}
        for again in range(_AGAIN):  # where something that is divided by is zero, or a root does not exist
            point = Point(
                sizes, question.facts, seed + 7919 * again, self.level, free=free, apart=apart, spend=self.effort
            )
            point.real, point.whole, point.alike = real, discrete, question.alike
            with suppress(DegenerateError):
                agree = self._at(point)
                self._look(point)
                return agree
        raise DegenerateError

    def _look(self, point: Point) -> None:
        """Which functions have one value for two values of an index."""
        found = set[Apply]()
        for node in self.functions if self.repeated is None else self.repeated:
            flags = self.functions[node]
            arguments = [value for child in node.children if (value := point.seen(child)) is not None]
            if len(arguments) < len(node.children):
                continue
            if node.function in COMPARED:
                arguments = [arguments[0] - arguments[1]]
            shape = point.lengths(node.shape)
            held = [axis for axis, flag in enumerate(flags) if flag and shape[axis] > 1]
            if not all(_differ(arguments, shape, axis) for axis in held):
                found.add(node)
        self.repeated = found

    def _new(self, real: Mapping[Expr, Array]) -> int:
        """How many sides are met at a point that have not been met before."""
        if not clear(self._met, real):
            return -1
        return sum(len(outcomes(step, real) - met) for step, met in self._met.items())

    def _is_discrete(self, name: str) -> bool:
        return name in self.picking or not DISCRETE.isdisjoint(everything(self.question.facts.get(name, ())))

    def _real(self, sizes: Sizes, seed: int, look: Look | None) -> tuple[Mapping[Expr, Array], Mapping[str, Array]]:
        """What is chosen by, at a real point, and that point: between 0 and 1 where there is no value elsewhere."""
        question, rng = self.question, np.random.default_rng(seed)
        self.effort(_LOOKED * self._looked)
        best: tuple[Mapping[Expr, Array], Mapping[str, Array]] | None = None
        for draw in (rng.standard_normal, lambda shape: rng.uniform(0.1, 0.9, shape)):
            values: dict[str, Array] = {}
            for name, variable in question.known.items():
                said, shape = question.facts.get(name), lengths(variable.shape, sizes)
                if look is not None and name in self.masks:
                    said = frozenset({"binary"})
                if name in self.picking:
                    values[name] = rng.integers(self.picking[name].at(sizes), size=shape).astype(float)
                    continue
                values[name] = drawn(said, shape, rng) if said else draw(shape)
                if look is not None:
                    values[name] = look.of(values[name], said, rng)
            values |= {name: values[other] for name, other in question.alike.items()}
            known = [node for node in self.chosen if variables(node).keys() <= values.keys()]
            found = {node: evaluate(node, values, sizes) for node in known}
            finite = {node: value for node, value in found.items() if np.all(np.isfinite(value))}
            if best is None or len(finite) > len(best[0]):
                best = finite, values
            if len(finite) == len(known):
                break
        assert best is not None
        return best

    def _at(self, point: Point) -> bool:
        question, sizes = self.question, point.sizes
        first = [name for name in self.forms if not name.startswith("hessian ")]
        second = [name for name in self.forms if name.startswith("hessian ")]
        along = point.random(lengths(question.wrt.shape, sizes), self.level)
        upstream = point.random(lengths(question.output.shape, sizes), self.level)
        point.bases[question.upstream, self.level] = upstream
        point.bases[question.tangent, self.level] = along
        for _ in range(_TRIES):
            try:
                agree = self._first(point, first, along, upstream)
                return agree and all(self._second(point, name, along, upstream) for name in second)
            except RootError as error:
                point.repair(error)
        raise DegenerateError

    def _first(self, point: Point, names: Sequence[str], along: Array, upstream: Array) -> bool:
        question, level = self.question, self.level
        prime, laid = PRIMES[level], question.laid
        point.directions = {question.wrt.name: [(1, along)]}
        true = int(np.sum(upstream * slope(point.value(self.output, level, 1), 1))) % prime
        for name in names:
            if name == "jacobian":
                rows, columns = laid.flat(upstream), laid.flat(along)
                if laid.turned:
                    rows, columns = columns, rows
                found = row(point, rows, self.forms[name], level) @ columns
            else:
                form, across = base(point.value(self.forms[name], level, 0)), upstream if name == "jvp" else along
                form = np.reshape(form, np.shape(across)) if np.size(form) == np.size(across) else form
                found = np.sum(form * across) * (upstream if name == "gradient" else 1)
            if int(np.sum(found)) % prime != true:
                return False
        return True

    def _second(self, point: Point, name: str, along: Array, upstream: Array) -> bool:
        question, level = self.question, self.level
        prime, other = PRIMES[level], name.removeprefix("hessian ")
        across = point.random(lengths(question.known[other].shape, point.sizes), level)
        point.directions = {question.wrt.name: [(1, along)]}
        point.directions.setdefault(other, []).append((2, across))
        point.forget()
        true = int(np.sum(upstream * slope(point.value(self.output, level, 2), 2))) % prime
        laid = question.laid
        rows = laid.flat(np.multiply.outer(upstream, along))
        columns = laid.flat(across)
        return int(row(point, rows, self.forms[name], level) @ columns) % prime == true


def _differ(arguments: Sequence[Array], shape: tuple[int, ...], axis: int) -> bool:
    """Whether what a function is applied to is another along an axis, in all of its places."""
    there = [
        np.moveaxis(np.broadcast_to(np.asarray(a, object), shape), axis, -1).reshape(-1, shape[axis]) for a in arguments
    ]
    return all(len(set(zip(*rows, strict=True))) == shape[axis] for rows in zip(*there, strict=True))
