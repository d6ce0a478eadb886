"""What an index takes of an axis: a run of places a step apart, or places one by one."""

from __future__ import annotations

from typing import Any

from jacobian_cli.records import record
from jacobian_cli.shape import ONE, Size

Bounds = tuple[Size | None, Size | None] | tuple[Size | None, Size | None, int]
"""`start:stop`, or `start:stop:step`, as it was typed."""


@record(frozen=True, slots=True)
class Listed:
    """Places given one by one: `[0, 2, 0]`. Each may come more than once; negative ones count from the end."""

    places: tuple[int, ...]

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.places))}]"


@record(frozen=True, slots=True)
class Cut:
    """`count` places from `first` on, each `step` behind the one before."""

    first: Size
    count: Size
    step: int = 1

    @property
    def stop(self) -> Size:
        """What a slice names as its end: the place behind the last in its direction."""
        return self.last + Size.number(1 if self.step > 0 else -1)

    @property
    def last(self) -> Size:
        return self.first + Size.number(self.step) * (self.count - ONE)

    def within(self, size: Size) -> Bounds:
        """As an index of an axis of this size spells it, ends that are meant anyway left out.

        >>> n = Size.named("n")
        >>> [Cut(*cut).within(n) for cut in ((ONE, n - ONE), (n - ONE, n, -1), (Size(()), n.steps(2), 2))]
        [(1, None), (None, None, -1), (None, None, 2)]
        """
        if self.step == 1:
            return self.first if self.first.terms else None, None if self.stop is size else self.stop
        behind = self.last + Size.number(self.step)  # where a further place would lie
        if self.step > 0:
            left = (size - behind).value
            whole = left is not None and left <= 0
            return self.first if self.first.terms else None, None if whole else self.stop, self.step
        whole = behind.value is not None and behind.value < 0
        return None if self.first is size - ONE else self.first, None if whole else self.stop, self.step


def cut_of(item: Any, size: Size) -> Cut:
    """The places that `start:stop` or `start:stop:step` takes of an axis; negative numbers count from the end.

    >>> n = Size.named("n")
    >>> [str(cut_of(item, n).count) for item in ((None, Size.number(-1)), (None, None, 2), (None, None, -1))]
    ['n - 1', 'n/2', 'n']
    """

    def bound(given: Size | None, default: Size) -> Size:
        if given is None:
            return default
        return size + given if given.value is not None and given.value < 0 else given

    start, stop, step = (*item, 1)[:3]
    if step == 1:
        first = bound(start, Size(()))
        return Cut(first, bound(stop, size) - first)
    if step > 0:
        first, end = bound(start, Size(())), bound(stop, size)
        if end.value is not None and size.value is not None and end.value > size.value:
            end = size
        return Cut(first, (end - first).steps(step), step)
    first = bound(start, size - ONE)
    if first.value is not None and size.value is not None and first.value >= size.value:
        first = size - ONE
    return Cut(first, (first - bound(stop, Size.number(-1))).steps(-step), step)
