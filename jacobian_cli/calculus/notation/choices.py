"""c·u + (1 − c)·v is written where(c, u, v), for the conditions of the choices in a formula.

0·∞ is not 0: where the branch that is not taken overflows or divides by zero, a product with an indicator has no
value, and the choice has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from jacobian_cli.calculus.index.tensor import Apply, Factor, Labels, Product, Rational, Sum, Tensor, walk
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.calculus.simplify.substitution import rebuilt
from jacobian_cli.ops import row
from jacobian_cli.ops.identities import chooses, held
from jacobian_cli.shape import Shape

Conditions = Mapping[Tensor, str]
"""An indicator on which a choice of the formula depends, and the function that chooses."""


def conditions(given: Collection[Tensor]) -> dict[Tensor, str]:
    """The conditions of the choices among these tensors."""
    found: dict[Tensor, str] = {}
    for node in given:
        if isinstance(node, Apply) and chooses(node.function):
            condition = node.arguments[0]
            if isinstance(condition, Product) and len(condition.factors) == 1:
                condition = condition.factors[0][0]  # repeated along an axis
            if isinstance(condition, Apply) and "binary" in held(condition.function):
                found[condition] = node.function
    return found


def branched(tensor: Tensor, known: Conditions, kept: Collection[Tensor]) -> dict[Tensor, Tensor]:
    """A tensor, and all that it is made of, with choices for sums and products of indicators; those in `kept` stay as
    they are.
    """
    made: dict[Tensor, Tensor] = {}
    for node in walk([tensor]):
        if node in kept:
            made[node] = node
            continue
        chosen = _of_sum(node, known) if isinstance(node, Sum) and len(node.terms) > 1 else None
        if chosen is not None:
            made[node] = branched(chosen, known, kept)[chosen]
            continue
        again = rebuilt(node, made)
        made[node] = _of_product(again, known) if isinstance(again, Product) else again
    return made


def _of_product(node: Product, known: Conditions, whole: Tensor | None = None) -> Tensor:
    """c·u is where(c, u, 0) for the factors of u that are not finite everywhere; `whole` goes inside with them."""
    for factor in node.factors:
        side = _side(factor, known)
        if side is None:
            continue
        labels = factor[1]
        inside = [
            f for f in node.factors if f is not factor and set(f[1]) <= set(labels) and (_partial(f) or f[0] is whole)
        ]
        if any(map(_partial, inside)):
            part = algebra.product(side.condition.shape, [_placed(f, labels) for f in inside])
            choice = _choice(side.condition, known, *((part, None) if side.holds else (None, part)))
            rest = [f for f in node.factors if f is not factor and f not in inside]
            return algebra.product(node.shape, [*rest, (choice, labels, 1)], side.sign * node.coefficient)
    return node


def _of_sum(node: Sum, known: Conditions) -> Tensor | None:
    """c·u + (1 − c)·v is where(c, u, v), what all terms share standing outside."""
    whole = tuple(range(len(node.shape)))
    terms = [_Term(c, tuple(t.factors) if isinstance(t, Product) else ((t, whole, 1),)) for c, t in _plain(node)]
    shared = [f for f in terms[0].factors if max(f[1], default=-1) < len(whole) and all(f in t.factors for t in terms)]
    rests = [_Term(t.coefficient, tuple(f for f in t.factors if f not in shared)) for t in terms]
    for factor in shared:
        side = _side(factor, known)
        if side is not None and all(t.lies_along(factor[1], len(whole)) for t in rests):
            inner = _total(side.condition.shape, rests, factor[1])
            return _of_product(Product(1, (*shared, (inner, factor[1], 1)), node.shape), known, inner)
    places = Counter((s.condition, f[1]) for t in rests for f in t.factors if (s := _side(f, known)))
    for (condition, labels), _ in places.most_common():
        if max(labels, default=-1) >= len(whole):
            continue
        found = _split(condition, labels, rests, node.shape, known)
        if found is not None:
            return algebra.product(node.shape, [*shared, (found, whole, 1)])
    return None


class _Term(NamedTuple):
    """A term of a sum: its number, and its other factors."""

    coefficient: Rational
    factors: tuple[Factor, ...]

    def lies_along(self, labels: Labels, order: int) -> bool:
        """Whether it has no other of so many axes; what it sums over does not count."""
        return all(k in labels or k >= order for _, own, _ in self.factors for k in own)

    def without(self, at: Factor | None) -> _Term:
        return _Term(self.coefficient, tuple(f for f in self.factors if f is not at))


def _total(shape: Shape, terms: Sequence[_Term], labels: Labels) -> Tensor:
    """A sum of terms that lie along these labels."""
    return algebra.add(
        shape, [(t.coefficient, algebra.product(shape, [_placed(f, labels) for f in t.factors])) for t in terms]
    )


def _plain(node: Sum) -> list[tuple[Rational, Tensor]]:
    """The terms with the numbers of their products in front."""
    return [
        (c * t.coefficient, Product(1, t.factors, t.shape)) if isinstance(t, Product) else (c, t) for c, t in node.terms
    ]


def _split(condition: Tensor, labels: Labels, terms: Sequence[_Term], shape: Shape, known: Conditions) -> Tensor | None:
    """The terms that bear a condition or its complement as one choice, beside those that bear neither; these go into
    it where they cancel.
    """
    sides: dict[bool, list[_Term]] = {True: [], False: []}
    beside: list[_Term] = []
    partial = False
    for term in terms:
        at = next((f for f in term.factors if f[1] == labels and _side(f, known, condition)), None)
        side = None if at is None else _side(at, known)
        rest = term.without(at)
        if side is None:
            beside.append(term)
            continue
        if not rest.lies_along(labels, len(shape)):
            return None
        partial = partial or any(map(_partial, rest.factors))
        sides[side.holds].append(_Term(side.sign * term.coefficient, rest.factors))
    if not (sides[True] and sides[False]) and not partial:
        return None
    parts = {holds: _total(condition.shape, sides[holds], labels) for holds in sides}
    if beside and all(term.lies_along(labels, len(shape)) for term in beside):
        joined = {holds: _total(condition.shape, [*sides[holds], *beside], labels) for holds in sides}
        if sum(map(_terms, joined.values())) <= sum(map(_terms, parts.values())) + len(beside):
            parts, beside = joined, []
    choice = algebra.product(shape, [(_choice(condition, known, parts[True], parts[False]), labels, 1)])
    return algebra.add(shape, [*((t.coefficient, algebra.product(shape, t.factors)) for t in beside), (1, choice)])


def _terms(tensor: Tensor) -> int:
    return len(tensor.terms) if isinstance(tensor, Sum) else 1


def _choice(condition: Tensor, known: Conditions, taken: Tensor | None, other: Tensor | None) -> Tensor:
    shape = condition.shape
    nothing = algebra.zeros(shape)
    return Apply(known[condition], (condition, taken or nothing, other or nothing), len(shape), shape)


class _Side(NamedTuple):
    """A factor that is a condition's indicator, or, where that does not hold, ± its complement."""

    condition: Tensor
    holds: bool
    sign: int = 1


def _side(factor: Factor, known: Conditions, wanted: Tensor | None = None) -> _Side | None:
    node, _, power = factor
    if power != 1:
        return None
    if node in known:
        return _Side(node, True) if wanted in (None, node) else None
    if isinstance(node, Sum) and len(node.terms) == 2:
        for (c, one), (d, condition) in (node.terms, node.terms[::-1]):
            if wanted not in (None, condition):
                continue
            if condition in known and (c, d) in ((1, -1), (-1, 1)) and isinstance(one, Product) and not one.factors:
                return _Side(condition, False, -int(d))
    return None


def _placed(factor: Factor, labels: Labels) -> Factor:
    """A factor with the labels of a condition as its first axes; what is summed over comes behind them."""
    node, own, power = factor
    return node, tuple(labels.index(k) if k in labels else k + len(labels) for k in own), power


def _partial(factor: Factor) -> bool:
    """Whether a factor may be infinite, or have no value, somewhere."""
    node, _, power = factor
    if (not isinstance(power, int) or power < 0) and not algebra.is_constant(node):
        return True
    for inner in walk([node]):
        if isinstance(inner, Product) and any(
            (not isinstance(p, int) or p < 0) and not algebra.is_constant(n) for n, _, p in inner.factors
        ):
            return True
        if isinstance(inner, Apply):
            entry = row(inner.function)
            if entry.domain or entry.nonzero or entry.divides or entry.steep:
                return True
    return False
