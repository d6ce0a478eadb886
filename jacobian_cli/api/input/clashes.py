"""Definitions that are called like a size of a declared shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from jacobian_cli.shape import Shape
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.tree import Definition, Name, substituted

_LETTERS = "nmkpqrdlhst"


def beside_sizes(statements: Sequence[Definition], shapes: Mapping[str, Shape]) -> list[Definition]:
    r"""The definitions, where a size has the name of one: a name within a function is another one then.

    Raises `InputError` where a definition was typed by itself, which the answer calls by its name.

    >>> from jacobian_cli.shape import Size
    >>> from jacobian_cli.syntax.function import read_source
    >>> found = read_source("def f(X):\n    m = max(X)\n    return m*X", functions=["max"])
    >>> [statement.name for statement in beside_sizes(found, {"X": (Size.named("n"), Size.named("m"))})]
    ['m_2', None]
    """
    sizes = {name: owner for owner, shape in shapes.items() for size in shape for name in size.names()}
    taken = {name.text for s in statements for name in s.names} | {s.name or "" for s in statements} | {*sizes, *shapes}
    other: dict[str, str] = {}
    for statement in statements:
        name = statement.name
        if name is None or name not in sizes or name in shapes:
            continue
        if statement.notation != "function":
            raise _named_twice(name, statement, sizes[name], shapes, taken)
        other[name] = next(f"{name}_{k}" for k in count(2) if f"{name}_{k}" not in taken)
        taken.add(other[name])
    return [_renamed(statement, other) for statement in statements] if other else list(statements)


def _renamed(statement: Definition, other: Mapping[str, str]) -> Definition:
    names = {name.text: name.span for name in statement.names if name.text in other}
    value = substituted(statement.value, {name: Name(other[name], span) for name, span in names.items()})
    orders = tuple((other.get(name, name), order) for name, order in statement.orders)
    return replace(statement, name=other.get(statement.name or "", statement.name), value=value, orders=orders)


def _named_twice(
    name: str, statement: Definition, owner: str, shapes: Mapping[str, Shape], taken: set[str]
) -> InputError:
    """What to say of a definition that was typed by the name of a size."""
    letter = next((letter for letter in _LETTERS if letter not in taken), f"{name}_")
    sizes = ",".join(letter if str(size) == name else str(size) for size in shapes[owner])
    start = max(statement.source.find(name), 0)
    return InputError(
        f"{name} is defined here, and a size of {owner}",
        text=statement.source,
        span=Span(start, start + len(name)),
        hint=f"rename one of the two: `-s {owner}={sizes}`",
    )
