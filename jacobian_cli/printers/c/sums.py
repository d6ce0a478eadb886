"""Sums of products, and what else is made of entries at places of their own: diagonals, Kronecker products, views."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jacobian_cli.expr import Apply, Expr
from jacobian_cli.ops import Kind, row
from jacobian_cli.ops.rules import fitting, parsed
from jacobian_cli.printers.c.places import Place, count
from jacobian_cli.shape import Shape

Lengths = Callable[[Shape], tuple[int, ...]]


class Factor(NamedTuple):
    """An array, and the label of each of its axes; an axis without one has length one."""

    node: Expr
    labels: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """A product of factors, summed over the labels that no axis of its value bears.

    Each axis of the value is a place, a sum of labels; where one label stands on two axes, all other entries are 0.
    """

    factors: tuple[Factor, ...]
    axes: tuple[tuple[tuple[int, int], ...], ...]
    """For each axis labels, each with how far apart its values lie."""
    long: dict[int, int]

    @property
    def kept(self) -> tuple[int, ...]:
        """The labels of the value."""
        return tuple(dict.fromkeys(label for axis in self.axes for label, _ in axis))

    @property
    def summed(self) -> tuple[int, ...]:
        """The labels that are summed over."""
        kept = self.kept
        return tuple(label for label in self.long if label not in kept)

    @property
    def plain(self) -> bool:
        """Whether each axis is one label."""
        return all(len(axis) <= 1 and all(far == 1 for _, far in axis) for axis in self.axes)

    def whole(self, lengths: Sequence[int]) -> bool:
        """Whether it has a value for each entry of an array of these lengths."""
        return count(self.long[label] for label in self.kept) == count(lengths)


class Sums:
    """The sums that expressions are, with what they are made of taken in."""

    def __init__(self, lengths: Lengths) -> None:
        self.lengths = lengths
        self.fresh = 0

    def of(self, node: Expr, held: Container[Expr]) -> Sum | None:
        """What an expression is as a sum of products; None if it is none. Arrays that are `held` are not entered."""
        if not isinstance(node, Apply):
            return None
        found = self._own(node)
        return None if found is None else self._flattened(found, held)

    def _label(self, long: dict[int, int], length: int) -> int:
        self.fresh += 1
        long[self.fresh] = length
        return self.fresh

    def _own(self, node: Apply) -> Sum | None:
        if node.function in _FORMS:
            return _FORMS[node.function](self, node)
        entry = row(node.function)
        if entry.kind is not Kind.CONTRACTION:
            return None
        shapes = [a.shape for a in node.arguments]
        subscripts = dict(node.parameters).get("subscripts") or fitting(entry.signatures, shapes)
        assert subscripts is not None, node.function
        inputs, output = parsed(subscripts)
        long: dict[int, int] = {}
        named: dict[str, int | None] = {"1": None}
        parts = []
        for letters, argument in zip(inputs, node.arguments, strict=True):
            for letter, length in zip(letters, self.lengths(argument.shape), strict=True):
                if letter not in named and length != 1:
                    named[letter] = self._label(long, length)
            parts.append(Factor(argument, tuple(named.get(letter) for letter in letters)))
        labels = [named.get(letter) for letter in output]
        return Sum(tuple(parts), tuple(_axis(label) for label in labels), long)

    def _flattened(self, found: Sum, held: Container[Expr]) -> Sum:
        """With factors that are themselves products, but no sums, taken in, one label for two that run together."""
        long, axes = dict(found.long), found.axes
        waiting, done = list(found.factors), list[Factor]()
        while waiting:
            factor = waiting.pop(0)
            inner = None if factor.node in held else self.of(factor.node, held)
            if inner is not None and not inner.plain and not waiting and not done and not found.summed:
                whole = {
                    label: axis for label, axis in zip(factor.labels, inner.axes, strict=True) if label is not None
                }
                alone = all(label in whole for axis in axes for label, _ in axis)  # eye has axes, and is no factor
                if alone and len(whole) == sum(label is not None for label in factor.labels) and found.plain:
                    within = tuple(whole[axis[0][0]] if axis else () for axis in axes)
                    return self._flattened(Sum(inner.factors, within, inner.long), held)
            if inner is None or inner.summed or not inner.plain:
                done.append(factor)
                continue
            into: dict[int, int | None] = {}
            for k, axis in enumerate(inner.axes):
                for own, _ in axis:
                    one, other = into.setdefault(own, factor.labels[k]), factor.labels[k]
                    if one is None or other is None or one == other:
                        continue
                    waiting, done = ([_renamed(f, other, one) for f in some] for some in (waiting, done))
                    axes = tuple(tuple((one if label == other else label, far) for label, far in axis) for axis in axes)
                    into = {label: one if mine == other else mine for label, mine in into.items()}
                    factor = _renamed(factor, other, one)
                    del long[other]
            waiting = [
                Factor(f.node, tuple(None if label is None else into[label] for label in f.labels))
                for f in inner.factors
            ] + waiting
        return Sum(tuple(done), axes, long)

    def transposed(self, node: Apply) -> Sum:
        """The axes in another order."""
        (operand,) = node.arguments
        order = [axis % len(operand.shape) for axis in dict(node.parameters)["axes"]]
        return self._moved(operand, order)

    def _moved(self, operand: Expr, order: Sequence[int]) -> Sum:
        labels, long = self._labels(operand)
        return Sum((Factor(operand, labels),), tuple(_axis(labels[axis]) for axis in order), long)

    def _labels(
        self, operand: Expr, long: dict[int, int] | None = None
    ) -> tuple[tuple[int | None, ...], dict[int, int]]:
        known = {} if long is None else long
        lengths = self.lengths(operand.shape)
        return tuple(self._label(known, n) if n != 1 else None for n in lengths), known

    def eye(self, node: Apply) -> Sum:
        """Ones where both axes are at the same place."""
        long: dict[int, int] = {}
        (n, _) = self.lengths(node.shape)
        label = self._label(long, n) if n != 1 else None
        return Sum((), (_axis(label), _axis(label)), long)

    def commutation(self, node: Apply) -> Sum:
        """K with K vec(X) = vec(X.T): a one for each entry of X."""
        long: dict[int, int] = {}
        n, m = self.lengths(dict(node.parameters)["sizes"])
        i, j = self._label(long, n), self._label(long, m)
        return Sum((), (((i, m), (j, 1)), ((j, n), (i, 1))), long)

    def kron(self, node: Apply) -> Sum:
        """Each entry of the one times the other; with a matrix, a vector is a column."""
        long: dict[int, int] = {}
        first, second = node.arguments
        (ours, _), (theirs, _) = self._labels(first, long), self._labels(second, long)
        order = len(node.shape)
        left, right = ((*labels, *[None] * (order - len(labels))) for labels in (ours, theirs))
        far = [*self.lengths(second.shape), *[1] * (order - len(second.shape))]
        axes = tuple(
            (*(((a, n),) if a is not None else ()), *_axis(b)) for a, b, n in zip(left, right, far, strict=True)
        )
        return Sum((Factor(first, ours), Factor(second, theirs)), axes, long)

    def vec(self, node: Apply) -> Sum:
        """Columns below each other."""
        (operand,) = node.arguments
        labels, long = self._labels(operand)
        far = (1, *self.lengths(operand.shape)[:1])
        stacked = tuple((label, k) for label, k in zip(labels, far, strict=False) if label is not None)
        return Sum((Factor(operand, labels),), (stacked,), long)


def _axis(label: int | None) -> tuple[tuple[int, int], ...]:
    return () if label is None else ((label, 1),)


def _renamed(factor: Factor, old: int, new: int) -> Factor:
    return Factor(factor.node, tuple(new if label == old else label for label in factor.labels))


_FORMS: dict[str, Callable[[Sums, Apply], Sum]] = {
    "transpose": Sums.transposed,
    "eye": Sums.eye,
    "commutation": Sums.commutation,
    "kron": Sums.kron,
    "vec": Sums.vec,
}


def place(axis: Sequence[tuple[int, int]], at: dict[int, Place]) -> Place:
    """Where labels at these places lie on an axis."""
    found = Place()
    for label, far in axis:
        found = found.plus(at[label].times(far))
    return found
