"""What index form begins with: numbers, sizes as numbers, and rows of an identity matrix."""

from __future__ import annotations

from itertools import pairwise

from jacobian_cli.calculus.index.tensor import Delta, Extent, Product, Rational, Sum, Tensor, Unit, Window, is_zero
from jacobian_cli.ops.cuts import Cut, Listed
from jacobian_cli.shape import Size


def number(value: Rational) -> Tensor:
    """A number."""
    return Product(value, (), ()) if value else Sum((), ())


def delta(size: Size) -> Tensor:
    return Delta(size)


def unit(size: Size, index: int | Size) -> Tensor:
    """A row of an identity matrix; counted from the end only where how many there are is not known.

    >>> unit(Size.number(3), -1) is unit(Size.number(3), 2)
    True
    """
    if isinstance(index, Size):
        index = index if index.value is None else index.value
    if isinstance(index, int) and index < 0 and size.value is not None:
        index += size.value
    return Unit(size, index)


def window(size: Size, cut: Cut) -> Tensor:
    """The rows of an identity matrix that a slice takes."""
    return Delta(size) if cut == Cut(Size(()), size) else Window(size, cut)


def listed(size: Size, places: tuple[int, ...]) -> Tensor:
    """The rows of an identity matrix at these places; a run of them is a slice."""
    if places[0] >= 0 and all(b == a + 1 for a, b in pairwise(places)):
        return window(size, Cut(Size.number(places[0]), Size.number(len(places))))
    return Window(size, Listed(places))


def extent(size: Size) -> Tensor:
    """A size as a number."""
    return Extent(size) if size.value is None else number(size.value)


def value_of(tensor: Tensor) -> Rational | None:
    """The number that a tensor is, if it is one."""
    if isinstance(tensor, Product) and not tensor.factors and not tensor.shape:
        return tensor.coefficient
    return 0 if is_zero(tensor) else None
