"""The graph as the lectures draw it, in SVG: values above the wires, gradients below."""

from __future__ import annotations

from html import escape
from itertools import pairwise

from jacobian_cli.printers.graph.layout.layers import ARROW, NAME, NUMBER, SMALL, Box, Label, Wire, scene
from jacobian_cli.printers.graph.layout.text_width import cut, width
from jacobian_cli.printers.graph.model import Graph, GraphNode, drawable
from jacobian_cli.syntax.errors import printable

_MARGIN = 20.0
_TITLE = 16.0
_LEGEND = (("value", "forward"), ("gradient", "backward"))
STYLE = """
.jac .paper{fill:#fff}.jac text{font-family:"Helvetica Neue",Arial,"Liberation Sans","DejaVu Sans",sans-serif;
fill:#1c2430;text-anchor:middle}.jac .input text.name,.jac text.title{font-family:"STIX Two Text","Times New Roman",
"Liberation Serif","DejaVu Serif",serif}.jac .input text.name{font-style:italic}
.jac .box{fill:#eef2f8;stroke:#33415a;stroke-width:1.3}.jac .input .box{fill:#fff}.jac .output .box{stroke-width:2.4}
.jac .wire{fill:none;stroke:#5b6675;stroke-width:1.3}.jac .tip{fill:#5b6675}.jac .start{text-anchor:start}
.jac text.shape{fill:#667080}.jac text.value{fill:#0b57a8}.jac text.gradient{fill:#c02a0a}
@media (prefers-color-scheme:dark){.jac .paper{fill:#15181e}.jac text{fill:#e5e9f0}
.jac .box{fill:#273142;stroke:#9fb0c8}.jac .input .box{fill:#15181e}.jac .wire{stroke:#8d99aa}.jac .tip{fill:#8d99aa}
.jac text.shape{fill:#97a1b0}.jac text.value{fill:#7db8ff}.jac text.gradient{fill:#ff9278}}
"""


def svg(graph: Graph, *, styled: bool = True) -> str:
    """A picture that any browser opens, in light and dark, without scripts or fonts of its own; or, in a page that has
    `STYLE` already, without its style; each node then says in `data-node` which it is.

    Raises `InputError` for a graph of more than 200 nodes.

    >>> picture = svg(Graph((GraphNode("x", "x", "input", value="2", gradient="1"),), (), "f = x"))
    >>> picture.startswith('<svg xmlns="http://www.w3.org/2000/svg"'), picture.count("<text")
    (True, 8)
    """
    drawable(graph)
    drawn = scene(graph)
    wide = max(drawn.width, 220.0)
    top = _MARGIN + (_TITLE + 14 if graph.title else 0)
    body = [_wire(wire) for wire in drawn.wires]
    body += [_box(graph, box, kept=not styled) for box in drawn.boxes]
    body += [_label(label) for label in drawn.labels]
    numbers = any(label.above or label.below for label in drawn.labels)
    foot = 52.0 if numbers else 0.0
    w, h = round(wide + 2 * _MARGIN), round(top + drawn.height + foot + _MARGIN)
    known = 'xmlns="http://www.w3.org/2000/svg" class="jac" role="img" aria-labelledby="jac-title jac-desc"'
    lines = [
        f'<svg {known} width="{w}" height="{h}" viewBox="0 0 {w} {h}">',
        f'<title id="jac-title">{_safe(graph.title or "computational graph")}</title>',
        f'<desc id="jac-desc">{_safe(_described(graph))}</desc>',
        *([f"<style>{STYLE}</style>"] if styled else []),
        f'<rect class="paper" width="{w}" height="{h}"/>',
    ]
    if graph.title:
        lines.append(_text(_MARGIN, _MARGIN + 12, cut(graph.title, _TITLE, wide), "title start", _TITLE))
    lines.append(f'<g transform="translate({_n(_MARGIN + (wide - drawn.width) / 2)} {_n(top)})">')
    lines += [*body, "</g>"]
    if numbers:
        lines.append(_legend(_MARGIN, h - _MARGIN - 14))
    return "\n".join([*lines, "</svg>"]) + "\n"


def _safe(text: str) -> str:
    return escape(printable(text.replace("\n", " ")), quote=True)


def _n(number: float) -> str:
    """A length, to a tenth of a unit.

    >>> _n(3.04), _n(-0.01), _n(2.5)
    ('3', '0', '2.5')
    """
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _text(x: float, y: float, text: str, kind: str, size: float) -> str:
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}">{_safe(text)}</text>' if text else ""


def _wire(wire: Wire) -> str:
    """Level runs and the curves between them, with a tip at the end and a dot where it branches."""
    runs = [*wire.runs[:-1], (*wire.runs[-1][:1], wire.runs[-1][1] - ARROW, wire.runs[-1][2])]
    path = f"M{_n(runs[0][0])} {_n(runs[0][2])}H{_n(runs[0][1])}"
    for (_, x1, y1), (x2, x3, y2) in pairwise(runs):
        middle = _n((x1 + x2) / 2)
        if abs(y1 - y2) < 0.05:
            path += f"H{_n(x3)}"
        else:
            path += f"C{middle} {_n(y1)} {middle} {_n(y2)} {_n(x2)} {_n(y2)}H{_n(x3)}"
    _, x, y = wire.runs[-1]
    tip = f"M{_n(x)} {_n(y)}L{_n(x - ARROW - 1)} {_n(y - 3.6)}V{_n(y + 3.6)}Z"
    dot = f'<circle class="tip" cx="{_n(runs[0][1])}" cy="{_n(runs[0][2])}" r="2.6"/>' if wire.forked else ""
    return f'<path class="wire" d="{path}"/><path class="tip" d="{tip}"/>{dot}'


def _box(graph: Graph, box: Box, *, kept: bool) -> str:
    caption, back = box.below
    y = box.y + box.height / 2 + 12
    said = f' data-node="{_safe(box.node.key)}"' if kept else ""
    return (
        f'<g class="{box.node.kind}"{said}><title>{_safe(_said(graph, box.node))}</title>'
        f'<rect class="box" x="{_n(box.x - box.width / 2)}" y="{_n(box.y - box.height / 2)}" width="{_n(box.width)}" '
        f'height="{_n(box.height)}" rx="{_n(box.radius)}"/>'
        + _text(box.x, box.y + 0.35 * NAME, box.label, "name", NAME)
        + _text(box.x, y, caption, "shape", SMALL)
        + _text(box.x, y + (15 if caption else 0) + 1, back, "gradient", NUMBER)
        + "</g>"
    )


def _label(label: Label) -> str:
    return _text(label.x, label.y - 5, label.above, "value", NUMBER) + _text(
        label.x, label.y + 14, label.below, "gradient", NUMBER
    )


def _legend(x: float, y: float) -> str:
    """A wire that says of itself what stands above and below a wire."""
    (value, forward), (gradient, backward) = _LEGEND
    wide = width(gradient, NUMBER) + 16
    return (
        _wire(Wire(((x, x + wide + ARROW, y),), forked=False))
        + _text(x + wide / 2, y - 5, value, "value", NUMBER)
        + _text(x + wide / 2, y + 14, gradient, "gradient", NUMBER)
        + _text(x + wide + 16, y - 5, forward, "shape start", SMALL)
        + _text(x + wide + 16, y + 14, backward, "shape start", SMALL)
    )


def _said(graph: Graph, node: GraphNode) -> str:
    caption = graph.caption(node.key)
    parts = [f"{node.label} ({caption})" if caption else node.label]
    if node.value:
        parts.append(f"value {node.value}")
    if node.gradient:
        parts.append(f"gradient {graph.returned(node.key)}")
    return ", ".join(parts)


def _described(graph: Graph) -> str:
    """The picture in words, operands first."""
    named = (graph.named[key] for key in graph.ordered)
    return "Computational graph, from inputs to output: " + "; ".join(_said(graph, node) for node in named) + "."
