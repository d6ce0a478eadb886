"""Axes that are cut, joined, and put in other places: where renaming the values of an index does not reach."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from jacobian_cli.checks.every_size.terms import Count, UncoveredError, axes
from jacobian_cli.expr import Apply
from jacobian_cli.ops.cuts import Bounds, Listed, cut_of
from jacobian_cli.shape import ONE, Shape, Size, product

Sources = list[tuple[int, ...]]


class Axes:
    """What some formulas together do to their axes. Raises `UncoveredError` for what renaming would not tell apart."""

    def __init__(self) -> None:
        self.fixed: dict[str, set[object]] = {}
        """The places that have a number, x[0]: no renaming moves these."""
        self._bounds: dict[Size, set[Size]] = {}
        self._joints: dict[Size, Shape] = {}

    def join(self, sizes: Shape) -> None:
        """Several axes are one, in this order; another order elsewhere would not be told apart by renaming."""
        sizes = tuple(size for size in sizes if size is not ONE)
        if len(sizes) > 1 and self._joints.setdefault(product(sizes), sizes) != sizes:
            raise UncoveredError("axes that are joined in two orders")

    def _cut(self, item: Bounds, size: Size) -> None:
        """A slice is a part of an axis that is put together of parts."""
        cut = cut_of(item, size)
        if cut.step != 1:
            raise UncoveredError("a slice")
        self.part(size, (cut.first, cut.stop))

    def part(self, size: Size, ends: Iterable[Size]) -> None:
        """Parts of an axis end here. Those of different orders would not be told apart by renaming."""
        there = self._bounds.setdefault(size, {Size(()), size})
        there.update(ends)
        ordered = sorted(there, key=lambda end: sum(c for _, c in end.terms))
        for before, after in pairwise(ordered):
            if any(c < 0 for _, c in (after - before).terms):
                raise UncoveredError("a slice")

    def sources(self, node: Apply) -> tuple[Sources, Count] | None:
        """Of each axis of what puts entries elsewhere the axes of its argument that it is made of, and which indices
        have a number there; nothing for another function.
        """
        moves = {"[]": self._indexed, "transpose": self._turned, "reshape": self._reshaped, "vec": self._stacked}
        move = moves.get(node.function)
        return None if move is None else move(node)

    def _indexed(self, node: Apply) -> tuple[Sources, Count]:
        shape, sources, axis = node.arguments[0].shape, list[tuple[int, ...]](), 0
        fixed: list[Size] = []
        for item in dict(node.parameters)["index"]:
            if item is None:
                sources.append(())
                continue
            size = shape[axis]
            if isinstance(item, tuple):
                if size.names() and tuple(item) != (None, None):
                    self._cut(item, size)
                sources.append((axis,))
            else:
                fixed.append(size)
                if isinstance(item, Size) and item.names():
                    raise UncoveredError("a place that is a letter")
                picked = item.places if isinstance(item, Listed) else (item,)
                for name in size.names():
                    self.fixed.setdefault(name, set()).update((size, str(place)) for place in picked)
                if isinstance(item, Listed):
                    sources.append((axis,))
                    fixed += [size] * (len(item.places) - 1)
            axis += 1
        return [*sources, *((a,) for a in range(axis, len(shape)))], axes(fixed)

    def _turned(self, node: Apply) -> tuple[Sources, Count]:
        return [(axis,) for axis in dict(node.parameters)["axes"]], {}

    def _stacked(self, node: Apply) -> tuple[Sources, Count]:
        self.join(node.arguments[0].shape[::-1])
        return [tuple(range(len(node.arguments[0].shape)))], {}

    def _reshaped(self, node: Apply) -> tuple[Sources, Count]:
        """Axes are joined, or taken apart as they were joined."""
        wide = [k for k, size in enumerate(node.arguments[0].shape) if size is not ONE]
        old, new = [node.arguments[0].shape[k] for k in wide], [size for size in node.shape if size is not ONE]
        found: list[tuple[int, ...]] = []
        i = j = 0
        while i < len(old) or j < len(new):
            before, after = [i] if i < len(old) else [], [j] if j < len(new) else []
            while True:
                left, right = product(old[k] for k in before), product(new[k] for k in after)
                if left is right:
                    break
                if before and after and left.over(right) is not None and after[-1] + 1 < len(new):
                    after.append(after[-1] + 1)
                elif before and before[-1] + 1 < len(old):
                    before.append(before[-1] + 1)
                elif after and after[-1] + 1 < len(new):
                    after.append(after[-1] + 1)
                else:
                    raise UncoveredError("an axis cut otherwise than it was joined")
            if len(before) > 1 and len(after) > 1 and [old[k] for k in before] != [new[k] for k in after]:
                raise UncoveredError("an axis cut otherwise than it was joined")
            for group, sizes in ((before, old), (after, new)):
                if len(group) > 1:
                    self.join(tuple(sizes[k] for k in group))
            found += [tuple(wide[k] for k in before)] * len(after)
            i, j = i + len(before), j + len(after)
        there = iter(found)
        return [() if size is ONE else next(there) for size in node.shape], {}
