"""Functions of rows by their definition, where a part of that is read elsewhere: beside std(x), layernorm(x) is written
(x - mean(x))/std(x), so that the deviation is computed once.
"""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.calculus.notation.operations import extent
from jacobian_cli.elaborate.builder import Inside
from jacobian_cli.elaborate.options import Scope
from jacobian_cli.elaborate.row_text import COUNT
from jacobian_cli.expr import Apply, Expr, walk, with_parts
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.read import read
from jacobian_cli.syntax.errors import InputError


def opened(forms: Sequence[Expr]) -> list[Expr]:
    """The same forms, without a function of rows of which another part of them reads a total.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.language import text
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> formulas = ("layernorm(X)", "std(X, axis=1, keepdims=True)", "softmax(X)")
    >>> [text(form) for form in opened([elaborate([parse_statement(f)]).output for f in formulas])][::2]
    ['(X - mean(X, axis=1, keepdims=True))/std(X, axis=1, keepdims=True)', 'softmax(X)']
    """
    parts = {node for node in walk(forms) if isinstance(node, Apply)}
    totals = {node for node in parts if FUNCTIONS[node.function].kind is Kind.REDUCTION}
    found = set[Expr]()
    for part in parts if totals else ():
        meant = _meant(part)
        if meant is not None and not totals.isdisjoint(walk([meant])):
            found.add(part)
    if not found:
        return list(forms)
    made: dict[Expr, Expr] = {}
    for node in walk(forms):  # what is opened may hold what is
        here: Expr = with_parts(node, made)
        made[node] = (_meant(here) if node in found and isinstance(here, Apply) else None) or here
    return [made[form] for form in forms]


def _meant(node: Apply) -> Expr | None:
    """The definition of a function of rows, along its axis."""
    entry = FUNCTIONS[node.function]
    text = entry.steady or entry.definition
    if entry.kind is not Kind.ROW or not text or len(node.arguments) != 1:
        return None
    (x,) = node.arguments
    if not x.shape:
        return None
    axis = dict(node.parameters).get("axis", (-1,))[0] % len(x.shape)
    along = {"axis": (axis,), "keepdims": True} if len(x.shape) > 1 else {}
    try:
        found = Inside(Scope({entry.parameters[0]: x, COUNT: extent(x.shape[axis])}), text, along).build(read(text))
    except InputError:
        return None
    return found if found.shape == node.shape else None
