"""Entries that a condition or a declared mask picks."""

from __future__ import annotations

import pytest

import jacobian_cli as jac
from jacobian_cli.syntax.errors import InputError

MASK = {"m": "mask"}
GRADIENTS = [
    ("sum(x[m])", "x", MASK, "m"),
    ("mean(x[m])", "x", {"m": "binary"}, "m/sum(m*ones_like(x))"),
    ("sum(x[x > 0])", "x", {}, "x > 0"),
    ("sum(A[m])", "A", MASK, "m@ones(k).T"),
    ("sum(where(m, x, 0)**2)", "x", MASK, "2*m*where(m, x, 0)"),
    ("sum((x[m] - y[m])**2)/2", "x", MASK, "m*(x - y)"),
    ("sum((A[m] - 1)**2)", "A", MASK, "2*m[:, None]*(A - 1)"),
    ("sum(exp(x[x > 0]))", "x", {}, "(x > 0)*exp(x)"),
]


@pytest.mark.parametrize(("formula", "wrt", "facts", "gradient"), GRADIENTS)
def test_gradients(formula: str, wrt: str, facts: dict[str, str], gradient: str) -> None:
    found = jac.derive(formula, wrt=wrt, assume=facts)
    assert found.gradient is not None
    assert found.gradient.closed_form == gradient
    assert found.check().passed


def test_a_product_leaves_out_what_is_not_picked() -> None:
    assert jac.derive("prod(x[m])", wrt="x", assume=MASK).check().passed


@pytest.mark.parametrize(
    ("formula", "facts", "said"),
    [
        ("x[m]", MASK, "no size can say"),
        ("x[x > 0]", {}, "no size can say"),
        ("sum(x[m])", MASK | {"m": "index"}, ""),
        ("sum(x[B])", {"B": "mask"}, "says nothing"),
        ("sum(x[m]*y)", MASK, "others picked alike"),
        ("sum(x[m]*y[y > 0])", MASK, "no size can say"),
    ],
)
def test_what_cannot_be_said(formula: str, facts: dict[str, str], said: str) -> None:
    if not said:
        assert jac.derive(formula, wrt="x", assume=facts).check().passed
        return
    with pytest.raises(InputError) as caught:
        jac.derive(formula, wrt="x", assume=facts, shapes={"x": "n", "B": "n,k"} if "B" in formula else {})
    assert said in str(caught.value)
