"""A quotient on one line: what stands below the line, and where it ends."""

from __future__ import annotations

from jacobian_cli.syntax.board.cursor import FACTOR
from jacobian_cli.syntax.board.factors import Factors
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Call, Literal, Name, Term

_COUNTS = frozenset("n m N M".split())
"""Letters over which one takes a mean."""


class Fractions(Factors):
    """Reads quotients."""

    __slots__ = ()

    def fraction(self, left: Term, start: int, sign: Token) -> Term:
        """A quotient: below stands one factor; whether more belongs there is not guessed."""
        ended, function, part = self.open_end
        open_end = ended == self.at - 1
        minus = self.sees("op", "-") and bool(self.take())
        below = self.next
        running = self.running[:]
        if below.kind == "sum" and self.summing:  # ∑ᵢ aᵢ / ∑ᵢ bᵢ, the sum of the quotients by a number
            self.running.clear()
        try:
            right = self.factor()
        finally:
            self.running[:] = running
        stop = self.tokens[self.at - 1].stop
        ways = () if minus else self.powers(start, sign, below, stop)
        if open_end and not ways:
            under = self.written(below.start, stop)
            taken, other = f"{function}({part})/({under})", f"{function}({part}/({under}))"
            self.doubts.append(Doubt(f"`{taken}` is read; the other reading is `{other}`"))
        value = self.call("/", left, self.negative(right) if minus else right)
        if self.next.kind not in FACTOR or self.closes(self.next):
            if ways:
                self.doubts.append(Doubt(f"`{ways[0]}` is read; the other reading is `{ways[1]}`"))
            return value
        if not (ways or open_end) and self.coefficient(left, right, sign, below):
            return self.beside([value, *self.factors()], start)
        more = self.next
        self.factors()
        above, under = self.written(start, sign.start), self.written(below.start, stop)
        rest = self.written(more.start, self.tokens[self.at - 1].stop)
        whole = Span(start, self.tokens[self.at - 1].stop)
        if ways:
            raise self.refuse(
                whole, "does this power end at the /?", f"write `{ways[1]} {rest}` or `({ways[0]}) {rest}`"
            )
        message, joined = "does the last factor belong below the line?", f"{above}/({under} {rest})"
        if isinstance(right, Call) and right.function == "?T":  # xᵀy/zᵀw: nobody divides by a row
            raise self.refuse(whole, message, f"it is written `{joined}`")
        raise self.refuse(whole, message, f"write `({above}/{under}) {rest}` or `{joined}`")

    def coefficient(self, left: Term, right: Term, sign: Token, below: Token) -> bool:
        """Whether a quotient scales what follows: ½ as 1/2 xᵀAx, λ/2 ‖w‖², n/2 log p, 1/n ∑ᵢ xᵢ, 1/m XᵀX."""
        number = isinstance(right, Literal) and below.kind == "num"
        large = self.next.kind == "sum" or (self.next.kind == "bar" and self.next.text == "‖")
        count = isinstance(right, Name) and isinstance(left, Literal) and (large or key(right.text)[-1] in _COUNTS)
        mean = isinstance(right, Name) and self.next.kind == "sum"
        if not self.blanks:  # in LaTeX a blank says nothing, what follows may
            return large and (number or count or mean)
        if number and isinstance(left, Literal):
            return self.next.space
        tight = not (sign.space or below.space)
        return tight and self.next.space and (number or count or mean)

    def powers(self, start: int, sign: Token, below: Token, stop: int) -> tuple[str, ...]:
        """Both readings of x^1/2 and e^-x/2, whose exponents stand in no brackets: as it is read, and the other."""
        place = self.tokens.index(sign) - 1
        last = self.tokens[place]
        if self.powered[0] == place:
            place = self.powered[1]
        elif last.kind != "sup":
            return ()
        while place and self.tokens[place - 1].kind == "sup":
            place -= 1
        first = self.tokens[place]
        exponent = self.text[first.start + 1 : last.stop]
        if first.kind != "sup" or self.text[first.start] != "^" or exponent.lstrip()[:1] in ("{", "("):
            return ()
        signed, number = exponent[:1] in "-−", first.parts[0][-1].value if first is last else None
        if number is not None:
            ratio = number / below.value if below.kind == "num" and below.value else None
            if ratio is None or ratio.denominator == 1 or ratio.numerator != number:
                return ()
        apart = not self.blanks or sign.space or below.space
        if (number is None and below.kind != "num" and not signed) or (apart and number != 1):
            return ()
        base, exponent, under = self.text[start : first.start], exponent.strip(), self.written(below.start, stop)
        taken = f"{base}^({exponent})/{under}" if signed else f"({base}^{exponent})/{under}"
        other = under if self.tokens[self.at - 1] is below or self.text[below.start] == "(" else f"({under})"
        return taken, f"{base}^({exponent}/{other})"
