"""The chain rule, link by link, as the lecture writes it: local Jacobians, and their product from the output backwards.

Each definition is a link, with one local Jacobian per input: its inputs are held as variables of their own. The
running product ∂y/∂node starts at the output, where it is 1 (or I), and is multiplied by one local Jacobian at each
link; where a value is used by several links, what comes back from each of them adds up (CS224N lecture 3; Griewank &
Walther, Evaluating Derivatives, ch. 3). A running product that is more than a name gets one, δ₁, δ₂, … counted from
the output, so that nothing is written, or computed, twice and the length of the whole grows with the depth alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count

from jacobian_cli.calculus import algebra
from jacobian_cli.calculus import notation as write
from jacobian_cli.calculus.differentiate import identity, jacobian, pullback
from jacobian_cli.calculus.lower import lower, lower_all
from jacobian_cli.calculus.matrix import Notation
from jacobian_cli.calculus.reshape import jacobian_form
from jacobian_cli.calculus.tensor import Leaf, Reshape, Tensor
from jacobian_cli.calculus.tensor import walk as walk_tensor
from jacobian_cli.expr import Apply, Defined, Expr, Number, Variable, rebuild, variables, walk
from jacobian_cli.ops.structure import proper

_SHORT = 10
"""Of an output that is no scalar, a running product of so many nodes is written out again rather than named."""


@dataclass(frozen=True, eq=False)
class Local:
    """One local Jacobian, ∂link/∂input."""

    link: Link
    input: Variable

    @cached_property
    def tensor(self) -> Tensor:
        """The derivative, with the axes of the link in front."""
        return jacobian(self.link.rows, _leaves([self.input]), self.link.values)[0]

    @cached_property
    def form(self) -> Expr:
        """The matrix |link| × |input|."""
        chain = self.link.chain
        return chain.settled(jacobian_form(chain.notation, self.tensor, len(self.link.rows.shape)))


@dataclass(frozen=True, eq=False)
class Link:
    """One function of the chain. `formula` is in the names of its inputs, each of them a variable; `inputs` are
    those that the variables reach.
    """

    chain: Chain
    variable: Variable
    formula: Expr
    body: Tensor
    inputs: tuple[Variable, ...]

    @property
    def name(self) -> str:
        return self.variable.name

    @cached_property
    def rows(self) -> Tensor:
        """The tensor whose entries are the rows of the Jacobian, whatever the shape they are arranged in."""
        inner = self.body
        while isinstance(inner, Reshape) and not inner.loop:
            inner = inner.body
        return inner

    @cached_property
    def values(self) -> Mapping[Tensor, Tensor]:
        """The link's own value, by its name."""
        return {self.body: lower(self.variable)}

    @cached_property
    def locals(self) -> Mapping[str, Local]:
        return {v.name: Local(self, v) for v in self.inputs}


@dataclass(frozen=True, eq=False)
class Running:
    """The running product ∂y/∂node: over all links that use the node, ∂y/∂link · ∂link/∂node, added up.

    `name` is what it is called where it is called something: a gradient for a scalar y, a matrix for others.
    """

    chain: Chain
    variable: Variable
    users: tuple[Link, ...]
    tensor: Tensor | None
    """The derivative worked out, axes of y in front; None where only its matrix is known."""
    gradient: Expr | None
    """Of a scalar y: worked out, in the shape of the node."""
    name: Defined | None = None

    @cached_property
    def form(self) -> Expr:
        """The matrix |y| × |node| worked out, in the names of those before it."""
        chain = self.chain
        if self.tensor is None:
            return write.total([(False, arrow) for arrow in self.arrows.values()])
        return chain.settled(jacobian_form(chain.notation, self.tensor, chain.order))

    @cached_property
    def row(self) -> Expr:
        """The matrix |y| × |node|, by its name if it has one."""
        if self.name is None:
            return self.form
        if self.gradient is None:
            return self.name
        return self.chain.settled(jacobian_form(self.chain.notation, lower(self._leaf), 0))

    @property
    def seed(self) -> Tensor | None:
        """What the links before it multiply by."""
        if self.name is None:
            return self.tensor
        if self.gradient is not None or len(self.name.shape) == self.chain.order + len(proper(self.variable.shape)):
            return lower(self._leaf)
        return None

    @property
    def _leaf(self) -> Variable:
        assert self.name is not None
        return Variable(self.name.name, self.name.shape)

    @cached_property
    def arrows(self) -> Mapping[str, Expr]:
        """By the link it comes from: the factors side by side, not worked out."""
        found: dict[str, Expr] = {}
        for link in self.users:
            local = link.locals[self.variable.name].form
            upstream = self.chain.running[link.name]
            found[link.name] = local if not upstream.users else side_by_side(upstream.row, local)
        return found


class Chain:
    """A composition taken apart: `links` in the order of computation, `running` products from the output on.

    `names` holds what the names of running products stand for, `defined` every name of the forms.
    """

    def __init__(
        self, output: Expr, name: str, wrt: Sequence[Variable], order: Sequence[str], taken: Iterable[str]
    ) -> None:
        bodies = links_of(output, name, wrt)
        self.output = Variable(name, output.shape)
        self.wrt = tuple(wrt)
        self.notation = Notation(order)
        self.scalar = not proper(output.shape)
        self.names: dict[str, Expr] = {}
        self.defined: dict[str, Expr] = {n.name: n for n in walk([output]) if isinstance(n, Defined)}
        self.defined[name] = Defined(name, output)
        self.running: dict[str, Running] = {}
        self._taken = {*taken, *self.defined}
        self._numbers = count(1)
        active = {*bodies, *(v.name for v in wrt)}
        self.links = {n: self._link(n, body, active) for n, body in bodies.items()}
        self.front = () if self.scalar else self.links[name].rows.shape
        self.order = len(self.front)
        self._sweep()

    def settled(self, expr: Expr) -> Expr:
        """An expression in which names that were held mean again what they are defined to mean."""
        return rebuild(
            expr, lambda node: self.defined.get(node.name, node) if isinstance(node, Variable | Defined) else None
        )

    def _link(self, name: str, body: Expr, active: set[str]) -> Link:
        formula = held(body)
        parts = lower_all(formula)
        self.notation.learn({t: e for e, t in parts.items()})
        inputs = tuple(v for n, v in variables(formula).items() if n in active)
        return Link(self, Variable(name, formula.shape), formula, parts[formula], inputs)

    def _sweep(self) -> None:
        """From the output backwards, each link once."""
        coming: dict[str, list[tuple[Link, Tensor | None]]] = {}
        for link in reversed(self.links.values()):
            if link.name == self.output.name:
                start = link.rows
                seed = algebra.number(1) if self.scalar else identity(start.shape)
                here = Running(self, link.variable, (), seed, write.number(1) if self.scalar else None)
            else:
                start = link.body
                here = self._joined(link.variable, coming.pop(link.name), link)
            self.running[link.name] = here
            pulled: Sequence[Tensor | None] = [None] * len(link.inputs)
            if here.seed is not None:
                pulled = pullback(start, here.seed, _leaves(link.inputs), link.values)
            for variable, down in zip(link.inputs, pulled, strict=True):
                coming.setdefault(variable.name, []).append((link, down))
        for variable in self.wrt:
            self.running[variable.name] = self._joined(variable, coming.get(variable.name, []), None)

    def _joined(self, variable: Variable, coming: Sequence[tuple[Link, Tensor | None]], link: Link | None) -> Running:
        """What comes back to a node from all links that use it; named if it is worth a name and `link` goes on."""
        users = tuple(user for user, _ in coming)
        tensors = [(1, down) for _, down in coming if down is not None]
        total = algebra.add(self.front + proper(variable.shape), tensors) if len(tensors) == len(coming) else None
        gradient = None
        if self.scalar:
            assert total is not None
            gradient = self.settled(write.shaped(self.notation.express(total), variable.shape))
        found = Running(self, variable, users, total, gradient)
        if link is None:
            return found
        if gradient is not None and not _plain(gradient) and not self._melts(found, link):
            return Running(self, variable, users, total, gradient, self._named("delta", gradient))
        if gradient is None and _count(found.form) > _SHORT:
            return Running(self, variable, users, total, None, self._named("J", found.form))
        return found

    def _named(self, stem: str, full: Expr) -> Defined:
        name = next(n for k in self._numbers if (n := f"{stem}{k}") not in self._taken)
        named = Defined(name, full)
        self.notation.ranks[name] = -1
        self.names[name] = full
        self.defined[name] = named
        return named

    def _melts(self, found: Running, link: Link) -> bool:
        """Whether a running product had better not be named, since it melts into the local Jacobian: -y/p, from a
        logarithm, and softmax's diag(p) - p pᵀ are p - y. What shares no name with the link cannot.
        """
        assert found.tensor is not None
        if not _names(found.tensor) & {link.name, *variables(link.formula)}:
            return False
        leaves = _leaves(link.inputs)
        stand_in = lower(Variable(f"?{link.name}", link.variable.shape))
        lengths = [
            sum(_count(self.notation.express(t)) for t in pullback(link.body, seed, leaves, link.values))
            for seed in (found.tensor, stand_in)
        ]
        return lengths[0] <= lengths[1]


def held(expr: Expr) -> Expr:
    """An expression in which each definition is a variable of its own."""
    return rebuild(expr, lambda node: Variable(node.name, node.shape) if isinstance(node, Defined) else None)


def links_of(output: Expr, name: str, wrt: Sequence[Variable]) -> dict[str, Expr]:
    """The definitions that lie between the variables and the output, each after those it uses, the output last."""
    active: set[Expr] = set(wrt)
    found: dict[str, Expr] = {}
    for node in walk([output]):
        if any(child in active for child in node.children):
            active.add(node)
            if isinstance(node, Defined):
                found[node.name] = node.body
    return {**found, name: output}


def side_by_side(a: Expr, b: Expr) -> Expr:
    """Two matrices, a row or a column among them, as a product that is not worked out."""
    if not a.shape or not b.shape:
        return write.apply("*", a, b)
    factors = write.chain(b)
    if any(len(f.shape) != 2 for f in factors[:-1]):
        factors = [b]
    result = a
    for factor in factors:
        result = write.apply("@" if result.shape else "*", result, factor)
    return result


def _leaves(inputs: Sequence[Variable]) -> list[Leaf]:
    return [leaf for leaf in map(lower, inputs) if isinstance(leaf, Leaf)]


def _names(tensor: Tensor) -> set[str]:
    return {node.name for node in walk_tensor([tensor]) if isinstance(node, Leaf)}


def _plain(expr: Expr) -> bool:
    """A name, a number, or one of these turned or with a sign: it needs no name."""
    nodes = [node for node in walk([expr], lambda n: not isinstance(n, Defined))]
    if not any(isinstance(node, Variable | Defined) for node in nodes):
        return True
    return all(
        isinstance(node, Variable | Defined | Number) or (isinstance(node, Apply) and node.function in (".T", "u-"))
        for node in nodes
    )


def _count(expr: Expr) -> int:
    """How many nodes are written, where what is below a name is not."""
    return sum(1 for _ in walk([expr], lambda n: not isinstance(n, Defined)))
