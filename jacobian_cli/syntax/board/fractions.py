"""A quotient on one line: what stands below the line, and where it ends."""

from __future__ import annotations

from jacobian_cli.syntax.board.cursor import FACTOR
from jacobian_cli.syntax.board.factors import Factors
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.names import GREEK, key
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Call, Literal, Name, Term

_COUNTS = frozenset("n m N M".split())
"""Letters over which one takes a mean."""
_WIDTHS = ("d", "k")
"""Letters of sizes, where they stand below a root."""
_FIXED = frozenset("?beside ?power sqrt u- / ?plus ?minus ?dot ?star".split())
"""What makes a constant of constants."""


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
            if self.near_sum(below):  # x/Σx
                right = self.near(self.take(), f"{self.written(start, sign.start)}/")
            else:
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
            self.doubt_sigmoid(start, sign, below)
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
        large = (
            self.next.kind == "sum" or self.at == self.totalled or (self.next.kind == "bar" and self.next.text == "‖")
        )
        count = isinstance(right, Name) and isinstance(left, Literal) and (large or key(right.text)[-1] in _COUNTS)
        mean = isinstance(right, Name) and (self.next.kind == "sum" or self.at == self.totalled)
        fixed = self.fixed(left) and self.fixed(right)  # 1/(2σ²), λ/n, 1/√n
        if not self.blanks:  # in LaTeX a blank says nothing, what follows may
            return large and (number or count or mean or fixed)
        if number and isinstance(left, Literal):
            return self.next.space
        tight = not (sign.space or below.space)
        return tight and self.next.space and (number or count or mean or fixed)

    def fixed(self, term: Term, *, rooted: bool = False) -> bool:
        """Whether a term is made of numbers, counts and small Greek letters."""
        match term:
            case Literal():
                return True
            case Name(text=text):
                stem, *_ = key(text)
                return stem in _COUNTS or (stem in GREEK and stem.islower()) or (rooted and stem in _WIDTHS)
            case Call(function=function, arguments=arguments) if function in _FIXED:
                rooted = rooted or function == "sqrt"
                return all(self.fixed(part, rooted=rooted) for part in arguments)
        return False

    def doubt_sigmoid(self, start: int, sign: Token, below: Token) -> None:
        """Say of 1/σ (x − μ) that the sigmoid was not read."""
        sigma = below.kind == "name" and key(below.text) == ("sigma",) and self.known.find(below.text) is None
        if sigma and self.tokens[self.at - 1] is below and self.sees("open", "("):
            above, under = self.written(start, sign.start), self.written(below.start, below.stop)
            inside = self.written(self.next.start, self.tokens[self.closing(self.at)].stop)
            taken, other = f"({above}/{under}) {inside}", f"{above}/sigmoid{inside}"
            self.doubts.append(Doubt(f"`{taken}` is read; the other reading is `{other}`"))

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
