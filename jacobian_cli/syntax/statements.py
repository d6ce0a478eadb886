"""One text to its statements: what semicolons, commas, lines, the rows of a display and `where` separate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from jacobian_cli.syntax.errors import Part

FUNCTION = re.compile(
    r"\s*(?:(?:def|import|class)\s+[^\W\d]|async\s+def\b|from\s+[\w.]+\s+import\b|@\w+\b)|\s*lambda\b[^()]*:|\s*\w+\s*=\s*lambda\b[^()\n]*:|.*\n\s*(?:def|return)\b",
    re.DOTALL,
)
"""The source of a Python function, whose lines belong together."""
JULIA_MODULE = re.compile(
    r"(?<![\w.])(?:Flux(?:\.Losses)?|NNlib|LinearAlgebra|Statistics|StatsBase|LogExpFunctions|SpecialFunctions)\.(?=[a-z])"
)
"""Julia's modules before their functions: Flux.mse."""
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
"""The wide signs of East Asian keyboards."""
_ARROW = re.compile(r"((?:\A|[;\n])\s*[^\W\d]\w*\s*)<-(?=\s)")
"""A definition as R writes it."""
_ASSIGNED = re.compile(r":=|≔")
_QUOTES = {"'": "'", "“": "”", "‘": "’", "„": "“", "«": "»", '"': '"', "`": "`"}
_COMMENT = re.compile(r"#[^\n]*|(?:(?<=\n)|(?<=;)|\A)[ \t]*%(?!\*%)[^\n]*")
"""A comment; behind a formula % is a remainder in some notations."""
_GOES_ON_BELOW = re.compile(r"\.\.\.[ \t]*\n")
"""The end of a line that goes on in the next, in MATLAB."""
_DISPLAY = re.compile(
    r"\\(?:begin|end)\s*\{(?:aligned|align|alignat|gather|gathered|split|equation|eqnarray|multline|displaymath|math)\*?\}"
    r"(?:\s*\{\d\})?|\\(?:nonumber|notag)(?![A-Za-z])|\\(?:label|tag)\s*\{[^{}]*\}"
)
_ROWS = re.compile(r"\\(begin|end)\s*\{|\\\\(?:\s*\[[\d. ]*(?:pt|em|ex|mm|cm)\])?|\\.|&", re.DOTALL)
_NAME = (
    r"(?:[^\W\d]|\\[A-Za-z]+(?![A-Za-z]))(?:\w|\\[A-Za-z]+(?![A-Za-z])|['’′^()+\-]|[ \t]{0,3}\{[^{}=]{0,40}\}){0,60}"
)
_DEFINED = re.compile(rf"\s*(?P<name>{_NAME}?)\s*(?:\([^()=]*\))?\s*=(?!=)")
_WHERE = re.compile(
    r"(?:\\(?:text|mathrm|textrm|operatorname)\s*\{\s*(?:where|with)\s*:?\s*\}|(?<![\w.])(?:where|with)(?![\w(]))"
    rf"(?:\\(?:quad|qquad|,|;|:|!| )|[:\s])*(?={_NAME}?\s*(?:\([^()=]*\))?\s*=(?!=))"
)
_SPACES = (r"\quad", r"\qquad", r"\,", r"\;", r"\:", r"\!")
"""What stands between a formula and the definitions that follow it: `A x + b where A = B C`."""
_AND = re.compile(
    r"(?:\\(?:quad|qquad|,|;|:|!| )|\s)*"
    r"(?:,(?:\s|\\(?:quad|qquad|[,;:! ]))*(?:and\b|\\text\s*\{\s*and\s*\})?|\band\b|\\text\s*\{\s*,?\s*and\s*\})"
    rf"(?:\\(?:quad|qquad|,|;|:|!| )|\s)*(?={_NAME}?\s*(?:\([^()=]*\))?\s*=(?!=))"
)
_LAST = re.compile(r",(?=[^=]*\Z)")
"""The comma before a formula without a name."""
_PRODUCT = re.compile(r"[A-Z][a-z]")
_SPACE = re.compile(r"&|\\(?:quad|qquad|,|;|:|!| )|\{\s*\}")
"""What moves a row of a display to the right."""
_FULL_STOP = re.compile(r"(?:(?<=[^\s\d\\])|(?<=[}\])]\d))\s*[.](?=\s*\Z)")
_COMMA = re.compile(r"(?<!\\)\s*[.,](?=\s*\Z)")
_OPEN_END = re.compile(r"(?:[-+*/@=,^_&|<>−·⋅×⊙⊗∘([{]|\\[A-Za-z]+)\s*\Z")
_GOES_ON = re.compile(r"\s*(?:[-+*/@=,^)\]}|<>−·⋅×⊙⊗∘.'&]|\\(?:cdot|times|odot|otimes|right|le|ge)(?![a-z]))")


def split(text: str) -> list[str]:
    """The statements of a text, those first that others are told by.

    >>> split("z = W[x; h]; tanh(z)")
    ['z = W[x; h]', ' tanh(z)']
    >>> split("A x + b where A = B C")
    ['A = B C', 'A x + b']
    """
    if FUNCTION.match(text):
        return [text]
    plain = text if text.isascii() else text.translate(_WIDE)
    plain = _ARROW.sub(r"\1 =", plain) if "<-" in plain else plain
    plain = _ASSIGNED.sub(_equals, plain) if ":=" in plain or "≔" in plain else plain
    plain = _unquoted(_COMMENT.sub(_blank, plain) if "#" in plain or "%" in plain else plain)
    plain = _GOES_ON_BELOW.sub(_blank, plain) if "..." in plain else plain
    display = bool(_DISPLAY.search(plain)) if "\\" in plain else False
    if display:
        plain = _DISPLAY.sub(_blank, plain)
    parted = any(sign in plain for sign in ";\n") or ("," in plain and "=" in plain)
    if not (display or parted or "where" in plain or "with" in plain):
        plain = _ended(plain, display)
        return [text if plain == text else Part(plain, text, 0)]
    found: list[tuple[int, int]] = []
    for start, stop in _cut(plain, _ends(plain)):
        if display:
            for first, last in _rows(plain, start, stop):
                found += _told(plain, first, last)
        else:
            found += _told(plain, start, stop)
    if display:
        plain = _aligned(plain)
    parts = [(start, stop) for start, stop in found if plain[start:stop].strip(" \t\r\n.,")]
    if len(parts) < 2 and plain == text and found == [(0, len(text))]:
        return [text]
    return [Part(_ended(plain[start:stop], display), text, start) for start, stop in parts] or [text]


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _equals(found: re.Match[str]) -> str:
    return "=".rjust(len(found[0]))


def _unquoted(text: str) -> str:
    """A text without the quotation marks around all of it."""
    bare = text.strip()
    if len(bare) < 3 or bare[0] not in _QUOTES or bare[-1] != _QUOTES[bare[0]] or bare[0] in bare[1:-1]:
        return text
    start = text.index(bare[0])
    return f"{text[:start]} {bare[1:-1]} {text[start + len(bare) :]}"


def _ended(text: str, display: bool) -> str:
    """A statement without the mark that ends its sentence; in a display that may be a comma."""
    if text.rstrip()[-1:] not in (".", ","):
        return text
    return (_COMMA if display or "\\" in text else _FULL_STOP).sub(_blank, text)


def _ends(text: str) -> Iterator[tuple[int, int]]:
    """The semicolons and the ends of lines that separate statements."""
    depth = first = 0
    names: list[str] = []
    blank = True
    for place, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        blank = blank and sign.isspace()
        if blank or depth > 0 or sign not in ";\n" or (sign == ";" and text[place - 1 : place] == "\\"):
            continue
        defined = _DEFINED.match(text, first, place)
        if sign == "\n":
            line = text[place + 1 :].split("\n", 1)[0]
            if not (defined and _behind(text[first:place], line, [*names, defined["name"]])):
                continue
        if defined:
            names.append(defined["name"])
        yield place, place + 1
        first, depth, blank = place + 1, 0, True


def _behind(before: str, line: str, names: Iterable[str]) -> bool:
    """Whether a line is a statement of its own, behind one that defines a name."""
    if _OPEN_END.search(before) or _GOES_ON.match(line) or not line.strip():
        return False
    return bool(_DEFINED.match(line)) or any(name and name in line for name in names)


def _cut(text: str, ends: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    start = 0
    for stop, behind in ends:
        yield start, stop
        start = behind
    yield start, len(text)


def _told(text: str, start: int, stop: int) -> list[tuple[int, int]]:
    """A formula behind the definitions that are told after it: `where A = B C`."""
    found = _WHERE.search(text, start, stop)
    if found is None or not text[start : found.start()].strip():
        parts = list(_listed(text, start, stop))
        if len(parts) < 2 or not _follow(text, parts):
            return [(start, stop)]
        return parts if _DEFINED.match(text, *parts[0]) else [*parts[1:], parts[0]]
    parts = list(_listed(text, found.end(), stop))
    end = found.start()
    while (bare := text[start:end].rstrip(" \t\r\n,;")) and (
        space := next((c for c in _SPACES if bare.endswith(c)), "")
    ):
        end = start + len(bare) - len(space)
    return [*parts, (start, start + len(bare))]


def _listed(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """What commas part before each definition, and before the formula that stands last: z = W x, h = tanh(z), uᵀh."""
    depth, first, place = 0, start, start
    while place < stop:
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if not depth and (behind := _AND.match(text, place, stop) or _LAST.match(text, place, stop)):
            yield first, place
            first = place = behind.end()
        else:
            place += 1
    yield first, stop


def _follow(text: str, parts: Sequence[tuple[int, int]]) -> bool:
    """Whether each definition but one is of what stands in another part; `Ax = b` may be a constraint."""
    heads = [_DEFINED.match(text, *part) for part in parts]
    held = [
        not _PRODUCT.fullmatch(head["name"])
        and any(head["name"] in text[begin:end] for begin, end in (*parts[:k], *parts[k + 1 :]))
        for k, head in enumerate(heads)
        if head
    ]
    return sum(held) >= len(parts) - 1


def _rows(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The rows of a display; one that begins with a sign belongs to the one before."""
    depth, first = 0, start
    for found in _ROWS.finditer(text, start, stop):
        if found[1]:
            depth += 1 if found[1] == "begin" else -1
        elif found[0].startswith("\\\\") and not depth:
            before, behind = (_SPACE.sub(" ", part) for part in (text[first : found.start()], text[found.end() : stop]))
            if behind.strip() and not _GOES_ON.match(behind) and _DEFINED.match(before):
                yield first, found.start()
                first = found.end()
    yield first, stop


def _aligned(text: str) -> str:
    """A display without the marks by which its rows stand below each other."""
    depth, signs = 0, list(text)
    for found in _ROWS.finditer(text):
        if found[1]:
            depth += 1 if found[1] == "begin" else -1
        elif not depth and (found[0] == "&" or found[0].startswith("\\\\")):
            signs[found.start() : found.end()] = " " * len(found[0])
    return "".join(signs)
