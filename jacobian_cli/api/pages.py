"""What an object shows of itself in a REPL: a small page of text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jacobian_cli.elaborate import Program
from jacobian_cli.expr import Expr, Variable
from jacobian_cli.printers.math.unicode import math


def spelled(name: str) -> str:
    """A name as mathematics: `w₀`, `λ`."""
    return math(Variable(name, ()))


def formulas(program: Program, name: str) -> tuple[str, ...]:
    """Every definition as mathematics before its use, and last the output, by this name."""
    named = [(n, v) for n, v in program.values.items() if n != program.output_name]
    before = [f"{spelled(n)} = {math(getattr(value, 'body', value))}" for n, value in named]
    return (*before, f"{spelled(name)} = {math(program.output, program.variables)}")


def derivative(above: str, below: str) -> str:
    """∂f/∂W, the names as mathematics."""
    return f"∂{spelled(above)}/∂{spelled(below)}"


def equation(left: str, right: Expr, names: Iterable[str] = ()) -> str:
    """left = right, as mathematics."""
    return f"{left} = {math(right, names)}"


def page(*parts: str | Sequence[Sequence[str]]) -> str:
    """Lines, and tables whose columns are as wide as their longest word.

    >>> print(page("f = x", [("text", "x"), ("a", "longer")]))
    f = x
      text  x
      a     longer
    """
    lines: list[str] = []
    for part in parts:
        if isinstance(part, str):
            lines.append(part)
            continue
        widths = [max(map(len, column)) for column in zip(*part, strict=True)]
        for row in part:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)
