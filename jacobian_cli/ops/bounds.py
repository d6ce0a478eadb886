"""What sizes must be for the indices and slices of a formula to stay inside their axes, and for its matrices to be as
high as they must.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from jacobian_cli.expr import Apply, Expr, walk
from jacobian_cli.ops.cuts import Listed, cut_of
from jacobian_cli.ops.shapes import HIGH
from jacobian_cli.ops.table import row
from jacobian_cli.shape import ONE, Shape, Size


class Bound(NamedTuple):
    """A size that must be at least one: `n - 99` for the slice 1:100 of an axis n."""

    margin: Size
    multiple: int = 1
    """What it must be a multiple of beside that."""

    def holds(self, sizes: Mapping[str, int]) -> bool:
        """Whether it is so at these sizes."""
        return self.margin.at(sizes) > 0 and self.margin.at(sizes) % self.multiple == 0

    @property
    def sides(self) -> tuple[Size, str, Size]:
        """As a comparison of two sizes without a minus."""
        if self.multiple > 1:
            return self.margin, "%", Size.number(self.multiple)
        positive = [(m, c) for m, c in self.margin.terms if m and c > 0]
        negative = [(m, -c) for m, c in self.margin.terms if m and c < 0]
        number = next((int(c) for m, c in self.margin.terms if not m), 0)
        left, right = Size.collect(positive), Size.collect(negative)
        if not negative:
            return left, ">=", Size.number(1 - number)
        if not positive:
            return right, "<=", Size.number(number - 1)
        if number > 0:
            return left + Size.number(number - 1), ">=", right
        return left, ">", right + Size.number(-number)

    def __str__(self) -> str:
        """As text.

        >>> n, m = Size.named("n"), Size.named("m")
        >>> [str(Bound(margin)) for margin in (n - Size.number(99), n - m, n - m + ONE, m - n - ONE)]
        ['n >= 100', 'n > m', 'n >= m', 'm > n + 1']
        >>> str(Bound(n, 2))
        'n a multiple of 2'
        """
        left, relation, right = self.sides
        return f"{left} {'a multiple of' if relation == '%' else relation} {right}"


def bounds(roots: Iterable[Expr]) -> tuple[Bound, ...]:
    """What must hold of the sizes in these expressions beside that axes have entries.

    >>> from jacobian_cli.expr import Variable
    >>> x = Variable("x", (Size.named("n"),))
    >>> sliced = Apply("[]", (x,), (("index", ((ONE, Size.number(100)),)),), (Size.number(99),))
    >>> [str(bound) for bound in bounds([sliced])]
    ['n >= 100']
    """
    margins: dict[Size, None] = {}
    least: dict[str, int] = {}
    for node in walk(roots):
        if not node.children:  # a variable, or what is made of sizes: these are lengths, and others places
            least.update((name, 1) for size in node.shape for name in size.names())
        if isinstance(node, Apply) and row(node.function).rule in HIGH:
            *_, rows, columns = node.arguments[0].shape
            margins[rows - columns + ONE] = None
        if isinstance(node, Apply):
            indexed = dict(node.parameters).get("index", ())
            margins.update((m, None) for m in _margins(indexed, node.children[0].shape if indexed else ()))
        margins.update(dict.fromkeys(node.shape))
    strictest: dict[Size, Size] = {}
    multiples: dict[Bound, None] = {}
    for told in margins:
        below = told.denominator
        margin = told * Size.number(below)
        if below > 1 and not _always_whole(margin, below):
            multiples[Bound(Size.collect(term for term in margin.terms if term[0]), below)] = None
        rest = Size.collect(term for term in margin.terms if term[0])
        if not _always(margin, least) and (rest not in strictest or (strictest[rest] - margin).at({}) > 0):
            strictest[rest] = margin
    return (*map(Bound, strictest.values()), *multiples)


def _margins(index: tuple[Any, ...], shape: Shape) -> Iterator[Size]:
    """What must be positive for an index to stay inside its axes."""
    items = [item for item in index if item is not None]
    for item, size in zip(items, shape, strict=False):
        match item:
            case tuple():
                cut = cut_of(item, size)
                ends = (cut.first, cut.last) if cut.step > 0 else (cut.last, cut.first)
                yield from (ends[0] + ONE, size - ends[1], cut.count)
            case Listed(places):
                yield size - Size.number(max(places))
                yield size + Size.number(min(places) + 1)
            case Size():
                yield from (item + ONE, size - item)
            case int():
                yield size - Size.number(item) if item >= 0 else size + Size.number(item + 1)


def _always_whole(margin: Size, below: int) -> bool:
    """Whether a size is a multiple whatever its names are, as n(n + 1) is of 2."""
    names = margin.names()
    if below ** len(names) > _TRIED:
        return False
    tried = product(range(1, below + 1), repeat=len(names))
    return all(margin.at(dict(zip(names, values, strict=True))) % below == 0 for values in tried)


_TRIED = 1000


def _always(margin: Size, least: Mapping[str, int]) -> bool:
    """Whether a size is positive whatever its names are; those that are lengths are at least one."""
    rising = all(c > 0 for monomial, c in margin.terms if monomial)
    return rising and margin.at({name: least.get(name, 0) for name in margin.names()}) > 0
