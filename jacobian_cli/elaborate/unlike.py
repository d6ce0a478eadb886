"""Sums and quotients of what is unlike: of a matrix and a vector or a number, which fit by broadcasting alone."""

from __future__ import annotations

import re
from typing import NamedTuple

from jacobian_cli.elaborate.factor_shapes import is_row
from jacobian_cli.elaborate.habits import habit, holds_samples, holds_weights, of_step
from jacobian_cli.elaborate.shaped import Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.elaborate.transposes import Transposes
from jacobian_cli.elaborate.trees import call_of
from jacobian_cli.expr import Expr
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Flag, Group, Literal, Name, Slice, Term, terms_in

_WORD = re.compile(r"(?<![^\W_])[A-Z]{2,6}(?![\w^'ᵀ])")
"""Capitals that may be one name."""


class _Side(NamedTuple):
    """One side of a sum: as it was typed, what it is, and what it has become."""

    typed: Term
    expr: Expr
    plain: Term

    @property
    def matrix(self) -> bool:
        return len(self.expr.shape) == 2 and not is_row(self.expr.shape)


class Unlike(Transposes):
    """Types sums and quotients in mathematics."""

    def build(self, term: Term) -> Expr:
        if self.upright and isinstance(term, Call) and term.function == "/":
            self.want_lengths_below(term)
        expr = super().build(term)
        if self.upright and isinstance(term, Call) and term.function == "/":
            self.want_no_matrix_below(term)
        return expr

    def want_lengths_below(self, term: Call) -> None:
        """A·B/(‖A‖‖B‖): what has a length is a vector, whatever its letter."""
        above, below = term.arguments
        match below:
            case Call(function="?bars", arguments=(Name(text=name),)) if self.assumed.get(name) == 2:
                if name in names_in(above):  # F/|F|
                    self.strained(name, 1)
        if not (isinstance(above, Call) and above.function == "?dot"):
            return
        norms = [part for part in terms_in(below) if isinstance(part, Call) and part.function == "?norm"]
        measured = {part.text for norm in norms for part in norm.arguments if isinstance(part, Name)}
        if all(isinstance(part, Name) and part.text in measured for part in above.arguments):
            names = [name for name in names_in(above) if self.assumed.get(name) == 2]
            if names:
                self.strained(names[0], 1, *names[1:])
            self.certain.add(id(above))
            self.held |= {name for name in names_in(above) if self.assumed.get(name) == 1 and habit(name) == 2}

    def want_like(self, sign: str, term: Call, left: Typed, right: Typed) -> None:
        """Ask what a matrix beside a vector or a number is, where nothing is declared of what makes it one."""
        sides = [_Side(part, *typed) for part, typed in zip(term.arguments, (left, right), strict=True)]
        if not self.upright or all(name not in self.assumed for name in names_in(term)):
            return
        for matrix, other in (sides, sides[::-1]):
            if matrix.matrix and len(other.expr.shape) == 1:
                self.want_column_beside(sign, term, matrix, other)
            elif matrix.matrix and not other.expr.shape and not isinstance(other.plain, Literal):
                self.want_number_beside(sign, term, matrix, other)

    def want_column_beside(self, sign: str, term: Call, matrix: _Side, vector: _Side) -> None:
        """Ax + B and RX + t: what stands at the end of a product is a vector where it is added to one. The bias of
        samples in rows is not asked about: XW + b.
        """
        first, last, several = _ends(matrix.typed)
        if several and last is not None and holds_weights(last) and (first is None or holds_samples(first)):
            return  # a lower-case name that is taken for a matrix is warned of anyway
        name = last if last is not None and isinstance(_last(matrix.typed), Name) else ""
        if name and self.assumed.get(name) == habit(name) == 2 and (several or not isinstance(vector.typed, Name)):
            self.strained(name, 1)
        column = _column(vector.plain)
        sides = (matrix.plain, column) if matrix.typed is term.arguments[0] else (column, matrix.plain)
        what = f"`{spelled(vector.plain)}` is added to each row of `{spelled(matrix.plain)}`"
        declared = f"; if {name} is a vector, declare it: `-s {name}=n`" if self.assumed.get(name) == 2 else ""
        self.doubt(f"{what}; to each column it is `{spelled(call_of(sign, *sides))}`{declared}")

    def want_number_beside(self, sign: str, term: Call, matrix: _Side, number: _Side) -> None:
        """xᵀAx + C: a capital is a number where it is added to one that is made of vectors. K + λ is asked about, and
        λ KL + ‖x‖² is refused.
        """
        if self.less_its_own(matrix.typed, number.typed):
            return
        made = any(self.build(Name(name, term.span)).shape for name in names_in(number.typed))
        shown, other = spelled(matrix.plain), spelled(number.plain)
        if made and (name := _only(matrix.typed)) and self.assumed.get(name) == 2:
            self.strained(name, 0)
        if made and not isinstance(_last(_above(matrix.typed)), Call):
            ways = [f"`-s {name}=()`" for name in names_in(matrix.typed) if self.assumed.get(name) == 2]
            hint = f"numbers are declared: {' '.join(ways[:4])}"
            if words := _WORD.findall(self.text, *matrix.typed.span):
                said = " ".join(f"`-s {word}=()`" for word in words)
                hint = f"if {' and '.join(words)} is one name, declare it: {said}; {hint}"
            every = f"entry by entry it is `{spelled(call_of(sign, *(self.plain(a) for a in term.arguments)))}`"
            message = "a matrix is added to a number"
            raise self.error(matrix.typed.span, message, f"{hint}; {every} in the language" if ways else every)
        eye = call_of("*", number.plain, call_of("eye", Name("n", term.span)))
        sides = (matrix.plain, eye) if matrix.typed is term.arguments[0] else (eye, matrix.plain)
        identity = spelled(call_of(sign, *sides))
        self.doubt(f"`{other}` is added to every entry of `{shown}`; on the diagonal it is `{identity}`")

    def less_its_own(self, matrix: Term, number: Term) -> bool:
        """Whether a name of a matrix meets a function of it, X - mean(X); |X - mean(X)| is no determinant."""
        own = number.arguments if isinstance(number, Call) else ()
        bars = "|" in self.text.replace("||", "")
        return isinstance(matrix, Name) and not bars and [*map(_named, own)] == [matrix.text]

    def want_same_shape(self, term: Call, left: Typed, right: Typed) -> None:
        """o ⊙ tanh(C): a capital is a vector where it is multiplied entry by entry with one, if it is that of a step or
        stands in a function of its entries; X ⊙ m is asked about.
        """
        sides = [_Side(part, *typed) for part, typed in zip(term.arguments, (left, right), strict=True)]
        if not self.upright or all(name not in self.assumed for name in names_in(term)):
            return
        for matrix, vector in (sides, sides[::-1]):
            name, order = _only(matrix.typed), len(matrix.expr.shape)
            open_one = habit(name) == 2 and self.assumed.get(name) == order
            if order == len(vector.expr.shape) == 1 and of_step(name):
                self.held.add(name)
            if len(vector.expr.shape) != 1 or not (matrix.matrix or (open_one and not order)):
                continue
            if open_one and (of_step(name) or not isinstance(matrix.typed, Name)):
                self.strained(name, 1)
            if not order:
                continue
            column = _column(vector.plain)
            other = (matrix.plain, column) if matrix.typed is term.arguments[0] else (column, matrix.plain)
            taken = spelled(call_of("*", *(self.plain(part) for part in term.arguments)))
            declared = f"; if {name} is a vector, declare it: `-s {name}=n`" if open_one else ""
            rows = f"`{taken}` is read, with each row of `{spelled(matrix.plain)}`"
            self.doubt(f"{rows}; with each column it is `{spelled(call_of('*', *other))}`{declared}")

    def want_no_matrix_below(self, term: Call) -> None:
        """Refuse Ea/(RT) with a vector above a product of matrices."""
        above, below = (_Side(part, self.build(part), self.plain(part)) for part in term.arguments)
        if len(above.expr.shape) != 1 or not below.matrix or elementwise_call(below.plain):
            return
        names = [name for name in names_in(term) if self.assumed.get(name) == 2]
        if not names:
            return
        inverse = spelled(call_of("@", call_of("inv", below.plain), above.plain))
        hint = f"numbers are declared: {' '.join(f'`-s {name}=()`' for name in names[:4])}"
        if word := next((w for part in term.arguments if (w := self.word_around(_last(part).span))), ""):
            hint += f"; if {word} is one name, declare it: `-s {word}=()`"
        raise self.error(term.span, "a vector is divided by a matrix", f"{hint}; with the inverse it is `{inverse}`")


def elementwise_call(term: Term) -> bool:
    return isinstance(term, Call) and elementwise(term)


def _column(vector: Term) -> Call:
    """A vector as a matrix of one column."""
    span: Span = vector.span
    return Call("[]", (vector, Group((Slice(None, None, span), Flag(None, span)), span)), (), span)


def _last(term: Term) -> Term:
    """The last factor of a product."""
    while isinstance(term, Call) and term.function in ("?beside", "?dot", "?star", "@", "u-"):
        term = term.arguments[-1]
    return term


def _above(term: Term) -> Term:
    """What stands above a line, and the whole where there is none."""
    while isinstance(term, Call) and term.function in ("/", "u-"):
        term = term.arguments[0]
    return term


def _first(term: Term) -> Term:
    """The first factor of a product that is no number."""
    while isinstance(term, Call) and term.function in ("?beside", "?dot", "?star", "@", "u-"):
        large = [part for part in term.arguments if not _scales(part)]
        term = large[0] if large else term.arguments[-1]
    return term


def _scales(term: Term) -> bool:
    return isinstance(term, Literal) or (isinstance(term, Name) and habit(term.text) == 0)


def _only(term: Term) -> str:
    """The name that a part is made of entry by entry: J in μ ln J."""
    while isinstance(term, Call) and (elementwise(term) or term.function in ("?beside", "?dot", "?power")):
        large = [part for part in term.arguments if not _scales(part)]
        if len(large) != 1:
            break
        (term,) = large
    return term.text if isinstance(term, Name) else ""


def _ends(term: Term) -> tuple[str | None, str | None, bool]:
    """The names of the first and the last factor of a product, none for what is computed; whether it has several."""
    first, last = _first(term), _last(term)
    return _named(first), _named(last), first is not last


def _named(term: Term) -> str | None:
    """The name that a factor is, transposed or not."""
    while isinstance(term, Call) and term.function in ("?T", ".T", "?power"):
        term = term.arguments[0]
    return term.text if isinstance(term, Name) else None
