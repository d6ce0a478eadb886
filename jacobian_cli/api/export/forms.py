"""An answer as people take it away: LaTeX for notes, Markdown for pages, NumPy for programs."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.api.derive.answer import Answer, ClosedForm
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.checks.verdict.report import Report
from jacobian_cli.expr import Defined, Variable
from jacobian_cli.printers.math.latex import latex
from jacobian_cli.printers.math.lines import NEXT, SLIDE, aligned, room, width

_GAP = 7
"""Letters between a form and what it is."""


def written(
    problem: Problem, found: Sequence[Answer], style: str, reports: Sequence[Report], columns: int = SLIDE
) -> str:
    """The derivatives in LaTeX, in lines of so many letters, or Markdown. Remarks say what was checked, and what stands
    in place of what.
    """
    said = [*dict.fromkeys(answer.warnings[-1] for answer in found if answer.fault), _checked(reports)]
    return _latex(problem, found, said, columns) if style == "latex" else _markdown(problem, found, said)


def _checked(reports: Sequence[Report]) -> str:
    words = {True: "checked", False: "WRONG", None: "not checked"}
    if not reports:
        return words[None]
    worst = next((r for r in reports if not r.passed), reports[0])
    engines = ", ".join(worst.engines)
    if not engines:
        return words[worst.passed]
    if worst.passed is None:
        return f"checked in part, against {engines}"
    return f"{words[worst.passed]} at {worst.points} points against {engines}"


def _lines(problem: Problem, d: Answer) -> list[tuple[str, str, str]]:
    """Left side, right side and what it is, for each form of a derivative."""
    name, x = latex(Variable(problem.name, ())), latex(Variable(d.wrt, ()))
    if d.hessian is not None:
        rows = []
        for other, form in d.hessians.items():
            y = latex(Variable(other, ()))
            below = rf"\partial {x}^2" if other == d.wrt else rf"\partial {x}\,\partial {y}"
            rows.append((rf"\frac{{\partial^2 {name}}}{{{below}}}", form.latex, f"Hessian, {_size(form)}"))
        return rows
    left = rf"\frac{{\partial {name}}}{{\partial {x}}}"
    jacobian = (left, d.jacobian.latex, f"Jacobian, {_size(d.jacobian)}, {d.jacobian.layout} layout")
    upstream = latex(d.derivative.upstream)
    rule = rf"\frac{{\partial J}}{{\partial {x}}}"
    backward = (rule, d.vjp.latex, rf"backward rule, given ${upstream} = \partial J/\partial {name}$")
    if d.gradient is None:
        return [jacobian, backward]
    return [(left, d.gradient.latex, f"gradient, {_size(d.gradient)}"), jacobian, backward]


def _named(problem: Problem, found: Sequence[Answer]) -> list[Defined]:
    """What names in the answers stand for, those of the user left out."""
    defined = problem.program.values
    where = {name: body for d in found for name, body in d.derivative.where.items() if name not in defined}
    return [Defined(name, body) for name, body in where.items()]


def _size(form: ClosedForm) -> str:
    return " × ".join(str(size).replace("**2", "²").replace("*", "·") for size in form.shape) or "scalar"


def _latex(problem: Problem, found: Sequence[Answer], said: Sequence[str], columns: int) -> str:
    """An `align*`: one line a form, names at the end."""
    rows = [row for d in found for row in _lines(problem, d)]
    named = [(latex(name), latex(name.body)) for name in _named(problem, found)]
    before = max(width(left) for left, *_ in (*rows, *named)) + width("=")
    rights = [right for _, right, _ in rows] + [body for _, body in named]
    widest = before + max(map(width, rights)) + max(width(_text(what)) for *_, what in rows)
    beside = " && " if widest <= room(columns - _GAP) else f"{NEXT}\\qquad "
    lines = [f"  {left} &= {aligned(right, columns, before)}{beside}{_text(what)}" for left, right, what in rows]
    lines += [f"  {left} &= {aligned(body, columns, before)}" for left, body in named]
    body = " \\\\\n".join(lines)
    remarks = "\n".join(f"% {each}" for each in said)
    return f"{remarks}\n\\begin{{align*}}\n{body}\n\\end{{align*}}"


def _text(words: str) -> str:
    return rf"\text{{{_tex(words)}}}"


def _tex(words: str) -> str:
    return words.replace("×", r"$\times$").replace("·", r"$\cdot$").replace("²", "$^2$")


def _markdown(problem: Problem, found: Sequence[Answer], said: Sequence[str]) -> str:
    """Headings, mathematics between dollars, and text to paste as code."""
    parts: list[str] = []
    for d in found:
        parts.append(f"### ∂{problem.name}/∂{d.wrt}")
        for (left, right, what), form in zip(_lines(problem, d), _forms(d), strict=True):
            parts.append(f"{what[0].upper()}{what[1:]}:\n\n$${left} = {right}$$\n\n    {form.closed_form}")
    named = _named(problem, found)
    if named:
        parts.append("where " + ", ".join(f"${latex(name)} = {latex(name.body)}$" for name in named))
    return "\n\n".join([*parts, *(f"<!-- {each} -->" for each in said)])


def _forms(d: Answer) -> list[ClosedForm]:
    if d.hessian is not None:
        return list(d.hessians.values())
    return [form for form in (d.gradient, d.jacobian, d.vjp) if form is not None]
