"""What holds for every formula: random expressions in which every row of the table takes part."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import printed
from jacobian_cli.calculus.differentiate.lower import lower, lower_all, template
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.checks.points.sampling import NoPointError, draw_sizes
from jacobian_cli.checks.verdict.answer import numeric_verdict, read_back, sample_all
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Defined, Expr, rebuild, size_names, variables
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.places import places_of
from jacobian_cli.printers.language import text
from jacobian_cli.shape import product
from tests.calculus.expressions import CALLS, VARIABLES, applied, expressions, leaves

# formulas are drawn small; to shrink one that fails would take longer than to read it
QUICK = settings(suppress_health_check=list(HealthCheck), max_examples=100, phases=[Phase.explicit, Phase.generate])

READ_AS_THEMSELVES = [name for name, row in FUNCTIONS.items() if not row.reads]


def derived(expr: Expr, wrt: str, order: int = 1) -> jac.Derivation:
    """The derivation of an expression from its text, as a user gets it."""
    used = {
        name: [str(size) for size in VARIABLES[name]] for name in [*variables(expr), "A"]
    }  # A says what n and m are
    note(f"∂/∂{wrt} of {text(expr)}")
    found: jac.Derivation = jac.derive(text(expr), wrt=wrt, shapes=used, order=order)
    assert found.problem.output is expr
    return found


def one_of(data: st.DataObject, expr: Expr) -> str:
    """A variable of the expression that holds no places."""
    names = sorted(set(variables(expr)) - set(places_of([expr])))
    assume(names)
    return data.draw(st.sampled_from(names))


def right(derivation: jac.Derivation) -> bool | None:
    """Whether the printed forms stand the numeric check; None where there was no point to check at.

    One random point in three may lie where a function is too steep for differences.
    """
    problem = derivation.problem
    verdicts: list[bool] = []
    for seed in range(3):
        report = numeric_verdict(problem.output, derivation.variable, printed(derivation), points=1, seed=seed)
        if report.passed is None or (report.passed and not verdicts):
            return report.passed
        verdicts.append(report.passed)
    return sum(verdicts) >= 2


def told(derivation: jac.Derivation) -> str:
    return f"∂/∂{derivation.wrt} of {derivation.expression}: {printed(derivation)}"


@pytest.mark.parametrize("function", READ_AS_THEMSELVES)
def test_every_row_of_the_table_is_differentiated_rightly(function: str) -> None:
    checked = 0

    @settings(QUICK, max_examples=6)
    @given(st.data())
    def inner(data: st.DataObject) -> None:
        nonlocal checked
        call = data.draw(st.sampled_from(CALLS[function]))
        expr: Expr = data.draw(applied(call, data.draw(st.integers(1, 2))))
        if not variables(expr):
            expr = write.apply("*", expr, data.draw(leaves(())))
        derivation = derived(expr, one_of(data, expr))
        verdict = right(derivation)
        assert verdict is not False, told(derivation)
        checked += verdict is True

    inner()
    assert checked


def total(expr: Expr) -> Expr:
    """A scalar made of an expression, its entries weighted so that none cancels another."""
    if not expr.shape:
        return expr
    return write.apply("sum", write.apply("*", write.apply("sin", expr), expr))


@pytest.mark.parametrize("function", READ_AS_THEMSELVES)
def test_every_row_of_the_table_is_differentiated_twice(function: str) -> None:
    """The Hessian of a scalar made of it is autograd's, and that of differences of the gradient."""

    @settings(QUICK, max_examples=3)
    @given(st.data())
    def inner(data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(CALLS[function]))
        expr: Expr = data.draw(applied(call, 1))
        if not variables(expr):
            expr = write.apply("*", expr, data.draw(leaves(())))
        derivation = derived(total(expr), one_of(data, expr), order=2)
        assert derivation.hessian is not None
        assert right(derivation) is not False, told(derivation)

    inner()


@settings(QUICK, max_examples=40)
@given(expressions(depth=2), st.data())
def test_second_derivatives_are_right(expr: Expr, data: st.DataObject) -> None:
    derivation = derived(total(expr), one_of(data, expr), order=2)
    assert right(derivation) is not False, told(derivation)


def test_what_is_simple_is_seldom_simplified_again() -> None:
    """The closed form, its names opened, is brought to normal form; of that the normal form is mostly the same text.

    Where it is not, a choice that was made for parts is made otherwise once these are put together.
    """
    alike: list[bool] = []

    @QUICK
    @given(expressions(), st.data())
    def again(expr: Expr, data: st.DataObject) -> None:
        derivation = derived(expr, one_of(data, expr))
        order = [*derivation.problem.variables, derivation.upstream]
        for form in (derivation.forms.vjp, derivation.forms.gradient):
            if form is not None:
                once = normal(opened(form), order)
                alike.append(text(normal(once, order)) == text(once))

    again()
    assert sum(alike) >= 0.95 * len(alike), f"{sum(alike)} of {len(alike)}"


def normal(expr: Expr, order: list[str]) -> Expr:
    """An expression as index calculus writes it."""
    return write.shaped(Notation(order).express(lower(expr)), expr.shape)


def opened(expr: Expr) -> Expr:
    """An expression with what its names stand for."""
    return rebuild(expr, lambda node: opened(node.body) if isinstance(node, Defined) else None)


@QUICK
@given(expressions(depth=4), st.data())
def test_what_is_printed_is_right(expr: Expr, data: st.DataObject) -> None:
    derivation = derived(expr, one_of(data, expr))
    assert right(derivation) is not False, told(derivation)


@settings(QUICK, max_examples=25)
@given(expressions(depth=2), st.data())
def test_the_whole_check_passes(expr: Expr, data: st.DataObject) -> None:
    derivation = derived(expr, one_of(data, expr))
    assume(right(derivation))
    report = derivation.check(points=1)
    assert report.engines["sympy"].passed is not False if "sympy" in report.engines else True, told(derivation)


class Point:
    """A derivation at a random point: what its printed texts, read back, are there."""

    def __init__(self, derivation: jac.Derivation) -> None:
        problem = derivation.problem
        known = {**problem.variables, derivation.wrt: derivation.variable}
        self.sizes = draw_sizes(size_names([problem.output, *known.values()]), 1, 0, set())[0]
        self.rng = np.random.default_rng(0)
        try:
            self.values = sample_all(problem.output, known, self.sizes, self.rng)
        except NoPointError:
            assume(condition=False)
        self.derivation = derivation
        self.read = read_back(printed(derivation), known, derivation.derivative.upstream)
        self.rows = prod(size.at(self.sizes) for size in problem.output.shape)
        self.upstream = self.rng.standard_normal([size.at(self.sizes) for size in problem.output.shape])

    def at(self, expr: Expr) -> Any:
        return np.asarray(evaluate(expr, {**self.values, self.derivation.upstream: self.upstream}, self.sizes), float)


@QUICK
@given(expressions(), st.data())
def test_the_backward_rule_is_the_transposed_jacobian(expr: Expr, data: st.DataObject) -> None:
    """⟨u, Jv⟩ = ⟨Jᵀu, v⟩."""
    derivation = derived(expr, one_of(data, expr))
    point = Point(derivation)
    jacobian = point.at(point.read["jacobian"]).reshape(point.rows, -1)
    pulled = point.at(point.read["vjp"])
    assert pulled.shape == tuple(size.at(point.sizes) for size in derivation.variable.shape)
    tangent = point.rng.standard_normal(jacobian.shape[1])
    left = point.upstream.reshape(-1) @ (jacobian @ tangent)
    right = pulled.reshape(-1) @ tangent
    size = np.abs(point.upstream.reshape(-1)) @ np.abs(jacobian) @ np.abs(tangent)
    assert left == pytest.approx(right, rel=1e-9, abs=1e-9 * max(1.0, float(size))), told(derivation)
    if derivation.gradient is not None:
        gradient = point.at(point.read["gradient"])
        np.testing.assert_allclose(gradient.reshape(1, -1), jacobian, rtol=1e-9, atol=1e-9 * max(1.0, float(size)))


@QUICK
@given(expressions(), st.data())
def test_what_is_printed_is_what_was_meant(expr: Expr, data: st.DataObject) -> None:
    """The printed texts, read back with their *where* list, have the value of the expressions they print."""
    derivation = derived(expr, one_of(data, expr))
    point = Point(derivation)
    forms = derivation.forms
    for name, form in (("jacobian", forms.jacobian), ("gradient", forms.gradient), ("vjp", forms.vjp)):
        if form is not None:
            assert point.read[name].shape == form.shape
            np.testing.assert_allclose(point.at(point.read[name]), point.at(form), rtol=1e-12)


@QUICK
@given(expressions(), st.data())
def test_shapes_are_what_they_are_said_to_be(expr: Expr, data: st.DataObject) -> None:
    derivation = derived(expr, one_of(data, expr))
    forms, variable = derivation.forms, derivation.variable
    assert forms.vjp.shape == variable.shape
    assert forms.gradient is None or forms.gradient.shape == variable.shape
    assert (forms.gradient is not None) is (expr.shape == ())
    entries = product(lower(expr).shape + lower(variable).shape)
    assert product(forms.tensor.shape) is entries  # an outermost reshape is left to the flattening


@QUICK
@given(expressions(depth=4), st.data())
def test_a_derivation_is_the_same_every_time(expr: Expr, data: st.DataObject) -> None:
    wrt = one_of(data, expr)
    first = derived(expr, wrt)
    template.cache_clear()
    again = derived(expr, wrt)
    assert again.to_dict() == first.to_dict()


@QUICK
@given(expressions(depth=4))
def test_to_index_form_and_back_keeps_the_value(expr: Expr) -> None:
    sizes = {"n": 2, "m": 3}
    rng = np.random.default_rng(2)
    values = {name: rng.uniform(0.2, 0.9, [s.at(sizes) for s in shape]) for name, shape in VARIABLES.items()}
    parts = lower_all(expr)
    expected = np.asarray(evaluate(expr, values, sizes), float)
    assume(np.all(np.abs(expected) < 1e9))
    for notation in (Notation(), Notation(list(VARIABLES), {t: e for e, t in parts.items()})):
        back = write.shaped(notation.express(parts[expr]), expr.shape)
        assert back.shape == expr.shape
        np.testing.assert_allclose(evaluate(back, values, sizes), expected, rtol=1e-7, atol=1e-9)


def test_every_row_can_take_part() -> None:
    """A row with no call among small scalars, vectors and matrices would be tested by nothing here."""
    assert [name for name in READ_AS_THEMSELVES if not CALLS[name]] == []
