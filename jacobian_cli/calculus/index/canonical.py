"""One form for products that differ only in the order of their factors and the names of their summed labels.

Labels are coloured by where they occur, colours are refined by the colours they meet, and what stays alike is
told apart by trying (colour refinement with individualisation, as in McKay & Piperno, Practical graph
isomorphism II, 2014). The two labels of a symmetric factor have no order: S_ji is S_ij.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import count

from jacobian_cli.calculus.index.tensor import (
    Alias,
    Apply,
    Delta,
    Factor,
    Labels,
    Leaf,
    Product,
    Rational,
    Sum,
    Tensor,
    Window,
)
from jacobian_cli.ops import Kind, row
from jacobian_cli.ops.cuts import Cut
from jacobian_cli.ops.identities import turns
from jacobian_cli.shape import ONE

_MAX_ALIKE = 8
"""Of labels that look alike at most so many are tried: past it, equal products may stay two nodes."""


def canonical(order: int, factors: list[Factor]) -> tuple[Factor, ...]:
    """One order of factors and one naming of summed labels: labels are told apart by where they occur."""
    if len({node.digest for node, _, _ in factors}) == len(factors) and not any(
        len(labels) == 2 and symmetric(node) for node, labels, _ in factors
    ):  # no two factors are alike: they have an order, and labels are met in it
        return _named(order, sorted(factors, key=_digest))
    bound = {label for _, labels, _ in factors for label in labels if label >= order}
    colour = {label: label if label < order else -1 for _, labels, _ in factors for label in labels}
    colour = _refined(factors, colour, bound)
    if not bound:
        return _arranged(order, factors, colour)
    # labels that no mark tells apart, as those of tr(SSS), are told apart by fiat: each is tried as the first
    for _ in bound:
        classes: dict[int, list[int]] = {}
        for label in bound:
            classes.setdefault(colour[label], []).append(label)
        alike = min((c for c in classes.items() if len(c[1]) > 1), default=None)
        if alike is None:
            break
        tried = []
        for label in sorted(alike[1])[:_MAX_ALIKE]:
            trial = _refined(factors, {**colour, label: hash((colour[label], 1))}, bound)
            form = _arranged(order, factors, trial)
            tried.append(([(f.digest, ls, hash(p)) for f, ls, p in form], label, trial))
        colour = min(tried, key=lambda entry: entry[:2])[2]
    return _arranged(order, factors, colour)


def _digest(factor: Factor) -> int:
    return factor[0].digest


def _named(order: int, factors: list[Factor]) -> tuple[Factor, ...]:
    """Factors in this order, summed labels numbered as they are met."""
    names: dict[int, int] = {}
    for _, labels, _ in factors:
        for label in labels:
            if label >= order and label not in names:
                names[label] = order + len(names)
    if all(label == name for label, name in names.items()):
        return tuple(factors)
    return tuple([(node, tuple([names.get(k, k) for k in labels]), power) for node, labels, power in factors])


def _refined(factors: list[Factor], colour: dict[int, int], bound: set[int]) -> dict[int, int]:
    """Colours of labels made finer by the factors that bear them and the colours they meet there."""
    colour = dict(colour)
    for _ in range(min(len(bound), 4)):
        seen: dict[int, list[int]] = {label: [] for label in bound}
        for node, labels, power in factors:
            either = symmetric(node)
            base = hash((node.digest, hash(power), _colours(labels, colour, either)))
            for position, label in enumerate(labels):
                if label in seen:
                    seen[label].append(hash((base, 0 if either else position)))
        for label, marks in seen.items():
            colour[label] = hash((colour[label], tuple(sorted(marks))))
    return colour


def _colours(labels: Labels, colour: dict[int, int], either: bool) -> tuple[int, ...]:
    colours = [colour[k] for k in labels]
    return tuple(sorted(colours) if either else colours)


def _arranged(order: int, factors: list[Factor], colour: dict[int, int]) -> tuple[Factor, ...]:
    """Factors sorted by their colours, summed labels numbered as they are met."""
    ordered = sorted(factors, key=lambda f: (f[0].digest, hash(f[2]), _colours(f[1], colour, symmetric(f[0]))))
    names: dict[int, int] = {}
    fresh = count(order)
    for node, labels, _ in ordered:
        for label in sorted(labels, key=colour.__getitem__) if symmetric(node) else labels:
            if label >= order and label not in names:
                names[label] = next(fresh)
    return tuple(oriented((n, tuple(names.get(k, k) for k in ls), p) for n, ls, p in ordered))


def oriented(factors: Iterable[Factor]) -> list[Factor]:
    """S_ji = S_ij for what is symmetric."""
    return [(node, tuple(sorted(ls)) if len(ls) == 2 and symmetric(node) else ls, p) for node, ls, p in factors]


@lru_cache(maxsize=4096)
def symmetric(tensor: Tensor) -> bool:
    """Whether a tensor has two axes and is the same node with the two exchanged, as XᵀX and A + Aᵀ are."""
    if len(tensor.shape) != 2 or tensor.shape[0] is not tensor.shape[1]:
        return False
    match tensor:
        case Delta():
            return True
        case Window(size=size, cut=cut):
            return cut == Cut(size - ONE, size, -1)  # the entries in the opposite order
        case Leaf(facts=facts):
            return "symmetric" in facts
        case Alias(body=body, free=free):
            return not free and symmetric(body)
        case Apply(function=function, arguments=arguments, loop=loop):
            elementwise = row(function).kind is Kind.ELEMENTWISE
            alike = loop == 2 if elementwise else turns(function) and not loop
            return alike and all(symmetric(a) for a in arguments)
        case Product() | Sum():
            return transposed(tensor) is tensor or (isinstance(tensor, Product) and _made_alike(tensor))
    return False


def _made_alike(tensor: Product) -> bool:
    """Whether exchanging the axes of a product changes no factor, or the sign of an even power: (x_i - x_j)²."""
    return bool(tensor.factors) and all(
        {0, 1}.isdisjoint(labels)
        or (power % 2 == 0 and labels.count(0) == labels.count(1) == 1 and _turns(node, labels))
        for node, labels, power in tensor.factors
    )


def _turns(node: Tensor, labels: Labels) -> bool:
    """Whether a sum is its own negative once the axes that bear 0 and 1 are exchanged."""
    if not isinstance(node, Sum):
        return False
    first, second = labels.index(0), labels.index(1)
    names = {first: second, second: first}
    order = len(node.shape)
    turned: dict[Tensor, Rational] = {}
    for c, term in node.terms:
        factors = term.factors if isinstance(term, Product) else ((term, tuple(range(order)), 1),)
        moved = canonical(order, oriented((n, tuple(names.get(k, k) for k in ls), p) for n, ls, p in factors))
        turned[Product(term.coefficient if isinstance(term, Product) else 1, moved, node.shape)] = c
    return all(turned.get(term) == -c for c, term in node.terms)


@lru_cache(maxsize=4096)
def antisymmetric(tensor: Tensor) -> bool:
    """Whether a matrix is its own negative with its axes exchanged, as A − Aᵀ is."""
    if len(tensor.shape) != 2 or tensor.shape[0] is not tensor.shape[1]:
        return False
    if isinstance(tensor, Alias):
        return not tensor.free and antisymmetric(tensor.body)
    turned = transposed(tensor)
    if not isinstance(tensor, Sum) or not isinstance(turned, Sum):
        return False
    numbers = {term: c for c, term in turned.terms}
    return bool(tensor.terms) and all(numbers.get(term) == -c for c, term in tensor.terms)


def transposed(tensor: Tensor) -> Tensor:
    """A tensor of two axes with the two exchanged, in normal form if the tensor is."""
    match tensor:
        case Sum(terms=terms, shape=(rows, columns)):
            turned = [(c, transposed(t)) for c, t in terms]
            return Sum(tuple(sorted(turned, key=lambda ct: ct[1].digest)), (columns, rows))
        case Product(coefficient=coefficient, factors=factors, shape=(rows, columns)):
            exchanged = {0: 1, 1: 0}
            moved = oriented((n, tuple(exchanged.get(k, k) for k in ls), p) for n, ls, p in factors)
            if coefficient == 1 and len(moved) == 1 and moved[0][1:] == ((0, 1), 1):
                return moved[0][0]
            return Product(coefficient, canonical(2, moved), (columns, rows))
    if symmetric(tensor):
        return tensor
    rows, columns = tensor.shape
    return Product(1, ((tensor, (1, 0), 1),), (columns, rows))
