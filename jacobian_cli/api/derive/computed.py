"""An answer in forms to be computed rather than read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from jacobian_cli.api.derive.answer import Answer, answers
from jacobian_cli.expr import Apply, Expr, Number, walk
from jacobian_cli.ops import row

Asked = TypeVar("Asked", bound=Answer)
_QUOTIENT = row("/").definition


def computed(answer: Asked) -> Asked:
    """The answer in forms that have a value wherever there is a derivative; where the printed forms have one too, it is
    the same. If they divide by a function that the printed forms do without, those stay: the gradient of log(prod(x))
    is 1/x, also where prod(x) overflows.
    """
    special = {
        node for node in walk([answer.problem.output]) if isinstance(node, Apply) and row(node.function).everywhere
    }
    if not special or answer.fault:
        return answer
    found = next(
        again
        for again in answers(
            answer.problem,
            second=answer.hessian is not None,
            conventions=[answer.convention],
            everywhere=True,
        )
        if again.wrt == answer.wrt
    )
    forms = (found.forms.jacobian, found.forms.gradient, found.forms.vjp, *found.forms.hessian.values())
    below = [part for form in forms if form is not None for part in _denominators(form)]
    if found.fault or any(node in special for node in walk(below)):
        return answer
    return replace(answer, derivative=found.derivative)


def _denominators(form: Expr) -> Iterator[Expr]:
    """What an expression divides by."""
    for node in walk([form]):
        if isinstance(node, Apply) and len(node.arguments) == 2:
            entry, (first, second) = row(node.function), node.arguments
            if entry.definition == _QUOTIENT:
                yield second
            elif entry.algebra == "power" and isinstance(second, Number) and second.value < 0:
                yield first
