"""Claims that are the derivative times a number: which number that is, told from its values at several points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

Array = Any
TOLERANCE = 1e-8
_NUMBERS = tuple(Fraction(*pair) for pair in ((1, 1), (2, 1), (1, 2), (4, 1), (1, 4), (3, 1), (1, 3)))
_POWERS = tuple(Fraction(*pair) for pair in ((1, 1), (-1, 1), (1, 2), (-1, 2), (2, 1), (-2, 1)))


@dataclass(frozen=True, slots=True)
class Factor:
    """What the claim is times the derivative: above and below the line, whether it is negative, and the value in it."""

    above: str
    below: str
    negative: bool
    value: str = ""


def ratio(claimed: Array, true: Array, tolerance: float = TOLERANCE) -> float | None:
    """The number that one array is of another; None where it is no multiple of it, or the true one is zero."""
    largest = float(np.max(np.abs(true), initial=0.0))
    if claimed.shape != true.shape or not largest or not np.all(np.isfinite(claimed)):
        return None
    at = np.unravel_index(int(np.argmax(np.abs(true))), true.shape)
    found = float(claimed[at] / true[at])
    close = np.max(np.abs(claimed - found * true), initial=0.0) <= tolerance * max(abs(found), 1.0) * largest
    return found if close and abs(found) > tolerance else None


def factors(
    ratios: Sequence[float],
    sizes: Sequence[Mapping[str, int]],
    values: Sequence[Mapping[str, float]],
    tolerance: float = TOLERANCE,
) -> Iterator[Factor]:
    """What a factor may be that has these values at points of these sizes and of these scalars, the simplest first."""
    negative = all(found < 0 for found in ratios)
    wanted = np.abs(ratios)
    if not negative and any(found < 0 for found in ratios):
        signed = [n for n in values[0] if all((v[n] < 0) == (f < 0) for v, f in zip(values, ratios, strict=True))]
    else:
        signed = [*values[0]]
    for said, found in _monomials(sizes):
        for number in _NUMBERS:
            if np.allclose(float(number) * found, wanted, rtol=tolerance, atol=0.0):
                yield Factor(*_told(number, said), negative)
    if np.allclose(wanted, wanted[0], rtol=tolerance, atol=0.0) and len(ratios) > 1:
        number = Fraction(wanted[0]).limit_denominator(60)
        exact = abs(float(number) - wanted[0]) <= tolerance * wanted[0]
        above, below = (str(number.numerator), str(number.denominator)) if exact else (f"{wanted[0]:.4g}", "1")
        yield Factor(above, below, negative)
    for name in signed:
        column = np.abs([v[name] for v in values])
        for power, number, (size, of) in product(_POWERS, _NUMBERS, _monomials(sizes)):
            if np.allclose(float(number) * of * column ** float(power), wanted, rtol=tolerance, atol=0.0):
                yield Factor(*_told(number, [*size, (name, power)]), negative, name)


def _monomials(sizes: Sequence[Mapping[str, int]]) -> Iterator[tuple[list[tuple[str, Fraction]], Array]]:
    """One, powers of a size, products of two sizes and their quotients, and n − 1 beside n."""
    columns = {name: np.array([float(s[name]) for s in sizes]) for name in sizes[0]}
    yield [], np.ones(len(sizes))
    for name, column in columns.items():
        for power in _POWERS:
            yield [(name, power)], column ** float(power)
    for (one, a), (other, b) in product(columns.items(), repeat=2):
        if one < other:
            yield [(one, Fraction(1)), (other, Fraction(1))], a * b
            yield [(one, Fraction(-1)), (other, Fraction(-1))], 1 / (a * b)
        if one != other:
            yield [(one, Fraction(1)), (other, Fraction(-1))], a / b
    for name, column in columns.items():
        if np.all(column > 1):
            yield [(name, Fraction(1)), (f"({name} - 1)", Fraction(-1))], column / (column - 1)
            yield [(f"({name} - 1)", Fraction(1)), (name, Fraction(-1))], (column - 1) / column


def _told(number: Fraction, powers: Sequence[tuple[str, Fraction]]) -> tuple[str, str]:
    """A factor as people write it, above and below the line."""
    above: list[str] = []
    below: list[str] = []
    for name, power in powers:
        root = f"sqrt({name})" if abs(power) == Fraction(1, 2) else name
        text = root if abs(power) <= 1 else f"{root}**{abs(power)}"
        (above if power > 0 else below).append(text)
    top = ([str(number.numerator)] if number.numerator != 1 or not above else []) + above
    bottom = ([str(number.denominator)] if number.denominator != 1 or not below else []) + below
    return "*".join(top), "*".join(bottom)
