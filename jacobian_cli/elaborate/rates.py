"""Names of rates and of small numbers, and where they stand that no number does: a strain is called eps as well."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from jacobian_cli.elaborate.habits import of_time
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.tree import LITERAL, Call, Definition, Literal, Name, Term, terms_in

_RATE = re.compile(r"eps\w*|lr|reg")
_STRAIN = re.compile(r"eps\w*")
"""Those among them that are vectors as well."""
_PRODUCTS = ("?beside", "?mtimes", "?matmul")
_TURNED = (".T", "?T")


def rates(
    statements: Sequence[Definition], guessed: Mapping[str, int], declared: Mapping[str, Shape]
) -> Collection[str]:
    """The names that are numbers by themselves, wherever they stand but behind a matrix or transposed."""
    orders = {**guessed, **{name: len(shape) for name, shape in declared.items()}}
    known = {name for statement in statements for name in statement.settled}
    found = {
        name
        for name, order in guessed.items()
        if order and (_RATE.fullmatch(name) or of_time(name)) and name not in known
    }
    if not any(map(_STRAIN.fullmatch, found)):
        return found
    strains = {name for statement in statements for name in _arrays(statement.value, orders)}
    return {name for name in found if not (_STRAIN.fullmatch(name) and name in strains)}


def _arrays(value: Term, orders: Mapping[str, int]) -> Iterator[str]:
    """The names that are transposed, or end a product right behind a matrix or a row."""
    calls = [part for part in terms_in(value) if isinstance(part, Call)]
    inner = {
        id(call.arguments[0])
        for call in calls
        if call.function in _PRODUCTS and not isinstance(call.arguments[-1], Literal)
    }
    for call in calls:
        if call.function in _TURNED and isinstance(name := call.arguments[0], Name):
            yield name.text
        if call.function in _PRODUCTS and id(call) not in inner:
            *before, last = call.arguments
            if before and isinstance(last, Name) and _is_matrix(before[-1], orders):
                yield last.text


def _is_matrix(term: Term, orders: Mapping[str, int]) -> bool:
    """Whether a product ends with a matrix, a row or a list of rows."""
    while isinstance(term, Call) and term.function in _PRODUCTS:
        term = term.arguments[-1]
    if isinstance(term, Name):
        return orders.get(term.text) == 2
    return isinstance(term, Call) and (term.function in _TURNED or (term.function == LITERAL and bool(term.keywords)))
