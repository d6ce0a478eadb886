"""How a derivative is written down: the pure-math Jacobian matrix, and the shape convention.

Inside there is one derivative, a tensor with the axes of the output in front of those of the variable. Here,
and only here, it becomes a matrix |out| × |in| (numerator layout, axes flattened row by row), whose rows and
columns are Kronecker products where the tensor factors:

    δ_ij x_k      with rows i and columns (j, k)      is  I ⊗ xᵀ
    A_ik B_lj     with rows (i, j) and columns (k, l) is  A ⊗ Bᵀ          (vec_row(AXB) = (A ⊗ Bᵀ) vec_row(X))
"""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.calculus import algebra
from jacobian_cli.calculus import notation as write
from jacobian_cli.calculus.matrix import Notation
from jacobian_cli.calculus.pieces import Pieces
from jacobian_cli.calculus.tensor import Product, Sum, Tensor
from jacobian_cli.expr import Expr
from jacobian_cli.shape import ONE, Shape, Size, product

Block = tuple[int | None, int | None]


def jacobian_shape(out: Shape, variable: Shape) -> tuple[Size, Size]:
    """|out| × |in|."""
    return product(out), product(variable)


def jacobian_form(notation: Notation, tensor: Tensor, out_order: int) -> Expr:
    """The Jacobian matrix of a derivative whose first `out_order` axes are those of the output.

    A scalar output gives a row (1, |in|), a scalar variable a column, written as a vector.
    """
    out, variable = tensor.shape[:out_order], tensor.shape[out_order:]
    notation.express(tensor)
    if len(out) <= 1 and len(variable) <= 1:
        expr = notation.express(tensor)
        return write.transpose(expr) if not out and variable else expr
    terms = tensor.terms if isinstance(tensor, Sum) else ((1, tensor),)
    if not terms:
        rows, columns = jacobian_shape(out, variable)
        return write.zeros((rows, columns) if variable else (rows,))
    if len(terms) > 1 and (not out or not variable):
        return _flat(notation.express(tensor), row=not out)
    parts = [_term(notation, algebra.scale(c, t), out_order) for c, t in terms]
    return write.total(notation.arranged(parts))


def _flat(expr: Expr, *, row: bool) -> Expr:
    """The entries of a matrix row by row, as a row or as a column: a bᵀ becomes a ⊗ b."""
    factors = write.chain(expr)
    if len(factors) > 1 and len(factors[-1].shape) == 2 and factors[-1].shape[0] is ONE:
        left, right = write.matmul(*factors[:-1]), write.transpose(factors[-1])
        if len(left.shape) == 1:
            joined = write.kron(left, right)
            return write.transpose(joined) if row else joined
    count = product(expr.shape)
    return write.apply("reshape", expr, shape=(ONE, count) if row else (count,))


def _term(notation: Notation, tensor: Tensor, out_order: int) -> tuple[bool, Expr]:
    """One term of a Jacobian matrix, and whether it is subtracted."""
    order = len(tensor.shape)
    if not out_order or out_order == order:
        return False, _flat(notation.express(tensor), row=not out_order)
    if not isinstance(tensor, Product):  # a function's own value, such as a tensor of coefficients
        tensor = Product(1, ((tensor, tuple(range(order)), 1),), tensor.shape)
        notation.express(tensor)
    pieces = notation.pieces(tensor)
    outs, ins = tuple(range(out_order)), tuple(range(out_order, order))
    found = _kronecker(pieces, outs, ins) if pieces.plain and len(outs) <= 2 and len(ins) <= 2 else None
    if found is None:
        shape = jacobian_shape(tensor.shape[:out_order], tensor.shape[out_order:])
        found = write.apply("reshape", pieces.einsum(range(order)), shape=shape)
    return pieces.negative, found


def _kronecker(pieces: Pieces, outs: Sequence[int], ins: Sequence[int]) -> Expr | None:
    """The term as (diag ·) A ⊗ B (· diag), or as an outer product; None if it does not factor."""
    _aside(pieces, outs, ins)
    links = set(pieces.pairs) | pieces.ties
    across = {pair for pair in links if pair[0] in outs and pair[1] in ins}
    sides = links - across
    if any(pair in pieces.ties for pair in sides):
        return None
    if not across:
        left = _flat_part(pieces, outs)
        return pieces.scale(write.matmul(left, write.transpose(_flat_part(pieces, ins))))
    blocks = _blocks(across, outs, ins)
    if blocks is None:
        return None
    front: list[Expr] = []
    back: list[Expr] = []
    for pair in sides:
        matrix = pieces.style.product(pieces.pairs[pair])
        entries = write.diag(write.apply("reshape", matrix, shape=(product(matrix.shape),)))
        (front if pair[0] in outs else back).append(entries)
    if len(outs) == 1:  # one weight on the rows stands in front of everything: diag(σ′)(I ⊗ xᵀ)
        weights = pieces.weights.pop(outs[0], [])
        for pair in across & pieces.ties:
            weights += pieces.weights.pop(pair[1], [])
        if weights:
            front.append(write.diag(pieces.style.product(weights)))
    factors = [_block(pieces, block) for block in blocks]
    return pieces.scale(write.matmul(*front, write.kron(*factors), *back))


def _aside(pieces: Pieces, outs: Sequence[int], ins: Sequence[int]) -> None:
    """Beside δ_ij, a matrix M_ik from a row i to a column k stands among the columns, as M_jk."""
    for out, variable in pieces.ties:
        for pair in [pair for pair in pieces.pairs if pair[0] == out and pair[1] in ins]:
            if out in outs and variable in ins:
                powers = pieces.pairs.pop(pair)
                turned = [(e if variable < pair[1] else write.transpose(e), p) for e, p in powers]
                pieces.pairs.setdefault((min(variable, pair[1]), max(variable, pair[1])), []).extend(turned)


def _flat_part(pieces: Pieces, labels: Sequence[int]) -> Expr:
    """The part of a product on these labels alone, flattened row by row, without scalars."""
    if len(labels) == 1:
        return pieces.vector(labels[0], [], 1)
    scalars, coefficient = pieces.scalars, pieces.coefficient
    pieces.scalars, pieces.coefficient = [], 1
    matrix = pieces.matrix(labels[0], labels[1])
    pieces.scalars, pieces.coefficient = scalars, coefficient
    return _flat(matrix, row=False)


def _blocks(across: set[tuple[int, int]], outs: Sequence[int], ins: Sequence[int]) -> tuple[Block, Block] | None:
    """Which labels the two Kronecker factors bear: the first those that vary slowest."""
    if len(across) > 2 or (len(across) == 2 and len({k for pair in across for k in pair}) < 4):
        return None
    (slow_out, fast_out) = (outs[0], outs[1]) if len(outs) == 2 else (None, None)
    (slow_in, fast_in) = (ins[0], ins[1]) if len(ins) == 2 else (None, None)
    if len(outs) == 2 and len(ins) == 2:
        if all(pair in {(slow_out, slow_in), (fast_out, fast_in)} for pair in across):
            return (slow_out, slow_in), (fast_out, fast_in)
        return None
    ((out, variable),) = across
    if len(outs) == 1:
        return ((out, slow_in), (None, fast_in)) if variable == slow_in else ((None, slow_in), (out, fast_in))
    return ((slow_out, variable), (fast_out, None)) if out == slow_out else ((slow_out, None), (fast_out, variable))


def _block(pieces: Pieces, block: Block) -> Expr:
    """One Kronecker factor: a matrix, a row or a column."""
    rows, columns = block
    if rows is None:
        assert columns is not None
        return write.transpose(pieces.vector(columns, [], 1))
    if columns is None:
        return pieces.vector(rows, [], 1)
    scalars, coefficient = pieces.scalars, pieces.coefficient
    pieces.scalars, pieces.coefficient = [], 1
    matrix = pieces.matrix(rows, columns)
    pieces.scalars, pieces.coefficient = scalars, coefficient
    return matrix
