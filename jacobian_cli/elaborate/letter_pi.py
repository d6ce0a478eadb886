"""The letter π: 3.14…, and to many a vector of weights, of probabilities, or a policy, where no number stands."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from jacobian_cli.elaborate import letter_e
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term

PI = "pi"
_OF_ARRAYS = frozenset(".T ?T ?turn ?entry ?hadamard ?inner diag softmax logsumexp".split())
"""What is applied to vectors and matrices alone."""
_OF_SUMS = frozenset(".T ?T norm ?norm".split())
"""What is applied to no number, nor to what a number is added to."""
_MATMULS = ("@", "?matmul")
_PRODUCTS = ("?beside", "?star", "?dot", "@", "*")
_SUMS = ("?plus", "?minus", "+", "-")


def asked_for(statements: Iterable[Definition], asked: Iterable[str]) -> list[Definition]:
    """The statements, in which π is a variable if it is asked for and nowhere stands as the number does."""
    found = list(statements)
    if PI not in asked or _is_number(found) or any(".pi" in item.source for item in found):
        return found
    return [replace(item, own=item.own | {PI}) for item in found]


def letters_in(statements: Sequence[Definition], known: Collection[str] = ()) -> set[str]:
    """The letters of constants that are variables here, beside those of which that is known."""
    found = {letter_e.E} if letter_e.is_variable(statements) else set[str]()
    if PI in known or is_variable(statements):
        found.add(PI)
        _want_no_number(statements)
    return found


def _want_no_number(statements: Iterable[Definition]) -> None:
    """Refuse a variable called π beside a function with 3.14… in its derivative: both are written alike."""
    for item in statements:
        for call in item.calls:
            if call.function in _numbered():
                message = f"π is a variable here, and a number in the derivative of {call.function}"
                raise InputError(message, text=item.source, span=call.span, hint="give the variable another name")


@lru_cache(maxsize=1)
def _numbered() -> frozenset[str]:
    """The functions of whose definition or derivative π is a part."""
    texts = {row.name: " ".join((row.definition, *row.derivative)) for row in FUNCTIONS.values()}
    found = {name for name, text in texts.items() if re.search(r"\bpi\b", text)}
    words = rf"\b(?:{'|'.join(sorted(found))})\b"
    return frozenset(found | {name for name, text in texts.items() if re.search(words, text)})


def is_variable(statements: Sequence[Definition]) -> bool:
    """Whether π stands where a number makes no sense.

    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> [is_variable([parse_statement(text)]) for text in ("pi.T@P", "P.T@pi", "2*pi*x", "pi*x")]
    [True, True, False, False]
    """
    if any(name == PI for item in statements for name, _ in item.orders):
        return True
    standing = [item for item in statements if any(name.text == PI for name in item.names)]
    return bool(standing) and not _is_number(standing) and any(map(_demands, _calls(standing)))


def _is_number(statements: Iterable[Definition]) -> bool:
    """Whether π stands behind a number: 2π."""
    products = (call.arguments for call in _calls(statements) if call.function in _PRODUCTS)
    pairs = (pair for parts in products for pair in pairwise(parts))
    return any(isinstance(before, Literal) and _is_pi(behind) for before, behind in pairs)


def _demands(call: Call) -> bool:
    """Whether an array is wanted where π stands in a call."""
    if call.function in _OF_ARRAYS and any(map(_is_pi, call.arguments)):
        return True
    if call.function in _OF_SUMS and any(map(_is_pi, _terms_of(call.arguments[0]))):
        return True
    if call.function in _MATMULS:
        return any(map(_is_pi, call.arguments))
    match call:
        case Call(function="-" | "?minus", arguments=(Literal(value=one), behind)) if one == 1:  # 1 − π
            return _is_pi(behind)
        case Call(function="?beside" | "?star" | "?dot", arguments=(*_, before, last)):
            return _is_pi(last) and _of_matrices(before)
    return False


def _of_matrices(term: Term) -> bool:
    """Whether a factor is a matrix, or a row: P, Pᵀ, Σ⁻¹."""
    match term:
        case Call(function="?T" | ".T"):
            return True
        case Call(function="?power", arguments=(inner, _)):
            return _of_matrices(inner)
        case Name(text=name):
            return name[:1].isupper()
    return False


def _terms_of(term: Term) -> Iterator[Term]:
    if isinstance(term, Call) and term.function in _SUMS:
        for part in term.arguments:
            yield from _terms_of(part)
    else:
        yield term


def _calls(statements: Iterable[Definition]) -> Iterator[Call]:
    return (call for item in statements for call in item.calls)


def _is_pi(term: Term) -> bool:
    return isinstance(term, Name) and term.text == PI
