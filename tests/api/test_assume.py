"""Facts as users declare them: on the command line, in files, in Python; and what is refused."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import printed
from jacobian_cli.checks.verdict.answer import numeric_verdict
from jacobian_cli.cli.run import run
from jacobian_cli.syntax.declarations import parse_assumptions, parse_file
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Assumption


def asked(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as ended:
        run(shlex.split(command))
    said = capsys.readouterr()
    assert "fault" not in said.err
    return ended.value.code, said.out, said.err


@pytest.mark.parametrize(
    "options",
    [
        "--assume S=spd,y=one_hot",
        "--assume S=spd --assume y=one_hot",
        "--assume ' S = spd , y = one_hot '",
        "--assume S:spd,y:one_hot",
    ],
)
def test_spellings_on_the_command_line(options: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = asked(f"derive 'x.T@S@x*sum(y)' --wrt x {options} --json", capsys)
    answer = json.loads(out)["answers"][0]
    assert status == 0
    assert answer["gradient"]["closed_form"] == "2*S@x"
    assert answer["assumed"] == {"S": {"spd": "used"}, "y": {"one_hot": "used"}}
    assert "unconstrained" not in answer
    assert any("exactly" in note for note in answer["check"]["notes"])


def test_an_answer_without_facts_says_nothing_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = asked("derive x.T@A@x --wrt x --json", capsys)
    assert "assumed" not in json.loads(out)["answers"][0]
    _, out, _ = asked("derive x.T@A@x --wrt x", capsys)
    assert "given that" not in out


def test_facts_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "loss.jac"
    file.write_text(
        "y: k\nassume y: sums_to_one, positive  # a distribution\nassume S: spd\nloss = cross_entropy(S@z, y)\n"
    )
    status, out, _ = asked(f"derive -f {file} --wrt z --json", capsys)
    assert (status, json.loads(out)["answers"][0]["gradient"]["closed_form"]) == (0, "S@(softmax(S@z) - y)")


def test_lines_of_a_file_that_only_look_like_facts() -> None:
    said, defined = parse_file("assume: n, 3\nassume = 2*x\nassume S: spd")
    assert [type(one).__name__ for one in said] == ["Declaration", "Assumption"]
    assert [one.name for one in defined] == ["assume"]


@pytest.mark.parametrize(
    "assume",
    [{"S": "spd", "y": ["sums_to_one", "positive"]}, {"S": ("spd",), "y": "sums_to_one,positive"}],
)
def test_facts_in_python(assume: Any) -> None:
    found: jac.Derivation = jac.derive("x.T@S@x*sum(abs(y))", wrt="x", assume=assume)
    assert found.gradient is not None
    assert found.gradient.closed_form == "2*S@x"
    assert found.assumed == {"S": {"spd": "used"}, "y": {"sums_to_one": "used", "positive": "used"}}
    assert found.check().passed


def test_a_fact_makes_a_matrix_square() -> None:
    found = jac.derive("x.T@A@y", wrt="x", assume={"A": "symmetric"})
    assert found.shapes == {"x": ("n",), "A": ("n", "n"), "y": ("n",)}
    assert jac.derive("trace(s@B)", wrt="B", assume={"s": "spd"}).shapes["s"] == ("n", "n")
    assert jac.derive("x.T@A@y", wrt="x").shapes["A"] == ("n", "m")


def test_declared_numbers_are_checked_at_letters_too() -> None:
    found = jac.derive("x.T@A@x", wrt="A", shapes={"A": "40,40"}, assume={"A": "symmetric"})
    assert found.check().passed


def test_several_variables_share_the_facts() -> None:
    found = jac.derive("x.T@A@x + y.T@A@x", wrt=["x", "y"], assume={"A": "symmetric"})
    assert [str(d.gradient) for d in found] == ["A@(2*x + y)", "A@x"] or all(d.check().passed for d in found)


REFUSED = [
    ("S=symetric", "'symetric' is not a fact known here", "did you mean symmetric?"),
    ("S=large", "'large' is not a fact known here", "facts are symmetric, spd"),
    ("T=spd", "'T' is neither in the formula nor declared", "there are x, S"),
    ("q=spd", "'q' is defined by the formula", "declare facts of the variables"),
    ("x=spd -s x=n", "x is n; only a square matrix can be spd", "-s x=n,n"),
    ("r=diagonal -s r=n,m", "r is n × m; only a square matrix can be diagonal", ""),
    ("c=one_hot", "c is a scalar; only an axis of several entries can be one_hot", ""),
    ("r=sums_to_one -s r=n,1", "r is n × 1; only an axis of several entries", ""),
    ("S=orthogonal,spd", "S cannot be declared orthogonal and spd at once", "beside spd there may be diagonal"),
    ("x=positive,pm1", "x cannot be declared pm1 and positive at once", ""),
    ("S=diagonal,positive", "S cannot be declared diagonal and positive at once", ""),
    ("S", "a fact is declared as a name and what holds for it", "as in --assume S=symmetric"),
    ("S=", "a fact is declared as a name", ""),
    ("=spd", "a fact is declared as a name", ""),
    ("S=spd,,x=positive", "a fact is declared as a name", ""),
    ("''", "a fact is declared as a name", ""),
    ("S=__import__('os')", "a fact is declared as a name", ""),
    ("S=symmetric --at S=[[1,2],[4,1]],x=[1,2],c=1,r=[[1,2]]", "S[1,2] = 2 and S[2,1] = 4", "do not declare it"),
]


@pytest.mark.parametrize(("assume", "message", "hint"), REFUSED)
def test_refused_with_one_message(assume: str, message: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = asked(f"derive 'q = x.T@S@x' 'q*c + sum(r)' -s c=() --wrt x --assume {assume}", capsys)
    assert (status, out) == (2, "")
    assert message in err
    assert hint in err


@pytest.mark.parametrize("assume", [{"S": 3}, {"S": [3]}, {"S": None}, {3: "spd"}, {"S": "spd\x00"}, {"": "spd"}])
def test_python_values_that_are_no_facts(assume: Any) -> None:
    with pytest.raises(InputError):
        jac.derive("x.T@S@x", wrt="x", assume=assume)


def test_values_in_python_must_be_as_declared() -> None:
    found = jac.derive("cross_entropy(z, y)", wrt="z", assume={"y": "one_hot"})
    assert found.check(at={"z": [1.0, 2.0], "y": [0.0, 1.0]}).passed
    with pytest.raises(InputError, match="neither 0 nor 1"):
        found.check(at={"z": [1.0, 2.0], "y": [0.5, 0.5]})


def test_carets_point_at_the_fact() -> None:
    (one, two) = parse_assumptions("assume S: spd, positive")
    assert (one.name, one.fact, two.name, two.fact) == ("S", "spd", "S", "positive")
    assert one.source[two.span.start : two.span.stop] == "positive"
    assert isinstance(one, Assumption)


@pytest.mark.parametrize("fact", ["symmetric", "spd"])
@pytest.mark.parametrize("formula", ["log(det(S))", "x.T@S@x", "trace(S@S@A)", "x.T@inv(S)@y", "sum(vech(S)**2)"])
def test_the_gradient_by_a_symmetric_matrix_and_by_its_half_vector(formula: str, fact: str) -> None:
    """Entry and mirror image moved together, against differences of the formula itself."""
    rng = np.random.default_rng(2)
    root = rng.standard_normal((3, 3))
    given = {"S": root @ root.T + np.eye(3), "A": rng.standard_normal((3, 3)), "x": root[0], "y": root[1]}
    shapes = {name: "3,3" if name in "SA" else "3" for name in given if name in formula}
    found = jac.derive(formula, wrt="S", shapes=shapes, assume={"S": fact})
    assert found.check(points=2).passed
    assert found.symmetric is not None
    assert found.half_vector is not None
    values = {name: given[name] for name in shapes}
    functions: dict[str, Any] = {}
    exec(found.to_python(), functions)
    slopes = []
    for column, row in zip(*np.triu_indices(3), strict=True):
        step = np.zeros((3, 3))
        step[row, column] = step[column, row] = 1e-6
        ends = [functions["value"](**values | {"S": values["S"] + sign * step}) for sign in (1, -1)]
        slopes.append((ends[0] - ends[1]) / 2e-6)
    for form, true in ((found.half_vector, slopes), (found.symmetric, mirrored(slopes))):
        written: dict[str, Any] = {}
        exec(jac.derive(form.closed_form, wrt="S", shapes=shapes, check=False).to_python(), written)
        again = {name: value for name, value in values.items() if name in f"S{form.closed_form}"}
        np.testing.assert_allclose(written["value"](**again), true, rtol=1e-6, atol=1e-7)


def mirrored(half: list[float]) -> Any:
    """The symmetric matrix of a half-vector."""
    found = np.zeros((3, 3))
    for value, column, row in zip(half, *np.triu_indices(3), strict=True):
        found[row, column] = found[column, row] = value
    return found


def test_a_wrong_gradient_by_a_symmetric_matrix_is_caught() -> None:
    found = jac.derive("log(det(S))", wrt="S", assume={"S": "symmetric"})
    right = printed(found)
    for name in ("symmetric", "half"):
        wrong = replace(right, symmetric={**right.symmetric, name: f"1.001*({right.symmetric[name]})"})
        assert not numeric_verdict(found.problem.output, found.variable, wrong, facts=found.problem.facts).passed
    assert numeric_verdict(found.problem.output, found.variable, right, facts=found.problem.facts).passed
