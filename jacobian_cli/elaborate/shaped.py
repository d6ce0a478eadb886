"""The walk over a tree in which shapes decide: every part typed, and what it has become in the language."""

from __future__ import annotations

import re
from collections import ChainMap, Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, ClassVar

from jacobian_cli.elaborate import letter_e, sigmas
from jacobian_cli.elaborate.above import vectors_in
from jacobian_cli.elaborate.builder import Builder
from jacobian_cli.elaborate.factor_shapes import axes_of, shape_of, way_of
from jacobian_cli.elaborate.guesses import divisors
from jacobian_cli.elaborate.habits import MATRIX, habit
from jacobian_cli.elaborate.iterates import iterates
from jacobian_cli.elaborate.options import ConformError, OrderError, Scope
from jacobian_cli.elaborate.statement import as_numbers, names_in, projections, turned_names
from jacobian_cli.elaborate.trees import (
    call_of,
    inner_text,
    outer_text,
    sizes_of,
    span_of,
    times_text,
    unclear,
    unindexed,
)
from jacobian_cli.expr import Apply, Expr, Variable
from jacobian_cli.expr import Extent as Counted
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.rules import ShapeError, described
from jacobian_cli.ops.table import ALIASES, OF_MATRICES
from jacobian_cli.shape import Shape, Size, product
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Extent, Group, Literal, Name, Slice, Term, parts_of

Typed = tuple[Expr, Term]
_HOLE = re.compile(r"\?\d+\?\d+\?")
"""A size that is not found yet."""
LEANING = frozenset("mu nu beta theta gamma xi zeta phi psi omega chi pi".split())
"""Greek letters that are vectors as readily as scalars: beside + and behind a matrix they are what fits."""
BEHIND = frozenset(("alpha", "delta", "eta"))
"""Greek letters that are vectors where they stand behind a matrix, and numbers elsewhere."""
_WORD = 8
"""Words are no longer than this, where they may be one name."""
_TOTALS = ("sum", "mean", "prod")
_NORMS = ("norm", "norm1")
_SUMMED = ("?plus", "?minus")
BOARD = ("math", "latex", "julia")
"""Notations in which a function of a matrix may mean something else than its entries' values."""


class StrainedError(InputError):
    """A reading that the language has, but that no mathematician would mean: a name wants another number of axes.

    `because` is what must be said of it then, nothing where it is certain; without it, those judge who see it.
    """

    def __init__(self, name: str, order: int, *others: str, because: str | None = None) -> None:
        super().__init__(f"{name} is read otherwise")
        self.name = name
        self.names = (name, *others)
        self.order = order
        self.because = because


class Shaped(Builder):
    """Types one text, and remembers what each part that shapes decide has become."""

    meanings: ClassVar[Mapping[str, Callable[[Any, Call], Typed]]]
    """What each call that shapes decide becomes."""

    def __init__(self, scope: Scope, statement: Definition, strict: bool, assumed: Mapping[str, int]) -> None:
        self.fresh: dict[str, Size] = {}
        super().__init__(replace(scope, sizes=ChainMap(self.fresh, {**scope.sizes})), statement.source)
        self.strict = strict
        self.notation = statement.notation
        self.board = statement.notation in BOARD
        self.upright = statement.notation in ("math", "latex")
        """Whether e is a constant only above which something stands, mostly."""
        self.assumed = assumed
        self.made: dict[int, Term] = {}
        self.done: dict[int, Expr] = {}
        self.kept: list[Term] = []  # what `made` knows by its id, which must not become another's
        self.resized: dict[int, Call] = {}
        self.lying: set[int] = set()
        """Arrays of one axis that would be rows if they were columns, by the `id` of their tree."""
        self.doubts: list[str] = []
        self.held: set[str] = set()
        """Names whose number of axes an index has settled."""
        self.unsized: set[str] = set()
        """Sizes that something else in the formula must say."""
        self.extents: list[Extent] = []
        self.losses: list[Call] = []
        self.turned_names = turned_names(statement)
        turned = (t for t in statement.terms if isinstance(t, Call) and t.function == ".T")
        self.turned_parts = {id(t.arguments[0]) for t in turned}
        """What is transposed, by the `id` of its tree."""
        self.rows = {name for name, order in statement.orders if order == MATRIX}
        self.standing = vectors_in(statement.value) if self.upright else set[str]()
        """Names that stand where a vector does."""
        self.iterates = iterates(statement.value) if self.upright else {}
        self.sigma_sums = sigmas.sums(statement.terms)
        """Whether Σ is the sign of a sum, where it may be one."""
        self.divisors = divisors(statement.value) if self.upright else frozenset[str]()
        """Names that divide by themselves."""
        self.bare = Counter(unindexed(statement.value) if statement.notation else ())
        """How often names stand without an index."""
        self.certain = {id(dot) for _, dot in projections(statement.terms)}
        """Products by · that are dot products, by the `id` of their tree."""
        self.parents = {id(part): term for term in statement.terms for part in parts_of(term)} if self.upright else {}
        """What each part stands in, by the `id` of its tree."""
        self.asking: set[int] = set()
        """Parts that ask what they are added to, by the `id` of their tree."""
        self.linear: set[int] = set()
        """Matrices that ask what they stand beside, by the `id` of their tree."""
        self.products = False
        """Whether a * has turned out to be a matrix product."""

    # ---- the walk --------------------------------------------------------------------------------------------------

    def build(self, term: Term) -> Expr:
        if not isinstance(term, Call):
            if (
                isinstance(term, Name)
                and term.text == letter_e.E
                and self.upright
                and term.text not in self.scope.values
            ):
                self.doubt(letter_e.NUMBER)
            return super().build(term)
        if term.function[0] == "?":
            known = self.done.get(id(term))
            if known is None:  # each is asked for by all that stands around it
                self.kept.append(term)
                known, self.made[id(term)] = self.meanings[term.function](self, term)
                self.done[id(term)] = known
            return known
        row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
        if row is not None and row.of_scalar and len(term.arguments) == 1:
            self.want_larger(term.arguments[0], 2)
            self.want_time(term.arguments[0])
        if self.upright and term.function in _NORMS and len(term.arguments) == 1:
            self.want_larger(term.arguments[0], 1)
        expr = super().build(self.sized(term))
        if self.upright and term.function in _TOTALS and len(term.arguments) == 1 and not term.keywords:
            self.want_entries(term.arguments[0], self.plain(term))
        if self.board and isinstance(expr, Apply) and expr.arguments and axes_of(expr.arguments[0].shape) == 2:
            meant = OF_MATRICES.get(expr.function)
            if meant is not None:
                self.entrywise(meant, self.plain(term))
        return expr

    def want_time(self, term: Term) -> None:
        """expm(At): a t behind a matrix scales it."""
        match term:
            case Call(function="?beside", arguments=(*before, Name(text="t"))) if self.assumed.get("t") == 1:
                if any(axes_of(self.build(part).shape) == 2 for part in before):
                    self.strained("t", 0)

    def want_entries(self, value: Term, whole: Term) -> None:
        """Say that what is summed is one number: ∑ wᵀx."""
        if self.build(value).shape:
            return
        names = list(dict.fromkeys(names_in(value)))
        numbers = [name for name in names if self.assumed.get(name) == 0]
        if names and numbers == names and all(habit(name) == 0 for name in names):  # ∑ (μ² − log σ²)
            self.strained(names[0], 1, *names[1:])
        ways = "vectors are declared: " + " ".join(f"`-s {name}=n`" for name in numbers[:4])
        over = ways if numbers else "over samples, let a matrix hold them in its rows: `sum(X@w)`"
        self.doubt(f"`{spelled(whole)}` is of one number; {over}")

    def error(self, span: Span, message: str, hint: str | None = None) -> InputError:
        """A mistake; sizes that are not found yet have letters in what is quoted."""
        letters = iter([letter for letter in "nmkpq" if letter not in self.scope.values] + ["n"] * 99)
        named = {hole: next(letters) for hole in dict.fromkeys(_HOLE.findall(f"{message} {hint}"))}
        for hole, letter in named.items():
            message, hint = message.replace(hole, letter), hint and hint.replace(hole, letter)
        return super().error(span, message, hint)

    def entrywise(self, otherwise: str, term: Term) -> None:
        """Say what a function of a matrix would be, of which `{}` is the argument."""
        inner = spelled(term.arguments[0]) if isinstance(term, Call) else ""
        self.doubt(f"`{spelled(term)}` is taken entry by entry; {otherwise.format(inner)}")

    def want_larger(self, term: Term, order: int) -> None:
        """‖θ‖ and tr(ρ): a Greek name alone, or in a product of such, is no number where one would make no sense."""
        names = names_in(term)
        if names and all(self.assumed.get(name) == 0 and habit(name) == 0 for name in names):
            plain = isinstance(term, Name) or order == 2 or (isinstance(term, Call) and term.function in _SUMMED)
            if plain:
                self.strained(names[0], order)

    def sized(self, term: Call) -> Call:
        """A call whose sizes and indices are spelled with the signs of the language."""
        row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
        options = row.options if row else ()
        first = 0 if "sizes" in options else 1 if {"shape", "index"} & {*options} else None
        if first is None or not any(unclear(part) for part in term.arguments[first:]):
            return term
        made = self.resized[id(term)] = Call(
            term.function,
            (*term.arguments[:first], *(s for part in term.arguments[first:] for s in sizes_of(self.measured(part)))),
            term.keywords,
            term.span,
        )
        return made

    def measured(self, term: Term) -> Term:
        """A size in which X.shape[0] is spelled by its name."""
        match term:
            case Call(function="?extent" | "?count"):
                counted = self.build(term)
                return self.made[id(term)] if isinstance(counted, Counted) else self.unnamed(term)
            case Call(function=function, arguments=arguments, keywords=keywords, span=span):
                return Call(function, tuple(map(self.measured, arguments)), keywords, span)
            case Group(items=items, span=span):
                return Group(tuple(map(self.measured, items)), span)
            case Slice(start=start, stop=stop, span=span, step=step):
                first, last = (None if bound is None else self.measured(bound) for bound in (start, stop))
                return Slice(first, last, span, step)
        return term

    def unnamed(self, term: Call) -> Term:
        """The length of an axis that has no name yet."""
        shape = self.build(term.arguments[0]).shape
        places = term.arguments[1:] or tuple(dict(term.keywords).values())
        size = product([shape[self.whole(place)] for place in places] if places else shape)
        hole = f"?{term.span.start}?{len(self.fresh)}?"
        self.fresh[hole] = size
        array = term.arguments[0]
        if isinstance(array, Name) and array.text in self.assumed and len(places) == 1:
            self.extents.append(Extent(array.text, self.whole(places[0]) % len(shape), hole))
        return Name(hole, term.span)

    def plain(self, term: Term) -> Term:
        """The tree in the language, once it was built."""
        if id(term) in self.made:
            return self.made[id(term)]
        match self.resized.get(id(term), term):
            case Call(function=function, arguments=arguments, keywords=keywords, span=span):
                return Call(function, tuple(self.plain(part) for part in arguments), keywords, span)
        return term

    def typed(self, term: Term) -> Typed:
        return self.build(term), self.plain(term)

    def op(self, function: str, span: Span, *operands: Typed) -> Typed:
        """A function of the language on typed operands."""
        row = FUNCTIONS[function]
        try:
            expr = self.applied(row, tuple(expr for expr, _ in operands), {})
        except ShapeError as error:
            kind = OrderError if error.order else ConformError
            raise kind(error.message, text=self.text, span=span, hint=error.hint) from None
        return expr, Call(function, tuple(term for _, term in operands), (), span)

    def doubt(self, message: str) -> None:
        if message not in self.doubts:
            self.doubts.append(message)

    def strained(self, name: str, order: int, *others: str, because: str | None = None) -> None:
        """Ask for another number of axes, where one is to be had."""
        if self.strict:
            raise StrainedError(name, order, *others, because=because)

    # ---- what all notations share ----------------------------------------------------------------------------------

    def product(self, factors: Sequence[Typed], span: Span) -> Typed:
        total = factors[0]
        for place, factor in enumerate(factors[1:], start=1):
            step = way_of(total[0].shape, factor[0].shape)
            if not step:
                again = self.from_the_right(total, factors[place:], span)
                if again is not None:
                    return again
                raise self.misfit(total, factor, span)
            here = span_of(total[1], factor[1], span)
            total = self.of_entries(total, factor, here) or self.op(step, here, total, factor)
        return total

    def of_entries(self, left: Typed, right: Typed, span: Span) -> Typed | None:
        """vec(X)ᵀvec(Y) of two shapes that may be one: the sum of the products of entries."""
        match left[1], right[1]:
            case (
                Call(function=".T", arguments=(Call(function="vec", arguments=(x,)),)),
                Call(function="vec", arguments=(y,)),
            ):
                one, other = ((super(Shaped, self).build(part), part) for part in (x, y))
                shape, same = one[0].shape, other[0].shape
                fit = all(self.scope.unifier.unify(m, n) for m, n in zip(shape, same, strict=False))
                if fit and len(shape) == len(same) > 1:
                    return self.op("sum", span, self.op("*", span, one, other))
        return None

    def from_the_right(self, total: Typed, behind: Sequence[Typed], span: Span) -> Typed | None:
        """A xᵀy: where the left does not fit what comes next, the rest may be a number or fit as a whole."""
        for stop in range(len(behind), 1, -1):
            inner = shape_of([expr.shape for expr, _ in behind[:stop]])
            if inner is not None and way_of(total[0].shape, inner):
                return self.product([total, self.product(behind[:stop], span), *behind[stop:]], span)
        return None

    def misfit(self, left: Typed, right: Typed, span: Span) -> InputError:
        where = span_of(left[1], right[1], span)
        message = f"{described(self.resolved(left))} stands beside {described(self.resolved(right))}"
        if len(left[0].shape) == len(right[0].shape) == 1:
            inner, outer = inner_text(left[1], right[1]), outer_text(left[1], right[1])
            hint = f"write `{inner}`, `{outer}`, or `{times_text(left[1], right[1])}` for the product entry by entry"
            if all(isinstance(one, Call) and one.function == "abs" for one in (left[1], right[1])):
                lengths = (call_of("norm", *one.arguments) for one in (left[1], right[1]) if isinstance(one, Call))
                hint = f"their lengths are `{spelled(call_of('*', *lengths))}`; else {hint}"
            names = dict.fromkeys((*names_in(left[1]), *names_in(right[1])))
            numbers = [f"`-s {name}=()`" for name in names if self.assumed.get(name) == 1]
            if numbers:
                hint += f"; {as_numbers(left[1], right[1], self.assumed)}"
            if numbers and (word := self.word_around(right[1].span)):
                axes = "n,m" if word[0].isupper() else "()" if word[0] in "dn" else "n"
                hint += f"; if {word} is one name, declare it: `-s {word}={axes}`"
            return ConformError(message, text=self.text, span=where, hint=_HOLE.sub("n", hint))
        return OrderError(message, text=self.text, span=where, hint="matrix products need columns and rows that meet")

    def word_around(self, span: Span) -> str:
        """The run of letters that a name was cut out of, xd of x and d; nothing where it stands alone."""
        start, stop = span
        while start > 0 and self.text[start - 1].isalpha():
            start -= 1
        while stop < len(self.text) and self.text[stop].isalpha():
            stop += 1
        word = self.text[start:stop]
        return (
            word
            if 1 < len(word) <= _WORD
            and word.isascii()
            and word.isalpha()
            and self.text[start - 1 : start] != "\\"
            and (start, stop) != (span.start, span.stop)
            else ""
        )

    def resolved(self, typed: Typed) -> Shape:
        return tuple(self.scope.unifier.resolve(size) for size in typed[0].shape)

    def turned(self, inner: Typed, axes: tuple[int, int], span: Span) -> Typed:
        places = list(range(len(inner[0].shape)))
        first, second = axes
        places[first], places[second] = places[second], places[first]
        group = Group(tuple(Literal(Fraction(place), span) for place in places), span)
        call = Call("transpose", (inner[1], group), (), span)
        return super().build(call), call

    def filled(self, function: str, span: Span, axes: int = 1) -> Typed:
        """The identity, or an array of so many axes, of sizes that are still to be found."""
        holes = {f"?{span.start}?{len(self.fresh) + k}?": self.scope.unifier.fresh() for k in range(axes)}
        self.fresh.update(holes)
        shape = tuple(holes.values()) * (2 if function == "eye" else 1)
        return Variable("?" + next(iter(holes)), shape), Call(function, tuple(Name(h, span) for h in holes), (), span)
