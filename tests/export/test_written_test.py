"""The test that is written beside an export is no illusion: it finds every fault that is put into the code."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import jacobian_cli as jac
from jacobian_cli.api.export.run import export_test
from jacobian_cli.cli.run import run

LAYER = ("u.T@sigmoid(W@x + b)", "W,b")
ROWS = ("softmax(X*a, axis=1)", "X")
FORM = ("x.T@A@x + c.T@x", "x,A")
LEAST = ("sum((X@w - y)**2)/2 + r*sum(w**2)", "w,r")
FORMULAS = (LAYER, ROWS, FORM, LEAST)
Fault = tuple[str, tuple[str, str], str, str]
FAULTS: dict[str, list[Fault]] = {
    "numpy": [
        ("sign", LAYER, "return np.outer(delta*delta1, x)", "return -np.outer(delta*delta1, x)"),
        ("factor", LEAST, "2*r", "r"),
        ("missing factor", LAYER, "return delta*delta1", "return delta1"),
        ("slope", LAYER, "h*(1 - h)", "h*(1 + h)"),
        ("transposed", LAYER, "return np.outer(delta*delta1, x)", "return np.outer(x, delta*delta1).reshape(W.shape)"),
        ("transposed matrix", FORM, "A.T", "A"),
        ("missing term", FORM, " + c", ""),
        ("wrong axis", ROWS, "axis=1", "axis=0"),
        ("lost direction", LAYER, "v@x", "W@x"),
        ("value", LAYER, "return u@sigmoid(W@x + b)", "return u@sigmoid(W@x - b)"),
    ],
    "torch": [
        ("sign", LAYER, "grad_W = torch.outer(", "grad_W = -torch.outer("),
        ("factor", LEAST, "2*", "1*"),
        ("missing factor", LAYER, "grad_b = delta*delta1", "grad_b = delta1"),
        ("transposed", LAYER, "torch.outer(delta*delta1, x)", "torch.outer(x, delta*delta1).reshape(W.shape)"),
        ("transposed matrix", FORM, "A.T", "A"),
        ("missing term", FORM, " + c)", ")"),
        ("wrong axis", ROWS, "dim=1", "dim=0"),
        ("lost digits", LAYER, "delta1 = u*h*(1 - h)", "delta1 = (u*h*(1 - h)).float().to(u.dtype)"),
        ("cut off", LAYER, "h = torch.sigmoid(W@x + b)", "h = torch.sigmoid(W@x + b).detach()"),
        ("value", LAYER, "torch.sigmoid(W@x + b)", "torch.sigmoid(W@x - b)"),
    ],
    "jax": [
        ("sign", LAYER, "jnp.outer(delta*delta1, x)", "-jnp.outer(delta*delta1, x)"),
        ("factor", LEAST, "2*", "1*"),
        ("missing factor", LAYER, "delta*delta1,)", "delta1,)"),
        ("transposed", LAYER, "jnp.outer(delta*delta1, x)", "jnp.outer(x, delta*delta1).reshape(u.size, x.size)"),
        ("transposed matrix", FORM, "A.T", "A"),
        ("missing term", FORM, " + c)", ")"),
        ("wrong axis", ROWS, "axis=1", "axis=0"),
        ("value", LAYER, "sigmoid(W@x + b)", "sigmoid(W@x - b)"),
    ],
}


def judged(folder: Path, source: str, test: str) -> str:
    """What the test says: nothing if it passes."""
    (folder / "rule.py").write_text(source, encoding="utf-8")
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)  # bytecode of a source as long, and of the same second
    path = folder / "test_rule.py"
    path.write_text(test, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("written", path)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for sizes in module.CASES:
        for seed in module.SEEDS:
            try:
                module.check(sizes, seed)
            except (AssertionError, ValueError, TypeError, RuntimeError) as error:
                return str(error) or "it fails"
    return ""


def parts(formula: tuple[str, str], to: str) -> tuple[str, str]:
    if to != "numpy":
        pytest.importorskip(to, reason=f"the test of what is exported to {to} runs where {to} is installed")
    text, wrt = formula
    shapes = {"a": "()", "c": "n", "x": "n"} if formula == FORM else {"a": "()"} if formula == ROWS else None
    found = jac.derive(text, wrt.split(","), shapes, order=2 if to == "numpy" and formula != ROWS else 1, check=False)
    return jac.export(found, to), export_test(found, to, "rule.py")


@pytest.mark.parametrize("to", FAULTS)
def test_every_fault_is_found_and_what_is_right_passes(
    to: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    made = {formula: parts(formula, to) for formula in FORMULAS}
    failing = {formula[0]: said for formula in FORMULAS if (said := judged(tmp_path, *made[formula]))}
    assert failing == {}, "what is right does not pass"
    missed = []
    for name, formula, right, wrong in FAULTS[to]:
        source, test = made[formula]
        changed = source.replace(right, wrong)
        assert changed != source, f"{name}: there is no {right} in\n{source}"
        if not judged(tmp_path, changed, test):
            missed.append(name)
    record_property("faults", f"{len(FAULTS[to]) - len(missed)} of {len(FAULTS[to])} found, {len(made)} controls pass")
    assert missed == []


@pytest.mark.parametrize(
    ("formula", "empty"),
    [
        ("u.T@sigmoid(W@x + b)", "n"),
        ("softmax(X*a, axis=1)", "n"),
        ("layernorm(X)", "n"),
        ("rmsnorm(X)", "n"),
        ("logsumexp(X, axis=1)", "n"),
        ("sum(relu(X@W)**2)", "n"),
        ("norm(x)", ""),
        ("sqrt((x - y).T@M@(x - y))", ""),
        ("mean(X)", ""),
        ("ones(k)*sum(x**2)", "n"),
    ],
)
def test_a_batch_is_empty_where_one_may_be(formula: str, empty: str, tmp_path: Path) -> None:
    wrt = next(name for name in ("X", "W", "x") if name in formula)
    found = jac.derive(formula, wrt, {"a": "()"} if "a)" in formula else None, check=False)
    test = export_test(found, "numpy", "rule.py")
    said = test[test.index("CASES = ") :].splitlines()[0]
    assert not empty or f"'{empty}': 0" in said
    assert bool(empty) is (": 0" in said)
    assert ": 1" in said
    assert judged(tmp_path, jac.export(found), test) == ""


def test_it_is_written_beside_and_says_how_to_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "w.py"
    with pytest.raises(SystemExit) as left:
        run(["export", "log(x@y)", "--wrt", "x", "-o", str(path), "--test"])
    assert left.value.code == 0
    assert f"wrote {tmp_path / 'test_w.py'}" in capsys.readouterr().out
    test = (tmp_path / "test_w.py").read_text("utf-8")
    assert "JAC_SEED" in test
    assert "'x': 'positive'" in test
    assert judged(tmp_path, path.read_text("utf-8"), test.replace("'w.py'", "'rule.py'")) == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--test"], "--test writes a test beside a file of source"),
        (["--test", "--to", "latex", "-o", "{folder}/a.tex"], "--test writes a test beside a file of source"),
        (["--test", "-o", "{folder}/a.py", "--assume", "W=orthogonal"], "no test is written under these facts"),
    ],
)
def test_refusals(arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run(["export", "W@x", "--wrt", "x", *(each.format(folder=tmp_path) for each in arguments)])
    assert left.value.code == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", FAULTS)
def test_places_are_drawn_of_as_many_as_there_are(to: str, tmp_path: Path) -> None:
    """Every label is met, and a fault in what is picked is found."""
    if to != "numpy":
        pytest.importorskip(to, reason=f"the test of what is exported to {to} runs where {to} is installed")
    shapes = {"H": "n,d", "W": "d,v", "y": "n"}
    found = jac.derive("cross_entropy(H@W, y)", ["H", "W"], shapes, assume={"y": "index"}, check=False)
    source, test = jac.export(found, to), export_test(found, to, "rule.py")
    assert 'return {"y": v}' in test
    assert judged(tmp_path, source, test) == ""
    wrong = source.replace("== np.arange(v)", "== np.arange(v) - 1").replace("== jnp.arange(v)", "== jnp.arange(v) - 1")
    wrong = wrong.replace("== torch.arange(v, device=H.device)", "== torch.arange(v, device=H.device) - 1")
    wrong = wrong.replace("== torch.arange(v, device=delta.device)", "== torch.arange(v, device=delta.device) - 1")
    assert wrong != source, source
    assert judged(tmp_path, wrong, test)


UNDER_FACTS = [
    ("cross_entropy(X@W, Y)", "W", {"Y": "one_hot"}, "Y@", "X.T@"),
    ("softmax(where(M == 1, Q@K.T, -inf))@V", "V", {"M": "binary"}, "== 1", "== 0"),
    ("sum(s*p*x**2)", "x", {"s": "pm1", "p": "probability"}, "2*", "3*"),
]


@pytest.mark.parametrize(("formula", "wrt", "facts", "right", "wrong"), UNDER_FACTS)
def test_points_are_drawn_such_that_facts_hold(
    formula: str, wrt: str, facts: dict[str, str], right: str, wrong: str, tmp_path: Path
) -> None:
    shapes = {"Q": "n,d", "K": "m,d", "V": "m,k", "M": "n,m"} if "M" in formula else None
    if "Y" in formula:
        shapes = {"X": "n,d", "W": "d,k", "Y": "n,k"}
    found = jac.derive(formula, wrt, shapes, assume=dict(facts), check=False)
    source, test = jac.export(found), export_test(found, "numpy", "rule.py")
    assert judged(tmp_path, source, test) == ""
    changed = source.replace(right, wrong) if right in source else source.replace("return ", "return 1.001*")
    assert changed != source
    assert judged(tmp_path, changed, test)


@pytest.mark.parametrize("formula", ["sum(conv1d(x, k)**2)", "sum(tanh(correlate(x, k)))", "sum((x[1:] - x[:-1])**2)"])
def test_sizes_are_those_that_the_formula_wants(formula: str, tmp_path: Path) -> None:
    found = jac.derive(formula, "x", check=False)
    assert judged(tmp_path, jac.export(found), export_test(found, "numpy", "rule.py")) == ""
