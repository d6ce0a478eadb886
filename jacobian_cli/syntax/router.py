"""Which notation a text is in, and its reader. Readers are imported when a text needs them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, Mistakes, Part, Span
from jacobian_cli.syntax.labels import unlabelled
from jacobian_cli.syntax.marks import MATLAB, ONLY_OURS, PRIME, entered, may_be_other, spaced, told
from jacobian_cli.syntax.mends import NO_EXPRESSION
from jacobian_cli.syntax.parser import defined_name, parse_statement
from jacobian_cli.syntax.tokens import OtherNotationError
from jacobian_cli.syntax.tree import Call, Definition, Name

_READERS = {
    "matlab": "jacobian_cli.syntax.matlab",
    "julia": "jacobian_cli.syntax.matlab",
    "r": "jacobian_cli.syntax.matlab.r",
    "mathematica": "jacobian_cli.syntax.matlab.mathematica",
    "numpy": "jacobian_cli.syntax.code",
    "torch": "jacobian_cli.syntax.code",
    "jax": "jacobian_cli.syntax.code",
    "function": "jacobian_cli.syntax.function",
    "math": "jacobian_cli.syntax.mathematics",
    "latex": "jacobian_cli.syntax.latex",
}
LANGUAGE = "language"
_BOARDS = ("math", "latex")
_SIDE_BY_SIDE = re.compile(r"[\w)\]}'ᵀ]\s+[\w(\\]|\d[^\W\d]|ᵀ\w|\b[A-Z][a-z]\b|[^\x00-\x7f]")
_WITH_DOTS = ("matlab", "julia")
"""Notations with a dot where a product goes entry by entry."""
NOTATIONS = (LANGUAGE, *_READERS)
_HEAD = re.compile(r"\s*([^\W\d]\w*)\s*(?:\(([^()=]*)\)\s*=(?!=)|=\s*@\(([^()]*)\))")
"""What stands before the formula of a definition with parameters."""
_OF_THE_LANGUAGE = re.compile(r"@|\*\*|\.T\b|\*")
_ATTRIBUTE = re.compile(r"[A-Za-z_)\]]\.[A-Za-z_]")
_SCALED = re.compile(r"[α-γε-ωΓΘΛΞΠΣΦΨΩ]\d*[^\W\d_](?:_?\d)?")
"""A product of two letters; δx and Δx are differences."""
_PRODUCT = re.compile(r"[A-Z][xyzvwh]")
"""A matrix and a vector behind it."""
_EXPECTED = re.compile(r"(?<![\w.])(E|Var|Cov)\[[^\W\d]")
_BLANK = re.compile(r"(\w+)\\ +(\w+)")
"""What stands around a \\ as LaTeX has its blank: A\\ x."""
_SAME_SIGN = frozenset("\N{MICRO SIGN}\N{OHM SIGN}\N{KELVIN SIGN}")
"""Signs of units that keyboards have for the letters."""
_EACH = frozenset("sum prod mean maximum minimum".split())
"""Functions that in Julia may be told what to do with each entry first: sum(abs, x)."""
_ONLY_JULIA = (("dot", 3), ("maximum", 1), ("minimum", 1))
"""Calls with so many arguments that only Julia has."""


def read_statements(
    texts: Sequence[str],
    names: Iterable[str],
    functions: Collection[str],
    *,
    asked: Iterable[str] = (),
    syntax: str | None = None,
    beside: Collection[str] = (),
) -> list[Definition]:
    """Formulas and definitions, each in whatever notation it is.

    `names` are those that are declared or asked for, `asked` those of them that a reading must hold; `syntax` names a
    notation and forbids guessing; `beside` are the notations of what the same person typed beside them, in which a text
    is that has no mark of its own.
    """
    if syntax is not None and syntax not in NOTATIONS:
        raise InputError(f"there is no notation '{syntax[:30]}'", hint=f"there are {', '.join(NOTATIONS)}")
    if len(texts) == 1 and (bare := unlabelled(texts[0], functions)) != texts[0]:
        with _typed_as(texts[0], bare):
            read = read_statements([bare], names, functions, asked=asked, syntax=syntax, beside=beside)
        return [replace(item, source=texts[0]) if item.source == bare else item for item in read]
    texts = _applied(texts, functions)
    names = [*names]
    if len(texts) > 1 and syntax in (None, *_BOARDS):
        from jacobian_cli.syntax.written_out import written_out  # noqa: PLC0415 - only for definitions

        texts = written_out(texts, names)
    defined = [name for name in map(defined_name, texts) if name]
    given, names = {*names}, [*names, *defined]
    mistakes, result = Mistakes(), list[Definition]()
    if syntax is not None:
        for text in texts:
            with mistakes.noted():
                result += _read(syntax, text, names, functions, guessed=False)
        return _complete(result, mistakes, defined, given)
    found = _alike([_notation(text, functions) for text in texts], texts, beside)
    if _closed(texts):
        found = ["matlab" if isinstance(item, Definition) and "*" in item.source else item for item in found]
    held = {name for item in found if isinstance(item, Definition) for name in (item.name, *_names(item))}
    missing = [name for name in asked if name not in held]
    boards = any(item in _BOARDS for item in (*found, *beside))
    starred = not {*_BOARDS}.isdisjoint(beside) or _all_starred(found, texts)
    for text, item in zip(texts, found, strict=True):
        with mistakes.noted():
            if isinstance(item, str) and item in beside and item not in _BOARDS:
                result += _as_beside(item, text, names, functions)
            elif isinstance(item, str):
                result += _guessed(item, text, names, functions, missing)
            elif _expected(text, names) or (
                not _OF_THE_LANGUAGE.search(text) and (missing or boards or _greek(item, names))
            ):
                result.append(_split_names(item, text, names, functions, missing, boards or not missing))
            elif starred and not ONLY_OURS.search(text):
                result.append(_on_board(item, text, names, functions))
            elif missing and not ONLY_OURS.search(text):  # sum(y*Xw) by w
                result.append(_split_names(item, text, names, functions, missing, boards=False))
            else:
                result.append(item)
    return _complete(result, mistakes, defined, given)


def _closed(texts: Sequence[str]) -> bool:
    """Whether a semicolon closes the last statement, as in a script of MATLAB, and no sign is the language's own."""
    last = texts[-1] if texts else ""
    ends = isinstance(last, Part) and last.whole[last.start + len(last) :].strip() == ";"
    return ends and not any(ONLY_OURS.search(text) for text in texts)


@contextmanager
def _typed_as(text: str, bare: str) -> Iterator[None]:
    """Quote the whole of a text where a part of it is refused."""
    try:
        yield
    except InputError as error:
        for one in error.errors:
            one.text = text if one.text == bare else one.text
        raise


def marked(text: str, functions: Collection[str]) -> str:
    """The notation that a text is in by marks of its own; "" where it has none, or those of the language alone."""
    found = _notation(text, functions)
    if not isinstance(found, str) or (found == "math" and "⊙" in text):
        return ""
    if found == "math" and text.isascii() and "^" not in text:
        return "matlab" if PRIME.search(text) else ""
    return found


def _alike(found: list[Definition | str], texts: Sequence[str], beside: Collection[str] = ()) -> list[Definition | str]:
    """The notations of statements typed together: beside what only MATLAB, Julia or R has, `A*x` is theirs too."""
    for notation in ("r", "mathematica"):
        if notation in found:
            return [
                item
                if item == "function"
                or (isinstance(item, Definition) and notation == "mathematica" and [*_calls(item)])
                else notation
                for item in found
            ]
    signs = {item for item in found if item in _WITH_DOTS} or {*beside}.intersection(_WITH_DOTS)
    if signs == {*_WITH_DOTS} and not signs.isdisjoint(beside):
        signs = {"julia"}  # which reads both
    signs = signs or {*beside}.intersection(("r", "mathematica"))
    if len(signs) != 1:
        return found
    (notation,) = signs
    return [
        item if isinstance(item, str) or ONLY_OURS.search(text) else notation
        for item, text in zip(found, texts, strict=True)
    ]


def _all_starred(found: Sequence[Definition | str], texts: Sequence[str]) -> bool:
    """Whether some statements are mathematics, and none of them has factors side by side, beside which `*` would be
    another product.
    """
    boards = [text for item, text in zip(found, texts, strict=True) if item in _BOARDS]
    return bool(boards) and not any(_SIDE_BY_SIDE.search(text) for text in boards)


def _as_beside(notation: str, text: str, names: Sequence[str], functions: Collection[str]) -> list[Definition]:
    """A text in the notation of what stands beside it or, if it cannot be that, in mathematics."""
    try:
        return _read(notation, text, names, functions)
    except OtherNotationError:
        return _read("math", text, names, functions)


def _on_board(item: Definition, text: str, names: Sequence[str], functions: Collection[str]) -> Definition:
    """A text of the language with a `*` beside mathematics, in which that may be the product of matrices."""
    try:
        (other,) = _read("math", text, names, functions)
    except InputError:
        return item
    held = {*_names(other)}
    return other if held == {*_names(item)} or held <= {*names} else item


def _complete(
    found: list[Definition], mistakes: Mistakes, defined: Collection[str], given: Collection[str]
) -> list[Definition]:
    """What was read, if nothing was wrong and nothing is unclear between the definitions."""
    used = {*given, *(name for item in found for name in _names(item))}
    if any(item.notation in _BOARDS for item in found):
        from jacobian_cli.syntax.bold import of_rows  # noqa: PLC0415 - only where entries may be summed
        from jacobian_cli.syntax.counts import want_no_count  # noqa: PLC0415
        from jacobian_cli.syntax.subscripts import want_no_entries  # noqa: PLC0415 - only where entries may be named

        with mistakes.noted():
            found = of_rows(want_no_entries(found, given))
            for item in found:
                want_no_count(item, {*given, *defined})
    for item in found:
        with mistakes.noted():
            _want_no_equation(item, used)
    mistakes.raised()
    return [_one_name(item) for item in found]


def _one_name(item: Definition) -> Definition:
    """A statement, with the letters that are one name although two signs were typed for them: 𝐰 and w, ϕ and φ."""
    if item.source.isascii() or item.notation not in ("", "math"):
        return item
    spelled: dict[str, list[str]] = {}
    alone = re.sub("[A-Za-z]{2,}", " ", item.source)  # the l of log is none
    for sign in dict.fromkeys(alone):
        if unicodedata.category(sign) in ("Ll", "Lu") and sign not in _SAME_SIGN:
            spelled.setdefault(unicodedata.normalize("NFKC", sign), []).append(sign)
    doubts = [
        Doubt(f"{' and '.join(signs)} are one name here, `{name}`; another has an index, `{name}_2`")
        for name, signs in spelled.items()
        if len(signs) > 1
    ]
    return replace(item, doubts=(*item.doubts, *doubts)) if doubts else item


def _applied(texts: Sequence[str], functions: Collection[str]) -> Sequence[str]:
    """Texts in which a definition with parameters, `f(x) = …` or `f = @(x) …`, is named alone where it is applied to
    these parameters. Raises `InputError` where it is applied to others.
    """
    heads = {k: head for k, text in enumerate(texts) if (head := _HEAD.match(text)) and head[1] not in functions}
    if not heads or len(texts) < 2:
        return texts
    found = list(texts)
    for k, head in heads.items():
        parameters = "".join((head[2] or head[3] or "").split())
        for j, text in enumerate(found):
            for call in re.finditer(rf"(?<![\w\\]){re.escape(head[1])}\s*\(([^()]*)\)", text) if j != k else ():
                if "".join(call[1].split()) != parameters:
                    raise InputError(
                        f"{head[1]} is a formula of {parameters} here, and is not applied to anything else",
                        text=text,
                        span=Span(*call.span()),
                        hint="write what it is with the other argument in its place",
                    )
                found[j] = found[j][: call.start()] + head[1].ljust(len(call[0])) + found[j][call.end() :]
    return found


def _want_no_equation(item: Definition, used: Collection[str]) -> None:
    """Refuse Ax = b, which defines nothing: what is named after a product is made of its factors."""
    name = item.name or ""
    if not _PRODUCT.fullmatch(name) or name in used or not {*_names(item)}.isdisjoint(name):
        return
    start = item.source.find(name)
    raise InputError(
        "an equation is not a formula",
        text=item.source,
        span=Span(max(start, 0), max(start, 0) + len(name)),
        hint="type one side alone, or a definition with another name on its left: `z = A@x`",
    )


def _expected(text: str, names: Collection[str]) -> bool:
    """Whether an expectation stands in a text: E[x]."""
    found = _EXPECTED.search(text)
    return found is not None and found[1] not in names


def _greek(item: Definition, names: Collection[str]) -> bool:
    """Whether a Greek letter stands beside another letter in a name that nobody declared: y + λx."""
    return any(_SCALED.fullmatch(name) and name not in names for name in _names(item))


def _split_names(
    item: Definition, text: str, names: Sequence[str], functions: Collection[str], missing: Sequence[str], boards: bool
) -> Definition:
    """A text of the language as mathematics, where that holds names which are asked for: Wx + b by x."""
    try:
        (other,) = _read("math", text, names, functions)
    except InputError as error:
        if "expectation" in error.message or (missing and "transpose" in error.message):
            raise
        apart = {letter for name in _names(item) if len(name) > 1 for letter in name}
        if apart.intersection(missing) and "below the line" in error.message:  # t/RC, where R and C are known
            raise
        return item
    held = set(_names(other))
    return other if held != set(_names(item)) and (boards or held & set(missing)) else item


def _guessed(
    notation: str, text: str, names: Sequence[str], functions: Collection[str], missing: Sequence[str]
) -> list[Definition]:
    """A text in the notation it seems to be in; what is no MATLAB after all is mathematics."""
    if notation == "matlab" and not MATLAB.search(text):  # a prime beside a *, an entry or a list speaks for it
        try:
            found = _read(notation, text, names, functions)
        except OtherNotationError:
            found = []
        lacking = {*missing} - {name for item in found for name in _names(item)}
        if found and (not lacking or lacking.isdisjoint(_held_on_board(text, names, functions))):
            return found
        notation = "math"
    try:
        return _read(notation, text, names, functions)
    except InputError as error:
        certain = type(error) is not InputError
        if (
            notation == "math"
            and not certain
            and text.isascii()
            and (_OF_THE_LANGUAGE.search(text) or _ATTRIBUTE.search(text))
        ):
            try:  # what is wrong in terms of the language, if it is wrong there, and more is known of it
                parse_statement(text)
            except InputError as other:
                if other.message != NO_EXPRESSION or not error.hint:
                    raise
        raise


def _held_on_board(text: str, names: Sequence[str], functions: Collection[str]) -> Iterable[str]:
    """The names that a text has as mathematics, where letters side by side are several."""
    try:
        return [name for item in _read("math", text, names, functions) for name in _names(item)]
    except InputError:
        return names


def _notation(text: str, functions: Collection[str]) -> Definition | str:
    """The definition, if the text is of the language; else the notation it is in."""
    if may_be_other(text) and (sign := told(text, functions)):
        return sign
    if entered(text, functions) or spaced(text):
        return "matlab"
    try:
        item = parse_statement(text)
    except InputError:
        return "math"
    if "[" in text and _applied_square(item, functions):
        return "math"
    for call in _calls(item):
        if (call.function, len(call.arguments)) in _ONLY_JULIA or _dot_of_product(call) or _each(call, functions):
            return "julia"
        if _beside(call.function, functions):
            return "math"
    return item


def _beside(call: str, functions: Collection[str]) -> bool:
    """Whether a call is one letter before a bracket, Greek letters, or a function in capitals: σ(x), GELU(x)."""
    return call not in functions and (len(call) == 1 or not call.isascii() or call.lower() in functions)


def _each(call: Call, functions: Collection[str]) -> bool:
    """Whether a call is sum(abs, x), of a function and what it is applied to."""
    match call.arguments:
        case (Name(text=name), _) if call.function in _EACH and not call.keywords:
            return name in functions
    return False


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
    items = found if isinstance(found, list) else [found]
    if guessed and notation in ("matlab", "julia") and (blank := _BLANK.search(text)):
        readings = f"`{blank[1]}\\{blank[2]}` is read, which solves; LaTeX's blank stands in `{blank[1]} {blank[2]}`"
        return [replace(item, doubts=(*item.doubts, Doubt(readings))) for item in items]
    return items


def _applied_square(item: Definition, functions: Collection[str]) -> bool:
    """Whether a function stands before a square bracket, log[det(X)]; gamma[0] is an entry."""
    from jacobian_cli.syntax.names import LETTERS  # noqa: PLC0415 - only where something is picked

    for term in item.terms:
        match term:
            case Call(function="[]", arguments=(Name(text=name), *_)) if name in functions and name not in LETTERS:
                return True
    return False


def _calls(item: Definition) -> Iterable[Call]:
    return [call for call in item.calls if call.function.isidentifier()]


def _names(item: Definition) -> Iterable[str]:
    return [name.text for name in item.names]
