"""What Python hands over by mistake is refused in words, and what a notebook asks for is there."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import jacobian_cli as jac

REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("derive", {"expression": b"x", "wrt": "x"}),
    ("derive", {"expression": [1], "wrt": "x"}),
    ("derive", {"expression": "x", "wrt": [None]}),
    ("derive", {"expression": "x", "wrt": "x", "shapes": "x=n"}),
    ("derive", {"expression": "x", "wrt": "x", "shapes": {3: "n"}}),
    ("derive", {"expression": "x", "wrt": "x", "assume": "x=positive"}),
    ("derive", {"expression": ["W@x", "W"], "wrt": "x"}),
    ("chain", {"stages": [3], "wrt": "x"}),
    ("backprop", {"expression": "x", "at": None}),
    ("backprop", {"expression": "x**2", "at": "x=3"}),
]


@pytest.mark.parametrize(("function", "arguments"), REFUSED, ids=str)
def test_is_refused_in_words(function: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(jac.InputError) as refused:
        getattr(jac, function)(**arguments)
    assert str(refused.value)


@pytest.mark.parametrize("points", [0, -1, 1.5, 10**6])
def test_points_are_counted(points: Any) -> None:
    with pytest.raises(jac.InputError, match="points"):
        jac.derive("x", wrt="x").check(points=points)


def test_whole_numbers_of_numpy_are_sizes() -> None:
    shape: Any = (np.int64(2), np.int32(3))
    assert jac.derive("W@x", wrt="W", shapes={"W": shape}).jacobian.shape == (2, 6)


def test_pi_is_pi() -> None:
    assert jac.derive("pi*π*x", wrt="x").vjp.closed_form == "pi**2*delta"


@pytest.mark.parametrize(
    "formula", ["X/mean(X, axis=0)", "X/sum(X, axis=1, keepdims=True)", "diag(1/sum(X, axis=1))@X"]
)
def test_rows_and_columns_are_normalised(formula: str) -> None:
    found = jac.derive(formula, wrt="X")
    assert len(found.jacobian.closed_form) < 160
    assert found.check(points=1).passed


@pytest.mark.parametrize(
    ("formula", "rule"),
    [("-sum(log(x))", "-delta/x"), ("-sum(x)", "-delta*ones(n)"), ("-sum(exp(x))", "-delta*exp(x)")],
)
def test_the_sign_of_a_backward_rule_stands_in_front(formula: str, rule: str) -> None:
    assert jac.derive(formula, wrt="x").vjp.closed_form == rule


def test_a_notebook_shows_every_form() -> None:
    shown = jac.derive("u.T@sigmoid(W@x + b) - 1*(x.T@x < 3)", wrt="W")._repr_html_()
    text = "".join(ElementTree.fromstring(shown.replace("colspan=2", "")).itertext())
    assert all(word in text for word in ("Jacobian", "gradient", "backward rule", "(u*h*(1 - h))@x.T", "where"))
