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
    Constant,
    Extent,
    Factor,
    Labels,
    Product,
    Rational,
    Sum,
    Tensor,
    is_zero,
    walk,
)
from jacobian_cli.calculus.simplify.assumptions import known
from jacobian_cli.calculus.simplify.factors import axes_of
from jacobian_cli.calculus.simplify.recipe import Open, Piece, Plus, Rewrite, Times, multiple, zeros
from jacobian_cli.ops.identities import chooses, gate, hides, inverts

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


def shares_summed(met: Open) -> Rewrite | None:
    """Σ_ij Q_ij = 1 where Q is the name of F/Σ_ij F_ij, and Σ_j Q_ij = 1 where F is divided by its rows."""
    for k, (node, labels, power) in enumerate(met.factors):
        if power != 1 or not isinstance(node, Alias):
            continue
        alone = {a for a, x in enumerate(labels) if x >= met.order and met.bearing[x] == 1 and labels.count(x) == 1}
        if alone and (left := _without_total(node, frozenset(alone))) is not None:
            number, factors = left
            kept = [*met.factors[:k], *met.factors[k + 1 :]]
            new = [(part, tuple(labels[axis] for axis in ls), p) for part, ls, p in factors]
            return Rewrite(kept, new, number=number, summed=frozenset(labels[axis] for axis in alone))
    return None


@lru_cache(maxsize=4096)
def _without_total(node: Alias, summed: frozenset[int]) -> _Factors | None:
    """What is left of a definition that is summed over axes, if it is divided by the total over these."""
    number, factors = _factors(node.body)
    order = len(node.shape)
    if not isinstance(node.body, Product) or any(label >= order for _, labels, _ in factors for label in labels):
        return None
    varying = [f for f in factors if summed.intersection(f[1])]
    others = [f for f in factors if f not in varying]
    for total, labels, power in others:
        if power >= 0 or not isinstance(total, Product) or total.coefficient != 1:
            continue
        places = {axis: place for place, axis in enumerate(labels)}
        places |= {axis: len(labels) + place for place, axis in enumerate(sorted(summed))}
        if all(label in places for _, ls, _ in varying for label in ls):
            renamed = [(part, tuple(places[label] for label in ls), p) for part, ls, p in varying]
            if canonical(len(labels), renamed) == total.factors:
                rest = [f for f in others if f != (total, labels, power)]
                return number, [*rest, (total, labels, power + 1)] if power != -1 else rest
    return None


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
    """M E = E for M of zeros and ones where E is the name of M times something, (x > 0) E = E where E is that of
    relu(x), and (M != 0) P = P where P is that of softmax(where(M, x, -inf)).
    """
    for k, (mask, labels, power) in enumerate(met.factors):
        if power <= 0 or not known(mask, "binary"):
            continue
        for j, (node, theirs, p) in enumerate(met.factors):
            if j != k and isinstance(node, Alias | Sum) and p > 0 and _bears(node, mask, labels, theirs):
                return Rewrite([f for i, f in enumerate(met.factors) if i != k])
    return None


def _bears(node: Alias | Sum, mask: Tensor, labels: Labels, theirs: Labels) -> bool:
    """Whether a definition, or each term of a sum, is a product with a factor whose axes are those that bear these
    labels, and which is the mask or zero wherever that is.
    """
    body = node.body if isinstance(node, Alias) else node
    return not is_zero(body) and all(
        any(
            power > 0
            and max(ls, default=0) < len(theirs)
            and tuple(theirs[k] for k in ls) == labels
            and _vanishes(part, mask)
            for part, ls, power in _factors(term)[1]
        )
        for term in (body.children if isinstance(body, Sum) else (body,))
    )


def _vanishes(part: Tensor, mask: Tensor) -> bool:
    """Whether what a factor is, or is called, is zero wherever a mask is."""
    body = part.body if isinstance(part, Alias) else part
    return part is mask or _is_gated(body, mask) or _is_hidden(body, mask)


def _is_gated(part: Tensor, mask: Tensor) -> bool:
    """Whether a function is zero where a comparison of its argument does not hold, as relu(x) where x <= 0."""
    if not isinstance(part, Apply) or not isinstance(mask, Apply) or mask.loop != part.loop:
        return False
    first, *others = part.arguments
    open_ = gate(part.function) == mask.function and mask.arguments == (first, zeros(part.shape))
    return open_ and all(map(is_zero, others))


def _is_hidden(part: Tensor, mask: Tensor) -> bool:
    """Whether a function is zero where a mask is, since that makes its argument -inf."""
    if not isinstance(part, Apply) or not hides(part.function) or not isinstance(part.arguments[0], Apply):
        return False
    chosen = part.arguments[0]
    if not chooses(chosen.function) or chosen.arguments[2] != multiple(-1, ((Constant("inf"), (), 1),), chosen.shape):
        return False
    meant = (chosen.arguments[0], zeros(chosen.shape))
    return mask is chosen.arguments[0] or (
        isinstance(mask, Apply) and mask.function == "!=" and mask.arguments == meant
    )


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
