"""The engine: sums, products and functions in normal form, by the rules of the table tried until none applies. It alone
builds: a rule says what stands there instead (a recipe), and is asked only where one of its heads is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from functools import lru_cache
from itertools import count
from typing import Any

from jacobian_cli.calculus.cost import cost, cost_inside, cost_of
from jacobian_cli.calculus.index.canonical import canonical, oriented, transposed
from jacobian_cli.calculus.index.tensor import (
    Apply,
    Delta,
    Factor,
    Labels,
    Product,
    Rational,
    Reshape,
    Sum,
    Tensor,
    is_zero,
    walk,
)
from jacobian_cli.calculus.simplify import rules
from jacobian_cli.calculus.simplify.factors import (
    axes_of,
    connected,
    is_constant,
    label_sizes,
    merge_powers,
    parted,
    rank_but_for_sign,
    take_out,
    without_axes,
    without_deltas,
)
from jacobian_cli.calculus.simplify.fractions import opened
from jacobian_cli.calculus.simplify.leaves import delta, extent, listed, number, unit, value_of, window
from jacobian_cli.calculus.simplify.recipe import (
    Call,
    Fold,
    Open,
    Opened,
    Part,
    Plus,
    Rewrite,
    Times,
    counted,
    monic,
    ones,
    scale,
    zeros,
)
from jacobian_cli.calculus.simplify.rules import Offer, Rule, Stage
from jacobian_cli.calculus.simplify.watch import Fired, watched, watching
from jacobian_cli.shape import Shape, Size

__all__ = [
    "add",
    "apply",
    "built",
    "delta",
    "extent",
    "is_constant",
    "listed",
    "number",
    "ones",
    "permute",
    "product",
    "reshape",
    "scale",
    "spread",
    "unit",
    "unrepeated",
    "value_of",
    "window",
    "zeros",
]

# the engine


def built(part: Part) -> Tensor:
    """What a recipe says, in normal form."""
    match part:
        case Times(shape, factors, coefficient):
            return product(shape, [(built(node), labels, p) for node, labels, p in factors], coefficient)
        case Plus(shape, terms):
            return add(shape, [(c, built(term)) for c, term in terms])
        case Call(function, arguments, loop, shape):
            return apply(function, tuple(map(built, arguments)), loop, shape)
        case Fold(body, shape, loop):
            return reshape(built(body), shape, loop)
        case Opened(body):
            return built(opened(built(body)))
    return part


def _results(rule: Rule[Any] | Offer[Any], subject: Any) -> Iterable[Part | Rewrite]:
    if isinstance(rule, Offer):
        return rule.offers(subject)
    found = rule.matches(subject)
    return () if found is None else (found,)


def _replaced(stage: Stage[Any], there: int, node: Sum | Apply | Reshape) -> Tensor | None:
    """What the first rule that applies to a node says it is."""
    fired = watching.get()
    for rule in rules.asked(stage, there):
        measure = cost_inside if isinstance(node, Apply) else cost
        best, least = None, measure(node) if isinstance(rule, Offer) else None
        for result in _results(rule, node):
            assert not isinstance(result, Rewrite)
            made, meanwhile = _tried(rule, node, result)
            if least is not None and measure(made) >= least:
                continue
            best, least = (made, meanwhile), measure(made)
        if best is not None:
            if fired is not None:
                fired += best[1]
            return best[0]
    return None


def _tried(rule: Rule[Any] | Offer[Any], node: Sum | Apply | Reshape, result: Part) -> tuple[Tensor, list[Fired]]:
    """What a rule says, built, and the rules applied on the way."""
    if watching.get() is None:
        return built(result), []
    with watched() as meanwhile:
        made = built(result)
    return made, [Fired(rule, node, result), *meanwhile]


def _rewritten(stage: Stage[Open], shape: Shape, factors: list[Factor], coefficient: Rational) -> Tensor | None:
    """What the first rule that applies to the factors of a product makes of it."""
    there = 0
    for node, _, _ in factors:
        there |= rules.heads(node)
    asked = rules.asked(stage, there)
    if not asked:
        return None
    met = Open(shape, factors, coefficient)
    fired = watching.get()
    for rule in asked:
        for result in _results(rule, met):
            since = len(fired) if fired is not None else 0
            if fired is not None:
                fired.append(Fired(rule, met, result))
            made = _put_in(met, result, offered=isinstance(rule, Offer))
            if made is not None:
                return made
            if fired is not None:
                del fired[since:]
    return None


def _put_in(met: Open, result: Part | Rewrite, *, offered: bool) -> Tensor | None:
    """The product with what a rule says; None if it was offered and is no shorter."""
    if not isinstance(result, Rewrite):
        return built(result)
    new = [(built(node), labels, power) for node, labels, power in result.new]
    if offered and cost_of(new) >= cost_of(f for f in met.factors if f not in result.kept):
        return None
    number, factors = counted(met.order, label_sizes(met.factors), [*result.kept, *new], result.summed)
    return product(met.shape, factors, met.coefficient * result.number * number)


# sums and products


def add(shape: Shape, terms: Iterable[tuple[Rational, Tensor]]) -> Tensor:
    """A sum: nested sums are opened, like terms are merged."""
    todo = list(terms)
    if len(todo) == 1 and not isinstance(todo[0][1], Sum):
        return scale(*todo[0])
    total: dict[Tensor, Rational] = {}
    todo.reverse()
    while todo:
        coefficient, term = todo.pop()
        if isinstance(term, Sum):
            todo.extend((coefficient * c, t) for c, t in reversed(term.terms))
            continue
        if isinstance(term, Product):
            if term.coefficient != 1:
                coefficient, term = coefficient * term.coefficient, monic(term)
            if isinstance(term, Sum):
                todo.append((coefficient, term))
                continue
            if (inner := _repeated_sum(term)) is not None:
                todo.extend((coefficient * c, t) for c, t in reversed(inner))
                continue
        total[term] = total.get(term, 0) + coefficient
    kept = [(c, t) for t, c in total.items() if c]
    if len(kept) == 1:
        return scale(*kept[0])
    return _shortest(Sum(tuple(sorted(kept, key=lambda ct: ct[1].digest)), shape))


def _repeated_sum(term: Tensor) -> list[tuple[Rational, Tensor]] | None:
    """The terms of a sum that is repeated along other axes, each repeated by itself: 1(a + b) = 1a + 1b."""
    match term:
        case Product(factors=((Sum(terms=terms), labels, 1),), shape=shape) if max(labels, default=-1) < len(shape):
            return [(c, spread(inner, labels, shape)) for c, inner in terms]
    return None


_trying = ContextVar("_trying", default=False)
"""Whether a sum is being multiplied out on trial: what is built then is not tried itself."""


def _shortest(node: Sum) -> Tensor:
    if _trying.get():
        return node
    return _shorter.__wrapped__(node) if watching.get() is not None else _shorter(node)


@lru_cache(maxsize=4096)
def _shorter(node: Sum) -> Tensor:
    """A sum, or what the rules offer instead."""
    token = _trying.set(True)
    try:
        found = _replaced(rules.TERMS, rules.heads_in(node), node)
    finally:
        _trying.reset(token)
    return node if found is None else _settled(found)


def _settled(tensor: Tensor) -> Tensor:
    """What was built on trial, built again: now its sums may become shorter too."""
    made: dict[Tensor, Tensor] = {}
    for node in walk([tensor]):
        match node:
            case Product(coefficient, factors, shape):
                made[node] = product(shape, [(made[part], labels, p) for part, labels, p in factors], coefficient)
            case Sum(terms, shape):
                made[node] = add(shape, [(c, made[term]) for c, term in terms])
            case _:
                made[node] = node
    return made[tensor]


def _inverse(labels: Labels) -> list[int]:
    """The axes that a permutation of axes takes where."""
    return [labels.index(axis) for axis in range(len(labels))]


def permute(tensor: Tensor, axes: Sequence[int]) -> Tensor:
    """The tensor whose axis k is the old axis `axes[k]`."""
    if list(axes) == list(range(len(axes))):
        return tensor
    labels = [0] * len(axes)
    for new, old in enumerate(axes):
        labels[old] = new
    return product(tuple(tensor.shape[a] for a in axes), [(tensor, tuple(labels), 1)])


def spread(tensor: Tensor, labels: Labels, shape: Shape) -> Tensor:
    """The tensor repeated along the axes of `shape` that `labels` leaves out."""
    if labels == tuple(range(len(shape))):
        return tensor
    return product(shape, [(tensor, labels, 1)])


def reshape(tensor: Tensor, shape: Shape, loop: int = 0) -> Tensor:
    """The same entries, row by row."""
    if tensor.shape == shape:
        return tensor
    if is_zero(tensor):
        return zeros(shape)
    if isinstance(tensor, Product) and not tensor.factors:
        return Product(tensor.coefficient, (), shape)
    node = Reshape(tensor, loop, shape)
    found = _replaced(rules.FOLDS, rules.heads(tensor), node)
    return node if found is None else found


def product(shape: Shape, factors: Iterable[Factor], coefficient: Rational = 1) -> Tensor:
    """coefficient · Σ Π factors, in normal form.

    Labels below `len(shape)` are axes of the value, of shape `shape`; those from there on are summed over. A factor has
    a label for each axis of its tensor, and axes with one label are of one size.
    """
    if watching.get() is not None:
        return _product(shape, tuple(factors), coefficient)
    return _remembered(shape, tuple(factors), coefficient, _trying.get())


@lru_cache(maxsize=1 << 14)
def _remembered(shape: Shape, factors: tuple[Factor, ...], coefficient: Rational, trying: bool) -> Tensor:
    """A product as it was found before; what is built on trial is another, since its sums are left as they are."""
    del trying
    return _product(shape, factors, coefficient)


def _product(shape: Shape, factors: tuple[Factor, ...], coefficient: Rational) -> Tensor:
    order = len(shape)
    coefficient, flat, sizes = _flattened(order, list(factors), coefficient)
    kinds = {type(factor[0]) for factor in flat}
    if not coefficient or (Sum in kinds and any(is_zero(node) and power > 0 for node, _, power in flat)):
        return zeros(shape)
    if Delta in kinds:
        flat, renamed = without_deltas(order, flat)
        sizes = {renamed(label): size for label, size in sizes.items()}
    number, flat = counted(order, sizes, flat)
    flat, coefficient = oriented(flat), coefficient * number
    again = _rewritten(rules.FACTORS, shape, flat, coefficient)
    if again is not None:
        return again
    merged, whole = merge_powers(flat)
    if len(merged) < len(flat):  # of what cancels, labels still count
        number, merged = counted(order, label_sizes(flat), merged)
        coefficient = coefficient * number
    again = _rewritten(rules.POWERS, shape, merged, coefficient)
    if again is not None:
        return again
    if whole:  # powers became whole, so products inside can be opened: (ab)^½ (ab)^½ = ab
        return product(shape, merged, coefficient)
    return _ordered(shape, _closed(order, merged), coefficient)


def _ordered(shape: Shape, factors: list[Factor], coefficient: Rational) -> Tensor:
    """A product whose factors have nothing more to say to each other, in its one order."""
    order = len(shape)
    kinds = {type(factor[0]) for factor in factors}
    if Product in kinds and any(isinstance(node, Product) and not node.factors for node, _, p in factors if p == 1):
        return product(shape, factors, coefficient)
    if len(factors) > 1 or (factors and (factors[0][2] != 1 or max(factors[0][1], default=-1) >= order)):
        if Sum in kinds:
            coefficient, factors = take_out(coefficient, factors)
        again = _rewritten(rules.SCALARS, shape, factors, coefficient)
        if again is not None:
            return again
    if len(factors) == 1 and factors[0][2] == 1 and len(factors[0][1]) == order:
        node, labels, _ = factors[0]
        if labels == tuple(range(order)) and (coefficient == 1 or isinstance(node, Sum)):
            return scale(coefficient, node)
        if isinstance(node, Sum) and sorted(labels) == list(range(order)):  # (A + B)ᵀ = Aᵀ + Bᵀ
            return add(shape, [(coefficient * c, permute(t, _inverse(labels))) for c, t in node.terms])
    return Product(coefficient, canonical(order, factors), shape)


_NESTED = frozenset((Product, Sum))


def _flattened(
    order: int, factors: list[Factor], coefficient: Rational
) -> tuple[Rational, list[Factor], dict[int, Size]]:
    """Products inside a product are opened: (ab)c = abc; numbers are multiplied out: 2(3a) = 6a."""
    sizes = label_sizes(factors)
    if _NESTED.isdisjoint([type(factor[0]) for factor in factors]):
        return coefficient, factors, sizes
    fresh = count(max(order, *sizes, -1) + 1)
    alone = len(factors) == 1 and not order
    flat: list[Factor] = []
    todo = factors[::-1]
    while todo:
        node, labels, power = todo.pop()
        if type(node) not in _NESTED:
            flat.append((node, labels, power))
            continue
        node, labels = _laid(node, labels, power)
        if not isinstance(node, Product):
            flat.append((node, labels, power))
            continue
        number, kept, inner = parted(node, power, alone, len(flat) + len(todo))
        coefficient = coefficient * number
        if kept is not None:
            flat.append((kept, labels, power))
        names = dict(enumerate(labels))
        for part, ls, p in reversed(inner):
            for k, size in zip(ls, part.shape, strict=True):
                if k not in names:
                    names[k] = next(fresh)
                    sizes[names[k]] = size
            todo.append((part, tuple([names[k] for k in ls]), p))
        alone = False
    return coefficient, flat, sizes


def _laid(node: Tensor, labels: Labels, power: Rational) -> tuple[Tensor, Labels]:
    """A factor without axes along which it repeats; of a sum and its transpose the one that comes first."""
    if (isinstance(node, Product) and power != 1) or isinstance(node, Sum):
        node, labels = unrepeated(node, labels)
    if isinstance(node, Sum) and node.terms and len(labels) == 2:
        turned = transposed(node)
        if turned is node:
            return node, (min(labels), max(labels))
        if isinstance(turned, Sum) and rank_but_for_sign(turned) < rank_but_for_sign(node):
            return turned, labels[::-1]
    return node, labels


def _closed(order: int, factors: list[Factor]) -> list[Factor]:
    """Factors connected to each other but to no axis of the value form a scalar of their own."""
    if max([max(labels, default=-1) for _, labels, _ in factors], default=-1) < order:
        return factors
    groups = connected(factors)
    if len(groups) == 1:
        return factors
    kept: list[Factor] = []
    powers: dict[Tensor, Rational] = {}
    for labels, members in groups:
        if labels and min(labels) >= order:
            scalar = product((), [(n, tuple(k - order for k in ls), p) for n, ls, p in members])
            powers[scalar] = powers.get(scalar, 0) + 1
        elif not labels:
            (node, _, power) = members[0]
            powers[node] = powers.get(node, 0) + power
        else:
            kept += members
    return kept + [(node, (), power) for node, power in powers.items() if power]


def apply(function: str, arguments: tuple[Tensor, ...], loop: int, shape: Shape) -> Tensor:
    """A function of the table."""
    node = Apply(function, arguments, loop, shape)
    found = _replaced(rules.CALLS, rules.bits((function,)), node)
    return node if found is None else found


def unrepeated(node: Tensor, labels: Labels) -> tuple[Tensor, Labels]:
    """A factor that repeats along an axis, without that axis and its label: (c·1_i)² = c²."""
    used = axes_of(node)
    if len(used) == len(labels):
        return node, labels
    kept = sorted(used)
    return built(without_axes(node, kept)), tuple(labels[axis] for axis in kept)
