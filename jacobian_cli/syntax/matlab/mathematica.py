"""Mathematica: functions have square brackets, `A.x` is the matrix product, all other signs go entry by entry."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.matlab.along import by_axis, spread
from jacobian_cli.syntax.matlab.cursor import MatlabToken, tokens
from jacobian_cli.syntax.matlab.grammar import Reader
from jacobian_cli.syntax.matlab.lookup import Vocabulary
from jacobian_cli.syntax.names import Known
from jacobian_cli.syntax.parser import defined_name, want_short
from jacobian_cli.syntax.tokens import too_deep, want_shallow
from jacobian_cli.syntax.tree import HELD, Call, Definition, Group, Literal, Name, Term, Text

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<num>[0-9]+(?:\.[0-9]+)?)
    |(?P<name>[^\W\d]\w*)
    |(?P<op>\[\[|==|!=|>=|<=|[-+*/^<>=,;.()\[\]{}])
    |(?P<text>"[^"\n]*")""",
    re.VERBOSE,
)
_SAME = {
    "Tr": "trace", "Inverse": "inv", "PseudoInverse": "pinv", "Transpose": ".T", "LinearSolve": "solve",
    "LogisticSigmoid": "sigmoid", "Ramp": "relu", "KroneckerProduct": "kron", "IdentityMatrix": "eye", "Dot": "?matmul",
    "DiagonalMatrix": "diag", "Diagonal": "diag", "MatrixExp": "expm", "ArcSin": "arcsin", "ArcCos": "arccos",
    "ArcTan": "arctan", "HadamardProduct": "*", "Times": "*", "Plus": "+",
    "LogGamma": "lgamma", "HeavisideTheta": "heaviside", "MatrixPower": "?mpower", "Re": "",
}  # fmt: skip
"""Functions of the language under the names that they have in Mathematica."""
_COLUMNS = {
    "Total": "sum", "Mean": "mean", "Median": "median", "Accumulate": "cumsum", "Differences": "diff",
    "Variance": "var", "StandardDeviation": "std",
}  # fmt: skip
"""Functions that run down the first axis."""
_SPREADS = ("var", "std")
_CONSTANTS = {"Pi": "pi", "E": "e", "Infinity": "inf"}
_ELSEWHERE = {
    "D": ("a derivative is not a formula", "type the formula alone; jac takes the derivative"),
    "Grad": ("a derivative is not a formula", "type the formula alone; jac takes the derivative"),
    "Table": ("a loop cannot be read", "write it as a formula of arrays"),
    "Sum": ("a loop cannot be read", 'sums over an index are written `einsum("ij,j->i", A, x)`'),
    "Map": ("a loop cannot be read", "write it as a formula of arrays"),
    "Quantile": ("Quantile takes an entry here, lies between two in the language", "the median is `Median[x]`"),
}


def read(text: str, known: Known, notation: str = "mathematica", guessed: bool = False) -> Definition:
    """A formula or a definition in Mathematica.

    >>> read("Tr[A.X]", Known([], ["trace"])).value.function
    'trace'
    """
    want_short(text)
    name = defined_name(text)
    start = text.index("=") + 1 if name else 0
    reader = _Mathematica(_called(tokens(text, start, _TOKEN, primes=False)), text, known, True, guessed)
    try:
        value = want_shallow(reader.whole(), text)
    except RecursionError:
        raise too_deep(text) from None
    return Definition(name, value, text, tuple(reader.doubts), notation)


def _called(found: list[MatlabToken]) -> list[MatlabToken]:
    """The tokens, with names before a bracket as functions, whose brackets are round then."""
    square: list[bool] = []
    for place, token in enumerate(found):
        if token.text == "[[":
            square += [False, False]
        if token.text == "[" and place and found[place - 1].kind == "name":
            found[place - 1] = replace(found[place - 1], kind="function")
            found[place] = replace(token, text="(")
        if token.kind == "op" and token.text in ("[", "("):
            square.append(found[place] is not token)
        elif token.kind == "op" and token.text in ("]", ")") and square and square.pop():
            found[place] = replace(token, text=")")
    return found


class _Mathematica(Reader):
    """Reads one list of tokens."""

    __slots__ = ()

    def product(self) -> Term:
        left = self.unary()
        while self.sees("*", "/", "(") or self.next.kind in ("name", "num", "function"):
            sign = self.take().text if self.sees("*", "/") else "*"
            left = self.call("?each" + sign, left, self.unary())
        return left

    def power(self) -> Term:
        """What binds tighter than * and /: products of matrices, and powers."""
        left = self.raised()
        while self.sees("."):
            self.take()
            left = self.call("?matmul", left, self.raised())
        return left

    def raised(self) -> Term:
        term = self.atom()
        if not self.sees("^"):
            return term
        self.take()
        exponent = self.unary_factor()
        if isinstance(term, Name) and term.text == "e":
            return Call("exp", (exponent,), (), Span(term.span.start, exponent.span.stop))
        return self.call("?each**", term, exponent)

    def unary_factor(self) -> Term:
        """An exponent, which may have a sign."""
        if not self.sees("-"):
            return self.raised()
        sign = self.take()
        term = self.raised()
        return Call("u-", (term,), (), Span(sign.start, term.span.stop))

    def atom(self) -> Term:
        if self.next.kind == "function":
            return self.applied(self.take(), dotted=False)
        if self.sees("{"):
            raise self.refuse(self.next, "a list cannot be read here", "declare a name for it")
        return super().atom()

    def name(self) -> Term:
        token = self.take()
        if token.text == "E" and self.known.find("E") is None and not self.sees("^"):
            return Call("exp", (Literal(Fraction(1), token.span),), (), token.span)
        if token.text in ("True", "False", "Null", "Indeterminate", "I") and self.known.find(token.text) is None:
            raise self.refuse(
                token,
                f"{token.text} is no number here",
                "the identity is IdentityMatrix[n]" * (token.text == "I") or None,
            )
        if token.text in _CONSTANTS and self.known.find(token.text) is None:
            return Name(_CONSTANTS[token.text], token.span)
        return self.part(self.called(token)) if self.sees("[[") else self.called(token)

    def part(self, value: Name) -> Term:
        """x[[1]] and A[[1, 2]], counted from 1; of a matrix one number is a row."""
        opened = self.take()
        picks = [self.less(self.sum())]
        while self.sees(","):
            self.take()
            picks.append(self.less(self.sum()))
        self.want("]", opened)
        closed = self.want("]", opened)
        span = Span(value.span.start, closed.stop)
        return Call("[]", (value, Group(tuple(picks), Span(opened.start, closed.stop))), (), span)

    def is_function(self) -> bool:
        return False

    def function(
        self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span, *, dotted: bool
    ) -> Term:
        del dotted
        return _VOCABULARY.call(self, token, arguments, keywords, span)

    # each takes the token of the name, its arguments, its options (there are none), and the place

    def norm__(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        kind = "2"
        if len(arguments) > 1:
            match arguments[1]:
                case Literal(value=value) if value in (1, 2):
                    kind = str(value)
                case Text(value="Frobenius"):
                    kind = "F"
                case Name(text="inf"):
                    kind = "inf"
                case Text():
                    raise self.refuse(token, "which norm?", "as in Norm[x, 1]")
                case order:
                    return Call("?norm", (arguments[0], Text("p", span), order), (), span)
        return Call("?norm", (arguments[0], Text(kind, span)), (), span)

    def total_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """Down the columns of a matrix; `Total[X, 2]` over all."""
        name, held = _COLUMNS[token.text], Name(HELD, span)
        if len(arguments) == 1:
            first = (("axis", Literal(Fraction(0), span)),)
            whole, down = (
                spread(name, held, kept, span) if name in _SPREADS else Call(name, (held,), kept, span)
                for kept in ((), first)
            )
            return by_axis(whole, down, arguments[0], span)
        if isinstance(arguments[1], Literal) and arguments[1].value == 2 and token.text == "Total":
            return Call(name, tuple(arguments[:1]), (), span)
        raise self.refuse(token, "along which axis?", "as in Total[X, 2], over all entries")

    def length_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        del token, keywords
        return Call("?extent", (arguments[0], Literal(Fraction(0), span)), (), span)

    def of_lists_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """What is another thing of a matrix, the list of its rows."""
        if len(arguments) != 1:
            raise self.refuse(token, f"{token.text} takes one argument here", f"as in {token.text}[x]")
        held, name = Name(HELD, span), token.text.lower()
        rows = Call(name, (held,), (("axis", Literal(Fraction(0), span)),), span)
        return by_axis(Call(name, (held,), (), span), rows, arguments[0], span, "none")

    def extreme_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        if len(arguments) > 1:
            word = token.text.lower()
            hint = f"entry by entry it is `{word}imum(x, y)`"
            raise self.refuse(token, f"{token.text} takes the one {word}imum of all entries here", hint)
        return Call(token.text.lower(), tuple(arguments), (), span)

    def log_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """`Log[b, x]` is to the base b."""
        del token
        logs = [Call("log", (value,), (), span) for value in arguments]
        return logs[0] if len(logs) == 1 else Call("/", (logs[1], logs[0]), (), span)

    def arctan_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """`ArcTan[x, y]` is the angle of the point (x, y)."""
        del token, keywords
        return Call("arctan" if len(arguments) == 1 else "arctan2", tuple(arguments[::-1]), (), span)

    def clip_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """Between -1 and 1 unless told otherwise."""
        del keywords
        if len(arguments) != 1:
            raise self.refuse(token, "between which bounds?", "as in `clip(x, -1, 1)`")
        return Call("clip", (*arguments, Literal(Fraction(-1), span), Literal(Fraction(1), span)), (), span)

    def outer_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        if len(arguments) != 3 or not (isinstance(arguments[0], Name) and arguments[0].text == "Times"):
            raise self.refuse(token, "of which function?", "as in Outer[Times, x, y]")
        return Call("outer", tuple(arguments[1:]), (), span)

    def array_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        value, *sizes = arguments
        if not isinstance(value, Literal) or len(sizes) != 1:
            raise self.refuse(token, "only a number is repeated here", "as in ConstantArray[1, n]")
        ones = Call("ones", tuple(sizes), (), span)
        return ones if value.value == Fraction(1) else Call("*", (value, ones), (), span)


_VOCABULARY = Vocabulary(
    _SAME,
    _ELSEWHERE,
    {
        "Norm": _Mathematica.norm__,
        **dict.fromkeys(_COLUMNS, _Mathematica.total_),
        **dict.fromkeys(("Max", "Min"), _Mathematica.extreme_),
        "Length": _Mathematica.length_,
        **dict.fromkeys(("Sort", "Normalize"), _Mathematica.of_lists_),
        "Log": _Mathematica.log_,
        "Outer": _Mathematica.outer_,
        "ArcTan": _Mathematica.arctan_,
        "Clip": _Mathematica.clip_,
        "ConstantArray": _Mathematica.array_,
    },
    "{}[x]",
    capital=True,
)
