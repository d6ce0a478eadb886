"""Backward passes as papers print them: which adjoints have names, and which names stand in them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac

ATTENTION = ["S = Q@K.T/sqrt(d)", "P = softmax(S)", "O = P@V"]
LAYERNORM = [
    "mu = mean(X, axis=1, keepdims=True)",
    "v = var(X, axis=1, keepdims=True)",
    "Xh = (X - mu)/sqrt(v + eps)",
    "Y = gamma*Xh + beta",
]
RMSNORM = ["r = sqrt(mean(X**2, axis=1, keepdims=True) + eps)", "Xh = X/r", "Y = gamma*Xh"]
SHAPES = {"Q": "n,d", "K": "m,d", "V": "m,p", "X": "n,d", "gamma": "d", "beta": "d", "eps": "()", "y": "()"}
PASSES: list[tuple[list[str], str, dict[str, str]]] = [
    (
        ATTENTION,
        "Q,K,V",
        {
            "delta_P": "delta@V.T",
            "delta_S": "P*(delta_P - sum(delta_P*P, axis=1, keepdims=True))",
            "Q": "delta_S@K/sqrt(d)",
            "K": "delta_S.T@Q/sqrt(d)",
            "V": "P.T@delta",
        },
    ),
    (
        LAYERNORM,
        "X,gamma,beta",
        {
            "delta_Xh": "gamma*delta",
            "X": "(delta_Xh - mean(delta_Xh, axis=1, keepdims=True)"
            " - Xh*mean(Xh*delta_Xh, axis=1, keepdims=True))/sqrt(v + eps)",
            "gamma": "sum(delta*Xh, axis=0)",
            "beta": "sum(delta, axis=0)",
        },
    ),
    (
        RMSNORM,
        "X",
        {"delta_Xh": "gamma*delta", "X": "(delta_Xh - Xh*mean(delta_Xh*Xh, axis=1, keepdims=True))/r"},
    ),
    (
        ["z = W@x + b", "h = sigmoid(z)", "s = u.T@h", "p = sigmoid(s)", "J = -y*log(p) - (1 - y)*log(1 - p)"],
        "W,b,u",
        {"delta_s": "p - y", "delta_z": "delta_s*u*h*(1 - h)", "W": "delta_z@x.T", "b": "delta_z", "u": "delta_s*h"},
    ),
]


def _shapes(definitions: list[str]) -> dict[str, str]:
    return {name: shape for name, shape in SHAPES.items() if re.search(rf"\b{name}\b", " ".join(definitions))}


def _pass(definitions: list[str], wrt: str) -> dict[str, str]:
    """The names that the rules use, beside the definitions, and the rules."""
    found = jac.derive(definitions, wrt=wrt.split(","), shapes=_shapes(definitions))
    rules = {d.wrt: (d.gradient or d.vjp).closed_form for d in found}
    typed = {line.partition(" = ")[0] for line in definitions}
    ours = {name: body for name, body in found.where.items() if name not in typed}
    used, waiting = dict[str, str](), list(rules.values())
    while waiting:
        for name in set(re.findall(r"\w+", waiting.pop())) & set(ours) - set(used):
            used[name] = ours[name]
            waiting.append(ours[name])
    return {**used, **rules}


@pytest.mark.parametrize(
    ("definitions", "wrt", "printed"), PASSES, ids=["attention", "layernorm", "rmsnorm", "lecture"]
)
def test_a_backward_pass_is_that_of_the_paper(definitions: list[str], wrt: str, printed: dict[str, str]) -> None:
    assert _pass(definitions, wrt) == printed


def test_a_product_is_shared_with_a_number_in_front() -> None:
    """XᵀδH stands in a XᵀδH Bᵀ/r, and Kᵀδ, which is an adjoint, in -Kᵀδ eᵀS⁻¹."""
    shapes = {"X": "n,d", "W": "d,p", "A": "d,q", "B": "q,p", "a": "()", "r": "()", "T": "n,p"}
    found = jac.derive(["H = X@W + a/r*X@A@B", "L = sum((H - T)**2)/(2*n)"], wrt=["A", "B", "W"], shapes=shapes)
    assert [(one.gradient or one.vjp).closed_form for one in found] == ["a*M@B.T/r", "a*A.T@M/r", "M"]
    assert found.where["M"] == "X.T@delta_H"
    shapes = {"H": "k,n", "P": "n,n", "R": "k,k", "x": "n", "y": "k"}
    steps = ["S = H@P@H.T + R", "K = P@H.T@inv(S)", "q = y - H@x", "z = x + K@q"]
    found = jac.derive(steps, wrt=["x", "y", "R"], shapes=shapes, assume={"P": "spd", "R": "spd"})
    assert [one.vjp.closed_form for one in found] == ["delta - H.T@delta_q", "delta_q", "-delta_q@q.T@inv(S)"]
    assert all(one.check().passed for one in found)


def test_nothing_is_divided_by_for_the_sake_of_a_name() -> None:
    """γ·X̂ is Y, but δ ⊙ X̂ is not written δ ⊙ Y/γ: γ may be 0."""
    found = jac.derive(RMSNORM, wrt=["X", "gamma"], shapes=_shapes(RMSNORM))
    names: dict[str, Any] = {}
    exec(found.to_python(), names)
    at = {"X": np.arange(1.0, 7.0).reshape(2, 3), "gamma": np.zeros(3), "eps": 0.1}
    assert np.all(np.asarray(names["vjp_X"](np.ones((2, 3)), **at)) == 0)
    assert np.all(np.isfinite(names["vjp_gamma"](np.ones((2, 3)), **at)))


def test_delta_is_the_name_of_adjoints_alone_and_numbers_have_no_gaps() -> None:
    cell = [
        "z = sigmoid(Wz@x + Uz@h)",
        "r = sigmoid(Wr@x + Ur@h)",
        "c = tanh(Wc@x + Uc@(r*h))",
        "hn = (1 - z)*h + z*c",
    ]
    shapes = {"x": "d", "h": "k", **{f"W{g}": "k,d" for g in "zrc"}, **{f"U{g}": "k,k" for g in "zrc"}}
    found = jac.derive(cell, wrt=["Wz", "Uz", "Wr", "Ur", "Wc", "Uc", "x", "h"], shapes=shapes)
    deltas = [name for name in found.where if name.startswith("delta")]
    assert deltas == ["delta1", "delta2", "delta3"]
    assert found.where["a"] == "Uc.T@delta1"


def test_the_argument_of_a_function_keeps_its_numbers_inside() -> None:
    found = _pass(["P = softmax(Q@K.T/sqrt(d))", "O = P@V"], "Q,K")
    assert found["delta1"].endswith("/sqrt(d)")
    assert (found["Q"], found["K"]) == ("delta1@K", "delta1.T@Q")


def test_a_symmetric_adjoint_is_known_to_be_one() -> None:
    found = jac.derive(
        ["R = exp(-D/(2*l**2))", "K = s*R + v*eye(n)", "L = -y.T@inv(K)@y/2 - logdet(K)/2"],
        wrt=["l", "s"],
        shapes={"D": "n,n", "y": "n", "l": "()", "s": "()", "v": "()"},
        assume={"D": "symmetric"},
    )
    assert ".T" not in found[0].gradient.closed_form  # type: ignore[union-attr]  # a gradient there is
