"""Matrix products in NumPy, by the shapes of their factors, and in the order that costs least.

A row vector is known in two ways: as the array of shape (1, n) that it is, and as the one-dimensional array that
NumPy multiplies more easily. A diagonal matrix is known by its diagonal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from jacobian_cli.evaluate.pairwise import plan
from jacobian_cli.expr import Apply, Expr, walk
from jacobian_cli.printers.numpy.blocks import Blocks
from jacobian_cli.printers.precedence import PYTHON, Level, Piece, negative
from jacobian_cli.shape import ONE, Shape, Size

_NOMINAL = 1000
"""What an unknown size is taken for when costs are compared."""
_LONGEST = 24
"""Products of more factors are computed as they were written."""

Order = dict[tuple[int, int], tuple[int, int]]


class Role(Enum):
    """What NumPy sees in an operand of a product."""

    SCALAR = "a number"
    COLUMN = "a vector"
    ROW = "a row vector"
    DIAGONAL = "a diagonal matrix"
    MATRIX = "any other matrix"


@dataclass(frozen=True, slots=True)
class Inverse:
    """A number times the inverse of a matrix."""

    of: Piece
    factor: Piece | None = None
    minus: bool = False
    by_factor: Callable[[Piece, Piece, bool], Piece] | None = None
    """Where `of` is a Cholesky factor, so that it is symmetric: the solution for a right side, a vector or not."""

    def turned(self) -> Inverse:
        """Its transpose."""
        return self if self.by_factor else replace(self, of=transposed(self.of))

    def times(self, factor: Piece) -> Inverse:
        """With one more factor."""
        return replace(self, factor=factor if self.factor is None else PYTHON["*"].join(factor, self.factor))

    def solved(self, right: Piece, np: str, *, turned: bool = False, vector: bool = False) -> Piece:
        """What it gives with a right side; `turned`, the transpose of that."""
        by_factor = self.by_factor
        found = by_factor(self.of, right, vector) if by_factor else call(f"{np}.linalg.solve", self.of, right)
        found = transposed(found) if turned else found
        found = found if self.factor is None else PYTHON["*"].join(self.factor, found)
        return negative(found) if self.minus else found


@dataclass(frozen=True, slots=True)
class Source:
    """Source code of a value."""

    piece: Piece
    shape: Shape
    vector: Piece | None = None
    """The same value with one axis: of a row its entries, of a diagonal matrix the diagonal."""
    diagonal: bool = False
    condition: Piece | None = None
    """A comparison before it is made a number."""
    plain: bool = False
    """Whether it is a number of Python, which not every library takes for an array."""
    blocks: Blocks | None = None
    """The blocks of a Kronecker product with a diagonal matrix."""
    inverse: Inverse | None = None
    """The matrix whose inverse it is, up to a factor: what it multiplies is solved for instead."""

    @property
    def role(self) -> Role:
        match self.shape:
            case ():
                return Role.SCALAR
            case (_,):
                return Role.COLUMN
            case (first, _) if first is ONE:
                return Role.ROW
        return Role.DIAGONAL if self.diagonal else Role.MATRIX

    @property
    def structured(self) -> bool:
        """Whether more is known of it than its entries."""
        return self.diagonal or self.blocks is not None or self.inverse is not None

    @property
    def line(self) -> Piece:
        """The value of a row or a column, or the diagonal, as a one-dimensional array."""
        if self.role in (Role.SCALAR, Role.COLUMN):
            return self.piece
        return self.vector or subscript(self.piece, "0")


def subscript(piece: Piece, index: str) -> Piece:
    """`piece[index]`."""
    return Piece(f"{piece.at(Level.POSTFIX)}[{index}]")


def transposed(piece: Piece) -> Piece:
    """`piece.T`, or what it is the transpose of."""
    text = piece.at(Level.POSTFIX)
    return Piece(text[:-2]) if text.endswith(".T") else Piece(f"{text}.T")


def call(function: str, *pieces: Piece | str) -> Piece:
    """`function(pieces)`."""
    return Piece(f"{function}({', '.join(p if isinstance(p, str) else p.text for p in pieces)})")


def row_of(vector: Piece, shape: Shape) -> Source:
    """A row vector, from its entries."""
    return Source(subscript(vector, "None, :"), shape, vector)


def diagonal_of(vector: Piece, shape: Shape, np: str) -> Source:
    """A diagonal matrix, from its diagonal."""
    return Source(call(f"{np}.diag", vector), shape, vector, diagonal=True)


def blocks_of(blocks: Blocks, shape: Shape) -> Source:
    """A matrix, from its blocks."""
    return Source(blocks.written(), shape, blocks=blocks)


def multiply(a: Source, b: Source, np: str) -> Source:
    """The product of two factors whose sizes fit; of two vectors, the dot product.

    >>> from jacobian_cli.shape import Size
    >>> n = Size.named("n")
    >>> x, d = Source(Piece("x"), (n,)), diagonal_of(Piece("d"), (n, n), "np")
    >>> [multiply(*pair, "np").piece.text for pair in ((x, x), (x, row_of(Piece("y"), (ONE, n))), (d, x))]
    ['x@x', 'np.outer(x, y)', 'd*x']
    """
    matmul, times = PYTHON["@"].join, PYTHON["*"].join
    roles = (a.role, b.role)
    if Role.SCALAR in roles:
        other = b if a.role is Role.SCALAR else a
        vector = None if other.vector is None else times(a.line, b.line)
        if other.role is Role.DIAGONAL:
            return diagonal_of(times(a.line, b.line), other.shape, np)
        if other.inverse:
            factor = (a if b is other else b).piece
            return Source(times(a.piece, b.piece), other.shape, inverse=other.inverse.times(factor))
        if other.blocks:
            return blocks_of(other.blocks.scaled((a if b is other else b).piece), other.shape)
        return Source(times(a.piece, b.piece), other.shape, vector)
    if roles == (Role.COLUMN, Role.ROW):
        return Source(call(f"{np}.outer", a.piece, b.line), (*a.shape, b.shape[1]))
    shape = (*a.shape[:-1], *b.shape[1:])
    match roles:
        case (Role.MATRIX, Role.COLUMN | Role.MATRIX) if a.inverse:
            return Source(a.inverse.solved(b.piece, np, vector=b.role is Role.COLUMN), shape)
        case (Role.ROW, Role.MATRIX) if b.inverse:
            return row_of(b.inverse.turned().solved(a.line, np, vector=True), shape)
        case (Role.MATRIX, Role.MATRIX) if b.inverse:
            return Source(b.inverse.turned().solved(transposed(a.piece), np, turned=True), shape)
        case (Role.ROW | Role.COLUMN, Role.COLUMN):
            return Source(matmul(a.line, b.piece), ())
        case (Role.DIAGONAL, Role.DIAGONAL):
            return diagonal_of(times(a.line, b.line), shape, np)
        case (Role.DIAGONAL, Role.COLUMN):
            return Source(times(a.line, b.piece), shape)
        case (Role.DIAGONAL, _) if b.blocks:
            return blocks_of(b.blocks.rows_scaled(a.line), shape)
        case (_, Role.DIAGONAL) if a.blocks:
            return blocks_of(a.blocks.columns_scaled(b.line), shape)
        case (Role.DIAGONAL, _):
            return Source(times(subscript(a.line, ":, None"), b.piece), shape)
        case (Role.ROW, Role.DIAGONAL):
            return row_of(times(a.line, b.line), shape)
        case (_, Role.DIAGONAL):
            return Source(times(a.piece, b.line), shape)
    return row_of(matmul(a.line, b.piece), shape) if a.role is Role.ROW else Source(matmul(a.piece, b.piece), shape)


def factors(node: Apply) -> list[Expr]:
    """The factors of a matrix product, left to right. The first vector of a dot product is one factor."""
    found: list[Expr] = []
    stack: list[Expr] = [node]
    while stack:
        part = stack.pop()
        if part is node and _dots(node):
            found.append(node.arguments[0])
            stack.append(node.arguments[1])
        elif _is_product(part):
            stack.extend(reversed(part.children))
        else:
            found.append(part)
    return found


def _is_product(node: Expr) -> bool:
    return isinstance(node, Apply) and node.function == "@" and not _dots(node)


def _dots(node: Expr) -> bool:
    return all(len(a.shape) == 1 for a in node.children)


def product(node: Apply, made: Mapping[Expr, Source], np: str) -> Source:
    """A matrix product, in the order written unless another order costs less."""
    first = node.arguments[0] if _dots(node) else None

    def inner(part: Expr) -> bool:
        return part is node or (_is_product(part) and part is not first)

    found: dict[Expr, Source] = {}
    cost = 0
    for part in walk([node], inner):
        if inner(part):
            left, right = (found[child] for child in part.children)
            found[part] = _batched(left, right, part.shape) or multiply(left, right, np)
            cost += _cost(Extents.of(left), Extents.of(right))
        else:
            found[part] = made[part]
    chain = [made[factor] for factor in factors(node)]
    if first is not None:
        chain[0] = row_of(chain[0].piece, (ONE, *chain[0].shape))
    if 3 <= len(chain) <= _LONGEST and all(len(source.shape) <= 2 for source in chain):
        order = _cheapest(chain)
        if order[0, len(chain) - 1][0] < cost:
            return _ordered(chain, order, 0, len(chain) - 1, np)
    return found[node]


def _batched(a: Source, b: Source, shape: Shape) -> Source | None:
    """The product of factors of which one has axes in front of its matrices: NumPy's own."""
    if len(a.shape) <= 2 and len(b.shape) <= 2:
        return None
    return Source(PYTHON["@"].join(a.piece, b.piece), shape)


def nominal(size: Size) -> int:
    """The number that a size is taken for."""
    return size.at(dict.fromkeys(size.names(), _NOMINAL))


@dataclass(frozen=True, slots=True)
class Extents:
    """The numbers of rows and columns that a factor is taken to have."""

    rows: int
    columns: int
    diagonal: bool

    @staticmethod
    def of(source: Source) -> Extents:
        """The extents of a factor."""
        shape = source.shape if len(source.shape) == 2 else (*source.shape, ONE, ONE)[:2]
        rows, columns = map(nominal, shape)
        return Extents(rows, columns, source.role is Role.DIAGONAL)


def _cost(a: Extents, b: Extents) -> int:
    """The multiplications that a product takes."""
    return a.rows * b.columns * (1 if a.diagonal or b.diagonal else a.columns)


def _cheapest(chain: Sequence[Source]) -> Order:
    """For each run of factors, what it costs and where it is split, by dynamic programming."""
    sizes = [Extents.of(source) for source in chain]
    best: Order = {(i, i): (0, i) for i in range(len(chain))}
    for length in range(1, len(chain)):
        for i in range(len(chain) - length):
            j = i + length
            choices = []
            for k in range(i, j):
                left, right = _run(sizes[i : k + 1]), _run(sizes[k + 1 : j + 1])
                choices.append((best[i, k][0] + best[k + 1, j][0] + _cost(left, right), -k))
            cost, k = min(choices)
            best[i, j] = (cost, -k)
    return best


def _run(sizes: Sequence[Extents]) -> Extents:
    return Extents(sizes[0].rows, sizes[-1].columns, all(size.diagonal for size in sizes))


def _ordered(chain: Sequence[Source], order: Order, i: int, j: int, np: str) -> Source:
    if i == j:
        return chain[i]
    k = order[i, j][1]
    return multiply(_ordered(chain, order, i, k, np), _ordered(chain, order, k + 1, j, np), np)


def pair_by_pair(np: str, node: Apply, operands: list[Source], *summing: str) -> Source:
    """An einsum, of more than two factors in steps: in one go every letter is a loop inside all others. `summing` are
    the options of a step that sums over what its two factors share.
    """
    subscripts, at_hand = dict(node.parameters)["subscripts"], [o.piece for o in operands]
    if len(operands) < 3:
        return Source(call(f"{np}.einsum", f'"{subscripts}"', *at_hand), node.shape)
    for step in plan(subscripts, tuple(tuple(map(nominal, o.shape)) for o in operands)):
        inputs, output = step.subscripts.split("->")
        options = summing if "," in inputs and set(inputs) - set(output) - {","} else ()
        made = call(f"{np}.einsum", f'"{step.subscripts}"', *(at_hand[k] for k in step.places), *options)
        at_hand = [piece for k, piece in enumerate(at_hand) if k not in step.places] + [made]
    return Source(at_hand[0], node.shape)


_MATH = {
    name: name for name in "exp log log1p expm1 sqrt sin cos tan sinh cosh tanh log2 log10 erf erfc lgamma".split()
}
_MATH |= {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "abs": "fabs"}


def of_numbers(math: str, node: Apply, operands: list[Source]) -> Source | None:
    """What Python itself knows of plain numbers: it stays one, which takes any precision."""
    if not operands or not all(o.plain for o in operands) or node.function not in _MATH:
        return None
    return Source(call(f"{math}.{_MATH[node.function]}", *(o.piece for o in operands)), (), plain=True)
