"""Exported C, compiled and run: against exported NumPy, and by the test that stands in it."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.export import c
from jacobian_cli.api.export.c import run_test
from jacobian_cli.cli.run import run
from tests.export.compiled import Library, needs_compiler
from tests.export.test_numpy import module_of

FORMULAS: list[tuple[str, str, dict[str, str]]] = [
    ("u.T@sigmoid(W@x + b)", "W,b", {"W": "3,4"}),
    ("softmax(W@x)", "W,x", {"W": "3,4"}),
    ("softmax(Q@K.T/sqrt(4), axis=1)@V", "Q,K,V", {"Q": "3,4", "K": "3,4", "V": "3,4"}),
    ("layernorm(X)", "X", {"X": "3,4"}),
    ("X + softmax(X@A@X.T)@X@B", "X,A", {"X": "3,4"}),
    ("[[cos(t), -sin(t)], [sin(t), cos(t)]]@p", "t,p", {"t": "()", "p": "2"}),
    ("[a*cos(s) + b*cos(s + t), a*sin(s) + b*sin(s + t)]", "s,t", dict.fromkeys("abst", "()")),
    ("norm([x*cos(t), y*sin(t)] - p)**2", "t,p", {"t": "()", "x": "()", "y": "()", "p": "2"}),
    ("x.T@A@x", "x,A", {"A": "3,3"}),
    ("norm(X@w - y)**2 + c*sum(w**2)", "w,c", {"X": "4,2", "c": "()"}),
    ("sum(log(1 + exp(-y*(X@w))))", "w", {"X": "4,2"}),
    ("sum((T - U@V.T)**2)", "U", {"T": "3,3", "U": "3,2", "V": "3,2"}),
    ("relu(W@x)@v", "W,v", {"W": "3,2"}),
    ("log(det(A@A.T))", "A", {"A": "3,3"}),
    ("inv(A)@x", "A", {"A": "3,3"}),
    ("softmax(X, axis=0)", "X", {"X": "3,4"}),
    ("max(X, axis=0)", "X", {"X": "3,4"}),
    ("std(X, axis=0)", "X", {"X": "3,4"}),
    ("logsumexp(X)", "X", {"X": "3,4"}),
    ("cross_entropy(z, y)", "z", {"z": "4"}),
    ("sum(gelu(x))", "x", {"x": "5"}),
    ("cross(x, y)", "x,y", {"x": "3"}),
    ("x[1:] - x[:-1]", "x", {"x": "5"}),
    ("reshape(x, (2, 3))@y", "x,y", {"x": "6"}),
    ("concat(x, c*y)", "x,y,c", {"x": "2", "y": "3", "c": "()"}),
    ("kron(A, B)", "A,B", {"A": "2,3", "B": "2,2"}),
    ("vec(A@B)", "A,B", {"A": "2,3", "B": "3,4"}),
    ("D@vec(A@B + C.T)", "A,C", {"A": "2,3", "B": "3,4", "C": "4,2", "D": "2,8"}),
    ("commutation(2, 3)@vec(A)", "A", {"A": "2,3"}),
    ("kron(A, x)@vec(B)", "A,x,B", {"A": "2,6", "x": "3", "B": "2,3"}),
    ('einsum("bij,bjk->bik", A, B)', "A,B", {"A": "2,3,2", "B": "2,2,3"}),
    ("A@B@C@x", "A,B,x", {"A": "2,3", "B": "3,4", "C": "4,2"}),
    ("outer(double, while_)@exp_ + λ", "λ,double", {"double": "2", "while_": "3", "λ": "()"}),
    ("norm(x)", "x", {"x": "1"}),
    ("convolve(tanh(x), k + y)", "x,k,y", {"x": "5", "k": "3", "y": "3"}),
    ("sum(tanh(correlate(x, k)))", "x,k", {"x": "5", "k": "3"}),
    ("convolve(x, k)@y", "x,k", {"x": "4", "k": "1", "y": "4"}),
    ("fold(X*X)", "X", {"X": "3,2"}),
    ("sum(conv2d(X, K)**2)", "X,K", {"X": "5,4", "K": "2,3"}),
    ("sum(w*vech(A@B)**2)", "A,B", {"A": "3,3", "B": "3,3", "w": "6"}),
    ("A[:, [0, -1]]@x[[0, 2, 2]][:2]", "A,x", {"A": "4,3", "x": "5"}),
    ("x[[0, 2, 2]]@y", "x,y", {"x": "4", "y": "3"}),
]


@needs_compiler
@pytest.mark.parametrize(("formula", "wrt", "shapes"), FORMULAS, ids=[f for f, *_ in FORMULAS])
def test_every_function_is_what_numpy_computes(formula: str, wrt: str, shapes: dict[str, str], tmp_path: Path) -> None:
    names = wrt.split(",")
    scalar = not jac.derive(formula, names[:1], shapes, check=False)[0].output_shape
    found = jac.derive(formula, names, shapes, order=2 if scalar else 1, check=False)
    source = jac.export(found, "c")
    library, module = Library(source, tmp_path), module_of(jac.export(found))
    passed, said = run_test(source)
    assert passed, said
    assert said == "right at 5 points"
    rng = np.random.default_rng(0)
    known = {n: tuple(s.at({}) for s in v.shape) for n, v in found[0].problem.variables.items()}
    out = found[0].problem.output.shape
    for name, function in module.items():
        if name.replace("λ", "lambda") not in library.heads:
            continue
        given = inspect.signature(function).parameters
        moving = known[name.rpartition("_")[2]] if name.startswith(("jvp", "hvp")) else ()
        sizes = {**dict.fromkeys(given, moving), "delta": tuple(s.at({}) for s in out), **known}
        at: dict[str, Any] = {n: rng.standard_normal(sizes[n]) for n in given}
        expected = function(**at)
        spelled = {{"double": "double_", "λ": "lambda"}.get(n, n): value for n, value in at.items()}
        returned, written = library(name.replace("λ", "lambda"), spelled)
        value, others = expected if isinstance(expected, tuple) else (expected, {})
        flat = [*others.values(), *([value] if returned is None else [])]
        assert returned is None or returned == pytest.approx(value, rel=1e-11)
        for one, other in zip(written, flat, strict=True):
            np.testing.assert_allclose(one, np.ravel(other), rtol=1e-11, atol=1e-12, err_msg=name)
    first = names[0].replace("λ", "lambda")
    assert {"value", f"vjp_{first}", f"jvp_{first}", f"jacobian_{first}"} <= library.heads.keys()


def test_extreme_numbers_stay_finite(tmp_path: Path) -> None:
    if c.compiler() is None:
        pytest.skip("there is no C compiler: apt-get install gcc")
    large = np.array([1e300, -1e300, 0.0])
    for formula, expected in (
        ("softmax(x)", [1, 0, 0]), ("logsumexp(x)", 1e300), ("norm(x)", np.sqrt(2) * 1e300),
        ("softplus(x)", [1e300, 0, np.log(2)]), ("sigmoid(x)", [1, 0, 0.5]), ("std(x)", np.sqrt(2 / 3) * 1e300),
    ):  # fmt: skip
        folder = tmp_path / formula
        folder.mkdir()
        library = Library(jac.export(jac.derive(formula, "x", {"x": "3"}, check=False), "c"), folder)
        returned, written = library("value", {"x": large})
        np.testing.assert_allclose(written[0] if returned is None else returned, expected, rtol=1e-14, err_msg=formula)


FAULTS = [
    ("sign", "out[4*i + j] = delta*delta1[i]*x[j]", "out[4*i + j] = -delta*delta1[i]*x[j]"),
    ("factor", "out[i] = delta*delta1[i]", "out[i] = 2.0*delta*delta1[i]"),
    ("missing factor", "out[i] = delta*delta1[i]", "out[i] = delta1[i]"),
    ("slope", "delta1[i] = u[i]*h[i]*(1.0 - h[i])", "delta1[i] = u[i]*h[i]*(1.0 + h[i])"),
    ("transposed", "grad_W[4*i + j]", "grad_W[i + 3*j]"),
    ("lost direction", "+= v[4*i + j]*x[j]", "+= W[4*i + j]*x[j]"),
    ("value", "u[i]*sigmoid(s2 + b[i])", "u[i]*sigmoid(s2 - b[i])"),
    (
        "one entry short",
        "for (int j = 0; j < 4; j++) {\n            s2",
        "for (int j = 0; j < 3; j++) {\n            s2",
    ),
    ("wrong row", "W[4*i + j]*x[j]", "W[3*i + j]*x[j]"),
    ("result of the joint pass", "grad_b[i] = delta1[i]", "grad_b[i] = delta1[0]"),
]


@needs_compiler
def test_the_test_in_it_finds_every_fault(record_property: Callable[[str, object], None]) -> None:
    found = jac.derive("u.T@sigmoid(W@x + b)", ["W", "b"], {"W": "3,4"}, check=False)
    source = jac.export(found, "c")
    assert run_test(source) == (True, "right at 5 points")
    missed = []
    for name, right, wrong in FAULTS:
        head, _, test = source.partition("#ifdef JAC_TEST")
        changed = head.replace(right, wrong, 1)
        assert changed != head, f"{name}: there is no {right} in\n{head}"
        passed, said = run_test(f"{changed}#ifdef JAC_TEST{test}")
        if passed or "by differences" not in said:
            missed.append((name, said))
    record_property("faults", f"{len(FAULTS) - len(missed)} of {len(FAULTS)} found")
    assert missed == []


def exported(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as left:
        run(["export", "--to", "c", *arguments])
    return int(left.value.code or 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["W@x"], "C wants every size as a number: W is n × m, x is m"),
        (["W@x"], "declare them, as in -s W=3,4 -s x=4"),
        (
            ["sum(W[i])", "--wrt", "W", "-s", "W=3,4", "-s", "i=2", "--assume", "i=index"],
            "take has no counterpart in C, and sum(W[i]) is computed with it",
        ),
        (["scatter_add(x, i, 4)", "--wrt", "x", "-s", "x=3", "-s", "i=3"], "scatter_add has no counterpart in C"),
        (["take(w, argsort(x))", "--wrt", "w", "-s", "x=5", "-s", "w=3"], "take has no counterpart in C"),
        (["reshape(X, (n*m/2, 2))", "-s", "X=n,m", "--sizes", "n=3,m=3"], "the formula wants n*m a multiple of 2"),
        (["std(x, ddof=1)", "-s", "x=1"], "1/(1 - 1) divides by zero"),
        (["std(x, ddof=1)", "--sizes", "n=1"], "n/(n - 1) divides by zero"),
        (["digamma(x)", "-s", "x=3"], "digamma has no counterpart in C"),
        (["sum(x) + ones(n).T@ones(n)", "-s", "x=3"], "C wants every size as a number, and n is none"),
        (["sin(x)", "-s", "x=100000000"], "is none that C is written of here"),
    ],
)
def test_what_c_lacks_is_refused_by_name(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exported([*arguments, "--no-check"]) == 2
    assert said in capsys.readouterr().err


@needs_compiler
@pytest.mark.parametrize("n", [1, 2, 5])
def test_letters_are_given_numbers(n: int, tmp_path: Path) -> None:
    """One derivation at several sizes, of which one is 1; also where no axis tells a size."""
    formula, sizes = "softmax(X@W + ones(k).T)@(c*ones(k)) - sum(X)/n*X[0, 0]", {"n": n, "m": 3, "k": 2}
    found = jac.derive(formula, ["W", "X"], {"X": "n,m", "W": "m,k", "c": "()"}, check=False)
    source = jac.export(found, "c", sizes=sizes)
    assert f"n = {n}, m = 3, k = 2" in source
    assert run_test(source) == (True, "right at 5 points")
    library, module = Library(source, tmp_path), module_of(jac.export(found))
    rng = np.random.default_rng(0)
    at = {"X": rng.standard_normal((n, 3)), "W": rng.standard_normal((3, 2)), "c": 2.0, "delta": rng.standard_normal(n)}
    for function in ("value", "vjp_W", "vjp_X", "jacobian_X"):
        given = {name: at[name] for name in inspect.signature(module[function]).parameters if name in at}
        _, (written,) = library(function, at)
        np.testing.assert_allclose(written, np.ravel(module[function](**given)), 1e-11, 1e-12, err_msg=function)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["W@x", "--sizes", "n=3"], "--sizes n=3,m=4"),
        (["W@x", "--sizes", "n=3,m=4,k=5"], "there is no size k in the formula"),
        (["W@x", "--sizes", "n=0,m=4"], "a size is a whole number from 1 on"),
        (["W@x", "--sizes", "n"], "n is no size"),
        (["W@x", "--sizes", "n=3,m=4,k=5,n=4"], "n is said to be 3 and 4"),
        (["x[3:5]", "-s", "x=n", "--sizes", "n=4"], "the formula wants n >= 5"),
        (["W@x", "--to", "numpy", "--sizes", "n=3"], "numpy takes any sizes"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exported([*arguments, "--no-check"]) == 2
    assert said in capsys.readouterr().err


def test_names_that_c_keeps_are_renamed_and_that_is_said() -> None:
    source = jac.export(jac.derive("out*double + sigmoid*λ + 0*exp(v)", ["out", "v"], dict.fromkeys(
        ("out", "double", "sigmoid", "λ", "v"), "3"), check=False), "c")  # fmt: skip
    assert "double is double_ here" in source
    assert "out is out_ here" in source
    if c.compiler() is not None:
        assert run_test(source) == (True, "right at 5 points")


@needs_compiler
def test_names_of_the_language_and_of_its_library_are_renamed(tmp_path: Path) -> None:
    names = ("_Bool", "_Complex", "inline", "gamma", "y0", "j1", "λ", "bool")
    found = jac.derive("*".join(names), "λ,_Bool,gamma".split(","), dict.fromkeys(names, "3"), check=False)
    source = jac.export(found, "c")
    here = ("u_Bool", "u_Complex", "inline_", "gamma_", "y2", "j2", "lambda", "bool_")
    assert all(f"{name} is {there} here" in source for name, there in zip(names, here, strict=True))
    assert "jacobian_lambda(" in source
    heads = Library(source, tmp_path).heads
    assert all(name.isascii() for name in heads)
    assert run_test(source) == (True, "right at 5 points")


def test_it_is_compiled_and_run_where_there_is_a_compiler(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "layer.c"
    command = ["tanh(W@x)", "--wrt", "W", "-s", "W=2,3", "-o", str(path), "--test"]
    if c.compiler() is not None:
        assert exported(command) == 0
        assert "its test: right at 5 points" in capsys.readouterr().out
        assert "jacobian(" in path.read_text("utf-8")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert exported([*command, "--force"]) == 2
    assert "there is no C compiler here" in capsys.readouterr().err


@needs_compiler
def test_a_number_replays_other_points(tmp_path: Path) -> None:
    file, program = tmp_path / "a.c", tmp_path / "a"
    file.write_text(jac.export(jac.derive("x.T@A@x", "x", {"x": "3"}, check=False), "c"), encoding="utf-8")
    subprocess.run([c.compiler() or sys.executable, "-DJAC_TEST", str(file), "-o", str(program), "-lm"], check=True)
    for seed in ("1", "7"):
        assert subprocess.run([str(program), seed], check=False, capture_output=True).returncode == 0


@needs_compiler
@pytest.mark.parametrize("formula", ["sort(x)@w", "median(x)*w[0]", "topk(x, 2)@topk(w, 2)", "sum(sort(X, axis=0)*X)"])
def test_entries_are_put_in_order(formula: str, tmp_path: Path) -> None:
    wrt = "X" if "X" in formula else "x"
    shapes = {"X": (4, 3)} if wrt == "X" else {"x": (5,), "w": (5,)} if "w" in formula else {"x": (5,)}
    found = jac.derive(formula, [wrt], shapes, check=False)
    passed, said = run_test(jac.export(found, "c"))
    assert passed, said
