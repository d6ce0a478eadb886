"""Sums and products of tensors in normal form. Every identity used is named beside the code that uses it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from functools import lru_cache
from itertools import count

from jacobian_cli.calculus.index.canonical import canonical, oriented, transposed
from jacobian_cli.calculus.index.tensor import (
    Apply,
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
    is_zero,
    magnitude,
    ratio,
    walk,
)
from jacobian_cli.calculus.simplify import assumptions as facts
from jacobian_cli.calculus.simplify import fractions as quotients
from jacobian_cli.calculus.simplify import functions as identities
from jacobian_cli.calculus.simplify import inverses
from jacobian_cli.calculus.simplify import joined_axes as folds
from jacobian_cli.calculus.simplify.factors import (
    axes_of,
    content,
    deltas_vanish,
    is_outer,
    label_sizes,
    made_of_matrices,
    merge_powers,
    rank_but_for_sign,
    rational_power,
    sums_of_one,
    take_out,
    weight,
    without_deltas,
)
from jacobian_cli.calculus.simplify.rewrite import Rewrite, counted
from jacobian_cli.ops import row
from jacobian_cli.shape import Shape, Size

MAX_FACTORS = 64
"""Products of products are flattened up to this length; past it they stay nested, so that squaring a
product again and again costs nothing."""
_MAX_TERMS = 8
"""Sums of at most so many terms are opened inside products of at most so many factors."""


def number(value: Rational) -> Tensor:
    """A number."""
    return Product(value, (), ()) if value else Sum((), ())


def zeros(shape: Shape) -> Tensor:
    return Sum((), shape)


def ones(shape: Shape) -> Tensor:
    return Product(1, (), shape)


def delta(size: Size) -> Tensor:
    return Delta(size)


def unit(size: Size, index: int | Size) -> Tensor:
    if isinstance(index, Size):
        index = index if index.value is None else index.value
    return Unit(size, index)


def window(size: Size, start: Size, stop: Size) -> Tensor:
    return Window(size, start, stop) if start.terms or stop is not size else Delta(size)


def extent(size: Size) -> Tensor:
    """A size as a number."""
    return Extent(size) if size.value is None else number(size.value)


def is_constant(tensor: Tensor) -> bool:
    """Whether a tensor is one number throughout."""
    return is_zero(tensor) or (isinstance(tensor, Product) and not tensor.factors)


def value_of(tensor: Tensor) -> Rational | None:
    """The number that a tensor is, if it is one."""
    if isinstance(tensor, Product) and not tensor.factors and not tensor.shape:
        return tensor.coefficient
    return 0 if is_zero(tensor) else None


def add(shape: Shape, terms: Iterable[tuple[Rational, Tensor]]) -> Tensor:
    """A sum: nested sums are opened, like terms are merged."""
    total: dict[Tensor, Rational] = {}
    todo = list(terms)
    todo.reverse()
    while todo:
        coefficient, term = todo.pop()
        if isinstance(term, Sum):
            todo.extend((coefficient * c, t) for c, t in reversed(term.terms))
            continue
        if isinstance(term, Product) and term.coefficient != 1:
            coefficient, term = coefficient * term.coefficient, _monic(term)
            if isinstance(term, Sum):
                todo.append((coefficient, term))
                continue
        total[term] = total.get(term, 0) + coefficient
    kept = [(c, t) for t, c in total.items() if c]
    if len(kept) == 1:
        return scale(*kept[0])
    return _shortest(Sum(tuple(sorted(kept, key=lambda ct: ct[1].digest)), shape))


_trying = ContextVar("_trying", default=False)
"""Whether a sum is being multiplied out on trial: what is built then is not tried itself."""


def _shortest(node: Sum) -> Tensor:
    return node if _trying.get() else _multiplied_out(node)


@lru_cache(maxsize=4096)
def _multiplied_out(node: Sum) -> Tensor:
    """A sum, or what it is multiplied out, if that is shorter."""
    token = _trying.set(True)
    try:
        found = quotients.shorter(add, product, node)
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


def scale(coefficient: Rational, tensor: Tensor) -> Tensor:
    """A number times a tensor."""
    if coefficient == 1:
        return tensor
    if isinstance(tensor, Sum):
        return (
            Sum(tuple((coefficient * c, t) for c, t in tensor.terms), tensor.shape)
            if coefficient
            else zeros(tensor.shape)
        )
    return product(tensor.shape, [(tensor, tuple(range(len(tensor.shape))), 1)], coefficient)


def _monic(term: Product) -> Tensor:
    factors = term.factors
    if len(factors) == 1 and factors[0][2] == 1 and factors[0][1] == tuple(range(len(term.shape))):
        return factors[0][0]
    return Product(1, factors, term.shape)


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
    """The same entries, row by row; a reshape of a reshape is one."""
    if tensor.shape == shape:
        return tensor
    if is_zero(tensor):
        return zeros(shape)
    if isinstance(tensor, Product) and not tensor.factors:
        return Product(tensor.coefficient, (), shape)
    if isinstance(tensor, Reshape) and tensor.loop == loop:
        return reshape(tensor.body, shape, loop)
    split = folds.split_identity(product, tensor, shape)
    if split is not None:
        return split
    number, bare = _number_in_front(tensor)
    if number != 1:
        return scale(number, reshape(bare, shape, loop))
    return Reshape(tensor, loop, shape)


def _number_in_front(tensor: Tensor) -> tuple[Rational, Tensor]:
    """The number that a tensor is a multiple of, and the rest."""
    match tensor:
        case Product(coefficient=coefficient):
            return coefficient, _monic(tensor)
        case Sum(terms=terms):
            common = content([c for c, _ in terms])
            return common, Sum(tuple((ratio(c, common), t) for c, t in terms), tensor.shape)
    return 1, tensor


def product(shape: Shape, factors: Iterable[Factor], coefficient: Rational = 1) -> Tensor:
    """coefficient · Σ Π factors, in normal form. Labels from `len(shape)` on are summed over."""
    order = len(shape)
    coefficient, flat, sizes = _flattened(order, list(factors), coefficient)
    if not coefficient or any(is_zero(node) for node, _, power in flat if power > 0):
        return zeros(shape)
    flat, renamed = without_deltas(order, flat)
    sizes = {renamed(label): size for label, size in sizes.items()}
    coefficient, flat = counted(order, sizes, Rewrite(flat, coefficient))
    flat, sizes = oriented(flat), label_sizes(flat)
    found = facts.simpler(order, flat) or inverses.cancelled(product, apply, order, flat)
    if found is not None:
        number, flat = counted(order, sizes, found)
        return product(shape, flat, coefficient * number)
    unfolded = folds.unfolded(product, reshape, shape, flat, coefficient)
    if unfolded is not None:
        return unfolded
    distributed = _distributed(shape, flat, coefficient) or _summed_apart(shape, flat, coefficient)
    if distributed is not None:
        return distributed
    bare = sums_of_one(order, flat) or Rewrite(flat)
    merged, again = merge_powers(bare.factors)
    known = identities.combined(merged)
    if known is None:
        known = identities.shares(merged, lambda argument: scale(-1, argument))
    left = Rewrite(merged if known is None else known, coefficient, bare.summed)
    coefficient, merged = counted(order, sizes, left)
    opened = quotients.met(add, product, merged) if known is None else None
    if again or known is not None or opened is not None:  # powers became whole, and products inside can be opened
        return product(shape, merged if opened is None else opened, coefficient)
    merged = _closed(order, merged)
    if any(isinstance(node, Product) and not node.factors for node, _, p in merged if p == 1):
        return product(shape, merged, coefficient)
    if len(merged) > 1 or (merged and (merged[0][2] != 1 or max(merged[0][1], default=-1) >= order)):
        coefficient, merged = take_out(coefficient, merged)
        scalars = [f for node, _, power in merged for f in _common_scalars(node, power)]
        if scalars:
            less = [(_without_scalars(node) if _common_scalars(node, p) else node, ls, p) for node, ls, p in merged]
            return product(shape, [*scalars, *less], coefficient)
    if coefficient == 1 and len(merged) == 1:
        node, labels, power = merged[0]
        if power == 1 and labels == tuple(range(order)):
            return node
    if len(merged) == 1 and isinstance(merged[0][0], Sum) and merged[0][2] == 1 and len(merged[0][1]) == order:
        node, labels = merged[0][0], merged[0][1]
        assert isinstance(node, Sum)
        if labels == tuple(range(order)):
            return scale(coefficient, node)
        if sorted(labels) == list(range(order)):  # the transpose of a sum is the sum of the transposes
            return add(shape, [(coefficient * c, permute(t, _inverse(labels))) for c, t in node.terms])
    return Product(coefficient, canonical(order, merged), shape)


def _flattened(
    order: int, factors: list[Factor], coefficient: Rational
) -> tuple[Rational, list[Factor], dict[int, Size]]:
    """Products inside a product are opened: (ab)c = abc; numbers are multiplied out: 2(3a) = 6a."""
    fresh = count(max([order, *(label + 1 for _, labels, _ in factors for label in labels)]))
    alone = len(factors) == 1 and not order
    flat: list[Factor] = []
    sizes: dict[int, Size] = {}
    todo = factors[::-1]
    while todo:
        node, labels, power = todo.pop()
        sizes.update(zip(labels, node.shape, strict=True))
        if (isinstance(node, Product) and power != 1) or isinstance(node, Sum):
            node, labels = unrepeated(node, labels)
        if isinstance(node, Sum) and len(labels) == 2 and power == 1 and (entries := _diagonal_of(node)) is not None:
            todo += [
                (entries, labels[:1], 1),
                (Delta(node.shape[0]), labels, 1),
            ]  # δ_ij a_i + δ_ij b_i = δ_ij (a + b)_i
            continue
        if isinstance(node, Sum) and node.terms and len(labels) == 2:
            turned = transposed(node)
            if turned is node:
                labels = (min(labels), max(labels))
            elif isinstance(turned, Sum) and rank_but_for_sign(turned) < rank_but_for_sign(node):
                node, labels = turned, labels[::-1]
        if not isinstance(node, Product):
            flat.append((node, labels, power))
            continue
        inner = node.factors
        raised = rational_power(node.coefficient, power)
        bound = any(label >= len(node.shape) for _, ls, _ in inner for label in ls)
        closed = not node.shape and bound and not alone  # a scalar like x·y is kept whole: it may be squared
        if power == 1 and not closed and len(flat) + len(todo) + len(inner) <= MAX_FACTORS:
            names = dict(enumerate(labels))
            for part, ls, p in reversed(inner):
                todo.append((part, tuple(names[k] if k in names else names.setdefault(k, next(fresh)) for k in ls), p))
        elif raised is not None and not inner:
            pass
        elif raised is not None and not bound and (isinstance(power, int) or facts.rooted(inner, power)):
            names = dict(enumerate(labels))
            todo.extend((part, tuple(names[k] for k in ls), p * power) for part, ls, p in reversed(inner))
        elif raised is not None and node.coefficient != 1 and (node.coefficient > 0 or isinstance(power, int)):
            flat.append((Product(1, inner, node.shape), labels, power))
        else:
            raised = 1
            flat.append((node, labels, power))
        coefficient = coefficient * (1 if raised is None else raised)
        alone = False
    return coefficient, flat, sizes


def _distributed(shape: Shape, factors: list[Factor], coefficient: Rational) -> Tensor | None:
    """(δ_ij a_i − b_ij) c_j summed over j is a_i c_i − b_ij c_j: opened because the delta then goes away, or because
    a term is one whose entries sum to one.
    """
    order = len(shape)
    met = Counter(label for _, labels, _ in factors for label in labels)
    lonely = {label for label, times in met.items() if times == 1 and label >= order}
    candidates = [
        k
        for k, (node, labels, power) in enumerate(factors)
        if power == 1
        and isinstance(node, Sum)
        and any(deltas_vanish(order, t, labels) or facts.sums_away(t, labels, lonely) for _, t in node.terms)
    ]
    if len(candidates) != 1:
        return None
    (k,) = candidates
    node, labels, _ = factors[k]
    assert isinstance(node, Sum)
    rest = factors[:k] + factors[k + 1 :]
    return add(shape, [(coefficient * c, product(shape, [*rest, (term, labels, 1)])) for c, term in node.terms])


def _summed_apart(shape: Shape, factors: list[Factor], coefficient: Rational) -> Tensor | None:
    """Σ_j (x_j − m) = Σ_j x_j − n m, where that is shorter (it is zero if m is the mean); tr(A + x yᵀ) = tr A + yᵀx;
    and a sum of tensors of three axes and more, of which matrix notation can only say the terms.
    """
    order = len(shape)
    for k, (node, labels, power) in enumerate(factors):
        if not isinstance(node, Sum) or power != 1 or (len(factors) == 1 and max(labels, default=-1) < order):
            continue
        rest = factors[:k] + factors[k + 1 :]
        beside = {label for _, ls, _ in rest for label in ls}
        alone = [label for label in dict.fromkeys(labels) if label >= order and label not in beside]
        if len(labels) > 2 and len(factors) <= _MAX_TERMS and made_of_matrices(node):
            terms = [(coefficient * c, product(shape, [*rest, (t, labels, 1)])) for c, t in node.terms]
            return add(shape, terms)
        if not alone:
            continue
        kept = [label for label in dict.fromkeys(labels) if label not in alone]
        names = {label: new for new, label in enumerate([*kept, *alone])}
        inner = tuple(node.shape[labels.index(label)] for label in kept)
        inside = tuple(names[label] for label in labels)
        apart = add(inner, [(c, product(inner, [(t, inside, 1)])) for c, t in node.terms])
        if weight(apart) < weight(node) or (len(set(labels)) < len(labels) and any(map(is_outer, node.children))):
            return product(shape, [*rest, (apart, tuple(kept), 1)], coefficient)
    return None


def _closed(order: int, factors: list[Factor]) -> list[Factor]:
    """Factors connected to each other but to no axis of the value form a scalar of their own."""
    if not any(label >= order for _, labels, _ in factors for label in labels):
        return factors
    groups: list[tuple[set[int], list[Factor]]] = []
    for factor in factors:
        labels, members = set(factor[1]), [factor]
        touching = [g for g in groups if g[0] & labels]
        for group in touching:
            labels |= group[0]
            members = group[1] + members
            groups.remove(group)
        groups.append((labels, members))
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
    """A function of the table. 0 < x is x > 0, and an indicator compared with 0 is itself or its complement."""
    entry = row(function)
    if entry.mirror and is_constant(arguments[0]) and not is_constant(arguments[1]):
        return apply(entry.mirror, arguments[::-1], loop, shape)
    of_indicator = entry.of_indicator
    if of_indicator and is_zero(arguments[1]):
        first = arguments[0]
        if isinstance(first, Apply) and row(first.function).indicator:
            return first if of_indicator == "x" else add(shape, [(1, ones(shape)), (-1, first)])
    known = facts.value_under(function, arguments)
    if known is None and len(arguments) == 1:
        known = identities.of_argument(function, arguments[0])
    if known is None and entry.inverts and not loop:
        known = inverses.inverted(product, apply, function, arguments[0])
    if known is None and entry.of_diagonal and not loop:
        diagonal = inverses.diagonal(product, arguments[0])
        known = diagonal and apply(entry.of_diagonal, (diagonal,), 0, shape)
    if known is None:
        known = _hoisted(function, arguments, loop, shape)
    return Apply(function, arguments, loop, shape) if known is None else known


def _hoisted(function: str, arguments: tuple[Tensor, ...], loop: int, shape: Shape) -> Tensor | None:
    """A function of what is repeated along an axis repeats: log(2·1) = log(2)·1."""
    used = {axis for argument in arguments for axis in axes_of(argument)}
    if all(axis in used for axis in range(loop)):
        return None
    kept = [axis for axis in range(loop) if axis in used]
    cores = [len(argument.shape) - loop for argument in arguments]
    fewer = tuple(
        _without_axes(argument, [*kept, *range(loop, loop + core)])
        for argument, core in zip(arguments, cores, strict=True)
    )
    behind = list(range(loop, len(shape)))
    small = apply(function, fewer, len(kept), tuple(shape[axis] for axis in [*kept, *behind]))
    return spread(small, (*kept, *behind), shape)


def _common_scalars(node: Tensor, power: Rational) -> list[Factor]:
    """The scalars that all terms of a sum have in common, raised to the power of the sum: (a/c + b/c)d = (a + b)d/c."""
    if not isinstance(node, Sum) or not isinstance(power, int) or len(node.terms) < 2:
        return []
    return [(scalar, (), p * power) for scalar, p in _scalars_in_common(node)]


@lru_cache(maxsize=4096)
def _scalars_in_common(node: Sum) -> tuple[tuple[Tensor, Rational], ...]:
    found: dict[Tensor, Rational] | None = None
    for _, term in node.terms:
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


@lru_cache(maxsize=4096)
def _without_scalars(node: Sum) -> Tensor:
    whole = tuple(range(len(node.shape)))
    inverse: list[Factor] = [(scalar, (), -p) for scalar, p in _scalars_in_common(node)]
    return add(node.shape, [(c, product(node.shape, [(t, whole, 1), *inverse])) for c, t in node.terms])


@lru_cache(maxsize=4096)
def _diagonal_of(node: Sum) -> Tensor | None:
    """The diagonal of a matrix all of whose terms lie on it, or None."""
    terms: list[tuple[Rational, Tensor]] = []
    for c, term in node.terms:
        if isinstance(term, Delta):
            terms.append((c, ones(node.shape[:1])))
            continue
        if not isinstance(term, Product) or not any(isinstance(n, Delta) and ls == (0, 1) for n, ls, _ in term.factors):
            return None
        rest = [(n, tuple(max(k - 1, 0) for k in ls), p) for n, ls, p in term.factors if not isinstance(n, Delta)]
        terms.append((c, product(node.shape[:1], rest, term.coefficient)))
    return add(node.shape[:1], terms) if terms else None


def unrepeated(node: Tensor, labels: Labels) -> tuple[Tensor, Labels]:
    """A factor that repeats along an axis, without that axis and its label: (c·1_i)² = c²."""
    used = axes_of(node)
    if len(used) == len(labels):
        return node, labels
    kept = sorted(used)
    return _without_axes(node, kept), tuple(labels[axis] for axis in kept)


def _without_axes(tensor: Tensor, kept: list[int]) -> Tensor:
    """The tensor without axes along which it repeats."""
    shape = tuple(tensor.shape[axis] for axis in kept)
    match tensor:
        case Product(coefficient, factors):
            names = {axis: new for new, axis in enumerate(kept)}
            shift = len(kept) - len(tensor.shape)
            inside = [(node, tuple(names.get(k, k + shift) for k in labels), p) for node, labels, p in factors]
            return product(shape, inside, coefficient)
        case Sum(terms):
            return add(shape, [(c, _without_axes(term, kept)) for c, term in terms])
    return tensor


def substitute(template: Tensor, values: dict[str, Tensor], loop: Shape) -> Tensor:
    """A template in leaves with values for them, all entries running along the axes `loop` in front."""
    count_loop = len(loop)
    front = tuple(range(count_loop))
    made: dict[Tensor, tuple[Tensor, bool]] = {}

    def whole(node: Tensor) -> Tensor:
        new, looped = made[node]
        if looped:
            return new
        return spread(new, tuple(range(count_loop, count_loop + len(new.shape))), loop + new.shape)

    for node in walk([template]):
        looped = any(made[child][1] for child in node.children)
        match node:
            case Leaf(name=name) if name in values:
                made[node] = values[name], True
            case _ if not looped:
                made[node] = node, False
            case Product(coefficient, factors, shape):
                inside: list[Factor] = []
                for part, labels, power in factors:
                    new, new_looped = made[part]
                    shifted = tuple(k + count_loop for k in labels)
                    inside.append((new, front + shifted if new_looped else shifted, power))
                made[node] = product(loop + shape, inside, coefficient), True
            case Sum(terms, shape):
                made[node] = add(loop + shape, [(c, whole(t)) for c, t in terms]), True
            case Apply(function, arguments, inner, shape):
                new_arguments = tuple(whole(a) for a in arguments)
                made[node] = apply(function, new_arguments, inner + count_loop, loop + shape), True
            case Reshape(body, inner, shape):
                made[node] = reshape(whole(body), loop + shape, inner + count_loop), True
            case _:
                raise AssertionError(f"a template cannot hold {node}")
    return whole(template)
