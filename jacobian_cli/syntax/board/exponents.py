"""What stands above the line: powers, and the exponent of e, which goes on as far as no blank stands."""

from __future__ import annotations

import re

from jacobian_cli.syntax.board.cursor import FACTOR, SUMS
from jacobian_cli.syntax.board.identifiers import Identifiers
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.names import GREEK, key
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Call, Literal, Name, Term, terms_in

_RAISED_INDEX = re.compile(r"\^\((1|[lLtij](?:[-+−][0-9]+)?)\)")
_ARROW = re.compile(r"\\(?:vec|vect|overrightarrow)\s*\{?\s*$")
_MARKS = frozenset("T invT prime sup".split())


class Exponents(Identifiers):
    """Reads powers."""

    __slots__ = ()

    def to_here(self, term: Term) -> Span:
        return Span(term.span.start, self.next.stop)

    def raised(self, term: Term, token: Token) -> Term:
        (inner,) = token.parts
        open_one = all(part.kind == "op" and part.text in SUMS for part in inner)
        if open_one and not (self.unbraced(token) and self.above(self.at + 1)):
            raise self.refuse(token, "an exponent belongs here", "as in x^2 or A^-1")
        first = "" if open_one else inner[0].text * (inner[0].kind == "op")
        if first == "⊙" and len(inner) > 1:
            return Call("**", (term, self.inside(inner[1:], token)), (), self.to_here(term))
        if first in ("*", "⊗", "·"):
            raise self.refuse(token, "this mark above the line cannot be read", "give the name an index: `w_star`")
        if isinstance(term, Name):
            self.want_power(term, token)
        if len(inner) == 1 and inner[0].text == "H" and self.known.find("H") is None:
            raise self.refuse(
                token,
                "is this a transpose?",
                f"of real matrices it is `{self.written(term.span.start, token.start)}^T`",
            )
        natural = isinstance(term, Name) and term.text == "e" and self.known.find("e") is None
        if open_one or (natural and self.unbraced(token)):
            exponent = self.run_above(token, whole=natural)
        else:
            exponent = self.inside(inner, token)
            self.want_one_exponent(term, token)
        if self.text[token.start] == "^":
            exponent = self.tower(exponent, token, self.written(term.span.start, token.start))
        if isinstance(term, Name) and term.text == "e":
            if not natural:
                if not isinstance(exponent, Literal):
                    self.doubts.append(Doubt("`e**x` is read, a power of the name e; the exponential is `exp(x)`"))
                return Call("?power", (term, exponent), (), self.to_here(term))
            self.want_real(exponent)
            return Call("?exp", (exponent,), (), self.to_here(term))
        if isinstance(exponent, Literal) and exponent.value == 2 and self.pointed(term):
            base = self.written(term.span.start, token.start)
            entries = f"{base}^{{\\odot 2}}" if not self.blanks else f"{base}^⊙2"
            self.doubts.append(Doubt(f"`{base}·{base}` is read, the dot product; entry by entry it is `{entries}`"))
            return Call("?inner", (term, term), (), self.to_here(term))
        return Call("?power", (term, exponent), (), self.to_here(term))

    def pointed(self, term: Term) -> bool:
        """Whether an arrow stands over a name, or over one in a sum of such."""
        terms, found = [term], False
        for part in terms:
            if isinstance(part, Name):
                start, stop = part.span.start, part.span.stop
                found = (
                    found
                    or bool(_ARROW.search(self.text[max(0, start - 30) : start]))
                    or "\u20d7" in self.text[start:stop]
                )
            elif isinstance(part, Call) and part.function in ("?plus", "?minus", "?beside", "u-"):
                terms += part.arguments
            elif not isinstance(part, Literal):
                return False
        return found

    def exponential(self, token: Token) -> Term | None:
        """exp^-x, which is e^-x; None where what stands above the line is a power of the value."""
        raised = self.next
        numbers = all(part.kind in ("op", "num") for part in raised.parts[0])
        if self.text[raised.start] != "^" or (numbers and raised.parts[0]) or self.known.find("e"):
            return None
        value = self.raised(Name("e", token.span), raised)
        self.at += 1
        return value

    def unbraced(self, token: Token) -> bool:
        """Whether what stands above the line stands there behind a ^ and without brackets: e^-x."""
        behind = self.text[token.start : token.stop].lstrip("^* ")[:1]
        return self.blanks and self.text[token.start] in "^*" and behind not in ("{", "(")

    def above(self, place: int, last: Token | None = None) -> int:
        """The place behind the factor there, where that stands without a blank; 0 where none does."""
        token = self.tokens[place]
        if token.space or token.kind not in FACTOR or self.closes(token):
            return 0
        while token.kind in ("func", "sqrt") and self.tokens[place + 1].kind in FACTOR:  # sin(x), √n
            place += 1
            token = self.tokens[place]
        if token.kind == "open":
            place = self.closing(place)
        if token.kind == "bar":
            ends = (k for k in range(place + 1, len(self.tokens)) if self.tokens[k][:2] == token[:2])
            place = next(ends, place)
        place += 1
        while self.tokens[place].kind in _MARKS and not self.tokens[place].space:
            place += 1
        return place

    def run_above(self, token: Token, *, whole: bool) -> Term:
        """The exponent of e, to which all factors belong that stand without a blank: e^-wᵀx; else one factor.

        Brackets behind a letter do not: e^x(1 + x) is a product.
        """
        inner, first = token.parts[0], self.at + 1
        place, last = first, inner[-1] if inner else token
        while self.tokens[place].kind in _MARKS and not self.tokens[place].space:  # e^-x², e^-xᵀAx
            place += 1
        while end := self.above(place):
            if place > first:
                last = self.tokens[place - 1]
            if self.next_is_apart(token, place, last):
                break
            place = end
            if not whole:
                break
        if all(one.kind in ("T", "prime") for one in self.tokens[first:place]):  # e^xᵀ is a row
            place = first
        run = self.tokens[first:place]
        exponent = self.inside([*inner, *run], token)
        self.at = place - 1
        self.powered = self.at, first - 1
        if whole and not run:
            self.want_no_more(token)
        return exponent

    def next_is_apart(self, token: Token, place: int, last: Token) -> bool:
        """Whether brackets behind an exponent are a factor of their own, as in e^x(1 + x): behind numbers and Greek
        letters they are not.
        """
        opened, first = self.tokens[place], self.at + 1
        if opened.kind != "open" or any(one.kind in ("T", "invT", "prime") for one in self.tokens[first:place]):
            return False
        while last.kind == "sup" and place > first:
            place -= 1
            last = self.tokens[place - 1] if place > first else token.parts[0][-1]
        place = self.tokens.index(opened)
        signed = self.text[token.start : token.stop].lstrip("^* ")[:1] in "-−"
        constant = last.kind == "num" or self.constant(last)
        if constant and (signed or not last.text.isdecimal()):
            return False
        base = self.written(self.tokens[self.at - 1].start, token.start)
        above = self.written(token.start, self.tokens[place - 1].stop).lstrip("^* ")
        inside = self.written(opened.start, self.tokens[self.closing(place)].stop)
        product, other = f"({base}^{above}) {inside}", f"{base}^({above} {inside})"
        taken, other = (other, product) if constant else (product, other)
        self.doubts.append(Doubt(f"`{taken}` is read; the other reading is `{other}`"))
        return not constant

    def constant(self, token: Token) -> bool:
        """Whether a token is a small Greek letter."""
        stem = key(token.text)[0]
        return token.kind == "name" and stem in GREEK and stem.islower()

    def want_no_more(self, token: Token) -> None:
        """Say of e^-λ t, whose exponent is a constant, that the factor behind the blank is none of it."""
        inner, behind = token.parts[0], self.tokens[self.at + 1]
        last = inner[-1]
        if not (last.kind == "num" or self.constant(last)) or behind.kind not in FACTOR or self.closes(behind):
            return
        if not behind.space:
            return
        base = self.written(self.tokens[self.at - 1].start, token.start)
        above = self.written(token.start, token.stop).lstrip("^* ")
        self.at += 1
        at, doubts = self.at, [*self.doubts]
        self.factor()
        rest = self.written(behind.start, self.tokens[self.at - 1].stop)
        self.at, self.doubts[:] = at - 1, doubts
        taken, other = f"({base}^{above}) {rest}", f"{base}^({above} {rest})"
        self.doubts.append(Doubt(f"`{taken}` is read; the other reading is `{other}`"))

    def want_one_exponent(self, term: Term, token: Token) -> None:
        """Say of 2^nx and x^-ab which letters are above the line."""
        inner, place = token.parts[0], self.at + 1
        signed = inner[0].kind == "op"
        if not (self.unbraced(token) and inner[-1].kind == "name" and (signed or isinstance(term, Literal))):
            return
        end = self.above(place)
        if not end or self.tokens[place].kind == "open":
            return
        base = self.written(term.span.start, token.start)
        above = self.written(token.start, token.stop).lstrip("^* ")
        rest = self.written(self.tokens[place].start, self.tokens[end - 1].stop)
        taken, other = f"({base}^{above}) {rest}", f"{base}^({above} {rest})"
        self.doubts.append(Doubt(f"`{taken}` is read; the other reading is `{other}`"))

    def want_real(self, exponent: Term) -> None:
        """Refuse e^{iθ}, where nothing says that i is a name."""
        for part in terms_in(exponent):
            if isinstance(part, Name) and part.text == "i" and self.known.find("i") is None:
                raise self.refuse(part.span, "complex numbers are not read", "a name is declared: `-s i=()`")

    def want_power(self, term: Name, token: Token) -> None:
        """Refuse h^(l-1) and x^(i), where the names of layers and of samples stand in brackets: an index, mostly."""
        written = self.text[token.start : token.stop].replace(" ", "")
        found = _RAISED_INDEX.fullmatch(written)
        if found is None:
            return
        inside = found[1]
        if inside == "1":
            raise self.refuse(token, "is this an index?", f"an index is written `{term.text}_1`")
        if self.known.find(inside[0]) is None:
            index = f"{term.text}_{{{inside}}}" if inside[0] not in "ij" else f"{term.text}_s"
            raise self.refuse(
                token, "is this an index or a power?", f"an index is `{index}`, a power `{term.text}^{{{inside}}}`"
            )

    def tower(self, exponent: Term, token: Token, below: str) -> Term:
        """e^-x^2: a power of what is above the line, as everywhere in mathematics."""
        behind = self.tokens[self.at + 1]
        if behind.kind != "sup" or not behind.parts[0]:
            return exponent
        self.at += 1
        negative = isinstance(exponent, Call) and exponent.function == "u-"
        base = exponent.arguments[0] if isinstance(exponent, Call) and negative else exponent
        first, second = (self.written(t.start, t.stop).lstrip("^") for t in (token, behind))
        second = second if self.text[behind.start] not in "^*" else f"^{second}"
        above = self.tower(self.inside(behind.parts[0], behind), behind, first)
        raised: Term = Call("?power", (base, above), (), Span(token.start, behind.stop))
        self.doubts.append(Doubt(f"a power of a power is read from the right: `{below}^({first}{second})`"))
        return self.negative(raised) if negative else raised
