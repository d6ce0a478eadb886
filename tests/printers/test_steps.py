"""Derivations as LaTeX and Markdown: well-formed, with commands of amsmath alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.syntax.errors import InputError
from tests.calculus.expressions import expressions
from tests.calculus.test_properties import QUICK, derived, one_of
from tests.calculus.test_steps import FORMULAS, stepwise

COMMANDS = frozenset(
    r"""\begin \end \frac \hat \partial \left \right \top \odot \otimes \times \operatorname \mathbf \mathrm \mathtt
    \text \sqrt \lVert \rVert \exp \log \sin \cos \tan \sinh \cosh \tanh \arcsin \arccos \arctan \max \min \det \to
    \quad \qquad \Bigl \Bigr
    \Gamma \Phi \varphi \psi \lfloor \rfloor \lVert \cdot \ge \le \ne \pi \sigma \delta \lambda \_ \, \\""".split()
)
"""What LaTeX knows with amsmath; `pdflatex` need not be there to tell."""
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)")


def _well_formed(written: str) -> None:
    assert set(_COMMAND.findall(written)) <= COMMANDS
    assert written.isascii()
    bare = re.sub(r"\\.", "", written)
    depth = 0
    for character in bare:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0
    assert len(re.findall(r"\\left(?![a-z])", written)) == len(re.findall(r"\\right(?![a-z])", written))
    assert written.count("$") % 2 == 0


def _latex_is_well_formed(derivation: jac.Derivation) -> None:
    written: str = derivation.steps("latex")
    _well_formed(written.split("\n", 1)[1])
    lines = written.splitlines()
    assert lines[1] == r"\begin{align*}"
    assert lines[-1] == r"\end{align*}"
    body = lines[2:-1]
    assert all(line.endswith(r" \\") for line in body[:-1])
    equations = [line for line in body if "&=" in line]
    assert len(equations) == len(derivation.steps())
    if "&&" in written:
        assert all(len(re.findall(r"&=|&&", line)) == 3 for line in body)
    else:  # wider than a slide: the shape and the rule stand below
        assert sum(line.startswith(r"    &\qquad ") and r"\text{" in line for line in body) == len(equations)


def _markdown_is_well_formed(derivation: jac.Derivation) -> None:
    written: str = derivation.steps("markdown")
    equations = re.findall(r"^ +\$\$(.*)\$\$$", written, re.MULTILINE)
    assert len(equations) == len(derivation.steps())
    for equation in equations:
        _well_formed(equation)
    assert written.count("$") % 2 == 0
    assert [int(k) for k in re.findall(r"^(\d+)\. \*\*", written, re.MULTILINE)] == [
        s.number for s in derivation.steps()
    ]


@pytest.mark.parametrize("formula", FORMULAS)
def test_latex_and_markdown(formula: str) -> None:
    for derivation in stepwise(formula, FORMULAS[formula]):
        _latex_is_well_formed(derivation)
        _markdown_is_well_formed(derivation)


@QUICK
@given(st.data())
def test_of_any_formula(data: st.DataObject) -> None:
    expr = data.draw(expressions())
    derivation = derived(expr, one_of(data, expr))
    _latex_is_well_formed(derivation)
    _markdown_is_well_formed(derivation)
    assert len(derivation.steps("text").splitlines()) == 2 * len(derivation.steps()) + 1


def test_a_format_that_there_is_not() -> None:
    with pytest.raises(InputError, match="no format 'html'"):
        jac.derive("W@x", wrt="x").steps("html")
