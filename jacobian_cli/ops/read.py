"""The texts of the tables, of functions and of identities, as trees."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from jacobian_cli.syntax.parser import parse
from jacobian_cli.syntax.tree import Call, Term, parts_of


@cache
def read(text: str) -> Term:
    """A text of a table as a tree. Nobody else reads these texts, and each is read once.

    >>> read("x*sigmoid(x)").function
    '*'
    """
    return parse(text)


def called_in(text: str) -> Iterator[str]:
    """The functions and operators in a text of a table.

    >>> list(called_in("x*sigmoid(x)"))
    ['*', 'sigmoid']
    """
    waiting = [read(text)]
    while waiting:
        term = waiting.pop()
        if isinstance(term, Call):
            yield term.function
        waiting.extend(parts_of(term))
