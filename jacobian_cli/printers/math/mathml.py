"""Mathematics in MathML Core, for pages: no script, no fonts, no network. Each name keeps which one it is, in
`data-name`, so that a page can say what it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape

from jacobian_cli.expr import Expr, Variable
from jacobian_cli.ops import Row
from jacobian_cli.printers.math.medium import Edge, Notation, Part
from jacobian_cli.printers.math.render import notated, size_text
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.printers.precedence import axes_text, index_text
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.names import read

_TIMES = "<mo>×</mo>"
_APPLIED = "<mo>&#x2061;</mo>"
_ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~"}
_FENCES = {"[": "[", "]": "]", "|": "|", "‖": "‖", "(": "(", ")": ")"}
_SCRIPTS = {"₂": "<mn>2</mn>", "⁎": "<mo>∗</mo>", "ₓ": "<mo>×</mo>", "⁺": "<mo>+</mo>"}
"""The marks that stand below or above the line in the spelling of a function."""
_INVERSE = "<mrow><mo>−</mo><mn>1</mn></mrow>"


def mathml(expr: Expr, beside: Iterable[str] = ()) -> str:
    """The expression in MathML, without the `math` element around it.

    `beside` are the variables of the formula that it belongs to: where one is called I, the identity is Iₙ.

    >>> mathml(Variable("W1", ()))
    '<mrow><msub data-name="W₁"><mi>W</mi><mn>1</mn></msub></mrow>'
    """
    return f"<mrow>{notated(expr, _MATHML, beside)}</mrow>"


def math_element(*parts: str, block: bool = False) -> str:
    """Parts in one `math` element, on a line of its own or in a line of text."""
    display = ' display="block"' if block else ""
    return f"<math{display}><mrow>{''.join(parts)}</mrow></math>"


def name_mathml(name: str) -> str:
    """The name of a variable or a definition."""
    return _name(name).text


def partial_mathml(above: str, below: str) -> str:
    """The derivative of one name by another, as a fraction: ∂f/∂W.

    >>> partial_mathml("f", "x")[:30]
    '<mfrac><mrow><mo>∂</mo><mi dat'
    """
    over, under = (f"<mrow><mo>∂</mo>{name_mathml(name)}</mrow>" for name in (above, below))
    return f"<mfrac>{over}{under}</mfrac>"


def key(name: str) -> str:
    """What `data-name` holds for a name.

    >>> key("lam"), key("W1")
    ('λ', 'W₁')
    """
    return math(Variable(name, ()))


def _name(name: str) -> Part:
    reading = read(name)
    word, indices = reading.word, list(reading.indices)
    shown, mark = f"<mi>{escape(reading.letter)}</mi>", f' data-name="{escape(key(name))}"'
    if indices and indices[0] in _ACCENTS:
        shown = f'<mover accent="true">{shown}<mo>{_ACCENTS[indices.pop(0)]}</mo></mover>'
    if indices:
        parts = [f"<mn>{i}</mn>" if i.isdecimal() else f"<mi>{escape(i)}</mi>" for i in indices]
        below = parts[0] if len(parts) == 1 else f"<mrow>{'<mo>,</mo>'.join(parts)}</mrow>"
        shown = f"<msub>{shown}{below}</msub>"
    edge = Edge.WORD if word else Edge.LETTER
    return Part(shown.replace(">", f"{mark}>", 1), first=edge, last=edge)


def _function(row: Row) -> str:
    """A name as a variable of that name would be written, or a template."""
    spelling = row.math or row.name
    if "{}" in spelling:
        return _template(spelling)
    return f'<mi data-name="{escape(spelling)}">{escape(spelling)}</mi>'


def _edge(spelling: str) -> Edge:
    return Edge.WORD if re.search(r">\w\w+<", spelling) else Edge.LETTER


def _template(spelling: str) -> str:
    """The spelling of a function around its argument, from that in Unicode: `‖{}‖₂`, `{}⁻¹`, `√{}`."""
    before, after = spelling.split("{}")
    roots = {"√": "<msqrt><mrow>{}</mrow></msqrt>", "∛": "<mroot><mrow>{}</mrow><mn>3</mn></mroot>"}
    if before in roots and not after:
        return roots[before]
    if not before:  # the argument is the base of a superscript
        return "{}" + (_INVERSE if after == "⁻¹" else _SCRIPTS[after])
    opening = "".join(_fence(token, "prefix") for token in re.findall(r"\w+|\S", before))
    fence, script = after[:1], after[1:]
    closing = _fence(fence, "postfix")
    if script:
        return f"<msub><mrow>{opening}<mrow>{{}}</mrow>{closing}</mrow>{_SCRIPTS[script]}</msub>"
    return f"<mrow>{opening}<mrow>{{}}</mrow>{closing}</mrow>"


def _fence(token: str, form: str) -> str:
    if token in _FENCES:
        return f'<mo form="{form}" fence="true" stretchy="true">{token}</mo>'
    return f"<mi>{escape(token)}</mi>"


def _script(base: str, above: str) -> str:
    return f"<msup><mrow>{base}</mrow>{above}</msup>"


def _power(exponent: Part, whole: int | None, matrix: bool, notation: Notation) -> tuple[str, Edge]:
    del whole
    return f"<mrow>{'<mo>⊙</mo>' if matrix else ''}{notation.value(exponent)}</mrow>", Edge.CLOSED


def _sizes(sizes: Shape, notation: Notation) -> str:
    return _TIMES.join(size_text(size, notation) for size in sizes)


def _option(name: str, value: str) -> str:
    return f"<mtext>{escape(name)}={escape(value)}</mtext>"


def _sign(letter: str, tag: str = "mi") -> Part:
    return Part(f"<{tag}>{letter}</{tag.split(maxsplit=1)[0]}>", first=Edge.LETTER, last=Edge.LETTER)


def _below(letter: str, tag: str = "mi", separator: str = _TIMES) -> Callable[[str], Part]:
    """Iₙ, 𝟏ₙ×ₘ: a letter with sizes below it."""

    def part(sizes: str) -> Part:
        shown = f"<msub><{tag}>{letter}</{tag}><mrow>{sizes.replace(_TIMES, separator)}</mrow></msub>"
        return Part(shown, first=Edge.LETTER, last=Edge.LETTER)

    return part


def _matrix(rows: Sequence[Sequence[str]]) -> Part:
    lines = ("".join(f"<mtd><mrow>{cell}</mrow></mtd>" for cell in row) for row in rows)
    table = f"<mtable>{''.join(f'<mtr>{line}</mtr>' for line in lines)}</mtable>"
    return Part(f"<mrow>{_fence('[', 'prefix')}{table}{_fence(']', 'postfix')}</mrow>", tall=True)


_MATHML = Notation(
    name=_name,
    constants={"pi": _sign("π"), "e": _sign("e", 'mi mathvariant="normal"'), "inf": _sign("∞", "mn")},
    function=_function,
    signs={
        "+": "<mo>+</mo>",
        "-": "<mo>−</mo>",
        "/": "<mo>/</mo>",
        "⊙": "<mo>⊙</mo>",
        "⊗": "<mo>⊗</mo>",
        ">": "<mo>&gt;</mo>",
        "<": "<mo>&lt;</mo>",
        ">=": "<mo>≥</mo>",
        "<=": "<mo>≤</mo>",
        "==": "<mo>=</mo>",
        "!=": "<mo>≠</mo>",
    },
    minus="<mo>−</mo>",
    beside="<mo>&#x2062;</mo>",
    gap='<mspace width="0.2em"/>',
    dot="<mo>·</mo>",
    brackets=("<mrow><mo>(</mo><mrow>", "</mrow><mo>)</mo></mrow>"),
    tall_brackets=("<mrow><mo>(</mo><mrow>", "</mrow><mo>)</mo></mrow>"),
    indicator="<mn>𝟏</mn>" + _APPLIED,
    transposed="<mo>⊤</mo>",
    power=_power,
    fraction="<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>",
    filled={
        "eye": (lambda _: _name("I"), _below("I"), _below("𝐈")),
        "ones": (_below("𝟏", "mn"),),
        "zeros": (_below("𝟎", "mn"),),
        "commutation": (_below("K", separator="<mo>,</mo>"),),
    },
    matrix=_matrix,
    column=lambda cells: _matrix([[cell] for cell in cells]),
    parts=True,
    option=_option,
    options={
        "count": size_text,
        "sizes": _sizes,
        "shape": _sizes,
        "subscripts": lambda subscripts, _: f"<mtext>{escape(subscripts.replace('->', '→'))}</mtext>",
        "axes": lambda axes, _: f"<mtext>({', '.join(map(str, axes))})</mtext>",
        "axis": lambda axes, _: _option("axis", axes_text(axes)),
        "index": lambda index, _: f"<mtext>{escape(index_text(index, str))}</mtext>",
    },
    number="<mn>{}</mn>".format,
    script=_script,
    comma="</mrow><mo>,</mo><mrow>",
    colon="<mo>:</mo>",
    edge=_edge,
    square=("<mrow><mo>[</mo><mrow>", "</mrow><mo>]</mo></mrow>"),
)
