"""The value of a chain: its links, the running products, what multiplying them in each order costs, the answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import cycle
from typing import Any

from jacobian_cli.api.derive.answer import Answer, ClosedForm, Symbols, symbols, upstream_name
from jacobian_cli.api.input.arguments import word
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.calculus.chain import links
from jacobian_cli.calculus.chain import ordering as association
from jacobian_cli.calculus.chain.ordering import Cost, Order
from jacobian_cli.calculus.derivative.common_subexpressions import definitions
from jacobian_cli.calculus.derivative.forms import Derivative, Forms
from jacobian_cli.calculus.index.tensor import Leaf, is_zero
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.reshape import jacobian_shape
from jacobian_cli.expr import Expr, Variable, size_names
from jacobian_cli.interned import Portable
from jacobian_cli.printers.language import text
from jacobian_cli.records import record
from jacobian_cli.shape import product

_DIFFERENT = 24
"""Of more size symbols than this some stand for the same number."""


@record(frozen=True, repr=False)
class LocalJacobian(ClosedForm):
    """∂link/∂wrt, in pure maths: |link| × |wrt|."""

    link: str
    wrt: str


@record(frozen=True, repr=False)
class Link(Portable):
    """One function of the chain, `name = expression`, with its local Jacobian for each input that matters."""

    name: str
    expression: str
    shape: Symbols
    locals: Mapping[str, LocalJacobian]
    formula: Expr

    def __repr__(self) -> str:
        return f"<{self.name} = {self.expression}>"


@record(frozen=True, repr=False)
class RunningProduct(ClosedForm):
    """∂output/∂node, in pure maths: |output| × |node|.

    `factors` holds, for each link that uses the node, ∂output/∂link · ∂link/∂node as it is before it is worked out;
    `name` is the name that the product was given, if any; `multiply_adds` what it costs, the ones before it known.
    """

    node: str
    factors: Mapping[str, ClosedForm]
    name: str | None
    gradient: ClosedForm | None
    multiply_adds: Cost
    row: Expr


@record(frozen=True)
class Sharing:
    """What the variables cost together, every shared product worked out once, and each on its own."""

    together: Cost
    alone: Cost


@record(frozen=True, repr=False)
class ChainAnswer(Portable):
    """A chain of definitions and its derivative with respect to one or several variables."""

    problem: Problem

    @cached_property
    def _chain(self) -> links.Chain:
        problem = self.problem
        return links.Chain(problem.output, self.name, problem.wrt, [*problem.variables], self._taken, problem.facts)

    @cached_property
    def _taken(self) -> set[str]:
        problem = self.problem
        sizes = {name for v in problem.variables.values() for size in v.shape for name in size.names()}
        return {*problem.variables, *problem.program.values, *problem.program.sizes, *sizes}

    @cached_property
    def name(self) -> str:
        """What the output is called."""
        given = self.problem.program.output_name
        return given or next(n for n in ("f", "f_out", "output", "output_") if n not in self._taken)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The definitions between the variables and the output, in the order of computation."""
        return tuple(
            Link(
                link.name,
                text(link.formula),
                symbols(link.variable.shape),
                {
                    name: LocalJacobian(
                        local.form, symbols(jacobian_shape(link.variable.shape, local.input.shape)), link.name, name
                    )
                    for name, local in link.locals.items()
                },
                link.formula,
            )
            for link in self._chain.links.values()
        )

    @cached_property
    def products(self) -> tuple[RunningProduct, ...]:
        """The running product at each node, from the output backwards."""
        out = self.problem.output.shape
        found = []
        for running in self._chain.running.values():
            if running.variable is self._chain.output:
                continue
            shape = symbols(jacobian_shape(out, running.variable.shape))
            gradient = running.gradient
            found.append(
                RunningProduct(
                    running.form,
                    shape,
                    running.variable.name,
                    {link: ClosedForm(expr, shape) for link, expr in running.arrows.items()},
                    None if running.name is None else running.name.name,
                    None if gradient is None else ClosedForm(gradient, symbols(running.variable.shape)),
                    association.step(self._chain, running, self.sizes),
                    running.row,
                )
            )
        return tuple(found)

    @cached_property
    def deltas(self) -> dict[str, ClosedForm]:
        """The named running products: of a scalar output δ_z, that at z, in the shape of its node; of others
        J₁, J₂, …, matrices.
        """
        return {name: ClosedForm(expr, symbols(expr.shape)) for name, expr in self._chain.names.items()}

    @cached_property
    def jacobians(self) -> dict[str, ClosedForm]:
        """For each variable |output| × |variable|, numerator layout, flattened row by row."""
        return {d.wrt: d.jacobian for d in self.answers}

    @cached_property
    def gradients(self) -> dict[str, ClosedForm]:
        """For each variable, of a scalar output only, the gradient in the variable's shape."""
        return {d.wrt: d.gradient for d in self.answers if d.gradient is not None}

    @cached_property
    def reshaped(self) -> dict[str, ClosedForm]:
        """The lecture's other way to the gradient: pure maths to the end, and only then the shape of the variable."""
        forms = {d.wrt: (d.forms.jacobian, d.variable.shape) for d in self.answers if d.gradient is not None}
        return {
            name: ClosedForm(write.apply("reshape", form, shape=shape) if form.shape != shape else form, symbols(shape))
            for name, (form, shape) in forms.items()
            if shape
        }

    @cached_property
    def where(self) -> dict[str, str]:
        """What the names in the closed forms mean, each defined before it is used."""
        bodies = {name: body for answer in self.answers for name, body in answer.derivative.where.items()}
        return {name: text(body) for name, body in bodies.items()}

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """The answer for each variable, as `derive` gives it."""
        return tuple(self._answer(variable) for variable in self.problem.wrt)

    def _answer(self, variable: Variable) -> Answer:
        chain, out = self._chain, self.problem.output.shape
        running = chain.running[variable.name]
        upstream = Variable(upstream_name(self._taken), out)
        gradient = running.gradient
        if gradient is None:
            vjp = _pulled(running.form, upstream, variable)
        else:
            vjp = write.scaled(write.first_entry(upstream) if out else upstream, gradient)
        # where only the matrix is known, an entry of it has no formula but its name
        tensor = running.tensor or Leaf(f"∂{self.name}/∂{variable.name}", chain.front + variable.shape, ())
        forms = Forms(running.form, None if out else gradient, vjp, tensor, chain.order)
        where = definitions([form for form in (running.form, gradient) if form is not None])
        named = links.RunningNames(chain.names, where, {})
        used = {name: dict.fromkeys(sorted(said), True) for name, said in self.problem.facts.items()}
        return Answer(
            self.problem, Derivative({variable.name: forms}, where, upstream, chain.notation, named, used), variable
        )

    @cached_property
    def flat(self) -> list[tuple[str, str]]:
        """Links that nothing comes back through, with the input: sign and > are flat wherever they have a slope."""
        chain = self._chain
        return [
            (link.name, name)
            for link in chain.links.values()
            for name, local in link.locals.items()
            if is_zero(local.tensor)
        ]

    def paths(self, node: str, limit: int = 8) -> list[list[str]]:
        """The ways from the output to a node, as names; at most `limit` of them."""
        self._want(node)
        users = {name: [link.name for link in running.users] for name, running in self._chain.running.items()}
        found: list[list[str]] = []
        waiting = [[node]]
        while waiting and len(found) < limit:
            path = waiting.pop()
            if not users[path[0]]:
                found.append(path)
            waiting.extend([user, *path] for user in reversed(users[path[0]]))
        return found

    def _want(self, node: str) -> None:
        word(node, self._chain.running, "{} is no link of the chain")

    def count_paths(self, node: str) -> int:
        """How many ways there are from the output to a node: as many terms as the chain rule has."""
        self._want(node)
        counted: dict[str, int] = {}
        for name, running in self._chain.running.items():
            counted[name] = sum(counted[link.name] for link in running.users) if running.users else 1
        return counted[node]

    # what the order of multiplication costs

    @cached_property
    def sizes(self) -> dict[str, int]:
        """The numbers at which costs are compared: small ones, pairwise different, where sizes are symbols."""
        problem = self.problem
        names = size_names([*problem.variables.values(), problem.output])
        fixed = {s.value for v in problem.variables.values() for s in v.shape if s.value is not None}
        free = [k for k in range(2, 2 + _DIFFERENT + len(fixed)) if k not in fixed]
        return dict(zip(names, cycle(free), strict=False))

    @cached_property
    def costs(self) -> dict[str, dict[str, Order]]:
        """For each variable the multiply-adds of reverse mode, of forward mode, and of the cheapest order."""
        return {v.name: association.orders(self._chain, v, self.sizes) for v in self.problem.wrt}

    @cached_property
    def sharing(self) -> Sharing:
        """What working shared products out once saves."""
        wrt = self.problem.wrt
        alone = sum((association.reverse(self._chain, [v], self.sizes) for v in wrt), Cost())
        return Sharing(association.reverse(self._chain, wrt, self.sizes), alone)

    @property
    def read(self) -> str | None:
        """What was typed, in the language, where it was typed in another notation."""
        return self.problem.read

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may have been read otherwise than it was meant, each with both readings as text to paste."""
        return self.problem.warnings

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer, without the check."""
        problem = self.problem
        return {
            "expression": problem.text,
            "read": self.read,
            "warnings": list(self.warnings),
            "wrt": [v.name for v in problem.wrt],
            "output": self.name,
            "shapes": {name: list(symbols(v.shape)) for name, v in problem.variables.items()},
            "output_shape": list(symbols(problem.output.shape)),
            "links": [
                {
                    "name": link.name,
                    "expression": link.expression,
                    "shape": list(link.shape),
                    "local": {"wrt": name, "shape": list(local.shape), "closed_form": local.closed_form},
                }
                for link in self.links
                for name, local in link.locals.items()
            ],
            "deltas": {
                name: {"shape": list(form.shape), "closed_form": form.closed_form} for name, form in self.deltas.items()
            },
            "products": [
                {
                    "wrt": found.node,
                    "shape": list(found.shape),
                    "factors": {link: form.closed_form for link, form in found.factors.items()},
                    "closed_form": found.closed_form,
                    "name": found.name,
                    "multiply_adds": symbols((found.multiply_adds.symbolic,))[0],
                }
                for found in self.products
            ],
            "jacobians": {name: form.to_dict() for name, form in self.jacobians.items()},
            "gradients": {name: form.to_dict() for name, form in self.gradients.items()},
            "where": self.where,
            "costs": {
                name: {kind: self._cost_dict(order.cost) for kind, order in found.items()}
                for name, found in self.costs.items()
            },
            "sharing": {
                "together": self._cost_dict(self.sharing.together),
                "alone": self._cost_dict(self.sharing.alone),
            },
            "unused": list(problem.program.unused),
        }

    def _cost_dict(self, cost: Cost) -> dict[str, Any]:
        return {"multiply_adds": symbols((cost.symbolic,))[0], "at": cost.at(self.sizes)}


def _pulled(jacobian: Expr, upstream: Variable, variable: Variable) -> Expr:
    """The backward rule from the matrix: Jᵀδ, in the shape of the variable."""
    rows = product(upstream.shape)
    flat: Expr = upstream
    if len(upstream.shape) != 1:
        flat = write.apply("reshape", upstream, shape=(rows,))
    if len(jacobian.shape) == 1:
        pulled = write.apply("@", write.transpose(flat), jacobian)
    else:
        pulled = write.apply("@", write.transpose(jacobian), flat)
    if pulled.shape == variable.shape:
        return pulled
    return write.apply("reshape", pulled, shape=variable.shape) if variable.shape else pulled
