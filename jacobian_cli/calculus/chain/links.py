"""The chain rule, link by link, as the lecture writes it: local Jacobians, and their product from the output backwards.

Each definition is a link, with one local Jacobian per input: its inputs are held as variables of their own. The
running product ∂y/∂node starts at the output, where it is 1 (or I), and is multiplied by one local Jacobian at each
link; where a value is used by several links, what comes back from each of them adds up (CS224N lecture 3; Griewank &
Walther, Evaluating Derivatives, ch. 3). A running product that is more than a name gets one, δ_z for that at z,
so that nothing is written, or computed, twice and the length of the whole grows with the depth alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import count

from jacobian_cli.calculus.chain.alpha_equivalence import Alike, Form, Kind, kind_of
from jacobian_cli.calculus.chain.definitions import held, links_of
from jacobian_cli.calculus.cost import DEFINITION, UNNAMED, cost
from jacobian_cli.calculus.derivative.assume import Declared, Facts
from jacobian_cli.calculus.derivative.common_subexpressions import Named
from jacobian_cli.calculus.differentiate.lower import lower, lower_all
from jacobian_cli.calculus.differentiate.pullback import identity, jacobian, pullback
from jacobian_cli.calculus.index.tensor import Leaf, Reshape, Tensor
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.reshape import jacobian_form
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.expr import Defined, Expr, Number, Variable, nodes, rebuild
from jacobian_cli.ops.structure import proper
from jacobian_cli.records import record
from jacobian_cli.shape import ONE, Shape, product
from jacobian_cli.syntax.errors import InputError

_MANY = 32
"""What comes back from more links than this is added up in parts."""


@record(frozen=True, eq=False)
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
        link, chain = self.link, self.link.chain

        def work() -> list[Expr]:
            return [chain.matrix(self.tensor, len(link.rows.shape))]

        wanted = ("local", link.kind.names.index(self.input.name))
        return chain.alike.find(link.kind, wanted, (link.name,), work)[0].expr


@record(frozen=True, eq=False)
class Link:
    """One function of the chain. `inputs` are those of the names in it that the variables reach."""

    chain: Chain
    variable: Variable
    definition: Expr
    kind: Kind
    inputs: tuple[Variable, ...]

    @property
    def name(self) -> str:
        return self.variable.name

    @cached_property
    def formula(self) -> Expr:
        """What it is in the names of its inputs, each of them a variable."""
        return held(self.definition)

    @cached_property
    def body(self) -> Tensor:
        """The formula in index form."""
        try:
            parts = lower_all(self.formula)
        except InputError as error:
            raise InputError(f"in {self.name}: {error.message}", hint=error.hint) from None
        self.chain.notation.learn(self.chain.declared.spellings((t, e) for e, t in parts.items()))
        return parts[self.formula]

    def pulled(self, seed: Tensor) -> list[Tensor]:
        """What an upstream gradient becomes at each input."""
        start = self.rows if self.variable is self.chain.output else self.body
        return pullback(start, seed, _leaves(self.inputs), self.values)

    @cached_property
    def sent(self) -> Mapping[str, Tensor] | None:
        """What the running product becomes at each input; None where only its matrix is known."""
        seed = self.chain.running[self.name].seed
        if seed is None:
            return None
        return {v.name: down for v, down in zip(self.inputs, self.pulled(seed), strict=True)}

    @cached_property
    def gradients(self) -> Mapping[str, Form]:
        """What the running product, a gradient with a name, becomes at each input, in the shape of the input."""
        upstream = self.chain.running[self.name].leaf

        def work() -> list[Expr]:
            downs = zip(self.pulled(lower(upstream)), self.inputs, strict=True)
            return [self.chain.value(down, variable.shape) for down, variable in downs]

        names = self.kind.names
        wanted = ("gradients", *(names.index(v.name) for v in self.inputs))
        found = self.chain.alike.find(self.kind, wanted, (self.name, upstream.name), work)
        return {v.name: form for v, form in zip(self.inputs, found, strict=True)}

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


@record(frozen=True, eq=False)
class Running:
    """The running product ∂y/∂node: over all links that use the node, ∂y/∂link · ∂link/∂node, added up.

    `gradient` is, of a scalar y, the product worked out in the shape of the node; `name` is what it is called where
    it is called something: a gradient for a scalar y, a matrix for others.
    """

    chain: Chain
    variable: Variable
    users: tuple[Link, ...]
    gradient: Expr | None = None
    name: Defined | None = None

    @cached_property
    def tensor(self) -> Tensor | None:
        """The derivative worked out, axes of y in front; None where only its matrix is known, or many are added."""
        chain = self.chain
        if chain.scalar and len(self.users) > _MANY:
            return None
        if self.variable is chain.output:
            return algebra.number(1) if chain.scalar else identity(chain.front)
        coming: list[tuple[int, Tensor]] = []
        for link in self.users:
            if link.sent is None:
                return None
            coming.append((1, link.sent[self.variable.name]))
        return algebra.add(chain.front + proper(self.variable.shape), coming)

    @cached_property
    def form(self) -> Expr:
        """The matrix |y| × |node| worked out, in the names of those before it."""
        chain = self.chain
        if self.tensor is None and self.gradient is not None:
            return _row(self.gradient)
        if self.tensor is None:
            return write.total([(False, arrow) for arrow in self.arrows.values()])
        return chain.settled(chain.matrix(self.tensor, chain.order))

    @cached_property
    def row(self) -> Expr:
        """The matrix |y| × |node|, by its name if it has one."""
        if self.name is None:
            return self.form
        if self.gradient is None:
            return self.name
        return self.chain.settled(self.chain.matrix(lower(self.leaf), 0))

    @property
    def seed(self) -> Tensor | None:
        """What the links before it multiply by."""
        if self.name is None:
            return self.tensor
        if self.gradient is not None or len(self.name.shape) == self.chain.order + len(proper(self.variable.shape)):
            return lower(self.leaf)
        return None

    @property
    def leaf(self) -> Variable:
        """The name, as a variable."""
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


class RunningNames(Named):
    """The names of running products; `forms` are these, each in the names of those before it. What is `given` is found
    where it is asked for.
    """

    @cached_property
    def given(self) -> Mapping[Expr, Expr]:
        """The name of each by what it stands for in the definitions alone."""
        full: dict[Expr, Expr] = {}
        for name, body in self.forms.items():
            full[Defined(name, body)] = rebuild(body, lambda n: full.get(n, n) if isinstance(n, Defined) else None)
        return {whole: name for name, whole in full.items()}


class Chain:
    """A composition taken apart: `links` in the order of computation, `running` products from the output on.

    `names` holds what the names of running products stand for, `defined` every name of the forms.
    """

    def __init__(
        self,
        output: Expr,
        name: str,
        wrt: Sequence[Variable],
        order: Sequence[str],
        taken: Iterable[str],
        facts: Facts | None = None,
    ) -> None:
        bodies = links_of(output, name, wrt)
        self.output = Variable(name, output.shape)
        self.wrt = tuple(wrt)
        self.declared = Declared(facts or {})
        self.notation = Notation(order)
        self.scalar = not proper(output.shape)
        self.names: dict[str, Expr] = {}
        self.defined: dict[str, Expr] = {n.name: n for n in nodes(output) if isinstance(n, Defined)}
        self.defined[name] = Defined(name, output)
        self.running: dict[str, Running] = {}
        self._taken = {*taken, *self.defined}
        self._numbers: dict[str, count[int]] = {}
        self.alike = Alike(self.defined)
        active = {*bodies, *(v.name for v in wrt)}
        self.links = {n: self._link(n, body, active) for n, body in bodies.items()}
        self.front = () if self.scalar else self.links[name].rows.shape
        self.order = len(self.front)
        self._sweep()

    def value(self, tensor: Tensor, shape: Shape) -> Expr:
        """A derivative in the shape of its variable, what is declared of the variables put in."""
        return self.declared.expr(write.shaped(self.notation.express(self.declared.tensor(tensor)), shape))

    def matrix(self, tensor: Tensor, order: int) -> Expr:
        """A derivative as a matrix, its first `order` axes being the rows, what is declared put in."""
        return self.declared.expr(jacobian_form(self.notation, self.declared.tensor(tensor), order))

    def settled(self, expr: Expr) -> Expr:
        """An expression in which names that were held mean again what they are defined to mean."""
        return rebuild(
            expr, lambda node: self.defined.get(node.name, node) if isinstance(node, Variable | Defined) else None
        )

    def _link(self, name: str, body: Expr, active: set[str]) -> Link:
        variable = self.output if name == self.output.name else Variable(name, body.shape)
        kind = kind_of(body, self.notation.ranks)
        if not self.declared.facts.keys().isdisjoint(kind.names):
            kind = kind._replace(key=None)  # what is declared of a name holds for it alone
        return Link(self, variable, body, kind, tuple([v for v in kind.variables if v.name in active]))

    def _sweep(self) -> None:
        """From the output backwards, each link once."""
        users: dict[str, list[Link]] = {}
        for link in reversed(self.links.values()):
            if link.variable is self.output:
                self.running[link.name] = Running(self, link.variable, (), write.number(1) if self.scalar else None)
            else:
                self.running[link.name] = self._joined(link.variable, users[link.name], link)
            for variable in link.inputs:
                users.setdefault(variable.name, []).append(link)
        for variable in self.wrt:
            self.running[variable.name] = self._joined(variable, users.get(variable.name, []), None)

    def _joined(self, variable: Variable, users: Sequence[Link], link: Link | None) -> Running:
        """What comes back to a node from all links that use it; named if it is worth a name and `link` goes on."""
        wanted = self, variable, tuple(users)
        gradient = self._gradient(variable, users) if self.scalar else None
        found = Running(*wanted, None if gradient is None else gradient.expr, None)
        if link is None:
            return found
        if gradient is not None:
            if not _plain(gradient) and not self._melts(found, link, gradient.names):
                return Running(*wanted, gradient.expr, self._named("delta", gradient.expr, variable.name))
        elif cost(found.form) > UNNAMED:
            return Running(*wanted, None, self._named("J", found.form))
        return found

    def _gradient(self, variable: Variable, users: Sequence[Link]) -> Form:
        """What comes back to a node, added up, in its shape."""
        if len(users) == 1:
            (link,) = users
            if self.running[link.name].name is not None:
                return link.gradients[variable.name]
        if len(users) > _MANY:
            return Form.of(self._many(variable, users))
        tensor = Running(self, variable, tuple(users)).tensor
        assert tensor is not None
        return Form.of(self.settled(self.value(tensor, variable.shape)))

    def _many(self, variable: Variable, users: Sequence[Link]) -> Expr:
        """What comes back from very many links, as from those that share a weight: sums of not too many terms."""
        terms: list[Expr] = []
        for link in users:
            if self.running[link.name].name is not None:
                terms.append(link.gradients[variable.name].expr)
            else:
                assert link.sent is not None
                terms.append(self.settled(self.value(link.sent[variable.name], variable.shape)))
        while len(terms) > _MANY:
            sums = [write.total([(False, t) for t in terms[k : k + _MANY]]) for k in range(0, len(terms), _MANY)]
            terms = [self._named("part", each) for each in sums]
        return write.total([(False, term) for term in terms])

    def _named(self, stem: str, full: Expr, of: str = "") -> Defined:
        """A name for a value: δ_z where it is the gradient `of` z."""
        name = f"{stem}_{of}"
        if not of or name in self._taken or name in self.defined:
            numbers = self._numbers.setdefault(stem, count(1))
            name = next(n for k in numbers if (n := f"{stem}{k}") not in self._taken)
        named = Defined(name, full)
        self.notation.ranks[name] = -1
        self.names[name] = full
        self.defined[name] = named
        return named

    def _melts(self, found: Running, link: Link, names: frozenset[str]) -> bool:
        """Whether a running product had better not be named, since it melts into the local Jacobian: -y/p, from a
        logarithm, and softmax's diag(p) - p pᵀ are p - y. What shares no name (of its `names`) with the link cannot.
        """
        if len(found.users) > _MANY:
            return False
        if link.name not in names and names.isdisjoint(link.kind.names):
            return False
        assert found.tensor is not None
        stand_in = lower(Variable(f"?{link.name}", link.variable.shape))
        lengths = [
            sum(cost(self.value(t, v.shape)) for t, v in zip(link.pulled(seed), link.inputs, strict=True))
            for seed in (found.tensor, stand_in)
        ]
        return lengths[0] <= lengths[1] + DEFINITION


def _row(gradient: Expr) -> Expr:
    """The entries of a gradient row by row, as a row."""
    if len(gradient.shape) < 2:
        return write.transpose(gradient)
    return write.apply("reshape", gradient, shape=(ONE, product(gradient.shape)))


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


def _plain(form: Form) -> bool:
    """A name, a number, or one of these turned or with a sign: it needs no name."""
    bare = form.expr
    while write.is_call(bare, ".T") or write.is_call(bare, "u-"):
        (bare,) = bare.children
    return isinstance(bare, Variable | Defined | Number) or not form.names
