"""Gradients and backward rules as people type them in NumPy, letter by letter; and that they are right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

import jacobian_cli as jac


@dataclass(frozen=True)
class Spelled:
    """A formula, a variable, its gradient (of a number) or backward rule, and what is declared."""

    formula: str
    wrt: str
    printed: str
    shapes: Mapping[str, str] = field(default_factory=dict)
    assume: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.formula} by {self.wrt}"


_MATRIX = {
    "A": "n,m",
    "M": "n,m",
    "V": "m,p",
    "Q": "n,d",
    "K": "m,d",
    "v": "n",
    "w": "m",
    "x": "n",
    "c": "n",
    "c1": "()",
    "B": "n,n",
    "S": "m,m",
}

_TENSORS = {"T": "b,n,d", "U": "h,d,k"}

SPELLED = [
    # rows and columns are scaled by vectors that run along, unless the formula itself has diagonal matrices
    Spelled("v[:, None]*M", "M", "v[:, None]*delta", _MATRIX),
    Spelled("M*w", "M", "w*delta", _MATRIX),
    Spelled("M@(w[:, None]*V)", "M", "w*(delta@V.T)", _MATRIX),
    Spelled("M@(w[:, None]*V)", "V", "w[:, None]*(M.T@delta)", _MATRIX),
    Spelled("diag(v)@M", "M", "diag(v)@delta", _MATRIX),
    Spelled("sum(norm(M, axis=1))", "M", "M/norm(M, axis=1, keepdims=True)", _MATRIX),
    Spelled("v[:, None]*M + v[:, None]*A + A*A", "A", "delta*(v[:, None] + 2*A)", _MATRIX),
    Spelled("A*M/norm(A, axis=1, keepdims=True)", "M", "A*delta/norm(A, axis=1, keepdims=True)", _MATRIX),
    # what was summed with keepdims is not squeezed
    Spelled(
        "M*w/(1 + sum(M, axis=1, keepdims=True))",
        "w",
        "sum(M*delta/(1 + sum(M, axis=1, keepdims=True)), axis=0)",
        _MATRIX,
    ),
    # a minus leaves a product, and stands where the user put one
    Spelled("-(x - c).T@B@(x - c)", "x", "-(B + B.T)@(x - c)", _MATRIX),
    Spelled("(x - c).T@B@(x - c)", "c", "-(B + B.T)@(x - c)", _MATRIX),
    Spelled("norm(A - A@S@S.T)**2", "S", "-2*(M.T@A + A.T@M)@S", _MATRIX),
    # signs are turned in pairs; a size stands before a number, others as they were typed
    Spelled("var(x, ddof=1)", "x", "2*(x - mean(x))/(n - 1)", _MATRIX),
    Spelled("norm(x - c)**2/(c1 - 1)", "c1", "-norm(x - c)**2/(c1 - 1)**2", _MATRIX),
    Spelled("sum((v - 1)**2)", "v", "2*(v - 1)", {"v": "n"}),
    Spelled("sum(log(sigmoid(v)))", "v", "1 - sigmoid(v)", {"v": "n"}),
    # like terms of sums that are joined
    Spelled("norm(A.T@A - S)**2/4", "A", "A@(2*A.T@A - S - S.T)/2", _MATRIX),
    # what is its own transpose has none
    Spelled("sum(inv(A.T@A)@A.T)", "A", "r - A@(r@sum(A, axis=0).T@M + M@sum(A, axis=0)@r.T)", _MATRIX),
    # what is known of values
    Spelled(
        "-sum(log_softmax(M)*((1 - c1)*A + c1/m))", "M", "softmax(M) - (1 - c1)*A - c1/m", _MATRIX, {"A": "sums_to_one"}
    ),
    Spelled("sum(log(sigmoid(-A@w)))", "w", "-A.T@sigmoid(A@w)", _MATRIX),
    # letters stay those that were typed, and one einsum stays one
    Spelled('einsum("bnd,hdk->bhnk", T, U)', "T", 'einsum("bhnk,hdk->bnd", delta, U)', _TENSORS),
    Spelled('einsum("bnd,hdk->bhnk", T, U)', "U", 'einsum("bhnk,bnd->hdk", delta, T)', _TENSORS),
    # one pullback of a softmax
    Spelled("softmax(M)", "M", "P*(delta - sum(delta*P, axis=1, keepdims=True))", _MATRIX),
    Spelled("softmax(M, axis=0)", "M", "P*(delta - sum(delta*P, axis=0))", _MATRIX),
    Spelled("softmax(w)", "w", "p*(delta - p.T@delta)", _MATRIX),
]


@pytest.mark.parametrize("form", SPELLED, ids=str)
def test_is_spelled_so(form: Spelled) -> None:
    found: jac.Derivation = jac.derive(form.formula, wrt=form.wrt, shapes=_used(form), assume=dict(form.assume))
    assert (found.gradient or found.vjp).closed_form == form.printed
    assert found.check(points=2).passed


def _used(form: Spelled) -> dict[str, str]:
    return {name: shape for name, shape in form.shapes.items() if name in form.formula}
