"""Greek letters that are vectors because of where they stand: behind a matrix, a row, or a vector and a dot."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from jacobian_cli.elaborate.factor_shapes import axes_of, is_row
from jacobian_cli.elaborate.habits import habit
from jacobian_cli.elaborate.shaped import BEHIND, LEANING, Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.unlike import Unlike
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.names import GREEK, key
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Literal, Name, Term

_BOLD = re.compile(rf"\\(?:boldsymbol|bm|pmb|mathbf|vec|symbf)\s*\{{?\s*\\(var)?({'|'.join(GREEK)})(?![A-Za-z])")
_PLAINLY = LEANING | BEHIND | {"epsilon", "varepsilon"}
"""Letters that nobody takes for numbers behind a matrix or a row."""
_RATES = frozenset("alpha delta eta kappa lambda pi".split())
"""Letters that are numbers behind a dot as often as in front."""
_SUMS = ("?plus", "?minus")
_MOST = 8
"""Of so many terms of a sum it is asked what they are."""


def bold(text: str) -> Iterator[str]:
    r"""The Greek letters that are bold wherever they stand in LaTeX: \boldsymbol{\mu}."""
    found = {(match[1] or "") + match[2] for match in _BOLD.finditer(text)}
    yield from (name for name in found if len(re.findall(rf"\\{name}(?![A-Za-z])", text)) == len(_of(name, text)))


def _of(name: str, text: str) -> list[str]:
    return [match[0] for match in _BOLD.finditer(text) if (match[1] or "") + match[2] == name]


class Greeks(Unlike):
    """Finds vectors among the Greek letters in products."""

    def want_columns(self, term: Call, factors: Sequence[Typed]) -> None:
        """(XᵀX)β and wᵀ(μ − ν): what is right behind a matrix or a row, and is multiplied with nothing else, is a
        vector; of λ, σ and the like that is said.
        """
        parts = term.arguments
        for place, part in enumerate(parts[:-1]):
            shape = factors[place][0].shape
            if len(shape) != 2 or (isinstance(part, Call) and part.function == "?eye"):
                continue
            further = place + 1
            while further < len(parts) and not factors[further][0].shape:
                further += 1
            if further < len(parts) and not is_row(factors[further][0].shape):
                continue  # A λ B and xᵀ λ y
            names = self.column_among(parts[place + 1 : further])
            if names:
                self.want_column(names, term, spelled(self.plain(part)), row=is_row(shape))

    def column_among(self, run: Sequence[Term]) -> list[str]:
        """The names that are a vector among factors without axes: the first that mostly is one, else the only one."""
        found = [self.greek_sum(part) for part in run]
        leaning = [names for names in found if not _PLAINLY.isdisjoint(key(name)[0] for name in names)]
        if leaning:
            return leaning[0]
        return found[0] if len(run) == 1 else []

    def greek_sum(self, part: Term) -> list[str]:
        """The Greek names taken for numbers that a part is a sum of, each alone or scaled."""
        names, alone = list[str](), False
        stack = [part]
        while stack:
            term = stack.pop()
            if isinstance(term, Call) and term.function in (*_SUMS, "u-"):
                stack += term.arguments
                continue
            alone = alone or isinstance(term, Name)
            last = term.arguments[-1] if isinstance(term, Call) and term.function == "?beside" else term
            if not isinstance(last, Name) or not self.is_open_number(last.text):
                return []
            names.append(last.text)
        return names if alone else []

    def is_open_number(self, name: str) -> bool:
        """Whether a Greek letter is taken for a number by habit alone."""
        return self.assumed.get(name) == 0 == habit(name) and name not in self.divisors

    def want_column(self, names: Sequence[str], term: Call, before: str, *, row: bool) -> None:
        """Take names for vectors, and say so of those that may be numbers."""
        certain = not _PLAINLY.isdisjoint(key(name)[0] for name in names)
        if not certain:
            other = self.beside_in_sum(term)
            if other is not None and axes_of(other) == 2 and not row:  # (A + B)λ + C
                return
            certain = (other is not None and axes_of(other) == 1 - row) or (row and self.want_number_here(term))
        ways = " ".join(f"`-s {name}=()`" for name in names)
        said = " and ".join(f"`{name}`" for name in names)
        taken = f"{said} is taken for a vector" if len(names) == 1 else f"{said} are taken for vectors"
        why = f"{taken}, for it stands behind `{before}`" if len(names) == 1 else f"{taken} behind `{before}`"
        because = None if certain else f"{why}; {'a number is' if len(names) == 1 else 'numbers are'} declared: {ways}"
        self.strained(names[0], 1, *names[1:], because=because)

    def want_starred(self, term: Call, left: Typed) -> None:
        """(XᵀX)*β, but (A + B)*λ is scaled."""
        names = self.greek_sum(term.arguments[1])
        if len(left[0].shape) == 2 and not (LEANING | BEHIND).isdisjoint(key(name)[0] for name in names):
            self.strained(names[0], 1, *names[1:])

    def want_dotted(self, term: Call, left: Typed) -> None:
        """w · μ: what is dotted with a vector is one, but z · σ + μ may be meant entry by entry."""
        names = self.greek_sum(term.arguments[1])
        if names and len(left[0].shape) == 2:
            self.want_column(names, term, spelled(left[1]), row=is_row(left[0].shape))
        if not (self.upright and names and len(left[0].shape) == 1):
            return
        parent = self.parents.get(id(term))
        beside = parent.arguments if isinstance(parent, Call) and parent.function in _SUMS else ()
        if any(habit(name) == 0 and key(name)[0] in LEANING for part in beside for name in _alone(part)):
            return
        if _RATES.isdisjoint(key(name)[0] for name in names):
            self.strained(names[0], 1, *names[1:])

    def beside_in_sum(self, term: Call) -> Shape | None:
        """The shape of what a part is added to, if it is that of arrays: a number's before that of others."""
        whole: Term = term
        while isinstance(parent := self.parents.get(id(whole)), Call) and parent.function in (*_SUMS, "u-"):
            whole = parent
        others = [part for part in _terms_of(whole) if part is not term and not isinstance(part, Literal)]
        self.asking.add(id(term))
        try:
            asked = [part for part in others[:_MOST] if id(part) not in self.asking]
            shapes = [self.build(part).shape for part in asked if self.made_of_arrays(part)]
        finally:
            self.asking.discard(id(term))
        return () if () in shapes else shapes[0] if shapes else None

    def made_of_arrays(self, part: Term) -> bool:
        """Whether a name in a part has axes."""
        return any(self.build(Name(name, part.span)).shape for name in names_in(part))

    def want_number_here(self, term: Call) -> bool:
        """Whether a product stands where a number does: above one that is made of arrays, or squared."""
        parent = self.parents.get(id(term))
        match parent:
            case Call(function="/", arguments=(above, below)) if above is term and not isinstance(below, Literal):
                return self.made_of_arrays(below) and not self.build(below).shape
            case Call(function="?power"):
                return True
        return False


def _terms_of(term: Term) -> list[Term]:
    """The terms of a sum, without their signs."""
    if isinstance(term, Call) and term.function in (*_SUMS, "u-"):
        return [part for argument in term.arguments for part in _terms_of(argument)]
    return [term]


def _alone(term: Term) -> Collection[str]:
    return (term.text,) if isinstance(term, Name) else ()
