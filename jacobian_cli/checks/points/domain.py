"""Where a formula may be evaluated and differentiated: what the table says of every function in it, and what
does not hold at a given point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.evaluate.evaluate import applied, evaluate, node_values, numpy_backend
from jacobian_cli.expr import Apply, Expr, Variable, rebuild, variables, walk
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.identities import chooses, marks
from jacobian_cli.ops.rules import reduced_axes
from jacobian_cli.records import record
from jacobian_cli.shape import ONE

ANS = "ans"
_SAME = 1e-10
"""Entries that differ by less than this part of them are the same number, computed in two ways."""
_NUDGE = 1e-3
_ROUNDING, _NOTHING = 1e-14, 1e-3
"""A last digit, and how much of a number may change with it."""
_LEAST, _FAR, _MOST = 1e-3, 1e12, 30.0
"""What is missing at an entry is at least and at most so much, and counts by its logarithm; what nobody can tell, most.
"""
DOMAIN, FORM, KINK, NOT_FINITE = "domain", "form", "kink", "not finite"


class Violation(NamedTuple):
    """A function met a value outside its domain, at a kink, or gave nan or infinity; or it has a derivative there, but
    not by the form in which that is written.

    `expression` is what should have been positive, or not zero, in the terms of the formula.
    """

    function: str
    expression: Expr
    kind: str
    row: Row
    node: Apply
    positive: bool = True
    """Whether `expression` should have been positive, rather than only not zero."""

    @property
    def message(self) -> str:
        """What happened, in words."""
        match self.kind:
            case "domain":
                return f"{self.function} is outside its domain"
            case "form":
                return f"the derivative of {self.function} divides by zero"
            case "kink":
                return f"{self.function} is at a kink"
        return f"{self.function} is not finite"


@record(frozen=True)
class Point:
    """An expression where its variables have these values. What `moves` is a name of them (all, unless told): a kink
    that none of these gets away from, as that of `relu(0)`, is none.
    """

    expr: Expr
    values: Mapping[str, Any]
    sizes: Mapping[str, int]
    moves: frozenset[str] | None = None

    @cached_property
    def found(self) -> Mapping[Expr, Any]:
        """The value of every node."""
        return node_values(self.expr, self.values, self.sizes, numpy_backend())

    @cached_property
    def near(self) -> Mapping[Expr, Any]:
        """The same where every value has moved a little."""
        rng = np.random.default_rng(0)
        moved = {
            name: value + _NUDGE * rng.standard_normal(np.shape(value))
            if self.moves is None or name in self.moves
            else value
            for name, value in self.values.items()
        }
        return node_values(self.expr, moved, self.sizes, numpy_backend())


class Condition(NamedTuple):
    """At `node` this expression, in the placeholders of its row, must be positive, or else must not be zero.

    Without an expression the node picks one of many entries, which must not come near another one; or one of two
    branches. Entries that are equal may be there as long as they do not part: then all have one derivative.
    """

    node: Apply
    kind: str
    positive: bool
    expression: Expr | None

    @property
    def row(self) -> Row:
        return FUNCTIONS[self.node.function]

    def missing(self, point: Point, margin: float) -> Any:
        """For each entry how much is missing to `margin`: nothing where it holds, nan where that cannot be told."""
        if self.expression is None:
            return self._parted(point, margin)
        value = self._value(point.found, point.sizes)
        if any(
            FUNCTIONS[part.function].kind is Kind.CORE for part in walk([self.expression]) if isinstance(part, Apply)
        ):
            value = np.where(self._lost(point, value), 0.0, value)
        with np.errstate(invalid="ignore"):  # ∞ − ∞ cannot be told
            short = margin - (value if self.positive else np.abs(value))
            short = np.where(short < 0, 0.0, np.maximum(short, _LEAST))
            if self.kind == KINK and np.any(short):
                again = self._value(point.near, point.sizes)
                short = np.where(np.abs(again - value) <= _SAME * np.maximum(1.0, np.abs(value)), 0.0, short)
        return short

    def _lost(self, point: Point, value: Any) -> Any:
        """Where a determinant is nothing but what rounding left: it is another where its matrix is a last digit off."""
        rng = np.random.default_rng(0)
        arguments = {a: point.found[a] for a in self.node.arguments}
        off = {a: x * (1 + _ROUNDING * rng.standard_normal(np.shape(x))) for a, x in arguments.items()}
        return np.abs(self._value({**point.found, **off}, point.sizes) - value) > _NOTHING * np.abs(value)

    def _value(self, found: Mapping[Expr, Any], sizes: Mapping[str, int]) -> Any:
        assert self.expression is not None
        bound = {name: found[expr] for name, expr in _bindings(self.row, self.node).items() if expr in found}
        return np.asarray(evaluate(self.expression, bound, sizes), dtype=float)

    def _parted(self, point: Point, margin: float) -> Any:
        """What is missing between entries to be told apart. Ties are kinks where the entry picked is there more than
        once, but no more when every value moves a little, and so is a branch that is chosen by a number that is zero.
        """
        x = self.node.arguments[0]
        if chooses(self.row.name):
            zero = np.asarray(point.found[x] == 0)
            return np.where(zero & (point.near[x] != 0), _LEAST, 0.0) if np.any(zero) else np.zeros(())
        apart, tied = _apart(point.found[x], self.node)
        short = np.where(~tied & (apart <= margin), np.maximum(margin - apart, _LEAST), 0.0)
        if np.any(tied):
            short = np.where(tied & ~_apart(point.near[x], self.node)[1], _LEAST, short)
        return short

    def violation(self) -> Violation:
        expression = self.node if self.expression is None else _in_terms_of(self.expression, self.row, self.node)
        return Violation(self.node.function, expression, self.kind, self.row, self.node, self.positive)


def conditions(expr: Expr, sizes: Mapping[str, int]) -> list[Condition]:
    """What must hold at every node, children before parents."""
    return [condition for node in walk([expr]) if isinstance(node, Apply) for condition in _of_node(node, sizes)]


def domain(expr: Expr, sizes: Mapping[str, int]) -> list[Expr]:
    """What must be positive for a formula to be what the table says of its functions, in terms of its variables."""
    found = [c for c in conditions(expr, sizes) if c.kind == DOMAIN and c.positive and c.expression is not None]
    return list(dict.fromkeys(_in_terms_of(c.expression, c.row, c.node) for c in found if c.expression is not None))


def violations(
    expr: Expr,
    values: Mapping[str, Any],
    sizes: Mapping[str, int],
    margin: float = 0.0,
    kink_margin: float = 0.0,
    moves: frozenset[str] | None = None,
) -> list[Violation]:
    """Everything that does not hold at a point: outside a domain, exactly at a kink of what these variables move (all,
    unless told), nan or infinity arising, unless that is in a branch that was not taken.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> log = elaborate([parse_statement("log(c)")], {"c": ()}).output
    >>> [v.message for v in violations(log, {"c": -1.0}, {})]
    ['log is outside its domain']
    """
    point = Point(expr, values, sizes, moves)
    met = [violation for violation, _ in failing(point, conditions(expr, sizes), margin, kink_margin)]
    seen = reaching(expr, point.found) if any(v.kind != KINK for v in met) else set()
    return [v for v in met if v.kind == KINK or v.node in seen]


def singular(expr: Expr, values: Mapping[str, Any], sizes: Mapping[str, int]) -> bool:
    """Whether a matrix of which the inverse or the like is taken has none at a point."""
    point = Point(expr, values, sizes)
    of_matrices = [c for c in conditions(expr, sizes) if c.row.kind is Kind.CORE and c.kind == DOMAIN]
    return any(np.any(condition.missing(point, 0.0)) for condition in of_matrices)


def failing(
    point: Point, wanted: list[Condition], margin: float, kink_margin: float
) -> Iterator[tuple[Violation, float]]:
    """The violations among conditions, in the order of the nodes, and how much is missing at each; one of each kind at
    a node.
    """
    by_node: dict[Apply, list[Condition]] = {}
    for condition in wanted:
        by_node.setdefault(condition.node, []).append(condition)
    for node in walk([point.expr]):
        if not isinstance(node, Apply):
            continue
        seen: set[str] = set()
        still = point.moves is not None and node not in _moving(point.expr, point.moves)
        for condition in by_node.get(node, []):
            if condition.kind in seen or (still and _finite(point.found[node])):  # nothing is differentiated there
                continue
            short = condition.missing(point, kink_margin if condition.kind == KINK else margin)
            if not np.all(short == 0):
                seen.add(condition.kind)
                told = np.where(np.isfinite(short), np.log1p(np.minimum(short, _FAR)), _MOST)
                yield condition.violation(), float(np.sum(told))
        arises = not _finite(point.found[node]) and all(_finite(point.found[a]) for a in node.arguments)
        if arises and DOMAIN not in seen:
            yield Violation(node.function, node, NOT_FINITE, FUNCTIONS[node.function], node), _MOST


@lru_cache(maxsize=64)
def _moving(expr: Expr, names: frozenset[str]) -> frozenset[Expr]:
    """The nodes that depend on some variables."""
    found: set[Expr] = set()
    for node in walk([expr]):
        if (isinstance(node, Variable) and node.name in names) or not found.isdisjoint(node.children):
            found.add(node)
    return frozenset(found)


def reaching(expr: Expr, found: Mapping[Expr, Any]) -> set[Expr]:
    """The nodes that reach the output by another way than through a branch of a choice that is finite itself."""
    seen: set[Expr] = set()
    stack = [expr]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        chosen = isinstance(node, Apply) and chooses(node.function) and _finite(found[node])
        stack.extend(node.children[:1] if chosen else node.children)
    return seen


def _finite(value: Any) -> bool:
    return bool(np.all(np.isfinite(np.asarray(value, dtype=float))))


def _of_node(node: Apply, sizes: Mapping[str, int]) -> Iterator[Condition]:
    row = FUNCTIONS[node.function]
    if row.algebra == "power":
        yield from _of_power(node, row, sizes)
    elif row.domain or row.nonzero or row.divides or row.kinks:
        names, shapes = _placeholders(row, node)
        for texts, kind in ((row.domain, DOMAIN), (row.nonzero, DOMAIN), (row.divides, FORM), (row.kinks, KINK)):
            for text in texts:
                if row.kind is not Kind.ROW:
                    yield Condition(node, kind, texts is row.domain, meaning(text, names, shapes))
                elif (said := _of_each_row(text, names, node)) is not None:
                    yield Condition(node, kind, texts is row.domain, said)
    elif marks(row.name) or chooses(row.name):
        if variables(node):
            yield Condition(node, KINK, False, None)
    elif row.definition and row.kind in (Kind.ELEMENTWISE, Kind.FORMULA):
        shapes = None if row.kind is Kind.ELEMENTWISE else tuple(a.shape for a in node.arguments)
        for inner in conditions(meaning(row.definition, row.parameters, shapes), sizes):
            expression = _in_terms_of(inner.expression or inner.node, inner.row, inner.node)
            if variables(expression):
                yield Condition(node, inner.kind, inner.positive, expression)


def _of_each_row(text: str, names: tuple[str, ...], node: Apply) -> Expr | None:
    """What is said of a row, said of each row that a function of rows runs along; of rows of one entry nothing."""
    shape = node.shape
    (axis,) = reduced_axes(shape, {"axis": (-1,), **dict(node.parameters)})
    turned = (*(k for k in range(len(shape)) if k != axis), axis)
    rows = tuple(shape[k] for k in turned)
    if rows[-1] is ONE:
        return None

    def along(part: Expr) -> Expr | None:
        if isinstance(part, Apply) and FUNCTIONS[part.function].kind is Kind.REDUCTION:
            return Apply(part.function, part.arguments, (("axis", (-1,)),), part.arguments[0].shape[:-1])
        return None

    def behind(part: Expr) -> Expr | None:
        if isinstance(part, Variable):
            return Apply("transpose", (Variable(part.name, shape),), (("axes", turned),), rows)
        return None

    said = rebuild(meaning(text, names, (rows,) * len(names)), along)
    return said if axis == len(shape) - 1 else rebuild(said, behind)


def shares(node: Apply) -> Apply:
    """For a node that picks one of many entries, the share that each has in what is picked."""
    options = tuple((name, value) for name, value in node.parameters if name == "axis")
    return Apply(marks(node.function), node.arguments, options, node.arguments[0].shape)


def _apart(x: Any, node: Apply) -> tuple[Any, Any]:
    """How far each entry is from the one picked along the axes, and where it is the same."""
    axes = reduced_axes(node.arguments[0].shape, dict(node.parameters))
    with np.errstate(invalid="ignore"):
        share = applied(shares(node), [x], {}, numpy_backend())
        picked = np.sum(np.where(share > 0, x * share, 0.0), axis=axes, keepdims=True)
        apart = np.abs(x - picked)
    return apart, apart <= _SAME * np.maximum(1.0, np.abs(picked))


def _of_power(node: Apply, row: Row, sizes: Mapping[str, int]) -> Iterator[Condition]:
    """A whole constant exponent asks nothing of the base, or, when negative, that it is not zero."""
    base = meaning(row.parameters[0], row.parameters)
    exponent = node.arguments[1]
    if variables(exponent):
        yield Condition(node, DOMAIN, True, base)
        return
    value = np.asarray(evaluate(exponent, {}, sizes), dtype=float)
    if np.any(value != np.round(value)):
        yield Condition(node, DOMAIN, True, base)
    elif np.any(value < 0):
        yield Condition(node, DOMAIN, False, base)


def _placeholders(row: Row, node: Apply) -> tuple[tuple[str, ...], tuple[Any, ...] | None]:
    """Names for what a condition speaks of. For functions of whole matrices they bear the shapes of the node."""
    names = (*row.parameters[: len(node.arguments)], ANS)
    if row.kind in (Kind.ELEMENTWISE, Kind.REDUCTION):
        return names, None
    return names, (*(argument.shape for argument in node.arguments), node.shape)


def _bindings(row: Row, node: Apply) -> dict[str, Expr]:
    return {**dict(zip(row.parameters, node.arguments, strict=False)), ANS: node}


def _in_terms_of(expression: Expr, row: Row, node: Apply) -> Expr:
    """A condition with the arguments of the node in the places of the row's parameters."""
    bound = _bindings(row, node)
    return rebuild(expression, lambda e: bound.get(e.name) if isinstance(e, Variable) else None)
