"""Brackets, bars and what stands inside an index."""

from __future__ import annotations

from jacobian_cli.syntax.board.cursor import SUMS, Cursor
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Call, Dots, Flag, Group, Literal, Slice, Term, Text

_OPENS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩"}


class Brackets(Cursor):
    """Reads what is enclosed."""

    __slots__ = ()

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
        parts, signs = [value], set[str]()
        while self.sees("op", ";") or self.sees("op", ","):
            signs.add(self.take().text)
            parts.append(self.comparison())
        closed = self.close(opened)
        span = Span(opened.start, closed.stop)
        if len(signs) > 1:
            raise self.refuse(span, "a matrix is not written so here", "row by row it is `[[a, b], [c, d]]`")
        if len(parts) == 1:
            if opened.text == "[" and isinstance(value, Call) and value.function == "?beside":
                self.want_product(value, span)
            return _respanned(value, span)
        if opened.text != "[":
            raise self.refuse(span, "a list is not a value here", "end to end, vectors are `[x; y]` or `concat(x, y)`")
        return Call("concat", tuple(parts), (), span)

    def want_product(self, value: Call, span: Span) -> None:
        """Refuse `[x 1]`: factors with a number behind them are a list."""
        if self.blanks and isinstance(value.arguments[-1], Literal) and not isinstance(value.arguments[0], Literal):
            listed = "; ".join(self.written(part.span.start, part.span.stop) for part in value.arguments)
            raise self.refuse(span, "is this a list, or a product?", f"end to end it is `[{listed}]`")

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
                kind = "2?" if token.text == "2" and self.guessed else token.text
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
            if self.next.kind == "op" and self.next.text in SUMS:
                self.take()
            elif term is not None:
                return term
            part = self.run()
            if term is not None:
                term = self.call("-" if minus else "+", term, part)
            else:
                term = self.negative(part) if minus else part


def _respanned(term: Term, span: Span) -> Term:
    """A term with its brackets, for carets; a name keeps its own place."""
    if isinstance(term, Call):
        return Call(term.function, term.arguments, term.keywords, span)
    return term
