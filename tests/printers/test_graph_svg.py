"""The picture: nothing overlaps, nothing is cut, it is well-formed, and it is the same every time."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import hypot
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jacobian_cli.printers.graph.layout.coordinates import Cell, Pull, heights, straightened
from jacobian_cli.printers.graph.layout.crossings import Neighbours, crossings, untangled
from jacobian_cli.printers.graph.layout.layers import scene
from jacobian_cli.printers.graph.layout.text_width import cut, width
from jacobian_cli.printers.graph.model import Graph, GraphEdge, GraphNode
from jacobian_cli.printers.graph.svg import svg
from jacobian_cli.syntax.errors import InputError
from tests.printers.graphs import graphs, hostile, lecture

SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
_SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Rectangle:
    """What part of the picture something covers, as the file says."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Rectangle) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def holds(self, other: Rectangle) -> bool:
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True)
class Picture:
    """The rectangles of a picture, all from its upper left corner."""

    view: Rectangle
    boxes: list[Rectangle]
    names: list[Rectangle]
    """What is written in the boxes."""
    texts: list[Rectangle]
    """Everything else that is written."""


def looked_at(text: str) -> Picture:
    root = ET.fromstring(text)
    _, _, right, bottom = map(float, root.attrib["viewBox"].split())
    picture = Picture(Rectangle(0, 0, right, bottom), [], [], [])

    def visit(element: ET.Element, dx: float, dy: float) -> None:
        if "transform" in element.attrib:
            across, down = element.attrib["transform"].removeprefix("translate(").removesuffix(")").split()
            dx, dy = dx + float(across), dy + float(down)
        kind = element.get("class", "")
        if element.tag == f"{_SVG}rect" and kind == "box":
            x, y = float(element.attrib["x"]) + dx, float(element.attrib["y"]) + dy
            w, h = float(element.attrib["width"]), float(element.attrib["height"])
            picture.boxes.append(Rectangle(x, y, x + w, y + h))
        if element.tag == f"{_SVG}text":
            size = float(element.attrib["font-size"])
            x, y, w = float(element.attrib["x"]) + dx, float(element.attrib["y"]) + dy, width(element.text or "", size)
            left = x if "start" in kind else x - w / 2
            place = Rectangle(left, y - 0.75 * size, left + w, y + 0.1 * size)
            (picture.names if kind == "name" else picture.texts).append(place)
        for child in element:
            visit(child, dx, dy)

    visit(root, 0.0, 0.0)
    return picture


@SLOW
@given(graphs())
def test_nothing_overlaps_and_nothing_is_cut(graph: Graph) -> None:
    picture = looked_at(svg(graph))
    assert len(picture.boxes) == len(graph.nodes)
    for one, other in combinations([*picture.boxes, *picture.texts], 2):
        assert not one.meets(other)
    for place in [*picture.boxes, *picture.texts]:
        assert picture.view.holds(place)
    for name in picture.names:
        assert sum(box.holds(name) for box in picture.boxes) == 1


@SLOW
@given(graphs())
def test_wires_meet_only_their_own_boxes_and_labels(graph: Graph) -> None:
    drawn = scene(graph)
    boxes = {
        b.node.key: Rectangle(b.x - b.width / 2, b.y - b.height / 2, b.x + b.width / 2, b.y + b.height / 2)
        for b in drawn.boxes
    }
    targets = [edge.target for edge in graph.edges] + [""] * len(drawn.wires)
    for wire, target in zip(drawn.wires, targets, strict=False):
        for k, (x1, x2, y) in enumerate(wire.runs):
            assert x1 <= x2 + 0.1
            assert k == 0 or wire.runs[k - 1][1] < x1, "a wire never runs back"
            run = Rectangle(x1 + 0.1, y - 0.1, x2 - 0.1, y + 0.1)
            arrived = target if k == len(wire.runs) - 1 else ""
            assert not any(run.meets(box) for key, box in boxes.items() if key != arrived)
            for label in drawn.labels:
                wide = max(width(label.above, 13), width(label.below, 13)) / 2
                place = Rectangle(
                    label.x - wide,
                    label.y - (15 if label.above else 0),
                    label.x + wide,
                    label.y + (15 if label.below else 0),
                )
                assert label.y == pytest.approx(y) or not run.meets(place)


@SLOW
@given(graphs())
def test_wires_join_their_boxes(graph: Graph) -> None:
    drawn = scene(graph)
    boxes = {box.node.key: box for box in drawn.boxes}
    for edge, wire in zip(graph.edges, drawn.wires, strict=False):
        source, target = boxes[edge.source], boxes[edge.target]
        assert wire.runs[0][0] == pytest.approx(source.x + source.width / 2)
        assert wire.runs[0][2] == pytest.approx(source.y)
        assert target.x - target.width / 2 <= wire.runs[-1][1] <= target.x
        assert abs(wire.runs[-1][2] - target.y) <= target.height / 2
        corner = target.height / 2 - target.radius
        down = max(0.0, abs(wire.runs[-1][2] - target.y) - corner)
        across = target.x - target.width / 2 + target.radius - wire.runs[-1][1]
        assert hypot(down, across) == pytest.approx(target.radius), "a tip touches the outline"
    for key, operands in graph.operands.items():
        wires = [wire for edge, wire in zip(graph.edges, drawn.wires, strict=False) if edge.target == key]
        wires.sort(key=lambda wire: wire.runs[-1][2])
        assert len(wires) == len(operands)
        for upper, lower in pairwise(wires):
            assert lower.runs[-1][2] - upper.runs[-1][2] > 9.9, "tips stand apart"
            assert lower.runs[-2][2] > upper.runs[-2][2], "wires do not cross on arrival"


@pytest.mark.parametrize("graph", [lecture(), hostile()], ids=["lecture", "hostile"])
def test_the_file_is_safe_and_described(graph: Graph) -> None:
    text = svg(graph)
    text.encode("utf-8")
    root = ET.fromstring(text)
    tags = {element.tag.removeprefix(_SVG) for element in root.iter()}
    assert tags == {"svg", "title", "desc", "style", "rect", "path", "circle", "g", "text"}
    names = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in names if name.startswith("on") or "href" in name}
    assert root.get("role") == "img"
    described = [root.find(f"{_SVG}{tag}") for tag in ("title", "desc")]
    assert [d.get("id") for d in described if d is not None] == (root.get("aria-labelledby") or "").split()
    assert "\x1b" not in text


def test_the_picture_says_what_the_lecture_draws() -> None:
    root = ET.fromstring(svg(lecture()))

    def said(kind: str) -> list[str]:
        return [element.text or "" for element in root.iter(f"{_SVG}text") if element.get("class") == kind]

    assert said("name") == ["x", "y", "z", "+", "max", "×"]
    assert said("value") == ["1", "2", "2", "0", "3", "2", "6", "value"]
    assert said("gradient") == ["2 + 3 = 5", "2", "2", "3", "0", "2", "3", "1", "gradient"]
    description = root.find(f"{_SVG}desc")
    assert description is not None
    assert description.text == (
        "Computational graph, from inputs to output: x, value 1, gradient 2; y, value 2, gradient 2 + 3 = 5; "
        "z, value 0, gradient 0; +, value 3, gradient 2; max, value 2, gradient 3; ×, value 6, gradient 1."
    )


def test_what_is_too_long_is_cut_and_told_in_full() -> None:
    text = svg(Graph((GraphNode("x", "W" * 99, "input", value="7"),), ()))
    names = [e.text or "" for e in ET.fromstring(text).iter(f"{_SVG}text") if e.get("class") == "name"]
    assert names[0].endswith("W…")
    assert f"<title>{'W' * 99}, value 7</title>" in text


_TWICE = """
from jacobian_cli.printers.graph.svg import svg
from tests.printers.graphs import hostile, lecture
print(hash((svg(lecture()), svg(hostile()))) is None, len(svg(lecture())), svg(lecture()), svg(hostile()))
"""


def test_every_run_draws_the_same() -> None:
    runs = {
        subprocess.run(
            [sys.executable, "-c", _TWICE],
            env={"PYTHONHASHSEED": seed, "PYTHONUTF8": "1", "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(runs) == 1


def test_too_many_long_edges_are_refused() -> None:
    nodes = [GraphNode(str(k), "+", "operation") for k in range(200)]
    onward = [GraphEdge(str(k), str(k + 1)) for k in range(199)]
    far = [GraphEdge("0", str(k)) for k in range(2, 200)]
    with pytest.raises(InputError, match="cannot be drawn legibly"):
        svg(Graph(tuple(nodes), (*onward, *far)))


@given(st.text(), st.floats(1, 300))
def test_a_cut_text_fits(text: str, limit: float) -> None:
    shown = cut(text, 13, limit)
    assert shown == text or shown.endswith("…")
    assert shown == "…" or width(shown, 13) <= limit + 1e-9


def test_trees_are_drawn_without_crossings() -> None:
    columns = [[3, 0, 2, 1], [5, 4], [6]]
    links = [(0, 4), (1, 4), (2, 5), (3, 5), (4, 6), (5, 6)]
    assert crossings(columns, Neighbours.of(7, links)) > 0
    assert crossings(untangled(columns, links), Neighbours.of(7, links)) == 0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 4)), max_size=40))
def test_untangling_never_adds_crossings(drawn: list[tuple[int, int, int]]) -> None:
    columns = [[5 * column + k for k in range(5)] for column in range(4)]
    links = [(5 * column + left, 5 * column + 5 + right) for column, left, right in drawn]
    near = Neighbours.of(20, links)
    brute = sum(c == d and ((a < e and b > f) or (a > e and b < f)) for (c, a, b), (d, e, f) in combinations(drawn, 2))
    assert crossings(columns, near) == brute
    found = untangled(columns, links)
    assert [sorted(column) for column in found] == columns
    assert crossings(found, near) <= brute


@given(st.data())
def test_cells_keep_their_order_and_distance(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.tuples(st.floats(1, 50), st.floats(1, 50)), min_size=8, max_size=8))
    cells = [Cell(k // 4, 10.0, above, below) for k, (above, below) in enumerate(sizes)]
    columns = [[0, 1, 2, 3], [4, 5, 6, 7]]
    pulls = [Pull(a, b) for a, b in data.draw(st.lists(st.tuples(st.integers(0, 3), st.integers(4, 7)), max_size=9))]
    at = heights(columns, cells, pulls, 8.0)
    threads = [[0, 4], [3, 7], [1], [2, 5]]
    for found in (at, straightened(columns, cells, threads, at, 8.0)):
        for column in columns:
            for upper, lower in pairwise(column):
                assert found[lower] - cells[lower].above >= found[upper] + cells[upper].below + 8.0 - 1e-6


def test_a_wire_alone_is_level() -> None:
    nodes = (GraphNode("x", "x", "input"), GraphNode("h", "σ", "operation"), GraphNode("s", "exp", "output"))
    drawn = scene(Graph(nodes, (GraphEdge("x", "h", "1", "2"), GraphEdge("h", "s", "3", "4"))))
    assert {round(y, 6) for wire in drawn.wires for _, _, y in wire.runs} == {drawn.boxes[0].y}
