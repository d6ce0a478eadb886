"""Exported NumPy: every function against differences of `value`, and against the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.export.functions import apart
from jacobian_cli.checks.oracles import differences
from jacobian_cli.cli.run import run
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Defined, Variable
from jacobian_cli.printers.language import text
from jacobian_cli.syntax.parser import parse_statement

Array = Any
FORMULAS: list[tuple[str, str, dict[str, tuple[int, ...]]]] = [
    ("u.T@sigmoid(W@x + b)", "W,b", {"u": (3,), "W": (3, 2), "x": (2,), "b": (3,)}),
    ("softmax(W@x)", "W,x", {"W": (3, 2), "x": (2,)}),
    ("x.T@A@x", "x", {"A": (3, 3), "x": (3,)}),
    ("norm(X@w - y)**2 + c*sum(w**2)", "w,c", {"X": (4, 2), "w": (2,), "y": (4,), "c": ()}),
    ("sum(log(1 + exp(-y*(X@w))))", "w", {"X": (4, 2), "w": (2,), "y": (4,)}),
    ("layernorm(X)", "X", {"X": (2, 4)}),
    ("x.T*A", "A,x", {"A": (2, 3), "x": (3,)}),
    ("sum((T - U@V.T)**2)", "U", {"T": (3, 3), "U": (3, 2), "V": (3, 2)}),
    ("relu(W@x)@v", "W,v", {"W": (3, 2), "x": (2,), "v": (3,)}),
]


def module_of(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(source, "<exported>", "exec", dont_inherit=True), names)
    return names


@pytest.mark.parametrize(("formula", "wrt", "shapes"), FORMULAS, ids=[f for f, _, _ in FORMULAS])
def test_every_function_says_what_differences_of_the_value_say(
    formula: str, wrt: str, shapes: dict[str, tuple[int, ...]]
) -> None:
    rng = np.random.default_rng(3)
    at = {name: rng.standard_normal(shape) + 0.3 for name, shape in shapes.items()}
    scalar = not jac.derive(formula, wrt.split(",")[:1])[0].output_shape
    found = jac.derive(formula, wrt.split(","), order=2 if scalar else 1)
    module = module_of(jac.export(found))
    out = np.shape(module["value"](**at))
    for name in wrt.split(","):
        x = np.asarray(at[name])

        def moved(function: str, y: Array, name: str = name, x: Array = x) -> Array:
            return np.asarray(module[function](**{**at, name: y.reshape(x.shape)}), float)

        slope, _ = differences.with_doubt(lambda y: moved("value", y), x)
        v = rng.standard_normal(x.shape)
        direction = {("v" if "v" not in at else "v_"): v}
        along = np.asarray(module[f"jvp_{name}"](**at, **direction))
        assert along.shape == out
        np.testing.assert_allclose(along.ravel(), slope @ v.ravel(), rtol=1e-6, atol=1e-6)
        delta = rng.standard_normal(out)
        np.testing.assert_allclose(
            np.ravel(module[f"vjp_{name}"](delta, **at)), delta.ravel() @ slope, rtol=1e-6, atol=1e-6
        )
        if scalar:
            second, _ = differences.with_doubt(lambda y, name=name: moved(f"gradient_{name}", y), x)  # type: ignore[misc]  # a lambda that holds its turn
            bent = np.asarray(module[f"hvp_{name}"](**at, **direction))
            assert bent.shape == x.shape
            np.testing.assert_allclose(bent.ravel(), second @ v.ravel(), rtol=1e-6, atol=1e-6)
            value, gradients = module["value_and_gradient"](**at)
            assert value == pytest.approx(module["value"](**at))
            assert list(gradients) == wrt.split(",")
            np.testing.assert_allclose(gradients[name], module[f"gradient_{name}"](**at), rtol=1e-12, atol=1e-14)


def test_a_single_variable_needs_no_name_and_formulas_and_shapes_are_in_the_docstrings() -> None:
    module = module_of(jac.export(jac.derive("W@x", wrt="W")))
    assert {"value", "jacobian", "vjp", "jvp"} <= module.keys()
    assert "delta@x.T" in module["vjp"].__doc__
    assert "W: n × m" in module["jvp"].__doc__
    hints = module["jvp"].__annotations__
    assert hints == dict.fromkeys(["W", "x", "v", "return"], np.ndarray)


def test_no_module_but_numpy_is_needed() -> None:
    source = jac.export(jac.derive("sum(gelu(x))", wrt="x"))
    imports = {line.split()[1] for line in source.splitlines() if line.startswith("import")}
    assert imports == {"numpy", "math"}


def test_names_of_the_code_give_way_to_those_of_the_formula() -> None:
    source = jac.export(jac.derive("sum(exp(np*v))", wrt=["np", "v"]))
    module = module_of(source)
    assert "np_ is numpy here: np is a name of the formula" in source
    assert module["jvp_np"](np=np.ones(2), v=np.zeros(2), v_=np.ones(2)) == 0
    assert "moves along v_" in module["jvp_np"].__doc__


def test_one_name_with_two_meanings_becomes_two() -> None:
    x = Variable("x", ())
    one, two = (Defined("h", elaborate([parse_statement(f)]).output) for f in ("x + 1", "x + 2"))
    first, second, third = apart([one, two, x])
    assert (text(first), text(second), third) == ("h", "h_", x)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "{there}"], "is there already"),
        (["-o", "torch.py"], "would hide the library torch"),
        (["-o", "{nowhere}/a.py"], "cannot be written"),
        (["--to", "fortran"], "fortran"),
        (["--at", "x=[1]"], "at no point"),
        (["--order", "2"], "a Hessian is that of a scalar"),
        (["--to", "latex", "--json"], "two forms"),
    ],
)
def test_refusals(arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "there.py").write_text("mine")
    places = {"there": str(tmp_path / "there.py"), "nowhere": str(tmp_path / "no")}
    with pytest.raises(SystemExit) as left:
        run(["export", "W@x", "--wrt", "W", *(each.format(**places) for each in arguments)])
    assert left.value.code == 2
    captured = capsys.readouterr()
    assert said in captured.out + captured.err
    assert (tmp_path / "there.py").read_text() == "mine"


def test_a_file_is_written_and_replaced_with_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "w.py"
    for _ in range(2):
        with pytest.raises(SystemExit) as left:
            run(["export", "W@x", "--wrt", "W", "-o", str(path), "--force"])
        assert left.value.code == 0
    assert f"wrote {path}" in capsys.readouterr().out
    np.testing.assert_array_equal(module_of(path.read_text())["jvp"](np.eye(2), np.ones(2), v=np.eye(2)), [1, 1])


@pytest.mark.parametrize("to", ["numpy", "torch", "jax", "c"])
@pytest.mark.parametrize("wrt", ["x", ["x", "W"]])
def test_second_derivatives_of_what_is_no_scalar_are_refused_as_code(to: str, wrt: Any) -> None:
    with pytest.raises(jac.InputError, match="a Hessian is that of a scalar; f is none"):
        jac.export(jac.derive("W@x", wrt, {"W": "3,4"}, order=2, check=False), to)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("9**9**9**9*x", "9**9**9 is larger than any float"),
        ("0/0*x", "0/0 divides by zero"),
        ("x/(2 - 2)", "x/(2 - 2) divides by zero"),
        ("x*exp(1000)", "exp(1000) is larger than any float"),
        ("x*log(0 - 1)", "log(0 - 1) has no value"),
        ("std(x, ddof=1)", "1/(1 - 1) divides by zero"),
    ],
)
def test_constants_that_no_float_holds_are_refused(formula: str, said: str) -> None:
    with pytest.raises(jac.InputError) as error:
        jac.export(jac.derive(formula, "x", {"x": "1"}, check=False))
    assert said in str(error.value)


@pytest.mark.parametrize("formula", ["9**30*x", "5000000000*5000000000*x", "2**70*x", "x/3**41", "(-7)**23*x"])
def test_large_constants_make_arrays_of_floats(formula: str) -> None:
    module = module_of(jac.export(jac.derive(formula, "x", check=False)))
    expected = float(evaluate(elaborate([parse_statement(formula)], {"x": ()}).output, {"x": 1.0}, {}))
    for found in (module["value"](np.ones(2)), module["vjp"](np.ones(2), np.ones(2))):
        assert found.dtype == float
        np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_a_page_shows_every_form_and_what_was_not_checked() -> None:
    found = jac.derive("u.T@sigmoid(W@x + b)", ["W", "b"])
    page = jac.export(found, to="html")
    assert page.startswith("<!DOCTYPE html>")
    assert page.count("<math") == page.count("</math>") > 6
    assert "http" not in page
    assert "<script" not in page
    assert all(form in page for form in ("delta1@x.T", "autograd", "u*h*(1 - h)"))
    assert "not checked" in jac.export(jac.derive("x<y", "x", check=False), to="html")


@pytest.mark.parametrize("to", ["latex", "markdown", "json"])
def test_other_forms_are_those_of_derive(to: str) -> None:
    found = jac.export(jac.derive("x.T@A@x", wrt="x"), to=to)
    assert {"latex": r"\begin{align*}", "markdown": "### ∂f/∂x", "json": '"closed_form"'}[to] in found


def test_what_is_no_derivation_and_what_is_no_target_is_refused() -> None:
    derived: Any = "W@x"
    with pytest.raises(jac.InputError, match="is no derivation"):
        jac.export(derived)
    with pytest.raises(jac.InputError, match="no target 'fortran'"):
        jac.export(jac.derive("W@x", wrt="W"), to="fortran")
