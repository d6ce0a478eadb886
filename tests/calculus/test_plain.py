"""The plain index form: obviously right, for whatever tensor there is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.calculus.differentiate.lower import lower
from jacobian_cli.calculus.differentiate.pullback import jacobian
from jacobian_cli.calculus.index.tensor import Leaf, Product, Sum, Tensor
from jacobian_cli.calculus.notation.plain import plain
from jacobian_cli.calculus.reshape import CONVENTIONS, rearrangement
from jacobian_cli.calculus.reshape.arrays import CANONICAL
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Expr, Variable, walk
from jacobian_cli.printers.language import text
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.parser import parse_statement
from tests.calculus.expressions import VARIABLES, expressions
from tests.calculus.test_properties import QUICK, one_of
from tests.calculus.values import value
from tests.corpus.test_identities import ENTRIES, Entry

SIZES = {"n": 2, "m": 3}


def read(expr: Expr, shapes: dict[str, Shape]) -> Expr:
    """An expression from its text; the sizes that it says are known by name."""
    sizes: Shape = (Size.named("n"), Size.named("m"))
    return elaborate([parse_statement(text(expr), limited=False)], {**shapes, "?sizes": sizes}).output


def drawn(shapes: dict[str, Shape], seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(0.2, 0.9, [s.at(SIZES) for s in shape]) for name, shape in shapes.items()}


@QUICK
@given(expressions(depth=4))
def test_the_plain_form_of_an_expression_is_its_value(expr: Expr) -> None:
    point = drawn(VARIABLES)
    expected = np.asarray(evaluate(expr, point, SIZES), float)
    assume(np.all(np.abs(expected) < 1e9))
    form = plain(lower(expr), shape=expr.shape)
    assert form.shape == expr.shape
    for written in (form, read(form, VARIABLES)):
        np.testing.assert_allclose(evaluate(written, point, SIZES), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", ["largest", "smallest", "prod_of_others", "softmax"])
@pytest.mark.parametrize("axis", ["", ", axis=0", ", axis=1"])
def test_the_plain_form_of_a_share_runs_along_its_axis(name: str, axis: str) -> None:
    point = drawn(VARIABLES)
    expr = elaborate([parse_statement(f"{name}(A{axis})")], VARIABLES).output
    form = plain(lower(expr), shape=expr.shape)
    for written in (form, read(form, VARIABLES)):
        np.testing.assert_allclose(evaluate(written, point, SIZES), evaluate(expr, point, SIZES), rtol=1e-12)


@settings(QUICK, max_examples=50)
@given(expressions(), st.data())
def test_the_plain_form_of_a_derivative_is_its_value_in_every_convention(expr: Expr, data: st.DataObject) -> None:
    name = one_of(data, expr)
    leaf = lower(Variable(name, VARIABLES[name]))
    assert isinstance(leaf, Leaf)
    output = lower(expr)
    (derived,) = jacobian(output, [leaf])
    point = drawn(VARIABLES)
    with np.errstate(all="ignore"):
        expected = value(derived, point, SIZES)
    assume(np.all(np.isfinite(expected)) and np.all(np.abs(expected) < 1e9))
    out, variable = output.shape, leaf.shape
    lengths = [tuple(size.at(SIZES) for size in shape) for shape in (out, variable)]
    for convention in CONVENTIONS:
        rows, columns = convention.axes(len(out), len(out) + len(variable))
        form = plain(derived, rows + columns, convention.shape(out, variable))
        laid = rearrangement(CANONICAL, convention, *lengths).of(expected)
        np.testing.assert_allclose(evaluate(form, point, SIZES), laid, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_the_plain_form_of_a_published_identity_is_its_value(entry: Entry) -> None:
    shapes = {name: ",".join(sizes) or "()" for name, sizes in entry["shapes"].items()}
    found: jac.Derivation = jac.derive(entry["expr"], wrt=entry["wrt"], shapes=shapes)
    tensor = found.forms.tensor
    form = plain(tensor)
    known = {**found.problem.variables, found.wrt: found.variable}
    sizes = entry["sizes"]
    rng = np.random.default_rng(1)
    point = {n: spd(rng, [s.at(sizes) for s in v.shape]) for n, v in known.items()}
    expected = value(tensor, point, sizes)
    np.testing.assert_allclose(evaluate(form, point, sizes), expected, rtol=1e-7, atol=1e-9)


def spd(rng: Any, shape: list[int]) -> Any:
    """Random numbers in (0, 1); of a square matrix symmetric positive definite ones."""
    drawn = rng.uniform(0.2, 0.9, shape)
    if len(shape) == 2 and shape[0] == shape[1]:
        return drawn @ drawn.T / shape[0] + np.eye(shape[0])
    return drawn


def test_products_too_long_for_one_einsum_are_split() -> None:
    n = Size.named("n")
    matrix = Leaf("S", (n, n), (n, n))
    vectors = [Leaf(f"x{k}", (n,), (n,)) for k in range(60)]
    point = {leaf.name: np.random.default_rng(k).normal(size=2) for k, leaf in enumerate(vectors)}
    point["S"] = np.array([[1.0, 0.5], [0.25, -1.0]])
    chained = Product(1, tuple((matrix, (0 if k == 0 else k + 1, k + 2), 1) for k in range(60)), (n, n))
    chained = Product(1, (*chained.factors[:-1], (matrix, (60, 1), 1)), (n, n))
    apart = Product(2, tuple((v, (k + 1,), 1) for k, v in enumerate(vectors[:56])), (n,))
    expected = {
        chained: np.linalg.matrix_power(point["S"], 60),
        apart: 2 * np.prod([point[v.name].sum() for v in vectors[:56]]) * np.ones(2),
    }
    for node in (chained, apart):
        form = plain(node)
        assert max(len(part.children) for part in walk([form])) <= 24
        np.testing.assert_allclose(evaluate(form, point, {"n": 2}), expected[node], rtol=1e-9, atol=1e-9)


def test_sums_of_nothing_and_of_constants() -> None:
    n = Size.named("n")
    forms: list[tuple[Tensor, str]] = [
        (Sum((), (n, n)), "zeros(n, n)"),
        (Sum((), ()), "0"),
        (algebra.ones((n,)), "ones(n)"),
        (algebra.scale(-1, algebra.ones((n,))), "-ones(n)"),
    ]
    for tensor, expected in forms:
        assert text(plain(tensor)) == expected


def test_a_shape_of_other_entries_is_a_fault() -> None:
    n, m = Size.named("n"), Size.named("m")
    with pytest.raises(AssertionError):
        plain(Leaf("A", (n, m), (n, m)), shape=(n, n))
