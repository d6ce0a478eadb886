"""The forms of one derivative in writing: all the ways of one answer, and the names in which it is said."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from jacobian_cli.calculus.cost import DEFINITION, cost_together
from jacobian_cli.calculus.derivative.assume import Declared
from jacobian_cli.calculus.derivative.common_subexpressions import Named, definitions, name_repeats
from jacobian_cli.calculus.derivative.skeleton import Skeleton
from jacobian_cli.calculus.index.tensor import Tensor
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.reshape import Convention, Vec, jacobian_form
from jacobian_cli.expr import Defined, Expr, Variable, rebuild
from jacobian_cli.shape import Shape


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the derivatives of one formula. `orders` says how many axes in front are the output's."""

    notation: Notation
    declared: Declared
    variables: Sequence[Variable]
    orders: Mapping[Vec, int]
    conventions: Sequence[Convention]
    scalar: bool

    @property
    def rule(self) -> str:
        """What a backward rule is called among the forms."""
        return "gradient" if self.scalar else "vjp"

    def value(self, tensor: Tensor, shape: Shape) -> Expr:
        """A tensor in a shape, what is declared of the variables put in."""
        return self.declared.expr(write.shaped(self.notation.express(self.declared.tensor(tensor)), shape))

    def rules(self, way: Skeleton) -> dict[str, Expr]:
        """The adjoints that have names, the backward rules and, of a scalar, the rows that they are."""
        forms = {_key(held.variable): self.value(held.tensor, held.variable.shape) for held in way.held}
        for variable, down in zip(self.variables, way.gradients, strict=True):
            forms[f"{variable.name} {self.rule}"] = self.value(down, variable.shape)
        if self.scalar:
            for variable, down in zip(self.variables, way.gradients, strict=True):
                forms |= self.matrices(variable, dict.fromkeys(Vec, down))
        return forms

    def matrices(self, variable: Variable, tensors: Mapping[Vec, Tensor]) -> dict[str, Expr]:
        """The Jacobian in each convention."""
        forms: dict[str, Expr] = {}
        for convention in self.conventions:
            whole = self.declared.tensor(tensors[convention.vec])
            form = jacobian_form(self.notation, whole, self.orders[convention.vec], convention)
            forms[f"{variable.name} jacobian {convention}"] = self.declared.expr(form)
        return forms

    def blocks(self, variable: Variable, seconds: Sequence[Tensor], order: int) -> dict[str, Expr]:
        """The second derivatives by each of the variables, whose first `order` axes are those of the first one."""
        square = Convention(vec=self.conventions[0].vec)
        forms: dict[str, Expr] = {}
        for other, block in zip(self.variables, seconds, strict=False):
            form = jacobian_form(self.notation, self.declared.tensor(block), order, square)
            forms[f"{variable.name} hessian {other.name}"] = self.declared.expr(form)
        return forms


@dataclass(frozen=True, slots=True)
class Said:
    """The forms in names."""

    named: Named
    read: Sequence[Expr]
    """What there is to read: the names that are ours, and the rules."""
    names: int

    @property
    def price(self) -> int:
        """What it costs to read."""
        return cost_together(self.read) + DEFINITION * self.names


def in_names(
    writer: Writer, way: Skeleton, rest: Mapping[str, Expr], primal: Collection[Expr], taken: Collection[str]
) -> Said:
    """An answer whose adjoints bear their names, and whose repeats are named too."""
    forms = {**writer.rules(way), **rest}
    rules = [_key(held.variable) for held in way.held]
    rules += [f"{variable.name} {writer.rule}" for variable in writer.variables]
    named = name_repeats(forms, rules, primal, [*taken, *(held.variable.name for held in way.held)])
    adjoints = _adjoints(way, named, taken)
    said = {key: _linked(form, adjoints) for key, form in named.forms.items() if key in rest or key not in rules}
    said |= {key: _linked(named.forms[key], adjoints) for key in rules[len(way.held) :]}
    parts = [named.forms[key] for key in rules]
    ours = {name: body for name, body in definitions(parts).items() if name in named.where and name not in taken}
    given = {whole: _linked(name, adjoints) for whole, name in named.given.items()}
    return Said(Named(said, definitions(said.values()), given), [*ours.values(), *parts], len(ours) + len(way.held))


def _adjoints(way: Skeleton, named: Named, taken: Collection[str]) -> dict[str, Expr]:
    """What stands in place of each variable that an adjoint is called by: its name with what that means."""
    numbers = _numbers({*taken, *named.where})
    found: dict[str, Expr] = {}
    for held in way.held:
        name = next(numbers) if held.numbered else held.variable.name
        found[held.variable.name] = Defined(name, _linked(named.forms[_key(held.variable)], found))
    return found


def _numbers(taken: Collection[str]) -> Iterator[str]:
    return (name for k in count(1) if (name := f"delta{k}") not in taken)


def _linked(expr: Expr, adjoints: Mapping[str, Expr]) -> Expr:
    """An expression in which adjoints are no variables any more."""
    if not adjoints:
        return expr
    return rebuild(expr, lambda node: adjoints.get(node.name) if isinstance(node, Variable) else None)


def _key(variable: Variable) -> str:
    return f"{variable.name} adjoint"
