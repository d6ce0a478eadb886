r"""Sums and products over an index: ∑ᵢ xᵢ yᵢ, `\sum_{i=1}^n`, `sum_i`; and Σ, which may be the sign of a sum."""

from __future__ import annotations

import re
import unicodedata

from jacobian_cli.syntax.board.brackets import Brackets
from jacobian_cli.syntax.board.cursor import FACTOR, SUMS
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Call, Name, Term, Text

_INDEX = re.compile(r"([ijk])(?:=1)?")
_EINSUM = 'sums over an index are written `einsum("ij,j->i", A, x)`'
_SIGMA = ("Sigma",)


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
        return next(iter(found.values())) if len(found) == 1 and not self.running else None

    def total(self, token: Token, value: Term) -> Term:
        """The sum over all entries of a product; of vectors beside each other they are multiplied entry by entry."""
        span = Span(token.start, value.span.stop)
        if isinstance(value, Call) and value.function == "?beside" and token.text != "prod":
            return Call("?total", (value,), (), span)
        return Call("prod" if token.text == "prod" else "sum", (value,), (), span)

    def over(self, token: Token, index: Token | None = None) -> Term:
        """A sum over an index: every name that carries it is a vector, and all others are numbers."""
        limit, first = "", index or self.next
        while self.next.kind in ("sub", "sup"):
            mark = self.take()
            if mark.kind == "sub":
                index = mark
            else:
                limit = self.limit(mark)
        found = _INDEX.fullmatch(index.text.replace(" ", "")) if index else None
        if found is None or found[1] in self.running:
            raise self.summation(first)
        self.running.append(found[1])
        value = self.product()
        self.running.pop()
        if not self.carried(value):
            raise self.refuse(Span(token.start, value.span.stop), f"nothing here carries the index {found[1]}", _EINSUM)
        span = Span(token.start, value.span.stop)
        function = "prod" if token.text == "prod" else "sum"
        return Call("?over", (value, Text(function, span), Text(limit, span)), (), span)

    def limit(self, mark: Token) -> str:
        """How far a sum runs: to a number, or to a name."""
        inner = mark.parts[0]
        if len(inner) != 1 or inner[0].kind not in ("num", "name"):
            raise self.summation(mark)
        return inner[0].text

    def carried(self, term: Term) -> bool:
        """Whether any name in a term carries an index that is summed over."""
        stack = [term]
        while stack:
            part = stack.pop()
            if isinstance(part, Call):
                if part.function == "?entry":
                    return True
                if part.function != "?over":
                    stack.extend(part.arguments)
        return False

    def entry(self, token: Token) -> Term:
        """A name with an index: an entry of it inside a sum over that index, and nothing elsewhere."""
        mark, base = token.parts[0]
        if key(token.text)[:1] == _SIGMA and self.tokens[self.at + 1].kind in FACTOR:
            self.take()
            return self.over(token, mark)
        if self.running and mark.text == self.running[-1] and base.text:
            self.take()
            return Call("?entry", (Name(base.text, token.span),), (), token.span)
        raise self.refuse(
            token,
            f"an entry with the index {mark.text} cannot be read"
            + ("" if self.running else ": the language has no index notation"),
            f'write sums as `einsum("ij,j->i", A, x)`; if {token.text} is a name, declare it: `-s {token.text}=n`',
        )

    def want_free(self, token: Token) -> None:
        """Refuse a name with more than the index that is summed over: x_{i+1}."""
        written = unicodedata.normalize("NFKC", self.text[token.start + 1 : token.stop])
        if re.search(rf"(?<![^\W_]){self.running[-1]}(?![^\W_])", written):
            raise self.refuse(token, f"only the index {self.running[-1]} itself is read here", _EINSUM)

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
        """Whether a Σ stands here that may be the sign of a sum: before a factor, and nowhere as a matrix."""
        if self.trying or not self.sigma(self.next):
            return False
        for before, token, behind in zip(self.tokens, self.tokens[1:], self.tokens[2:], strict=False):
            if self.sigma(token) and (
                behind.kind in ("T", "sup", "invT", "prime", "close", "bar") or before.kind in (*FACTOR, "close", "T")
            ):
                return False
        behind = self.tokens[self.at + 1]
        return behind.kind in FACTOR and not self.closes(behind)

    def sum_or_matrix(self) -> Term:
        """Σ(y − Xw)²: read both ways, for shapes to decide."""
        at, doubts, token, index = self.at, [*self.doubts], self.take(), None
        self.trying = True
        try:
            index = self.only_index()
            value: Term | None = self.product() if index is None else self.over(token, index)
        except InputError:
            value = None
        end, self.at, self.doubts[:] = self.at, at, doubts
        if index is not None and value is not None:
            self.at, self.trying = end, False
            return value
        try:
            matrix = self.product()
        finally:
            self.trying = False
        if value is None or self.at != end:
            return matrix
        total = self.total(token, value)
        return Call("?sigma", (matrix, total), (), total.span)
