"""MathML: well formed, of MathML Core alone, and the same signs in the same order as in Unicode."""

from __future__ import annotations

import re
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings

from jacobian_cli.expr import Apply, Expr, Variable, walk
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.printers.math.mathml import key, math_element, mathml, name_mathml, partial_mathml
from jacobian_cli.printers.math.unicode import math
from tests.printers.typed import N, expressions, typed

CORE = {"mfrac", "mi", "mn", "mo", "mover", "mroot", "mrow", "mspace", "msqrt", "msub", "msup", "mtext"}
"""Those elements of https://www.w3.org/TR/mathml-core/ that are written here."""
OPERANDS = {"mfrac": 2, "mover": 2, "mroot": 2, "msub": 2, "msup": 2}
INNER = {
    "W@x + b": "<mi>W</mi><mo>&#x2062;</mo><mi>x</mi><mo>+</mo><mi>b</mi>",
    "W.T": "<msup><mrow><mi>W</mi></mrow><mo>⊤</mo></msup>",
    "c/(2*lam)": "<mfrac><mrow><mi>c</mi></mrow><mrow><mn>2</mn><mo>&#x2062;</mo><mi>λ</mi></mrow></mfrac>",
    "-c": "<mo>−</mo><mi>c</mi>",
    "sqrt(c)": "<msqrt><mrow><mi>c</mi></mrow></msqrt>",
    "inv(S)": "<msup><mrow><mi>S</mi></mrow><mrow><mo>−</mo><mn>1</mn></mrow></msup>",
    "1.5*c": "<mn>1.5</mn><mo>&#x2062;</mo><mi>c</mi>",
    "x < y": "<mi>x</mi><mo>&lt;</mo><mi>y</mi>",
}


@pytest.mark.parametrize("formula", INNER)
def test_is_written_so(formula: str) -> None:
    written = re.sub(r' data-name="[^"]*"', "", mathml(typed(formula)))
    assert INNER[formula] in written


def _leaves(written: str) -> list[str]:
    """The signs of MathML in order; it is checked on the way that each element has the parts that it must have."""
    found = []
    for element in ElementTree.fromstring(f"<math>{written}</math>").iter():  # our own output
        if element.tag == "math":
            continue
        assert element.tag in CORE
        assert len(element) == OPERANDS.get(element.tag, len(element))
        if len(element):
            assert not (element.text or "").strip(), "text beside elements"
        elif element.tag not in ("mrow", "mspace"):
            assert element.text, f"an empty {element.tag}"
            found.append(element.text)
        assert not (element.tail or "").strip(), "text beside elements"
    return found


_REDRAWN = {ord("⊤"): "ᵀ", ord("√"): "", ord("∛"): "3", ord("ₓ"): ""}


def _signs(text: str) -> str:
    """What does not depend on how a medium draws fractions, products and brackets."""
    flat = unicodedata.normalize("NFKC", text.translate(_REDRAWN))
    return re.sub(r"[^\w+−⊙⊗<>≤≥≠=|‖]", "", flat.replace("_", ""))


@pytest.mark.parametrize("name", [n for n, e in FUNCTIONS.items() if e.called and not e.options])
def test_every_function_is_written_as_in_unicode(name: str) -> None:
    """But for the cube root, whose 3 stands behind what it is drawn before."""
    x = Variable("x", (N,))
    call = Apply(name, (x,) * len(FUNCTIONS[name].parameters), (), (N,))
    leaves = _leaves(mathml(call))
    assert sorted(_signs("".join(leaves))) == sorted(_signs(math(call)))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(expressions(built=True))
def test_says_what_unicode_says(expr: Expr) -> None:
    if any(isinstance(node, Apply) and node.function == "cbrt" for node in walk([expr])):
        return  # its 3 stands elsewhere, see above
    assert _signs("".join(_leaves(mathml(expr)))) == _signs(math(expr))


@pytest.mark.parametrize("name", ["x", "W1", "lam_2", "x_hat", "loss", "x1_i", "_", "a__b", "Δ"])
def test_a_name_says_which_one_it_is(name: str) -> None:
    element = ElementTree.fromstring(name_mathml(name))
    assert element.get("data-name") == key(name) == math(Variable(name, ()))
    _leaves(name_mathml(name))


def test_a_variable_called_as_the_identity_is_told_apart() -> None:
    product = typed("eye(n)@I", I=(N, N))
    bare = mathml(product).replace(' data-name="I"', "")
    assert "<msub><mi>I</mi>" in bare
    assert "<msub><mi>I</mi>" not in mathml(typed("eye(n)@W"))


def test_an_equation_is_one_element() -> None:
    shown = math_element(partial_mathml("f", "W"), "<mo>=</mo>", mathml(typed("b@x.T")), block=True)
    (row,) = ElementTree.fromstring(shown)
    assert [child.tag for child in row] == ["mfrac", "mo", "mrow"]
