"""The grammar of mathematics as it is written on a board: tokens to a tree.

What only shapes can decide stands in the tree as a call whose name begins with a question mark (`?beside`, `?norm`);
`jacobian_cli.elaborate.meaning` turns these into operators of the language. From the tightest to the loosest: a
postfix, a function with its bracket, factors side by side, a function without bracket, `/ ⊙ ⊗ × · *` from left to
right, `:`, `+ −`, comparisons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import pairwise

from jacobian_cli.syntax.board.cursor import COMPARISONS, FACTOR, SUMS
from jacobian_cli.syntax.board.fractions import Fractions
from jacobian_cli.syntax.board.marked import doubts_of_marks, want_clear
from jacobian_cli.syntax.differences import joined
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, Span, together
from jacobian_cli.syntax.letters import Letters
from jacobian_cli.syntax.names import GREEK, Known, key, read, spelling
from jacobian_cli.syntax.tokens import Token, too_deep, want_shallow
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term, Text, parts_of, terms_in

_PRODUCTS = {"/": "/", "⊙": "?hadamard", "⊗": "?tensor", "×": "?cross", "·": "?dot", "*": "?star", "@": "@"}
_MOST_FACTORS = 100
_POWERS = ("2", "3", "4")
_AFTER = ("∘", "\\circ")
"""Signs of a product entry by entry that stand between functions, too."""
_WORD = re.compile(r"(?<![^\W_])[A-Z]{2,6}(?![\w^'ᵀ.])")
"""Capitals that may be one name."""
_SERIES = ("ABCDEFGH", "MN", "PQRS", "UVW", "WXYZ")
"""Capitals that follow each other where people name matrices."""
_SHORT = 2
"""Words of so many capitals are products as often as not."""
EQUATION = "an equation is not a formula", "type one side alone, or a definition with one name on its left: `z = A@x`"
_DIFFERENCE = ("Delta",)
_OPERATORS = frozenset((*SUMS, *_PRODUCTS))
"""What stands in no parameter: A(x + y) = b is an equation."""
_HEAD = re.compile(r"\s*([A-Za-z]\w*)\s*\([^()=<>]*\)\s*=(?!=)")
"""A name of several letters with its parameters, which is defined."""


def statement_of(
    tokens: Sequence[Token],
    text: str,
    letters: Letters,
    notation: str,
    *,
    blanks: bool = True,
    guessed: bool = False,
) -> Definition:
    """A formula, or a definition: `z = …`, `f(x) = …`, of tokens that `letters` cut."""
    tokens = joined(tokens, letters)
    known, vectors = letters.known, letters.vectors
    doubts = [*letters.doubts]
    try:
        name, first = _left_side(tokens, text)
        board = Board(tokens, text, known, blanks, letters.doubts, at=first, guessed=guessed)
        try:
            value = board.read()
            board.want_no_entry(value)
            if not known.primed:
                want_clear(value, text, known)
                board.doubts += doubts_of_marks(value, text, tokens)
        except InputError as error:
            raise together([error, *_strangers(tokens, text, known, blanks, error)]) from None
    except InputError:
        entries = by_entries(tokens, text, letters, blanks=blanks)
        if entries is None:
            raise
        name, value, board = entries
        board.doubts[:0] = doubts
    if board.picked and min(board.picked) == 1:
        board.doubts.append(Doubt("entries count from 0: `x[1]` is the second, the first is `x[0]`"))
    orders = tuple((vector, 1) for vector in vectors)
    return Definition(name, value, text, tuple(board.doubts), notation, orders=orders, settled=frozenset(vectors))


def by_entries(tokens: Sequence[Token], text: str, letters: Letters, *, blanks: bool) -> tuple[str, Term, Board] | None:
    """pᵢ = exp(xᵢ)/∑ⱼ exp(xⱼ), the definition of a vector p by its entries: the index of the left side runs on the
    right side, around a sum of the same names over another index. None where that is not so.
    """
    stem, marks = letters.bases.get(tokens[0].start, ("", ()))
    equals = len(tokens) > 1 and tokens[1].kind == "op" and tokens[1].text == "="
    if not equals or len(marks) == 0 or not re.fullmatch("[a-z]", marks[-1]):
        return None
    index = marks[-1]
    board = Board(tokens, text, letters.known, blanks, at=2)
    board.running.append(index)
    try:
        value = board.read()
    except InputError:
        return None
    free, summed = set[str](), set[str]()
    for term in terms_in(value):
        match term:
            case Call(function="?entry", arguments=(Name(text=name), Text(value=at))):
                (free if at == index else summed).add(name)
    if free.isdisjoint(summed):  # zⱼ = ∑ᵢ wᵢxᵢ + bⱼ may be one number
        return None
    whole = Call("?free", (value, Text(index, value.span)), (), value.span)
    return spelling(stem, marks[:-1]), whole, board


def _strangers(
    tokens: Sequence[Token], text: str, known: Known, blanks: bool, error: InputError
) -> Iterator[InputError]:
    """The words before brackets that are no functions, besides the mistake where reading stopped."""
    for place, (token, behind) in enumerate(pairwise(tokens)):
        if token.kind == "word" and behind.kind == "open" and behind.text == "(" and token.span != error.span:
            try:
                Board(tokens, text, known, blanks, at=place).name()
            except InputError as other:
                yield other


def _left_side(tokens: Sequence[Token], text: str) -> tuple[str | None, int]:
    """The name that is defined, and where its value begins."""
    place = 0
    head = _HEAD.match(text)
    if head and len(head[1]) > 1:
        found = next((k for k, token in enumerate(tokens) if token.start >= head.end() - 1), 0)
        if tokens[found].kind == "op" and tokens[found].text == "=":
            return head[1], found + 1
    if tokens[0].kind in ("name", "word", "indexed", "eye"):
        place = 1
        if tokens[1].kind == "open" and tokens[1].text == "(":
            while tokens[place].kind not in ("close", "end") and tokens[place].text not in _OPERATORS:
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
            raise InputError(EQUATION[0], text=text, span=token.span, hint=EQUATION[1])
    return None, 0


class Board(Fractions):
    """Reads one list of tokens, from the loosest to the tightest."""

    __slots__ = ()

    def inside(self, tokens: Sequence[Token], owner: Token) -> Term:
        """The tree of tokens that stand inside another: an exponent, a numerator."""
        self.depth += 1
        if self.depth > 200:
            raise too_deep(self.text)
        end = Token("end", "", owner.stop, owner.stop, True)
        part = Board([*tokens, end], self.text, self.known, self.blanks, self.doubts, depth=self.depth)
        part.running, part.ended, part.picked = self.running, self.ended, self.picked
        part.trying, part.guessed = self.trying, self.guessed
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

    def comparison(self) -> Term:
        left = self.sum()
        if self.next.kind == "op" and self.next.text in COMPARISONS:
            sign = self.take()
            right = self.sum()
            if sign.text == "=" and not self.delimiters:
                raise self.refuse(sign, *EQUATION)
            if not self.depth and not self.delimiters and self.sees("end"):
                raise self.refuse(
                    sign, "a condition is not a formula", "its indicator is `1(x > 0)`, a choice `where(x > 0, x, 0)`"
                )
            if self.next.kind == "op" and self.next.text in COMPARISONS:
                raise self.refuse(self.next, "a chain of comparisons cannot be read", "compare two values: x > y")
            return self.call("==" if sign.text == "=" else sign.text, left, right)
        return left

    def sum(self) -> Term:
        result: Term | None = None
        while True:
            self.want_no_list(result)
            sign = self.take() if self.next.kind == "op" and self.next.text in SUMS else None
            if result is not None and sign is None:
                return result
            if result is not None and sign is not None:
                self.want_no_lost_inverse(sign)
            minus = False
            while self.next.kind == "op" and self.next.text in SUMS:
                minus ^= self.take().text == "-"
            term = self.colon()
            if minus:
                term = self.negative(term)
            if result is not None and sign is not None:
                result = self.call(SUMS[sign.text], result, term)
            else:
                result = self.negative(term) if sign is not None and sign.text == "-" else term

    def want_no_list(self, before: Term | None) -> None:
        """Refuse `[a -b; c d]`, where a blank stands before a sign and none behind it."""
        sign = self.next
        if before is None or not self.blanks or not self.delimiters or self.delimiters[-1] != "[":
            return
        if sign.kind == "op" and sign.text in SUMS and sign.space and not self.tokens[self.at + 1].space:
            left = self.written(before.span.start, before.span.stop)
            raise self.refuse(
                sign,
                "are these two entries, or a difference?",
                f"entries are separated by commas: {left}, {sign.text}…; a difference has blanks on both sides",
            )

    def want_no_lost_inverse(self, sign: Token) -> None:
        """Refuse A−1b and A−Tb, whose marks may have stood above the line before they were copied: nobody multiplies
        by 1.
        """
        before, mark, behind = self.tokens[self.at - 2], self.next, self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if sign.text != "-" or before.stop != sign.start or sign.stop != mark.start:
            return
        large = before.kind == "close" or (before.kind in ("name", "eye") and self.text[before.start].isupper())
        turned = mark[:2] == ("name", "T") and not self.known.find("T") and sum(t.text == "T" for t in self.tokens) == 1
        turned &= not behind.text[:1].isupper()  # H−TS
        if large and (mark[:2] == ("num", "1") or turned) and behind.kind in FACTOR and not self.closes(behind):
            start, rest = self.text[: sign.start].lstrip(), self.text[behind.start :].rstrip()
            other = f"{start} - T {rest}" if turned else f"{start} - {rest}"
            raise self.refuse(
                Span(sign.start, mark.stop),
                "is this an inverse, or a difference?",
                f"an inverse is `{start}^-{mark.text} {rest}`, a difference `{other}`",
            )
        if before[:2] == ("name", "e") and not self.known.find("e") and mark.kind in FACTOR:
            name = self.written(mark.start, mark.stop)
            self.doubts.append(Doubt(f"`e - {name}` is read; the exponential is `e^-{name}`"))

    def want_no_lost_power(self) -> None:
        """Refuse (y − Xw)2, whose 2 may have stood above the line before it was copied."""
        before, number = self.tokens[self.at - 1], self.next
        lone = number.kind == "num" and number.text in _POWERS and before.kind == "close"
        if lone and before.stop == number.start and self.text[before.start] in ")]":
            start, rest = self.text[: number.start].lstrip(), self.text[number.stop :].rstrip()
            hint = f"a power is `{start}^{number.text}{rest}`, a product `{start} * {number.text}{rest}`"
            raise self.refuse(number, "is this a power, or a factor?", hint)

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

    def want_no_entry(self, value: Term) -> None:
        """Refuse −z_y + log ∑ⱼ exp(zⱼ), whose z_y may be an entry of z."""
        terms = [value]
        for term in terms:
            terms += parts_of(term)
        carried = {
            name.text
            for t in terms
            if isinstance(t, Call) and t.function == "?entry"
            for name in t.arguments[:1]
            if isinstance(name, Name)
        }
        for term in terms if carried else ():
            if not isinstance(term, Name) or term.text in carried or self.known.find(term.text) is not None:
                continue
            stem, indices = read(term.text)
            index = indices[-1] if indices else ""
            if index in self.ended or (stem in carried and len(indices) == 1 and len(index) == 1 and index.isalpha()):
                whose = f"of {stem}" if stem in carried else "that is summed"
                raise self.refuse(
                    Token("name", term.text, *term.span),
                    f"is this an entry {whose}, or a name of its own?",
                    f"put brackets around all that is summed; an entry is `{stem}[{index}]`, "
                    f"a name is declared: `-s {term.text}=()`"
                    if index in self.ended
                    else f"an entry is `{stem}[{index}]`; a name is declared: `-s {term.text}=()`",
                )

    def product(self) -> Term:
        if self.maybe_sum():
            return self.sum_or_matrix()
        start = self.next.start
        left = self.run()
        while self.next.kind == "op" and self.next.text in _PRODUCTS:
            sign = self.take()
            if sign.text != "/":
                minus = self.sees("op", "-")
                if minus:
                    self.want_no_mark(sign)
                    self.take()
                right = self.run()
                self.want_no_conjugate(left, sign, right)
                self.want_no_composition(left, sign, right)
                left = self.call(_PRODUCTS[sign.text], left, self.negative(right) if minus else right)
                continue
            left = self.fraction(left, start, sign)
        return left

    def want_no_composition(self, left: Term, sign: Token, right: Term) -> None:
        """Refuse σ∘(Wx), a function before what it is applied to."""
        sigma = isinstance(left, Name) and key(left.text) == ("sigma",) and self.known.find(left.text) is None
        if (
            sigma
            and self.text[sign.start] in "∘\\"
            and sign.text == "⊙"
            and self.text[sign.start : sign.stop] in _AFTER
        ):
            inside = self.written(right.span.start, right.span.stop).strip("()")
            raise self.refuse(sign, "is this a function of what follows?", f"it is applied by brackets: `σ({inside})`")

    def want_no_conjugate(self, left: Term, sign: Token, right: Term) -> None:
        """Refuse x* Q x, where the star is a mark of the name: before a product by blanks it would have one as well."""
        stop = sign.start
        marks = sign.text == "*" and self.blanks and not sign.space and self.text[stop - 1].isalnum()
        beside = isinstance(right, Call) and right.function == "?beside" and self.text[right.span.start] != "("
        if marks and beside and self.text[sign.stop].isspace():
            before, rest = self.written(left.span.start, stop), self.written(right.span.start, right.span.stop)
            raise self.refuse(
                sign,
                "is this a transpose, or a product?",
                f"of real vectors it is `{before}^T {rest}`; a product is `{before} * {rest}`",
            )

    def want_no_mark(self, sign: Token) -> None:
        """Refuse x* − y, where the star is a mark of the name rather than a product."""
        name = self.tokens[self.at - 2]
        if sign.text == "*" and not sign.space and self.next.space and name.kind == "name" and self.blanks:
            raise self.refuse(
                sign,
                "is this star a mark of the name, or a product?",
                f"write `{name.text}_star` for the name, `{name.text}*(-x)` or `{name.text}@(-x)` for a product",
            )

    def run(self) -> Term:
        """Factors side by side."""
        start = self.next.start
        return self.beside(self.factors(), start)

    def factors(self) -> list[Term]:
        found = [self.factor()]
        words = [self.at - 1] if self.tokens[self.at - 1].kind == "word" else []
        while self.next.kind in FACTOR and not self.closes(self.next):
            self.want_no_lost_power()
            if self.next.kind == "word":
                words.append(self.at)
            found.append(self.factor())
            if len(found) > _MOST_FACTORS:
                raise too_deep(self.text)
        if words and len(found) > 1:
            word = self.tokens[words[0]]
            whole = self.unsplit(word)
            axes = "()" if whole == word.text else "n,m" if whole[0].isupper() else "n"
            raise self.refuse(
                word,
                f"'{whole}' is neither a name nor a function that is known",
                f"type the formula alone; or, if {whole} is a name of yours, declare it: `-s {whole}={axes}`",
            )
        return found

    def want_no_word(self, factors: Sequence[Term]) -> None:
        """Say that SNR is read as a product, where none of its letters stands elsewhere or is known."""
        start, stop = factors[0].span.start, factors[-1].span.stop
        doubled = {word for word in _WORD.findall(self.text) if any(one == other for one, other in pairwise(word))}
        for found in _WORD.finditer(self.text, start, stop) if self.blanks else ():
            word = found[0]
            others = reduce(lambda text, one: text.replace(one, ""), (word, *doubled), self.text)
            apart = {factor.text for factor in factors if isinstance(factor, Name)} | {"I"}
            new = word in doubled or not any(letter in others for letter in word)
            split = new and {*word} <= apart and not any(map(self.known.find, word))
            series = any(word in letters for letters in _SERIES)
            if split and not series and (len(word) > _SHORT or self.worded()):
                product = "@".join("eye(n)" if letter == "I" else letter for letter in word)
                self.doubts.append(
                    Doubt(f"`{product}` is read, a product; if {word} is one name, declare it: `-s {word}=()`")
                )

    def worded(self) -> bool:
        """Whether a sum holds capitals in words alone, beside Greek letters: CE + α·KL."""
        letters = [token for token in self.tokens if token.kind == "eye" or self.latin(token)]
        beside = {first.stop for first in letters} & {second.start for second in letters}
        words = all(t.text.isupper() and {t.start, t.stop} & beside for t in letters if t.kind == "name")
        return words and any(token.kind == "op" and token.text in SUMS for token in self.tokens)

    def latin(self, token: Token) -> bool:
        return token.kind == "name" and token.text.isascii() and key(token.text)[0] not in GREEK

    def unsplit(self, word: Token) -> str:
        """All letters around a word that stand without a blank: xref, of which x is a name."""
        start = self.at - 1
        while start > 0 and self.tokens[start].start > word.start:
            start -= 1
        first = self.tokens[start]
        while start > 0 and self.tokens[start - 1].kind == "name" and self.tokens[start - 1].stop == first.start:
            start -= 1
            first = self.tokens[start]
        whole = self.text[first.start : word.stop]
        return whole if whole.isidentifier() else word.text

    def want_no_square(self, name: Name) -> None:
        """Say that σ2 is one name in σ2I, which may have lost what raised its 2."""
        typed = self.text[name.span.start : name.span.stop] == name.text
        if typed and name.text[-1] == "2" and key(name.text)[0] in GREEK and self.known.find(name.text) is None:
            self.doubts.append(Doubt(f"`{name.text}` is read, one name; the square is `{name.text[:-1]}**2`"))

    def beside(self, factors: list[Term], start: int) -> Term:
        for left, right in pairwise(factors):
            if isinstance(left, Literal) and isinstance(right, Literal):
                span = Span(left.span.start, right.span.stop)
                raise self.refuse(span, "two numbers stand side by side", "a product of numbers is `2*3`")
        """The product of factors."""
        if len(factors) == 1:
            return factors[0]
        self.want_no_word(factors)
        for left, right in pairwise(factors):
            if isinstance(left, Name) and left.span.stop == right.span.start and self.blanks:
                self.want_no_square(left)
        for left, right in pairwise(factors):  # Δx
            behind = right.arguments[0] if isinstance(right, Call) and right.function == "?T" else right
            if not (isinstance(left, Name) and isinstance(behind, Name) and key(left.text) == _DIFFERENCE):
                continue
            if self.known.find(left.text) is None:
                product, step = f"{left.text}@{behind.text}", f"a step is declared: `-s {left.text}=()`"
                self.doubts.append(Doubt(f"`{product}` is read; a difference is named `Δ_{behind.text}`; {step}"))
        return Call("?beside", tuple(factors), (), Span(start, factors[-1].span.stop))
