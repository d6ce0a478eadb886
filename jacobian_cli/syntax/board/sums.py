r"""Sums and products over an index: ∑ᵢ xᵢ yᵢ, `\sum_{i=1}^n`, `sum_i`; and Σ, which may be the sign of a sum."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from jacobian_cli.syntax.board.brackets import Brackets
from jacobian_cli.syntax.board.cursor import FACTOR, SUMS
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import MARKS, key, read, spelling
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Call, Name, Term, Text

_INDEX = re.compile(r"([a-z](?:,?[a-z])?)(?:=1)?")
_EINSUM = 'sums over an index are written `einsum("ij,j->i", A, x)`'
SIGMA = ("Sigma",)
_FUNCTIONS = ("prod", "max", "min")
"""What runs over an index beside sums."""
_CALLED = frozenset("phi psi f g".split())
"""Letters that are functions where a bracket follows."""
_SCALARS = ("alpha", "lambda", "gamma")
_SEVERAL = re.compile(r"[a-z]{2,3}|[a-z]\d|\d[a-z]")
"""Indices beside each other, below the line."""
_FREE = frozenset("ijk")
"""Letters that are indices wherever they stand."""
_WORDS = frozenset("max min ref eq opt tot avg old new out obs fit mid low top th".split())
"""What stands below the line, and is no row of indices."""
_UPRIGHT = re.compile(r"\\(?:text|mathrm|mathsf|rm|textrm|operatorname)(?![A-Za-z])")


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


def _is_sum(term: Term) -> bool:
    return isinstance(term, Call) and term.function in ("sum", "?total")


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
        found = dict[str, Token]()
        for token in self.within_term():
            if token.kind == "indexed":
                found.setdefault(token.parts[0][0].text, token.parts[0][0])
        found = {text: token for text, token in found.items() if not {*text} <= {*self.running}}
        return next(iter(found.values())) if len(found) == 1 and not self.running else None

    def total(self, token: Token, value: Term) -> Term:
        """The sum over all entries of a product; of vectors beside each other they are multiplied entry by entry."""
        span = Span(token.start, value.span.stop)
        if isinstance(value, Call) and value.function == "/" and _is_sum(value.arguments[1]):  # Σxy/Σx²
            above, below = value.arguments
            return Call("/", (self.total(token, above), below), (), span)
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
        if key(token.text)[:1] == SIGMA and self.tokens[self.at + 1].kind in FACTOR:
            self.take()
            return self.over(token, mark)
        if {*mark.text} <= {*self.running} and base.text:
            self.take()
            name = "pi" if key(base.text) == ("pi",) else base.text
            self.want_no_function_of(token, name)
            return _entry(name, mark.text, token)
        if {*mark.text} <= {*self.ended}:
            raise self.left_out(token, min(self.ended[letter] for letter in mark.text))
        axes = "n,m" if token.text[:1].isupper() else "n"
        raise self.refuse(
            token,
            f"an entry with the index {mark.text} cannot be read"
            + ("" if self.running else ": the language has no index notation"),
            f'write sums as `einsum("ij,j->i", A, x)`; if {token.text} is a name, declare it: `-s {token.text}={axes}`',
        )

    def of_sigma(self, token: Token) -> Term | None:
        """Σ_c y_c log(p_c), where what stands behind Σ carries the letter below it: a sum; None where Σ is a matrix."""
        stem, *marks = key(token.text)
        factor = self.next.kind in FACTOR and not self.closes(self.next)
        if (stem,) != SIGMA or len(marks) != 1 or not factor or self.known.find(token.text) is not None:
            return None
        (index,) = marks
        if not (_INDEX.fullmatch(index) and len(index) == 1) or index in self.running:
            return None
        for behind in self.within_term():
            if behind.kind in ("name", "indexed") and index in key(behind.text)[1:]:
                return self.over(token, Token("sub", index, token.stop - 1, token.stop))
        return None

    def within_term(self) -> Iterator[Token]:
        """The tokens from here to the next + or −."""
        depth = 0
        for token in self.tokens[self.at :]:
            depth += (token.kind == "open") - (token.kind == "close")
            if depth < 0 or token.kind == "end" or (not depth and token.kind == "op" and token.text in SUMS):
                return
            yield token

    def left_out(self, token: Token, begin: int) -> InputError:
        """What to say of an entry behind the end of a sum that it may belong to."""
        depth, stop = 0, self.tokens[-1].start
        for behind in (each for each in self.tokens if each.start >= begin):
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
            self.want_no_function_of(token, plain)
            return _entry(self.known.find(plain) or plain, "".join(carried), token)
        written = unicodedata.normalize("NFKC", self.text[token.start : token.stop])
        self.want_no_index_in(token, stem, marks, written)
        for index in self.running:
            if re.search(rf"(?<![^\W_]){index}(?![^\W_])", written):
                raise self.refuse(token, f"only the index {index} of names is read here", _EINSUM)
        return None

    def want_no_function_of(self, token: Token, name: str) -> None:
        """Refuse ∑ⱼ wⱼφⱼ(x), whose φⱼ is a function: nobody puts one name in brackets to multiply by it."""
        if not self.sees("open", "(") or (self.next.space and self.blanks):
            return
        inside = self.tokens[self.at + 1 : self.closing(self.at)]
        lone = bool(inside) and inside[0].kind in ("name", "indexed") and len(inside) == 1
        stem = key(name)[0]
        if not (stem in _CALLED or (lone and stem not in _SCALARS)) or self.known.find(name) is not None:
            return
        whole, written = self.written(inside[0].start, inside[-1].stop), self.written(token.start, token.stop)
        rest = self.written(self.tokens[self.at].start, self.tokens[self.closing(self.at)].stop)
        hint = "type what it stands for, or give its value a name of its own; "
        hint += f"a product is `{written} \\cdot {rest}`" if not self.blanks else f"a product is `{written} * {rest}`"
        raise self.refuse(token, f"a function {written} of {whole} is not known here", hint)

    def want_no_index_in(self, token: Token, stem: str, marks: Sequence[str], written: str) -> None:
        r"""Refuse \alpha_{tj} under a sum over j, which is an entry of a matrix, and no number called alpha_tj."""
        for mark in marks:
            within = [index for index in self.running if index in mark]
            if not within or not _SEVERAL.fullmatch(mark) or mark in (*MARKS, *_WORDS) or _UPRIGHT.search(written):
                continue
            vector = len(mark) == 2 and len(within) == 1 and _FREE.isdisjoint({*mark} - {*within})
            parted = f"{written.partition('_')[0]}_{{{','.join(mark)}}}"
            whole = " ".join(f"{self.text[: token.start]}{parted}{self.text[token.stop :]}".split())
            own = f"for a vector {spelling(stem, tuple({*mark} - {*within}))} type `{whole}`; " * vector
            hint = f"{own}{_EINSUM}; a name is declared: `-s {token.text}=()`"
            raise self.refuse(token, f"is {mark} the indices of an entry, or a word?", hint)

    def summation(self, where: Token) -> InputError:
        return self.refuse(
            where,
            "a sum over an index cannot be read",
            f"sum the entries of a vector with `sum(x*y)`; {_EINSUM}",
        )
