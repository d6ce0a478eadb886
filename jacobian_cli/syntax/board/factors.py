"""One factor: an atom with the marks behind it, and constants that have sizes."""

from __future__ import annotations

import re
from fractions import Fraction

from jacobian_cli.syntax.board.cursor import COMPARISONS
from jacobian_cli.syntax.board.identifiers import Identifiers
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.tokens import Token, too_deep
from jacobian_cli.syntax.tree import Call, Literal, Name, Term, Text, terms_in

_RAISED_INDEX = re.compile(r"\^\((1|[lLtij](?:[-+−][0-9]+)?)\)")
_INDICATOR = re.compile(r"_\s*\{\s*([^{}]*?(?:[<>=≤≥≠]|\\(?:[lg]eq?|[lg]t|ne)(?![a-z]))[^{}]*)\}")
"""1_{x > 0}."""
_SIZE = re.compile(r"([+-]?)([0-9]{0,9})((?:[^\W\d_](?:[²³]|\^[23])?)*)")
_LETTER = re.compile(r"([^\W\d_])(?:\^?([²³23]))?")


class Factors(Identifiers):
    """Reads factors."""

    __slots__ = ()

    def factor(self) -> Term:
        self.depth += 1
        if self.depth > 200:
            raise too_deep(self.text)
        term = self.atom()
        term = self.postfixed(term)
        self.depth -= 1
        return term

    def postfixed(self, term: Term) -> Term:
        """A term with the marks behind it, applied one after the other."""
        while True:
            token = self.next
            match token.kind:
                case "T":
                    self.want_no_call(term, token)
                    if isinstance(term, Name) and term.text == "pi" and self.known.find("pi") is None:
                        hint = "a vector is declared: `-s π=n`"
                        raise self.refuse(token, "π is a number here, and has no transpose", hint)
                    term = Call("?T", (term,), (), self.to_here(term))
                case "prime":
                    if self.tokens[self.at - 1].kind == "prime":
                        raise self.refuse(token, "a second derivative is not read", "`jac hessian` takes it")
                    term = Call("?T", (term,), (), self.to_here(term))
                case "invT":
                    inverse = Call("?power", (term, Literal(Fraction(-1), token.span)), (), self.to_here(term))
                    term = Call("?T", (inverse,), (), inverse.span)
                case "sup":
                    term = self.raised(term, token)
                case "open" if token.text == "[" and not (token.space or _is_quotient(term)) and self.indexes():
                    self.at += 1
                    index = self.index()
                    self.at -= 1
                    term = Call("[]", (term, index), (), Span(term.span.start, self.next.stop))
                case _:
                    return term
            self.at += 1

    def want_no_call(self, term: Term, token: Token) -> None:
        """Refuse A.T(x), which looks as if T were called."""
        opened = self.tokens[self.at + 1]
        if self.text[token.start] == "." and opened.kind == "open" and opened.text == "(" and not opened.space:
            whole = self.written(opened.start, self.tokens[self.closing(self.at + 1)].stop)
            product = f"{self.written(term.span.start, token.stop)}@{whole}"
            raise self.refuse(Span(token.start, opened.stop), "a transpose is not called", f"a product is `{product}`")

    def to_here(self, term: Term) -> Span:
        return Span(term.span.start, self.next.stop)

    def raised(self, term: Term, token: Token) -> Term:
        (inner,) = token.parts
        if not inner:
            raise self.refuse(token, "an exponent belongs here", "as in x^2 or A^-1")
        if inner[0].kind == "op" and inner[0].text == "⊙" and len(inner) > 1:
            return Call("**", (term, self.inside(inner[1:], token)), (), self.to_here(term))
        if inner[0].kind == "op" and inner[0].text in ("*", "⊗", "·"):
            raise self.refuse(token, "this mark above the line cannot be read", "give the name an index: `w_star`")
        if isinstance(term, Name):
            self.want_power(term, token)
        if len(inner) == 1 and inner[0].text == "H" and self.known.find("H") is None:
            raise self.refuse(
                token,
                "is this a transpose?",
                f"of real matrices it is `{self.written(term.span.start, token.start)}^T`",
            )
        exponent = self.inside(inner, token)
        if self.text[token.start] == "^":
            exponent = self.tower(exponent, token, self.written(term.span.start, token.start))
        if isinstance(term, Name) and term.text == "e":
            if self.known.find("e"):
                if not isinstance(exponent, Literal):
                    self.doubts.append(Doubt("`e**x` is read, a power of the name e; the exponential is `exp(x)`"))
                return Call("?power", (term, exponent), (), self.to_here(term))
            self.want_real(exponent)
            return Call("?exp", (exponent,), (), self.to_here(term))
        return Call("?power", (term, exponent), (), self.to_here(term))

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
        above = self.tower(self.inside(behind.parts[0], behind), behind, first)
        raised: Term = Call("?power", (base, above), (), Span(token.start, behind.stop))
        self.doubts.append(Doubt(f"a power of a power is read from the right: `{below}^({first}^{second})`"))
        return self.negative(raised) if negative else raised

    def atom(self) -> Term:
        token = self.next
        match token.kind:
            case "num" | "ones" if token.text in ("", "1", "𝟙") and self.conditioned():
                self.take()
                return self.bracket()
            case "num":
                self.take()
                assert token.value is not None
                return Literal(token.value, token.span)
            case "name" | "word":
                return self.summed() if self.marked() or self.at == self.totalled else self.name()
            case "indexed":
                return self.entry(token)
            case "func":
                return self.applied()
            case "open":
                return self.bracket()
            case "bar":
                return self.bars()
            case "sqrt":
                return self.radical()
            case "root":
                self.take()
                inner, degree = token.parts
                value = self.inside(inner, token)
                if not degree:
                    return Call("sqrt", (value,), (), token.span)
                over = Call("/", (Literal(Fraction(1), token.span), self.inside(degree, token)), (), token.span)
                return Call("?power", (value, over), (), token.span)
            case "frac":
                self.take()
                above, below = (self.inside(part, token) for part in token.parts)
                return Call("/", (above, below), (), token.span)
            case "group":
                self.take()
                return self.inside(token.parts[0], token)
            case "sum":
                return self.summed()
            case "ones" | "zeros" | "eye" | "commutation":
                return self.filled()
            case "text":
                self.take()
                return Text(token.text.replace("→", "->"), token.span)
        if token.kind == "end":
            raise self.refuse(token, "the formula ends too early")
        if token.kind in ("T", "sup", "prime", "invT", "sub"):
            raise self.refuse(token, "nothing stands before this mark that it could belong to")
        if token.kind == "op":
            raise self.refuse(token, f"a value belongs before {token.text}" if self.at else "a value belongs here")
        raise self.stray(token)

    def conditioned(self) -> bool:
        """Whether a condition in brackets stands behind this 1, which is its indicator then."""
        depth = 0
        for token in self.tokens[self.at + 1 :]:
            depth += (token.kind == "open") - (token.kind == "close")
            if depth <= 0:
                return False
            if depth == 1 and token.kind == "op" and token.text in COMPARISONS:
                return True
        return False

    def filled(self) -> Term:
        """The identity, all ones, all zeros: of the sizes below the line, or of those that fit."""
        token = self.take()
        if token.kind == "eye" and (self.known.find("I") or (token.text and self.known.find(f"I_{token.text}"))):
            return Name(self.known.find(f"I_{token.text}" if token.text else "I") or "I", token.span)
        if token.kind == "ones" and (condition := _INDICATOR.search(self.text, token.start, token.stop)):
            hint = f"its indicator is `1({condition[1].strip()})`"
            raise self.refuse(token, "a condition stands below the line", hint)
        terms = [self.size(size, token) for size in _sizes_of(token.text)]
        if token.kind == "eye" and len(terms) == 2 and terms[0] == terms[1]:
            terms.pop()
        if not terms:
            return Call("?" + token.kind, (), (), token.span)
        return Call(token.kind, tuple(terms), (), token.span)

    def size(self, text: str, token: Token) -> Term:
        """A size below the line: a name, a number, `2n + 1`."""
        if text.isdecimal() and len(text) < 10:
            return Literal(Fraction(int(text)), token.span)
        product = len(text) > 1 and self.known.find(text) is None and all(map(self.known.find, text))  # nd is n·d
        if text.isidentifier() and not product:
            return Name(text, token.span)
        terms = [_SIZE.fullmatch(part) for part in re.split(r"(?<=.)(?=[+-])", text)]
        if not terms or None in terms:
            raise self.refuse(token, "these are no sizes", "as in `eye(n)`, `ones(n, m)`")
        total: Term | None = None
        for found in terms:
            assert found is not None
            number = Literal(Fraction(int(found[2] or 1)), token.span)
            part: Term = number
            for letter, power in _LETTER.findall(found[3]):
                for _ in range({"²": 2, "2": 2, "³": 3, "3": 3}.get(power, 1)):
                    name = Name(letter, token.span)
                    part = name if part is number and not found[2] else Call("*", (part, name), (), token.span)
            if total is None:
                total = self.negative(part) if found[1] == "-" else part
            else:
                total = Call("-" if found[1] == "-" else "+", (total, part), (), token.span)
        assert total is not None
        return total


def _is_quotient(term: Term) -> bool:
    """Whether brackets behind a term are a factor, as behind ½ and 1/n."""
    return isinstance(term, Literal) or (isinstance(term, Call) and term.function == "/")


def _sizes_of(text: str) -> list[str]:
    """The sizes in an index: `n × m`, `n, m`, `nₓm`; two letters beside each other are two sizes."""
    text = re.sub(r"(?<=\w)x(?=\w)", "×", text)
    return [size for size in text.replace(" ", "").replace("×", ",").split(",") if size]
