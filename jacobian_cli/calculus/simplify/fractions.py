"""Sums and quotients that become shorter when they are multiplied out: (y/s − z/t)·s t = y t − z s, 1/s − x/s² = 1/s²
where s = 1 + x. Whatever is tried is kept only if it is shorter.

`add` and `product` are those of the algebra, which calls this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import lru_cache

from jacobian_cli.calculus.index.tensor import Extent, Factor, Labels, Product, Rational, Sum, Tensor, magnitude
from jacobian_cli.shape import Shape

Add = Callable[[Shape, Iterable[tuple[Rational, Tensor]]], Tensor]
Multiply = Callable[[Shape, Iterable[Factor], Rational], Tensor]
_MAX_TERMS = 4
"""Sums of more terms than this are not multiplied out."""
_MAX_FACTORS = 12
_MAX_COST = 60


@lru_cache(maxsize=1 << 15)
def cost(tensor: Tensor) -> int:
    """How much is to be written: factors, terms, and powers other than one."""
    match tensor:
        case Product(coefficient, factors):
            return sum(cost(node) + (power != 1) for node, _, power in factors) + (magnitude(coefficient) != 1)
        case Sum(terms):
            return sum(cost(t) + (magnitude(c) != 1) for c, t in terms) + len(terms) - 1
    return 1


def met(add: Add, multiply: Multiply, factors: list[Factor]) -> list[Factor] | None:
    """A sum and the factors whose powers cancel in its terms, multiplied out: (1 + y²/x²)·x² = x² + y², and
    (δ p − p q)/p = δ − q.
    """
    if len(factors) > _MAX_FACTORS:
        return None
    for k, (node, labels, power) in enumerate(factors):
        if not isinstance(node, Sum) or power not in (1, -1) or not 1 < len(node.terms) <= _MAX_TERMS:
            continue
        powers = [_powers(term) for _, term in node.terms]
        below = {key for own in powers for key, p in own if p < 0}
        above = set.intersection(*({key for key, p in own if p > 0} for own in powers))
        if not below and not above:
            continue
        inside: list[tuple[int, Factor]] = []
        for j, (other, ls, p) in enumerate(factors):
            if j != k and set(ls) <= set(labels) and not isinstance(other, Extent):
                local = tuple(labels.index(label) for label in ls)
                if (other, local) in (below if p * power > 0 else above):
                    inside.append((j, (other, local, p * power)))
        # what has one sum in common with a denominator meets it whole
        if not inside or cost(node) > _MAX_COST:
            continue
        partners = [f for _, f in inside]
        whole = tuple(range(len(labels)))
        opened = add(node.shape, [(c, multiply(node.shape, [(t, whole, 1), *partners], 1)) for c, t in node.terms])
        before = cost(node) + sum(cost(f[0]) + (f[2] != 1) for f in partners)
        if cost(opened) < before:
            used = {k, *(j for j, _ in inside)}
            return [f for j, f in enumerate(factors) if j not in used] + [(opened, labels, power)]
    return None


def shorter(add: Add, multiply: Multiply, node: Sum) -> Tensor | None:
    """The sum over one denominator, or with its products multiplied out, if that is shorter."""
    if not 1 < len(node.terms) <= _MAX_TERMS or cost(node) > _MAX_COST:
        return None
    for tried in (_over_one_denominator, _opened):
        found = tried(add, multiply, node)
        if found is not None and cost(found) < cost(node):
            return found
    return None


def _over_one_denominator(add: Add, multiply: Multiply, node: Sum) -> Tensor | None:
    """a/s + b/s² = (a s + b)/s²."""
    powers = [dict(_powers(term)) for _, term in node.terms]
    whole = tuple(range(len(node.shape)))
    for key in dict.fromkeys(key for found in powers for key, p in found.items() if p < 0 and isinstance(key[0], Sum)):
        least = min(found.get(key, Fraction(0)) for found in powers)
        if all(found.get(key, 0) == least for found in powers):
            continue
        base, labels = key
        raised = (base, labels, -least)
        terms = [(c, multiply(node.shape, [(t, whole, 1), raised], 1)) for c, t in node.terms]
        above = add(node.shape, [(c, _multiplied(add, multiply, t)) for c, t in terms])
        written_out = isinstance(above, Sum) and len(node.shape) > 2  # such products are opened again
        if not written_out and cost(above) + cost(base) + 1 < cost(node):
            return multiply(node.shape, [(above, whole, 1), (base, labels, least)], 1)
    return None


def _opened(add: Add, multiply: Multiply, node: Sum) -> Tensor | None:
    """x(1 − y) + x y = x."""
    if not any(_sum_in(term) is not None for _, term in node.terms):
        return None
    return add(node.shape, [(c, _multiplied(add, multiply, term)) for c, term in node.terms])


def _multiplied(add: Add, multiply: Multiply, term: Tensor) -> Tensor:
    """a(b + c) = a b + a c, for one sum in a product."""
    k = _sum_in(term)
    if k is None or not isinstance(term, Product):
        return term
    inner, labels, _ = term.factors[k]
    assert isinstance(inner, Sum)
    rest = [f for j, f in enumerate(term.factors) if j != k]
    terms = [(c, multiply(term.shape, [*rest, (t, labels, 1)], term.coefficient)) for c, t in inner.terms]
    return add(term.shape, terms)


def _sum_in(term: Tensor) -> int | None:
    """Where in a product a short sum stands whose axes are axes of the product."""
    if not isinstance(term, Product):
        return None
    order = len(term.shape)
    for k, (node, labels, power) in enumerate(term.factors):
        if isinstance(node, Sum) and power == 1 and len(node.terms) <= _MAX_TERMS and max(labels, default=-1) < order:
            return k
    return None


def _powers(term: Tensor) -> list[tuple[tuple[Tensor, Labels], Rational]]:
    """The factors of a term, with their powers."""
    if isinstance(term, Product):
        return [((node, labels), power) for node, labels, power in term.factors]
    return [((term, tuple(range(len(term.shape)))), 1)]
