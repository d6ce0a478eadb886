"""Index form back to matrix notation, node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jacobian_cli.calculus import algebra
from jacobian_cli.calculus import notation as write
from jacobian_cli.calculus.pieces import Pieces, bounds
from jacobian_cli.calculus.style import Style
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
    magnitude,
    ratio,
    walk,
)
from jacobian_cli.expr import Constant as ConstantExpr
from jacobian_cli.expr import Defined, Expr, Variable
from jacobian_cli.ops import Kind, row
from jacobian_cli.shape import Shape


class Notation(Style):
    """Writes tensors in matrix notation.

    `order` ranks variables: what the user wrote first comes first. `given` holds the user's own spelling of
    the tensors of the formula, which is kept wherever one of them survives.
    """

    def __init__(self, order: Sequence[str] = (), given: Mapping[Tensor, Expr] | None = None) -> None:
        super().__init__(order)
        self.given: dict[Tensor, Expr] = {
            t: write.proper(e)
            for t, e in (given or {}).items()
            if isinstance(t, Apply | Product) or (isinstance(t, Sum) and t.terms)
        }
        self.written: dict[Tensor, Expr] = dict(self.given)

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
                pieces = self.pieces(node)
                return pieces.sign(pieces.tensor())
            case Sum():
                return self._sum(node)
        raise AssertionError(node)

    def _function(self, node: Apply) -> Expr:
        entry = row(node.function)
        if entry.kind is Kind.ELEMENTWISE:
            arguments = [self.loose(a) for a in node.arguments]
            if not any(a.shape == node.shape for a in arguments):
                arguments[0] = self.written[node.arguments[0]]
            return write.apply(node.function, *arguments)
        (argument,) = node.arguments
        order = len(argument.shape)
        reduced = entry.kind is Kind.REDUCTION and node.loop
        options = {"axis": tuple(range(node.loop, order))} if reduced else {}
        return write.apply(node.function, self.written[argument], **options)

    def loose(self, tensor: Tensor) -> Expr:
        """As `express`, but what broadcasting will repeat need not be written out."""
        if isinstance(tensor, Product) and tensor not in self.given:
            pieces = self.pieces(tensor)
            return pieces.sign(pieces.loose())
        return write.number(0) if isinstance(tensor, Sum) and not tensor.terms else self.written[tensor]

    def _sum(self, node: Sum) -> Expr:
        if not node.terms:
            return write.zeros(node.shape)
        taken_out = self._common_factors(node)
        if taken_out is not None:
            return taken_out
        common = _common([c for c, _ in node.terms])
        terms = [(ratio(c, common), t) for c, t in node.terms]
        parts = self._parts(terms, node.shape)
        if common != 1:
            minus, expr = self.signed(common, write.total(write.factored(self.arranged(parts))))
            return write.negate(expr) if minus else expr
        return write.total(write.factored(self.arranged(parts)))

    def _common_factors(self, node: Sum) -> Expr | None:
        """ab + ac = a(b + c), for scalars and for factors of the whole shape."""
        whole = tuple(range(len(node.shape)))
        powers = [_powers(t, whole) for _, t in node.terms]
        shared: list[Factor] = []
        if any(_on_diagonal(t) for _, t in node.terms):
            return None
        for (inner, labels), power in powers[0].items():
            least = [p.get((inner, labels), 0) for p in powers]
            if labels in ((), whole) and not isinstance(inner, Extent) and all(p > 0 for p in least):
                shared.append((inner, labels, min(least)))
            elif labels in ((), whole) and all(p == power for p in least) and not isinstance(inner, Extent):
                shared.append((inner, labels, power))
        if not shared or len(node.terms) < 2:
            return None
        inverse = [(inner, labels, -power) for inner, labels, power in shared]
        terms = [(c, algebra.product(node.shape, [(t, whole, 1), *inverse])) for c, t in node.terms]
        rest = algebra.add(node.shape, terms)
        if not isinstance(rest, Sum) or len(rest.terms) < 2:
            return None
        self.express(rest)
        outside = self.pieces(Product(1, (*shared, (rest, whole, 1)), node.shape))
        return outside.sign(outside.tensor())

    def _parts(self, terms: Sequence[tuple[Rational, Tensor]], shape: Shape) -> list[tuple[bool, Expr]]:
        """The terms of a sum with their signs; those that lie on the diagonal become one."""
        tied = [(c, t) for c, t in terms if len(shape) == 2 and _on_diagonal(t)]
        parts: list[tuple[bool, Expr]] = []
        if len(tied) > 1:
            terms = [ct for ct in terms if ct not in tied]
            diagonal = self.express(algebra.add(shape[:1], [(c, _diagonal(t)) for c, t in tied]))
            minus = write.is_call(diagonal, "u-")
            parts.append((minus, write.diag(write.negate(diagonal) if minus else diagonal)))
        for c, t in terms:
            if isinstance(t, Product) and t not in self.given:
                pieces = self.pieces(Product(c * t.coefficient, t.factors, t.shape))
                parts.append((pieces.negative, pieces.tensor() if tied else pieces.loose()))
            else:
                parts.append(self.signed(c, self.written[t]))
        if not any(e.shape == shape for _, e in parts) and terms:
            c, t = terms[0]
            parts[-len(terms)] = self.signed(c, self.written[t])
        return parts

    def pieces(self, product: Product) -> Pieces:
        """A product taken apart, its factors written."""
        coefficient, factors = self.turned_sums(product)
        return Pieces(self, self.written, Product(coefficient, tuple(factors), product.shape))

    def turned_sums(self, product: Product) -> tuple[Rational, list[Factor]]:
        """The number and the factors of a product, each sum with the sign in which people write it: `1 - h`, as the
        user did, or `ŷ - y` rather than -(y - ŷ).
        """
        coefficient, factors = product.coefficient, list(product.factors)
        for last in (False, True):
            for k, (node, labels, power) in enumerate(factors):
                if not isinstance(node, Sum) or not isinstance(power, int) or power % 2 == 0:
                    continue
                opposite = Sum(tuple((-c, t) for c, t in node.terms), node.shape)
                if last:
                    wanted = coefficient < 0 and _reversible(node)
                else:
                    wanted = _unnatural(node) or (opposite in self.given and node not in self.given)
                if wanted:
                    self.express(opposite)
                    factors[k] = (opposite, labels, power)
                    coefficient = -coefficient
        return coefficient, factors


def _powers(term: Tensor, whole: tuple[int, ...]) -> dict[tuple[Tensor, tuple[int, ...]], Rational]:
    """The factors of a term with their powers."""
    if isinstance(term, Product):
        return {(node, labels): power for node, labels, power in term.factors}
    return {(term, whole): 1}


def _common(coefficients: Sequence[Rational]) -> Rational:
    """What is written once in front of a sum: a number that all terms share up to sign."""
    first = magnitude(coefficients[0])
    if len(coefficients) < 2 or any(magnitude(c) != first for c in coefficients):
        return -1 if len(coefficients) > 1 and all(c < 0 for c in coefficients) else 1
    return -first if all(c < 0 for c in coefficients) else first


def _reversible(node: Tensor) -> bool:
    """Whether −(y − ŷ) is better written ŷ − y; 1 − h stays as it is."""
    if not isinstance(node, Sum) or len(node.terms) < 2:
        return False
    constant = any(isinstance(t, Delta) or (isinstance(t, Product) and not t.factors) for _, t in node.terms)
    return not constant and any(c < 0 for c, _ in node.terms)


def _unnatural(node: Sum) -> bool:
    """A sum that begins with minus one and has only positive terms besides: h − 1."""
    signs = {c > 0 for c, t in node.terms if t.children or not isinstance(t, Product)}
    constants = [c for c, t in node.terms if isinstance(t, Product) and not t.factors]
    return (signs == {True} and bool(constants) and constants[0] < 0) or (signs == {False} and not constants)


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
