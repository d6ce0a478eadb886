"""The chain rule, link by link, as the lecture writes it: local Jacobians, and their product from the output backwards.

Each definition is a link, with one local Jacobian per input: its inputs are held as variables of their own. The
running product ∂y/∂node starts at the output, where it is 1 (or I), and is multiplied by one local Jacobian at each
link; where a value is used by several links, what comes back from each of them adds up (CS224N lecture 3; Griewank &
Walther, Evaluating Derivatives, ch. 3). A running product that is more than a name gets one, δ₁, δ₂, … counted from
the output, so that nothing is written, or computed, twice and the length of the whole grows with the depth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from jacobian_cli.shape import Shape

_SHORT = 10
"""Of an output that is no scalar, a running product of so many nodes is written out again rather than named."""


@dataclass(frozen=True, slots=True)
class Local:
    """One local Jacobian, ∂link/∂input: the tensor with axes link + input, and the matrix |link| × |input|."""

    input: Variable
    tensor: Tensor
    order: int
    form: Expr


@dataclass(frozen=True, slots=True)
class Link:
    """One function of the chain. `formula` is in the names of its inputs, each of them a variable."""

    variable: Variable
    formula: Expr
    locals: Mapping[str, Local]

    @property
    def name(self) -> str:
        return self.variable.name


@dataclass(frozen=True, slots=True)
class Arrow:
    """What one link sends back to one of its inputs: ∂y/∂link · ∂link/∂input, as factors side by side."""

    link: str
    factors: Expr


@dataclass(frozen=True, slots=True)
class Running:
    """The running product ∂y/∂node: the sum of its arrows, worked out.

    `form` is the matrix |y| × |node|; `gradient`, of a scalar y only, the same in the shape of the node. `full` are
    the forms before they were named, `name` is what they were named (a gradient if there is one, else a matrix).
    """

    variable: Variable
    arrows: tuple[Arrow, ...]
    form: Expr
    gradient: Expr | None
    full: Expr
    name: Defined | None
    tensor: Tensor | None
    """The derivative in the names of the running products before it; None where only its matrix is known."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A composition taken apart. Links stand in the order of computation, running products from the output on."""

    output: Variable
    links: Mapping[str, Link]
    running: Mapping[str, Running]
    named: Mapping[str, Expr]
    """What each name of a running product stands for, from the output on."""
    notation: Notation
    out_order: int
    defined: Mapping[str, Expr] = field(default_factory=dict)
    """Every name of the forms: definitions of the user and running products."""


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
    found.pop(name, None)
    return {**found, name: output}


def chain_rule(
    output: Expr, name: str, wrt: Sequence[Variable], order: Sequence[str], taken: Iterable[str]
) -> Chain:
    """Take a composition apart into links and multiply their local Jacobians, from the output backwards.

    `name` is that of the output, `order` ranks the variables as the user wrote them, `taken` are names that already
    mean something.
    """
    return _Sweep(output, name, wrt, order, taken).chain()


class _Sweep:
    """One backward sweep over the links."""

    def __init__(
        self, output: Expr, name: str, wrt: Sequence[Variable], order: Sequence[str], taken: Iterable[str]
    ) -> None:
        self.output = Variable(name, output.shape)
        self.bodies = links_of(output, name, wrt)
        self.wrt = wrt
        self.notation = Notation(order)
        self.taken = {*taken, *self.bodies, name}
        self.scalar = not proper(output.shape)
        self.numbers = count(1)
        self.named: dict[str, Expr] = {}
        self.defined: dict[str, Expr] = {
            node.name: node for node in walk([output]) if isinstance(node, Defined)
        } | {name: Defined(name, output)}
        self.running: dict[str, Running] = {}
        self.links: dict[str, Link] = {}
        self.front: Shape = ()

    def chain(self) -> Chain:
        names = [*self.bodies]
        active = {*names, *(v.name for v in self.wrt)}
        incoming: dict[str, list[tuple[Arrow, Tensor | None]]] = {n: [] for n in active}
        for name in reversed(names):
            start, inputs = self._lowered(name, active)
            link = self._link(name, start, inputs)
            self.links[name] = link
            if name == self.output.name:
                self.front = link_shape = _peeled(start).shape
                seed = algebra.number(1) if self.scalar else identity(link_shape)
                self._run(self.output, (), seed)
                start = _peeled(start)
            else:
                self._join(Variable(name, link.variable.shape), incoming[name], start, inputs)
            for variable, arrow, down in self._through(link, start, inputs):
                incoming[variable.name].append((arrow, down))
        for variable in self.wrt:
            self._join(variable, incoming[variable.name], None, ())
        ordered = {name: self.links[name] for name in names}
        return Chain(
            self.output, ordered, self.running, self.named, self.notation, len(self.front), dict(self.defined)
        )

    # links

    def _lowered(self, name: str, active: set[str]) -> tuple[Tensor, tuple[Variable, ...]]:
        """A link in index form under its own name, and its inputs that matter."""
        formula = held(self.bodies[name])
        parts = lower_all(Defined(name, formula))
        self.notation.learn({t: e for e, t in parts.items()})
        inputs = tuple(v for n, v in variables(formula).items() if n in active)
        return parts[Defined(name, formula)], inputs

    def _link(self, name: str, start: Tensor, inputs: Sequence[Variable]) -> Link:
        tensor = _peeled(start)
        order = len(tensor.shape)
        locals_ = {}
        for variable, derived in zip(inputs, jacobian(tensor, _leaves(inputs)), strict=True):
            form = self._settled(jacobian_form(self.notation, derived, order))
            locals_[variable.name] = Local(variable, derived, order, form)
        formula = held(self.bodies[name])
        return Link(Variable(name, formula.shape), formula, locals_)

    def _settled(self, expr: Expr) -> Expr:
        """An expression in which names that were held mean again what they are defined to mean."""
        return rebuild(
            expr, lambda node: self.defined.get(node.name) if isinstance(node, Variable | Defined) else None
        )

    # running products

    def _through(
        self, link: Link, start: Tensor, inputs: Sequence[Variable]
    ) -> Iterator[tuple[Variable, Arrow, Tensor | None]]:
        """What the running product of a link becomes at each of its inputs."""
        here = self.running[link.name]
        pulled: Sequence[Tensor | None] = [None] * len(inputs)
        if here.tensor is not None:
            pulled = pullback(start, here.tensor, _leaves(inputs))
        for variable, down in zip(inputs, pulled, strict=True):
            local = link.locals[variable.name].form
            first = link.name == self.output.name
            factors = local if first else side_by_side(here.form, local)
            yield variable, Arrow(link.name, factors), down

    def _join(
        self,
        variable: Variable,
        incoming: Sequence[tuple[Arrow, Tensor | None]],
        start: Tensor | None,
        inputs: Sequence[Variable],
    ) -> None:
        """Add up what comes back to a node."""
        arrows = tuple(arrow for arrow, _ in incoming)
        shape = self.front + proper(variable.shape) if not self.scalar else proper(variable.shape)
        tensors = [down for _, down in incoming if down is not None]
        if len(tensors) < len(incoming):
            self._matrices(variable, arrows)
        else:
            self._run(variable, arrows, algebra.add(shape, [(1, t) for t in tensors]), start, inputs)

    def _run(
        self,
        variable: Variable,
        arrows: tuple[Arrow, ...],
        total: Tensor,
        start: Tensor | None = None,
        inputs: Sequence[Variable] = (),
    ) -> None:
        """Work out a running product, and name it if it is worth a name and links follow that use it."""
        form = self._settled(jacobian_form(self.notation, total, 0 if self.scalar else len(self.front)))
        gradient = None
        if self.scalar:
            gradient = self._settled(write.shaped(self.notation.express(total), variable.shape))
        full = form if gradient is None else gradient
        name: Defined | None = None
        if start is not None and not _plain(full):
            if self.scalar:
                if not self._simpler(total, start, inputs, variable):
                    name = self._named("delta", full)
                    total = lower(Variable(name.name, variable.shape))
                    gradient = name
                    form = self._settled(jacobian_form(self.notation, total, 0))
            elif _count(full) > _SHORT:
                name = self._named("J", full)
                if len(total.shape) == len(full.shape) == 2:
                    total = lower(Variable(name.name, full.shape))
                    self.running[variable.name] = Running(variable, arrows, name, None, full, name, total)
                    return
                self.running[variable.name] = Running(variable, arrows, name, None, full, name, None)
                return
        self.running[variable.name] = Running(variable, arrows, form, gradient, full, name, total)

    def _matrices(self, variable: Variable, arrows: tuple[Arrow, ...]) -> None:
        """A running product of which only the matrix is known: products of matrices, added."""
        full = write.total([(False, arrow.factors) for arrow in arrows])
        name = self._named("J", full) if variable.name in self.bodies else None
        self.running[variable.name] = Running(variable, arrows, name or full, None, full, name, None)

    def _named(self, stem: str, full: Expr) -> Defined:
        name = next(n for k in self.numbers if (n := f"{stem}{k}") not in self.taken)
        named = Defined(name, full)
        self.notation.ranks[name] = -1
        self.named[name] = full
        self.defined[name] = named
        return named

    def _simpler(self, total: Tensor, start: Tensor, inputs: Sequence[Variable], variable: Variable) -> bool:
        """Whether a running product had better not be named, since it melts into the local Jacobian: -y/p, from a
        logarithm, and softmax's diag(p) - p pᵀ are p - y. What shares no name with the link cannot.
        """
        ours = _leaf_names(total)
        if not ours & {variable.name, *_leaf_names(start)}:
            return False
        leaves = _leaves(inputs)
        stand_in = lower(Variable(f"?{variable.name}", variable.shape))
        lengths = []
        for seed in (total, stand_in):
            pulled = pullback(start, seed, leaves)
            lengths.append(sum(_count(self.notation.express(t)) for t in pulled))
        return lengths[0] <= lengths[1]


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


def _leaf_names(tensor: Tensor) -> set[str]:
    return {node.name for node in walk_tensor([tensor]) if isinstance(node, Leaf)}


def _peeled(tensor: Tensor) -> Tensor:
    """Rows of a Jacobian run over the entries of a value, whatever its shape: a reshape of it is no step."""
    inner = tensor.children[0] if len(tensor.children) == 1 else tensor
    if not isinstance(inner, Reshape) or inner.loop:
        return tensor
    while isinstance(inner, Reshape) and not inner.loop:
        inner = inner.body
    return inner


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
