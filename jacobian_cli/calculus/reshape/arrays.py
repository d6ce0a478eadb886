"""Numbers from one convention to another: a reshape, an order of axes, a reshape.

Works on anything that has axes, without knowing what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product as places
from math import prod
from typing import Any, Literal, NamedTuple

from jacobian_cli.calculus.reshape.convention import Convention

CANONICAL: Literal["canonical"] = "canonical"
"""The tensor of partial derivatives, axes out + in, as `jax.jacobian` and `torch.func.jacrev` give it."""
SHAPE: Literal["shape"] = "shape"
"""The shape convention: the gradient of a scalar, in the shape of the variable."""
Format = Convention | Literal["canonical", "shape"]


class Rearrangement(NamedTuple):
    """The same numbers elsewhere: split into axes, take these in another order, join them to another shape."""

    split: tuple[int, ...]
    order: tuple[int, ...]
    shape: tuple[int, ...]

    def of(self, array: Any) -> Any:
        """A rearranged array: NumPy's, or whatever else has `reshape` and `transpose`, or PyTorch's `permute`."""
        parts = array.reshape(self.split)
        turned = parts.permute(self.order) if hasattr(parts, "permute") else parts.transpose(self.order)
        return turned.reshape(self.shape)

    def positions(self) -> list[int]:
        """For each entry of the result, row by row, its place among those of the source.

        >>> Rearrangement((2, 3), (1, 0), (6,)).positions()
        [0, 3, 1, 4, 2, 5]
        """
        steps = [prod(self.split[k + 1 :]) for k in self.order]
        lengths = [range(self.split[k]) for k in self.order]
        return [sum(step * i for step, i in zip(steps, place, strict=True)) for place in places(*lengths)]


def rearrangement(source: Format, target: Format, out: Sequence[int], variable: Sequence[int]) -> Rearrangement:
    """From one way of keeping the derivative of an output by a variable, of these shapes, to another.

    A 2×3 gradient column by column is a row of 6:

    >>> from jacobian_cli.calculus.reshape.convention import Vec
    >>> rearrangement(SHAPE, Convention(vec=Vec.COLUMN), (), (2, 3))
    Rearrangement(split=(2, 3), order=(1, 0), shape=(1, 6))
    """
    lengths = (*out, *variable)
    before, _ = _laid(source, out, variable)
    after, shape = _laid(target, out, variable)
    return Rearrangement(tuple(lengths[k] for k in before), tuple(before.index(k) for k in after), shape)


def _laid(form: Format, out: Sequence[int], variable: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """In what order the axes out + in run through an array, and its shape."""
    lengths = (*out, *variable)
    if isinstance(form, Convention):
        sides = form.axes(len(out), len(lengths))
        return (*sides[0], *sides[1]), tuple(prod(lengths[k] for k in side) for side in sides)
    if form == SHAPE:
        if prod(out) != 1:
            raise AssertionError("the shape convention is for scalars")
        return tuple(range(len(lengths))), tuple(variable)
    return tuple(range(len(lengths))), lengths
