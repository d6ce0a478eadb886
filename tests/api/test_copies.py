"""Whatever a user can hold is pickled, copied and compared, and the copy does what the original does."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.backprop.run import Backprop
from jacobian_cli.api.backprop.tape import Tape
from jacobian_cli.api.chain.composition import Composition
from jacobian_cli.api.derive.derivation import Derivation
from jacobian_cli.calculus.reshape import CONVENTIONS

Copy = Callable[[Any], Any]
FORMULAS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("u.T @ sigmoid(W@x + b)", "W", {}),
    ("sum(softmax(A@x)*y)/n", "x", {"A": "n,m"}),
    ("logdet(X@X.T) + trace(inv(X@X.T))", "X", {"X": "n,m"}),
    ("einsum('bij,bj->bi', B, v)", "B", {"B": "b,n,m", "v": "b,m"}),
    ("where(x > 0, log(x), x[1:][0]*x)", "x", {}),
    ("cross_entropy(W@x, y) + norm(W)**2/2 + pi", "W", {}),
)
WINDOW = ["z = W@x + b", "h = sigmoid(z)", "s = u.T@h"]
POINT = {"W": [[1.0, -2.0], [0.5, 3.0]], "x": [1.0, 2.0], "b": [0.0, 1.0], "u": [1.0, -1.0]}
COPIES: dict[str, Copy] = {"pickle": lambda value: pickle.loads(pickle.dumps(value)), "deepcopy": copy.deepcopy}


@pytest.fixture(params=COPIES)
def copied(request: pytest.FixtureRequest) -> Copy:
    return COPIES[request.param]


def everything(d: Derivation) -> tuple[Any, ...]:
    """What a derivation says."""
    return d.to_dict(), d.to_python(), d.steps("text"), d.rewritten("denominator", "column").to_dict()


@pytest.mark.parametrize(("formula", "wrt", "shapes"), FORMULAS, ids=[formula for formula, *_ in FORMULAS])
def test_a_copied_derivation_says_the_same(formula: str, wrt: str, shapes: dict[str, str], copied: Copy) -> None:
    found = jac.derive(formula, wrt, shapes)
    before = copied(found)
    wanted = everything(found)
    after = copied(found)
    assert before == found == after
    assert everything(before) == wanted == everything(after)
    assert before.forms.tensor is found.forms.tensor
    assert after.check(points=1).passed


def test_values_that_a_derivation_hands_out(copied: Copy) -> None:
    w, x = jac.derive("u.T @ silu(W@x)", ["W", "x"], order=2)
    report = w.check(points=1)
    table = w.jacobian.entries({"n": 2, "m": 2})
    for value in (
        w.jacobian,
        w.gradient,
        w.hessian,
        w.vjp,
        report,
        w.convention,
        table,
        *w.steps(),
        [w, x],
        CONVENTIONS,
    ):
        assert copied(value) == value
    assert copied([w, x])[1].to_python() == x.to_python()
    assert str(copied(table)) == str(table)
    assert copied(w.conventions(points=1)).to_dict() == w.conventions(points=1).to_dict()


def test_a_copied_chain(copied: Copy) -> None:
    found: Composition = jac.chain(WINDOW, wrt=["W", "b"])
    shown = found.to_dict()
    again = copied(found)
    assert again == found
    assert again.to_dict() == shown
    assert again.derivations == found.derivations
    assert copied(found.links) == found.links
    assert copied(found.products) == found.products


def test_a_copied_graph(copied: Copy) -> None:
    found: Backprop = jac.backprop(WINDOW, at=POINT)
    again = copied(found)
    assert again == found
    assert again != jac.backprop(WINDOW, at={**POINT, "b": [0.0, 2.0]})
    assert again.check.passed
    assert all(np.array_equal(again.gradients[name], found.gradients[name]) for name in found.gradients)
    assert [edge.symbols for edge in again.edges] == [edge.symbols for edge in found.edges]


def test_a_copied_tape_goes_on_where_it_was(copied: Copy) -> None:
    values = {name: np.array(value) for name, value in POINT.items()}
    tape: Tape = jac.tape(WINDOW, wrt=["W", "z"])
    fresh = copied(tape)
    value, gradients = tape.gradients(**values)
    ran = copied(tape)
    assert fresh == tape == ran
    assert hash(fresh) == hash(tape)
    assert fresh.forward(**values) == value
    for one in (fresh, ran):
        assert all(np.array_equal(gradient, gradients[name]) for name, gradient in one.backward().items())


def test_a_refusal_is_pickled() -> None:
    with pytest.raises(jac.InputError) as caught:
        jac.derive("W@", "W")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_no_depth_is_too_deep(copied: Copy) -> None:
    nested = "sin(" * 190 + "x" + ")" * 190
    found = jac.derive(nested, "x", {"x": ""})
    assert copied(found).to_python() == found.to_python()
    links = ["z0 = A@x", *(f"z{k} = sin(z{k - 1})" for k in range(1, 1500))]
    chain = jac.chain(links, wrt=["x"])
    assert copied(chain) == chain


def test_another_process_reads_a_pickle() -> None:
    found = jac.derive("u.T @ sigmoid(W@x + b)", "W")
    code = "import pickle, sys; d = pickle.load(sys.stdin.buffer); print(d.to_python()); print(d.steps('text'))"
    ran = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(found), capture_output=True, check=True, env=dict(os.environ)
    )
    assert ran.stdout.decode() == f"{found.to_python()}\n{found.steps('text')}\n"
