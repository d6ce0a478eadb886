"""Proofs that two scalar expressions are equal at generic points, with a bound on the work.

Both become fractions of polynomials in independent generators: symbols, exponentials (e^(a+b) is a product, and
tanh is made of them), roots and functions as they stand, indicators 1(p > 0) (of which relu, abs, max and every
Piecewise are polynomials). A few generators obey a relation: r² = 2, cos² = 1 - sin², i² = i. A difference whose
numerator vanishes modulo these is zero; the converse is not claimed. A first, cheap attempt leaves exponentials whole.

Nothing here imports SymPy: expressions are handed in, and asked what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import repeat
from typing import Any

Monomial = tuple[tuple[int, int], ...]
"""Generators and their powers, in the order of the generators."""
Poly = Mapping[Monomial, Fraction]
WORK = 60_000
"""Products of terms that a prover may compute in its life: some tenths of a second."""
EACH = 15_000
"""And for one question."""


class BudgetError(Exception):
    """The proof would cost more than its budget, or meets what it knows nothing of."""


class Prover:
    """Answers whether two expressions are equal, as long as its work lasts."""

    def __init__(self, work: int = WORK, each: int = EACH) -> None:
        self._work, self._each = work, each
        self._fields = (_Field(deep=False), _Field(deep=True))

    def equal(self, a: Any, b: Any) -> bool:
        """Whether `a - b` is proved to vanish at generic points. False says nothing."""
        return bool(a == b) or any(self._vanishes(field, a, b) for field in self._fields)

    def _vanishes(self, field: _Field, a: Any, b: Any) -> bool:
        allowed = field.left = min(self._work, self._each)
        try:
            difference = field.add([field.convert(a), field.scale(field.convert(b), Fraction(-1))])
            return not field.numerator(difference)
        except (BudgetError, RecursionError):
            return False
        finally:
            self._work -= allowed - max(field.left, 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Ratio:
    """A polynomial over a product of powers of polynomials, which are known by number."""

    above: Poly
    below: Mapping[int, int]


_ONE: Poly = {(): Fraction(1)}


class _Field:
    """Fractions over the generators met so far. Unless `deep`, exponentials and hyperbolic functions are generators."""

    def __init__(self, *, deep: bool) -> None:
        self.deep = deep
        self.left = 0
        """Work that may still be done."""
        self.generators: dict[Hashable, int] = {}
        self.relations: dict[int, tuple[int, Poly]] = {}
        """Generator g: (k, p) where g**k = p; but for g, p holds older generators only."""
        self.certain: set[int] = set()
        """Generators that are positive."""
        self.factors: list[Poly] = []
        self.numbers: dict[Hashable, int] = {}
        self.known: dict[Any, _Ratio] = {}

    def spend(self, work: int) -> None:
        self.left -= work
        if self.left < 0:
            raise BudgetError

    # polynomials

    def times(self, a: Poly, b: Poly) -> Poly:
        if a is _ONE or b is _ONE:
            return b if a is _ONE else a
        self.spend(len(a) * len(b) + 1)
        result: dict[Monomial, Fraction] = {}
        for m, c in a.items():
            for k, d in b.items():
                key = _joined(m, k)
                result[key] = result.get(key, Fraction(0)) + c * d
        return {m: c for m, c in result.items() if c}

    def to_power(self, a: Poly, power: int) -> Poly:
        if len(a) == 1:  # however high: e^(1/10**12) is a root of that degree
            ((monomial, c),) = a.items()
            self.spend(1 + power * ((c.numerator * c.denominator).bit_length() - 1))
            return {tuple((g, p * power) for g, p in monomial if power): c**power}
        return reduce(self.times, repeat(a, power), _ONE)

    def reduced(self, a: Poly) -> Poly:
        """The polynomial with every relation used up, newest generators first."""
        for generator in sorted(self.relations, reverse=True):
            degree, value = self.relations[generator]
            while any(g == generator and p >= degree for m in a for g, p in m):
                total: dict[Monomial, Fraction] = {}
                for m, c in a.items():
                    power = dict(m).get(generator, 0)
                    rest = tuple((g, p) for g, p in m if g != generator)
                    kept = _joined(rest, ((generator, power % degree),)) if power % degree else rest
                    for k, d in self.times({kept: c}, self.to_power(value, power // degree)).items():
                        total[k] = total.get(k, Fraction(0)) + d
                a = {m: c for m, c in total.items() if c}
        return a

    def generator(self, key: Hashable, relation: tuple[int, Poly] | None = None, *, positive: bool = False) -> _Ratio:
        number = self.generators.get(key)
        if number is None:
            number = self.generators[key] = len(self.generators)
            if relation is not None:
                self.relations[number] = relation
            if positive:
                self.certain.add(number)
        return _Ratio({((number, 1),): Fraction(1)}, {})

    # fractions

    def number(self, value: Fraction | int) -> _Ratio:
        return _Ratio({(): Fraction(value)} if value else {}, {})

    def scale(self, a: _Ratio, value: Fraction) -> _Ratio:
        return _Ratio({m: c * value for m, c in a.above.items()} if value else {}, a.below)

    def add(self, parts: Iterable[_Ratio]) -> _Ratio:
        parts = list(parts)
        below: dict[int, int] = {}
        for part in parts:
            for factor, power in part.below.items():
                below[factor] = max(power, below.get(factor, 0))
        total: dict[Monomial, Fraction] = {}
        for part in parts:
            above = part.above
            for factor, power in below.items():
                above = self.times(above, self.to_power(self.factors[factor], power - part.below.get(factor, 0)))
            self.spend(len(above))
            for m, c in above.items():
                total[m] = total.get(m, Fraction(0)) + c
        return _Ratio({m: c for m, c in total.items() if c}, below)

    def multiply(self, a: _Ratio, b: _Ratio) -> _Ratio:
        below = dict(a.below)
        for factor, power in b.below.items():
            below[factor] = below.get(factor, 0) + power
        return _Ratio(self.times(a.above, b.above), below)

    def inverse(self, a: _Ratio) -> _Ratio:
        above = self.reduced(a.above)
        if not above:
            raise BudgetError
        result = self.expanded(a.below)
        below: dict[int, int] = {}
        if len(above) == 1:
            ((monomial, lead),) = above.items()
            for g, p in monomial:
                below[self.factor({((g, 1),): Fraction(1)})] = p
        else:
            lead = above[max(above)]
            below[self.factor({m: c / lead for m, c in above.items()})] = 1
        return _Ratio({m: c / lead for m, c in result.items()}, below)

    def power(self, a: _Ratio, power: int) -> _Ratio:
        if power < 0:
            return self.power(self.inverse(a), -power)
        if len(a.above) > 1 and power > 64:
            raise BudgetError
        return _Ratio(self.to_power(a.above, power), {f: p * power for f, p in a.below.items()})

    def factor(self, a: Poly) -> int:
        key = frozenset(a.items())
        if key not in self.numbers:
            self.numbers[key] = len(self.factors)
            self.factors.append(a)
        return self.numbers[key]

    def expanded(self, below: Mapping[int, int]) -> Poly:
        return reduce(self.times, (self.to_power(self.factors[f], p) for f, p in below.items()), _ONE)

    def numerator(self, a: _Ratio) -> Poly:
        return self.reduced(a.above)

    def key(self, a: _Ratio) -> Hashable:
        return frozenset(self.numerator(a).items()), frozenset(a.below.items())

    # what expressions are

    def convert(self, expr: Any) -> _Ratio:
        found = self.known.get(expr)
        if found is None:
            self.spend(1)
            found = self.known[expr] = self._converted(expr)
        return found

    def _converted(self, expr: Any) -> _Ratio:
        if getattr(expr, "is_Rational", False):
            return self.number(Fraction(int(expr.p), int(expr.q)))
        if getattr(expr, "is_Float", False):
            raise BudgetError
        if expr.is_Add:
            return self.add(map(self.convert, expr.args))
        if expr.is_Mul:
            return reduce(self.multiply, map(self.convert, expr.args))
        if expr.is_Pow:
            return self.raised(expr.base, expr.exp)
        name = type(expr).__name__
        if name in _MEANINGS and (self.deep or name not in _OPAQUE):
            return _MEANINGS[name](self, *expr.args)
        if not expr.args or not self.deep:
            return self.generator(expr, positive=bool(expr.is_positive))
        return self.generator((name, *(self.key(self.convert(a)) for a in expr.args)))

    def raised(self, base: Any, exponent: Any) -> _Ratio:
        """b**(2x + 1/2) = (b**x)**2 · √b, so that powers of one base meet."""
        if exponent.is_Integer:
            return self.power(self.convert(base), int(exponent))
        power = self.convert(exponent)
        result, below = self.number(1), frozenset(power.below.items())
        for monomial, c in self.numerator(power).items():
            part = self.convert(base)
            if monomial or below:
                part = self.generator(("power", self.key(part), monomial, below))
            result = self.multiply(result, self.root(part, c))
        return result

    def root(self, a: _Ratio, power: Fraction) -> _Ratio:
        """a**(p/q), by a generator r with r**q = a; of a fraction n/d it is the root of n·|d|**(q-1), over |d|."""
        if power.denominator == 1:
            return self.power(a, int(power))
        q, bottom = power.denominator, _Ratio(self.expanded(a.below), {})
        size = self.multiply(bottom, self.signum(bottom))
        top = self.multiply(_Ratio(a.above, {}), self.signum(bottom))
        inside = self.numerator(self.multiply(top, self.power(size, q - 1)))
        root = self.generator(("root", q, frozenset(inside.items())), (q, inside), positive=True)
        return self.power(self.multiply(root, self.inverse(size)), power.numerator)

    def exponential(self, exponent: Any) -> _Ratio:
        if not self.deep:
            if exponent.could_extract_minus_sign():
                return self.inverse(self.exponential(-exponent))
            return self.generator(("exp", exponent), positive=True)
        power = self.convert(exponent)
        result, below = self.number(1), frozenset(power.below.items())
        for monomial, c in self.numerator(power).items():
            result = self.multiply(result, self.root(self.generator(("exp", monomial, below), positive=True), c))
        return result

    def hyperbolic(self, argument: Any, sign: int) -> _Ratio:
        p = self.exponential(argument)
        return self.scale(self.add([p, self.scale(self.inverse(p), Fraction(sign))]), Fraction(1, 2))

    def cosine(self, argument: Any) -> _Ratio:
        key = self.key(self.convert(argument))
        sine = self.generator(("sin", key))
        square = self.add([self.number(1), self.scale(self.multiply(sine, sine), Fraction(-1))])
        return self.generator(("cos", key), (2, square.above))

    def sine(self, argument: Any) -> _Ratio:
        return self.generator(("sin", self.key(self.convert(argument))))

    def positive(self, a: _Ratio) -> _Ratio:
        """1(a > 0), at generic points 1 - 1(-a > 0); with an indicator g it is 1(g a > 0) = g 1(a > 0)."""
        odd = {f: 1 for f, p in a.below.items() if p % 2}
        inside = self.reduced(self.times(a.above, self.expanded(odd)))
        if not inside:
            return self.number(0)
        everywhere = set.intersection(*({g for g, _ in m} for m in inside))
        gate = next((g for g in everywhere if self.relations.get(g) == (2, {((g, 1),): Fraction(1)})), None)
        if gate is not None:
            left = {tuple(gp for gp in m if gp[0] != gate): c for m, c in inside.items()}
            return self.multiply(_Ratio({((gate, 1),): Fraction(1)}, {}), self.positive(_Ratio(left, {})))
        lead = inside[max(inside)]
        if len({c > 0 for c in inside.values()}) == 1 and all(
            g in self.certain or p % 2 == 0 for m in inside for g, p in m
        ):
            return self.number(int(lead > 0))
        key = ("positive", frozenset((m, c / lead) for m, c in inside.items()))
        number = self.generators.get(key, len(self.generators))
        indicator = self.generator(key, (2, {((number, 1),): Fraction(1)}))
        return indicator if lead > 0 else self.complement(indicator)

    def complement(self, a: _Ratio) -> _Ratio:
        return self.add([self.number(1), self.scale(a, Fraction(-1))])

    def less(self, a: Any, b: Any) -> _Ratio:
        return self.positive(self.add([self.convert(b), self.scale(self.convert(a), Fraction(-1))]))

    def signum(self, a: _Ratio) -> _Ratio:
        return self.add([self.scale(self.positive(a), Fraction(2)), self.number(-1)])

    def larger(self, *arguments: Any, sign: int = 1) -> _Ratio:
        """max(a, b) = a + (b - a)·1(b > a), and min likewise."""

        def two(a: _Ratio, b: _Ratio) -> _Ratio:
            step = self.add([b, self.scale(a, Fraction(-1))])
            return self.add([a, self.multiply(step, self.positive(self.scale(step, Fraction(sign))))])

        return reduce(two, map(self.convert, arguments))

    def cases(self, *pairs: Any) -> _Ratio:
        """A Piecewise: the first case whose condition holds."""
        parts, others = [], self.number(1)
        for value, condition in (pair.args for pair in pairs):
            holds = self.convert(condition)
            parts.append(self.multiply(self.multiply(self.convert(value), holds), others))
            others = self.multiply(others, self.complement(holds))
        return self.add(parts)

    def every(self, *conditions: Any) -> _Ratio:
        return reduce(self.multiply, map(self.convert, conditions))

    def some(self, *conditions: Any) -> _Ratio:
        return self.complement(reduce(self.multiply, (self.complement(self.convert(c)) for c in conditions)))


def _joined(a: Monomial, b: Monomial) -> Monomial:
    if not a or not b:
        return a or b
    powers = dict(a)
    for g, p in b:
        powers[g] = powers.get(g, 0) + p
    return tuple(sorted(powers.items()))


_MEANINGS: dict[str, Callable[..., _Ratio]] = {
    "exp": _Field.exponential,
    "sinh": lambda f, x: f.hyperbolic(x, -1),
    "cosh": lambda f, x: f.hyperbolic(x, 1),
    "tanh": lambda f, x: f.multiply(f.hyperbolic(x, -1), f.inverse(f.hyperbolic(x, 1))),
    "sin": _Field.sine,
    "cos": _Field.cosine,
    "tan": lambda f, x: f.multiply(f.sine(x), f.inverse(f.cosine(x))),
    "Abs": lambda f, x: f.multiply(f.convert(x), f.signum(f.convert(x))),
    "sign": lambda f, x: f.signum(f.convert(x)),
    "Heaviside": lambda f, x, *at_zero: f.positive(f.convert(x)),
    "DiracDelta": lambda f, *x: f.number(0),
    "Max": _Field.larger,
    "Min": lambda f, *x: f.larger(*x, sign=-1),
    "Indicator": _Field.convert,
    "Piecewise": _Field.cases,
    "BooleanTrue": lambda f: f.number(1),
    "BooleanFalse": lambda f: f.number(0),
    "StrictGreaterThan": lambda f, a, b: f.less(b, a),
    "GreaterThan": lambda f, a, b: f.less(b, a),
    "StrictLessThan": _Field.less,
    "LessThan": _Field.less,
    "Equality": lambda f, a, b: f.number(0),
    "Unequality": lambda f, a, b: f.number(1),
    "And": _Field.every,
    "Or": _Field.some,
    "Not": lambda f, c: f.complement(f.convert(c)),
}
"""What SymPy's functions are made of, by the names of their classes."""
_OPAQUE = {"sinh", "cosh", "tanh"}
