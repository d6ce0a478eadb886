"""The entries of a Jacobian at small sizes: a labelled table, a list, or where they are not zero."""

from __future__ import annotations

from jacobian_cli.api.derive.answer import Answer
from jacobian_cli.api.derive.entries_table import Grid, gradient_places, grid_of, pattern_lines, proven
from jacobian_cli.api.derive.proof import Proof
from jacobian_cli.cli.screen import Screen, cells

_LINES = 16
_LISTED = 24
_PLACES = 8


def show_entries(screen: Screen, d: Answer, proof: Proof, *, full: bool) -> None:
    """The explicit table, or, where it is too large for the screen, its pattern; and where each entry goes."""
    at = ", ".join(f"{name} = {value}" for name, value in proof.sizes.items())
    at = f", at {at}" if at else ""
    if proof.explicit is not None:
        screen.heading("Entries", f"{'proven ' if proven(proof) else ''}by SymPy{at}", style="")
        grid = grid_of(d, proof)
        table = [[label, *line] for label, line in zip(grid.rows, grid.cells, strict=True)]
        if screen.matrix(["", *grid.columns], table) or _listed(screen, grid, full=full):
            _places(screen, d, proof)
            return
        screen.line("the entries are too long for a table; --full shows them", indent=4, style="dim")
    elif proof.pattern is not None:
        rows, columns = proof.pattern.shape
        folded = not d.problem.output.shape
        lines = pattern_lines(proof.pattern, columns)
        if folded:
            count = proof.pattern.size
            rows, columns = (1, count) if d.convention.layout == "numerator" else (count, 1)
        screen.heading(
            "Pattern", f"{rows} × {columns}{at}, ■ not zero{f', in the shape of {d.wrt}' if folded else ''}", ""
        )
        for line in lines[:_LINES]:
            screen.line(line[: screen.width - 6].rstrip(), indent=4)
        hidden = f"{len(lines) - _LINES} more lines; " if len(lines) > _LINES else ""
        screen.line(f"{hidden}--full shows the entries", indent=4, style="dim")


def _listed(screen: Screen, grid: Grid, *, full: bool) -> bool:
    """Entries one below the other, zeros left out, if they are short and few; says whether they were."""
    entries = [
        (name, "=", cell)
        for names, line in zip(grid.names, grid.cells, strict=True)
        for name, cell in zip(names, line, strict=True)
        if cell != "0"
    ]
    longest = max((sum(map(cells, entry)) for entry in entries), default=0) + 8
    room = screen.width * (2 if len(entries) <= 8 else 1)
    if not entries or (not full and (longest > room or len(entries) > _LISTED)):
        return False
    screen.columns(entries, indent=4)
    if len(entries) < len(grid.rows) * len(grid.columns):
        screen.line("all others are 0", indent=4, style="dim")
    return True


def _places(screen: Screen, d: Answer, proof: Proof) -> None:
    """Which entry of the Jacobian goes where in the gradient."""
    if d.gradient is None or len(d.variable.shape) != 2:
        return
    places = gradient_places(d, proof.sizes)
    if len(places) <= _PLACES and len(places[0]) <= _PLACES:
        screen.heading("Gradient", f"the same entries, {d.convention.vec} by {d.convention.vec}", style="")
        for row in places:
            screen.line("  ".join(row), indent=4)
