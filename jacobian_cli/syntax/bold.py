"""Vectors that carry the index of a sum, the rows of a matrix: those in bold, and those whose sum is a vector."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from jacobian_cli.syntax.names import GREEK, key
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term

_BOARDS = ("math", "latex")
_STYLE = r"\\(?:mathbf|boldsymbol|bm|pmb|symbf|symbfit|mathbfit|bold|vb|vec|vect)(?![A-Za-z])"
_BOLD = re.compile(_STYLE + r"\s*\{?\s*$")
_STYLED = re.compile(_STYLE)
_HEAD = re.compile(rf"[\s&{{]*(?:\\(?:hat|bar|tilde)\s*\{{?\s*)?(?:{_STYLE}|(?P<sign>[^\W\d_]))")
_TURNS = ("?T", ".T", "?norm", "?inner", "norm")
"""What is done with vectors, and not with numbers."""
_PRODUCTS = ("?beside", "?dot", "?star", "*")
_ARROW = "\N{COMBINING RIGHT ARROW ABOVE}"
_LONGEST = 30


def of_rows(items: Sequence[Definition]) -> list[Definition]:
    r"""The statements, in which 𝐱ᵢ is a row of a matrix x: of w = ∑ᵢ αᵢ𝐱ᵢ, of **w** = ∑ᵢ αᵢxᵢ, and of
    w = ∑ᵢ αᵢxᵢ where ‖w‖ or wᵀ stands elsewhere.
    """
    turned = {name for item in items for name in _turned(item)}
    return [_with(item, {*_rows(item, turned)}) if item.notation in _BOARDS else item for item in items]


def _with(item: Definition, rows: set[str]) -> Definition:
    """A statement in which these names are matrices."""
    orders = tuple(order for order in item.orders if order[0] not in rows)
    orders += tuple((name, 2) for name in sorted(rows))
    return replace(item, orders=orders, settled=item.settled - rows) if rows else item


def _turned(item: Definition) -> Iterator[str]:
    for term in item.terms:
        match term:
            case Call(function=function, arguments=(Name(text=name), *_)) if function in _TURNS:
                yield name


def _rows(item: Definition, turned: Collection[str]) -> Iterator[str]:
    whole = _scaled_sum(item.value) if item.name else None
    vector = bool(item.name) and (_is_bold_head(item.source) or item.name in turned)
    for term in item.terms:
        if isinstance(term, Call) and term.function == "?over":
            summand = term.arguments[0]
            bold = _vectors(summand, item.source, any_face=False)
            yield from bold or (_vectors(summand, item.source, any_face=True) if vector and term is whole else ())


def _scaled_sum(term: Term) -> Term | None:
    """The sum that a value is, but for numbers before it."""
    while isinstance(term, Call):
        if term.function == "?over":
            return term
        if term.function in _PRODUCTS and all(map(_is_number, term.arguments[:-1])):
            term = term.arguments[-1]
        elif term.function == "/" and _is_number(term.arguments[1]):
            term = term.arguments[0]
        elif term.function == "u-":
            (term,) = term.arguments
        else:
            return None
    return None


def _is_number(term: Term) -> bool:
    return isinstance(term, Literal | Name) or (isinstance(term, Call) and term.function == "/")


def _vectors(term: Term, source: str, *, any_face: bool) -> set[str]:
    """The names of the vectors that a summand is made of, if it is a vector; none where it is a number, or where two
    vectors stand side by side: people who set yᵢ log pᵢ in bold mean entries.
    """
    match term:
        case Call(function="?entry", arguments=(Name(text=name, span=span), _)):
            small = name[:1].islower() and key(name)[0] != "pi"
            latin = key(name)[0] not in GREEK
            return {name} if small and (_is_bold(source, span.start, span.stop) or (any_face and latin)) else set()
        case Call(function="?plus" | "?minus" | "u-", arguments=parts):
            return {name for part in parts for name in _vectors(part, source, any_face=any_face)}
        case Call(function="/", arguments=(above, _)):
            return _vectors(above, source, any_face=any_face)
        case Call(function=function, arguments=parts) if function in _PRODUCTS:
            return _last_vector(parts, source, any_face=any_face)
        case Call(function=function, arguments=(inner,)) if any_face and function.isidentifier():
            return _vectors(inner, source, any_face=True)
    return set()


def _last_vector(parts: Sequence[Term], source: str, *, any_face: bool) -> set[str]:
    """The vectors of a product: of αᵢ(wᵀxᵢ)xᵢ the last xᵢ, for the one before it is behind a row."""
    row, found = False, list[set[str]]()
    for place, part in enumerate(parts):
        if isinstance(part, Call) and part.function in ("?T", ".T"):
            row = True
            continue
        names = _vectors(part, source, any_face=any_face and place == len(parts) - 1)
        if names and row:
            row = False
        elif names:
            found.append(names)
    computed = isinstance(parts[-1], Call) and parts[-1].function.isidentifier() and not any_face  # yᵢ log pᵢ
    return found[0] if len(found) == 1 and not (row or computed) else set()


def _is_bold(source: str, start: int, stop: int) -> bool:
    written = source[start:stop]
    letter = unicodedata.name(written[:1], "")
    return (
        _BOLD.search(source[max(0, start - _LONGEST) : start]) is not None
        or _STYLED.search(written) is not None
        or ("MATHEMATICAL" in letter and "BOLD" in letter)
        or _ARROW in written
    )


def _is_bold_head(source: str) -> bool:
    """Whether what a statement defines is set in bold, a small letter."""
    head = source.partition("=")[0]
    found = _HEAD.match(head)
    if found is None:
        return False
    small = re.sub(r"\\[A-Za-z]+|[^\w]", "", head)[:1]
    greek = re.search(rf"\\(?:{'|'.join(GREEK)})(?![a-z])", head) is not None
    return (not found["sign"] or _is_bold(head, found.start("sign"), found.end("sign") + 1)) and (
        unicodedata.normalize("NFKC", small).islower() or greek
    )
