"""Entries: the labelled table at small sizes, zeros dim, or the pattern of a table too large to be read."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from jacobian_cli.api.derive.derivation import Derivation, derivations
from jacobian_cli.api.derive.entries_table import grid_of, proven
from jacobian_cli.api.derive.explicit import count
from jacobian_cli.api.derive.printed import Shown
from jacobian_cli.api.derive.proof import pattern_of, prove
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.checks.oracles.budget import Budget
from jacobian_cli.serve.markup import Markup, element, markup
from jacobian_cli.serve.tabs.equations import partial

_CELLS, _MOST = 100_000, 4_000
"""Entries of a pattern that is drawn, and bars that it is drawn in."""


def show(problem: Problem) -> Markup:
    """A table for each variable."""
    budget = Budget()
    return markup(*(_entries(each, budget) for each in derivations(problem)))


def _entries(d: Derivation, budget: Budget) -> Markup:
    proof = prove(d, 1, budget=budget)
    at = ", ".join(f"{name} = {value}" for name, value in proof.sizes.items())
    title = element("h2", partial(d.problem.name, d.wrt), f", entry by entry{f', at {at}' if at else ''}")
    if proof.explicit is not None:
        grid = grid_of(d, proof)
        said = "proven by SymPy" if proven(proof) else "by SymPy"
        head = element("tr", element("td"), *(element("th", label, scope="col") for label in grid.columns))
        rows = [
            element(
                "tr",
                element("th", label, scope="row"),
                *(element("td", cell, title=name, class_="zero" if cell == "0" else None)
                  for cell, name in zip(cells, names, strict=True)),
            )
            for label, cells, names in zip(grid.rows, grid.cells, grid.names, strict=True)
        ]  # fmt: skip
        drawn = element("table", element("thead", head), element("tbody", *rows), class_="entries")
        return element(
            "section", title, element("p", said, class_="dim"), element("div", drawn, class_="wide", tabindex="0")
        )
    cells = count(d.problem.output.shape, proof.sizes) * count(d.variable.shape, proof.sizes)
    pattern = pattern_of(Shown(d), proof.sizes) if cells <= _CELLS else None
    drawing = None if pattern is None else _runs(pattern)
    if pattern is not None and drawing is not None:
        height, width = pattern.shape
        label = f"pattern, {height} × {width}: {int(pattern.sum()):,} entries are not zero"
        drawn = Markup(
            f'<svg class="pattern" role="img" aria-label="{label}" viewBox="0 0 {width} {height}" '
            f'width="{min(width * 8, 960)}"><path d="{drawing}"/></svg>'
        )
        return element("section", title, element("figure", drawn, element("figcaption", label), class_="wide"))
    return element("section", title, element("p", "the table is too large to be shown", class_="dim"))


def _runs(pattern: Any) -> str | None:
    """A pattern as a path of SVG, one bar for entries beside each other that are not zero; None for too many bars.

    >>> import numpy as np
    >>> _runs(np.array([[True, True, False], [False, False, True]]))
    'M0 0h2v1h-2zM2 1h1v1h-1z'
    """
    bars: list[str] = []
    for i, row in enumerate(pattern):
        j = 0
        for filled, group in groupby(row.tolist()):
            length = len(list(group))
            if filled:
                bars.append(f"M{j} {i}h{length}v1h-{length}z")
            j += length
        if len(bars) > _MOST:
            return None
    return "".join(bars)
