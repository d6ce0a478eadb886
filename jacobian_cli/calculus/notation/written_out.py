"""Small vectors and matrices made of units, entry by entry: a e₀e₀ᵀ + b e₁e₁ᵀ is [[a, 0], [0, b]]."""

from __future__ import annotations

from jacobian_cli.calculus.index.tensor import Delta, Factor, Product, Reshape, Sum, Tensor, Unit, is_zero
from jacobian_cli.calculus.simplify import normal_form as algebra

_MOST = 6
"""Longer axes are not written out."""


def entries(node: Tensor) -> list[list[Tensor]] | None:
    """The entries of a vector, in one row, or of a matrix, row by row. None where it is long, or has no units in it.

    >>> from jacobian_cli.shape import Size
    >>> len(entries(Unit(Size.number(3), 1))[0])
    3
    """
    sizes = [size.value for size in node.shape]
    if not 1 <= len(sizes) <= 2 or any(size is None or size > _MOST for size in sizes) or not _has_units(node):
        return None
    *rows, columns = (range(size) for size in sizes if size is not None)
    if not rows:
        return [[_at(node, (k,)) for k in columns]]
    return [[_at(node, (i, j)) for j in columns] for i in rows[0]]


def _has_units(node: Tensor) -> bool:
    """Whether a unit at a place that is known gives it an axis."""
    match node:
        case Unit(index=index):
            return isinstance(index, int)
        case Reshape(body=body):
            return _has_units(body)
        case Sum(terms=terms):
            return any(_has_units(term) for _, term in terms)
        case Product(factors=factors, shape=shape):
            return any(
                min(labels, default=len(shape)) < len(shape) and _has_units(inner) for inner, labels, _ in factors
            )
    return False


def _at(node: Tensor, places: tuple[int, ...]) -> Tensor:
    """One entry."""
    match node:
        case Sum(terms=terms):
            return algebra.add((), [(c, _at(term, places)) for c, term in terms])
        case Unit(index=int(index)):
            return algebra.number(int(places[0] == index))
        case Reshape(body=body) if all(size.value is not None for size in body.shape):
            place, inside = 0, list[int]()
            for size, k in zip(node.shape, places, strict=True):
                place = place * (size.value or 0) + k
            for size in reversed(body.shape):
                place, k = divmod(place, size.value or 1)
                inside.insert(0, k)
            return _at(body, tuple(inside))
        case Delta():
            return algebra.number(int(places[0] == places[1]))
        case Product(coefficient=coefficient, factors=factors, shape=shape):
            picked: list[Factor] = []
            for inner, labels, power in factors:
                if all(label < len(shape) for label in labels):
                    entry = _at(inner, tuple(places[label] for label in labels)) if labels else inner
                    if is_zero(entry):
                        return entry
                    picked.append((entry, (), power))
                else:
                    picked.append((inner, labels, power))
            for label, place in enumerate(places):
                if any(label in labels for _, labels, _ in picked):
                    picked.append((algebra.unit(shape[label], place), (label,), 1))
            return algebra.product((), picked, coefficient)
    units: list[Factor] = [
        (algebra.unit(size, k), (i,), 1) for i, (size, k) in enumerate(zip(node.shape, places, strict=True))
    ]
    return algebra.product((), [(node, tuple(range(len(node.shape))), 1), *units])
