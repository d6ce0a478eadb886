"""A long product on its way back through a graph, multiplied out only where it arrives.

Layer by layer a gradient gains a few factors. To put all of them in order again at each layer would take time that
grows with the square of the layers; what is passed on is therefore a list to which factors are added.
"""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.calculus.index.tensor import Alias, Apply, Factor, Labels, Leaf, Product, Rational, Sum, Tensor
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.calculus.simplify.sums import opens
from jacobian_cli.records import record
from jacobian_cli.shape import Shape

LONG = 12
"""Shorter products are multiplied out at once: their factors may have something to say to each other."""
Chain = tuple["Chain", Sequence[Factor]] | None


@record(frozen=True, slots=True, eq=False)
class Path:
    """What arrives at a node: a product whose first `len(front)` labels are the axes in front; `axes` are the labels
    of the node's own axes.
    """

    front: Shape
    axes: Labels
    factors: Chain
    coefficient: Rational
    unused: int
    """Labels from here on are on no factor."""

    @classmethod
    def of(cls, tensor: Product, front: int) -> Path:
        """A product as a list of its factors."""
        axes = tuple(range(front, len(tensor.shape)))
        unused = max(len(tensor.shape), *(max(labels, default=-1) + 1 for _, labels, _ in tensor.factors))
        return cls(tensor.shape[:front], axes, (None, tensor.factors), tensor.coefficient, unused)

    def tensor(self, own: Shape) -> Tensor:
        """The product in normal form, the node's own axes being of these sizes."""
        parts: list[Sequence[Factor]] = []
        left = self.factors
        while left is not None:
            left, part = left
            parts.append(part)
        names = {label: label for label in range(len(self.front))}
        names |= {label: len(self.front) + axis for axis, label in enumerate(self.axes)}
        factors: list[Factor] = []
        for part in reversed(parts):
            for node, labels, power in part:
                factors.append((node, tuple([names.setdefault(k, len(names)) for k in labels]), power))
        return algebra.product(self.front + own, factors, self.coefficient)

    def scaled(self, coefficient: Rational) -> Path:
        """A multiple of it."""
        return Path(self.front, self.axes, self.factors, coefficient * self.coefficient, self.unused)

    def times(self, entries: Tensor) -> Path:
        """Multiplied entry by entry along the node's axes."""
        return self._with([(entries, self.axes, 1)], self.axes, 1, self.unused)

    def through(self, node: Product, place: int) -> Path | None:
        """What becomes of it at one factor of a product; None where the others might meet each other."""
        child, labels, power = node.factors[place]
        others = [*node.factors[:place], *node.factors[place + 1 :]]
        if len(set(labels)) < len(labels) or not all(_plain(other) for other, _, _ in others):
            return None
        names = dict(enumerate(self.axes))
        unused = self.unused
        for _, inner, _ in node.factors:
            for label in inner:
                if label not in names:
                    names[label], unused = unused, unused + 1
        if power != 1:
            others.append((child, labels, power - 1))
        moved: list[Factor] = [(n, tuple([names[k] for k in ls]), p) for n, ls, p in others]
        return self._with(moved, tuple([names[k] for k in labels]), node.coefficient * power, unused)

    def _with(self, factors: Sequence[Factor], axes: Labels, coefficient: Rational, unused: int) -> Path:
        opened: list[Factor] = []
        for node, labels, power in factors:
            if not isinstance(node, Product) or power != 1:
                opened.append((node, labels, power))
                continue
            names = dict(enumerate(labels))
            for part, ls, p in node.factors:
                for k in ls:
                    if k not in names:
                        names[k], unused = unused, unused + 1
                opened.append((part, tuple([names[k] for k in ls]), p))
            coefficient = coefficient * node.coefficient
        return Path(self.front, axes, (self.factors, opened), coefficient * self.coefficient, unused)


def _plain(node: Tensor) -> bool:
    """Whether no rule has a word to say about a factor beside what it meets."""
    return isinstance(node, Leaf | Alias | Apply) or (isinstance(node, Sum) and not opens(node))
