"""Statements for Lean: their grammar and types are read by a reader of our own, and what they say is true in numbers.

No Lean is here: their proofs are not run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.elaborate import elaborate
from jacobian_cli.expr import variables
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.parser import parse_statement
from tests.export.lean import File, Reader, Theorem, parsed

STATED = (
    "u.T@sigmoid(W@x + b)", "W@x + b", "A@X@B", "x.T@A@x", "trace(X.T@A@X)", "norm(X@w - y)**2", "outer(x, y)",
    "x/norm(x)", "softmax(z)", "softmax(X)", "log_softmax(z)", "layernorm(x)", "rmsnorm(x)", "logsumexp(x)",
    "sum(log(1 + exp(-y*(X@w))))", "mean(X)**2", "c*x + y", "sin(x)*cosh(y)", "sqrt(1 + x**2)", "tanh(x)/c",
    "log(x).T@y", "x**(3/2)", "x**-2", "arcsin(c)*arctan(x)", "tan(x)", "sum(X, axis=0)", "mean(X, axis=1)",
    "X*Y + c*X", "(X.T@X)*c", "diag(x)@A", "x.T@W", "silu(x)", "mse(x, y)", "softplus(x)", "std(x)",
    "X - mean(X, axis=0)",
    "sum(a.T@X)", "eye(n)@A + A", "exp(a)*x", "x[:, None]*y[None, :]", "einsum('ij,jk->ik', A, B)", "X/sum(X)", "pi*x",
    "sum(x*y, axis=0, keepdims=True)", "norm(X.T@X - eye(m))**2",
)  # fmt: skip


def stated(formula: str, shapes: dict[str, str] | None = None, **options: Any) -> tuple[str, File]:
    known = {} if shapes is None else shapes
    names = list(variables(jac.derive(formula, next(iter(_names(formula))), known).problem.output))
    text = jac.export(jac.derive(formula, names, known, **options), "lean")
    return text, parsed(text)


def _names(formula: str) -> list[str]:
    return [n for n in variables(elaborate([parse_statement(formula)]).output) if n != "n"]


@pytest.mark.parametrize("formula", STATED)
@pytest.mark.parametrize("seed", range(2))
def test_what_is_stated_is_well_typed_and_true(formula: str, seed: int) -> None:
    _, file = stated(formula)
    assert file.theorems
    for theorem in file.theorems:
        ours, true = both(file, theorem, seed)
        assert ours == pytest.approx(true, rel=1e-7, abs=1e-9), theorem.name


def both(file: File, theorem: Theorem, seed: int) -> tuple[float, float]:
    """The derivative as it is stated, and by a complex step, at a point where the hypotheses hold."""
    rng = np.random.default_rng(seed)
    env: dict[str, Any] = {name: 2 + k + seed for k, name in enumerate(file.sizes)}
    f = Reader(file.body).whole()
    kind = Reader(file.type).type()
    for _ in range(200):
        at = dict(env)
        for name, said in theorem.arguments.items():
            if said == "ℕ":
                continue
            shape = Reader(said).type()(at)
            at[name] = rng.uniform(0.1, 0.9, shape)[()] if rng.random() < 0.5 else rng.standard_normal(shape)[()]
        for name in theorem.arguments:
            if f"{name}ᵀ = {name}" in theorem.hypotheses:
                at[name] = at[name] + at[name].T
        if all(Reader(said).whole()(at) for said in theorem.hypotheses):
            break
    else:
        raise AssertionError(f"no point: {theorem.hypotheses}")

    def called(*values: Any) -> Any:
        value = f({**env, **dict(zip(file.arguments, values, strict=True))})
        assert np.shape(value) == kind(env)
        return value

    at[file.f] = called
    curve = Reader(theorem.function).whole()(at)
    step = 1e-30
    return float(np.real(Reader(theorem.derivative).whole()(at))), float(np.imag(curve(1j * step)) / step)


def test_a_wrong_statement_is_seen() -> None:
    text, file = stated("u.T@sigmoid(W@x + b)")
    assert parsed(text.replace("1 - 1 /", "1 + 1 /")) != file
    wrong = parsed(text.replace("(1 - 1 /", "(1 + 1 /")).theorems[1]
    ours, true = both(file, wrong, 0)
    assert abs(ours - true) > 1e-3


REFUSED = {
    "relu(x)": "relu is not written for Lean",
    "x.T@inv(A)@x": "inv is not written for Lean",
    "max(x)": "max is not written for Lean",
    "kron(A, B)": "kron is not written for Lean",
    "cumsum(x)": "cumsum is not written for Lean",
    "x**y": "a power that is no rational number is not written for Lean",
}


@pytest.mark.parametrize("formula", REFUSED)
def test_what_is_outside_of_the_class_is_refused_by_name(formula: str) -> None:
    with pytest.raises(InputError) as error:
        stated(formula)
    assert error.value.message == REFUSED[formula]
    assert error.value.hint == "products, sums, traces and smooth functions of entries are"


def test_declared_facts_are_hypotheses() -> None:
    text, file = stated("x.T@S@x", assume={"S": "symmetric"})
    by_x = next(theorem for theorem in file.theorems if theorem.name.endswith("_x"))
    assert "Sᵀ = S" in by_x.hypotheses
    ours, true = both(file, by_x, 0)
    assert ours == pytest.approx(true)
    assert "(Sᵀ + S)" not in text


def test_a_size_that_no_argument_tells_is_one() -> None:
    text, file = stated("sum(c*ones(n))")
    assert "noncomputable def f (n : ℕ) (c : ℝ) : ℝ" in text
    ours, true = both(file, file.theorems[0], 1)
    assert ours == pytest.approx(true)


def test_names_of_lean_are_left_alone() -> None:
    _, file = stated("t*fun + at")
    assert not {"fun", "at"} & file.arguments.keys()
    for theorem in file.theorems:
        assert both(file, theorem, 0)[0] == pytest.approx(both(file, theorem, 0)[1])


def test_second_derivatives_are_refused() -> None:
    with pytest.raises(InputError, match="first derivatives"):
        jac.export(jac.derive("x.T@A@x", "x", order=2), "lean")


def test_numbers_are_sizes_too() -> None:
    text, file = stated("W@x", {"W": "3,2"})
    assert "(W : Matrix (Fin 3) (Fin 2) ℝ)" in text
    assert not file.sizes
    for theorem in file.theorems:
        ours, true = both(file, theorem, 1)
        assert ours == pytest.approx(true)
