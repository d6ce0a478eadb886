"""The derivation with a whole step missing: stopped before it is at the variable, begun behind the function, taken by
another variable; and with the product of two derivatives where the product rule belongs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from jacobian_cli.checks.mistakes.sweep import Sweep
from jacobian_cli.expr import Apply, Expr

Array = Any


@dataclass(frozen=True, slots=True)
class Path:
    """A wrong table |start| × |stop|: the kind of mistake, words in which `{}` is the node, and how it is made."""

    kind: str
    what: str
    node: Expr
    start: Expr
    stop: Expr
    table: Callable[[Sweep], Array | None]
    """From the sweep of the same function at any point."""


def paths(sweep: Sweep) -> Iterator[Path]:
    """The tables that people have who take a wrong path through the derivation."""
    for number, node in enumerate(sweep.order):
        if node is sweep.wrt or node is sweep.output or not isinstance(node, Apply):
            continue
        if node.function != ".T" and not np.any(sweep.table(without=node)):  # all that moves it goes through there
            scalars = not node.shape and not sweep.wrt.shape
            kind = "missing_derivative" if scalars else "local_forgotten"
            said = "the chain stops at {}: its derivative by {wrt} is left out"
            yield Path(kind, said, node, sweep.output, node, partial(_stopped, number))
        said = "it is the derivative of {}, and not of the whole"
        yield Path("chain_link", said, node, node, sweep.wrt, partial(_begun, number))
    for number, node in enumerate(sweep.order):
        if isinstance(node, Apply) and node.function in ("*", "@", "/") and _both_move(sweep, node):
            said = "the product of the derivatives stands for the product rule in {}"
            yield Path("missing_term", said, node, sweep.output, sweep.wrt, partial(_of_derivatives, number))


def _both_move(sweep: Sweep, node: Apply) -> bool:
    a, b = node.arguments
    return a in sweep.moving and b in sweep.moving and sweep.lengths(a) == sweep.lengths(b) == sweep.lengths(node)


def _stopped(number: int, sweep: Sweep) -> Array | None:
    return sweep.table(stop=sweep.order[number])


def _begun(number: int, sweep: Sweep) -> Array | None:
    return sweep.table(start=sweep.order[number])


def _of_derivatives(number: int, sweep: Sweep) -> Array | None:
    """The table in which (fg)′ = f′g′, or (f/g)′ = f′/g′, at a node."""
    node = sweep.order[number]
    assert isinstance(node, Apply)
    above, rest = sweep.table(stop=node), sweep.table(without=node)
    one, other = (sweep.table(start=part) for part in node.arguments)
    if above is None or rest is None or one is None or other is None:
        return None
    with np.errstate(all="ignore"):
        local = one / other if node.function == "/" else one * other
        found = above @ local + (rest if node is not sweep.output else 0.0)
    return found if np.all(np.isfinite(found)) else None
