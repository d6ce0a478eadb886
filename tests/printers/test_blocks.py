"""Matrices of which most entries are zero: only the others are written, and inverses are solved with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.calculus.notation.symmetric import exactly, symmetrised
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.syntax.parser import parse_statement

Shapes = dict[str, tuple[int, ...]]
FILLED: list[tuple[str, str, Shapes]] = [
    ("W@x + b", "W", {"W": (3, 2), "x": (2,), "b": (3,)}),
    ("sigmoid(W@x)", "W", {"W": (3, 2), "x": (2,)}),
    ("-3*tanh(W@x)", "W", {"W": (3, 2), "x": (2,)}),
    ("tanh(X@W)", "W", {"X": (2, 3), "W": (3, 4)}),
    ("tanh(X@W)", "X", {"X": (2, 3), "W": (3, 4)}),
    ("A@X", "X", {"A": (2, 3), "X": (3, 4)}),
    ("X@A/7", "X", {"X": (2, 3), "A": (3, 4)}),
    ("-X@A", "X", {"X": (2, 3), "A": (3, 4)}),
    ("c*(A@exp(X))", "X", {"c": (), "A": (2, 3), "X": (3, 4)}),
    ("exp(X)@A", "X", {"X": (2, 3), "A": (3, 4)}),
    ("x@y.T", "x", {"x": (3,), "y": (2,)}),
    ("x@y.T", "y", {"x": (3,), "y": (2,)}),
    ("W@x", "W", {"W": (1, 3), "x": (3,)}),
    ("diag(y)@X@B", "X", {"y": (2,), "X": (2, 3), "B": (3, 2)}),
]
SOLVED: list[tuple[str, str, Shapes]] = [
    ("y.T@inv(K)@y", "K", {"y": (3,), "K": (3, 3)}),
    ("y.T@inv(K)@x", "y", {"y": (3,), "K": (3, 3), "x": (3,)}),
    ("solve(A, b)", "A", {"A": (3, 3), "b": (3,)}),
    ("trace(B@inv(A))", "A", {"A": (3, 3), "B": (3, 3)}),
    ("sum(B@inv(A)@x)", "B", {"A": (3, 3), "B": (2, 3), "x": (3,)}),
    ("logdet(A)", "A", {"A": (3, 3)}),
]


def ran(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(source, "<exported>", "exec", dont_inherit=True), names)
    return names


def point(shapes: Shapes) -> dict[str, Any]:
    rng = np.random.default_rng(2)
    at = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    return {n: a + 4 * np.eye(3) if np.shape(a) == (3, 3) else a for n, a in at.items()}


def sizes_at(answer: jac.Derivation, shapes: Shapes) -> dict[str, int]:
    pairs = [pair for name, v in answer.problem.variables.items() for pair in zip(v.shape, shapes[name], strict=True)]
    return {size.name: n for size, n in pairs if size.name is not None}


@pytest.mark.parametrize(("formula", "wrt", "shapes"), [*FILLED, *SOLVED], ids=str)
def test_what_is_filled_or_solved_is_what_the_closed_form_says(formula: str, wrt: str, shapes: Shapes) -> None:
    declared = {"c": "()"} if "c" in shapes else {}
    declared |= {"W": "1,m"} if shapes.get("W") == (1, 3) else {}
    found = jac.derive(formula, wrt, declared, check=False)
    at, sizes = point(shapes), sizes_at(found, shapes)
    module = ran(jac.export(found))
    expected = np.asarray(evaluate(found.jacobian.expr, at, sizes))
    jacobian = module["jacobian"](**at)
    np.testing.assert_allclose(jacobian, expected.reshape(jacobian.shape), rtol=1e-10, atol=1e-12)
    delta = np.random.default_rng(1).standard_normal(np.shape(module["value"](**at)))
    back = module["vjp"](delta, **at)
    np.testing.assert_allclose(np.ravel(back), np.ravel(delta) @ jacobian, rtol=1e-9, atol=1e-12)
    direction = np.random.default_rng(3).standard_normal(np.shape(at[wrt]))
    along = module["jvp"](**at, v=direction)
    np.testing.assert_allclose(np.ravel(along), jacobian @ direction.ravel(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("formula", "wrt", "shapes"), FILLED[:-1], ids=str)
def test_no_product_with_an_identity_is_left(formula: str, wrt: str, shapes: Shapes) -> None:
    del shapes
    source = jac.export(jac.derive(formula, wrt, {"c": "()"} if "c*" in formula else None, check=False))
    assert "np.kron" not in source
    assert "np.diag(" not in source
    assert "block_diagonal(" in source or "spread_blocks(" in source or "W: 1" in source


@pytest.mark.parametrize(("formula", "wrt", "shapes"), SOLVED[:3], ids=str)
def test_an_inverse_that_multiplies_is_solved_with(formula: str, wrt: str, shapes: Shapes) -> None:
    del shapes
    source = jac.export(jac.derive(formula, wrt, check=False))
    for function in ("value", "vjp", "jvp"):
        assert "linalg.inv" not in source.partition(f"def {function}(")[2].partition("\n\n\n")[0]


def test_no_helper_is_written_that_nothing_calls() -> None:
    source = jac.export(jac.derive("sigmoid(W@x)", "x", check=False))
    assert "block" not in source
    assert source.count("def block_diagonal") == 0


SYMMETRIC = [
    "A + A.T", "X.T@X", "X@X.T", "outer(x, x)", "diag(x)", "eye(n)", "2*kron(eye(n), X.T@X)", "-(A + A.T)/3",
    "kron(eye(n), X.T@diag(w)@X)", "X.T@diag(w)@X", "diag(x) - outer(x, x)", "3*(X.T@diag(w)@X)",
    "X.T@diag(w**2)@X", "-2*X.T@diag(exp(w))@X + 3*eye(m)", "X.T@A.T@A@X/2", "X.T@A.T@diag(abs(x))@A@X - diag(w)",
]  # fmt: skip


@pytest.mark.parametrize("formula", SYMMETRIC)
def test_symmetric_forms_are_symmetric_to_the_last_bit(formula: str) -> None:
    program = elaborate([parse_statement(formula)])
    form = symmetrised(program.output)
    rng = np.random.default_rng(0)
    for n in (2, 3, 17, 64):
        sizes = {"n": n, "m": n + 3, "k": n + 1}
        at = {name: rng.standard_normal([s.at(sizes) for s in v.shape]) for name, v in program.variables.items()}
        value = np.asarray(evaluate(form, at, sizes))
        assert np.array_equal(value, value.T)
        np.testing.assert_allclose(value, evaluate(program.output, at, sizes), rtol=1e-12, atol=1e-12)


HALVED = {
    "sum(log(1 + exp(-y*(X@w))))": "return R.T@R",
    "sum(exp(X@w) - y*(X@w)) + c*w.T@w": "return R.T@R + 2*c*np.eye(m)",
    "sum((X@w)**4)": "return 12*(R.T@R)",
    "norm(A@B@w - b)**2": "return 2*(R.T@R)",
}


@pytest.mark.parametrize("formula", HALVED)
def test_a_hessian_that_reads_the_same_from_both_ends_is_computed_by_half(formula: str) -> None:
    source = jac.export(jac.derive(formula, "w", order=2))
    assert HALVED[formula] in source


@pytest.mark.parametrize("formula", ["sum((X@w)**3)", "sum(s*(X@w - y)**2)"])
def test_no_root_is_taken_of_weights_that_may_be_below_zero(formula: str) -> None:
    found = jac.derive(formula, "w", order=2)
    assert "sqrt" not in jac.export(found)
    if "s*" in formula:
        assert "np.sqrt(s)" in jac.export(jac.derive(formula, "w", order=2, assume={"s": "positive"}))


@pytest.mark.parametrize("formula", ["A", "A@B", "A - A.T", "x*A", "outer(x, y)", "A + B.T", "A*B"])
def test_what_need_not_be_symmetric_is_not_taken_for_it(formula: str) -> None:
    assert not exactly(elaborate([parse_statement(formula)]).output)
