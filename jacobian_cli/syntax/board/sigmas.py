"""Σ, which is a matrix or the sign of a sum: where it may be one, it is read both ways, for shapes to decide."""

from __future__ import annotations

from itertools import pairwise

from jacobian_cli.syntax.board.cursor import FACTOR
from jacobian_cli.syntax.board.sums import SIGMA, Sums
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import GREEK, key
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Call, Term

_COEFFICIENT = ("num", "frac")
_TIMES = ("*", "·")
_SCALES = frozenset("abcdhkmnprstCNM")
"""Letters that scale a sum behind them."""
_POSTFIXES = frozenset("T invT prime".split())
_ENDS = frozenset("close name word indexed eye ones zeros bar root group commutation text".split()) | _POSTFIXES
"""What a product with a matrix behind it ends with."""
_OF_MATRICES = frozenset(
    "trace det logdet inv diag diagonal norm cholesky kron vec outer solve expm logm sqrtm pinv transpose eigvalsh"
    " svdvals nuclear_norm spectral_norm".split()
)
"""Functions in whose brackets Σ is a matrix."""


class Sigmas(Sums):
    """Reads Σ."""

    __slots__ = ()

    def marked(self) -> bool:
        """Whether this is Σ with an index below or above it, a sum."""
        behind = self.tokens[self.at + 1]
        return self.sigma(self.next) and behind.kind == "sub"

    def sigma(self, token: Token) -> bool:
        return token.kind == "name" and key(token.text) == SIGMA and self.known.find(token.text) is None

    def maybe_sum(self) -> bool:
        """Whether a Σ stands here, or behind what scales it, that may be the sign of a sum: before a factor, and
        nowhere as a matrix.
        """
        place = self.scaled()
        if self.trying or not self.sigma(self.tokens[place]) or any(map(self.as_matrix, range(len(self.tokens) - 1))):
            return False
        behind = self.tokens[place + 1]
        return behind.kind in FACTOR and not self.closes(behind)

    def as_matrix(self, place: int) -> bool:
        """Whether a Σ stands at a place, and as a matrix."""
        if not self.sigma(self.tokens[place]):
            return False
        behind = self.tokens[place + 1]
        closing = behind.kind == "bar" and sum(t[:2] == behind[:2] for t in self.tokens[:place]) % 2 == 1
        return closing or behind.kind in ("sup", "close", *_POSTFIXES) or not self.leads(place)

    def leads(self, place: int) -> bool:
        """Whether nothing but constants stand before a Σ in its product."""
        behind, place = self.tokens[place + 1], place - 1
        if place >= 0 and self.tokens[place].kind == "op":  # x/Σx
            return True
        while place >= 0:
            token = self.tokens[place]
            if token.kind == "close" and (first := self.opening(place)) < place:
                if not all(map(self.constant_part, self.tokens[first + 1 : place])):
                    return False
                place = first
            elif not (self.constant_part(token) and (token.kind != "op" or token.text == "/")):
                break
            place -= 1
        if place < 0 or self.tokens[place].kind not in ("open", *_ENDS):
            return True
        matrix = place > 0 and self.tokens[place - 1].kind == "func" and self.tokens[place - 1].text in _OF_MATRICES
        large = behind.kind == "name" and behind.text[:1].isupper()
        return self.tokens[place].kind == "open" and not large and not matrix

    def opening(self, place: int) -> int:
        """The place of the bracket that is closed at a place, or the same place if none is."""
        depth = 0
        for k in range(place, -1, -1):
            depth += (self.tokens[k].kind == "close") - (self.tokens[k].kind == "open")
            if not depth:
                return k
        return place

    def constant_part(self, token: Token) -> bool:
        """Whether a token is part of a number that scales a sum: of ½, λ, 1/(2σ²)."""
        signs = token.kind == "op" and token.text in "/+-*·"
        return signs or token.kind in (*_COEFFICIENT, "sup", "sqrt") or (token.kind == "name" and self.rates(token))

    def scaled(self) -> int:
        """The place behind the constants here: ½, 1/2, λ, (1/n), 0.5 *."""
        place = self.at
        while True:
            token = self.tokens[place]
            end = self.closing(place) if token.kind == "open" else place
            divides = token.kind == "op" and token.text == "/" and place > self.at
            times = token.kind == "op" and token.text in _TIMES and place > self.at
            above = divides or token.kind == "sqrt"
            if end > place and all(map(self.constant_part, self.tokens[place + 1 : end])):
                place = end + 1
                continue
            if token.kind == "name" and self.times_sum(place + 1):  # x * Σ(y²)
                place += 1
                continue
            other = not self.constant_part(token) or (token.kind == "op" and not (divides or times))
            if other or (above and self.sigma(self.tokens[place + 1])):
                return place
            place += 1

    def times_sum(self, place: int) -> bool:
        """Whether a sign of multiplication and Σ stand at a place, behind a small letter."""
        sign, small = self.tokens[place], self.tokens[place - 1].text[:1].islower()
        return small and sign.kind == "op" and sign.text in _TIMES and self.sigma(self.tokens[place + 1])

    def rates(self, token: Token) -> bool:
        """Whether a name scales what stands behind it: a small Greek letter, or one of numbers."""
        stem = key(token.text)[0]
        large = stem.isupper() and any(
            one.text == token.text and two.kind in ("sup", *_POSTFIXES) for one, two in pairwise(self.tokens)
        )
        return not self.sigma(token) and ((stem in GREEK and stem.islower()) or (stem in _SCALES and not large))

    def near(self, token: Token, before: str) -> Term:
        """The sum of the factors that stand behind Σ without a blank between them: x/Σx, √Σ(x − y)²."""
        first, factors = self.next, [self.factor()]
        while self.next.kind in FACTOR and not self.next.space and not self.closes(self.next):
            factors.append(self.factor())
        inside, sigma = self.written(first.start, self.tokens[self.at - 1].stop), self.written(token.start, token.stop)
        taken, other = f"{before}(sum({inside}))", f"({before}{sigma}) {inside}"
        self.doubts.append(Doubt(f"`{taken}` is read; where {sigma} is a matrix, it is `{other}`"))
        return self.total(token, self.beside(factors, first.start))

    def near_sum(self, token: Token) -> bool:
        """Whether a Σ stands here whose factors follow, none of which carries an index."""
        behind = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        summed = self.sigma(token) and behind.kind in FACTOR and not self.closes(behind)
        return summed and not any(one.kind == "indexed" for one in self.tokens[self.at :])

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
