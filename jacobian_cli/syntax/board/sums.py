r"""Sums and products over an index: ∑ᵢ xᵢ yᵢ, `\sum_{i=1}^n`, `sum_i`; and Σ, which may be the sign of a sum."""

from __future__ import annotations

import re
import unicodedata

from jacobian_cli.syntax.board.brackets import Brackets
from jacobian_cli.syntax.board.cursor import FACTOR, SUMS
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import GREEK, key, read, spelling
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Call, Name, Term, Text

_INDEX = re.compile(r"([a-z](?:,?[a-z])?)(?:=1)?")
_EINSUM = 'sums over an index are written `einsum("ij,j->i", A, x)`'
_SIGMA = ("Sigma",)
_COEFFICIENT = ("num", "frac")
_FUNCTIONS = ("prod", "max", "min")
"""What runs over an index beside sums."""


def _entry(name: str, indices: str, token: Token) -> Term:
    return Call("?entry", (Name(name, token.span), Text(indices, token.span)), (), token.span)


def of_entries(value: Term) -> Term:
    """What is summed, in which bars stand around entries: ∑|A|, ∑|A|²."""
    if not isinstance(value, Call):
        return value
    if value.function == "?power":
        base, exponent = value.arguments
        return Call("**", (of_entries(base), exponent), (), value.span) if of_entries(base) is not base else value
    return Call("abs", value.arguments, (), value.span) if value.function == "?bars" else value


class Sums(Brackets):
    """Reads sums."""

    __slots__ = ()

    def summed(self) -> Term:
        """∑ x, over all entries, or over an index."""
        token = self.take()
        if self.next.kind in ("sub", "sup"):
            return self.over(token)
        index = self.only_index()
        if index is not None:
            return self.over(token, index)
        value = self.product()
        return self.total(token, value)

    def only_index(self) -> Token | None:
        """The one index that names carry from here to the next + or −: ∑ wᵢxᵢ."""
        depth, found = 0, dict[str, Token]()
        for token in self.tokens[self.at :]:
            depth += (token.kind == "open") - (token.kind == "close")
            if depth < 0 or token.kind == "end" or (not depth and token.kind == "op" and token.text in SUMS):
                break
            if token.kind == "indexed":
                found.setdefault(token.parts[0][0].text, token.parts[0][0])
        found = {text: token for text, token in found.items() if not {*text} <= {*self.running}}
        return next(iter(found.values())) if len(found) == 1 and not self.running else None

    def total(self, token: Token, value: Term) -> Term:
        """The sum over all entries of a product; of vectors beside each other they are multiplied entry by entry."""
        span = Span(token.start, value.span.stop)
        value = of_entries(value)
        if isinstance(value, Call) and value.function == "?beside" and token.text != "prod":
            return Call("?total", (value,), (), span)
        return Call("prod" if token.text == "prod" else "sum", (value,), (), span)

    def over(self, token: Token, index: Token | None = None) -> Term:
        """A sum over an index: the names that carry it are vectors, or vectors in the rows of a matrix."""
        limit, first = "", index or self.next
        while self.next.kind in ("sub", "sup") or (self.next.kind == "T" and index and "=" in index.text):
            mark = self.take()
            if mark.kind == "sub":
                index = mark
            else:
                limit = self.limit(mark) if mark.kind == "sup" else "T"  # ∑ₜ₌₁ᵀ
        found = _INDEX.fullmatch(index.text.replace(" ", "")) if index else None
        if found is None:
            raise self.summation(first)
        letters = found[1].replace(",", "")
        self.want_new(letters, limit, first)
        self.running += letters
        begin, outer, self.summing = self.next.start, self.summing, token.text != "prod"
        try:
            value = self.summand()
        finally:
            del self.running[-len(letters) :]
            self.summing = outer
        span = Span(token.start, value.span.stop)
        for letter in letters:
            self.ended[letter] = begin
            if not self.carried(value, letter):
                raise self.refuse(span, f"nothing here carries the index {letter}", _EINSUM)
        function = token.text if token.text in _FUNCTIONS else "sum"
        return Call("?over", (value, *(Text(said, span) for said in (function, limit, letters))), (), span)

    def want_new(self, letters: str, limit: str, where: Token) -> None:
        """Refuse an index that a sum around this one has too, and one that is its own limit."""
        for letter in letters:
            if letters.count(letter) > 1 or letter in self.running:
                raise self.refuse(where, f"two sums run over one index {letter}", "give each an index of its own")
            if letter == limit:
                raise self.refuse(
                    where, f"this sum runs from 1 to its own index {letter}", "call one of them otherwise"
                )

    def summand(self) -> Term:
        """What is summed: the product behind the sign, which may have a minus."""
        minus = False
        while self.next.kind == "op" and self.next.text in SUMS:
            minus ^= self.take().text == "-"
        value = self.product()
        return self.negative(value) if minus else value

    def limit(self, mark: Token) -> str:
        """How far a sum runs: to a number, or to a name."""
        inner = mark.parts[0]
        if len(inner) != 1 or inner[0].kind not in ("num", "name"):
            raise self.summation(mark)
        return inner[0].text

    def carried(self, term: Term, index: str) -> bool:
        """Whether any name in a term carries an index."""
        match term:
            case Call(function="?entry", arguments=(_, Text(value=indices))):
                return index in indices
            case Call(arguments=arguments):
                return any(self.carried(part, index) for part in arguments)
        return False

    def entry(self, token: Token) -> Term:
        """A name with an index: an entry of it inside a sum over that index, and nothing elsewhere."""
        mark, base = token.parts[0]
        if key(token.text)[:1] == _SIGMA and self.tokens[self.at + 1].kind in FACTOR:
            self.take()
            return self.over(token, mark)
        if {*mark.text} <= {*self.running} and key(base.text) == ("pi",):
            raise self.refuse(token, "π is a number here", "call what is summed by another letter: `\\sum_i w_i x_i`")
        if {*mark.text} <= {*self.running} and base.text:
            self.take()
            return _entry(base.text, mark.text, token)
        if {*mark.text} <= {*self.ended}:
            raise self.left_out(token, min(self.ended[letter] for letter in mark.text))
        axes = "n,m" if token.text[:1].isupper() else "n"
        raise self.refuse(
            token,
            f"an entry with the index {mark.text} cannot be read"
            + ("" if self.running else ": the language has no index notation"),
            f'write sums as `einsum("ij,j->i", A, x)`; if {token.text} is a name, declare it: `-s {token.text}={axes}`',
        )

    def left_out(self, token: Token, begin: int) -> InputError:
        """What to say of an entry behind the end of a sum that it may belong to."""
        depth, stop = 0, self.tokens[-1].start
        for behind in self.tokens[self.at :]:
            depth += (behind.kind == "open") - (behind.kind == "close")
            if depth < 0:
                stop = behind.start
                break
        whole = f"{self.text[:begin]}({self.text[begin:stop].strip()}){self.text[stop:]}"
        return self.refuse(
            token,
            "a sum ends before the next + or −, and this entry stands behind it",
            f"put brackets around all that is summed: `{' '.join(whole.split())}`",
        )

    def of_index(self, token: Token) -> Term | None:
        """An entry, where a name carries a letter that is summed over and that else is a part of names: tₙ, x_t.

        Raises `InputError` for a name with more than that, x_{i+1}, and for the index as a number.
        """
        if self.known.find(token.text) is not None:
            return None
        stem, marks = read(token.text)
        carried = [mark for mark in marks if {*mark} <= {*self.running}]
        if carried and stem:
            plain = spelling(stem, tuple(mark for mark in marks if mark not in carried))
            return _entry(self.known.find(plain) or plain, "".join(carried), token)
        written = unicodedata.normalize("NFKC", self.text[token.start : token.stop])
        for index in self.running:
            if re.search(rf"(?<![^\W_]){index}(?![^\W_])", written):
                raise self.refuse(token, f"only the index {index} of names is read here", _EINSUM)
        return None

    def summation(self, where: Token) -> InputError:
        return self.refuse(
            where,
            "a sum over an index cannot be read",
            f"sum the entries of a vector with `sum(x*y)`; {_EINSUM}",
        )

    def marked(self) -> bool:
        """Whether this is Σ with an index below or above it, a sum."""
        behind = self.tokens[self.at + 1]
        return self.sigma(self.next) and behind.kind == "sub"

    def sigma(self, token: Token) -> bool:
        return token.kind == "name" and key(token.text) == _SIGMA and self.known.find(token.text) is None

    def maybe_sum(self) -> bool:
        """Whether a Σ stands here, or behind numbers that scale it, that may be the sign of a sum: before a factor,
        and nowhere as a matrix.
        """
        place = self.scaled()
        if self.trying or not self.sigma(self.tokens[place]):
            return False
        for k, token in enumerate(self.tokens[:-1]):
            if self.sigma(token):
                before, behind = self.tokens[k - 1] if k else None, self.tokens[k + 1]
                scaled = before is not None and (before.kind in _COEFFICIENT or (k == place and k > self.at))
                closing = behind.kind == "bar" and sum(t[:2] == behind[:2] for t in self.tokens[:k]) % 2
                if (
                    closing
                    or behind.kind in ("T", "sup", "invT", "prime", "close")
                    or (before is not None and before.kind in (*FACTOR, "close", "T") and not scaled)
                ):
                    return False
        behind = self.tokens[place + 1]
        return behind.kind in FACTOR and not self.closes(behind)

    def scaled(self) -> int:
        """The place behind the numbers and small Greek letters here: ½, 1/2, λ."""
        place = self.at
        while True:
            token, behind = self.tokens[place], self.tokens[min(place + 1, len(self.tokens) - 1)]
            if token.kind in _COEFFICIENT or (token.kind == "name" and not self.sigma(token) and self.rates(token)):
                place += 1
            elif token.kind == "op" and token.text == "/" and place > self.at and behind.kind == "num":
                place += 2
            else:
                return place

    def rates(self, token: Token) -> bool:
        """Whether a name is a small Greek letter, which scales what stands behind it."""
        stem = key(token.text)[0]
        return stem in GREEK and stem.islower()

    def sum_or_matrix(self) -> Term:
        """Σ(y − Xw)², ½ Σ(y − Xw)²: read both ways, for shapes to decide."""
        at, doubts, ended, place, index = self.at, [*self.doubts], {*self.ended}, self.scaled(), None
        self.trying, scaled, start = True, place > at, self.next.start
        try:
            if scaled:
                self.totalled = place
                value: Term | None = self.product()
            else:
                token = self.take()
                index = self.only_index()
                value = self.product() if index is None else self.over(token, index)
        except InputError:
            value = None
        end, self.at, self.doubts[:], self.totalled = self.at, at, doubts, -1
        indexed = index is not None or bool(self.ended.keys() - ended)
        if indexed and value is not None:
            self.at, self.trying = end, False
            return value
        try:
            matrix = self.product()
        finally:
            self.trying = False
        if value is None or self.at != end:
            return matrix
        total = value if scaled else self.total(self.tokens[at], value)
        return Call("?sigma", (matrix, total), (), Span(start, total.span.stop))
