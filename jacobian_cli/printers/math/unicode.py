"""Mathematics in Unicode, for the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

from jacobian_cli.expr import Expr
from jacobian_cli.ops import Row
from jacobian_cli.printers.math.medium import Edge, Level, Notation, Part
from jacobian_cli.printers.math.render import notated, size_text
from jacobian_cli.printers.precedence import axes_text, index_text
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.names import read

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_BELOW = dict(zip("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_TIMES = " × "
_ACCENTS = {"hat": "\N{COMBINING CIRCUMFLEX ACCENT}", "bar": "\N{COMBINING MACRON}", "tilde": "\N{COMBINING TILDE}"}
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def math(expr: Expr, beside: Iterable[str] = ()) -> str:
    """The expression as mathematics, in Unicode.

    `beside` are the variables of the formula that it belongs to: where one is called I, the identity is Iₙ.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> math(elaborate([parse_statement("u.T@sigmoid(W1@x + b) + 2*lam**2")]).output)
    'uᵀσ(W₁x + b) + 2λ²'
    """
    return notated(expr, _UNICODE, beside)


def _name(name: str) -> Part:
    reading = read(name)
    shown, word = reading.letter, reading.word
    for index in reading.indices:
        if index in _ACCENTS and not word:
            shown = unicodedata.normalize("NFC", shown + _ACCENTS[index])
            continue
        numeric = index.isdecimal() and shown[-1] not in "₀₁₂₃₄₅₆₇₈₉"
        shown += index.translate(_SUBSCRIPTS) if numeric else "_" + index
        word = word or not numeric
    edge = Edge.WORD if word else Edge.LETTER
    return Part(shown, first=edge, last=edge)


def _function(row: Row) -> str:
    return row.math or row.name


def _edge(spelling: str) -> Edge:
    return _name(spelling).first if spelling.isidentifier() else Edge.LETTER


def _power(exponent: Part, whole: int | None, matrix: bool, notation: Notation) -> tuple[str, Edge]:
    if whole is not None and not matrix:
        return str(whole).translate(_SUPERSCRIPTS), Edge.CLOSED
    return ("^⊙" if matrix else "^") + notation.at(exponent, Level.NUMBER).text, Edge.WORD


def _sizes(sizes: Shape, notation: Notation) -> str:
    return _TIMES.join(size_text(size, notation) for size in sizes)


def _sized(sign: str, first: Edge) -> Callable[[str], Part]:
    """Iₙ, 1ₙₓₘ; sizes that cannot stand below the line stand beside it, I_d."""

    def part(sizes: str) -> Part:
        below = "ₓ".join("".join(_BELOW.get(c, " ") for c in size) for size in sizes.split(_TIMES))
        beside = f"_{sizes}" if sizes.isalnum() else f"_{{{sizes}}}"
        if " " in below:
            return Part(sign + beside, first=first, last=Edge.WORD)
        return Part(sign + below, first=first, last=Edge.LETTER)

    return part


def _commutation(sizes: list[str]) -> Part:
    """Kₙₘ, or with sizes that cannot stand below the line K_{n, d}."""
    if all(character in _BELOW for size in sizes for character in size):
        comma = "," if any(len(size) > 1 for size in sizes) else ""
        below = comma.join("".join(map(_BELOW.__getitem__, size)) for size in sizes)
        return Part("K" + below, first=Edge.LETTER, last=Edge.LETTER)
    return Part(f"K_{{{', '.join(sizes)}}}", first=Edge.LETTER, last=Edge.LETTER)


def _listed(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"


_UNICODE = Notation(
    name=_name,
    constants={
        "pi": Part("π", first=Edge.LETTER, last=Edge.LETTER),
        "e": Part("e", first=Edge.LETTER, last=Edge.LETTER),
        "inf": Part("∞", first=Edge.LETTER, last=Edge.LETTER),
    },
    function=_function,
    signs={
        "+": " + ",
        "-": " − ",
        "/": " / ",
        "⊙": " ⊙ ",
        "⊗": " ⊗ ",
        ">": " > ",
        "<": " < ",
        ">=": " ≥ ",
        "<=": " ≤ ",
        "==": " = ",
        "!=": " ≠ ",
    },
    minus="−",
    beside="",
    gap=" ",
    dot="·",
    brackets=("(", ")"),
    tall_brackets=("(", ")"),
    indicator="1",
    transposed="ᵀ",
    power=_power,
    fraction="",
    filled={
        "eye": (
            lambda _: Part("I", first=Edge.LETTER, last=Edge.LETTER),
            _sized("I", Edge.LETTER),
            lambda size: Part(f"I_{{{size}}}", first=Edge.LETTER, last=Edge.LETTER),
        ),
        "ones": (_sized("1", Edge.DIGIT),),
        "zeros": (_sized("0", Edge.DIGIT),),
        "commutation": (lambda sizes: _commutation(sizes.split(_TIMES)),),
    },
    edge=_edge,
    matrix=lambda rows: Part(_listed(map(_listed, rows))),
    column=lambda cells: Part(_listed(cells)),
    parts=False,
    option="{}={}".format,
    options={
        "count": size_text,
        "sizes": _sizes,
        "shape": _sizes,
        "subscripts": lambda subscripts, _: f'"{subscripts.replace("->", "→")}"',
        "axes": lambda axes, _: f"({', '.join(map(str, axes))})",
        "axis": lambda axes, _: f"axis={axes_text(axes)}",
        "index": lambda index, notation: index_text(index, lambda size: size_text(size, notation)),
    },
)
