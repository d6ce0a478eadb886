"""The forms of one derivative in writing: all the ways of one answer, and the names in which it is said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import NamedTuple

from jacobian_cli.calculus.cost import DEFINITION, cost, shortest
from jacobian_cli.calculus.derivative.assume import Declared
from jacobian_cli.calculus.derivative.common_subexpressions import Named, definitions, name_repeats
from jacobian_cli.calculus.derivative.recognised import Recognised
from jacobian_cli.calculus.derivative.shared_products import associated, grouped
from jacobian_cli.calculus.derivative.shared_totals import shared_totals
from jacobian_cli.calculus.derivative.skeleton import Skeleton, price
from jacobian_cli.calculus.derivative.vanishing import cancels
from jacobian_cli.calculus.index.tensor import Tensor
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.reshape import Convention, Vec, jacobian_form
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.expr import Defined, Expr, Variable, rebuild
from jacobian_cli.shape import Shape

_TRIES = 3
"""So often what several products share is looked for, without what was not worth a name."""


class Writer(NamedTuple):
    """Writes the derivatives of one formula. `orders` says how many axes in front are the output's."""

    notation: Notation
    declared: Declared
    recognised: Recognised
    variables: Sequence[Variable]
    orders: Mapping[Vec, int]
    conventions: Sequence[Convention]
    scalar: bool
    known: dict[tuple[Tensor, Shape], Expr]
    """What was written so far, by its shape."""

    @property
    def rule(self) -> str:
        """What a backward rule is called among the forms."""
        return "gradient" if self.scalar else "vjp"

    def value(self, tensor: Tensor, shape: Shape) -> Expr:
        """A tensor in a shape, what is declared of the variables put in; in the user's names if that is no longer."""
        found = self.known.get((tensor, shape))
        if found is None:
            plain = self.declared.tensor(tensor)
            ways = dict.fromkeys((self.recognised.tensor(plain), plain))
            found = shortest(self.declared.expr(write.shaped(self.notation.express(way), shape)) for way in ways)
            self.known[tensor, shape] = found
        return found

    def simplest(self, tensor: Tensor) -> Tensor:
        """A tensor with what is declared, in the names of the user."""
        return self.recognised.tensor(self.declared.tensor(tensor))

    def constant(self, tensor: Tensor) -> Tensor | None:
        """The number that a tensor is throughout, or None."""
        known = self.simplest(tensor)
        if algebra.is_constant(known):
            return known
        return algebra.zeros(known.shape) if cancels(known) else None

    def rules(self, way: Skeleton) -> dict[str, Expr]:
        """The adjoints that have names, the backward rules and, of a scalar, the rows that they are."""
        forms: dict[str, Expr] = {}
        writer = self
        for held in way.held:
            forms[_key(held.variable)] = writer.value(held.tensor, held.variable.shape)
            if writer._turns_into_itself(held.tensor):
                writer = writer._replace(declared=writer.declared.also(held.variable.name, "symmetric"), known={})
        for variable, down in zip(self.variables, way.gradients, strict=True):
            forms[f"{variable.name} {self.rule}"] = writer.value(down, variable.shape)
        if self.scalar:
            for variable, down in zip(self.variables, way.gradients, strict=True):
                forms |= writer.matrices(variable, dict.fromkeys(Vec, down))
        return forms

    def _turns_into_itself(self, tensor: Tensor) -> bool:
        known = self.declared.tensor(tensor)
        return len(known.shape) == 2 and known.shape[0] is known.shape[1] and algebra.permute(known, (1, 0)) is known

    def matrices(self, variable: Variable, tensors: Mapping[Vec, Tensor]) -> dict[str, Expr]:
        """The Jacobian in each convention."""
        forms: dict[str, Expr] = {}
        for convention in self.conventions:
            whole = self.simplest(tensors[convention.vec])
            form = jacobian_form(self.notation, whole, self.orders[convention.vec], convention)
            forms[f"{variable.name} jacobian {convention}"] = self.declared.expr(form)
        return forms

    def blocks(self, variable: Variable, seconds: Sequence[Tensor], order: int) -> dict[str, Expr]:
        """The second derivatives by each of the variables, whose first `order` axes are those of the first one."""
        square = Convention(vec=self.conventions[0].vec)
        forms: dict[str, Expr] = {}
        for other, block in zip(self.variables, seconds, strict=False):
            form = jacobian_form(self.notation, self.simplest(block), order, square)
            forms[f"{variable.name} hessian {other.name}"] = self.declared.expr(form)
        return forms


class Said(NamedTuple):
    """The rules of an answer in names, from which it is told what it costs; whatever else it is comes after."""

    way: Skeleton
    taken: Collection[str]
    first: Named
    later: Mapping[str, Expr]
    """What is written in one piece, of the rules: the rows that they are."""
    keys: Sequence[str]
    """Those of the adjoints, then of the rules."""

    @property
    def price(self) -> int:
        """What it costs to read; a name for what is a rule by itself says nothing more."""
        forms = [self.first.forms[key] for key in self.keys]
        names = [held.variable.name for held in self.way.held]
        adjoints, rules = dict(zip(names, forms, strict=False)), forms[len(names) :]
        ours = [body for name, body in self.first.where.items() if name not in self.taken]
        known = {form for form in rules if isinstance(form, Defined)}
        return price(adjoints, [*ours, *rules]) + DEFINITION * (len(ours) - len(known))

    def named(self, rest: Mapping[str, Expr]) -> Named:
        """All the forms in names, `rest` among them."""
        first, way = self.first, self.way
        taken = [*self.taken, *(held.variable.name for held in way.held), *first.where]
        plain = {**self.later, **rest}
        second = name_repeats(_renamed(plain, first), (), taken)
        if (other := grouped(plain, first.given)) != plain:
            again = name_repeats(_renamed(other, first), (), taken)
            if _read(again) < _read(second) and _written(again) <= _written(second):
                second = again
        adjoints = _adjoints(way, first, {})
        if numbered := {held.variable.name for held in way.held if held.numbered}:
            met = definitions(_linked(form, adjoints) for form in (*first.forms.values(), *second.forms.values()))
            numbers = (name for k in count(1) if (name := f"delta{k}") not in {*self.taken, *met})
            adjoints = _adjoints(way, first, {name: next(numbers) for name in met if name in numbered})
        said = {key: _linked(form, adjoints) for key, form in {**first.forms, **second.forms}.items()}
        given = {whole: _linked(name, adjoints) for whole, name in {**second.given, **first.given}.items()}
        return Named(said, definitions(said.values()), given)


def in_names(writer: Writer, way: Skeleton, taken: Collection[str]) -> Said:
    """An answer whose adjoints bear their names, and whose repeats are named too: those of the rules first."""
    forms = writer.rules(way)
    own = [*taken, *(held.variable.name for held in way.held)]
    keys = [_key(held.variable) for held in way.held]
    keys += [f"{variable.name} {writer.rule}" for variable in writer.variables]
    first = _with_shared(shared_totals({key: forms.pop(key) for key in keys}), keys, own)
    return Said(way, taken, _by_adjoints(way, first), forms, keys)


def _with_shared(forms: Mapping[str, Expr], group: Sequence[str], taken: Collection[str]) -> Named:
    """The forms with names for what repeats; products of matrices are associated so that what several share has one."""
    plain = name_repeats(forms, group, taken)
    barred = set[tuple[Expr, ...]]()
    for _ in range(_TRIES):
        others, shared = associated(forms, barred)
        if not shared:
            break
        found = name_repeats(others, group, taken)
        barred |= (useless := {run for run, product in shared.items() if product not in found.given})
        if not useless:
            return min(found, plain, key=_read)
    return plain


def _by_adjoints(way: Skeleton, named: Named) -> Named:
    """The forms in which what got a name of ours, and is an adjoint, is called by that: a value has no other letter."""
    own: dict[str, Expr] = {}
    before: list[Expr] = []
    for held in way.held:
        form = named.forms[_key(held.variable)]
        if isinstance(form, Defined) and form in named.given.values() and form.name not in definitions(before):
            own.setdefault(form.name, held.variable)
        before.append(form)
    if not own:
        return named

    def called(expr: Expr) -> Expr:
        return rebuild(expr, lambda node: own.get(node.name) if isinstance(node, Defined) else None)

    forms = {key: called(form) for key, form in named.forms.items()}
    for held in way.held:
        form = named.forms[_key(held.variable)]
        if isinstance(form, Defined) and own.get(form.name) is held.variable:
            forms[_key(held.variable)] = called(form.body)
    where = {name: called(body) for name, body in named.where.items() if name not in own}
    return Named(forms, where, {whole: called(name) for whole, name in named.given.items()})


def _read(named: Named) -> int:
    """What it costs to read forms and what the names in them mean."""
    ours = [name.body for name in named.given.values() if isinstance(name, Defined)]
    return sum(map(cost, [*named.forms.values(), *ours])) + DEFINITION * len(ours)


def _written(named: Named) -> int:
    """What it costs to read forms, their names being known."""
    return sum(map(cost, named.forms.values()))


def _renamed(forms: Mapping[str, Expr], named: Named) -> dict[str, Expr]:
    return {key: named.renamed(form) for key, form in forms.items()}


def _adjoints(way: Skeleton, named: Named, names: Mapping[str, str]) -> dict[str, Expr]:
    """What stands in place of each variable that an adjoint is called by: its name, and what that means."""
    found: dict[str, Expr] = {}
    for held in way.held:
        name = held.variable.name
        found[name] = Defined(names.get(name, name), _linked(named.forms[_key(held.variable)], found))
    return found


def _linked(expr: Expr, adjoints: Mapping[str, Expr]) -> Expr:
    """An expression in which adjoints are no variables any more."""
    if not adjoints:
        return expr
    return rebuild(expr, lambda node: adjoints.get(node.name) if isinstance(node, Variable) else None)


def _key(variable: Variable) -> str:
    return f"{variable.name} adjoint"
