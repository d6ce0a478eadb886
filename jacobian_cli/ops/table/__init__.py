"""The functions of the language, one row each, by subject. To add one, add a row; nothing else changes.

What a row does not say in the language itself it says in NumPy: a function that NumPy lacks is written beside its row,
as a `kernel`. An oracle may not use the table: where autograd cannot look through a kernel, its rule for that is given
in `checks/oracles/hips_autograd`, on purpose a second time and in other words.
"""

from __future__ import annotations

from functools import cache

from jacobian_cli.ops.read import called_in
from jacobian_cli.ops.row import Kind, Row
from jacobian_cli.ops.table.activations import ACTIVATIONS
from jacobian_cli.ops.table.arrays import ARRANGEMENTS, CREATIONS, LIKE
from jacobian_cli.ops.table.convolutions import CONVOLUTIONS
from jacobian_cli.ops.table.elementwise import ELEMENTARY
from jacobian_cli.ops.table.literals import LITERALS
from jacobian_cli.ops.table.losses import LOSSES
from jacobian_cli.ops.table.matrices import CONTRACTIONS, LINEAR_ALGEBRA
from jacobian_cli.ops.table.names import ALIASES, ELSEWHERE, OF_MATRICES, SPELLED, WORDS
from jacobian_cli.ops.table.operators import COMPARISONS, OPERATORS
from jacobian_cli.ops.table.places import PLACES
from jacobian_cli.ops.table.products import PRODUCTS
from jacobian_cli.ops.table.rearranging import REARRANGING
from jacobian_cli.ops.table.reductions import REDUCTIONS
from jacobian_cli.ops.table.rows import ROWS
from jacobian_cli.ops.table.special import SPECIAL
from jacobian_cli.ops.table.spectral import DEGENERATE, PRESUMED, SPECTRAL
from jacobian_cli.ops.table.statistics import STATISTICS
from jacobian_cli.ops.table.symmetric import SYMMETRIC
from jacobian_cli.ops.table.windows import WINDOWS

__all__ = [
    "ALIASES",
    "DEGENERATE",
    "ELSEWHERE",
    "FUNCTIONS",
    "OF_MATRICES",
    "PRESUMED",
    "SPELLED",
    "WORDS",
    "of_one_axis",
    "row",
]

FUNCTIONS: dict[str, Row] = {
    entry.name: entry
    for entry in (
        *OPERATORS,
        *COMPARISONS,
        *ELEMENTARY,
        *SPECIAL,
        *ACTIVATIONS,
        *REDUCTIONS,
        *ROWS,
        *LINEAR_ALGEBRA,
        *SPECTRAL,
        *LOSSES,
        *STATISTICS,
        *CONTRACTIONS,
        *PRODUCTS,
        *ARRANGEMENTS,
        *PLACES,
        *WINDOWS,
        *CONVOLUTIONS,
        *REARRANGING,
        *LITERALS,
        *CREATIONS,
        *SYMMETRIC,
        *LIKE,
    )
}


@cache
def of_one_axis(name: str) -> bool:
    """Whether a derivative speaks of one axis only, by functions of rows or by matrices that it makes: over several
    axes, the function runs over all their entries in a row.
    """
    called = {function for text in FUNCTIONS[name].derivative for function in called_in(text)}
    return any(FUNCTIONS[function].kind is Kind.ROW or FUNCTIONS[function] in CREATIONS for function in called)


def row(name: str) -> Row:
    """The row of a function or operator."""
    return FUNCTIONS[name]
