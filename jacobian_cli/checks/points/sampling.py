"""Random points at which a formula is defined and smooth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from math import lcm
from typing import Any, NamedTuple

import numpy as np

from jacobian_cli.checks.points.constrained import drawn
from jacobian_cli.checks.points.domain import Condition, Point, conditions, failing
from jacobian_cli.checks.points.ranks import regular
from jacobian_cli.checks.squares import without_roots
from jacobian_cli.evaluate.work import work
from jacobian_cli.expr import Apply, Constant, Expr, size_names, variables, walk
from jacobian_cli.ops.bounds import bounds
from jacobian_cli.ops.cuts import Listed
from jacobian_cli.ops.identities import chooses
from jacobian_cli.ops.places import place_letters, places_of
from jacobian_cli.shape import Size

Array = Any
DOMAIN_MARGIN = 0.05
KINK_MARGIN = 0.02
_LARGE = 1e6
_PLACES = 3
"""So many places are tried for a letter that picks an entry."""
_SIZES = 300
"""So many assignments of sizes are looked at for those at which halves are whole."""
MAX_DIFFERENT = 24
"""Of more size symbols than this some are drawn alike: the layers of a deep network need not all differ."""
_LONG, _GAIN = 200, 1.5
"""In formulas of more parts matrices are drawn so that they lengthen what they multiply no more than so: otherwise one
layer in many is saturated, or small changes grow beyond all measure, and differences see neither.
"""
_HUGE = 1e300
_DIGITS, _FAR = 1e-9, 100.0
"""Points that are mended are looked at again where their digits differ so, and are no farther away than this."""
_TRIES, _DRAWN, _ANEW, _ONE = 400, 40, 0.25, 0.7
"""So many candidates at most, the first of which are drawn by themselves; of the others, so many with a variable drawn
anew, the rest with one changed; of what is shaken, so much in one entry alone.
"""
_WORK = 50_000
"""Of formulas that are more work there are fewer candidates."""
_STRICT = 100
"""After so many tries without a point each further lot of them may come ten times as close to a kink."""


NO_VALUE = "the formula has no finite value"


class NoPointError(Exception):
    """No random point was found at which the formula is defined and smooth; where it cannot have a value anywhere, the
    message begins with `NO_VALUE`.
    """


def least_size(exprs: Iterable[Expr]) -> int:
    """The least size at which indices and slices that are numbers can stay inside.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> least_size([elaborate([parse_statement("x[4]")]).output])
    5
    """
    found = 2
    for node in walk(exprs):
        found = max([found, *(2 - int(c) for size in node.shape for m, c in size.terms if not m and c < 0)])
        if isinstance(node, Apply):
            for item in dict(node.parameters).get("index", ()):
                found = max([found, *(bound + 1 for bound in _numbers(item))])
    return found


def fits(exprs: Iterable[Expr], sizes: Mapping[str, int]) -> bool:
    """Whether every part has at least one entry at these sizes: the slice m:n has none where n <= m."""
    exprs = list(exprs)
    return all(size.at(sizes) > 0 for node in walk(exprs) for size in node.shape) and all(
        bound.holds(sizes) for bound in bounds(exprs)
    )


def _numbers(item: Any) -> list[int]:
    """The whole numbers in an index, without their signs."""
    if isinstance(item, int):
        return [abs(item)]
    if isinstance(item, Size):
        return [abs(int(coefficient)) for monomial, coefficient in item.terms if not monomial]
    if isinstance(item, Listed):
        return [*map(abs, item.places)]
    return [number for part in item or () for number in _numbers(part)]


def draw_sizes(
    names: Sequence[str], count: int, seed: int, avoid: set[int], least: int = 2, *, more: int = 3
) -> list[dict[str, int]]:
    """Assignments of small numbers to size symbols, pairwise different, so that a transpose cannot hide.

    >>> draw_sizes(["n", "m"], 2, 0, set())[0]
    {'n': 2, 'm': 3}
    """
    different = min(len(names), MAX_DIFFERENT)
    pool = [k for k in range(least, least + more + different + len(avoid)) if k not in avoid]
    rng = np.random.default_rng(seed)
    draws = [dict(zip(names, cycle(pool), strict=False))]
    while len(draws) < count:
        chosen = [int(k) for k in rng.permutation(pool)[:different]]
        draws.append(dict(zip(names, cycle(chosen), strict=False)))
    return draws


def draws_for(
    exprs: Sequence[Expr], count: int, seed: int, avoid: set[int], inverted: Sequence[Expr] = ()
) -> list[dict[str, int]]:
    """Assignments for the size symbols of expressions: where some are to be halves of others, or no longer than others,
    those that are, and those at which what they or `inverted` ones invert has an inverse.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> draws_for([elaborate([parse_statement("x[::2]@y")], {"x": (Size.named("n"),)}).output], 2, 0, set())
    [{'n': 8}, {'n': 4}]
    """
    names, least = size_names(exprs), least_size(exprs)
    below = lcm(*(size.denominator for node in walk(exprs) for size in node.shape))
    plain = _placed(exprs, draw_sizes(names, count, seed, avoid, least))
    parts = [*exprs, *inverted]
    if below == 1 and all(fits(exprs, sizes) and regular(parts, sizes) for sizes in plain):
        return plain
    drawn = _placed(exprs, draw_sizes(names, _SIZES, seed, avoid, least, more=3 * below))
    fitting = list({tuple(sizes.items()): sizes for sizes in drawn if fits(exprs, sizes)}.values())
    return ([sizes for sizes in fitting if regular(parts, sizes)] or fitting or drawn)[:count]


def _placed(exprs: Sequence[Expr], draws: list[dict[str, int]]) -> list[dict[str, int]]:
    """The assignments; letters that are places and no lengths are places from the first on, in turn."""
    places = place_letters(exprs)
    if not places:
        return draws
    return [{**sizes, **{name: (k + j) % _PLACES for j, name in enumerate(places)}} for k, sizes in enumerate(draws)]


def sample(
    expr: Expr,
    sizes: Mapping[str, int],
    rng: np.random.Generator,
    facts: Mapping[str, frozenset[str]] | None = None,
    moves: frozenset[str] | None = None,
) -> dict[str, Array]:
    """Values for the variables of an expression, away from the edges of domains and from the kinks that it may come
    upon where these variables move (all, unless told), and such that the facts declared of them hold.

    Points are drawn first; if none will do, the best of them is mended: what falls short is asked which variables it
    is made of, and one of them is changed, as long as less is missing then. Raises `NoPointError` when that finds none.
    """
    expr = without_roots(expr)
    if not regular([expr], sizes):
        raise NoPointError(f"at sizes {dict(sizes)} a matrix has too small a rank: the formula has no derivative there")
    shapes = {name: tuple(size.at(sizes) for size in v.shape) for name, v in variables(expr).items()}
    wanted = conditions(expr, sizes)
    declared = masks([expr], moves) | dict(facts or {})
    picking = {name: min(size.at(sizes) for size in among) for name, among in places_of([expr]).items()}
    gain = _GAIN if sum(1 for _ in walk([expr])) > _LONG else None

    def drawn_anew(name: str, attempt: int) -> Array:
        if name in picking:
            return rng.integers(picking[name], size=shapes[name]).astype(float)
        said = declared.get(name)
        return drawn(said, shapes[name], rng) if said else _draw(shapes[name], rng, attempt, gain)

    def judged(values: Mapping[str, Array], attempt: int) -> _Candidate:
        near = KINK_MARGIN / 10 ** (attempt // _STRICT)
        try:
            return _judged(Point(expr, values, sizes, moves), wanted, near)
        except (IndexError, ValueError) as error:
            raise NoPointError(f"at sizes {dict(sizes)} an index leaves its axis") from error

    def certain(values: Mapping[str, Array], attempt: int) -> bool:
        """Whether it is so at points that differ in their last digits: of what is zero but for rounding it is not."""
        if any(np.max(np.abs(value), initial=0.0) > _FAR for value in values.values()):
            return False
        digits = [
            {n: x if n in picking else x * (1 + _DIGITS * rng.standard_normal(np.shape(x))) for n, x in values.items()}
            for _ in range(4)
        ]
        return not any(judged(moved, attempt).missing for moved in digits)

    best: _Candidate | None = None
    for attempt in range(max(_DRAWN, min(_TRIES, _WORK // work(expr, sizes)))):
        if attempt < _DRAWN or best is None:
            values = {name: drawn_anew(name, attempt) for name in shapes}
        else:
            blamed = [name for name in best.blamed if name in shapes] or [*shapes]
            if not blamed:
                break
            name = blamed[int(rng.integers(len(blamed)))]
            change = drawn_anew if name in declared or name in picking or rng.random() < _ANEW else None
            values = {**best.values, name: change(name, attempt) if change else _changed(best.values[name], rng)}
        found = judged(values, attempt)
        if not found.missing:
            if attempt < _DRAWN or certain(values, attempt):
                return dict(values)
            continue
        if attempt % _STRICT == 0 and best is not None:
            best = judged(best.values, attempt)
        if best is None or found.missing <= best.missing:
            best = found
        if found.hopeless:
            raise NoPointError(f"{NO_VALUE}: {found.hopeless}, whatever the variables are")
    assert best is not None
    raise NoPointError(f"no random point was found at which the formula is defined and smooth: {best.why}")


def masks(exprs: Sequence[Expr], moves: frozenset[str] | None) -> dict[str, frozenset[str]]:
    """The variables that do nothing but choose branches, and do not move: they are drawn as ones and zeros."""
    if moves is None:
        return {}
    elsewhere, stack = set[Expr](), list(exprs)
    while stack:
        node = stack.pop()
        if node not in elsewhere:
            elsewhere.add(node)
            branches = isinstance(node, Apply) and chooses(node.function)
            stack.extend(node.children[1:] if branches else node.children)
    there = (item for expr in exprs for item in variables(expr).items())
    names = {name for name, variable in there if variable not in elsewhere}
    return dict.fromkeys(names - moves, frozenset({"binary"}))


class _Candidate(NamedTuple):
    """A point, how much is missing there, why, and the variables that what falls short is made of."""

    values: Mapping[str, Array]
    missing: float
    why: str
    blamed: tuple[str, ...]
    hopeless: str
    """What falls short that is made of no variable, so that it does everywhere."""


def _judged(point: Point, wanted: list[Condition], near: float) -> _Candidate:
    missing, why, blamed, hopeless = 0.0, "", dict[str, None](), ""
    for violation, short in failing(point, wanted, DOMAIN_MARGIN, near):
        missing += short
        why = why or violation.message
        names = variables(violation.expression)
        blamed |= dict.fromkeys(names)
        hopeless = hopeless or ("" if names else violation.message)
    masks = any(isinstance(node, Constant) and not np.isfinite(value) for node, value in point.found.items())
    for node, value in point.found.items():
        largest = _largest(value, masks=masks)
        if isinstance(node, Apply) and not largest < _LARGE:
            missing += np.log10(min(largest, _HUGE) / _LARGE) if np.isfinite(largest) else 1.0
            why = why or "its values are too large"
            blamed |= dict.fromkeys(variables(node))
    return _Candidate(point.values, missing, why, tuple(blamed), hopeless)


def _largest(value: Any, *, masks: bool) -> float:
    """The size of the largest entry; in formulas that write infinity, as in a mask, of those that are finite."""
    sizes = np.abs(np.asarray(value, float))
    return float(np.max(sizes, initial=0.0, where=~np.isinf(sizes) if masks else True))


def _changed(value: Array, rng: np.random.Generator) -> Array:
    """The same array a little different: longer or shorter, moved, turned round, or shaken, all of it or one entry."""
    value = np.asarray(value, float)
    match int(rng.integers(6)):
        case 0:
            return value * np.exp(rng.normal(0.0, 0.7))
        case 1:
            return value + rng.normal(0.0, 1.0)
        case 2:
            return np.abs(value) * rng.choice([-1, 1])
    shaken = np.ones(value.shape)
    if value.size > 1 and rng.random() < _ONE:
        shaken = np.reshape(np.arange(value.size) == rng.integers(value.size), value.shape)
    return value + 10 ** rng.uniform(-2.0, 0.5) * rng.standard_normal(value.shape) * shaken


def _draw(shape: tuple[int, ...], rng: np.random.Generator, attempt: int, gain: float | None = None) -> Array:
    """One array: normal at first, then whatever may please the formula."""
    kind = 0 if attempt < 4 else int(rng.integers(6))
    if kind == 1:
        return rng.uniform(0.5, 2.0, shape)
    if kind == 2:
        return rng.uniform(-0.3, 0.3, shape)
    if kind == 3:
        return rng.uniform(0.1, 0.9, shape)
    if kind == 4:
        return rng.uniform(2.0, 4.0, shape)
    if kind == 5 and len(shape) == 2 and shape[0] == shape[1]:
        b = rng.standard_normal(shape)
        return b @ b.T / shape[0] + 0.7 * np.eye(shape[0])
    if gain is not None and len(shape) > 1:
        return gain / np.sqrt(shape[-1]) * rng.standard_normal(shape)
    return rng.standard_normal(shape)
