"""Identities of the language as rules: their left side matched in index form, their right side filled in.

The names of an identity are holes. In front of the axes that it writes, a tensor may have others that run along: their
number is `loop`. `log(sum(exp(x)))` with a vector x is found in Σ_j exp(X)_ij, with i running along.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import combinations

from jacobian_cli.calculus.index.tensor import (
    Alias,
    Apply,
    Constant,
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
    Window,
    is_zero,
    magnitude,
    ratio,
)
from jacobian_cli.calculus.simplify.assumptions import finite, known
from jacobian_cli.calculus.simplify.calls import sign_of_difference
from jacobian_cli.calculus.simplify.factors import axes_of, is_constant
from jacobian_cli.calculus.simplify.recipe import (
    Call,
    Fold,
    Open,
    Part,
    Piece,
    Plus,
    Rewrite,
    Times,
    multiple,
    opposite,
)
from jacobian_cli.calculus.simplify.stated import Stated
from jacobian_cli.ops.cuts import Cut
from jacobian_cli.records import record
from jacobian_cli.shape import Shape, Size

Term = tuple[Rational, Tensor]
_MAX_TERMS = 8
"""In longer sums nobody looks for a few terms that an identity speaks of."""


@record(frozen=True, slots=True)
class Bound:
    """What the names and sizes of an identity stand for."""

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    sizes: Mapping[str, Size] = field(default_factory=dict)

    def sized(self, ours: Shape, theirs: Shape) -> Bound | None:
        """With sizes of the identity standing for those met; None if they stand for others already."""
        sizes = dict(self.sizes)
        for size, met in zip(ours, theirs, strict=True):
            name = size.name
            if (size is not met) if name is None else (sizes.setdefault(name, met) is not met):
                return None
        return Bound(self.tensors, sizes)


class Pattern(Stated):
    """An identity, as a rule that applies where its left side is met."""

    def in_call(self, node: Apply) -> Part | None:
        """What stands there instead of a function of its arguments."""
        left = self.left
        assert isinstance(left, Apply)
        loop = node.loop - left.loop
        for bound in self._same(left, node, loop, Bound()) if loop >= 0 else ():
            if not self._ordered(bound):
                continue
            return filled(self.right, bound.tensors, bound.sizes, node.shape[:loop])
        return None

    def in_sum(self, node: Sum) -> Part | None:
        """What stands there instead of some terms of a sum, or of a multiple of them."""
        left = self.left
        assert isinstance(left, Sum)
        wanted = len(left.terms)
        if wanted < len(node.terms) > _MAX_TERMS:
            return None
        for chosen in combinations(node.terms, wanted):
            for shared in dict.fromkeys((_shared([term for _, term in chosen]), ())):
                made = self._in_terms(node.shape, chosen, shared)
                if made is not None:
                    rest = [(c, t) for c, t in node.terms if (c, t) not in chosen]
                    return Plus(node.shape, [(1, made), *rest]) if rest else made
        return None

    def _in_terms(self, shape: Shape, terms: Sequence[Term], shared: Sequence[Factor]) -> Part | None:
        """What stands there instead of terms of this shape, without the factors that they share."""
        left = self.left
        assert isinstance(left, Sum)
        bare = [(c, _without(term, shared)) for c, term in terms]
        used = {axis for _, term in bare for axis in axes_of(term)} if shared else range(len(shape))
        kept = tuple(sorted(used))
        loop = tuple(shape[axis] for axis in kept)
        bare = [(c, _on_axes(term, kept)) for c, term in bare]
        for number, _ in bare:
            times = ratio(number, left.terms[0][0])
            multiples = [(ratio(c, times), term) for c, term in bare]
            for bound in self._terms(list(left.terms), multiples, len(kept), Bound()):
                if self._ordered(bound):
                    return Times(
                        shape, [*shared, (filled(self.right, bound.tensors, bound.sizes, loop), kept, 1)], times
                    )
        return None

    def in_factor(self, met: Open) -> Rewrite | None:
        """What stands there instead of a sum in a product, unless a term of it stands beside."""
        for k, (node, labels, power) in enumerate(met.factors):
            if not isinstance(node, Sum) or any(other is term for other, _, _ in met.factors for term in node.children):
                continue
            made = self.in_sum(node)
            if made is not None:
                return Rewrite(met.factors[:k] + met.factors[k + 1 :], [(made, labels, power)])
        return None

    def in_product(self, met: Open) -> Rewrite | None:
        """What stands there instead of some factors of a product."""
        left = self.left
        factors = left.factors if isinstance(left, Product) else ((left, (), 1),)
        wanted = sorted(factors, key=lambda factor: isinstance(factor[0], Leaf))
        (first, *others) = wanted
        for k, factor in enumerate(met.factors):
            width = len(first[0].shape)
            front = factor[1][: len(factor[1]) - width]
            place = _placed({}, first[1], factor[1][len(front) :])
            if not _goes_into(first[2], factor[2]) or place is None:
                continue
            for bound in self._same(first[0], factor[0], len(front), Bound()):
                for used, names in self._beside(others, met.factors, front, {k: first[2]}, place, bound):
                    if self._ordered(names[1]) and self._sums(met, used, names[0]):
                        return self._put(met, front, factor[0].shape[: len(front)], used, names)
        return None

    def applied(self, met: Open) -> Rewrite | None:
        """What stands there instead of a matrix and all that is summed with its columns, which is one vector."""
        left = self.left
        assert isinstance(left, Product)
        ((matrix, own, _),) = [f for f in left.factors if not isinstance(f[0], Leaf)]
        ((name, (summed,)),) = [(f[0].name, f[1]) for f in left.factors if isinstance(f[0], Leaf)]
        for k, (node, labels, power) in enumerate(met.factors):
            bound = next(self._same(matrix, node, 0, Bound()), None) if power == 1 and len(set(labels)) == 2 else None
            if bound is None:
                continue
            place = dict(zip(own, labels, strict=True))
            column, row = place.pop(summed), *place.values()
            vector, rest = _reached(column, met.factors[:k] + met.factors[k + 1 :])
            inner = dict.fromkeys(label for _, ls, _ in vector for label in ls if label != column)
            if column < met.order or not vector or any(label < met.order or label == row for label in inner):
                continue
            names = {column: 0, **{label: new for new, label in enumerate(inner, 1)}}
            factors = [(part, tuple(names[label] for label in ls), p) for part, ls, p in vector]
            size = node.shape[labels.index(column)]
            made = filled(self.right, {name: Times((size,), factors)}, bound.sizes, ())
            return Rewrite(rest, [(made, (row,), 1)], summed=frozenset({column, *inner}))
        return None

    def _beside(
        self,
        wanted: Sequence[Factor],
        factors: Sequence[Factor],
        front: Labels,
        used: dict[int, Rational],
        place: Mapping[int, int],
        bound: Bound,
    ) -> Iterator[tuple[dict[int, Rational], tuple[Mapping[int, int], Bound]]]:
        """Ways to find the other factors of the left side, all with the same labels running along."""
        if not wanted:
            yield used, (place, bound)
            return
        (node, labels, power), *others = wanted
        for k, (other, theirs, q) in enumerate(factors):
            if k in used or theirs[: len(front)] != front or not _goes_into(power, q):
                continue
            there = _placed(place, labels, theirs[len(front) :])
            for found in self._same(node, other, len(front), bound) if there is not None else ():
                assert there is not None
                yield from self._beside(others, factors, front, {**used, k: power}, there, found)

    def _sums(self, met: Open, used: Mapping[int, Rational], place: Mapping[int, int]) -> bool:
        """Whether what the left side sums over is summed over, and on no other factor."""
        summed = {label for k, label in place.items() if k >= len(self.left.shape)}
        return not summed or (
            min(summed) >= met.order
            and all(
                met.factors[k][2] == power if (power := used.get(k)) else summed.isdisjoint(labels)
                for k, (_, labels, _) in enumerate(met.factors)
            )
        )

    def _put(
        self, met: Open, front: Labels, loop: Shape, used: dict[int, Rational], names: tuple[Mapping[int, int], Bound]
    ) -> Rewrite:
        place, bound = names
        left = self.left
        coefficient = left.coefficient if isinstance(left, Product) else 1
        kept = [factor for k, factor in enumerate(met.factors) if k not in used]
        rest: list[Piece] = [
            (node, labels, power - used[k])
            for k, (node, labels, power) in enumerate(met.factors)
            if k in used and power != used[k]
        ]
        labels = (*front, *(place[k] for k in range(len(self.right.shape))))
        assert coefficient == 1
        summed = frozenset(label for k, label in place.items() if k >= len(left.shape))
        return Rewrite(kept, [*rest, (filled(self.right, bound.tensors, bound.sizes, loop), labels, 1)], summed=summed)

    def _same(self, ours: Tensor, theirs: Tensor, loop: int, bound: Bound) -> Iterator[Bound]:
        """Ways in which a part of the left side is a tensor whose first `loop` axes run along."""
        if len(theirs.shape) != loop + len(ours.shape):
            return
        match ours, theirs:
            case Leaf(name=name), _:
                yield from self._hole(name, ours.shape, theirs, loop, bound)
            case Sum(terms=()), _:
                if is_zero(theirs):
                    yield bound
            case Product(coefficient=-1, factors=((Leaf(name=name), _, 1),)), _:
                yield from self._hole(name, ours.shape, opposite(theirs), loop, bound)
            case Constant(), _ if ours is theirs:
                yield bound
            case Delta(size=size), Delta(size=other) if not loop:
                sized = bound.sized((size,), (other,))
                yield from () if sized is None else (sized,)
            case Apply(), Apply() if ours.function == theirs.function and theirs.loop == ours.loop + loop:
                yield from self._all(list(zip(ours.arguments, theirs.arguments, strict=True)), loop, bound)
            case Product(), Product():
                yield from self._factors(ours, theirs, loop, bound)
            case Reshape(), Reshape() if ours.loop == theirs.loop - loop and not loop:
                yield from self._same(ours.body, theirs.body, 0, bound)
            case Product(factors=(_, _, *_)), Alias(body=Product() as body):  # what is found gets its name back
                yield from self._same(ours, body, loop, bound)
            case Sum(), Sum() if len(ours.terms) == len(theirs.terms):
                yield from self._terms(list(ours.terms), list(theirs.terms), loop, bound)

    def _hole(self, name: str, shape: Shape, theirs: Tensor, loop: int, bound: Bound) -> Iterator[Bound]:
        if name in bound.tensors:
            if bound.tensors[name] is theirs:
                yield bound
            return
        sized = bound.sized(shape, theirs.shape[loop:])
        wanted = self.identity.where.get(name)
        if sized is not None and (wanted is None or _is(theirs, wanted)):
            yield Bound({**bound.tensors, name: theirs}, sized.sizes)

    def _ordered(self, bound: Bound) -> bool:
        """Whether of two names the first is surely below the second, where the identity asks for that."""
        pair = [bound.tensors[name] for name in self.identity.ordered]
        return not pair or sign_of_difference(*pair) == -1

    def _all(self, pairs: list[tuple[Tensor, Tensor]], loop: int, bound: Bound) -> Iterator[Bound]:
        if not pairs:
            yield bound
            return
        (ours, theirs), *others = pairs
        for found in self._same(ours, theirs, loop, bound):
            yield from self._all(others, loop, found)

    def _terms(self, ours: list[Term], theirs: list[Term], loop: int, bound: Bound) -> Iterator[Bound]:
        if not ours:
            yield bound
            return
        (number, term), *others = ours
        for k, (c, other) in enumerate(theirs):
            if c == number:
                for found in self._same(term, other, loop, bound):
                    yield from self._terms(others, theirs[:k] + theirs[k + 1 :], loop, found)

    def _factors(self, ours: Product, theirs: Product, loop: int, bound: Bound) -> Iterator[Bound]:
        """Of products inside: the same number of factors, summed labels standing for summed labels. A name may stand
        for several of their factors and for the number in front; what a definition of theirs means is looked at too.
        """
        functions = {node.function for node in ours.children if isinstance(node, Apply)}
        given = [(_opened(node, functions), labels, power) for node, labels, power in theirs.factors]
        for met in self._numbered(ours, Product(theirs.coefficient, tuple(given), theirs.shape), loop, bound):
            wanted, left, found = met
            if sorted(power for _, _, power in wanted) != sorted(power for _, _, power in left):
                continue
            place = {k: k + loop for k in range(len(ours.shape))}
            for _, (names, now) in self._beside(wanted, left, tuple(range(loop)), {}, place, found):
                if all((k < len(ours.shape)) == (label < len(theirs.shape)) for k, label in names.items()):
                    yield now

    def _numbered(
        self, ours: Product, theirs: Product, loop: int, bound: Bound
    ) -> Iterator[tuple[list[Factor], list[Factor], Bound]]:
        """The factors of both that are left once names stand for products, and for what bears the number of theirs."""
        wanted, left, number = list(ours.factors), list(theirs.factors), ratio(theirs.coefficient, ours.coefficient)
        free: list[tuple[Factor, str]] = []
        for factor in ours.factors:
            node, labels, power = factor
            if not isinstance(node, Leaf) or labels or power != 1:
                continue
            known = bound.tensors.get(node.name)
            if known is None:
                free.append((factor, node.name))
            elif isinstance(known, Product) and all(part in left for part in known.factors):
                left = [part for part in left if part not in known.factors]
                wanted.remove(factor)
                number = ratio(number, known.coefficient)
        if number == 1:
            yield wanted, left, bound
            return
        whole = tuple(range(loop))
        for factor, name in free:
            for part in left:
                if part[1:] == (whole, 1):
                    made = Product(number, (part,), theirs.shape)
                    for found in self._hole(name, (), made, loop, bound):
                        yield [f for f in wanted if f is not factor], [f for f in left if f is not part], found


def _reached(label: int, factors: Sequence[Factor]) -> tuple[list[Factor], list[Factor]]:
    """The factors that a label is tied to, by others too, and those that it is not."""
    reached, vector = {label}, list[Factor]()
    rest = list(factors)
    while found := [f for f in rest if reached.intersection(f[1])]:
        vector += found
        rest = [f for f in rest if f not in found]
        reached.update(k for _, labels, _ in found for k in labels)
    return vector, rest


def _is(tensor: Tensor, wanted: str) -> bool:
    if wanted in ("constant", "varies"):
        return is_constant(tensor) is (wanted == "constant")
    if wanted in ("unsigned", "added"):
        return not (all if wanted == "unsigned" else any)(_minuses(tensor))
    return finite(tensor) if wanted == "finite" else known(tensor, wanted)


def _minuses(tensor: Tensor) -> Iterator[bool]:
    """Of each term whether a minus stands before it."""
    if isinstance(tensor, Sum):
        yield from (c < 0 for c, _ in tensor.terms)
    else:
        yield isinstance(tensor, Product) and tensor.coefficient < 0


def _goes_into(power: Rational, other: Rational) -> bool:
    return isinstance(other, int) and power * other > 0 and magnitude(other) >= magnitude(power)


def _opened(node: Tensor, functions: Collection[str]) -> Tensor:
    """What a name means, where that is one of these functions."""
    body = node.body if isinstance(node, Alias) else node
    return body if isinstance(body, Apply) and body.function in functions else node


def _shared(terms: Sequence[Tensor]) -> tuple[Factor, ...]:
    """The factors entry by entry that all of some terms have."""
    products = [term for term in terms if isinstance(term, Product)]
    if len(products) < len(terms):
        return ()
    first, *others = (term.factors for term in products)
    order = len(products[0].shape)
    return tuple(f for f in first if max(f[1], default=-1) < order and all(f in factors for factors in others))


def _without(term: Tensor, shared: Sequence[Factor]) -> Tensor:
    """A product without some of its factors."""
    if not isinstance(term, Product) or not shared:
        return term
    return multiple(1, tuple(factor for factor in term.factors if factor not in shared), term.shape)


def _on_axes(term: Tensor, kept: Sequence[int]) -> Tensor:
    """A product that repeats along all other axes, without those."""
    if not isinstance(term, Product) or len(kept) == len(term.shape):
        return term
    names = {axis: k for k, axis in enumerate(kept)}
    behind = len(kept) - len(term.shape)
    factors = tuple((node, tuple(names.get(k, k + behind) for k in labels), p) for node, labels, p in term.factors)
    return multiple(1, factors, tuple(term.shape[axis] for axis in kept))


def _placed(place: Mapping[int, int], ours: Labels, theirs: Labels) -> Mapping[int, int] | None:
    """The labels of the identity that stand for those met; None if they stand for others, or two for one."""
    if len(ours) != len(theirs):
        return None
    names = dict(place)
    for k, label in zip(ours, theirs, strict=True):
        if names.setdefault(k, label) != label:
            return None
    return names if len(set(names.values())) == len(names) else None


def filled(right: Tensor, values: Mapping[str, Part], sizes: Mapping[str, Size], loop: Shape) -> Part:
    """The right side with what its names stand for, everything running along the axes `loop` in front."""
    if isinstance(right, Leaf):
        return values[right.name]
    shape = (*loop, *(size.replace(sizes) for size in right.shape))
    count = len(loop)
    front = tuple(range(count))
    match right:
        case Product(coefficient, factors):
            inside: list[Piece] = []
            for node, labels, power in factors:
                moved = tuple(label + count for label in labels)
                size = node.size.replace(sizes) if isinstance(node, Extent) else None
                if size is not None and size.value is not None and power == 1:
                    coefficient *= size.value
                elif isinstance(node, Delta | Extent | Constant | Window):
                    inside.append((filled(node, values, sizes, ()), moved, power))
                else:
                    inside.append((filled(node, values, sizes, loop), front + moved, power))
            return Times(shape, inside, coefficient)
        case Sum(terms):
            return Plus(shape, [(c, filled(term, values, sizes, loop)) for c, term in terms])
        case Reshape(body, inner):
            return Fold(filled(body, values, sizes, loop), shape, inner + count)
        case Apply(function, arguments, inner):
            return Call(function, tuple(filled(a, values, sizes, loop) for a in arguments), inner + count, shape)
        case Constant():
            return right
        case Delta(size):
            return Delta(size.replace(sizes))
        case Window(size, Cut() as cut):
            return Window(size.replace(sizes), Cut(cut.first.replace(sizes), cut.count.replace(sizes), cut.step))
        case Extent(size):
            return Extent(size.replace(sizes))
    raise AssertionError(right)
