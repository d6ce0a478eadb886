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
from jacobian_cli.syntax.names import plain_name
from jacobian_cli.syntax.tree import (
    Assumption,
    Call,
    Declaration,
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
MAX_DEPTH = 200
MAX_LINES = 5_000
MAX_DIGITS = 60

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.MatMult: "@",
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Gt: ">",
    ast.Lt: "<",
    ast.GtE: ">=",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_DEFINITION = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")
_DECLARATION = re.compile(r"\s*([^\W\d]\w*)\s*:(.*)", re.DOTALL)
_ASSUMPTION = re.compile(r"\s*assume\s+(?=[^\W\d])")
_FACT = re.compile(r"\s*(?:([^\W\d]\w*)\s*[=:])?\s*([^\W\d]\w*)\s*")
_warnings = RLock()
"""How warnings are treated is said for the whole process: one thread at a time says so."""
_KEYWORD_HINT = "this is a word of Python's grammar and cannot be a name; write `lam` for lambda, or `λ`"
_PRODUCTS = "a matrix product is written `A@B`, an element-wise product `x*y`"
_POWER = "a power is written `x**2`"
_INVERSE = "a power is written `x**-1`, an inverse `inv(A)`"
_TRANSPOSE = "a transpose is written `x.T`"
_MENDS = {
    "^": _POWER,
    "'": _TRANSPOSE,
    "·": _PRODUCTS,
    "×": _PRODUCTS,
    "⊙": "an element-wise product is written `x*y`",
    "ᵀ": _TRANSPOSE,
    "−": "the minus sign is written `-x`",
    "÷": "a quotient is written `x/2`",
    "√": "a square root is written `sqrt(x)`",
    "∑": "a sum is written `sum(x)`, along an axis `sum(X, axis=0)`",
    "∏": "a product of entries is written `prod(x)`",
    "‖": "a norm is written `norm(x)`",
    "⊗": "a Kronecker product is written `kron(A, B)`, an outer product `outer(x, y)`",
    "≤": "it is written `x <= y`",
    "≥": "it is written `x >= y`",
    "≠": "it is written `x != y`",
    "⁻": _INVERSE,
    **dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ", _POWER),
    "||": "a norm is written `norm(x)`",
    "|": "an absolute value is written `abs(x)`, a determinant `det(A)`",
    "{": "groups are written with round brackets: `2*(x + y)`",
    "!": "a factorial is not in the language",
    "%": "a remainder is not in the language",
}
_OPERATORS = "operators are + - * / ** @, as in NumPy: `x**2`, `A@x`"
_METHODS = (
    "functions stand in front, without a module: `sum(x)` for x.sum(), `exp(x)` for np.exp(x), `X@W` for X.dot(W)"
)
_LISTED = "jac functions lists those there are"


def parse(text: str, *, limited: bool = True) -> Term:
    """The tree of one expression.

    Raises `InputError`, with a caret, for anything that is not an expression of the language, and for
    a text beyond the limits of length and nesting. Without `limited` there are none: for texts that were not
    typed but printed.

    >>> parse("W@x").function
    '@'
    """
    if limited and len(text) > MAX_CHARACTERS:
        raise InputError(
            f"the formula has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read",
            hint="name its parts in definitions: jac derive -f FILE",
        )
    if not _blanked(text).strip():
        raise InputError("there is no formula", hint='type one, as in `jac derive "W@x + b" --wrt W`')
    flat = _blanked(text)
    indent = len(flat) - len(flat.lstrip())
    try:
        with _warnings, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(flat[indent:], mode="eval").body
    except SyntaxError as error:
        raise _syntax_error(error, text, flat, indent) from None
    except (ValueError, RecursionError, MemoryError):
        raise InputError(
            f"the formula is nested too deeply, or holds a number too long to read (limit: {MAX_DEPTH} levels)",
            text=text,
        ) from None
    reader = _Reader(text, flat[indent:], indent, limited)
    tree = reader.read(body, 0)
    if reader.wrong:
        raise together(sorted(reader.wrong, key=lambda error: error.span.start if error.span else 0))
    return tree


def _syntax_error(error: SyntaxError, text: str, flat: str, indent: int) -> InputError:
    where = min(max((error.offset or 1) - 1 + indent, 0), len(text))
    here = Span(where, where + 1)
    reason = error.msg or "invalid syntax"
    end = len(text.rstrip())
    if "too many nested" in reason or "Parser stack" in reason:
        return InputError(f"the formula is nested too deeply (limit: {MAX_DEPTH} levels)", text=text)
    if "digits" in reason:
        return InputError(f"a number is too long: at most {MAX_DIGITS} digits are read", text=text)
    if "was never closed" in reason:
        return InputError(
            "this bracket is never closed", text=text, span=here, hint="a bracket that is opened is closed: `2*(x + y)`"
        )
    if "unmatched" in reason or "does not match" in reason:
        return InputError("this bracket was never opened", text=text, span=here)
    quote = re.search(r"(?<=[\w)\]])'", flat)
    if quote:
        return InputError("' is not in the language", text=text, span=Span(*quote.span()), hint=_MENDS["'"])
    if "unterminated string" in reason:
        return InputError("this quotation is never closed", text=text, span=here)
    bars = re.search(r"\|\|?", flat)
    if bars:
        return InputError(f"{bars[0]} is not in the language", text=text, span=Span(*bars.span()), hint=_MENDS[bars[0]])
    for at, character in enumerate(text):
        if character in _MENDS:
            span = Span(at, at + 1)
            return InputError(f"{character} is not in the language", text=text, span=span, hint=_MENDS[character])
    keyword = re.search(r"\b(lambda|in|is|as|if|for|not|and|or|def|class|import|from|with|del|pass)\b", flat)
    if keyword:
        span = Span(*keyword.span())
        return InputError(f"'{keyword[0]}' cannot be read here", text=text, span=span, hint=_KEYWORD_HINT)
    if where >= end or text[:end].endswith(("+", "-", "*", "/", "@", "<", ">", "=", "(", ",", "[")):
        return InputError("the formula ends too early", text=text, span=Span(end, end + 1))
    return InputError(
        "this is not an expression",
        text=text,
        span=here,
        hint=f"{_OPERATORS}; a product needs its sign (`2*x`, not 2x)",
    )


def _blanked(text: str) -> str:
    """The text on one line, comments and line ends turned to blanks, so that columns keep their places.

    Raises `InputError` for signs of mathematics that Python's grammar would take for parts of names.
    """
    for at, character in enumerate(text):
        if character in _MENDS and not character.isascii():
            span = Span(at, at + 1)
            raise InputError(f"{character} is not in the language", text=text, span=span, hint=_MENDS[character])
    lines = re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), text)
    return re.sub(r"[\r\n\t\f\ufeff]", " ", lines)


def _raised(exponent: ast.expr) -> str:
    """How to write what stands after ^: in A^T@x and A^-1@x that is all that follows."""
    while isinstance(exponent, ast.BinOp):
        exponent = exponent.left
    match exponent:
        case ast.Name(id="T" | "t" | "top"):
            return _TRANSPOSE
        case ast.UnaryOp(op=ast.USub()):
            return _INVERSE
    return _POWER


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
        # what was printed is deeply nested and right: there every frame counts
        self.read: Callable[[ast.expr, int], Term] = self.noted if limited else self.kept

    def column(self, offset: int) -> int:
        return self.indent + (offset if self.ascii else len(self.bytes[:offset].decode(errors="ignore")))

    def span(self, node: ast.expr) -> Span:
        end = node.end_col_offset
        return Span(self.column(node.col_offset), self.column(node.col_offset + 1 if end is None else end))

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
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return Call(_BINARY[type(op)], (self.read(left, depth), self.read(right, depth)), (), span)
            case ast.BinOp(op=ast.BitXor(), left=left, right=right):
                self.read(left, depth), self.read(right, depth)
                raise self.refuse(node, "^ is not a power", _raised(right))
            case ast.BinOp(left=left, right=right):
                self.read(left, depth), self.read(right, depth)
                raise self.refuse(node, "this operator is not in the language", _OPERATORS)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self.read(operand, depth)
                return Literal(-value.value, span) if isinstance(value, Literal) else Call("u-", (value,), (), span)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.read(operand, depth)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                return Call(_COMPARE[type(op)], (self.read(left, depth), self.read(right, depth)), (), span)
            case ast.Compare(ops=[_]):
                raise self.refuse(
                    node, "this comparison is not in the language", "comparisons are `x > y` and < >= <= == !="
                )
            case ast.Set() | ast.Dict():
                raise self.refuse(node, "{ is not in the language", _MENDS["{"])
            case ast.Compare():
                raise self.refuse(node, "a chain of comparisons cannot be read", "compare two values: `x > y`")
            case ast.Attribute(value=value, attr="T"):
                return Call(".T", (self.read(value, depth),), (), span)
            case ast.Attribute(value=value, attr=attribute):
                self.read(value, depth)
                raise self.refuse(
                    node, f"'.{attribute}' is not in the language", "the only attribute is .T, the transpose: `x.T`"
                )
            case ast.Subscript(value=value, slice=index):
                return Call("[]", (self.read(value, depth), self.index(index, depth)), (), span)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                return self.call(name, args, keywords, span, depth)
            case ast.Call(func=ast.Attribute() as function, args=args):
                for argument in args:
                    self.read(argument, depth)
                raise self.refuse(function, "only functions of the language can be called", _METHODS)
            case ast.Call(func=function):
                raise self.refuse(function, "only functions of the language can be called", _LISTED)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return Group(tuple(self.read(item, depth) for item in items), span)
            case _:
                raise self.refuse(node, "this is not in the language", _LISTED)

    def call(self, name: str, args: list[ast.expr], keywords: list[ast.keyword], span: Span, depth: int) -> Call:
        for argument in args:
            if isinstance(argument, ast.Starred):
                raise self.refuse(argument, "* before an argument is not in the language")
        named: list[tuple[str, Term]] = []
        for keyword in keywords:
            if keyword.arg is None:
                raise self.refuse(keyword.value, "** before an argument is not in the language")
            named.append((keyword.arg, self.read(keyword.value, depth)))
        return Call(name, tuple(self.read(argument, depth) for argument in args), tuple(named), span)

    def index(self, node: ast.expr, depth: int) -> Term:
        match node:
            case ast.Tuple(elts=items):
                parts = [self.index(item, depth) for item in items]
                return Group(tuple(p.items[0] if isinstance(p, Group) else p for p in parts), self.span(node))
            case ast.List():
                raise self.refuse(
                    node, "a list of indices is not in the language", "pick entries one by one: `stack(x[0], x[2])`"
                )
            case ast.Slice(step=None, lower=lower, upper=upper):
                start = None if lower is None else self.read(lower, depth)
                return Slice(start, None if upper is None else self.read(upper, depth), self.span(node))
            case ast.Slice():
                hint = "of an even number of entries every second is `reshape(x, (m, 2))[:, 0]`; a run is `x[1:3]`"
                raise self.refuse(node, "a slice with a step is not in the language", hint)
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
    found = _DEFINITION.match(text)
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
    found = _DEFINITION.match(text)
    return normal_name(found[1]) if found else None


def parse_statements(text: str) -> list[Definition]:
    """Definitions and expressions separated by `;`."""
    return _statements([part for part in text.split(";") if part.strip()] or [text])


def _statements(texts: Sequence[str]) -> list[Definition]:
    mistakes = Mistakes()
    found: list[Definition] = []
    for text in texts:
        with mistakes.noted():
            found.append(parse_statement(text))
    mistakes.raised()
    return found


def parse_sizes(text: str) -> tuple[Term, ...]:
    """`n, 3*m`, or `()` for a scalar: the sizes of a declaration.

    >>> len(parse_sizes("n, 3*m")), parse_sizes("()")
    (2, ())
    """
    if text.strip() in ("", "()", "scalar"):
        return ()
    tree = parse(text)
    return tree.items if isinstance(tree, Group) else (tree,)


def _declared(separator: str, *examples: tuple[str, str]) -> str:
    """Declarations to paste: in a file, or as options."""
    before, between = ("-s ", "=") if separator == "=" else ("", ": ")
    return "  ".join(f"`{before}{name}{between}{sizes}`" for name, sizes in examples)


def parse_declaration(text: str, separator: str = ":") -> Declaration:
    """`W: 8, 20` (or, from an option, `W=8,20`)."""
    name, found, sizes = text.partition(separator)
    if not found or not normal_name(name.strip()).isidentifier():
        raise InputError(
            "a declaration is a name and its sizes",
            text=text,
            hint=f"as in {_declared(separator, ('W', 'n,m'), ('x', 'm'), ('c', '()'))}",
        )
    try:
        # blanks in front, so that carets count from the start of the line
        return Declaration(normal_name(name.strip()), parse_sizes(" " * (len(name) + 1) + sizes), text)
    except InputError as error:
        raise InputError(
            error.message,
            text=text,
            span=error.span,
            hint=f"sizes are letters, numbers, sums and products: {_declared(separator, ('W', 'n,3*m'))}",
        ) from None


def parse_assumptions(text: str) -> list[Assumption]:
    """`S=spd, y=one_hot` or, in a file, `assume S: spd`. A fact without a name is another one of the last variable.

    >>> [(a.name, a.fact) for a in parse_assumptions("y=sums_to_one,positive, S=spd")]
    [('y', 'sums_to_one'), ('y', 'positive'), ('S', 'spd')]
    """
    head = _ASSUMPTION.match(text)
    found: list[Assumption] = []
    start = head.end() if head else 0
    for part in text[start:].split(","):
        said = _FACT.fullmatch(part)
        if said is None or not (said[1] or found):
            raise InputError(
                "a fact is declared as a name and what holds for it",
                text=text,
                span=Span(start, start + max(1, len(part))),
                hint="as in `--assume S=symmetric` or, in a file, `assume S: symmetric`",
            )
        name = normal_name(said[1]) if said[1] else found[-1].name
        found.append(Assumption(name, said[2], text, Span(start + said.start(2), start + said.end(2))))
        start += len(part) + 1
    return found


Declared = Declaration | Assumption


def parse_file(
    text: str, read: Callable[[list[str], list[Declared]], list[Definition]] | None = None
) -> tuple[list[Declared], list[Definition]]:
    """A file of declarations (`W: 8, 20`), facts (`assume S: spd`) and definitions (`z = W@x + b`), one a line; `#`
    starts a comment. `read` makes definitions of all lines that are no declarations, in whatever notation they are.
    """
    lines = text.lstrip("\ufeff").splitlines()
    if len(lines) > MAX_LINES:
        raise InputError(f"the file has {len(lines):,} lines; at most {MAX_LINES:,} are read")
    declarations: list[Declared] = []
    formulas: list[str] = []
    definitions: list[Definition] = []
    mistakes = Mistakes()
    for number, line in enumerate(lines, start=1):
        code = _without_comment(line)
        if not code.strip():
            continue
        try:
            if _ASSUMPTION.match(code):
                declarations += parse_assumptions(code)
            elif not _DEFINITION.match(code) and _DECLARATION.match(code) and "[" not in code:
                declarations.append(parse_declaration(code))
            else:
                formulas.append(code)
        except InputError as error:
            mistakes.found.append(error.in_text(code, line=number))
    with mistakes.noted():
        _want_no_pair(declarations, alone=not formulas)
    with mistakes.noted():
        definitions = read(formulas, declarations) if read else _statements(formulas)
    try:
        mistakes.raised()
    except InputError as error:
        raise located(error, text) from None
    return declarations, definitions


def _want_no_pair(declarations: Sequence[Declared], *, alone: bool) -> None:
    """Refuse `A : B` of two matrices, which a file has as a declaration."""
    names = {item.name for item in declarations if isinstance(item, Declaration)}
    for item in declarations:
        if not (isinstance(item, Declaration) and len(item.sizes) == 1 and isinstance(size := item.sizes[0], Name)):
            continue
        if size.text in names or (alone and size.text.isupper() and item.name.isupper()):
            raise InputError(
                f"in a file this declares {item.name}, of the size {size.text}",
                text=item.source,
                hint=f"the trace of a product is written `trace({item.name}.T@{size.text})`",
            )


def _without_comment(line: str) -> str:
    return line.split("#", 1)[0].rstrip()


def located(error: InputError, text: str, file: str | None = None) -> InputError:
    """The same mistakes with the lines of a file in which they are, and its name."""
    lines = [_without_comment(line) for line in text.lstrip("\ufeff").splitlines()]
    for one in error.errors:
        if one.line is None and one.text is not None:
            found = [k for k, line in enumerate(lines, start=1) if one.text in (line, *line.split(";"))]
            if found:  # of equal lines the last one, which is the one too many
                one.line = found[-1]
                line = lines[one.line - 1]
                if one.span is not None:
                    at = line.find(one.text)
                    one.span = Span(one.span.start + at, one.span.stop + at)
                one.text = line
        one.file = file if one.line is not None else None
    return together(sorted(error.errors, key=lambda one: one.line or 0))


def normal_name(name: str) -> str:
    """The name as Python's grammar reads it (NFKC), so that `ﬁ` and `fi` are one name; π is the constant pi."""
    found = unicodedata.normalize("NFKC", name)
    if not found.isidentifier():
        found = plain_name(found)
    return "pi" if found == "π" else found
