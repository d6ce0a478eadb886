"""What functions are modulo a prime, each by the relations that define it.

A function of which nothing is used but that it is one is a free symbol: its value is drawn once for each argument. exp
takes sums to products, so its argument is taken modulo the prime one level below. What is said here of derivatives is
said a second time on purpose, in other words than those of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np

from jacobian_cli.checks.every_size.field import Array, Field

ODD = frozenset(("sin", "erf", "arcsin", "arctan", "arcsinh", "arctanh", "erfinv"))
SLOPES: Mapping[str, str] = {
    "exp": "exp(x)",
    "log": "x**-1",
    "sin": "cos(x)",
    "cos": "-1*sin(x)",
    "erf": "2*pi**(-1/2)*exp(-1*x**2)",
    "erfinv": "(1/2)*pi**(1/2)*exp(erfinv(x)**2)",
    "arcsin": "(1 + -1*x**2)**(-1/2)",
    "arctan": "(1 + x**2)**-1",
    "arcsinh": "(1 + x**2)**(-1/2)",
    "arccosh": "(x**2 + -1)**(-1/2)",
    "arctanh": "(1 + -1*x**2)**-1",
    "lgamma": "digamma(x)",
    "digamma": "polygamma(1, x)",
    "polygamma": "polygamma(k + 1, x)",
}
"""The derivative by the last argument; of other functions of entries it is zero."""
CONSTANT = frozenset(("sign", "floor", ">", "<", ">=", "<=", "==", "!="))
"""Functions that are constant where they have a derivative."""


class Symbols:
    """The values of free symbols at one point, drawn when they are first asked for."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self._drawn: dict[tuple[Any, ...], int] = {}
        self._known: dict[tuple[int, int], int] = {}
        self._inverses: dict[tuple[Any, ...], Array] = {}

    def of(self, name: str, argument: int, field: Field) -> int:
        """The value of a function at a number."""
        p = field.prime
        if name in ODD and argument > p - argument:
            return -self.of(name, p - argument, field) % p
        key = (name, argument, field.level)
        if key not in self._drawn:
            self._drawn[key] = self.rng.randrange(1, p) if argument or name not in ODD else 0
        return self._drawn[key]

    def constant(self, name: str, field: Field) -> int:
        """π, or e where it is no base: positive, as far as that has a meaning here."""
        return pow(self.of(name, 0, field), 2, field.prime)

    def each(self, name: str, x: Array, field: Field) -> Array:
        """The value of a function at each entry."""
        match name:
            case "sin" | "cos":
                return field.each(lambda a: self._circle(name, a, field), x)
            case "log":
                return field.each(lambda a: self._logarithm(a, field), x)
            case "sign":
                return field.sign(x) % field.prime
        return field.each(lambda a: self.of(name, a, field), x)

    def exponential(self, below: Array | None, x: Array, field: Field) -> Array:
        """exp of each entry, given what it is one level below."""
        if below is None:
            return self.each("exp", x, field)
        if not np.ndim(x):
            return self._exponential(int(below), int(x), field)
        return np.frompyfunc(lambda b, a: self._exponential(b, a, field), 2, 1)(below, x)

    def _exponential(self, below: int, x: int, field: Field) -> int:
        found = field.raised(below)
        self._known[found, field.level] = x
        return found

    def _logarithm(self, x: int, field: Field) -> int:
        """What it is the exponential of, if that is known; log(1/x) = -log(x)."""
        if x in (0, 1):
            return 0 if x else self.of("log", 0, field)
        known = self._known.get((x, field.level))
        if known is not None:
            return known
        over = pow(x, -1, field.prime)
        return -self.of("log", over, field) % field.prime if over < x else self.of("log", x, field)

    def _circle(self, name: str, x: int, field: Field) -> int:
        """2t/(1 + t²) and (1 - t²)/(1 + t²), with t a free symbol: sin² + cos² = 1."""
        t = self.of("sin", x, field)
        over = pow(1 + t * t, -1, field.prime)
        return (2 * t if name == "sin" else 1 - t * t) * over % field.prime

    def matrix(self, x: Array, field: Field) -> Array:
        """A matrix that is the same for the same matrix, and transposed for the transposed one: a free inverse."""
        key = (field.level, *np.shape(x), *map(int, np.ravel(x)))
        if key not in self._inverses:
            n = len(x)
            found = np.array([[self.rng.randrange(1, field.prime) for _ in range(n)] for _ in range(n)], object)
            turned = (field.level, n, n, *map(int, np.ravel(x.T)))
            if turned == key:
                found = (found + found.T) % field.prime
            self._inverses[turned] = found.T
            self._inverses[key] = found
        return self._inverses[key]
