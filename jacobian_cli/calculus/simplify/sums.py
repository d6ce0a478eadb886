"""Sums inside products: opened where a delta goes away, summed apart; what their terms share is taken out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from jacobian_cli.calculus.index.canonical import antisymmetric
from jacobian_cli.calculus.index.tensor import (
    Apply,
    Delta,
    Factor,
    Product,
    Rational,
    Sum,
    Tensor,
    Unit,
    Window,
    magnitude,
)
from jacobian_cli.calculus.simplify.assumptions import sums_away, sums_to_one
from jacobian_cli.calculus.simplify.factors import deltas_vanish, is_outer, made_of_matrices
from jacobian_cli.calculus.simplify.recipe import Open, Opened, Part, Piece, Plus, Rewrite, Times, ones
from jacobian_cli.ops.identities import COMPLEMENTS
from jacobian_cli.shape import Size

_MAX_TERMS = 8
"""Sums of at most so many terms are opened inside products of at most so many factors."""
_BOTH_SIDES = 2


def distributed(met: Open) -> Part | None:
    """(δ_ij a_i − b_ij) c_j summed over j is a_i c_i − b_ij c_j: opened because the delta then goes away, or because
    a term is one whose entries sum to one.
    """
    sums = [k for k, (node, _, power) in enumerate(met.factors) if power == 1 and isinstance(node, Sum) and opens(node)]
    if not sums:
        return None
    times = Counter(label for _, labels, _ in met.factors for label in labels)
    lonely = {label for label, count in times.items() if count == 1 and label >= met.order}
    places = [
        k
        for k in sums
        for node, labels in [met.factors[k][:2]]
        if any(deltas_vanish(met.order, t, labels) or sums_away(t, labels, lonely) for t in node.children)
    ]
    return _opened(met, places[0]) if len(places) == 1 else None


@lru_cache(maxsize=4096)
def opens(node: Sum) -> bool:
    """Whether a term has a delta, or entries that sum to one: whether it may pay to open the sum somewhere."""
    for term in node.children:
        if isinstance(term, Delta | Window):
            return True
        parts = term.factors if isinstance(term, Product) else ((term, (), 1),)
        if any(isinstance(part, Delta) or sums_to_one(part, power) for part, _, power in parts):
            return True
    return False


def distributed_matrices(met: Open) -> Part | None:
    """A sum of tensors of three axes and more, of which matrix notation can only say the terms."""
    if len(met.factors) > _MAX_TERMS:
        return None
    for k, (node, labels, power) in enumerate(met.factors):
        by_itself = len(met.factors) == 1 and max(labels, default=-1) < met.order
        if isinstance(node, Sum) and power == 1 and len(labels) > 2 and not by_itself and made_of_matrices(node):
            return _opened(met, k)
    return None


def _opened(met: Open, k: int) -> Plus:
    """a(b + c) = a b + a c."""
    node, labels, _ = met.factors[k]
    assert isinstance(node, Sum)
    rest = met.factors[:k] + met.factors[k + 1 :]
    shape = met.shape
    return Plus(shape, [(met.coefficient * c, Times(shape, [*rest, (t, labels, 1)])) for c, t in node.terms])


def _alone(met: Open, k: int) -> list[int]:
    """The summed labels that one factor bears and no other."""
    return [label for label in dict.fromkeys(met.factors[k][1]) if label >= met.order and met.bearing[label] == 1]


def summed_apart(met: Open) -> Iterator[Rewrite]:
    """Σ_j (x_j − m) = Σ_j x_j − n m: zero if m is the mean."""
    for k, (node, _, power) in enumerate(met.factors):
        if isinstance(node, Sum) and power == 1 and _alone(met, k):
            yield _apart(met, k)


def trace_apart(met: Open) -> Rewrite | None:
    """tr(A + x yᵀ) = tr A + yᵀx."""
    for k, (node, labels, power) in enumerate(met.factors):
        repeats = len(set(labels)) < len(labels) and _alone(met, k)
        if isinstance(node, Sum) and power == 1 and repeats and any(map(is_outer, node.children)):
            return _apart(met, k)
    return None


def _apart(met: Open, k: int) -> Rewrite:
    """A sum with its terms summed one by one over the labels that it alone bears."""
    node, labels, _ = met.factors[k]
    assert isinstance(node, Sum)
    alone = _alone(met, k)
    kept = [label for label in dict.fromkeys(labels) if label not in alone]
    names = {label: new for new, label in enumerate([*kept, *alone])}
    inner = tuple(node.shape[labels.index(label)] for label in kept)
    inside = tuple(names[label] for label in labels)
    apart = Plus(inner, [(c, Times(inner, [(t, inside, 1)])) for c, t in node.terms])
    return Rewrite(met.factors[:k] + met.factors[k + 1 :], [(apart, tuple(kept), 1)], summed=frozenset(alone))


def diagonal_sum(met: Open) -> Rewrite | None:
    """δ_ij a_i + δ_ij b_i = δ_ij (a + b)_i."""
    for k, (node, labels, power) in enumerate(met.factors):
        if isinstance(node, Sum) and len(labels) == 2 and power == 1 and (entries := diagonal_of(node)) is not None:
            rest = met.factors[:k] + met.factors[k + 1 :]
            return Rewrite(rest, [(entries, labels[:1], 1), (Delta(node.shape[0]), labels, 1)])
    return None


def minus_its_transpose(met: Open) -> Rewrite | None:
    """G_ji = −G_ij for a matrix that is minus its transpose."""
    for k, (node, labels, power) in enumerate(met.factors):
        if len(labels) == 2 and labels[0] > labels[1] and isinstance(power, int) and power % 2 and antisymmetric(node):
            rest = met.factors[:k] + met.factors[k + 1 :]
            return Rewrite(rest, [(node, labels[::-1], power)], number=-1)
    return None


@lru_cache(maxsize=4096)
def diagonal_of(node: Sum) -> Part | None:
    """The diagonal of a matrix all of whose terms lie on it, or None."""
    terms: list[tuple[Rational, Part]] = []
    for c, term in node.terms:
        if isinstance(term, Delta):
            terms.append((c, ones(node.shape[:1])))
            continue
        if not isinstance(term, Product) or not any(isinstance(n, Delta) and ls == (0, 1) for n, ls, _ in term.factors):
            return None
        rest = [(n, tuple(max(k - 1, 0) for k in ls), p) for n, ls, p in term.factors if not isinstance(n, Delta)]
        terms.append((c, Times(node.shape[:1], rest, term.coefficient)))
    return Plus(node.shape[:1], terms) if terms else None


def scalars_taken_out(met: Open) -> Rewrite | None:
    """(a/c + b/c)d = (a + b)d/c: the scalars that all terms of a sum have in common, to the power of the sum."""
    kept: list[Factor] = []
    scalars: list[Factor] = []
    less: list[tuple[Part, tuple[int, ...], Rational]] = []
    for factor in met.factors:
        node, labels, power = factor
        shared = _scalars_in_common(node) if isinstance(node, Sum) and isinstance(power, int) else ()
        if not isinstance(node, Sum) or not shared:
            kept.append(factor)
            continue
        scalars += [(scalar, (), p * power) for scalar, p in shared]
        whole = tuple(range(len(node.shape)))
        inverse = [(scalar, (), -p) for scalar, p in shared]
        terms = [(c, Times(node.shape, [(t, whole, 1), *inverse])) for c, t in node.terms]
        less.append((Plus(node.shape, terms), labels, power))
    return Rewrite(kept, [*scalars, *less]) if less else None


@lru_cache(maxsize=4096)
def _scalars_in_common(node: Sum) -> tuple[tuple[Tensor, Rational], ...]:
    found: dict[Tensor, Rational] | None = None
    for _, term in node.terms if len(node.terms) > 1 else ():
        if not isinstance(term, Product):
            return ()
        scalars = {inner: p for inner, labels, p in term.factors if not labels}
        if found is None:
            found = scalars
        else:
            shared = {inner: (p, scalars[inner]) for inner, p in found.items() if inner in scalars}
            found = {inner: min(pair, key=magnitude) for inner, pair in shared.items() if pair[0] * pair[1] > 0}
        if not found:
            return ()
    return tuple((found or {}).items())


def every_unit(node: Sum) -> Part | None:
    """Σ_k e_k a = a, k over a whole axis."""
    apart: dict[tuple[Rational, Rational, tuple[Factor, ...], int], dict[int, Tensor]] = {}
    for c, term in node.terms:
        for k, (inner, labels, power) in enumerate(_factors_of(term)):
            if not isinstance(inner, Unit) or isinstance(inner.index, Size):  # it may be any of the others
                continue
            if power == 1 and labels[0] < len(node.shape):
                rest = (*_factors_of(term)[:k], *_factors_of(term)[k + 1 :])
                times = term.coefficient if isinstance(term, Product) else 1
                apart.setdefault((c, times, rest, labels[0]), {})[inner.index] = term
    for (c, times, rest, label), terms in apart.items():
        if len(terms) == node.shape[label].value:
            others = [(d, term) for d, term in node.terms if term not in terms.values()]
            return Plus(node.shape, [(c, Times(node.shape, rest, times)), *others])
    return None


def diagonals_met(node: Sum) -> Iterator[Part]:
    """Aᵀdiag(u)A + Aᵀdiag(v)A = Aᵀdiag(u + v)A: terms that differ in the weights of one summed axis only."""
    if not 1 < len(node.terms) <= _MAX_TERMS:
        return
    alike: dict[_Around, list[tuple[Rational, Sequence[Piece], Tensor]]] = {}
    for c, term in node.terms:
        for around, weights, coefficient in _weighted(term):
            alike.setdefault(around, []).append((c * coefficient, weights, term))
    for around, found in alike.items():
        if len(found) > 1:
            inner = Plus((around.size,), [(c, Times((around.size,), weights)) for c, weights, _ in found])
            taken = {term for *_, term in found}
            whole = Times(node.shape, [*around.factors, (inner, (len(node.shape),), 1)])
            yield Plus(node.shape, [(1, whole), *((c, t) for c, t in node.terms if t not in taken)])


class _Around(NamedTuple):
    """What stands around the weights of a summed axis, which bears the first label that is summed."""

    size: Size
    factors: tuple[Factor, ...]


@lru_cache(maxsize=4096)
def _weighted(term: Tensor) -> tuple[tuple[_Around, Sequence[Piece], Rational], ...]:
    """For each summed axis of a product that two of its factors bear, what stands around its weights, and these: all
    that hangs together with the axes of the value by this one only, as Σ_j A_kj x_j does in A_ki A_kl (Σ_j A_kj x_j)².
    """
    if not isinstance(term, Product) or len(term.factors) > _MAX_TERMS:
        return ()
    order, found = len(term.shape), []
    for label in dict.fromkeys(label for _, labels, _ in term.factors for label in labels if label >= order):
        groups = _hanging_together(term.factors, label)
        around = [f for group in groups for f in group if any(k < order for g in group for k in g[1])]
        weights = Counter(_relabelled(group, (label,)) for group in groups if group[0] not in around)
        bearing = [n.shape[labels.index(label)] for n, labels, _ in around if label in labels]
        if len(bearing) >= _BOTH_SIDES and any(0 in labels for group in weights for _, labels, _ in group):
            shape = (bearing[0],)
            pieces = tuple((Times(shape, group), (0,), times) for group, times in weights.items())
            around.sort(key=term.factors.index)
            found.append((_Around(bearing[0], _relabelled(around, (*range(order), label))), pieces, term.coefficient))
    return tuple(found)


def _hanging_together(factors: Sequence[Factor], label: int) -> list[list[Factor]]:
    """The factors in groups that share no label with each other but this one."""
    groups: list[list[Factor]] = []
    for factor in factors:
        met = [g for g in groups if {k for _, labels, _ in g for k in labels} & ({*factor[1]} - {label})]
        groups = [*(g for g in groups if g not in met), [*(f for g in met for f in g), factor]]
    return groups


def _relabelled(factors: Sequence[Factor], first: Sequence[int]) -> tuple[Factor, ...]:
    """Factors with these labels first, the others behind them as they are met."""
    new = {old: k for k, old in enumerate(dict.fromkeys((*first, *(k for _, labels, _ in factors for k in labels))))}
    return tuple((n, tuple(new[k] for k in labels), p) for n, labels, p in factors)


def complements(node: Sum) -> Iterator[Part]:
    """q (x > y) − (1 − q) (x <= y) = q − (x <= y): one of the two is 1 where the other is 0."""
    if len(node.terms) > _MAX_TERMS:
        return
    there = {(f[0], f[1]) for _, t in node.terms for f in _factors_of(t) if isinstance(f[0], Apply) and f[2] == 1}
    for one, labels in sorted(there, key=lambda found: found[0].digest):
        assert isinstance(one, Apply)
        other = COMPLEMENTS.get(one.function)
        if other is None or (inverse := Apply(other, one.arguments, one.loop, one.shape), labels) not in there:
            continue
        instead = Plus(one.shape, [(1, ones(one.shape)), (-1, inverse)])
        terms: list[tuple[Rational, Part]] = []
        for c, term in node.terms:
            inside = _factors_of(term)
            rest = [f for f in inside if f[:2] != (one, labels)]
            if len(rest) < len(inside):
                coefficient = term.coefficient if isinstance(term, Product) else 1
                terms.append((c, Opened(Opened(Times(node.shape, [*rest, (instead, labels, 1)], coefficient)))))
            else:
                terms.append((c, Opened(term)))
        yield Plus(node.shape, terms)


def _factors_of(term: Tensor) -> tuple[Factor, ...]:
    return term.factors if isinstance(term, Product) else ((term, tuple(range(len(term.shape))), 1),)
