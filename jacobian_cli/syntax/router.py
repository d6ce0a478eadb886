"""Which notation a text is in, and its reader. Readers are imported when a text needs them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from importlib import import_module

from jacobian_cli.syntax.errors import InputError, Mistakes
from jacobian_cli.syntax.parser import defined_name, parse_statement
from jacobian_cli.syntax.tokens import OtherNotationError
from jacobian_cli.syntax.tree import Call, Definition, Group, Name, Slice

_READERS = {
    "matlab": "jacobian_cli.syntax.matlab",
    "julia": "jacobian_cli.syntax.matlab",
    "numpy": "jacobian_cli.syntax.code",
    "torch": "jacobian_cli.syntax.code",
    "jax": "jacobian_cli.syntax.code",
    "function": "jacobian_cli.syntax.function",
    "math": "jacobian_cli.syntax.mathematics",
    "latex": "jacobian_cli.syntax.latex",
}
LANGUAGE = "language"
NOTATIONS = (LANGUAGE, *_READERS)
_FUNCTION = re.compile(
    r"\s*(?:(?:def|import|class)\s+[^\W\d]|async\s+def\b|from\s+[\w.]+\s+import\b|@\w+\b)|\s*lambda\b[^()]*:|\s*\w+\s*=\s*lambda\b|.*\n\s*(?:def|return)\b",
    re.DOTALL,
)
_LATEX = re.compile(r"\\[A-Za-z]{2,}|\\[|,;!{]|^\s*\\[(\[]|\$|\\\\")
_CODE = re.compile(
    r"\[range\(|\b(?:np|numpy|jnp|jax|torch|F|nn|math|tf|scipy)\.(?!T\b)[A-Za-z]|\blen\(|[\w)\]]\.(?!T\b)[A-Za-z]\w*\(|\.(?:mT|shape|size)\b"
)
_MATLAB = re.compile(
    r"\.[*/^'\\]|[\w)\]']\s?\.[-+<>]|\w\.\(|[\w)\]']\s*\\\s*[\w(]|\b(?:norm2|vector|matrix|abs2)\b|'(?:fro|inf|all)'|,\s*\[\s*\]|\(:\)|(?:^|[=(,])\s*@\(|\bdims\s*="
)
"""Signs that nobody else has."""
_PRIME = re.compile(r"[\w)\]']'")
_JULIA = re.compile(r"\w\.\(|[\w)\]]\s?\.[-+<>]|\bdims\s*=|\babs2\b|\w\[[\d:]|[⋅√]")
_BESIDE = re.compile(r"[\w)\]]'[^\W\d]")
"""A'x, which Julia has as a product and MATLAB does not."""
_ATTRIBUTE = re.compile(r"[A-Za-z_)\]]\.[A-Za-z_]")
_OF_THE_LANGUAGE = re.compile(r"@|\*\*|\.T\b|\*")
_ONLY_JULIA = (("dot", 3),)
"""Calls with so many arguments that only Julia has."""


def split(text: str) -> list[str]:
    """The statements of a text: what stands between semicolons outside brackets.

    >>> split("z = W[x; h]; tanh(z)")
    ['z = W[x; h]', ' tanh(z)']
    """
    if ";" not in text or _FUNCTION.match(text):
        return [text]
    parts, start, depth = [], 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if sign == ";" and depth <= 0 and text[place - 1 : place] != "\\":
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip() and part.lstrip()[0] not in "%#"] or [text]


def read_statements(
    texts: Sequence[str],
    names: Iterable[str],
    functions: Collection[str],
    *,
    asked: Iterable[str] = (),
    syntax: str | None = None,
) -> list[Definition]:
    """Formulas and definitions, each in whatever notation it is.

    `names` are those that are declared or asked for, `asked` those of them that a reading must hold; `syntax` names a
    notation and forbids guessing.
    """
    if syntax is not None and syntax not in NOTATIONS:
        raise InputError(f"there is no notation '{syntax[:30]}'", hint=f"there are {', '.join(NOTATIONS)}")
    names = [*names, *(name for name in map(defined_name, texts) if name)]
    mistakes, result = Mistakes(), list[Definition]()
    if syntax is not None:
        for text in texts:
            with mistakes.noted():
                result += _read(syntax, text, names, functions, guessed=False)
        mistakes.raised()
        return result
    found = [_notation(text, functions) for text in texts]
    held = {name for item in found if isinstance(item, Definition) for name in (item.name, *_names(item))}
    missing = [name for name in asked if name not in held]
    boards = any(item in ("math", "latex") for item in found)
    for text, item in zip(texts, found, strict=True):
        with mistakes.noted():
            if isinstance(item, str):
                result += _guessed(item, text, names, functions, missing)
            elif (missing or boards) and not _OF_THE_LANGUAGE.search(text):
                result.append(_split_names(item, text, names, functions, missing, boards))
            else:
                result.append(item)
    mistakes.raised()
    return result


def _split_names(
    item: Definition, text: str, names: Sequence[str], functions: Collection[str], missing: Sequence[str], boards: bool
) -> Definition:
    """A text of the language as mathematics, where that holds names which are asked for: Wx + b by x."""
    try:
        (other,) = _read("math", text, names, functions)
    except InputError:
        return item
    held = set(_names(other))
    return other if held != set(_names(item)) and (boards or held & set(missing)) else item


def _guessed(
    notation: str, text: str, names: Sequence[str], functions: Collection[str], missing: Sequence[str]
) -> list[Definition]:
    """A text in the notation it seems to be in; what is no MATLAB after all is mathematics."""
    if notation == "matlab" and not _MATLAB.search(text):  # only a prime beside a * speaks for it
        try:
            found = _read(notation, text, names, functions)
        except OtherNotationError:
            found = []
        if found and {*missing} <= {name for item in found for name in _names(item)}:
            return found
        notation = "math"
    try:
        return _read(notation, text, names, functions)
    except InputError:
        if notation == "math" and text.isascii() and (_OF_THE_LANGUAGE.search(text) or _ATTRIBUTE.search(text)):
            parse_statement(text)  # what is wrong in terms of the language, if it is wrong there
        raise


def _notation(text: str, functions: Collection[str]) -> Definition | str:
    """The definition, if the text is of the language; else the notation it is in."""
    if _FUNCTION.match(text):
        return "function"
    if _LATEX.search(text):
        return "latex"
    if _CODE.search(text):
        return "numpy"
    if found := _MATLAB.search(text) or ("*" in text and _PRIME.search(text)):
        return "julia" if _JULIA.search(text) or (found.re is _MATLAB and _BESIDE.search(text)) else "matlab"
    try:
        item = parse_statement(text)
    except InputError:
        return "math"
    for call in _calls(item):
        if (call.function, len(call.arguments)) in _ONLY_JULIA or _dot_of_product(call):
            return "julia"
        if _beside(call.function, functions):
            return "math"
    return item


def _beside(call: str, functions: Collection[str]) -> bool:
    """Whether a call is one letter before a bracket, Greek letters, or a function in capitals: σ(x), GELU(x)."""
    return call not in functions and (len(call) == 1 or not call.isascii() or call.lower() in functions)


def _dot_of_product(call: Call) -> bool:
    """Whether a call is dot(x, A*x), whose second argument is a vector only where * is the matrix product."""
    if call.function != "dot" or len(call.arguments) != 2 or call.keywords:
        return False
    for argument in call.arguments:
        match argument:
            case Call(function="*", arguments=(Name(text=left), Name(text=right))):
                return left.isupper() and right.islower()
    return False


def _read(
    notation: str, text: str, names: Iterable[str], functions: Collection[str], *, guessed: bool = True
) -> list[Definition]:
    if notation == LANGUAGE:
        return [parse_statement(text)]
    from jacobian_cli.syntax.names import Known  # noqa: PLC0415 - only where a text is not of the language

    reader = import_module(_READERS[notation])
    found: Definition | list[Definition] = reader.read(text, Known(names, functions), notation, guessed)
    return found if isinstance(found, list) else [found]


def _calls(item: Definition) -> Iterable[Call]:
    return (term for term in _walk(item) if isinstance(term, Call) and term.function.isidentifier())


def _names(item: Definition) -> Iterable[str]:
    return (term.text for term in _walk(item) if isinstance(term, Name))


def _walk(item: Definition) -> Iterable[object]:
    stack: list[object] = [item.value]
    while stack:
        term = stack.pop()
        yield term
        match term:
            case Call(arguments=arguments, keywords=keywords):
                stack.extend((*arguments, *(value for _, value in keywords)))
            case Group(items=items):
                stack.extend(items)
            case Slice(start=start, stop=stop):
                stack.extend((start, stop))
