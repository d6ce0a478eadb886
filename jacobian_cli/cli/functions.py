"""`jac functions`: the table, as it stands."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from jacobian_cli.cli.screen import Screen
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.facts import FACTS
from jacobian_cli.ops.table import ALIASES, ELSEWHERE
from jacobian_cli.syntax.errors import InputError


def show_functions() -> None:
    """Every row: how it is called, what it means, its derivative, where it is defined; then what can be declared."""
    screen = Screen()
    for kind in Kind:
        rows = [row for row in FUNCTIONS.values() if row.kind is kind and (row.called or row.example)]
        if not rows:
            continue
        screen.heading(kind.value[0].upper() + kind.value[1:])
        for row in rows:
            screen.columns([(_call(row), row.summary)], indent=4, styles=("green", ""))
            for label, text in _facts(row):
                screen.line(f"{label} {text}", style="dim", indent=8)
        screen.line()
    screen.heading("Facts, declared with --assume NAME=FACT")
    screen.columns([(fact.name, fact.summary) for fact in FACTS.values()], indent=4, styles=("green", ""))


def show_function(name: str) -> None:
    """All about one function. Raises `InputError` for a name that is none."""
    row, screen = _named(name), Screen()
    screen.columns([(_call(row), row.summary)], indent=0, styles=("bold green", ""))
    facts = _facts(row)
    if row.law.name:
        facts.append(("rule", row.law.name))
    if row.law.why:
        facts.append(("why", row.law.why))
    if row.flow:
        facts.append(("in a graph", row.flow))
    if row.nonzero:
        facts.append(("not zero:", ", ".join(row.nonzero)))
    for label, text in facts:
        screen.columns([(label, text)], styles=("dim", ""))
    screen.line(f'try  jac derive "{example_of(row)}"', style="green", indent=2)


def functions_dict(names: Sequence[str]) -> dict[str, object]:
    """Those named, or all of them with the facts that can be declared, as they are told in JSON."""
    rows = [_named(name) for name in names] or [row for row in FUNCTIONS.values() if row.called or row.example]
    told: dict[str, object] = {"functions": [_told(row) for row in rows]}
    if not names:
        told["facts"] = [{"name": fact.name, "summary": fact.summary} for fact in FACTS.values()]
    return told


def _named(name: str) -> Row:
    row = FUNCTIONS.get(ALIASES.get(name, name))
    if row is None or not (row.called or row.example):
        close = difflib.get_close_matches(name, [r.name for r in FUNCTIONS.values() if r.called], n=2)
        told = f"did you mean {' or '.join(close)}?" if close else "jac functions lists those there are"
        raise InputError(f"there is no function '{name}'", hint=ELSEWHERE.get(name, told))
    return row


def _told(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "kind": row.kind.value,
        "call": _call(row),
        "summary": row.summary,
        "parameters": list(row.parameters),
        "derivative": list(row.derivative),
        "definition": row.definition,
        "positive": list(row.domain),
        "nonzero": list(row.nonzero),
        "kinks": list(row.kinks),
        "example": example_of(row),
    }


def example_of(row: Row) -> str:
    """A formula that shows a function."""
    if row.example:
        return row.example.replace('"', "'")
    matrix = any(len(inputs.split(",")[0]) > 1 and "i" in inputs for inputs in row.signatures) or row.kind is Kind.CORE
    return f"{row.name}({', '.join('A' if matrix else name for name in row.parameters)})"


def _call(row: Row) -> str:
    if not row.called:
        return row.example
    given = [*row.parameters, *(f"{option}=" for option in row.options if option in ("axis", "keepdims"))]
    given += [option for option in row.options if option in ("sizes", "shape")]
    return f"{row.name}({', '.join(given)})"


def _facts(row: Row) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    if row.derivative:
        facts.append(("derivative", "; ".join(row.derivative)))
    elif row.definition:
        facts.append(("is", row.definition))
    if row.kind.name in ("CONTRACTION", "CORE") and row.signatures:
        facts.append(("indices", " or ".join(row.signatures)))
    if row.domain:
        facts.append(("defined where positive:", ", ".join(row.domain)))
    if row.kinks:
        facts.append(("not where zero:", ", ".join(row.kinks)))
    for case, text in row.given.items():
        facts.append((case if case.startswith(("of ", "without ")) else f"with {case}", text))
    return facts
