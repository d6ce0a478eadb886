"""All the mistakes of a line are told at once, each with its place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import jacobian_cli as jac
from jacobian_cli.api.input.problem import shapes_of
from jacobian_cli.cli.run import run
from jacobian_cli.elaborate import elaborate
from jacobian_cli.syntax.errors import InputError, Mistakes, Span, together
from jacobian_cli.syntax.parser import statements
from jacobian_cli.syntax.statements import split

SEVERAL: list[tuple[str, dict[str, str], list[str]]] = [
    ("foo(x) + bar(y)", {}, ["foo", "bar"]),
    ("foo(bar(x)) + relu(x, y)", {}, ["foo", "bar", "relu(x, y)"]),
    ("sum(foo(x), axis=1.5)", {}, ["1.5", "foo"]),
    ("foo(x) + relu", {}, ["relu", "foo"]),
    ("x.shape + y.size", {}, ["x.shape", "y.size"]),
    ("x[::0] + x[[]] + (a < b < c)", {}, ["::0", "[]", "a < b < c"]),
    ("x^y.shape", {}, ["x^y.shape", "y.shape"]),
    ("A@x + B@y", {"A": "2,3", "x": "4", "B": "5,6", "y": "7"}, ["A@x", "B@y"]),
    ("A@x + foo(x)", {"A": "2,3", "x": "4"}, ["A@x", "foo"]),
    ("z = foo(x); h = bar(z); s = nope(x)", {}, ["foo", "bar", "nope"]),
    ("z = x.shape; h = y.size", {}, ["x.shape", "y.size"]),
    # what another number of axes may mend is not told beside what is certain
    ("X@theta + foo(x)", {}, ["foo"]),
]


def mistakes(text: str, shapes: dict[str, str]) -> tuple[InputError, ...]:
    with pytest.raises(InputError) as caught:
        elaborate(statements(split(text)), shapes_of(shapes))
    return caught.value.errors


@pytest.mark.parametrize(("text", "shapes", "places"), SEVERAL, ids=str)
def test_all_mistakes_are_found(text: str, shapes: dict[str, str], places: list[str]) -> None:
    found = mistakes(text, shapes)
    assert [error.text[error.span.start : error.span.stop] for error in found if error.text and error.span] == places


def test_each_mistake_has_its_carets() -> None:
    error = together(mistakes("fuu(x) + bar(y)", {}))
    assert str(error).splitlines() == [
        "there is no function 'fuu'",
        "  fuu(x) + bar(y)",
        "  ^^^",
        "jac functions lists those there are",
        "there is no function 'bar'",
        "  fuu(x) + bar(y)",
        "           ^^^",
        "jac functions lists those there are",
    ]


def test_of_very_many_mistakes_some_are_told() -> None:
    assert len(mistakes(" + ".join(f"f{k}(x)" for k in range(100)), {})) == 20


def test_mistakes_are_collected() -> None:
    noted = Mistakes()
    noted.raised()
    for message in ("one", "two"):
        with noted.noted():
            raise InputError(message)
    with pytest.raises(InputError) as caught:
        noted.raised()
    assert [error.message for error in caught.value.errors] == ["one", "two"]


def test_a_mistake_in_a_file_says_where() -> None:
    error = InputError("wrong", text="z = W@@x", span=Span(6, 7), file="bad.jac", line=3)
    assert error.told().splitlines()[0] == "bad.jac:3:7: wrong"
    assert InputError("wrong", text="z", line=3).told().splitlines()[0] == "line 3: wrong"
    assert error.to_dict() == {"message": "wrong", "file": "bad.jac", "line": 3, "span": [6, 7], "hint": None}


REFUSED = [
    (["derive", "foo(x) + bar(y)", "--wrt", "x", "--json"], 2),
    (["derive", "W@foo(x) + relu(b, c)", "--wrt", "x", "--json"], 2),
    (["derive", "W@@x", "--wrt", "x", "--json"], 1),
    (["derive", "x", "--wrt", "y", "--json"], 1),
    (["derive", "--json"], 1),
    (["derive", "x", "--wrt", "x", "--nonsense", "--json"], 1),
    (["chain", "z = foo(x)", "s = bar(y)", "--wrt", "x", "--json"], 2),
    (["backprop", "foo(x)", "--at", "x=1", "--json"], 1),
]


@pytest.mark.parametrize(("arguments", "count"), REFUSED, ids=str)
def test_a_refusal_in_json(arguments: list[str], count: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(arguments)
    printed = capsys.readouterr()
    told = json.loads(printed.out)["errors"]
    assert ended.value.code == 2
    assert printed.err == ""
    assert len(told) == count
    assert all(sorted(error) == ["file", "hint", "line", "message", "span"] for error in told)


FILES: list[tuple[str, list[str]]] = [
    ("W: 8, 20\nx: 20  # the input\nz = W@foo(x)\n", ["3:7"]),
    ("W: 8, n/2\nx: 20\nz = W@foo(x)\n", ["1:7", "3:7"]),
    ("W: 2,3\nx: 4\n\nz = 2*W@x\ns = sum(z)\n", ["4:5"]),
    ("z = W@@x\nh = foo(z)\ny = W@x +\n", ["1:7", "3:10"]),
    ("z = W@x; h = bar(z); s = foo(h)", ["1:14", "1:26"]),
    ("z = W@x\nz = W@x", ["2:1"]),
    ("assume W: shiny\nW@x", ["1:11"]),
    ("W: 2, 3\nassume W: spd\nW@x", ["2:11"]),
]


@pytest.mark.parametrize(("text", "places"), FILES, ids=str)
def test_mistakes_in_a_file(text: str, places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bad.jac"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit):
        run(["derive", "-f", str(file), "--wrt", "W"])
    told = capsys.readouterr().err
    assert re.findall(rf"^jac: {re.escape(str(file))}:(\d+:\d+): ", told, re.MULTILINE) == places
    assert told.count("jac: ") == len(places)


def test_mistakes_in_a_file_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bad.jac"
    file.write_text("x: 4\nz = foo(x)\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        run(["derive", "-f", str(file), "--wrt", "x", "--json"])
    (told,) = json.loads(capsys.readouterr().out)["errors"]
    assert (told["file"], told["line"], told["span"]) == (str(file), 2, [4, 7])


def test_mistakes_of_options_and_formulas_together(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["derive", "foo(x)", "y = W@@x", "-s", "W=n/2", "--wrt", "x", "--json"])
    told = json.loads(capsys.readouterr().out)["errors"]
    assert len(told) == 2


@pytest.mark.parametrize(
    ("text", "shapes", "places"),
    [
        ("W@x + b^2 + ones(2)@ones(3)", {}, ["ones(2)@ones(3)"]),
        ("A@x + b' + f(x)", {"A": "n,m", "x": "k"}, ["'", "A@x", "f"]),
        ("z = 1/2x + x/y z + (1, 2)", {}, ["1/2x", "x/y z", "(1, 2)"]),
        (r"\foo{x} + \sum_i x_i y_j - 1e-5", {}, [r"\foo", "y_j"]),
        ("|x + y^", {}, ["^"]),
    ],
)
def test_mistakes_of_reading_and_of_shapes_are_told_together(
    text: str, shapes: dict[str, str], places: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        jac.derive(text, wrt="x", shapes=shapes)
    found = [text[e.span.start : e.span.stop] for e in caught.value.errors if e.span is not None]
    assert [place for place in places if place not in found] == []
    assert len(found) == len(set(found))
