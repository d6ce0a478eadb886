"""`jac bench`: who is wrong is not timed, who is missing is listed, and what is timed is what was asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.bench import contenders as made
from jacobian_cli.api.bench import race, worker
from jacobian_cli.api.bench import run as running
from jacobian_cli.api.bench.answer import FAILED, MISSING, TIMED, TOO_LARGE, WRONG, Bench, Growth, Row
from jacobian_cli.api.bench.contenders import Contender
from jacobian_cli.api.bench.presets import PRESETS
from jacobian_cli.api.derive.derivation import derivations
from jacobian_cli.api.input.assume import assumptions_of
from jacobian_cli.api.input.problem import pose, shapes_of, statements_of
from jacobian_cli.checks.verdict.claim import FORMS
from jacobian_cli.cli import main
from jacobian_cli.cli.run import run
from jacobian_cli.printers.plot import loglog_svg
from jacobian_cli.syntax.declarations import parse_assumptions

NEURON = "u.T@sigmoid(W@x + b)"
INSTALLED = ("jac", "autograd", "differences")
Faults = dict[str, tuple[str, str]]


def without_compilers(monkeypatch: pytest.MonkeyPatch, faults: Faults | None = None) -> None:
    """Only who is always installed takes part, the source of some of them with a fault put in."""
    listed = made.contenders

    def here(*arguments: Any) -> list[Contender]:
        found = [c for c in listed(*arguments) if c.library in INSTALLED]
        for k, contender in enumerate(found):
            if contender.name in (faults or {}):
                right, wrong = (faults or {})[contender.name]
                assert right in contender.source
                found[k] = replace(contender, source=contender.source.replace(right, wrong))
        return found

    monkeypatch.setattr(running, "contenders", here)


class Here:
    """What `race.Worker` is, in this process: orders are answered as they are there."""

    def __init__(self, folder: Path, name: str, cores: int) -> None:
        assert cores
        self.file = folder / f"{name}.npz"
        self.told, self.prepared = worker._prepared(folder, name)

    def hear(self, _seconds: float) -> dict[str, Any]:
        return self.told

    def ask(self, order: str, _seconds: float = race.RUN, **more: Any) -> dict[str, Any]:
        if order == "memory":  # of a process of its own
            return {"peak": None}
        return worker._done(self.prepared, {"do": order, **more}, self.file)

    def close(self) -> None:
        """It ends with its race."""


@pytest.fixture
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(race, "Worker", Here)
    monkeypatch.setattr(worker, "_BLOCK", 1e-4)


def states(found: Bench) -> dict[str, str]:
    return {row.name: row.state for row in found.rows}


@pytest.mark.usefixtures("_in_this_process")
@pytest.mark.parametrize(
    ("formula", "wrt", "form", "names"),
    [
        (NEURON, "W,b", "gradient", ["jac", "autograd", "differences"]),
        ("sigmoid(W@x)", "W", "jacobian", ["jac", "jac, structured", "autograd", "differences"]),
        ("softmax(W@x)", "W,x", "vjp", ["jac", "autograd", "differences"]),
        ("tanh(W@x)", "W,x", "jvp", ["jac", "autograd", "differences"]),
        ("sum(log(1 + exp(X@w)))", "w", "hessian", ["jac", "jac, structured", "autograd", "differences"]),
        ("sum(log(1 + exp(X@w)))", "w", "hvp", ["jac", "autograd"]),
    ],
)
def test_each_form_is_right_by_everybody_who_is_installed(
    formula: str, wrt: str, form: str, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_compilers(monkeypatch)
    found = jac.bench(formula, wrt, form=form, sizes={"n": 5, "m": 3}, seconds=0.01)
    assert states(found) == dict.fromkeys(names, TIMED)
    assert found.passed
    assert found.reference == "autograd"
    for row in found.rows:
        assert row.median is not None
        assert row.median > 0
        assert row.off is not None
        assert row.off < (2e-3 if row.name == "differences" else 1e-9)
    assert found.ratio(found.rows[0]) == 1


@pytest.mark.usefixtures("_in_this_process")
def test_who_is_wrong_gets_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    without_compilers(monkeypatch, {"jac": ("1 - ", "1 + ")})
    found = jac.bench(NEURON, "W", sizes={"n": 5, "m": 3}, seconds=0.1)
    assert states(found) == {"jac": WRONG, "autograd": TIMED, "differences": TIMED}
    assert "away from autograd" in found.rows[0].reason
    assert found.rows[0].seconds == ()
    assert not found.passed


@pytest.mark.usefixtures("_in_this_process")
def test_whoever_would_be_the_reference_is_held_against_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    without_compilers(monkeypatch, {"autograd": ("W@x", "W@(2*x)")})
    found = jac.bench(NEURON, "W", sizes={"n": 5, "m": 3}, seconds=0.1)
    assert states(found) == {"jac": TIMED, "autograd": WRONG, "differences": TIMED}
    assert "differences of the formula" in found.rows[1].reason
    assert found.reference == "jac"


def test_who_breaks_or_ends_takes_nobody_along(monkeypatch: pytest.MonkeyPatch) -> None:
    without_compilers(monkeypatch, {"jac": ("return", "raise ValueError('no')\n    return")})
    found = jac.bench(NEURON, "W", sizes={"n": 5, "m": 3}, seconds=0.1)
    assert states(found) == {"jac": FAILED, "autograd": TIMED, "differences": TIMED}
    assert found.rows[0].reason == "ValueError: no"
    without_compilers(monkeypatch, {"differences": ("import numpy as np", "import os\nos._exit(3)")})
    found = jac.bench(NEURON, "W", sizes={"n": 5, "m": 3}, seconds=0.1)
    assert found.rows[-1].reason == "it ended with status 3"


def test_who_is_not_installed_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "find_spec", lambda name: None if name in ("jax", "torch") else find_spec(name))
    found = jac.bench("x@x", "x", sizes={"n": 3}, seconds=0.1)
    missing = [row for row in found.rows if row.state == MISSING]
    assert {row.name for row in missing} == {
        "jac in PyTorch", "jac in JAX", "JAX, jitted", "PyTorch", "PyTorch, compiled"
    }  # fmt: skip
    assert {row.reason for row in missing} == {
        "pip install jacobian-cli[jax]",
        "pip install jacobian-cli[torch]",
    }


@pytest.mark.usefixtures("_in_this_process")
def test_kinks_among_many_entries_are_no_fault() -> None:
    sizes = {"n": 128, "m": 96, "k": 128}
    found = jac.bench("relu(A@X)@B", "X", form="vjp", sizes=sizes, seconds=0.1, against="autograd")
    assert states(found) == {"jac": TIMED, "autograd": TIMED}


def test_rivals_are_chosen() -> None:
    found = jac.bench("x@x", "x", sizes={"n": 3}, seconds=0.1, against="autograd")
    assert [row.name for row in found.rows] == ["jac", "autograd"]


@pytest.mark.usefixtures("_in_this_process")
def test_a_dense_matrix_that_is_too_large_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    without_compilers(monkeypatch)
    found = jac.bench("x*y", "x", sizes={"n": 7_000}, seconds=0.1)
    assert states(found)["jac"] == TOO_LARGE
    assert states(found)["autograd"] == TOO_LARGE
    assert found.rows[0].reason == "49,000,000 numbers"


@pytest.mark.usefixtures("_in_this_process")
@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_right_at_small_sizes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the judgement of the race: autograd and differences. What is proven of them before is tested elsewhere."""
    without_compilers(monkeypatch)
    monkeypatch.setattr(
        running,
        "written_of",
        lambda problem, form: [d.written() for d in derivations(problem, second=form == "hessian", checking=False)],
    )
    preset = PRESETS[name]
    shapes = shapes_of(preset.shapes)
    facts = [fact for text in preset.assume for fact in parse_assumptions(text)]
    problem = pose(
        statements_of(preset.formulas, preset.wrt, shapes), preset.wrt, shapes, assume=assumptions_of(None, facts)
    )
    sizes = {size: 3 + k for k, size in enumerate(preset.sizes)}
    found = running.bench_of(problem, preset.form, sizes, 0.01)
    assert {row.state for row in found.rows} == {TIMED}


def test_the_presets_of_the_command_are_those_that_there_are() -> None:
    assert list(main.PRESETS) == list(PRESETS)


def test_the_forms_of_the_command_are_those_that_there_are() -> None:
    assert main.FORMS == FORMS


def grown() -> Growth:
    races = []
    for n in (10, 20, 40, 80):
        fast, slow = (Row(name, TIMED, seconds=(n**p * 1e-6,) * 4) for name, p in (("jac", 2), ("slow", 3)))
        rows = (fast, slow, Row("no", MISSING))
        races.append(Bench("x@x", "gradient", ("x",), {"n": n}, {"x": (n,)}, rows, 2, "slow"))
    return Growth("n", (10, 20, 40, 80), tuple(races))


def test_growth_is_the_slope_in_logarithmic_axes() -> None:
    slopes = grown().slopes()
    assert slopes["jac"] == pytest.approx(2)
    assert slopes["slow"] == pytest.approx(3)
    assert slopes["no"] is None
    picture = grown().svg()
    assert picture.count("<polyline") == 2
    assert "jac n^2.0" in picture
    assert "10 ms" in picture


def test_a_picture_escapes_what_it_is_given() -> None:
    assert "<b>" not in loglog_svg({"<b>": [(1, 1.0), (2, 2.0)]}, "<b>", "<b>", {})


def left(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as end:
        run(arguments)
    assert isinstance(end.value.code, int)
    return end.value.code


def test_the_page_and_the_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    without_compilers(monkeypatch)
    asked = ["bench", NEURON, "--wrt", "W", "-s", "W=4,3", "--seconds", "0.1"]
    assert left(asked) == 0
    page = capsys.readouterr().out
    assert "value and gradient by W" in page
    assert "each held to be right before" in page
    assert left([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["shapes"]["W"] == [4, 3]
    assert [c["contender"] for c in told["contenders"]] == ["jac", "autograd", "differences"]
    assert all(c["state"] == "timed" and c["median_seconds"] > 0 for c in told["contenders"])
    without_compilers(monkeypatch, {"jac": ("1 - ", "1 + ")})
    assert left(asked) == 1
    assert "wrong" in capsys.readouterr().out


@pytest.mark.usefixtures("_in_this_process")
def test_a_series_of_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    without_compilers(monkeypatch)
    picture = tmp_path / "g.svg"
    asked = ["bench", "sum(tanh(W@x))", "--wrt", "W", "--scale", "n=4,8", "--seconds", "0.1", "--svg", str(picture)]
    assert left(asked) == 0
    page = capsys.readouterr().out
    assert "n = 4" in page
    assert "grows as" in page
    assert picture.read_text("utf-8").startswith("<svg")
    assert left(asked) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["W@x", "--wrt", "W", "--order", "2"], "a hessian is that of a scalar"),
        (["W@x", "--wrt", "W", "--form", "gradient"], "a gradient is that of a scalar"),
        (["x@x", "--at", "x=[1]"], "at a point of its own"),
        (["x@x", "--scale", "k"], "there is no size k in this formula"),
        (["x@x", "--scale", "n=5"], "a series is 2 to 8 sizes"),
        (["x@x", "--scale", "n=5,4"], "a series is 2 to 8 sizes"),
        (["x@x", "--scale", "n=a,b"], "is no series of sizes"),
        (["x@x", "--against", "tensorflow"], "there is no contender"),
        (["x@x", "--svg", "a.svg"], "the picture is of how costs grow"),
        (["x@x", "--preset", "gmm"], "a preset is a formula of its own"),
        (["log(-abs(x@x))"], "no random point was found"),
        (["sum(W)", "-s", "W=100000,100000"], "would have 10,000,000,000 entries"),
        ([], "there is no formula"),
    ],
)
def test_refusals(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert left(["bench", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(jac.InputError, match="there is no form"):
        jac.bench("x@x", form="curl")


def test_rows_tell_median_and_spread() -> None:
    row = Row("a", TIMED, seconds=(1.0, 2.0, 3.0, 4.0, 5.0))
    assert row.median == 3
    assert row.spread == pytest.approx(2 / 3)
    assert np.isclose(row.to_dict()["median_seconds"], 3)
