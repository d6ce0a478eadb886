"""Brackets, bars and what stands inside an index."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from jacobian_cli.syntax.board.cursor import FACTOR, SUMS, Cursor
from jacobian_cli.syntax.board.marked import want_one_product
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Call, Dots, Flag, Group, Literal, Name, Slice, Term, Text, literal, parts_of

_OPENS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "⟦": "⟧", "⌊": "⌋", "⌈": "⌉"}
_NO_INDEX = frozenset("sup func bar frac sqrt root T prime group sum".split())
"""What stands in no index, so that square brackets with it hold a factor."""
_NORMS = frozenset(("1", "2", "F", "∞", "inf", "infty", "*"))
"""What stands below the bars of norms."""
_ROUNDED = {"⌊": "floor", "⌈": "ceil"}


def _column(cells: Sequence[Term], span: Span) -> Call:
    """Vectors end to end, or numbers below each other: what shapes decide where more than names stand there."""
    parts = [part for cell in cells for part in (cell, *parts_of(cell)) if isinstance(part, Call)]
    curved = any(
        part.function.isidentifier()
        or part.function == "?power"
        or (part.function == "?beside" and sum(not isinstance(a, Literal) for a in part.arguments) > 1)
        for part in parts
    )
    return Call("?column" if curved else "concat", tuple(cells), (), span)


class Brackets(Cursor):
    """Reads what is enclosed."""

    __slots__ = ()

    def close(self, opened: Token) -> Token:
        wanted = _OPENS[opened.text]
        if not self.sees("close", wanted):
            if self.sees("end"):
                written = self.text[opened.start : opened.stop]
                missing = written.replace("begin", "end", 1) if written.startswith("\\begin") else wanted
                raise self.refuse(opened, "this bracket is never closed", f"add the {missing}")
            if self.sees("close"):
                raise self.refuse(self.next, f"this closes another bracket than {opened.text}")
            raise self.stray(self.next)
        self.delimiters.pop()
        return self.take()

    def bracket(self) -> Term:
        opened = self.take()
        if opened.text == "⟦" or (opened.text == "[" and self.rowed()):
            return self.matrix(opened)
        self.delimiters.append(opened.text)
        value = self.comparison()
        if opened.text == "⟨":
            if not (self.sees("op", ",") or self.sees("bar", "|")):
                raise self.refuse(opened, "an inner product has two sides", "as in ⟨x, y⟩")
            self.take()
            other = self.comparison()
            closed = self.close(opened)
            if self.sees("sub") and self.next.text in ("F", "2"):  # of matrices, of vectors
                closed = self.take()
            return Call("?inner", (value, other), (), Span(opened.start, closed.stop))
        rows = self.rows(value)
        parts = [cell for row in rows for cell in row]
        closed = self.close(opened)
        span = Span(opened.start, closed.stop)
        if opened.text == "[" and self.blanks and all(len(row) == 1 for row in rows):
            self.want_no_blocks(parts, span)
        if opened.text == "[" and len(rows) > 1 and len(parts) > len(rows):
            return literal(rows, span)
        if len(parts) == 1:
            if self.sees("sub") and self.next.text == "+":  # [1 - y s]_+, the positive part
                mark = self.take()
                zero = Literal(Fraction(0), mark.span)
                return Call("maximum", (value, zero), (), Span(opened.start, mark.stop))
            if opened.text in _ROUNDED:
                return Call(_ROUNDED[opened.text], (value,), (), span)
            if opened.text == "[" and isinstance(value, Call) and value.function == "?beside":
                self.want_product(value, span)
                want_one_product(value.arguments, self.text, span)
            return _respanned(value, span)
        if opened.text != "[":
            raise self.refuse(span, "a list is not a value here", "end to end, vectors are `[x; y]` or `concat(x, y)`")
        return _column(parts, span)

    def want_product(self, value: Call, span: Span) -> None:
        """Refuse `[x 1]`: factors with a number behind them are a list."""
        if self.blanks and isinstance(value.arguments[-1], Literal) and not isinstance(value.arguments[0], Literal):
            listed = "; ".join(self.written(part.span.start, part.span.stop) for part in value.arguments)
            raise self.refuse(span, "is this a list, or a product?", f"end to end it is `[{listed}]`")

    def want_no_blocks(self, cells: Sequence[Term], span: Span) -> None:
        """Refuse [A B; C D] and [A b]: with blanks between them these are entries to some, and products to others."""
        parts = [self.parted(cell) for cell in cells]
        if not any(len(row) > 1 for row in parts):
            return
        products = []
        for cell in cells:
            factors = cell.arguments if isinstance(cell, Call) and cell.function == "?beside" else (cell,)
            sign = "*" if any(isinstance(factor, Literal) for factor in factors) else "@"
            products.append(sign.join(self.written(factor.span.start, factor.span.stop) for factor in factors))
        listed = f"[{'; '.join(', '.join(row) for row in parts)}]"
        if len(cells) > 1 and all(
            len(row) == 1 or _scales_function(cell) for row, cell in zip(parts, cells, strict=True)
        ):
            shown = self.written(*span)
            self.doubts.append(Doubt(f"`{shown}` is read, products below each other; a list of all is `{listed}`"))
            return
        if len(cells) == 1:
            (cell,) = cells
            assert isinstance(cell, Call)
            names = [p.arguments[0] if isinstance(p, Call) and p.function == "?T" else p for p in cell.arguments]
            capitals = [isinstance(name, Name) and name.text[:1].isupper() for name in names]
            turned = cell.arguments[0] is not names[0] and not capitals[0]  # [xᵀ y]
            if turned or not all(isinstance(name, Name) for name in names):
                return
            columns = [part if large else f"{part}[:, None]" for part, large in zip(parts[0], capitals, strict=False)]
            listed = f"concat({', '.join(columns)}, axis=1)" if any(capitals) else f"[{'; '.join(parts[0])}]"
        raise self.refuse(
            span, "is this a list, or a product?", f"a list is `{listed}`, a product `[{'; '.join(products)}]`"
        )

    def parted(self, cell: Term) -> list[str]:
        """The parts of factors side by side between which blanks stand."""
        factors = cell.arguments if isinstance(cell, Call) and cell.function == "?beside" else (cell,)
        start, found = cell.span.start, list[str]()
        for left, right in pairwise(factors):
            if self.text[left.span.stop : right.span.start].isspace():
                found.append(self.written(start, left.span.stop))
                start = right.span.start
        return [*found, self.written(start, cell.span.stop)]

    def rows(self, first: Term) -> list[list[Term]]:
        """Values up to the end of a bracket: a comma stands between those of a row, a semicolon between rows."""
        found = [[first]]
        while self.sees("op", ";") or self.sees("op", ","):
            below = self.take().text == ";"
            if self.sees("close", "⟧"):
                break  # LaTeX's last line may end like those before it
            value = self.comparison()
            if below:
                found.append([value])
            else:
                found[-1].append(value)
        return found

    def rowed(self) -> bool:
        """Whether what stands in a bracket are rows: lists with commas between them, and in them."""
        depth = 0
        for token in self.tokens[self.at :]:
            if not depth and not (token.text == "[" or (token.kind == "op" and token.text == ",")):
                return token.text == "]" and token is not self.next
            depth += (token.kind == "open") - (token.kind == "close")
            if depth == 1 and token.kind == "op" and token.text == ";":
                return False
        return False

    def matrix(self, opened: Token) -> Term:
        """Rows in brackets of their own, or LaTeX's; there a single column is end to end."""
        self.delimiters.append(opened.text)
        found: list[list[Term]] = []
        if opened.text == "⟦":
            found = self.rows(self.comparison())
        while opened.text == "[" and not self.sees("close"):
            inner = self.take()
            self.delimiters.append(inner.text)
            found += self.rows(self.comparison())
            self.close(inner)
            if self.sees("op", ","):
                self.take()
        span = Span(opened.start, self.close(opened).stop)
        if opened.text == "⟦" and max(map(len, found)) == 1:
            cells = [row[0] for row in found]
            return _respanned(cells[0], span) if len(cells) == 1 else _column(cells, span)
        return literal(found, span)

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
            if self.sees("end") or self.sees("close"):
                raise self.refuse(opened, f"this {opened.text} is never closed")
            raise self.stray(self.next)
        self.delimiters.pop()
        closed = self.take()
        span = Span(opened.start, closed.stop)
        if opened.text == "|" and not self.norm_behind():
            return Call("?bars", (value,), (), span)
        marks: list[Token] = []
        kind = ""
        while self.next.kind in ("sub", "sup") and len(marks) < 2:
            token = self.take()
            if token.kind == "sub":
                kind = "2?" if token.text == "2" and self.guessed else token.text
            else:
                marks.append(token)
        if not marks and not kind:
            self.want_no_mark_beside(opened, closed)
        term: Term = Call("?norm", (value, Text(kind, span)), (), span)
        for mark in marks:
            self.at -= 1
            term = self.raised(term, mark)
            self.at += 1
        return term

    def norm_behind(self) -> bool:
        """Whether single bars have the index of a norm: |x|₁, |X|²_F."""
        behind = self.tokens[self.at : self.at + 2]
        marks = behind if behind[0].kind == "sup" else behind[:1]
        return any(token.kind == "sub" and token.text in _NORMS for token in marks)

    def want_no_mark_beside(self, opened: Token, closed: Token) -> None:
        """Refuse ‖x‖2 and ‖X‖F, which may have been above or below the line before they were copied."""
        beside = self.next
        mark = self.text[beside.start : beside.stop]
        if beside.start != closed.stop or not (mark.isdecimal() or mark in ("F", "ꜰ")) or self.known.find(mark):
            return
        norm = self.written(opened.start, closed.stop)
        ways = {"2": ("_2", "^2"), "1": ("_1",), "F": ("_F",), "ꜰ": ("_F",), "22": ("_2^2",), "2F": ("_F^2",)}.get(
            mark, (f"^{mark}",)
        )
        hint = " or ".join(f"`{norm}{way}`" for way in ways) + f", a product `{norm}*{mark}`"
        raise self.refuse(beside, f"does {mark} belong to the norm?", f"write {hint}")

    def indexes(self) -> bool:
        """Whether a square bracket behind a value holds indices: numbers, colons, None, and no semicolon."""
        depth = 0
        for before, token in pairwise(self.tokens[self.at - 1 :]):
            apart = depth == 1 and self.blanks and token.space and before.kind == "name" and token.kind in FACTOR
            depth += (token.kind == "open") - (token.kind == "close")
            if (token.kind == "op" and token.text == ";") or token.kind in _NO_INDEX or apart:
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
            if isinstance(bounds[0], Literal):
                self.picked.append(int(bounds[0].value))
            return bounds[0]
        if len(bounds) != 2:
            raise self.refuse(start, "this index cannot be read", "as in x[0], A[:, 0], x[1:]")
        return Slice(bounds[0], bounds[1], Span(start.start, self.next.start))

    def bound(self) -> Term:
        term: Term | None = None
        while True:
            minus = self.sees("op", "-")
            if self.next.kind == "op" and self.next.text in SUMS:
                self.take()
            elif term is not None:
                return term
            part = self.run()
            if term is not None:
                term = self.call("-" if minus else "+", term, part)
            else:
                term = self.negative(part) if minus else part


def _scales_function(term: Term) -> bool:
    """Whether a product is of small letters and, at its end, a function: r cos(θ), v sin θ."""
    if not (isinstance(term, Call) and term.function == "?beside"):
        return False
    *names, last = term.arguments
    called = isinstance(last, Call) and last.function.isidentifier()
    return called and all(isinstance(part, Name) and part.text[:1].islower() for part in names)


def _respanned(term: Term, span: Span) -> Term:
    """A term with its brackets, for carets; a name keeps its own place."""
    if isinstance(term, Call):
        return Call(term.function, term.arguments, term.keywords, span)
    return term
