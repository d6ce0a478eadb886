"""Arithmetic modulo a prime, and derivatives by dual numbers over it.

A value is an array of whole numbers, or a dual number of two values; what is linear in its arguments is applied to the
parts of duals one by one, what is not has its slope told by `functions`. The primes are such that numbers modulo them
resemble the reals as far as formulas can see (see the page of this package): -1 has no square root, 2, 3, 5, ..., 31
have one, every number has one third root and one fifth root, and each prime is one more than a multiple of the one
before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any

import numpy as np

Array = Any
Value = Any
"""An array of whole numbers (or one number), or a `Dual`."""
PRIMES = (
    2305843009213682039,
    488382161037476283224279,
    237178889450562057137605302119,
    51259575945834372912693533104562519,
    6003624053928013424280491984272571350319,
)


class DegenerateError(Exception):
    """At this point the formula has no value: something that is divided by is zero, or a square root does not exist."""


@dataclass(frozen=True, slots=True, eq=False)
class Dual:
    """`value` + ε `slope`, with ε² = 0. Derivatives by one variable after another have an ε each, told by its `tag`."""

    tag: int
    value: Value
    slope: Value


FEW = 4
"""Powers up to this one are products."""


def base(x: Value) -> Array:
    """The value without its derivatives."""
    while isinstance(x, Dual):
        x = x.value
    return x


def within(x: Value, order: int) -> Value:
    """The value with its derivatives up to an order."""
    while isinstance(x, Dual) and x.tag > order:
        x = x.value
    return x


def slope(x: Value, order: int) -> Array:
    """The derivative along as many directions; zero where there is none."""
    for tag in range(order, 0, -1):
        x = x.slope if isinstance(x, Dual) and x.tag == tag else zero(x)
    return base(x)


def zero(x: Value) -> Array:
    """Zeros of the same shape."""
    return np.zeros(np.shape(base(x)), object)


class Field:
    """Numbers modulo the prime at one level of the tower.

    >>> Field.at(0).number(Fraction(1, 2)) * 2 % PRIMES[0]
    1
    """

    def __init__(self, level: int) -> None:
        self.level, self.prime = level, PRIMES[level]

    @staticmethod
    @lru_cache(maxsize=len(PRIMES))
    def at(level: int) -> Field:
        """The field at this level."""
        return Field(level)

    @cached_property
    def generator(self) -> int:
        """A number whose powers repeat after as many as the prime of the level below."""
        assert self.level, "the lowest level has none"
        return pow(2, (self.prime - 1) // PRIMES[self.level - 1], self.prime)

    def raised(self, exponent: int) -> int:
        """The generator to an exponent, eight binary digits at a time.

        >>> field = Field.at(1)
        >>> field.raised(12345678901) == pow(field.generator, 12345678901, PRIMES[1])
        True
        """
        found, place = 1, 0
        while exponent:
            found = found * self._powers[place][exponent & 255] % self.prime
            exponent, place = exponent >> 8, place + 1
        return found

    @cached_property
    def _powers(self) -> list[list[int]]:
        """The generator to each number of eight digits, at each place of these."""
        found, step = list[list[int]](), self.generator
        for _ in range((PRIMES[self.level - 1].bit_length() + 7) // 8):
            row = [1]
            for _ in range(256):
                row.append(row[-1] * step % self.prime)
            found.append(row[:256])
            step = row[256]
        return found

    def number(self, value: Fraction | int) -> int:
        """A rational number."""
        if isinstance(value, int) or value.denominator == 1:
            return int(value) % self.prime
        return value.numerator * pow(value.denominator, -1, self.prime) % self.prime

    def linear(self, function: Callable[..., Array], *arguments: Value) -> Value:
        """A function that is linear in each of its arguments, of values with derivatives (Leibniz's rule)."""
        tag = max((a.tag for a in arguments if isinstance(a, Dual)), default=0)
        if not tag:
            return np.asarray(function(*arguments), object) % self.prime
        own = [isinstance(a, Dual) and a.tag == tag for a in arguments]
        plain = [a.value if mine else a for a, mine in zip(arguments, own, strict=True)]
        total = None
        for k, mine in enumerate(own):
            if mine:
                part = self.linear(function, *plain[:k], arguments[k].slope, *plain[k + 1 :])
                total = part if total is None else self.add(total, part)
        return Dual(tag, self.linear(function, *plain), total)

    def joint(self, function: Callable[..., Array], *arguments: Value) -> Value:
        """A function that is linear in all of its arguments together."""
        tag = max((a.tag for a in arguments if isinstance(a, Dual)), default=0)
        if not tag:
            return np.asarray(function(*arguments), object) % self.prime
        values = [within(a, tag - 1) for a in arguments]
        slopes = [a.slope if isinstance(a, Dual) and a.tag == tag else zero(a) for a in arguments]
        return Dual(tag, self.joint(function, *values), self.joint(function, *slopes))

    def add(self, x: Value, y: Value) -> Value:
        """x + y."""
        tag = max(x.tag if isinstance(x, Dual) else 0, y.tag if isinstance(y, Dual) else 0)
        if not tag:
            return (x + y) % self.prime
        first, second = (isinstance(a, Dual) and a.tag == tag for a in (x, y))
        value = self.add(x.value if first else x, y.value if second else y)
        if first and second:
            return Dual(tag, value, self.add(x.slope, y.slope))
        along = x.slope if first else y.slope
        return Dual(tag, value, self._spread(along, np.shape(base(value))))

    def _spread(self, x: Value, shape: tuple[int, ...]) -> Value:
        """The same along axes that it lacks."""
        if np.shape(base(x)) == shape:
            return x
        return self.linear(lambda a: np.broadcast_to(np.asarray(a, object), shape), x)

    def times(self, x: Value, y: Value) -> Value:
        """x y, entry by entry."""
        return self.linear(_product, x, y)

    def scaled(self, x: Value, factor: Fraction | int) -> Value:
        """A rational multiple."""
        number = self.number(factor)
        return self.linear(lambda a: a * number, x)

    def reciprocal(self, x: Value) -> Value:
        """1/x. Raises `DegenerateError` where x is zero."""
        return self.differentiable(self._inverted, lambda _, y: self.scaled(self.times(y, y), -1), x)

    def power(self, x: Value, exponent: Fraction) -> Value:
        """x to a rational exponent. Raises `DegenerateError` where there is none."""
        if exponent == 1:
            return x
        if not exponent:
            return self.add(self.scaled(x, 0), 1)
        if exponent.denominator == 1 and 0 < exponent <= FEW:
            return self.times(self.power(x, exponent - 1), x)

        def along(x: Value, y: Value) -> Value:
            if exponent.denominator == 1 and exponent > 0:
                return self.scaled(self.power(x, exponent - 1), exponent)
            return self.scaled(self.times(y, self.reciprocal(x)), exponent)

        return self.differentiable(lambda a: self._raised(a, exponent), along, x)

    def differentiable(
        self, function: Callable[[Array], Array], slope: Callable[[Value, Value], Value], x: Value
    ) -> Value:
        """A function of each entry, whose derivative is told by its argument and its value."""
        if not isinstance(x, Dual):
            return function(x)
        value = self.differentiable(function, slope, x.value)
        return Dual(x.tag, value, self.times(slope(x.value, value), x.slope))

    def each(self, function: Callable[[int], int], x: Array) -> Array:
        """A function of whole numbers, entry by entry."""
        if not np.ndim(x):
            return function(int(x))
        return np.frompyfunc(function, 1, 1)(x)

    def square(self, x: int) -> int:
        """1 where a number is a square that is not zero, -1 where it is none, 0 where it is zero: its sign."""
        found = pow(x, (self.prime - 1) // 2, self.prime)
        return -1 if found == self.prime - 1 else found

    def sign(self, x: Array) -> Array:
        """What stands for the sign: it is 1 or -1, multiplicative, and that of -1 is -1."""
        return self.each(self.square, x)

    def _inverted(self, x: Array) -> Array:
        """All at once: the product of all is inverted, and taken apart again."""
        p, entries = self.prime, [int(a) for a in np.ravel(x)]
        if not all(entries):
            raise DegenerateError
        before = list(accumulate(entries, lambda a, b: a * b % p, initial=1))
        rest = pow(before[-1], -1, p)
        found = np.empty(len(entries), object)
        for k in range(len(entries) - 1, -1, -1):
            found[k], rest = before[k] * rest % p, rest * entries[k] % p
        return found.reshape(np.shape(x)) if np.ndim(x) else found[0]

    def _raised(self, x: Array, exponent: Fraction) -> Array:
        p, below = self.prime, exponent.denominator
        if exponent < 0:
            return self._raised(self._inverted(x), -exponent)
        twos = (below & -below).bit_length() - 1
        odd = below >> twos
        try:
            root = pow(odd, -1, p - 1) if odd > 1 else 1
        except ValueError:
            raise DegenerateError from None
        rest = exponent.numerator * root * pow((p + 1) // 4, max(0, twos - 1), p - 1) % (p - 1) or p - 1

        def one(a: int) -> int:
            if twos:
                square, a = a, pow(a, (p + 1) // 4, p)  # that root which is a square itself
                if a * a % p != square:
                    raise DegenerateError
            return a if rest == 1 else pow(a, rest, p)

        return self.each(one, x)

    def inverse(self, x: Array) -> tuple[Array, int]:
        """The inverse of a matrix and its determinant, by elimination. Raises `DegenerateError` where there is none."""
        p, n = self.prime, len(x)
        rows = [[int(a) for a in row] + [int(i == k) for k in range(n)] for i, row in enumerate(x)]
        determinant = 1
        for k in range(n):
            pivot = next((i for i in range(k, n) if rows[i][k] % p), None)
            if pivot is None:
                raise DegenerateError
            if pivot != k:
                rows[k], rows[pivot], determinant = rows[pivot], rows[k], -determinant
            determinant = determinant * rows[k][k] % p
            scale = pow(rows[k][k], -1, p)
            rows[k] = [a * scale % p for a in rows[k]]
            for i in range(n):
                if i != k and rows[i][k]:
                    factor = rows[i][k]
                    rows[i] = [(a - factor * b) % p for a, b in zip(rows[i], rows[k], strict=True)]
        return np.array([row[n:] for row in rows], object).reshape(n, n), determinant % p


def _product(x: Array, y: Array) -> Array:
    return x * y
