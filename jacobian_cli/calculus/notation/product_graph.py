"""One product of indexed tensors on its way to matrix notation.

The product is a graph: labels are its nodes, matrices its edges, vectors weights on its nodes. Summing over a
label joins what meets there: two matrices to a matrix product (a weight between them is a diag), a matrix and
a vector to a vector. Parallel edges are a Hadamard product, two loose ends an outer product. What no matrix
notation can say is written with einsum.

An example: the matrix Σₖₗ Aᵢₖ vₖ Bₖₗ xₗ yⱼ, of two axes. A *label* is an index: 0 and 1, written i and j, are the
axes of the value; 2 and 3, k and l, are summed over. A is an edge between 0 and 2, B one between 2 and 3; v is a
weight on 2, x on 3, y on 1.

    before                A: 0—2    B: 2—3    v on 2    x on 3    y on 1
    sum over 3            A: 0—2    v * (B@x) on 2      y on 1        an edge and the weight at its far end
    sum over 2            A@(v*(B@x)) on 0              y on 1        the same again

What is summed is gone; 0 and 1 are *loose ends*, and nothing leads from one to the other, so that an outer product
comes out:

>>> from jacobian_cli.calculus.notation.matrix_form import Notation
>>> from jacobian_cli.calculus.index.tensor import Leaf, Product
>>> from jacobian_cli.printers.language import text
>>> from jacobian_cli.shape import Size
>>> n = Size.named("n")
>>> A, B = (Leaf(name, (n, n), (n, n)) for name in "AB")
>>> v, x, y = (Leaf(name, (n,), (n,)) for name in "vxy")
>>> value = Product(1, ((A, (0, 2), 1), (v, (2,), 1), (B, (2, 3), 1), (x, (3,), 1), (y, (1,), 1)), (n, n))
>>> pieces = Notation("ABvxy").pieces(value)
>>> {label: [(text(vector), power) for vector, power in weights] for label, weights in pieces.weights.items()}
{1: [('y', 1)], 0: [('A@(v*(B@x))', 1)]}
>>> text(pieces.tensor())
'A@(v*(B@x))@y.T'

Had B led from 2 to 1 instead, the edges would have joined at 2, with v between them: A@diag(v)@B.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jacobian_cli.calculus.cost import shortest
from jacobian_cli.calculus.index.tensor import Delta, Factor, Rational, Sum, Tensor, Unit, Window
from jacobian_cli.calculus.notation import exponents, write
from jacobian_cli.calculus.notation.batched import Operand
from jacobian_cli.calculus.notation.broadcast import scaled
from jacobian_cli.calculus.notation.edges import Edges, Pair
from jacobian_cli.calculus.notation.order import Powers, Style, merged
from jacobian_cli.calculus.notation.totals import dot, row_sums, whole_sum
from jacobian_cli.expr import Apply, Expr
from jacobian_cli.shape import Shape, Size

Rank = tuple[int, int]


class ProductGraph:
    """A product all of whose sums are carried out: scalars, weights on labels, matrices between labels."""

    def __init__(
        self,
        style: Style,
        written: Mapping[Tensor, Expr],
        shape: Shape,
        factors: Iterable[Factor],
        coefficient: Rational,
    ) -> None:
        self.style = style
        self.written = written
        self.order = len(shape)
        self.scalars: Powers = []
        self.weights: dict[int, Powers] = {}
        self.pairs = Edges()
        self.ties: set[Pair] = set()
        self.others: list[Operand] = []
        self.sizes: dict[int, Size] = dict(enumerate(shape))
        units: dict[int, list[int | Size]] = {}
        windows: list[tuple[Window, Pair]] = []
        self.coefficient = coefficient
        for node, labels, power in factors:
            self.sizes.update(zip(labels, node.shape, strict=True))
            if isinstance(node, Unit) and labels[0] >= self.order:
                units.setdefault(labels[0], []).append(node.index)
            elif isinstance(node, Window) and labels[1] >= self.order and labels[0] != labels[1]:
                windows.append((node, (labels[0], labels[1])))
            elif isinstance(node, Delta):
                self.ties.add((min(labels), max(labels)))
            else:
                self._place(node, labels, power)
        self._cut(units, windows)
        self._pick(units, windows)
        self._tie()
        self._eliminate()
        self._tie()
        for label in range(self.order):
            if not merged(self.weights.get(label, [])):
                self.weights.pop(label, None)

    def _tie(self) -> None:
        """δ_ij M_ij is the diagonal of M, at i."""
        for pair in list(self.ties & set(self.pairs)):
            self._weigh(pair[0], [(write.apply("diag", self._matrix(pair)), 1)])
            del self.pairs[pair]

    def _place(self, node: Tensor, labels: tuple[int, ...], power: Rational) -> None:
        expr = self.written[node]
        match expr:
            case Apply(function="/", arguments=(over, under)) if (
                isinstance(node, Sum) and len(labels) == 2 and over.shape == expr.shape and len(under.shape) < 2
            ):  # a sum over what all its terms had below them: a*(b/c) is a*b/c
                self._place_as(over, labels, power)
                self._place_as(under, labels[1:] if under.shape else (), -power)
            case _:
                self._place_as(expr, labels, power)

    def _place_as(self, expr: Expr, labels: tuple[int, ...], power: Rational) -> None:
        match labels:
            case ():
                self.scalars.append((expr, power))
            case (a,):
                self._weigh(a, [(expr, power)])
            case (a, b) if a == b:
                self._weigh(a, [(write.apply("diag", expr), power)])
            case (a, b):
                self.pairs.setdefault((min(a, b), max(a, b)), []).append(
                    (expr if a < b else write.transpose(expr), power)
                )
            case _:
                self.others.append((exponents.power(expr, power), labels))

    def _weigh(self, label: int, powers: Powers) -> None:
        if powers:
            self.weights.setdefault(label, []).extend(powers)
            self.pairs.changed.add(label)

    def _cut(self, units: dict[int, list[int | Size]], windows: list[tuple[Window, Pair]]) -> None:
        """The same for a tensor of more axes that alone bears the label: it is indexed, or sliced, there."""
        for label, (index, *more) in list(units.items()):
            if not more and self._alone(label, windows) and self._cut_at(label, index, ()):
                del units[label]
        for window, (rows, label) in list(windows):
            here = [other for other in windows if other[1] != (rows, label)]
            cut = window.item
            if label not in units and self._alone(label, here) and self._cut_at(label, cut, (rows,)):
                windows.remove((window, (rows, label)))

    def _alone(self, label: int, windows: list[tuple[Window, Pair]]) -> bool:
        """Whether nothing bears the label but tensors of three and more axes."""
        pairs = (*self.pairs, *(pair for _, pair in windows))
        return label not in self.weights and not any(label in pair for pair in pairs)

    def _cut_at(self, label: int, cut: object, rows: tuple[int, ...]) -> bool:
        """Put `cut` where the label is, if one tensor bears it once."""
        bearing = [other for other in self.others if label in other[1]]
        if len(bearing) != 1 or bearing[0][1].count(label) > 1:
            return False
        ((expr, labels),) = bearing
        axis = labels.index(label)
        left = (*labels[:axis], *rows, *labels[axis + 1 :])
        if len(set(left)) < len(left):
            return False
        self.others.remove(bearing[0])
        expr = write.apply("[]", expr, index=(*[(None, None)] * axis, cut))
        if len(left) == 2:
            self._place_expr(expr, (left[0], left[1]))
        else:
            self.others.append((expr, left))
        return True

    def _pick(self, units: Mapping[int, list[int | Size]], windows: list[tuple[Window, Pair]]) -> None:
        """A label summed against a row of the identity is an index; against several rows, a slice."""
        for label, (index, *more) in units.items():
            if more or any(label in pair for _, pair in windows) or self._beyond(label):
                for one in (index, *more):
                    self._weigh(label, [(write.apply("[]", write.eye(self.sizes[label]), index=(one,)), 1)])
                continue
            self.scalars += [(write.apply("[]", e, index=(index,)), p) for e, p in self.weights.pop(label, [])]
            for pair in self.pairs.at(label):
                other = pair[1] if pair[0] == label else pair[0]
                self._weigh(other, [(write.entry(e, pair.index(label), index), p) for e, p in self.pairs.pop(pair)])
        for window, (rows, label) in windows:
            cut = window.item
            meeting = self.pairs.at(label)
            used = sum(label in pair for _, pair in windows) > 1 or label in units
            if used or self._beyond(label) or any(rows in pair for pair in meeting):
                whole = self.written[window]
                self._place_expr(whole, (rows, label))
                continue
            self._weigh(rows, [(write.apply("[]", e, index=(cut,)), p) for e, p in self.weights.pop(label, [])])
            if rows >= self.order and self._degree(rows) is None and not meeting:
                self._weigh(rows, [(write.ones(self.sizes[rows]), 1)])  # Σ over rows of ones is their number
            for pair in meeting:
                other = pair[1] if pair[0] == label else pair[0]
                for e, p in self.pairs.pop(pair):
                    sliced = write.entry(e, pair.index(label), cut)
                    turned = sliced if (pair[0] == label) == (rows < other) else write.transpose(sliced)
                    self.pairs.setdefault((min(rows, other), max(rows, other)), []).append((turned, p))

    def _place_expr(self, expr: Expr, labels: Pair) -> None:
        a, b = labels
        self.pairs.setdefault((min(a, b), max(a, b)), []).append((expr if a < b else write.transpose(expr), 1))

    def _beyond(self, label: int) -> bool:
        return any(label in labels for _, labels in self.others)

    # summing over labels

    def _eliminate(self) -> None:
        bound = {k for k in self.sizes if k >= self.order and self._degree(k) is not None}
        ranks: dict[int, tuple[Rank, int]] = {}
        self.pairs.changed.update(bound)
        while bound:
            self._drop_cancelled()
            label = self._next(bound, ranks)
            if label is None:
                return
            bound.discard(label)
            self._sum_over(label, bound)

    def _drop_cancelled(self) -> None:
        """A ⊙ B / A / B connects nothing; its labels stay, so that a sum over one of them counts its size."""
        for pair, powers in list(self.pairs.items()):
            if len(powers) != 1 and not merged(powers):
                del self.pairs[pair]
                for label in pair:
                    self._weigh(label, [])

    def _degree(self, label: int) -> int | None:
        """How many matrices meet at a label; None if the label is not there any more."""
        meeting = self.pairs.degree(label)
        return meeting if meeting or label in self.weights or self._beyond(label) else None

    def _next(self, bound: set[int], ranks: dict[int, tuple[Rank, int]]) -> int | None:
        """Vectors first: they are cheap to carry through a product. Then paths. `ranks` are those of the labels at
        which, or beside which, nothing has changed since.
        """
        changed = self.pairs.changed
        beside = {end for label in changed for pair in self.pairs.at(label) for end in pair}
        for label in changed | beside:
            rank = self._rank(label, bound) if label in bound else None
            if rank is None:
                ranks.pop(label, None)
            else:
                ranks[label] = rank, -label
        changed.clear()
        if not ranks:
            return None
        label = -min(ranks.values())[1]
        del ranks[label]
        return label

    def _rank(self, label: int, bound: set[int]) -> Rank | None:
        degree = self._degree(label)
        if degree is None or degree > 2 or self._beyond(label):
            return None
        if degree == 0:
            return 1, 0
        if degree == 2:
            return 5, 0
        if self._closed_pair(label, bound):
            return 0, 0
        return 2 + (label not in self.weights), int(self._turned(label))

    def _closed_pair(self, label: int, bound: set[int]) -> Pair | None:
        """Two summed labels that meet only each other, without weights: a trace or a sum of all entries."""
        meeting = self.pairs.at(label)
        if len(meeting) != 1:
            return None
        (pair,) = meeting
        other = pair[0] if pair[1] == label else pair[1]
        lonely = other in bound and self._degree(other) == 1 and not self._beyond(other)
        return pair if lonely and not self.weights.get(label) and not self.weights.get(other) else None

    def _turned(self, label: int) -> bool:
        """Whether summing over the label would need a transpose."""
        (pair,) = self.pairs.at(label)
        expr = self._matrix(pair)
        return write.is_call(expr, ".T") != (pair[0] == label)

    def _matrix(self, pair: Pair) -> Expr:
        """The Hadamard product between two labels, rows first; of transposes, the transpose of one."""
        powers = merged(self.pairs[pair])
        if not powers:  # its factors cancelled
            return write.ones(*(self.sizes[k] for k in pair))
        plain, turned = self.style.product(powers), self.style.product([(write.transpose(e), p) for e, p in powers])
        return shortest([plain, write.apply(".T", turned)])

    def _sum_over(self, label: int, bound: set[int]) -> None:
        closed = self._closed_pair(label, bound)
        if closed is not None:
            bound.discard(closed[0])
            bound.discard(closed[1])
            powers = merged(self.pairs.pop(closed))
            self.scalars += [(whole_sum(self.style, powers), 1)] if powers else self._counted(closed)
            return
        weights = merged(self.weights.pop(label, []))
        meeting = self.pairs.at(label)
        ends = [pair[0] if pair[1] == label else pair[1] for pair in meeting]
        matrices = [self._oriented(pair, first=end) for pair, end in zip(meeting, ends, strict=True)]
        for pair in meeting:
            del self.pairs[pair]
        if not meeting:
            self.scalars += [(dot(self.style, weights), 1)] if weights else self._counted((label,))
        elif len(meeting) == 1:
            (matrix,), (end,) = matrices, ends
            if weights:
                self._weigh(end, [(self._carried(matrix, weights), 1)])
            else:
                self._weigh(end, [(row_sums(matrix), 1)])
        else:
            (a, b), (left, right) = ends, matrices
            if a > b:
                a, b, left, right = b, a, right, left
            self.pairs.setdefault((a, b), []).append((self._through(left, weights, write.transpose(right)), 1))

    def _carried(self, matrix: Expr, weights: Powers) -> Expr:
        """A product of a matrix and weights on its columns, or their sums along its rows."""
        product = write.matmul(matrix, self.style.product(weights))
        if self.style.diagonals or not isinstance(matrix, Apply):
            return product
        return shortest([row_sums(scaled(self.style, [(matrix, 1)], [], weights, [], 1)), product])

    def _through(self, left: Expr, weights: Powers, right: Expr) -> Expr:
        """A product of two matrices with weights where they meet."""
        if not weights:
            return write.matmul(left, right)
        if self.style.diagonals:
            return write.matmul(left, write.diag(self.style.product(weights)), right)
        *before, last = write.chain(left)
        first, *after = write.chain(right)
        return shortest(
            [
                write.matmul(*before, scaled(self.style, [(last, 1)], [], weights, [], 1), right),
                write.matmul(left, scaled(self.style, [(first, 1)], weights, [], [], 1), *after),
            ]
        )

    def _oriented(self, pair: Pair, first: int) -> Expr:
        matrix = self._matrix(pair)
        return matrix if pair[0] == first else write.transpose(matrix)

    def _counted(self, labels: Iterable[int]) -> Powers:
        """A sum of ones, over labels on which all factors cancelled, is their number."""
        return [(write.extent(self.sizes[label]), 1) for label in labels]
