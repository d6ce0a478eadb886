"""Layouts, vec orders and the shape convention: the ways between them, for numbers, symbols and closed forms."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.calculus.reshape import CANONICAL, CONVENTIONS, SHAPE, Convention, Format, Layout, Vec, rearrangement

ORDERS: dict[Vec, Any] = {Vec.ROW: "C", Vec.COLUMN: "F"}
SIDES = st.lists(st.integers(1, 4), max_size=3).map(tuple)


def laid_out(canonical: Any, out: tuple[int, ...], variable: tuple[int, ...], form: Format) -> Any:
    """The derivative in a convention, by NumPy's own row-major and column-major orders."""
    if form == CANONICAL:
        return canonical
    if form == SHAPE:
        return canonical.reshape(variable)
    assert isinstance(form, Convention)
    order = ORDERS[form.vec]
    rows = [np.ravel(canonical[place], order=order) for place in np.ndindex(out)]
    places = np.arange(prod(out)).reshape(out).ravel(order=order)
    matrix = np.array([rows[k] for k in places])
    return matrix if form.layout is Layout.NUMERATOR else matrix.T


@settings(max_examples=200)
@given(SIDES, SIDES, st.data())
def test_any_way_from_one_convention_to_another_is_numpys(
    out: tuple[int, ...], variable: tuple[int, ...], data: st.DataObject
) -> None:
    canonical = np.arange(prod(out) * prod(variable)).reshape(out + variable)
    forms: list[Format] = [CANONICAL, *CONVENTIONS, *([SHAPE] if prod(out) == 1 else [])]
    source, target = (data.draw(st.sampled_from(forms)) for _ in range(2))
    before, after = (laid_out(canonical, out, variable, form) for form in (source, target))
    move = rearrangement(source, target, out, variable)
    np.testing.assert_array_equal(move.of(before), after)
    assert move.of(before).shape == after.shape
    np.testing.assert_array_equal(before.reshape(-1)[move.positions()], after.reshape(-1))
    back = rearrangement(target, source, out, variable)
    np.testing.assert_array_equal(back.of(move.of(before)), before)


@pytest.mark.parametrize("vec", Vec)
def test_denominator_layout_is_the_transpose(vec: Vec) -> None:
    canonical = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    numerator, denominator = (
        jac.convert(canonical, "canonical", f"{layout}/{vec}", out=(2, 3), variable=(4, 5)) for layout in Layout
    )
    np.testing.assert_array_equal(numerator.T, denominator)


@pytest.mark.parametrize("vec", Vec)
def test_unvec_undoes_vec(vec: Vec) -> None:
    weights = np.arange(6.0).reshape(2, 3)
    column = jac.convert(weights, "shape", f"denominator/{vec}", variable=(2, 3))
    assert column.shape == (6, 1)
    np.testing.assert_array_equal(column[:, 0], weights.ravel(order=ORDERS[vec]))
    np.testing.assert_array_equal(jac.convert(column, f"denominator/{vec}", "shape", variable=(2, 3)), weights)


def test_sympy_matrices_stay_what_they_are() -> None:
    x = sympy.Matrix(1, 6, sympy.symbols("x1:7"))
    gradient = jac.convert(x, "numerator", "shape", variable=(2, 3))
    assert gradient == sympy.Matrix(2, 3, list(x))
    assert jac.convert(gradient, "shape", "denominator/column", variable=(2, 3)) == sympy.Matrix([*gradient.T])
    fixed = sympy.ImmutableMatrix(x)
    assert isinstance(jac.convert(fixed, "numerator", "denominator", variable=(6,)), sympy.ImmutableMatrix)
    cube = jac.convert(sympy.Matrix(2, 4, range(8)), "numerator", "canonical", out=(2,), variable=(2, 2))
    assert cube.shape == (2, 2, 2)
    assert cube[1, 0, 1] == 5


@pytest.mark.parametrize(
    ("text", "source", "target", "shapes", "converted"),
    [
        ("kron(A, B.T)", "numerator", "numerator/column", ("n,p", "m,k"), "kron(B.T, A)"),
        ("kron(A, B.T)", "numerator", "denominator/column", ("n,p", "m,k"), "kron(B, A.T)"),
        ("kron(A, B.T)", "numerator", "denominator", ("n,p", "m,k"), "kron(A.T, B)"),
        ("kron(u*h, x).T", "numerator", "shape", ("", "n,m"), "(u*h)@x.T"),
        ("kron(u*h, x).T", "numerator", "numerator/column", ("", "n,m"), "kron(x, u*h).T"),
        ("2*delta@x.T", "shape", "denominator", ("", "n,m"), "kron(2*delta, x)"),
        ("eye(n*m)", "numerator", "numerator/column", ("n,m", "n,m"), "eye(n*m)"),
        ("commutation(n, m)", "numerator/column", "numerator", ("m,n", "n,m"), "commutation(m, n)"),
        ("W", "numerator", "denominator", ("n", "m"), "W.T"),
    ],
)
def test_closed_forms(text: str, source: str, target: str, shapes: tuple[str, str], converted: str) -> None:
    out, variable = (s or () for s in shapes)
    declared = {"A": "n,m", "B": "k,p", "u": "n", "h": "n", "delta": "n", "x": "m", "W": "n,m"}
    used = {name: shape for name, shape in declared.items() if name in text}
    found = jac.convert(text, source, target, out=out, variable=variable, shapes=used)
    assert found == converted
    assert jac.convert(found, target, source, out=out, variable=variable, shapes=used) == text


@pytest.mark.parametrize(
    ("array", "source", "target", "out", "variable", "message"),
    [
        ([1, 2], "numerator", "row", (), (2,), "there is no layout 'row'"),
        ([1, 2], "numerator/f", "shape", (), (2,), "there is no vec 'f'"),
        ([1, 2], "numerator", "shape", (2,), (1,), "the shape convention is for scalars"),
        ([1, 2, 3], "numerator", "shape", (), (2,), "the array has 3 entries"),
        ([1, 2], "numerator", "shape", (), ("n",), "numbers"),
        ("W", "numerator", "denominator", "n", "k", "this is n × m"),
    ],
)
def test_what_does_not_fit_is_refused(
    array: Any, source: str, target: str, out: Any, variable: Any, message: str
) -> None:
    with pytest.raises(jac.InputError, match=message):
        jac.convert(array, source, target, out=out, variable=variable, shapes={"W": "n,m"})
