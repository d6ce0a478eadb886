"""What every picture is made from: order, sums where values branch, and what is refused; the tree; the page."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given

from jacobian_cli.printers.graph.model import LIMIT, Graph, GraphEdge, GraphNode, Table
from jacobian_cli.printers.graph.page import page
from jacobian_cli.printers.graph.source import dot, mermaid
from jacobian_cli.printers.graph.svg import svg
from jacobian_cli.printers.graph.tree import tree
from jacobian_cli.syntax.errors import InputError
from tests.printers.graphs import HOSTILE, chain, graphs, hostile, lecture

X, F = GraphNode("x", "x", "input"), GraphNode("f", "exp", "output")


@given(graphs())
def test_operands_come_first(graph: Graph) -> None:
    place = {key: k for k, key in enumerate(graph.ordered)}
    assert len(place) == len(graph.nodes)
    assert all(place[edge.source] < place[edge.target] for edge in graph.edges)


@pytest.mark.parametrize(
    ("nodes", "edges"),
    [((X, X), ()), ((X, F), (GraphEdge("x", "g"),)), ((X, F), (GraphEdge("x", "f"), GraphEdge("f", "x")))],
    ids=["twice", "nowhere", "circle"],
)
def test_what_is_no_graph(nodes: tuple[GraphNode, ...], edges: tuple[GraphEdge, ...]) -> None:
    with pytest.raises(ValueError, match="graph"):
        Graph(nodes, edges)


@pytest.mark.parametrize(
    ("terms", "total", "said"),
    [
        (["2", "3"], "5", "2 + 3 = 5"),
        (["2", "-3"], "-1", "2 − 3 = -1"),
        (["-2", "−3"], "-5", "-2 − 3 = -5"),
        (["2", ""], "2", "2"),
        (["5"], "5", "5"),
        (["1"] * 9, "9", "sum of 9 = 9"),
        (["2", "3"], "", ""),
    ],
)
def test_what_comes_back(terms: list[str], total: str, said: str) -> None:
    uses = [GraphNode(str(k), "exp", "output") for k in range(len(terms))]
    edges = tuple(GraphEdge("x", str(k), "", term) for k, term in enumerate(terms))
    graph = Graph((GraphNode("x", "x", "input", gradient=total), *uses), edges)
    assert graph.returned("x") == said


def test_names_and_shapes_stand_below() -> None:
    nodes = (GraphNode("z", "+", "operation", "8 × 2", name="z"), GraphNode("f", "sum", "output", name="f"), X)
    graph = Graph(nodes, ())
    assert [graph.caption(node.key) for node in nodes] == ["z: 8 × 2", "f", ""]
    assert ">z: 8 × 2</text>" in svg(graph)
    assert '<FONT POINT-SIZE="10">z: 8 × 2</FONT>' in dot(graph)
    assert 'n0("#43;<br/>z#58; 8 #215; 2")' in mermaid(graph)


@pytest.mark.parametrize("picture", [svg, page, tree])
def test_what_nobody_could_read_is_refused(picture: object) -> None:
    assert callable(picture)
    picture(chain(LIMIT))
    with pytest.raises(InputError, match=r"201 nodes cannot be drawn legibly; the limit is 200"):
        picture(chain(LIMIT + 1))
    many = [GraphEdge("x", "f")] * (3 * LIMIT + 1)
    with pytest.raises(InputError, match=r"601 edges cannot be drawn legibly"):
        picture(Graph((X, F), tuple(many)))
    with pytest.raises(InputError, match="nothing to draw"):
        picture(Graph((), ()))


def test_other_tools_are_given_any_graph() -> None:
    assert dot(chain(5_000)).count("->") == mermaid(chain(5_000)).count("-->") == 4_999


@given(graphs())
def test_the_tree_shows_each_edge_once(graph: Graph) -> None:
    lines = tree(graph)
    ends = sum(not graph.uses[node.key] for node in graph.nodes)
    assert len(lines) == len(graph.edges) + ends
    assert sum(line.note != "as above" for line in lines) == len(graph.nodes)


def test_the_tree() -> None:
    lines = [f"{line.depth} {line.label} {line.value} {line.gradient} {line.note}".rstrip() for line in tree(lecture())]
    assert lines == [
        "0 × 6 1",
        "1 + 3 2",
        "2 x 1 2",
        "2 y 2 2 2 + 3 = 5",
        "1 max 2 3",
        "2 y 2 3 as above",
        "2 z 0 0",
    ]


class _Reader(HTMLParser):
    """Which elements are open, and what tags, attributes and texts were met."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: dict[str, list[str | None]] = {}
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "rect", "path", "circle"):
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def _read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader


def test_a_page_is_well_formed_and_needs_nothing_else() -> None:
    table = Table(HOSTILE, (HOSTILE, "n"), ((HOSTILE, "−2.5"), ("", "")), HOSTILE)
    for graph in (lecture(), hostile()):
        text = page(graph, [table, Table("empty", ("a", "b"), ())])
        reader = _read(text)
        assert not reader.open
        assert {"script", "link", "img", "b", "iframe"}.isdisjoint(reader.tags)
        assert {"src", "href", "onload"}.isdisjoint(reader.attributes)
        assert "url(" not in text
        assert "@import" not in text
        assert text.count("http") == 1, "only the name of the SVG language"
        assert reader.tags.count("svg") == 1
        assert reader.tags.count("td") == 4


def test_columns_of_numbers_are_flush_right() -> None:
    text = page(lecture(), [Table("t", ("edge", "local"), (("x", "1"), ("y", "−0.5")))])
    assert '<th scope="col">edge</th><th scope="col" class="number">local</th>' in text
    assert '<td>y</td><td class="number">−0.5</td>' in text
