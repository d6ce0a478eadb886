"""The letter e: 2.718… above which something stands, and elsewhere, to many, the vector of errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.syntax.tree import Call, Definition, Name, Term

E = "e"
NUMBER = "`e` is the number 2.718…; a variable is declared: `-s e=n`"
_POWERS = ("**", "?power", "?mpower", "?each**", "?each^")
_OF_ARRAYS = frozenset(".T ?T ?turn @ ?matmul norm ?norm".split())
"""What is applied to vectors and matrices alone."""
_SIDE_BY_SIDE = frozenset("?beside ?star ?mtimes".split())
_WITHOUT = ("matlab", "julia", "r", "mathematica", "numpy", "torch", "jax")
"""Notations in which a bare e is no number."""
_OF_MODULE = re.compile(r"[A-Za-z]\.e\b")


def asked_for(statements: Iterable[Definition], asked: Iterable[str]) -> list[Definition]:
    """The statements, in which e is a variable if it is asked for and is nowhere the base of a power."""
    found = list(statements)
    if E not in asked or any(map(_is_base, _calls(found))):
        return found
    return [replace(item, orders=(*item.orders, (E, 1))) for item in found]


def is_variable(statements: Sequence[Definition]) -> bool:
    """Whether e stands where a number makes no sense, or in a notation that has no such number.

    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> [is_variable([parse_statement(text)]) for text in ("e.T@P@e", "e**x", "e*x")]
    [True, False, False]

    Behind a matrix it is a variable, too: in X e, and in Jᵀ(JJᵀ + λI)⁻¹e.
    """
    if any(name == E for item in statements for name, _ in item.orders):
        return True
    standing = [item for item in statements if any(name.text == E for name in item.names)]
    if not standing or any(map(_is_base, _calls(standing))):
        return False
    if any(item.notation in _WITHOUT and not _OF_MODULE.search(item.source) for item in standing):
        return True
    return any(
        (call.function in _OF_ARRAYS and any(map(_is_e, call.arguments))) or _behind_matrix(call)
        for call in _calls(standing)
    )


def _behind_matrix(call: Call) -> bool:
    if call.function not in _SIDE_BY_SIDE or len(call.arguments) < 2 or not _is_e(call.arguments[-1]):
        return False
    return any(name[:1].isupper() for part in call.arguments[:-1] for name in names_in(part))


def as_number(statement: Definition) -> bool:
    """Whether e stands in a statement otherwise than as the base of a power."""
    bases = {id(call.arguments[0]) for call in statement.calls if _is_base(call)}
    return any(name.text == E and id(name) not in bases for name in statement.names)


def _calls(statements: Iterable[Definition]) -> Iterator[Call]:
    return (call for item in statements for call in item.calls)


def _is_e(term: Term) -> bool:
    return isinstance(term, Name) and term.text == E


def _is_base(call: Call) -> bool:
    return call.function in _POWERS and _is_e(call.arguments[0])
