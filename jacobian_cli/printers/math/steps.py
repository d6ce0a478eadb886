r"""A derivation on the page: its equations in Unicode, in LaTeX (an `align*`, amsmath and no other package) and in
Markdown (with `$$` mathematics).
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from jacobian_cli.calculus.notation.write import extent
from jacobian_cli.calculus.steps.step import Rule, Side, Step, Steps, Words
from jacobian_cli.expr import Expr, Variable
from jacobian_cli.ops import row
from jacobian_cli.printers.math.latex import latex
from jacobian_cli.printers.math.lines import NEXT, SLIDE, aligned, room, width
from jacobian_cli.printers.math.mathml import name_mathml, partial_mathml
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.shape import Shape

_ORDINALS = ("", "1st", "2nd", "3rd")
_GAPS = 6
"""Letters between an equation, its shape and its rule."""


def left_text(side: Side) -> str:
    """The left side in Unicode: `δ₁ = ∂f/∂z`, `∂f/∂x [2nd x]`."""
    parts = [_name(name, math) for name in side.names]
    if side.of:
        note = _note(side, math)
        parts.append(f"∂{_name(side.of, math)}/∂{_name(side.by, math)}" + (f" [{note}]" if note else ""))
    return " = ".join(parts)


def left_latex(side: Side) -> str:
    r"""The left side in LaTeX: `\delta_{1} = \frac{\partial f}{\partial z}`."""
    parts = [_name(name, latex) for name in side.names]
    if side.of:
        slope = rf"\frac{{\partial {_name(side.of, latex)}}}{{\partial {_name(side.by, latex)}}}"
        note = _note(side, lambda expr: f"${latex(expr)}$")
        parts.append(rf"\left.{slope}\right|_{{\text{{{note}}}}}" if note else slope)
    return " = ".join(parts)


def left_mathml(side: Side) -> str:
    """The left side in MathML, without the `math` element around it."""
    parts = [name_mathml(name) for name in side.names]
    if side.of:
        note = _note(side, math)
        slope = partial_mathml(side.of, side.by)
        parts.append(f"{slope}<mtext>\u2002[{escape(note)}]</mtext>" if note else slope)
    return f"<mrow>{'<mo>=</mo>'.join(parts)}</mrow>"


def rule_text(rule: Rule) -> str:
    """The name of a rule: `chain rule through σ`."""
    return f"{rule.name} {_function(rule.function)}" if rule.function else rule.name


def words(reason: Words, write: Callable[[Expr], str] = math) -> str:
    """A reason, its formulas written by `write`."""
    return "".join(part if isinstance(part, str) else write(part) for part in reason)


def lead(derivation: Steps, label: str, write: Callable[[Expr], str] = math) -> str:
    """What has to be said before the first line: which conventions hold."""
    shapes = "gradients have the shape of their variable; local Jacobians are out × in"
    if not derivation.output.shape:
        return shapes
    of, top = (write(Variable(name, ())) for name in (label, derivation.label))
    return f"{write(derivation.upstream)} is the gradient of a scalar {top} that depends on {of}; {shapes}"


def latex_steps(derivation: Steps, label: str, columns: int = SLIDE) -> str:
    """The derivation as an `align*`: equation, shape, rule; side by side where that is no wider than a slide."""
    said = lead(derivation, label, lambda expr: f"${latex(expr)}$")
    rows = [
        (left_latex(step.left), latex(step.right), _latex_shape(step.shape), rf"\text{{{_latex_rule(step)}}}")
        for step in derivation.steps
    ]
    before, *others = (max(width(row[k]) for row in rows) for k in range(4))
    before += width("=")
    if before + sum(others) <= room(columns - _GAPS):
        lines = [f"  {left} &= {right} && {shape} && {rule}" for left, right, shape, rule in rows]
    else:
        lines = [
            f"  {left} &= {aligned(right, columns, before)}{NEXT}\\qquad {shape} \\quad {rule}"
            for left, right, shape, rule in rows
        ]
    body = " \\\\\n".join(lines)
    return f"% {said.replace(' × ', ' x ')}\n\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


def markdown_steps(derivation: Steps, label: str) -> str:
    """The derivation as a numbered list with `$$` mathematics: rule, shape, reason, equation."""

    def inline(expr: Expr) -> str:
        return f"${latex(expr)}$"

    of, by = (latex(Variable(name, ())) for name in (label, derivation.variable.name))
    blocks = [rf"### $\partial {of}/\partial {by}$"]
    said = lead(derivation, label, inline)
    blocks.append(f"{said[:1].upper()}{said[1:]}.")
    for step in derivation.steps:
        reason = words(step.reason, inline)
        head = f"{step.number}. **{_latex_rule(step)}** (${_latex_shape(step.shape)}$)"
        indent = " " * (len(str(step.number)) + 2)
        equation = f"{left_latex(step.left)} = {latex(step.right)}"
        blocks.append(f"{head}{': ' + reason if reason else ''}\n\n{indent}$${equation}$$")
    return "\n\n".join(blocks) + "\n"


def text_steps(derivation: Steps, label: str) -> str:
    """The derivation for a terminal or a plain file: equation, shape, rule, reason."""
    lines = [lead(derivation, label)]
    for step in derivation.steps:
        lines.append(f"{step.number:3}  {left_text(step.left)} = {math(step.right)}")
        lines.append(f"     {about_text(step)}")
    return "\n".join(lines) + "\n"


def about_text(step: Step) -> str:
    """Shape, rule and reason in one line."""
    reason = words(step.reason)
    shape = " × ".join(math(extent(size)) for size in step.shape) or "scalar"
    return f"{shape} · {rule_text(step.rule)}" + (f": {reason}" if reason else "")


def _name(name: str, write: Callable[[Expr], str]) -> str:
    return write(Variable(name, ()))


def _note(side: Side, write: Callable[[Expr], str]) -> str:
    """Which share of a gradient this is."""
    notes = [f"via {_name(side.via, write)}"] if side.via and not side.place else []
    if side.place:
        ordinal = _ORDINALS[side.place] if side.place < len(_ORDINALS) else f"{side.place}th"
        notes.append(f"{ordinal} {_name(side.by, write)}")
    if side.row:
        notes.append("as a row")
    return ", ".join(notes)


def _function(name: str) -> str:
    spelling = row(name).math
    return name if "{}" in spelling or not spelling else spelling


def _latex_rule(step: Step) -> str:
    name = step.rule.function
    if not name:
        return step.rule.name
    spelling = row(name).latex
    shown = name.replace("_", r"\_") if "{}" in spelling or not spelling else f"${spelling}$"
    return f"{step.rule.name} {shown}"


def _latex_shape(shape: Shape) -> str:
    if not shape:
        return r"\text{scalar}"
    sizes = [(latex(extent(size)), len(size.terms) > 1) for size in shape]
    return r" \times ".join(f"({shown})" if several else shown for shown, several in sizes)
