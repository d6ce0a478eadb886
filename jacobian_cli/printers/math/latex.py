r"""Mathematics in LaTeX, for what stands between `$` and `$`; it needs amsmath and no other package."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.expr import Expr
from jacobian_cli.ops import Row
from jacobian_cli.printers.math.medium import Edge, Notation, Part
from jacobian_cli.printers.math.render import notated, size_text
from jacobian_cli.printers.precedence import axes_text, index_text
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.names import GREEK, read

_LIKE_LATIN = frozenset("Alpha Beta Epsilon Zeta Eta Iota Kappa Mu Nu Rho Tau Chi".split())
"""Capitals that look like Latin ones, for which LaTeX has no command."""
_COMMANDS = {
    **{name: rf"\{name}" for name in GREEK},
    **{letter: rf"\{name}" for name, letter in GREEK.items()},
    **{key: rf"\{name}" for name in map(str.capitalize, GREEK) for key in (name, GREEK[name.lower()].upper())},
    **{key: rf"\mathrm{{{name[0]}}}" for name in _LIKE_LATIN for key in (name, GREEK[name.lower()].upper())},
}
_TIMES = r" \times "
_ACCENTS = ("hat", "bar", "tilde")
_ESCAPES = str.maketrans({"_": r"\_"})


def latex(expr: Expr) -> str:
    r"""The expression in LaTeX.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> print(latex(elaborate([parse_statement("u.T@sigmoid(W1@x + b) + lam/2")]).output))
    u^{\top} \sigma(W_{1} x + b) + \frac{\lambda}{2}
    """
    return notated(expr, _LATEX)


def _name(name: str) -> Part:
    reading = read(name)
    shown = _COMMANDS.get(reading.stem) or _letters(reading.stem)
    indices = list(reading.indices)
    if indices and indices[0] in _ACCENTS:
        shown = rf"\{indices.pop(0)}{{{shown}}}"
    if indices:
        shown += f"_{{{', '.join(i if i.isdecimal() else _letters(i) for i in indices)}}}"
    edge = Edge.WORD if reading.word else Edge.LETTER
    return Part(shown, first=edge, last=edge)


def _letters(name: str) -> str:
    shown = name.translate(_ESCAPES)
    return shown if len(name) == 1 else rf"\mathrm{{{shown}}}"


def _function(row: Row) -> str:
    return row.latex or rf"\operatorname{{{row.name.translate(_ESCAPES)}}}"


def _power(exponent: Part, whole: int | None, matrix: bool, notation: Notation) -> tuple[str, Edge]:
    del whole
    return (r"^{\odot " if matrix else "^{") + notation.value(exponent) + "}", Edge.CLOSED


def _sizes(sizes: Shape, notation: Notation) -> str:
    return _TIMES.join(size_text(size, notation) for size in sizes)


def _option(name: str, value: str) -> str:
    return rf"\text{{{name.translate(_ESCAPES)}={value}}}"


def _upright(letter: str) -> Part:
    return Part(rf"\mathrm{{{letter}}}", first=Edge.LETTER, last=Edge.LETTER)


def _below(letter: str, sizes: str) -> Part:
    return Part(f"{letter}_{{{sizes}}}", first=Edge.LETTER, last=Edge.LETTER)


def _matrix(rows: Sequence[Sequence[str]]) -> Part:
    lines = r" \\ ".join(" & ".join(row) for row in rows)
    return Part(rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}", tall=True)


_LATEX = Notation(
    name=_name,
    constants={
        "pi": Part(r"\pi", first=Edge.LETTER, last=Edge.LETTER),
        "e": _upright("e"),
        "inf": Part(r"\infty", first=Edge.LETTER, last=Edge.LETTER),
    },
    function=_function,
    signs={
        "+": " + ",
        "-": " - ",
        "/": " / ",
        "⊙": r" \odot ",
        "⊗": r" \otimes ",
        ">": " > ",
        "<": " < ",
        ">=": r" \ge ",
        "<=": r" \le ",
        "==": " = ",
        "!=": r" \ne ",
    },
    minus="-",
    beside=" ",
    gap=r" \, ",
    dot=r" \cdot ",
    brackets=("(", ")"),
    tall_brackets=(r"\left(", r"\right)"),
    indicator=r"\mathbf{1}",
    transposed=r"^{\top}",
    power=_power,
    fraction=r"\frac{{{}}}{{{}}}",
    filled={
        "eye": (lambda sizes: _below("I", sizes), lambda sizes: _below(r"\mathbf{I}", sizes)),
        "ones": (lambda sizes: _below(r"\mathbf{1}", sizes),),
        "zeros": (lambda sizes: _below(r"\mathbf{0}", sizes),),
        "commutation": (lambda sizes: _below("K", sizes.replace(_TIMES, ", ")),),
    },
    matrix=_matrix,
    column=lambda cells: _matrix([[cell] for cell in cells]),
    parts=True,
    option=_option,
    options={
        "count": size_text,
        "sizes": _sizes,
        "shape": _sizes,
        "subscripts": lambda subscripts, _: rf"\mathtt{{{subscripts}}}".replace("->", r"\to "),
        "axes": lambda axes, _: f"({', '.join(map(str, axes))})",
        "axis": lambda axes, _: _option("axis", axes_text(axes)),
        "index": lambda index, notation: index_text(index, lambda size: size_text(size, notation), r"\text{None}"),
    },
)
