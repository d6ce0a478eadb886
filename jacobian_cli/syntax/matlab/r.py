"""R: `%*%` is the matrix product, all other signs go entry by entry, indices count from 1."""

from __future__ import annotations

import re
from fractions import Fraction

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.matlab.along import by_axis, spread
from jacobian_cli.syntax.matlab.cursor import MatlabToken, tokens
from jacobian_cli.syntax.matlab.functions import of_columns
from jacobian_cli.syntax.matlab.grammar import Reader
from jacobian_cli.syntax.matlab.lookup import Vocabulary
from jacobian_cli.syntax.names import Known
from jacobian_cli.syntax.parser import defined_name, want_short
from jacobian_cli.syntax.tokens import too_deep, want_shallow
from jacobian_cli.syntax.tree import HELD, Call, Definition, Group, Literal, Name, Slice, Term, Text

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|\#[^\n]*)
    |(?P<num>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?L?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[^\W\d][\w.]*)
    |(?P<op>%[^%\s]*%|==|!=|>=|<=|[-+*/^<>=:,;()\[\]$])
    |(?P<text>"[^"\n]*")""",
    re.VERBOSE,
)
_SPECIAL = {"%*%": "?matmul", "%o%": "outer", "%x%": "kron", "%%": "mod"}
_SAME = {
    "t": ".T", "tr": "trace", "plogis": "sigmoid", "pmax": "maximum", "pmin": "minimum", "ifelse": "where",
    "kronecker": "kron", "pnorm": "ndtr", "dnorm": "normal_pdf", "asin": "arcsin", "acos": "arccos", "atan": "arctan",
    "c": "?flatly", "drop": "", "as.matrix": "", "as.numeric": "?vec", "as.vector": "?vec",
    "cbind": "?column_stack", "rbind": "?row_stack", "logsumexp": "logsumexp",
}  # fmt: skip
"""Functions of the language under the names that they have in R; nothing where they change nothing here."""
_AXES = {"rowSums": ("sum", 1), "colSums": ("sum", 0), "rowMeans": ("mean", 1), "colMeans": ("mean", 0)}
_LIST = ("a list is not a value here", "the logarithm of a determinant is `log(det(A))`")
_FUNCTION = re.compile(r"\s*function\s*\([^()]*\)")
"""What stands before the formula of a function."""
_ELSEWHERE = {
    "rnorm": ("random numbers are no formula", "make the number a parameter"),
    "runif": ("random numbers are no formula", "make the number a parameter"),
    "eigen": ("a list is not a value here", "of symmetric matrices the values are `eigvalsh(A)`"),
    **dict.fromkeys(
        ("apply", "sapply", "lapply", "vapply", "mapply", "Reduce", "Map", "for"),
        ("a loop cannot be read", "write it as a formula of arrays"),
    ),
}


def read(text: str, known: Known, notation: str = "r", guessed: bool = False) -> Definition:
    """A formula or a definition in R.

    >>> read("t(x) %*% A %*% x", Known([])).value.function
    '?matmul'
    """
    want_short(text)
    name = defined_name(text)
    start = text.index("=") + 1 if name else 0
    if function := _FUNCTION.match(text, start):
        start = function.end()
        text = text[:start] + text[start:].replace("{", "(").replace("}", ")")
    reader = _R(tokens(text, start, _TOKEN, primes=False), text, known, True, guessed)
    try:
        value = want_shallow(reader.whole(), text)
    except RecursionError:
        raise too_deep(text) from None
    vectors = tuple(dict.fromkeys(reader.vectors))
    orders = tuple((vector, 1) for vector in vectors)
    return Definition(name, value, text, tuple(reader.doubts), notation, orders=orders, settled=frozenset(vectors))


class _R(Reader):
    """Reads one list of tokens."""

    __slots__ = ()

    def product(self) -> Term:
        left = self.special()
        while self.sees("*", "/"):
            sign = self.take()
            left = self.call("?each" + sign.text, left, self.special())
        return left

    def special(self) -> Term:
        """What binds tighter than * and /."""
        left = self.unary()
        while self.next.kind == "op" and self.next.text[0] == "%":
            sign = self.take()
            if sign.text not in _SPECIAL:
                raise self.refuse(
                    sign, f"{sign.text} cannot be read", "a product of matrices is x %*% y, a remainder mod(x, y)"
                )
            left = self.call(_SPECIAL[sign.text], left, self.unary())
        return left

    def power(self) -> Term:
        term = self.atom()
        if not self.sees("^"):
            return term
        self.take()
        return self.call("?each**", term, self.unary())

    def name(self) -> Term:
        token = self.take()
        if self.sees("("):
            return self.picked(self.applied(token, dotted=False))
        if self.sees("$"):
            raise self.refuse(self.next, "a part of a list cannot be read", "type its formula, or a name for it")
        if "." in token.text:
            raise self.refuse(token, "a name with a point cannot be read", f"as in `{token.text.replace('.', '_')}`")
        if token.text in ("TRUE", "FALSE", "NULL", "NA", "T", "F") and token.text not in self.known.names:
            return Text(token.text, token.span)
        name = self.called(token)
        if self.sees("[") and self.tokens[self.at + 1].text == "[":  # x[[1]]
            opened = self.take()
            entry = self.entries(name, "]")
            self.want("]", opened)
            return entry
        return self.entries(name, "]") if self.sees("[") else name

    def entries(self, value: Term, closing: str) -> Term:
        """X[1, ], counted from 1."""
        opened = self.take()
        picks: list[Term] = []
        while True:
            here = self.next
            if self.sees(",", closing):
                picks.append(Slice(None, None, here.span))
            elif self.sees("-"):
                raise self.refuse(here, "what is left out cannot be read", "as in `x[2:n]`")
            else:
                picks.append(self.pick(closing))
            if not self.sees(","):
                break
            self.take()
        closed = self.want(closing, opened)
        span = Span(value.span.start, closed.stop)
        match picks:
            case [Slice(start=None, stop=None)]:
                return value
        if len(picks) == 1:
            return Call("?places", (value, picks[0]), (), span)
        return Call("[]", (value, Group(tuple(picks), closed.span)), (), span)

    def is_function(self) -> bool:
        return False

    def function(
        self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span, *, dotted: bool
    ) -> Term:
        del dotted
        return _VOCABULARY.call(self, token, arguments, keywords, span)

    # each takes the token of the name, its arguments, its options and the place

    def determinant_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """A list, of which `$modulus` is the logarithm of the absolute value."""
        if len(arguments) != 1 or not self.sees("$") or self.tokens[self.at + 1].text != "modulus":
            raise self.refuse(token, *_LIST)
        self.take()
        return Call("logdet", tuple(arguments), (), Span(span.start, self.take().stop))

    def scale_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """Columns with mean 0 and deviation 1, by n - 1."""
        wanted = {"center": True, "scale": True}
        for name, value in keywords.items():
            if name not in wanted or not isinstance(value, Text):
                raise self.refuse(token, "only TRUE and FALSE are read here", "as in scale(X, scale=FALSE)")
            wanted[name] = value.value in ("TRUE", "T")
        if len(arguments) != 1:
            raise self.refuse(token, "scale takes one matrix here", "as in scale(X)")
        kept: tuple[tuple[str, Term], ...] = (("axis", Literal(Fraction(0), span)),)
        (made,) = arguments
        if wanted["center"]:
            made = Call("-", (made, Call("mean", (made,), kept, span)), (), span)
        if wanted["scale"] and not wanted["center"]:
            raise self.refuse(token, "without its centre a column is divided by another number", "type that formula")
        return Call("/", (made, spread("std", arguments[0], kept, span)), (), span) if wanted["scale"] else made

    def sweep_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """A vector taken from each row, `sweep(X, 2, colMeans(X))`, or by another sign, `"/"`."""
        sign = arguments[3] if len(arguments) > 3 else keywords.pop("FUN", Text("-", span))
        margin = arguments[1] if len(arguments) > 1 else None
        known = isinstance(sign, Text) and sign.value in ("+", "-", "*", "/") and isinstance(margin, Literal)
        if not known or not 2 < len(arguments) < 5 or keywords:
            raise self.refuse(token, "along which margin, and by which sign?", 'as in sweep(X, 2, colMeans(X), "-")')
        assert isinstance(sign, Text)
        assert isinstance(margin, Literal)
        if isinstance(arguments[2], Name):
            self.vectors.append(arguments[2].text)
        return Call(sign.value if margin.value == 2 else "?each" + sign.value, (arguments[0], arguments[2]), (), span)

    def solve_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        del token, keywords
        return Call("inv" if len(arguments) == 1 else "solve", tuple(arguments), (), span)

    def crossed(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """t(X) %*% Y, and X %*% t(Y)."""
        del keywords
        left, right = arguments[0], arguments[-1]
        if token.text == "crossprod":
            left = Call(".T", (left,), (), left.span)
        else:
            right = Call(".T", (right,), (), right.span)
        return Call("?matmul", (left, right), (), span)

    def diag_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """The diagonal, what stands on it, or the identity of a size."""
        size = keywords.get("nrow") or (arguments[0] if len(arguments) == 1 else None)
        if len(arguments) == 2 and isinstance(arguments[0], Literal) and arguments[0].value == 1:
            size = arguments[1]
        if isinstance(size, Literal) or (isinstance(size, Call) and size.function in ("?extent", "?count")):
            return Call("eye", (size,), (), span)
        if "nrow" in keywords or len(arguments) != 1:
            if isinstance(size, Name):
                return Call("eye", (size,), (), span)
            raise self.refuse(token, "which size has the identity?", "as in diag(3)")
        if isinstance(size, Name) and size.text.islower() and self.known.find(size.text) is None:
            self.doubts.append(
                Doubt(f"`diag({size.text})` is read, {size.text} on the diagonal; the identity is `eye({size.text})`")
            )
        return Call("diag", tuple(arguments), (), span)

    def rep_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        value, count = (
            (arguments[0] if arguments else None),
            keywords.get("times", arguments[-1] if arguments else None),
        )
        if not isinstance(value, Literal) or count is None or count is value:
            raise self.refuse(token, "only a number is repeated here", "as in rep(1, n)")
        ones = Call("ones", (count,), (), span)
        return ones if value.value == 1 else Call("*", (value, ones), (), span)

    def extent_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        del keywords
        if token.text == "length":
            return Call("?count", tuple(arguments[:1]), (), span)
        place = Literal(Fraction(int(token.text.lower() == "ncol")), span)
        return Call("?extent", (*arguments[:1], place), (), span)

    def norm__(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        kind = keywords.get("type", arguments[1] if len(arguments) > 1 else None)
        if not isinstance(kind, Text) or kind.value.upper() not in ("2", "F", "E"):
            raise self.refuse(token, "which norm?", 'as in norm(x, "2") or norm(X, "F")')
        return Call("?norm", (arguments[0], Text("2" if kind.value == "2" else "F", span)), (), span)

    def log_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """`log(x, b)` is to the base b."""
        base = arguments[1] if len(arguments) > 1 else keywords.pop("base", None)
        if not 0 < len(arguments) < 3 or keywords:
            raise self.refuse(token, "a logarithm has a value and a base", "as in `log(x)/log(3)`")
        logs = [Call("log", (value,), (), span) for value in (arguments[0], base) if value is not None]
        return logs[0] if len(logs) == 1 else Call("/", tuple(logs), (), span)

    def along_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        if len(arguments) != 1 or keywords:
            raise self.refuse(token, f"{token.text} takes one matrix here")
        function, axis = _AXES[token.text]
        return Call(function, tuple(arguments), (("axis", Literal(Fraction(axis), span)),), span)

    def extreme_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        if len(arguments) != 1 or keywords:
            word = token.text
            raise self.refuse(
                token, f"{word} takes the one {word}imum of all entries here", f"entry by entry it is `p{word}`"
            )
        return Call(token.text, tuple(arguments), (), span)

    def outer_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """Each entry with each, by a sign that is quoted."""
        sign = arguments[2] if len(arguments) > 2 else keywords.pop("FUN", Text("*", span))
        if not isinstance(sign, Text) or sign.value not in ("*", "+", "-") or not 1 < len(arguments) < 4 or keywords:
            raise self.refuse(token, "of which function?", 'as in outer(x, y, "-")')
        left, right = arguments[:2]
        if sign.value == "*":
            return Call("outer", (left, right), (), span)
        return Call("?each." + sign.value, (left, Call(".T", (right,), (), span)), (), span)

    def spread_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """Of the columns, or of two vectors."""
        if keywords or not 0 < len(arguments) < 3:
            raise self.refuse(token, f"{token.text} takes a matrix here, or two vectors")
        return of_columns("cov" if token.text == "cov" else "corrcoef", arguments, span)

    def deviation_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """By n - 1; var of a matrix is the matrix of covariances of its columns."""
        if keywords or len(arguments) != 1:
            raise self.refuse(token, f"{token.text} takes one argument here", f"as in {token.text}(x)")
        held = Name(HELD, span)
        if token.text == "sd":
            return spread("std", arguments[0], (), span)
        return by_axis(spread("var", held, (), span), of_columns("cov", [held], span), arguments[0], span)

    def entries_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """Of all entries, column by column."""
        if keywords or len(arguments) != 1:
            raise self.refuse(token, f"{token.text} takes one argument here", f"as in {token.text}(x)")
        return Call(token.text, (Call("?vec", tuple(arguments), (), span),), (), span)

    def diff_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """Down the columns."""
        if keywords or len(arguments) != 1:
            raise self.refuse(token, "diff takes neighbours once here", "as in diff(x)")
        held = Name(HELD, span)
        down = Call("diff", (held,), (("axis", Literal(Fraction(0), span)),), span)
        return by_axis(Call("diff", (held,), (), span), down, arguments[0], span)

    def factor_(self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        """The upper factor, here."""
        del token, keywords
        return Call(".T", (Call("cholesky", tuple(arguments), (), span),), (), span)


_VOCABULARY = Vocabulary(
    _SAME,
    _ELSEWHERE,
    {
        "solve": _R.solve_,
        "determinant": _R.determinant_,
        "scale": _R.scale_,
        "sweep": _R.sweep_,
        **dict.fromkeys(("crossprod", "tcrossprod"), _R.crossed),
        "diag": _R.diag_,
        "rep": _R.rep_,
        **dict.fromkeys(("length", "nrow", "ncol", "NROW", "NCOL"), _R.extent_),
        "norm": _R.norm__,
        "log": _R.log_,
        "chol": _R.factor_,
        "outer": _R.outer_,
        **dict.fromkeys(_AXES, _R.along_),
        **dict.fromkeys(("max", "min"), _R.extreme_),
        **dict.fromkeys(("cov", "cor"), _R.spread_),
        **dict.fromkeys(("var", "sd"), _R.deviation_),
        **dict.fromkeys(("cumsum", "cumprod", "cummax", "cummin", "sort"), _R.entries_),
        "diff": _R.diff_,
    },
    "`{}(x)`",
    capital=False,
)
