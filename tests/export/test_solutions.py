"""Exported code solves where an inverse only multiplies, and makes one Cholesky factor of what is positive definite.
The written test finds the faults that are put into either.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

import jacobian_cli as jac
from jacobian_cli.api.export.run import export_test
from tests.export.test_written_test import judged

TARGETS = ("numpy", "torch", "jax")


class Case(NamedTuple):
    """A formula, what is declared of it, and by what it is differentiated."""

    formula: str
    wrt: str
    shapes: dict[str, str]
    facts: dict[str, str]


LIKELIHOOD = Case("-(y.T@inv(K)@y + logdet(K))/2", "K,y", {"K": "n,n", "y": "n"}, {"K": "spd"})
RIDGE = Case(
    "inv(X.T@X + c*eye(d))@X.T@y", "X,y,c", {"X": "n,d", "y": "n", "c": "()"}, dict.fromkeys(("X", "c"), "positive")
)
GAIN = Case("P@H.T@inv(H@P@H.T + R)", "P,H,R", {"P": "n,n", "H": "m,n", "R": "m,m"}, {"P": "spd", "R": "spd"})
SYSTEM = Case("inv(A + 5*eye(n))@b", "A,b", {"A": "n,n", "b": "n"}, {})
FORM = Case("b.T@inv(A + 5*eye(n))@b + c.T@inv(A + 5*eye(n))@b", "A,b,c", {"A": "n,n", "b": "n", "c": "n"}, {})
VOLUME = Case("trace(inv(K)@B)*det(K)/2 + sum(inv(K)**2)", "K,B", {"K": "n,n", "B": "n,n"}, {"K": "spd"})
CASES = {"likelihood": LIKELIHOOD, "ridge": RIDGE, "gain": GAIN, "system": SYSTEM, "form": FORM, "volume": VOLUME}


def written(case: Case, to: str) -> tuple[str, str]:
    if to != "numpy":
        pytest.importorskip(to, reason=f"what is exported to {to} runs where {to} is installed")
    found = jac.derive(case.formula, case.wrt.split(","), case.shapes, assume=case.facts, check=False)
    return jac.export(found, to), export_test(found, to, "rule.py")


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("name", CASES)
def test_it_runs_and_is_right(name: str, to: str, tmp_path: Path) -> None:
    assert judged(tmp_path, *written(CASES[name], to)) == ""


FAULTS = {
    "numpy": [
        (SYSTEM, "np.linalg.solve((A + 5*np.eye(n)).T, delta)", "np.linalg.solve(A + 5*np.eye(n), delta)"),
        (RIDGE, "G = X.T@X + c*np.eye(d)", "G = X.T@X - c*np.eye(d)"),
    ],
    "torch": [
        (LIKELIHOOD, "2*torch.sum(torch.log(", "1*torch.sum(torch.log("),
        (LIKELIHOOD, "a = torch.cholesky_solve(y[:, None], L)", "a = torch.cholesky_solve(y[:, None], L.T)"),
        (RIDGE, "torch.cholesky_solve(delta[:, None], L)", "torch.cholesky_solve(delta[:, None], L.T)"),
        (SYSTEM, "torch.linalg.solve(G.T, delta)", "torch.linalg.solve(G, delta)"),
    ],
    "jax": [
        (LIKELIHOOD, "2*jnp.sum(jnp.log(", "1*jnp.sum(jnp.log("),
        (RIDGE, "cho_solve((L, True), delta)", "cho_solve((L, False), delta)"),
        (SYSTEM, "jnp.linalg.solve(G.T, delta)", "jnp.linalg.solve(G, delta)"),
    ],
}


@pytest.mark.parametrize("to", TARGETS)
def test_every_fault_is_found(to: str, tmp_path: Path) -> None:
    for case, right, wrong in FAULTS[to]:
        source, test = written(case, to)
        assert right in source, source
        assert judged(tmp_path, source.replace(right, wrong), test), (right, wrong)


@pytest.mark.parametrize("to", ["torch", "jax"])
@pytest.mark.parametrize("case", [LIKELIHOOD, RIDGE, GAIN], ids=["likelihood", "ridge", "gain"])
def test_one_factor_is_made_and_kept(case: Case, to: str) -> None:
    found = jac.derive(case.formula, case.wrt.split(","), case.shapes, assume=case.facts, check=False)
    source = jac.export(found, to)
    assert not re.search(r"linalg\.(inv|solve|slogdet)|logdet\(", source.replace(case.formula, ""))
    ahead = source[source.index("def forward" if to == "torch" else "def _forward") :]
    ahead, behind = ahead.split("def backward" if to == "torch" else "def _backward")
    assert ahead.count("L = cholesky(") == 1
    assert "L = cholesky(" not in behind.split("is_grad_enabled")[0]
    assert re.search(r"L = ctx.saved_tensors" if to == "torch" else r"L = kept", behind)
    whole = "cholesky_inverse(" if to == "torch" else "jnp.eye(n, "
    assert source.count(whole) == (case is LIKELIHOOD), "the inverse itself is part of one gradient only"


@pytest.mark.parametrize(
    ("case", "function", "inverses", "solutions"),
    [
        (LIKELIHOOD, "gradient_y", 0, 1),
        (LIKELIHOOD, "gradient_K", 1, 0),
        (RIDGE, "vjp_X", 0, 2),
        (RIDGE, "vjp_y", 0, 1),
        (GAIN, "vjp_P", 0, 3),
        (SYSTEM, "vjp_A", 0, 2),
        (SYSTEM, "jacobian_b", 1, 0),
    ],
)
def test_numpy_inverts_where_the_inverse_is_returned_alone(
    case: Case, function: str, inverses: int, solutions: int
) -> None:
    found = jac.derive(case.formula, case.wrt.split(","), case.shapes, assume=case.facts, check=False)
    body = jac.export(found).split(f"def {function}(")[1].split("\ndef ")[0]
    assert (body.count("linalg.inv("), body.count("linalg.solve(")) == (inverses, solutions), body


def test_what_is_not_declared_is_factored_as_any_matrix() -> None:
    shapes = {"X": "n,d", "y": "n", "c": "()"}
    for formula, facts in (("inv(X.T@X + c*eye(d))@y", {}), ("inv(X.T@X - c*eye(d))@y", {"c": "positive"})):
        found = jac.derive(formula, ["y"], {**shapes, "y": "d"}, assume=facts, check=False)
        assert "cholesky" not in jac.export(found, "torch")
