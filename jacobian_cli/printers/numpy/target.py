"""A library that source is written for: what it calls things, and where it goes ways of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jacobian_cli.printers.numpy.blocks import KERNELS as BLOCKS
from jacobian_cli.printers.numpy.lengths import KERNELS as LENGTHS
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.errors import InputError


class LackingError(InputError):
    """A function that a target has no counterpart of."""

    def __init__(self, function: str, target: str, formula: str = "") -> None:
        self.function, self.target = function, target
        told = f", and {formula} is computed with it" if formula else ""
        super().__init__(f"{function} has no counterpart in {target}{told}", hint="--to numpy writes every function")


@dataclass(frozen=True, slots=True)
class Need:
    """A function that must be defined beside the expression: for given operand shapes, or along given axes."""

    function: str
    shapes: tuple[Shape, ...] = ()
    axes: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One library. What is not said here is as in NumPy."""

    name: str
    module: str
    alias: str
    array: str
    """The type of an array, behind the alias."""
    forms: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """How a function of the table is written, where that is not as in NumPy."""
    called: Callable[..., Any] | None = None
    """How all others are."""
    number: Callable[..., str] | None = None
    """Makes an array of a number, where functions do not take one as it is."""
    kernels: Mapping[str, str] = field(default_factory=dict)
    """The source of functions that NumPy computes by a kernel of ours, `{name}` and `{np}` to be put in."""
    arrays: bool = False
    """Whether a scalar is an array too."""
    warns: bool = False
    """Whether it warns of what overflows."""
    foreign: bool = False
    """Whether no kernel that is written for NumPy runs there."""
    traced: bool = False
    """Whether programs run there on arrays that have no numbers yet, so that no kernel may look at one entry alone."""
    count: str = "{np}.size({x})"
    count_along: str = "//max({np}.size({np}.sum({x}, axis=axis)), 1)"
    top: str = "{np}.max({x})"
    top_along: str = "{np}.max({x}, axis=axis, keepdims=True)"
    places: str = "{name} = {np}.asarray({name}, int)"
    """What makes whole numbers of an argument that holds places."""
    whole: str = ".astype(int)"
    """Behind an array of floats, what makes whole numbers of them."""
    take: str = "take_along_axis"
    squeezed: str = "{np}.squeeze(value, axis=axis)"

    def runs(self, function: str, kernel: Callable[..., Any] | None) -> bool:
        """Whether a kernel of the table runs there as it is."""
        if kernel is None or self.foreign or function in self.kernels:
            return False
        return not (self.traced and "vectorize" in kernel.__code__.co_names)


NUMPY = Target("NumPy", "numpy", "np", "ndarray", kernels={**BLOCKS, **LENGTHS}, warns=True)
