"""One factor: an atom with the marks behind it, and constants that have sizes."""

from __future__ import annotations

import re
from fractions import Fraction

from jacobian_cli.syntax.board.cursor import COMPARISONS
from jacobian_cli.syntax.board.exponents import Exponents
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.tokens import Token, too_deep
from jacobian_cli.syntax.tree import Call, Flag, Group, Literal, Name, Slice, Term, Text, terms_in

_INDICATOR = re.compile(r"_\s*\{\s*([^{}]*?(?:[<>=≤≥≠]|\\(?:[lg]eq?|[lg]t|ne)(?![a-z]))[^{}]*)\}")
"""1_{x > 0}."""
_SIZE = re.compile(r"([+-]?)([0-9]{0,9})((?:[^\W\d_](?:[²³]|\^[23])?)*)")
_LETTER = re.compile(r"([^\W\d_])(?:\^?([²³23]))?")
_PRIMED = re.compile(r"(?:['′’]|\^\s*\{?\s*\\prime[\s}]*)$")
_NAME = re.compile(r"\\[A-Za-z]+\s*(?:\{\s*\\?[A-Za-z]+\s*\}|[A-Za-z])?|[^\W\d_]")


class Factors(Exponents):
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
                    self.want_no_second(term, token)
                    term = self.turned(term, token)
                case "prime":
                    if self.tokens[self.at - 1].kind == "prime":
                        raise self.refuse(token, "a second derivative is not read", "`jac hessian` takes it")
                    self.want_no_second(term, token)
                    term = Call("?T", (term,), (), self.to_here(term))
                case "invT":
                    self.want_no_second(term, token)
                    inverse = Call("?power", (term, Literal(Fraction(-1), token.span)), (), self.to_here(term))
                    term = self.turned(inverse, token)
                case "sup":
                    term = self.raised(term, token)
                case "open" if token.text == "[" and not token.space and self.picks(term):
                    self.at += 1
                    index = self.index()
                    self.at -= 1
                    term = Call("[]", (term, index), (), Span(term.span.start, self.next.stop))
                    self.want_no_sequence(term, index)
                case _:
                    return term
            self.at += 1

    def want_no_second(self, term: Term, token: Token) -> None:
        """Refuse x'ᵀ, whose prime is a mark of the name, and Aᵀ'."""
        inside = self.text[term.span.start : term.span.stop].rstrip(")}] ")
        before = self.tokens[self.at - 1]
        primed = isinstance(term, Call) and term.function == "?T" and _PRIMED.search(inside)
        if not primed and not (token.kind == "prime" and before.kind in ("T", "invT")):
            return
        mark, whole = self.written(token.start, token.stop), self.written(term.span.start, token.stop)
        name = re.split(r"['′’]|\^\s*\{?\s*\\prime", whole)[0].lstrip("({[ ")
        hint = "one of both is to be left out"
        if primed and _NAME.fullmatch(name):
            hint = f"where {name}' is a name of its own, it has an index: `{name}_2{mark}`"
        raise self.refuse(Span(term.span.start, token.stop), f"{whole} is transposed twice", hint)

    def want_no_sequence(self, term: Call, index: Group) -> None:
        """Say that x[n-1] is one entry: it may be a member of a sequence."""
        letters = [part for part in terms_in(index) if isinstance(part, Name)]
        slices = any(isinstance(part, Slice | Flag) for part in index.items)
        if letters and not (slices or self.running or any(self.known.find(name.text) for name in letters)):
            array = term.arguments[0]
            if isinstance(array, Name) and len(index.items) == 1:
                shown, other = self.written(*term.span), f"{array.text}_{letters[0].text}"
                self.doubts.append(Doubt(f"`{shown}` is read, one entry; what is a vector has a name, `{other}`"))

    def picks(self, term: Term) -> bool:
        """Whether the square bracket here holds indices; behind a quotient these have signs of their own."""
        inside = self.tokens[self.at + 1 : self.closing(self.at)]
        slices = len(inside) == 1 and inside[0].kind == "num"
        slices = slices or any(part.text == "None" or (part.kind == "op" and part.text == ":") for part in inside)
        return self.indexes() and (slices or not _is_quotient(term))

    def turned(self, term: Term, token: Token) -> Call:
        """A transpose, with the name that its sign is: of a number it may be a power."""
        name = self.known.find(token.text)
        return Call("?T", (term,), (("power", Name(name, token.span)),) if name else (), self.to_here(term))

    def want_no_call(self, term: Term, token: Token) -> None:
        """Refuse A.T(x), which looks as if T were called."""
        opened = self.tokens[self.at + 1]
        if self.text[token.start] == "." and opened.kind == "open" and opened.text == "(" and not opened.space:
            whole = self.written(opened.start, self.tokens[self.closing(self.at + 1)].stop)
            product = f"{self.written(term.span.start, token.stop)}@{whole}"
            raise self.refuse(Span(token.start, opened.stop), "a transpose is not called", f"a product is `{product}`")

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
