"""What the names in a derivation stand for: parts of the formula, gradients that are called δ, abbreviations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from jacobian_cli.calculus.index.tensor import Tensor
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.notation.order import Key
from jacobian_cli.calculus.steps.step import Claim
from jacobian_cli.expr import Apply, Defined, Expr, Variable, rebuild, visible, walk


@dataclass(slots=True)
class Glossary:
    """The names so far. `user` are those that the user gave, `known` those that the closed form gives to a part of
    it, `taken` all that mean something; `order` ranks the variables, `text` prints.
    """

    user: frozenset[str]
    known: Mapping[Expr, str]
    taken: set[str]
    order: Sequence[str]
    text: Callable[[Expr], str]
    nodes: dict[str, Expr] = field(default_factory=dict)
    """The node of the formula that each part is."""
    slopes: dict[str, Claim] = field(default_factory=dict)
    """The gradient that each δ is."""
    bodies: dict[str, Expr] = field(default_factory=dict)
    """What each of these names was defined as."""

    def part(self, name: str, node: Expr, body: Expr) -> None:
        self.nodes[name], self.bodies[name] = node, body

    def named(self, gradient: Expr) -> str | None:
        """The name that the closed form has for a gradient."""
        return self.known.get(self.full(gradient))

    def delta(self, gradient: Expr, claim: Claim) -> Variable:
        """A name for a gradient: the one that the closed form has for it, or the next δ."""
        numbered = (f"delta{k}" for k in range(1, 10_000))
        name = self.named(gradient) or next(n for n in numbered if n not in self.taken)
        self.taken.add(name)
        self.bodies[name], self.slopes[name] = gradient, claim
        return Variable(name, gradient.shape)

    def missing(self, form: Expr) -> list[Defined]:
        """The names in a closed form that are not known yet, each after those it uses."""
        found = [node for node in walk([form]) if isinstance(node, Defined)]
        return [node for node in found if node.name not in self.user and node.name not in self.bodies]

    def restored(self, expr: Expr, final: Expr | None = None) -> Expr:
        """An expression with names replaced by what they stand for, but for the user's and those of a final form."""
        kept = {*self.user, *(node.name for node in walk([final] if final else []) if isinstance(node, Defined))}
        return _opened(expr, {name: body for name, body in self.bodies.items() if name not in kept})

    def full(self, expr: Expr) -> Expr:
        """A gradient in the nodes of the formula; parts may stand in it as variables or as definitions."""

        def node_of(part: Expr) -> Expr | None:
            match part:
                case Variable(name=name):
                    return self.nodes.get(name)
                case Defined(name=name) if name not in self.user:
                    return self.nodes.get(name)
            return None

        return rebuild(_opened(expr, {name: self.bodies[name] for name in self.slopes}), node_of)

    def same(self, reached: Expr, final: Expr) -> bool:
        """Whether two forms differ in nothing but names."""
        bare = final
        while any(isinstance(node, Defined) and node.name not in self.user for node in walk([bare])):
            bare = rebuild(bare, lambda n: n.body if isinstance(n, Defined) and n.name not in self.user else None)
        return self.alike(self.restored(reached), bare)

    def alike(self, a: Expr, b: Expr) -> bool:
        """Whether two forms are the same but for brackets and the place of a scalar: Aᵀ(2z) and 2Aᵀz."""
        return _normal(a) == _normal(b)

    def notation(self, tensors: Mapping[Expr, Tensor]) -> Notation:
        """Writes in these names, in the order in which what they stand for would be written."""
        return _Named(self.order, {tensor: expr for expr, tensor in tensors.items()}, self.full)


class _Named(Notation):
    def __init__(self, order: Sequence[str], given: Mapping[Tensor, Expr], full: Callable[[Expr], Expr]) -> None:
        super().__init__(order, given)
        self.full = full

    def key(self, expr: Expr) -> Key:
        return super().key(self.full(expr))


def _opened(expr: Expr, bodies: Mapping[str, Expr]) -> Expr:
    """An expression with these names replaced, until none is left."""

    def body_of(node: Expr) -> Expr | None:
        return bodies.get(node.name) if isinstance(node, Variable) else None

    while any(body_of(node) is not None for node in walk([expr])):
        expr = rebuild(expr, body_of)
    return expr


_Form = tuple[bool, Hashable]
"""Whether a minus stands in front, and the rest."""


def _normal(expr: Expr) -> _Form:
    """A form with its products without brackets, their scalars gathered, sums and products entry by entry in no order.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> one, other, third = (elaborate([parse_statement(t)]).output for t in ("A.T@(2*z)/n", "2/n*A.T@z", "z.T@A*2/n"))
    >>> _normal(one) == _normal(other), _normal(one) == _normal(third)
    (True, False)
    """
    made: dict[Expr, _Form] = {}
    for node in visible(expr):
        match node:
            case Apply(function="u-" | "*" | "/" | "@"):
                made[node] = _product(node, made)
            case Apply(function="+" | "-"):
                terms = Counter((minus != made[t][0], made[t][1]) for minus, t in write.summands(node))
                made[node] = False, frozenset(terms.items())
            case Apply(function=function, arguments=arguments, parameters=parameters):
                made[node] = False, (function, *(made[a] for a in arguments), parameters)
            case Variable(name=name) | Defined(name=name):
                made[node] = False, name
            case _:
                made[node] = False, node
    return made[expr]


def _product(node: Expr, made: Mapping[Expr, _Form]) -> _Form:
    """Its sign, its scalars with their powers, and its matrices from left to right."""
    negative, scalars, factors = False, Counter[Hashable](), list[Hashable]()
    waiting = [(node, 1)]
    while waiting:
        part, power = waiting.pop()
        match part:
            case Apply(function="u-", arguments=(inner,)):
                negative = not negative
                waiting.append((inner, power))
            case Apply(function="*", arguments=(a, b)) if not (a.shape and b.shape):
                waiting += [(b, power), (a, power)]
            case Apply(function="/", arguments=(a, b)) if not b.shape:
                waiting += [(a, power), (b, -power)]
            case Apply(function="@", arguments=(a, b)) if part.shape and len(write.chain(part)) > 1:
                waiting += [(b, power), (a, power)]
            case Apply(function="*" | "/" | "@" as function, arguments=(a, b)):
                sides = frozenset(Counter([made[a], made[b]]).items()) if function == "*" else (made[a], made[b])
                factors.append((function, sides))
            case _:
                minus, form = made[part]
                negative = negative != minus
                if part.shape:
                    factors.append(form)
                else:
                    scalars[form] += power
    return negative, (frozenset(scalars.items()), tuple(factors))
