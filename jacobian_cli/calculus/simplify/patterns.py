"""Identities of the language as rules: their left side matched in index form, their right side filled in.

The names of an identity are holes. In front of the axes that it writes, a tensor may have others that run along: their
number is `loop`. `log(sum(exp(x)))` with a vector x is found in Σ_j exp(X)_ij, with i running along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from jacobian_cli.calculus.index.tensor import (
    Apply,
    Delta,
    Extent,
    Factor,
    Labels,
    Leaf,
    Product,
    Rational,
    Sum,
    Tensor,
    is_zero,
    magnitude,
    ratio,
)
from jacobian_cli.calculus.simplify.assumptions import finite, known
from jacobian_cli.calculus.simplify.factors import is_constant
from jacobian_cli.calculus.simplify.literal import literal
from jacobian_cli.calculus.simplify.recipe import Call, Open, Part, Piece, Plus, Rewrite, Times, opposite
from jacobian_cli.elaborate import Builder, Scope
from jacobian_cli.expr import Expr, Variable
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.facts import FACTS
from jacobian_cli.ops.identities import Identity
from jacobian_cli.ops.read import read
from jacobian_cli.shape import Shape, Size, size_of
from jacobian_cli.syntax.declarations import parse_sizes
from jacobian_cli.syntax.tree import Call as Typed
from jacobian_cli.syntax.tree import Term


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True)
class Pattern:
    """An identity, read when it is first asked for."""

    identity: Identity

    @cached_property
    def heads(self) -> frozenset[str]:
        """Of a call its function, of a product what one of its factors must be."""
        facts = frozenset(self.identity.where.values()) & frozenset(FACTS)
        root = read(self.identity.left)
        if self.identity.alone:
            return frozenset({"+" + next(_heads(root, within=True))})
        if self.of_call:
            assert isinstance(root, Typed)
            return frozenset({root.function})
        return facts or frozenset({next(_heads(root, within=self.of_sum))})

    @cached_property
    def needs(self) -> frozenset[str]:
        """What must be there beside: the functions, and kinds, of all that the left side is made of."""
        left = self.left
        if self.of_call:
            return frozenset()
        terms = [term for _, term in left.terms] if isinstance(left, Sum) else [left]
        parts = [node for term in terms if isinstance(term, Product) for node, _, _ in term.factors]
        kinds = {kind for part in parts if not isinstance(part, Leaf) for kind in made_of(part)}
        return frozenset(kinds) | (frozenset(self.identity.where.values()) & frozenset(FACTS))

    @cached_property
    def of_call(self) -> bool:
        """Whether the left side is a function of its arguments, rather than a product or a sum."""
        root = read(self.identity.left)
        return isinstance(root, Typed) and not _is_made_of_factors(root)

    @cached_property
    def of_sum(self) -> bool:
        """Whether the left side is a sum."""
        return _adds(read(self.identity.left))

    @cached_property
    def left(self) -> Tensor:
        return self._side(self.identity.left)

    @cached_property
    def right(self) -> Tensor:
        return self._side(self.identity.right)

    def _side(self, text: str) -> Tensor:
        shapes = {n: tuple(size_of(s) for s in parse_sizes(sizes)) for n, sizes in self.identity.shapes.items()}
        values = _Holes({name: Variable(name, shape) for name, shape in shapes.items()})
        sizes = {name: Size.named(name) for name in "nm"}
        return literal(Builder(Scope(values, sizes), text).build(read(text)))

    # matching

    def in_call(self, node: Apply) -> Part | None:
        """What stands there instead of a function of its arguments."""
        left = self.left
        assert isinstance(left, Apply)
        loop = node.loop - left.loop
        for bound in self._same(left, node, loop, Bound()) if loop >= 0 else ():
            return filled(self.right, bound, node.shape[:loop])
        return None

    def in_sum(self, node: Sum) -> Part | None:
        """What stands there instead of a sum, or of a multiple of it."""
        left = self.left
        assert isinstance(left, Sum)
        if len(left.terms) != len(node.terms):
            return None
        for number, _ in node.terms:
            times = ratio(number, left.terms[0][0])
            terms = [(ratio(c, times), t) for c, t in node.terms]
            for bound in self._terms(list(left.terms), terms, len(node.shape), Bound()):
                whole = tuple(range(len(node.shape)))
                return Times(node.shape, [(filled(self.right, bound, node.shape), whole, 1)], times)
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
                    if self._sums(met, used, names[0]):
                        return self._put(met, front, factor[0].shape[: len(front)], used, names)
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
        return Rewrite(kept, [*rest, (filled(self.right, bound, loop), labels, 1)], summed=summed)

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
            case Delta(size=size), Delta(size=other) if not loop:
                sized = bound.sized((size,), (other,))
                yield from () if sized is None else (sized,)
            case Apply(), Apply() if ours.function == theirs.function and theirs.loop == ours.loop + loop:
                yield from self._all(list(zip(ours.arguments, theirs.arguments, strict=True)), loop, bound)
            case Product(), Product() if ours.coefficient == theirs.coefficient:
                yield from self._factors(ours, theirs, loop, bound)
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

    def _all(self, pairs: list[tuple[Tensor, Tensor]], loop: int, bound: Bound) -> Iterator[Bound]:
        if not pairs:
            yield bound
            return
        (ours, theirs), *others = pairs
        for found in self._same(ours, theirs, loop, bound):
            yield from self._all(others, loop, found)

    def _terms(
        self, ours: list[tuple[Rational, Tensor]], theirs: list[tuple[Rational, Tensor]], loop: int, bound: Bound
    ) -> Iterator[Bound]:
        if not ours:
            yield bound
            return
        (number, term), *others = ours
        for k, (c, other) in enumerate(theirs):
            if c == number:
                for found in self._same(term, other, loop, bound):
                    yield from self._terms(others, theirs[:k] + theirs[k + 1 :], loop, found)

    def _factors(self, ours: Product, theirs: Product, loop: int, bound: Bound) -> Iterator[Bound]:
        """Of products inside: the same number of factors, summed labels standing for summed labels."""
        if len(ours.factors) != len(theirs.factors):
            return
        place = {k: k + loop for k in range(len(ours.shape))}
        front = tuple(range(loop))
        order = len(theirs.shape)
        exact = all(p == q for p, q in zip(_sorted_powers(ours), _sorted_powers(theirs), strict=True))
        for _, (names, found) in self._beside(ours.factors, theirs.factors, front, {}, place, bound) if exact else ():
            if all((k < len(ours.shape)) == (label < order) for k, label in names.items()):
                yield found


class _Holes(dict[str, Expr]):
    """The names of an identity: a number unless a shape was given."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name not in ("n", "m")

    def __missing__(self, name: str) -> Variable:
        return Variable(name, ())


def made_of(node: Tensor) -> Iterator[str]:
    """The kind of a tensor and its function; of a sum, or a product inside a product, the functions one level below."""
    yield type(node).__name__
    match node:
        case Apply(function=function):
            yield function
        case Sum(terms=terms):
            yield from ("+" + term.function for _, term in terms if isinstance(term, Apply))
        case Product(factors=factors):
            yield from ("*" + inner.function for inner, _, _ in factors if isinstance(inner, Apply))


def _is(tensor: Tensor, wanted: str) -> bool:
    if wanted in ("constant", "varies"):
        return is_constant(tensor) is (wanted == "constant")
    if wanted == "unsigned":
        return not _negative(tensor)
    return finite(tensor) if wanted == "finite" else known(tensor, wanted)


def _negative(tensor: Tensor) -> bool:
    """Whether a minus stands in front."""
    if isinstance(tensor, Sum):
        return all(c < 0 for c, _ in tensor.terms)
    return isinstance(tensor, Product) and tensor.coefficient < 0


def _goes_into(power: Rational, other: Rational) -> bool:
    return isinstance(other, int) and power * other > 0 and magnitude(other) >= magnitude(power)


def _sorted_powers(node: Product) -> list[Rational]:
    return sorted(power for _, _, power in node.factors)


def _placed(place: Mapping[int, int], ours: Labels, theirs: Labels) -> Mapping[int, int] | None:
    """The labels of the identity that stand for those met; None if they stand for others, or two for one."""
    if len(ours) != len(theirs):
        return None
    names = dict(place)
    for k, label in zip(ours, theirs, strict=True):
        if names.setdefault(k, label) != label:
            return None
    return names if len(set(names.values())) == len(names) else None


def _adds(term: Term) -> bool:
    """Whether an operator is a sum, or short for one."""
    if not isinstance(term, Typed):
        return False
    entry = FUNCTIONS[term.function]
    return entry.is_arithmetic and (entry.algebra == "sum" or bool(entry.definition and _adds(read(entry.definition))))


def _is_made_of_factors(term: Typed) -> bool:
    """Whether index calculus makes a sum or a product of it, which no function is left of."""
    entry = FUNCTIONS[term.function]
    return entry.is_arithmetic or (entry.kind is Kind.CONTRACTION and not entry.called)


def _heads(term: Term, within: bool = False) -> Iterator[str]:
    """What the factors of a product are: functions, and sums; or what they are in the terms of a sum."""
    if isinstance(term, Typed):
        if not _is_made_of_factors(term):
            yield term.function
        elif _adds(term) and not within:
            yield "Sum"
        else:
            for argument in term.arguments:
                yield from _heads(argument)


def filled(right: Tensor, bound: Bound, loop: Shape) -> Part:
    """The right side with what its names stand for, everything running along the axes `loop` in front."""
    if isinstance(right, Leaf):
        return bound.tensors[right.name]
    shape = (*loop, *(size.replace(bound.sizes) for size in right.shape))
    count = len(loop)
    front = tuple(range(count))
    match right:
        case Product(coefficient, factors):
            inside: list[Piece] = []
            for node, labels, power in factors:
                moved = tuple(label + count for label in labels)
                if isinstance(node, Delta | Extent):
                    inside.append((filled(node, bound, ()), moved, power))
                else:
                    inside.append((filled(node, bound, loop), front + moved, power))
            return Times(shape, inside, coefficient)
        case Sum(terms):
            return Plus(shape, [(c, filled(term, bound, loop)) for c, term in terms])
        case Apply(function, arguments, inner):
            return Call(function, tuple(filled(a, bound, loop) for a in arguments), inner + count, shape)
        case Delta(size):
            return Delta(size.replace(bound.sizes))
        case Extent(size):
            return Extent(size.replace(bound.sizes))
    raise AssertionError(right)
