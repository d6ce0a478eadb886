"""Axes that were joined from several: a sum over one is a sum over those. Σ_I vec(A)_I vec(B)_I = Σ_ij A_ij B_ij,
tr(A ⊗ B) = tr A tr B, and (A ⊗ B) x = AXBᵀ, row by row, where x is X row by row.
"""

from __future__ import annotations

from functools import lru_cache

from jacobian_cli.calculus.index.tensor import Delta, Factor, Product, Rational, Reshape, Sum, Tensor, ratio
from jacobian_cli.calculus.simplify.factors import content
from jacobian_cli.calculus.simplify.recipe import Fold, Open, Part, Times
from jacobian_cli.shape import Shape, Size, product


def folded_twice(node: Reshape) -> Fold | None:
    """A reshape of a reshape is one."""
    body = node.body
    return Fold(body.body, node.shape, node.loop) if isinstance(body, Reshape) and body.loop == node.loop else None


def number_in_front(node: Reshape) -> Times | None:
    """The number that a tensor is a multiple of stands in front of its reshape."""
    body = node.body
    number: Rational = 1
    bare: Part = body
    match body:
        case Product(coefficient, factors, shape):
            number, bare = coefficient, Times(shape, factors)
        case Sum(terms, shape):
            number = content([c for c, _ in terms])
            bare = Sum(tuple((ratio(c, number), t) for c, t in terms), shape)
    if number == 1:
        return None
    return Times(node.shape, [(Fold(bare, node.shape, node.loop), tuple(range(len(node.shape))), 1)], number)


def split_identity(node: Reshape) -> Times | None:
    """The identity on joined axes is the product of the identities on each: δ_(ij)(kl) = δ_ik δ_jl."""
    tensor, shape = node.body, node.shape
    half = len(shape) // 2
    sizes = shape[:half]
    if not isinstance(tensor, Delta) or half < 2 or sizes != shape[half:] or product(sizes) is not tensor.size:
        return None
    return Times(shape, [(Delta(size), (k, half + k), 1) for k, size in enumerate(sizes)])


@lru_cache(maxsize=4096)
def _parts(tensor: Tensor) -> tuple[Shape, ...] | None:
    """For each axis the sizes from which it was joined; None if none was, or if axes were split or shifted."""
    if not isinstance(tensor, Reshape) or tensor.loop:
        return None
    left, parts = list(tensor.body.shape), []
    for size in tensor.shape:
        taken: list[Size] = [left.pop(0)] if left else []
        while left and product(taken) is not size:
            taken.append(left.pop(0))
        if product(taken) is not size:
            return None
        parts.append(tuple(taken))
    return None if left or all(len(part) == 1 for part in parts) else tuple(parts)


def unfolded(met: Open) -> Fold | None:
    """A product in which all joined axes of some factors are taken apart; None if no sum runs over such an axis, or
    if another factor knows one of them as a whole.
    """
    shape, factors, order = met.shape, met.factors, met.order
    parts = {node: found for node, _, _ in factors if (found := _parts(node)) is not None}
    if not parts:
        return None
    split: dict[int, Shape] = {}
    for node, labels, _ in factors:
        for label, part in zip(labels, parts.get(node, ()), strict=False):
            if len(part) > 1 and split.setdefault(label, part) != part:
                return None
    for node, labels, _ in factors:
        known = parts.get(node) or ((),) * len(labels)
        if any(label in split and part != split[label] for label, part in zip(labels, known, strict=True)):
            return None
    if all(label < order for label in split):
        return None
    fresh = 0
    names: dict[int, tuple[int, ...]] = {}
    for label in [*range(order), *sorted({k for _, labels, _ in factors for k in labels if k >= order})]:
        width = len(split.get(label, (label,)))
        names[label] = tuple(range(fresh, fresh + width))
        fresh += width
    opened: list[Factor] = []
    for node, labels, power in factors:
        body = node.body if node in parts and isinstance(node, Reshape) else node
        opened.append((body, tuple(k for label in labels for k in names[label]), power))
    whole = tuple(size for axis, joined in enumerate(shape) for size in split.get(axis, (joined,)))
    return Fold(Times(whole, opened, met.coefficient), shape)


def kronecker(body: Tensor, shape: Shape) -> tuple[Times, Times] | None:
    """The A and B of A_ij B_kl, which is A ⊗ B where i is joined with k and j with l."""
    order = len(body.shape)
    if not isinstance(body, Product) or order != 2 * len(shape) or order not in (2, 4):
        return None
    if any(shape[k] is not body.shape[2 * k] * body.shape[2 * k + 1] for k in range(len(shape))):
        return None
    sides: list[list[Factor]] = [[], []]
    left = list(body.factors)
    reached = [set(range(0, order, 2)), set(range(1, order, 2))]
    while left:
        touching = next((f for f in left if not f[1] or any(set(f[1]) & side for side in reached)), None)
        if touching is None:
            return None
        left.remove(touching)
        where = 0 if not touching[1] or set(touching[1]) & reached[0] else 1
        sides[where].append(touching)
        reached[where] |= set(touching[1])
    if reached[0] & reached[1] or not all(sides):
        return None
    made = []
    for side, factors in enumerate(sides):
        axes = {label: k for k, label in enumerate(range(side, order, 2))}
        inside = [(node, tuple(axes.get(k, k) for k in labels), power) for node, labels, power in factors]
        sizes = tuple(body.shape[label] for label in axes)
        made.append(Times(sizes, inside, body.coefficient if side == 0 else 1))
    return made[0], made[1]


def commutes(body: Tensor) -> bool:
    """Whether a tensor is δ_il δ_jk, whose matrix is a commutation matrix."""
    if not isinstance(body, Product) or body.coefficient != 1 or len(body.shape) != 4:
        return False
    return {(type(node), labels) for node, labels, _ in body.factors} == {(Delta, (0, 3)), (Delta, (1, 2))}
