"""The parts of a formula that are computed entry by entry, and where names stand in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from jacobian_cli.elaborate.factor_shapes import is_row
from jacobian_cli.elaborate.habits import HABITS, VECTOR, Default
from jacobian_cli.elaborate.terms import elementwise, is_number, of_scalar, values_in
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import ONE, Shape
from jacobian_cli.syntax.tree import Call, Definition, Name, Term, parts_of

_SQUARED = frozenset(("mu", "μ", "theta", "θ"))
"""Greek letters whose squares are added to vectors as they are themselves: sum(1 + v - mu**2 - exp(v))."""


_SHARES = frozenset("softmax log_softmax logsumexp".split())
"""Functions of scores that a temperature divides."""


class Place(NamedTuple):
    """Where a name stands within a part that is computed entry by entry."""

    scales: bool = False
    """It multiplies, divides or is an exponent."""
    beside: int = 0
    """How many axes what it multiplies has, or None where that is not known."""
    below: bool = False
    """Under a fraction line."""
    root: bool = False
    """Under a root under a fraction line, and not added to another name there."""
    summed: bool = False
    """Added to something."""
    inside: bool = False
    """In the argument of a function, or below."""
    added: int = 0
    """How many axes the other terms of its sum have."""
    inverted: bool = False
    """Under a number that nothing multiplies."""
    curved: bool = False
    """In the argument of a function that is no root."""
    joined: int = 0
    """How many axes has what the product is added to that it stands in."""
    raised: bool = False
    """In what a power is taken of."""
    exponent: bool = False
    """Above what is no number."""
    spread: bool = False
    """Under a matrix to which a vector is added, as another one may divide it."""
    entries: bool = False
    """In what a sum runs over."""
    shares: bool = False
    """In what a softmax is taken of."""


def _scaled(term: Term) -> Term:
    """What is multiplied last in the first factor of a product: w in a*w@w, where a may be a number."""
    while isinstance(term, Call) and term.function == "*" and isinstance(term.arguments[0], Name):
        term = term.arguments[1]
    return term


class Parts:
    """The parts of typed statements: how many axes each has, and from which names."""

    def __init__(
        self,
        statements: Sequence[Definition],
        guessed: Mapping[str, Default],
        sizes: Collection[str],
        shapes: Mapping[int, Shape],
    ) -> None:
        self.statements = statements
        self.sizes = sizes
        self.guessed = guessed
        self.shapes = shapes
        self.bodies = {s.name: s.value for s in statements if s.name}
        self.known: dict[int, frozenset[str]] = {}
        for statement in statements:  # in their order, so that what a definition says is known where it is used
            self.carriers(statement.value)
        calls = [call for statement in statements for call in statement.calls]
        self.divides = any(term.function == "/" for term in calls)
        self.marked = any(statement.notation in ("matlab", "julia") for statement in statements)
        """Whether a sign tells products and powers of entries from those of matrices."""
        self.summed = {
            name
            for term in calls
            if not elementwise(term) and not of_scalar(term)
            for argument in values_in(term)
            for name in self.carriers(_scaled(argument) if term.function == "@" else argument)
        }
        vectors = {name for name, default in guessed.items() if default.why == HABITS[VECTOR]}
        self.unsummed = not vectors <= self.summed
        """Whether there is a vector, by its name so far, whose entries are nowhere summed."""

    def order(self, term: Term) -> int | None:
        shape = self.shapes.get(id(term))
        return None if shape is None else 0 if shape.count(ONE) == len(shape) else len(shape)

    def carriers(self, term: Term) -> frozenset[str]:
        """The names without declaration, vectors so far, that a part has its axes from; none where a matrix product
        or the like gives it axes anyway.
        """
        found = self.known.get(id(term))
        if found is None:
            found = self.known[id(term)] = self._carriers(term)
        return found

    def _carriers(self, term: Term) -> frozenset[str]:
        if isinstance(term, Name):
            body = self.bodies.get(term.text)
            if body is not None:
                return self.carriers(body)
            default = self.guessed.get(term.text)
            return frozenset([term.text] if default is not None and default.why == HABITS[VECTOR] else [])
        if not isinstance(term, Call) or not elementwise(term):
            return frozenset()
        broad = [self.carriers(a) for a in term.arguments if self.order(a) != 0]
        if not broad:
            return frozenset()
        match term.function:
            case "/" | "**":
                return broad[0]
            case "*" if not all(broad):
                return frozenset()
        return frozenset().union(*broad)

    def loose(self, term: Term) -> bool:
        """Whether a part has its axes from names alone whose entries are nowhere summed."""
        names = self.carriers(term)
        return bool(names) and names.isdisjoint(self.summed)

    def free(self, term: Term) -> bool:
        """Whether a part is a scalar, or has its axes from names alone."""
        return self.order(term) == 0 or bool(self.carriers(term))

    @cached_property
    def places(self) -> list[tuple[str, Place]]:
        """Every name without declaration, wherever it stands."""
        return list(self._places())

    def _places(self) -> Iterator[tuple[str, Place]]:
        for statement in self.statements:
            stack: list[tuple[Term, Place]] = [(statement.value, Place())]
            while stack:
                term, place = stack.pop()
                if isinstance(term, Name):
                    if term.text in self.guessed:
                        yield term.text, place
                elif isinstance(term, Call) and elementwise(term):
                    stack.extend(self._placed(term, place))
                else:
                    named = term.function if isinstance(term, Call) else ""
                    inside = Place(entries=named in ("sum", "mean"), shares=named in _SHARES)
                    stack.extend((part, inside) for part in parts_of(term))

    def _placed(self, term: Call, place: Place) -> Iterator[tuple[Term, Place]]:
        alone = place._replace(added=0, joined=max(place.joined, place.added))
        match term.function, term.arguments:
            case "*" | "/", (a, b):
                fraction = term.function == "/"
                for mine, other, below in ((a, b, False), (b, a, fraction)):
                    scales = place.scales or below or not is_number(other)
                    beside = self.order(other)
                    yield (
                        mine,
                        alone._replace(
                            scales=scales,
                            beside=max(place.beside, 2 if beside is None else beside),
                            below=place.below or below,
                            inside=place.inside or below,
                            inverted=place.inverted or (below and is_number(other) and not place.scales),
                            spread=place.spread or (below and self._broadens(other)),
                        ),
                    )
            case "**", (base, exponent):
                mean = isinstance(base, Name) and re.sub(r"[\d_].*$", "", base.text) in _SQUARED
                powers = isinstance(base, Call) and base.function == "**"
                yield base, (place if mean and is_number(exponent) else alone)._replace(raised=not is_number(exponent))
                yield (
                    exponent,
                    Place(scales=True, inside=True, exponent=not (is_number(base) or place.raised or powers)),
                )
            case (("+" | "-"), (a, b)):
                for mine, other in ((a, b), (b, a)):
                    beside = self.order(other)
                    yield (
                        mine,
                        place._replace(
                            root=place.root and not isinstance(other, Name),
                            summed=place.summed or not is_number(other),
                            scales=place.scales and is_number(other),
                            added=max(place.added, 2 if beside is None else beside),
                        ),
                    )
            case "u-", (a,):
                yield a, place
            case _:
                rooted = FUNCTIONS[ALIASES.get(term.function, term.function)].definition == "x**(1/2)"
                root = (place.below and not place.summed and rooted) or place.root
                curved = place.curved or not rooted
                for argument in term.arguments:
                    yield argument, alone._replace(inside=True, below=False, summed=False, root=root, curved=curved)

    def _broadens(self, term: Term) -> bool:
        """Whether vectors and matrices are added in a part."""
        stack = [term]
        while stack:
            part = stack.pop()
            if isinstance(part, Call) and elementwise(part):
                orders = {self.order(a) for a in part.arguments}
                rows = any(is_row(self.shapes.get(id(a))) for a in part.arguments)
                if part.function in ("+", "-") and (1 in orders or rows):
                    return True
                stack.extend(part.arguments)
        return False
