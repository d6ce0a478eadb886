"""The derivation with one mistake in it: reverse mode at a point, where one local rule is replaced by a wrong one.

Each node passes back upstream × local. At every edge the plausible wrong ways of doing that are tried, one at a
time: the local derivative forgotten, taken at another node, of another function, without its sum; one path left
out. What then arrives at the variable is what somebody who made that mistake has written down.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np

from jacobian_cli.calculus.derivative.backward_rule import ANS, UPSTREAM, backward_rules
from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.evaluate.evaluate import evaluate, node_values, numpy_backend
from jacobian_cli.expr import Apply, Constant, Expr, Extent, Number, Variable, rebuild, variables, walk
from jacobian_cli.ops import FUNCTIONS, Kind, Row

Array = Any
Pull = Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Slip:
    """One wrong step: at `node`, towards its argument number `argument`, what kind of mistake, and in words."""

    node: Apply
    argument: int
    kind: str
    what: str
    pull: Pull


class Sweep:
    """Reverse mode through an expression at one point."""

    def __init__(self, output: Expr, wrt: Variable, values: Mapping[str, Array], sizes: Mapping[str, int]) -> None:
        self.output, self.wrt, self.sizes = output, wrt, sizes
        self.found = node_values(output, values, sizes, numpy_backend())
        moving: set[Expr] = set()
        self.order: list[Expr] = []
        for node in walk([output]):
            if node is wrt or any(child in moving for child in node.children):
                moving.add(node)
                self.order.append(node)
        self.moving = moving
        self.locals = {node: _Local(node, self.found, sizes, moving) for node in self.order if isinstance(node, Apply)}

    def table(
        self, slip: Slip | None = None, start: Expr | None = None, stop: Expr | None = None, without: Expr | None = None
    ) -> Array | None:
        """The Jacobian |out| × |in|, with the wrong step in it; None where what passes back does not conform.

        It may `start` at another node than the output, `stop` at another one than the variable, and leave one out.
        """
        start, stop = start or self.output, stop or self.wrt
        out, variable = self.lengths(start), self.lengths(stop)
        rows = []
        for unit in np.eye(prod(out)):
            row = self._pulled({start: unit.reshape(out)}, slip, stop, without)
            if row is None:
                return None
            rows.append(row.reshape(-1))
        return np.stack(rows) if rows else np.zeros((0, prod(variable)))

    def _pulled(
        self, gradients: dict[Expr, Array], slip: Slip | None, stop: Expr, without: Expr | None
    ) -> Array | None:
        for node in reversed(self.order):
            arriving = gradients.get(node)
            if arriving is None or node in (self.wrt, stop, without):
                continue
            for k, child in enumerate(node.children):
                if child not in self.moving:
                    continue
                if not isinstance(node, Apply):  # a name
                    leaving = arriving
                elif slip is not None and slip.node is node and slip.argument == k:
                    try:
                        leaving = np.broadcast_to(np.asarray(slip.pull(arriving), float), np.shape(self.found[child]))
                    except ValueError:
                        return None
                else:
                    leaving = self.locals[node].pull(k)(arriving)
                gradients[child] = gradients[child] + leaving if child in gradients else leaving
        return gradients.get(stop, np.zeros(self.lengths(stop)))

    def lengths(self, expr: Expr) -> tuple[int, ...]:
        """The lengths of the axes of a part at this point."""
        return tuple(size.at(self.sizes) for size in expr.shape)

    def slips(self) -> Iterator[Slip]:
        """The plausible wrong steps, node by node from the output down."""
        uses: dict[Expr, int] = {}
        for node in self.order:
            for child in node.children:
                uses[child] = uses.get(child, 0) + 1
        for node in reversed(self.order):
            if not isinstance(node, Apply):
                continue
            moving = [k for k, child in enumerate(node.arguments) if child in self.moving]
            for k in moving:
                for kind, what, pull in self.locals[node].wrong(k, len(moving) > 1, uses[node.arguments[k]] > 1):
                    yield Slip(node, k, kind, what, pull)


class _Local:
    """One node at a point: its right backward rules, and the wrong ones."""

    def __init__(
        self, node: Apply, found: Mapping[Expr, Array], sizes: Mapping[str, int], moving: Collection[Expr]
    ) -> None:
        self.node, self.sizes, self.row, self.moving = node, sizes, FUNCTIONS[node.function], moving
        fixed = (Number, Constant, Extent)
        names = [f"x{k}" for k in range(len(node.arguments))]
        arguments = tuple(
            a if isinstance(a, fixed) else Variable(name, a.shape)
            for name, a in zip(names, node.arguments, strict=True)
        )
        self.call = Apply(node.function, arguments, node.parameters, node.shape)
        rules = iter(backward_rules(self.call))
        self.rules: list[Expr | None] = [None if isinstance(a, fixed) else next(rules) for a in arguments]
        self.names = names
        self.values = {n: found[a] for n, a in zip(names, node.arguments, strict=True)} | {ANS: found[node]}

    def pull(self, k: int, rule: Expr | None = None, **given: Array) -> Pull:
        """The backward rule to argument `k`, or a wrong one, where some values may be others."""
        chosen = rule or self.rules[k]
        assert chosen is not None

        def pulled(upstream: Array) -> Array:
            return np.asarray(evaluate(chosen, {**self.values, **given, UPSTREAM: upstream}, self.sizes), float)

        return pulled

    def wrong(self, k: int, product: bool, shared: bool) -> Iterator[tuple[str, str, Pull]]:
        """Kind, words and pull of each plausible mistake towards argument `k`."""
        right, argument = self.pull(k), self.values[self.names[k]]
        nothing = np.zeros(np.shape(argument))
        sums = self.node.function in ("+", "-")
        if sums or self.node.function in ("u-", "/", "**") or self.row.kind not in _PLAIN:
            yield "sign", "the sign is wrong", lambda g: -right(g)
        if product:
            said = "this term is left out" if sums else "this term of the product rule is left out"
            yield "missing_term", said, lambda g: nothing
        elif shared:
            yield "missing_branch", "this path is left out", lambda g: nothing
        else:
            yield "constant_inner", "the argument is taken as constant", lambda g: nothing
        same = np.shape(argument) == np.shape(self.values[ANS])
        unary = sum(rule is not None for rule in self.rules) == 1
        if not sums:
            kind = "missing_derivative" if unary and self.row.kind is Kind.ELEMENTWISE else "local_forgotten"
            others = [a for j, a in enumerate(self.node.arguments) if j != k]
            if others and self.row.kinks:
                kind = "missing_branch"
            elif self.node.function == "*" or (self.node.function == "/" and k == 0):
                kind = self._lost(others, kind)
            yield kind, "the local derivative is left out", lambda g: g
            if self.row.kind is Kind.CORE:
                yield kind, "the local derivative but for its sign is left out", lambda g: -g
        if unary and same:
            yield from self._of_one(right, k)
        yield from self._parts(k)
        if self.node.function in ("sum", "mean") and prod(np.shape(argument)):
            count = prod(np.shape(argument)) / max(1, prod(np.shape(self.values[ANS])))
            yield "mean_for_sum", "divided by the number of entries", lambda g: right(g) / count
            yield "mean_for_sum", "not divided by the number of entries", lambda g: right(g) * count
        for text in filter(None, [_AS_OF_NUMBERS.get(self.node.function)]):
            slope = np.asarray(evaluate(meaning(text, (ANS,), (self.node.shape,)), self.values, self.sizes), float)
            yield from _commuted(slope)
        if self.row.kind is Kind.CORE and np.ndim(argument) == 2:
            turned = np.swapaxes(argument, -1, -2)
            yield (
                "transposed",
                "it is taken at the transpose",
                self.pull(k, **{self.names[k]: turned, **self._ans(turned, self.names[k])}),
            )

    def _real(self, part: Expr) -> Expr:
        """What stands for a name of a rule in the formula."""
        known = dict(zip((*self.names, ANS), (*self.node.arguments, self.node), strict=True))
        return known.get(getattr(part, "name", ""), part)

    def _lost(self, factors: Sequence[Expr], otherwise: str) -> str:
        """What kind of mistake it is to leave these factors out."""
        leaves = [leaf for factor in factors for leaf in walk([factor]) if not leaf.children]
        if leaves and all(isinstance(leaf, Number | Constant | Extent) for leaf in leaves):
            return "factor"
        still = not any(leaf in self.moving or leaf.shape for leaf in leaves)
        return "unit_factor" if leaves and still else otherwise

    def _of_one(self, right: Pull, k: int) -> Iterator[tuple[str, str, Pull]]:
        """Functions whose value has the shape of their one argument."""
        name = self.names[k]
        x, ans = self.values[name], self.values[ANS]
        yield "extra_derivative", "the derivative stands twice", lambda g: right(right(g))
        if np.ndim(x):
            yield (
                "diagonal_only",
                "only the diagonal of the local Jacobian is there",
                lambda g: g * self._diagonal(right, x),
            )
        if self.row.kind is not Kind.ELEMENTWISE and self.row.kind is not Kind.ROW:
            return
        yield "variable_for_derivative", "the function stands for its derivative", lambda g: g * ans
        yield "variable_for_derivative", "the argument stands for the derivative", lambda g: g * x
        yield "input_for_output", "the input stands for the output", self.pull(k, **{ANS: x})
        yield "wrong_node", "the derivative is taken at the output", self.pull(k, **{name: ans, **self._ans(ans, name)})
        yield (
            "sigma_of_minus",
            "the derivative is taken at minus its argument",
            self.pull(k, **{name: -x, **self._ans(-x, name)}),
        )
        if self.row.kind is Kind.ELEMENTWISE:
            for other in _SLOPES:
                if other is not self.row:
                    for value in (None, ans):
                        slope = _slope(other, x, value)
                        if np.all(slope == 1.0):  # the same as none: |x| where x is positive
                            slope = np.full(np.shape(slope), np.nan)
                        yield (
                            "wrong_derivative",
                            f"the derivative of {other.name} stands for it",
                            partial(np.multiply, slope),
                        )

    def _ans(self, argument: Array, name: str) -> dict[str, Array]:
        """The function's value at another argument."""
        return {ANS: evaluate(self.call, {**self.values, name: argument}, self.sizes)}

    def _diagonal(self, right: Pull, x: Array) -> Array:
        size = np.size(x)
        return np.array(
            [right(unit.reshape(np.shape(x))).reshape(-1)[i] for i, unit in enumerate(np.eye(size))]
        ).reshape(np.shape(x))

    def _parts(self, k: int) -> Iterator[tuple[str, str, Pull]]:
        """The right rule without one of its terms or factors."""
        rule = self.rules[k]
        assert rule is not None
        several = self.row.kind is Kind.ROW or self.row.kind is Kind.REDUCTION
        for total in walk([rule]):
            terms = _terms(total)
            for kept in terms if len(terms) > 2 else ():
                if kept.shape == total.shape:
                    alone = _without(rule, total, kept)
                    yield (
                        "sum_term_forgotten" if several else "missing_term",
                        "all terms but one are left out",
                        self.pull(k, alone),
                    )
        for part in walk([rule]):
            if not isinstance(part, Apply) or part.function not in ("+", "-", "*", "/", "@"):
                continue
            for kept in part.arguments[: 1 if part.function in ("-", "/") else 2]:
                if kept.shape != part.shape:
                    continue
                if part.function in ("+", "-"):
                    kind = "sum_term_forgotten" if several else "missing_term"
                    what = "a term of the local derivative is left out"
                else:
                    lost = next((a for a in part.arguments if a is not kept), kept)
                    if UPSTREAM in variables(lost):
                        continue
                    kind = self._lost([self._real(lost)], "missing_derivative")
                    what = "a factor of the local derivative is left out"
                yield kind, what, self.pull(k, _without(rule, part, kept))


_PLAIN = (Kind.CONTRACTION, Kind.SHAPE, Kind.REDUCTION)
"""Kinds of function whose derivative has no sign that could be wrong; and so have products."""
_AS_OF_NUMBERS = {"inv": f"-{ANS}@{ANS}"}
"""The derivative that a function of a matrix has where it is one of numbers."""


def _commuted(slope: Array) -> Iterator[tuple[str, str, Pull]]:
    """A derivative as of numbers, on either side of what arrives, or in its stead."""
    what = "the derivative is that of a number"
    for d in (slope, slope.T):
        for pull in (_on_the_left, _on_the_right, _alone):
            yield "inverse_power", what, partial(pull, d)
            yield "inverse_power", what, partial(pull, d, turned=True)


def _on_the_left(slope: Array, g: Array, *, turned: bool = False) -> Array:
    return slope @ (g.T if turned else g)


def _on_the_right(slope: Array, g: Array, *, turned: bool = False) -> Array:
    return (g.T if turned else g) @ slope


def _alone(slope: Array, g: Array, *, turned: bool = False) -> Array:
    return slope.T if turned else slope


def _terms(expr: Expr) -> list[Expr]:
    """What is added up, or the expression alone."""
    if isinstance(expr, Apply) and expr.function in ("+", "-"):
        return [term for argument in expr.arguments for term in _terms(argument)]
    return [expr]


def _without(rule: Expr, part: Expr, kept: Expr) -> Expr:
    """A rule in which only one side of a part is left."""
    return rebuild(rule, lambda node: kept if node is part else None)


_SLOPES: tuple[Row, ...] = tuple(
    row
    for row in FUNCTIONS.values()
    if row.kind is Kind.ELEMENTWISE
    and row.called
    and len(row.parameters) == 1
    and len(row.derivative) == 1
    and row.derivative not in (("0",), ("1",))
)


def _slope(row: Row, x: Array, value: Array | None = None) -> Array:
    """The slope of another function at x; by its own value, or by the value that stands there."""
    (name,) = row.parameters
    value = evaluate(meaning_of(row), {name: x}, {}) if value is None else value
    return np.asarray(evaluate(meaning(row.derivative[0], (name, ANS)), {name: x, ANS: value}, {}), float)


def meaning_of(row: Row) -> Expr:
    """A function of one number, applied to its parameter."""
    return Apply(row.name, (Variable(row.parameters[0], ()),), (), ())
