"""What editors and type checkers see: mypy proves the first test by reading it."""

from __future__ import annotations

import inspect
from typing import Any, assert_type

import numpy as np
import pytest
from numpy.typing import NDArray

import jacobian_cli as jac
from jacobian_cli.api.chain.proof import ChainProof
from jacobian_cli.api.derive.steps import DerivationStep, StepList
from jacobian_cli.checks.verdict.report import Report


def test_what_comes_back_has_a_type() -> None:
    one, several = jac.derive("u@x", wrt="x"), jac.derive("u@x", wrt=["u", "x"])
    assert_type(one, jac.Derivation)
    assert_type(several, jac.Derivations)
    assert_type(several[0], jac.Derivation)
    assert_type(several[1:], jac.Derivations)
    assert_type(one.gradient, jac.ClosedForm | None)
    assert_type(one.check(points=1), Report)
    assert_type(one.settled, jac.Derivation)
    assert_type(one.steps(), StepList)
    assert_type(one.steps()[0], DerivationStep)
    assert_type(one.steps("text"), str)
    chain = jac.chain("z = u@x", wrt="x")
    assert_type(chain, jac.Composition)
    assert_type(chain.derivations, jac.Derivations)
    assert_type(chain.check(points=1), ChainProof)
    run = jac.backprop("u*x", at={"u": 1, "x": 2})
    assert_type(run, jac.Backprop)
    assert_type(run.value, NDArray[np.float64])
    assert_type(jac.tape("u*x"), jac.Tape)
    assert_type(jac.check("x*x", "x", "diag(2*x)"), jac.Check)
    assert_type(jac.convert("eye(n)", "numerator", "denominator", out="n", variable="n"), str)
    assert_type(jac.convert([[1.0]], "numerator", "denominator", out=(1,), variable=(1,)), NDArray[Any])
    assert [type(found) for found in (one, several, chain, run)] == [
        jac.Derivation,
        jac.Derivations,
        jac.Composition,
        jac.Backprop,
    ]


def test_one_name_gives_one_and_several_give_several() -> None:
    for wrt in ("u,x", ["u", "x"], ("u", "x")):
        found: Any = jac.derive("u@x", wrt=wrt)  # type: ignore[arg-type, unused-ignore]  # what is refused
        assert isinstance(found, jac.Derivations)
        assert [d.wrt for d in found] == ["u", "x"]
    assert isinstance(jac.derive("u@x", wrt="x"), jac.Derivation)
    assert len(jac.derive("u@x", wrt=["x"])) == 1


@pytest.mark.parametrize("name", jac.__all__)
def test_what_is_listed_is_there_and_says_what_it_returns(name: str) -> None:
    assert name in dir(jac)
    found = getattr(jac, name)
    assert inspect.getdoc(found)
    methods = [found] if inspect.isfunction(found) else [m for n, m in vars(found).items() if n[0] != "_"]
    for method in methods:
        function = getattr(method, "fget", None) or getattr(method, "func", None) or method
        if inspect.isfunction(function) and function.__annotations__.get("return") is not None:
            assert function.__annotations__["return"] != "Any", function


def test_a_report_is_its_line() -> None:
    report = jac.derive("x*x", wrt="x").check(points=2)
    assert repr(report).startswith("✓ checked at 2 points: autograd to 1e-")
    assert repr(report).endswith("SymPy exactly")
    assert repr(jac.chain("z = x*x", wrt="x").check(points=1)).startswith("✓ checked: autograd to 1e-")


def test_a_notebook_shows_the_message_with_its_caret() -> None:
    with pytest.raises(jac.InputError) as refused:
        jac.derive("x + (y", wrt="x")
    shown = refused.value._render_traceback_()
    assert shown == str(refused.value).splitlines()
    assert any(set(line.strip()) == {"^"} for line in shown)


def test_every_answer_says_what_was_read_and_what_is_doubtful() -> None:
    found = jac.derive(r"\sigma(W x)", wrt="x")
    assert found.read is not None
    for answer in (found, jac.chain("z = W@x", wrt="x"), jac.backprop("u*x", at={"u": 1, "x": 1})):
        assert isinstance(answer.warnings, tuple)
    assert jac.derive("W@x", wrt="x").read is None
    assert_type(found.warnings, tuple[str, ...])


def test_tab_finds_what_is_there_to_use() -> None:
    jac.derive("x*y", wrt="x")  # loads rooms of the house, which are not
    assert {name for name in dir(jac) if not name.startswith("__")} == set(jac.__all__)
