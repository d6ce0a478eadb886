"""The oracles agree on every row of the table, whatever it is, and a row's own rule has no say in it."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from jacobian_cli.checks.oracles.symbolic import difference, entry_text, explicit_jacobian
from jacobian_cli.expr import Apply, Variable
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.printers.language import text
from tests.calculus.expressions import CALLS, Call
from tests.checks.formulas import typed
from tests.checks.test_oracles import WITHOUT_ENTRIES, agree


def on_variables(call: Call) -> tuple[str, dict[str, str]]:
    """A call on one variable per parameter: its text, and their shapes."""
    given = call.variables()
    expr = Apply(call.function, tuple(given), call.options, call.shape)
    return text(expr), {v.name: ",".join(map(str, v.shape)) for v in given if isinstance(v, Variable)}


def calls(name: str) -> list[Call]:
    """Four calls of a row that differ in their shapes or options; those that make entries take no variable."""
    found = [call for call in CALLS[name] if call.arguments]
    return found[:: max(1, len(found) // 4)][:4]


def test_a_row_has_few_columns() -> None:
    """What can be stated as an identity, or follows from other columns, is none."""
    assert len(fields(Row)) <= 38


EXAMPLES = [pytest.param(call, id=on_variables(call)[0] + f" {k}") for n in CALLS for k, call in enumerate(calls(n))]


@pytest.mark.parametrize("call", EXAMPLES)
def test_the_oracles_agree_on_every_row(call: Call) -> None:
    expression, shapes = on_variables(call)
    program = typed(expression, **shapes)
    try:
        agree(program)
    except AssertionError:  # one point in twenty lies where a function is too steep for differences
        agree(program, seed=4)


RULES = [
    (name, k)
    for name, row in FUNCTIONS.items()
    if name not in WITHOUT_ENTRIES
    for k, rule in enumerate(row.derivative)
    if rule
]


@pytest.mark.parametrize(("name", "k"), RULES, ids=[f"{name} {k}" for name, k in RULES])
def test_a_wrong_rule_does_not_reach_the_explicit_table(name: str, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    call = max(CALLS[name], key=lambda c: (not c.options, sum(map(len, c.arguments))))
    expression, shapes = on_variables(call)
    program = typed(expression, **shapes)
    sizes = {"n": 2, "m": 3}
    right = explicit_jacobian(program.output, program.variables[f"v{k}"], sizes)
    wrong = ["17*x" if i == k else rule for i, rule in enumerate(FUNCTIONS[name].derivative)]
    monkeypatch.setitem(FUNCTIONS, name, replace(FUNCTIONS[name], derivative=tuple(wrong)))
    spoilt = explicit_jacobian(program.output, program.variables[f"v{k}"], sizes)
    assert difference(spoilt.expanded, right.expanded).equal
    assert difference(spoilt.matrix, right.expanded).equal


NAMED = [r.name for r in FUNCTIONS.values() if r.kind is Kind.ELEMENTWISE and r.definition and r.derivative]
NAMED = [name for name in NAMED if FUNCTIONS[name].derivative[0] != "0"]


@pytest.mark.parametrize("name", NAMED)
def test_the_explicit_table_keeps_names(name: str) -> None:
    """∂ sin(f(x))/∂x = cos(f(x)) …"""
    row = FUNCTIONS[name]
    more = ", ".join(["", *"yz"[: len(row.parameters) - 1]])
    program = typed(f"sin({name}(x{more}))", x="", y="", z="")
    table = explicit_jacobian(program.output, program.variables["x"], {})
    shown = entry_text(table.matrix[0])
    spelled = {row.math.split("{")[0], row.name, row.sympy} - {""}
    assert any(word in shown for word in spelled)
