"""Text to tree. Python's own grammar reads the text, a whitelist over its syntax tree decides what is kept.

Nothing is ever executed: `ast.parse` builds a tree and no more.
"""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from threading import RLock

from jacobian_cli.syntax.errors import InputError, Mistakes, Span, together
from jacobian_cli.syntax.mends import INVERSE, MAX_DEPTH, MAX_DIGITS, MENDS, OPERATORS, POWER, TRANSPOSE, syntax_error
from jacobian_cli.syntax.names import free, plain_name
from jacobian_cli.syntax.tree import (
    Call,
    Definition,
    Dots,
    Flag,
    Group,
    Literal,
    Name,
    Slice,
    Term,
    Text,
)

MAX_CHARACTERS = 10_000

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.Mod: "mod",
}
COMPARE: dict[type[ast.cmpop], str] = {
    ast.Gt: ">",
    ast.Lt: "<",
    ast.GtE: ">=",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
DEFINITION = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")
_WARNED_OF = re.compile(r"\\|\d[^\W\d]")
"""What Python's reader warns of: the signs behind a backslash, and words that touch a number, `1or x`."""
_warnings = RLock()
"""How warnings are treated is said for the whole process: one thread at a time says so."""
_METHODS = (
    "functions stand in front, without a module: `sum(x)` for x.sum(), `exp(x)` for np.exp(x), `X@W` for X.dot(W)"
)
_LISTED = "jac functions lists those there are"
_NO_COMPARISON = ("this comparison is not in the language", "comparisons are `x > y` and < >= <= == !=")
_CHAINED = ("a chain of comparisons cannot be read", "compare two values: `x > y`")


def parse(text: str, *, limited: bool = True) -> Term:
    """The tree of one expression.

    Raises `InputError`, with a caret, for anything that is not an expression of the language, and for
    a text beyond the limits of length and nesting. Without `limited` there are none: for texts that were not
    typed but printed.

    >>> parse("W@x").function
    '@'
    """
    if limited:
        want_short(text)
    flat = _blanked(text)
    if not flat.strip():
        raise InputError("there is no formula", hint='type one, as in `jac derive "W@x + b" --wrt W`')
    indent = len(flat) - len(flat.lstrip())
    try:
        body = _tree(flat[indent:])
    except SyntaxError as error:
        raise syntax_error(error, text, flat, indent) from None
    except (ValueError, RecursionError, MemoryError):
        raise InputError(
            f"the formula is nested too deeply, or holds a number too long to read (limit: {MAX_DEPTH} levels)",
            text=text,
        ) from None
    reader = _Reader(text, flat[indent:], indent, limited)
    tree = reader.read(body, 0)
    if reader.wrong:
        reader.wrong[0].calls = tuple(reader.calls)
        raise together(sorted(reader.wrong, key=lambda error: error.span.start if error.span else 0))
    return tree


def _tree(line: str) -> ast.expr:
    """Python's syntax tree of a line."""
    if not _WARNED_OF.search(line):
        return ast.parse(line, mode="eval").body
    with _warnings, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(line, mode="eval").body


def want_short(text: str) -> None:
    """Refuse a formula that is too long to read."""
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"the formula has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read",
            hint="name its parts in definitions: jac derive -f FILE",
        )


def _blanked(text: str) -> str:
    """The text on one line. Raises `InputError` for signs of mathematics that Python's grammar would take for parts of
    names.
    """
    for at, character in enumerate(text if not text.isascii() else ""):
        if character in MENDS and not character.isascii():
            span = Span(at, at + 1)
            raise InputError(f"{character} is not in the language", text=text, span=span, hint=MENDS[character])
    return on_one_line(text)


def on_one_line(text: str) -> str:
    """A text with its comments and line ends turned to blanks, so that columns keep their places."""
    if "#" in text:
        text = re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), text)
    return text if text.isprintable() else re.sub(r"[\r\n\t\f\ufeff]", " ", text)


def _raised(exponent: ast.expr) -> str:
    """How to write what stands after ^: in A^T@x and A^-1@x that is all that follows."""
    while isinstance(exponent, ast.BinOp):
        exponent = exponent.left
    match exponent:
        case ast.Name(id="T" | "t" | "top"):
            return TRANSPOSE
        case ast.UnaryOp(op=ast.USub()):
            return INVERSE
    return POWER


class TooDeepError(InputError):
    """Nesting beyond the limit: there is no more to be read."""


class _Reader:
    """Keeps the whitelisted nodes of a Python syntax tree and refuses all others."""

    def __init__(self, text: str, line: str, indent: int, limited: bool) -> None:
        self.text = text
        self.limited = limited
        self.indent = indent
        # ast counts UTF-8 bytes; carets count characters
        self.ascii = line.isascii()
        self.bytes = b"" if self.ascii else line.encode()
        self.wrong: list[InputError] = []
        self.calls: list[tuple[str, Span]] = []
        # what was printed is deeply nested and right: there every frame counts
        self.read: Callable[[ast.expr, int], Term] = self.noted if limited else self.kept

    def column(self, offset: int) -> int:
        return self.indent + len(self.bytes[:offset].decode(errors="ignore"))

    def span(self, node: ast.expr) -> Span:
        start = node.col_offset
        stop = node.end_col_offset or start + 1
        if self.ascii:
            return Span(self.indent + start, self.indent + stop)
        return Span(self.column(start), self.column(stop))

    def refuse(self, node: ast.expr, message: str, hint: str | None = None) -> InputError:
        return InputError(message, text=self.text, span=self.span(node), hint=hint)

    def noted(self, node: ast.expr, depth: int) -> Term:
        """The tree of a node; where it is refused, that is noted and something stands for it."""
        try:
            return self.kept(node, depth)
        except TooDeepError:
            raise
        except InputError as error:
            self.wrong.append(error)
            return Literal(Fraction(0), self.span(node))

    def kept(self, node: ast.expr, depth: int) -> Term:
        """The tree of a node. Raises `InputError` where it is not of the language."""
        if self.limited and depth > MAX_DEPTH:
            message = f"the formula is nested more than {MAX_DEPTH} levels deep here"
            raise TooDeepError(message, text=self.text, span=self.span(node))
        span, depth = self.span(node), depth + 1
        match node:
            case ast.Name(id=name):
                return Name("pi" if name == "π" else name, span)
            case ast.Constant():
                return self.constant(node)
            case ast.BinOp():
                return self.binary(node, span, depth)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                return self.call(name, args, keywords, span, depth)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self.read(operand, depth)
                return Literal(-value.value, span) if isinstance(value, Literal) else Call("u-", (value,), (), span)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.read(operand, depth)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARE:
                return Call(COMPARE[type(op)], (self.read(left, depth), self.read(right, depth)), (), span)
            case ast.Set() | ast.Dict():
                raise self.refuse(node, "{ is not in the language", MENDS["{"])
            case ast.Compare(ops=ops):
                raise self.refuse(node, *(_CHAINED if len(ops) > 1 else _NO_COMPARISON))
            case ast.Attribute(value=value, attr="T"):
                return Call(".T", (self.read(value, depth),), (), span)
            case ast.Attribute(value=value, attr=attribute):
                self.read(value, depth)
                name = value.id if isinstance(value, ast.Name) else "x"
                raise self.refuse(
                    node,
                    f"'.{attribute}' is not in the language",
                    f"the only attribute is .T, the transpose: `{name}.T`",
                )
            case ast.Subscript(value=value, slice=index):
                return Call("[]", (self.read(value, depth), self.index(index, depth)), (), span)
            case ast.Call(func=ast.Attribute() as function, args=args):
                for argument in args:
                    self.read(argument, depth)
                raise self.refuse(function, "only functions of the language can be called", _METHODS)
            case ast.Call(func=function):
                raise self.refuse(function, "only functions of the language can be called", _LISTED)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return Group(tuple(self.read(item, depth) for item in items), span, isinstance(node, ast.List))
            case _:
                raise self.refuse(node, "this is not in the language", _LISTED)

    def binary(self, node: ast.BinOp, span: Span, depth: int) -> Call:
        """An operator between two values."""
        parts = self.read(node.left, depth), self.read(node.right, depth)
        if (sign := BINARY.get(type(node.op))) is not None:
            return Call(sign, parts, (), span)
        match node.op:
            case ast.FloorDiv():
                return Call("floor", (Call("/", parts, (), span),), (), span)
            case ast.BitXor():
                raise self.refuse(node, "^ is not a power", _raised(node.right))
        raise self.refuse(node, "this operator is not in the language", OPERATORS)

    def call(self, name: str, args: list[ast.expr], keywords: list[ast.keyword], span: Span, depth: int) -> Call:
        for argument in args:
            if isinstance(argument, ast.Starred):
                raise self.refuse(argument, "* before an argument is not in the language")
        self.calls.append((name, span))
        named: list[tuple[str, Term]] = []
        for keyword in keywords:
            if keyword.arg is None:
                raise self.refuse(keyword.value, "** before an argument is not in the language")
            named.append((keyword.arg, self.read(keyword.value, depth)))
        return Call(name, tuple([self.read(argument, depth) for argument in args]), tuple(named), span)

    def index(self, node: ast.expr, depth: int) -> Term:
        match node:
            case ast.Tuple(elts=items):
                parts = [self.index(item, depth) for item in items]
                return Group(tuple(p.items[0] if isinstance(p, Group) else p for p in parts), self.span(node))
            case ast.List(elts=items):
                if not items:
                    raise self.refuse(node, "an empty list picks nothing", "as in `x[[0, 2]]`")
                places = Group(tuple(self.read(item, depth) for item in items), self.span(node))
                return Group((places,), places.span)
            case ast.Slice(lower=lower, upper=upper, step=step):
                start, stop, by = (None if part is None else self.read(part, depth) for part in (lower, upper, step))
                if isinstance(by, Literal) and not by.value:
                    raise self.refuse(node, "a slice cannot have the step 0", "every second entry is `x[::2]`")
                return Slice(start, stop, self.span(node), by)
            case _:
                item = self.read(node, depth)
                return item if isinstance(item, Group) else Group((item,), self.span(node))

    def constant(self, node: ast.Constant) -> Term:
        span = self.span(node)
        written = self.text[span.start : span.stop]
        match node.value:
            case bool() | None:
                return Flag(node.value, span)
            case int() | float():
                return Literal(self.number(node, written), span)
            case str():
                return Text(node.value, span)
            case node_value if node_value is Ellipsis:
                return Dots(span)
            case complex():
                raise self.refuse(node, "complex numbers are not in the language")
            case _:
                raise self.refuse(node, "this is not in the language")

    def number(self, node: ast.Constant, written: str) -> Fraction:
        digits = written.replace("_", "")
        if isinstance(node.value, int):
            value = Fraction(node.value)
        else:
            exact = Decimal(digits)
            if self.limited and exact and abs(exact.adjusted()) > MAX_DIGITS:
                raise self.refuse(
                    node, "this number is too large or too small", f"at most {MAX_DIGITS} digits are read"
                )
            value = Fraction(exact)
        if self.limited and (len(digits) > MAX_DIGITS or abs(value) >= 10**MAX_DIGITS):
            raise self.refuse(node, "this number is too long", f"at most {MAX_DIGITS} digits are read")
        return value


def parse_statement(text: str, *, limited: bool = True) -> Definition:
    """`z = W@x + b`, or an expression without a name.

    >>> parse_statement("z = W@x + b").name
    'z'
    """
    found = DEFINITION.match(text)
    if not found:
        return Definition(None, parse(text, limited=limited), text)
    # the name is blanked out so that carets count from the start of the whole line
    try:
        value = parse(" " * found.end() + text[found.end() :], limited=limited)
    except InputError as error:
        raise error.in_text(text) from None
    return Definition(normal_name(found[1]), value, text)


def defined_name(text: str) -> str | None:
    """The name that a statement defines, if it does.

    >>> defined_name("z = W@x"), defined_name("W@x")
    ('z', None)
    """
    found = DEFINITION.match(text)
    return normal_name(found[1]) if found else None


def statements(texts: Sequence[str]) -> list[Definition]:
    mistakes = Mistakes()
    found: list[Definition] = []
    for text in texts:
        with mistakes.noted():
            found.append(parse_statement(text))
    mistakes.raised()
    return found


def normal_name(name: str) -> str:
    """The name as Python's grammar reads it (NFKC), so that `ﬁ` and `fi` are one name; π is the constant pi, and
    of the words of that grammar lambda is lam, and `class` is `class_`.
    """
    found = unicodedata.normalize("NFKC", name)
    if not found.isidentifier():
        found = plain_name(found)
    return "pi" if found == "π" else free(found)
