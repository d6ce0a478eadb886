"""`jac functions`: the table, as it stands."""

from __future__ import annotations

from jacobian_cli.cli.screen import Screen
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.facts import FACTS


def show_functions() -> None:
    """Every row: how it is called, what it means, its derivative, where it is defined; then what can be declared."""
    screen = Screen()
    for kind in Kind:
        rows = [row for row in FUNCTIONS.values() if row.kind is kind and row.called]
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


def _call(row: Row) -> str:
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
    return facts
