"""The user's names for values that a derivative arrives at: P@V is O, and X/√(v + ε) is X̂, wherever it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import count
from typing import NamedTuple

from jacobian_cli.calculus.cost import NAME, OPERATION, cost
from jacobian_cli.calculus.index.tensor import (
    Alias,
    Apply,
    Factor,
    Labels,
    Leaf,
    Product,
    Rational,
    Sum,
    Tensor,
    magnitude,
    ratio,
    walk,
)
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.calculus.simplify.assumptions import known
from jacobian_cli.calculus.simplify.substitution import rebuilt
from jacobian_cli.ops.identities import CHOICES, COMPARED

_MOST = 6
"""So often a product is asked again, with a name in it."""


class Recognised:
    """Tensors in which the values of definitions stand under their names. `parts` are those of the formula."""

    def __init__(self, parts: Iterable[Tensor]) -> None:
        self._names: dict[Tensor, Tensor] = {}
        named: dict[Tensor, Alias] = {}
        for part in parts:
            if isinstance(part, Alias) and part.body.children and not isinstance(part.body, Alias):
                named.setdefault(part.body, part)
            elif isinstance(part, Apply):
                self._names.update(_sides(part))
        self._names.update(named)
        for body, definition in named.items():
            self._names.update(_gates(definition, body))
        self._patterns: dict[Tensor, list[_Pattern]] = {}
        for body, definition in named.items():
            if isinstance(body, Product) and (pattern := _Pattern.of(definition, body)) is not None:
                self._patterns.setdefault(pattern.core[0][0], []).append(pattern)
        self._made: dict[Tensor, Tensor] = {}

    def tensor(self, tensor: Tensor) -> Tensor:
        """The tensor with names in it."""
        if not self._names:
            return tensor
        made = self._made
        for node in walk([tensor]):
            if node in made:
                continue
            if isinstance(node, Alias):
                made[node] = node
            elif node in self._names:
                made[node] = self._names[node]
            else:
                new = rebuilt(node, made)
                new = self._names.get(new, new)
                made[node] = self._product(new) if isinstance(new, Product) else new
        return made[tensor]

    def _product(self, node: Product) -> Tensor:
        """The product in which most names stand that is no longer than it was; or the sum that one of them makes of it,
        where that is shorter.
        """
        if not any(part in self._patterns for part, _, _ in (*node.factors, *_opened(node).factors)):
            return node
        least, best, now = _price(node), node, node
        for _ in range(_MOST):
            ways = dict.fromkeys((now, _opened(now)))
            found = [made for way in ways for made in self._with_name(way)]
            if sums := [made for made in found if isinstance(made, Sum) and cost(made) < least]:
                return min(sums, key=cost)
            offers = [made for made in found if isinstance(made, Product)]
            if not offers:
                break
            now = min(offers, key=_price)
            if _price(now) <= least:
                best = now
        return best

    def _with_name(self, node: Product) -> Iterator[Tensor]:
        parts = dict.fromkeys(part for part, _, _ in node.factors)
        for first in parts:
            for pattern in self._patterns.get(first, ()):
                if all(part in parts for part, _, _ in pattern.core):
                    yield from pattern.put_in(node)


def _sides(choice: Apply) -> Iterator[tuple[Tensor, Tensor]]:
    """Of the maximum of two names, what says which of them it is: s >= t, whatever that means."""
    if choice.function not in CHOICES or not all(isinstance(a, Alias) for a in choice.arguments):
        return
    meant = tuple(a.body for a in choice.arguments if isinstance(a, Alias))
    for sign in COMPARED:
        compared = algebra.apply(sign, meant, choice.loop, choice.shape)
        if isinstance(compared, Apply):
            yield compared, Apply(sign, choice.arguments, choice.loop, choice.shape)


def _gates(name: Alias, body: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Z > 0 is H > 0 for the name of relu(Z), and for that of what else has the sign of its argument."""
    if not isinstance(body, Apply) or body.loop != len(body.shape) or isinstance(body.arguments[0], Alias | Leaf):
        return
    zero = algebra.zeros(body.shape)
    for sign in COMPARED:
        compared = algebra.apply(sign, (body, zero), body.loop, body.shape)
        if isinstance(compared, Apply) and compared.arguments[0] is body.arguments[0]:
            yield compared, algebra.apply(sign, (name, zero), body.loop, body.shape)


class _Pattern(NamedTuple):
    """A definition that is a product. `core` are the factors that must be there: those under its sum or, where nothing
    is summed, the one with most axes; of the others what is missing is divided by.
    """

    name: Alias
    body: Product
    core: Sequence[Factor]
    others: Sequence[Factor] = ()

    @classmethod
    def of(cls, name: Alias, body: Product) -> _Pattern | None:
        order = len(body.shape)
        core = [f for f in body.factors if max(f[1], default=-1) >= order]
        if not core:
            core = [f for f in body.factors if len(f[1]) == order and f[2] == 1][:1]
        seen = {label for _, labels, _ in core for label in labels}
        if len(body.factors) == 1 and body.coefficient == 1 and body.factors[0][2] != 1:
            core = [f for f in body.factors if sorted(f[1]) == list(range(order))]  # √v, and every power of it
            seen = set(range(order))
        if not core or not seen >= set(range(order)) or (len(body.factors) < 2 and core[0][2] == 1):
            return None
        return cls(name, body, core, [f for f in body.factors if f not in core])

    def put_in(self, node: Product) -> Iterator[Tensor]:
        """The product with the name in it, for each place in which it may stand."""
        if len(self.body.factors) == 1:
            yield from self._powers(node)
            return
        order = len(node.shape)
        for found, labels in self._places(node, 0, (), {}):
            inside = [labels[k] for k in labels if k >= len(self.body.shape)]
            rest = [f for k, f in enumerate(node.factors) if k not in found]
            if any(k < order or any(k in ls for _, ls, _ in rest) for k in inside) or len({*inside}) < len(inside):
                continue
            for k, (_, _, power) in zip(found, self.core, strict=True):
                part, at, there = node.factors[k]
                if there != power:
                    rest.append((part, at, there - power))
            missing = [(part, tuple(labels[k] for k in ls), -power) for part, ls, power in self.others]
            if any(power < 0 and not self._divides(rest, (part, at, power)) for part, at, power in missing):
                continue  # what is divided by may be zero
            rest = _divided(rest, missing)
            rest.append((self.name, tuple(labels[k] for k in range(len(self.body.shape))), 1))
            yield algebra.product(node.shape, rest, ratio(node.coefficient, self.body.coefficient))

    def _powers(self, node: Product) -> Iterator[Tensor]:
        """The same where the definition is a power of one thing: that is a power of the name."""
        ((part, own, power),) = self.body.factors
        for k, (other, labels, exponent) in enumerate(node.factors):
            times = ratio(exponent, power)
            if other is part and isinstance(times, int) and (times > 0 or exponent < 0):
                at = tuple(labels[own.index(axis)] for axis in range(len(own)))
                rest = [*node.factors[:k], *node.factors[k + 1 :], (self.name, at, times)]
                yield algebra.product(node.shape, rest, node.coefficient)

    @staticmethod
    def _divides(factors: Iterable[Factor], divisor: Factor) -> bool:
        """Whether a divisor is among the factors, or divides them as it is; or is never zero."""
        part, labels, power = divisor
        if known(part, "positive"):
            return True
        return any(f is part and at == labels and (p + power >= 0 or p < 0) for f, at, p in factors)

    def _places(
        self, node: Product, at: int, found: tuple[int, ...], labels: Mapping[int, int]
    ) -> Iterator[tuple[tuple[int, ...], Mapping[int, int]]]:
        if at == len(self.core):
            yield found, labels
            return
        part, own, power = self.core[at]
        summed = max(own, default=-1) >= len(self.body.shape)
        for k, (other, there, exponent) in enumerate(node.factors):
            if other is not part or k in found or not (exponent == power or (not summed and exponent > power)):
                continue
            new = dict(labels)
            if all(new.setdefault(mine, theirs) == theirs for mine, theirs in zip(own, there, strict=True)):
                yield from self._places(node, at + 1, (*found, k), new)


def _divided(factors: Sequence[Factor], divisors: Iterable[Factor]) -> list[Factor]:
    """Factors with others beside them; the powers of one part are one, before a rule meets it beside its own inverse:
    M E = E where M is 0 or 1 and E bears it, and E/M is nothing.
    """
    powers: dict[tuple[Tensor, Labels], Rational] = {}
    for part, at, power in (*factors, *divisors):
        powers[part, at] = powers.get((part, at), 0) + power
    return [(part, at, power) for (part, at), power in powers.items() if power]


def _opened(node: Product) -> Product:
    """A product with the products in it that are scalars, not closed: in (x·y)z there is xz."""
    closed = [
        k for k, (part, labels, p) in enumerate(node.factors) if isinstance(part, Product) and p == 1 and not labels
    ]
    if not closed:
        return node
    unused = count(1 + max((k for _, labels, _ in node.factors for k in labels), default=0) + len(node.shape))
    coefficient, factors = node.coefficient, list[Factor]()
    for k, factor in enumerate(node.factors):
        part = factor[0]
        if k not in closed or not isinstance(part, Product):
            factors.append(factor)
            continue
        coefficient = coefficient * part.coefficient
        names: dict[int, int] = defaultdict(lambda: next(unused))
        factors += [(inner, tuple(names[k] for k in labels), power) for inner, labels, power in part.factors]
    return Product(coefficient, tuple(factors), node.shape)


def _price(node: Product) -> int:
    """What a product costs its reader: a quotient is one, a root a call."""
    factors = [cost(part) + _power(power) for part, _, power in node.factors]
    return sum(factors) + (len(factors) - 1) * OPERATION + (magnitude(node.coefficient) != 1) * (OPERATION + NAME)


def _power(power: Rational) -> int:
    if magnitude(power) == 1:
        return 0
    return OPERATION if magnitude(power) == Fraction(1, 2) else OPERATION + NAME
