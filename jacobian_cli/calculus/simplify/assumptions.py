"""What is known of values says which products and functions are simpler than they look.

Facts are declared of variables and inherited by what is built of them. That a matrix is symmetric is a matter of
normal form, see `canonical.symmetric`; all other identities are here, each named beside the code that uses it.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from functools import lru_cache

from jacobian_cli.calculus.index.canonical import symmetric
from jacobian_cli.calculus.index.tensor import (
    Alias,
    Apply,
    Constant,
    Delta,
    Extent,
    Factor,
    Labels,
    Leaf,
    Product,
    Rational,
    Reshape,
    Sum,
    Tensor,
    Unit,
    Window,
    walk,
)
from jacobian_cli.calculus.simplify.recipe import Open, Rewrite
from jacobian_cli.ops import row
from jacobian_cli.ops.facts import everything
from jacobian_cli.ops.identities import held

_MANY = 8
"""Of sums of more terms nobody asks whether their rows add up."""


@lru_cache(maxsize=4096)
def known(tensor: Tensor, fact: str) -> bool:
    """Whether a fact is known of a tensor: declared of a variable, or inherited."""
    match tensor:
        case Leaf(facts=facts):
            return fact in facts
        case Alias(body=body):
            return known(body, fact)
        case Apply(function=function, arguments=(first, *_), loop=loop, shape=shape):
            given = held(function).get(fact)
            if given is None or (fact == "sums_to_one" and len(shape) != loop + 1):
                return False
            return not given or known(first, given)
        case Unit():
            return fact in everything(["one_hot"])
    inherited = _INHERITED.get(fact)
    return inherited is not None and inherited(tensor)


def _positive(tensor: Tensor) -> bool:
    """Sums, products and powers of what is positive are positive."""
    match tensor:
        case Constant() | Extent():
            return True
        case Reshape(body=body):
            return known(body, "positive")
        case Product(coefficient=coefficient, factors=factors):
            return coefficient > 0 and all(known(node, "positive") for node, _, _ in factors)
        case Sum(terms=terms):
            return bool(terms) and all(c > 0 and known(term, "positive") for c, term in terms)
    return False


def _positive_definite(tensor: Tensor) -> bool:
    """Sums and positive multiples of what is positive definite are positive definite, and so is the identity."""
    match tensor:
        case Delta():
            return True
        case Product(coefficient=coefficient, factors=factors, shape=shape):
            matrices = [f for f in factors if f[1]]
            scalars = [f for f in factors if not f[1]]
            return (
                coefficient > 0
                and len(shape) == 2
                and len(matrices) == 1
                and sorted(matrices[0][1]) == [0, 1]
                and matrices[0][2] == 1
                and known(matrices[0][0], "spd")
                and all(known(node, "positive") for node, _, _ in scalars)
            )
        case Sum(terms=terms):
            return bool(terms) and all(c > 0 and known(term, "spd") for c, term in terms)
    return False


def _adding_up(tensor: Tensor) -> bool:
    """The rows of (1 - s)Y + s/m add up to one where those of Y do: the totals of the terms are added."""
    if not isinstance(tensor, Sum) or not tensor.shape or len(tensor.terms) > _MANY:
        return False
    last = len(tensor.shape) - 1
    total: dict[tuple[Factor, ...], Rational] = {}
    for number, term in tensor.terms:
        factors = term.factors if isinstance(term, Product) else ((term, tuple(range(last + 1)), 1),)
        within = [f for f in factors if last in f[1]]
        rest = [f for f in factors if f not in within]
        alike = all(f[1].index(last) == len(f[1]) - 1 and sums_to_one(f[0], f[2]) for f in within)
        if not alike or len(within) > 1 or any(label > last for _, labels, _ in factors for label in labels):
            return False
        times = number * (term.coefficient if isinstance(term, Product) else 1)
        if not within:
            rest.append((Extent(tensor.shape[last]), (), 1))
        for c, key in _opened(times, rest):
            total[key] = total.get(key, 0) + c
    return {key: number for key, number in total.items() if number} == {(): 1}


def _opened(number: Rational, factors: Sequence[Factor]) -> Iterator[tuple[Rational, tuple[Factor, ...]]]:
    """A product of factors without the sums in it, as terms; in each of them the powers are one."""
    for k, (node, labels, power) in enumerate(factors):
        if isinstance(node, Sum) and power == 1 and not any(map(_sums, node.children)):
            for c, term in node.terms:
                inner = term.factors if isinstance(term, Product) else ((term, tuple(range(len(labels))), 1),)
                moved = [(n, tuple(labels[label] for label in ls), p) for n, ls, p in inner]
                times = term.coefficient if isinstance(term, Product) else 1
                yield from _opened(number * c * times, [*factors[:k], *moved, *factors[k + 1 :]])
            return
    powers: dict[tuple[Tensor, Labels], Rational] = {}
    for node, labels, power in factors:
        powers[node, labels] = powers.get((node, labels), 0) + power
    left = [(node, labels, power) for (node, labels), power in powers.items() if power]
    yield number, tuple(sorted(left, key=lambda f: (f[0].digest, f[1], f[2])))


def _sums(term: Tensor) -> bool:
    """Whether something is summed in a product."""
    return isinstance(term, Product) and any(k >= len(term.shape) for _, labels, _ in term.factors for k in labels)


_INHERITED = {"positive": _positive, "spd": _positive_definite, "sums_to_one": _adding_up}


def rooted(factors: Sequence[Factor], power: Rational) -> bool:
    """(x²)^½ = x where x is positive."""
    return all((p * power).denominator == 1 and known(node, "positive") for node, _, p in factors)


def idempotent(met: Open) -> Rewrite | None:
    """y y = y where y is 0 or 1; s s = 1 where s is 1 or −1."""
    powers: dict[tuple[Tensor, Labels], Rational] = {}
    for node, labels, power in met.factors:
        if known(node, "binary") or known(node, "pm1"):
            powers[node, labels] = powers.get((node, labels), 0) + power
    least = {key: _least(key[0], power) for key, power in powers.items()}
    if least == powers:
        return None
    others = [factor for factor in met.factors if factor[:2] not in least]
    return Rewrite(others, [(node, labels, power) for (node, labels), power in least.items() if power])


def _least(node: Tensor, power: Rational) -> Rational:
    if known(node, "binary"):
        return 1 if power > 0 else power
    return power % 2 if power.denominator == 1 else power


def one_hot(met: Open) -> Rewrite | None:
    """y_i y_j = y_i δ_ij where one entry of y is 1 and all others are 0."""
    last: dict[tuple[Tensor, Labels], int] = {}
    for factor in met.factors:
        node, labels, power = factor
        if power != 1 or not known(node, "one_hot"):
            continue
        first = last.setdefault((node, labels[:-1]), labels[-1])
        if first != labels[-1]:
            rest = [f for f in met.factors if f != factor]
            return Rewrite(rest, [(Delta(node.shape[-1]), (first, labels[-1]), 1)])
    return None


def orthogonal(met: Open) -> Rewrite | None:
    """Σ_k Q_ki Q_kj = δ_ij, and Σ_k Q_ik Q_jk = δ_ij."""
    for node, labels, power in met.factors:
        if not known(node, "orthogonal"):
            continue
        for place, label in enumerate(labels):
            bearing = [f for f in met.factors if label in f[1]]
            if label < met.order or any(f[0] is not node or f[1][0] == f[1][1] for f in bearing):
                continue
            rest = [f for f in met.factors if label not in f[1]]
            if power == 2 and len(bearing) == 1:
                return Rewrite(rest, summed=frozenset({label}))
            (first, *second) = bearing
            same_place = len(second) == 1 and (first[1][place] == second[0][1][place] or symmetric(node))
            if same_place and first[2] == second[0][2] == 1:
                ends = tuple(next(k for k in ls if k != label) for _, ls, _ in bearing)
                return Rewrite(rest, [(Delta(node.shape[0]), (ends[0], ends[1]), 1)], summed=frozenset({label}))
    return None


def on_the_diagonal(met: Open) -> Rewrite | None:
    """D_ii δ_ij = D_ij where D is diagonal."""
    for delta in met.factors:
        if not isinstance(delta[0], Delta):
            continue
        for entry in met.factors:
            node, labels, power = entry
            if power > 0 and known(node, "diagonal") and set(labels) <= set(delta[1]):
                return Rewrite([f for f in met.factors if f not in (delta, entry)], [(node, delta[1], power)])
    return None


def masked(met: Open) -> Rewrite | None:
    """tril(1)_ii = 1."""
    kept = [f for f in met.factors if f[1][-2:-1] != f[1][-1:] or not _mask(f[0])]
    return Rewrite(kept) if len(kept) < len(met.factors) else None


def _mask(node: Tensor) -> bool:
    """Whether a tensor is a mask: a triangle of ones."""
    if not isinstance(node, Apply) or not row(node.function).mask:
        return False
    (ones,) = node.arguments
    return isinstance(ones, Product) and not ones.factors and ones.coefficient == 1


def ones_summed(met: Open) -> Rewrite | None:
    """Σ_j p_ij = 1 for a softmax or what is declared so, Σ_j e_j = 1 for a row of the identity, and Σ_j W_ij = 1 for
    several, where j is on no other factor.
    """
    times = [label for _, labels, _ in met.factors for label in labels]
    ones = [
        factor
        for factor in met.factors
        if factor[1] and factor[1][-1] >= met.order and times.count(factor[1][-1]) == 1 and _rows_sum_to_one(factor)
    ]
    if not ones:
        return None
    return Rewrite([f for f in met.factors if f not in ones], summed=frozenset(labels[-1] for _, labels, _ in ones))


def _rows_sum_to_one(factor: Factor) -> bool:
    node, _, power = factor
    return (power > 0 and isinstance(node, Unit | Window)) or sums_to_one(node, power)


def sums_to_one(node: Tensor, power: Rational) -> bool:
    """Whether Σ_j of the entries along the last axis is 1."""
    return power == 1 and bool(node.shape) and known(node, "sums_to_one")


def sums_away(term: Tensor, labels: Labels, lonely: Container[int]) -> bool:
    """Whether in a sum over `lonely` labels, which no other factor bears, a term becomes simpler: Σ_j y_j b = b."""
    parts = term.factors if isinstance(term, Product) else ((term, tuple(range(len(term.shape))), 1),)
    count = [k for _, ls, _ in parts for k in ls]
    return any(
        sums_to_one(node, power) and ls[-1] < len(labels) and labels[ls[-1]] in lonely and count.count(ls[-1]) == 1
        for node, ls, power in parts
    )


@lru_cache(maxsize=4096)
def finite(tensor: Tensor) -> bool:
    """Whether a tensor has a value wherever its variables have one, and no large one where they are moderate."""
    for node in walk([tensor]):
        if isinstance(node, Product) and any(not isinstance(p, int) or p < 0 for _, _, p in node.factors):
            return False
        if isinstance(node, Apply):
            entry = row(node.function)
            if entry.domain or entry.nonzero or entry.divides or entry.steep:
                return False
    return True
