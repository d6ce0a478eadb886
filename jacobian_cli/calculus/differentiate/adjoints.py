"""The backward pass with names in it: what arrives at a part that is held goes on as a variable, its adjoint.

One graph is swept many times, each time with other parts held; what one part sends on is worked out once for each
upstream gradient.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from typing import NamedTuple

from jacobian_cli.calculus.differentiate.path import Path
from jacobian_cli.calculus.differentiate.pullback import active_in, arrived, downstream, passed_on
from jacobian_cli.calculus.index.tensor import (
    Alias,
    Apply,
    Factor,
    Leaf,
    Product,
    Rational,
    Sum,
    Tensor,
    is_zero,
    ratio,
    walk,
)
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.ops import Kind, row
from jacobian_cli.records import record

Scalars = tuple[Rational, tuple[Factor, ...]]
"""A number, and powers of numbers."""


class Swept(NamedTuple):
    """What one sweep found."""

    adjoints: Mapping[Tensor, Tensor]
    """What arrives at each part that is held, from the output backwards, in terms of the adjoints before it."""
    gradients: Sequence[Tensor]
    """What arrives at each variable."""


@record(slots=True)
class Backward:
    """The sweeps through one graph, from its output to the variables."""

    output: Tensor
    seed: Tensor
    wrt: Sequence[Leaf]
    everywhere: bool = False
    typed: Collection[Tensor] = ()
    """The parts as they were typed: a sum that is written in a power may be the transpose or the opposite of one."""
    order: list[Tensor] = field(init=False)
    active: set[Tensor] = field(init=False)
    candidates: Sequence[Tensor] = field(init=False)
    """What may be held, from the output backwards: definitions, rows that are values of a function, and on the way to
    several variables arguments of functions and sums in products.
    """
    _named: Mapping[Tensor, Tensor] = field(init=False)
    _opposites: set[Tensor] = field(init=False)
    _sent: dict[tuple[Tensor, Tensor], list[tuple[Tensor, Tensor]]] = field(default_factory=dict)
    _sweeps: dict[frozenset[tuple[Tensor, Leaf]], Swept] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.order = list(walk([self.output]))
        self.active = active_in(self.order, self.wrt)
        self._named = {node.body: node for node in self.order if isinstance(node, Alias)}
        products = [node for node in self.order if isinstance(node, Product) and node.coefficient < 0]
        self._opposites = {part for node in products for part in node.children if isinstance(part, Sum)}
        self.candidates = list(self._candidates())

    def _candidates(self) -> Iterator[Tensor]:
        arguments = {a for node in self.order if isinstance(node, Apply) for a in node.arguments}
        products = (node for node in self.order if isinstance(node, Product))
        # what arrives at a sum in a product arrives at all of its terms
        arguments.update(part for node in products for part in node.children if isinstance(part, Sum))
        branching = self._branching()
        for node in reversed(self.order):
            if node not in self.active or isinstance(node, Leaf) or node is self.output:
                continue
            if isinstance(node, Alias) or (
                node not in self._named and (_whole_rows(node) or (node in arguments and node in branching))
            ):
                yield node

    def _branching(self) -> set[Tensor]:
        """The parts in which more than one name stands."""
        found, only = set[Tensor](), dict[Tensor, Tensor]()
        for node in self.order:
            if isinstance(node, Alias | Leaf):
                only[node] = node
            elif node in self.active:
                inside = {only[child] for child in node.children if child in self.active and child in only}
                if len(inside) == 1 and not any(child in found for child in node.children):
                    (only[node],) = inside
                else:
                    found.add(node)
        return found

    def swept(self, held: Mapping[Tensor, Leaf]) -> Swept:
        """One sweep. Each part that is held has the variable that its adjoint is called by."""
        key = frozenset(held.items())
        if key not in self._sweeps:
            self._sweeps[key] = self._sweep(held)
        return self._sweeps[key]

    def _sweep(self, held: Mapping[Tensor, Leaf]) -> Swept:
        arriving: dict[Tensor, list[Tensor | Path]] = {self.output: [self.seed]}
        adjoints: dict[Tensor, Tensor] = {}
        found: dict[Tensor, Tensor] = {}
        for node in reversed(self.order):
            if node not in self.active or node not in arriving:
                continue
            here = arriving.pop(node)
            value = self._named.get(node, node)
            further = None if node in held else passed_on(node, here, 0, self.active, value, self.everywhere)
            if further is not None:
                for child, path in further:
                    arriving.setdefault(child, []).append(path)
                continue
            total = arrived(node, (), here)
            if isinstance(node, Leaf):
                found[node] = total
                continue
            if is_zero(total):
                continue
            if node in held:
                scalars = self._scalars(node)
                axes = (1, 0) if self.lies_turned(node) else tuple(range(len(node.shape)))
                adjoints[node] = algebra.permute(_times(total, scalars, 1), axes)
                total = algebra.permute(_times(held[node], scalars, -1), axes)
            for child, down in self._through(node, total):
                arriving.setdefault(child, []).append(down)
        return Swept(adjoints, [found.get(leaf, algebra.zeros(leaf.shape)) for leaf in self.wrt])

    def _through(self, node: Tensor, upstream: Tensor) -> list[tuple[Tensor, Tensor]]:
        known = self._sent.get((node, upstream))
        if known is None:
            value = self._named.get(node, node)
            known = self._sent[node, upstream] = list(
                downstream(node, upstream, 0, self.active, value, self.everywhere)
            )
        return known

    def lies_turned(self, node: Tensor) -> bool:
        """Whether a sum is held as its transpose: that was typed, or in it what has a name stands as it is."""
        if not isinstance(node, Sum) or len(node.shape) != 2:
            return False
        if (typed := self._as_typed(node)) is not None:
            return typed[1]
        factors = [term.factors for term in node.children if isinstance(term, Product)]
        return len(factors) == len(node.terms) and all(len(fs) == 1 and fs[0][1] == (1, 0) for fs in factors)

    def _as_typed(self, node: Sum) -> tuple[int, bool] | None:
        """The sign with which a sum was typed, and whether its transpose was; None if it is none that was typed."""
        for sign in (1, -1):
            signed = algebra.scale(sign, node)
            for turned in (False, True) if len(node.shape) == 2 else (False,):
                if (algebra.permute(signed, (1, 0)) if turned else signed) in self.typed:
                    return sign, turned
        return None

    def _scalars(self, node: Tensor) -> Scalars:
        """The numbers in a product without a name, which stay inside its adjoint: that of XYᵀ/√d is said for XYᵀ. Of a
        sum in front of which there is a minus, the opposite was typed.
        """
        if isinstance(node, Sum) and (typed := self._as_typed(node)) is not None:
            return typed[0], ()
        if not isinstance(node, Product):
            return -1 if node in self._opposites else 1, ()
        return node.coefficient, tuple(f for f in node.factors if not f[1] and f[0] not in self.active)


def _whole_rows(node: Tensor) -> bool:
    """Whether a function has whole rows as its values: each entry of its argument meets all that arrives at a row."""
    return isinstance(node, Apply) and row(node.function).kind in (Kind.ROW, Kind.SHARE)


def _times(tensor: Tensor, scalars: Scalars, sign: int) -> Tensor:
    """A tensor times numbers, or (sign −1) divided by them."""
    coefficient, factors = scalars
    if coefficient == 1 and not factors:
        return tensor
    axes = tuple(range(len(tensor.shape)))
    inside = [(node, labels, sign * power) for node, labels, power in factors]
    return algebra.product(
        tensor.shape, [(tensor, axes, 1), *inside], coefficient if sign > 0 else ratio(1, coefficient)
    )
