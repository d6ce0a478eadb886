"""A point at which formulas have values modulo a prime: sizes in numbers, random entries, and directions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from math import prod
from random import Random
from typing import Any

import numpy as np

from jacobian_cli.checks.every_size.branches import COMPARED, NEAR
from jacobian_cli.checks.every_size.draw import declared, entries
from jacobian_cli.checks.every_size.expand import UnknownError, constant, expanded, written
from jacobian_cli.checks.every_size.field import FEW, PRIMES, Array, DegenerateError, Dual, Field, Value, base, within
from jacobian_cli.checks.every_size.functions import CONSTANT, SLOPES, Symbols
from jacobian_cli.checks.every_size.whole import multiplied, of_matrix, ordered
from jacobian_cli.evaluate.evaluate import lengths, resolved
from jacobian_cli.evaluate.kernels import Kernels
from jacobian_cli.evaluate.pairwise import plan
from jacobian_cli.expr import Apply, Constant, Expr, Extent, Number, Variable, nodes, walk
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.shape import Shape, Size


class _Whole:
    """NumPy whose zeros and ones are whole numbers without end."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def zeros(self, shape: Any) -> Array:
        return np.zeros(shape, object)

    def ones(self, shape: Any) -> Array:
        return np.ones(shape, int).astype(object)

    def eye(self, count: int) -> Array:
        return np.eye(count, dtype=int).astype(object)


KERNELS = Kernels(_Whole())
_REPAIRS = 30
_OVERHEAD, _POWER, ADDED = 100, 25, 8
"""What a node costs, and a power modulo a prime, in products; so many cost one where they are added by NumPy."""
_SIGN = 70
"""What it takes to say whether a number is a square."""
_FEW, _SMALL = frozenset(map(Fraction, range(-1, FEW + 1))), 4
"""Powers that cost as little as so many products."""
_LIMIT = 100_000
"""No array of more entries is made."""


class RootError(DegenerateError):
    """A square root does not exist: of which expression, at which level, and in which entries."""

    def __init__(self, node: Expr, level: int, places: Array) -> None:
        super().__init__()
        self.node, self.level, self.places = node, level, places


class TooManyError(Exception):
    """Values that would hold too many numbers."""


@lru_cache(maxsize=256)
def depth(expr: Expr) -> int:
    """How many exponentials stand in each other."""
    found: dict[Expr, int] = {}
    for node in walk([expr]):
        inner = max((found[child] for child in node.children), default=0)
        own = isinstance(node, Apply) and node.function in ("exp", "erf", "erfinv")
        found[node] = inner + own
    return found[expr]


class Point:
    """Values of expressions in few functions (see `expand`) at one random point.

    `top` is the level at which formulas are compared, and choices are made. `free` says whether inverses and
    determinants are free symbols, tied by their derivatives only, or what they are; `apart` whether sizes used as
    numbers are any numbers, apart from the lengths of axes.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        facts: Mapping[str, frozenset[str]],
        seed: int,
        top: int,
        *,
        free: bool,
        apart: bool = False,
        spend: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.sizes, self.facts, self.free, self.apart, self.spend = sizes, facts, free, apart, spend
        self.rng = Random(seed)
        self.symbols = Symbols(self.rng)
        self.real: Mapping[Expr, Array] = {}
        """Values at a real point, by which choices are made."""
        self.top = top
        self.bases: dict[tuple[str, int], Array] = {}
        self.whole: Mapping[str, Array] = {}
        """Values of variables that are 0, 1 or -1, or places: the same at every level, and at the real point."""
        self.alike: Mapping[str, str] = {}
        """Variables that have the value of another one."""
        self.directions: dict[str, list[tuple[int, Array]]] = {}
        """Along what a variable moves, the order of the derivative with it."""
        self._found: dict[tuple[Expr, int, int], Value] = {}
        self._lengths: dict[Shape, tuple[int, ...]] = {}
        self._of: dict[Expr, frozenset[str]] = {}

    def lengths(self, shape: Shape) -> tuple[int, ...]:
        """A shape in numbers."""
        found = self._lengths.get(shape)
        if found is None:
            found = self._lengths[shape] = lengths(shape, self.sizes)
        return found

    def random(self, shape: Iterable[int], level: int) -> Array:
        """Random entries."""
        return entries(self.rng, tuple(shape), PRIMES[level])

    def variable(self, name: str, shape: Shape, level: int, order: int) -> Value:
        """The value of a variable."""
        same = self.alike.get(name, name)
        key = (same, level)
        if key not in self.bases and same in self.whole:
            self.bases[key] = self.whole[same] % PRIMES[level]
        elif key not in self.bases:
            facts = self.facts.get(same, frozenset())
            self.bases[key] = declared(self.rng, facts, self.lengths(shape), Field.at(level))
        found: Value = self.bases[key]
        for tag, along in self.directions.get(name, ()):
            if tag <= order:
                found = Dual(tag, found, along)
        return found

    def forget(self, name: str = "") -> None:
        """Values, or those that depend on a variable, are asked for again."""
        kept = {} if not name else {key: v for key, v in self._found.items() if name not in self._of[key[0]]}
        self._found = kept

    def repair(self, error: RootError) -> None:
        """Draw some entries again, so that square roots exist. Raises `DegenerateError` where that does not help."""
        inside, level = error.node, error.level
        names = [n for n in nodes(inside) if isinstance(n, Variable) and (n.name, level) in self.bases]
        within_roots = {n for root in nodes(inside) if _is_root(root) for n in nodes(root) if isinstance(n, Variable)}
        names = [n for n in names if n not in within_roots] or names  # what would not spoil a root that exists
        missing = int(np.sum(error.places))
        for _ in range(_REPAIRS):
            if not names:
                break
            variable = self.rng.choice(names)
            before = self.bases[variable.name, level]
            self.bases[variable.name, level] = self._redrawn(variable, level, error.places)
            self.forget(variable.name)
            try:
                again = base(self.value(inside, level, 0))
            except RootError:
                again = None
            self.spend(_OVERHEAD + _SIGN * int(np.size(error.places)))
            left = missing if again is None else int(np.sum(Field.at(level).sign(again) < 0))
            if left < missing:
                return
            self.bases[variable.name, level] = before
            self.forget(variable.name)
        raise DegenerateError

    def _redrawn(self, variable: Variable, level: int, places: Array) -> Array:
        """Other entries in the places named, along the axes that are as long; where something is declared, all."""
        field, before = Field.at(level), self.bases[variable.name, level]
        facts = self.facts.get(variable.name, frozenset())
        fresh = declared(self.rng, facts, np.shape(before), field)
        if facts or not np.ndim(places) or not np.ndim(before):
            return fresh
        chosen = np.ones(np.shape(before), bool)
        for axis, length in enumerate(np.shape(before)):
            for other, long in enumerate(np.shape(places)):
                if long == length:
                    hit = np.any(places, axis=tuple(k for k in range(np.ndim(places)) if k != other))
                    chosen &= np.reshape(hit, [-1 if k == axis else 1 for k in range(np.ndim(before))])
        return np.where(chosen, fresh, before)

    def value(self, expr: Expr, level: int, order: int) -> Value:
        """The value of an expression, with derivatives up to this order."""
        for node in walk([expr], lambda node: (node, level, order) not in self._found):
            if (node, level, order) not in self._found:
                self.spend(self._cost(node, order))
                if node not in self._of:
                    own = {node.name} if isinstance(node, Variable) else ()
                    self._of[node] = frozenset().union(own, *(self._of[child] for child in node.children))
                self._found[node, level, order] = self._value(node, level, order)
        return self._found[expr, level, order]

    def seen(self, expr: Expr) -> Array | None:
        """What an expression was found to be, a choice at the real point; None where it was not asked for."""
        if expr in self.real:
            return self.real[expr]
        there = (self._found.get((expr, self.top, order)) for order in range(3))
        return next((base(value) for value in there if value is not None), None)

    def _cost(self, node: Expr, order: int) -> int:
        """About how many entries are multiplied."""
        made = prod(self.lengths(node.shape))
        if not isinstance(node, Apply):
            return _OVERHEAD
        parts = [self.lengths(a.shape) for a in node.arguments]
        options = dict(node.parameters)
        if "subscripts" in options:
            operations = sum(step.operations for step in plan(options["subscripts"], tuple(parts)))
            return _OVERHEAD + (order + 1) * operations // ADDED
        if FUNCTIONS[node.function].kind is Kind.CONTRACTION:
            return _OVERHEAD + (order + 1) * made * max((part[-1] for part in parts if part), default=1) // ADDED
        if node.function == "exp" or (node.function == "**" and constant(node.arguments[1]) in _FEW):
            return _OVERHEAD + _SMALL * (order + 1) * max(made, prod(parts[0]))
        each = _POWER if node.function in SLOPES or node.function in ("**", "sign", *COMPARED) else order + 1
        return _OVERHEAD + each * max([made, *map(prod, parts)])

    def _value(self, node: Expr, level: int, order: int) -> Value:
        field = Field.at(level)
        match node:
            case Variable(name, shape):
                return self.variable(name, shape, level, order)
            case Number(value):
                return field.number(value)
            case Extent(size):
                return self._extent(size, field)
            case Constant("e"):
                return field.generator if level else self.symbols.constant("e", field)
            case Constant(name):
                if name == "inf":
                    raise DegenerateError
                return self.symbols.constant(name, field)
            case Apply():
                return self._applied(node, level, order, field)
        raise AssertionError(node)

    def _extent(self, size: Size, field: Field) -> int:
        """A size as a number, or, where sizes are apart from the lengths of axes, as a polynomial in random numbers, of
        which roots exist.
        """
        if not self.apart:
            return size.at(self.sizes) % field.prime
        total = 0
        for monomial, coefficient in size.terms:
            drawn = [(self.symbols.of(f"size {name}", 0, field), 4 * power) for name, power in monomial]
            powers = [pow(number, power, field.prime) for number, power in drawn]
            total += field.number(coefficient) * prod(powers)
        return total % field.prime

    def _applied(self, node: Apply, level: int, order: int, field: Field) -> Value:
        name = node.function
        if prod(self.lengths(node.shape)) > _LIMIT:
            raise TooManyError
        arguments = [self.value(a, level, order) for a in node.arguments]
        match name:
            case "+":
                return field.add(*arguments)
            case "*":
                return field.times(*arguments)
            case "**":
                exponent = constant(node.arguments[1])
                assert exponent is not None
                try:
                    return field.power(arguments[0], exponent)
                except DegenerateError:
                    self.spend(_SIGN * int(np.size(base(arguments[0]))))
                    missing = np.less(field.sign(base(arguments[0])), 0)
                    if exponent.denominator % 2 or not np.any(missing):
                        raise
                    raise RootError(node.arguments[0], level, missing) from None
            case "where":
                chosen = np.not_equal(base(arguments[0]), 0)
                return field.joint(
                    lambda x, y: np.where(chosen, np.asarray(x, object), np.asarray(y, object)), *arguments[1:]
                )
            case "max" | "largest" | "sort" | "argsort":
                order_of = self.real.get(node.arguments[0])
                if order_of is None:
                    order_of = base(self.value(node.arguments[0], self.top, 0))
                return ordered(name, arguments[0], order_of, dict(node.parameters), field)
            case "prod" | "cumprod":
                return multiplied(name, arguments[0], dict(node.parameters), field)
            case "inv" | "det" | "logdet" | "cholesky":
                return of_matrix(name, arguments[0], field, self.symbols, free=self.free)
        if name in COMPARED:
            signs = self._signs(node)
            return field.each(lambda a: int(a in COMPARED[name]), signs)
        if name in CONSTANT or name in SLOPES:
            return self._function(node, arguments, level, order, field)
        return self._rearranged(node, arguments, field)

    def _signs(self, node: Apply) -> Array:
        """The sign of the argument, or of the difference of the two: at the real point, if there is one."""
        first, *others = (self.real.get(a) for a in node.arguments)
        if first is not None and all(other is not None for other in others):
            gap = first - others[0] if others else first
            near = np.abs(gap) <= NEAR * (1 + np.abs(first))
            return np.asarray(np.where(near, 0, np.sign(gap))).astype(int).astype(object)
        values = [base(self.value(a, self.top, 0)) for a in node.arguments]
        return Field.at(self.top).sign((values[0] - values[1] if len(values) > 1 else values[0]) % PRIMES[self.top])

    def _rearranged(self, node: Apply, arguments: list[Value], field: Field) -> Value:
        """What is linear in each argument, or in all together."""
        row = FUNCTIONS[node.function]
        kernel = KERNELS.of(row)
        if kernel is None or not (row.kind in (Kind.CONTRACTION, Kind.SHAPE) or node.function in ("sum", "cumsum")):
            raise UnknownError(node.function)
        options = {key: resolved(value, self.sizes) for key, value in node.parameters}
        shape = self.lengths(node.shape)
        places = [name in row.places for name in row.parameters]

        def found(*parts: Array) -> Array:
            given = [np.asarray(p, int if k < len(places) and places[k] else object) for k, p in enumerate(parts)]
            made = _whole(kernel(*given, **options))
            return made if np.shape(made) == shape else np.reshape(made, shape)

        if node.function.endswith("_like"):
            return found(base(arguments[0])) % field.prime
        together = node.function in ("concat", "stack") or not arguments
        return field.joint(found, *arguments) if together else field.linear(found, *arguments)

    def _function(self, node: Apply, arguments: list[Value], level: int, order: int, field: Field) -> Value:
        """A function of each entry, its derivative being what defines it."""
        name, last = node.function, node.arguments[-1]
        x = arguments[-1]

        def plain(x: Array) -> Array:
            if name == "sign":
                return self._signs(node) % field.prime
            if name == "exp":
                return self.symbols.exponential(base(self.value(last, level - 1, 0)) if level else None, x, field)
            symbol = name if len(arguments) == 1 else f"{name} {base(arguments[0])}"
            return self.symbols.each(symbol, x, field)

        if name in CONSTANT or not isinstance(x, Dual):
            return plain(base(x))
        along = node if name == "exp" else expanded(written(SLOPES[name], node))
        return lifted(plain, self.value(along, level, order - 1), x, field)


def _is_root(node: Expr) -> bool:
    """Whether a square root is taken."""
    if not isinstance(node, Apply) or node.function != "**":
        return False
    exponent = constant(node.arguments[1])
    return exponent is not None and exponent.denominator % 2 == 0


def lifted(function: Callable[[Array], Array], along: Value, x: Value, field: Field) -> Value:
    """A function of each entry, given its derivative there."""
    if not isinstance(x, Dual):
        return function(x)
    along = within(along, x.tag - 1)
    return Dual(x.tag, lifted(function, along, x.value, field), field.times(along, x.slope))


def _whole(x: Array) -> Array:
    """Whole numbers as such, whatever they were made of."""
    if isinstance(x, np.ndarray) and x.dtype != object:
        return (x.astype(int) if x.dtype != int else x).astype(object)
    return x
