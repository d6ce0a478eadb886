"""Backward passes as papers print them: which adjoints have names, and which names stand in them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.evaluate.evaluate import evaluate
from tests.elaborate.test_shapes import program

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


@pytest.mark.parametrize("inside", ["2*Q@K.T", "-3*Q@K.T/c", "-(Q@K.T)/(2*c**2)", "(Q@K.T).T/5", "-(Q - K)@V/3"])
@pytest.mark.parametrize("outside", ["softmax({0})@V", "tanh({0})@V + 3*sin({0})@V"])
def test_numbers_of_what_is_held_come_back_whatever_they_are(inside: str, outside: str) -> None:
    """What arrives at Q@K.T is named without the number in front, which is put back behind it."""
    shapes = {"Q": "n,n", "K": "n,n", "V": "n,n", "c": "()"}
    for formulas in ([f"S = {inside}", outside.format("S")], [outside.format(f"({inside})")]):
        found = jac.derive(formulas, ["Q", "K"], shapes, check=False)
        assert all(one.check(points=1).passed for one in found)


def test_a_symmetric_adjoint_is_known_to_be_one() -> None:
    found = jac.derive(
        ["R = exp(-D/(2*l**2))", "K = s*R + v*eye(n)", "L = -y.T@inv(K)@y/2 - logdet(K)/2"],
        wrt=["l", "s"],
        shapes={"D": "n,n", "y": "n", "l": "()", "s": "()", "v": "()"},
        assume={"D": "symmetric"},
    )
    assert ".T" not in found[0].gradient.closed_form  # type: ignore[union-attr]  # a gradient there is


SYMMETRIC: list[tuple[list[str], dict[str, str]]] = [
    (["C = X.T@X", "a.T@C@b"], {"X": "n,m", "a": "m", "b": "m"}),
    (["K = exp(X@X.T)", "a.T@K@b + sum(R*K)"], {"X": "n,m", "a": "n", "b": "n", "R": "n,n"}),
    (["S = (X + X.T)/2", "a.T@S@b + sum(S**2*R)"], {"X": "n,n", "a": "n", "b": "n", "R": "n,n"}),
    (["V = x@x.T", "a.T@V@b + norm(V@b)"], {"x": "n", "a": "n", "b": "n"}),
    (["S = X@X.T", "B = S@S", "trace(R@B)"], {"X": "n,m", "R": "n,n"}),
    (
        ["S = X@X.T + eye(n)", "M = inv(S)", "a.T@M@b + trace(M@R) + logdet(S)"],
        {"X": "n,m", "R": "n,n", "a": "n", "b": "n"},
    ),
    (["C = X.T@X/n", "norm(C - R)**2 + trace(R@C@T)"], {"X": "n,m", "R": "m,m", "T": "m,m"}),
    (["Y = X - mean(X, axis=0)", "S = Y.T@Y/n", "sum(R*S) + sum(sigmoid(S)*R)"], {"X": "n,m", "R": "m,m"}),
    (["P = eye(n) - x@x.T/(x.T@x)", "a.T@P@b + sum(R*P**2)"], {"x": "n", "a": "n", "b": "n", "R": "n,n"}),
    (["S = X@X.T", "mean(logsumexp(S + M, axis=1)) - mean(sum(R*S, axis=1))"], {"X": "n,m", "M": "n,n", "R": "n,n"}),
    (["Z = X - X.T", "sum(R*Z*Z) + a.T@Z@b"], {"X": "n,n", "a": "n", "b": "n", "R": "n,n"}),
]


@pytest.mark.parametrize(
    ("definitions", "shapes"), SYMMETRIC, ids=lambda given: "; ".join(given) if isinstance(given, list) else ""
)
def test_the_adjoint_of_a_definition_is_that_of_its_entries_each_free(
    definitions: list[str], shapes: dict[str, str]
) -> None:
    """A nudge of one entry of S moves the output by that entry of δ_S, whatever S is equal to by its definition."""
    rng, sizes = np.random.default_rng(3), {"n": 3, "m": 2}
    values = {k: 0.4 * rng.normal(size=[sizes[s] for s in shape.split(",")]) for k, shape in shapes.items()}
    wrt = "X" if "X" in shapes else "x"
    found = jac.derive(definitions, wrt=wrt, shapes=shapes)
    known = dict(line.split(" = ") for line in definitions[:-1])

    def at(text: str, lines: dict[str, str], **more: Any) -> Any:
        whole = program("; ".join([*(f"{name} = {body}" for name, body in lines.items()), text]), **shapes, **more)
        return whole.output

    asked = [name for name in found.where if name.startswith("delta_")]
    assert asked
    for name in asked:
        own = name.removeprefix("delta_")
        others = {k: body for k, body in found.where.items() if k != name} | known
        adjoint = evaluate(at(found.where[name], _needed(found.where[name], others)), values, sizes)
        rest = {k: body for k, body in known.items() if k != own}
        here = np.asarray(evaluate(at(own, known), values, sizes))
        shape = ",".join("nm"[count == sizes["m"]] for count in here.shape)
        cut = at(definitions[-1], _needed(definitions[-1], rest), **{own: shape})
        for place in np.ndindex(*here.shape):
            nudge = np.zeros_like(here)
            nudge[place] = 1e-6
            up, down = (evaluate(cut, {**values, own: here + s * nudge}, sizes) for s in (1, -1))
            assert np.isclose((up - down) / 2e-6, adjoint[place], rtol=1e-5, atol=1e-6)


def _needed(text: str, lines: dict[str, str]) -> dict[str, str]:
    """The definitions that a text rests on, each behind those it uses."""
    found: dict[str, str] = {}
    for name in sorted(set(re.findall(r"[A-Za-z_]\w*", text)) & set(lines)):
        found |= _needed(lines[name], lines) | {name: lines[name]}
    return found


@pytest.mark.parametrize(
    ("definitions", "wrt", "numbers"),
    [
        (["K = exp(-C/r)", "u = a/(K@v)", "w = b/(K.T@u)", "sum(w)"], ["a", "b"], ["r"]),
        (
            ["d = (log(S/K) + (r + v**2/2)*T)/(v*sqrt(T))", "S*tanh(d) - K*exp(-r*T)*tanh(d - v*sqrt(T))"],
            ["S", "v"],
            "SKrvT",
        ),
    ],
    ids=["scaled rows and columns", "a root that repeats"],
)
def test_what_the_names_mean_is_told_in_the_order_of_their_use(
    definitions: list[str], wrt: list[str], numbers: str | list[str]
) -> None:
    found = jac.derive(definitions, wrt=wrt, shapes=dict.fromkeys(numbers, "()"), check=False)
    told = list(found.where)
    for place, name in enumerate(told):
        assert not set(re.findall(r"\w+", found.where[name])) & set(told[place:])
    typed = dict(line.split(" = ") for line in definitions[:-1])
    assert typed.items() <= found.where.items()
