"""What stands behind the brackets of a sum, and behind a logarithm of something enclosed: a power, factors, a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jacobian_cli.syntax.board.cursor import FACTOR, SUMS
from jacobian_cli.syntax.board.sigmas import Sigmas
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Term

EACH = frozenset("sum mean max min trace".split())
"""Functions that make one number of an array, of which a power behind the brackets makes a difference."""
_LOGARITHMS = frozenset("log log2 log10".split())


class Reductions(Sigmas):
    """Reads what belongs to a sum or a logarithm."""

    __slots__ = ()

    def reduced(self, token: Token) -> Term:
        """sum (y − Xw)²: behind a blank, what stands in brackets begins what is summed; without one it is all of it."""
        opened, end = self.next, self.closing(self.at)
        within, behind = self.tokens[self.at + 1 : end], self.tokens[end + 1]
        signs = list(self.outermost(within))
        if opened.text != "(" or "," in signs or ";" in signs or self.known.primed:
            return self.called(token, token.text)
        raised = behind.kind == "sup"
        inside = self.written(opened.start, self.tokens[end].stop)
        name = self.written(token.start, token.stop)
        mark = self.written(behind.start, behind.stop)
        each, whole = f"{name}({inside}{mark})", f"({name}{inside}){mark}"
        if not (self.blanks and opened.space) or len(within) == 1:
            even = (
                raised and behind.parts[0][-1:] and behind.parts[0][-1].text in ("2", "4") and len(behind.parts[0]) == 1
            )
            if even and ((opened.space and self.blanks) or any(sign in SUMS for sign in signs[1:])):
                self.doubts.append(Doubt(f"`{whole}` is read; the other reading is `{each}`"))
            return self.called(token, token.text)
        value = self.factor()
        if self.next.kind in FACTOR and not self.closes(self.next):
            stop = self.tokens[self.at - 1].stop
            self.factors()
            part, rest = self.written(opened.start, stop), self.written(stop, self.tokens[self.at - 1].stop)
            raise self.refuse(
                Span(token.start, self.tokens[self.at - 1].stop),
                f"does {rest} belong to {token.text}?",
                f"write `({name}{part}) {rest}` or `{name}({part} {rest})`",
            )
        if raised:
            self.doubts.append(Doubt(f"`{each}` is read; the other reading is `{whole}`"))
        return self.function(token.text, (value,), (), Span(token.start, value.span.stop))

    def outermost(self, tokens: Sequence[Token]) -> Iterator[str]:
        """The signs that stand in no further bracket, with the first of all tokens before them."""
        depth = 0
        yield ""
        for place, token in enumerate(tokens):
            depth += (token.kind == "open") - (token.kind == "close")
            if not depth and token.kind == "op" and (place or token.text not in SUMS):
                yield token.text

    def quotient(self, token: Token, first: Token, above: Term) -> Term | None:
        """log |A|/|B|: of two values that are made alike, the logarithm is of the quotient."""
        if token.text not in _LOGARITHMS or first.kind not in ("bar", "func"):
            return None
        part, sign, behind = self.written(first.start, self.tokens[self.at - 1].stop), self.next, self.next
        if sign.kind == "op" and sign.text == "/":
            behind = self.tokens[self.at + 1]
        alike = behind.kind == first.kind and (behind.text == first.text or behind.kind == "bar")
        if sign is behind and alike and first.kind == "bar" and not self.closes(behind):
            self.factor()
            rest = self.written(behind.start, self.tokens[self.at - 1].stop)
            raise self.refuse(
                Span(token.start, self.tokens[self.at - 1].stop),
                f"does {rest} belong to {token.text}?",
                f"write `({token.text} {part}) {rest}` or `{token.text}({part} {rest})`",
            )
        if sign is behind or not alike:
            within = self.tokens[self.at + 1 : self.closing(self.at + 1)] if behind.kind == "open" else ()
            if any(one.kind == first.kind == "bar" or one[:2] == first[:2] for one in within):  # log |x|/(1 − |x|)
                self.open_end = self.at, token.text, part
            return None
        self.take()
        below = self.factor()
        under = self.written(behind.start, self.tokens[self.at - 1].stop)
        taken, other = f"{token.text}({part}/{under})", f"({token.text} {part})/{under}"
        self.doubts.append(Doubt(f"`{taken}` is read; the other reading is `{other}`"))
        return self.call("/", above, below)
