"""Answers on the terminal: the one module that knows rich."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jacobian_cli.api.derive.answer import Answer
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.checks.verdict.report import Report
from jacobian_cli.expr import Defined
from jacobian_cli.ops.facts import FACTS
from jacobian_cli.ops.rules import described
from jacobian_cli.printers.language import text as language
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.shape import Shape, shape_text

if TYPE_CHECKING:  # they load SymPy, which not every answer needs
    from jacobian_cli.api.derive.at_point import AtPoint

WIDTH = 80
"""Of a terminal that does not tell."""
MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}


def cells(text: str) -> int:
    """How many columns a text takes on the terminal."""
    return cell_len(text)


class _Console(Console):
    """A reader who has seen enough, as `head`, ends the program without a fault; a width of 0 is no width."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if self.width < 1:
            self.width = WIDTH

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Screen:
    """Lines of an answer, kept within the width of the terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or _Console(highlight=False, emoji=False, markup=False)

    @property
    def width(self) -> int:
        return self.console.width

    def _print(self, text: Text, indent: int = 0, hanging: int = 0) -> None:
        """A text folded at blanks, further lines indented a little more, none with blanks at its end."""
        if text.cell_len + indent <= self.width:
            hanging = 0
        for k, line in enumerate(text.wrap(self.console, max(20, self.width - indent - hanging))):
            line.rstrip()
            self.console.print(Text(" " * (indent + (hanging if k else 0))).append_text(line), soft_wrap=True)

    def line(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """One paragraph."""
        self._print(Text(text, style=style), indent, hanging=2)

    def rule(self, title: str) -> None:
        """A title with a line behind it."""
        self.line(title + " " + "─" * max(4, min(self.width, 80) - cell_len(title) - 1), style="bold cyan")

    def heading(self, left: str, right: str = "", style: str = "bold") -> None:
        text = Text(left, style=style)
        if right:
            text.append("  " + right, style="dim")
        self._print(text, indent=2, hanging=2)

    @property
    def watched(self) -> bool:
        """Whether somebody sits in front of it."""
        return self.console.is_terminal

    def columns(self, rows: Sequence[Sequence[str]], indent: int = 2, styles: Sequence[str] = (), gap: int = 2) -> None:
        """Words in columns, the last one folded."""
        widths = [max(cell_len(row[k]) for row in rows) for k in range(len(rows[0]) - 1)]
        hanging = sum(widths) + gap * len(widths)
        for row in rows:
            line = Text()
            for k, cell in enumerate(row):
                line.append(cell, style=styles[k] if k < len(styles) else "")
                if k < len(widths):
                    line.append(" " * (widths[k] - cell_len(cell) + gap))
            self._print(line, indent, hanging if hanging < self.width // 2 else 2)

    def table(self, titles: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str]) -> None:
        """Rows under titles, each row in its colour, cells folded to the width."""
        drawn = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for title in titles:
            drawn.add_column(title, overflow="fold")
        for row, style in zip(rows, styles, strict=True):
            drawn.add_row(*row, style=style)
        with self.console.capture() as got:
            self.console.print(drawn)
        for line in got.get().splitlines():
            if line.strip():
                self.console.out(line.rstrip(), highlight=False)
        self.line()

    def matrix(self, header: Sequence[str], rows: Sequence[Sequence[str]], indent: int = 4) -> bool:
        """A labelled matrix, if it fits; says whether it did."""
        widths = [max(cell_len(row[k]) for row in [header, *rows]) for k in range(len(header))]
        if sum(widths) + 2 * (len(widths) - 1) + indent > self.width:
            return False
        for row in [header, *rows]:
            line = Text(" " * indent)
            for k, cell in enumerate(row):
                faint = not k or row is header or cell == "0"
                line.append(" " * (widths[k] - cell_len(cell)) + cell, style="dim" if faint else "")
                if k + 1 < len(row):
                    line.append("  ")
            self.console.print(line, soft_wrap=True)
        return True


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A line on the error stream that says what is being done, where somebody watches."""
    console = _Console(stderr=True)
    if not console.is_terminal:
        yield lambda text: None
        return
    with console.status("") as status:
        yield status.update


def where_list(screen: Screen, problem: Problem, found: Sequence[Answer]) -> None:
    """What the answer rests on: facts that were declared, and what its own names mean."""
    given_facts(screen, found[0])
    where = {name: body for d in found for name, body in d.derivative.where.items()}
    defined = problem.program.values
    named = [Defined(name, body) for name, body in where.items() if name not in defined]
    if named:
        screen.line()
        screen.heading("where")
        names = problem.variables
        rows = [(f"{n.name} = {language(n.body)}", f"{math(n)} = {math(n.body, names)}") for n in named]
        wide = max(cell_len(a) for a, _ in rows) + max(cell_len(b) for _, b in rows) + 8 > screen.width
        for row in rows if wide else ():
            screen.line(row[0], indent=4, style="green")
            screen.line(row[1], indent=6)
        if not wide:
            screen.columns(rows, indent=4, styles=("green", ""))


def warned(screen: Screen, warnings: Sequence[str], read: str | None = None) -> None:
    """What was read, where it was typed in another notation, and what may have been meant otherwise."""
    if read is not None:
        screen.line(f"read as  {read}", style="dim")
        screen.line()
    for warning in warnings:
        screen.line(f"! {warning}", style="yellow")
    if warnings:
        screen.line()


def formula(screen: Screen, problem: Problem) -> None:
    """The formula as mathematics, and the table of shapes."""
    warned(screen, problem.warnings, problem.read)
    program = problem.program
    for name, value in program.values.items():
        if name != program.output_name:
            screen.line(f"{name} = {math(getattr(value, 'body', value))}", indent=2)
    screen.line(f"{problem.name} = {math(problem.output)}", style="bold", indent=2)
    screen.line()
    wants = f", where {', '.join(problem.wants)}" if problem.wants else ""
    rows = [(problem.name, _shape(problem.output.shape), f"the output{wants}")]
    for name, variable in problem.variables.items():
        rows.append((name, _shape(variable.shape), _origin(problem, name)))
    screen.columns(rows, styles=("bold", "", "dim"))
    if program.decided_by is not None:
        name, kind = program.decided_by, described(problem.output.shape).partition(" (")[0]
        one = "one" if kind == "a vector" else "a vector"
        screen.line(f"{problem.name} is {kind} because {name} was assumed {one}: -s {name}=()", "dim", indent=2)
    if program.unused:
        screen.line(f"not used: {', '.join(program.unused)}", style="yellow", indent=2)


def given_facts(screen: Screen, d: Answer) -> None:
    """What is declared of values, and whether the answer rests on it."""
    rows = []
    for name, facts in d.assumed.items():
        for fact, used in facts.items():
            note = "" if used == "used" else " (not used: the answer is the same without it)"
            rows.append((name, fact, FACTS[fact].summary + note))
    if rows:
        screen.line()
        screen.heading("given that", style="")
        screen.columns(rows, indent=4, styles=("bold", "", "dim"))


def _shape(shape: Shape) -> str:
    return shape_text(shape)


def unconstrained(screen: Screen, d: Answer) -> None:
    """For a variable whose entries are tied: which derivative this is."""
    if not d.unconstrained:
        return
    said = [FACTS[fact] for fact in sorted(d.problem.facts[d.wrt]) if FACTS[fact].ties]
    names = " and ".join(fact.name for fact in said)
    screen.line(
        f"the unconstrained derivative: each entry of {d.wrt} is free, though {d.wrt} is {names}", "dim", indent=2
    )
    along = {fact.along for fact in said}
    if d.gradient is not None and len(along) == 1 and (text := along.pop()):
        screen.line(f"for changes that keep {d.wrt} {names}, a gradient G becomes {text}", "dim", indent=2)


def _origin(problem: Problem, name: str) -> str:
    if name in problem.program.values:
        return "defined above, held as a variable"
    origin = problem.program.origins.get(name, "declared")
    if origin == "valued":
        return "taken from its value"
    if origin == "square":
        return "square, by what is declared of it"
    if origin == "assumed":
        return f"assumed: {problem.program.whys[name]}"
    if origin == "inferred":
        return "inferred: nothing else fits the formula"
    return origin


def instead(screen: Screen, d: Answer) -> None:
    """That this is the plain index form, and what was wrong with the closed form."""
    if d.fault:
        screen.line(d.warnings[-1], style="red", indent=2)


def stands(screen: Screen, answer: Answer) -> None:
    """What stands where the closed form found first does not."""
    instead(screen, answer)
    forms = {"Jacobian": answer.jacobian, "Gradient": answer.gradient, "Backward rule": answer.vjp}
    for title, form in forms.items():
        if form is not None:
            screen.heading(title)
            screen.line(form.closed_form, style="green", indent=4)
    for name, body in answer.where.items():
        screen.line(f"where {name} = {body}", indent=4)


def numbers(screen: Screen, d: Answer, at: AtPoint) -> None:
    """The values at the point given."""
    screen.heading("At the point given", "", style="")
    screen.columns(
        [
            (d.problem.name, "=", array_text(at.value)),
            (f"∂{d.problem.name}/∂{d.wrt}", "=", array_text(at.gradient if at.gradient is not None else at.jacobian)),
            *(
                ("Hessian" if name == d.wrt else f"Block {d.wrt}, {name}", "=", array_text(matrix))
                for name, matrix in at.hessians.items()
            ),
        ],
        indent=4,
    )
    if at.unformed:
        screen.line(
            f"the printed form has no value {at.unformed}: these are central differences", indent=4, style="yellow"
        )
    for nudge in at.nudges:
        screen.line(
            f"nudge: {d.problem.name}({nudge.name} = {nudge.moved_to:g}) = {nudge.value:.6g}; "
            f"the derivative predicts {nudge.predicted:.6g}",
            indent=4,
        )
    for kink in at.kinks:
        screen.line(
            f"{math(kink.node)} is exactly at its kink; the choice shown takes "
            + (f"its derivative as {kink.choice}" if kink.choice else "the derivative of one side"),
            indent=4,
            style="yellow",
        )


def array_text(value: Any) -> str:
    if value.size > 64:
        return f"an array of shape {value.shape}; --json prints it"
    return _nested(value.reshape(()) if value.size == 1 else value)


def _nested(value: Any) -> str:
    return "[" + ", ".join(map(_nested, value)) + "]" if value.ndim else f"{float(value) + 0.0:.6g}"


def verdict(screen: Screen, report: Report, checked: str = "checked", label: str = "") -> None:
    """The last line: what was compared, and how well it agreed."""
    colour = MARKS[report.passed][1]
    screen.line(report.line(checked, label), style=colour)
    for mismatch in report.mismatches:
        screen.line(mismatch, style=colour, indent=2)
    for note in report.notes:
        screen.line(note, style="dim", indent=2)
