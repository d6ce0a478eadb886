"""Names that Python's grammar keeps for itself are read, and written so that code runs."""

from __future__ import annotations

from keyword import kwlist

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.syntax.names import KEYWORDS, free, key
from tests.syntax.reading import read

_TYPED = (r"\mathrm{%s} \|x\|^2", "x'*x*%s", "x + %s*y^2")


@pytest.mark.parametrize("word", sorted(KEYWORDS))
def test_a_word_of_pythons_grammar_is_a_name(word: str) -> None:
    for text in _TYPED:
        found = jac.derive(text % word, wrt="x", shapes={word: "()"})
        assert isinstance(found, jac.Derivation)
        assert free(word) in found.shapes
        space: dict[str, object] = {}
        exec(found.to_python("numpy"), space)
        value = space["value"]
        assert callable(value)
        given = {n: np.ones(3) if found.shapes[n] else 2.0 for n in found.shapes}
        assert np.all(np.isfinite(value(**given)))


def test_every_keyword_has_another_spelling() -> None:
    assert {free(word) for word in kwlist}.isdisjoint({*kwlist} - {"None", "True", "False"})
    assert key("class") == key("class_")
    assert key("lambda") == key("lam") == key("λ")


def test_words_are_not_cut_into_functions_and_letters() -> None:
    assert read("x + try*y", "x") == "x + try_*y"
    assert read("λ‖x‖² + lambda*y^2", "x,y", {"y": ""}) == "λ*norm(x)**2 + λ*y**2"
