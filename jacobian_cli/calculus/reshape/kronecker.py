"""A derivative as a matrix in closed form: Kronecker products where its tensor factors.

    δ_ij x_k      with rows i and columns (j, k)      is  I ⊗ xᵀ
    A_ik B_lj     with rows (i, j) and columns (k, l) is  A ⊗ Bᵀ          (vec_row(AXB) = (A ⊗ Bᵀ) vec_row(X))
                  with rows (j, i) and columns (l, k) is  Bᵀ ⊗ A          (vec(AXB) = (Bᵀ ⊗ A) vec(X))
    A_il B_kj     with rows (i, j) and columns (k, l) is  (A ⊗ Bᵀ) K      (K a commutation matrix)

One writer serves all conventions: which labels are rows and which columns, slowest first, is all that it is told.
"""

from __future__ import annotations

from typing import NamedTuple

from jacobian_cli.calculus.index.tensor import Product, Sum, Tensor
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.factoring import factored
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.notation.pieces import Pieces
from jacobian_cli.calculus.reshape.convention import NUMERATOR_ROW, Axes, Convention
from jacobian_cli.calculus.reshape.split_axes import around, commutation, joined
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.expr import Apply, Expr
from jacobian_cli.shape import ONE, product

Block = tuple[int | None, int | None]


def jacobian_form(notation: Notation, tensor: Tensor, out_order: int, convention: Convention = NUMERATOR_ROW) -> Expr:
    """The matrix of a derivative whose first `out_order` axes are those of the output.

    A matrix of one row (numerator layout of a scalar) is a row vector, one of one column is written as a vector.
    """
    rows, columns = convention.axes(out_order, len(tensor.shape))
    if rows and columns:
        notation = notation.matrices
    if len(rows) <= 1 and len(columns) <= 1:
        expr = notation.express(algebra.permute(tensor, rows + columns))
        return write.transpose(expr) if columns and not rows else expr
    terms = tensor.terms if isinstance(tensor, Sum) else ((1, tensor),)
    shape = tuple(product(tensor.shape[k] for k in side) for side in (rows, columns))
    if not terms:
        return write.zeros(shape if columns else shape[:1])
    if not rows or not columns:
        return _flat(notation, tensor, rows + columns, row=not rows)
    parts = [_term(notation, algebra.scale(c, t), rows, columns) for c, t in terms]
    return write.total(factored(_commuted(notation.arranged(parts))))


def _flat(notation: Notation, tensor: Tensor, order: Axes, *, row: bool) -> Expr:
    """The entries of a tensor in a row or in a column, its axes slowest first."""
    sides = joined(tensor, () if row else order, order if row else ())
    if sides.term is not tensor:
        vector = notation.express(sides.term)
        return around(sides.front, write.transpose(vector) if row else vector, sides.back)
    if order == tuple(range(len(order))) or len(order) == 2:
        return _flattened(notation.express(tensor), row=row, columns=order == (1, 0))
    expr = notation.express(algebra.permute(tensor, order))
    return _flattened(expr, row=row)


def _flattened(expr: Expr, *, row: bool, columns: bool = False) -> Expr:
    """The entries of a matrix row by row (or column by column), as a row or as a column: a bᵀ becomes a ⊗ b."""
    factors = write.chain(expr)
    if len(factors) > 1 and len(factors[-1].shape) == 2 and factors[-1].shape[0] is ONE:
        left, right = write.matmul(*factors[:-1]), write.transpose(factors[-1])
        if len(left.shape) == 1:
            both = write.kron(right, left) if columns else write.kron(left, right)
            return write.transpose(both) if row else both
    count = product(expr.shape)
    if columns:
        vec = write.apply("vec", expr)
        return write.transpose(vec) if row else vec
    return write.apply("reshape", expr, shape=(ONE, count) if row else (count,))


def _term(notation: Notation, tensor: Tensor, rows: Axes, columns: Axes) -> tuple[bool, Expr]:
    """One term of a matrix, and whether it is subtracted."""
    sides = joined(tensor, rows, columns)
    tensor, rows, columns = sides.term, sides.rows, sides.columns
    order = len(tensor.shape)
    if not isinstance(tensor, Product):  # a function's own value, such as a tensor of coefficients
        tensor = Product(1, ((tensor, tuple(range(order)), 1),), tensor.shape)
    pieces = notation.pieces(tensor)
    found = None
    if pieces.plain and order == 2:
        found = pieces.matrix(*rows, *columns)
    elif pieces.plain and max(len(rows), len(columns)) <= 2:
        found = _kronecker(pieces, rows, columns)
    if found is None:
        shape = tuple(product(tensor.shape[k] for k in side) for side in (rows, columns))
        found = write.apply("reshape", pieces.einsum(rows + columns), shape=shape)
    return pieces.negative, around(sides.front, found, sides.back)


def _kronecker(pieces: Pieces, rows: Axes, columns: Axes) -> Expr | None:
    """The term as (diag ·) A ⊗ B (· diag), with a commutation matrix where A or B runs from the slow axis of one
    side to the fast one of the other, or as an outer product; None if it does not factor.
    """
    _aside(pieces, *((rows, columns) if 0 in rows else (columns, rows)))
    links = set(pieces.pairs) | pieces.ties
    across = {pair for pair in links if (pair[0] in rows) != (pair[1] in rows)}
    sides = links - across
    if any(pair in pieces.ties for pair in sides):
        return None
    if not across:
        left = _side(pieces, rows)
        return pieces.scale(write.matmul(left, write.transpose(_side(pieces, columns))))
    blocks = _blocks({pair if pair[0] in rows else pair[::-1] for pair in across}, rows, columns)
    if blocks is None:
        return None
    front: list[Expr] = []
    back: list[Expr] = []
    for pair in sides:
        entries = _flattened(pieces.style.product(pieces.pairs[pair]), row=False, columns=pair not in (rows, columns))
        (front if pair[0] in rows else back).append(write.diag(entries))
    out, outermost = (rows, front) if 0 in rows else (columns, back)
    if len(out) == 1:  # one weight on the output stands outside of everything: diag(σ′)(I ⊗ xᵀ)
        weights = pieces.weights.pop(out[0], [])
        for pair in across & pieces.ties:
            weights += pieces.weights.pop(pair[1], [])
        if weights:
            outermost.append(write.diag(pieces.style.product(weights)))
    if blocks.crossed:
        # a square output often has a term and its mirror image, so K goes to its side: (I + K)(I ⊗ X)
        square = pieces.sizes[out[0]] is pieces.sizes[out[1]]
        middle = _with_commutation(pieces, blocks, rows, columns, left=square is (out is rows))
    else:
        middle = [write.kron(_block(pieces, blocks.first), _block(pieces, blocks.second))]
    return pieces.scale(write.matmul(*front, *middle, *back))


def _aside(pieces: Pieces, outs: Axes, ins: Axes) -> None:
    """Beside δ_ij, a matrix M_ik from a row i to a column k stands among the columns, as M_jk."""
    for out, variable in pieces.ties:
        for pair in [pair for pair in pieces.pairs if pair[0] == out and pair[1] in ins]:
            if out in outs and variable in ins:
                powers = pieces.pairs.pop(pair)
                turned = [(e if variable < pair[1] else write.transpose(e), p) for e, p in powers]
                pieces.pairs.setdefault((min(variable, pair[1]), max(variable, pair[1])), []).extend(turned)


def _with_commutation(pieces: Pieces, blocks: Blocks, rows: Axes, columns: Axes, *, left: bool) -> list[Expr]:
    """Factors whose axes cross: K(A ⊗ B) or (B ⊗ A)K."""
    slow, fast = _block(pieces, blocks.first), _block(pieces, blocks.second)
    if left:
        return [commutation(pieces.sizes[rows[0]], pieces.sizes[rows[1]]), write.kron(fast, slow)]
    return [write.kron(slow, fast), commutation(pieces.sizes[columns[1]], pieces.sizes[columns[0]])]


def _side(pieces: Pieces, labels: Axes) -> Expr:
    """The part of a product on these labels alone, flattened, without scalars."""
    if len(labels) == 1:
        return pieces.vector(labels[0], [], 1)
    return _flattened(_without_scalars(pieces, *sorted(labels)), row=False, columns=labels[0] > labels[1])


class Blocks(NamedTuple):
    """Which labels the two Kronecker factors bear, as (row, column): the first those of the slowest row.

    `crossed`: the slowest row goes with the fastest column.
    """

    first: Block
    second: Block
    crossed: bool = False


def _blocks(across: set[Axes], rows: Axes, columns: Axes) -> Blocks | None:
    """How the links from rows to columns fall into two Kronecker factors."""
    if len(across) > 2 or (len(across) == 2 and len({k for pair in across for k in pair}) < 4):
        return None
    if len(rows) == len(columns) == 2:
        (slow_row, fast_row), (slow_column, fast_column) = rows, columns
        for first, second in (
            ((slow_row, slow_column), (fast_row, fast_column)),
            ((slow_row, fast_column), (fast_row, slow_column)),
        ):
            if across <= {first, second}:
                return Blocks(first, second, crossed=first[1] == fast_column)
        return None
    ((row, column),) = across
    if len(rows) == 1:
        slow, fast = columns
        return Blocks((row, slow), (None, fast)) if column == slow else Blocks((None, slow), (row, fast))
    slow, fast = rows
    return Blocks((slow, column), (fast, None)) if row == slow else Blocks((slow, None), (fast, column))


def _block(pieces: Pieces, block: Block) -> Expr:
    """One Kronecker factor: a matrix, a row or a column."""
    row, column = block
    if row is None:
        assert column is not None
        return write.transpose(pieces.vector(column, [], 1))
    if column is None:
        return pieces.vector(row, [], 1)
    return _without_scalars(pieces, row, column)


def _without_scalars(pieces: Pieces, row: int, column: int) -> Expr:
    """The part of a product on two labels, the scalars left for the whole."""
    scalars, coefficient = pieces.scalars, pieces.coefficient
    pieces.scalars, pieces.coefficient = [], 1
    matrix = pieces.matrix(row, column)
    pieces.scalars, pieces.coefficient = scalars, coefficient
    return matrix


def _commuted(terms: list[tuple[bool, Expr]]) -> list[tuple[bool, Expr]]:
    """E + KE = (I + K)E, and E + EK = E(I + K)."""
    for i, (minus, plain) in enumerate(terms):
        for j, (other, turned) in enumerate(terms):
            scalar, factors = _taken_apart(turned)
            for k in {0, len(factors) - 1}:
                rest = [*factors[:k], *factors[k + 1 :]]
                if not rest or not write.is_call(factors[k], "commutation") or (scalar, rest) != _taken_apart(plain):
                    continue
                both = write.total([(False, write.eye(factors[k].shape[0])), (minus != other, factors[k])])
                whole = write.matmul(*rest[:k], both, *rest[k:])
                kept = [term for at, term in enumerate(terms) if at not in (i, j)]
                return _commuted(
                    [*kept[:i], (minus, whole if scalar is None else write.scaled(scalar, whole)), *kept[i:]]
                )
    return terms


def _taken_apart(expr: Expr) -> tuple[Expr | None, list[Expr]]:
    """The scalar in front of a matrix product, and its factors."""
    first, *rest = write.chain(expr)
    match first:
        case Apply(function="*", arguments=(scalar, matrix)) if not scalar.shape:
            return scalar, [matrix, *rest]
    return None, [first, *rest]
