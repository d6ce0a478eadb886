"""What is left of a product when nothing is summed any more, written: loose ends as vectors, edges as matrices."""

from __future__ import annotations

from collections.abc import Iterable

from jacobian_cli.calculus.cost import shortest
from jacobian_cli.calculus.index.tensor import Rational
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.batched import Operand, detours, joined, reduced
from jacobian_cli.calculus.notation.broadcast import scaled
from jacobian_cli.calculus.notation.edges import Pair
from jacobian_cli.calculus.notation.order import Powers, merged
from jacobian_cli.calculus.notation.product_graph import ProductGraph
from jacobian_cli.calculus.notation.subscripts import summed
from jacobian_cli.expr import Expr


class Pieces(ProductGraph):
    """One product in pieces, put together in matrix notation."""

    @property
    def negative(self) -> bool:
        return self.coefficient < 0

    def sign(self, expr: Expr) -> Expr:
        return write.negate(expr) if self.negative else expr

    def loose(self) -> Expr:
        """The value up to broadcasting, without its sign."""
        if self.others or self.ties or self.pairs or self.order > 2:
            return self.tensor()
        if not self.weights:
            return self.style.product(self.scalars, self.coefficient)
        if self.order == 2 and set(self.weights) == {1}:
            return write.lying(self.style.product(self.scalars + self.weights[1], self.coefficient))
        if self.order == 2 and set(self.weights) == {0}:
            return write.upright(self.vector(0, self.scalars, self.coefficient))
        return self.tensor()

    def tensor(self) -> Expr:
        """The value in its own shape, without its sign."""
        if self.order > 2 or not self.plain:
            return self.einsum(range(self.order))
        if self.order == 2:
            return self.matrix(0, 1)
        if self.order == 1:
            return self.vector(0, self.scalars, self.coefficient)
        return self.style.product(self.scalars, self.coefficient)

    @property
    def plain(self) -> bool:
        """Whether nothing is left that needs index notation."""
        return not self.others and all(k < self.order for pair in self.pairs for k in pair)

    def vector(self, label: int, scalars: Powers, coefficient: Rational) -> Expr:
        weights = self.weights.get(label, [])
        found = self.style.product(scalars + weights, coefficient)
        if found.shape:
            return found
        if weights:  # they cancelled, against the scalars perhaps
            return write.scaled(found, write.ones(self.sizes[label]))
        return self.style.product([*scalars, (write.ones(self.sizes[label]), 1)], coefficient)

    def matrix(self, rows: int, columns: int) -> Expr:
        """The part on two labels, with all scalars."""
        pair = (min(rows, columns), max(rows, columns))
        if pair in self.ties:
            both = self.weights.get(rows, []) + self.weights.get(columns, [])
            entries = self.style.product(self.scalars + both, self.coefficient)
            return write.diag(entries) if entries.shape else self.scale(write.eye(self.sizes[rows]))
        if pair not in self.pairs:
            return self.scale(write.outer(self.vector(rows, [], 1), self.vector(columns, [], 1)))
        if not self.style.diagonals and (self.weights.get(rows) or self.weights.get(columns)):
            return self._scaled(pair, rows, columns)
        middle = self._oriented(pair, first=rows)
        before, after = (self.style.product(self.weights.get(label, [])) for label in (rows, columns))
        if before.shape:
            front = self.style.product(self.scalars + self.weights[rows], self.coefficient)
            middle = write.matmul(write.diag(front), middle)
        if after.shape:
            middle = write.matmul(middle, write.diag(after))
        return middle if before.shape else self.scale(middle)

    def _scaled(self, pair: Pair, rows: int, columns: int) -> Expr:
        """The same with the weights along the rows and columns of the matrix."""
        powers = merged(self.pairs[pair])
        if pair[0] != rows:
            powers = [(write.transpose(e), p) for e, p in powers]
        if not powers:
            powers = [(write.ones(self.sizes[rows], self.sizes[columns]), 1)]
        before, after = (merged(self.weights.get(label, [])) for label in (rows, columns))
        return scaled(self.style, powers, before, after, self.scalars, self.coefficient)

    def scale(self, expr: Expr) -> Expr:
        """The scalars and the number in front."""
        return self.style.product([*self.scalars, (expr, 1)], self.coefficient)

    def einsum(self, output: Iterable[int]) -> Expr:
        """The part that no matrix notation can say, in the order of axes asked for."""
        output = tuple(output)
        whole = self._operands()
        operands = reduced(whole, output)
        found = joined(operands, output, self._scaled_product, self.sizes)
        if found is not None and not (self.style.letters and len(whole) > 1 and detours(found, whole)):
            return found
        ways = [whole] if operands == whole or found is not None else [operands, whole]
        return self.scale(shortest(summed(way, output, self.sizes, self.style.letters) for way in ways))

    def _scaled_product(self, powers: Powers) -> Expr:
        """A product of powers with all scalars."""
        return self.style.product([*self.scalars, *powers], self.coefficient)

    def _operands(self) -> list[Operand]:
        """What is left of the product, with the labels of each part."""
        operands = [*self.others]
        operands += [(self._matrix(pair), pair) for pair in self.pairs]
        for label, weights in sorted(self.weights.items()):
            vector = self.style.product(weights)
            if vector.shape:
                operands.append((vector, (label,)))
            else:  # its factors cancelled
                alone = label >= self.order and not any(label in labels for _, labels in operands)
                self.scalars.append((write.extent(self.sizes[label]) if alone else vector, 1))
        operands += [(write.eye(self.sizes[a]), (a, b)) for a, b in sorted(self.ties)]
        return sorted(operands, key=lambda operand: operand[1])
