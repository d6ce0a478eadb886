"""Closed forms from one convention to another: read as tensors, and written again."""

from __future__ import annotations

from jacobian_cli.calculus.differentiate.lower import lower
from jacobian_cli.calculus.differentiate.pullback import identity
from jacobian_cli.calculus.index.tensor import Delta, Product, Sum, Tensor
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.reshape.arrays import CANONICAL, SHAPE, Format
from jacobian_cli.calculus.reshape.convention import NUMERATOR_ROW, Axes, Convention
from jacobian_cli.calculus.reshape.kronecker import jacobian_form
from jacobian_cli.calculus.reshape.split_axes import commutation
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.expr import Expr, Variable
from jacobian_cli.ops.structure import proper
from jacobian_cli.shape import Shape


def from_numerator_row(convention: Convention, out: Shape, variable: Shape) -> Expr | None:
    """How the matrix in a convention is made from J, the one in numerator layout, row by row.

    vec(F) = K vec_row(F), so J becomes K J Kᵀ; None where more than two axes are flattened, of which no commutation
    matrix speaks.
    """
    numerator: Expr = Variable("J", NUMERATOR_ROW.shape(out, variable))
    turned = convention.layout is not NUMERATOR_ROW.layout
    matrix = write.transpose(numerator) if turned else numerator
    if convention.vec is NUMERATOR_ROW.vec:
        return matrix
    rows, columns = (proper(side) for side in ((variable, out) if turned else (out, variable)))
    if max(len(rows), len(columns)) > 2:
        return None
    front = [commutation(rows[1], rows[0])] if len(rows) == 2 else []
    back = [commutation(*columns)] if len(columns) == 2 else []
    return write.matmul(*front, matrix, *back)


def converted(notation: Notation, expr: Expr, source: Format, target: Format, out: Shape, variable: Shape) -> Expr:
    """A closed form of a derivative, written in one convention, in another."""
    lengths = proper((*out, *variable))
    outer, inner = proper(out), proper(variable)
    split = lower(expr)
    order: Axes = tuple(range(len(lengths)))
    if isinstance(source, Convention):
        rows, columns = source.axes(len(outer), len(lengths))
        order = rows + columns
    tensor = _opened(split, tuple(lengths[k] for k in order))
    tensor = algebra.permute(tensor, [order.index(k) for k in range(len(order))])
    if isinstance(target, Convention):
        return jacobian_form(notation, tensor, len(outer), target)
    if target == SHAPE:
        return write.shaped(notation.express(tensor), variable)
    assert target == CANONICAL
    return write.shaped(notation.express(tensor), outer + inner)


def _opened(tensor: Tensor, shape: Shape) -> Tensor:
    """The entries in another shape; of a sum term by term, so that what was a reshape of this shape is none."""
    if isinstance(tensor, Sum) and tensor.shape != shape:
        return algebra.add(shape, [(c, _opened(t, shape)) for c, t in tensor.terms])
    if isinstance(tensor, Product) and tensor.coefficient != 1 and tensor.shape != shape:
        rest = algebra.product(tensor.shape, tensor.factors)
        return algebra.scale(tensor.coefficient, _opened(rest, shape))
    half = shape[: len(shape) // 2]
    if isinstance(tensor, Delta) and half + half == shape:
        return identity(half)
    return algebra.reshape(tensor, shape)
