"""How many indices one term of a formula can hold, and of what degree it can be in each size: at which sizes two
formulas must agree to agree at every size (see the page of this package).

Places for an index in the factors of one term are counted too, functions opened: more than enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, zip_longest
from itertools import product as combinations
from math import ceil

from jacobian_cli.checks.every_size.axes import Axes
from jacobian_cli.checks.every_size.expand import constant
from jacobian_cli.checks.every_size.functions import CONSTANT, SLOPES
from jacobian_cli.checks.every_size.terms import (
    NONE,
    Count,
    Flags,
    Powers,
    Sum,
    Term,
    Terms,
    UncoveredError,
    added,
    axes,
    broadcast,
    either_of,
    everything,
    everywhere,
    freely,
    kinds,
    leibniz,
    lettered,
    most,
    moved,
    multiplied,
    nowhere,
    plus,
    powers_of,
    raised,
    span,
    times,
    whole,
)
from jacobian_cli.expr import Apply, Constant, Expr, Extent, Number, Variable, walk
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.rules import fitting
from jacobian_cli.shape import ONE, Shape, Size

_ANY = Fraction(0)
"""The exponent of a function that is no power."""
_LONG = 12
"""Higher powers hold more indices than are worth a comparison."""
_IRREDUCIBLE = 2
"""A sum over so many more indices has no factors other than at every size (see the page of this package)."""
_UNBOUNDED = {
    "prod": "a product of all entries",
    "cumprod": "a product of all entries",
    "det": "a determinant",
    "logdet": "a determinant",
    "inv": "an inverse",
    "cholesky": "a Cholesky factor",
}
_ORDERED = {
    **dict.fromkeys(
        ("tril", "triu", "cumsum", "sort", "argsort", "vech", "elimination", "duplication"), "an order of indices"
    ),
    **dict.fromkeys(("unfold", "fold", "correlate", "convolve"), "windows"),
    **dict.fromkeys(("take", "one_hot", "scatter_add"), "places"),
}


class Bound:
    """The count for some formulas together, of which one is differentiated by `wrt` so many times.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> bound = Bound(frozenset("x"), 1)
    >>> bound.add(elaborate([parse_statement("u.T@(W@x)")]).output, 1)
    >>> bound.places
    {'m': 1, 'n': 1}
    """

    def __init__(self, wrt: frozenset[str], order: int, repeated: Collection[Expr] = ()) -> None:
        self.wrt, self.order, self.repeated = wrt, order, repeated
        self.functions: dict[Apply, Flags] = {}
        """Each function, and the indices that it is said to hold: it has another value for each, if it is not one of
        those that are `repeated`.
        """
        self._places: dict[str, int] = {}
        self._indices: dict[str, int] = {}
        self._divided: set[str] = set()
        """The sizes over which something that is divided by, or of which a root is taken, is a sum."""
        self.powers: Powers = {}
        """Those of the sizes, in all terms of all formulas."""
        self.opened: Count = {}
        """Degrees of what functions are applied to: where two arguments are the same at some sizes only."""
        self._opened: set[tuple[Expr, ...]] = set()
        self.free = False
        """Whether inverses or determinants are in it, as free symbols."""
        self.along = Axes()
        self._found: dict[Expr, Terms] = {}
        self.summed = False
        """Whether a sum may run over an index that its terms do not hold."""
        self._entryless: set[Expr] = set()

    def add(self, expr: Expr, order: int, directions: Iterable[Size] = ()) -> None:
        """Take in a formula in few functions, compared along directions with these axes."""
        for node in walk([expr]):
            if node not in self._found:
                self._found[node] = self._terms(node)
                if not isinstance(node, Variable) and self._entryless.issuperset(node.children):
                    self._entryless.add(node)
        free = axes(directions)
        for term in self._found[expr][order]:
            self._hold(replace(term, places=plus(term.places, free)), free)
            self.powers = either_of(self.powers, term.powers) if self.powers else term.powers

    @property
    def places(self) -> Count:
        """The most indices that one term holds: where no sum is divided by, each is counted once, not at each place."""
        names = dict.fromkeys((*self._indices, *self._places))
        return {name: (self._places if name in self._divided else self._indices).get(name, 0) for name in names}

    def _hold(self, term: Term, free: Count, more: int = 0) -> None:
        """A term with these indices in its axes is compared, or tells two functions apart."""
        for of, count in ((self._places, term.places), (self._indices, plus(term.inner, free))):
            of.update(most(of, {name: number + more for name, number in count.items()}))

    def _constant(self, *terms: Term) -> Terms:
        """What does not depend on a variable."""
        return (terms, *((),) * self.order)

    def _terms(self, node: Expr) -> Terms:
        match node:
            case Variable(name, shape):
                leaf = Term(axes(shape), {}, everywhere(shape), everywhere(shape))
                moves = (leaf,) if name in self.wrt else ()
                return ((leaf,), moves, ())[: self.order + 1]
            case Number(value):
                return self._constant(*[Term({}, {}, (), ())] * bool(value))
            case Constant():
                return self._constant(Term({}, {}, (), ()))
            case Extent(size):
                return self._constant(Term({}, powers_of(size), (), ()))
            case Apply():
                return self._applied(node)
        raise AssertionError(node)

    def _applied(self, node: Apply) -> Terms:
        name = node.function
        inner = [self._found[a] for a in node.arguments]
        match name:
            case "+":
                parts = [broadcast(t, a, node) for t, a in zip(inner, node.arguments, strict=True)]
                return tuple(added(same) for same in zip(*parts, strict=True))
            case "*":
                parts = [broadcast(t, a, node) for t, a in zip(inner, node.arguments, strict=True)]
                return leibniz(parts, self.order, multiplied)
            case "**":
                exponent = constant(node.arguments[1])
                assert exponent is not None
                return self._power(inner[0], node, exponent)
            case "where":
                parts = [broadcast(t, a, node) for t, a in zip(inner, node.arguments, strict=True)]
                chosen = self._function(parts[0], node)
                ways = [leibniz([chosen, part], self.order, multiplied) for part in parts[1:]]
                return tuple(added(same) for same in zip(*ways, parts[2], strict=True))
            case "inv" | "det" | "logdet":
                return self._matrix(name, inner[0], node)
            case "max" | "largest":
                return self._chosen(node, inner[0])
        if name in CONSTANT and len(inner) == 2:
            parts = [broadcast(t, a, node) for t, a in zip(inner, node.arguments, strict=True)]
            difference = tuple(added(same) for same in zip(*parts, strict=True))
            return self._constant(*self._function(difference, node)[0])
        if name in CONSTANT:
            return self._constant(*self._function(inner[0], node)[0])
        if name in SLOPES:
            return self._function(broadcast(inner[-1], node.arguments[-1], node), node)
        if name == "sum":
            return tuple(kinds(self._summed(t, node.arguments[0].shape, node) for t in terms) for terms in inner[0])
        row = FUNCTIONS[name]
        if row.kind is Kind.CONTRACTION:
            return self._contracted(node, inner)
        return self._rearranged(node, inner)

    def _function(self, terms: Terms, node: Apply) -> Terms:
        """A function of entries is one factor, which holds an index if its argument does at all. Two of them are the
        same where their arguments are, of which is to be told at which sizes.
        """
        first = self._met(terms[0], node)
        self._hold(first, axes(node.shape))
        return self._derived(
            (Term(axes(node.shape), raised(first.powers, _ANY), self._own(first, node), first.met),), terms
        )

    def _power(self, terms: Terms, node: Apply, exponent: Fraction) -> Terms:
        """A quotient or a root is as long as what is under it: it may be multiplied out."""
        if abs(exponent) > _LONG:
            raise UncoveredError("a high power")
        if exponent.denominator == 1 and exponent > 0:
            return leibniz([terms] * int(exponent), self.order, multiplied)
        first, factors = self._met(terms[0], node), max(1, ceil(abs(exponent)))
        self._hold(first, axes(node.shape), _IRREDUCIBLE)
        self._divided.update(first.inner)
        places, inner = (plus(*[count] * factors) for count in (first.places, first.inner))
        own = Term(places, raised(first.powers, exponent), self._own(first, node), first.met, inner)
        return self._derived((own,), terms)

    def _own(self, argument: Term, node: Apply) -> Flags:
        """The indices that a function of this argument holds."""
        if node in self.repeated:
            return nowhere(node.shape)
        self.functions[node] = argument.met
        return argument.met

    def _met(self, terms: Sum, node: Apply) -> Term:
        if not terms:
            return Term({}, {}, nowhere(node.shape), nowhere(node.shape))
        term = whole(terms)
        asked = node.arguments[:1] if node.function == "**" else node.arguments
        if asked not in self._opened and not self._entryless.issuperset(node.arguments):
            self._opened.add(asked)
            self.opened = plus(self.opened, span(term.powers))
        return term

    def _derived(self, own: Sum, terms: Terms) -> Terms:
        """A function of an argument with these terms, and its derivatives: each of these is a function again."""
        found: list[Sum] = [own]
        if self.order:
            found.append(multiplied([own, terms[1]]))
        if self.order > 1:
            found.append(added([multiplied([own, terms[1], terms[1]]), multiplied([own, terms[2]])]))
        return tuple(found)

    def _summed(self, term: Term, shape: Shape, node: Apply) -> Term:
        options = dict(node.parameters)
        over = {a % len(shape) for a in options.get("axis", range(len(shape)))} if shape else set()
        free = [freely(shape[a], term.held[a], term.met[a]) for a in sorted(over)]
        self.summed = self.summed or any(free)
        kept = [a for a in range(len(shape)) if a not in over or options.get("keepdims")]
        held, met = (tuple(f[a] if a not in over else NONE for a in kept) for f in (term.held, term.met))
        inner = plus(term.inner, axes(shape[a] for a in over))
        return Term(term.places, times(term.powers, *free), held, met, inner)

    def _chosen(self, node: Apply, terms: Terms) -> Terms:
        """The largest entry stands at a place of its own."""
        shape, options = node.arguments[0].shape, dict(node.parameters)
        over = {a % len(shape) for a in options.get("axis", range(len(shape)))} if shape else set()
        place = axes(shape[a] for a in sorted(over))
        shares = node.function == "largest"
        kept = [a for a in range(len(shape)) if shares or a not in over or options.get("keepdims")]

        def one(term: Term) -> Term:
            held, met = (
                tuple(everything(shape[a]) if a in over else f[a] for a in kept) for f in (term.held, term.met)
            )
            return Term(plus(term.places, place), term.powers, held, met, plus(term.inner, place))

        found = tuple(kinds(map(one, part)) for part in terms)
        return self._constant(*found[0]) if shares else found

    def _matrix(self, name: str, terms: Terms, node: Apply) -> Terms:
        """An inverse is a matrix of free symbols, of which is known how it changes: dY = -Y dA Y."""
        argument = node.arguments[0].shape
        if len(argument) != 2 or not terms[0]:
            raise UncoveredError(_UNBOUNDED[name])
        self.free = True
        first = whole(terms[0])
        places, powers = plus(first.places, axes(argument)), raised(first.powers, _ANY)
        held = everywhere(argument) if name == "inv" else ()
        inverse = Term(places, powers, held, held, places)

        def bare(part: Sum) -> Sum:
            inside = (replace(t, inner=t.places) for t in part)
            return kinds(t if name == "inv" else replace(t, held=(), met=()) for t in inside)

        own, along = (inverse,), list(map(bare, terms))
        twice: list[Sum] = [own, own]
        found: list[Sum] = [own]
        if self.order:
            found.append(multiplied([*twice, along[1]]))
        if self.order > 1:
            found.append(added([multiplied([*twice, *twice, along[1], along[1]]), multiplied([*twice, along[2]])]))
        return tuple(found)

    def _contracted(self, node: Apply, inner: Sequence[Terms]) -> Terms:
        given = dict(node.parameters).get("subscripts")
        shapes = [a.shape for a in node.arguments]
        signature = given or fitting(FUNCTIONS[node.function].signatures, shapes)
        if signature is None:
            raise UncoveredError(f"{node.function} of a batch")
        inputs, output = signature.split("->")
        letters = inputs.split(",")
        sizes = {a: s for part, shape in zip(letters, shapes, strict=True) for a, s in zip(part, shape, strict=True)}
        summed = [a for a in sizes if a not in output and a != "1"]
        over = axes(sizes[a] for a in summed)

        def one(there: Sequence[Term]) -> Term:
            held = lettered(letters, [t.held for t in there], diagonals=False)
            met = lettered(letters, [t.met for t in there], diagonals=True)
            free = [freely(sizes[a], held.get(a, NONE), met.get(a, NONE)) for a in summed]
            self.summed = self.summed or any(free)
            places, powers = plus(*(t.places for t in there)), times(*(t.powers for t in there), *free)
            inner = plus(*(t.inner for t in there), over)
            flags = [tuple(found.get(a, NONE) for a in output) for found in (held, met)]
            return Term(places, powers, flags[0], flags[1], inner)

        return leibniz(inner, self.order, lambda parts: kinds(map(one, combinations(*parts))))

    def _rearranged(self, node: Apply, inner: Sequence[Terms]) -> Terms:
        """What makes entries, or puts them elsewhere."""
        name, shape = node.function, node.shape
        if name.startswith("zeros"):
            return self._constant()
        if name.startswith(("eye", "ones", "commutation")):
            sizes = dict(node.parameters).get("sizes", shape)
            if name == "commutation":
                self.along.join(sizes)
                self.along.join(sizes[::-1])
            tied = nowhere if name.startswith("ones") else everywhere  # one index is the other
            return self._constant(Term(axes(shape), {}, nowhere(shape), tied(shape)))
        if name in ("concat", "stack"):
            return self._joined(node, inner)
        if name == "kron":
            return self._kronecker(node, inner)
        if name in _UNBOUNDED:
            raise UncoveredError(_UNBOUNDED[name])
        found = self.along.sources(node)
        if found is None:
            raise UncoveredError(_ORDERED.get(name, f"`{name}`"))
        sources, place = found
        long = node.arguments[0].shape
        ways = [(source, [long[a] for a in source], size) for source, size in zip(sources, shape, strict=True)]

        def one(term: Term) -> Term:
            held = tuple(moved([term.held[a] for a in source], old, size, each=True) for source, old, size in ways)
            met = tuple(moved([term.met[a] for a in source], old, size, each=False) for source, old, size in ways)
            return Term(plus(term.places, place), term.powers, held, met, plus(term.inner, place))

        return tuple(kinds(map(one, part)) for part in inner[0])

    def _joined(self, node: Apply, inner: Sequence[Terms]) -> Terms:
        shape = node.shape
        (axis,) = dict(node.parameters).get("axis", (0,))
        if node.function == "concat":
            parts = [a.shape[axis] if a.shape else ONE for a in node.arguments]
            self.along.part(shape[axis], accumulate(parts, Size.__add__))

        def widened(term: Term, old: Shape) -> Term:
            if len(old) == len(shape):
                held, met = (
                    tuple(
                        flag if before is size else moved([flag], [before], size, each=each)
                        for flag, before, size in zip(flags, old, shape, strict=True)
                    )
                    for flags, each in ((term.held, True), (term.met, False))
                )
                return replace(term, held=held, met=met)
            all_held = all(flag >= everything(size) for flag, size in zip(term.held, old, strict=True))
            return replace(term, held=(everywhere if all_held else nowhere)(shape), met=everywhere(shape))

        ways = [
            [[widened(t, a.shape) for t in part] for part in terms]
            for terms, a in zip(inner, node.arguments, strict=True)
        ]
        return tuple(added(map(tuple, same)) for same in zip(*ways, strict=True))

    def _kronecker(self, node: Apply, inner: Sequence[Terms]) -> Terms:
        left, right = (a.shape if len(node.shape) < 2 or len(a.shape) > 1 else (*a.shape, ONE) for a in node.arguments)
        for pair in zip(left, right, strict=True):
            self.along.join(pair)
        ways = list(zip(zip(left, right, strict=True), node.shape, strict=True))

        def one(there: Sequence[Term]) -> Term:
            first, second = there
            held, met = (
                tuple(
                    moved(pair, sizes, size, each=each)
                    for pair, (sizes, size) in zip(zip_longest(*flags, fillvalue=NONE), ways, strict=True)
                )
                for flags, each in (((first.held, second.held), True), ((first.met, second.met), False))
            )
            places, inner = plus(*(t.places for t in there)), plus(*(t.inner for t in there))
            return Term(places, times(*(t.powers for t in there)), held, met, inner)

        return leibniz(inner, self.order, lambda parts: kinds(map(one, combinations(*parts))))
