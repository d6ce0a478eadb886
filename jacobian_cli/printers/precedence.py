"""What the printers share: pieces of text that know how tightly they hold together, and the walk that joins them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from fractions import Fraction
from functools import cache, lru_cache, reduce
from typing import NamedTuple, TypeVar

from jacobian_cli.elaborate import Builder, Scope
from jacobian_cli.expr import Apply, Expr, visible
from jacobian_cli.ops import row
from jacobian_cli.ops.cuts import Bounds, Listed
from jacobian_cli.shape import Size
from jacobian_cli.syntax.mends import MAX_DIGITS
from jacobian_cli.syntax.parser import parse

LEADING = ("subscripts",)
"""The options that stand before the arguments."""
_PLAIN_DIGITS, _SHORTER = 15, 3
"""Decimals are plain up to so many digits, unless a power of ten is shorter by so many: 0.0001, but 1e-5."""


class Level(IntEnum):
    """How tightly a piece of text holds together, loosest first."""

    COMPARE = 0
    SUM = 1
    RATIO = 2
    """A fraction that is one number: `x + 1/3`, but `(1/3)*x`."""
    PRODUCT = 3
    NEGATIVE = 4
    POWER = 5
    NUMBER = 6
    POSTFIX = 7


class Piece(NamedTuple):
    """A text, its level, and whether a minus sign stands at its left edge.

    >>> Piece("a + b", Level.SUM).at(Level.PRODUCT)
    '(a + b)'
    """

    text: str
    level: Level = Level.POSTFIX
    signed: bool = False

    def at(self, level: Level) -> str:
        """The text, in brackets unless it holds together at least so tightly."""
        return self.text if self.level >= level else f"({self.text})"


class Infix(NamedTuple):
    """An operator between two operands: its sign, its level, and the levels that its operands must have."""

    sign: str
    level: Level
    left: Level
    right: Level
    unsigned: bool = False
    """Whether no minus sign may follow it."""

    def join(self, left: Piece, right: Piece) -> Piece:
        """The two operands with the sign between them."""
        wanted = Level.POSTFIX if self.unsigned and right.signed else self.right
        bare = left.level >= self.left
        return Piece(left.at(self.left) + self.sign + right.at(wanted), self.level, left.signed and bare)


PYTHON = {
    "+": Infix(" + ", Level.SUM, Level.SUM, Level.RATIO, unsigned=True),
    "-": Infix(" - ", Level.SUM, Level.SUM, Level.RATIO, unsigned=True),
    "*": Infix("*", Level.PRODUCT, Level.PRODUCT, Level.POWER),
    "/": Infix("/", Level.PRODUCT, Level.PRODUCT, Level.POWER),
    "//": Infix("//", Level.PRODUCT, Level.PRODUCT, Level.POWER),
    "@": Infix("@", Level.PRODUCT, Level.PRODUCT, Level.POWER),
    "**": Infix("**", Level.POWER, Level.NUMBER, Level.NEGATIVE),
    **{sign: Infix(f" {sign} ", Level.COMPARE, Level.SUM, Level.SUM) for sign in (">", "<", ">=", "<=", "==", "!=")},
}
"""The operators of Python's grammar, which are those of the language."""


def negative(operand: Piece) -> Piece:
    """Minus an operand.

    >>> negative(Piece("x**2", Level.POWER)).text
    '-x**2'
    """
    return Piece("-" + operand.at(Level.POWER), Level.NEGATIVE, signed=True)


def number_piece(value: Fraction) -> Piece:
    """A number as Python reads it, exactly: a decimal, or else a quotient."""
    shown = decimal(abs(value))
    if shown is None:
        return Piece(f"{value.numerator}/{value.denominator}", Level.RATIO, signed=value < 0)
    piece = Piece(f"{shown[0]}e{shown[1]}" if shown[1] else shown[0], Level.NUMBER)
    return negative(piece) if value < 0 else piece


def size_piece(size: Size, divide: str = "/") -> Piece:
    """A size as the parser reads it: no sign in front where a sum can be turned round.

    >>> size_piece(Size.named("n") - Size.named("m")).text, size_piece(Size.named("n").part(2), "//").text
    ('n - m', 'n//2')
    """
    below = size.denominator
    if below > 1:
        return PYTHON[divide].join(size_piece(size * Size.number(below)), _whole(below))
    result: Piece | None = None
    for monomial, coefficient in sorted(size.terms, key=lambda term: term[1] < 0):
        assert isinstance(coefficient, int)
        factors = [Piece(name) if p == 1 else PYTHON["**"].join(Piece(name), _whole(p)) for name, p in monomial]
        if abs(coefficient) != 1 or not factors:
            factors.insert(0, _whole(abs(coefficient)))
        term = reduce(PYTHON["*"].join, factors)
        if result is not None:
            result = PYTHON["-" if coefficient < 0 else "+"].join(result, term)
        else:
            result = negative(term) if coefficient < 0 else term
    return result or Piece("0", Level.NUMBER)


def _whole(value: int) -> Piece:
    return Piece(str(value), Level.NUMBER)


Index = tuple[Bounds | Listed | Size | int | None, ...]


def index_text(index: Index, size: Callable[[Size], str], none: str = "None") -> str:
    """What stands between the brackets of an index.

    >>> index_text(((None, None), 0, None), str)
    ':, 0, None'
    >>> index_text(((None, None, -1), Listed((0, 2))), str)
    '::-1, [0, 2]'
    """

    def item(given: Bounds | Listed | Size | int | None) -> str:
        match given:
            case None:
                return none
            case (start, stop, *step):
                return ":".join(["" if bound is None else size(bound) for bound in (start, stop)] + [*map(str, step)])
            case Size():
                return size(given)
        return str(given)

    return ", ".join(map(item, index)) or "()"


def axes_text(axes: Sequence[int]) -> str:
    """What stands behind `axis=`.

    >>> axes_text((1,)), axes_text((0, 2))
    ('1', '(0, 2)')
    """
    return str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"


Made = TypeVar("Made")


def fold(expr: Expr, rule: Callable[[Expr, Mapping[Expr, Made]], Made]) -> Made:
    """What a rule makes of an expression, given what it made of the children of each node; names are not entered.

    >>> from jacobian_cli.expr import Variable
    >>> fold(Variable("x", ()), lambda node, made: node.name)
    'x'
    """
    made: dict[Expr, Made] = {}
    for node in visible(expr):
        made[node] = rule(node, made)
    return made[expr]


def given(node: Apply) -> tuple[Expr, ...]:
    """The arguments without those at the end that are what the table fills in anyway.

    >>> from jacobian_cli.expr import Variable
    >>> len(given(Apply("leaky_relu", (Variable("x", ()), default("0.01")), (), ())))
    1
    """
    entry, arguments = row(node.function), node.arguments
    if not entry.defaults:
        return arguments
    for name in reversed(entry.parameters):
        if len(arguments) != len(entry.parameters[: entry.parameters.index(name) + 1]) or name not in entry.defaults:
            break
        if arguments[-1] is not default(entry.defaults[name]):
            break
        arguments = arguments[:-1]
    return arguments


@cache
def default(text: str) -> Expr:
    """The value of a parameter that was left out."""
    return Builder(Scope({}), text).build(parse(text))


@lru_cache(maxsize=1024)
def decimal(value: Fraction) -> tuple[str, int] | None:
    """The exact decimal of a number that is not negative: digits, and a power of ten where that reads better.

    None if there is no decimal, or none that the parser would read.

    >>> [decimal(Fraction(v)) for v in ("3", "0.044715", "1/3", "1e-20")]
    [('3', 0), ('0.044715', 0), None, ('1', -20)]
    """
    twos, fives = _power(2, value.denominator), _power(5, value.denominator)
    if 2**twos * 5**fives != value.denominator:
        return None
    places = max(twos, fives)
    whole = str(int(value * 10**places))
    digits = whole.rjust(places + 1, "0")
    plain = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    if len(plain) > MAX_DIGITS:
        plain = plain.removeprefix("0")
    mantissa = whole.rstrip("0") or "0"
    exponent = len(whole) - 1 - places
    mantissa = mantissa[0] + ("." + mantissa[1:] if mantissa[1:] else "")
    scientific = len(f"{mantissa}e{exponent}")
    if len(plain) <= max(_PLAIN_DIGITS, scientific) and len(plain) < scientific + _SHORTER:
        return (plain, 0) if not places or len(plain) <= MAX_DIGITS else None
    return (mantissa, exponent) if scientific <= MAX_DIGITS else None


def _power(prime: int, number: int) -> int:
    count = 0
    while number % prime == 0:
        number, count = number // prime, count + 1
    return count
