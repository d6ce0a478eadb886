"""Index form back to matrix notation, node by node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from jacobian_cli.calculus.cost import MINUS, MINUS_IN_SUM, cost, shortest
from jacobian_cli.calculus.index.canonical import transposed
from jacobian_cli.calculus.index.tensor import (
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
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.batched import spread
from jacobian_cli.calculus.notation.block_stack import stacked_blocks
from jacobian_cli.calculus.notation.choices import branched, conditions
from jacobian_cli.calculus.notation.factoring import factored
from jacobian_cli.calculus.notation.kin import diagonal, kin, on_diagonal, outside
from jacobian_cli.calculus.notation.order import Style
from jacobian_cli.calculus.notation.pieces import Pieces
from jacobian_cli.calculus.notation.signs import signed
from jacobian_cli.calculus.notation.subscripts import typed_letters
from jacobian_cli.calculus.notation.user_spelling import spelled
from jacobian_cli.calculus.notation.windows import windowed
from jacobian_cli.calculus.notation.written_out import entries
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.calculus.simplify.factors import axes_of
from jacobian_cli.calculus.simplify.fractions import over_least_power
from jacobian_cli.calculus.simplify.joined_axes import commutes, kronecker
from jacobian_cli.calculus.simplify.recipe import opposite
from jacobian_cli.expr import Constant as ConstantExpr
from jacobian_cli.expr import Defined, Expr, Variable
from jacobian_cli.ops import Kind, row
from jacobian_cli.shape import Shape


class Notation(Style):
    """Writes tensors in matrix notation.

    `order` ranks variables: what the user wrote first comes first. `given` holds the user's own spelling of
    the tensors of the formula, which is kept wherever one of them survives. `matrices` writes the same with diagonal
    matrices, as Jacobians are; where the user typed such, this does too.
    """

    def __init__(
        self, order: Sequence[str] = (), given: Mapping[Tensor, Expr] | None = None, *, diagonals: bool = False
    ) -> None:
        super().__init__(order, diagonals=diagonals)
        self.matrices = self if diagonals else Notation(order, diagonals=True)
        self.given: dict[Tensor, Expr] = {}
        self.typed: set[Tensor] = set()
        """Of what is given, the tensors as they were typed; `given` holds their transposes too."""
        self.typed_sums: list[Sum] = []
        self.turned: set[Tensor] = set()
        """Sums in front of which the user put a minus: -(x - c)."""
        self.written: dict[Tensor, Expr] = {}
        self.conditions: dict[Tensor, str] = {}
        self._signed: dict[tuple[Product, float, Rational], tuple[Rational, Sequence[Factor]]] = {}
        self.learn(given or {})

    def learn(self, given: Mapping[Tensor, Expr]) -> None:
        """Take in the user's own spelling of some tensors."""
        if not given:
            return
        typed = spelled(given)
        turned = {opposite(t) for t, e in given.items() if isinstance(t, Sum) and write.is_call(e, "u-")}
        choices, letters = conditions(given), typed_letters(given.values())
        kept = dict(typed)
        for t, e in typed.items():
            if isinstance(t, Sum) and len(t.shape) == 2:
                kept.setdefault(algebra.permute(t, (1, 0)), write.transpose(e))
        assert all(e.shape == t.shape for t, e in kept.items())
        for notation in dict.fromkeys((self, self.matrices)):
            notation.typed_sums += [t for t in typed if isinstance(t, Sum) and t not in notation.typed]
            notation.typed.update(typed)
            notation.turned |= turned
            notation._signed.clear()
            notation.conditions |= choices
            notation.letters |= letters
            notation.given |= kept
            notation.written |= kept
        if any(map(write.is_diagonal, given.values())):
            self.diagonals = True

    def chooses(self, tensors: Iterable[Tensor]) -> None:
        """Take in the choices among some tensors, however they were spelled."""
        found = conditions(list(tensors))
        self.conditions.update(found)
        self.matrices.conditions.update(found)

    def express(self, tensor: Tensor) -> Expr:
        """The tensor in the language, in its own shape."""
        known = self.written.get(tensor)
        if known is not None:
            return known
        chosen = branched(tensor, self.conditions, self.given) if self.conditions else {}
        for node in walk([*chosen.values()] or [tensor], self._written_before):
            if node not in self.written:
                found = self.written[node] = self._express(node)
                assert found.shape == node.shape, (node.shape, found.shape)
        for node, other in chosen.items():
            self.written.setdefault(node, self.written[other])
        return self.written[tensor]

    def _written_before(self, node: Tensor) -> Iterable[Tensor]:
        """What has to be written before a tensor is: of products its factors, each with the sign that it will have,
        also where the products are the terms of a sum and not written by themselves.
        """
        if node in self.written or isinstance(node, Alias):
            return ()
        if isinstance(node, Product):
            return [factor for factor, _, _ in self.turned_sums(node)[1]]
        if not isinstance(node, Sum):
            return node.children
        parts: list[Tensor] = []
        for c, term in node.terms:
            if isinstance(term, Product) and term not in self.written:
                parts += [factor for factor, _, _ in self.turned_sums(term, MINUS_IN_SUM, c)[1]]
            else:
                parts.append(term)
        return parts

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
            case Window(size=size):
                return write.apply("[]", write.eye(size), index=(node.item,))
            case Apply():
                return self._function(node)
            case Reshape(body=body, loop=loop, shape=shape):
                del loop
                if commutes(body) and len(shape) == 2 and shape[0] is shape[1]:
                    return write.apply("commutation", sizes=body.shape[:2])
                halves = kronecker(body, shape)
                if halves is not None:
                    return write.kron(*(self.express(algebra.built(half)) for half in halves))
                return self._or_entries(node, write.apply("reshape", self.written[body], shape=shape))
            case Product(factors=factors) if len(node.shape) == 2 and not any(labels for _, labels, _ in factors):
                pieces = self.pieces(node)
                return pieces.sign(write.scaled(pieces.loose(), write.ones(*node.shape)))
            case Product():
                stacked = stacked_blocks([(1, node)], self.express)
                if stacked is not None:
                    return stacked
                if (named := windowed(node)) is not None:
                    return self.express(named)
                pieces = self.pieces(node)
                return self._or_entries(node, pieces.sign(pieces.tensor()))
            case Sum():
                return self._or_entries(node, self._sum(node))
        raise AssertionError(node)

    def _or_entries(self, node: Tensor, expr: Expr) -> Expr:
        """A tensor as it is written, or its entries where these are not longer."""
        rows = entries(node)
        if rows is None:
            return expr
        cells = [[self.express(entry) for entry in row] for row in rows]
        vectors = [write.apply("stack", *row) for row in cells]
        return shortest([vectors[0] if len(node.shape) == 1 else write.apply("stack", *vectors), expr])

    def _function(self, node: Apply) -> Expr:
        entry = row(node.function)
        if entry.kind is Kind.ELEMENTWISE:
            arguments = [self.loose(a) for a in node.arguments]
            if not any(a.shape == node.shape for a in arguments):
                arguments[0] = self.written[node.arguments[0]]
            return write.apply(node.function, *arguments)
        if len(node.arguments) > 1:
            return write.apply(node.function, *(self.written[argument] for argument in node.arguments))
        (argument,) = node.arguments
        order = len(argument.shape)
        by_rows = entry.kind is Kind.ROW or (entry.kind in (Kind.SHARE, Kind.REDUCTION) and node.loop)
        turned = transposed(argument) if by_rows and order == 2 else argument
        as_typed = turned in self.typed and argument not in self.typed
        if as_typed or (by_rows and cost(self.express(turned)) < cost(self.written[argument])):
            columns = write.apply(node.function, self.given[turned] if as_typed else self.express(turned), axis=(0,))
            return columns if entry.kind is Kind.REDUCTION else write.transpose(columns)
        written = self.written[argument]
        if entry.mask and algebra.is_constant(argument):
            return write.apply(node.function, write.ones(*argument.shape))
        reduced = entry.kind in (Kind.REDUCTION, Kind.SHARE) and node.loop
        options: dict[str, Any] = {"axis": tuple(range(node.loop, order))} if reduced else {}
        if "sizes" in entry.options:
            return write.apply(node.function, sizes=argument.shape[:1])
        if "count" in entry.options:
            options["count"] = node.shape[-1]
        return write.apply(node.function, written, **options)

    def loose(self, tensor: Tensor) -> Expr:
        """As `express`, but what broadcasting will repeat need not be written out."""
        if isinstance(tensor, Product) and tensor not in self.given:
            if _of_tensors(tensor):
                return self._repeated(tensor)
            pieces = self.pieces(tensor)
            return pieces.sign(pieces.loose())
        if isinstance(tensor, Sum) and tensor not in self.given:
            return self._loose_sum(tensor) or self.express(tensor)
        return self.express(tensor)

    def _repeated(self, tensor: Product) -> Expr:
        """A tensor of three axes or more without those along which it repeats; new axes keep the others in place."""
        order = len(tensor.shape)
        bare, labels = algebra.unrepeated(tensor, tuple(range(order)))
        return spread(self.express(bare), labels, tuple(range(order)))

    def _loose_sum(self, node: Sum) -> Expr | None:
        """A sum all of whose terms are the same along some axis, without that axis: p - 1 for p·1 - 1."""
        if not node.terms:
            return write.number(0)
        parts = [(c < 0, self.loose(algebra.scale(magnitude(c), t))) for c, t in node.terms]
        shapes = {e.shape for _, e in parts}
        return write.total(self.arranged(parts)) if shapes == {()} and node.shape else None

    def _sum(self, node: Sum) -> Expr:
        if not node.terms:
            return write.zeros(node.shape)
        stacked = stacked_blocks(node.terms, self.express)
        if stacked is not None:
            return stacked
        whole = tuple(range(len(node.shape)))
        powers = [_powers(t, whole) for _, t in node.terms]
        everywhere = powers[0].keys() & set.intersection(*map(set, powers))
        taken_out = [self._common_factors(node, powers, along=along) if everywhere else None for along in (False, True)]
        if taken_out[0] is not None and taken_out[1] is None:
            return taken_out[0]
        least = (self.express(algebra.built(way)) for way in over_least_power(node))
        written = (self._plain_sum(node), *taken_out, *self._with_typed_sums(node), *least)
        return shortest(e for e in written if e is not None)

    def _with_typed_sums(self, node: Sum) -> Iterator[Expr]:
        """The sum with a sum that the user typed in it: with r = y − z typed, y − pᵀr − z is r − pᵀr."""
        left = {t: c for c, t in node.terms}
        for part in self.typed_sums if len(left) > 2 else ():
            if part.shape != node.shape or not 1 < len(part.terms) < len(left):
                continue
            first, term = part.terms[0]
            times = ratio(left[term], first) if term in left else 0
            if times and all(left.get(t) == c * times for c, t in part.terms):
                rest = [(c, t) for c, t in node.terms if not any(t is own for _, own in part.terms)]
                if not any(on_diagonal(t) for _, t in rest):
                    parts = [self.signed(times, self.given[part]), *(self._term(c, t) for c, t in rest)]
                    yield write.total(factored(self.arranged(parts)))

    def _plain_sum(self, node: Sum) -> Expr:
        common = _common([c for c, _ in node.terms])
        terms = [(ratio(c, common), t) for c, t in node.terms]
        parts = factored(self.arranged(self._alike(terms, node.shape)))
        minus = len(parts) > 1 and all(subtracted for subtracted, _ in parts)
        expr = write.total([(False, e) for _, e in parts] if minus else parts)
        expr = self.signed(common, expr)[1] if common != 1 else expr
        if len(parts) > 1 and len(expr.shape) == 2:
            expr = shortest([expr, write.apply(".T", write.transpose(expr))])
        return write.negate(expr) if minus else expr

    def _alike(self, terms: Sequence[tuple[Rational, Tensor]], shape: Shape) -> list[tuple[bool, Expr]]:
        """The terms of a sum with their signs; Ax/2 + Aᵀx/2 + b becomes (A + Aᵀ)x/2 + b, and so for other factors."""
        waiting = list(terms)
        parts: list[tuple[bool, Expr]] = []
        while shape and len(waiting) > 1 and (found := kin(waiting, len(terms), len(shape), along=not self.diagonals)):
            size, shared, same = found
            whole = tuple(range(len(shape)))
            inverse = [(node, labels, -p) for node, labels, p in shared]
            inner = algebra.add(
                shape, [(ratio(c, size), algebra.product(shape, [(t, whole, 1), *inverse])) for c, t in same]
            )
            if not isinstance(inner, Sum) or len(inner.terms) < 2:
                break
            bare, labels = algebra.unrepeated(inner, whole)
            self.express(bare)
            pieces = self.pieces(Product(size, (*shared, (bare, labels, 1)), shape), MINUS_IN_SUM)
            parts.append((pieces.negative, pieces.loose()))
            waiting = [ct for ct in waiting if ct not in same]
        return [*(self._parts(waiting, shape) if waiting else []), *parts]

    def _common_factors(self, node: Sum, powers: Sequence[Powers], *, along: bool) -> Expr | None:
        """ab + ac = a(b + c), for scalars, for factors of the whole shape or, if asked for, along some of its axes."""
        whole = tuple(range(len(node.shape)))
        shared: list[Factor] = []
        tied = any(on_diagonal(t) for _, t in node.terms)
        for (inner, labels), power in powers[0].items():
            least = [p.get((inner, labels), 0) for p in powers]
            if (
                max(labels, default=-1) >= len(node.shape)
                or (labels and tied)
                or not (along or outside(labels, len(whole)))
            ):
                continue
            if all(p > 0 for p in least) or all(p < 0 for p in least):
                shared.append((inner, labels, min(least, key=magnitude)))
            elif all(p == power for p in least):
                shared.append((inner, labels, power))
        if not shared or len(node.terms) < 2 or along == all(outside(ls, len(whole)) for _, ls, _ in shared):
            return None
        inverse = [(inner, labels, -power) for inner, labels, power in shared]
        terms = [(c, algebra.product(node.shape, [(t, whole, 1), *inverse])) for c, t in node.terms]
        rest = algebra.add(node.shape, terms)
        if not isinstance(rest, Sum) or len(rest.terms) < 2 or cost(rest) >= cost(node):
            return None
        taken = {label for _, labels, _ in shared for label in labels} if along else set[int]()
        if any(not taken <= axes_of(term) for term in rest.children):
            return None  # what is left would have to be broadcast
        bare, labels = algebra.unrepeated(rest, whole)
        number = _common([c for c, _ in bare.terms]) if isinstance(bare, Sum) else 1
        bare = algebra.scale(ratio(1, number), bare)
        self.express(bare)
        found = self.pieces(Product(number, (*shared, (bare, labels, 1)), node.shape))
        expr = found.sign(found.tensor())
        return shortest([expr, write.apply(".T", write.transpose(expr))]) if len(expr.shape) == 2 else expr

    def _parts(self, terms: Sequence[tuple[Rational, Tensor]], shape: Shape) -> list[tuple[bool, Expr]]:
        """The terms of a sum with their signs; those that lie on the diagonal become one."""
        tied = [(c, t) for c, t in terms if len(shape) == 2 and on_diagonal(t)]
        parts: list[tuple[bool, Expr]] = []
        if len(tied) > 1:
            terms = [ct for ct in terms if ct not in tied]
            along = algebra.add(shape[:1], [(c, diagonal(t)) for c, t in tied])
            same, labels = algebra.unrepeated(along, (0,))
            minus, entries_of = write.unsigned(self.express(same))
            parts.append((minus, write.diag(entries_of) if labels else write.scaled(entries_of, write.eye(shape[0]))))
        parts += [self._term(c, t, whole=bool(tied)) for c, t in terms]
        if terms and not write.fills((e for _, e in parts), shape):
            c, t = terms[0]
            parts[-len(terms)] = self.signed(c, self.express(t))
        return parts

    def _term(self, c: Rational, t: Tensor, *, whole: bool = False) -> tuple[bool, Expr]:
        """A term of a sum and whether it is subtracted; unless `whole`, broadcasting may be left to repeat it."""
        if not isinstance(t, Product):
            return self.signed(c, self.express(t))
        stacked = stacked_blocks([(c, t)], self.express)
        if stacked is not None:
            return False, stacked
        if t in self.given:
            return self.signed(c, self.written[t])
        if _of_tensors(t) and not whole:
            return c * t.coefficient < 0, self._repeated(Product(magnitude(c * t.coefficient), t.factors, t.shape))
        pieces = self.pieces(t, MINUS_IN_SUM, c)
        return pieces.negative, pieces.tensor() if whole else pieces.loose()

    def pieces(self, product: Product, minus: float = MINUS, times: Rational = 1) -> Pieces:
        """A multiple of a product taken apart, its factors written; a minus in front of it costs the reader `minus`."""
        coefficient, factors = self.turned_sums(product, minus, times)
        for node, _, _ in factors:
            self.express(node)
        return Pieces(self, self.written, product.shape, factors, coefficient)

    def turned_sums(
        self, product: Product, minus: float = MINUS, times: Rational = 1
    ) -> tuple[Rational, Sequence[Factor]]:
        """The number and the factors of a multiple of a product, each sum with the sign in which people write it."""
        key = product, minus, times
        found = self._signed.get(key)
        if found is None:
            found = self._signed[key] = signed(product, times, minus, self.given, self.turned)
        return found


Powers = Mapping[tuple[Tensor, tuple[int, ...]], Rational]


def _powers(term: Tensor, whole: tuple[int, ...]) -> Powers:
    """The factors of a term with their powers."""
    if isinstance(term, Product):
        return {(node, labels): power for node, labels, power in term.factors}
    return {(term, whole): 1}


def _common(coefficients: Sequence[Rational]) -> Rational:
    """What is written once in front of a sum: a number that all terms share up to sign."""
    first = magnitude(coefficients[0])
    return first if len(coefficients) > 1 and all(magnitude(c) == first for c in coefficients) else 1


def _of_tensors(product: Product) -> bool:
    """Whether a product has three axes or more, or repeats along an axis while tensors of so many are summed in it."""
    if len(product.shape) > 2:
        return True
    return len(axes_of(product)) < len(product.shape) and any(len(labels) > 2 for _, labels, _ in product.factors)
