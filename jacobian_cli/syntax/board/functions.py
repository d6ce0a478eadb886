"""Functions with their bracket and without, roots and sums."""

from __future__ import annotations

import re
from fractions import Fraction

from jacobian_cli.syntax.board.cursor import DERIVATIVE, FACTOR, SUMS
from jacobian_cli.syntax.board.reductions import EACH, Reductions
from jacobian_cli.syntax.board.sums import of_entries
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Call, Group, Literal, Name, Term

BETWEEN = frozenset("dot cross kron outer mod".split())
"""Functions of two arguments that some write between these."""
_EXPECTED = re.compile(r"(?:\\(?:mathrm|operatorname|text|mathbb)\s*\{?)?\s*(?:Var|Cov)\s*\}?")
"""Capitals by which statisticians mean random variables."""
_INVERSES = {"erf": "erfinv", "exp": "log", "log": "exp", "logit": "sigmoid", "sigmoid": "logit"}
_OF_GROUPS = re.compile(r"(?<=\{)(?:Exp|Log)(?=\})")
_SPACED = re.compile(r"\\[,;: ]|\\q?quad(?![A-Za-z])")
_INVERTED = frozenset("sin cos tan sinh cosh tanh".split())
"""Functions that have an inverse, whose name begins with an A elsewhere."""
_ATTACHED = frozenset(("name", "indexed"))
"""Letters that may stand below a root together."""
REDUCED = frozenset("sum prod mean max min var std norm".split())
"""Functions that make one number of all entries."""
WHOLE = frozenset(["trace"])
"""Functions that, without a bracket, take the whole product behind them."""


class Functions(Reductions):
    """Reads applications."""

    __slots__ = ()

    def applied(self) -> Term:
        """A function with its bracket, or without."""
        token = self.take()
        amplitude = self.tokens[self.at - 2] if self.at > 1 and not token.space else token
        self.want_no_extreme(token)
        if token.parts:  # an index of the function
            return self.logarithm(token, token.parts[0][0])
        if self.sees("sub"):
            return self.logarithm(token, self.take())
        if self.sees("prime"):
            return self.slope(token, token.text)
        power: Token | None = None
        if self.sees("sup"):
            if token.text == "exp" and (value := self.exponential(token)) is not None:
                return value
            power = self.take()
            inner, inverse = power.parts[0], f"arc{token.text}"
            if self.text[token.start] == "\\" and _is_inverse(power) and inverse in self.known.functions:  # \sin^{-1}
                token, power = token._replace(text=inverse), None
            elif len(inner) != 1 or inner[0].kind != "num" or (inner[0].value or 0) <= 0:
                raise self.refuse(power, *self.inverted(token.text, self.written(power.start, power.stop)))
        value = self.value_of(token)
        self.doubt_applied(token, amplitude, value, power)
        if power is not None:
            exponent = self.inside(power.parts[0], power)
            value = Call("?power", (value, exponent), (), Span(token.start, value.span.stop))
        return value

    def doubt_applied(self, token: Token, before: Token, value: Term, power: Token | None) -> None:
        r"""Say how `A sin(ωt)` is read, and `\operatorname{Exp}(x)`."""
        if before.text == "A" and token.text in _INVERTED and not (power or self.known.find("A")):
            applied = self.written(token.start, value.span.stop)
            other = f"the inverse function is `arc{applied}`" if self.blanks else "a number is declared: `-s A=()`"
            self.doubts.append(Doubt(f"`A {applied}` is read, A a matrix; {other}"))
        if written := _OF_GROUPS.search(self.text, token.start, token.stop):
            one = f"{token.text}{self.written(token.stop, value.span.stop)}"
            other = "of a matrix it is `expm(X)`" if token.text == "exp" else "that of matrices is not in the language"
            self.doubts.append(Doubt(f"`{one}` is read, entry by entry, for {written[0]}; {other}"))

    def want_no_extreme(self, token: Token) -> None:
        """Refuse Vmax S, whose max is a mark of the name."""
        before = self.tokens[self.at - 2] if self.at > 1 else token
        glued = before.kind == "name" and before.stop == token.start and not token.space and token.text in REDUCED
        if glued and not self.sees("open") and not self.sees("bar"):
            name = self.text[before.start : token.stop]
            hint = f"if {name} is one name, declare it: `-s {name}=()`"
            if name.isidentifier():
                raise self.refuse(Span(before.start, token.stop), "is this one name, or a function?", hint)

    def inverted(self, function: str, power: str) -> tuple[str, str]:
        """What to say of a function with an exponent that is no number from one on."""
        if "1" not in power and "¹" not in power:
            return "does this power belong to the function's value?", f"write `({function}(x)){power}`"
        other = _INVERSES.get(function, f"arc{function}")
        inverse = f"`{other}(x)` or " if other in self.known.functions else ""
        return "is this the inverse function or one over it?", f"write {inverse}`1/{function}(x)`"

    def slope(self, token: Token, function: str) -> Term:
        """σ′(z), where a derivative may stand."""
        if f"{function}'" not in self.known.functions:
            hint = DERIVATIVE
            several = self.closing(self.at + 1) > self.at + 3
            if token.kind == "name" and token.text not in "fgh" and function == token.text and several:
                whole = self.written(self.tokens[self.at + 1].start, self.tokens[self.closing(self.at + 1)].stop)
                hint += f"; a transpose is `{self.written(token.start, token.stop)}^T {whole}`"
            raise self.refuse(self.next, f"a derivative {token.text}' cannot be read", hint)
        self.take()
        if self.sees("open", "("):
            value = self.called(token, function)
        else:
            value = self.function(function, (self.bare(token),), (), token.span)
        return Call("?slope", (value,), (), Span(token.start, value.span.stop))

    def value_of(self, token: Token) -> Term:
        if (
            self.next.kind == "open"
            and self.next.text in "([{"
            and not (token.text in WHOLE and self.whole_product(token))
        ):
            return self.reduced(token) if token.text in EACH else self.called(token, token.text)
        if token.text in ("sum", "prod") and (index := self.only_index()) is not None:  # sum w_i x_i
            return self.over(token, index)
        argument = self.run() if token.text in WHOLE else self.bare(token)
        if isinstance(argument, Call) and argument.function == "lgamma" and self.text[argument.span.start] in "Γ\\G":
            return argument
        return self.function(token.text, (argument,), (), Span(token.start, argument.span.stop))

    def whole_product(self, token: Token) -> bool:
        """Whether tr(A − B)ᵀ(A − B) is the trace of the product: a number has no transpose.

        Raises `InputError` where what stands behind the bracket may belong to the trace, and may not.
        """
        end = self.closing(self.at)
        inside, behind = self.tokens[self.at + 1 : end], self.tokens[end + 1]
        name = self.written(token.start, token.stop)
        bracket = self.written(self.next.start, self.tokens[end].stop)
        more = self.tokens[min(end + 2, len(self.tokens) - 1)]
        depth, added = 0, False
        for place, inner in enumerate(inside):
            depth += (inner.kind == "open") - (inner.kind == "close")
            added = added or (place > 0 and not depth and inner.kind == "op" and inner.text in SUMS)
        if behind.kind in ("T", "invT"):
            if more.kind in FACTOR and not self.closes(more):
                rest = self.written(more.start, self.last(end + 2).stop)
                turned = f"{bracket}{self.written(behind.start, behind.stop)}"
                taken, other = f"{name}({turned} {rest})", f"{name}{bracket} * {rest}"
                self.doubts.append(Doubt(f"`{taken}` is read, of the product; the other reading is `{other}`"))
            return True
        matrix = behind.text == "(" or (behind.kind == "name" and behind.text[:1].isupper())
        if added and matrix and behind.kind in FACTOR:
            last = self.last(end + 1)
            rest = self.written(behind.start, last.stop)
            raise self.refuse(
                Span(token.start, last.stop),
                f"does {rest} belong to {token.text}?",
                f"write `{name}({bracket} {rest})` or `{name}{bracket} * {rest}`",
            )
        if behind.kind == "sup" and len(inside) > 1 and not _is_power(behind):
            power = self.written(behind.start, behind.stop)
            ways = f"{name}({bracket}{power})", f"({name}{bracket}){power}"
            if _is_inverse(behind):
                message = "is this the inverse of the matrix, or one over its trace?"
                raise self.refuse(Span(token.start, behind.stop), message, f"write `{ways[0]}` or `{ways[1]}`")
            self.doubts.append(Doubt(f"`{ways[1]}` is read; a power of the matrix is `{ways[0]}`"))
        return False

    def last(self, at: int) -> Token:
        """The last token of the factor that begins at a place."""
        end = self.closing(at)
        while self.tokens[end + 1].kind in ("T", "invT", "sup", "prime"):
            end += 1
        return self.tokens[end]

    def bare(self, token: Token) -> Term:
        """The argument of a function without a bracket."""
        first = self.next
        before = self.tokens[self.at - 2] if self.at > 1 else token
        if token.text in BETWEEN and before.kind in ("name", "num", "close", "T", "sup"):
            sides = [self.written(t.start, t.stop) for t in (before, first) if t.kind in ("name", "num")]
            one, other = sides if len(sides) == 2 else ("x", "y")
            raise self.refuse(
                token, f"{token.text} stands between its arguments", f"it is `{token.text}({one}, {other})`"
            )
        entries = first.kind == "bar" and not first.space  # max|x|
        if token.text in ("min", "max") and token is self.tokens[0] and not entries:
            rest = self.written(token.stop, len(self.text))
            kind = "largest" if token.text == "max" else "smallest"
            hint = f"that is `{rest}`" + f"; the {kind} entry is `{token.text}({rest})`" * rest.isidentifier()
            raise self.refuse(token, f"what is to be {token.text}imized is typed alone", hint)
        if first.kind not in FACTOR or self.closes(first):
            if self.sees("op", "-"):
                raise self.refuse(first, f"what belongs to {token.text} here?", f"use brackets: `{token.text}(-x)`")
            raise self.refuse(
                token,
                f"'{token.text}' is a function, and nothing stands behind it",
                f"apply it, `{token.text}(x)`; or, if it is a variable of yours, declare it: `-s {token.text}=n`",
            )
        gamma = first.kind == "name" and key(first.text) == ("Gamma",) and self.known.find(first.text) is None
        if gamma and token.text == "log" and self.tokens[self.at + 1].text == "(":  # log Γ(x)
            self.take()
            return self.called(first, "lgamma")
        behind = self.tokens[self.at + 1]
        power = behind[:2] == ("name", "e") and self.tokens[self.at + 2].kind == "sup" and not self.known.find("e")
        if self.sigma(first) and (behind.kind == "func" or power):  # log Σ exp x, log Σ e^x
            return self.summed()
        parts = [self.factor()]
        if first.kind in ("func", "bar", "sum"):
            alone = True
            if (quotient := self.quotient(token, first, parts[0])) is not None:
                return quotient
        else:
            alone = False
            while self.next.kind in FACTOR and not self.closes(self.next) and self.next.kind != "func":
                if self.blanks and self.next.space:
                    break
                if not self.blanks and not (len(parts) == 1 and first.kind == "num"):
                    break
                parts.append(self.factor())
        stop = self.tokens[self.at - 1].stop
        argument = self.beside(parts, first.start)
        # sin x cos x is a product; behind aᵀ a product goes on
        turned = isinstance(argument, Call) and argument.function == "?T"
        whole = turned or token.text in REDUCED  # nor does a sum end: sum p log p
        if self.spaced(stop) and first.kind != "num" and not alone:  # \sin\theta\,K
            rest = self.written(self.next.start, self.next.stop)
            function, part = self.written(token.start, token.stop), self.written(first.start, stop)
            readings = f"`{function}({part}) {rest}` is read; the other reading is `{function}({part} {rest})`"
            self.doubts.append(Doubt(readings))
            return argument
        further = self.next.kind in FACTOR and not self.closes(self.next) and (whole or self.next.kind != "func")
        if further and not alone:
            self.factors()
            rest = self.written(stop, self.tokens[self.at - 1].stop)
            part = self.written(first.start, stop)
            raise self.refuse(
                Span(token.start, self.tokens[self.at - 1].stop),
                f"does {rest} belong to {token.text}?",
                f"write `{token.text}({part}) {rest}` or `{token.text}({part} {rest})`",
            )
        constant = isinstance(parts[-1], Name) and parts[-1].text in ("pi", "e", "inf")
        if first.kind == "num" and len(parts) > 1 and not constant and self.blanks:
            part, rest = self.written(first.start, first.stop), self.written(first.stop, stop)
            self.doubts.append(
                Doubt(f"`{token.text}({part}*{rest})` is read; the other reading is `{token.text}({part})*{rest}`")
            )
        if not alone:
            self.open_end = self.at, token.text, self.written(first.start, stop)
        return argument

    def spaced(self, stop: int) -> bool:
        """Whether LaTeX's thin space, or more, stands between a place and the factor behind it."""
        more = not self.blanks and self.next.kind in FACTOR and not self.closes(self.next)
        return more and _SPACED.search(self.text, stop, self.next.start) is not None

    def called(self, token: Token, function: str) -> Term:
        """A function with its arguments in brackets."""
        opened = self.take()
        if _EXPECTED.fullmatch(self.text, token.start, token.stop):
            raise self.refuse(
                token,
                "an expectation is not in the language",
                f"over entries it is `{function}(x{', y' * (function == 'cov')})`",
            )
        self.delimiters.append(opened.text)
        arguments: list[Term] = []
        keywords: list[tuple[str, Term]] = []
        while not self.sees("close"):
            if (
                self.next.kind == "word"
                and self.tokens[self.at + 1].kind == "op"
                and self.tokens[self.at + 1].text == "="
            ):
                word = self.take().text
                self.take()
                keywords.append((word, self.item()))
            else:
                arguments.append(self.item())
            if not (self.sees("op", ",") or self.sees("op", ";")):
                break
            self.take()
        closed = self.close(opened)
        return self.function(function, tuple(arguments), tuple(keywords), Span(token.start, closed.stop))

    def item(self) -> Term:
        """An argument: a value, or a list of sizes or axes in brackets."""
        if self.sees("open", "("):
            at, depth, comma = self.at, 0, False
            for token in self.tokens[at:]:
                depth += (token.kind == "open") - (token.kind == "close")
                comma = comma or (depth == 1 and token.kind == "op" and token.text == ",")
                if not depth:
                    break
            if comma:
                opened = self.take()
                self.delimiters.append("(")
                items = [self.item()]
                while self.sees("op", ","):
                    self.take()
                    if self.sees("close"):
                        break
                    items.append(self.item())
                return Group(tuple(items), Span(opened.start, self.close(opened).stop))
        return self.comparison()

    def function(
        self, name: str, arguments: tuple[Term, ...], keywords: tuple[tuple[str, Term], ...], span: Span
    ) -> Term:
        if name == "log" and len(arguments) == 1 and _is(arguments[0], "?bars"):
            assert isinstance(arguments[0], Call)
            return Call("?logbars", arguments[0].arguments, (), span)
        if name in REDUCED and len(arguments) == 1:
            arguments = (of_entries(arguments[0]),)
        return Call(name, arguments, keywords, span)

    def logarithm(self, token: Token, index: Token) -> Term:
        """log₂ x is log(x)/log(2); other functions have no index."""
        if token.text == "log" and index.text.isdecimal():
            value = self.value_of(token)
            base = Call("log", (Literal(Fraction(int(index.text)), index.span),), (), index.span)
            return Call("/", (value, base), (), Span(token.start, value.span.stop))
        if token.text in ("sum", "prod", "max", "min"):
            return self.over(token, index)
        raise self.refuse(index, f"'{token.text}' has no index in the language", "jac functions lists the functions")

    def radical(self) -> Term:
        """√ of one atom or a bracket."""
        token = self.take()
        first = self.next
        if self.near_sum(first) and not self.tokens[self.at + 1].space:  # √Σ(x − y)²
            inner = self.near(self.take(), token.text)
        else:
            inner = self.atom()
        if self.next.kind in ("T", "sup", "invT", "prime") and first.kind not in ("open", "func", "bar"):
            part = self.written(first.start, first.stop)
            mark = self.written(self.next.start, self.next.stop)
            raise self.refuse(
                self.next, "does this mark belong below the root?", f"write `√({part}{mark})` or `(√{part}){mark}`"
            )
        beside = self.next.kind in FACTOR and not self.next.space and not self.closes(self.next)
        if beside and (first.kind == "num" or {first.kind, self.next.kind} <= _ATTACHED):  # √2x, √xy
            end = self.at
            while self.tokens[end + 1].kind in _ATTACHED and not self.tokens[end + 1].space:
                end += 1
            part, rest = self.written(first.start, first.stop), self.written(self.next.start, self.tokens[end].stop)
            raise self.refuse(
                self.next, f"does {rest} belong below the root?", f"write `√({part}{rest})` or `√({part}) {rest}`"
            )
        below = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if self.sees("op", "/") and first.kind in ("bar", "func") and below.kind == first.kind:  # √|A|/|B|
            self.open_end = self.at, token.text, self.written(first.start, self.tokens[self.at - 1].stop)
        span = Span(token.start, inner.span.stop)
        function = {"√": "sqrt", "∛": "cbrt"}.get(token.text, "")
        if function in self.known.functions:
            return Call(function, (inner,), (), span)
        return Call("?power", (inner, Literal(Fraction(1, 3 if token.text == "∛" else 4), token.span)), (), span)


def _is_inverse(power: Token) -> bool:
    """Whether −1 stands above the line."""
    return "".join(token.text for token in power.parts[0]).replace("−", "-") == "-1"


def _is_power(power: Token) -> bool:
    """Whether a whole number from one on stands above the line."""
    (inner,) = power.parts
    return len(inner) == 1 and inner[0].value is not None and inner[0].value.denominator == 1 and inner[0].value > 0


def _is(term: Term, function: str) -> bool:
    return isinstance(term, Call) and term.function == function
