"""`jac hessian` on the terminal: the gradient, and the second derivatives with their structure."""

from __future__ import annotations

from jacobian_cli.api.derive.answer import Answer, Hessian, symbols
from jacobian_cli.api.sizes import power_said, sized
from jacobian_cli.cli.screen import Screen
from jacobian_cli.cli.show.about import both, instead, name_text, unconstrained
from jacobian_cli.printers.math.unicode import math


def second(screen: Screen, d: Answer) -> None:
    """The gradient, and the block of the Hessian for each variable."""
    symbol = f"∂²{name_text(d.problem.name)}/∂{name_text(d.wrt)}"
    screen.rule(symbol)
    instead(screen, d)
    unconstrained(screen, d)
    if d.gradient is not None:
        screen.heading("Gradient", f"{sized(d.gradient.shape)}, the shape of {name_text(d.wrt)}")
        both(screen, d.gradient, math(d.gradient.expr, d.problem.variables))
    for name, form in d.hessians.items():
        title = "Hessian" if name == d.wrt else f"Block {name_text(d.wrt)}, {name_text(name)}"
        flat = [n for n in dict.fromkeys((d.wrt, name)) if len(d.problem.variables[n].shape) > 1]
        note = f"; {' and '.join(map(name_text, flat))} flattened {_run(d)}" if flat else ""
        screen.heading(title, f"{sized(form.shape)}{', symmetric' * form.symmetric}{note}")
        both(screen, form, math(form.expr, d.problem.variables))
        if form.stored.saves:
            screen.line(kept(form), style="dim", indent=4)


def kept(form: Hessian) -> str:
    """What its structure saves."""
    sizes = symbols((form.stored.structured, form.stored.dense))
    factors, dense = (f"{size:,}" if isinstance(size, int) else power_said(size) for size in sizes)
    return f"kept as it is written: {factors} entries stored, against {dense} written out"


def _run(d: Answer) -> str:
    """In what order the entries of a matrix stand in a vector."""
    return f"{d.convention.vec} by {d.convention.vec}"
