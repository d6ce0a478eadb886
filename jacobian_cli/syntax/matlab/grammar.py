"""The grammar of MATLAB and Julia: operators, lists, and entries that count from 1."""

from __future__ import annotations

import re
from itertools import pairwise

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.matlab.cursor import MatlabToken, tokens
from jacobian_cli.syntax.matlab.functions import ELSEWHERE, SAME, SPECIAL
from jacobian_cli.syntax.matlab.indices import Indices
from jacobian_cli.syntax.names import Known
from jacobian_cli.syntax.parser import defined_name, normal_name, want_short
from jacobian_cli.syntax.statements import JULIA_MODULE
from jacobian_cli.syntax.tokens import number, too_deep, want_shallow
from jacobian_cli.syntax.tree import LITERAL, Call, Definition, Literal, Name, Term, Text, literal

_COMPARISONS = {s: s.lstrip(".") for s in (">", "<", ">=", "<=", "==", ".>", ".<", ".>=", ".<=", ".==")}
_COMPARISONS |= {"~=": "!=", "!=": "!=", "≤": "<=", "≥": ">="}
_SUMS = ("+", "-", ".+", ".-")
_PRODUCTS = {
    "*": "?mtimes", "/": "?mrdivide", "\\": "?mldivide", ".*": "?each*", "./": "?each/", ".\\": "?each\\",
    "⋅": "?cdot", "⊙": "?each*", "∘": "?each*", "⊗": "kron",
}  # fmt: skip

_FUNCTION = re.compile(r"\s*([^\W\d]\w*)\s*\(\s*[^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*\s*\)\s*=(?!=)")
"""The left side of f(x, A) = x' * A * x."""


_JULIA = re.compile(
    r"\w\.\(|@\.\s|->|\|>|\b(?:dims|corrected)\s*=|√|\w\[(?:[\d:]|end\b)|\b(?:abs2|maximum|minimum)\(|\btr\("
)
"""What only Julia has."""
_ANONYMOUS = re.compile(r"\s*@\(\s*[\w\s,]*\)")
"""What stands before the formula of a function without a name: @(x) x'*A*x."""


def read(text: str, known: Known, notation: str = "matlab", guessed: bool = False) -> Definition:
    """A formula or a definition in MATLAB or Julia.

    >>> read("A*x - b", Known([])).value.function
    '?each-'
    """
    want_short(text)
    function = _FUNCTION.match(text)
    name = defined_name(text) or (normal_name(function[1]) if function else None)
    start = text.index("=") + 1 if name else 0
    if anonymous := _ANONYMOUS.match(text, start):
        start = anonymous.end()
    julia = notation == "julia"
    guessed = guessed and not (julia and (_JULIA.search(text) or JULIA_MODULE.search(text)))
    bare = JULIA_MODULE.sub(lambda module: " " * len(module[0]), text) if julia else text
    reader = Reader(tokens(bare, start), text, known, julia, guessed)
    try:
        value = want_shallow(reader.whole(), text)
    except RecursionError:
        raise too_deep(text) from None
    return Definition(name, value, text, tuple(reader.doubts), notation)


class Reader(Indices):
    """Reads one list of tokens, from the loosest to the tightest."""

    __slots__ = ()

    # ---- from the loosest to the tightest ---------------------------------------------------------------------------

    def whole(self) -> Term:
        term = self.comparison()
        while self.sees("|>", ".|>"):  # x |> sum
            dotted = self.take().text == ".|>"
            if self.next.kind != "name":
                raise self.refuse(self.next, "a function belongs behind |>", "as in `sum(x)`")
            name = self.take()
            term = self.function(name, [term], {}, Span(term.span.start, name.stop), dotted=dotted)
        if self.sees(";") and self.tokens[self.at + 1].kind == "end":
            self.take()
        if self.next.kind != "end":
            raise self.stray()
        return term

    def comparison(self) -> Term:
        left = self.sum()
        if self.next.kind == "op" and self.next.text in _COMPARISONS:
            sign = self.take()
            left = self.call(_COMPARISONS[sign.text], left, self.sum())
        return left

    def sum(self) -> Term:
        left = self.product()
        while self.next.kind == "op" and self.next.text in _SUMS and not self.separates():
            sign = self.take()
            left = self.call("?each" + sign.text, left, self.product())
        return left

    def separates(self) -> bool:
        """Inside [ ], `a -b` are two entries."""
        token = self.next
        return bool(self.lists) and self.lists[-1] and token.space and not self.tokens[self.at + 1].space

    def product(self) -> Term:
        left = self.unary()
        while self.next.kind == "op" and self.next.text in _PRODUCTS:
            sign = self.take()
            each = f".{sign.text}" if self.dotted and f".{sign.text}" in _PRODUCTS else sign.text
            left = self.call(_PRODUCTS[each], left, self.unary())
        return left

    def unary(self) -> Term:
        self.depth += 1
        if self.depth > 200:
            raise too_deep(self.text)
        if self.sees("-", "+", *([".-", ".+"] if self.julia else [])):
            sign = self.take()
            term = self.unary()
            if sign.text in ("-", ".-"):
                negative = isinstance(term, Literal)
                span = Span(sign.start, term.span.stop)
                term = (
                    Literal(-term.value, span)
                    if isinstance(term, Literal) and negative
                    else Call("u-", (term,), (), span)
                )
        else:
            term = self.power()
        self.depth -= 1
        return term

    def power(self) -> Term:
        if self.coefficient():  # 2x^2 is 2*(x^2), and 2^3x is 2^(3x)
            return self.call("?mtimes", self.atom(), self.power())
        term = self.postfixed(self.atom(), everything=True)
        signs: list[MatlabToken] = []
        while self.sees("^", ".^"):
            sign = self.take()
            signs.append(sign)
            if self.sees("-", "+"):
                minus = self.take()
                exponent = self.power() if self.julia else self.atom()
                if minus.text == "-":
                    span = Span(minus.start, exponent.span.stop)
                    exponent = (
                        Literal(-exponent.value, span)
                        if isinstance(exponent, Literal)
                        else Call("u-", (exponent,), (), span)
                    )
            elif self.julia:
                exponent = self.power()
            else:
                exponent = self.atom()
            whole = sign.text == "^" and not self.dotted
            term = self.call("?mpower" if whole else "?each**", term, exponent)
            if not self.julia:
                term = self.postfixed(term, everything=True)
        if len(signs) > 1 and not self.julia and self.how().value and not isinstance(term, Literal):
            self.doubts.append(self.from_the_left(signs, term.span))
        return term

    def from_the_left(self, signs: list[MatlabToken], span: Span) -> Doubt:
        """A power of a power, which Julia reads from the right and MATLAB from the left."""
        cuts = [span.start, *(place for sign in signs for place in sign.span), span.stop]
        first, *exponents = (self.text[a:b].strip() for a, b in zip(cuts[::2], cuts[1::2], strict=True))
        left, right = first, exponents[-1]
        for sign, exponent in zip(signs, exponents, strict=True):
            left = f"{left if left is first else f'({left})'}{sign.text}{exponent}"
        for sign, exponent in reversed([*zip(signs[1:], exponents, strict=False)]):
            minus = exponent[0] if exponent[0] in "-+" else ""
            right = f"{minus}({exponent.lstrip('-+')}{sign.text}{right})"
        other = f"{first}{signs[0].text}{right if right[0] == '(' else f'({right})'}"
        return Doubt(f"`{left}` is read, powers from the left as in MATLAB; Julia's is `{other}`, from the right")

    def coefficient(self) -> bool:
        """Whether a number is multiplied with what stands right behind it, as in Julia."""
        behind = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        factor = behind.kind == "name" or (behind.kind == "op" and behind.text in ("(", "√"))
        return self.julia and self.next.kind == "num" and factor and not behind.space

    def postfixed(self, term: Term, *, everything: bool) -> Term:
        while everything and self.sees("'", ".'"):
            if self.next.space and self.lists and self.lists[-1]:
                return term
            token = self.take()
            term = Call(".T", (term,), (), Span(term.span.start, token.stop))
            if self.julia and self.next.kind == "name" and not self.next.space:  # A'x
                return self.call("?mtimes", term, self.power())
        return term

    # ---- atoms ------------------------------------------------------------------------------------------------------

    def atom(self) -> Term:
        token = self.next
        if self.sees("@."):
            self.take()
            outside, self.dotted = self.dotted, True
            term = self.comparison()
            self.dotted = outside
            return term
        if self.dotted and self.sees("$") and self.tokens[self.at + 1].kind == "name":  # this one without a dot
            self.take()
            self.dotted = False
            term = self.name()
            self.dotted = True
            return term
        if token.kind == "num":
            self.take()
            if self.next.text in ("i", "j", "im") and not self.next.space and self.known.find(self.next.text) is None:
                hint = f"a product is {token.text}*{self.next.text}"
                raise self.refuse(token, "complex numbers are not in the language", hint)
            return Literal(number(token.text.rstrip("."), self.text, token.span), token.span)
        if token.kind == "name":
            return self.name()
        if token.kind == "text":
            self.take()
            return Text(token.text, token.span)
        if self.sees("("):
            opened = self.take()
            self.lists.append(False)
            term = self.comparison()
            self.lists.pop()
            closed = self.want(")", opened)
            span = Span(opened.start, closed.stop)
            whole = Call(term.function, term.arguments, term.keywords, span) if isinstance(term, Call) else term
            return self.picked(whole)
        if self.sees("["):
            return self.picked(self.listed())
        if self.sees("√"):
            self.take()
            inner = self.postfixed(self.atom(), everything=True)
            return Call("sqrt", (inner,), (), Span(token.start, inner.span.stop))
        if self.sees(">") and self.at and self.tokens[self.at - 1].text == "-" and not token.space:
            raise self.refuse(token, "a function with -> cannot be read", "type its formula alone, as in `x.^2`")
        if token.kind == "op" and token.text not in (")", "]"):
            raise self.refuse(token, f"a value belongs before {token.text}" if self.at else "a value belongs here")
        raise self.stray()

    def listed(self) -> Term:
        """[x; y] end to end; [A, B] side by side."""
        opened = self.take()
        self.lists.append(True)
        rows: list[list[Term]] = [[]]
        while not self.sees("]"):
            if self.next.kind == "end":
                raise self.refuse(opened, "this bracket is never closed", "add the ]")
            if self.sees(";"):
                self.take()
                rows.append([])
                continue
            if self.sees(","):
                self.take()
                continue
            rows[-1].append(self.comparison())
        self.lists.pop()
        closed = self.take()
        span = Span(opened.start, closed.stop)
        if not any(rows) and self.lists:
            return Text("[]", span)
        if not any(rows):
            raise self.refuse(span, "nothing stands in these brackets")
        numbers = all(isinstance(cell, Literal) for row in rows for cell in row)
        if all(len(row) == 1 for row in rows):
            parts = tuple(row[0] for row in rows)
            return parts[0] if len(parts) == 1 else Call(LITERAL if numbers else "concat", parts, (), span)
        if len(rows) == 1 and numbers:
            return Call(".T", (Call(LITERAL, tuple(rows[0]), (), span),), (), span)
        if len(rows) == 1:
            self.side_by_side(rows[0], span)
            return Call("?column_stack", tuple(rows[0]), (), span)
        return literal([row for row in rows if row], span)

    def side_by_side(self, cells: list[Term], span: Span) -> None:
        """Say that what stands in brackets with blanks is no product or difference, where MATLAB is a guess."""
        written = self.text[span.start : span.stop]
        if not self.how().value or "," in written:
            return
        other = self.text[cells[0].span.start : cells[0].span.stop]
        for before, cell in pairwise(cells):
            value = self.text[cell.span.start : cell.span.stop]
            sign = self.text[before.span.stop : cell.span.stop].strip()[0]
            other += f" {sign} {value.lstrip('-+')}" if sign in "-+" else f"@{value}"
        what = f"`{written}` is read as MATLAB has it, side by side"
        self.doubts.append(Doubt(f"{what}; what is no list stands in round brackets: `({other})`"))

    def name(self) -> Term:
        token = self.take()
        dotted = self.sees(".(")
        if dotted or (self.sees("(") and not (self.next.space and self.lists and self.lists[-1])):
            if dotted or not self.is_value(token.text):
                return self.picked(self.applied(token, dotted=dotted))
            return self.picked(self.entries(self.called(token), ")"))
        if token.text == "end" and token.text not in self.known.names:
            raise self.refuse(token, "end stands for a place in brackets alone here", "as in x(end) and x(1:end-1)")
        name = self.called(token)
        if token.text == "I" and self.known.find("I") is None and (self.julia or self.guessed):
            return Call("?eye", (), (), token.span)
        if self.sees("[") and self.julia and not self.next.space:
            return self.entries(name, "]")
        return name

    def called(self, token: MatlabToken) -> Name:
        name = self.known.find(token.text) or token.text
        return Name(normal_name(name), token.span)

    def is_value(self, name: str) -> bool:
        """Whether a name before a bracket is an array of which entries are taken: A(1, :)."""
        if name in self.known.names:
            return True
        if name in self.known.functions or name in SAME or name in SPECIAL or name in ELSEWHERE:
            return False
        return self.places_inside()
