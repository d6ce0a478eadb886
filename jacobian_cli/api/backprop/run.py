"""`backprop`: the computational graph of a formula at a point, forwards and backwards, with the proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jacobian_cli.api.backprop.passes import Edge, Node, Passes, numbers, passes
from jacobian_cli.api.backprop.picture import picture
from jacobian_cli.api.backprop.singular_points import Kink, differentiable, kinks_of, want_finite
from jacobian_cli.api.backprop.tape import wanted
from jacobian_cli.api.figures import long
from jacobian_cli.api.input.assume import Facts, FactsLike, assumptions_of, facts_of, places, square
from jacobian_cli.api.input.problem import (
    Formulas,
    ShapeLike,
    names_of,
    order_of,
    shapes_of,
    statements_of,
    typed_text,
    with_few_axes,
)
from jacobian_cli.api.input.values import as_arrays, fitted, want_inside
from jacobian_cli.api.pages import derivative, formulas, page, spelled
from jacobian_cli.checks.squares import without_roots
from jacobian_cli.elaborate import Program, elaborate_typed
from jacobian_cli.engine.cost import Counts, counts
from jacobian_cli.engine.tape import Tape
from jacobian_cli.evaluate.evaluate import evaluate, sizes_of
from jacobian_cli.expr import Defined, Expr, Variable, rebuild, size_names
from jacobian_cli.interned import Portable
from jacobian_cli.records import record
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Assumption, Definition

if TYPE_CHECKING:
    from jacobian_cli.checks.verdict.report import Report

Array = NDArray[np.float64]
MAX_NUMBERS = 100_000_000
"""A graph whose values hold more numbers than this is refused."""
_POINTS = 3
_COUNTED = 10**300


@record(frozen=True, slots=True)
class Nudge:
    """A scalar moved by a little: what the function becomes, and what the gradient says it becomes."""

    name: str
    moved_to: float
    value: float
    predicted: float


@record(frozen=True, repr=False, eq=False)
class Backprop(Portable):
    """A formula run forwards and backwards at a point."""

    text: str
    program: Program
    values: Mapping[str, Array]
    sizes: Mapping[str, int]
    wrt: tuple[str, ...]
    counts: Counts
    passes: Passes
    kinks: tuple[Kink, ...]
    facts: Facts

    def __eq__(self, other: object) -> bool:
        """Whether it is the same formula at the same point."""
        if not isinstance(other, Backprop):
            return NotImplemented
        asked, again = (b.values for b in (self, other))
        same = (self.program, self.wrt, self.facts) == (other.program, other.wrt, other.facts)
        return same and asked.keys() == again.keys() and all(np.array_equal(asked[n], again[n]) for n in asked)

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    def __repr__(self) -> str:
        """The page: the formula, its value, and the gradients that were asked for."""
        rows = [(derivative(self.name, name), "=", long(gradient)) for name, gradient in self.gradients.items()]
        value = (spelled(self.name), "=", long(self.value))
        return page(*formulas(self.program, self.name), [value, *rows])

    def _repr_svg_(self) -> str | None:
        """The graph; nothing where it is too large to be read."""
        from jacobian_cli.printers.graph.svg import svg

        try:
            return svg(picture(self.passes, self.program))
        except InputError:
            return None

    @property
    def name(self) -> str:
        """What the output is called."""
        return self.output.name

    @property
    def output(self) -> Node:
        """The last node."""
        return self.nodes[-1]

    @property
    def value(self) -> Array:
        """The value of the formula."""
        value: Array = self.output.value
        return value

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes in topological order: the variables, then each operation after its inputs."""
        return self.passes.nodes

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges, by the node that they lead into."""
        return self.passes.edges

    @property
    def gradients(self) -> Mapping[str, Array]:
        """The gradient of each variable, in its shape; an output that is no scalar is summed."""
        return self.passes.gradients

    @property
    def operations(self) -> dict[str, int]:
        """Operations on numbers: forwards, backwards, and backwards path by path (counted up to 10**300)."""
        naive = min(self.counts.naive, _COUNTED)
        return {"forward": self.counts.forward, "backward": self.counts.backward, "naive": naive}

    @cached_property
    def repeated(self) -> dict[str, int]:
        """The nodes whose gradient the naive way works out more than once: how often."""
        return {
            self.passes.names[k]: min(n, _COUNTED) for k, n in self.counts.repeated.items() if k in self.passes.names
        }

    def nudges(self, step: float = 0.01) -> list[Nudge]:
        """Each scalar variable moved by `step`: what becomes of a scalar output, and what its gradient predicts.

        Raises `InputError` where no scalar can be moved, and for a step that is no number.
        """
        if isinstance(step, bool) or not isinstance(step, Real) or not np.isfinite(step) or not step:
            raise InputError("a nudge is a small number", hint="as in --nudge 0.01")
        scalars = [name for name in self.wrt if name in self.values and not np.ndim(self.values[name])]
        if not scalars or np.ndim(self.value):
            raise InputError("only a scalar can be nudged, of a formula whose value is a scalar")
        found = []
        for name in scalars:
            moved = float(self.values[name]) + step
            after = float(evaluate(self.program.output, {**self.values, name: moved}, self.sizes))
            found.append(Nudge(name, moved, after, float(self.value) + step * float(self.gradients[name])))
        return found

    @cached_property
    def check(self) -> Report:
        """The gradients compared with autograd and central differences; at random points where this is a kink."""
        from jacobian_cli.checks.verdict.gradients import Comparison

        compared = Comparison()
        if not self.kinks:
            for output, extra, names in self._questions():
                point = {**self.values, **extra}
                found = {name: self.gradients[name] for name in names}
                compared.add(output, point, self.sizes, found, np.ones(np.shape(self.value)))
            return compared.report(points=1)
        from jacobian_cli.checks.points.sampling import NoPointError, sample  # few runs are at a kink

        names = [name for name in self.wrt if name in self.values]
        rng = np.random.default_rng(0)
        tape = Tape(without_roots(self.program.output, meeting=True), names)
        tried = 0
        for _ in range(_POINTS * bool(names)):
            try:
                point = {**self.values, **sample(self.program.output, self.sizes, rng, self.facts, frozenset(names))}
            except NoPointError:
                break
            upstream = np.ones(np.shape(tape.forward(point, self.sizes)))
            compared.add(self.program.output, point, self.sizes, tape.backward(upstream), upstream)
            tried += 1
        return compared.report(("checked at random points, since the one given is at a kink",), points=tried)

    def _questions(self) -> list[tuple[Expr, dict[str, Array], list[str]]]:
        """The formulas whose derivatives are wanted: a definition among the names is held as a variable."""
        variables = [name for name in self.wrt if name in self.values]
        found: list[tuple[Expr, dict[str, Array], list[str]]] = []
        if variables:
            found.append((self.program.output, {}, variables))
        for name in self.wrt:
            if name in self.values:
                continue
            leaf = Variable(name, self.program.values[name].shape)

            def held(node: Expr, leaf: Variable = leaf) -> Expr | None:
                return leaf if isinstance(node, Defined) and node.name == leaf.name else None

            value = evaluate(self.program.values[name], self.values, self.sizes)
            found.append((rebuild(self.program.output, held), {name: value}, [name]))
        return found

    @property
    def read(self) -> str | None:
        """What was typed, in the language, where it was typed in another notation."""
        return self.program.read

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may have been read otherwise than it was meant, each with both readings as text to paste."""
        return self.program.warnings

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        return {
            "expression": self.text,
            "read": self.read,
            "warnings": list(self.warnings),
            "value": plain(self.value),
            "nodes": [
                {
                    "name": node.name,
                    "operation": node.operation,
                    "inputs": list(node.inputs),
                    "shape": list(node.shape),
                    "value": plain(node.value),
                    "gradient": plain(node.gradient),
                }
                for node in self.nodes
            ],
            "edges": [
                {
                    "from": edge.source,
                    "to": edge.target,
                    "upstream": plain(edge.upstream),
                    "local": plain(edge.local),
                    "downstream": plain(edge.downstream),
                }
                for edge in self.edges
            ],
            "gradients": {name: plain(gradient) for name, gradient in self.gradients.items()},
            "operations": self.operations,
            "kinks": [
                {"node": k.node.name, "entry": [i + 1 for i in k.entry], "slopes": dict(k.slopes)} for k in self.kinks
            ],
            "check": self.check.to_dict(),
        }


def plain(value: Array | None) -> Any:
    """An array as numbers and lists."""
    return None if value is None else np.asarray(value, float).tolist()


def backprop(
    expression: Formulas,
    at: Mapping[str, object],
    wrt: str | Sequence[str] | None = None,
    shapes: Mapping[str, ShapeLike] | None = None,
    assume: Mapping[str, FactsLike] | None = None,
    *,
    syntax: str | None = None,
) -> Backprop:
    """The computational graph of a formula at a point: forward values, and at each node what comes back.

    `expression` is a formula, or definitions of which the last is the output; `at` gives each variable its value;
    `wrt` are the names whose gradients are wanted, all variables unless given; `assume` declares facts as in `derive`,
    which the values must satisfy.

    Raises `InputError` for anything that is not a formula of the language, for values that do not fit it, and
    where a value or a gradient is not finite.

    >>> r = backprop("(x + y)*max(y, z)", at={"x": 1, "y": 2, "z": 0})
    >>> float(r.value), {name: float(gradient) for name, gradient in r.gradients.items()}
    (6.0, {'x': 2.0, 'y': 5.0, 'z': 0.0})
    >>> r.operations, r.check.passed
    ({'forward': 3, 'backward': 5, 'naive': 9}, True)
    """
    values, declared = as_arrays(at), shapes_of(shapes)
    names = [*(() if wrt is None else names_of(wrt)), *values]
    statements = statements_of(expression, names, declared, syntax)
    return run(statements, values, wrt, declared, assumptions_of(assume))


def run(
    statements: Sequence[Definition],
    values: Mapping[str, Array],
    wrt: str | Sequence[str] | None,
    shapes: Mapping[str, Shape],
    assume: Sequence[Assumption] = (),
) -> Backprop:
    """Both passes on typed input."""
    orders = {name: order_of(value) for name, value in values.items() if name not in shapes}
    program = with_few_axes(elaborate_typed(statements, shapes, orders, square(assume), places(assume)))
    facts = facts_of(assume, program.variables, program.values)
    text = "; ".join(map(typed_text, program.statements))
    names = wanted(program, wrt)
    point = fitted(values, program.variables, facts, sizes=size_names([program.output]))
    sizes = sizes_of(program.variables, point)
    output = differentiable(program.output, point, sizes, names)
    tape = Tape(output, names)
    want_inside(program.output, sizes, text, values)
    if (many := numbers(tape, sizes)) > MAX_NUMBERS:
        raise InputError(f"the nodes of this graph hold {many:,} numbers; at most {MAX_NUMBERS:,} are worked out")
    tape.forward(point, sizes)
    upstream = np.ones(np.shape(tape.values[-1]))
    found = passes(program, tape, sizes, upstream)
    want_finite(tape, found, text)
    counted = counts(tape, sizes, tape.wanted.values())
    kinks = kinks_of(tape, point, sizes, found)
    return Backprop(text, program, point, sizes, tuple(names), counted, found, kinks, facts)
