"""Texts of the language that no other notation is looked for in: none would be found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jacobian_cli.syntax import marks

CORPUS = Path(__file__).parents[1] / "corpus"
TYPED = {
    str(entry[key])
    for name in ("typed", "identities", "board", "equal", "mistakes")
    for line in (CORPUS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    for entry in [json.loads(line)]
    for key in ("typed", "read", "expr", "claim")
    if entry.get(key)
}
PLAIN = sorted(text for text in TYPED if not marks.may_be_other(text))


def test_there_are_many() -> None:
    assert len(PLAIN) > 500


def test_nothing_tells_another_notation_in_a_plain_text() -> None:
    assert {text: sign for text in PLAIN if (sign := marks.told(text))} == {}


@pytest.mark.parametrize(
    "text",
    [
        *("def f(x)", "lambda x", "f = lambda x", "@jit", "f = @(x)", "x = len(y)", "norm2(x)", "vector(x)"),
        *(
            "matrix(x)",
            "abs2(x)",
            "bsxfun(x)",
            "sum(x, dims=1)",
            "repmat(x, 2, 1)",
            "vertcat(x, y)",
            "hcat(x)",
            "cat(1, x, y)",
        ),
        *("crossprod(X)", "rowSums(X)", "plogis(x)", "pmax(x, 0)", "nrow(X)", "dL/dz", "dy / dx", "X %*% y", "A.*B"),
        *("x'", "A[1, end]", r"\sigma(x)", "np.exp(x)", "x.sum()", "A\\b", "Tr[A.X]", "x.A.x", "Wᵀx", "xₙ", "0.5.*x"),
    ],
)
def test_what_tells_another_notation_is_looked_for(text: str) -> None:
    assert marks.may_be_other(text)
