"""LaTeX that fits on a slide: what is wide is folded between terms, and says the same."""

from __future__ import annotations

import pytest

import jacobian_cli as jac
from jacobian_cli.api.export.forms import _SLIDE, written

FORMULAS = [
    ("u.T @ sigmoid(W@x + b)", "W"),
    ("A@X@B + X.T@C@X@D - sin(X)*(X@X)", "X"),
    ("A@x - (exp(x) + sin(x))*cos(x)*x + tanh(x)*x - x*x*sinh(x)", "x"),
    ("x*x", "x"),
    ("layernorm(x)", "x"),
]
FOLD = " \\\\\n    &\\quad"
REMARK = " \\\\\n    &\\qquad \\text"


@pytest.mark.parametrize(("expression", "wrt"), FORMULAS)
def test_what_is_folded_is_what_it_was(expression: str, wrt: str) -> None:
    found = jac.derive(expression, wrt=wrt, check=False)
    text = written(found.problem, [found], "latex", [])
    whole = text.replace(REMARK, " && \\text").replace(FOLD, "")
    for form in (found.jacobian, found.gradient, found.vjp):
        if form is not None:
            assert f" &= {form.latex} && \\text{{" in whole
    assert text.count(r"\begin{align*}") == text.count(r"\end{align*}") == 1


def test_a_wide_line_is_folded_and_a_short_one_is_not() -> None:
    wide, short = (jac.derive(e, wrt="x", check=False) for e in (FORMULAS[2][0], "x.T@x"))
    assert FOLD in written(wide.problem, [wide], "latex", [])
    assert FOLD not in written(short.problem, [short], "latex", [])
    lines = written(short.problem, [short], "latex", []).splitlines()
    assert max(len(line) for line in lines) < 2 * _SLIDE
