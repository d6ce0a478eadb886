"""What a rule keeps between its forward and its backward pass: the fewest numbers from which cheap operations alone
give back all that the backward pass reads of the forward one.

The values of a formula are a graph whose edges run from operands to results. What is dear to compute again must be
kept, or something that follows from it; the values kept are a minimum vertex cut (Menger 1927), found by augmenting
paths (Ford & Fulkerson 1956), and of several the one nearest to what is read.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import NamedTuple

from jacobian_cli.calculus.derivative.common_subexpressions import fresh_name
from jacobian_cli.calculus.derivative.solutions import only_solved
from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.expr import Apply, Defined, Expr, Number, Variable, walk, with_parts
from jacobian_cli.ops import Kind, row
from jacobian_cli.printers.numpy.products import nominal
from jacobian_cli.syntax.errors import InputError

_ENDLESS = 10**30
Vertex = tuple[Expr | str, bool]
"""A value as it is reached, and as it is left: between the two lies what it costs to keep it."""
_START, _END = ("start", True), ("end", False)


class Kept(NamedTuple):
    """A formula and its backward pass, in which what is kept is defined under a name."""

    value: Expr
    forms: Sequence[Expr]
    names: tuple[str, ...]


def keep(value: Expr, forms: Sequence[Expr], upstream: str, recompute: Collection[str] = ()) -> Kept:
    """The formula `value` and the gradients `forms`, with a name for all that is kept but for what is named in
    `recompute`. One name must mean one thing in them.

    Raises `InputError` for a name of nothing that is kept.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> value, form = (elaborate([parse_statement(t)]).output for t in ("sigmoid(W@x)", "g*(1 - sigmoid(W@x))"))
    >>> keep(value, [form], "g").names, keep(value, [form], "g", ["h"]).names
    (('h',), ())
    """
    roots = [value, *forms]
    plain = _plain(roots)
    ahead = set(walk([plain[value]]))
    light = {plain[node] for node in only_solved(value, forms)}
    chosen = _chosen(plain[value], ahead, _read([plain[form] for form in forms], upstream), light)
    names = _named(chosen, plain, {upstream, *(n.name for n in walk(roots) if isinstance(n, Variable | Defined))})
    for name in recompute:
        if name not in names.values():
            told = f"what is kept: {', '.join(names.values())}" if names else "nothing is kept but arguments"
            raise InputError(f"{name} is not kept between the forward and the backward pass", hint=told)
    names = {node: name for node, name in names.items() if name not in recompute}
    made: dict[Expr, Expr] = {}
    given: dict[Expr, Expr] = {}
    for node in walk(roots):
        if (name := names.get(plain[node], "")) and (whole := plain[node]) not in given:
            given[whole] = Defined(name, with_parts(node, made))
        made[node] = given[plain[node]] if name else with_parts(node, made)
    return Kept(made[value], [made[form] for form in forms], tuple(names.values()))


def _plain(roots: Iterable[Expr]) -> dict[Expr, Expr]:
    """Each part with what names stand for in their places."""
    made: dict[Expr, Expr] = {}
    for node in walk(roots):
        made[node] = made[node.body] if isinstance(node, Defined) else with_parts(node, made)
    return made


def _read(forms: Sequence[Expr], upstream: str) -> list[Expr]:
    """What the backward pass reads that does not hang on the gradient that arrives: the largest such parts."""
    moving = _moving(forms, upstream)
    found = [child for node in walk(forms) if node in moving for child in node.children]
    return [node for node in dict.fromkeys([*found, *forms]) if node not in moving]


def _named(chosen: Sequence[Expr], plain: Mapping[Expr, Expr], used: set[str]) -> dict[Expr, str]:
    """The names of what is kept: those that it has, or new ones."""
    known: dict[Expr, str] = {}
    for node, whole in plain.items():
        if isinstance(node, Defined):
            known.setdefault(whole, node.name)
    names: dict[Expr, str] = {}
    for node in chosen:
        names[node] = known.get(node) or fresh_name(node, used)
        used.add(names[node])
    return names


def _chosen(value: Expr, ahead: Collection[Expr], read: Sequence[Expr], light: Collection[Expr]) -> list[Expr]:
    """The cut: of what the forward pass computes, what is kept. What is `light` is as cheap as what it is made of."""
    room: dict[Vertex, dict[Vertex, int]] = defaultdict(lambda: defaultdict(int))
    moving = _moving([value, *read])
    stack, met = list(read), set(read)
    for node in read:
        room[node, True][_END] = _ENDLESS
    order: list[Expr] = []
    while stack:
        node = stack.pop()
        if not isinstance(node, Apply) or node not in moving:
            continue
        order.append(node)
        there = node in ahead
        there_light = node in light and node is not value
        room[node, False][node, True] = _price(node, value) if there and not there_light else _ENDLESS
        if there and not there_light and not _cheap(node):
            room[_START][node, False] = _ENDLESS
            continue
        for child in node.arguments:
            room[child, True][node, False] = _ENDLESS
            if child not in met:
                met.add(child)
                stack.append(child)
    _saturate(room)
    behind = _behind(room)
    rank = {node: k for k, node in enumerate(walk([value]))}
    found = [n for n in order if (n, True) in behind and (n, False) not in behind and room[n, False][n, True] == 0]
    return sorted(found, key=lambda node: rank[node])


def _moving(roots: Iterable[Expr], name: str = "") -> set[Expr]:
    """What hangs on the variable of this name, or on any."""
    found: set[Expr] = set()
    for node in walk(roots):
        if (isinstance(node, Variable) and name in ("", node.name)) or any(c in found for c in node.children):
            found.add(node)
    return found


def _price(node: Expr, value: Expr) -> int:
    """How many numbers it has; the value itself is there in any case."""
    return 1 if node is value else 2 * prod(map(nominal, node.shape))


def _saturate(room: dict[Vertex, dict[Vertex, int]]) -> None:
    """As much as flows from the start to the end, along shortest paths."""
    while True:
        before: dict[Vertex, Vertex] = {_START: _START}
        queue: deque[Vertex] = deque([_START])
        while queue and _END not in before:
            here = queue.popleft()
            for there, left in list(room[here].items()):
                if left and there not in before:
                    before[there] = here
                    queue.append(there)
        if _END not in before:
            return
        path: list[Vertex] = [_END]
        while path[-1] != _START:
            path.append(before[path[-1]])
        steps = [(path[k + 1], path[k]) for k in range(len(path) - 1)]
        most = min(room[a][b] for a, b in steps)
        for a, b in steps:
            room[a][b] -= most
            room[b][a] += most


def _behind(room: dict[Vertex, dict[Vertex, int]]) -> set[Vertex]:
    """All from which the end can still be reached."""
    into: dict[Vertex, list[Vertex]] = defaultdict(list)
    for here, others in room.items():
        for there, left in others.items():
            if left:
                into[there].append(here)
    found: set[Vertex] = {_END}
    stack: list[Vertex] = [_END]
    while stack:
        for here in into[stack.pop()]:
            if here not in found:
                found.add(here)
                stack.append(here)
    return found


def _cheap(node: Apply) -> bool:
    """Whether it costs no more than to read its operands: arithmetic and steps on entries, or other places for them."""
    if row(node.function).algebra == "power":
        exponent = node.arguments[1]
        return isinstance(exponent, Number) and exponent.value.denominator == 1
    return _light(node.function)


@lru_cache(maxsize=1024)
def _light(function: str) -> bool:
    entry = row(function)
    if entry.kind is Kind.SHAPE or entry.moves:
        return True
    if entry.kind is not Kind.ELEMENTWISE:
        return False
    if not entry.called:
        return True
    if entry.definition:
        body = walk([meaning(entry.definition, entry.parameters)])
        return all(_cheap(node) for node in body if isinstance(node, Apply))
    return bool(entry.kinks) or all(text == "0" or set("<>=") & set(text) for text in entry.derivative)
