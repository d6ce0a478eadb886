"""How a derivative is written down: layouts, vec orders, the shape convention, and the ways between them.

Inside there is one derivative, a tensor with the axes of the output in front of those of the variable. A matrix of
it exists here only: `convention` says which axes run through its rows and columns, and in what order, `arrays`
moves numbers from one convention to another, `kronecker` writes a derivative in closed form, `convert` rewrites such
forms.
"""

from jacobian_cli.calculus.reshape.arrays import CANONICAL, SHAPE, Format, Rearrangement, rearrangement
from jacobian_cli.calculus.reshape.convention import (
    CONVENTIONS,
    NUMERATOR_ROW,
    Convention,
    Layout,
    Vec,
    jacobian_shape,
    read_convention,
)
from jacobian_cli.calculus.reshape.convert import converted, from_numerator_row
from jacobian_cli.calculus.reshape.kronecker import jacobian_form

__all__ = [
    "CANONICAL",
    "CONVENTIONS",
    "NUMERATOR_ROW",
    "SHAPE",
    "Convention",
    "Format",
    "Layout",
    "Rearrangement",
    "Vec",
    "converted",
    "from_numerator_row",
    "jacobian_form",
    "jacobian_shape",
    "read_convention",
    "rearrangement",
]
