"""Functions of MATLAB and Julia that run along an axis: MATLAB's down the columns of a matrix, Julia's over all."""

from __future__ import annotations

import re
from fractions import Fraction

from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.matlab.cursor import Cursor, MatlabToken
from jacobian_cli.syntax.tree import HELD, Call, Flag, Literal, Name, Term, Text

REDUCED = frozenset("sum mean prod var std median trapezoid norm1 logsumexp".split())
"""Functions that MATLAB applies to each column of a matrix."""
RUNNING = frozenset("cumsum cumprod cummax cummin logcumsumexp sort diff flip".split())
"""Functions that MATLAB lets run down each column, and that keep the axis."""
_CERTAIN = re.compile(
    r"\b(?:bsxfun|repmat|(?:vert|horz)cat|numel|eye\(\d*\)|zeros|vecnorm)\b|\b(?:sum\(\s*sum|mean\(\s*mean)\(|'fro'|\(:\)|@\(|,\s*\[\s*\]"
)
"""What only MATLAB has."""
_SPREADS = ("var", "std")
_Options = tuple[tuple[str, Term], ...]


def by_axis(whole: Term, down: Term, x: Term, span: Span, how: str = "rows") -> Call:
    """Two readings of a function of x, which stands in them as `HELD`: of a vector, and of a matrix."""
    return Call("?columns", (x, whole, down, Text(how, span)), (), span)


def spread(name: str, x: Term, kept: _Options, span: Span) -> Term:
    """Variance or deviation by n - 1."""
    count = Call("?count", (x,), tuple(option for option in kept if option[0] == "axis"), span)
    ratio = Call("/", (count, Call("-", (count, Literal(Fraction(1), span)), (), span)), (), span)
    return Call(
        "*", (Call(name, (x,), kept, span), Call("sqrt", (ratio,), (), span) if name == "std" else ratio), (), span
    )


class Along(Cursor):
    """Reads applications of functions that run along an axis."""

    __slots__ = ()

    def how(self) -> Text:
        """Whether the notation is a guess."""
        certain = not self.guessed or (not self.julia and bool(_CERTAIN.search(self.text)))
        return Text("" if certain else "guessed", self.next.span)

    def reduced(
        self, name: str, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span
    ) -> Term:
        """Sums and the like: MATLAB's run down columns, Julia's over all; `dims=1` keeps the axis."""
        axis = keywords.pop("dims", None)
        x, *rest = arguments
        options: dict[str, Term] = {}
        less = name in _SPREADS
        if less and self.julia and "corrected" in keywords:
            match keywords.pop("corrected"):
                case Name(text="false" | "true" as word):
                    less = word == "true"
                case other:
                    raise self.refuse(other.span, "corrected is true or false", f"as in {name}(x, corrected=false)")
        if keywords:
            raise self.refuse(token, f"{token.text} has no option '{next(iter(keywords))}' that is read here")
        if rest and self.julia:
            raise self.refuse(token, f"{token.text} takes one array here", f"as in `{token.text}(X, dims=1)`")
        if less and rest:
            weight, *rest = rest
            if weight != Text("[]", weight.span):
                if not isinstance(weight, Literal) or weight.value not in (0, 1):
                    raise self.refuse(weight.span, "0 is by n - 1, 1 is by n here", f"as in {name}(x, 1)")
                less = weight.value == 0
        elif name == "diff" and rest:
            times, *rest = rest
            options["n"] = times
        elif name == "trapezoid" and rest:  # the places stand first
            places, (x, *rest) = x, rest
            options["x"] = places
        elif name == "sort" and rest and isinstance(order := rest[-1], Text):
            rest.pop()
            self.want_rising(token, order)
        if len(rest) > 1:
            raise self.refuse(token, f"{token.text} takes fewer arguments here", "as in sum(X, 1)")
        if rest and isinstance(rest[0], Text) and rest[0].value == "all":
            return self.run(name, x, options, None, span, less=less)
        axis = rest[0] if rest else axis
        if axis is None:
            if self.julia and not self.guessed and name in REDUCED:
                return self.run(name, x, options, None, span, less=less)
            return self.down(name, x, span, options, less=less)
        if not isinstance(axis, Literal) or axis.value not in (1, 2):
            raise self.refuse(axis.span, "an axis is 1 or 2 here", f"as in {token.text}(X, {'dims=' * self.julia}1)")
        return self.run(name, x, options, int(axis.value) - 1, span, less=less)

    def want_rising(self, token: MatlabToken, order: Text) -> None:
        if order.value.lower() != "ascend":
            raise self.refuse(token, "only the rising order is read here", "the other is `-sort(-x)`")

    def run(self, name: str, x: Term, options: dict[str, Term], axis: int | None, span: Span, *, less: bool) -> Term:
        """A function along one axis, or none."""
        kept: _Options = (*options.items(),)
        if axis is not None:
            kept = (*kept, ("axis", Literal(Fraction(axis), span)))
            if name == "trapezoid":
                made = Call(name, (x,), kept, span)
                return made if axis else Call(".T", (made,), (), span)
            if name not in RUNNING:
                kept = (*kept, ("keepdims", Flag(True, span)))
        return spread(name, x, kept, span) if less else Call(name, (x,), kept, span)

    def down(
        self,
        name: str,
        x: Term,
        span: Span,
        options: dict[str, Term] | None = None,
        *,
        less: bool = False,
        certain: bool = False,
    ) -> Call:
        """What MATLAB does to each column of a matrix."""
        held = Name(HELD, span)
        whole = self.run(name, held, options or {}, None, span, less=less)
        columns = self.run(name, held, options or {}, 0, span, less=less)
        how = "" if certain or name == "flip" else self.how().value
        if name in RUNNING:
            how = "none" if self.julia and not self.guessed else f"{how} runs"
        return Call("?columns", (x, whole, columns, Text(how, span)), (), span)

    def softmax(self, name: str, arguments: list[Term], keywords: dict[str, Term], span: Span) -> Term:
        axis = keywords.pop("dims", None)
        if keywords or len(arguments) != 1:
            raise self.refuse(span, f"{name} takes one argument and dims")
        if axis is None:
            return Call("?softmax", (Call(name, tuple(arguments), (), span), self.how()), (), span)
        if not isinstance(axis, Literal) or axis.value not in (1, 2):
            raise self.refuse(span, "an axis is 1 or 2 here", "as in softmax(X, dims=1)")
        return Call(name, tuple(arguments), (("axis", Literal(axis.value - 1, axis.span)),), span)
