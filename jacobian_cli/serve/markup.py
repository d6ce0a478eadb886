"""Elements of HTML: whatever is no markup already is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from jacobian_cli.syntax.errors import printable

_EMPTY = frozenset({"br", "hr", "img", "input", "link", "meta"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def markup(*parts: str) -> Markup:
    """Parts behind each other.

    >>> markup("a < b", Markup("<br>"))
    'a &lt; b<br>'
    """
    return Markup("".join(part if isinstance(part, Markup) else escape(printable(part)) for part in parts))


def element(name: str, /, *parts: str, **attributes: str | bool | None) -> Markup:
    """An element with its attributes: `class_` is class, `data_name` is data-name; True stands without a value.

    >>> element("p", "a & b", class_="dim", hidden=True)
    '<p class="dim" hidden>a &amp; b</p>'
    """
    opened = name
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        said = key.rstrip("_").replace("_", "-")
        opened += f" {said}" if value is True else f' {said}="{escape(printable(value), quote=True)}"'
    return Markup(f"<{opened}>" if name in _EMPTY else f"<{opened}>{markup(*parts)}</{name}>")


def heading(titles: Iterable[str]) -> Markup:
    """The titles of columns; a column without one has an empty cell there."""
    cells = (element("th", title, scope="col") if title else element("td") for title in titles)
    return element("thead", element("tr", *cells))


def table(header: tuple[str, ...], rows: list[tuple[str, ...]], **attributes: str | bool | None) -> Markup:
    """Rows under a header, in a box that scrolls by itself where it is too wide."""
    head = heading(header) if any(header) else ""
    body = element("tbody", *(element("tr", *(element("td", cell) for cell in row)) for row in rows))
    return element("div", element("table", head, body, **attributes), class_="wide", tabindex="0")


def copied(text: str, label: str = "text") -> Markup:
    """Text to paste, with a button that copies it."""
    button = element("button", "copy", type="button", class_="copy", data_copy=text, aria_label=f"copy the {label}")
    return element("div", element("code", text), button, class_="paste")
