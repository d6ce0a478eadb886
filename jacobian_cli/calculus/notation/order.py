"""In which order people write factors and terms, and how a product of powers becomes a quotient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import islice

from jacobian_cli.calculus.index.tensor import Rational, magnitude
from jacobian_cli.calculus.notation import exponents, write
from jacobian_cli.expr import Apply, Defined, Expr, Extent, Number, Variable, walk
from jacobian_cli.shape import Size, product

Powers = list[tuple[Expr, Rational]]
_LONG = 200
"""Of expressions of more nodes than this none is longer than the other."""
_NONE = 10**9
_HALF = Fraction(1, 2)


class Key:
    """The place of an expression: by the rank of the variable met first in it, then by its size, then by the ranks of
    its other variables; what comes later is only worked out where the rest is the same.
    """

    __slots__ = ("_ranks", "_size", "expr", "first", "style")

    def __init__(self, expr: Expr, first: int, style: Style) -> None:
        self.expr, self.first, self.style = expr, first, style
        self._size = 0
        self._ranks: list[int] | None = None

    @property
    def single(self) -> bool:
        """Whether it is one name, number or array of constants."""
        return isinstance(self.expr, Defined) or not self.expr.children

    @property
    def size(self) -> int:
        """How many nodes there are in it."""
        if not self._size:
            nodes = walk([self.expr], lambda n: not isinstance(n, Defined))
            self._size = sum(1 for _ in islice(nodes, _LONG))
        return self._size

    @property
    def ranks(self) -> list[int]:
        """The ranks of all variables in it, the first ones first."""
        if self._ranks is None:
            nodes = islice(walk([self.expr], lambda n: not isinstance(n, Defined)), _LONG)
            self._ranks = sorted({self.style.rank(node.name) for node in nodes if isinstance(node, Variable | Defined)})
        return self._ranks

    def __lt__(self, other: Key) -> bool:
        if self.first != other.first:
            return self.first < other.first
        return self.size < other.size or (self.size == other.size and self.ranks < other.ranks)


class Style:
    """Writes sums and products. `order` ranks variables: what the user wrote first comes first. With `diagonals` what
    scales the rows or columns of a matrix is a diagonal matrix beside it, else a vector along them.
    """

    def __init__(self, order: Sequence[str] = (), *, diagonals: bool = False) -> None:
        self.diagonals = diagonals
        self.letters: dict[Size, str] = {}
        """The letters that the user typed for axes of these sizes."""
        self.ranks = {name: k for k, name in enumerate(order)}
        self._keys: dict[Expr, Key] = {}
        self._met: dict[Expr, int] = {}
        self._products: dict[tuple[object, ...], Expr] = {}

    def signed(self, coefficient: Rational, expr: Expr) -> tuple[bool, Expr]:
        """coefficient·expr as a sign and what follows it."""
        numerator, denominator = exponents.coefficient_parts(magnitude(coefficient))
        return coefficient < 0, write.divide(write.scaled(numerator, expr), denominator)

    def arranged(self, terms: Iterable[tuple[bool, Expr]]) -> list[tuple[bool, Expr]]:
        """Terms in the order in which people write them: constants, then as in the formula, numbers behind what has
        entries, then what is subtracted.
        """

        def key(term: tuple[bool, Expr]) -> tuple[object, ...]:
            minus, expr = term
            constant = isinstance(expr, Number) or write.is_call(expr, "eye")
            return (minus, not constant, not expr.shape, self.key(expr))

        return sorted(terms, key=key)

    def key(self, expr: Expr) -> Key:
        """What comes first: variables met first, then short things."""
        found = self._keys.get(expr)
        if found is None:
            found = self._keys[expr] = Key(expr, self._first(expr), self)
        return found

    def rank(self, name: str) -> int:
        """The place of a variable in the order in which the user wrote them."""
        return self.ranks.get(name, len(self.ranks))

    def _first(self, expr: Expr) -> int:
        """The rank of the variable that was met first among those of an expression; -1 if it has none."""
        met, none = self._met, _NONE
        if isinstance(expr, Apply) and expr.arguments and met.keys() >= set(expr.arguments):
            first = met[expr] = min([met[child] for child in expr.arguments])
            return first if first < none else -1
        for node in walk([expr], lambda n: n not in met and not isinstance(n, Defined)):
            if isinstance(node, Variable | Defined):
                met[node] = self.rank(node.name)
            elif node not in met:
                met[node] = min((met[child] for child in node.children), default=none)
        return met[expr] if met[expr] < none else -1

    def product(self, powers: Powers, coefficient: Rational = 1) -> Expr:
        """|coefficient| times powers of scalars and of values of one shape, as one quotient."""
        if len(powers) == 1 and powers[0][1] == 1 and coefficient in (1, -1):
            return powers[0][0]
        key = coefficient, *powers
        found = self._products.get(key)
        if found is None:
            found = self._products[key] = self._product(powers, coefficient)
        return found

    def _product(self, powers: Powers, coefficient: Rational) -> Expr:
        powers = merged(_means(merged(powers)))
        scalars = [p for p in powers if not p[0].shape]
        vectors = _quotients([p for p in powers if p[0].shape])
        top, bottom = exponents.coefficient_parts(magnitude(coefficient))
        above = self.factors(scalars, +1, top)
        below = self.factors(scalars, -1, bottom)
        numerators = self.sorted(e for e in _raised(vectors, +1))
        denominators = self.sorted(e for e in _raised(vectors, -1))
        if numerators:
            result = write.scaled(above, numerators[0])
            for factor in numerators[1:]:
                result = write.multiply(result, factor)
        else:
            result = above
        for factor in denominators:
            result = write.divide(result, factor)
        return write.divide(result, below)

    def factors(self, powers: Powers, sign: int, first: Expr) -> Expr:
        """The numerator (sign +1) or denominator (−1) of a product of scalars; square roots share one root."""
        if not powers:
            return first
        root, over_root = (_HALF, -_HALF) if sign > 0 else (-_HALF, _HALF)
        half = [base for base, p in powers if p == root]
        whole = [(base, p) for base, p in powers if p not in (root, over_root)]
        result = first
        for expr in self.sorted(_raised(whole, sign)):
            result = write.multiply(result, expr)
        if half:
            over = [base for base, p in powers if p == over_root]
            if sign > 0 and over:  # √a/√b is written √(a/b)
                under = self.factors([(b, 1) for b in over], 1, write.number(1))
                inside = write.divide(self.factors([(b, 1) for b in half], 1, write.number(1)), under)
            elif over:
                return result
            else:
                inside = self.factors([(b, 1) for b in half], 1, write.number(1))
            result = write.multiply(result, write.apply("sqrt", inside))
        return result

    def sorted(self, exprs: Iterable[Expr]) -> list[Expr]:
        found = list(exprs)
        return sorted(found, key=self._place) if len(found) > 1 else found

    def _place(self, expr: Expr) -> tuple[bool, Key]:
        key = self.key(expr)
        return not key.single and not _plain(expr), key


def _plain(expr: Expr) -> bool:
    """Whether an expression is a name turned, or with an axis put in: it stands where the name would."""
    return (write.is_call(expr, ".T") or write.is_column(expr)) and not isinstance(expr.children[0], Apply)


def _quotients(powers: Powers) -> Powers:
    """a²/b² is (a/b)²: powers of two values, of which one is divided by the other, as one power."""
    for base, power in powers:
        above = [b for b, p in powers if p == power]
        below = [b for b, p in powers if p == -power]
        if power > 0 and power != 1 and len(above) == len(below) == 1 and base.shape == below[0].shape:
            rest = [p for p in powers if p[0] not in (base, below[0])]
            return _quotients([*rest, (write.divide(base, below[0]), power)])
    return powers


def merged(powers: Iterable[tuple[Expr, Rational]]) -> Powers:
    """a·a = a²."""
    total: dict[Expr, Rational] = {}
    for base, power in powers:
        total[base] = total.get(base, 0) + power
    return [(base, power) for base, power in total.items() if power]


def _means(powers: Powers) -> Powers:
    """Σx/n is a mean, where n counts what is summed."""
    for expr, power in powers:
        if power == 1 and isinstance(expr, Apply) and expr.function == "sum":
            sizes = write.reduced(expr)
            for counts in (sizes, (product(sizes),)):
                divisors = [(Extent(size), -1) for size in counts]
                if all(divisor in powers for divisor in divisors) and len(set(divisors)) == len(divisors):
                    mean = write.apply("mean", expr.children[0], **dict(expr.parameters))
                    return [(mean, 1) if p == (expr, 1) else p for p in powers if p not in divisors]
    return powers


def _raised(powers: Powers, sign: int) -> list[Expr]:
    return [exponents.power(base, p * sign) for base, p in powers if p * sign > 0]
