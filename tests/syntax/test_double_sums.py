"""What is proposed for a sum over two indices is pasted, with its declarations, and has the value of the sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.evaluate.evaluate import evaluate

SUMS = (
    (r"\sum_{i,j} \alpha_i\alpha_j y_i y_j x_i^\top x_j", "i,j,i,j,ik,jk->", "alpha alpha y y x x"),
    (r"\sum_i \sum_j K_{ij} x_i^\top x_j", "ij,ik,jk->", "K x x"),
    (r"\sum_{i,j} A_{ij} x_j^\top z_i", "ij,jk,ik->", "A x z"),
    (r"\sum_{i,j} a_i x_i^\top A y_j b_j", "i,ik,kl,jl,j->", "a x A y b"),
    (r"\sum_{i,j} A_{ij} x_i y_j", "ij,i,j->", "A x y"),
    (r"\sum_{i,j} A_{ji} x_i y_j", "ji,i,j->", "A x y"),
    (r"\sum_{i,j} (u_i^\top v_j)^2", "ik,jk,il,jl->", "u v u v"),
)
SIZES = {"n": 3, "m": 4, "k": 5, "p": 6}


def proposed(text: str, wrt: str) -> tuple[str, dict[str, str]]:
    with pytest.raises(jac.InputError, match=r"two indices|another index") as told:
        jac.derive(text, wrt=wrt)
    formula, *declared = told.value.pastes
    return formula, dict(one.removeprefix("-s ").split("=") for one in declared)


def evaluated(formula: str, declared: dict[str, str], wrt: str) -> tuple[Any, dict[str, Any]]:
    found = jac.derive(formula, wrt=wrt, shapes=declared)
    assert isinstance(found, jac.Derivation)
    rng, variables = np.random.default_rng(2), found.problem.variables
    sizes = {name: SIZES[name] for v in variables.values() for size in v.shape for name in size.names()}
    values = {n: rng.uniform(-1, 1, tuple(size.at(sizes) for size in v.shape)) for n, v in variables.items()}
    return evaluate(found.problem.output, values, sizes), values


@pytest.mark.parametrize(("text", "contraction", "operands"), SUMS, ids=str)
def test_the_formula_proposed_is_the_sum(text: str, contraction: str, operands: str) -> None:
    names = operands.split()
    value, values = evaluated(*proposed(text, names[0]), names[0])
    assert np.allclose(value, np.einsum(contraction, *(values[name] for name in names)))


def test_distances_between_rows() -> None:
    text = r"\sum_{i,j} W_{ij} \|x_i - y_j\|^2"
    value, values = evaluated(*proposed(text, "x"), "x")
    apart = values["x"][:, None] - values["y"][None]
    assert np.allclose(value, np.einsum("ij,ijk,ijk->", values["W"], apart, apart))


@pytest.mark.parametrize("text", [r"\sum_{i,j} \|x_i + x_j\|^2", r"\sum_i \sum_j \sum_k x_i y_j z_k"])
def test_what_is_not_known_is_not_proposed(text: str) -> None:
    with pytest.raises(jac.InputError) as told:
        jac.derive(text, wrt="x")
    assert "over all entries" not in str(told.value.hint)
