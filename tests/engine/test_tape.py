"""The tape agrees with autograd and with differences, on every row of the table and on random formulas."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.checks.points.sampling import NoPointError, fits, sample
from jacobian_cli.checks.verdict.gradients import Comparison
from jacobian_cli.checks.verdict.report import Report
from jacobian_cli.engine.tape import Tape
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Apply, Expr, Variable, variables
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.cuts import Listed
from jacobian_cli.ops.identities import shift
from jacobian_cli.printers.language import text
from tests.calculus.expressions import CALLS, applied, expressions

SIZES = {"n": 3, "m": 4}
QUICK = settings(suppress_health_check=list(HealthCheck), max_examples=80, phases=[Phase.explicit, Phase.generate])


def compared(expr: Expr, seed: int) -> Report:
    """The tape's gradients of all variables at a random point, beside both engines."""
    rng = np.random.default_rng(seed)
    values = sample(expr, SIZES, rng)
    tape = Tape(expr, list(values))
    value = tape.forward(values, SIZES)
    assert np.shape(value) == tuple(size.at(SIZES) for size in expr.shape)
    expected = np.asarray(evaluate(expr, values, SIZES), float)
    np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-9 * (1 + np.max(np.abs(expected))))
    upstream = rng.standard_normal(np.shape(value))
    gradients = tape.backward(upstream)
    for name, gradient in gradients.items():
        assert gradient.shape == np.shape(values[name])
    comparison = Comparison()
    comparison.add(expr, values, SIZES, gradients, upstream)
    return comparison.report(points=1)


def right(expr: Expr) -> bool | None:
    """Whether most of three points agree: one may lie where a function is too steep for differences."""
    verdicts: list[bool] = []
    if not fits([expr], SIZES):
        return None
    for seed in range(3):
        try:
            report = compared(expr, seed)
        except NoPointError:
            return None
        assert report.passed is not None
        if report.passed and not verdicts:
            return True
        verdicts.append(report.passed)
    return sum(verdicts) >= 2


@pytest.mark.parametrize("function", [name for name, row in FUNCTIONS.items() if not row.reads])
def test_every_row_runs_backwards(function: str) -> None:
    checked, still = 0, FUNCTIONS[function].places == FUNCTIONS[function].parameters

    @settings(QUICK, max_examples=8)
    @given(st.data())
    def inner(data: st.DataObject) -> None:
        nonlocal checked
        call = data.draw(st.sampled_from(CALLS[function]))
        expr: Expr = data.draw(applied(call, data.draw(st.integers(1, 2))))
        note(text(expr))
        if not variables(expr):
            checked += still or not call.arguments
            return
        verdict = right(expr)
        assert verdict is not False, text(expr)
        checked += verdict is True

    inner()
    assert checked


@QUICK
@given(expressions(depth=4))
def test_random_formulas_run_backwards(expr: Expr) -> None:
    assume(variables(expr))
    assert right(expr) is not False, text(expr)


def test_the_example_of_the_lecture() -> None:
    value, gradients = jac.tape("(x + y)*max(y, z)", shapes=dict.fromkeys("xyz", "")).gradients(x=1, y=2, z=0)
    assert float(value) == 6
    assert {name: float(gradient) for name, gradient in gradients.items()} == {"x": 2, "y": 5, "z": 0}


def test_the_circuit_of_cs231n() -> None:
    """Its notes round to two decimals: f = 0.73, and -0.20, 0.39, -0.39, -0.59, 0.20 come back."""
    names = ("w0", "x0", "w1", "x1", "w2")
    tape = jac.tape("sigmoid(w0*x0 + w1*x1 + w2)", shapes=dict.fromkeys(names, ""))
    value, gradients = tape.gradients(w0=2, x0=-1, w1=-3, x1=-2, w2=-3)
    assert round(float(value), 2) == 0.73
    assert [round(float(gradients[name]), 2) for name in names] == [-0.2, 0.39, -0.39, -0.59, 0.2]


def test_each_node_is_visited_once_however_many_paths_there_are() -> None:
    doublings = ["x0 = c", *(f"x{k + 1} = x{k} + x{k}" for k in range(60))]
    _, gradients = jac.tape(doublings, wrt="c", shapes={"c": ""}).gradients(c=1)
    assert float(gradients["c"]) == 2.0**60


def test_a_long_formula_needs_no_recursion() -> None:
    """Ten thousand nodes: c → c + c², again and again; the derivative at 0 is 1."""
    steps = ["x0 = c", *(f"x{k + 1} = x{k} + x{k}**2" for k in range(2500))]
    tape = jac.tape(steps, wrt="c", shapes={"c": ""})
    assert len(tape.engine.nodes) > 7500
    assert float(tape.gradients(c=0)[1]["c"]) == 1


def test_batches() -> None:
    rng = np.random.default_rng(0)
    x, w, b, y = (rng.standard_normal(shape) for shape in ((5, 3), (3, 2), (2,), (5, 2)))
    tape = jac.tape("mean((X@W + b - Y)**2)", wrt=["W", "b"], shapes={"X": "n,m", "W": "m,k", "b": "k", "Y": "n,k"})
    value, gradients = tape.gradients(X=x, W=w, b=b, Y=y)
    rest = x @ w + b - y
    assert float(value) == pytest.approx(np.mean(rest**2))
    np.testing.assert_allclose(gradients["W"], 2 * x.T @ rest / rest.size)
    np.testing.assert_allclose(gradients["b"], 2 * rest.sum(axis=0) / rest.size)
    other, _ = tape.gradients(X=x[:2], W=w, b=b, Y=y[:2])
    assert float(other) == pytest.approx(np.mean(rest[:2] ** 2))


def test_the_upstream_gradient_may_be_an_array_or_a_number() -> None:
    tape = jac.tape("A@x", wrt="x")
    matrix = np.arange(6.0).reshape(2, 3)
    tape.forward(A=matrix, x=np.ones(3))
    np.testing.assert_allclose(tape.backward([1, -1])["x"], matrix[0] - matrix[1])
    np.testing.assert_allclose(tape.backward(2)["x"], 2 * matrix.sum(axis=0))
    with pytest.raises(jac.InputError, match="upstream"):
        tape.backward(np.ones(3))


def test_gradients_belong_to_the_caller() -> None:
    """What is done to one touches neither another nor what goes in."""
    x, y, upstream = np.ones(3), np.ones(3), np.ones(3)
    tape = jac.tape("x + y")
    tape.forward(x=x, y=y)
    gradients = tape.backward(upstream)
    gradients["x"] *= 7
    for untouched in (gradients["y"], upstream, x, y):
        assert untouched.tolist() == [1, 1, 1]
    again = tape.backward(upstream)
    assert again["x"].tolist() == [1, 1, 1]


def test_large_logits_stay_finite() -> None:
    tape = jac.tape("cross_entropy(X, Y)", wrt="X", shapes={"X": "n,m", "Y": "n,m"})
    value, gradients = tape.gradients(X=[[2000.0, 0.0], [0.0, -2000.0]], Y=[[0.0, 1.0], [1.0, 0.0]])
    assert float(value) == 1000
    assert gradients["X"].round(12).tolist() == [[0.5, -0.5], [0, 0]]


def test_the_gradient_at_a_definition() -> None:
    tape = jac.tape(["z = W@x", "h = tanh(z)", "sum(h)"], wrt=["z", "W"], shapes={"W": "n,m", "x": "m"})
    w, x = np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([1.0, 2.0])
    _, gradients = tape.gradients(W=w, x=x)
    np.testing.assert_allclose(gradients["z"], 1 - np.tanh(w @ x) ** 2)
    np.testing.assert_allclose(gradients["W"], np.outer(gradients["z"], x))


def test_what_does_not_matter_has_a_gradient_of_zeros() -> None:
    _, gradients = jac.tape("sum(x) + 0*sum(sign(y))", shapes={"x": "n", "y": "n"}).gradients(x=[1, 2], y=[3, 4])
    assert gradients["y"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"x": [1, 2]}, "no value is given for y"),
        ({"x": [1, 2], "y": [1, 2], "z": 3}, "there is no variable z"),
        ({"x": [1, 2], "y": [1, 2, 3]}, "the size n is 2 in x and 3 in y"),
        ({"x": [1, 2], "y": 1}, "y is n in the formula"),
        ({"x": [1, 2], "y": "ab"}, "this is not an array of numbers\n  y"),
    ],
)
def test_values_that_do_not_fit(values: dict[str, Any], message: str) -> None:
    with pytest.raises(jac.InputError, match=message):
        jac.tape("x*y").forward(**values)


def test_backward_comes_after_forward() -> None:
    with pytest.raises(jac.InputError, match="after forward"):
        jac.tape("x*y").backward()


def test_gradients_of_nothing() -> None:
    with pytest.raises(jac.InputError, match="no variable"):
        jac.tape("2 + 3")
    with pytest.raises(jac.InputError, match="'q' is neither"):
        jac.tape("x*y", wrt="q")


@pytest.mark.parametrize("name", [row.name for row in FUNCTIONS.values() if shift(row.name)])
def test_what_the_table_says_of_shifts(name: str) -> None:
    call = next(c for c in CALLS[name] if len(c.arguments[0]) == 2 and not c.options)
    expr = _on_names(call)
    matrix = np.random.default_rng(0).standard_normal((3, 4))
    here, there = (np.asarray(evaluate(expr, {"v0": matrix + c}, SIZES), float) for c in (0.0, 0.5))
    np.testing.assert_allclose(there, here + 0.5 * float(shift(name)))


@pytest.mark.parametrize("name", [row.name for row in FUNCTIONS.values() if row.moves])
def test_what_the_table_says_of_moves(name: str) -> None:
    """Entries are all different going in; those coming out are some of them, none twice but those listed twice."""
    for call in CALLS[name]:
        expr = _on_names(call)
        shapes = [tuple(size.at(SIZES) for size in shape) for shape in call.arguments]
        values = {f"v{k}": 100 * k + np.arange(np.prod(s, dtype=int)).reshape(s) + 0.5 for k, s in enumerate(shapes)}
        out = np.ravel(evaluate(expr, values, SIZES)).tolist()
        given = [entry for value in values.values() for entry in np.ravel(value).tolist()]
        listed = [item for item in dict(call.options).get("index", ()) if isinstance(item, Listed)]
        overlap = len(out) > len(given)  # windows do
        if not overlap and all(len({*item.places}) == len(item.places) for item in listed):
            assert len(set(out)) == len(out)
        assert set(out) <= set(given)


def test_rows_with_a_backward_of_their_own_agree_with_their_derivative() -> None:
    for row in FUNCTIONS.values():
        if row.backward:
            derivation = jac.derive(f"{row.name}(x)", wrt="x")
            x, delta = np.array([0.3, -1.2, 2.0]), np.array([1.0, 2.0, -0.5])
            names: dict[str, Any] = {}
            exec(derivation.to_python(), names)
            tape = jac.tape(f"{row.name}(x)")
            tape.forward(x=x)
            np.testing.assert_allclose(tape.backward(delta)["x"], names["vjp"](delta, x))


def test_every_kind_of_row_has_words_for_its_backward() -> None:
    """Functions say what they do; the others scale by their slope or multiply by their Jacobian."""
    spoken = {row.kind for row in FUNCTIONS.values() if row.flow}
    assert {Kind.ELEMENTWISE, Kind.CONTRACTION, Kind.REDUCTION, Kind.SHAPE} <= spoken
    assert all(row.flow for row in FUNCTIONS.values() if row.moves)


def test_binomials_by_reverse_mode() -> None:
    """∂(1 + x)ⁿ written out as a product, by each factor: n(1 + x)ⁿ⁻¹."""
    factors = "*".join(["(1 + x)"] * 12)
    _, gradients = jac.tape(factors, shapes={"x": ""}).gradients(x=1)
    assert float(gradients["x"]) == sum(k * comb(12, k) for k in range(13))


def _on_names(call: Any) -> Expr:
    arguments = tuple(Variable(f"v{k}", shape) for k, shape in enumerate(call.arguments))
    return Apply(call.function, arguments, call.options, call.shape)
