"""NumPy, PyTorch and JAX as they are typed: Python's grammar, the libraries' functions and methods.

Nothing is executed: `ast.parse` builds a tree and no more.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.libraries import (
    GELU_TANH,
    IGNORED,
    JAX,
    KEYWORDS,
    MODULES,
    NUMPY,
    OWN,
    REFUSED,
    SHARED,
    TORCH,
    Spelling,
)
from jacobian_cli.syntax.names import Known
from jacobian_cli.syntax.parser import defined_name, normal_name, parse
from jacobian_cli.syntax.tokens import number, too_deep, want_shallow, want_short
from jacobian_cli.syntax.tree import Call, Definition, Dots, Flag, Group, Literal, Name, Slice, Term, Text

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.MatMult: "?matmul",
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Gt: ">",
    ast.Lt: "<",
    ast.GtE: ">=",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_LEFT = re.compile(r"\s*[^\W\d]\w*\s*=(?!=)")
_TORCH = re.compile(
    r"\btorch\.|\bF\.|\bnn\.|\bdim\s*=|\bkeepdim\s*=|\b(?:unbiased|correction)\s*="
    r"|\.(?:unsqueeze|view|mm|mv|clamp|mT|permute)\b"
)
_JAX = re.compile(r"\bjnp\.|\bjax\.")
_NUMPY = re.compile(r"\b(?:np|numpy|scipy|math|tf)\.|\baxis\s*=|\bkeepdims\s*=")


def read(text: str, known: Known, notation: str = NUMPY, guessed: bool = False) -> Definition:
    """A formula or a definition in the spelling of a library.

    >>> read("np.exp(x)", Known([], ["exp"])).value.function
    'exp'
    """
    want_short(text)
    name = defined_name(text)
    left = _LEFT.match(text)
    flat = re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), text)
    flat = re.sub(r"[\r\n\t\f\ufeff]", " ", flat)
    start = left.end() if left and name else 0
    if not flat[start:].strip():
        raise InputError("there is no formula", text=text)
    flat = "(" + " " * (start - 1) + flat[start:] + ")" if start else f"({flat})"
    shift = 1 if not start else 0
    tree = parsed(flat, text, -shift)
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        raise InputError("this is not an expression", text=text)
    code = Code(text, Places(flat, -shift), known, library_of(text) if guessed else notation)
    try:
        value = want_shallow(code.term(tree.body[0].value), text)
    except RecursionError:
        raise too_deep(text) from None
    return Definition(name, value, text, tuple(code.doubts), code.library or NUMPY)


def library_of(text: str) -> str:
    """The library whose functions or options are named in a text; nothing where none is."""
    if _TORCH.search(text):
        return TORCH
    if _JAX.search(text):
        return JAX
    return NUMPY if _NUMPY.search(text) else ""


def parsed(source: str, text: str, shift: int = 0) -> ast.Module:
    """Python's tree of a source text. Raises `InputError` where it is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        places = Places(source, shift)
        at = places.at(error.lineno or 1, max((error.offset or 1) - 1, 0), characters=True)
        reason = (error.msg or "invalid syntax").partition(". Perhaps")[0]
        if "nested" in reason or "Parser stack" in reason:
            raise too_deep(text) from None
        raise InputError(f"this is not Python: {reason}", text=text, span=Span(at, at + 1)) from None
    except (ValueError, RecursionError, MemoryError):
        raise InputError("this cannot be read as Python", text=text) from None


class Places:
    """Where nodes of a tree stand, in characters of the text."""

    def __init__(self, source: str, shift: int = 0) -> None:
        self.lines = source.splitlines(keepends=True) or [""]
        self.shift = shift
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def at(self, line: int, column: int, *, characters: bool = False) -> int:
        """The place of a column (counted in bytes, as `ast` does) of a line."""
        here = self.lines[min(line, len(self.lines)) - 1]
        if not characters and not here.isascii():
            column = len(here.encode()[:column].decode(errors="ignore"))
        return max(0, self.starts[min(line, len(self.lines)) - 1] + min(column, len(here)) + self.shift)

    def span(self, node: ast.expr | ast.stmt | ast.keyword | ast.arg) -> Span:
        start = self.at(node.lineno, node.col_offset)
        stop = self.at(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset + 1)
        return Span(start, max(stop, start + 1))

    def line(self, place: int) -> int:
        return bisect_right(self.starts, place - self.shift)


class Code:
    """Reads expressions of Python's tree."""

    def __init__(self, text: str, places: Places, known: Known, library: str) -> None:
        self.text = text
        self.places = places
        self.known = known
        self.library = library
        self.doubts: list[Doubt] = []
        self.aliases: Mapping[str, str] = {}
        """What was imported: `expit` for `scipy.special.expit`."""

    # ---- for those who know more of names ---------------------------------------------------------------------------

    def named(self, node: ast.Name) -> Term:
        """What a name stands for."""
        return Name(normal_name(node.id), self.places.span(node))

    def own(self, name: str, node: ast.Call) -> Term | None:
        """The value of a call of a function that the text itself defines."""
        del name, node
        return None

    def shadowed(self, name: str) -> bool:
        """Whether a name is a value here, whatever functions there are."""
        return name in self.known.names

    # ---- the walk ---------------------------------------------------------------------------------------------------

    def refuse(self, node: ast.expr | ast.stmt | ast.keyword, message: str, hint: str | None = None) -> InputError:
        return InputError(message, text=self.text, span=self.places.span(node), hint=hint)

    def term(self, node: ast.expr) -> Term:
        span = self.places.span(node)
        match node:
            case ast.Name():
                return self.named(node)
            case ast.Constant():
                return self.constant(node, span)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return Call(_BINARY[type(op)], (self.term(left), self.term(right)), (), span)
            case ast.BinOp():
                raise self.refuse(node, "this operator is not in the language", "operators are + - * / ** @")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self.term(operand)
                return Literal(-value.value, span) if isinstance(value, Literal) else Call("u-", (value,), (), span)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.term(operand)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                return Call(_COMPARE[type(op)], (self.term(left), self.term(right)), (), span)
            case ast.Attribute():
                return self.attribute(node, span)
            case ast.Subscript():
                return self.subscript(node, span)
            case ast.Call():
                return self.call(node, span)
            case ast.Tuple(elts=items):
                return Group(tuple(map(self.term, items)), span)
            case ast.List(elts=items):
                return Call("stack", tuple(map(self.term, items)), (), span)
            case ast.IfExp():
                raise self.refuse(node, "a choice between two formulas cannot be read", "write where(x > 0, a, b)")
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp() | ast.DictComp():
                raise self.refuse(node, "a loop in brackets cannot be read", "write it as a formula of arrays")
        raise self.refuse(node, "this is not in the language", "jac functions lists what is")

    def constant(self, node: ast.Constant, span: Span) -> Term:
        match node.value:
            case bool() | None:
                return Flag(node.value, span)
            case int() | float():
                written = ast.get_source_segment("".join(self.places.lines), node) or str(node.value)
                if re.fullmatch(r"[0-9._eE+-]+", written):
                    return Literal(number(written.replace("_", ""), self.text, span), span)
                if isinstance(node.value, int) and len(written) < 60:
                    return Literal(Fraction(node.value), span)
            case str():
                return Text(node.value, span)
            case value if value is Ellipsis:
                return Dots(span)
        raise self.refuse(node, "this is no number of the language")

    # ---- attributes and indices -------------------------------------------------------------------------------------

    def path(self, node: ast.expr) -> list[str] | None:
        """The words of a dotted name that begins with a module."""
        words: list[str] = []
        while isinstance(node, ast.Attribute):
            words.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or self.shadowed(node.id):
            return None
        first = self.aliases.get(node.id, node.id).split(".")
        if first[0] not in MODULES:
            return None
        return [*first, *reversed(words)]

    def attribute(self, node: ast.Attribute, span: Span) -> Term:
        turned = node.attr in ("T", "mT", "H", "mH")
        path = None if turned else self.path(node)
        if path is not None:
            match path[-1]:
                case "pi" | "e" | "inf":
                    return Name(path[-1], span)
                case "newaxis":
                    return Flag(None, span)
            raise self.refuse(node, f"'{'.'.join(path)}' is not in the language", REFUSED.get(path[-1]))
        if turned:
            return Call(".T", (self.term(node.value),), (), span)
        match node.attr:
            case "values" | "logabsdet" | "real" | "data":
                return _unpaired(self.term(node.value))
            case "size":
                return Call("?count", (self.term(node.value),), (), span)
        raise self.refuse(node, f"'.{node.attr}' is not in the language", "the only attribute is .T, the transpose")

    def subscript(self, node: ast.Subscript, span: Span) -> Term:
        match node.value, node.slice:
            case ast.Attribute(attr="shape", value=value), ast.Constant() | ast.UnaryOp():
                return Call("?extent", (self.term(value), self.term(node.slice)), (), span)
        read = self.term(node.value)
        if isinstance(read, Call) and read.function in ("?pair", "?slogdet"):
            wanted = 0 if read.function == "?pair" else 1
            if isinstance(node.slice, ast.Constant) and node.slice.value == wanted:
                return _unpaired(read)
            raise self.refuse(node, "this part of the pair has no derivative")
        place = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if isinstance(read, Group) and isinstance(place, int) and -len(read.items) <= place < len(read.items):
            return read.items[place]
        return Call("[]", (read, self.index(node.slice)), (), span)

    def index(self, node: ast.expr) -> Term:
        span = self.places.span(node)
        items = node.elts if isinstance(node, ast.Tuple) else [node]
        return Group(tuple(self.pick(item) for item in items), span)

    def pick(self, node: ast.expr) -> Term:
        match node:
            case ast.Slice(step=None, lower=lower, upper=upper):
                start, stop = (None if bound is None else self.term(bound) for bound in (lower, upper))
                return Slice(start, stop, self.places.span(node))
            case ast.Slice() | ast.List():
                raise self.refuse(node, "this index is not in the language", "as in x[0], A[:, 0], x[1:]")
        return self.term(node)

    # ---- calls ------------------------------------------------------------------------------------------------------

    def call(self, node: ast.Call, span: Span) -> Term:
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                raise self.refuse(argument, "* before an argument is not in the language")
        match node.func:
            case ast.Name(id=name):
                own = self.own(name, node)
                if own is not None:
                    return own
                path = self.aliases.get(name, name).split(".")
                library = MODULES.get(path[0], "") if len(path) > 1 else ""
                return self.function(path[-1], library, node, list(node.args), span, bare=len(path) == 1)
            case ast.Attribute(value=owner, attr=name) as function:
                words = self.path(function)
                if words is None:
                    return self.function(name, self.library, node, [owner, *node.args], span, method=True)
                if "random" in words[:-1]:
                    name = "random"
                library = MODULES[words[0]]
                if words[0] == "linalg" and self.library:
                    library = self.library
                return self.function(name, library, node, list(node.args), span, module=".".join(words[:-1]))
        raise self.refuse(node.func, "only functions of the language can be called", "jac functions lists them")

    def function(
        self,
        name: str,
        library: str,
        node: ast.Call,
        arguments: list[ast.expr],
        span: Span,
        *,
        bare: bool = False,
        method: bool = False,
        module: str = "",
    ) -> Term:
        """A function of a library, or a method: the first argument is what stands before the dot."""
        call = Arguments(self, name, node, arguments, span, library, method=method, module=module)
        if bare and name in self.known.functions and name not in _ALWAYS:
            return call.plain()
        handler = _HANDLERS.get(name)
        if handler is not None:
            if not arguments:
                raise self.refuse(node.func, f"'{name}' wants an argument")
            return handler(call)
        row = OWN.get(library or NUMPY, {}).get(name) or SHARED.get(name)
        if row is not None:
            return call.spelled(row)
        if name in REFUSED:
            raise self.refuse(node.func, f"'{name}' is not in the language", REFUSED[name])
        if bare and name in self.known.functions:
            return call.plain()
        raise self.refuse(node.func, f"'{name}' is not known here", "jac functions lists the functions of the language")

    def doubt(self, message: str) -> None:
        found = Doubt(message)
        if found not in self.doubts:
            self.doubts.append(found)


class Arguments:
    """A call with its arguments, by the names that the parameters have here."""

    def __init__(
        self,
        code: Code,
        name: str,
        node: ast.Call,
        arguments: list[ast.expr],
        span: Span,
        library: str,
        *,
        method: bool,
        module: str,
    ) -> None:
        self.code = code
        self.name = name
        self.node = node
        self.arguments = arguments
        self.span = span
        self.library = library
        self.method = method
        self.module = module
        self.keywords: dict[str, ast.expr] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise code.refuse(keyword, "** before an argument is not in the language")
            if keyword.arg not in IGNORED or (name in ("reshape", "ravel", "flatten") and keyword.arg == "order"):
                option = KEYWORDS.get(keyword.arg, keyword.arg)
                if option in self.keywords:
                    raise code.refuse(keyword, "an option is given twice")
                self.keywords[option] = keyword.value

    def plain(self) -> Call:
        """A function of the language, as it stands."""
        named = tuple((name, self.code.term(value)) for name, value in self.keywords.items())
        return Call(self.name, tuple(map(self.code.term, self.arguments)), named, self.span)

    def bound(self, *parameters: str) -> dict[str, Term]:
        """The terms that were given, by the names of the parameters."""
        if len(self.arguments) > len(parameters):
            raise self.code.refuse(
                self.node, f"{self.name} takes at most {len(parameters)} arguments here, not {len(self.arguments)}"
            )
        found = {name: self.code.term(value) for name, value in zip(parameters, self.arguments, strict=False)}
        for name, value in self.keywords.items():
            if name not in parameters or name in found:
                raise self.code.refuse(value, f"{self.name} has no option '{name}' that is read here")
            found[name] = self.code.term(value)
        kept = {name: term for name, term in found.items() if not (isinstance(term, Flag) and term.value is None)}
        return _Given(self, kept)

    def spelled(self, row: Spelling) -> Term:
        """What a row of the table says."""
        given = self.bound(*row.parameters)
        missing = [name for name in row.parameters if name not in given and name not in _OPTIONAL]
        if missing:
            raise self.code.refuse(self.node, f"{self.name} wants {', '.join(missing)}")
        if row.doubt:
            self.code.doubt(row.doubt)
        return self.made(row.text, given)

    def made(self, text: str, given: Mapping[str, Term]) -> Term:
        """A text of the language with terms for its names; `axis` and `keepdims` go to the outermost call."""
        keywords = tuple((name, given[name]) for name in ("axis", "keepdims") if name in given)
        return _filled(_template(text), given, self.span, keywords)

    def call(self, function: str, *arguments: Term, **keywords: Term | None) -> Call:
        named = tuple((name, term) for name, term in keywords.items() if term is not None)
        return Call(function, arguments, named, self.span)

    def refuse(self, message: str, hint: str | None = None) -> InputError:
        return self.code.refuse(self.node, message, hint)


class _Given(dict[str, Term]):
    """The terms given for parameters; one that is needed and missing is refused."""

    def __init__(self, call: Arguments, terms: Mapping[str, Term]) -> None:
        super().__init__(terms)
        self.call = call

    def __missing__(self, name: str) -> Term:
        raise self.call.refuse(f"'{self.call.name}' wants {name}")


_OPTIONAL = frozenset("axis keepdims a".split())
"""Parameters that may be left out."""
_ALWAYS = frozenset("max min".split())


@lru_cache(maxsize=256)
def _template(text: str) -> Term:
    return parse(text)


def _filled(template: Term, given: Mapping[str, Term], span: Span, keywords: tuple[tuple[str, Term], ...] = ()) -> Term:
    match template:
        case Name(text=text):
            return given.get(text) or Name(text, span)
        case Literal(value=value):
            return Literal(value, span)
        case Call(function="FLAT", arguments=(inner,)):
            if any(name == "axis" for name, _ in keywords):
                return _filled(inner, given, span, keywords)
            return Call("?flat", (_filled(inner, given, span, keywords),), (), span)
        case Call(function=function, arguments=arguments, keywords=own):
            parts = tuple(
                _filled(part, given, span)
                for part in arguments
                if not (isinstance(part, Name) and _left_out(part, given))
            )
            named = tuple((name, _filled(value, given, span)) for name, value in own)
            function = "?" + function.lower() if function.isupper() else function
            return Call(function, parts, (*named, *keywords), span)
    raise AssertionError(template)


def _left_out(part: Name, given: Mapping[str, Term]) -> bool:
    return part.text == "a" and part.text not in given


def _unpaired(term: Term) -> Term:
    return term.arguments[0] if isinstance(term, Call) and term.function in ("?pair", "?slogdet") else term


# ---- functions that no row can say -------------------------------------------------------------------------------


def _is(term: Term | None, *values: object) -> bool:
    match term:
        case Literal(value=value) | Text(value=value) | Flag(value=value) | Name(text=value):
            return value in values
    return False


def _extreme(call: Arguments) -> Term:
    """`max` and `min`: over entries, along an axis, or of two values; PyTorch's along an axis are a pair."""
    name = call.name
    if not call.library and not call.method:  # Python's own
        if len(call.arguments) == 1:
            return call.call(name, *map(call.code.term, call.arguments))
        return call.plain()
    torch = call.library == TORCH
    whole = len(call.arguments) > 1 and isinstance(call.arguments[1], ast.Constant | ast.UnaryOp | ast.Tuple)
    if "y" in call.keywords or (torch and len(call.arguments) == 2 and not whole):
        given = call.bound("x", "y")
        return call.call("maximum" if name == "max" else "minimum", given["x"], given["y"])
    given = call.bound("x", "axis", "keepdims")
    made = call.call(name, given["x"], axis=given.get("axis"), keepdims=given.get("keepdims"))
    return Call("?pair", (made,), (), call.span) if torch and "axis" in given else made


def _spread(call: Arguments) -> Term:
    """Variance and deviation: by n in NumPy and JAX, by n - 1 in PyTorch."""
    if call.library == TORCH:
        given = call.bound("x", "axis", "keepdims", "correction", "unbiased", "ddof")
        less = given.get("correction") or given.get("ddof") or Literal(Fraction(1), call.span)
        if _is(given.get("unbiased"), False):
            less = Literal(Fraction(0), call.span)
    else:
        given = call.bound("x", "axis", "dtype", "out", "ddof", "keepdims", "correction")
        less = given.get("ddof") or given.get("correction") or Literal(Fraction(0), call.span)
    options = {name: given[name] for name in ("axis", "keepdims") if name in given}
    made = call.call(call.name, given["x"], **options)
    if not call.library and "ddof" not in given:
        other = "var(x)*n/(n - 1)" if call.name == "var" else "std(x)*sqrt(n/(n - 1))"
        call.code.doubt(f"`{call.name}(x)` is read, which divides by n; PyTorch's is `{other}`")
    if _is(less, 0):
        return made
    if not isinstance(less, Literal):
        raise call.refuse("how many are taken from n must be a number")
    count = call.call("?count", given["x"], axis=given.get("axis"), keepdims=given.get("keepdims"))
    ratio = call.call("/", count, call.call("-", count, less))
    return call.call("*", made, call.call("sqrt", ratio) if call.name == "std" else ratio)


def _norm(call: Arguments) -> Term:
    """Norms; `2` of a matrix is its spectral norm, but for PyTorch's older `norm`, which takes all entries in a row."""
    which = "p" if "p" in call.keywords else "ord"
    given = call.bound("x", which, "axis", "keepdims")
    kind = given.get(which)
    x, axis, keep = given["x"], given.get("axis"), given.get("keepdims")
    flat = call.name == "vector_norm" or (call.library == TORCH and "linalg" not in call.module)
    if kind is None or _is(kind, "fro"):
        function = "norm"
    elif _is(kind, 2):
        if axis is None and not flat:
            return call.call("?norm", x, Text("2", call.span))
        function = "norm"
    elif _is(kind, 1):
        if axis is None and not flat:
            return call.call("?norm", x, Text("1", call.span))
        function = "norm1"
    elif _is(kind, "inf"):
        if axis is None and not flat:
            return call.call("?norm", x, Text("inf", call.span))
        return call.call("max", call.call("abs", x), axis=axis, keepdims=keep)
    else:
        raise call.refuse("this norm is not in the language", "there are `norm(x)`, `norm1(x)` and `max(abs(x))`")
    return call.call(function, x, axis=axis, keepdims=keep)


def _clip(call: Arguments) -> Term:
    """Between two bounds, either of which may be missing."""
    low = next((word for word in ("min", "a_min", "min_val", "clip_value_min") if word in call.keywords), "min")
    high = next((word for word in ("max", "a_max", "max_val", "clip_value_max") if word in call.keywords), "max")
    given = call.bound("x", low, high)
    term = given["x"]
    if low in given:
        term = call.call("max", term, given[low])
    if high in given:
        term = call.call("min", term, given[high])
    return term


def _transpose(call: Arguments) -> Term:
    """NumPy names the new order of axes, PyTorch the two that change places."""
    terms = [call.code.term(a) for a in call.arguments]
    terms += [
        call.code.term(value)
        for name, value in call.keywords.items()
        if name in ("axis", "axes", "perm", "dim0", "dim1")
    ]
    x, order = terms[0], terms[1:]
    if not order:
        return call.call(".T", x) if call.name != "permute" else call.call("?turn", x)
    if len(order) == 1 and isinstance(order[0], Group):
        order = list(order[0].items)
    swaps = call.name in ("swapaxes", "swapdims", "moveaxis") or (call.name == "transpose" and call.library == TORCH)
    if call.name == "transpose" and not call.library and len(order) == 2:
        if [_whole(axis) for axis in order] == [0, 1]:
            call.code.doubt("the two axes change places, as in PyTorch: `X.T`; in NumPy transpose(0, 1) leaves `X`")
        swaps = True
    if swaps and len(order) == 2:
        return call.call("?swap", x, *order)
    return call.call("transpose", x, Group(tuple(order), call.span))


def _whole(term: Term) -> int | None:
    return int(term.value) if isinstance(term, Literal) and term.value.denominator == 1 else None


def _reshape(call: Arguments) -> Term:
    order = call.keywords.pop("order", None)
    if order is not None and not (isinstance(order, ast.Constant) and order.value == "C"):
        raise call.refuse("entries are rearranged row by row in the language", "column by column it is `vec(A)`")
    x, *sizes = [call.code.term(a) for a in call.arguments]
    sizes += [call.code.term(value) for value in call.keywords.values()]
    if not sizes or call.name in ("flatten", "ravel"):
        sizes = [Literal(Fraction(-1), call.span)]
    return call.call("reshape", x, *sizes)


def _joined(call: Arguments) -> Term:
    given = call.bound("x", "axis")
    parts = given["x"]
    if isinstance(parts, Call) and parts.function == "stack" and not parts.keywords:
        items = parts.arguments
    elif isinstance(parts, Group):
        items = parts.items
    else:
        raise call.refuse("what is joined is listed", "as in np.concatenate([x, y])")
    match call.name:
        case "hstack" | "vstack" | "column_stack" | "row_stack":
            return call.call(f"?{call.name}", *items)
        case "stack":
            return call.call("stack", *items, axis=given.get("axis"))
    return call.call("concat", *items, axis=given.get("axis"))


def _grown(call: Arguments) -> Term:
    """A new axis of length one."""
    given = call.bound("x", "axis")
    place = _whole(given.get("axis", Flag(None, call.span)))
    span = call.span
    every = Slice(None, None, span)
    picks: dict[int | None, tuple[Term, ...]] = {
        0: (Flag(None, span),),
        1: (every, Flag(None, span)),
        2: (every, every, Flag(None, span)),
        -1: (Dots(span), Flag(None, span)),
    }
    if place not in picks:
        raise call.refuse("where does the new axis belong?", "as in x[:, None]")
    return call.call("[]", given["x"], Group(picks[place], span))


def _squeezed(call: Arguments) -> Term:
    given = call.bound("x", "axis")
    place = _whole(given.get("axis", Flag(None, call.span)))
    span = call.span
    zero = Literal(Fraction(0), span)
    picks: dict[int | None, tuple[Term, ...]] = {
        0: (zero,),
        1: (Slice(None, None, span), zero),
        -1: (Dots(span), zero),
    }
    if place not in picks:
        raise call.refuse("which axis goes?", "as in x.squeeze(-1), which is x[..., 0]")
    return call.call("[]", given["x"], Group(picks[place], span))


def _filled_array(call: Arguments) -> Term:
    """Arrays of constants, of sizes that are listed."""
    terms = [call.code.term(a) for a in call.arguments] + [call.code.term(v) for v in call.keywords.values()]
    sizes = [item for term in terms for item in (term.items if isinstance(term, Group) else (term,))]
    match call.name:
        case "eye" | "identity":
            return call.call("eye", *sizes[:1])
        case "full":
            *sizes, value = sizes
            return call.call("*", value, call.call("ones", *sizes))
        case "empty":
            raise call.refuse("an array without values is no formula")
    return call.call(call.name, *sizes)


def _gelu(call: Arguments) -> Term:
    given = call.bound("x", "approximate")
    how = given.get("approximate")
    tanh = _is(how, "tanh", True) or (call.library == JAX and how is None)
    if not tanh:
        return call.call("gelu", given["x"])
    if how is None:
        call.code.doubt(f"JAX's gelu is the approximation by tanh, `{GELU_TANH}`; `gelu(x)` is the exact one")
    return call.made(GELU_TANH, {"x": given["x"]})


def _layer_norm(call: Arguments) -> Term:
    """PyTorch's adds eps to the variance; with gain and bias where they are given."""
    shape = "normalized_shape"
    if len(call.arguments) > 1:
        call.arguments.pop(1)
    call.keywords.pop(shape, None)
    given = call.bound("x", "weight", "bias", "eps")
    eps = given.get("eps") or Literal(Fraction(1, 100_000), call.span)
    term: Term = call.call("?layered", given["x"], eps)
    if "eps" not in given:
        call.code.doubt(
            "PyTorch's layer_norm adds eps: `(x - mean(x))/sqrt(var(x) + 1e-5)` is read; `layernorm(x)` is without"
        )
    if "weight" in given:
        term = call.call("*", given["weight"], term)
    if "bias" in given:
        term = call.call("+", term, given["bias"])
    return term


def _cosine(call: Arguments) -> Term:
    given = call.bound("x", "y", "axis", "eps")
    axis = given.get("axis")
    if axis is None:
        axis = Literal(Fraction(1), call.span)
    x, y = given["x"], given["y"]
    above = call.call("sum", call.call("*", x, y), axis=axis)
    below = call.call("*", call.call("norm", x, axis=axis), call.call("norm", y, axis=axis))
    return call.call("/", above, below)


def _normalized(call: Arguments) -> Term:
    given = call.bound("x", "p", "axis", "eps")
    if "p" in given and not _is(given["p"], 2):
        raise call.refuse("only the Euclidean norm is read here", "divide by `norm1(x)`")
    axis = given.get("axis") or Literal(Fraction(1), call.span)
    return call.call("normalize", given["x"], axis=axis)


def _loss(call: Arguments) -> Term:
    """Losses with `reduction`: the mean unless told otherwise."""
    how = call.keywords.pop("reduction", None)
    kind = how.value if isinstance(how, ast.Constant) else "mean" if how is None else None
    given = call.bound("x", "y")
    texts = {
        "mse_loss": "(x - y)**2",
        "l1_loss": "abs(x - y)",
        "binary_cross_entropy": "-(y*log(x) + (1 - y)*log(1 - x))",
        "binary_cross_entropy_with_logits": "softplus(x) - x*y",
        "huber_loss": "where(abs(x - y) < 1, (x - y)**2/2, abs(x - y) - 1/2)",
        "smooth_l1_loss": "where(abs(x - y) < 1, (x - y)**2/2, abs(x - y) - 1/2)",
    }
    wrap = {"mean": "mean({})", "sum": "sum({})", "none": "{}"}.get(str(kind))
    if call.name == "cross_entropy":
        if kind != "mean":
            raise call.refuse("only the mean over rows is read here", "write `-sum(y*log_softmax(x))`")
        return call.call("cross_entropy", given["x"], given["y"])
    if wrap is None:
        raise call.refuse("this reduction cannot be read", "reduction is 'mean', 'sum' or 'none'")
    return call.made(wrap.format(texts[call.name]), given)


def _einsum(call: Arguments) -> Term:
    subscripts, *operands = [call.code.term(a) for a in call.arguments]
    if not isinstance(subscripts, Text):
        raise call.refuse("einsum begins with its subscripts", 'as in einsum("ij,j->i", A, x)')
    text = subscripts.value.replace(" ", "")
    if "->" not in text:
        letters = sorted({c for c in text if c.isalpha()})
        text += "->" + "".join(c for c in letters if text.count(c) == 1)
    return call.call("einsum", Text(text, subscripts.span), *operands)


def _slogdet(call: Arguments) -> Term:
    given = call.bound("x")
    return Call("?slogdet", (call.call("logdet", given["x"]),), (), call.span)


def _length(call: Arguments) -> Term:
    given = call.bound("x", "axis")
    if "axis" in given:
        return call.call("?extent", given["x"], given["axis"])
    if call.name == "len":
        return call.call("?extent", given["x"], Literal(Fraction(0), call.span))
    return call.call("?count", given["x"])


def _chained(call: Arguments) -> Term:
    parts = call.bound("x")["x"]
    if not isinstance(parts, Call) or parts.function != "stack":
        raise call.refuse("what is multiplied is listed", "as in np.linalg.multi_dot([A, B, C])")
    total, *rest = parts.arguments
    for part in rest:
        total = call.call("?matmul", total, part)
    return total


def _matrix_power(call: Arguments) -> Term:
    given = call.bound("x", "n")
    return call.call("?mpower", given["x"], given["n"])


def _same(call: Arguments) -> Term:
    """What changes neither values nor shape: casts and copies."""
    return call.code.term(call.arguments[0])


def _linear(call: Arguments) -> Term:
    given = call.bound("x", "weight", "bias")
    made = call.made("MATMUL(x, TURN(W))", {"x": given["x"], "W": given["weight"]})
    return call.call("+", made, given["bias"]) if "bias" in given else made


_HANDLERS: dict[str, Callable[[Arguments], Term]] = {
    **dict.fromkeys(("max", "min"), _extreme),
    **dict.fromkeys(("var", "std"), _spread),
    **dict.fromkeys(("norm", "vector_norm", "matrix_norm"), _norm),
    **dict.fromkeys(("clip", "clamp", "clip_by_value"), _clip),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims", "permute", "moveaxis", "permute_dims"), _transpose),
    **dict.fromkeys(("reshape", "view", "flatten", "ravel"), _reshape),
    **dict.fromkeys("concatenate concat cat stack hstack vstack column_stack row_stack".split(), _joined),
    **dict.fromkeys(("unsqueeze", "expand_dims"), _grown),
    "squeeze": _squeezed,
    **dict.fromkeys(("ones", "zeros", "eye", "identity", "full", "empty"), _filled_array),
    "gelu": _gelu,
    "layer_norm": _layer_norm,
    "cosine_similarity": _cosine,
    "normalize": _normalized,
    **dict.fromkeys("mse_loss l1_loss huber_loss smooth_l1_loss cross_entropy".split(), _loss),
    **dict.fromkeys(("binary_cross_entropy", "binary_cross_entropy_with_logits"), _loss),
    "einsum": _einsum,
    "slogdet": _slogdet,
    **dict.fromkeys(("len", "numel", "size"), _length),
    "multi_dot": _chained,
    "matrix_power": _matrix_power,
    **dict.fromkeys(
        "astype double half to clone copy contiguous item cuda cpu numpy block_until_ready type".split(), _same
    ),
    "linear": _linear,
}


def arguments_of(node: ast.arguments) -> Iterable[ast.arg]:
    """The parameters of a function."""
    return (*node.posonlyargs, *node.args, *node.kwonlyargs)
