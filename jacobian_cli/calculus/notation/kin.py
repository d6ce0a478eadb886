"""Terms of a sum that share factors, which may stand outside of what is left of them."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.calculus.index.tensor import Delta, Extent, Factor, Labels, Product, Rational, Tensor, magnitude
from jacobian_cli.calculus.simplify import normal_form as algebra

_MANY = 100
"""In a sum of more terms nobody looks for what some of them share."""


def kin(
    terms: Sequence[tuple[Rational, Tensor]], total: int, order: int, *, along: bool
) -> tuple[Rational, tuple[Factor, ...], list[tuple[Rational, Tensor]]] | None:
    """Some but not all of `total` terms that share a number, scalars, or factors of some of the axes: what they
    share, and the terms. Factors of some axes only count where vectors run `along`.
    """
    if len(terms) > _MANY:
        return None
    best: tuple[int, Rational, tuple[Factor, ...], list[tuple[Rational, Tensor]]] | None = None
    loose = [dict.fromkeys(_loose_factors(t, order, along=along)) for _, t in terms]
    apart = [k for k, (_, t) in enumerate(terms) if not (order == 2 and on_diagonal(t))]
    for i in apart:
        for j in (k for k in apart if k > i):
            shared = tuple(f for f in loose[i] if f in loose[j])
            size = magnitude(terms[i][0]) if magnitude(terms[i][0]) == magnitude(terms[j][0]) else 1
            same = [
                ct
                for ct, own in ((terms[k], loose[k]) for k in apart)
                if all(f in own for f in shared) and (size == 1 or magnitude(ct[0]) == size)
            ]
            saved = (len(shared) + (size != 1)) * (len(same) - 1)
            if saved and len(same) < total and (best is None or saved > best[0]):
                best = (saved, size, shared, same)
    return best[1:] if best is not None else None


def _loose_factors(term: Tensor, order: int, *, along: bool) -> list[Factor]:
    """The factors of a product that can stand outside a sum: scalars, and what has all its axes, or some where
    these run along.
    """
    factors = term.factors if isinstance(term, Product) else ()
    if any(isinstance(node, Delta) for node, _, _ in factors):
        order = 0
    along = along and order == 2
    return [
        f
        for f in factors
        if (outside(f[1], order) or (along and len(f[1]) == 1 and f[1][0] < order)) and not isinstance(f[0], Extent)
    ]


def outside(labels: Labels, order: int) -> bool:
    """Whether a factor can stand outside a sum of so many axes: a scalar, or what has all of them."""
    return not labels or sorted(labels) == list(range(order))


def on_diagonal(term: Tensor) -> bool:
    """Whether a term lies on the diagonal of a matrix."""
    if isinstance(term, Product):
        return any(isinstance(node, Delta) for node, _, _ in term.factors)
    return isinstance(term, Delta)


def diagonal(term: Tensor) -> Tensor:
    """What a term with δ_ij has on the diagonal: every j read as i."""
    if not isinstance(term, Product):
        return algebra.ones(term.shape[:1])
    rest: list[Factor] = []
    for node, labels, power in term.factors:
        if not isinstance(node, Delta):
            rest.append((node, tuple(0 if k < 2 else k - 1 for k in labels), power))
    return algebra.product(term.shape[:1], rest, term.coefficient)
