"""What a definition means where only that makes something simpler: the rows of x − m add up to nothing where m is their
mean, and Fᵀr = 0 for the residual r of a projection onto the columns of F. Anywhere else a definition stays a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import count

from jacobian_cli.calculus.index.canonical import canonical
from jacobian_cli.calculus.index.tensor import (
    Alias,
    Apply,
    Extent,
    Factor,
    Labels,
    Product,
    Rational,
    Sum,
    Tensor,
    walk,
)
from jacobian_cli.calculus.simplify.assumptions import known
from jacobian_cli.calculus.simplify.factors import axes_of
from jacobian_cli.calculus.simplify.recipe import Open, Piece, Plus, Rewrite, Times, zeros
from jacobian_cli.ops.identities import gate, inverts

_DEEP = 3
"""So many names may lead from what a definition is made of to what its name means."""
_MAX_TERMS = 8


def zeros_summed(met: Open) -> Plus | None:
    """Σ_j (x_j − m) = 0 where m is the mean of x, under whatever names."""
    for node, labels, power in met.factors:
        if power != 1 or not isinstance(node, Alias | Sum):
            continue
        for axis, label in enumerate(labels):
            alone = label >= met.order and met.bearing[label] == 1 and labels.count(label) == 1
            if alone and _adds_to_nothing(node, axis):
                return Plus(met.shape, ())
    return None


@lru_cache(maxsize=4096)
def _adds_to_nothing(node: Tensor, axis: int) -> bool:
    """Whether the entries along an axis add up to zero, as the definitions show."""
    match node:
        case Alias(body=body):
            return _adds_to_nothing(body, axis)
        case Product(factors=factors):
            within = [f for f in factors if axis in f[1]]
            if len(within) != 1 or within[0][2] != 1 or within[0][1].count(axis) != 1:
                return False
            return _adds_to_nothing(within[0][0], within[0][1].index(axis))
        case Sum(terms=terms) if 1 < len(terms) <= _MAX_TERMS:
            constant = [(c, _factors(term)) for c, term in terms if axis not in axes_of(term)]
            if not any(isinstance(part, Alias) for _, (_, factors) in constant for part, _, _ in factors):
                return False  # else they have met already
            varying = [(c, _factors(term)) for c, term in terms if axis in axes_of(term)]
            return any(_cancel(node, axis, varying, constant, deep) for deep in range(1, _DEEP + 1))
    return False


_Factors = tuple[Rational, Sequence[Factor]]


def _factors(term: Tensor) -> _Factors:
    if isinstance(term, Product):
        return term.coefficient, term.factors
    return 1, ((term, tuple(range(len(term.shape))), 1),)


def _cancel(
    node: Sum,
    axis: int,
    varying: Sequence[tuple[Rational, _Factors]],
    constant: Sequence[tuple[Rational, _Factors]],
    deep: int,
) -> bool:
    """Whether the terms add up to zero, `deep` names being opened in those that do not vary."""
    order, size = len(node.shape), node.shape[axis]
    total: dict[tuple[Factor, ...], Rational] = {}

    def add(number: Rational, factors: Sequence[Factor]) -> None:
        """Numbers are multiplied, the axis being one that is summed."""
        powers: dict[tuple[Tensor, tuple[int, ...]], Rational] = {}
        for part, labels, power in factors:
            powers[part, labels] = powers.get((part, labels), 0) + power
        left = [(part, labels, power) for (part, labels), power in powers.items() if power]
        key = canonical(order, left)
        total[key] = total.get(key, 0) + number

    for c, (number, factors) in varying:
        unused = 1 + max((k for _, labels, _ in factors for k in labels), default=order)
        summed = {axis: max(unused, order)}
        add(c * number, [(part, tuple(summed.get(k, k) for k in labels), power) for part, labels, power in factors])
    for c, term in constant:
        times, opened = _opened(order, term, lambda _: True, deep)
        if size.value is None:
            add(c * times, [*opened, (Extent(size), (), 1)])
        else:
            add(c * times * size.value, opened)
    return not any(total.values())


def _opened(order: int, term: _Factors, opens: Callable[[Alias], bool], deep: int) -> _Factors:
    """A product in which names stand for products, opened so many times where `opens` says so."""
    number, factors = term
    for _ in range(deep):
        fresh = count(1 + max((k for _, labels, _ in factors for k in labels), default=0) + order)
        made: list[Factor] = []
        for part, labels, power in factors:
            body = part.body if isinstance(part, Alias) and opens(part) else part
            if power != 1 or isinstance(body, Sum) or not (body is not part or isinstance(part, Product)):
                made.append((part, labels, power))
                continue
            times, inner = _factors(body)
            number = number * times
            names = dict(enumerate(labels))
            for inside, ls, p in inner:
                for k in ls:
                    if k not in names:
                        names[k] = next(fresh)
                made.append((inside, tuple(names[k] for k in ls), p))
        factors = made
    return number, factors


def masked_already(met: Open) -> Rewrite | None:
    """M E = E for M of zeros and ones where E is the name of M times something, and (x > 0) E = E where E is that of
    relu(x).
    """
    for k, (mask, labels, power) in enumerate(met.factors):
        if power <= 0 or not known(mask, "binary"):
            continue
        for j, (node, theirs, p) in enumerate(met.factors):
            if j != k and isinstance(node, Alias) and p > 0 and _bears(node, mask, labels, theirs):
                return Rewrite([f for i, f in enumerate(met.factors) if i != k])
    return None


def _bears(node: Alias, mask: Tensor, labels: Labels, theirs: Labels) -> bool:
    """Whether a definition is a product with a factor whose axes are those that bear these labels, or that is zero
    wherever the mask is.
    """
    return any(
        (part is mask or _is_gated(part, mask))
        and power > 0
        and max(ls, default=0) < len(theirs)
        and tuple(theirs[k] for k in ls) == labels
        for part, ls, power in _factors(node.body)[1]
    )


def _is_gated(part: Tensor, mask: Tensor) -> bool:
    """Whether a function is zero where a comparison of its argument does not hold, as relu(x) where x <= 0."""
    if not isinstance(part, Apply) or not isinstance(mask, Apply) or mask.loop != part.loop:
        return False
    return gate(part.function) == mask.function and mask.arguments == (*part.arguments, zeros(part.shape))


def undone(met: Open) -> Iterator[Rewrite]:
    """A(A⁻¹x) = x under the name of A⁻¹x, and Fᵀ(y − F(FᵀF)⁻¹Fᵀy) = 0 under that of the residual."""
    for k, (node, labels, power) in enumerate(met.factors):
        if not isinstance(node, Alias) or power != 1 or not (undoes := _undoes(node)):
            continue
        for j, (other, theirs, p) in enumerate(met.factors):
            shared = [label for label in theirs if label in labels]
            if j == k or p != 1 or other not in undoes or len(shared) != 1 or shared[0] < met.order:
                continue
            if met.bearing[shared[0]] != 2:
                continue
            kept = [f for i, f in enumerate(met.factors) if i not in (j, k)]
            outer = [label for label in (*theirs, *labels) if label != shared[0]]
            if len({*outer}) < len(outer):
                continue
            names = {label: new for new, label in enumerate([*outer, shared[0]])}
            sizes = dict(zip((*theirs, *labels), (*other.shape, *node.shape), strict=True))
            shape = tuple(sizes[label] for label in outer)
            beside: Piece = (other, tuple(names[label] for label in theirs), 1)
            inside = tuple(names[label] for label in labels)
            terms = [(c, Times(shape, [beside, (term, inside, 1)])) for c, term in _meaning(node)]
            yield Rewrite(kept, [(Plus(shape, terms), tuple(outer), 1)], summed=frozenset(shared))


def _meaning(node: Alias) -> Iterator[tuple[Rational, Times]]:
    """The terms of a definition, in which no name leads to an inverse."""
    body = node.body
    for c, term in body.terms if isinstance(body, Sum) else ((1, body),):
        number, factors = _opened(len(term.shape), _factors(term), lambda part: bool(_undoes(part)), _DEEP)
        yield c, Times(term.shape, factors, number)


@lru_cache(maxsize=4096)
def _undoes(node: Alias) -> frozenset[Tensor]:
    """What an inverse that a definition speaks of is made of."""
    found = set[Tensor]()
    for part in walk([node.body]):
        if isinstance(part, Apply) and not part.loop and inverts(part.function):
            found.update(walk(part.arguments))
    return frozenset(found)
