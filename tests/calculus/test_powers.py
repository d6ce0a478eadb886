"""Powers with exponents that are no numbers: those of one base meet, in products, quotients and sums."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jacobian_cli as jac

SHAPES = {"x": "n", "X": "n,n", "a": "()", "c": "()", "d": "()"}
ASSUMED = {"x": "positive", "X": "spd"}
BASES = ("x", "sum(x)", "exp(x)", "(x**2 + 1)", "(1 + x)", "det(X)", "norm(x)")
EXPONENTS = ("a", "c", "(a + 1)", "(a - 1)", "(c - d)", "(1 - a)", "2", "(a*c)")


def derived(formula: str, wrt: str) -> jac.Derivation:
    assume = {name: fact for name, fact in ASSUMED.items() if name in formula}
    found: jac.Derivation = jac.derive(formula, wrt=wrt, assume=assume, shapes={
        name: shape for name, shape in SHAPES.items() if name in formula.replace("exp", "").replace("det", "")
    })  # fmt: skip
    return found


@st.composite
def quotients(draw: st.DrawFn) -> str:
    """Sums of products of powers, mostly of one base, above and below a bar."""
    base = draw(st.sampled_from(BASES))

    def product(count: int) -> str:
        bases = [draw(st.sampled_from((base, base, base, *BASES))) for _ in range(count)]
        return "*".join(f"{one}**{draw(st.sampled_from(EXPONENTS))}" for one in bases)

    def total() -> str:
        return " + ".join(product(draw(st.integers(1, 3))) for _ in range(draw(st.integers(1, 3))))

    quotient = f"({total()})/({total()})"
    return draw(st.sampled_from((quotient, f"({quotient})**c", f"log({quotient})", f"sum({quotient})")))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(quotients(), st.sampled_from("xac"))
def test_quotients_of_powers_have_the_derivatives_that_differences_find(formula: str, wrt: str) -> None:
    found = derived(f"{formula} + {wrt}", wrt)
    assert found.check(points=2).passed is not False, formula


@pytest.mark.parametrize(
    ("formula", "wrt"),
    [
        ("(x**(a + 1) - (x**2 + 1)**2*(x**2 + 1)**a)**c", "a"),
        ("(x**(1 - a)*(1 + x)**(c - d)*(x**2 + 1)**c)/((x**2 + 1)**(a*c)*(x**2 + 1)**(1 - a))", "c"),
        ("sum(x**a*log(x)) - sum(x**(a + 1))", "a"),
        ("sum(x/(1 + x)) - sum(x/(1 + x)**2)", "x"),
    ],
)
def test_powers_that_are_summed_over_are_not_taken_out_of_a_sum(formula: str, wrt: str) -> None:
    assert derived(formula, wrt).check(points=3).passed


@pytest.mark.parametrize(
    ("formula", "wrt", "rule"),
    [
        ("x**a/x**c", "x", "(a - c)*delta*x**(a - 1 - c)"),
        ("1/x**a", "x", "-a*delta/x**(1 + a)"),
        ("(x**a)**2", "x", "2*a*delta*x**(2*a - 1)"),
        ("exp(x)**a/exp(x)**c", "a", "sum(x*delta*exp(x)**(a - c))"),
    ],
)
def test_powers_of_one_base_are_one(formula: str, wrt: str, rule: str) -> None:
    assert str(derived(formula, wrt).vjp.closed_form) == rule


def test_code_asks_for_no_condition_that_is_known() -> None:
    assert "where(" not in derived("exp(x)**a/exp(x)**c", "a").to_python("numpy")
