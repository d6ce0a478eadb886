"""A graph laid out: boxes in layers from left to right, wires between them, and a place on each wire for its numbers.

Each layer has a column for its boxes and one for the labels of the wires that leave it, so that no label meets a
box or another label. A wire that passes by a column has a place in it too (Sugiyama, Tagawa and Toda, 1981).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import sqrt

from jacobian_cli.printers.graph.layout.coordinates import Cell, Pull, heights, lefts, straightened
from jacobian_cli.printers.graph.layout.crossings import untangled
from jacobian_cli.printers.graph.layout.text_width import cut, width
from jacobian_cli.printers.graph.model import Graph, GraphEdge, GraphNode, Kind
from jacobian_cli.syntax.errors import InputError

NAME, NUMBER, SMALL = 17.0, 13.0, 11.0
"""Sizes of letters: in a box, on a wire, below a box."""
ARROW = 7.0
_LONGEST = {NAME: 220.0, NUMBER: 170.0, SMALL: 170.0}
_SUM = 230.0
_BOX: dict[Kind, float] = {"input": 30.0, "operation": 34.0, "output": 34.0}
_ROUND: dict[Kind, float] = {"input": 6.0, "operation": 17.0, "output": 17.0}
_PORT = 10.0
_GAP = 8.0
_CELLS = 6_000
_LINE = 15.0
_BARE = 4.0
_STRAIGHT = 4.0


@dataclass(frozen=True, slots=True)
class Box:
    """A node: the middle and the size of its box, what is written in it and below it."""

    node: GraphNode
    x: float
    y: float
    width: float
    height: float
    radius: float
    label: str
    below: tuple[str, str]
    """Its name and shape, and what came back if the value branches."""


@dataclass(frozen=True, slots=True)
class Label:
    """The numbers on a wire, above and below the height `y`."""

    edge: GraphEdge
    x: float
    y: float
    above: str
    below: str


@dataclass(frozen=True, slots=True)
class Wire:
    """Level runs `(from x, to x, y)`, joined by curves."""

    runs: tuple[tuple[float, float, float], ...]
    forked: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """A drawing from (0, 0) to (width, height)."""

    boxes: tuple[Box, ...]
    labels: tuple[Label, ...]
    wires: tuple[Wire, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Route:
    """The cells that an edge runs through: its source, its label, its places beside other layers, its target if any."""

    edge: GraphEdge
    cells: list[int]
    ends: bool

    @property
    def inner(self) -> list[int]:
        return self.cells[1:] if self.ends else self.cells[1:-1]


def scene(graph: Graph) -> Scene:
    """Where everything of a graph stands; `InputError` if too many of its edges are too long."""
    boxes, cells, routes = _parts(graph)
    if len(cells) > _CELLS:
        raise InputError(
            f"this graph cannot be drawn legibly: its edges pass by {len(cells):,} places in the layers between",
            hint="draw a part of it, or let another tool draw its DOT source",
        )
    columns = untangled(_columns(graph, cells, routes), [link for route in routes for link in pairwise(route.cells)])
    ports = _ports(boxes, routes, columns)
    pulls = [pull for route, port in zip(routes, ports, strict=True) for pull in _pulls(route, port, len(boxes))]
    at = straightened(columns, cells, _threads(routes, len(boxes)), heights(columns, cells, pulls, _GAP), _GAP)
    top = min(height - cell.above for height, cell in zip(at, cells, strict=True))
    at = [height - top for height in at]
    starts = lefts(columns, cells, pulls, at)
    stops = [start + max(cells[c].width for c in column) for start, column in zip(starts, columns, strict=True)]
    bands = [(starts[cell.column], stops[cell.column], height) for cell, height in zip(cells, at, strict=True)]
    placed = [replace(box, x=(band[0] + band[1]) / 2, y=band[2]) for box, band in zip(boxes, bands, strict=False)]
    return Scene(
        boxes=tuple(placed),
        labels=tuple(_label(route.edge, bands[route.cells[1]]) for route in routes),
        wires=tuple(_wire(graph, route, port, placed, bands) for route, port in zip(routes, ports, strict=True)),
        width=stops[-1],
        height=max(height + cell.below for height, cell in zip(at, cells, strict=True)),
    )


def _parts(graph: Graph) -> tuple[list[Box], list[Cell], list[_Route]]:
    """What needs room. The first cells are those of the boxes, in their order."""
    layers = _layers(graph)
    number = {node.key: k for k, node in enumerate(graph.nodes)}
    boxes = [_box(graph, node) for node in graph.nodes]
    cells = [_room(box, 2 * layers[box.node.key]) for box in boxes]
    routes = []
    for edge in (*graph.edges, *_ends(graph)):
        ends = edge.source == edge.target
        start = 2 * layers[edge.source] + 1
        stop = start + 1 if ends else 2 * layers[edge.target]
        inner = range(len(cells), len(cells) + stop - start)
        cells += [_labelled(edge, start), *(Cell(c, 0.0, _BARE, _BARE) for c in range(start + 1, stop))]
        routes.append(_Route(edge, [number[edge.source], *inner, *([] if ends else [number[edge.target]])], ends))
    return boxes, cells, routes


def _pulls(route: _Route, port: float, boxes: int) -> list[Pull]:
    last = None if route.ends else route.cells[-1]
    return [
        Pull(
            left,
            right,
            reaches=port if right == last else 0.0,
            weight=1.0 if min(left, right) < boxes else _STRAIGHT,
        )
        for left, right in pairwise(route.cells)
    ]


def _label(edge: GraphEdge, band: tuple[float, float, float]) -> Label:
    start, stop, y = band
    return Label(edge, (start + stop) / 2, y, _short(edge.forward, NUMBER), _short(edge.backward, NUMBER))


def _wire(
    graph: Graph,
    route: _Route,
    port: float,
    boxes: Sequence[Box],
    bands: Sequence[tuple[float, float, float]],
) -> Wire:
    source = boxes[route.cells[0]]
    runs = [(source.x + source.width / 2, bands[route.cells[0]][1], source.y), *(bands[c] for c in route.inner)]
    if not route.ends:
        target = boxes[route.cells[-1]]
        side = target.x - target.width / 2 + _inset(target, port)
        runs.append((bands[route.cells[-1]][0], side, target.y + port))
    return Wire(tuple(runs), forked=len(graph.uses[route.edge.source]) > 1)


def _short(text: str, size: float) -> str:
    return cut(text, size, _LONGEST[size])


def _layers(graph: Graph) -> dict[str, int]:
    """The longest way from a leaf; a leaf stands just before its first use."""
    layers: dict[str, int] = {}
    for key in graph.ordered:
        layers[key] = max((layers[edge.source] + 1 for edge in graph.operands[key]), default=0)
    for key, uses in graph.uses.items():
        if uses and not graph.operands[key]:
            layers[key] = min(layers[edge.target] for edge in uses) - 1
    return layers


def _ends(graph: Graph) -> list[GraphEdge]:
    """A wire that leads on from each value that nothing uses; it has no target but its own source."""
    return [
        GraphEdge(node.key, node.key, node.value, node.gradient)
        for node in graph.nodes
        if node.kind == "output" or not graph.uses[node.key]
    ]


def _box(graph: Graph, node: GraphNode) -> Box:
    label = _short(node.label, NAME)
    ports = len(graph.operands[node.key])
    tall = max(_BOX[node.kind], (ports - 1) * _PORT + 14)
    wide = max(_BOX[node.kind], width(label, NAME) + (16 if len(label) > 1 else 8))
    back = cut(graph.returned(node.key), NUMBER, _SUM) if len(graph.uses[node.key]) > 1 else ""
    return Box(node, 0.0, 0.0, wide, tall, _ROUND[node.kind], label, (_short(graph.caption(node.key), SMALL), back))


def _room(box: Box, column: int) -> Cell:
    caption, back = box.below
    wide = max(box.width, width(caption, SMALL), width(back, NUMBER))
    return Cell(column, wide, box.height / 2, box.height / 2 + _LINE * (bool(caption) + bool(back)))


def _labelled(edge: GraphEdge, column: int) -> Cell:
    above, below = _short(edge.forward, NUMBER), _short(edge.backward, NUMBER)
    wide = max(20.0, width(above, NUMBER), width(below, NUMBER)) + 6
    return Cell(column, wide, _LINE + 2 if above else _BARE, _LINE + 2 if below else _BARE)


def _columns(graph: Graph, cells: Sequence[Cell], routes: Sequence[_Route]) -> list[list[int]]:
    """The cells of each column, first in the order in which the formula is read: each operand after the one before."""
    rank: dict[str, int] = {}
    waiting = [node.key for node in reversed(graph.nodes) if not graph.uses[node.key]]
    while waiting:
        key = waiting.pop()
        if key not in rank:
            rank[key] = len(rank)
            waiting += [edge.source for edge in reversed(graph.operands[key])]
    order = {k: (rank[node.key], 0) for k, node in enumerate(graph.nodes)}
    order |= {cell: (rank[route.edge.target], k) for k, route in enumerate(routes) for cell in route.inner}
    columns: list[list[int]] = [[] for _ in range(1 + max(cell.column for cell in cells))]
    for cell in sorted(order, key=order.__getitem__):
        columns[cells[cell].column].append(cell)
    return columns


def _threads(routes: Sequence[_Route], boxes: int) -> list[list[int]]:
    """Chains of cells that a reader expects to be level: a wire, and the boxes that only it leaves or enters."""
    leaving = Counter(route.cells[0] for route in routes)
    arriving = Counter(route.cells[-1] for route in routes)
    chains = [
        route.cells[0 if leaving[route.cells[0]] == 1 else 1 : None if arriving[route.cells[-1]] == 1 else -1]
        for route in routes
    ]
    onward = {chain[0]: chain for chain in chains if chain[0] < boxes}
    entered = {chain[-1] for chain in chains if chain[-1] < boxes}
    threads = []
    for chain in chains:
        if chain[0] not in entered:
            thread = list(chain)
            while thread[-1] in onward:
                thread += onward[thread[-1]][1:]
            threads.append(thread)
    return threads


def _ports(boxes: Sequence[Box], routes: Sequence[_Route], columns: Sequence[Sequence[int]]) -> list[float]:
    """How far above or below the middle of its target each wire arrives, so that wires do not cross at the end."""
    place = {cell: k for column in columns for k, cell in enumerate(column)}
    arriving: dict[int, list[int]] = {}
    for k, route in enumerate(routes):
        if not route.ends:
            arriving.setdefault(route.cells[-1], []).append(k)
    found = [0.0] * len(routes)
    for target, wires in arriving.items():
        wires.sort(key=lambda k: place[routes[k].cells[-2]])
        step = min(14.0, (boxes[target].height - 14) / max(1, len(wires) - 1))
        for position, k in enumerate(wires):
            found[k] = step * (position - (len(wires) - 1) / 2)
    return found


def _inset(box: Box, offset: float) -> float:
    """How far inside the left side of its frame a rounded box is at some height."""
    into = abs(offset) - (box.height / 2 - box.radius)
    return box.radius - sqrt(max(0.0, box.radius**2 - into**2)) if into > 0 else 0.0
