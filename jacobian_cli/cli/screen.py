"""Answers on the terminal: the one module that knows rich."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

import click
from rich.box import ROUNDED, SIMPLE_HEAD, Box
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

WIDTH = 80
"""Of a terminal that does not tell; rules are no longer on a wider one."""
_NARROWEST, _WIDEST = 20, 10_000
MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}


def cells(text: str) -> int:
    """How many columns a text takes on the terminal."""
    return cell_len(text)


class Matrix(NamedTuple):
    """Cells in brackets, to stand in a column of a page."""

    rows: tuple[tuple[str, ...], ...]

    @property
    def width(self) -> int:
        """How many columns it takes."""
        return sum(max(map(cell_len, column)) + 1 for column in zip(*self.rows, strict=True)) + 3


Cell = str | Matrix


def plain() -> bool:
    """Whether nothing but text is wanted: no colour, no bold, nothing that moves (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


class _Console(Console):
    """A reader who has seen enough, as `head`, ends the program without a fault; a width of 0 is no width."""

    def __init__(self, **options: Any) -> None:
        system = None if plain() else "auto"  # a style that is no colour, as bold, is left out with the colours
        super().__init__(highlight=False, emoji=False, markup=False, color_system=system, **options)  # type: ignore[arg-type]  # options of rich, by name
        context = click.get_current_context(silent=True)
        wanted = context.meta.get("jac.width") if context is not None else None
        self.width = wanted or (max(self.width, _NARROWEST) if self.width > 0 else WIDTH)

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Screen:
    """Lines of an answer, kept within the width of the terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or _Console()

    @property
    def width(self) -> int:
        return self.console.width

    @property
    def watched(self) -> bool:
        """Whether somebody sits in front of it."""
        return self.console.is_terminal

    def line(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """One paragraph, folded at blanks, further lines indented a little more."""
        self._fold(Text(text, style=style), indent)

    def heading(self, left: str, right: str = "", style: str = "bold") -> None:
        """A title, and a remark behind it."""
        text = Text().append(left, style=style)
        if right:
            text.append("  " + right, style="dim")
        self._fold(text, indent=2)

    def _fold(self, text: Text, indent: int) -> None:
        hanging = 0 if text.cell_len + indent <= self.width else 2
        for k, line in enumerate(text.wrap(self.console, max(_NARROWEST // 2, self.width - indent - hanging))):
            line.rstrip()
            self.console.print(Text(" " * (indent + (hanging if k else 0))).append_text(line), soft_wrap=True)

    def rule(self, title: str) -> None:
        """A title with a line behind it."""
        if cell_len(title) + 2 > self.width:
            self.line(title, style="bold cyan")
            return
        drawn = Rule(Text(title, "bold cyan"), align="left", style="cyan")
        self.console.print(drawn, width=min(self.width, WIDTH))

    def columns(
        self,
        rows: Sequence[Sequence[Cell]],
        indent: int = 2,
        styles: Sequence[str] = (),
        gap: int = 2,
        widths: Sequence[int] = (),
    ) -> None:
        """Words in columns, each at least so wide, folded where the terminal is narrow."""
        grid = Table.grid(padding=(0, gap, 0, 0))
        for k in range(max(map(len, rows), default=0)):
            least = widths[k] if k < len(widths) else None
            grid.add_column(style=styles[k] if k < len(styles) else "", overflow="fold", min_width=least)
        for row in rows:
            grid.add_row(*map(_drawn, row))
        self._draw(grid, indent)

    def table(
        self, titles: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str] = (), columns: str = ""
    ) -> None:
        """Rows under titles, each row in its style, or each column in one; cells folded to the width."""
        drawn = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for title, style in zip(titles, columns.split(",") if columns else [""] * len(titles), strict=True):
            drawn.add_column(title, overflow="fold", style=style)
        for k, row in enumerate(rows):
            drawn.add_row(*map(_drawn, row), style=styles[k] if styles else "")
        self._draw(drawn)

    def matrix(self, header: Sequence[str], rows: Sequence[Sequence[str]], indent: int = 4) -> bool:
        """A labelled matrix in a border, zeros dim, if it fits; says whether it did."""
        for border, padding in ((ROUNDED, 1), (_LABELS, 0)):
            drawn = Table(box=border, padding=(0, padding), header_style="dim", pad_edge=True, border_style="dim")
            for k, title in enumerate(header):
                drawn.add_column(Text(title), justify="right", style="" if k else "dim", no_wrap=True)
            for row in rows:
                drawn.add_row(*(Text(cell, "dim" if cell == "0" else "") for cell in row))
            wide = self.console.options.update(width=_WIDEST)
            if self.console.measure(drawn, options=wide).maximum + indent <= self.width:
                self._draw(drawn, indent)
                return True
        return False

    def tree(self, nodes: Iterable[tuple[int, Sequence[tuple[str, str]]]], indent: int = 4) -> None:
        """Nodes, each before those that hang below it: how deep it hangs, and words, each in its style."""
        from rich.tree import Tree  # few pages have one

        roots, path, deepest = list[Tree](), list[Tree](), 0
        for depth, words in nodes:
            text = Text("  ").join(Text(word, style) for word, style in words if word)
            del path[depth:]
            path.append(path[-1].add(text) if path else Tree(text, guide_style="dim"))
            roots += path if not depth else ()
            deepest = max(deepest, depth)
        for root in roots:  # the terminal folds what is deeper than it is wide
            self._draw(root, indent, width=max(self.width, 4 * deepest + WIDTH))

    def _draw(self, what: RenderableType, indent: int = 0, width: int | None = None) -> None:
        """Whatever rich can draw, without blanks at the ends of lines and lines at the ends of tables."""
        with self.console.capture() as got:
            self.console.print(Padding(what, (0, 0, 0, indent), expand=False), width=width)
        for line in got.get().splitlines():
            if line.strip():
                self.console.out(line.rstrip(), highlight=False)


_LABELS = Box("    \n    \n ── \n    \n    \n    \n    \n    \n")
"""A line below the labels of the columns, and no other."""


def _drawn(cell: Cell) -> RenderableType:
    """A cell as rich draws it: a matrix between its brackets."""
    if isinstance(cell, str):
        return Text(cell)
    grid = Table.grid(padding=(0, 1))
    last = len(cell.rows) - 1
    for _ in range(len(cell.rows[0]) + 2):
        grid.add_column(justify="right", no_wrap=True)
    for k, row in enumerate(cell.rows):
        left, right = "[]" if not last else "⎡⎤" if not k else "⎣⎦" if k == last else "⎢⎥"
        grid.add_row(left, *map(Text, row), right)
    return grid


@contextmanager
def progress(total: int = 1) -> Iterator[Callable[[str], None]]:
    """A line on the error stream that says what is being done, where somebody watches: of `total` things, which."""
    console = _Console(stderr=True)
    if plain() or not console.is_terminal:
        yield lambda text: None
    elif total < _MANY:
        with console.status("") as status:
            yield status.update
    else:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

        columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        with Progress(*columns, console=console, transient=True) as bar:
            task, done = bar.add_task("", total=total), count()
            yield lambda text: bar.update(task, description=text, completed=next(done))


_MANY = 3
"""Of fewer things nobody counts."""
