"""Two terms that cancel, as their logarithms say: S φ(d) = K exp(−rT) φ(d − v√T) for the d of Black and Scholes (1973).

A product of powers of what is positive has a logarithm: exponents, and what definitions mean, multiplied out. Two such
products are equal where these are the same sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from jacobian_cli.calculus.differentiate.lower import template
from jacobian_cli.calculus.index.tensor import Alias, Apply, Labels, Product, Rational, Sum, Tensor, magnitude
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.calculus.simplify.assumptions import known
from jacobian_cli.calculus.simplify.factors import rational_power
from jacobian_cli.calculus.simplify.substitution import substitute
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.identities import EXPONENTIAL, LOGARITHM

_MOST = 64
"""Exponents of more terms are not multiplied out."""

Monomial = frozenset[tuple[tuple[Tensor, Labels], Rational]]
Polynomial = dict[Monomial, Rational]


@lru_cache(maxsize=1024)
def cancels(tensor: Tensor) -> bool:
    """Whether a sum of two terms is zero throughout."""
    if not isinstance(tensor, Sum) or len(tensor.terms) != 2:
        return False
    whole = tuple(range(len(tensor.shape)))
    signs, logarithms = set[bool](), list[Polynomial]()
    for number, term in tensor.terms:
        sign = number * (term.coefficient if isinstance(term, Product) else 1)
        found = _logarithm(algebra.scale(-1, term) if sign * number < 0 else term, whole)
        if found is None:
            return False
        signs.add(sign > 0)
        logarithms.append(_plus([(1, found), (1, _logarithm_of_number(magnitude(number)))]))
    return len(signs) == 2 and not _plus(zip((1, -1), logarithms, strict=True))


def _plus(terms: Iterable[tuple[Rational, Polynomial]]) -> Polynomial:
    total: Polynomial = {}
    for number, polynomial in terms:
        for monomial, c in polynomial.items():
            total[monomial] = total.get(monomial, 0) + number * c
    return {monomial: c for monomial, c in total.items() if c}


def _times(one: Polynomial, other: Polynomial) -> Polynomial | None:
    if len(one) * len(other) > _MOST:
        return None
    return _plus((a * b, {_product(m, k): 1}) for m, a in one.items() for k, b in other.items())


def _product(one: Monomial, other: Monomial) -> Monomial:
    powers = dict(one)
    for part, power in other:
        powers[part] = powers.get(part, 0) + power
    return frozenset((part, power) for part, power in powers.items() if power)


def _atom(node: Tensor, labels: Labels, power: Rational = 1) -> Polynomial:
    return {frozenset({((node, labels), power)}): 1}


def _logarithm_of_number(number: Rational) -> Polynomial:
    return {} if number == 1 else _atom(_log(algebra.number(number)), ())


def _log(node: Tensor) -> Tensor:
    return Apply(LOGARITHM, (node,), len(node.shape), node.shape)


def _logarithm(node: Tensor, labels: Labels) -> Polynomial | None:
    """The logarithm of what is positive; None for what may not be."""
    while isinstance(node, Alias):
        node = node.body
    if isinstance(node, Apply) and node.function == EXPONENTIAL:
        return _expanded(node.arguments[0], labels)
    if isinstance(node, Apply) and (opened := _meaning(node)) is not None:
        return _logarithm(opened, labels)
    if isinstance(node, Product) and node.coefficient > 0 and not _sums(node):
        total: list[tuple[Rational, Polynomial]] = [(1, _logarithm_of_number(node.coefficient))]
        for part, ls, power in node.factors:
            found = _logarithm(part, tuple(labels[k] for k in ls))
            if found is None:
                return None
            total.append((power, found))
        return _plus(total)
    return _atom(_log(node), labels) if known(node, "positive") else None


def _meaning(node: Apply) -> Tensor | None:
    """What a function of one number is defined as, if that is a product."""
    entry = FUNCTIONS[node.function]
    if entry.kind is not Kind.ELEMENTWISE or not entry.definition or len(entry.parameters) != 1:
        return None
    text = template(entry.definition, entry.parameters, ((),))
    opened = substitute(text, {entry.parameters[0]: node.arguments[0]}, node.shape)
    return opened if isinstance(opened, Product) else None


def _sums(node: Product) -> bool:
    return any(label >= len(node.shape) for _, labels, _ in node.factors for label in labels)


def _expanded(node: Tensor, labels: Labels) -> Polynomial | None:
    """A value multiplied out, its definitions opened; None where that is too long."""
    while isinstance(node, Alias):
        node = node.body
    if isinstance(node, Sum):
        terms = [(c, _expanded(term, labels)) for c, term in node.terms]
        found = [(c, term) for c, term in terms if term is not None]
        return _plus(found) if len(found) == len(terms) else None
    if isinstance(node, Apply) and node.function == LOGARITHM:
        return _logarithm(node.arguments[0], labels) or _atom(node, labels)
    if not isinstance(node, Product) or _sums(node):
        return _atom(node, labels)
    total: Polynomial | None = {frozenset(): node.coefficient}
    for part, ls, power in node.factors:
        raised = _raised(part, tuple(labels[k] for k in ls), power)
        total = None if total is None or raised is None else _times(total, raised)
    return total


def _raised(node: Tensor, labels: Labels, power: Rational) -> Polynomial | None:
    base = _expanded(node, labels)
    if base is None:
        return None
    if power.denominator == 1 and 0 < power <= 4:
        total: Polynomial | None = base
        for _ in range(int(power) - 1):
            total = None if total is None else _times(total, base)
        return total
    if len(base) == 1:
        ((monomial, number),) = base.items()
        times = rational_power(number, power)
        if times is not None and (power.denominator == 1 or all(known(part, "positive") for (part, _), _ in monomial)):
            return {frozenset((part, Fraction(p) * power) for part, p in monomial): times}
    return _atom(node, labels, power)
