"""Writes source code in one walk: variables, numbers and sizes; what functions are is said elsewhere, see `calls`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from jacobian_cli.expr import Apply, Constant, Defined, Expr, Extent, Number, Variable
from jacobian_cli.printers.numpy.numbers import WHOLE, is_known
from jacobian_cli.printers.numpy.products import Source, factors, product
from jacobian_cli.printers.numpy.target import NUMPY, Need, Target
from jacobian_cli.printers.precedence import Level, Piece, negative, number_piece, size_piece
from jacobian_cli.shape import Size

_EXACT = 2**53
"""Whole numbers up to here are floats exactly."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes expressions, and keeps what they need."""

    names: Mapping[Expr, str] = field(default_factory=dict)
    sizes: Mapping[str, str] = field(default_factory=dict)
    helper: Callable[[Need], str] = lambda need: need.function
    np: str = "np"
    math: str = "math"
    along: bool = False
    """Whether reductions run along `axis`, an argument of the function that is being written."""
    used_sizes: dict[str, None] = field(default_factory=dict)

    target: Target = NUMPY
    like: str = ""
    """An argument of the function that is being written, whose type of numbers is that of all."""
    fills: bool = False
    """Whether matrices with blocks are filled with them."""

    def source(self, expr: Expr) -> Source:
        """The source code of an expression."""
        made: dict[Expr, Source] = {}
        stack = [(expr, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                made[node] = self.node(node, made)
            elif node not in made:
                stack.append((node, True))
                stack.extend((child, False) for child in _operands(node) if child not in made)
        return made[expr]

    def text(self, expr: Expr) -> str:
        """The source code of an expression, as text."""
        return self.source(expr).piece.text

    def size(self, size: Size) -> Piece:
        """A size in the names that sizes bear in the source."""
        self.used_sizes.update(dict.fromkeys(size.names()))
        return size_piece(size.replace({name: Size.named(self.sizes.get(name, name)) for name in size.names()}), "//")

    def node(self, node: Expr, made: Mapping[Expr, Source]) -> Source:
        match node:
            case Variable(name=name):
                return Source(Piece(self.names.get(node, name)), node.shape)
            case Defined(name=name):
                return Source(Piece(self.names.get(node, name)), node.shape, plain=_is_number(node))
            case Constant(name=name):
                return Source(Piece(f"{self.np}.{name}"), (), plain=True)
            case Extent(size=size):
                return Source(self.size(size), (), plain=True)
            case Number(value=value):
                return Source(self.number(value), (), plain=True)
            case Apply(function="@"):
                return product(node, made, self.np)
            case Apply():
                return self.applied(node, [made[a] for a in node.arguments])
        raise AssertionError(node)

    def applied(self, node: Apply, operands: list[Source]) -> Source:
        """A function of the table, of operands that are written."""
        raise NotImplementedError

    def number(self, value: Fraction) -> Piece:
        """A number: exact where Python's numbers are exact or correctly rounded, else the nearest float."""
        if max(abs(value.numerator), value.denominator) <= _EXACT:
            piece = number_piece(value)
            exact = piece.level is Level.RATIO or (value.denominator == 1 and abs(value) <= WHOLE)
            return piece if exact else self.float(value)
        return self.float(value)

    def float(self, value: Fraction) -> Piece:
        size = abs(value)
        shown = repr(float(size)) if size <= sys.float_info.max else f"{self.np}.inf"
        piece = Piece(shown, Level.NUMBER)
        return negative(piece) if value < 0 else piece


def _is_number(name: Defined) -> bool:
    return not name.shape and is_known(name.body)


def _operands(node: Expr) -> tuple[Expr, ...]:
    match node:
        case Defined():
            return ()
        case Apply(function="@"):
            return tuple(factors(node))
    return node.children
