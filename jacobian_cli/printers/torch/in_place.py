"""A value computed step by step in one array: each operation on entries is done to the array that the one before made,
so that no memory is asked for, and none is touched for the first time, but that of the value itself.

An array is changed by nothing that hangs on an argument on which it does not hang itself: under `torch.func.vmap` only
what hangs on a batched argument has the axis of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.expr import Apply, Expr, Variable, walk
from jacobian_cli.printers.numpy.writer import Writer

_ENTRIES = frozenset({"+", "-", "*", "/"})
_EITHER = frozenset({"+", "*"})
"""Operations of which either operand may be the array."""
_LARGE = 2
"""With fewer axes an array is small, and read better in one line."""


def assigned(writer: Writer, name: str, form: Expr) -> list[str]:
    """Lines after which a name is the value of an expression."""
    steps: list[tuple[str, Expr]] = []
    while (found := _last(form)) is not None:
        function, form, other = found
        steps.append((function, other))
    done = [f"{name} {function}= {writer.text(other)}" for function, other in reversed(steps)]
    return [f"{name} = {writer.text(form)}", *done]


def _last(form: Expr) -> tuple[str, Expr, Expr] | None:
    """The last operation: what it is done to, made by another, and with what."""
    if not isinstance(form, Apply) or form.function not in _ENTRIES or len(form.shape) < _LARGE:
        return None
    a, b = form.arguments
    orders: Sequence[tuple[Expr, Expr]] = [(a, b), (b, a)] if form.function in _EITHER else [(a, b)]
    for array, other in orders:
        if _is_made(array) and array.shape == form.shape and _hangs_on(other) <= _hangs_on(array):
            return form.function, array, other
    return None


def _is_made(expr: Expr) -> bool:
    """Whether it is an operation on entries, whose value is an array of its own."""
    return isinstance(expr, Apply) and expr.function in _ENTRIES


def _hangs_on(expr: Expr) -> set[Expr]:
    return {node for node in walk([expr]) if isinstance(node, Variable)}
