"""Terms whose axes carry an index, multiplied and summed: ∑ᵢ wᵀxᵢ yᵢ is sum(X@w*y)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.tree import Call, Flag, Group, Name, Slice, Term, Text, terms_in

ROW = "."
"""What the axis of a vector carries whose entries have no index."""


class Indexed(NamedTuple):
    """A term of the language, and the index that each of its axes carries."""

    term: Term
    indices: str


def vectorial(term: Term) -> bool:
    """Whether a term may be a vector: a name, with an index or without one, or what is made of such with one."""
    match term:
        case Name() | Call(function="?entry"):
            return True
        case Call(function="?plus" | "?minus" | "?hadamard", arguments=arguments):
            return entries_in(term) and all(map(vectorial, arguments))
        case Call(function="?beside", arguments=(*before, last)):
            rows = any(isinstance(part, Call) and part.function == "?T" for part in before)  # wᵀxᵢ is a number
            return not rows and entries_in(last) and vectorial(last)
        case Call(arguments=(inner,), keywords=()) if by_rows(term):
            return entries_in(term) and vectorial(inner)
    return False


def vector_last(parts: list[Term], order: Callable[[str], int]) -> list[Term]:
    """Factors with the vector behind the numbers: xⱼaⱼ for aⱼxⱼ, where the aⱼ are vectors and the xⱼ are not."""
    entries = [carriers(part)[0] if _is_entry(part) else None for part in parts]
    vectors = [k for k, one in enumerate(entries) if one is not None and order(one[0]) == len(one[1]) + 1]
    if len(vectors) != 1 or any(isinstance(part, Call) and part.function == "?T" for part in parts):
        return parts
    (place,) = vectors
    behind = entries[place + 1 :]
    if not all(one is not None and order(one[0]) == len(one[1]) for one in behind):
        return parts
    return [*parts[:place], *parts[place + 1 :], parts[place]]


def _is_entry(term: Term) -> bool:
    return isinstance(term, Call) and term.function == "?entry"


def by_rows(term: Call) -> bool:
    """Whether a function of vectors goes over matrices row by row as it stands."""
    row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
    return row is not None and row.kind in (Kind.ELEMENTWISE, Kind.ROW)


def entries_in(term: Term) -> bool:
    """Whether anything in a term carries an index."""
    return any(isinstance(part, Call) and part.function == "?entry" for part in terms_in(term))


def together(function: str, parts: Iterable[Indexed], span: Span) -> Indexed:
    """An elementwise function of parts whose axes are brought in line; a product of any number of them."""
    parts = list(parts)
    indices = max((part.indices for part in parts), key=len)
    indices += "".join(dict.fromkeys(i for part in parts for i in part.indices if i not in indices))
    first, *rest = (_along(part, indices, span) for part in parts)
    if function != "*":
        return Indexed(Call(function, (first, *rest), (), span), indices)
    for part in rest:
        first = Call("*", (first, part), (), span)
    return Indexed(first, indices)


def _along(part: Indexed, indices: str, span: Span) -> Term:
    """A term with its axes in the order of these indices; along those that it does not carry it is repeated."""
    if part.indices in (indices, indices[-1:], ""):
        return part.term
    if len(part.indices) == len(indices):
        return Call(".T", (part.term,), (), span)
    picks = Group((Slice(None, None, span), Flag(None, span)), span)
    return Call("[]", (part.term, picks), (), span)


def total(part: Indexed, function: str, span: Span) -> Term:
    """The sum or product of a part over the index."""
    inner = part.term
    if isinstance(inner, Call) and inner.function == function == "sum":  # of sums along rows
        inner = inner.arguments[0]
    return Call(function, (inner,), (), span)


def parts_of_sum(term: Call) -> tuple[Term, str, str, str]:
    """What is summed, how, how far, and over which indices."""
    value, *said = term.arguments
    function, limit, letters = (part.value for part in said if isinstance(part, Text))
    return value, function, limit, letters


def carriers(term: Term) -> list[tuple[str, str]]:
    """The names that carry indices, and those, each once."""
    found: list[tuple[str, str]] = []
    for part in terms_in(term):
        match part:
            case Call(function="?entry", arguments=(Name(text=name), Text(value=indices))):
                found.append((name, indices))
    return list(dict.fromkeys(found))


def crossed(term: Term) -> bool:
    """Whether a sum inside a term carries an index of those around it."""
    for part in terms_in(term):
        if isinstance(part, Call) and part.function == "?over":
            value, _, _, letters = parts_of_sum(part)
            if any(not {*indices} <= {*letters} for _, indices in carriers(value)):
                return True
    return False
