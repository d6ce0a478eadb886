"""Sums and quotients that become shorter when they are multiplied out: (y/s − z/t)·s t = y t − z s, 1/s − x/s² = 1/s²
where s = 1 + x. Whatever is tried is kept only if it is shorter.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

from jacobian_cli.calculus.cost import TRIED, cost
from jacobian_cli.calculus.index.tensor import Apply, Extent, Factor, Labels, Product, Rational, Sum, Tensor
from jacobian_cli.calculus.simplify.calls import is_power, number_between
from jacobian_cli.calculus.simplify.recipe import Open, Opened, Part, Plus, Rewrite, Times

_MAX_TERMS = 4
"""Sums of more terms than this are not multiplied out."""
_MAX_FACTORS = 12


def met_by_factors(met: Open) -> Iterator[Rewrite]:
    """A sum and the factors whose powers cancel in its terms, multiplied out: (1 + y²/x²)·x² = x² + y², and
    (δ p − p q)/p = δ − q.
    """
    factors = met.factors
    if not 1 < len(factors) <= _MAX_FACTORS:
        return
    for k, (node, labels, power) in enumerate(factors):
        if not isinstance(node, Sum) or power not in (1, -1) or not 1 < len(node.terms) <= _MAX_TERMS:
            continue
        below, above = _ends(node)
        if not below and not above:
            continue
        inside: list[tuple[int, Factor]] = []
        for j, (other, ls, p) in enumerate(factors):
            if j != k and set(ls) <= set(labels) and not isinstance(other, Extent):
                local = tuple(labels.index(label) for label in ls)
                if (other, local) in (below if p * power > 0 else above):
                    inside.append((j, (other, local, p * power)))
        # what has one sum in common with a denominator meets it whole
        if not inside or cost(node) > TRIED:
            continue
        partners = [f for _, f in inside]
        whole = tuple(range(len(labels)))
        opened = Plus(node.shape, [(c, Times(node.shape, [(t, whole, 1), *partners])) for c, t in node.terms])
        used = {k, *(j for j, _ in inside)}
        yield Rewrite([f for j, f in enumerate(factors) if j not in used], [(opened, labels, power)])


@lru_cache(maxsize=4096)
def _ends(node: Sum) -> tuple[frozenset[tuple[Tensor, Labels]], frozenset[tuple[Tensor, Labels]]]:
    """What some term of a sum is divided by, or has to a power that is no number, and what all its terms are multiplied
    by.
    """
    powers = [_powers(term) for _, term in node.terms]
    below = frozenset(key for own in powers for key, p in own if p < 0)
    raised = frozenset((part.arguments[0], at) for own in powers for (part, at), _ in own if is_power(part))
    return below | raised, frozenset.intersection(*(frozenset(key for key, p in own if p > 0) for own in powers))


def over_one_denominator(node: Sum) -> Iterator[Part]:
    """a/s + b/s² = (a s + b)/s²."""
    if not _short(node):
        return
    powers = [dict(_powers(term)) for _, term in node.terms]
    whole = tuple(range(len(node.shape)))
    for key in dict.fromkeys(key for found in powers for key, p in found.items() if p < 0 and isinstance(key[0], Sum)):
        least = min(found.get(key, Fraction(0)) for found in powers)
        if all(found.get(key, 0) == least for found in powers):
            continue
        base, labels = key
        if len(whole) > 1 and labels and not all(key in found for found in powers):
            continue  # what divides the rows of one matrix is not taken out of another
        raised = (base, labels, -least)
        terms = [(c, Opened(Times(node.shape, [(t, whole, 1), raised]))) for c, t in node.terms]
        yield Times(node.shape, [(Plus(node.shape, terms), whole, 1), (base, labels, least)])


def over_least_power(node: Sum) -> Iterator[Part]:
    """x**(2 − a) − y x**(1 − a) = x**(1 − a)(x − y)."""
    raised: list[dict[tuple[Tensor, Labels], Apply]] = []
    for _, term in node.terms if len(node.terms) <= _MAX_TERMS else ():
        raised.append({(f.arguments[0], at): f for (f, at), p in _powers(term) if p == 1 and is_power(f)})
        if not raised[-1]:
            return
    whole = tuple(range(len(node.shape)))
    for (base, labels), first in raised[0].items() if raised else ():
        there = (own[base, labels] for own in raised if (base, labels) in own)
        found = [(power, number_between(power.arguments[1], first.arguments[1])) for power in there]
        gaps = [(power, gap) for power, gap in found if gap is not None and gap.denominator == 1]
        if len(gaps) < len(node.terms):
            continue
        shared, least = min(gaps, key=lambda pair: pair[1])
        terms = [
            (c, Times(node.shape, [(t, whole, 1), (power, labels, -1), (base, labels, gap - least)]))
            for (c, t), (power, gap) in zip(node.terms, gaps, strict=True)
        ]
        yield Times(node.shape, [(shared, labels, 1), (Plus(node.shape, terms), whole, 1)])


def multiplied_out(node: Sum) -> Iterator[Part]:
    """x(1 − y) + x y = x, and q s − (q − 1) s = s, where s may be a sum too."""
    if not _short(node):
        return
    for scalar in (False, True):
        if any(_sum_in(term, scalar) is not None for _, term in node.terms):
            yield Plus(node.shape, [(c, opened(term, scalar)) for c, term in node.terms])


def _short(node: Sum) -> bool:
    return 1 < len(node.terms) <= _MAX_TERMS and cost(node) <= TRIED


def opened(term: Tensor, scalar: bool = False) -> Part:
    """a(b + c) = a b + a c, for one sum in a product, or one that is a scalar; the square of two terms is three."""
    k = _sum_in(term, scalar)
    if k is None or not isinstance(term, Product):
        return term
    inner, labels, power = term.factors[k]
    assert isinstance(inner, Sum)
    rest = [f for j, f in enumerate(term.factors) if j != k]
    if power == 1:
        made = [(c, [(t, labels, 1)]) for c, t in inner.terms]
    else:
        (a, first), (b, second) = inner.terms
        squares = [(c * c, [(t, labels, 2)]) for c, t in inner.terms]
        made = [*squares, (2 * a * b, [(first, labels, 1), (second, labels, 1)])]
    return Plus(term.shape, [(c, Times(term.shape, [*rest, *inside], term.coefficient)) for c, inside in made])


def _sum_in(term: Tensor, scalar: bool = False) -> int | None:
    """Where in a product a short sum stands whose axes are axes of the product, or that is a scalar."""
    if not isinstance(term, Product):
        return None
    order = len(term.shape)
    for k, (node, labels, power) in enumerate(term.factors):
        short = isinstance(node, Sum) and (
            len(node.terms) <= _MAX_TERMS if power == 1 else power == len(node.terms) == 2
        )
        if short and max(labels, default=-1) < (0 if scalar else order):
            return k
    return None


def _powers(term: Tensor) -> list[tuple[tuple[Tensor, Labels], Rational]]:
    """The factors of a term that it does not sum over, with their powers."""
    if isinstance(term, Product):
        order = len(term.shape)
        return [((node, labels), power) for node, labels, power in term.factors if max(labels, default=-1) < order]
    return [((term, tuple(range(len(term.shape)))), 1)]
