"""Index form back to matrix notation.

A product is a graph: labels are its nodes, matrices its edges, vectors weights on its nodes. Summing over a
label joins what meets there: two matrices to a matrix product (a weight between them is a diag), a matrix and
a vector to a vector. Parallel edges are a Hadamard product, two loose ends an outer product. What no matrix
notation can say is written with einsum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from jacobian_cli.calculus import algebra
from jacobian_cli.calculus import notation as write
from jacobian_cli.calculus.tensor import (
    Alias,
    Apply,
    Constant,
    Delta,
    Extent,
    Factor,
    Leaf,
    Product,
    Rational,
    Reshape,
    Sum,
    Tensor,
    Unit,
    Window,
    walk,
)
from jacobian_cli.expr import Constant as ConstantExpr
from jacobian_cli.expr import Defined, Expr, Number, Variable
from jacobian_cli.expr import walk as walk_expr
from jacobian_cli.ops import Kind, row
from jacobian_cli.shape import Size

Powers = list[tuple[Expr, Rational]]
Pair = tuple[int, int]
LETTERS = "ijklmnopqrstuvwxyzabcdefghIJKLMNOPQRSTUVWXYZ"


class Notation:
    """Writes tensors in matrix notation.

    `order` ranks variables: what the user wrote first comes first. `given` holds the user's own spelling of
    the tensors of the formula, which is kept wherever one of them survives.
    """

    def __init__(self, order: Sequence[str] = (), given: Mapping[Tensor, Expr] | None = None) -> None:
        self.ranks = {name: k for k, name in enumerate(order)}
        self.given = {t: write.proper(e) for t, e in (given or {}).items() if isinstance(t, Apply | Product | Sum)}
        self.written: dict[Tensor, Expr] = dict(self.given)
        self._keys: dict[Expr, tuple[int, int]] = {}

    def express(self, tensor: Tensor) -> Expr:
        """The tensor in the language, in its own shape."""
        for node in walk([tensor]):
            if node not in self.written:
                self.written[node] = self._express(node)
        return self.written[tensor]

    def _express(self, node: Tensor) -> Expr:
        match node:
            case Leaf(name=name, typed=typed):
                return write.proper(Variable(name, typed))
            case Alias(name=name, source=source):
                return write.proper(Defined(name, source))
            case Constant(name=name):
                return ConstantExpr(name)
            case Extent(size=size):
                return write.extent(size)
            case Delta(size=size):
                return write.eye(size)
            case Unit(size=size, index=index):
                return write.apply("[]", write.eye(size), index=(index,))
            case Window(size=size, start=start, stop=stop):
                return write.apply("[]", write.eye(size), index=(bounds(start, stop, size),))
            case Apply():
                return self._function(node)
            case Reshape(body=body, loop=loop, shape=shape):
                del loop
                return write.apply("reshape", self.written[body], shape=shape)
            case Product():
                pieces = Pieces(self, node)
                return pieces.sign(pieces.tensor())
            case Sum():
                return self._sum(node)
        raise AssertionError(node)

    def _function(self, node: Apply) -> Expr:
        entry = row(node.function)
        if entry.kind is Kind.ELEMENTWISE:
            arguments = [self.loose(a) for a in node.arguments]
            if not any(len(a.shape) == len(node.shape) for a in arguments):
                arguments[0] = self.written[node.arguments[0]]
            return write.apply(node.function, *arguments)
        (argument,) = node.arguments
        order = len(argument.shape)
        options = {"axis": tuple(range(node.loop, order))} if node.loop else {}
        return write.apply(node.function, self.written[argument], **options)

    def loose(self, tensor: Tensor) -> Expr:
        """As `express`, but what broadcasting will repeat need not be written out."""
        if isinstance(tensor, Product):
            pieces = Pieces(self, tensor)
            return pieces.sign(pieces.loose())
        return write.number(0) if isinstance(tensor, Sum) and not tensor.terms else self.written[tensor]

    def _sum(self, node: Sum) -> Expr:
        if not node.terms:
            return write.zeros(node.shape)
        common = _common([c for c, _ in node.terms])
        terms = [(c / common if common != 1 else c, t) for c, t in node.terms]
        parts = self._parts(terms, len(node.shape))
        if common != 1:
            minus, expr = self.signed(common, write.total(write.factored(self.arranged(parts))))
            return write.negate(expr) if minus else expr
        return write.total(write.factored(self.arranged(parts)))

    def _parts(self, terms: Sequence[tuple[Rational, Tensor]], order: int) -> list[tuple[bool, Expr]]:
        """The terms of a sum with their signs; those that lie on the diagonal become one."""
        tied = [(c, t) for c, t in terms if order == 2 and _on_diagonal(t)]
        parts: list[tuple[bool, Expr]] = []
        if len(tied) > 1:
            terms = [ct for ct in terms if ct not in tied]
            shape = tied[0][1].shape[:1]
            diagonal = self.express(algebra.add(shape, [(c, _diagonal(t)) for c, t in tied]))
            minus = write.is_call(diagonal, "u-")
            parts.append((minus, write.diag(write.negate(diagonal) if minus else diagonal)))
        for c, t in terms:
            if isinstance(t, Product) and t not in self.given:
                pieces = Pieces(self, Product(c * t.coefficient, t.factors, t.shape))
                parts.append((pieces.negative, pieces.loose()))
            else:
                parts.append(self.signed(c, self.written[t]))
        if not any(len(e.shape) == order for _, e in parts) and terms:
            c, t = terms[0]
            parts[-len(terms)] = self.signed(c, self.written[t])
        return parts

    def signed(self, coefficient: Rational, expr: Expr) -> tuple[bool, Expr]:
        """coefficient·expr as a sign and what follows it."""
        numerator, denominator = write.coefficient_parts(abs(coefficient))
        return coefficient < 0, write.divide(write.scaled(numerator, expr), denominator)

    def arranged(self, terms: Iterable[tuple[bool, Expr]]) -> list[tuple[bool, Expr]]:
        """Terms in the order in which people write them: constants, then as in the formula, then what is subtracted."""

        def key(term: tuple[bool, Expr]) -> tuple[object, ...]:
            minus, expr = term
            constant = isinstance(expr, Number) or write.is_call(expr, "eye")
            return (minus, not constant, self.key(expr))

        return sorted(terms, key=key)

    def key(self, expr: Expr) -> tuple[int, int]:
        """What comes first: variables met first, then short things."""
        found = self._keys.get(expr)
        if found is None:
            names, size = [], 0
            for node in walk_expr([expr], lambda n: not isinstance(n, Defined)):
                size += 1
                if isinstance(node, Variable | Defined):
                    names.append(self.ranks.get(node.name, len(self.ranks)))
            found = self._keys[expr] = (min(names, default=-1), size)
        return found

    def product(self, powers: Powers, coefficient: Rational = 1) -> Expr:
        """|coefficient| times powers of scalars and of values of one shape, as one quotient."""
        scalars = merged(p for p in powers if not p[0].shape)
        vectors = merged(p for p in powers if p[0].shape)
        top, bottom = write.coefficient_parts(abs(coefficient))
        above = self.factors(scalars, +1, top)
        below = self.factors(scalars, -1, bottom)
        numerators = self.sorted(e for e in _raised(vectors, +1))
        denominators = self.sorted(e for e in _raised(vectors, -1))
        if numerators:
            result = write.scaled(above, numerators[0])
            for factor in numerators[1:]:
                result = write.multiply(result, factor)
        else:
            result = above
        for factor in denominators:
            result = write.divide(result, factor)
        return write.divide(result, below)

    def factors(self, powers: Powers, sign: int, first: Expr) -> Expr:
        """The numerator (sign +1) or denominator (−1) of a product of scalars; square roots share one root."""
        half = [base for base, p in powers if p == Fraction(sign, 2)]
        whole = [(base, p) for base, p in powers if abs(p) != Fraction(1, 2)]
        result = first
        for expr in self.sorted(_raised(whole, sign)):
            result = write.multiply(result, expr)
        if half:
            over = [base for base, p in powers if p == -Fraction(sign, 2)]
            if sign > 0 and over:  # √a/√b is written √(a/b)
                under = self.factors([(b, 1) for b in over], 1, write.number(1))
                inside = write.divide(self.factors([(b, 1) for b in half], 1, write.number(1)), under)
            elif over:
                return result
            else:
                inside = self.factors([(b, 1) for b in half], 1, write.number(1))
            result = write.multiply(result, write.apply("sqrt", inside))
        return result

    def sorted(self, exprs: Iterable[Expr]) -> list[Expr]:
        return sorted(exprs, key=lambda e: (self.key(e)[1] > 1, self.key(e)))


def _common(coefficients: Sequence[Rational]) -> Rational:
    """What is written once in front of a sum: a number that all terms share up to sign."""
    first = abs(coefficients[0])
    if len(coefficients) < 2 or any(abs(c) != first for c in coefficients):
        return -1 if len(coefficients) > 1 and all(c < 0 for c in coefficients) else 1
    return -first if all(c < 0 for c in coefficients) else first


def _reversible(node: Tensor) -> bool:
    """Whether −(y − ŷ) is better written ŷ − y; 1 − h stays as it is."""
    if not isinstance(node, Sum) or len(node.terms) < 2:
        return False
    constant = any(isinstance(t, Delta) or isinstance(t, Product) and not t.factors for _, t in node.terms)
    return not constant and any(c < 0 for c, _ in node.terms)


def _unnatural(node: Sum) -> bool:
    """A sum that begins with minus one and has only positive terms besides: h − 1."""
    signs = {c > 0 for c, t in node.terms if t.children or not isinstance(t, Product)}
    constants = [c for c, t in node.terms if isinstance(t, Product) and not t.factors]
    return signs == {True} and bool(constants) and constants[0] < 0 or (signs == {False} and not constants)


def _on_diagonal(term: Tensor) -> bool:
    if isinstance(term, Product):
        return any(isinstance(node, Delta) for node, _, _ in term.factors)
    return isinstance(term, Delta)


def _diagonal(term: Tensor) -> Tensor:
    """What a term with δ_ij has on the diagonal: every j read as i."""
    if not isinstance(term, Product):
        return algebra.ones(term.shape[:1])
    rest: list[Factor] = []
    for node, labels, power in term.factors:
        if not isinstance(node, Delta):
            rest.append((node, tuple(0 if k < 2 else k - 1 for k in labels), power))
    return algebra.product(term.shape[:1], rest, term.coefficient)


def bounds(start: Size, stop: Size, size: Size) -> tuple[Size | None, Size | None]:
    return (start if start.terms else None, None if stop is size else stop)


def merged(powers: Iterable[tuple[Expr, Rational]]) -> Powers:
    """a·a = a²."""
    total: dict[Expr, Rational] = {}
    for base, power in powers:
        total[base] = total.get(base, 0) + power
    return [(base, power) for base, power in total.items() if power]


def _raised(powers: Powers, sign: int) -> list[Expr]:
    return [write.power(base, p * sign) for base, p in powers if p * sign > 0]


def turned_sums(notation: Notation, product: Product) -> tuple[Rational, list[Factor]]:
    """The number and the factors of a product, each sum with the sign in which people write it: `1 - h`, as the
    user did, or `ŷ - y` rather than -(y - ŷ)."""
    coefficient, factors = product.coefficient, list(product.factors)
    for last in (False, True):
        for k, (node, labels, power) in enumerate(factors):
            if not isinstance(node, Sum) or not isinstance(power, int) or power % 2 == 0:
                continue
            opposite = Sum(tuple((-c, t) for c, t in node.terms), node.shape)
            if last:
                wanted = coefficient < 0 and _reversible(node)
            else:
                wanted = _unnatural(node) or (opposite in notation.given and node not in notation.given)
            if wanted:
                notation.express(opposite)
                factors[k] = (opposite, labels, power)
                coefficient = -coefficient
    return coefficient, factors


class Pieces:
    """One product on its way to matrix notation: scalars, weights on labels, matrices between labels."""

    def __init__(self, notation: Notation, product: Product) -> None:
        self.notation = notation
        self.shape = product.shape
        self.order = len(product.shape)
        self.scalars: Powers = []
        self.weights: dict[int, Powers] = {}
        self.pairs: dict[Pair, Powers] = {}
        self.ties: set[Pair] = set()
        self.others: list[tuple[Expr, tuple[int, ...]]] = []
        self.sizes: dict[int, Size] = dict(enumerate(product.shape))
        units: dict[int, list[int]] = {}
        windows: list[tuple[Window, Pair]] = []
        self.coefficient, factors = turned_sums(notation, product)
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
        self._pick(units, windows)
        for pair in list(self.ties & set(self.pairs)):
            self._weigh(pair[0], [(write.apply("diag", self._matrix(pair)), 1)])
            del self.pairs[pair]
        self._eliminate()

    def _place(self, node: Tensor, labels: tuple[int, ...], power: Rational) -> None:
        expr = self.notation.written[node]
        match labels:
            case ():
                self.scalars.append((expr, power))
            case (a,):
                self._weigh(a, [(expr, power)])
            case (a, b) if a == b:
                self._weigh(a, [(write.apply("diag", expr), power)])
            case (a, b):
                self.pairs.setdefault((min(a, b), max(a, b)), []).append((expr if a < b else write.transpose(expr), power))
            case _:
                self.others.append((write.power(expr, power), labels))

    def _weigh(self, label: int, powers: Powers) -> None:
        self.weights.setdefault(label, []).extend(powers)

    def _pick(self, units: Mapping[int, list[int]], windows: list[tuple[Window, Pair]]) -> None:
        """A label summed against a row of the identity is an index; against several rows, a slice."""
        for label, (index, *more) in units.items():
            if more or any(label in pair for _, pair in windows) or self._beyond(label):
                for one in (index, *more):
                    self._weigh(label, [(write.apply("[]", write.eye(self.sizes[label]), index=(one,)), 1)])
                continue
            self.scalars += [(write.apply("[]", e, index=(index,)), p) for e, p in self.weights.pop(label, [])]
            for pair in [pair for pair in self.pairs if label in pair]:
                other = pair[1] if pair[0] == label else pair[0]
                place = (index,) if pair[0] == label else ((None, None), index)
                self._weigh(other, [(write.apply("[]", e, index=place), p) for e, p in self.pairs.pop(pair)])
        for window, (rows, label) in windows:
            cut = bounds(window.start, window.stop, window.size)
            meeting = [pair for pair in self.pairs if label in pair]
            used = sum(label in pair for _, pair in windows) > 1 or label in units
            if used or self._beyond(label) or any(rows in pair for pair in meeting):
                whole = self.notation.written[window]
                self._place_expr(whole, (rows, label))
                continue
            self._weigh(rows, [(write.apply("[]", e, index=(cut,)), p) for e, p in self.weights.pop(label, [])])
            for pair in meeting:
                other = pair[1] if pair[0] == label else pair[0]
                place = (cut,) if pair[0] == label else ((None, None), cut)
                for e, p in self.pairs.pop(pair):
                    sliced = write.apply("[]", e, index=place)
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
        while bound:
            label = self._next(bound)
            if label is None:
                return
            bound.discard(label)
            self._sum_over(label, bound)

    def _degree(self, label: int) -> int | None:
        """How many matrices meet at a label; None if the label is not there any more."""
        meeting = sum(label in pair for pair in self.pairs)
        return meeting if meeting or label in self.weights or self._beyond(label) else None

    def _next(self, bound: set[int]) -> int | None:
        """Vectors first: they are cheap to carry through a product. Then paths."""
        best: tuple[tuple[int, ...], int] | None = None
        for label in sorted(bound):
            degree = self._degree(label)
            if self._beyond(label) or degree is None or degree > 2:
                continue
            closed = self._closed_pair(label, bound)
            turned = degree == 1 and self._turned(label)
            weightless = degree == 1 and label not in self.weights
            rank = (0, 0) if closed else (1, 0) if degree == 0 else (2 + weightless, int(turned)) if degree == 1 else (5, 0)
            if best is None or (rank, -label) < (best[0], -best[1]):
                best = (rank, label)
        return best[1] if best else None

    def _closed_pair(self, label: int, bound: set[int]) -> Pair | None:
        """Two summed labels that meet only each other, without weights: a trace or a sum of all entries."""
        meeting = [pair for pair in self.pairs if label in pair]
        if len(meeting) != 1:
            return None
        (pair,) = meeting
        other = pair[0] if pair[1] == label else pair[1]
        lonely = other in bound and self._degree(other) == 1 and not self._beyond(other)
        return pair if lonely and not self.weights.get(label) and not self.weights.get(other) else None

    def _turned(self, label: int) -> bool:
        """Whether summing over the label would need a transpose."""
        (pair,) = [pair for pair in self.pairs if label in pair]
        expr = self._matrix(pair)
        return write.is_call(expr, ".T") != (pair[0] == label)

    def _matrix(self, pair: Pair) -> Expr:
        return self.notation.product(self.pairs[pair])

    def _sum_over(self, label: int, bound: set[int]) -> None:
        closed = self._closed_pair(label, bound)
        if closed is not None:
            bound.discard(closed[0])
            bound.discard(closed[1])
            self.scalars.append((self._whole_sum(self.pairs.pop(closed)), 1))
            return
        weights = self.weights.pop(label, [])
        meeting = [pair for pair in self.pairs if label in pair]
        ends = [pair[0] if pair[1] == label else pair[1] for pair in meeting]
        matrices = [self._oriented(pair, first=end) for pair, end in zip(meeting, ends, strict=True)]
        for pair in meeting:
            del self.pairs[pair]
        if not meeting:
            self.scalars.append((self._dot(weights), 1))
        elif len(meeting) == 1:
            (matrix,), (end,) = matrices, ends
            if weights:
                self._weigh(end, [(write.matmul(matrix, self.notation.product(weights)), 1)])
            else:
                self._weigh(end, [(self._row_sums(matrix), 1)])
        else:
            (a, b), (left, right) = ends, matrices
            if a > b:
                a, b, left, right = b, a, right, left
            middle = [write.diag(self.notation.product(weights))] if weights else []
            self.pairs.setdefault((a, b), []).append((write.matmul(left, *middle, write.transpose(right)), 1))

    def _oriented(self, pair: Pair, first: int) -> Expr:
        matrix = self._matrix(pair)
        return matrix if pair[0] == first else write.transpose(matrix)

    def _row_sums(self, matrix: Expr) -> Expr:
        if write.is_call(matrix, ".T"):
            return write.apply("sum", write.transpose(matrix), axis=(0,))
        return write.apply("sum", matrix, axis=(1,))

    def _dot(self, weights: Powers) -> Expr:
        powers = merged(weights)
        if len(powers) == 1 and powers[0][1] == 2:
            return write.matmul(write.transpose(powers[0][0]), powers[0][0])
        if len(powers) == 2 and all(p == 1 for _, p in powers):
            a, b = sorted((e for e, _ in powers), key=self.notation.key)
            if not write.is_call(a, "ones") and not write.is_call(b, "ones"):
                return write.matmul(write.transpose(a), b)
        return write.apply("sum", self.notation.product(powers))

    def _whole_sum(self, powers: Powers) -> Expr:
        powers = merged(powers)
        if len(powers) == 2 and all(p == 1 for _, p in powers):
            (a, _), (b, _) = powers
            turned = [write.is_call(e, ".T") or _backwards(e) for e in (a, b)]
            if turned == [False, True]:
                return write.apply("trace", write.matmul(a, write.transpose(b)))
            if turned == [True, False]:
                return write.apply("trace", write.matmul(b, write.transpose(a)))
            if any(write.is_call(e, "@") for e in (a, b)):
                return write.apply("trace", write.matmul(write.transpose(a), b))
        return write.apply("sum", self.notation.product(powers))

    # what is left when nothing is summed any more

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
            return self.notation.product(self.scalars, self.coefficient)
        if self.order == 2 and set(self.weights) == {1}:
            return self.notation.product(self.scalars + self.weights[1], self.coefficient)
        if self.order == 2 and set(self.weights) == {0}:
            vector = self.notation.product(self.scalars + self.weights[0], self.coefficient)
            return write.apply("[]", vector, index=((None, None), None))
        return self.tensor()

    def tensor(self) -> Expr:
        """The value in its own shape, without its sign."""
        if self.order > 2 or not self.plain:
            return self.einsum(range(self.order))
        if self.order == 2:
            return self.matrix(0, 1)
        if self.order == 1:
            return self.vector(0, self.scalars, self.coefficient)
        return self.notation.product(self.scalars, self.coefficient)

    @property
    def plain(self) -> bool:
        """Whether nothing is left that needs index notation."""
        return not self.others and all(k < self.order for pair in self.pairs for k in pair)

    def vector(self, label: int, scalars: Powers, coefficient: Rational) -> Expr:
        weights = self.weights.get(label)
        return self.notation.product(scalars + (weights or [(write.ones(self.sizes[label]), 1)]), coefficient)

    def matrix(self, rows: int, columns: int) -> Expr:
        """The part on two labels, with all scalars."""
        pair = (min(rows, columns), max(rows, columns))
        if pair in self.ties:
            both = self.weights.get(rows, []) + self.weights.get(columns, [])
            if both:
                return write.diag(self.notation.product(self.scalars + both, self.coefficient))
            return self.scale(write.eye(self.sizes[rows]))
        if pair not in self.pairs:
            return self.scale(write.matmul(self.vector(rows, [], 1), write.transpose(self.vector(columns, [], 1))))
        middle = self._oriented(pair, first=rows)
        left_weights, right_weights = self.weights.get(rows), self.weights.get(columns)
        if left_weights:
            front = write.diag(self.notation.product(self.scalars + left_weights, self.coefficient))
            middle = write.matmul(front, middle)
        if right_weights:
            middle = write.matmul(middle, write.diag(self.notation.product(right_weights)))
        return middle if left_weights else self.scale(middle)

    def scale(self, expr: Expr) -> Expr:
        """The scalars and the number in front."""
        return self.notation.product([*self.scalars, (expr, 1)], self.coefficient)

    def einsum(self, output: Iterable[int]) -> Expr:
        """The part that no matrix notation can say, in the order of axes asked for."""
        output = tuple(output)
        operands = [*self.others]
        operands += [(self._matrix(pair), pair) for pair in self.pairs]
        operands += [(self.notation.product(w), (label,)) for label, w in sorted(self.weights.items())]
        operands += [(write.eye(self.sizes[a]), (a, b)) for a, b in sorted(self.ties)]
        have = {k for _, labels in operands for k in labels}
        operands += [(write.ones(self.sizes[k]), (k,)) for k in output if k not in have]
        operands.sort(key=lambda operand: operand[1])
        names = {label: LETTERS[k] for k, label in enumerate(output)}
        for _, labels in operands:
            for label in labels:
                names.setdefault(label, LETTERS[len(names)])
        left = ",".join("".join(names[k] for k in labels) for _, labels in operands)
        subscripts = f"{left}->{''.join(names[k] for k in output)}"
        return self.scale(write.apply("einsum", *(e for e, _ in operands), subscripts=subscripts))


def _backwards(expr: Expr) -> bool:
    """Whether a chain consists of transposes only: its own transpose reads better."""
    factors = write.chain(expr)
    return len(factors) > 1 and all(write.is_call(f, ".T") for f in factors)
