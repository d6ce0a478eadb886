"""How the command line speaks: examples that run, refusals in one voice, files that are kept, pages in their width."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from jacobian_cli.api.input.values import read_values
from jacobian_cli.cli.main import jac
from jacobian_cli.cli.run import run
from jacobian_cli.syntax.errors import InputError
from tests.terminal import shared_jac, terminal

EPILOGS = {name: (command.epilog or "").splitlines() for name, command in jac.commands.items()}


@pytest.mark.parametrize("name", EPILOGS)
def test_help_ends_with_two_examples_that_run(name: str) -> None:
    _, *commands = EPILOGS[name]
    assert len(commands) == 2
    told = CliRunner().invoke(jac, [name, "--help"]).output.rstrip().splitlines()[-2:]
    assert [line.strip() for line in told] == commands
    with terminal() as shell:
        for command in commands:
            if "| man" in command or name == "serve":  # not every machine has man(1); a server is tested as one
                continue
            done = shell.run(command)
            assert (done.returncode, done.stderr) in ((0, ""), (1, "")), command


VOICE = {
    "derive x --foo": "there is no option --foo; did you mean --to?",
    "derive x --points 0": "--points is a whole number from 1 to 100, not 0",
    "derive x --points many": "--points is a whole number from 1 to 100, not many",
    "derive x --to word": "--to is latex, markdown or numpy, not word",
    "derive x --wrt": "--wrt wants a value",
    "chain x --descend -1": "--descend is a number above 0 to 1,000,000, not -1.0",
    "completion": "which shell?",
    "completion csh": "the shell is bash, zsh or fish, not csh",
    "functions --width 3": "--width is a whole number from 20 to 1,000, not 3",
    "derive x --to latex --json": "--to and --json are two forms",
    "hessian x --to latex --json": "--to and --json are two forms",
    "chain x --to latex --json": "--to and --json are two forms",
    "backprop x --at x=1 --to latex --json": "--to and --json are two forms",
    "derive x*x --wrt x --steps --to numpy": "steps are not written as numpy",
    "derive x*x --wrt x --explain-layout --to latex": "--explain-layout is a page of its own",
    "derive x*x --wrt x --no-check --at x=1": "--at and --no-check do not go together",
    "derive x*x --wrt x --no-check --entries": "--entries and --no-check do not go together",
    "chain x*x --wrt x --no-check --descend 1": "--descend and --no-check do not go together",
    "check x 1 --wrt x --to markdown --json": "--to and --json are two forms",
    "window.jac": "window.jac is a file, not a formula",
    "derive lessons/model.py:loss --wrt W": "lessons/model.py:loss is a file, not a formula",
    "derive x*y -s x=": "a declaration is a name and its sizes",
    "functions tanhh --json": "there is no function 'tanhh'",
}


@pytest.mark.parametrize("arguments", VOICE)
def test_refusals_speak_with_one_voice(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run(arguments.split())
    assert end.value.code == 2
    said = capsys.readouterr()
    if "--json" in arguments:
        assert json.loads(said.out)["errors"][0]["message"] == VOICE[arguments]
    else:
        assert said.err.splitlines()[0] == f"jac: {VOICE[arguments]}"


BACKPROP = ["backprop", "x*y", "--at", "x=1,y=2"]
WRITERS = {
    "f.svg": [*BACKPROP, "--svg"],
    "f.html": [*BACKPROP, "--html"],
    "f.npz": [*BACKPROP, "--out"],
    "f.xml": ["check", "x.T@x", "2*x", "--wrt", "x", "--junit"],
}


@pytest.mark.parametrize("name", WRITERS)
def test_no_file_is_written_over_unasked(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / name
    file.write_text("mine")
    command = [*WRITERS[name], name]
    with pytest.raises(SystemExit) as end:
        run(command)
    assert end.value.code == 2
    assert file.read_text() == "mine"
    with pytest.raises(SystemExit) as end:
        run([*command, "--force"])
    assert end.value.code == 0
    assert file.read_bytes() != b"mine"


def test_gradients_are_written_by_name(tmp_path: Path) -> None:
    out = tmp_path / "g.npz"
    with pytest.raises(SystemExit):
        run(["backprop", "u.T@(W@x)", "--at", "u=[1,-2],W=[[1,2,3],[4,5,6]],x=[.1,.2,-.3]", "--out", str(out)])
    u, w, x = np.array([1, -2.0]), np.array([[1, 2, 3], [4, 5, 6.0]]), np.array([0.1, 0.2, -0.3])
    with np.load(out) as found:
        assert set(found.files) == {"u", "W", "x"}
        for name, true in {"u": w @ x, "W": np.outer(u, x), "x": w.T @ u}.items():
            np.testing.assert_allclose(found[name], true)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("x=.5", 0.5),
        ("x=-.5", -0.5),
        ("x=2.", 2.0),
        ("x=[.1,.2]", [0.1, 0.2]),
        ("x=[[1.,-.25],[3.e2,.5E-1]]", [[1, -0.25], [300, 0.05]]),
        ("x=[1.5, 2]", [1.5, 2]),
    ],
)
def test_numbers_are_read_as_people_type_them(typed: str, value: object) -> None:
    np.testing.assert_array_equal(read_values([typed])["x"], np.array(value))


@pytest.mark.parametrize("typed", ["x=.", "x=[.]", "x=1.2.3", "x=a.b", "x=[1..2]"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_values([typed])


def test_values_are_read_from_json(tmp_path: Path) -> None:
    several, one, broken = tmp_path / "v.json", tmp_path / "x.json", tmp_path / "b.json"
    several.write_text('{"x": [1, 2], "A": [[1, 2], [3, 4]]}')
    one.write_text("[1, 2]")
    broken.write_text("{")
    assert read_values([str(several)])["A"].tolist() == [[1, 2], [3, 4]]
    assert read_values([f"x={one}"])["x"].tolist() == [1, 2]
    for typed in (str(one), str(broken), f"x={broken}", f"x={several}"):
        with pytest.raises(ValueError, match=r"json|numbers"):
            read_values([typed])


def printed(*arguments: str) -> str:
    command = [*shared_jac(), *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


NEURON = ["u.T @ sigmoid(W@x + b)"]
AT = ["--at", "u=[1,-2],W=[[1,2,3],[4,5,6]],x=[.1,.2,-.3],b=[0,1]"]


def test_a_run_is_taken_away() -> None:
    latex = printed("backprop", *NEURON, *AT, "--wrt", "b", "--to", "latex")
    assert latex.startswith("% ✓ checked")
    assert r"\frac{\partial f}{\partial b} &= \begin{bmatrix} 0.240261 \\ -0.457568 \end{bmatrix}" in latex
    assert latex.count(r"\begin{align*}") == latex.count(r"\end{align*}") == 1
    markdown = printed("backprop", *NEURON, *AT, "--wrt", "b", "--to", "markdown")
    widths = {line.count("|") for line in markdown.split("### Backward")[1].splitlines() if line.startswith("| f")}
    assert widths == {6}
    names: dict[str, object] = {}
    exec(printed("backprop", *NEURON, *AT, "--wrt", "b", "--to", "numpy"), names)
    u, w, x, b = np.array([1, -2.0]), np.array([[1, 2, 3], [4, 5, 6.0]]), np.array([0.1, 0.2, -0.3]), np.array([0, 1.0])
    h = 1 / (1 + np.exp(-(w @ x + b)))
    gradient = names["gradient"]
    assert callable(gradient)
    np.testing.assert_allclose(gradient(u=u, W=w, x=x, b=b), u * h * (1 - h))


def test_one_claim_is_printed_as_a_table_too() -> None:
    table = printed("check", "x.T@x", "2*x", "--wrt", "x", "--to", "markdown")
    assert table.splitlines()[2] == "| claim | right |  |  | 1/1 |"


@pytest.mark.parametrize("width", [20, 60, 100])
@pytest.mark.parametrize(
    "arguments",
    [
        ["derive", *NEURON],
        ["derive", *NEURON, "--wrt", "W,b", "--entries", *AT],
        ["hessian", "norm(X@w - y)**2", "--wrt", "w"],
        ["chain", "z = W@x + b", "h = sigmoid(z)", "s = u.T@h", "--wrt", "W,b"],
        ["backprop", *NEURON, *AT, "--symbolic"],
        ["check", "x.T@x", "--wrt", "x", "2*x"],
        ["functions", "softmax"],
        ["examples"],
    ],
    ids=" ".join,
)
def test_a_page_keeps_to_its_width(arguments: list[str], width: int) -> None:
    lines = printed(*arguments, "--width", str(width)).splitlines()
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if "…" in line]  # nothing is cut
    assert not [line for line in lines if line != line.rstrip()]
    assert not re.search("\x1b", "".join(lines))


def test_a_page_says_all_that_the_screen_says(tmp_path: Path) -> None:
    links = ["z = W@x + b", "h = sigmoid(z)", "s = u.T@h"]
    file = tmp_path / "run.html"
    shown = printed("backprop", *links, *AT, "--wrt", "W", "--symbolic", "--html", str(file))
    text = file.read_text(encoding="utf-8")
    for said in ("z = Wx + b", "h = σ(z)", "s = uᵀh", "diag(h ⊙ (1 − h))", "∂s/∂W"):
        assert said in shown
        assert said in text
    assert "0.0240261 0.0480521 −0.0720782\n−0.0457568 −0.0915137 0.137271" in text
    assert "0.0240261  0.0480521 −0.0720782" in shown
    assert "∂s/∂b" not in text
    assert "anywhere" not in text  # words stay whole where the page is narrow
    printed("backprop", *links, *AT, "--wrt", "W", "--html", str(file), "--force")
    assert "in symbols" not in file.read_text(encoding="utf-8")


STEPS = ["z = W@x", "sum(z)", "--wrt", "W", "--steps"]


@pytest.mark.parametrize("command", ["derive", "chain"])
@pytest.mark.parametrize("form", [[], ["--to", "latex"], ["--to", "markdown"], ["--json"]], ids=" ".join)
def test_what_was_not_to_be_checked_says_so(command: str, form: list[str]) -> None:
    checked, not_checked = printed(command, *STEPS, *form), printed(command, *STEPS, *form, "--no-check")
    assert "not checked" not in checked
    if "--json" in form:
        found = json.loads(not_checked)
        (each,) = found.get("answers", [found])
        assert each["check"] == {"passed": None, "skipped": True}
        assert '"skipped": true' in json.dumps(each["steps_check"])
        assert json.loads(checked).get("steps", 0) == found.get("steps", 0)
    else:
        assert not_checked.count("not checked") == 1
        assert len(set(not_checked.splitlines()) - set(checked.splitlines())) == 1


def test_functions_are_told_in_json() -> None:
    told = json.loads(CliRunner().invoke(jac, ["functions", "--json"]).output)
    assert {"softmax", "tanh"} < {row["name"] for row in told["functions"]}
    assert "symmetric" in {fact["name"] for fact in told["facts"]}
    (row,) = json.loads(CliRunner().invoke(jac, ["functions", "tanh", "--json"]).output)["functions"]
    assert row["derivative"] == ["1 - ans**2"]


@pytest.mark.parametrize(
    ("formula", "hint"),
    [
        ("x.T*A*x", "with the matrix product it is x.T@A@x"),
        ("100(y-x^2)^2+(1-x)^2", "-s x=()"),
        ("A@x", "sum it, or take the Jacobian"),
    ],
)
def test_a_hessian_of_what_is_no_number_says_what_may_be_meant(formula: str, hint: str) -> None:
    told = CliRunner().invoke(jac, ["hessian", formula, "--wrt", "x"])
    assert isinstance(told.exception, InputError)
    assert hint in str(told.exception).replace("`", "")
