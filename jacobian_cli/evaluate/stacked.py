"""A definition for one row, written for all rows of a matrix at once."""

from __future__ import annotations

from functools import lru_cache

from jacobian_cli.elaborate.row_text import COUNT
from jacobian_cli.expr import Apply, Expr, Variable, walk
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.shape import ONE, Size

ROWS = "R"
"""What the number of rows is called."""
_WHOLE = (Size.named(ROWS), Size.named(COUNT))
_NUMBERS = (Size.named(ROWS), ONE)
_LAST = ("axis", (-1,))


@lru_cache(maxsize=256)
def stacked(body: Expr, singly: frozenset[str] = frozenset()) -> Expr | None:
    """What a definition in one variable, a row of N entries, is for each row of a matrix R × N: numbers are a column.
    None where more is done with a row than to run along it, so that rounding might be another, or where a function of
    those that are to be applied `singly` is applied to numbers.

    >>> from jacobian_cli.elaborate.row_text import meaning
    >>> from jacobian_cli.printers.language import text
    >>> row = ((Size.named(COUNT),),)
    >>> text(stacked(meaning("exp(x)/sum(exp(x))", ("x",), row)))
    'exp(x)/sum(exp(x), axis=-1, keepdims=True)'
    >>> stacked(meaning("x.T@x", ("x",), row)) is None
    True
    """
    made: dict[Expr, Expr] = {}
    for node in walk([body]):
        new = _of_rows(node, tuple(made[child] for child in node.children))
        if new is None or (isinstance(new, Apply) and new.shape == _NUMBERS and new.function in singly):
            return None
        made[node] = new
    return made[body] if made[body].shape else None


def _of_rows(node: Expr, parts: tuple[Expr, ...]) -> Expr | None:
    """A node of the definition made of what its parts have become."""
    if isinstance(node, Variable):
        return Variable(node.name, _WHOLE)
    if not any(part.shape for part in parts):
        return None if node.shape else node
    if not isinstance(node, Apply) or node.parameters:
        return None
    kind = FUNCTIONS[node.function].kind
    if kind is Kind.ELEMENTWISE:
        shape = _WHOLE if any(part.shape == _WHOLE for part in parts) else _NUMBERS
        return Apply(node.function, parts, (), shape)
    if len(parts) != 1 or parts[0].shape != _WHOLE:
        return None
    if kind is Kind.REDUCTION:
        return Apply(node.function, parts, (_LAST, ("keepdims", True)), _NUMBERS)
    return Apply(node.function, parts, (_LAST,), _WHOLE) if kind is Kind.ROW else None
