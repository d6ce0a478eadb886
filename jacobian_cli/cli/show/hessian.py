"""`jac hessian` on the terminal: the gradient, and the second derivatives with their structure."""

from __future__ import annotations

from jacobian_cli.api.derive.answer import Answer, ClosedForm, Hessian, symbols
from jacobian_cli.cli.screen import Screen, cells, instead, unconstrained
from jacobian_cli.cli.show.sizes import power_said
from jacobian_cli.printers.math.unicode import math


def second(screen: Screen, d: Answer) -> None:
    """The gradient, and the block of the Hessian for each variable."""
    symbol = f"∂²{d.problem.name}/∂{d.wrt}"
    screen.rule(symbol)
    instead(screen, d)
    unconstrained(screen, d)
    if d.gradient is not None:
        screen.heading("Gradient", f"{_size(d.gradient)}, the shape of {d.wrt}")
        _form(screen, d, d.gradient)
    for name, form in d.hessians.items():
        title = "Hessian" if name == d.wrt else f"Block {d.wrt}, {name}"
        flat = [n for n in dict.fromkeys((d.wrt, name)) if len(d.problem.variables[n].shape) > 1]
        note = f"; {' and '.join(flat)} flattened {_run(d)}" if flat else ""
        screen.heading(title, f"{_size(form)}{', symmetric' * form.symmetric}{note}")
        _form(screen, d, form)
        if form.stored.saves:
            screen.line(kept(form), style="dim", indent=4)


def kept(form: Hessian) -> str:
    """What its structure saves."""
    sizes = symbols((form.stored.structured, form.stored.dense))
    factors, dense = (f"{size:,}" if isinstance(size, int) else power_said(size) for size in sizes)
    return f"kept as it is written: {factors} entries stored, against {dense} written out"


def _size(form: ClosedForm) -> str:
    return " × ".join(power_said(size) for size in form.shape) if form.shape else "scalar"


def _run(d: Answer) -> str:
    """In what order the entries of a matrix stand in a vector."""
    return f"{d.convention.vec} by {d.convention.vec}"


def _form(screen: Screen, d: Answer, form: ClosedForm) -> None:
    written = math(form.expr, d.problem.variables)
    if cells(form.closed_form) + cells(written) + 10 <= screen.width:
        screen.columns([(form.closed_form, "", written)], indent=4, styles=("green", "", ""))
    else:
        screen.line(form.closed_form, indent=4, style="green")
        screen.line(written, indent=4)
