"""Names that must be arrays where they stand, whatever their letters say, in code and in the language.

What is summed, compared or normed by itself has entries, and so has what stands beside `@`; between two of one vector
stands a matrix, whether its name is a capital or not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from jacobian_cli.elaborate.amounts import SCALED, amounts
from jacobian_cli.elaborate.defaults import numbers
from jacobian_cli.elaborate.formulas import FORMULA, constants
from jacobian_cli.elaborate.habits import HABITS, MATRIX, VECTOR, Default, of_means, scales
from jacobian_cli.elaborate.latents import latents
from jacobian_cli.elaborate.targets import ADDED, targets
from jacobian_cli.elaborate.terms import COUNTED, elementwise, is_number
from jacobian_cli.elaborate.weighted import bare, row_weights, weights
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Group, Literal, Name, Term, parts_of

_SUMMED = "its entries are summed or compared"
_FACTOR = "@ stands between arrays"
_FORM = "a matrix stands between two of one vector"
MET = frozenset((ADDED, SCALED, FORMULA))
"""Reasons for what a capital is beside others, which is said."""
CERTAIN = frozenset((_FACTOR, _FORM))
"""Reasons why nothing else fits a name."""
_WEIGHTED = "it is one of two factors of what is summed"
_TRACED = "it is a factor of what a trace is taken of"
_TURNED = "a row is a vector transposed, and so is a vector what multiplies it"
_ROW = "a mean is subtracted from each row"
_SHIFTED = "what scales each entry is like what is added to it"
_CURVED = "it multiplies a vector, and stands beside it"
_OVER = (Kind.REDUCTION, Kind.ROW, Kind.SHARE)
_ORDERED = frozenset("median quantile percentile topk cummax cummin flip diff trapezoid argmax argmin".split())
"""Functions of the order of entries."""
_OF_TWO = frozenset("dot inner vdot outer".split())
_OF_ROWS = frozenset("einsum solve cdist".split())
"""Functions beside the product in which what stands in rows is told apart."""
_RUNNING = frozenset("eta theta xi psi".split())
"""Greek letters of linear predictors."""


class _Made(NamedTuple):
    """What an array has its axes from: Greek names of which nothing is said, and whether something else has some."""

    greek: frozenset[str]
    other: bool

    def __or__(self, more: object) -> _Made:
        assert isinstance(more, _Made)
        return _Made(self.greek | more.greek, self.other or more.other)


_NUMBER = _Made(frozenset(), other=False)
_ARRAY = _Made(frozenset(), other=True)


def arrays(
    statements: Sequence[Definition],
    guessed: Mapping[str, Default],
    declared: Mapping[str, Shape],
    sizes: Collection[str],
) -> dict[str, Default]:
    """The names that are arrays because of what is done with them, wherever a letter would make numbers of them, and
    lower-case names between two of one vector.
    """
    asked = [s for s in statements if s.notation not in ("math", "latex")]
    if not asked:
        return {}
    found = _Arrays(statements, guessed, declared, sizes)
    found.found |= latents(asked, guessed, declared, found.least)
    for statement in asked:
        for call in statement.calls:
            found.take(call, products=statement.notation not in ("matlab", "julia", "r"))
            if not statement.notation:
                found.traced(call)
                found.outer(call)
    return found.found


def wanted(
    statements: Sequence[Definition],
    guessed: Mapping[str, Default],
    declared: Mapping[str, Shape],
    sizes: Collection[str],
) -> dict[str, Default]:
    """The names that are arrays, and the capitals among them that are vectors beside others, or numbers."""
    said = arrays(statements, guessed, declared, sizes)
    said |= targets(statements, {**guessed, **said}, declared)
    said |= amounts(statements, {**guessed, **said}, declared)
    return said | constants(statements, {**guessed, **said}, declared)


def suggested(
    statements: Sequence[Definition],
    guessed: Mapping[str, Default],
    declared: Mapping[str, Shape],
    sizes: Collection[str],
    shapes_at: Callable[[Mapping[str, Default]], Mapping[int, Shape]],
) -> tuple[dict[str, Default], dict[str, Default]]:
    """The names that are numbers by what they do, and those that are arrays."""
    before = {**guessed}
    counted = numbers(statements, before, sizes, shapes_at(before))
    said = wanted(statements, before | counted, declared, sizes)
    if said:  # which says more of what scales them
        counted = numbers(statements, before | said, sizes, shapes_at(before | said))
    return counted, said


class _Arrays:
    """Walks over the parts of statements and finds what must be an array in each."""

    def __init__(
        self,
        statements: Sequence[Definition],
        guessed: Mapping[str, Default],
        declared: Mapping[str, Shape],
        sizes: Collection[str],
    ) -> None:
        self.values = [s.value for s in statements]
        self.bodies = {s.name: s.value for s in statements if s.name}
        self.guessed = guessed
        self.declared = declared
        self.sizes = sizes
        self.greek = any(guess.why == HABITS[0] for guess in guessed.values())
        """Whether there are letters that would be numbers."""
        self.known: dict[int, _Made] = {}
        self.unmade = iter(self.bodies.values())
        """The definitions of which nothing is known yet: each is asked in its turn, for they stand in one another."""
        self.opened: set[str] = set()
        """The definitions whose rows are told apart."""
        self.found: dict[str, Default] = {}
        self.products = True
        """Whether @ is always a matrix product."""

    # ---- what an array is made of ----------------------------------------------------------------------------------

    def made(self, term: Term) -> _Made:
        found = self.known.get(id(term))
        if found is None:
            found = self.known[id(term)] = self._made(term)
        return found

    def _made(self, term: Term) -> _Made:
        match term:
            case Name(text=text):
                return self._named(text)
            case Call(function="?upto", arguments=(value, *_)):
                return self.made(value)
            case Call(function=".T" | "?turn", arguments=(inner,)):
                return self.made(inner)
            case Call(function="**", arguments=(base, _)):
                return self.made(base)
            case Call() if elementwise(term) or (term.function == "@" and not self.products):
                whole = _NUMBER
                for part in term.arguments:
                    whole |= self.made(part)
                return whole
            case Call(keywords=keywords) if _of_entries(term) and not keywords:
                return _NUMBER
            case Literal():
                return _NUMBER
            case Call(function=function) if function in COUNTED:
                return _NUMBER
        return _ARRAY

    def _named(self, name: str) -> _Made:
        if (body := self.bodies.get(name)) is not None:
            while id(body) not in self.known:
                self.made(next(self.unmade))
            return self.known[id(body)]
        if name in self.declared:
            return _ARRAY if self.declared[name] else _NUMBER
        guess = self.guessed.get(name)
        if guess is None or name in self.sizes:
            return _NUMBER
        if guess.why == HABITS[0]:
            return _Made(frozenset([name]), other=False)
        return _ARRAY if guess.order else _NUMBER

    def chosen(self, *terms: Term) -> frozenset[str]:
        """The Greek names that an array made of nothing else has its axes from: those that only scale do not."""
        whole = _NUMBER
        for term in terms:
            whole |= self.made(term)
        if whole.other:
            return frozenset()
        return frozenset(name for name in whole.greek if not scales(name)) or whole.greek

    def least(self, term: Term) -> int:
        """How many axes a part has at least by the names it is made of."""
        if isinstance(term, Name) and term.text not in self.bodies:
            return self._order(term.text)
        return VECTOR if self.made(term).other else 0

    def say(self, names: Collection[str], order: int, why: str) -> None:
        for name in names:
            if name not in self.found or self.found[name].order < order:
                self.found[name] = Default(order, why)

    # ---- what asks for one -----------------------------------------------------------------------------------------

    def take(self, term: Call, *, products: bool) -> None:
        self.products = products
        if _of_entries(term):
            axis = _furthest(term)
            self.say(self.chosen(term.arguments[0]), VECTOR if axis < 1 else MATRIX, _SUMMED)
            self.say(self.open_greek(weights(term, self._order, lambda: self.numbers)), VECTOR, _WEIGHTED)
            self.curved(term.arguments[0])
            if axis:
                self.rows(term.arguments[0])
                self.say(self.open_greek(row_weights(term, self._order)), VECTOR, _WEIGHTED)
            if axis > 0:
                self.squared(term.arguments[0])
        elif term.function == "@" and products and len(term.arguments) == 2:
            self.product(*term.arguments)
        elif term.function in _OF_TWO:
            for part in term.arguments:
                self.say(self.chosen(part), VECTOR, _FACTOR)
        elif term.function in _OF_ROWS:
            for part in term.arguments:
                self.rows(part)
        elif term.function == "+" and len(term.arguments) == 2:
            self.shifted(*term.arguments)

    def traced(self, term: Call) -> None:
        """trace(rho@log(rho)): nobody takes the trace of a number."""
        if term.function == "trace" and len(term.arguments) == 1:
            names = _multiplied(term.arguments[0])
            if names and all(name in self.guessed and self.guessed[name].why in HABITS[:2] for name in names):
                self.say(names, MATRIX, _TRACED)

    def outer(self, term: Call) -> None:
        """alpha*beta.T"""
        match term:
            case Call(function="*", arguments=(Name(text=left), Call(function=".T", arguments=(Name(text=right),)))):
                if len(self.open_greek([left, right])) == 2 and not (scales(left) or scales(right)):
                    self.say([left, right], VECTOR, _TURNED)

    def open_greek(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name in self.guessed and self.guessed[name].why == HABITS[0]]

    @cached_property
    def numbers(self) -> set[str]:
        """The names that stand where nothing sums entries."""
        return {name for value in self.values for name in bare(value)}

    def product(self, left: Term, right: Term) -> None:
        left, right = _plain(left), _plain(right)
        if isinstance(left, Call) and left.function == "@":
            self.between(_bare(left.arguments[0]), left.arguments[1], _bare(right))
        if isinstance(right, Call) and right.function == "@":
            self.between(_bare(left), right.arguments[0], _bare(right.arguments[1]))
        if not self.greek:
            return
        left, right = _bare(left), _bare(right)
        scaled, last = _factor(left), _factor(right)
        for part in (scaled, last if _same(scaled, last) else right):
            self.say(self.chosen(part), VECTOR, _FACTOR)
            self.rows(part)

    def between(self, before: Term, middle: Term, behind: Term) -> None:
        """w @ cov @ w."""
        before, middle, behind = _factor(before), _bare(middle), _factor(behind)
        if not isinstance(middle, Name) or not _same(before, behind) or _same(middle, before):
            return
        if isinstance(before, Name) and self._order(before.text) == MATRIX:
            return
        if middle.text in self.guessed and self.guessed[middle.text].why in HABITS[:2]:
            self.say([middle.text], MATRIX, _FORM)

    def summed(self, term: Term) -> list[Term]:
        """What is added in a part, whatever number scales it, through definitions."""
        found: list[Term] = []
        stack, seen = [term], set[str]()
        while stack:
            part = stack.pop()
            if isinstance(part, Name) and part.text in self.bodies:
                stack += [] if part.text in seen else [self.bodies[part.text]]
                seen.add(part.text)
            elif isinstance(part, Call) and part.function == "*" and is_number(part.arguments[0]):
                stack.append(part.arguments[1])
            elif isinstance(part, Call) and part.function in ("+", "-", "u-"):
                stack.extend(reversed(part.arguments))
            else:
                found.append(part)
        return found

    def rows(self, term: Term) -> None:
        """X - mu, where the rows are told apart."""
        stack = [term]
        while stack:
            part = stack.pop()
            stack += parts_of(part)
            match part:
                case Name(text=text) if text in self.bodies and text not in self.opened:
                    self.opened.add(text)
                    stack.append(self.bodies[text])
                case Call(function="-", arguments=(Name(text=rows), Name(text=mean))) if of_means(mean):
                    guess = self.guessed.get(mean)
                    if guess is not None and guess.why == HABITS[0] and self._order(rows) == MATRIX:
                        self.say([mean], VECTOR, _ROW)

    def _order(self, name: str) -> int:
        if name in self.declared:
            return len(self.declared[name])
        return self.guessed[name].order if name in self.guessed else 0

    def shifted(self, scaled: Term, shift: Term) -> None:
        """gamma*xhat + beta."""
        match scaled:
            case Call(function="/", arguments=(Call(function="*") as product, _)):
                scaled = product
        match scaled, shift:
            case Call(function="*", arguments=(Name(text=scale), inner)), Name(text=added):
                names = [scale, added]
                letters = [key(name)[0] for name in names]
                greek = all(name in self.guessed and self.guessed[name].why == HABITS[0] for name in names)
                if letters == ["gamma", "beta"] and greek and self.made(inner).other:
                    self.say(names, VECTOR, _SHIFTED)

    def curved(self, term: Term) -> None:
        """sum(y*eta - exp(eta))."""
        terms = self.summed(term)
        times = {
            factor.text
            for part in terms
            if isinstance(part, Call) and part.function == "*" and self.made(part).other
            for factor in part.arguments
            if isinstance(factor, Name) and key(factor.text)[0] in _RUNNING
        }
        for part in terms if times else ():
            made = self.made(part)
            if isinstance(part, Call) and not made.other and len(made.greek) == 1:
                self.say(times & made.greek, VECTOR, _CURVED)

    def squared(self, term: Term) -> None:
        """sum(1 + logvar - mu**2 - exp(logvar), axis=1): what rows are added to."""
        terms = self.summed(term)
        for part in terms if any(self.made(part).other for part in terms) else ():
            match part:
                case Call(function="**", arguments=(Name(text=name), Literal())) if of_means(name):
                    others = frozenset(n.text for n in map(_inner, terms) if isinstance(n, Name))
                    plain = {n for n in others if n in self.guessed and self.guessed[n].why == HABITS[1]}
                    self.say(self.made(part).greek | plain, MATRIX, _SUMMED)


def _of_entries(term: Call) -> bool:
    """Whether a call sums or compares the entries of its argument."""
    row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
    if row is None or not term.arguments or elementwise(term):
        return False
    return row.kind in _OVER or term.function in _ORDERED


def _furthest(term: Call) -> int:
    """The last of the axes that a call runs along."""
    axis = dict(term.keywords).get("axis")
    places = axis.items if isinstance(axis, Group) else (axis,)
    return max((int(place.value) for place in places if isinstance(place, Literal)), default=0)


def _plain(term: Term) -> Term:
    """A factor without what only limits how many axes it has."""
    while isinstance(term, Call) and term.function == "?upto":
        term = term.arguments[0]
    return term


def _bare(term: Term) -> Term:
    """A factor without its transpose, and without what only limits how many axes it has."""
    while isinstance(term, Call) and term.function in (".T", "?turn", "?upto"):
        term = term.arguments[0]
    return term


def _factor(term: Term) -> Term:
    """What is multiplied last in a product: w in 0.5*lam*w."""
    while isinstance(term, Call) and term.function in ("*", "u-") and term.arguments:
        term = _bare(term.arguments[-1])
    return term


def _inner(term: Term) -> Term:
    """What a function of one argument, or several, is applied to in the end."""
    while isinstance(term, Call) and elementwise(term) and len(term.arguments) == 1:
        (term,) = term.arguments
    return term


def _multiplied(term: Term) -> list[str]:
    """The names of the factors of a product, each alone or in a function of its entries; none where another is one."""
    if not isinstance(term, Call) or term.function != "@":
        return []
    found: list[str] = []
    for part in term.arguments:
        inner = _inner(part)
        names = [inner.text] if isinstance(inner, Name) else _multiplied(part)
        if not names:
            return []
        found += names
    return found


def _same(one: Term, other: Term) -> bool:
    return spelled(one) == spelled(other)
