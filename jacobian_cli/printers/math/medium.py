"""Parts of a formula, how tightly they hold together, and how a medium joins them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, IntEnum
from operator import add
from typing import Any, NamedTuple

from jacobian_cli.ops import Row
from jacobian_cli.records import record


class Level(IntEnum):
    """How tightly a part holds together, loosest first."""

    COMPARE = 0
    SUM = 1
    QUOTIENT = 2
    HADAMARD = 3
    KRONECKER = 4
    CHAIN = 5
    """Matrices side by side."""
    SCALED = 6
    """A scalar beside something."""
    POWER = 7
    NUMBER = 8
    POSTFIX = 9


class Edge(Enum):
    """What a part begins or ends with, which decides what may stand directly beside it."""

    DIGIT = "a digit"
    LETTER = "a name of one letter"
    WORD = "a longer name"
    CLOSED = "a bracket or a superscript"


class Part(NamedTuple):
    """A text without its minus sign, and what its neighbours must know of it."""

    text: str
    level: Level = Level.POSTFIX
    first: Edge = Edge.CLOSED
    last: Edge = Edge.CLOSED
    negative: bool = False
    tall: bool = False
    """Whether brackets around it must grow."""
    dotted: bool = False
    """Whether a dot stands in it, which binds no tighter than ⊙ and ⊗."""
    short: str = ""
    """How it is written where its size follows from what stands beside it."""


@record(frozen=True, slots=True, kw_only=True, eq=False)
class Notation:
    """How one medium writes what mathematics means."""

    name: Callable[[str], Part]
    constants: Mapping[str, Part]
    function: Callable[[Row], str]
    """A name, or a template with `{}` for the argument."""
    signs: Mapping[str, str]
    """Of infix operators with the blanks around them; `⊙` and `⊗` for the products."""
    minus: str
    beside: str
    """What separates factors, `gap` where one of them is a word, `dot` where the second is a number."""
    gap: str
    dot: str
    brackets: tuple[str, str]
    tall_brackets: tuple[str, str]
    indicator: str
    transposed: str
    power: Callable[[Part, int | None, bool, Notation], tuple[str, Edge]]
    """A superscript: the exponent, its value if whole, and whether it applies to the entries of a matrix.
    With it comes the edge that it leaves."""
    fraction: str
    """A template for a fraction with a scalar below, or nothing if a slash does."""
    filled: Mapping[str, Sequence[Callable[[str], Part]]]
    """Matrices that are known by a letter, given their sizes as text; the first way that no variable is written in."""
    option: Callable[[str, str], str]
    """An option by its name and value."""
    options: Mapping[str, Callable[[Any, Notation], str]]
    """How an option is written, if not so."""
    matrix: Callable[[Sequence[Sequence[str]]], Part]
    """A matrix of entries or blocks, given its rows."""
    column: Callable[[Sequence[str]], Part]
    """A vector of entries."""
    parts: bool
    """Whether a vector joined of others is written so too."""
    number: Callable[[str], str] = str
    """How digits are written."""
    script: Callable[[str, str], str] = add
    """A base with what stands above it."""
    edge: Callable[[str], Edge] = lambda _: Edge.LETTER
    """What a function that is spelled so begins with."""
    comma: str = ", "
    colon: str = ":"
    """All places along an axis."""
    square: tuple[str, str] = ("[", "]")
    """The brackets of an index."""
    taken: frozenset[str] = frozenset()
    """How the variables are written."""
    called: frozenset[str] = frozenset()
    """How the functions are."""

    def bracket(self, part: Part) -> Part:
        """A part in brackets; a comparison becomes its indicator."""
        shown = self.shown(part)
        opening, closing = self.tall_brackets if part.tall else self.brackets
        if part.level is Level.COMPARE:
            return Part(self.indicator + opening + shown + closing, first=Edge.DIGIT, tall=part.tall)
        return Part(opening + shown + closing, tall=part.tall)

    def shown(self, part: Part) -> str:
        """A part with its sign."""
        return self.minus + part.text if part.negative else part.text

    def at(self, part: Part, level: Level) -> Part:
        """A part as an operand that must hold together at least so tightly; a sign counts as a sum."""
        return self.bracket(part) if part.level < level or (part.negative and level > Level.SUM) else part

    def unsigned(self, part: Part, level: Level) -> Part:
        """A part without its sign, which whoever asks must write."""
        return self.at(part._replace(negative=False), level)

    def value(self, part: Part) -> str:
        """A part that stands alone, as an argument does."""
        return self.shown(self.at(part, Level.SUM))

    def join(self, a: Part, sign: str, b: Part, level: Level, *, negative: bool = False) -> Part:
        """Two operands, ready to stand where they do, around a sign."""
        shown = self.shown(a) + sign + self.shown(b)
        return Part(shown, level, a.first, b.last, negative, a.tall or b.tall)

    def side_by_side(self, a: Part, b: Part, levels: tuple[Level, Level], level: Level) -> Part:
        """A product without a sign; a minus in front of its first factor is in front of the whole."""
        left, right = self.unsigned(a, levels[0]), self.at(b, levels[1])
        opened = right.text.startswith(self.brackets[0]) or right.text.startswith(self.tall_brackets[0])
        if right.first is Edge.DIGIT or (opened and left.last is Edge.LETTER and self.calls(left.text)):
            between = self.dot
        elif Edge.WORD in (left.last, right.first) or right.text.startswith("["):
            between = self.gap
        else:
            between = self.beside
        made = self.join(left, between, right, level, negative=a.negative)
        return made._replace(dotted=between == self.dot or left.dotted or right.dotted)

    def calls(self, text: str) -> bool:
        """Whether a text ends like a function, so that a bracket behind it would be taken for its argument's."""
        return any(text.endswith(name) and name in self.taken for name in self.called)

    def between(self, a: Part, b: Part, sign: str, levels: tuple[Level, Level], level: Level) -> Part:
        """A product with a sign, to which operands of its own kind need no brackets on the left."""
        left = self.unsigned(a, levels[0] if a.level is not level else level)
        right = self.at(b, levels[1])
        if right.dotted:
            right = self.bracket(right)
        return self.join(left, self.signs[sign], right, level, negative=a.negative)
