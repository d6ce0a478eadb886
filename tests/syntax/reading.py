"""What a text is read as, for the tests of the readers."""

from __future__ import annotations

from jacobian_cli.api.input.problem import shapes_of, statements_of
from jacobian_cli.elaborate import Program, elaborate


def program(text: str, wrt: str = "", shapes: dict[str, str] | None = None, syntax: str | None = None) -> Program:
    """A text, typed."""
    declared = shapes_of(shapes)
    return elaborate(statements_of(text, [name for name in wrt.split(",") if name], declared, syntax), declared)


def read(text: str, wrt: str = "", shapes: dict[str, str] | None = None, syntax: str | None = None) -> str:
    """The language's text of what was read, or `language`."""
    found = program(text, wrt, shapes, syntax)
    parts = [f"{s.name} = {s.read}" if s.name else s.read for s in found.statements]
    return "; ".join(parts) if any(s.notation for s in found.statements) else "language"
