"""Curves in logarithmic axes, in SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10

_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 190, 40, 50
_COLOURS = ("#0b57a8", "#c02a0a", "#2b7a3d", "#8a4fbf", "#b07500", "#00808a", "#a8326f", "#5b6675", "#000000")
_STYLE = """.plot text{font:12px "Helvetica Neue",Arial,"Liberation Sans","DejaVu Sans",sans-serif;fill:#1c2430}
.plot .paper{fill:#fff}.plot .grid{stroke:#d5dbe4}.plot .curve{fill:none;stroke-width:2}.plot .title{font-size:15px}
@media (prefers-color-scheme:dark){.plot .paper{fill:#15181e}.plot text{fill:#e5e9f0}.plot .grid{stroke:#39424f}}"""

Points = Sequence[tuple[float, float]]


def loglog_svg(curves: Mapping[str, Points], title: str, below: str, remarks: Mapping[str, str]) -> str:
    """A picture of curves, each with its name and a remark behind it; y is in seconds.

    >>> picture = loglog_svg({"jac": [(10, 1e-3), (20, 4e-3)]}, "Growth", "n", {"jac": "n^2.0"})
    >>> picture.startswith("<svg"), picture.count("<polyline")
    (True, 1)
    """
    drawn = {name: points for name, points in curves.items() if points}
    xs = [x for points in drawn.values() for x, _ in points] or [1.0]
    ys = [y for points in drawn.values() for _, y in points] or [1.0]
    x0, x1 = log10(min(xs)), log10(max(xs))
    y0, y1 = floor(log10(min(ys))), ceil(log10(max(ys)))
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        across = (log10(x) - x0) / ((x1 - x0) or 1.0)
        up = (log10(y) - y0) / ((y1 - y0) or 1)
        return round(_LEFT + across * wide, 1), round(_TOP + (1 - up) * high, 1)

    size = f'width="{_WIDTH}" height="{_HEIGHT}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" {size} viewBox="0 0 {_WIDTH} {_HEIGHT}">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" {size}/>',
        f'<text class="title" x="{_LEFT}" y="24">{escape(title)}</text>',
    ]
    for power in range(y0, y1 + 1):
        _, y = at(10**x0, 10.0**power)
        lines.append(f'<line class="grid" x1="{_LEFT}" y1="{y}" x2="{_LEFT + wide}" y2="{y}"/>')
        lines.append(f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{_time(power)}</text>')
    for x in sorted(set(xs)):
        across, _ = at(x, 10.0**y0)
        lines.append(f'<line class="grid" x1="{across}" y1="{_TOP}" x2="{across}" y2="{_TOP + high}"/>')
        lines.append(f'<text x="{across}" y="{_TOP + high + 18}" text-anchor="middle">{x:g}</text>')
    lines.append(f'<text x="{_LEFT + wide / 2}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(below)}</text>')
    for k, (name, points) in enumerate(drawn.items()):
        colour = _COLOURS[k % len(_COLOURS)]
        path = " ".join(f"{x},{y}" for x, y in (at(*point) for point in points))
        lines.append(f'<polyline class="curve" stroke="{colour}" points="{path}"/>')
        lines += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in (at(*point) for point in points)]
        y = _TOP + 14 + 18 * k
        lines.append(f'<rect x="{_LEFT + wide + 14}" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        said = f"{name} {remarks.get(name, '')}".strip()
        lines.append(f'<text x="{_LEFT + wide + 30}" y="{y}">{escape(said)}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def _time(power: int) -> str:
    """A power of ten in seconds, as people say it."""
    units = {0: "s", -1: "ms", -2: "µs", -3: "ns"}
    group = max(min(power // 3, 0), -3)
    return f"{10 ** (power - 3 * group):g} {units[group]}"
