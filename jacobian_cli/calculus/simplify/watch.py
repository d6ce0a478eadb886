"""Which rules are applied: for the lines of a derivation that name them, and for the tests of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from jacobian_cli.calculus.index.tensor import Apply, Reshape, Sum
from jacobian_cli.calculus.simplify.recipe import Open, Part, Rewrite
from jacobian_cli.calculus.simplify.rules import Offer, Rule


class Fired(NamedTuple):
    """A rule that was applied: what it met, and what it said stands there instead."""

    rule: Rule[Any] | Offer[Any]
    subject: Open | Sum | Apply | Reshape
    result: Part | Rewrite


watching: ContextVar[list[Fired] | None] = ContextVar("watching", default=None)


@contextmanager
def watched() -> Iterator[list[Fired]]:
    """The rules that are applied meanwhile, in their order; what is remembered from before is worked out again."""
    fired: list[Fired] = []
    token = watching.set(fired)
    try:
        yield fired
    finally:
        watching.reset(token)
