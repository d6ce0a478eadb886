"""Lists of factors and their labels: what can be said of them, and simplified, without building a tensor.

A factor is a tensor, its labels, one for each of its axes, and a power. Of a value with `order` axes the labels from 0
to order − 1 are its axes, in their order; whatever label is higher is summed over. So (Aᵀ x)_i is of order 1, with the
factors (A, (1, 0), 1) and (x, (1,), 1), where A has shape (n, m), x has shape (n,) and the value (m,).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import gcd, isqrt

from jacobian_cli.calculus.index.tensor import (
    Delta,
    Factor,
    Labels,
    Product,
    Rational,
    Sum,
    Tensor,
    Window,
    is_zero,
    magnitude,
    ratio,
)
from jacobian_cli.calculus.simplify.assumptions import rooted
from jacobian_cli.calculus.simplify.recipe import Part, Plus, Times
from jacobian_cli.shape import Size

MAX_FACTORS = 64
"""Products of products are flattened up to this length; past it they stay nested, so that squaring a
product again and again costs nothing."""
_MAX_BITS = 2048
_MAX_TERMS = 8
"""Sums of at most so many terms are opened inside products."""


def rational_power(base: Rational, power: Rational) -> Rational | None:
    """base**power where that is a rational number of moderate length."""
    if base == 1 or power == 1:
        return base
    if not base or magnitude(power) > 10**6:
        return None
    exact = Fraction(base)
    if isinstance(power, Fraction) and power.denominator == 2 and exact > 0:
        numerator, denominator = isqrt(exact.numerator), isqrt(exact.denominator)
        if numerator**2 != exact.numerator or denominator**2 != exact.denominator:
            return None
        exact, power = Fraction(numerator, denominator), power.numerator
    whole = int(power)
    if power != whole:
        return None
    if (exact.numerator.bit_length() + exact.denominator.bit_length()) * abs(whole) > _MAX_BITS:
        return None
    result = exact**whole
    return result.numerator if result.denominator == 1 else result


def without_deltas(order: int, factors: list[Factor]) -> tuple[list[Factor], Callable[[int], int]]:
    """δ_ij a_j summed over j is a_i; where j is an axis of the value, a_j is read as a_i beside δ_ij.

    Returns the factors of the same value, in the same labels, and what a label that was there is called now.
    """
    renamed: dict[int, int] = {}

    def name(label: int) -> int:
        while label in renamed:
            label = renamed[label]
        return label

    kept: list[Factor] = []
    for node, labels, _ in factors:
        if isinstance(node, Delta):
            a, b = sorted(map(name, labels))
            if a == b:
                continue
            if b >= order:
                renamed[b] = a
            else:
                kept.append((node, (a, b), 1))
    deltas = list(dict.fromkeys((n, tuple(sorted(map(name, ls))), p) for n, ls, p in kept))
    tied: dict[int, int] = {}
    for _, (a, b), _ in sorted(deltas, key=lambda delta: delta[1]):
        tied[b] = tied.get(a, a)
    others = [(n, tuple(tied.get(name(k), name(k)) for k in ls), p) for n, ls, p in factors if not isinstance(n, Delta)]
    return others + [d for d in deltas if d[1][0] != d[1][1]], name


def deltas_vanish(order: int, term: Tensor, labels: Labels) -> bool:
    """Whether an identity in a term, whose axes bear these labels in a value of so many axes, is summed over."""
    if isinstance(term, Delta | Window):
        return max(labels) >= order
    if not isinstance(term, Product):
        return False
    return any(
        isinstance(node, Delta) and max(labels[k] if k < len(labels) else -1 for k in ls) >= order
        for node, ls, _ in term.factors
    )


def made_of_matrices(node: Sum) -> bool:
    """Whether a sum of three axes and more is one of a few products of matrices and vectors."""
    return len(node.terms) <= _MAX_TERMS and all(
        isinstance(term, Product) and all(len(labels) <= 2 for _, labels, _ in term.factors) for term in node.children
    )


def is_outer(term: Tensor) -> bool:
    """Whether a matrix is an outer product: nothing leads from its rows to its columns."""
    if not isinstance(term, Product):
        return False
    reached, grown = set[int](), {0}
    while grown != reached:
        reached = grown
        grown = reached | {k for _, labels, _ in term.factors if reached & set(labels) for k in labels}
    return 1 not in reached


def merge_powers(factors: list[Factor]) -> tuple[list[Factor], bool]:
    """a_i a_i = a_i²; a_i / a_i = 1: tensors alike with labels alike become one factor.

    Says too whether a product has power 1 now that had none, and can be opened.
    """
    powers: dict[tuple[Tensor, Labels], Rational] = {}
    for node, labels, power in factors:
        key = (node, labels)
        powers[key] = powers.get(key, 0) + power
    merged: list[Factor] = []
    again = False
    for (node, labels), power in powers.items():
        if power == 0:
            continue
        whole = power if isinstance(power, int) or power.denominator > 1 else int(power)
        if isinstance(node, Delta):
            whole = 1
        if isinstance(node, Product) and whole == 1 and (node, labels, 1) not in factors:
            again = True
        merged.append((node, labels, whole))
    return merged, again


_DECIMAL = 5
"""Multiples of this are below decimal fractions that nobody writes otherwise."""


def take_out(coefficient: Rational, factors: list[Factor]) -> tuple[Rational, list[Factor]]:
    """(4a − 2b) c = 2 (2a − b) c: what the terms of a sum have in common is taken out, its sign with it."""
    taken: list[Factor] = []
    for node, labels, power in factors:
        if isinstance(node, Sum) and isinstance(power, int) and len(node.terms) > 1:
            first = node.terms[0][0]
            common = content([c for c, _ in node.terms]) * (1 if first > 0 else -1)
            raised = rational_power(common, power)
            if common != 1 and raised is not None:
                coefficient = coefficient * raised
                plain = Sum(tuple((ratio(c, common), t) for c, t in node.terms), node.shape)
                taken.append((plain, labels, power))
                continue
        taken.append((node, labels, power))
    return coefficient, taken


def content(coefficients: Sequence[Rational]) -> Rational:
    """The positive number that is taken out of a sum: a common divisor, or what all share up to sign."""
    first = magnitude(coefficients[0])
    if all(magnitude(c) == first for c in coefficients):
        return first
    below = {c.denominator for c in coefficients}
    if len(below) > 1 or not min(below) % _DECIMAL:  # what is typed 0.3 stays so
        return 1
    return ratio(gcd(*(c.numerator for c in coefficients)), min(below))


def label_sizes(factors: list[Factor]) -> dict[int, Size]:
    """How long each label is: the size of the axes that bear it."""
    return {label: size for node, labels, _ in factors for label, size in zip(labels, node.shape, strict=True)}


def connected(factors: Sequence[Factor]) -> list[tuple[set[int], list[Factor]]]:
    """The factors in groups none of which has a label of another, each with its labels."""
    groups: list[tuple[set[int], list[Factor]]] = []
    for factor in factors:
        labels, members = set(factor[1]), [factor]
        touching = [g for g in groups if g[0] & labels]
        for group in touching:
            labels |= group[0]
            members = group[1] + members
            groups.remove(group)
        groups.append((labels, members))
    return groups


def axes_of(tensor: Tensor) -> set[int]:
    """The axes on which a tensor depends, out of 0 to `len(tensor.shape)` − 1: along the others it repeats."""
    match tensor:
        case Product(factors=factors, shape=shape):
            return {label for _, labels, _ in factors for label in labels if label < len(shape)}
        case Sum(terms=terms):
            return {axis for _, term in terms for axis in axes_of(term)}
    return set(range(len(tensor.shape)))


def rank_but_for_sign(node: Sum) -> tuple[tuple[int, ...], tuple[Rational, ...]]:
    """What orders sums, whatever number stands in front of them."""
    first = node.terms[0][0]
    return tuple(t.digest for _, t in node.terms), tuple(ratio(c, first) for c, _ in node.terms)


def is_constant(tensor: Tensor) -> bool:
    """Whether a tensor is one number throughout."""
    return is_zero(tensor) or (isinstance(tensor, Product) and not tensor.factors)


def without_axes(tensor: Tensor, kept: Sequence[int]) -> Part:
    """The tensor with the axes `kept` only, in this order: along the others it repeats."""
    shape = tuple(tensor.shape[axis] for axis in kept)
    match tensor:
        case Product(coefficient, factors):
            names = {axis: new for new, axis in enumerate(kept)}
            shift = len(kept) - len(tensor.shape)
            inside = [(node, tuple(names.get(k, k + shift) for k in labels), p) for node, labels, p in factors]
            return Times(shape, inside, coefficient)
        case Sum(terms):
            return Plus(shape, [(c, without_axes(term, kept)) for c, term in terms])
    return tensor


def parted(
    node: Product, power: Rational, alone: bool, beside: int
) -> tuple[Rational, Tensor | None, Sequence[Factor]]:
    """A power of a product as a number, what is kept as a whole, and the factors that come out of it.

    `alone` and `beside` say whether it is the only factor of a scalar, and how many other factors there are.
    """
    inner = node.factors
    raised = rational_power(node.coefficient, power)
    bound = any(label >= len(node.shape) for _, labels, _ in inner for label in labels)
    closed = not node.shape and bound and not alone  # a scalar like x·y is kept whole: it may be squared
    if power == 1 and not closed and beside + len(inner) <= MAX_FACTORS:
        return node.coefficient, None, inner
    if raised is None:
        return 1, node, ()
    if not inner:
        return raised, None, ()
    turned = len(inner) == 1 and inner[0][2] == 1  # Aᵀ, or what repeats: any power of it is that of its entries
    if not bound and (turned or isinstance(power, int) or rooted(inner, power)):
        return raised, None, [(part, labels, p * power) for part, labels, p in inner]
    if node.coefficient != 1 and (node.coefficient > 0 or isinstance(power, int)):
        return raised, Product(1, inner, node.shape), ()
    return 1, node, ()
