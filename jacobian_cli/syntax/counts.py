"""Bars around a set, 1/|B| ∑ᵢ: how many there are, and no determinant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Call, Definition, Name

_BOARDS = ("math", "latex")
_OF_SETS = re.compile(r"\\(?:mathcal|mathscr|mathbb|mathfrak)\s*\{?\s*$")
_SUMS = ("?over", "sum", "?total")
_COUNTS = ("N", "M", "n", "m", "K")
_LONGEST = 20


def want_no_count(item: Definition, known: Collection[str]) -> None:
    """Refuse 1/|B| ∑ᵢ xᵢ, whose B stands nowhere else: a set of samples rather than a matrix."""
    if item.notation not in _BOARDS or not any(isinstance(t, Call) and t.function in _SUMS for t in item.terms):
        return
    names = [term.text for term in item.terms if isinstance(term, Name)]
    for bars in _barred(item):
        (inner,) = bars.arguments
        assert isinstance(inner, Name)
        if inner.text in known or names.count(inner.text) > 1 or not inner.text[:1].isupper():
            continue
        count = next((letter for letter in _COUNTS if letter not in names), "N")
        start, stop = bars.span
        whole = " ".join(f"{item.source[:start]}{count}{item.source[stop:]}".split())
        raise InputError(
            f"is |{inner.text}| how many there are in a set, or a determinant?",
            text=item.source,
            span=bars.span,
            hint=f"a number has a name of its own: `{whole}`; a matrix is declared: `-s {inner.text}=n,n`",
        )


def _barred(item: Definition) -> Iterator[Call]:
    """Letters of sets between bars, and letters between bars that divide."""
    for term in item.terms:
        match term:
            case Call(function="?bars", arguments=(Name(span=span),)) as bars:
                if _OF_SETS.search(item.source[max(0, span.start - _LONGEST) : span.start]):
                    yield bars
            case Call(function="/", arguments=(_, below)):
                parts = below.arguments if isinstance(below, Call) and below.function == "?beside" else (below,)
                for part in parts:
                    if isinstance(part, Call) and part.function == "?bars" and isinstance(part.arguments[0], Name):
                        yield part
