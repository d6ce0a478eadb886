"""Random points respect domains and kinks; given points are judged without margin."""

from __future__ import annotations

import numpy as np
import pytest

from jacobian_cli.checks.points.domain import violations
from jacobian_cli.checks.points.sampling import NoPointError, draw_sizes, draws_for, sample
from jacobian_cli.evaluate.evaluate import node_values, numpy_backend
from tests.checks.formulas import SIZES, typed


@pytest.mark.parametrize(
    "text",
    [
        "W@x + b",
        "log(x)",
        "log(A@x + 3)",
        "sqrt(x)*log(y)*log(z)",
        "log(x - y)",
        "arcsin(x) + arccos(x)",
        "1/x",
        "x**-2",
        "x**3 + x**2",
        "x**(1/2)",
        "x**y",
        "relu(A@x) + abs(y[0])",
        "maximum(x, y)",
        "where(x > y, x, y)",
        "norm(x)",
        "log1p(x)*log(1 - x)",
        "exp(exp(exp(x)))",
        "log(log(x))",
    ],
)
def test_a_point_is_found_clear_of_every_edge(text: str) -> None:
    program = typed(text)
    sizes = {name: k for k, name in enumerate(sorted({n for v in program.variables.values() for s in v.shape
                                                      for n in s.names()}), start=2)}  # fmt: skip
    for seed in range(5):
        point = sample(program.output, sizes, np.random.default_rng(seed))
        assert set(point) == set(program.variables)
        assert not violations(program.output, point, sizes, 0.0499, 0.0199)
        found = node_values(program.output, point, sizes, numpy_backend())
        assert all(np.all(np.abs(value) < 1e6) for value in found.values())


def test_whole_powers_ask_nothing_of_the_base() -> None:
    """With a whole exponent negative numbers are drawn too, with a negative one none near zero."""
    program = typed("x**-2", x="k")
    drawn = np.concatenate([sample(program.output, SIZES, np.random.default_rng(s))["x"] for s in range(10)])
    assert (drawn < 0).any()
    assert (np.abs(drawn) > 0.05).all()


@pytest.mark.parametrize(
    ("text", "culprit"), [("log(-exp(x))", "log"), ("sqrt(-x**2)", "sqrt"), ("exp(exp(exp(9 + x**2)))", "exp")]
)
def test_where_there_is_no_point_the_function_is_named(text: str, culprit: str) -> None:
    with pytest.raises(NoPointError, match=culprit):
        sample(typed(text, x="n").output, SIZES, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("text", "x", "kind", "function"),
    [
        ("log(x)", -1.0, "domain", "log"),
        ("log(x)", 0.0, "domain", "log"),
        ("2 + sqrt(x - 1)", 0.5, "domain", "sqrt"),
        ("arcsin(x)", 1.0, "domain", "arcsin"),
        ("x**(1/3)", -1.0, "domain", "**"),
        ("1/x", 0.0, "domain", "/"),
        ("1/(x - 1)", 1.0, "domain", "/"),
        ("norm(x)", 0.0, "domain", "norm"),
        ("relu(x - 1)", 1.0, "kink", "relu"),
        ("abs(x)", 0.0, "kink", "abs"),
        ("maximum(x, 2*x)", 0.0, "kink", "maximum"),
        ("exp(x)", 1e4, "not finite", "exp"),
    ],
)
def test_a_given_point_is_judged(text: str, x: float, kind: str, function: str) -> None:
    program = typed(text, x="")
    (wrong,) = violations(program.output, {"x": x}, {})
    assert (wrong.kind, wrong.function, wrong.node.function) == (kind, function, function)
    assert function in wrong.message


def test_a_violation_says_what_should_have_been_positive() -> None:
    program = typed("log(x - 1)", x="")
    (wrong,) = violations(program.output, {"x": 0.0}, {})
    assert wrong.expression is wrong.node.arguments[0]


@pytest.mark.parametrize(("text", "x"), [("log(x)", 1e-9), ("relu(x)", 1e-9), ("x**-1", -1e-9), ("x**2 + x**3", -3.0)])
def test_a_given_point_needs_no_margin(text: str, x: float) -> None:
    assert not violations(typed(text, x="").output, {"x": x}, {})


def test_sizes_are_pairwise_different() -> None:
    draws = draw_sizes(["n", "m", "k"], 4, 0, {3})
    assert draws[0] == {"n": 2, "m": 4, "k": 5}
    assert all(len(set(draw.values())) == 3 and 3 not in draw.values() for draw in draws)
    assert len({tuple(draw.items()) for draw in draws}) > 1
    assert draw_sizes([], 2, 0, set()) == [{}, {}]


def test_letters_that_are_places_are_tried_from_the_first_on() -> None:
    for formula, length in (("x[k] + x[n - 1]", "n"), ("x[k]*x[0]", "3")):
        found = draws_for([typed(formula, x=length).output], 3, 0, set())
        assert {sizes["k"] for sizes in found} == {0, 1, 2}
        assert all(sizes.get("n", 3) > sizes["k"] for sizes in found)


@pytest.mark.parametrize("text", ["logdet(A@X@B)", "inv(A@X@B)", "slogdet(A@X@B)"])
def test_a_determinant_that_is_zero_but_for_rounding_is_zero(text: str) -> None:
    """The product of 5 × 3 and 3 × 5 has no inverse, however large its entries are."""
    expr, sizes = typed(text, A="n,m", X="m,m", B="m,n").output, {"n": 5, "m": 3}
    rng = np.random.default_rng(0)
    with pytest.raises(NoPointError):
        sample(expr, sizes, rng)
    large = {name: 1e3 * rng.standard_normal(shape) for name, shape in (("A", (5, 3)), ("X", (3, 3)), ("B", (3, 5)))}
    assert violations(expr, large, sizes)
    hilbert = 1 / (np.arange(7)[:, None] + np.arange(1, 8))
    assert not violations(typed("inv(S)", S="n,n").output, {"S": hilbert}, {"n": 7})
