"""A call of a library's function, its arguments by name, and texts of the language filled with them."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, Protocol

from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.libraries import IGNORED, JAX, KEYWORDS, OPTIONAL, OPTIONAL_WORDS, Spelling
from jacobian_cli.syntax.parser import COMPARE, parse
from jacobian_cli.syntax.tree import Call, Flag, Group, Literal, Name, Term, Text


class Reading(Protocol):
    """Who reads the expressions around a call."""

    library: str

    def term(self, node: ast.expr) -> Term: ...

    def refuse(self, node: ast.expr | ast.stmt | ast.keyword, message: str, hint: str | None = None) -> InputError: ...

    def doubt(self, message: str) -> None: ...

    def converts(self, node: ast.expr) -> bool: ...


class Called(NamedTuple):
    """A function of a library that is called, or a method: then the first argument is what stands before the dot."""

    name: str
    library: str
    node: ast.Call
    arguments: list[ast.expr]
    span: Span
    method: bool = False
    module: str = ""
    """The dotted name before it, if it has one."""


class Arguments:
    """A call with its arguments, by the names that the parameters have here."""

    def __init__(self, code: Reading, called: Called) -> None:
        self.code = code
        name, self.library, node, self.arguments, self.span, self.method, self.module = called
        self.name, self.node = name, node
        self.keywords: dict[str, ast.expr] = {}
        self.words: dict[str, str] = {}
        """What each option is called in the text."""
        for keyword in node.keywords:
            if keyword.arg is None:
                raise code.refuse(keyword, "** before an argument is not in the language")
            if keyword.arg == "out":
                self.no_out(keyword.value)
                continue
            if keyword.arg == "dtype":
                self.want_real(keyword.value)
            if keyword.arg not in IGNORED or (name in ("reshape", "ravel", "flatten") and keyword.arg == "order"):
                option = KEYWORDS.get(keyword.arg, keyword.arg)
                if option in self.keywords:
                    raise code.refuse(keyword, "an option is given twice")
                self.keywords[option] = keyword.value
                self.words[option] = keyword.arg

    def no_out(self, node: ast.expr) -> None:
        """Refuse an array that the result is written into, which changes."""
        if not (isinstance(node, ast.Constant) and node.value is None):
            kept = [keyword for keyword in self.node.keywords if keyword.arg != "out"]
            without = ast.unparse(ast.Call(self.node.func, [a for a in self.node.args if a is not node], kept))
            hint = f"assign what is returned, which is `{without}`"
            raise self.code.refuse(node, "an array that the result is written into, out=, cannot be read", hint)

    def want_real(self, node: ast.expr) -> None:
        """Refuse a type of whole numbers, to which values are cut off."""
        word = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", getattr(node, "value", ""))
        if isinstance(word, str) and _WHOLE.fullmatch(word):
            message = f"{word} cuts values off, which is no formula of real numbers"
            raise self.code.refuse(node, message, "leave it out where values are whole numbers, or true or false")

    def plain(self) -> Call:
        """A function of the language, as it stands."""
        named = tuple((name, self.code.term(value)) for name, value in self.keywords.items())
        parts = tuple(map(self.code.term, self.arguments))
        if any(isinstance(part, Flag) for part in parts):
            raise self.refuse(f"None, True and False are no values that {self.name} takes here")
        return Call(self.name, parts, named, self.span)

    def bound(self, *parameters: str) -> dict[str, Term]:
        """The terms that were given, by the names of the parameters."""
        if len(self.arguments) > len(parameters):
            raise self.code.refuse(
                self.node, f"{self.name} takes at most {len(parameters)} arguments here, not {len(self.arguments)}"
            )
        found = {name: self.code.term(value) for name, value in zip(parameters, self.arguments, strict=False)}
        for word, value in self.keywords.items():
            name = OPTIONAL if word in OPTIONAL_WORDS and OPTIONAL in parameters else word
            if name not in parameters or name in found:
                typed = self.words.get(word, word)
                raise self.code.refuse(value, f"{self.name} has no option '{typed}' that is read here")
            found[name] = self.code.term(value)
        if "axis" in found:
            found["axis"] = listed(found["axis"])
        kept = {name: term for name, term in found.items() if not (isinstance(term, Flag) and term.value is None)}
        return _Given(self, kept)

    def flat(self, place: int) -> bool:
        """Whether the axis is said to be none, so that all entries stand in a row; it may stand at this place."""
        said = self.keywords.get("axis") or (self.arguments[place] if len(self.arguments) > place else None)
        return isinstance(said, ast.Constant) and said.value is None

    def row(self, x: Term) -> Call:
        """All entries of an array in a row."""
        return self.call("reshape", x, Literal(Fraction(-1), self.span))

    def want_only(self, *words: str) -> None:
        """Refuse options other than these."""
        for word, value in self.keywords.items():
            if word not in words:
                raise self.code.refuse(value, f"{self.name} has no option '{word}' that is read here")

    def spelled(self, row: Spelling) -> Term:
        """What a row of the table says."""
        given = self.bound(*row.parameters)
        for name, value in row.defaults:
            if name not in given:
                given[name] = _filled(_template(value), given, self.span)
        missing = [name for name in row.parameters if name not in given and name not in _OPTIONAL]
        if missing:
            raise self.code.refuse(self.node, f"{self.name} wants {', '.join(missing)}")
        if self.library == JAX and "softmax" in self.name and self.flat(1):
            raise self.refuse(
                "a softmax over all entries is not read", "lay them out in a row: `softmax(reshape(x, -1))`"
            )
        if row.doubt:
            self.code.doubt(row.doubt)
        return self.made(row.text, given)

    def made(self, text: str, given: Mapping[str, Term]) -> Term:
        """A text of the language with terms for its names; `axis` and `keepdims` go to the outermost call.

        Raises `InputError` where one of its names is not given.
        """
        keywords = tuple((name, given[name]) for name in ("axis", "keepdims") if name in given)
        return _filled(_template(text), given, self.span, keywords)

    def call(self, function: str, *arguments: Term, **keywords: Term | None) -> Call:
        named = tuple((name, term) for name, term in keywords.items() if term is not None)
        return Call(function, arguments, named, self.span)

    def renamed(self, name: str) -> Arguments:
        """The same arguments of another function."""
        called = Called(name, self.library, self.node, self.arguments, self.span, self.method, self.module)
        return Arguments(self.code, called)

    def up_to_two(self, made: Term, array: Term) -> Call:
        """What is read so of arrays of no more than two axes."""
        return self.call("?upto", made, array)

    def refuse(self, message: str, hint: str | None = None) -> InputError:
        return self.code.refuse(self.node, message, hint)


class _Given(dict[str, Term]):
    """The terms given for parameters; one that is needed and missing is refused."""

    def __init__(self, call: Arguments, terms: Mapping[str, Term]) -> None:
        super().__init__(terms)
        self.call = call

    def __missing__(self, name: str) -> Term:
        raise self.call.refuse(f"'{self.call.name}' wants {name}")


def listed(term: Term) -> Term:
    """Lists of axes and of widths, which read as values are stacked."""
    match term:
        case Group(items=items) | Call(function="stack", arguments=items):
            return Group(tuple(map(listed, items)), term.span)
    return term


_WHOLE = re.compile(r"u?int\d*|intc|intp|long|longlong|short|byte|bool_?")
_OPTIONAL = frozenset(("axis", "keepdims", OPTIONAL))
"""Parameters that may be left out."""


@lru_cache(maxsize=256)
def _template(text: str) -> Term:
    return parse(text)


def _filled(template: Term, given: Mapping[str, Term], span: Span, keywords: tuple[tuple[str, Term], ...] = ()) -> Term:
    match template:
        case Name(text="pi" as text):
            return Name(text, span)
        case Name(text=text):
            return given[text]
        case Literal(value=value):
            return Literal(value, span)
        case Flag(value=flag):
            return Flag(flag, span)
        case Call(function="FLAT" | "ROW" | "WHOLE" as unless, arguments=(inner, *others)):
            first = _filled(inner, given, span, keywords)
            if any(name == "axis" for name, _ in keywords):
                return first
            return Call(f"?{unless.lower()}", (first, *(_filled(part, given, span) for part in others)), (), span)
        case Call(function=function, arguments=arguments, keywords=own):
            parts = tuple(
                _filled(part, given, span)
                for part in arguments
                if not (isinstance(part, Name) and _left_out(part, given))
            )
            named = tuple((name, _filled(value, given, span)) for name, value in own if name not in dict(keywords))
            function = "?" + function.lower() if function.isupper() else function
            return Call(function, parts, (*named, *keywords), span)
    raise AssertionError(template)


def _left_out(part: Name, given: Mapping[str, Term]) -> bool:
    return part.text == OPTIONAL and part.text not in given


LOST = "?lost"
"""What is returned beside values, and is none that the language has."""


def lost(what: str, span: Span) -> Call:
    return Call(LOST, (Text(what, span),), (), span)


def places_of(pair: Call) -> Term:
    """The places of what is the first of a pair: of sorted entries they have a name."""
    match pair.arguments[0]:
        case Call(function="sort", arguments=(x,), keywords=keywords, span=span):
            options = dict(keywords)
            x = Call("u-", (x,), (), span) if is_(options.pop("descending", None), True) else x
            return Call("argsort", (x,), tuple(options.items()), span)
    return lost("the places beside these values", pair.span)


def sign_of(pair: Call) -> Term:
    """The sign of a determinant, which stands beside the logarithm of its absolute value."""
    match pair.arguments[0]:
        case Call(arguments=(x,), span=span):
            return Call("sign", (Call("det", (x,), (), span),), (), span)
    raise AssertionError(pair)


def is_truth(term: Term) -> bool:
    """Whether a term is a comparison, or made of such by `&`, `|`, `^` and `~`: 1 where it holds, 0 elsewhere."""
    match term:
        case Call(function="-", arguments=(Literal(value=1), inner)):
            return is_truth(inner)
        case Call(function=function, arguments=arguments):
            joined = function in ("*", "maximum") and all(map(is_truth, arguments))
            return joined or function in COMPARE.values()
    return False


def unpaired(term: Term) -> Term:
    return term.arguments[0] if isinstance(term, Call) and term.function in ("?pair", "?slogdet") else term


def is_(term: Term | None, *values: object) -> bool:
    match term:
        case Literal(value=value) | Text(value=value) | Flag(value=value) | Name(text=value):
            return value in values
    return False


def whole(term: Term) -> int | None:
    return int(term.value) if isinstance(term, Literal) and term.value.denominator == 1 else None
