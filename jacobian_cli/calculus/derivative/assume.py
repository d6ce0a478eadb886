"""Declared facts, put into what was derived.

A derivative is taken with every entry of every variable free; what is declared of the values holds at the points
where it is then looked at. So variables bear no facts while a formula is differentiated, and get them afterwards:
∂/∂S tr(SSA) is (SA + AS)ᵀ, and for a symmetric S that is AᵀS + SAᵀ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jacobian_cli.calculus.index.tensor import Alias, Apply, Leaf, Product, Sum, Tensor, walk
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.simplify.substitution import rebuilt
from jacobian_cli.expr import Apply as Application
from jacobian_cli.expr import Defined, Expr, Variable, visible
from jacobian_cli.ops import Kind, row
from jacobian_cli.ops.facts import FACTS, everything
from jacobian_cli.ops.identities import turns
from jacobian_cli.shape import Shape

Facts = Mapping[str, frozenset[str]]
"""What is declared, by variable."""


def _useful(facts: frozenset[str], shape: Shape) -> frozenset[str]:
    """The facts that say something of the entries of this shape: of a batch, those of its matrices are not used."""
    return facts if len(shape) <= 2 else frozenset(fact for fact in facts if not FACTS[fact].square)


class Declared:
    """Tensors and expressions in which variables bear what is declared of them, and definitions, that were `free`
    while they were differentiated, what is seen of them.
    """

    def __init__(self, facts: Facts, *, free: bool = False) -> None:
        self.facts = {name: everything(said) for name, said in facts.items() if said}
        self._free = free
        self._made: dict[Tensor, Tensor] = {}
        self._as_it_was: set[Tensor] = set()

    def also(self, name: str, fact: str) -> Declared:
        """The same with one more fact."""
        return Declared({**self.facts, name: self.facts.get(name, frozenset()) | {fact}}, free=self._free)

    def tensor(self, tensor: Tensor) -> Tensor:
        """The tensor built again from variables with their facts."""
        if not (self.facts or self._free):
            return tensor
        for node in walk([tensor]):
            if node not in self._made:
                new = self._made[node] = self._rebuilt(node)
                if self._alike(node, new) and all(child in self._as_it_was for child in node.children):
                    self._as_it_was.add(node)
        return self._made[tensor]

    def _rebuilt(self, node: Tensor) -> Tensor:
        if isinstance(node, Leaf) and node.name in self.facts:
            return Leaf(node.name, node.shape, node.typed, _useful(self.facts[node.name], node.typed))
        if isinstance(node, Alias) and node.free:
            return Alias(node.name, self._made[node.body], node.source)
        return rebuilt(node, self._made)

    def _alike(self, old: Tensor, new: Tensor) -> bool:
        """Whether a node built again is made of the same parts, built again."""
        made = self._made
        match old, new:
            case Product(), Product():
                factors = sorted((made[node].digest, hash(power)) for node, _, power in old.factors)
                again = sorted((node.digest, hash(power)) for node, _, power in new.factors)
                return old.coefficient == new.coefficient and factors == again
            case Sum(), Sum():
                terms = sorted((hash(c), made[term].digest) for c, term in old.terms)
                return terms == sorted((hash(c), term.digest) for c, term in new.terms)
            case Apply(), Apply():
                return old.function == new.function and new.arguments == tuple(made[a] for a in old.arguments)
        return type(old) is type(new)

    def spellings(self, given: Iterable[tuple[Tensor, Expr]]) -> dict[Tensor, Expr]:
        """How the user wrote the parts of the formula that the facts leave as they are."""
        return {
            self.tensor(tensor): self.expr(expr)
            for tensor, expr in given
            if self.tensor(tensor) is tensor or tensor in self._as_it_was
        }

    def expr(self, expr: Expr) -> Expr:
        """The expression without the transpose of what is its own transpose."""
        if not self.facts:
            return expr
        made: dict[Expr, Expr] = {}
        for node in visible(expr):
            match node:
                case Application(function=".T", arguments=(inner,)) if self._turns_into_itself(made[inner]):
                    made[node] = made[inner]
                case Application(function=function, arguments=arguments, parameters=parameters, shape=shape):
                    made[node] = Application(function, tuple(made[a] for a in arguments), parameters, shape)
                case _:
                    made[node] = node
        return made[expr]

    def _turns_into_itself(self, expr: Expr) -> bool:
        """Whether a matrix is visibly symmetric, no transpose of a symmetric matrix being in it."""
        if len(expr.shape) != 2:
            return False
        match expr:
            case Variable(name=name):
                return "symmetric" in self.facts.get(name, ())
            case Defined(body=body):
                return self._turns_into_itself(self.expr(body))
            case Application(function=function, arguments=arguments):
                alike = turns(function) or row(function).kind is Kind.ELEMENTWISE
                if alike and all(not a.shape or self._turns_into_itself(a) for a in arguments):
                    return True
        turned = write.transpose(expr)
        return turned is expr or (not write.is_call(turned, ".T") and self.expr(turned) is expr)
