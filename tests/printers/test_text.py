"""The language: what is printed is short, and read back it is the same node."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Apply, Defined, Expr, Number, Variable
from jacobian_cli.printers.language import text
from jacobian_cli.shape import Size
from jacobian_cli.syntax.parser import parse_statement
from tests.printers.typed import LENGTHS, SHAPES, apply, expressions, typed, values

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

PRINTED = {
    "W @ x + b": "W@x + b",
    "(x * y) * (1 - y)": "x*y*(1 - y)",
    "x * (y * y)": "x*(y*y)",
    "2*W.T@(W@x - b)": "2*W.T@(W@x - b)",
    "x ** 2": "x**2",
    "- x": "-x",
    "-(x + y)": "-(x + y)",
    "(-x)**2": "(-x)**2",
    "-x**2": "-x**2",
    "-(x*y)": "-(x*y)",
    "(-x)*y": "-x*y",
    "x*(-y)": "x*(-y)",
    "x + (-y)": "x + (-y)",
    "x - (-y)*x": "x - (-y*x)",
    "-(-x)": "-(-x)",
    "x**-1": "x**-1",
    "x**(-y)**2": "x**(-y)**2",
    "(x**y)**2": "(x**y)**2",
    "x**y**2": "x**y**2",
    "x/(y*x)": "x/(y*x)",
    "x/y*x": "x/y*x",
    "x - (y - x)": "x - (y - x)",
    "x + (y + x)": "x + (y + x)",
    "W@(B@b)": "W@(B@b)",
    "(W@B)@b": "W@B@b",
    "x > 0": "x > 0",
    "(x>0) * y": "(x > 0)*y",
    "(x > 0) == (y > 0)": "(x > 0) == (y > 0)",
    "x > -1": "x > -1",
    "(W@x).T": "(W@x).T",
    "x.T@y": "x.T@y",
    "(2).T*x": "(2).T*x",
    "leaky_relu(x)": "leaky_relu(x)",
    "leaky_relu(x, 0.01)": "leaky_relu(x)",
    "leaky_relu(x, 0.2)": "leaky_relu(x, 0.2)",
    "max(x, 0)": "maximum(x, 0)",
    "sum(W, axis = 1, keepdims = True)": "sum(W, axis=1, keepdims=True)",
    "sum(W, axis=(0,))": "sum(W, axis=0)",
    "sum(W, axis=(0, 1))": "sum(W, axis=(0, 1))",
    "sum(W, axis=-1)": "sum(W, axis=-1)",
    "sum(W, keepdims=False)": "sum(W)",
    "eye(n)@b": "eye(n)@b",
    "ones(n, m)": "ones(n, m)",
    "ones((n, m + 1))": "ones(n, m + 1)",
    "reshape(W, (m, n))": "reshape(W, (m, n))",
    "reshape(W, n*m)": "reshape(W, n*m)",
    "reshape(W, (n, 1, m))": "reshape(W, (n, 1, m))",
    'einsum("ij, jk -> ik", W, B)': 'einsum("ij,jk->ik", W, B)',
    "W[0]": "W[0]",
    "W[:, 0]": "W[:, 0]",
    "W[0, -1]": "W[0, -1]",
    "x[:, None]": "x[:, None]",
    "x[2:m]": "x[2:m]",
    "x[m - 2:m]": "x[m - 2:m]",
    "x[:-1]": "x[:-1]",
    "x[()]": "x[()]",
    "(W@x)[0]": "(W@x)[0]",
    "sum(x)/m": "sum(x)/m",
    "x**(1/2)": "x**(1/2)",
    "0.5*x": "0.5*x",
    ".50*x": "0.5*x",
    "0.044715*x": "0.044715*x",
    "1e-20*x": "1e-20*x",
    "1e40*x": "1e40*x",
    "123456789012345*x": "123456789012345*x",
    "pi*e": "pi*e",
    "where(x > 0, x, -1)": "where(x > 0, x, -1)",
    "swish(x)": "silu(x)",
}


BRACKETS_FOR_THE_READER = {
    "W.T@b*x": "(W.T@b)*x",
    "x.T@Q@x*Q@x": "(x.T@Q@x)*Q@x",
    "W@x*c": "(W@x)*c",
    "c*(W@x)": "c*(W@x)",
    "W@x/2": "W@x/2",
    "x.T@Q@x/2": "x.T@Q@x/2",
    "b*b*(1 - b)@x.T": "(b*b*(1 - b))@x.T",
    "2*W@x": "2*W@x",
    "c*b@x.T": "c*b@x.T",
    "b/n@x.T": "(b/n)@x.T",
}
"""Where Python needs no brackets: each formula is the same node with them."""


@pytest.mark.parametrize("formula", BRACKETS_FOR_THE_READER)
def test_brackets_for_the_reader_change_nothing(formula: str) -> None:
    expr = typed(formula)
    assert text(expr) == BRACKETS_FOR_THE_READER[formula]
    assert again(expr) is expr


def again(expr: Expr) -> Expr:
    """What the printed text of an expression is, read again."""
    return elaborate([parse_statement(text(expr))], SHAPES).output


@pytest.mark.parametrize("formula", PRINTED)
def test_is_printed_so_and_read_back(formula: str) -> None:
    expr = typed(formula)
    assert text(expr) == PRINTED[formula]
    assert again(expr) is expr


C = Variable("c", ())
BUILT = {
    "-2*c": apply("*", Number(Fraction(-2)), C),
    "c*(-2)": apply("*", C, Number(Fraction(-2))),
    "c - (-2)": apply("-", C, Number(Fraction(-2))),
    "(-2)**c": apply("**", Number(Fraction(-2)), C),
    "c**-2": apply("**", C, Number(Fraction(-2))),
    "(1/3)*c": apply("*", Number(Fraction(1, 3)), C),
    "c + 1/3": apply("+", C, Number(Fraction(1, 3))),
    "c - (-1/3)": apply("-", C, Number(Fraction(-1, 3))),
    "c**(1/3)": apply("**", C, Number(Fraction(1, 3))),
    "-0.125": Number(Fraction(-1, 8)),
}


@pytest.mark.parametrize("printed", BUILT)
def test_numbers_that_only_calculation_makes(printed: str) -> None:
    assert text(BUILT[printed]) == printed
    point = {"c": np.float64(2.0)}
    assert evaluate(again(BUILT[printed]), point, {}) == pytest.approx(evaluate(BUILT[printed], point, {}))


def test_names_stand_for_their_bodies() -> None:
    h = Defined("h", typed("sigmoid(W@x + b)"))
    assert text(apply("*", h, apply("-", Number(Fraction(1)), h))) == "h*(1 - h)"


def test_sums_of_sizes_are_bracketed() -> None:
    size = Size.named("n") + Size.named("m")
    assert text(apply("/", C, apply("*", Number(Fraction(2)), typed("n*m")))) == "c/(2*(n*m))"
    assert text(apply("ones", sizes=(size * Size.number(2),))) in ("ones(2*n + 2*m)", "ones(2*m + 2*n)")


def test_long_chains_need_no_recursion() -> None:
    expr: Expr = C
    for _ in range(5000):
        expr = Apply("+", (expr, C), (), ())
    assert text(expr).count("+") == 5000


@QUICK
@given(expressions())
def test_typed_expressions_are_read_back_to_the_same_node(expr: Expr) -> None:
    assert again(expr) is expr


@QUICK
@given(expressions(built=True))
def test_calculated_expressions_are_read_back_with_the_same_value(expr: Expr) -> None:
    point = values()
    expected = evaluate(expr, point, LENGTHS)
    np.testing.assert_allclose(evaluate(again(expr), point, LENGTHS), expected, rtol=1e-9, atol=1e-9)
