"""`jac derive --backward`: the backward pass by itself, as a paper prints it: a name a line, then a rule a variable."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.api.derive.answer import Answer
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.calculus.derivative.common_subexpressions import definitions
from jacobian_cli.cli.screen import Screen, cells
from jacobian_cli.cli.show.about import instead, labelled, name_text
from jacobian_cli.expr import Expr
from jacobian_cli.printers.language import text
from jacobian_cli.printers.math.unicode import math

_GAP = 2


def backward(screen: Screen, problem: Problem, found: Sequence[Answer]) -> None:
    """Each name that a rule uses and no other, in the order in which they are worked out, and the rules."""
    for answer in found:
        instead(screen, answer)
    rules = {answer.wrt: answer.forms.gradient or answer.forms.vjp for answer in found}
    known = problem.program.values
    names = {name: body for name, body in definitions(rules.values()).items() if name not in known}
    top = problem.name if found[0].forms.gradient is not None else "J"
    lines = [(name_text(name), body) for name, body in names.items()]
    lines += [(f"∂{name_text(top)}/∂{name_text(wrt)}", rule) for wrt, rule in rules.items()]
    if found[0].forms.gradient is None:
        upstream = math(found[0].derivative.upstream)
        screen.line(f"{upstream} = ∂J/∂{name_text(problem.name)} arrives from above", style="dim")
    _table(screen, problem, lines)


def _table(screen: Screen, problem: Problem, lines: Sequence[tuple[str, Expr]]) -> None:
    rows = [(left, math(form, problem.variables), text(form)) for left, form in lines]
    widths = [max(cells(row[k]) for row in rows) for k in range(3)]
    beside = sum(widths) + 3 + 2 * _GAP <= screen.width
    if beside:
        screen.columns([(f"{a} =", b, c) for a, b, c in rows], 0, ("bold", "", "green"))
        return
    for left, mathematics, written in rows:
        labelled(screen, f"{left} =", mathematics)
        labelled(screen, "", written, style="green")
