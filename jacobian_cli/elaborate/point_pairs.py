"""Differences between each point and each other one: x[:, None] - y."""

from __future__ import annotations

from jacobian_cli.syntax.tree import Call, Flag, Group, Literal, Name, Slice, Term

_SQUARED = ("**", "square", "abs")


def pairs(term: Call) -> list[str]:
    """The names of the points whose differences a sum of squares, or a norm, is of: each once."""
    inner = term.arguments[0]
    if term.function != "norm":
        if not (isinstance(inner, Call) and inner.function in _SQUARED and _squares(inner)):
            return []
        inner = inner.arguments[0]
    match inner:
        case Call(function="-", arguments=(one, other)):
            places = _spread(one), _spread(other)
            if any(name and spread for name, spread in places) and all(name for name, _ in places):
                return list(dict.fromkeys(name for name, _ in places))
    return []


def _squares(term: Call) -> bool:
    return term.function != "**" or (isinstance(term.arguments[1], Literal) and term.arguments[1].value == 2)


def _spread(term: Term) -> tuple[str, bool]:
    """The name of an array, and whether its points lie along the first of two axes, x[:, None]."""
    match term:
        case Name(text=name):
            return name, False
        case Call(function="[]", arguments=(Name(text=name), Group(items=(Slice(), Flag(value=None), *_)))):
            return name, True
        case Call(function="[]", arguments=(Name(text=name), Group(items=(Flag(value=None), *_)))):
            return name, False
    return "", False
