"""The longest terms of a value: how many places for an index they have, and of what degree they are in the sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product as combinations
from math import ceil, floor

from jacobian_cli.expr import Expr
from jacobian_cli.shape import ONE, Shape, Size, product

TOTAL = "*"
"""The key of the degree in all sizes together."""
Count = Mapping[str, int]
"""For each size how often; sizes that do not occur are left out."""
Powers = Mapping[str, tuple[int, int]]
"""For each size the least and the largest power."""
Flags = tuple[frozenset[str], ...]
"""For each axis the sizes whose index is there: of n·m, axes that were joined, it may be the index over n alone."""
NONE = frozenset[str]()


class UncoveredError(Exception):
    """What the theorem says nothing of."""


@dataclass(frozen=True, slots=True)
class Term:
    """The longest terms of a kind: the places for an index in their factors, and the powers of the sizes that multiply
    them.

    `held` says of each axis whether each of them holds its index, so that a sum over it counts nothing twice; `met`
    whether any may; joined axes are of several indices. `inner` are the indices that were summed over: those of the
    axes are apart, each one index however many places it has.
    """

    places: Count
    powers: Powers
    held: Flags
    met: Flags
    inner: Count = field(default_factory=dict)


Sum = tuple[Term, ...]
"""Kinds of terms that differ in what they hold; none where a value is zero."""
Terms = tuple[Sum, ...]
"""Those of a value and of its derivatives, one after the other."""
_KINDS = 12
"""More kinds of terms are taken for one."""


def plus(*counts: Count) -> Count:
    total: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            total[name] = total.get(name, 0) + number
    return total


def most(*counts: Count) -> Count:
    most: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            most[name] = max(most.get(name, 0), number)
    return most


def of_size(size: Size) -> Count:
    """An index over an axis may be one over each of its sizes."""
    if any(c < 0 or c.denominator != 1 for _, c in size.terms):
        raise UncoveredError("a length that is a difference, or a part of another")
    return {name: max(power for m, _ in size.terms for n, power in m if n == name) for name in size.names()}


def powers_of(size: Size) -> Powers:
    """The powers of a size used as a number."""
    each = [dict(m) for m, _ in size.terms]
    found = {name: (min(m.get(name, 0) for m in each), max(m.get(name, 0) for m in each)) for name in size.names()}
    totals = [sum(m.values()) for m in each]
    return {**found, TOTAL: (min(totals), max(totals))} if found else {}


def freely(size: Size, held: frozenset[str], met: frozenset[str]) -> Powers:
    """What a sum counts over an index that no factor holds; where one may, nothing perhaps."""
    missing = everything(size) - held
    if not missing:
        return {}
    if not separable(size):
        return {name: (0 if met else low, high) for name, (low, high) in powers_of(size).items()}
    found = {name: (int(name not in met), 1) for name in sorted(missing)}
    return {**found, TOTAL: (sum(low for low, _ in found.values()), len(found))}


def everything(size: Size) -> frozenset[str]:
    """The indices of an axis."""
    return frozenset(size.names())


def everywhere(shape: Iterable[Size]) -> Flags:
    """The indices of all axes."""
    return tuple(map(everything, shape))


def nowhere(shape: Iterable[Size]) -> Flags:
    """None of any axis."""
    return tuple(NONE for _ in shape)


def separable(size: Size) -> bool:
    """Whether an index over a length is one of each of its sizes, of which some may be held."""
    return len(size.terms) == 1 and all(power == 1 for _, power in size.terms[0][0])


def moved(flags: Sequence[frozenset[str]], sizes: Sequence[Size], size: Size, *, each: bool) -> frozenset[str]:
    """What is there of an axis that is joined of others, or a part of one: if they cannot be told apart, all if `each`
    is there, or if any is.
    """
    own = everything(size)
    if separable(product(sizes)) and separable(size):
        return own.intersection(NONE.union(*flags))
    there = [flag >= everything(s) if each else bool(flag) for flag, s in zip(flags, sizes, strict=True)]
    return own if (all(there) if each else any(there)) else NONE


def raised(powers: Powers, exponent: Fraction) -> Powers:
    """Of a function of what has these powers, or of its power: what it is multiplied out, times a power of the size."""
    times, found = max(1, ceil(abs(exponent))), dict[str, tuple[int, int]]()
    for name, (low, high) in powers.items():
        found[name] = (floor(exponent * low), ceil(exponent * low) + times * (high - low))
    return found


def times(*parts: Powers) -> Powers:
    """The powers in a product."""
    names = dict.fromkeys(name for part in parts for name in part)
    found = {name: [part.get(name, (0, 0)) for part in parts] for name in names}
    return {name: (sum(low for low, _ in each), sum(high for _, high in each)) for name, each in found.items()}


def either_of(*parts: Powers) -> Powers:
    """The powers in a sum."""
    names = dict.fromkeys(name for part in parts for name in part)
    found = {name: [part.get(name, (0, 0)) for part in parts] for name in names}
    return {name: (min(low for low, _ in each), max(high for _, high in each)) for name, each in found.items()}


def span(powers: Powers) -> Count:
    """The degree of a polynomial with these powers, when it is divided by what divides it in any case."""
    lowest = sum(low for name, (low, _) in powers.items() if name != TOTAL)
    found = {name: high - (lowest if name == TOTAL else low) for name, (low, high) in powers.items()}
    return {name: degree for name, degree in found.items() if degree}


def axes(shape: Iterable[Size]) -> Count:
    return plus(*map(of_size, shape))


def aligned(flags: Flags, shape: Shape, made: Shape) -> Flags:
    """Flags of axes after broadcasting: an axis that is not there is not held."""
    missing = len(made) - len(shape)
    return tuple(
        flags[k - missing] if k >= missing and (shape[k - missing] is not ONE or size is ONE) else NONE
        for k, size in enumerate(made)
    )


def broadcast(terms: Terms, argument: Expr, node: Expr) -> Terms:
    """The terms of an argument with the axes of the value."""
    shape, made = argument.shape, node.shape
    if shape == made:
        return terms
    return tuple(
        kinds(replace(t, held=aligned(t.held, shape, made), met=aligned(t.met, shape, made)) for t in part)
        for part in terms
    )


def either(*flags: Flags) -> Flags:
    return tuple(NONE.union(*of_axis) for of_axis in zip(*flags, strict=True))


def both(*flags: Flags) -> Flags:
    return tuple(frozenset.intersection(*of_axis) for of_axis in zip(*flags, strict=True))


def whole(terms: Iterable[Term]) -> Term:
    """All terms as one kind."""
    there = list(terms)
    return Term(
        most(*(t.places for t in there)),
        either_of(*(t.powers for t in there)),
        both(*(t.held for t in there)),
        either(*(t.met for t in there)),
        most(*(t.inner for t in there)),
    )


def kinds(terms: Iterable[Term]) -> Sum:
    """Those that hold the same are one kind."""
    found: dict[tuple[Flags, Flags], list[Term]] = {}
    for term in terms:
        found.setdefault((term.held, term.met), []).append(term)
    if len(found) > _KINDS:
        return (whole(term for same in found.values() for term in same),)
    return tuple(map(whole, found.values()))


def added(parts: Iterable[Sum]) -> Sum:
    """The terms of a sum, of values of one shape."""
    return kinds(term for part in parts for term in part)


def multiplied(parts: Sequence[Sum]) -> Sum:
    """The terms of a product, of values of one shape."""
    return kinds(
        Term(
            plus(*(t.places for t in way)),
            times(*(t.powers for t in way)),
            either(*(t.held for t in way)),
            either(*(t.met for t in way)),
            plus(*(t.inner for t in way)),
        )
        for way in combinations(*parts)
    )


def leibniz(factors: Sequence[Terms], order: int, product: Callable[[Sequence[Sum]], Sum]) -> Terms:
    """A product and its derivatives: of each factor as many as add up."""
    found = []
    for k in range(order + 1):
        ways = [way for way in combinations(range(k + 1), repeat=len(factors)) if sum(way) == k]
        found.append(added(product([f[j] for f, j in zip(factors, way, strict=True)]) for way in ways))
    return tuple(found)


def lettered(letters: Sequence[str], flags: Sequence[Flags], *, diagonals: bool) -> dict[str, frozenset[str]]:
    """The indices of each letter that a factor holds; what is on a diagonal may be the same everywhere."""
    found: dict[str, frozenset[str]] = {}
    for part, there in zip(letters, flags, strict=True):
        for a, flag in zip(part, there, strict=True):
            found[a] = found.get(a, NONE) | (flag if diagonals or part.count(a) == 1 else NONE)
    return found
