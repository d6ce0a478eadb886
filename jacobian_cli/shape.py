"""Symbolic sizes: polynomials in size names, and the unification that infers them. A half, as in `n/2`, says that the
number is to be whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from fractions import Fraction
from functools import lru_cache
from math import ceil, lcm, prod

from jacobian_cli.interned import Interned
from jacobian_cli.records import record
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Call, Literal, Name, Term

Monomial = tuple[tuple[str, int], ...]
Coefficient = int | Fraction
MAX_SIZE = 10**12
MAX_TERMS = 10_000
"""Of a product of sums."""
UNKNOWN = "?"
_HABIT = "nmkpqr"
"""Rows before columns: sizes are multiplied in the order in which mathematicians name them."""


@record(frozen=True, slots=True, eq=False)
class Size(Interned):
    """The length of one axis, such as `n`, `8` or `3*m + 1`, in normal form.

    >>> str(Size.named("n") * Size.number(3) + Size.number(1))
    '3*n + 1'
    """

    terms: tuple[tuple[Monomial, Coefficient], ...]
    name: str | None = field(init=False)
    """The name, if it is one name and nothing else."""
    is_open: bool = field(init=False)
    """Whether a size that is not known yet is in it."""
    value: int | None = field(init=False)
    """The number, if it is one."""

    def __post_init__(self) -> None:
        alone = len(self.terms) == 1 and self.terms[0][1] == 1 and len(self.terms[0][0]) == 1
        name, power = self.terms[0][0][0] if alone else ("", 1)
        object.__setattr__(self, "name", name if alone and power == 1 else None)
        unknown = any(name.startswith(UNKNOWN) for monomial, _ in self.terms for name, _ in monomial)
        object.__setattr__(self, "is_open", unknown)
        number = self.terms[0][1] if self.terms and not self.terms[0][0] else None if self.terms else 0
        object.__setattr__(self, "value", None if number is None else int(number))

    @staticmethod
    def number(value: int) -> Size:
        return Size((((), value),)) if value else Size(())

    @staticmethod
    def named(name: str) -> Size:
        return Size(((((name, 1),), 1),))

    @staticmethod
    def collect(terms: Iterable[tuple[Monomial, Coefficient]]) -> Size:
        total: dict[Monomial, Coefficient] = {}
        for monomial, coefficient in terms:
            total[monomial] = total.get(monomial, 0) + coefficient
        ordered = sorted(
            ((m, _whole(c)) for m, c in total.items() if c), key=lambda t: (-sum(p for _, p in t[0]), t[0])
        )
        return Size(tuple(ordered))

    def __add__(self, other: Size) -> Size:
        return Size.collect((*self.terms, *other.terms))

    def __sub__(self, other: Size) -> Size:
        return Size.collect((*self.terms, *((m, -c) for m, c in other.terms)))

    @lru_cache(maxsize=1024)  # noqa: B019 - sizes are few, and none knows more than its terms
    def __mul__(self, other: Size) -> Size:
        if len(self.terms) * len(other.terms) > MAX_TERMS:
            raise InputError(f"a size would have more than {MAX_TERMS:,} terms", hint="name long sizes by a letter")
        return Size.collect((_times(m, k), c * d) for m, c in self.terms for k, d in other.terms)

    def over(self, other: Size) -> Size | None:
        """The exact quotient by a product of names and a number; None if there is none.

        >>> str((Size.named("n") * Size.named("m")).over(Size.named("n")))
        'm'
        """
        if self is other:
            return ONE
        if len(other.terms) != 1:
            return None
        ((below, divisor),) = other.terms
        terms: list[tuple[Monomial, Coefficient]] = []
        for monomial, coefficient in self.terms:
            powers = dict(monomial)
            for name, power in below:
                powers[name] = powers.get(name, 0) - power
            if min(powers.values(), default=0) < 0 or (isinstance(coefficient, int) and coefficient % divisor):
                return None
            quotient = Fraction(coefficient) / divisor
            terms.append((tuple((name, power) for name, power in powers.items() if power), quotient))
        return Size.collect(terms)

    def steps(self, length: int) -> Size:
        """How many steps of this length begin within it, its names being such that they are whole.

        >>> n = Size.named("n")
        >>> [str(size.steps(2)) for size in (n, n - ONE, n + ONE, n + n, Size.number(5))]
        ['n/2', 'n/2', 'n/2 + 1', 'n', '3']
        """
        return Size.collect((m, Fraction(c, length) if m else ceil(Fraction(c, length))) for m, c in self.terms)

    def part(self, number: int) -> Size:
        """One of so many equal parts."""
        return Size.collect((m, Fraction(c, number)) for m, c in self.terms)

    @property
    def denominator(self) -> int:
        """What its terms are divided by."""
        return lcm(*(c.denominator for _, c in self.terms))

    def names(self) -> list[str]:
        if self.name is not None:
            return [self.name]
        return list(dict.fromkeys(name for monomial, _ in self.terms for name, _ in monomial))

    def at(self, sizes: Mapping[str, int]) -> int:
        """The number that this size has where its names have these; 0, as no axis has, where it is not whole."""
        if self.name is not None:
            return sizes[self.name]
        if self.value is not None:
            return self.value
        found = sum(c * prod(sizes[name] ** power for name, power in m) for m, c in self.terms)
        return found if isinstance(found, int) else int(found) if found.denominator == 1 else 0

    def replace(self, bindings: Mapping[str, Size]) -> Size:
        alone = self.name
        if alone is not None:
            return bindings.get(alone, self)
        if self.value is not None:
            return self
        if not any(name in bindings for monomial, _ in self.terms for name, _ in monomial):
            return self
        total = Size(())
        for monomial, coefficient in self.terms:
            term = Size((((), coefficient),))
            for name, power in monomial:
                factor = bindings.get(name) or Size.named(name)
                for _ in range(power):
                    term = term * factor
            total = total + term
        return total

    @property
    def written(self) -> Sequence[tuple[Monomial, Coefficient]]:
        """Its terms in the order in which they are written: without a minus in front where that can be, a number last.

        >>> n, four = Size.named("n"), Size.number(4)
        >>> n - four, four - n
        (n - 4, 4 - n)
        """
        ordered = sorted(self.terms, key=lambda term: (not term[0], term[1] < 0))
        if ordered and ordered[0][1] < 0 < ordered[-1][1]:  # only a number can be the only plus behind
            ordered.insert(0, ordered.pop())
        return ordered

    def __str__(self) -> str:
        if not self.terms:
            return "0"
        below = self.denominator
        if below > 1 and len(self.terms) > 1 and all(isinstance(c, Fraction) for _, c in self.terms):
            return f"({Size.collect((m, c * below) for m, c in self.terms)})/{below}"
        text = " + ".join(_term_text(m, c) for m, c in self.written)
        return text.replace("+ -", "- ")

    __repr__ = __str__


Shape = tuple[Size, ...]
ONE = Size.number(1)


def _times(a: Monomial, b: Monomial) -> Monomial:
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted(powers.items(), key=lambda item: (_HABIT.find(item[0]) if item[0] in _HABIT else 9, item[0])))


def _whole(coefficient: Coefficient) -> Coefficient:
    return coefficient.numerator if coefficient.denominator == 1 else coefficient


def _term_text(monomial: Monomial, coefficient: Coefficient) -> str:
    if coefficient.denominator != 1:
        return f"{_term_text(monomial, coefficient.numerator)}/{coefficient.denominator}"
    names = [name if power == 1 else f"{name}**{power}" for name, power in monomial]
    if not names:
        return str(coefficient)
    sign = "" if coefficient == 1 else "-" if coefficient == -1 else f"{coefficient}*"
    return sign + "*".join(names)


def product(sizes: Iterable[Size]) -> Size:
    """The number of entries of a shape.

    >>> str(product((Size.named("n"), Size.named("m"))))
    'n*m'
    """
    result = ONE
    for size in sizes:
        result = size if result is ONE else result if size is ONE else result * size
    return result


def shape_text(shape: Shape) -> str:
    """A shape for people: `scalar`, `n`, `n × m`."""
    return " × ".join(str(size) for size in shape) if shape else "scalar"


def size_of(term: Term, text: str | None = None, *, parts: bool = False) -> Size:
    """The size that a syntax tree denotes: names, numbers, `+`, `-`, `*`; with `parts`, `/` by a number too.

    Raises `InputError` for anything else, for negative numbers and for numbers past 10**12.
    """
    match term:
        case Name(text=name):
            return Size.named(name)
        case Literal(value=value) if value.denominator == 1 and 0 <= value <= MAX_SIZE:
            return Size.number(int(value))
        case Call(function="+", arguments=(a, b)):
            return size_of(a, text, parts=parts) + size_of(b, text, parts=parts)
        case Call(function="-", arguments=(a, b)):
            return size_of(a, text, parts=parts) - size_of(b, text, parts=parts)
        case Call(function="*", arguments=(a, b)):
            return size_of(a, text, parts=parts) * size_of(b, text, parts=parts)
        case Call(function="**", arguments=(a, Literal(value=power))) if power.denominator == 1 and 0 < power <= 4:
            return product([size_of(a, text, parts=parts)] * int(power))
        case Call(function="/", arguments=(a, Literal(value=below))) if (
            parts and below.denominator == 1 and 0 < below <= MAX_SIZE
        ):
            return size_of(a, text, parts=parts).part(int(below))
    raise InputError(
        "this is not a size",
        text=text,
        span=term.span,
        hint="sizes are letters, numbers, sums and products: `-s W=n,3*m`",
    )


@lru_cache(maxsize=1024)
def _unknown(number: int) -> Size:
    """The size that is not known yet of this number; every unifier counts from one."""
    return Size.named(f"{UNKNOWN}{number}")


class Unifier:
    """Finds what the unknown sizes must be for the equations met so far to hold.

    >>> u = Unifier()
    >>> a, n = u.fresh(), Size.named("n")
    >>> u.unify(a, n), u.resolve(a) is n, u.unify(n, Size.number(3))
    (True, True, False)
    """

    def __init__(self) -> None:
        self.bindings: dict[str, Size] = {}
        self._count = 0

    def fresh(self) -> Size:
        self._count += 1
        return _unknown(self._count)

    def resolve(self, size: Size) -> Size:
        if not size.is_open:
            return size
        found = size.replace(self.bindings)
        if found is size:
            return size
        while (further := found.replace(self.bindings)) is not found:
            found = further
        if size.name is not None:
            self.bindings[size.name] = found  # the next time it is one step
        return found

    def unify(self, a: Size, b: Size) -> bool:
        """Make two sizes equal; False if they cannot be."""
        if a is b or (a := self.resolve(a)) is (b := self.resolve(b)):
            return True
        for one, other in ((a, b), (b, a)):
            name = one.name
            if name and name.startswith(UNKNOWN) and name not in other.names():
                self.bindings[name] = other
                return True
        return self._solve(a - b)

    def _solve(self, difference: Size) -> bool:
        """Bind an unknown that stands alone with coefficient ±1 (or dividing all else) in `difference` = 0."""
        for monomial, coefficient in difference.terms:
            if len(monomial) != 1 or monomial[0][1] != 1 or not monomial[0][0].startswith(UNKNOWN):
                continue
            name = monomial[0][0]
            rest = [(m, c) for m, c in difference.terms if m != monomial]
            if any(name in dict(m) for m, _ in rest) or any(isinstance(c, int) and c % coefficient for _, c in rest):
                continue
            self.bindings[name] = Size.collect((m, Fraction(-c) / coefficient) for m, c in rest)
            return True
        return False
