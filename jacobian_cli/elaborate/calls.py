"""What a call of a function of the table is told by its row: its arguments, and hints where they do not fit."""

from __future__ import annotations

from functools import lru_cache

from jacobian_cli.elaborate.options import Scope
from jacobian_cli.ops import Row
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.tree import Group, Term


@lru_cache(maxsize=1024)
def takes_values_only(row: Row, count: int) -> bool:
    """Whether so many arguments of a function are values, and mean nothing else."""
    otherwise = (
        row.given,
        row.second,
        row.lacks,
        row.options,
        row.whole,
        row.of_two,
        row.bare,
        row.of_scalar,
        row.reads,
        row.places,
    )
    return not any(otherwise) and len(row.parameters) == count and "..." not in row.parameters


def arguments_of(row: Row, terms: tuple[Term, ...]) -> list[Term]:
    """The arguments of a function of many values, which may also come as one list."""
    if row.parameters[-1:] == ("...",) and len(terms) == 1 and isinstance(terms[0], Group):
        return list(terms[0].items)
    return list(terms)


def signature_hint(row: Row, shapes: list[Shape]) -> str | None:
    if row.name == "@" and len(shapes[0]) == 1:
        return "a vector is a column: `x.T@A` is the row that can stand before a matrix"
    if row.name == "@" and any(not shape for shape in shapes):
        return "a scalar is multiplied with *: `c*A`"
    return None


def call_hint(name: str, scope: Scope) -> str:
    """What a value before a bracket may be meant to do: a scalar multiplies entry by entry, a matrix need not."""
    value = scope.values.get(name)
    if value is None or not value.shape:
        return f"a product is written `{name}*(x + y)`"
    return f"a product is written `{name}@(x + y)`, entry by entry `{name}*(x + y)`"


_OF_TORCH = frozenset(
    "lerp mm mv addmm addmv addr baddbmm addcmul addcdiv chain_matmul dist masked_fill frobenius_norm kl_div chunk "
    "scaled_dot_product_attention index_select unfold one_hot msort group_norm batch_norm layer_norm rms_norm".split()
)
"""Functions that the readers of code know under names that the language has not."""


def library_of(name: str) -> str:
    """What stands before a function that a library has and the language has not: `torch.`; or nothing."""
    return "torch." if name in _OF_TORCH else ""
