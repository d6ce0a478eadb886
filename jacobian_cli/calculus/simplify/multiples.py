"""Sums beside what they are a multiple of: a p/(p + q) + a q/(p + q) = a, and (p + q)/m = 2 where m is (p + q)/2.

A definition is asked what it means only where it then goes away, or loses a power.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations

from jacobian_cli.calculus.index.tensor import Alias, Factor, Labels, Product, Rational, Sum, Tensor, magnitude, ratio
from jacobian_cli.calculus.simplify.assumptions import known
from jacobian_cli.calculus.simplify.factors import is_constant, rational_power
from jacobian_cli.calculus.simplify.recipe import Open, Part, Piece, Plus, Rewrite, Times

_MAX_TERMS = 8
"""Of sums of more terms nobody asks."""
_MAX_POWER = 64
_HALF = Fraction(1, 2)

Powers = dict[tuple[Tensor, Labels], Rational]
"""The factors of a product, and their powers."""
_Monomial = tuple[Rational, Powers]
_Key = frozenset[tuple[tuple[Tensor, Labels], Rational]]


def whole_of_its_parts(node: Sum) -> Part | None:
    """a p/(p + q) + a q/(p + q) = a, whatever the whole is called."""
    if len(node.terms) > _MAX_TERMS:
        return None
    order = len(node.shape)
    terms = [_monomial(c, term) for c, term in node.terms]
    places = {_key(powers): k for k, (_, powers) in enumerate(terms)}
    for number, powers in terms:
        for (whole, labels), power in powers.items():
            parts = _parts(whole, labels) if power < 0 and max(labels, default=-1) < order else []
            if not 1 < len(parts) <= len(terms):
                continue
            shared = _over((number, powers), parts[0])
            found = [places.get(_key(_times(shared[1], part))) for _, part in parts]
            wanted = [shared[0] * c for c, _ in parts]
            if any(k is None or terms[k][0] != c for k, c in zip(found, wanted, strict=True)):
                continue
            made = _times(shared[1], {(whole, labels): 1})
            rest = [(c, term) for k, (c, term) in enumerate(node.terms) if k not in found]
            return Plus(node.shape, [(shared[0], Times(node.shape, _factors(made))), *rest])
    return None


def multiple_of_a_divisor(met: Open) -> Rewrite | None:
    """(a p + a q)/(p + q) = a, whatever is called p + q."""
    sums = [
        k
        for k, (node, _, power) in enumerate(met.factors)
        if power > 0 and isinstance(node, Sum) and 1 < len(node.terms) <= _MAX_TERMS
    ]
    for j, (whole, theirs, p) in enumerate(met.factors):
        parts = _parts(whole, theirs) if sums and p < 0 else []
        for k in sums if parts else ():
            node, labels, power = met.factors[k]
            assert isinstance(node, Sum)
            if len(parts) == len(node.terms) and (quotient := _quotient(node, labels, parts)) is not None:
                number, powers = quotient
                kept = [f for i, f in enumerate(met.factors) if i not in (j, k)]
                rest: list[Piece] = [(whole, theirs, p + 1), (node, labels, power - 1)]
                new: list[Piece] = [*_factors(powers), *(f for f in rest if f[2])]
                return Rewrite(kept, new, number=number)
    return None


def _quotient(node: Sum, labels: Labels, parts: list[_Monomial]) -> _Monomial | None:
    """What a sum is times what has these parts; None if it is no multiple."""
    terms = {_key(powers): c for c, powers in (_monomial(c, term, labels) for c, term in node.terms)}
    for key, number in terms.items():
        shared = _over((number, dict(key)), parts[0])
        inside = all(set(ls) <= set(labels) for _, ls in shared[1])
        if inside and all(terms.get(_key(_times(shared[1], part))) == shared[0] * c for c, part in parts):
            return shared
    return None


def _parts(whole: Tensor, labels: Labels) -> list[_Monomial]:
    """The terms of a sum, or of what is called so, whose axes bear these labels."""
    while isinstance(whole, Alias):
        whole = whole.body
    if not isinstance(whole, Sum) or len(whole.terms) > _MAX_TERMS:
        return []
    return [_monomial(c, term, labels) for c, term in whole.terms]


def _monomial(number: Rational, term: Tensor, labels: Labels | None = None) -> _Monomial:
    """A term as a number and powers; under labels for its axes, one that sums over others is one factor."""
    if labels is None:
        labels = tuple(range(len(term.shape)))
        summed = True
    else:
        summed = False
    if isinstance(term, Product):
        if not term.factors:
            return number * term.coefficient, {}
        if summed or all(k < len(labels) for _, ls, _ in term.factors for k in ls):
            powers = {(part, tuple(labels[k] if k < len(labels) else k for k in ls)): p for part, ls, p in term.factors}
            if len(powers) == len(term.factors):
                return number * term.coefficient, powers
    return number, {(term, labels): 1}


def _over(above: _Monomial, below: _Monomial) -> _Monomial:
    return ratio(above[0], below[0]), _times(above[1], {key: -power for key, power in below[1].items()})


def _times(
    powers: Mapping[tuple[Tensor, Labels], Rational], others: Mapping[tuple[Tensor, Labels], Rational]
) -> Powers:
    total = dict(powers)
    for key, power in others.items():
        total[key] = total.get(key, 0) + power
    return {key: power for key, power in total.items() if power}


def _key(powers: Powers) -> _Key:
    return frozenset(powers.items())


def _factors(powers: Powers) -> list[Factor]:
    return [(node, labels, power) for (node, labels), power in powers.items()]


def under_its_root(met: Open) -> Rewrite | None:
    """p q/√(p q) = √(p q)."""
    powers = {(node, labels): power for node, labels, power in met.factors}
    for node, labels, power in met.factors:
        if not isinstance(node, Product) or power.denominator == 1 or node.coefficient != 1 or len(node.factors) < 2:
            continue
        sign = 1 if power < 0 else -1
        inner = [
            ((part, tuple(labels[k] for k in ls)), p)
            for part, ls, p in node.factors
            if max(ls, default=-1) < len(labels)
        ]
        if len(inner) < len(node.factors) or any(
            sign * powers.get(key, 0) * (1 if p > 0 else -1) < magnitude(p) for key, p in inner
        ):
            continue
        left = _times(powers, {**{key: -sign * p for key, p in inner}, (node, labels): sign})
        return Rewrite([], _factors(left))
    return None


def by_one_of_its_terms(met: Open) -> Iterator[Rewrite]:
    """(a + b)/a = 1 + b/a; not (1 − a)/a = 1/a − 1."""
    for k, (node, labels, power) in enumerate(met.factors):
        if power != 1 or not isinstance(node, Sum) or not 1 < len(node.terms) <= _MAX_TERMS:
            continue
        if any(map(is_constant, node.children)):
            continue
        alone = [powers for _, powers in (_monomial(c, term, labels) for c, term in node.terms) if len(powers) == 1]
        for j, (other, theirs, p) in enumerate(met.factors):
            if p < 0 and {(other, theirs): -p} in alone:
                axes = tuple(labels.index(label) for label in theirs)
                whole = tuple(range(len(labels)))
                divided = [(c, Times(node.shape, [(t, whole, 1), (other, axes, p)])) for c, t in node.terms]
                yield Rewrite(
                    [f for i, f in enumerate(met.factors) if i not in (j, k)], [(Plus(node.shape, divided), labels, 1)]
                )


def _roots(number: Rational, term: Tensor) -> tuple[Rational, tuple[_Key, _Key]] | None:
    """The square of a number in front, with the sign of the number, and what else is a factor: what stands under roots
    or is positive, squared, and the others. None where there is no root.
    """
    number, powers = _monomial(number, term)
    order = len(term.shape)
    square, under, others = Fraction(number) ** 2, Powers(), Powers()
    if all(power.denominator == 1 for power in powers.values()):
        return None
    for key, power in powers.items():
        node, labels = key
        if max(labels, default=-1) >= order or not (power.denominator == 2 or known(node, "positive")):
            others[key] = power
            continue
        coefficient, inner = _monomial(1, node, labels)
        if magnitude(power) > _MAX_POWER or coefficient <= 0:
            return None
        square *= Fraction(coefficient) ** int(2 * power)
        under = _times(under, {part: 2 * power * p for part, p in inner.items()})
    return square if number > 0 else -square, (_key(under), _key(others))


def roots_alike(node: Sum) -> Part | None:
    """2/√(2π) − √(2/π) = 0: the quotient of two roots is a number where its square is the square of one."""
    if len(node.terms) > _MAX_TERMS:
        return None
    found = [(k, roots) for k, (c, term) in enumerate(node.terms) if (roots := _roots(c, term)) is not None]
    for (k, (square, factors)), (j, (other, others)) in combinations(found, 2):
        if factors != others or (times := rational_power(ratio(magnitude(other), magnitude(square)), _HALF)) is None:
            continue
        signed = times if square * other > 0 else -times
        totals = [(node.terms[k][0] * (1 + signed), k), (node.terms[j][0] * (1 + ratio(1, signed)), j)]
        total, kept = min(totals, key=lambda total: _length(total[0], node.terms[total[1]][1]))
        return Plus(
            node.shape, [(total, node.terms[kept][1]), *(t for i, t in enumerate(node.terms) if i not in (k, j))]
        )
    return None


def _length(number: Rational, term: Tensor) -> int:
    """How long the number in front of a term is."""
    whole = number * (term.coefficient if isinstance(term, Product) else 1)
    return int(magnitude(whole.numerator)) * whole.denominator
