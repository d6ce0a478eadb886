"""MATLAB and Julia: `*` is the matrix product, `.*` goes entry by entry, indices count from 1."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import Known
from jacobian_cli.syntax.parser import defined_name, normal_name
from jacobian_cli.syntax.tokens import OtherNotationError, number, too_deep, want_shallow, want_short
from jacobian_cli.syntax.tree import Call, Definition, Flag, Group, Literal, Name, Slice, Term, Text

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|%[^\n]*|\#[^\n]*)
    |(?P<num>[0-9]+(?:\.(?![*/^\\'])[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[^\W\d][\w\u0302\u0303\u0304]*)
    |(?P<op>\.\*|\./|\.\\|\.\^|\.'|\.\+|\.-|\.==|\.>=|\.<=|\.>|\.<|\.\(|==|~=|!=|>=|<=|&&|\|\||[-+*/\\^'<>=:,;()\[\]@√⋅⊙∘⊗≤≥])
    |(?P<text>"[^"\n]*")""",
    re.VERBOSE,
)
_COMPARISONS = {s: s.lstrip(".") for s in (">", "<", ">=", "<=", "==", ".>", ".<", ".>=", ".<=", ".==")}
_COMPARISONS |= {"~=": "!=", "!=": "!=", "≤": "<=", "≥": ">="}
_SUMS = {"+": "+", "-": "-", ".+": "+", ".-": "-"}
_PRODUCTS = {
    "*": "?mtimes", "/": "?mrdivide", "\\": "?mldivide", ".*": "?each*", "./": "?each/", ".\\": "?each\\",
    "⋅": "?dot", "⊙": "?each*", "∘": "?each*", "⊗": "kron",
}  # fmt: skip
_SAME = {
    "tr": "trace", "abs2": "square", "σ": "sigmoid", "logistic": "sigmoid", "norm2": "norm", "swish": "silu",
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "log": "log", "sum": "sum", "chol": "cholesky",
    "ln": "log", "tril": "tril", "triu": "triu", "logabsdet": "logdet", "leakyrelu": "leaky_relu",
}  # fmt: skip
"""Functions of the language under the names that they have here."""
_COLUMNS = frozenset("sum mean prod var std cumsum".split())
"""Functions that MATLAB applies to each column of a matrix."""
_WITHOUT = frozenset(("eye",))
"""Functions that may stand without an argument."""
_ELSEWHERE = {
    "reshape": "entries are rearranged row by row in the language, column by column here; declare the reshaped one",
    "eig": "it is not in the language",
    "svd": "it is not in the language",
    "pinv": "of full column rank it is `inv(A.T@A)@A.T`",
    "rand": "random numbers are no formula",
    "randn": "random numbers are no formula",
    "expm": "the matrix exponential is not in the language",
    "logm": "the matrix logarithm is not in the language",
    "sqrtm": "the square root of a matrix is not in the language",
    "repmat": "`ones(n)@x.T` holds x in each of n rows",
    "cross": "it is not in the language",
}


def read(text: str, known: Known, notation: str = "matlab", guessed: bool = False) -> Definition:
    """A formula or a definition in MATLAB or Julia.

    >>> read("A*x - b", Known([])).value.function
    '?each-'
    """
    want_short(text)
    name = defined_name(text)
    start = text.index("=") + 1 if name else 0
    reader = _Reader(_tokens(text, start), text, known, notation == "julia", guessed)
    try:
        value = want_shallow(reader.whole(), text)
    except RecursionError:
        raise too_deep(text) from None
    return Definition(name, value, text, tuple(reader.doubts), notation)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    stop: int
    space: bool

    @property
    def span(self) -> Span:
        return Span(self.start, self.stop)


def _tokens(text: str, at: int) -> list[_Token]:
    found: list[_Token] = []
    space = False
    while at < len(text):
        last = found[-1] if found else None
        value = last is not None and (last.kind in ("num", "name", "text") or last.text in (")", "]", "'", ".'"))
        if text[at] == "'" and (not value or space):
            end = text.find("'", at + 1)
            if end < 0:
                raise InputError("this quotation is never closed", text=text, span=Span(at, at + 1))
            found.append(_Token("text", text[at + 1 : end], at, end + 1, space))
            at, space = end + 1, False
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise InputError(f"{text[at]} cannot be read here", text=text, span=Span(at, at + 1))
        kind = match.lastgroup or ""
        if kind == "space":
            space = True
        else:
            shown = match[0][1:-1] if kind == "text" else match[0]
            found.append(_Token(kind, shown, at, match.end(), space))
            space = False
        at = match.end()
    end = len(text.rstrip())
    found.append(_Token("end", "", end, end + 1, True))
    return found


@dataclass(slots=True)
class _Reader:
    tokens: list[_Token]
    text: str
    known: Known
    julia: bool
    guessed: bool
    doubts: list[Doubt] = field(default_factory=list)
    at: int = 0
    depth: int = 0

    # ---- tokens -----------------------------------------------------------------------------------------------------

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def sees(self, *signs: str) -> bool:
        token = self.tokens[self.at]
        return token.kind == "op" and token.text in signs

    def refuse(self, where: _Token | Span, message: str, hint: str | None = None) -> InputError:
        span = where if isinstance(where, Span) else where.span
        return InputError(message, text=self.text, span=span, hint=hint)

    def want(self, sign: str, opened: _Token) -> _Token:
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
        if token.kind in ("name", "num") or token.text in ("(", "["):
            message, hint = f"{token.text} cannot be read here", "a product is written A*x"
            return OtherNotationError(message, text=self.text, span=token.span, hint=hint)
        return self.refuse(token, f"{token.text} cannot be read here")

    # ---- from the loosest to the tightest ---------------------------------------------------------------------------

    def whole(self) -> Term:
        term = self.comparison()
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
            left = self.call("?each" + _SUMS[sign.text], left, self.product())
        return left

    def separates(self) -> bool:
        """Inside [ ], `a -b` are two entries."""
        token = self.next
        return bool(self.lists) and self.lists[-1] and token.space and not self.tokens[self.at + 1].space

    lists: list[bool] = field(default_factory=list)

    def product(self) -> Term:
        left = self.unary()
        while self.next.kind == "op" and self.next.text in _PRODUCTS:
            sign = self.take()
            left = self.call(_PRODUCTS[sign.text], left, self.unary())
        return left

    def unary(self) -> Term:
        self.depth += 1
        if self.depth > 200:
            raise too_deep(self.text)
        if self.sees("-", "+"):
            sign = self.take()
            term = self.unary()
            if sign.text == "-":
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
        term = self.postfixed(self.atom(), everything=True)
        while self.sees("^", ".^"):
            sign = self.take()
            if self.sees("-", "+"):
                minus = self.take()
                exponent = self.postfixed(self.atom(), everything=self.julia)
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
            term = self.call("?mpower" if sign.text == "^" else "?each**", term, exponent)
            if not self.julia:
                term = self.postfixed(term, everything=True)
        return term

    def postfixed(self, term: Term, *, everything: bool) -> Term:
        while everything and self.sees("'", ".'"):
            if self.next.space and self.lists and self.lists[-1]:
                return term
            token = self.take()
            term = Call(".T", (term,), (), Span(term.span.start, token.stop))
        return term

    def call(self, function: str, *parts: Term) -> Call:
        return Call(function, parts, (), Span(parts[0].span.start, max(p.span.stop for p in parts)))

    # ---- atoms ------------------------------------------------------------------------------------------------------

    def atom(self) -> Term:
        token = self.next
        if token.kind == "num":
            self.take()
            value = Literal(number(token.text.rstrip("."), self.text, token.span), token.span)
            if self.julia and not self.next.space and (self.next.kind == "name" or self.sees("(")):
                return self.call("?mtimes", value, self.postfixed(self.atom(), everything=True))
            return value
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
            return Call(term.function, term.arguments, term.keywords, span) if isinstance(term, Call) else term
        if self.sees("["):
            return self.listed()
        if self.sees("√"):
            self.take()
            inner = self.postfixed(self.atom(), everything=True)
            return Call("sqrt", (inner,), (), Span(token.start, inner.span.stop))
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
        if not any(rows):
            raise self.refuse(span, "nothing stands in these brackets")
        if all(len(row) == 1 for row in rows):
            parts = tuple(row[0] for row in rows)
            return parts[0] if len(parts) == 1 else Call("concat", parts, (), span)
        if len(rows) == 1:
            return Call("?column_stack", tuple(rows[0]), (), span)
        raise self.refuse(span, "a matrix of entries is not read", "declare a variable for it")

    def name(self) -> Term:
        token = self.take()
        dotted = self.sees(".(")
        if dotted or (self.sees("(") and not (self.next.space and self.lists and self.lists[-1])):
            if dotted or not self.is_value(token.text):
                return self.applied(token, dotted=dotted)
            return self.entries(self.called(token), ")")
        name = self.called(token)
        if token.text == "I" and self.known.find("I") is None and self.julia:
            return Call("?eye", (), (), token.span)
        if self.sees("[") and self.julia and not self.next.space:
            return self.entries(name, "]")
        return name

    def called(self, token: _Token) -> Name:
        name = self.known.find(token.text) or token.text
        return Name("lam" if name == "lambda" else normal_name(name), token.span)

    def is_value(self, name: str) -> bool:
        """Whether a name before a bracket is an array of which entries are taken: A(1, :)."""
        if name in self.known.names:
            return True
        if name in self.known.functions or name in _SAME or name in _SPECIAL or name in _ELSEWHERE:
            return False
        place = self.at + 1
        while self.tokens[place].kind == "num" or self.tokens[place].text in (":", ",", "end"):
            place += 1
        return self.tokens[place].text == ")" and place > self.at + 1

    def entries(self, value: Name, closing: str) -> Term:
        """A(1, :), counted from 1."""
        opened = self.take()
        picks: list[Term] = []
        while not self.sees(closing):
            picks.append(self.pick(closing))
            if not self.sees(","):
                break
            self.take()
        closed = self.want(closing, opened)
        span = Span(value.span.start, closed.stop)
        if len(picks) == 1 and isinstance(picks[0], Slice) and picks[0].start is picks[0].stop is None:
            return Call("?vec", (value,), (), span)
        if closing == ")" and len(picks) == 2 and isinstance(picks[0], Literal) and isinstance(picks[1], Slice):
            first = picks[0]  # a row stays a row
            picks[0] = Slice(first, Literal(first.value + 1, first.span), first.span)
        return Call("[]", (value, Group(tuple(picks), span)), (), span)

    def pick(self, closing: str) -> Term:
        start = self.next
        first = None if self.sees(":") else self.place(closing)
        if not self.sees(":"):
            assert first is not None
            return self.less(first)
        self.take()
        last = None if self.sees(",", closing) else self.place(closing)
        below = None if first is None else self.less(first)
        if isinstance(last, Name) and last.text == "end":
            last = None
        if isinstance(below, Literal) and below.value == 0:
            below = None
        return Slice(below, last, Span(start.start, self.next.start))

    def place(self, closing: str) -> Term:
        if self.next.kind == "name" and self.next.text == "end":
            token = self.take()
            if not self.sees(":", ",", closing):
                raise self.refuse(token, "a place counted from the end cannot be read", "as in x[-2]")
            return Name("end", token.span)
        return self.sum()

    def less(self, term: Term) -> Term:
        one = Literal(Fraction(1), term.span)
        if isinstance(term, Name) and term.text == "end":
            return Literal(Fraction(-1), term.span)
        return Literal(term.value - 1, term.span) if isinstance(term, Literal) else self.call("-", term, one)

    # ---- functions --------------------------------------------------------------------------------------------------

    def applied(self, token: _Token, *, dotted: bool) -> Term:
        opened = self.take()
        self.lists.append(False)
        arguments: list[Term] = []
        keywords: dict[str, Term] = {}
        while not self.sees(")"):
            following = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
            if self.next.kind == "name" and following.kind == "op" and following.text == "=":
                word = self.take().text
                self.take()
                keywords[word] = self.comparison()
            elif self.next.kind == "name" and following.text in (",", ")") and self.is_function():
                function = self.take()
                arguments.append(Text("@" + function.text, function.span))
            else:
                arguments.append(self.comparison())
            if not self.sees(",", ";"):
                break
            self.take()
        self.lists.pop()
        closed = self.want(")", opened)
        return self.function(token, arguments, keywords, Span(token.start, closed.stop), dotted=dotted)

    def is_function(self) -> bool:
        name = self.next.text
        return name not in self.known.names and (_SAME.get(name, name) in self.known.functions)

    def function(
        self, token: _Token, arguments: list[Term], keywords: dict[str, Term], span: Span, *, dotted: bool
    ) -> Term:
        name = _SAME.get(token.text, token.text)
        if arguments and isinstance(arguments[0], Text) and arguments[0].value.startswith("@"):  # sum(abs2, x)
            inner = _SAME.get(arguments[0].value[1:], arguments[0].value[1:])
            arguments = [Call(inner, tuple(arguments[1:2]), (), span), *arguments[2:]]
        if not arguments and name not in _WITHOUT:
            raise self.refuse(token, f"'{token.text}' wants an argument", f"as in `{token.text}(x)`")
        special = _SPECIAL.get(name)
        if special is not None:
            return special(self, token, arguments, span, dotted)
        if name in _ELSEWHERE:
            raise self.refuse(token, f"'{token.text}' is not in the language", _ELSEWHERE[name])
        if name not in self.known.functions:
            raise self.refuse(token, f"there is no function '{token.text[:40]}'", "jac functions lists those there are")
        if name in _COLUMNS or name in ("norm1", "logsumexp"):
            return self.reduced(name, token, arguments, keywords, span)
        if name in ("softmax", "log_softmax", "logsoftmax"):
            return self.softmax(name.replace("logs", "log_s"), arguments, keywords, span)
        if keywords:
            raise self.refuse(token, f"{token.text} has no options that are read here")
        made = Call(name, tuple(arguments), (), span)
        return Call("?dotted", (made,), (), span) if dotted or not self.julia else made

    def reduced(self, name: str, token: _Token, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """Sums and the like: MATLAB's run down columns, Julia's over all; `dims=1` keeps the axis."""
        axis = keywords.pop("dims", None)
        if keywords:
            raise self.refuse(token, f"{token.text} has no option '{next(iter(keywords))}' that is read here")
        if name in ("var", "std"):
            raise self.refuse(
                token,
                f"{token.text} divides by n - 1 here, by n in the language",
                f"write `{name}(x)*n/(n - 1)`" if name == "var" else "write `std(x)*sqrt(n/(n - 1))`",
            )
        x, *rest = arguments or [Literal(Fraction(0), span)]
        if rest and isinstance(rest[0], Text) and rest[0].value == "all":
            return Call(name, (x,), (), span)
        if rest:
            axis = rest[0]
        if axis is None:
            if self.julia and not self.guessed:
                return Call(name, (x,), (), span)
            return Call(
                "?columns", (Call(name, (x,), (), span), Text("guessed" if self.guessed else "", span)), (), span
            )
        if not isinstance(axis, Literal) or axis.value not in (1, 2):
            raise self.refuse(span, "an axis is 1 or 2 here", "as in sum(X, 1)")
        kept: list[tuple[str, Term]] = [("axis", Literal(axis.value - 1, axis.span))]
        if name != "cumsum":
            kept.append(("keepdims", Flag(True, axis.span)))
        return Call(name, (x,), tuple(kept), span)

    def softmax(self, name: str, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        axis = keywords.pop("dims", None)
        if keywords or len(arguments) != 1:
            raise self.refuse(span, f"{name} takes one argument and dims")
        if axis is None:
            return Call("?softmax", (Call(name, tuple(arguments), (), span),), (), span)
        if not isinstance(axis, Literal) or axis.value not in (1, 2):
            raise self.refuse(span, "an axis is 1 or 2 here", "as in softmax(X, dims=1)")
        return Call(name, tuple(arguments), (("axis", Literal(axis.value - 1, axis.span)),), span)

    # each takes the token of the name, its arguments, the place, and whether a dot was written

    def norm_(self, token: _Token, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted
        kind = "2"
        if len(arguments) > 1:
            match arguments[1]:
                case Literal(value=value):
                    kind = str(value)
                case Text(value=value):
                    kind = "F" if value.lower().startswith("fro") else value.lower()
                case Name(text=text):
                    kind = text.lower()
        if token.text == "norm2":
            kind = ""
        if self.julia and len(arguments) == 1:
            kind = "F"  # Julia's norm takes all entries in a row
        return Call("?norm", (arguments[0], Text("inf" if kind == "inf" else kind, span)), (), span)

    def dot_(self, token: _Token, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted
        if len(arguments) == 3:
            first, middle, last = arguments
            turned = Call(".T", (first,), (), first.span)
            return Call("?mtimes", (Call("?mtimes", (turned, middle), (), span), last), (), span)
        if len(arguments) != 2:
            raise self.refuse(token, "dot takes two arguments, or three: dot(x, A, y)")
        return Call("?inner", tuple(arguments), (), span)

    def vector_(self, token: _Token, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted, span
        if len(arguments) != 1:
            raise self.refuse(token, f"{token.text} takes one number, which every entry has")
        return arguments[0]

    def max_(self, token: _Token, arguments: list[Term], span: Span, dotted: bool) -> Term:
        if len(arguments) == 1 and not dotted:
            return Call("?columns", (Call(token.text, tuple(arguments), (), span), Text("", span)), (), span)
        return Call(token.text, tuple(arguments), (), span)

    def maximum_(self, token: _Token, arguments: list[Term], span: Span, dotted: bool) -> Term:
        """Julia's over all entries; with two arguments the language's."""
        del dotted
        name = token.text if len(arguments) == 2 else token.text[:3]
        return Call(name, tuple(arguments), (), span)

    def transpose_(self, token: _Token, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del token, dotted
        return Call(".T", tuple(arguments[:1]), (), span)

    def numel_(self, token: _Token, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted, token
        return Call("?count", tuple(arguments[:1]), (), span)

    def size_(self, token: _Token, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted
        if len(arguments) != 2 or not isinstance(arguments[1], Literal):
            raise self.refuse(token, "which axis?", "as in size(X, 1)")
        place = arguments[1]
        return Call("?extent", (arguments[0], Literal(place.value - 1, place.span)), (), span)

    def ones_(self, token: _Token, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted
        sizes = [a for k, a in enumerate(arguments) if not (k and isinstance(a, Literal) and a.value == 1)]
        if len(arguments) == 1 and not self.julia:
            sizes = sizes * 2
        return Call(token.text, tuple(sizes), (), span)

    def eye_(self, token: _Token, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del token, dotted
        return Call("eye", tuple(arguments[:1]), (), span) if arguments else Call("?eye", (), (), span)

    def ifelse_(self, token: _Token, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del token, dotted
        return Call("where", tuple(arguments), (), span)

    def diagm_(self, token: _Token, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del token, dotted
        return Call("diag", tuple(arguments), (), span)

    def logdet_(self, token: _Token, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del token, dotted
        return Call("logdet", tuple(arguments), (), span)


Special = Callable[[_Reader, _Token, list[Term], Span, bool], Term]
_SPECIAL: dict[str, Special] = {
    "norm": _Reader.norm_,
    "dot": _Reader.dot_,
    "vector": _Reader.vector_,
    "matrix": _Reader.vector_,
    "max": _Reader.max_,
    "min": _Reader.max_,
    "maximum": _Reader.maximum_,
    "minimum": _Reader.maximum_,
    "transpose": _Reader.transpose_,
    "adjoint": _Reader.transpose_,
    "numel": _Reader.numel_,
    "length": _Reader.numel_,
    "size": _Reader.size_,
    "ones": _Reader.ones_,
    "zeros": _Reader.ones_,
    "eye": _Reader.eye_,
    "ifelse": _Reader.ifelse_,
    "diagm": _Reader.diagm_,
    "Diagonal": _Reader.diagm_,
    "logdet": _Reader.logdet_,
}
"""Functions that are more than another name."""
