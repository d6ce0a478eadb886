"""Guesses of how many axes names have, one after the other; and letters for the sizes that are found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, combinations, count, product

from jacobian_cli.elaborate.habits import Default
from jacobian_cli.shape import UNKNOWN, Shape, Size, Unifier
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term, terms_in

_LETTERS = "nmkpqrdltvwghijabcfsuxyz"
_MAX_FLIPS = 2
_COUNT = re.compile(r"N_?\w?")
"""Names of how many there are, and of noise, which divide as numbers do."""


def dividing(statements: Iterable[Definition]) -> set[str]:
    """The names that do nothing but divide."""
    below, elsewhere = set[str](), set[str]()
    for term in chain.from_iterable(statement.terms for statement in statements):
        if isinstance(term, Call):
            for place, part in enumerate(term.arguments):
                if isinstance(part, Name):
                    divides = term.function in ("/", "?each/") and place == 1
                    (below if divides else elsewhere).add(part.text)
    return below - elsewhere


def divisors(value: Term) -> frozenset[str]:
    """The names that stand alone below a line."""
    quotients = (term.arguments[1] for term in terms_in(value) if isinstance(term, Call) and term.function == "/")
    return frozenset(below.text for below in quotients if isinstance(below, Name))


def divisor(term: Term) -> str:
    """The name that divides in MATLAB, whatever number scales it: S in x'/(2*S)."""
    while isinstance(term, Call) and term.function == "?mtimes" and isinstance(term.arguments[0], Literal):
        term = term.arguments[1]
    return term.text if isinstance(term, Name) else ""


def counts_below(term: Term) -> Iterator[str]:
    """The letters of counts and of noise among the factors below a line in MATLAB: N in 2*N, N0."""
    if isinstance(term, Name) and _COUNT.fullmatch(term.text):
        yield term.text
    elif isinstance(term, Call) and term.function == "?mtimes":
        for part in term.arguments:
            yield from counts_below(part)


def matrix_factors(term: Term) -> Iterable[str]:
    """The names that are factors of matrix products as they stand, or transposed."""
    for part in terms_in(term):
        if isinstance(part, Call) and part.function == "@":
            inner = (a.arguments[0] if isinstance(a, Call) and a.function == ".T" else a for a in part.arguments)
            yield from (factor.text for factor in inner if isinstance(factor, Name))


def flips(names: list[str], guessed: Mapping[str, Default]) -> Iterable[dict[str, int]]:
    """Departures from the guess, fewest first: what the formula demands beats what names suggest."""
    for flipped in range(_MAX_FLIPS + 1):
        candidates = [
            dict(zip(chosen, orders, strict=True))
            for chosen in combinations(names, flipped)
            for orders in product(*([o for o in range(3) if o != guessed[n].order] for n in chosen))
        ]
        # more axes before fewer: in X@theta, theta is a vector rather than X one
        yield from sorted(candidates, key=lambda c: (sum(o < guessed[n].order for n, o in c.items()), sum(c.values())))
        if len(names) > 12:
            return


def named_sizes(shapes: Mapping[str, Shape], unifier: Unifier, taken: set[str]) -> dict[str, Size]:
    """A letter for each size of these shapes that nothing is known of."""
    letters = (letter for letter in chain(_LETTERS, (f"n{i}" for i in count(1))) if letter not in taken)
    names: dict[str, Size] = {}
    for shape in shapes.values():
        for size in shape:
            for name in unifier.resolve(size).names():
                if name.startswith(UNKNOWN) and name not in names:
                    names[name] = Size.named(next(letters))
    return names
