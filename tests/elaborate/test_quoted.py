"""What is quoted is in the language: no message, hint or warning holds a sign that shapes were to decide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest

import jacobian_cli as jac

FORMULAS = (
    r"\frac{PH^T}{HPH^T + R}",
    r"\frac{A^T B}{B + A}",
    r"\frac{A x}{\|x\|^2 + x^T B}",
    r"(A \odot B) x - \frac{B}{A}",
    r"\|A x - B\|^2 + \operatorname{tr}(A B)",
    r"\ln\det(A + B A^T) - |B|",
    "AᵀB/(A + Bᵀ)",
    "xᵀA/(B + x) − A",
    "(A + I)⁻¹B ⊗ x",
    "A·B + x·A",
    "A × x + B²",
    "[A; B]x + x'",
    "e^{AB}x + A^x",
    "∑ᵢ xᵢ Aᵢ + B",
    "max(A, x) − B^T",
    "σ(A x + B)ᵀ x A",
)
"""Of all that shapes decide, and of few names, so that any shapes may be declared of them."""
SHAPES = ("n", "m,n", "m,m", "()")
UNSETTLED = re.compile(r"\?[^\W_]")


def said(formula: str, shapes: dict[str, str]) -> Iterator[str]:
    wrt = next(iter(shapes))
    try:
        yield from jac.derive(formula, wrt=wrt, shapes=shapes).warnings
    except jac.InputError as error:
        yield from (error.message, error.hint or "")


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_is_quoted_is_settled(formula: str) -> None:
    names = sorted(set(re.findall(r"(?<![\\\w{])[ABHPRx](?![a-z])|(?<=frac\{)[PA]", formula)))[:3]
    tried = [dict(zip(names, shapes, strict=True)) for shapes in product(SHAPES, repeat=len(names))]
    texts = [text for shapes in tried for text in said(formula, shapes)]
    assert len(texts) > len(tried) / 4
    assert [text for text in texts if UNSETTLED.search(text)] == []
