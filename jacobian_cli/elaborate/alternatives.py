"""Whether a formula would fit with other numbers of axes: what the words "inferred" and "assumed" go by."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

from jacobian_cli.elaborate.options import Scope
from jacobian_cli.elaborate.statement import names_in, typed_statement
from jacobian_cli.expr import Expr, Variable
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.shape import UNKNOWN, Shape, Size, Unifier
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Call, Definition, Name


class Alternatives:
    """Whether the formula would fit as well with another number of axes for one variable.

    Only statements that the change reaches are typed again. Sizes that were inferred may become others, but those
    that were equal stay equal: to ask for fewer equations never makes a formula misfit.
    """

    def __init__(
        self,
        statements: Sequence[Definition],
        declared: Mapping[str, Shape],
        sizes: Mapping[str, Size],
        values: Mapping[str, Expr],
        variables: Mapping[str, Variable],
    ) -> None:
        self.statements, self.declared, self.sizes = statements, declared, sizes
        loose = {n: Size.named(UNKNOWN + n) for v in variables.values() for z in v.shape for n in z.names()}
        self.loose = {name: size for name, size in loose.items() if name not in sizes}
        self.known: dict[str, Expr] = {
            name: self.leaf(name, expr.shape) for name, expr in (*values.items(), *variables.items())
        }
        # the trace of a scalar is one, but nobody asks for it
        self.matrices = {
            argument.text
            for statement in statements
            for term in statement.terms
            if isinstance(term, Call) and (row := FUNCTIONS.get(term.function)) is not None and row.of_scalar
            for argument in term.arguments
            if isinstance(argument, Name)
        }
        self.users: dict[str, list[int]] = {}
        for place, statement in enumerate(statements):
            for name in names_in(statement.value):
                self.users.setdefault(name, []).append(place)

    def leaf(self, name: str, shape: Shape) -> Variable:
        return Variable(name, tuple(size.replace(self.loose) for size in shape))

    def __call__(self, name: str, order: int) -> bool:
        if not order and name in self.matrices:
            return False
        unifier = Unifier()
        changed: dict[str, Expr] = {name: Variable(name, tuple(unifier.fresh() for _ in range(order)))}
        scope = Scope(ChainMap(changed, self.known), self.sizes, unifier)
        waiting = [*self.users.get(name, ())]
        while waiting:
            place = heappop(waiting)
            while waiting and waiting[0] == place:
                heappop(waiting)
            statement = self.statements[place]
            try:
                shape = typed_statement(statement, scope, self.declared).shape
            except InputError:
                return False
            before = self.known[statement.name].shape if statement.name else ()
            if statement.name and not _same(shape, before, unifier):
                changed[statement.name] = Variable(statement.name, shape)
                for user in self.users.get(statement.name, ()):
                    heappush(waiting, user)
        return True


def _same(a: Shape, b: Shape, unifier: Unifier) -> bool:
    return len(a) == len(b) and all(unifier.resolve(m) is unifier.resolve(n) for m, n in zip(a, b, strict=True))
