"""A run of `backprop` as people take it away: LaTeX for notes, Markdown for pages."""

from __future__ import annotations

from typing import Any

import numpy as np

from jacobian_cli.api.backprop.passes import INPUT
from jacobian_cli.api.backprop.run import Backprop
from jacobian_cli.api.backprop.tables import definitions, tables
from jacobian_cli.api.figures import PRINTED, number
from jacobian_cli.expr import Variable
from jacobian_cli.printers.graph.model import Table
from jacobian_cli.printers.math.latex import latex

Array = Any
_TIMES = r" \times "


def latex_run(run: Backprop) -> str:
    """An `align*`: every node with its value, then what was asked for; the verdict as a remark."""
    name = latex(Variable(run.name, ()))
    lines = []
    for node in run.nodes:
        made = "" if node.operation == INPUT else f"= {latex(node.expr)} "
        lines.append(f"  {latex(Variable(node.name, ()))} &{made}= {_numbers(node.value)}")
    for wrt, gradient in run.gradients.items():
        left = rf"\frac{{\partial {name}}}{{\partial {latex(Variable(wrt, ()))}}}"
        lines.append(f"  {left} &= {_numbers(gradient)}")
    body = " \\\\\n".join(lines)
    return f"% {run.check!r}\n\\begin{{align*}}\n{body}\n\\end{{align*}}"


def _numbers(value: Array) -> str:
    """A number, a column, a matrix; of what is too large, its shape."""
    value = np.asarray(value)
    if not value.ndim:
        return _number(float(value))
    if value.ndim > 2 or value.size > PRINTED:
        return rf"({_TIMES.join(map(str, value.shape))})"
    rows = value.reshape(-1, 1) if value.ndim == 1 else value
    body = r" \\ ".join(" & ".join(_number(float(entry)) for entry in row) for row in rows)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def _number(value: float) -> str:
    mantissa, _, power = number(value).replace("−", "-").partition("e")
    return rf"{mantissa} \cdot 10^{{{power}}}" if power else mantissa


def markdown_run(run: Backprop, *, symbolic: bool = False) -> str:
    """The formulas, and the tables of the page; the verdict as a remark."""
    formulas = "\n".join(f"    {formula}" for formula in definitions(run))
    parts = [formulas, *map(_table, tables(run, symbolic=symbolic)), f"<!-- {run.check!r} -->"]
    return "\n\n".join(parts)


def _table(table: Table) -> str:
    lines = [f"### {table.title}", "", _row(table.header), _row(["---"] * len(table.header)), *map(_row, table.rows)]
    return "\n".join([*lines, *(["", table.note] if table.note else [])])


def _row(cells: Any) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", "; ") for cell in cells) + " |"
