"""One answer as one file: whole, alone, and the same as on the screen."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import jacobian_cli as jac
from jacobian_cli.serve.markup import Markup, element, markup
from jacobian_cli.serve.page import asset, page
from jacobian_cli.serve.question import Question, mended
from jacobian_cli.serve.tabs import entries
from jacobian_cli.syntax.errors import InputError
from tests.terminal import shared_jac, terminal

NEURON = "z = W@x + b\nh = sigmoid(z)\ns = u.T@h"
QUESTIONS = {
    "neuron": Question(NEURON, ("W", "b")),
    "softmax": Question("softmax(W@x)", ("W",)),
    "quadratic": Question("x.T@A@x"),
    "determinant": Question("log(det(A))"),
    "declared": Question("W: 8, 20\nW@x", ("W",)),
    "a fact": Question("x.T@S@x", ("x",), facts={"S": "symmetric"}),
    "markup in a text": Question('sum(x) + sum("<script>alert(1)</script>")'),
    "tall": Question("sum(sqrt(exp(X@w)/c))", ("w",)),
}
_EMPTY = {"br", "hr", "img", "input", "link", "meta"}


class Read(HTMLParser):
    """A page taken apart: every element is closed in order, and what it says is kept."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.codes: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in _EMPTY:
            self.open.append(tag)
        if tag == "code":
            self.codes.append("")
        self.ids += [value for key, value in attrs if key == "id" and value]
        self.links += [value for key, value in attrs if key in ("src", "href", "action", "xlink:href") and value]
        assert not any(key.startswith("on") for key in given), "a script in an attribute"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Elements of SVG may close themselves."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "code" in self.open and self.codes:
            self.codes[-1] += data


@pytest.mark.parametrize("name", [n for n in QUESTIONS if n != "markup in a text"])
def test_a_page_is_whole_and_needs_nothing_else(name: str) -> None:
    question = QUESTIONS[name]
    text = page(question.problem, question.command)
    read = Read(text)
    assert not read.links
    assert len(read.ids) == len(set(read.ids))
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text)
    assert len(text.encode()) < 200_000
    found = jac.derive(
        question.problem.program.statements,
        [v.name for v in question.problem.wrt],
        shapes={n: [str(s) for s in shape] for n, shape in question.problem.program.declared.items()},
        assume=dict(question.facts),
    )
    for each in found:
        main = each.jacobian if each.gradient is None else each.gradient
        assert main.closed_form in read.codes
        assert each.vjp.closed_form in read.codes
    assert text.count('<section data-tab="') == 6
    assert "✓ checked" in text
    assert "WRONG" not in text


def test_a_table_too_large_to_be_read_is_drawn() -> None:
    """Of Iₙ ⊗ xᵀ one bar in each row, below the end of the one before."""
    shown = entries.show(Question("W@x", ("W",), {"W": "12,14"}).problem)
    assert "12 × 168: 168 entries are not zero" in shown
    assert re.findall(r"M(\d+) (\d+)h14v1h-14z", shown) == [(str(14 * k), str(k)) for k in range(12)]


def test_what_is_typed_is_no_markup() -> None:
    with pytest.raises(InputError):
        page(QUESTIONS["markup in a text"].problem, "")
    assert element("p", "a < b & c", title='"') == '<p title="&quot;">a &lt; b &amp; c</p>'
    assert markup("<", Markup("<br>")) == "&lt;<br>"
    assert "\x1b" not in element("p", "\x1b[2J")


def test_every_name_in_an_answer_says_what_it_stands_for() -> None:
    question = QUESTIONS["neuron"]
    text = page(question.problem, question.command)
    answer = text.partition('<section data-tab="Answer"')[2].partition('<section data-tab="Steps"')[0]
    known = set(re.findall(r'data-for="([^"]*)"', answer))
    assert {"W", "x", "b", "u", "z", "h", "δ_z"} <= known
    assert set(re.findall(r'data-name="([^"]*)"', answer)) <= known | {"s", "σ", "δ"}


def test_the_script_builds_no_code_from_text() -> None:
    for name in ("page.js",):
        assert not re.search(r"\beval\b|new Function|document\.write|\.outerHTML\s*=", asset(name))


REFUSED = {
    "an object": [],
    "a name": {"question": "x"},
    "a text": {"text": 3},
    "variables": {"text": "x", "wrt": "x"},
    "a variable": {"text": "x", "wrt": [1]},
    "shapes": {"text": "x", "shapes": {"x": ["n"]}},
    "length": {"text": "x" * 30_000},
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_question_is_refused(what: str) -> None:
    with pytest.raises(InputError):
        Question.of(REFUSED[what])


def test_values_are_numbers_and_never_files(tmp_path: Path) -> None:
    (tmp_path / "w.npy").write_bytes(b"")
    assert Question(NEURON, at={"W": "[[1, 2]]"}).values() == {"W": [[1, 2]]}
    for text in ("w.npy", '"w.npy"', str(tmp_path / "w.npy"), "true", "{}", "[" * 100_000, ""):
        with pytest.raises(InputError, match="a value of W is a number or a list"):
            Question(NEURON, at={"W": text}).values()


WAYS: dict[str, tuple[Question, dict[str, Any]]] = {
    "a letter": (Question("x.t@x"), {"text": "x.T@x"}),
    "one line of several": (Question("z = W@x\ny.t@z"), {"text": "z = W@x\ny.T@z"}),
    "sizes": (Question("A@x", shapes={"A": "3,4", "x": "5"}), {"shapes": {}}),
    "a fact": (Question("x.T@x", facts={"x": "nosuch"}), {"facts": {}}),
}


@pytest.mark.parametrize("mistake", WAYS)
def test_a_way_out_leads_to_an_answer(mistake: str) -> None:
    question, change = WAYS[mistake]
    with pytest.raises(InputError) as refused:
        question.problem  # noqa: B018 - it is worked out there
    assert change in [way["question"] for way in mended(question, refused.value)]
    assert replace(question, **change).problem.variables


@pytest.mark.parametrize("text", ["W@@x", "A*x +", "((x)", "∂"])
def test_an_example_of_something_else_is_no_way_out(text: str) -> None:
    question = Question(text)
    with pytest.raises(InputError) as refused:
        question.problem  # noqa: B018 - it is worked out there
    assert not mended(question, refused.value)


def test_what_is_in_the_formula_no_more_is_left_out() -> None:
    question = Question("u.T@x", ("W", "x"), {"W": "n,n", "x": "3"}, {"W": "symmetric"})
    assert [v.name for v in question.problem.wrt] == ["x"]
    assert question.problem.variables["x"].shape[0].value == 3


@pytest.mark.parametrize("name", ["neuron", "declared", "a fact", "softmax"])
def test_the_command_gives_the_same_answer(name: str) -> None:
    question = QUESTIONS[name]
    with terminal() as shell:
        done = shell.run(f"{question.command} --json")
    for variable in question.problem.wrt:
        assert f'"wrt": "{variable.name}"' in done.stdout
    assert '"passed": true' in done.stdout


def test_a_page_is_written_and_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "answer.html"
    command = [*shared_jac(), "page", "x.T@A@x", "--wrt", "x", "--at", "x=[1,2],A=[[1,0],[0,1]]", "-o", str(file)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert "[1, 2]" in file.read_text("utf-8")
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
    assert subprocess.run([*command, "--force"], capture_output=True, check=False).returncode == 0


def test_an_exported_page_is_the_same_without_its_script(tmp_path: Path) -> None:
    question = QUESTIONS["softmax"]
    file = tmp_path / "answer.html"
    command = [*shared_jac(), "export", "softmax(W@x)", "--wrt", "W", "--to", "html", "-o", str(file)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    plain, own = file.read_text("utf-8"), page(question.problem, question.command)
    assert "<script" not in plain
    assert not Read(plain).links
    bare = own.replace(f"<script>{asset('page.js')}</script>", "").replace(" data-still", " data-plain")
    assert plain == bare
    for option in ("--no-check", "--order=2", "--at=x=[1]"):
        assert subprocess.run([*command, "--force", option], capture_output=True, check=False).returncode == 2
