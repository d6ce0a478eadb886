"""Entries, rows and ranges as MATLAB, Julia and R pick them: counted from 1, the last one included."""

from __future__ import annotations

from fractions import Fraction

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.matlab.cursor import MatlabToken
from jacobian_cli.syntax.matlab.functions import Functions
from jacobian_cli.syntax.tree import Call, Group, Literal, Name, Slice, Term

_END = "?end"
"""A place counted from the end: `end - 1` with 1."""
_COUNTED = {"?each+": "+", "?each-": "-", "?each*": "*", "?mtimes": "*", "?each/": "/", "?mrdivide": "/"}
"""Operators as sizes have them."""
_FROM_END = "a place counted from the end cannot be read", "as in `x[-2]`"


class Indices(Functions):
    """Reads what stands in the brackets behind an array."""

    __slots__ = ()

    def picked(self, value: Term) -> Term:
        """What is picked of a value right behind it: sum(A)(1) in Octave, (A*x)[2] in Julia."""
        while self.sees("[" if self.julia else "(") and not self.next.space:
            if self.julia:
                value = self.entries(value, "]")
                continue
            if not self.places_inside():
                return value
            inside, before = self.bracketed(), value.span
            value = self.entries(value, ")")
            if self.how().value and len(inside) == 1 and inside[0].kind == "num":
                written, whole = (self.text[span.start : span.stop] for span in (value.span, before))
                what = f"`{written}` is read as an entry, as in Octave"
                self.doubts.append(Doubt(f"{what}; a product is `{inside[0].text}*{whole}`"))
        return value

    def places_inside(self) -> bool:
        """Whether what stands in the bracket that opens here can only be places: 1, :."""
        inside = self.bracketed()
        ranged = any(token.text in (":", "end") for token in inside)
        numbers = all(token.kind == "num" or token.text in (",", "[", "]") for token in inside)
        return bool(inside) and (ranged or (numbers and not self.julia))

    def bracketed(self) -> list[MatlabToken]:
        """What stands in the round bracket that opens here, without what stands in further ones."""
        found: list[MatlabToken] = []
        depth = 0
        for token in self.tokens[self.at :]:
            depth -= token.kind == "op" and token.text == ")"
            if depth == 0 and token.text == ")":
                return found
            if depth == 1:
                found.append(token)
            depth += token.kind == "op" and token.text in ("(", ".(")
        return []

    def entries(self, value: Term, closing: str) -> Term:
        """A(1, :), counted from 1."""
        opened = self.take()
        self.lists.append(False)
        picks: list[Term] = []
        while not self.sees(closing):
            picks.append(self.pick(closing))
            if not self.sees(","):
                break
            self.take()
        self.lists.pop()
        span = Span(value.span.start, self.want(closing, opened).stop)
        if not picks:
            raise self.refuse(span, "which entry?", "the first is x(1)")
        match picks:
            case [Slice(start=None, stop=None, step=None)]:
                return Call("?vec", (value,), (), span)
            case [alone]:
                return Call("?places", (value, alone), (), span)
            case [Group() as rows, Group() as columns]:  # a block, where lists would be pairs
                every = Slice(None, None, span)
                value = Call("[]", (value, Group((rows, every), span)), (), span)
                picks = [every, columns]
            case [Literal() | Name() | Call() as first, (Slice() | Group())] if closing == ")":  # a row stays a row
                picks[0] = Slice(first, None if _is_last(first) else _moved(first, 1), first.span)
        return Call("[]", (value, Group(tuple(picks), span)), (), span)

    def pick(self, closing: str) -> Term:
        """A place, a list of places, or a range."""
        start = self.next
        if self.sees("["):
            return self.listed_places()
        bounds = [None if self.sees(":") else self.place(closing)]
        while self.sees(":") and len(bounds) < 3:
            self.take()
            bounds.append(None if self.sees(",", closing) else self.place(closing))
        span = Span(start.start, self.next.start)
        match bounds:
            case [Call(function="?flatly", arguments=items) as made]:  # c(1, 3)
                return self.places([self.less(item) for item in items], made.span)
            case [first] if first is not None:
                return self.less(first)
            case [first, Literal(value=step), last] if step.denominator == 1 and step:
                return self.ranged(first, last, int(step), span)
            case [first, last]:
                return self.ranged(first, last, 1, span)
        raise self.refuse(span, "a range is read whose step is a whole number", "as in x(1:2:end)")

    def listed_places(self) -> Term:
        """[1 3], or a range in brackets."""
        opened = self.take()
        self.lists.append(True)
        items: list[Term] = []
        while not self.sees("]"):
            if self.next.kind == "end":
                raise self.refuse(opened, "this bracket is never closed", "add the ]")
            if self.sees(",", ";"):
                self.take()
            else:
                items.append(self.pick("]"))
        self.lists.pop()
        return self.places(items, Span(opened.start, self.take().stop))

    def places(self, items: list[Term], span: Span) -> Term:
        """Several places in a list."""
        if len(items) == 1 and isinstance(items[0], Slice | Group):
            return items[0]
        if not items or not all(isinstance(item, Literal) for item in items):
            raise self.refuse(span, "a list of places holds numbers here", "as in x([1 3])")
        return Group(tuple(items), span, square=True)

    def place(self, closing: str) -> Term:
        if self.next.kind == "name" and self.next.text == "end":
            token = self.take()
            back = Literal(Fraction(0), token.span)
            if self.sees("-") and not self.separates():
                self.take()
                counted = self.postfixed(self.atom(), everything=False)
                if isinstance(counted, Literal):
                    back = counted
            listed = bool(self.lists) and self.lists[-1] and self.next.space
            if not (self.sees(":", ",", ";", closing) or listed):
                raise self.refuse(token, *_FROM_END)
            return Call(_END, (back,), (), token.span)
        return _counted(self.sum())

    def less(self, term: Term) -> Term:
        """A place as it is counted from 0."""
        if (back := _from_end(term)) is not None:
            return Literal(-1 - back, term.span)
        if isinstance(term, Literal) and term.value < 1:
            raise self.refuse(term.span, "entries count from 1 here", "the first is `x[0]` in the language")
        return _moved(term, -1)

    def ranged(self, first: Term | None, last: Term | None, step: int, span: Span) -> Slice:
        """first:step:last, which includes the last one."""
        self.want_some(first, last, step, span)
        start = None if first is None else self.less(first)
        by = None if step == 1 else Literal(Fraction(step), span)
        back = None if last is None else _from_end(last)
        if step < 0:
            start = None if start is not None and _is_last(start) else start
            if back is not None:
                stop: Term | None = Literal(-2 - back, span)
            elif isinstance(last, Literal):
                stop = Literal(last.value - 2, span) if last.value > 1 else None
            else:
                raise self.refuse(span, "where a range ends that runs backwards is a number here", "as in x(end:-1:1)")
            return Slice(start, stop, span, by)
        start = None if isinstance(start, Literal) and start.value == 0 else start
        if back is not None:
            last = Literal(-back, span) if back else None
        return Slice(start, last, span, by)

    def want_some(self, first: Term | None, last: Term | None, step: int, span: Span) -> None:
        """Refuse a range that runs the other way than its step, and holds nothing."""
        if first is None or last is None:
            return
        ends = _from_end(first), _from_end(last)
        match first, last:
            case Literal(value=a), Literal(value=b):
                empty = (b - a) * step < 0
            case _ if ends[0] is not None and ends[1] is not None:
                empty = (ends[0] - ends[1]) * step < 0
            case _:
                empty = (ends[0] is not None and step > 0) or (ends[1] is not None and step < 0)
        if empty:
            raise self.refuse(span, "this range holds nothing", "what runs backwards is x(end:-1:1)")

    def separates(self) -> bool:
        raise NotImplementedError

    def sum(self) -> Term:
        raise NotImplementedError

    def atom(self) -> Term:
        raise NotImplementedError

    def postfixed(self, term: Term, *, everything: bool) -> Term:
        raise NotImplementedError


def _from_end(term: Term) -> Fraction | None:
    """How far before the last entry a place is."""
    match term:
        case Call(function="?end", arguments=(Literal(value=back),)):
            return back
    return None


def _is_last(term: Term) -> bool:
    return isinstance(term, Literal) and term.value == -1


def _counted(term: Term) -> Term:
    """A place with the operators of sizes: k + 1."""
    match term:
        case Call(function=function, arguments=(a, b)) if function in _COUNTED:
            return Call(_COUNTED[function], (_counted(a), _counted(b)), (), term.span)
    return term


def _moved(term: Term, by: int) -> Term:
    """A place so many further: k of k + 1 and -1."""
    base, total = term, Fraction(by)
    match term:
        case Literal(value=value):
            return Literal(value + by, term.span)
        case Call(function="+" | "-" as sign, arguments=(inner, Literal(value=value))):
            base, total = inner, (value if sign == "+" else -value) + by
    if not total:
        return base
    return Call("+" if total > 0 else "-", (base, Literal(abs(total), term.span)), (), term.span)
