"""The texts of the table of functions as typed expressions."""

from __future__ import annotations

from functools import lru_cache

from jacobian_cli.elaborate.builder import Builder
from jacobian_cli.elaborate.options import Scope
from jacobian_cli.expr import Expr, Variable
from jacobian_cli.ops.read import read
from jacobian_cli.shape import Shape, Size

COUNT = "N"
"""What a text calls the number of entries that it runs over, or of rows."""


@lru_cache(maxsize=4096)
def meaning(
    text: str, names: tuple[str, ...], shapes: tuple[Shape, ...] | None = None, count: Size | None = None
) -> Expr:
    """A text of the table as a typed expression in variables of these names; without shapes all are scalars. `N` is
    `count`, or a size of that name.

    >>> meaning("1/(1 + exp(-x))", ("x",)).function
    '/'
    """
    values: dict[str, Expr] = {n: Variable(n, s) for n, s in zip(names, shapes or ((),) * len(names), strict=True)}
    return Builder(Scope(values, {COUNT: count or Size.named(COUNT)}), text, of_table=True).build(read(text))
