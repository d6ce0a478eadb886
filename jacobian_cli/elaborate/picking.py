"""Entries picked by variables that hold places, and targets that are places of entries."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from jacobian_cli.elaborate.masked import is_mask
from jacobian_cli.elaborate.options import Options, items_of
from jacobian_cli.expr import Expr, Number, Variable
from jacobian_cli.ops import FUNCTIONS, Row
from jacobian_cli.ops.places import is_whole
from jacobian_cli.syntax.tree import Call, Flag, Group, Literal, Name, Slice, Term


class Picking(Options):
    """Reads what is picked."""

    def build(self, term: Term) -> Expr:
        """The expression of a tree."""
        raise NotImplementedError

    def gathered(self, call: Call) -> Expr | None:
        """W[i], where i is a variable that holds places: what else stands in the brackets is picked first."""
        items = items_of(call.arguments[1])
        for item in items:
            if is_mask(self, item):
                raise self.error(
                    item.span,
                    "how many entries a condition picks no size can say",
                    "`where(x > 0, x, 0)` keeps the shape; of those picked there are `sum(x[x > 0])`, mean and prod",
                )
        places = [k for k, item in enumerate(items) if self.is_place(item)]
        if not places:
            return None
        if len(places) > 1 or any(isinstance(item, Flag) for item in items):
            raise self.error(
                call.span,
                "beside an index that is a variable only slices are picked",
                "one after the other, `take(take(A, i), j, axis=1)`; one of each row is `take_along_axis(A, i)`",
            )
        (at,) = places
        every = Slice(None, None, items[at].span)
        rest = Group((*items[:at], every, *items[at + 1 :]), call.arguments[1].span)
        others = replace(call, arguments=(call.arguments[0], rest))
        plain = all(
            item == every or (isinstance(item, Slice) and not (item.start or item.stop or item.step))
            for item in rest.items
        )
        inner = call.arguments[0] if plain else others
        behind = Literal(Fraction(sum(isinstance(item, Slice) for item in items[:at])), items[at].span)
        return self.build(Call("take", (inner, items[at]), (("axis", behind),), call.span))

    def is_place(self, term: Term) -> bool:
        """Whether an item of an index is a value rather than a size."""
        return (isinstance(term, Name) and term.text in self.scope.values) or (
            isinstance(term, Call) and term.function in FUNCTIONS and FUNCTIONS[term.function].called
        )

    def of_labels(self, value: Expr, target: Expr) -> bool:
        """Whether a target is the place of one entry in each row: declared so, or of one axis less."""
        if isinstance(target, Variable) and target.name in self.scope.places:
            return True
        if isinstance(target, Number):
            return len(value.shape) == 1 and target.value.denominator == 1
        shapes = [tuple(self.scope.unifier.resolve(size) for size in part.shape) for part in (value, target)]
        one = isinstance(target, Variable) and bool(shapes[0]) and shapes[1] == shapes[0][:-1]
        return one and (not shapes[1] or shapes[1] != shapes[0][1:])

    def want_places(self, row: Row, arguments: list[Expr], call: Call) -> None:
        """What holds places holds whole numbers, which no arithmetic makes."""
        for name, argument, term in zip(row.parameters, arguments, call.arguments, strict=False):
            if name in row.places and not is_whole(argument) and not self.of_table:
                raise self.error(
                    term.span,
                    "places are a variable, a list of whole numbers, or what argsort gives",
                    f"as in `{row.example}`",
                )
