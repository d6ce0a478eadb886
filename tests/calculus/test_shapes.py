"""Shapes on the way back to matrix notation: axes of length one, equal sizes, tensors of three axes, slices of sums."""

from __future__ import annotations

import pytest

import jacobian_cli as jac

FORMULAS = [
    ("(Y@Y.T)[:, :, None]*u", "Y", {"Y": "n,k"}),
    ("(x - mean(x))[1:]", "x", {}),
    ("(X - mean(X, axis=0))[1:]", "X", {"X": "n,m"}),
    ("layernorm(x)[1:]", "x", {}),
    ("(x + c*sum(x))[:2]", "x", {"c": "()"}),
    ("norm(sum(P@d, axis=1))**2", "d", {"P": "n,m,k"}),
    ("(P@d).T@(P@d)", "d", {"P": "n,m,k"}),
    ('einsum("i,j,k->ijk", a, U@v, u)', "v", {"U": "2,2"}),
    ("sum(P, axis=2)@(c*sum(Q, axis=(1, 2)))", "c", {"P": "n,m,k", "Q": "m,k,k", "c": "()"}),
    ("x.T@A", "x", {"x": "1", "A": "1,m"}),
    ("x.T@A@B", "B", {"x": "1", "A": "1,m"}),
    ('(U.T@z).T@einsum("ijp->ij", P)@y', "z", {"U": "2,k", "P": "k,k,k"}),
]


@pytest.mark.parametrize(("formula", "wrt", "shapes"), FORMULAS, ids=lambda part: part if isinstance(part, str) else "")
def test_the_answer_is_right(formula: str, wrt: str, shapes: dict[str, str]) -> None:
    found: jac.Derivation = jac.derive(formula, wrt=wrt, shapes=shapes)
    assert found.check(points=2).passed, (found.jacobian.closed_form, found.vjp.closed_form, found.where)


def with_axes(count: int) -> str:
    return f"exp(x)[{', '.join(['None'] * (count - 1))}]" if count > 1 else "exp(x)"


def test_a_formula_of_eight_axes_is_answered() -> None:
    found: jac.Derivation = jac.derive(with_axes(8), wrt="x")
    assert found.check(points=1).passed, found.vjp.closed_form


@pytest.mark.parametrize("count", [9, 34])
def test_a_formula_of_more_axes_is_refused(count: int) -> None:
    for refused in (jac.derive, lambda formula, wrt: jac.backprop(formula, at={wrt: [1.0, 2.0]})):
        with pytest.raises(jac.InputError, match=f"{count} axes"):
            refused(with_axes(count), wrt="x")


def test_names_for_the_upstream_gradient_do_not_run_out() -> None:
    found: jac.Derivation = jac.derive("upstream*delta_out*delta*upstream_out*x", wrt="x")
    assert found.check(points=1).passed
