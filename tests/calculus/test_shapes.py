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
