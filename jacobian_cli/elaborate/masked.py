"""Entries that a condition or a mask picks: how many they are no size can say, but their sum is one over all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jacobian_cli.elaborate.options import items_of
from jacobian_cli.expr import Expr
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.identities import COMPARED
from jacobian_cli.ops.rules import described
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.tree import Call, Name, Term

PICKED = "of picked entries"
"""The key in `given` of what a function is of x where only those entries count at which m is 1."""


def is_mask(builder: Any, item: Term) -> bool:
    """Whether an item of an index says of each entry whether it is picked."""
    if isinstance(item, Name):
        return item.text in builder.scope.masks
    return isinstance(item, Call) and item.function in COMPARED


def picked(builder: Any, row: Row, call: Call) -> Expr | None:
    """sum(x[m]), mean(x[x > 0]**2) and the like: over all entries, those that are not picked left out. Raises
    `InputError` where the mask has not the shape of what it picks from, or of its first axes.
    """
    text = row.given.get(PICKED)
    if text is None or len(call.arguments) != 1 or call.keywords:
        return None
    (argument,) = call.arguments
    found = _Picks(builder)
    whole = found.opened(argument)
    if found.item is None or found.span is None:
        return None
    x, mask = builder.arguments([whole, found.item])
    behind = len(x.shape) - len(mask.shape)
    unify = builder.scope.unifier.unify
    if behind < 0 or not all(unify(a, b) for a, b in zip(x.shape, mask.shape, strict=False)):
        raise builder.error(found.span, f"{described(mask.shape)} says nothing of the entries of {described(x.shape)}")
    if behind:
        index_of = (*[(None, None)] * len(mask.shape), *[None] * behind)
        mask = builder.applied(FUNCTIONS["[]"], (mask,), {"index": index_of})
    picked_of: Expr = builder.written(text, {"x": x, "m": mask})
    return picked_of


class _Picks:
    """What an element-wise formula is of before one mask picks from it: `x**2` for `x[m]**2`."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder
        self.item: Term | None = None
        self.span: Span | None = None

    def opened(self, term: Term) -> Term:
        """The term without its picking; what is neither picked nor a number beside it stays as it is, and so does not
        fit.
        """
        if not isinstance(term, Call):
            return term
        if term.function == "[]":
            items = items_of(term.arguments[1])
            if len(items) == 1 and is_mask(self.builder, items[0]) and self._same(items[0]):
                self.item, self.span = items[0], term.span
                return term.arguments[0]
            return term
        row = FUNCTIONS.get(term.function)
        if row is None or row.kind is not Kind.ELEMENTWISE or term.keywords:
            return term
        inner = tuple(map(self.opened, term.arguments))
        beside = [new for new, old in zip(inner, term.arguments, strict=True) if new is old]
        if self.item is not None and len(beside) < len(inner):
            for other in beside:
                if self.builder.build(other).shape:
                    raise self.builder.error(
                        other.span, "beside entries that are picked stand others picked alike, or numbers"
                    )
        return replace(term, arguments=inner) if len(beside) < len(inner) else term

    def _same(self, item: Term) -> bool:
        """Whether it is the mask that was met before, if any was."""
        if self.item is None:
            return True
        a, b = (self.builder.text[t.span.start : t.span.stop] for t in (self.item, item))
        return bool(a == b)
