"""What the passes cost, counted in operations on numbers: the efficiency lesson of the lecture.

An element-wise function or one multiply-add is one operation; to copy, to route to a place or to rearrange costs
nothing. Backwards, each edge multiplies the upstream gradient by the local one, and where a value was used more
than once the terms are added. The naive way multiplies every path from the output to a variable out by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import prod
from typing import NamedTuple

from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.engine.formula import CORE, operations_in
from jacobian_cli.engine.operations import Along, Contracted, Elementwise, General, Moved, Operation
from jacobian_cli.engine.tape import Composite, Tape
from jacobian_cli.expr import Apply
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.shape import Shape


class Counts(NamedTuple):
    """Operations of the three ways to the gradients."""

    forward: int
    backward: int
    naive: int
    repeated: Mapping[int, int]
    """The places whose gradient the naive way works out more than once: how often."""


class Cost(NamedTuple):
    """Operations of one node: forwards, and backwards for each input."""

    forward: int
    edges: tuple[int, ...]


def counts(tape: Tape, sizes: Mapping[str, int], wanted: Collection[int]) -> Counts:
    """The operations of a tape that has run at these sizes, for gradients at the places `wanted`."""
    paths, spent = [0] * len(tape.nodes), [0] * len(tape.nodes)
    onwards = _onwards(tape, wanted)
    forward = backward = naive = 0
    paths[-1] = 1
    arrivals = [0] * len(tape.nodes)
    for place in reversed(range(len(tape.nodes))):
        node, work = tape.nodes[place], tape.operations[place]
        cost = Cost(0, (0,) * len(node.inputs))
        if work is not None and isinstance(node.expr, Apply):
            cost = cost_of(node.expr, work, sizes, [tape.nodes[k].active for k in node.inputs])
        forward += cost.forward
        if not (node.active and paths[place]):
            continue
        entries = _entries(node.expr.shape, sizes)
        backward += max(arrivals[place] - 1, 0) * entries
        if place in wanted:
            naive += spent[place] + (paths[place] - 1) * entries
        for k, edge in zip(node.inputs, cost.edges, strict=True):
            if tape.nodes[k].active:
                arrivals[k] += 1
                paths[k] += paths[place]
                once = edge or (_entries(tape.nodes[k].expr.shape, sizes) if work is not None else 0)
                spent[k] += spent[place] + paths[place] * once
                backward += edge
    repeated = {k: onwards[k] for k in range(len(paths) - 1) if paths[k] and onwards[k] > 1}
    return Counts(forward, backward, naive, repeated)


def _onwards(tape: Tape, wanted: Collection[int]) -> list[int]:
    """How many paths lead on from each place to the places wanted."""
    found = [0] * len(tape.nodes)
    for place, node in enumerate(tape.nodes):
        found[place] = (place in wanted) + sum(found[k] for k in node.inputs if tape.nodes[k].active)
    return found


def cost_of(node: Apply, work: Operation, sizes: Mapping[str, int], wanted: list[bool]) -> Cost:
    """What one node costs at these sizes."""
    out = _entries(node.shape, sizes)
    given = [_entries(a.shape, sizes) for a in node.arguments]
    match work:
        case Elementwise(rules=rules):
            spread = [max(out - entries, 0) if needed else 0 for entries, needed in zip(given, wanted, strict=True)]
            slopes = [out if rule is not None and rule.operations else 0 for rule in rules]
            return Cost(out, tuple(a + b for a, b in zip(spread, slopes, strict=True)))
        case Contracted(letters=letters):
            total = prod(letters.values()) if len(given) > 1 else max(prod(letters.values()) - out, 0)
            return Cost(total, tuple(total if needed and len(given) > 1 else 0 for needed in wanted))
        case Along(rule=rule):
            row = FUNCTIONS[node.function]
            steps = 1 if row.numpy or row.kernel else operations_in(meaning(row.definition, row.parameters, (CORE,)))
            return Cost(given[0] * steps, (given[0] * rule.operations,))
        case Moved():
            return Cost(0, (0,) * len(given))
        case Composite(tape=inner):
            found = counts(inner, sizes, inner.wanted.values())
            share = found.backward // max(sum(wanted), 1)
            return Cost(found.forward, tuple(share if needed else 0 for needed in wanted))
        case General() if FUNCTIONS[node.function].kind is Kind.CORE:
            cubed = given[0] * prod(size.at(sizes) for size in node.arguments[0].shape[-1:])
            return Cost(cubed, tuple(cubed if needed else 0 for needed in wanted))
    return Cost(out if given else 0, tuple(out if needed else 0 for needed in wanted))


def _entries(shape: Shape, sizes: Mapping[str, int]) -> int:
    return prod(size.at(sizes) for size in shape)
