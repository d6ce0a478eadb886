"""Draw typed formulas, ask for their derivatives, and compare with differences of the reference."""

from __future__ import annotations

import copy
import inspect
import pickle
import random
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

import jacobian_cli as jac
from jacobian_cli.checks.points.sampling import NoPointError, draws_for, fits, sample
from jacobian_cli.expr import Apply, Constant, Expr, Extent, Number, Variable, variables
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.printers.language import text
from jacobian_cli.shape import Shape, Size
from tests.calculus.expressions import CALLS, Call, N, calls, fitting
from tests.fuzz.reference import slopes, value

_K = Size.named("k")
_BATCH: tuple[Shape, ...] = ((), (N,), (_K, N), (_K, N, N), (_K, Size.number(1), N))
_CHOICES: dict[str, tuple[Any, ...]] = {
    "axis": ((0,), (1,), (2,), (-2,), (0, 2), None),
    "axes": ((0, 2, 1), (2, 0, 1)),
    "keepdims": (True, None),
    "sizes": ((_K, N, N),),
    "shape": ((_K, N, N),),
    "subscripts": ("bij,bjk->bik", "bij->bji", "bij,bj->bi", "bii->bi", "bij->ij", "bii->b", "bi,bj->bij"),
    "count": (N,),
    "index": ((0,), (-1,), ((None, None), 0), ((Size.number(1), None),), ((None, None), None)),
}
"""Batches: shapes and options for arrays of three axes."""
SLOW = 2.0
TOLERANCE = 1e-5
_HUGE = 1e5


def _by_shape() -> dict[Shape, dict[str, list[Call]]]:
    found: dict[Shape, dict[str, list[Call]]] = {}
    for name, row in FUNCTIONS.items():
        batches = [
            call for call in calls(row, _BATCH, _CHOICES) if any(len(s) > 2 for s in (call.shape, *call.arguments))
        ]
        for call in (*CALLS[name], *batches):
            found.setdefault(call.shape, {}).setdefault(name, []).append(call)
    return found


BY_SHAPE = _by_shape()


class Drawn:
    """A random typed expression, from a seed of its own."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.names: dict[Shape, list[str]] = {}

    def leaf(self, shape: Shape) -> Expr:
        if not shape and self.random.random() < 0.4:
            numbers = [Number(Fraction(*pair)) for pair in ((2, 1), (1, 2), (3, 1))]
            return self.random.choice([Constant("pi"), Extent(N), *numbers])
        names = self.names.setdefault(shape, [])
        if not names or (len(names) < 2 and self.random.random() < 0.4):
            names.append(f"v{sum(map(len, self.names.values()))}")
        return Variable(self.random.choice(names), shape)

    def expr(self, shape: Shape, depth: int) -> Expr:
        if depth <= 0 or shape not in BY_SHAPE or self.random.random() < 0.2:
            return self.leaf(shape)
        rows = BY_SHAPE[shape]
        return self.call(self.random.choice(rows[self.random.choice(sorted(rows))]), depth)

    def call(self, call: Call, depth: int) -> Expr:
        arguments = [fitting(call.function, k, self.expr(s, depth - 1)) for k, s in enumerate(call.arguments)]
        if call.function == "u-" and isinstance(arguments[0], Number):  # -0.5 is read as a number
            return Number(-arguments[0].value)
        return Apply(call.function, tuple(arguments), call.options, call.shape)


@dataclass(frozen=True)
class Question:
    """A formula, the variable, and the shapes: all that it takes to ask again."""

    formula: str
    wrt: str
    shapes: Mapping[str, str]

    def __str__(self) -> str:
        told = " ".join(f"-s {name}={shape or '()'}" for name, shape in self.shapes.items())
        return f'jac derive "{self.formula}" --wrt {self.wrt} {told}'


def drawn(base: int, number: int, row: str | None = None, depth: int = 3) -> Question | None:
    """The formula of a seed, with a row of the table at its root where one is named; None where it has no variable."""
    seeded = Drawn(f"{base}:{number}:{row}")
    if row is None:
        expr = seeded.expr(seeded.random.choice(sorted(BY_SHAPE, key=str)), depth)
    else:
        of_row = [call for rows in BY_SHAPE.values() for call in rows.get(row, [])]
        expr = seeded.call(seeded.random.choice(of_row), depth)
        if not variables(expr):  # what takes no argument weighs one
            expr = Apply("*", (seeded.leaf((N,)), Apply("sum", (expr,), (), ())), (), (N,))
    known = variables(expr)
    if not known:
        return None
    shapes = {name: ",".join(map(str, v.shape)) for name, v in known.items()}
    return Question(text(expr), seeded.random.choice(sorted(known)), shapes)


@dataclass
class Outcome:
    """What became of one question."""

    question: Question
    kind: str = "right"
    """`right`, `wrong`, `crashed`, `refused`, or `no point`."""
    what: str = ""
    seconds: float = 0.0


def asked(
    question: Question, *, seed: int = 0, twice: bool = True, clock: Callable[[], float] = time.monotonic
) -> Outcome:
    """Derive, export, print, read back, pickle and copy, and compare at a random point."""
    outcome, start = Outcome(question), clock()
    try:
        d = jac.derive(question.formula, question.wrt, dict(question.shapes), check=False)
        source, printed = d.to_python(), (d.jacobian.closed_form, d.vjp.closed_form, d.where)
        outcome.seconds = clock() - start
        point, sizes = _point(d, seed)
        outcome.what = _compared(d, source, printed if twice else None, point, sizes, seed)
        outcome.kind = "wrong" if outcome.what else "right"
    except (jac.InputError, NoPointError) as error:
        outcome.kind = "no point" if isinstance(error, NoPointError) else "refused"
        outcome.what = str(error)
    except Exception:  # noqa: BLE001 - every one is a fault
        outcome.kind, outcome.what = "crashed", traceback.format_exc(limit=-2)
    return outcome


def _point(d: Any, seed: int) -> tuple[dict[str, Any], dict[str, int]]:
    """A random point, inside the domain, of sizes that are pairwise different."""
    problem = d.problem
    parts = [problem.output, *problem.variables.values()]
    rng = np.random.default_rng(seed)
    failed: NoPointError | None = None
    for sizes in draws_for(parts, 4, seed, set()):
        if fits(parts, sizes):
            try:
                point = sample(problem.output, sizes, rng, moves=frozenset({d.wrt}))
            except NoPointError as error:
                failed = error
                continue
            if np.max(np.abs(value(problem.output, point, sizes)), initial=0.0) < _HUGE:
                return point, dict(sizes)
    raise failed or NoPointError("values are too large")


def _compared(
    d: Any,
    source: str,
    printed: tuple[str, str, Mapping[str, str]] | None,
    point: Mapping[str, Any],
    sizes: Mapping[str, int],
    seed: int,
) -> str:
    """What is wrong, in words; nothing where all is right."""
    output, wrt = d.problem.output, d.wrt
    true_value = value(output, point, sizes)
    true, doubt = slopes(lambda x: value(output, {**point, wrt: x}, sizes), np.asarray(point[wrt], float))
    known = np.isfinite(true) & (
        doubt <= 1e-4 * max(1.0, float(np.max(np.abs(true), initial=0.0, where=np.isfinite(true))))
    )
    upstream = np.random.default_rng(seed + 1).standard_normal(np.shape(true_value))
    shape = np.shape(point[wrt])
    sure = np.all(known)
    pulled = (upstream.reshape(1, -1) @ np.where(known, true, 0.0)).reshape(shape)
    wanted = {"value": (true_value, np.ones(np.shape(true_value), bool)), "jacobian": (true, known)}
    wanted["vjp"] = (pulled, np.full(shape, sure))
    if "def gradient(" in source:
        wanted["gradient"] = (true.reshape(shape), known.reshape(shape))
    scale = max(
        1.0, float(np.max(np.abs(true_value), initial=0.0)), float(np.max(np.abs(true), initial=0.0, where=known))
    )
    for name, (expected, where) in wanted.items():
        got = _called(source, name, upstream, d.upstream, {**point, **sizes})
        if (fault := _off(got, expected, where, scale)) is not None:
            return f"exported {name}: {fault}"
    if printed is None:
        return ""
    jacobian, vjp, names = printed
    shapes = _shapes(d)
    if all(size.denominator == 1 for size in output.shape):  # no shape is declared with a part in it: it is inferred
        shapes[d.upstream] = ",".join(map(str, output.shape))
    for form, told, (expected, where) in (
        ("Jacobian", jacobian, wanted["jacobian"]),
        ("backward rule", vjp, wanted["vjp"]),
    ):
        again = jac.derive([*(f"{n} = {body}" for n, body in names.items()), told], wrt, shapes, check=False)
        if (
            again.problem.variables.keys() & sizes.keys()
        ):  # a size that stands alone, as a number, has no shape to tell it
            continue
        got = value(again.problem.output, {**point, d.upstream: upstream}, sizes)
        if (fault := _off(np.reshape(got, np.shape(expected)), expected, where, scale)) is not None:
            return f"printed {form} read back: {fault}"
    for copied in (pickle.loads(pickle.dumps(d)), copy.deepcopy(d)):
        if copied != d or copied.to_python() != source:
            return "a copy is another"
    return ""


def _shapes(d: Any) -> dict[str, str]:
    """The shapes of all variables."""
    return {name: ",".join(map(str, v.shape)) for name, v in d.problem.variables.items()}


def _largest(x: Any, where: Any) -> float:
    return float(np.max(np.abs(x), initial=0.0, where=where))


def _called(source: str, name: str, upstream: Any, upstream_name: str, given: Mapping[str, Any]) -> Any:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    function = namespace[name]
    names = inspect.signature(function).parameters
    with np.errstate(all="ignore"):
        return np.asarray(function(*({**given, upstream_name: upstream}[n] for n in names)), float)


def _off(got: Any, expected: Any, where: Any, scale: float) -> str | None:
    if np.shape(got) != np.shape(expected):
        return f"shape {np.shape(got)} instead of {np.shape(expected)}"
    gap = np.where(where, np.abs(got - expected), 0.0)
    gap = np.where(np.isfinite(gap), gap, np.inf)
    if np.max(gap, initial=0.0) <= TOLERANCE * scale:
        return None
    at = np.unravel_index(int(np.argmax(gap)), np.shape(gap))
    return f"{got[at]:.6g} instead of {expected[at]:.6g} at {tuple(int(k) for k in at)}"


@dataclass
class Report:
    """What became of a campaign."""

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """How many were right, wrong, …, and how many took long."""
        return Counter([*(o.kind for o in self.outcomes), *("over 2 s" for o in self.outcomes if o.seconds > SLOW)])

    @property
    def faults(self) -> list[Outcome]:
        """What is wrong or crashed."""
        return [o for o in self.outcomes if o.kind in ("wrong", "crashed")]

    def __str__(self) -> str:
        counted = ", ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items()))
        lines = [f"{len(self.outcomes)} formulas tried: {counted}"]
        lines += [f"{o.kind}: {o.question}\n    {o.what}" for o in self.faults]
        return "\n".join(lines)


def campaign(questions: Iterable[Question | None], seed: int = 0) -> Report:
    """Ask them all, one after the other."""
    return Report([asked(question, seed=seed) for question in questions if question is not None])


def in_threads(questions: Sequence[Question], threads: int = 4) -> list[str]:
    """What several threads at once say otherwise than one does."""

    def told(question: Question) -> str:
        try:
            d = jac.derive(question.formula, question.wrt, dict(question.shapes), check=False)
            return f"{d.jacobian.closed_form} {d.vjp.closed_form} {dict(d.where)}"
        except jac.InputError as error:
            return str(error)

    alone = [told(question) for question in questions]
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(told, [question for question in questions for _ in range(threads)]))
    return [
        f"{question}: {other} instead of {one}"
        for k, (question, one) in enumerate(zip(questions, alone, strict=True))
        for other in found[k * threads : (k + 1) * threads]
        if other != one
    ]
