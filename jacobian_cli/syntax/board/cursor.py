"""A place in a list of tokens, and what every part of the grammar does with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import Known
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Call, Term

COMPARISONS = ("<", ">", "<=", ">=", "==", "!=", "=")
SUMS = {"+": "?plus", "-": "?minus"}
FACTOR = frozenset(
    "num name func open bar sqrt frac sum ones zeros eye commutation indexed word root group text".split()
)
"""Tokens that begin a factor."""
DERIVATIVE = "type the formula alone; jac takes the derivative"


_LEFT, _RIGHT = re.compile(r"\\left(?![A-Za-z])"), re.compile(r"\\right(?![A-Za-z])")
"""Sizes of brackets, of which a part of a text may hold one alone."""
_COMMAND = re.compile(r"\\[A-Za-z]+\*?\s*$")


def whole(text: str, start: int, stop: int) -> tuple[int, int]:
    r"""A part of a text, grown until its braces are in pairs, with the command before the first.

    >>> text = r"2\mathbf{S}_B \mathbf{w}"
    >>> [text[slice(*whole(text, *part))] for part in ((9, 11), (9, 22))]
    ['\\mathbf{S}', '\\mathbf{S}_B \\mathbf{w}']
    """
    depth = least = 0
    for sign in text[start:stop]:
        depth += (sign == "{") - (sign == "}")
        least = min(least, depth)
    for _ in range(-least):
        outer = 1
        while start and outer:
            start -= 1
            outer += (text[start] == "}") - (text[start] == "{")
        command = _COMMAND.search(text, 0, start)
        start = command.start() if command else start
    for _ in range(depth - least):
        stop = text.find("}", stop) + 1 or len(text)
    return start, stop


@dataclass(slots=True)
class Cursor:
    """Reads one list of tokens."""

    tokens: Sequence[Token]
    text: str
    known: Known
    blanks: bool = True
    """Whether a blank separates, as in Unicode and ASCII; in LaTeX it says nothing."""
    doubts: list[Doubt] = field(default_factory=list)
    at: int = 0
    depth: int = 0
    delimiters: list[str] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    """The indices that are summed over here."""
    summing: bool = False
    """Whether the innermost of these is a sum, by whose value one may divide each term."""
    ended: dict[str, int] = field(default_factory=dict)
    """The indices of the sums before this place, and where what is summed begins."""
    picked: list[int] = field(default_factory=list)
    """The places of single entries that were picked."""
    guessed: bool = False
    """Whether the notation was found, and not named."""
    trying: bool = False
    """Whether a Σ is being read as a sum, or as a matrix."""
    totalled: int = -1
    """The place of the Σ that is being read as a sum."""
    open_end: tuple[int, str, str] = (-1, "", "")
    """Where a function without bracket ended, and what it took."""
    powered: tuple[int, int] = (-1, -1)
    """Where an exponent without brackets ended, and the place of the mark before it."""

    # ---- tokens ----------------------------------------------------------------------------------------------------

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def sees(self, kind: str, text: str | None = None) -> bool:
        token = self.tokens[self.at]
        return token.kind == kind and (text is None or token.text == text)

    def refuse(self, where: Token | Span, message: str, hint: str | None = None) -> InputError:
        span = where if isinstance(where, Span) else where.span
        return InputError(message, text=self.text, span=span, hint=hint)

    def written(self, start: int, stop: int) -> str:
        """A part of the text, to paste: with the commands whose braces begin or end inside it."""
        start, stop = whole(self.text, start, stop)
        text = self.text[start:stop]
        if len(_LEFT.findall(text)) != len(_RIGHT.findall(text)):
            text = _RIGHT.sub("", _LEFT.sub("", text))
        return " ".join(text.split())

    def closing(self, at: int) -> int:
        """The place of the bracket that closes the one there, or the same place if none does."""
        depth = 0
        for place in range(at, len(self.tokens) - 1):
            token = self.tokens[place]
            depth += (token.kind == "open") - (token.kind == "close")
            if not depth:
                return place
        return at

    def call(self, function: str, left: Term, right: Term) -> Call:
        return Call(function, (left, right), (), Span(left.span.start, right.span.stop))

    def stray(self, token: Token) -> InputError:
        if token.kind == "close":
            return self.refuse(token, "this bracket was never opened")
        if token.kind == "bar":
            return self.refuse(
                token, f"this {token.text} does not close what it opens", "write norm(x), abs(x), det(A)"
            )
        if token.kind == "op" and token.text == "," and self.at:
            before, behind = self.tokens[self.at - 1], self.tokens[min(self.at + 1, len(self.tokens) - 1)]
            if before.kind == behind.kind == "num" and before.stop == token.start and token.stop == behind.start:
                number = f"{before.text}.{behind.text}"
                return self.refuse(token, "a comma separates", f"decimals stand behind a point: `{number}`")
        if token.kind == "sub" and token.text == "+":
            return self.refuse(token, "is this a positive part?", "it is `max(x, 0)`")
        if token.kind == "sub":
            return self.refuse(token, "an index belongs to a name", "entries are written x[0], A[0, :]")
        return self.refuse(token, f"{self.written(token.start, token.stop) or 'this'} cannot be read here")

    # ---- what the parts of the grammar ask of each other -----------------------------------------------------------

    def inside(self, tokens: Sequence[Token], owner: Token) -> Term:
        """The tree of tokens that stand inside another: an exponent, a numerator."""
        raise NotImplementedError

    def comparison(self) -> Term:
        raise NotImplementedError

    def product(self) -> Term:
        raise NotImplementedError

    def run(self) -> Term:
        """Factors side by side."""
        raise NotImplementedError

    def factors(self) -> list[Term]:
        raise NotImplementedError

    def factor(self) -> Term:
        raise NotImplementedError

    def atom(self) -> Term:
        raise NotImplementedError

    def raised(self, term: Term, token: Token) -> Term:
        """A term with what stands above the line."""
        raise NotImplementedError

    def called(self, token: Token, function: str) -> Term:
        """A function with its arguments in brackets."""
        raise NotImplementedError

    def function(
        self, name: str, arguments: tuple[Term, ...], keywords: tuple[tuple[str, Term], ...], span: Span
    ) -> Term:
        """A function applied to arguments."""
        raise NotImplementedError

    def exponential(self, token: Token) -> Term | None:
        """exp^-x."""
        raise NotImplementedError

    def negative(self, term: Term) -> Term:
        raise NotImplementedError

    def beside(self, factors: list[Term], start: int) -> Term:
        """The product of factors."""
        raise NotImplementedError
