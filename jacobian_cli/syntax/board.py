"""The grammar of mathematics as it is written on a board: tokens to a tree.

What only shapes can decide stands in the tree as a call whose name begins with a question mark (`?beside`, `?norm`);
`jacobian_cli.elaborate.meaning` turns these into operators of the language. From the tightest to the loosest: a
postfix, a function with its bracket, factors side by side, a function without bracket, `/ ⊙ ⊗ × · *` from left to
right, `:`, `+ −`, comparisons.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import Known, key
from jacobian_cli.syntax.tokens import Token, too_deep, want_shallow
from jacobian_cli.syntax.tree import Call, Definition, Dots, Flag, Group, Literal, Name, Slice, Term, Text

_COMPARISONS = ("<", ">", "<=", ">=", "==", "!=", "=")
_PRODUCTS = {"/": "/", "⊙": "?hadamard", "⊗": "kron", "×": "?cross", "·": "?dot", "*": "?star", "@": "@"}
_SUMS = {"+": "?plus", "-": "?minus"}
_FACTOR = frozenset(
    "num name func open bar sqrt frac sum ones zeros eye commutation indexed word root group text".split()
)
"""Tokens that begin a factor."""
_OPENS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩"}
WHOLE = frozenset(["trace"])
"""Functions that, without a bracket, take the whole product behind them."""
_MOST_FACTORS = 100
_CALLED = ("phi", "psi")
"""Greek letters that stand for functions where a bracket follows."""
_FLAGS = {"None": None, "True": True, "False": False}
_DERIVATIVE = "type the formula alone; jac takes the derivative"


def statement_of(tokens: Sequence[Token], text: str, known: Known, notation: str, *, blanks: bool = True) -> Definition:
    """A formula, or a definition: `z = …`, `f(x) = …`."""
    name, first = _left_side(tokens, text)
    board = Board(tokens, text, known, blanks, at=first)
    value = board.read()
    return Definition(name, value, text, tuple(board.doubts), notation)


def _left_side(tokens: Sequence[Token], text: str) -> tuple[str | None, int]:
    """The name that is defined, and where its value begins."""
    place = 0
    if tokens[0].kind in ("name", "word", "indexed", "eye"):
        place = 1
        if tokens[1].kind == "open" and tokens[1].text == "(":
            while tokens[place].kind not in ("close", "end"):
                place += 1
            place += 1
    if 0 < place < len(tokens) and tokens[place].kind == "op" and tokens[place].text == "=":
        if tokens[0].kind == "indexed":
            raise InputError(
                "an entry cannot be defined", text=text, span=tokens[0].span, hint="define the whole vector"
            )
        return tokens[0].text or "I", place + 1
    depth = 0
    for token in tokens:
        depth += (token.kind == "open") - (token.kind == "close")
        if not depth and token.kind == "op" and token.text == "=":
            raise InputError(
                "an equation is not a formula",
                text=text,
                span=token.span,
                hint="type one side, or a definition: `z = …` with one name on its left",
            )
    return None, 0


@dataclass(slots=True)
class Board:
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
    open_end: tuple[int, str, str] = (-1, "", "")
    """Where a function without bracket ended, and what it took."""

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
        return " ".join(self.text[start:stop].split())

    def inside(self, tokens: Sequence[Token], owner: Token) -> Term:
        """The tree of tokens that stand inside another: an exponent, a numerator."""
        self.depth += 1
        if self.depth > 200:
            raise too_deep(self.text)
        end = Token("end", "", owner.stop, owner.stop, True)
        part = Board([*tokens, end], self.text, self.known, self.blanks, self.doubts, depth=self.depth)
        term = part.whole()
        self.depth -= 1
        return term

    # ---- from the loosest to the tightest --------------------------------------------------------------------------

    def read(self) -> Term:
        """The tree of all tokens."""
        try:
            return want_shallow(self.whole(), self.text)
        except RecursionError:
            raise too_deep(self.text) from None

    def whole(self) -> Term:
        term = self.comparison()
        if not self.sees("end"):
            raise self.stray(self.next)
        return term

    def stray(self, token: Token) -> InputError:
        if token.kind == "close":
            return self.refuse(token, "this bracket was never opened")
        if token.kind == "bar":
            return self.refuse(
                token, f"this {token.text} does not close what it opens", "write norm(x), abs(x), det(A)"
            )
        if token.kind == "sub":
            return self.refuse(token, "an index belongs to a name", "entries are written x[0], A[0, :]")
        return self.refuse(token, f"{self.written(token.start, token.stop) or 'this'} cannot be read here")

    def comparison(self) -> Term:
        left = self.sum()
        if self.next.kind == "op" and self.next.text in _COMPARISONS:
            sign = self.take()
            right = self.sum()
            if self.next.kind == "op" and self.next.text in _COMPARISONS:
                raise self.refuse(self.next, "a chain of comparisons cannot be read", "compare two values: x > y")
            return self.call("==" if sign.text == "=" else sign.text, left, right)
        return left

    def sum(self) -> Term:
        result: Term | None = None
        while True:
            sign = self.take() if self.next.kind == "op" and self.next.text in _SUMS else None
            if result is not None and sign is None:
                return result
            minus = False
            while self.next.kind == "op" and self.next.text in _SUMS:
                minus ^= self.take().text == "-"
            term = self.colon()
            if minus:
                term = self.negative(term)
            if result is not None and sign is not None:
                result = self.call(_SUMS[sign.text], result, term)
            else:
                result = self.negative(term) if sign is not None and sign.text == "-" else term

    def negative(self, term: Term) -> Term:
        if isinstance(term, Literal):
            return Literal(-term.value, term.span)
        if isinstance(term, Call) and term.function == "?beside" and isinstance(term.arguments[0], Literal):
            first, *rest = term.arguments
            assert isinstance(first, Literal)
            return Call("?beside", (Literal(-first.value, first.span), *rest), (), term.span)
        return Call("u-", (term,), (), term.span)

    def colon(self) -> Term:
        left = self.product()
        while self.sees("op", ":"):
            self.take()
            left = self.call("?colon", left, self.product())
        return left

    def product(self) -> Term:
        start = self.next.start
        left = self.run()
        while self.next.kind == "op" and self.next.text in _PRODUCTS:
            sign = self.take()
            if sign.text != "/":
                minus = self.sees("op", "-")
                if minus:
                    self.take()
                right = self.run()
                left = self.call(_PRODUCTS[sign.text], left, self.negative(right) if minus else right)
                continue
            left = self.fraction(left, start, sign)
        return left

    def fraction(self, left: Term, start: int, sign: Token) -> Term:
        """A quotient: below stands one factor; whether more belongs there is not guessed."""
        ended, function, part = self.open_end
        open_end = ended == self.at - 1
        minus = self.sees("op", "-") and bool(self.take())
        below = self.next
        right = self.factor()
        stop = self.tokens[self.at - 1].stop
        if open_end:
            under = self.written(below.start, stop)
            taken, other = f"{function}({part})/({under})", f"{function}({part}/({under}))"
            self.doubts.append(Doubt(f"`{taken}` is read; the other reading is `{other}`"))
        numbers = isinstance(left, Literal) and isinstance(right, Literal) and below.kind == "num"
        value = self.call("/", left, self.negative(right) if minus else right)
        if self.next.kind not in _FACTOR or self.closes(self.next):
            return value
        if numbers and self.next.space and self.blanks:
            return self.beside([value, *self.factors()], start)
        more = self.next
        self.factors()
        above, under = self.written(start, sign.start), self.written(below.start, stop)
        rest = self.written(more.start, self.tokens[self.at - 1].stop)
        raise self.refuse(
            Span(start, self.tokens[self.at - 1].stop),
            "does the last factor belong below the line?",
            f"write `({above}/{under}) {rest}` or `{above}/({under} {rest})`",
        )

    def run(self) -> Term:
        """Factors side by side."""
        start = self.next.start
        return self.beside(self.factors(), start)

    def factors(self) -> list[Term]:
        found = [self.factor()]
        words = [self.at - 1] if self.tokens[self.at - 1].kind == "word" else []
        while self.next.kind in _FACTOR and not self.closes(self.next):
            if self.next.kind == "word":
                words.append(self.at)
            found.append(self.factor())
            if len(found) > _MOST_FACTORS:
                raise too_deep(self.text)
        if words and len(found) > 1:
            word = self.tokens[words[0]]
            raise self.refuse(
                word,
                f"'{word.text}' is neither a name nor a function that is known",
                f"type the formula alone; or, if {word.text} is a name of yours, declare it: `-s {word.text}=()`",
            )
        return found

    def beside(self, factors: list[Term], start: int) -> Term:
        """The product of factors."""
        if len(factors) == 1:
            return factors[0]
        return Call("?beside", tuple(factors), (), Span(start, factors[-1].span.stop))

    def call(self, function: str, left: Term, right: Term) -> Call:
        return Call(function, (left, right), (), Span(left.span.start, right.span.stop))

    # ---- factors ---------------------------------------------------------------------------------------------------

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
                    term = Call("?T", (term,), (), self.to_here(term))
                case "prime":
                    term = Call("?T", (term,), (), self.to_here(term))
                case "invT":
                    inverse = Call("?power", (term, Literal(Fraction(-1), token.span)), (), self.to_here(term))
                    term = Call("?T", (inverse,), (), inverse.span)
                case "sup":
                    term = self.raised(term, token)
                case "open" if token.text == "[" and not token.space and self.indexes():
                    self.at += 1
                    index = self.index()
                    self.at -= 1
                    term = Call("[]", (term, index), (), Span(term.span.start, self.next.stop))
                case _:
                    return term
            self.at += 1

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
        exponent = self.inside(inner, token)
        if isinstance(term, Name) and term.text == "e" and self.known.find("e") is None:
            return Call("?exp", (exponent,), (), self.to_here(term))
        return Call("?power", (term, exponent), (), self.to_here(term))

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
                return self.name()
            case "indexed":
                raise self.indexed(token)
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
            if depth == 1 and token.kind == "op" and token.text in _COMPARISONS:
                return True
        return False

    def name(self) -> Term:
        token = self.take()
        name = Name(token.text, token.span)
        if token.kind == "word" and token.text in _FLAGS and self.known.find(token.text) is None:
            return Flag(_FLAGS[token.text], token.span)
        if not (self.sees("open", "(") or self.sees("prime") or self.sees("open", "[")) or self.known.find(token.text):
            return name
        sigma = key(token.text) == ("sigma",)
        if self.sees("prime"):
            if self.tokens[self.at + 1].kind == "open" and self.tokens[self.at + 1].text == "(":
                raise self.refuse(self.next, f"a derivative {token.text}' cannot be read", _DERIVATIVE)
            return name
        if sigma:
            if "sigmoid" in self.known.functions and self.sees("open", "("):
                if self.text[token.start : token.stop] == "sigma":
                    self.doubts.append(
                        Doubt("`sigmoid(x)` is read for sigma(x); a scalar sigma is written `sigma*(x)`")
                    )
                return self.called(token, "sigmoid")
            return name
        if self.sees("open", "[") or (self.next.space and self.blanks):
            return name
        stem, *marks = key(token.text)
        letter = not marks and len(stem) == 1 and stem.isascii()
        inside = self.tokens[self.at + 1 : self.at + 3]
        capital = not marks and token.text[:1].isupper() and token.kind == "name"
        if capital and [t.kind for t in inside] == ["name", "close"]:
            product = f"{token.text}@{inside[0].text}"
            self.doubts.append(Doubt(f"`{product}` is read, a product; a function called {token.text} is not known"))
        if token.kind == "word" or (letter and stem.islower()) or (not marks and stem in _CALLED):
            raise self.refuse(
                token,
                f"'{token.text}' is not a function here",
                f"a product is written `{token.text}*(x + y)` where {token.text} is declared: `-s {token.text}=()`; "
                "jac functions lists the functions",
            )
        return name

    def indexed(self, token: Token) -> InputError:
        (mark,) = token.parts[0]
        return self.refuse(
            token,
            f"an entry with the index {mark.text} cannot be read: the language has no index notation",
            f'write sums as `einsum("ij,j->i", A, x)`; if {token.text} is a name, declare it: `-s {token.text}=n`',
        )

    def filled(self) -> Term:
        """The identity, all ones, all zeros: of the sizes below the line, or of those that fit."""
        token = self.take()
        if token.kind == "eye" and (self.known.find("I") or (token.text and self.known.find(f"I_{token.text}"))):
            return Name(self.known.find(f"I_{token.text}" if token.text else "I") or "I", token.span)
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
        if text.isidentifier():
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

    # ---- functions -------------------------------------------------------------------------------------------------

    def applied(self) -> Term:
        """A function with its bracket, or without."""
        token = self.take()
        if token.parts:  # an index of the function
            return self.logarithm(token, token.parts[0][0])
        if self.sees("sub"):
            return self.logarithm(token, self.take())
        if self.sees("prime"):
            raise self.refuse(self.next, f"a derivative {token.text}' cannot be read", _DERIVATIVE)
        power: Token | None = None
        if self.sees("sup"):
            power = self.take()
            inner = power.parts[0]
            if len(inner) != 1 or inner[0].kind != "num" or (inner[0].value or 0) <= 0:
                raise self.refuse(
                    power, "is this the inverse function or one over it?", "write `arctan(x)` or `1/tan(x)`"
                )
        value = self.value_of(token)
        if power is not None:
            exponent = self.inside(power.parts[0], power)
            value = Call("?power", (value, exponent), (), Span(token.start, value.span.stop))
        return value

    def value_of(self, token: Token) -> Term:
        if self.next.kind == "open" and self.next.text in "([{":
            return self.called(token, token.text)
        argument = self.run() if token.text in WHOLE else self.bare(token)
        return self.function(token.text, (argument,), (), Span(token.start, argument.span.stop))

    def bare(self, token: Token) -> Term:
        """The argument of a function without a bracket."""
        first = self.next
        if first.kind not in _FACTOR or self.closes(first):
            if self.sees("op", "-"):
                raise self.refuse(first, f"what belongs to {token.text} here?", f"use brackets: `{token.text}(-x)`")
            raise self.refuse(
                token,
                f"'{token.text}' is a function, and nothing stands behind it",
                f"apply it, `{token.text}(x)`; or, if it is a variable of yours, declare it: `-s {token.text}=n`",
            )
        parts = [self.factor()]
        if first.kind in ("func", "bar", "sum"):
            alone = True
        else:
            alone = False
            while self.next.kind in _FACTOR and not self.closes(self.next) and self.next.kind != "func":
                if self.blanks and self.next.space:
                    break
                if not self.blanks and not (len(parts) == 1 and first.kind == "num"):
                    break
                parts.append(self.factor())
        stop = self.tokens[self.at - 1].stop
        argument = self.beside(parts, first.start)
        if self.next.kind in _FACTOR and not self.closes(self.next) and self.next.kind != "func" and not alone:
            self.factors()
            rest = self.written(stop, self.tokens[self.at - 1].stop)
            part = self.written(first.start, stop)
            raise self.refuse(
                Span(token.start, self.tokens[self.at - 1].stop),
                f"does {rest} belong to {token.text}?",
                f"write `{token.text}({part}) {rest}` or `{token.text}({part} {rest})`",
            )
        constant = isinstance(parts[-1], Name) and parts[-1].text in ("pi", "e", "inf")
        if first.kind == "num" and len(parts) > 1 and not constant and self.blanks:
            part, rest = self.written(first.start, first.stop), self.written(first.stop, stop)
            self.doubts.append(
                Doubt(f"`{token.text}({part}*{rest})` is read; the other reading is `{token.text}({part})*{rest}`")
            )
        if not alone:
            self.open_end = self.at, token.text, self.written(first.start, stop)
        return argument

    def called(self, token: Token, function: str) -> Term:
        """A function with its arguments in brackets."""
        opened = self.take()
        self.delimiters.append(opened.text)
        arguments: list[Term] = []
        keywords: list[tuple[str, Term]] = []
        while not self.sees("close"):
            if (
                self.next.kind == "word"
                and self.tokens[self.at + 1].kind == "op"
                and self.tokens[self.at + 1].text == "="
            ):
                word = self.take().text
                self.take()
                keywords.append((word, self.item()))
            else:
                arguments.append(self.item())
            if not (self.sees("op", ",") or self.sees("op", ";")):
                break
            self.take()
        closed = self.close(opened)
        return self.function(function, tuple(arguments), tuple(keywords), Span(token.start, closed.stop))

    def item(self) -> Term:
        """An argument: a value, or a list of sizes or axes in brackets."""
        if self.sees("open", "("):
            at, depth, comma = self.at, 0, False
            for token in self.tokens[at:]:
                depth += (token.kind == "open") - (token.kind == "close")
                comma = comma or (depth == 1 and token.kind == "op" and token.text == ",")
                if not depth:
                    break
            if comma:
                opened = self.take()
                self.delimiters.append("(")
                items = [self.item()]
                while self.sees("op", ","):
                    self.take()
                    if self.sees("close"):
                        break
                    items.append(self.item())
                return Group(tuple(items), Span(opened.start, self.close(opened).stop))
        return self.comparison()

    def function(
        self, name: str, arguments: tuple[Term, ...], keywords: tuple[tuple[str, Term], ...], span: Span
    ) -> Term:
        if name == "log" and len(arguments) == 1 and _is(arguments[0], "?bars"):
            assert isinstance(arguments[0], Call)
            return Call("?logbars", arguments[0].arguments, (), span)
        return Call(name, arguments, keywords, span)

    def logarithm(self, token: Token, index: Token) -> Term:
        """log₂ x is log(x)/log(2); other functions have no index."""
        if token.text == "log" and index.text.isdecimal():
            value = self.value_of(token)
            base = Call("log", (Literal(Fraction(int(index.text)), index.span),), (), index.span)
            return Call("/", (value, base), (), Span(token.start, value.span.stop))
        if token.text in ("sum", "prod"):
            raise self.summation(index)
        raise self.refuse(index, f"'{token.text}' has no index in the language", "jac functions lists the functions")

    def summation(self, where: Token) -> InputError:
        return self.refuse(
            where,
            "a sum over an index cannot be read",
            'sum the entries of a vector with `sum(x*y)`; sums over an index are written `einsum("ij,j->i", A, x)`',
        )

    def summed(self) -> Term:
        token = self.take()
        if self.next.kind in ("sub", "sup"):
            raise self.summation(self.next)
        value = self.product()
        return Call(token.text, (value,), (), Span(token.start, value.span.stop))

    def radical(self) -> Term:
        """√ of one atom or a bracket."""
        token = self.take()
        first = self.next
        inner = self.atom()
        if self.next.kind in ("T", "sup", "invT", "prime") and first.kind not in ("open", "func", "bar"):
            part = self.written(first.start, first.stop)
            mark = self.written(self.next.start, self.next.stop)
            raise self.refuse(
                self.next, "does this mark belong below the root?", f"write `√({part}{mark})` or `(√{part}){mark}`"
            )
        if self.next.kind in _FACTOR and not self.next.space and not self.closes(self.next) and first.kind == "num":
            part, rest = self.written(first.start, first.stop), self.written(self.next.start, self.next.stop)
            raise self.refuse(
                self.next, f"does {rest} belong below the root?", f"write `√({part}{rest})` or `√({part}) {rest}`"
            )
        return Call("sqrt", (inner,), (), Span(token.start, inner.span.stop))

    # ---- brackets and bars -----------------------------------------------------------------------------------------

    def close(self, opened: Token) -> Token:
        wanted = _OPENS[opened.text]
        if not self.sees("close", wanted):
            if self.sees("end"):
                raise self.refuse(opened, "this bracket is never closed", f"add the {wanted}")
            if self.sees("close"):
                raise self.refuse(self.next, f"this closes another bracket than {opened.text}")
            raise self.stray(self.next)
        self.delimiters.pop()
        return self.take()

    def bracket(self) -> Term:
        opened = self.take()
        self.delimiters.append(opened.text)
        value = self.comparison()
        if opened.text == "⟨":
            if not (self.sees("op", ",") or self.sees("bar", "|")):
                raise self.refuse(opened, "an inner product has two sides", "as in ⟨x, y⟩")
            self.take()
            other = self.comparison()
            return Call("?inner", (value, other), (), Span(opened.start, self.close(opened).stop))
        parts = [value]
        while self.sees("op", ";") or self.sees("op", ","):
            self.take()
            parts.append(self.comparison())
        closed = self.close(opened)
        span = Span(opened.start, closed.stop)
        if len(parts) == 1:
            return _respanned(value, span)
        if opened.text != "[":
            raise self.refuse(span, "a list is not a value here", "end to end, vectors are `[x; y]` or `concat(x, y)`")
        return Call("concat", tuple(parts), (), span)

    def closes(self, token: Token) -> bool:
        """Whether a bar behind an operand closes what was opened."""
        if token.kind != "bar" or not self.delimiters:
            return False
        return self.delimiters[-1] == token.text or (self.delimiters[-1] == "|" and token.text == "‖")

    def bars(self) -> Term:
        opened = self.take()
        self.delimiters.append(opened.text)
        value = self.comparison()
        if self.sees("bar", "‖") and opened.text == "|":  # |x||y|: two bars that were typed as one sign
            both = self.next
            halves = [Token("bar", "|", both.start, both.start + 1), Token("bar", "|", both.start + 1, both.stop)]
            self.tokens = [*self.tokens[: self.at], *halves, *self.tokens[self.at + 1 :]]
        if not self.sees("bar", opened.text):
            if self.sees("end"):
                raise self.refuse(opened, f"this {opened.text} is never closed")
            raise self.stray(self.next)
        self.delimiters.pop()
        closed = self.take()
        span = Span(opened.start, closed.stop)
        if opened.text == "|":
            return Call("?bars", (value,), (), span)
        marks: list[Token] = []
        kind = ""
        while self.next.kind in ("sub", "sup") and len(marks) < 2:
            token = self.take()
            if token.kind == "sub":
                kind = token.text
            else:
                marks.append(token)
        term: Term = Call("?norm", (value, Text(kind, span)), (), span)
        for mark in marks:
            self.at -= 1
            term = self.raised(term, mark)
            self.at += 1
        return term

    def indexes(self) -> bool:
        """Whether a square bracket behind a value holds indices: numbers, colons, None, and no semicolon."""
        depth = 0
        for token in self.tokens[self.at :]:
            depth += (token.kind == "open") - (token.kind == "close")
            if token.kind == "op" and token.text == ";":
                return False
            if not depth:
                return True
        return True

    def index(self) -> Group:
        """What stands between the brackets of an index; the place is left behind the closing one."""
        start = self.next.start
        self.delimiters.append("[")
        items: list[Term] = []
        while not self.sees("close"):
            items.append(self.pick())
            if not self.sees("op", ","):
                break
            self.take()
        closed = self.close(Token("open", "[", start, start + 1))
        return Group(tuple(items), Span(start, closed.start))

    def pick(self) -> Term:
        """One index: a number, a slice, None or dots."""
        start = self.next
        if start.kind == "word" and start.text == "None":
            self.take()
            return Flag(None, start.span)
        if start.kind == "dots":
            self.take()
            return Dots(start.span)
        bounds: list[Term | None] = [None]
        while not (self.sees("op", ",") or self.sees("close") or self.sees("end")):
            if self.sees("op", ":"):
                self.take()
                bounds.append(None)
            else:
                bounds[-1] = self.bound()
        if len(bounds) == 1 and bounds[0] is not None:
            return bounds[0]
        if len(bounds) != 2:
            raise self.refuse(start, "this index cannot be read", "as in x[0], A[:, 0], x[1:]")
        return Slice(bounds[0], bounds[1], Span(start.start, self.next.start))

    def bound(self) -> Term:
        term: Term | None = None
        while True:
            minus = self.sees("op", "-")
            if self.next.kind == "op" and self.next.text in _SUMS:
                self.take()
            elif term is not None:
                return term
            part = self.run()
            if term is not None:
                term = self.call("-" if minus else "+", term, part)
            else:
                term = self.negative(part) if minus else part


_SIZE = re.compile(r"([+-]?)([0-9]{0,9})((?:[^\W\d_](?:[²³]|\^[23])?)*)")
_LETTER = re.compile(r"([^\W\d_])(?:\^?([²³23]))?")


def _sizes_of(text: str) -> list[str]:
    """The sizes in an index: `n × m`, `n, m`, `nₓm`; two letters beside each other are two sizes."""
    text = re.sub(r"(?<=\w)x(?=\w)", "×", text)
    return [size for size in text.replace(" ", "").replace("×", ",").split(",") if size]


def _is(term: Term, function: str) -> bool:
    return isinstance(term, Call) and term.function == function


def _respanned(term: Term, span: Span) -> Term:
    """A term with its brackets, for carets; a name keeps its own place."""
    if isinstance(term, Call):
        return Call(term.function, term.arguments, term.keywords, span)
    return term
