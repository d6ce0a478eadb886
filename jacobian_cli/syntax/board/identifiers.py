"""A name: what the bracket, the prime or the power behind it makes of it, and what is asked or refused there."""

from __future__ import annotations

import re
from difflib import get_close_matches
from itertools import pairwise

from jacobian_cli.syntax.board.cursor import SUMS
from jacobian_cli.syntax.board.lettered import CALLED, Lettered
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.names import GREEK, LETTERS, key
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Flag, Name, Term

_SCALARS = ("lambda", "alpha", "gamma")
"""Greek letters that scale what stands in brackets, under a sum as well."""
_ACTIVATIONS = ("sigma", "phi", "psi")
"""Greek letters that stand for functions where they have an index and a bracket follows: σ_g(Wx)."""
_FUNCTIONS = ("rho", "mu", "delta")
"""Greek letters that scale what is in brackets, or stand for functions of it: a robust loss, a mean, Dirac's."""
_PROJECTION = ("P", "Pi")
"""Letters for projections, which need not be linear: Π_C(x)."""
_LEARNED = frozenset("theta phi psi omega θ φ ψ ω ϕ ϑ".split())
"""What stands below the name of a function that has such parameters."""
_SPECTRUM = {"lambda": "eigvalsh", "sigma": "svdvals"}
"""Letters for eigenvalues of symmetric matrices, and for singular values."""
_EXPECTED = {"E": "mean", "𝔼": "mean", "Var": "var"}
"""What stands before square brackets where something is expected, and what the entries of an array have instead."""
_VARIANCE = re.compile(r"\\mathbb\s*\{?\s*V$|𝕍$")
_WORD = 3
"""A word of so many letters before a bracket is no matrix."""
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FLAGS = {"None": None, "True": True, "False": False}

_PLACES = frozenset("ijklmnpq")
"""Letters that number entries."""


class Identifiers(Lettered):
    """Reads names."""

    __slots__ = ()

    def name(self) -> Term:
        """A name alone, an entry of what is summed over, or a function where its bracket or prime follows."""
        token = self.take()
        name = Name(token.text, token.span)
        if (summed := self.of_sigma(token)) is not None:
            return summed
        if self.running and (entry := self.of_index(token)) is not None:
            return entry
        self.want_spectral(token)
        self.want_letter(token)
        if token.kind == "word" and token.text in _FLAGS and self.known.find(token.text) is None:
            return Flag(_FLAGS[token.text], token.span)
        if (
            self.sees("sup")
            and self.known.find(token.text) is None
            and (value := self.raised_letter(token)) is not None
        ):
            return value
        known = self.known.find(token.text)
        if known and self.sees("open", "(") and not self.next.space:
            self.want_no_entry_of(token)
        if token.kind == "word" and self.sees("sup") and self.tokens[self.at + 1].text == "(" and not known:
            raise self.refuse(token, f"there is no function '{token.text}'", "jac functions lists those there are")
        if not (self.sees("open", "(") or self.sees("prime") or self.sees("open", "[")) or known:
            return name
        sigma = key(token.text) == ("sigma",)
        if self.sees("open", "(") and not (self.next.space and self.blanks) and (normal := self.normal(token)):
            return self.called(token, normal)
        if self.sees("prime"):
            if (
                self.tokens[self.at + 1].kind == "open"
                and self.tokens[self.at + 1].text == "("
                and not self.turns(token)
            ):
                return self.slope(token, "sigmoid" if sigma else token.text)
            return name
        if sigma:
            if "sigmoid" in self.known.functions and self.sees("open", "(") and not self.scales(token):
                if self.text[token.start : token.stop] == "sigma":
                    self.doubts.append(
                        Doubt("`sigmoid(x)` is read for sigma(x); a scalar sigma is written `sigma*(x)`")
                    )
                return self.called(token, "sigmoid")
            return name
        if self.sees("open", "["):
            self.want_value(token)
            return name
        constant = token.text == "e" and self.text[token.start] == "\\"  # \mathrm{e}
        if not (constant or (self.next.space and self.blanks)):
            self.want_product_with(token)
        return name

    def want_letter(self, token: Token) -> None:
        """Say that Xi is one name, where nothing else tells of it or of its letters."""
        if token.text in ("Xi", "Pi") and self.text[token.start] == token.text[0] and not self.known.find(token.text):
            doubt = f"`{token.text}` is read as one name; a product is `{token.text[0]} {token.text[1]}`"
            self.doubts.append(Doubt(doubt))

    def turns(self, token: Token) -> bool:
        """Whether X'(Xb - y) is a transposed matrix before a bracket, and no derivative of a function called X; what
        stands elsewhere without a bracket, as a does in a'(B + C)a, is no function either.
        """
        more = self.closing(self.at + 1) > self.at + 3
        if token.kind != "name" or key(token.text)[0] in GREEK or not more:
            return False
        return token.text[:1].isupper() or any(
            one.text == token.text and behind.kind not in ("open", "prime")
            for one, behind in pairwise(self.tokens)
            if one is not token
        )

    def want_no_entry_of(self, token: Token) -> None:
        """Refuse x(1), and x(k) of a k that is defined, which are entries to those who write MATLAB."""
        inside = self.tokens[self.at + 1 : self.at + 3]
        kinds, at = [t.kind for t in inside], inside[0].text
        if kinds == ["name", "close"] and at in _PLACES and self.known.find(at) and token.text[:1].islower():
            raise self.refuse(
                Span(token.start, inside[1].stop),
                "is this an entry, or a product?",
                f"the entry is `{token.text}[{at} - 1]`, counted from 0; a number is declared: `-s {token.text}=()`",
            )
        if kinds == ["num", "close"] and (inside[0].text.isdecimal() and inside[0].text != "0"):
            place = int(inside[0].text)
            raise self.refuse(
                Span(token.start, inside[1].stop),
                "is this an entry, or a product?",
                f"the entry is `{token.text}[{place - 1}]`, counted from 0; a product is `{place}*{token.text}`",
            )

    def want_spectral(self, token: Token) -> None:
        """Refuse λmax(A), λ_max(A) and σ_min(A): the spectrum has functions of its own."""
        stem, *marks = key(token.text)
        values = _SPECTRUM.get(stem)
        extreme = marks[0] if marks else self.next.text if self.next.kind == "func" and not self.next.space else ""
        if values is None or extreme not in ("max", "min") or self.known.find(token.text):
            return
        behind = self.at + (not marks)
        if self.tokens[behind].kind == "open":
            inside = self.written(self.tokens[behind].start, self.tokens[self.closing(behind)].stop)
            raise self.refuse(token, f"is this of the spectrum of {inside}?", f"it is `{extreme}({values}{inside})`")

    def want_value(self, token: Token) -> None:
        """Refuse E[x] and E_q[x]."""
        stem, *marks = key(token.text)
        if stem == "V" and not marks and _VARIANCE.search(self.text[max(0, token.start - 20) : token.stop]):
            stem = "Var"
        if stem in _EXPECTED and not (marks and self.known.find(token.text)):
            inside = self.written(self.next.stop, self.tokens[self.closing(self.at)].start)
            hint = f"over entries it is `{_EXPECTED[stem]}({inside})`"
            raise self.refuse(token, "an expectation is not in the language", hint)

    def want_product_with(self, token: Token) -> None:
        """Refuse names before a bracket that are neither functions nor scale what is in it."""
        stem, *marks = key(token.text)
        whole = self.written(self.next.start, self.tokens[self.closing(self.at)].stop)
        inside = self.tokens[self.at + 1 : self.at + 3]
        capital = token.text[:1].isupper() and token.kind == "name"
        greek = stem in GREEK
        lone = inside[1].kind == "close" and inside[0].kind in ("name", "indexed")
        summed = (
            greek
            and stem not in _SCALARS
            and bool(self.running)
            and self.tokens[self.at - 2].kind in ("sum", "sub", "sup")
        )  # ∑ᵢ ρ(rᵢ − x)
        below = any(mark in LETTERS or mark in LETTERS.values() for mark in marks)
        operator = below and (stem not in LETTERS or stem in _PROJECTION)  # S_λ(x), P_Ω(X)
        learned = operator or any(mark in _LEARNED for mark in marks)  # G_θ(z)
        if capital and len(stem) == 1 and lone and not marks and key(inside[0].text)[0] in _LEARNED:
            hint = f"type what it stands for; a product with a matrix is `{token.text}@{inside[0].text}`"
            raise self.refuse(token, f"'{token.text}' is not a function here", hint)
        self.want_no_acronym(token)
        if capital and stem not in LETTERS and len(stem) >= _WORD and self.known.find(token.text) is None:
            raise self.refuse(token, f"there is no function '{token.text}'", "jac functions lists those there are")
        if stem in _ACTIVATIONS and marks and not learned:
            of_logits = f"of a sigmoid it is `sigmoid{whole}`; " * (stem == "sigma")
            product = f"a product is `{self.written(token.start, token.stop)}*{whole}`, with `-s {token.text}=()`"
            raise self.refuse(token, f"'{token.text}' is not a function here", of_logits + product)
        scaled = greek and (stem in _FUNCTIONS or (stem not in _SCALARS and self.needless()))
        scaled = scaled and not self.elsewhere(token)
        if (((capital or greek) and lone) or summed or scaled) and stem != "Gamma" and not learned and stem != "pi":
            what = self.written(inside[0].start, inside[0].stop) if lone else whole
            product = f"{token.text}{'@' if capital else '*'}{what}"
            number = f"; a number is declared: `-s {token.text}=()`" if scaled and not lone else ""
            what = f"a function called {token.text} is not known{number}"
            self.doubts.append(Doubt(f"`{product}` is read, a product; {what}"))
        elif stem in _PROJECTION and any(mark.isupper() for mark in marks) and not learned:
            product = f"{token.text}@{whole}"
            self.doubts.append(Doubt(f"`{product}` is read, a product; a projection called {token.text} is not known"))
        if token.kind == "word" and (near := get_close_matches(token.text.lower(), self.known.functions, 1, 0.75)):
            raise self.refuse(token, f"there is no function '{token.text}'", f"did you mean `{near[0]}(x)`?")
        if stem == "Gamma" and not marks:
            raise self.refuse(
                token,
                "is this the gamma function, or a matrix?",
                f"it is `exp(lgamma{whole})`, its logarithm `lgamma{whole}`; "
                f"a matrix is declared: `-s {token.text}=n,m`",
            )
        lower = len(stem) == 1 and stem.isascii() and stem.islower() and (lone or not marks)
        message = f"'{token.text}' is not a function here"
        if learned:
            hint = "type what it stands for, or give its value a name: z_theta"
            if capital and not greek:
                hint += f"; a product with a matrix is `{token.text}@{whole}`"
            raise self.refuse(token, message, hint)
        if token.kind == "word" or lower or (not marks and stem in CALLED):
            raise self.refuse(
                token,
                message,
                f"a product is written `{token.text}*{whole}` where {token.text} is declared: `-s {token.text}=()`; "
                "jac functions lists the functions",
            )

    def elsewhere(self, token: Token) -> bool:
        """Whether a name stands in other places of these tokens, and there before no bracket: as a number."""
        return any(
            one.text == token.text and one.kind == "name" and two.text != "(" for one, two in pairwise(self.tokens)
        )

    def needless(self) -> bool:
        """Whether one factor stands in the bracket here, which a product would not need: η(wᵀx)."""
        depth = 0
        for place, token in enumerate(self.tokens[self.at : self.closing(self.at)]):
            depth += (token.kind == "open") - (token.kind == "close")
            if place > 1 and depth == 1 and token.kind == "op" and token.text in (*SUMS, ","):
                return False
        return True

    def want_no_acronym(self, token: Token) -> None:
        """Refuse FFN(Wx) and MHA(x): capitals before a bracket without a sum, and more than two, are a function."""
        start = token.stop
        while start and self.text[start - 1].isascii() and self.text[start - 1].isupper():
            start -= 1
        word, rest = self.text[start : token.stop], self.text[:start] + self.text[token.stop :]
        if (
            len(word) < 2
            or not self.blanks
            or any(map(self.known.find, word))
            or self.text[start - 1 : start].isalnum()
        ):
            return
        depth, added = 0, False
        for inner in self.tokens[self.at : self.closing(self.at)]:
            depth += (inner.kind == "open") - (inner.kind == "close")
            added = added or (depth == 1 and inner.kind == "op" and inner.text in SUMS)
        new = len(word) > 2 and word not in _ALPHABET and not any(letter in rest for letter in word)
        if new or not added:
            where = Span(start, token.stop)
            whole = self.written(self.next.start, self.tokens[self.closing(self.at)].stop)
            hint = f"a product is `{' '.join(word)} {whole}`; jac functions lists the functions there are"
            raise self.refuse(where, f"there is no function '{word}'", hint)
