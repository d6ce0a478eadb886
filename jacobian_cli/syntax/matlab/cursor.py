"""Tokens of MATLAB and Julia, and a place in a list of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import Known
from jacobian_cli.syntax.tokens import OtherNotationError
from jacobian_cli.syntax.tree import Call, Term

TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|%[^\n]*|\#[^\n]*)
    |(?P<num>[0-9]+(?:\.(?![*/^\\'])[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[^\W\d][\w\u0302\u0303\u0304]*)
    |(?P<op>@\.|\.?\|>|\.\*|\./|\.\\|\.\^|\.'|\.\+|\.-|\.==|\.>=|\.<=|\.>|\.<|\.\(|==|~=|!=|>=|<=|&&|\|\||[-+*/\\^'<>=:,;()\[\]@$√⋅⊙∘⊗≤≥])
    |(?P<text>"[^"\n]*")""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class MatlabToken:
    """One sign, name or number with its place."""

    kind: str
    text: str
    start: int
    stop: int
    space: bool

    @property
    def span(self) -> Span:
        return Span(self.start, self.stop)


def tokens(text: str, at: int, pattern: re.Pattern[str] = TOKEN, *, primes: bool = True) -> list[MatlabToken]:
    """The tokens of a text from a place on; `primes` transpose what they stand behind."""
    found: list[MatlabToken] = []
    space = False
    while at < len(text):
        last = found[-1] if found else None
        value = last is not None and (last.kind in ("num", "name", "text") or last.text in (")", "]", "'", ".'"))
        if text[at] == "'" and (not value or space or not primes):
            end = text.find("'", at + 1)
            if end < 0:
                raise InputError("this quotation is never closed", text=text, span=Span(at, at + 1))
            found.append(MatlabToken("text", text[at + 1 : end], at, end + 1, space))
            at, space = end + 1, False
            continue
        match = pattern.match(text, at)
        if match is None:
            raise InputError(f"{text[at]} cannot be read here", text=text, span=Span(at, at + 1))
        kind = match.lastgroup or ""
        if kind == "space":
            space = True
        else:
            shown = match[0][1:-1] if kind == "text" else match[0]
            found.append(MatlabToken(kind, shown, at, match.end(), space))
            space = False
        at = match.end()
    end = len(text.rstrip())
    found.append(MatlabToken("end", "", end, end + 1, True))
    return found


@dataclass(slots=True)
class Cursor:
    """Reads one list of tokens."""

    tokens: list[MatlabToken]
    text: str
    known: Known
    julia: bool
    guessed: bool
    doubts: list[Doubt] = field(default_factory=list)
    vectors: list[str] = field(default_factory=list)
    """Names that stand where a vector does and nothing else may."""
    at: int = 0
    depth: int = 0
    dotted: bool = False
    """Whether a macro stands before, by which every operator and function goes entry by entry: @. x^2 * y."""
    lists: list[bool] = field(default_factory=list)
    """Whether each bracket around this place is a list, where blanks separate."""

    # ---- tokens -----------------------------------------------------------------------------------------------------

    @property
    def next(self) -> MatlabToken:
        return self.tokens[self.at]

    def take(self) -> MatlabToken:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def sees(self, *signs: str) -> bool:
        token = self.tokens[self.at]
        return token.kind == "op" and token.text in signs

    def refuse(self, where: MatlabToken | Span, message: str, hint: str | None = None) -> InputError:
        span = where if isinstance(where, Span) else where.span
        return InputError(message, text=self.text, span=span, hint=hint)

    def want(self, sign: str, opened: MatlabToken) -> MatlabToken:
        if not self.sees(sign):
            if self.next.kind == "end":
                raise self.refuse(opened, "this bracket is never closed", f"add the {sign}")
            raise self.stray()
        return self.take()

    def stray(self) -> InputError:
        token = self.next
        if token.kind == "end":
            return self.refuse(token, "the formula ends too early")
        if token.text in (")", "]"):
            return self.refuse(token, "this bracket was never opened")
        if token.text == "for":
            return self.refuse(token, "a loop in brackets cannot be read", "write it as a formula of arrays")
        if token.kind in ("name", "num") or token.text in ("(", "["):
            start = next((one.start for one in reversed(self.tokens[: self.at]) if one.kind in ("name", "num")), 0)
            product = f"{self.text[start : token.start].strip()}*{token.text}"
            message, hint = f"{token.text} cannot be read here", f"a product is written with its sign: {product}"
            if token.text == "[" and not token.space and self.tokens[self.at - 1].kind == "name":
                hint = "an entry is x(1) in MATLAB; x[1] is Julia's: --syntax julia"
            return OtherNotationError(message, text=self.text, span=token.span, hint=hint)
        return self.refuse(token, f"{token.text} cannot be read here")

    def call(self, function: str, *parts: Term) -> Call:
        return Call(function, parts, (), Span(parts[0].span.start, max(p.span.stop for p in parts)))

    def comparison(self) -> Term:
        raise NotImplementedError
