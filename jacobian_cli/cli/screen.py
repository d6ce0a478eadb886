"""Answers on the terminal: the one module that knows rich."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jacobian_cli.api.derivation import ClosedForm, Derivation
from jacobian_cli.api.problem import Problem
from jacobian_cli.api.proof import AtPoint, Proof
from jacobian_cli.api.table import Grid, gradient_places, grid_of
from jacobian_cli.printers.math import math
from jacobian_cli.printers.text import text as language
from jacobian_cli.shape import Shape, shape_text

_HABITS = ("a Greek name is a scalar", "a lower-case name is a column vector", "a capital is a matrix")
_ROWS, _COLUMNS = 8, 12
_MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}


class Screen:
    """Lines of an answer, kept within the width of the terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, emoji=False, markup=False)

    @property
    def width(self) -> int:
        return self.console.width

    def line(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """One paragraph; what is too long is folded at blanks."""
        self.console.print(Padding(Text(text, style=style), (0, 0, 0, indent)), soft_wrap=False)

    def heading(self, left: str, right: str = "", style: str = "bold") -> None:
        text = Text(left, style=style)
        if right:
            text.append("  " + right, style="dim")
        self.console.print(Padding(text, (0, 0, 0, 2)))

    def columns(self, rows: Iterable[Sequence[str]], indent: int = 2, styles: Sequence[str] = ()) -> None:
        """Words in columns, the last one folded."""
        table = Table.grid(padding=(0, 2))
        for row in rows:
            cells = [Text(cell, style=styles[k] if k < len(styles) else "") for k, cell in enumerate(row)]
            table.add_row(*cells)
        self.console.print(Padding(table, (0, 0, 0, indent)))

    def matrix(self, header: Sequence[str], rows: Sequence[Sequence[str]], indent: int = 4) -> bool:
        """A labelled matrix, if it fits; says whether it did."""
        widths = [max(cell_len(row[k]) for row in [header, *rows]) for k in range(len(header))]
        if sum(widths) + 2 * (len(widths) - 1) + indent > self.width:
            return False
        table = Table.grid(padding=(0, 2))
        for k in range(len(header)):
            table.add_column(justify="right", no_wrap=True, style="dim" if not k else "")
        table.add_row(*(Text(cell, style="dim") for cell in header))
        for row in rows:
            table.add_row(*(Text(cell, style="dim" if cell == "0" else "") for cell in row))
        self.console.print(Padding(table, (0, 0, 0, indent)))
        return True


def show_derivations(problem: Problem, found: Sequence[Derivation], proofs: Sequence[Proof], *, full: bool) -> None:
    """The whole answer: formula, shapes, names, then each derivative with its proof."""
    screen = Screen()
    formula(screen, problem)
    where = {name: body for d in found for name, body in d.derivative.where.items()}
    defined = problem.program.values
    names = [(name, math(body)) for name, body in where.items() if name not in defined]
    if names:
        screen.line()
        screen.heading("where")
        screen.columns([(math(_named(found, name)), "=", text) for name, text in names], indent=4)
    for derivation, proof in zip(found, proofs, strict=True):
        screen.line()
        derivative(screen, derivation, proof, full=full)


def _named(found: Sequence[Derivation], name: str) -> Any:
    return next(e for d in found for e in d.derivative.named.given.values() if getattr(e, "name", "") == name)


def formula(screen: Screen, problem: Problem) -> None:
    """The formula as mathematics, and the table of shapes."""
    program = problem.program
    for name, value in program.values.items():
        if name != program.output_name:
            screen.line(f"{name} = {math(getattr(value, 'body', value))}", indent=2)
    screen.line(f"{problem.name} = {math(problem.output)}", style="bold", indent=2)
    screen.line()
    rows = [(problem.name, _shape(problem.output.shape), "the output")]
    for name, variable in problem.variables.items():
        rows.append((name, _shape(variable.shape), _origin(problem, name)))
    screen.columns(rows, styles=("bold", "", "dim"))
    if program.unused:
        screen.line(f"not used: {', '.join(program.unused)}", style="yellow", indent=2)


def _shape(shape: Shape) -> str:
    return shape_text(shape)


def _origin(problem: Problem, name: str) -> str:
    if name in problem.program.values:
        return "defined above, held as a variable"
    origin = problem.program.origins.get(name, "declared")
    if origin == "assumed":
        return f"assumed: {_HABITS[min(len(problem.variables[name].shape), 2)]}"
    if origin == "inferred":
        return "inferred: nothing else fits the formula"
    return origin


def derivative(screen: Screen, d: Derivation, proof: Proof, *, full: bool) -> None:
    """One variable's derivative, in all its forms."""
    symbol = f"∂{d.problem.name}/∂{d.wrt}"
    screen.line(symbol + " " + "─" * max(4, min(screen.width, 80) - cell_len(symbol) - 1), style="bold cyan")
    jacobian = d.jacobian
    screen.heading("Jacobian", f"{_size(jacobian)}, numerator layout{_flattening(d)}")
    _form(screen, jacobian)
    screen.line(d.jacobian.elementwise, indent=4, style="italic")
    _table(screen, d, proof, full=full)
    if d.gradient is not None:
        screen.heading("Gradient", f"{_size(d.gradient)}, the shape of {d.wrt}")
        _form(screen, d.gradient)
        _reshape(screen, d, proof)
    rule = f"{_size(d.vjp)}, given {math(d.derivative.upstream)} = ∂J/∂{d.problem.name} ({_shape(d.problem.output.shape)})"
    screen.heading("Backward rule", rule)
    _form(screen, d.vjp)
    if proof.at is not None:
        _numbers(screen, d, proof.at)
    _verdict(screen, proof)


def _size(form: ClosedForm) -> str:
    return " × ".join(str(s).replace("*", "·") for s in form.shape) if form.shape else "a scalar"


def _flattening(d: Derivation) -> str:
    flat = [name for name, shape in ((d.problem.name, d.problem.output.shape), (d.wrt, d.variable.shape)) if len(shape) > 1]
    return f"; {' and '.join(flat)} flattened row by row" if flat else ""


def _form(screen: Screen, form: ClosedForm) -> None:
    written = math(form.expr)
    if cell_len(form.closed_form) + cell_len(written) + 10 <= screen.width:
        screen.columns([(form.closed_form, "", written)], indent=4, styles=("green", "", ""))
    else:
        screen.line(form.closed_form, indent=4, style="green")
        screen.line(written, indent=4)


def _table(screen: Screen, d: Derivation, proof: Proof, *, full: bool) -> None:
    """The explicit table, as far as it can be shown."""
    if proof.explicit is None:
        return
    grid = grid_of(d, proof)
    at = ", ".join(f"{name} = {value}" for name, value in proof.sizes.items())
    screen.heading("Entries", "by SymPy" + (f", at {at}" if at else ""), style="")
    rows, columns = len(grid.rows), len(grid.columns)
    if (rows > _ROWS or columns > _COLUMNS) and not full:
        for row in grid.pattern()[: 2 * _ROWS]:
            screen.line(row[: screen.width - 6], indent=4)
        hidden = f"; the first {2 * _ROWS} rows" if rows > 2 * _ROWS else ""
        screen.line(f"{rows} × {columns}, ■ where not zero{hidden}; --full shows the entries", indent=4, style="dim")
        return
    if d.gradient is None and screen.matrix(["", *grid.columns], [[r, *c] for r, c in zip(grid.rows, grid.cells, strict=True)]):
        return
    if d.gradient is not None and screen.matrix(["", *grid.columns], [[grid.rows[0], *grid.cells[0]]]):
        return
    _listed(screen, grid)


def _listed(screen: Screen, grid: Grid) -> None:
    """Entries one below the other, zeros left out."""
    entries = [
        (f"∂{row}/∂{column}", "=", cell)
        for row, cells in zip(grid.rows, grid.cells, strict=True)
        for column, cell in zip(grid.columns, cells, strict=True)
        if cell != "0"
    ]
    screen.columns(entries, indent=4)
    if len(entries) < len(grid.rows) * len(grid.columns):
        screen.line("all others are 0", indent=4, style="dim")


def _reshape(screen: Screen, d: Derivation, proof: Proof) -> None:
    """Which entry of the row goes where in the gradient."""
    shape = d.variable.shape
    if len(shape) != 2:
        note = "the row, stood up: " if len(shape) == 1 else "the one entry: "
        screen.line(f"{note}1 × {_size(d.gradient)} → {_size(d.gradient)}" if d.gradient else note, indent=4, style="dim")
        return
    assert d.gradient is not None
    steps = f"reshape: 1 × {d.jacobian.shape[1]} → {_size(d.gradient)}, row by row".replace("*", "·")
    screen.line(steps, indent=4, style="dim")
    places = gradient_places(d, proof.sizes)
    if len(places) <= _ROWS and len(places[0]) <= 8:
        for row in places:
            screen.line("  ".join(row), indent=6)


def _numbers(screen: Screen, d: Derivation, at: AtPoint) -> None:
    """The values at the point given."""
    screen.heading("At the point given", "", style="")
    screen.columns([(d.problem.name, "=", _array(at.value)), (f"∂{d.problem.name}/∂{d.wrt}", "=", _array(at.gradient if at.gradient is not None else at.jacobian))], indent=4)
    for nudge in at.nudges:
        screen.line(
            f"nudge: {d.problem.name}({nudge.name} = {nudge.moved_to:g}) = {nudge.value:.6g}; "
            f"the derivative predicts {nudge.predicted:.6g}",
            indent=4,
        )
    for kink in at.kinks:
        screen.line(
            f"{math(kink.node)} is exactly at a kink ({language(kink.expression)} = 0): the one-sided derivative shown is "
            f"that of {', '.join(kink.row.derivative)}",
            indent=4,
            style="yellow",
        )


def _array(value: Any) -> str:
    if value.ndim == 0 or value.size == 1:
        return f"{float(value.reshape(-1)[0]):.6g}"
    if value.size > 64:
        return f"an array of shape {value.shape}; --json prints it"
    rows = value.tolist()
    if value.ndim == 1:
        return "[" + ", ".join(f"{x:.6g}" for x in rows) + "]"
    return "[" + ", ".join("[" + ", ".join(f"{x:.6g}" for x in row) + "]" for row in rows) + "]"


def _verdict(screen: Screen, proof: Proof) -> None:
    """The last line: what was compared, and how well it agreed."""
    report = proof.report
    mark, colour = _MARKS[report.passed]
    parts = []
    for engine in report.engines.values():
        if engine.exact:
            parts.append(f"{engine.name} exactly")
        elif engine.exact is False and engine.passed:
            parts.append(f"{engine.name} to 30 digits")
        elif engine.exact is None:
            parts.append(f"{engine.name} {engine.max_relative_error:.0e}")
        else:
            parts.append(f"{engine.name} differs")
    word = {True: "agrees with", False: "DISAGREES:", None: "not checked"}[report.passed]
    points = f" ({report.points} random points)" if report.points > 1 else ""
    screen.line(f"{mark} {word} {', '.join(parts)}{points}", style=colour)
    for engine in report.engines.values():
        if not engine.passed and engine.worst is not None:
            worst = engine.worst
            screen.line(
                f"{engine.name}: worst entry {worst.entry} of the {worst.form}: printed form {worst.printed:.6g}, "
                f"{engine.name} {worst.true:.6g}",
                style=colour,
                indent=2,
            )
    for note in report.notes:
        screen.line(note, style="dim", indent=2)
