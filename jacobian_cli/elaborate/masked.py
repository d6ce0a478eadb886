"""Entries that a condition or a mask picks: how many they are no size can say, but their sum is one over all."""

from __future__ import annotations

from typing import Any

from jacobian_cli.elaborate.options import items_of
from jacobian_cli.expr import Expr
from jacobian_cli.ops import FUNCTIONS, Row
from jacobian_cli.ops.identities import COMPARED
from jacobian_cli.ops.rules import described
from jacobian_cli.syntax.tree import Call, Name, Term

PICKED = "of picked entries"
"""The key in `given` of what a function is of x where only those entries count at which m is 1."""


def is_mask(builder: Any, item: Term) -> bool:
    """Whether an item of an index says of each entry whether it is picked."""
    if isinstance(item, Name):
        return item.text in builder.scope.masks
    return isinstance(item, Call) and item.function in COMPARED


def picked(builder: Any, row: Row, call: Call) -> Expr | None:
    """sum(x[m]), mean(x[x > 0]) and the like: over all entries, those that are not picked left out. Raises
    `InputError` where the mask has not the shape of what it picks from, or of its first axes.
    """
    text = row.given.get(PICKED)
    if text is None or len(call.arguments) != 1 or call.keywords:
        return None
    (argument,) = call.arguments
    if not isinstance(argument, Call) or argument.function != "[]":
        return None
    whole, index = argument.arguments
    items = items_of(index)
    if len(items) != 1 or not is_mask(builder, items[0]):
        return None
    x, mask = builder.arguments([whole, items[0]])
    behind = len(x.shape) - len(mask.shape)
    unify = builder.scope.unifier.unify
    if behind < 0 or not all(unify(a, b) for a, b in zip(x.shape, mask.shape, strict=False)):
        raise builder.error(
            argument.span, f"{described(mask.shape)} says nothing of the entries of {described(x.shape)}"
        )
    if behind:
        index_of = (*[(None, None)] * len(mask.shape), *[None] * behind)
        mask = builder.applied(FUNCTIONS["[]"], (mask,), {"index": index_of})
    found: Expr = builder.written(text, {"x": x, "m": mask})
    return found
