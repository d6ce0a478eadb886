"""DOT and Mermaid: the look in golden files, the syntax by reading it, and by Graphviz itself where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from jacobian_cli.printers.graph.model import Graph
from jacobian_cli.printers.graph.source import dot, mermaid
from tests.printers.graphs import graphs, hostile, lecture
from tests.transcripts import difference, pictures

_DOT = re.compile(
    r'digraph \{\n  rankdir=LR\n(?:  graph \[fontname="Helvetica", labelloc=t, label=<(?P<title>.*)>\]\n)?'
    r'  node \[fontname="Helvetica", margin="0.08,0.04"\]\n  edge \[fontname="Helvetica", fontsize=11\]\n'
    r"(?P<body>(?:  n\d+ (?:-> n\d+)?.*\n)*)\}\n"
)
_DOT_LINE = re.compile(r"  n\d+(?: -> n\d+)?(?: \[(?:shape=\w+, )?(?:\w+=\w+, )?label=<(?P<label>.*)>\])?")
_MERMAID = r"(?:[A-Za-z0-9 ,()=]|#\d+;|<br/>)*"
_MERMAID_LINE = re.compile(rf'  n\d+(?:\["{_MERMAID}"\]|\("{_MERMAID}"\)| -->(?:\|"{_MERMAID}"\|)? n\d+)')


@pytest.mark.parametrize("path", pictures(), ids=lambda path: path.name)
def test_look(path: Path) -> None:
    written, now = path.read_text(encoding="utf-8"), pictures()[path]()
    if written != now:
        pytest.fail(difference(written, now, path.name), pytrace=False)


def _dot_is_right(graph: Graph) -> None:
    """Every label is XML without a bracket out of place; every line has the form of a statement."""
    found = _DOT.fullmatch(dot(graph))
    assert found
    labels = [found["title"] or ""]
    for line in found["body"].splitlines():
        statement = _DOT_LINE.fullmatch(line)
        assert statement, line
        labels.append(statement["label"] or "")
    for label in labels:
        tags = {element.tag for element in ET.fromstring(f"<LABEL>{label}</LABEL>").iter()}
        assert tags <= {"LABEL", "FONT", "BR"}


def _mermaid_is_right(graph: Graph) -> None:
    lines = mermaid(graph).splitlines()
    if graph.title:
        assert (lines[0], lines[2]) == ("---", "---")
        assert re.fullmatch(r'title: "(?:[^"\\]|\\["\\])*"', lines[1])
        lines = lines[3:]
    assert lines[0] == "flowchart LR"
    for line in lines[1:]:
        assert _MERMAID_LINE.fullmatch(line), line
    assert len(lines) == 1 + len(graph.nodes) + len(graph.edges)


@pytest.mark.parametrize("right", [_dot_is_right, _mermaid_is_right])
def test_hostile_labels_stay_labels(right: Callable[[Graph], None]) -> None:
    right(hostile())


@given(graphs(most=12))
def test_every_graph_is_written_right(graph: Graph) -> None:
    _dot_is_right(graph)
    _mermaid_is_right(graph)


@pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not installed")
@pytest.mark.parametrize("graph", [lecture(), hostile()], ids=["lecture", "hostile"])
def test_graphviz_reads_it(graph: Graph) -> None:
    done = subprocess.run(["dot", "-Tplain"], input=dot(graph), capture_output=True, encoding="utf-8", check=True)
    assert not done.stderr
    assert len(re.findall(r"^node ", done.stdout, re.MULTILINE)) == len(graph.nodes)
    assert len(re.findall(r"^edge ", done.stdout, re.MULTILINE)) == len(graph.edges)
