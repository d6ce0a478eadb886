"""A claimed derivative beside the true one: what it can be taken for, and where it differs.

The truth is the table |out| × |in| at points: from autograd, and from central differences, which must agree. Every
way in which people write a derivative down is a `Meaning`: an array made from that table. A claim is right if it is
one of those that were asked for, right in another convention if it is one of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from jacobian_cli.checks.oracles import differences
from jacobian_cli.checks.oracles import hips_autograd as autodiff
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.checks.points.domain import violations
from jacobian_cli.checks.points.sampling import NoPointError, draws_for, fits, least_size
from jacobian_cli.checks.squares import without_roots
from jacobian_cli.checks.verdict.answer import sample_all
from jacobian_cli.checks.verdict.report import FLOOR, TOLERANCE
from jacobian_cli.evaluate.evaluate import evaluate, sizes_of
from jacobian_cli.expr import Apply, Expr, Variable, size_names, walk
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.identities import chooses

Array = Any
FORMS = ("gradient", "jacobian", "vjp", "jvp", "hessian")
_DOUBTS = 4
_LARGEST = 1e100
_ENTRIES = 4_000
"""A true table past this many entries is not worked out for a claim."""


@dataclass(frozen=True, slots=True)
class Function:
    """What was differentiated: the output, the variable, all variables, and what is declared of their values."""

    output: Expr
    wrt: Variable
    known: Mapping[str, Variable]
    facts: Mapping[str, frozenset[str]]


class TruePoint:
    """The derivative of a function at one point, worked out when it is asked for."""

    def __init__(
        self, function: Function, values: Mapping[str, Array], sizes: Mapping[str, int], rng: np.random.Generator
    ) -> None:
        self.function, self.values, self.sizes = function, dict(values), dict(sizes)
        self.out = tuple(size.at(sizes) for size in function.output.shape)
        self.variable = tuple(size.at(sizes) for size in function.wrt.shape)
        self.upstream = rng.uniform(0.3, 1.7, self.out) * rng.choice([-1.0, 1.0], self.out)
        self.tangent = rng.uniform(0.3, 1.7, self.variable) * rng.choice([-1.0, 1.0], self.variable)

    @cached_property
    def table(self) -> Array:
        """∂out/∂in, both flattened row by row."""
        return autodiff.jacobian(self.function.output, self.values, self.sizes, self.function.wrt.name)

    @property
    def tame(self) -> bool:
        """Whether value and derivative are numbers of which one can still take the square."""
        with np.errstate(all="ignore"):
            return bool(self.magnitude < _LARGEST and np.max(np.abs(self.table), initial=0.0) < _LARGEST)

    @cached_property
    def agreed(self) -> bool:
        """Whether differences, which know nothing of any rule, find the same table."""
        name = self.function.wrt.name

        def value(x: Array) -> Array:
            return np.asarray(evaluate(self.function.output, {**self.values, name: x}, self.sizes), float)

        found, doubt = differences.with_doubt(value, self.values[name])
        known = np.isfinite(found)
        gap = np.where(known, np.abs(np.where(known, found, 0.0) - self.table) - _DOUBTS * doubt, 0.0)
        return bool(np.max(gap, initial=0.0) <= 10 * TOLERANCE["differences"] * self.scale(self.table))

    @cached_property
    def hessian(self) -> Array:
        """Second derivatives |in| × |in| of a scalar."""
        name = self.function.wrt.name
        return autodiff.second(self.function.output, self.values, self.sizes, name, name)

    def scale(self, true: Array) -> float:
        """What errors are relative to: the largest entry, or a part of the values where all entries are small."""
        return max(float(np.max(np.abs(true), initial=0.0)), FLOOR * max(1.0, self.magnitude))

    @cached_property
    def magnitude(self) -> float:
        """The largest entry of the function's value."""
        return float(np.max(np.abs(evaluate(self.function.output, self.values, self.sizes)), initial=0.0))


def true_points(
    function: Function,
    count: int = 3,
    seed: int = 0,
    assumed: Mapping[str, frozenset[str]] | None = None,
    claims: Sequence[Expr] = (),
    patience: int | None = None,
) -> Iterator[TruePoint]:
    """Points at pairwise different sizes, then one where all sizes are equal, and one with a size of 1.

    `assumed` are facts to hold beside those declared; `claims` have values there too, whatever entries they take. Sizes
    at which there is no point are passed over; after `patience` of them, all are.
    """
    facts = {n: frozenset({*function.facts.get(n, ()), *(assumed or {}).get(n, ())}) for n in function.known}
    facts = {name: said for name, said in facts.items() if said}
    parts = [function.output, *function.known.values(), *claims]
    names, least = size_names(parts), least_size(parts)
    fixed = {s.value for v in function.known.values() for s in v.shape if s.value is not None}
    draws = draws_for(parts, count, seed, fixed)
    if len(names) > 1:
        draws += [dict.fromkeys(names, least + 1), dict.fromkeys(names, least + 1) | {names[0]: 1}]
    rng = np.random.default_rng(seed)
    branches, missed = _branches(function.output), 0
    for sizes in draws:
        if not fits(parts, sizes) or _count(function, sizes) > _ENTRIES:
            continue
        if claims and min(sizes.values(), default=least) < least:
            continue
        try:
            values = sample_all(function.output, function.known, sizes, rng, facts)
        except NoPointError:
            missed += 1
            if missed == patience:
                return
            continue
        yield TruePoint(function, values, sizes, rng)
        if branches:
            for scale in _SCALES:
                for far in (_scaled(values, scale, facts), _scaled(values, scale, facts, rng)):
                    point = TruePoint(function, far, sizes, rng)
                    if not violations(without_roots(function.output), point.values, sizes) and point.tame:
                        yield point


_SCALES = (10.0, 1000.0)
"""Where a function chooses, points are also drawn as far out as this: a branch that begins at 6 is one too."""


def _scaled(
    values: Mapping[str, Array],
    scale: float,
    facts: Mapping[str, frozenset[str]],
    rng: np.random.Generator | None = None,
) -> dict[str, Array]:
    """The values farther from zero, but those of which something is declared; with `rng`, some on its other side."""
    signs = {name: rng.choice([-1.0, 1.0]) if rng is not None else 1.0 for name in values}
    return {name: value if facts.get(name) else value * scale * signs[name] for name, value in values.items()}


def _branches(output: Expr) -> bool:
    """Whether a function has branches."""
    applied = [FUNCTIONS[node.function] for node in walk([output]) if isinstance(node, Apply)]
    return any(row.kinks or chooses(row.name) or row.name in _COMPARED for row in applied)


_COMPARED = frozenset({">", "<", ">=", "<=", "==", "!="})


def true_point_at(function: Function, values: Mapping[str, Array]) -> TruePoint:
    """The point that was given."""
    return TruePoint(function, values, sizes_of(function.known, values), np.random.default_rng(0))


def _count(function: Function, sizes: Mapping[str, int]) -> int:
    return prod(size.at(sizes) for size in (*function.output.shape, *function.wrt.shape))


@dataclass(frozen=True, slots=True)
class Meaning:
    """One way of writing the derivative down. `right` says whether it is one of those asked for; otherwise `condition`
    says, after "if", under which convention it is.
    """

    form: str
    convention: str
    of: Callable[[TruePoint], Array]
    right: bool = True
    condition: str = ""


def meanings(function: Function, form: str | None, laid: Laid | None = None) -> list[Meaning]:
    """All that a claim of this form may be, what was asked for in front.

    Without a form: gradient and Jacobian, and of a scalar its second derivatives.
    """
    found: list[Meaning] = []
    scalar = not function.output.shape
    if form in (None, "gradient") and scalar:
        found += _gradients(function)
    if form in (None, "gradient", "jacobian"):
        found += _jacobians(function, laid)
    if form == "vjp":
        found += _shaped(function.wrt, "vjp", lambda p: (p.upstream.reshape(1, -1) @ p.table).reshape(p.variable))
    if form == "jvp":
        found += _shaped(function.output, "jvp", lambda p: (p.table @ p.tangent.reshape(-1)).reshape(p.out))
    if form in (None, "hessian") and scalar:
        found += _hessians(function)
    return found


def _gradients(function: Function) -> list[Meaning]:
    return _shaped(function.wrt, "gradient", lambda p: p.table.reshape(p.variable))


def _shaped(value: Expr, form: str, of: Callable[[TruePoint], Array]) -> list[Meaning]:
    """In the shape of a value; a vector may stand as a column; and, in another convention, the transpose of it."""
    found = [Meaning(form, "shape", of)]
    if len(value.shape) == 1:
        found.append(Meaning(form, "shape", lambda p: of(p).reshape(-1, 1)))
        if form != "gradient":
            said = f"a {form.upper()} is a row here"
            found.append(Meaning(form, "row", lambda p: of(p).reshape(1, -1), right=False, condition=said))
    if len(value.shape) == 2:
        rows, columns = value.shape
        laid = f"laid out {columns} × {rows}" if rows is not columns else "laid out as its transpose"
        said = f"the {_TITLES[form]} of a matrix {rows} × {columns} is {laid}"
        found.append(Meaning(form, "transposed", lambda p: of(p).T, right=False, condition=said))
    return found


_TITLES = {"gradient": "gradient", "vjp": "gradient", "jvp": "derivative along a direction"}


def _jacobians(function: Function, laid: Laid | None) -> list[Meaning]:
    """The four conventions, of which one was asked for; and the tensor with the axes of both."""
    asked = laid or Laid()
    found: list[Meaning] = []
    several = max(len(function.output.shape), len(function.wrt.shape)) > 1
    for layout in ("numerator", "denominator"):
        for vec in ("row", "column") if several else ("row",):
            here = Laid(layout, vec)
            right = here == asked or (layout == asked.layout and not several)
            said = f"Jacobians are in {layout} layout" if layout != asked.layout else ""
            if several and vec != asked.vec:
                said += (" and " if said else "") + f"matrices are flattened {vec} by {vec}"
            name = layout if vec == "row" else f"{layout}, vec by columns"
            found.append(Meaning("jacobian", name, _laid_out(here), right, said))
    found.sort(key=lambda meaning: not meaning.right)
    found.append(Meaning("jacobian", "tensor", lambda p: p.table.reshape((*p.out, *p.variable))))
    if not function.output.shape or not function.wrt.shape:
        said = "matrices are flattened row by row"
        found.append(Meaning("jacobian", "flat", lambda p: p.table.reshape(-1), not several, said if several else ""))
    return found


def _laid_out(laid: Laid) -> Callable[[TruePoint], Array]:
    return lambda p: laid.of(p.table, p.out, p.variable)


def _hessians(function: Function) -> list[Meaning]:
    found = [Meaning("hessian", "row", lambda p: p.hessian)]
    if len(function.wrt.shape) > 1:
        by_columns = Laid("numerator", "column")
        said = "matrices are flattened column by column"
        found.append(Meaning("hessian", "column", lambda p: _both_ways(p, by_columns), right=False, condition=said))
        found.append(Meaning("hessian", "tensor", lambda p: p.hessian.reshape((*p.variable, *p.variable))))
    return found


def _both_ways(point: TruePoint, laid: Laid) -> Array:
    places = laid.places(point.variable)
    return point.hessian[np.ix_(places, places)]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a claim and the truth differ at one point."""

    error: float
    at: tuple[int, ...]
    claimed: float
    true: float
    differing: int
    entries: int
    pattern: str
    drawn: tuple[str, ...] = ()
    """The same as a picture, a line for each row: × where entries differ."""


def same(point: TruePoint, claimed: Array, true: Array, tolerance: float, noise: Array | float = 0.0) -> bool:
    """Whether two arrays of one shape agree."""
    return claimed.shape == true.shape and bool(_gap(point, claimed, true, noise).max(initial=0.0) <= tolerance)


def _gap(point: TruePoint, claimed: Array, true: Array, noise: Array | float = 0.0) -> Array:
    """The relative error of each entry."""
    with np.errstate(all="ignore"):
        gap = np.maximum(np.abs(claimed - true) - noise, 0.0)
    largest = float(np.max(np.abs(claimed), initial=0.0, where=np.isfinite(claimed)))
    finite = np.isfinite(gap)
    return np.where(finite, np.where(finite, gap, 0.0) / max(point.scale(true), largest), np.inf)


def difference(point: TruePoint, claimed: Array, true: Array, tolerance: float) -> Difference:
    """The worst entry, how many differ, and the pattern that those make."""
    gap = _gap(point, claimed, true)
    at = tuple(int(k) for k in np.unravel_index(int(np.argmax(gap)), gap.shape))
    off = gap > tolerance
    return Difference(
        float(gap[at]),
        at,
        float(claimed[at]),
        float(true[at]),
        int(off.sum()),
        int(off.size),
        _pattern(off),
        _drawn(off),
    )


def _drawn(off: Array) -> tuple[str, ...]:
    """A picture of the entries that differ, where they are few enough and some do not.

    >>> _drawn(np.eye(2, dtype=bool))
    ('× ·', '· ×')
    """
    rows = np.atleast_2d(off)
    if off.all() or rows.ndim != 2 or rows.shape[0] > _ROWS or rows.shape[1] > _COLUMNS:
        return ()
    return tuple(" ".join("×" if entry else "·" for entry in row) for row in rows)


_ROWS, _COLUMNS = 8, 12


def _pattern(off: Array) -> str:
    """In words, which entries differ.

    >>> _pattern(np.eye(3, dtype=bool)), _pattern(~np.eye(2, dtype=bool)), _pattern(np.ones((2, 3), bool))
    ('the diagonal', 'all off the diagonal', 'all')
    """
    if off.all():
        return "all"
    if off.ndim == 2:
        rows, columns = off.any(axis=1), off.any(axis=0)
        if off.shape[0] == off.shape[1]:
            diagonal = np.eye(off.shape[0], dtype=bool)
            if np.array_equal(off, diagonal):
                return "the diagonal"
            if np.array_equal(off, ~diagonal):
                return "all off the diagonal"
        for lines, word in ((rows, "row"), (columns, "column")):
            if lines.sum() == 1 and off[rows][:, columns].all():
                return f"{word} {int(np.argmax(lines)) + 1}"
        if off[rows][:, columns].all():
            return "a block"
    return "some"
