"""A closed form that fails its check, or cannot be written, is replaced by the plain index form, which is checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.calculus.chain.links import Chain
from jacobian_cli.calculus.differentiate.pullback import arrived, pullback
from jacobian_cli.calculus.index.tensor import Leaf, Tensor
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.simplify.normal_form import scale
from jacobian_cli.cli.run import run
from jacobian_cli.expr import Expr, Variable

FORMS = "jacobian_cli.calculus.derivative.writer"
Break = Callable[[pytest.MonkeyPatch], None]


def wrong_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recognition that loses a factor of two."""
    shaped = write.shaped

    def halved(expr: Expr, shape: Any) -> Expr:
        return write.apply("/", shaped(expr, shape), write.number(2))

    monkeypatch.setattr(f"{FORMS}.write.shaped", halved)


def wrong_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{FORMS}.jacobian_form", lambda notation, tensor, *rest: write.zeros(tensor.shape[-1:]))


def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{FORMS}.jacobian_form", lambda notation, tensor, *rest: Variable("a b", tensor.shape[-1:]))


def of_another_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{FORMS}.jacobian_form", lambda notation, tensor, *rest: write.ones(*tensor.shape[-1:] * 3))


def raising(monkeypatch: pytest.MonkeyPatch) -> None:
    def express(self: Notation, tensor: Any) -> Expr:
        raise KeyError("an axis")

    monkeypatch.setattr(Notation, "express", express)


WRONG: dict[str, Break] = {
    "a wrong gradient": wrong_gradient,
    "a wrong matrix": wrong_matrix,
    "a form that is no form": unreadable,
    "a form of another shape": of_another_shape,
}
FORMULA, AT = "u.T@tanh(W@x + b)", {"u": (3,), "W": (3, 2), "x": (2,), "b": (3,)}


def truth(u: Any, W: Any, x: Any, b: Any) -> Any:  # noqa: N803 - as in the formula
    return np.outer(u * (1 - np.tanh(W @ x + b) ** 2), x)


def point() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {name: rng.standard_normal(shape) for name, shape in AT.items()}


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as end:
        run(list(arguments))
    return int(str(end.value.code)), " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", WRONG)
def test_what_fails_is_replaced_by_what_passes(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    WRONG[name](monkeypatch)
    status, page = printed(capsys, "derive", FORMULA, "--wrt", "W")
    assert status == 1
    assert "the closed form did not pass its check" in page
    assert "the plain index form stands in its place; please report this formula" in page
    assert "✓ checked at 3 points" in page
    status, text = printed(capsys, "derive", FORMULA, "--wrt", "W", "--json")
    answer = json.loads(text)["answers"][0]
    assert status == 1
    assert answer["check"]["passed"]
    assert answer["replaced"]["check"]["passed"] is False
    assert "please report" in answer["warnings"][-1]
    assert "einsum" in answer["gradient"]["closed_form"]


@pytest.mark.parametrize("name", WRONG)
def test_python_is_not_silent(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    WRONG[name](monkeypatch)
    found = jac.derive(FORMULA, wrt="W")
    assert found.warnings == ()
    settled = found.settled
    assert "please report" in settled.warnings[-1]
    assert settled.check().passed
    with pytest.warns(UserWarning, match="the plain index form stands in its place"):
        source = found.to_python()
    assert "the closed form did not pass its check" in source
    ns: dict[str, Any] = {}
    exec(source, ns)
    values = point()
    np.testing.assert_allclose(ns["gradient"](**values), truth(**values), rtol=1e-12)
    np.testing.assert_allclose(ns["vjp"](2.0, **values), 2 * truth(**values), rtol=1e-12)
    np.testing.assert_allclose(ns["jacobian"](**values), truth(**values).reshape(1, -1), rtol=1e-12)


def test_source_is_written_unchecked_if_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong_gradient(monkeypatch)
    unchecked = jac.derive(FORMULA, wrt="W", check=False).to_python()
    assert unchecked.count("Not checked.") == 3
    assert "einsum" not in unchecked


def test_the_second_derivative_is_replaced_too(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong_matrix(monkeypatch)
    found = jac.derive("sum(exp(x)*y)", wrt="x", order=2)
    assert found.check().passed is False
    assert found.settled.hessian is not None
    assert found.settled.check().passed


def test_what_cannot_be_written_is_shown_in_index_form(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The derivative is right, so the status is that of a right answer; the line is there all the same."""
    raising(monkeypatch)
    status, page = printed(capsys, "derive", FORMULA, "--wrt", "W")
    assert status == 0
    assert "the closed form could not be written (KeyError: 'an axis')" in page
    assert "please report" in page
    assert "✓ checked at 3 points" in page
    found = jac.derive(FORMULA, wrt=["W", "x"])
    assert all(d.check().passed and "please report" in d.warnings[-1] for d in found)
    turned = found[0].rewritten("denominator", "column")
    assert turned.jacobian.shape == ("n*m", 1)
    assert turned.check().passed
    source = found.to_python()
    assert source.count("the closed form could not be written") == 6
    ns: dict[str, Any] = {}
    exec(source, ns)
    values = point()
    np.testing.assert_allclose(ns["gradient_W"](**values), truth(**values), rtol=1e-12)
    with pytest.raises(jac.InputError, match="the steps of this derivation could not be written"):
        found[0].steps()
    assert found[0].conventions(points=1).passed


def test_a_wrong_rule_is_wrong_in_every_form(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Then nothing stands: the closed form is shown with its verdict, and no source is written."""

    def halved(*arguments: Any, **named: Any) -> list[Any]:
        return [scale(2, tensor) for tensor in pullback(*arguments, **named)]

    def arriving(node: Tensor, *rest: Any) -> Tensor:
        return scale(2, arrived(node, *rest)) if isinstance(node, Leaf) else arrived(node, *rest)

    monkeypatch.setattr("jacobian_cli.calculus.derivative.plain.pullback", halved)
    monkeypatch.setattr("jacobian_cli.calculus.differentiate.adjoints.arrived", arriving)
    found = jac.derive("A@x", wrt="x")
    assert found.check().passed is False
    assert found.settled is found
    with pytest.raises(jac.InputError, match="no source is written of a derivative that fails its check"):
        found.to_python()
    assert "def vjp(delta, A, x):" in jac.derive("A@x", wrt="x", check=False).to_python()
    status, page = printed(capsys, "derive", "A@x", "--wrt", "x")
    assert status == 1
    assert "✗ WRONG" in page
    assert "index form" not in page


def test_what_is_right_is_written_without_a_word() -> None:
    source = jac.derive(FORMULA, wrt="W").to_python()
    assert "check" not in source


def test_what_cannot_be_compared_says_so_in_its_source() -> None:
    assert "Not checked: " in jac.derive("log(-x**2 - 1)", wrt="x").to_python()


def test_a_chain_shows_what_stands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    value = Chain.value
    monkeypatch.setattr(Chain, "value", lambda *arguments: write.apply("/", value(*arguments), write.number(2)))
    stages = ("z = W@x + b", "h = tanh(z)", "s = u.T@h")
    status, page = printed(capsys, "chain", *stages, "--wrt", "W")
    assert status == 1
    assert "✗ WRONG" in page
    assert "the plain index form stands in its place; please report this formula" in page
    status, text = printed(capsys, "chain", *stages, "--wrt", "W", "--json")
    answer = json.loads(text)
    assert status == 1
    assert answer["check"]["passed"] is False
    assert answer["instead"]["W"]["check"]["passed"]
    found = jac.chain(stages, wrt="W")
    ns: dict[str, Any] = {}
    with pytest.warns(UserWarning, match="the plain index form stands in its place"):
        exec(found.derivations[0].to_python(), ns)
    values = point()
    np.testing.assert_allclose(ns["gradient"](**values), truth(**values), rtol=1e-12)


@pytest.mark.parametrize("verb", ["derive", "chain"])
@pytest.mark.parametrize("spoil", [wrong_gradient, None])
def test_what_is_taken_away_is_what_stands(
    verb: str, spoil: Break | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Source runs, of several variables too; LaTeX and Markdown bear the line."""
    if spoil is not None and verb == "derive":
        spoil(monkeypatch)
    elif spoil is not None:
        value = Chain.value
        monkeypatch.setattr(Chain, "value", lambda *arguments: write.apply("/", value(*arguments), write.number(2)))
    stages = ("z = W@x + b", "h = tanh(z)", "s = u.T@h")
    with pytest.raises(SystemExit) as end:
        run([verb, *stages, "--wrt", "W,b", "--to", "numpy"])
    assert end.value.code == (0 if spoil is None else 1)
    shown = capsys.readouterr()
    assert not shown.err
    ns: dict[str, Any] = {}
    exec(shown.out, ns)
    values = point()
    np.testing.assert_allclose(ns["gradient_W"](**values), truth(**values), rtol=1e-12)
    np.testing.assert_allclose(
        ns["vjp_b"](1.0, **values),
        values["u"] * (1 - np.tanh(values["W"] @ values["x"] + values["b"]) ** 2),
        rtol=1e-12,
    )
    for style, remark in (("latex", "% {}"), ("markdown", "<!-- {}")):
        status, page = printed(capsys, verb, *stages, "--wrt", "W,b", "--to", style)
        assert status == (0 if spoil is None else 1)
        assert (remark.format("the closed form did not pass its check") in page) is (spoil is not None)
