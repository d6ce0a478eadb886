"""The verdict: what was printed is read back, evaluated, and compared with every independent derivation.

The printed closed forms are the only thing that this module knows of the symbolic answer. They are parsed from
their text; Jacobian, gradient and backward rule are each compared with autograd and with central differences
at random points, and the Jacobian exactly with SymPy's own `Matrix.jacobian` at small sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import cycle
from math import prod
from typing import Any

import numpy as np

from jacobian_cli.checks.oracles import differences
from jacobian_cli.checks.oracles import hips_autograd as autodiff
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.checks.oracles.rounding import spread
from jacobian_cli.checks.points.constrained import drawn
from jacobian_cli.checks.points.sampling import NO_VALUE, NoPointError, draws_for, fits, least_size, sample
from jacobian_cli.checks.verdict.report import FLOOR, TOLERANCE, Report, Tally, largest, verdicts
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate import footprint
from jacobian_cli.evaluate.evaluate import evaluate, sizes_of
from jacobian_cli.evaluate.work import work
from jacobian_cli.expr import Expr, Variable, size_names, variables, walk
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.parser import parse_statement

DENSE = 20_000
"""Jacobians up to this many entries are compared entry by entry, larger ones along random directions."""
WORK = 20_000
"""Where the entries of the variable times the work of the formula are more than this, differences are taken along
random directions: entry by entry they would take the formula's value too often. The same with the entries of the
output, for autograd.
"""
_AGAIN = 4
"""Parts that a part becomes when it is differentiated."""
_DEEP = 2_000
"""Through more parts than this one step changes nothing but the rounding, or all: differences say nothing."""
MAX_ENTRIES = 10_000_000
SECOND = 250_000
"""Hessians up to this many entries are compared entry by entry, larger ones along random directions."""
HELD = 1 << 25
"""Nothing is computed that holds more numbers than this at once: a quarter of a gigabyte."""
_NAMES = {"jacobian": "the Jacobian", "gradient": "the gradient", "vjp": "the backward rule"}
_NAMES |= dict.fromkeys(("symmetric", "half"), "the gradient where entries move together")
_MANY = 1_000_000
"""Where the variables hold more numbers than this, one point is enough."""
_SPARE = 3
"""Further sizes to try where the formula has no value at the first ones."""
Array = Any


@dataclass(frozen=True, slots=True)
class Printed:
    """An answer as it stands on the screen: texts of the language."""

    jacobian: str
    gradient: str | None
    vjp: str
    where: Mapping[str, str]
    upstream: str
    sizes: tuple[str, ...] = ()
    """Names that mean sizes, as the n of `sum(x)/n`."""
    hessian: Mapping[str, str] = field(default_factory=dict)
    """Second derivatives, by the variable differentiated by next."""
    symmetric: Mapping[str, str] = field(default_factory=dict)
    """The gradient where the variable stays symmetric, `symmetric`, and its `half` vector."""
    laid: Laid = field(default_factory=Laid)
    """The layout and the vec order of the Jacobian; of the Hessian the vec order."""


def numeric_verdict(
    output: Expr,
    wrt: Variable,
    printed: Printed,
    points: int = 3,
    values: Mapping[str, Array] | None = None,
    seed: int = 0,
    known: Mapping[str, Variable] | None = None,
    facts: Mapping[str, frozenset[str]] | None = None,
    forms: Mapping[str, Expr] | None = None,
) -> Report:
    """Compare the printed forms with autograd and central differences at `points` random points.

    With `values` (arrays for all variables) they are compared at that one point instead. `known` are further
    variables, declared but not in the formula; `facts` hold at every point drawn; `forms` are the printed texts where
    they have been read back already.
    """
    known = {**(known or variables(output)), wrt.name: wrt}
    forms = forms or read_back(printed, known, Variable(printed.upstream, output.shape))
    names = size_names([output, *known.values()])
    fixed = {s.value for v in known.values() for s in v.shape if s.value is not None}
    rng = np.random.default_rng(seed)
    tallies = {name: Tally() for name in TOLERANCE}
    used: list[Mapping[str, int]] = []
    notes: list[str] = []
    unseen: set[str] = set()
    failed, large = "", False
    moves = frozenset({wrt.name, *(form.removeprefix("hessian ") for form in forms if form.startswith("hessian "))})
    parts = [output, *known.values()]
    least = least_size(parts)
    draws = [] if values is None else [sizes_of(known, values)]
    draws = draws or draws_for(parts, points + _SPARE, seed, fixed, list(forms.values()))
    if values is None and names:  # in case these are too large: as small as can be, though some are alike
        draws += [dict(zip(names, cycle(pool), strict=False)) for pool in ((least, least + 1), (least,))]
    for k, sizes in enumerate(draws):
        if not fits([output, *known.values()], sizes):
            failed = f"at sizes {dict(sizes)} a slice holds nothing"
            continue
        total = sum(prod(_at(v.shape, sizes)) for v in known.values())
        if total > MAX_ENTRIES:
            notes.append(f"the variables hold {total:,} numbers at these sizes; at most {MAX_ENTRIES:,} are drawn")
            break
        if len(used) == points or (k >= points + _SPARE and not large) or (used and total > _MANY):
            break
        held = footprint.total(output, sizes)
        if held > HELD:
            failed, large = f"the parts of the formula hold {held:,} numbers at these sizes (limit {HELD:,})", True
            continue
        too_large = {form: most for form, expr in forms.items() if (most := footprint.peak(expr, sizes)) > HELD}
        if too_large and k + 1 < len(draws):
            large = True
            continue
        notes += [
            f"{_NAMES.get(form, 'the Hessian')} takes {most:,} numbers at these sizes: it is not compared"
            for form, most in too_large.items()
        ]
        compared = {form: expr for form, expr in forms.items() if form not in too_large}
        unseen.update(too_large)
        try:
            point = dict(values) if values is not None else sample_all(output, known, sizes, rng, facts, moves)
        except NoPointError as error:  # at other sizes there may be points: XᵀX is singular if X is wide
            failed = str(error)
            continue
        if not np.any(np.isfinite(evaluate(output, point, sizes))):
            failed = NO_VALUE
            continue
        probed = _compare(output, wrt, compared, printed.laid, point, sizes, rng, tallies)
        if probed:
            notes.append(probed)
        used.append(sizes)
    if not used and failed:
        notes.append(failed)
    engines, unknown = verdicts(tallies)
    notes += unknown
    passed = all(e.passed for e in engines.values()) if engines else None
    return Report(passed, len(used), engines, used, tuple(dict.fromkeys(notes)), frozenset(unseen))


def sample_all(
    output: Expr,
    known: Mapping[str, Variable],
    sizes: Mapping[str, int],
    rng: Any,
    facts: Mapping[str, frozenset[str]] | None = None,
    moves: frozenset[str] | None = None,
) -> dict[str, Array]:
    """Values for the variables of the formula, and for declared ones that it does not contain."""
    point: dict[str, Array] = sample(output, sizes, rng, facts, moves)
    for name, variable in known.items():
        if name not in point:
            shape, said = _at(variable.shape, sizes), (facts or {}).get(name)
            point[name] = drawn(said, shape, rng) if said else rng.standard_normal(shape)
    return point


def read_back(printed: Printed, known: Mapping[str, Variable], upstream: Variable) -> dict[str, Expr]:
    """The printed texts as expressions again."""
    shapes: dict[str, Shape] = {n: v.shape for n, v in known.items()} | {upstream.name: upstream.shape}
    shapes["?sizes"] = tuple(Size.named(name) for name in printed.sizes)
    where = [parse_statement(f"{name} = {text}", limited=False) for name, text in printed.where.items()]
    texts = {"jacobian": printed.jacobian, "gradient": printed.gradient, "vjp": printed.vjp}
    texts |= {f"hessian {name}": form for name, form in printed.hessian.items()}
    texts |= printed.symmetric
    named = [replace(parse_statement(t, limited=False), name=f"?{form}") for form, t in texts.items() if t is not None]
    values = elaborate([*where, *named], shapes).values
    return {form: values[f"?{form}"].children[0] for form, t in texts.items() if t is not None}


_TIED = ("symmetric", "half")


def _compare(
    output: Expr,
    wrt: Variable,
    forms: Mapping[str, Expr],
    laid: Laid,
    point: dict[str, Array],
    sizes: Mapping[str, int],
    rng: Any,
    tallies: Mapping[str, Tally],
) -> str:
    """One point. Returns a note if only directions were compared."""
    out, variable = _at(output.shape, sizes), _at(wrt.shape, sizes)
    rows, columns = prod(out), prod(variable)
    upstream = rng.standard_normal(out)
    unknown = [n for form in forms.values() for n in variables(form) if n not in point]
    with_delta = {**point, **dict.fromkeys(unknown, upstream)}
    # what should cancel to zero leaves rounding behind, in proportion to the values around it
    floor = FLOOR * max(1.0, largest(evaluate(output, point, sizes)))
    once = work(output, sizes)

    def function(x: Array) -> Array:
        return evaluate(output, {**point, wrt.name: x}, sizes)

    def printed_at(form: str, values: Mapping[str, Array]) -> Array:
        whole = {"jacobian": laid.shape(rows, columns), "half": (-1,)}
        shape = whole.get(form, variable)
        return np.asarray(evaluate(forms[form], values, sizes), float).reshape(shape)

    for name in [form.removeprefix("hessian ") for form in forms if form.startswith("hessian ")]:
        _compare_second(output, wrt, name, forms[f"hessian {name}"], laid, point, sizes, rng, tallies, floor)
    shown = {form: printed_at(form, with_delta) for form in ("jacobian", "gradient", "vjp", *_TIED) if form in forms}
    if rows * columns <= DENSE and rows * once <= WORK:

        def true_at(values: Mapping[str, Array]) -> Array:
            return autodiff.jacobian(output, values, sizes, wrt.name)

        def judge(tally: Tally, true: Array, doubt: Array, noise: Mapping[str, Array]) -> None:
            """Each printed form, `noise` being what rounding leaves of it, against a Jacobian."""
            pulled = (upstream.reshape(1, rows) @ true).reshape(variable)
            unsure = (np.abs(upstream).reshape(1, rows) @ doubt).reshape(variable)
            against = {
                "jacobian": (laid.of(true, out, variable), laid.of(doubt, out, variable)),
                "vjp": (pulled, unsure),
            }
            if "gradient" in shown:
                against["gradient"] = (true.reshape(variable), doubt.reshape(variable))
            if "symmetric" in shown:
                tied = [g + g.T - g * np.eye(len(g)) for g in (true.reshape(variable), doubt.reshape(variable))]
                against["symmetric"] = (tied[0], tied[1])
                against["half"] = (tied[0].T[np.triu_indices(len(tied[0]))], tied[1].T[np.triu_indices(len(tied[0]))])
            for form, ours in shown.items():
                value, off = against[form]
                label = "J" if form == "jacobian" else wrt.name
                tally.add(form, ours, value, label, floor, off + noise.get(form, 0.0))

        true, sure, trial = true_at(point), np.zeros((rows, columns)), Tally()
        judge(trial, true, sure, {})
        if np.isfinite(trial.error) and trial.error > TOLERANCE["autograd"]:
            noise = {form: spread(partial(printed_at, form), with_delta) for form in shown}
            judge(tallies["autograd"], true, spread(true_at, point), noise)
        else:
            judge(tallies["autograd"], true, sure, {})
        if once <= _DEEP and columns * once <= WORK:
            judge(tallies["differences"], *differences.with_doubt(function, point[wrt.name]), {})
            return ""
    else:
        true_vjp = autodiff.vjp(output, point, sizes, wrt.name, upstream)
        pulled = {form: shown[form] for form in ("vjp",) if form in shown}
        if "gradient" in shown:
            pulled["gradient"] = shown["gradient"] * float(upstream)
        if "jacobian" in shown:
            matrix = shown["jacobian"].T if laid.turned else shown["jacobian"]
            pulled["jacobian"] = laid.shaped(laid.flat(upstream) @ matrix, variable)
        for form, value in pulled.items():
            label = f"δᵀJ {wrt.name}" if form == "jacobian" else wrt.name
            tallies["autograd"].add(form, value, true_vjp, label, floor)
    if sum(1 for _ in walk([output])) > _DEEP:
        return "the formula is too long for differences: through so many parts they see nothing but rounding"
    if "vjp" in shown:
        _compare_along(function, point[wrt.name], upstream, shown["vjp"], rng, tallies["differences"], floor)
    if rows * columns > DENSE:
        return f"the Jacobian is {rows:,}×{columns:,} at these sizes: compared along random directions, δᵀJv"
    return "the formula is long: differences are compared along random directions, δᵀJv"


def _compare_along(
    function: Callable[[Array], Array], x: Array, upstream: Array, vjp: Array, rng: Any, tally: Tally, floor: float
) -> None:
    """The backward rule against differences along random directions."""
    x = np.asarray(x, float)
    for _ in range(4):
        direction = rng.standard_normal(np.shape(x)) / np.sqrt(x.size)

        def moved(distance: Array, direction: Array = direction) -> Array:
            return np.sum(upstream * function(x + distance * direction))

        slope, unsure = differences.with_doubt(moved, np.zeros(()))
        tally.add("vjp", np.sum(vjp * direction), slope.reshape(()), "δᵀJv", floor, unsure.reshape(()))


def _compare_second(
    output: Expr,
    wrt: Variable,
    other: str,
    form: Expr,
    laid: Laid,
    point: dict[str, Array],
    sizes: Mapping[str, int],
    rng: Any,
    tallies: Mapping[str, Tally],
    floor: float,
) -> None:
    """A Hessian against autograd's, and against central differences of autograd's gradient: entry by entry, or where
    it is large along random directions.
    """
    first, second = _at((*output.shape, *wrt.shape), sizes), np.shape(point[other])
    rows, columns = prod(first), prod(second)
    laid = Laid(vec=laid.vec)
    matrix = np.asarray(evaluate(form, point, sizes), float).reshape(rows, columns)
    passes = rows * prod(_at(output.shape, sizes))  # back through all of the way back
    if rows * columns <= SECOND and passes * work(output, sizes) * _AGAIN <= WORK:
        true = laid.of(autodiff.second(output, point, sizes, wrt.name, other), first, second)

        def gradient(x: Array) -> Array:
            return autodiff.jacobian(output, {**point, other: x}, sizes, wrt.name).reshape(-1)

        tallies["autograd"].add("hessian", matrix, true, "H", floor)
        again, doubt = differences.with_doubt(gradient, point[other])
        again, doubt = (laid.of(table, first, second) for table in (again, doubt))
        tallies["differences"].add("hessian", matrix, again, "H", floor, doubt)
        return
    upstream, along = rng.standard_normal(_at(output.shape, sizes)), rng.standard_normal(_at(wrt.shape, sizes))
    across = rng.standard_normal(second)
    pulled = laid.flat(np.multiply.outer(upstream, along)) @ matrix
    there = autodiff.second_along(output, point, sizes, wrt.name, other, upstream, along)
    tallies["autograd"].add("hessian", laid.shaped(pulled, second), there, "δᵀH", floor)

    def slope(distance: Array) -> Array:
        moved = {**point, other: point[other] + distance * across}
        return np.sum(autodiff.vjp(output, moved, sizes, wrt.name, upstream) * along)

    value, doubt = differences.with_doubt(slope, np.zeros(()))
    pushed = np.sum(laid.shaped(pulled, second) * across)
    tallies["differences"].add("hessian", pushed, value.reshape(()), "δᵀHv", floor, doubt.reshape(()))


def _at(shape: Shape, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(size.at(sizes) for size in shape)
