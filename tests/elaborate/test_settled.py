"""What was built with open sizes becomes what building it again would make of it."""

from __future__ import annotations

import pytest

from jacobian_cli.elaborate import elaborate, program
from jacobian_cli.elaborate.settled import settled
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.parser import parse_statement
from tests.corpus.test_identities import ENTRIES

MORE = [
    ["z = W@x + b", "h = tanh(z)", "s = u.T@h"],
    ["A@x + x", "A*mean(x)"],
    ["softmax(X@W + b, axis=0)"],
    ["x.T@A@x + trace(A)"],
    ["ones(n).T@x"],
    ["x[0]*y + x[1]", "x@y.T"],
    ["kron(A, B)@vec(X)"],
    ["max(x, y) + sum(x, keepdims=True)"],
    ["std(x, ddof=1)", "x - var(y, ddof=1)"],
]


def test_nothing_is_other_than_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    used = list[bool]()

    def noted(*given: object) -> object:
        used.append(settled(*given) is not None)  # type: ignore[arg-type] # what it is given is handed on
        return settled(*given)  # type: ignore[arg-type] # what it is given is handed on

    for texts in [*([entry["expr"]] for entry in ENTRIES), *([text] for m in MORE for text in m), MORE[0]]:
        statements = [parse_statement(text) for text in texts]
        monkeypatch.setattr(program, "settled", noted)
        try:
            one = elaborate(statements)
        except InputError:
            continue
        monkeypatch.setattr(program, "settled", lambda *_: None)
        other = elaborate(statements)
        assert one.output is other.output
        assert one.values == other.values
        assert one.variables == other.variables
        for term in (term for statement in statements for term in statement.terms):
            assert one.parts.get(id(term)) == other.parts.get(id(term))
    assert sum(used) > 60
    assert not all(used)
