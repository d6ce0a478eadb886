"""Functions of MATLAB and Julia by what they do there."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.libraries import GELU_TANH
from jacobian_cli.syntax.matlab.along import REDUCED, RUNNING, Along
from jacobian_cli.syntax.matlab.cursor import MatlabToken
from jacobian_cli.syntax.parser import parse
from jacobian_cli.syntax.tree import HELD, Call, Flag, Group, Literal, Name, Term, Text, parts_of, substituted

SAME = {
    "tr": "trace", "abs2": "square", "σ": "sigmoid", "logistic": "sigmoid", "norm2": "norm", "swish": "silu",
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "log": "log", "sum": "sum", "cor": "corrcoef",
    "ln": "log", "tril": "tril", "triu": "triu", "logabsdet": "logdet", "leakyrelu": "leaky_relu",
    "logsoftmax": "log_softmax", "svd": "svdvals", "trapz": "trapezoid",
    "normcdf": "ndtr", "normpdf": "normal_pdf", "mtimes": "?mtimes", "times": "?each*",
    "minus": "?each-", "plus": "?each+", "rdivide": "?each/", "mldivide": "?mldivide",
    "mrdivide": "?mrdivide", "power": "?each**",
}  # fmt: skip
"""Functions of the language under the names that they have here."""
_OF_ALL = ("sum", "prod", "mean")
"""Functions that run over all entries in Julia."""
_SIGNS = {"@plus": "?each+", "@minus": "?each-", "@times": "?each*", "@rdivide": "?each/", "@power": "?each**"}
"""Operators by the names that MATLAB's functions have for them."""
_UNDOTTED = frozenset(
    "exp log sqrt sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh cbrt".split()
)
"""Functions that without a dot are functions of a square matrix in Julia."""
_EXTREMES = {"maximum": "max", "minimum": "min"}
"""Julia's names of reductions."""
_WITHOUT = frozenset(("eye",))
_FILLED = re.compile(r"(?<![\w.])(?:ones|zeros|eye)\s*\(\s*\Z")
"""Functions that take the size of another array, `zeros(size(A))`."""
"""Functions that may stand without an argument."""
ELSEWHERE = {
    "reshape": "entries are rearranged row by row in the language, column by column here; declare the reshaped one",
    "flatten": "column by column it is `vec(X)`, row by row `ravel(X)`",
    "eig": "of symmetric matrices it is `eigvalsh(A)` in the language",
    "rand": "random numbers are no formula",
    "randn": "random numbers are no formula",
    "logm": "the matrix logarithm is not in the language",
}


def of_columns(function: str, arguments: list[Term], span: Span) -> Term:
    """Covariances and correlations, whose variables are columns here; of two vectors they are one number."""
    if len(arguments) == 1:
        return Call(function, (Call("?turn", tuple(arguments), (), span),), (), span)
    zero, one = (Literal(Fraction(place), span) for place in (0, 1))
    return Call("[]", (Call(function, tuple(arguments), (), span), Group((zero, one), span)), (), span)


class Functions(Along):
    """Reads applications."""

    __slots__ = ()

    def applied(self, token: MatlabToken, *, dotted: bool) -> Term:
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
            elif self.sees("@") and following.kind == "name":  # bsxfun(@plus, A, b)
                self.take()
                function = self.take()
                arguments.append(Text("@" + function.text, function.span))
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
        span = Span(token.start, closed.stop)
        return self.function(token, arguments, keywords, span, dotted=dotted or self.dotted)

    def is_function(self) -> bool:
        name = self.next.text
        return name not in self.known.names and (SAME.get(name, name) in self.known.functions)

    def function(
        self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span, *, dotted: bool
    ) -> Term:
        """An application; where a dot stands before the bracket in Julia, shapes decide what the dot changes."""
        made = self.made(token, arguments, keywords, span, dotted=dotted)
        if not (dotted and self.julia) or token.text == "map":
            return made
        name, how = Text(SAME.get(token.text, token.text), token.span), Text("@" if self.dotted else "", span)
        values = (part for part in arguments if not isinstance(part, Text))
        return Call("?broadcast", (made, name, how, *values), (), span)

    def made(
        self, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span, *, dotted: bool
    ) -> Term:
        name = SAME.get(token.text, token.text)
        if token.text == "bsxfun" and len(arguments) == 3 and isinstance(arguments[0], Text):
            sign = _SIGNS.get(arguments[0].value)
            if sign is None:
                raise self.refuse(token, "of which operator?", "as in bsxfun(@plus, A, b)")
            return Call(sign, tuple(arguments[1:]), (), span)
        if arguments and isinstance(arguments[0], Text) and arguments[0].value.startswith("@"):  # sum(abs2, x)
            inner = SAME.get(arguments[0].value[1:], arguments[0].value[1:])
            arguments = [Call("?dotted", (Call(inner, tuple(arguments[1:2]), (), span),), (), span), *arguments[2:]]
            if name in _OF_ALL and len(arguments) == 1 and not keywords:  # nobody but Julia has that
                return Call(name, tuple(arguments), (), span)
        if token.text == "map" and len(arguments) == 1:  # map(abs2, x)
            return Call("?dotted", tuple(arguments), (), span)
        if not arguments and name not in _WITHOUT:
            raise self.refuse(token, f"'{token.text}' wants an argument", f"as in `{token.text}(x)`")
        if name in _EXTREMES and keywords and len(arguments) == 1:  # maximum(X, dims=2)
            return self.reduced(_EXTREMES[name], token, arguments, keywords, span)
        if name[0] == "?":  # mtimes(A, x)
            if len(arguments) != 2 or keywords:
                raise self.refuse(token, f"{token.text} takes two arguments", f"as in {token.text}(A, B)")
            return Call(name, tuple(arguments), (), span)
        special = SPECIAL.get(name)
        if special is not None and keywords:
            raise self.refuse(token, f"{token.text} has no options that are read here")
        if special is not None:
            return special(self, token, arguments, span, dotted)
        if name in ELSEWHERE:
            raise self.refuse(token, f"'{token.text}' is not in the language", ELSEWHERE[name])
        if name not in self.known.functions:
            places = self.julia and all(isinstance(argument, Literal) for argument in arguments)
            hint = "an entry is x[1] in Julia; " if places else ""
            raise self.refuse(
                token, f"there is no function '{token.text[:40]}'", f"{hint}jac functions lists those there are"
            )
        if name in REDUCED or name in RUNNING:
            return self.reduced(name, token, arguments, keywords, span)
        if name in ("softmax", "log_softmax"):
            return self.softmax(name, arguments, keywords, span)
        if keywords:
            raise self.refuse(token, f"{token.text} has no options that are read here")
        made = Call(name, tuple(arguments), (), span)
        if not dotted and name in _UNDOTTED and len(arguments) == 1 and (self.julia or self.how().value):
            return Call("?undotted", (made, self.how()), (), span)
        return Call("?dotted", (made,), (), span) if dotted or not self.julia else made

    # each takes the token of the name, its arguments, the place, and whether a dot was written

    def norm_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted
        kind = "2"
        if len(arguments) > 1:
            match arguments[1]:
                case Literal(value=value):
                    kind = str(value)
                case Text(value=value):
                    kind = "F" if value.lower().startswith("fro") else value.lower()
                case Name(text=text) if text.lower() == "inf":
                    kind = "inf"
                case _:
                    kind = "p"
        if kind not in ("1", "2", "inf", "F", "p"):
            kind = "p"
        if kind == "p" and len(arguments) > 1 and not isinstance(arguments[1], Text):
            return Call("?norm", (arguments[0], Text("p", span), arguments[1]), (), span)
        if token.text == "norm2":
            kind = "F"
        if kind in ("1", "inf") and (token.text == "opnorm" or not (self.julia or self.guessed)):
            return Call("?induced", (arguments[0], Text(kind, span)), (), span)
        if self.julia and token.text == "norm":  # all entries in a row
            if kind in ("1", "inf"):
                entries = Call("abs", (arguments[0],), (), span)
                return Call("sum" if kind == "1" else "max", (entries,), (), span)
            kind = "F" if kind == "2" else kind
        return Call("?norm", (arguments[0], Text("inf" if kind == "inf" else kind, span)), (), span)

    def dot_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted
        if len(arguments) == 3:
            first, middle, last = arguments
            turned = Call(".T", (first,), (), first.span)
            return Call("?mtimes", (Call("?mtimes", (turned, middle), (), span), last), (), span)
        if len(arguments) != 2:
            raise self.refuse(token, "dot takes two arguments, or three: dot(x, A, y)")
        written = self.text[span.start : span.stop]
        if self.guessed and (product := re.search(r"(\w+)\s*\*\s*\w", written)):
            taken = written.replace("*", "@")
            self.doubts.append(
                Doubt(f"`{taken}` is read, the matrix product; a number is declared: `-s {product[1]}=()`")
            )
        if self.julia:
            return Call("?inner", tuple(arguments), (), span)
        return Call("?dots", (*arguments, Text("guessed" if self.guessed else "", span)), (), span)

    def vector_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted
        if len(arguments) != 1:
            raise self.refuse(token, f"{token.text} takes one number, which every entry has")
        return Call("?" + token.text, tuple(arguments), (), span)

    def max_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        if len(arguments) > 1 and arguments[1] == Text("[]", arguments[1].span):  # max(X, [], 2)
            axis = arguments[2:] or [Literal(Fraction(1), span)]
            return self.reduced(token.text, token, [arguments[0], *axis], {}, span)
        if len(arguments) == 1 and not dotted:
            if self.julia and not self.guessed:
                raise self.refuse(
                    token,
                    f"{token.text} compares several values in Julia",
                    f"of all entries it is `{token.text}imum(x)`",
                )
            return self.down(token.text, arguments[0], span, certain=True)
        constant = [isinstance(a, Call) and a.function in ("?vector", "?matrix") for a in arguments]
        if not all(constant):  # max(x, vector(0)): beside another array it is a number
            arguments = [parts_of(a)[0] if alone else a for a, alone in zip(arguments, constant, strict=True)]
        return Call(token.text, tuple(arguments), (), span)

    def maximum_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        """Julia's over all entries; with two arguments the language's."""
        del dotted
        name = token.text if len(arguments) == 2 else token.text[:3]
        return Call(name, tuple(arguments), (), span)

    def transpose_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del token, dotted
        return Call(".T", tuple(arguments[:1]), (), span)

    def numel_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted
        if token.text == "length" and not self.julia:
            return Call("?length", tuple(arguments[:1]), (), span)
        return Call("?count", tuple(arguments[:1]), (), span)

    def svd_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted
        if token.text == "svd" and self.julia:
            raise self.refuse(token, "a factorization is not a value here", "its values are `svdvals(A)`")
        return Call("svdvals", tuple(arguments), (), span)

    def size_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted
        filled = _FILLED.search(self.text, 0, token.start)
        if len(arguments) == 1 and filled and self.text[span.stop :].lstrip().startswith(")"):
            return Call("?size", tuple(arguments), (), span)
        if len(arguments) != 2 or not isinstance(arguments[1], Literal):
            raise self.refuse(token, "which axis?", "as in size(X, 1)")
        place = arguments[1]
        return Call("?extent", (arguments[0], Literal(place.value - 1, place.span)), (), span)

    def ones_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted
        match arguments:
            case [Call(function="?size", arguments=like)]:
                return Call(f"{token.text}_like", like, (), span)
        sizes = [a for k, a in enumerate(arguments) if not (k and isinstance(a, Literal) and a.value == 1)]
        if len(arguments) == 1 and not self.julia:
            sizes = sizes * 2
        return Call(token.text, tuple(sizes), (), span)

    def eye_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del token, dotted
        match arguments:
            case [Call(function="?size", arguments=(like,), span=at)]:
                arguments = [Call("?extent", (like, Literal(Fraction(0), at)), (), at)]
        return Call("eye", tuple(arguments[:1]), (), span) if arguments else Call("?eye", (), (), span)

    def ifelse_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del token, dotted
        return Call("where", tuple(arguments), (), span)

    def diagm_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del token, dotted
        return Call("diag", tuple(arguments), (), span)

    def logdet_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del token, dotted
        return Call("logdet", tuple(arguments), (), span)

    def repmat_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        """A column side by side, `repmat(b, 1, n)`, or a row below itself, `repmat(b', m, 1)`."""
        del dotted
        once = [isinstance(count, Literal) and count.value == 1 for count in arguments[1:]]
        if len(once) != 2 or not any(once):
            raise self.refuse(token, "only a column or a row is repeated here", "as in repmat(b, 1, n)")
        x, below, beside = arguments
        if once == [True, True]:
            return x
        ones = Call("ones", (beside if once[0] else below,), (), span)
        return Call("?repeated", (x, Call(".T", (ones,), (), span) if once[0] else ones), (), span)

    def chol_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        """The upper factor, unless `'lower'` is said; Julia's holds both."""
        del dotted
        x, *which = arguments
        if token.text == "cholesky":
            raise self.refuse(token, "a factorization is not a value here", "its factor L is `cholesky(A)`")
        if any(not isinstance(one, Text) or one.value not in ("lower", "upper") for one in which):
            raise self.refuse(token, "which factor?", "as in chol(A, 'lower')")
        lower = Call("cholesky", (x,), (), span)
        return (
            lower
            if [one.value for one in which if isinstance(one, Text)] == ["lower"]
            else Call(".T", (lower,), (), span)
        )

    def cov_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted
        name = "cov" if token.text == "cov" else "corrcoef"
        if len(arguments) > 2 or any(isinstance(one, Literal | Text) for one in arguments[1:]):
            raise self.refuse(token, f"{token.text} takes a matrix here, or two vectors")
        if len(arguments) == 2 and not self.julia and token.text != "cor":
            return Call(name, tuple(arguments), (), span)
        return of_columns(name, arguments, span)

    def gelu_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        """Julia's is the approximation by tanh."""
        del token, dotted
        if not self.julia or len(arguments) != 1:
            return Call("gelu", tuple(arguments), (), span)
        self.doubts.append(
            Doubt(f"Julia's gelu is the approximation by tanh, `{GELU_TANH}`; `gelu(x)` is the exact one")
        )
        return substituted(parse(GELU_TANH), {"x": arguments[0]})

    def vecnorm_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        """The norms of columns, or along an axis."""
        del dotted
        x, *more = arguments
        if len(more) == 2 and isinstance(more[1], Literal) and more[1].value in (1, 2):
            order = () if isinstance(more[0], Literal) and more[0].value == 2 else (("ord", more[0]),)
            kept = (("axis", Literal(more[1].value - 1, span)), ("keepdims", Flag(True, span)))
            return Call("norm", (x,), (*order, *kept), span)
        if more and not (isinstance(more[0], Literal) and more[0].value == 2):
            raise self.refuse(token, "which norm, and along which axis?", "as in vecnorm(X, 2, 1)")
        return self.down("norm", x, span)

    def normalize_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        """Julia's divides by the norm of all entries; MATLAB's is another function."""
        del dotted
        if not self.julia:
            ways = "`(x - mean(x))./std(x)` are the z-scores of MATLAB, `x/norm(x)` has the length 1"
            raise self.refuse(token, "normalize takes z-scores of columns in MATLAB, divides by the norm here", ways)
        if len(arguments) != 1:
            raise self.refuse(token, "normalize takes one argument here", "as in `normalize(x)`")
        held = Name(HELD, span)
        whole = Call("/", (held, Call("norm", (held,), (), span)), (), span)
        return Call(
            "?columns", (arguments[0], Call("normalize", (held,), (), span), whole, Text("rows", span)), (), span
        )

    def quantile_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted
        if not self.julia:
            way = "as NumPy, R and Julia have it: --syntax julia; the median is `median(x)`"
            raise self.refuse(token, f"{token.text} lies between other entries in MATLAB than in the language", way)
        return Call(token.text, tuple(arguments), (), span)

    def reshape_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        """`reshape(X, [], 1)`, all entries column by column; other arrays are rearranged row by row in the language."""
        del dotted
        match arguments[1:]:
            case [Text(value="[]"), Literal(value=1)]:
                return Call("?vec", tuple(arguments[:1]), (), span)
        raise self.refuse(token, f"'{token.text}' is not in the language", ELSEWHERE["reshape"])

    def repeat_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        del dotted, arguments, span
        way = "end to end it is `vcat(x, x)`"
        raise self.refuse(token, "repeat takes the whole again in Julia, each entry in the language", way)

    def joined_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        """End to end, or side by side."""
        del dotted
        return Call("concat" if token.text in ("vcat", "vertcat") else "?column_stack", tuple(arguments), (), span)

    def sumsq_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        """Octave's and CVX's sum of squares, which runs as `sum` does."""
        del dotted
        x, *rest = arguments
        squares = Call("?each**", (x, Literal(Fraction(2), span)), (), span)
        return self.reduced("sum", token, [squares, *rest], {}, span)

    def quad_form_(self, token: MatlabToken, arguments: list[Term], span: Span, dotted: bool) -> Term:
        """CVX's x'*P*x."""
        del dotted
        if len(arguments) != 2:
            raise self.refuse(token, "quad_form takes two arguments", "as in quad_form(x, P)")
        x, matrix = arguments
        return Call("?mtimes", (Call("?mtimes", (Call(".T", (x,), (), x.span), matrix), (), span), x), (), span)


Special = Callable[[Functions, MatlabToken, list[Term], Span, bool], Term]
SPECIAL: dict[str, Special] = {
    "norm": Functions.norm_,
    "opnorm": Functions.norm_,
    "dot": Functions.dot_,
    "vector": Functions.vector_,
    "matrix": Functions.vector_,
    "max": Functions.max_,
    "min": Functions.max_,
    "maximum": Functions.maximum_,
    "minimum": Functions.maximum_,
    "transpose": Functions.transpose_,
    "adjoint": Functions.transpose_,
    "numel": Functions.numel_,
    "length": Functions.numel_,
    "size": Functions.size_,
    "svdvals": Functions.svd_,
    "ones": Functions.ones_,
    "zeros": Functions.ones_,
    "eye": Functions.eye_,
    "ifelse": Functions.ifelse_,
    "repmat": Functions.repmat_,
    "diagm": Functions.diagm_,
    "Diagonal": Functions.diagm_,
    "logdet": Functions.logdet_,
    **dict.fromkeys(("chol", "cholesky"), Functions.chol_),
    **dict.fromkeys(("cov", "corrcoef"), Functions.cov_),
    "gelu": Functions.gelu_,
    "vecnorm": Functions.vecnorm_,
    "normalize": Functions.normalize_,
    **dict.fromkeys(("sumsq", "sum_square"), Functions.sumsq_),
    "quad_form": Functions.quad_form_,
    "reshape": Functions.reshape_,
    **dict.fromkeys(("quantile", "percentile"), Functions.quantile_),
    "repeat": Functions.repeat_,
    **dict.fromkeys(("vcat", "vertcat", "hcat", "horzcat"), Functions.joined_),
}
"""Functions that are more than another name."""
