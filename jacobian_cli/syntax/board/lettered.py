"""Letters that are functions where brackets follow: σ(x), Φ(x), and what a power between these makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from jacobian_cli.syntax.board.cursor import FACTOR, SUMS
from jacobian_cli.syntax.board.functions import Functions
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.names import GREEK, key
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Call, Term

CALLED = ("phi", "psi")
"""Greek letters that stand for functions where a bracket follows."""
_FUNCTIONS = frozenset("fg")
"""Letters of functions, and capitals of distributions, of which one takes the inverse."""
_INVERTED = frozenset("FGh")


class Lettered(Functions):
    """Reads letters as functions."""

    __slots__ = ()

    def raised_letter(self, token: Token) -> Term | None:
        """σ²(x), Φ⁻¹(p): a function with a power or its inverse; None where the letter is a name."""
        at, raised = self.at, self.next
        behind = self.tokens[at + 1]
        power = _number(raised.parts[0])
        if behind.kind != "open" or behind.text != "(" or (behind.space and self.blanks) or power is None:
            return None
        end = self.closing(at + 1)
        (stem, *_), lone, inverse = key(token.text), end == at + 3, power == -1
        if key(token.text) == ("sigma",):
            return None if self.tokens[end + 1].kind in ("T", "invT", "sup", "prime") else self.squared(token, end)
        inside, letter = self.written(behind.start, self.tokens[end].stop), self.written(token.start, token.stop)
        where, mark = Span(token.start, raised.stop), self.written(raised.start, raised.stop)
        if key(token.text) == ("Phi",):
            return self.distribution(token, end)
        if stem in (*_FUNCTIONS, *CALLED) or (lone and inverse and stem in _INVERTED):
            hint = f"type what it stands for; a product is `{letter}{mark} * {inside}`"
            raise self.refuse(where, f"'{letter}' is not a function here", hint)
        large = letter[:1].isupper()
        if lone and inverse and token.kind == "name" and (large or stem in GREEK):
            what = self.written(self.tokens[at + 2].start, self.tokens[at + 2].stop)
            product = f"inv({token.text})@{what}" if large else f"{token.text}**-1*{what}"
            self.doubts.append(Doubt(f"`{product}` is read, a product; a function called {letter} is not known"))
        return None

    def distribution(self, token: Token, end: int) -> Term | None:
        """Φ²(x), a power of the normal distribution; its inverse is refused."""
        raised, behind = self.next, self.tokens[self.at + 1]
        inside = self.written(behind.start, self.tokens[end].stop)
        if (_number(raised.parts[0]) or 0) < 0:
            hint = f"it is `sqrt(2)*erfinv(2*{inside} - 1)`; a matrix is declared: `-s {token.text}=n,n`"
            message = "the inverse of the normal distribution is not in the language"
            raise self.refuse(Span(token.start, raised.stop), message, hint)
        self.take()
        value = self.called(token, self.normal(token))
        return Call("?power", (value, self.inside(raised.parts[0], raised)), (), Span(token.start, value.span.stop))

    def scales(self, token: Token) -> bool:
        """Whether σ before a bracket is a number: below a line, or with a blank behind it, as in μ + σ (z)."""
        opened, end = self.next, self.closing(self.at)
        before = self.tokens[self.at - 2] if self.at > 1 else Token("op", "", 0, 0)
        within = self.tokens[self.at + 1 : end]
        apart, below = self.blanks and opened.space, before.kind == "op" and before.text == "/"
        if not (apart or below) or self.known.primed:
            return self.is_rate(token, within) and not self.known.primed
        inside, sigma = self.written(opened.start, self.tokens[end].stop), self.written(token.start, token.stop)
        affine = any(one.kind in ("T", "prime") or (one.kind == "name" and one.text[:1].isupper()) for one in within)
        located = any(one.kind == "name" and key(one.text) == ("mu",) for one in self.tokens)
        if below:
            added = any(one.kind == "op" and one.text in SUMS for one in within[1:])
            if apart or not added or (affine and not located):
                return apart
            raise self.refuse(
                Span(token.start, self.tokens[end].stop),
                "is this the sigmoid, or a number below the line?",
                f"the sigmoid is `1/sigmoid{inside}`, a number `(1/{sigma}) {inside}` or `1/({sigma} * {inside})`",
            )
        outside = located and not any(key(one.text) == ("mu",) for one in within)
        if (affine and not located) or before.kind == "func":  # log σ (z)
            return False
        scaled, function = f"{sigma} * {inside}", f"sigmoid{inside}"
        if outside or self.bare_sigma():
            self.doubts.append(Doubt(f"`{scaled}` is read; the other reading is `{function}`"))
            return True
        if before.kind in FACTOR or before.kind in ("close", "sup"):
            hint = f"write `{function}` or `{scaled}`"
            raise self.refuse(Span(token.start, self.tokens[end].stop), "is this the sigmoid, or a product?", hint)
        if len(within) > 1 and before.kind == "op" and before.text in SUMS:
            self.doubts.append(Doubt(f"`{function}` is read; the other reading is `{scaled}`"))
        return False

    def is_rate(self, token: Token, within: Sequence[Token]) -> bool:
        """Whether σ(y − x) is a number times a difference of coordinates, as beside a ρ; in a list both are said."""
        names = [one.text for one in within if one.kind == "name"]
        differs = len(names) > 1 and all(
            (one.kind == "name" and len(one.text) == 1) or (one.kind == "op" and one.text in SUMS) for one in within
        )
        beside = any(one.kind == "name" and key(one.text) == ("rho",) for one in self.tokens)
        listed = not {"[", "⟦"}.isdisjoint(self.delimiters)
        if not differs or not all(map(str.islower, names)) or not (beside or listed):
            return False
        inside = self.written(self.next.start, self.tokens[self.closing(self.at)].stop)
        scaled, function = f"{self.written(token.start, token.stop)} * {inside}", f"sigmoid{inside}"
        taken, other = (scaled, function) if beside and listed else (function, scaled)
        self.doubts.append(Doubt(f"`{taken}` is read; the other reading is `{other}`"))
        return beside and listed

    def bare_sigma(self) -> bool:
        """Whether σ stands somewhere without a bracket."""
        pairs = pairwise(self.tokens)
        return any(one.kind == "name" and key(one.text) == ("sigma",) and two.kind != "open" for one, two in pairs)

    def normal(self, token: Token) -> str:
        """What Φ(x) is in the language; and φ(x), where Φ(x) stands too, or what was printed is read."""
        stem = key(token.text)
        if stem == ("Phi",):
            declared = f"a matrix is declared: `-s {token.text}=n,m`"
            self.doubts.append(Doubt(f"`ndtr(x)` is read, the normal distribution; {declared}"))
            return "ndtr"
        beside = any(key(one.text) == ("Phi",) and two.text == "(" for one, two in pairwise(self.tokens))
        return "normal_pdf" if stem == ("phi",) and (beside or self.known.primed) else ""

    def squared(self, token: Token, end: int) -> Term | None:
        """σ²(x): the square of the sigmoid, or a variance that scales what is in the brackets; σ⁻¹(p): its inverse."""
        at, raised = self.at, self.next
        inside = self.written(self.tokens[at + 1].start, self.tokens[end].stop)
        power = self.written(raised.start, raised.stop)
        scaled, squared = f"{self.written(token.start, token.stop)}{power} * {inside}", f"sigmoid{inside}{power}"
        lone = end == at + 3 or any(  # one name between the brackets, or a sigmoid elsewhere
            key(one.text) == ("sigma",) and other.kind == "open" and one.kind == "name"
            for one, other in pairwise(self.tokens)
        )
        inverse = _number(raised.parts[0]) == -1
        squared = f"logit{inside}" if inverse else squared
        taken, other = (squared, scaled) if lone else (scaled, squared)
        over = f"; one over the sigmoid is `1/sigmoid{inside}`" * inverse
        self.doubts.append(Doubt(f"`{taken}` is read; the other reading is `{other}`{over}"))
        if not lone:
            return None
        self.take()
        value = self.called(token, "logit" if inverse else "sigmoid")
        if inverse:
            return value
        return Call("?power", (value, self.inside(raised.parts[0], raised)), (), Span(token.start, value.span.stop))


def _number(tokens: Sequence[Token]) -> Fraction | None:
    """The number that stands above a line alone, with its sign."""
    match tokens:
        case [Token(kind="num", value=value)]:
            return value
        case [Token(kind="op", text="-"), Token(kind="num", value=Fraction() as value)]:
            return -value
    return None
