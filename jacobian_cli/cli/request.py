"""What was asked on the command line, parsed: a syntax error is found before any mathematics is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.parser import parse_declaration, parse_file, parse_statements
from jacobian_cli.syntax.tree import Declaration, Definition

MAX_FILE = 10_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """A formula, what to differentiate it by, and how to answer."""

    statements: tuple[Definition, ...]
    declarations: tuple[Declaration, ...]
    wrt: tuple[str, ...]
    at: tuple[str, ...]
    as_json: bool
    points: int
    full: bool
    order: int


def read_request(
    formula: tuple[str, ...],
    path: str | None,
    wrt: str | None,
    shapes: tuple[str, ...],
    at: tuple[str, ...],
    as_json: bool,
    points: int,
    full: bool,
    order: int = 1,
) -> Request:
    """Read the options. Raises `InputError` for a syntax error anywhere in them."""
    declarations, statements = parse_file(read_file(path)) if path is not None else ([], [])
    for text in formula:
        statements += parse_statements(text)
    for text in shapes:
        declarations.append(parse_declaration(text, "="))
    if not statements:
        raise InputError("there is no formula", hint='type one, as in jac derive "W@x + b" --wrt W')
    if wrt is None:
        raise InputError("which variable?", hint="add --wrt W, or --wrt W,b")
    return Request(tuple(statements), tuple(declarations), tuple(wrt.split(",")), at, as_json, points, full, order)


def read_file(path: str) -> str:
    """The text of a file of definitions."""
    file = Path(path)
    if not file.is_file():
        raise InputError(f"there is no file {path}", hint="the path is taken from the folder you are in")
    if file.stat().st_size > MAX_FILE:
        raise InputError(f"{path} is too large to be a file of definitions")
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{path} cannot be read as text") from None
