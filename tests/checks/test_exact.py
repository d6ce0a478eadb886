"""Proofs of equality: what is proved cheaply, what is left open, what is refused for its length."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

import jacobian_cli as jac
from jacobian_cli.checks.oracles.exact_linalg import ExactKernels
from jacobian_cli.checks.oracles.symbolic import TooLargeError, difference, entries_of, explicit_jacobian
from jacobian_cli.checks.oracles.zero_test import Prover
from tests.checks.formulas import typed
from tests.work import calls

PROVED = [
    ("1/(1 + exp(-x))", "exp(x)/(exp(x) + 1)"),
    ("exp(x)*exp(y)", "exp(x + y)"),
    ("exp(x/2)**2", "exp(x)"),
    ("tanh(x)", "2*sigmoid(2*x) - 1"),
    ("cosh(x)**2 - sinh(x)**2", "1"),
    ("tan(x)**2 + 1", "1/cos(x)**2"),
    ("1/sqrt(2)", "sqrt(2)/2"),
    ("sqrt(x)**3/x", "sqrt(x)"),
    ("x**(y + 1)/x", "x**y"),
    ("(x**2 - y**2)/(x - y)", "x + y"),
    ("abs(x)*sign(x)", "x"),
    ("relu(x)**2", "x*relu(x)"),
    ("maximum(x, y) + minimum(x, y)", "x + y"),
    ("where(x > y, x, y)", "maximum(x, y)"),
    ("gelu(x) - gelu(-x)", "x"),
    ("log(exp(-x) + 1)", "log((1 + exp(x))/exp(x))"),
]
LEFT_OPEN = [("sqrt(x)*sqrt(y)", "sqrt(x*y)"), ("log(x*y)", "log(x) + log(y)"), ("sin(2*x)", "2*sin(x)*cos(x)")]
DIFFERENT = [("abs(x)", "x"), ("relu(x)", "x"), ("sqrt(x/y)", "-sqrt(x*y)/y"), ("exp(x)", "exp(x) + 1/1000000")]


def entries(*texts: str) -> list[sympy.Matrix]:
    return [entries_of(typed(text, x="", y="").output, {}) for text in texts]


@pytest.mark.parametrize(("left", "right"), PROVED)
def test_proved(left: str, right: str) -> None:
    a, b = entries(left, right)
    assert (difference(a, b).equal, difference(a, b).exact) == (True, True)


@pytest.mark.parametrize("digits", [8, 12, 30])
def test_small_numbers_cost_no_more_than_large_ones(digits: int) -> None:
    """e^(10⁻ⁿ) is a root of degree 10ⁿ, of which no factor is written down."""
    small = sympy.Rational(1, 10**digits)
    x = sympy.Symbol("x", real=True)
    assert Prover().equal(sympy.exp(x + small), sympy.exp(x) * sympy.exp(small))
    assert not Prover().equal(sympy.cosh(x + small), sympy.cosh(x))
    assert not Prover().equal(sympy.exp(x) * sympy.Rational(3, 2) ** (10**digits * x), sympy.exp(x))


@pytest.mark.parametrize(("left", "right"), LEFT_OPEN)
def test_left_open_and_seen_to_be_equal(left: str, right: str) -> None:
    a, b = entries(left, right)
    assert not Prover().equal(a[0], b[0])
    assert (difference(a, b).equal, difference(a, b).exact) == (True, False)


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different(left: str, right: str) -> None:
    a, b = entries(left, right)
    assert not Prover().equal(a[0], b[0])
    assert not difference(a, b).equal


def test_what_has_no_real_value_is_not_decided() -> None:
    found = difference(*entries("log(-x**2)", "log(-x**2 - 1)"))
    assert not found.decided


def test_a_hard_question_is_given_up_in_time() -> None:
    x = sympy.symbols("x:12", real=True)
    hard = sum(sympy.exp(a * b) for a in x for b in x) ** 9
    other = hard + sum(x) - sympy.Rational(1, 7)
    assert not Prover().equal(hard, other)
    assert calls(lambda: Prover().equal(hard, other)) < 1_000_000


def test_a_softmax_is_proved() -> None:
    program = typed("exp(x)/sum(exp(x))", x="n")
    sizes = {"n": 4}
    table = explicit_jacobian(program.output, program.variables["x"], sizes)
    closed = typed("p = exp(x)/sum(exp(x)); diag(p) - p@p.T", x="n")
    assert difference(entries_of(closed.output, sizes), table.expanded).exact


def test_a_deep_net_is_refused_at_once() -> None:
    program = typed("D@tanh(B@tanh(A@sigmoid(C@x)))", A="4,5", B="3,4", C="5,6", D="2,3", x="6")
    table = explicit_jacobian(program.output, program.variables["C"], {})

    def expanded() -> None:
        with pytest.raises(TooLargeError):
            table.expanded.doit()

    assert calls(expanded) < 200_000


def test_a_large_table_is_refused() -> None:
    program = typed("X@W", X="30,30", W="30,30")
    with pytest.raises(TooLargeError, match="900 × 900"):
        explicit_jacobian(program.output, program.variables["W"], {})


def test_the_shown_table_has_values() -> None:
    program = typed("sigmoid(x) + silu(x)", x="")
    table = explicit_jacobian(program.output, program.variables["x"], {})
    point = {symbol: sympy.Rational(1, 3) for symbol in table.matrix.free_symbols}
    assert float(table.matrix.subs(point)[0].evalf()) == pytest.approx(float(table.expanded.subs(point)[0].evalf()))


def test_exact_kernels() -> None:
    kernels = ExactKernels()
    x = np.array(sympy.symbols("a:3:3")).reshape(3, 3)
    matrix = sympy.Matrix(3, 3, list(x.flat))
    assert Prover().equal(kernels.det(x), matrix.det())
    assert difference(sympy.Matrix(kernels.inv(x)) * matrix, sympy.eye(3)).exact
    s = np.array([[sympy.Integer(4), sympy.Integer(2)], [sympy.Integer(2), sympy.Integer(3)]])
    assert kernels.cholesky(s).tolist() == [[2, 0], [1, sympy.sqrt(2)]]
    assert (kernels.inv(s) @ np.array([8, 7])).tolist() == [sympy.Rational(5, 4), sympy.Rational(3, 2)]


@pytest.mark.parametrize("threshold", ["z", "2*z - y"])
def test_where_a_function_has_a_domain_only_points_inside_decide(threshold: str) -> None:
    """At a negative threshold the definition of huber is another function than its derivative belongs to."""
    shapes = {"A": "n,m", "z": "m"} | ({"y": "m"} if "y" in threshold else {})
    report = jac.derive(f"norm(huber(A, {threshold}), axis=0)", wrt="A", shapes=shapes).check(points=1)
    assert report.passed
    assert report.engines["sympy"].passed
    x, z = sympy.symbols("x z", real=True)
    one, other = sympy.Matrix([[abs(z) * x]]), sympy.Matrix([[z * x]])
    assert difference(one, other, domain=lambda: [z]).equal
    assert not difference(one, other, domain=lambda: [-z]).equal
