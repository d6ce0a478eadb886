"""Indices of steps and layers above the line: z^k in x − z^k, the last value of z and no power."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from jacobian_cli.elaborate.habits import RUNNING, habit
from jacobian_cli.syntax.tree import Call, Literal, Name, Term, parts_of, terms_in

_POWERS = ("?power", "**")
_SHIFTS = ("?plus", "?minus", "+", "-")
_ENCLOSED = ("?norm", "?inner", "?T", ".T", "norm", "norm1", "dot")
"""What is applied to vectors, and to none that is raised to a power entry by entry."""
_BESIDE = ("?beside", "?dot", "@")


class Iterate(NamedTuple):
    """A name with an index above it: the index as it stands there, its letter, and whether a vector stands there."""

    name: str
    above: str
    letter: str
    as_vector: bool


def index_of(exponent: Term) -> tuple[str, str]:
    """The letter of an index above the line, k of k + 1, and all that stands there; nothing where it is none."""
    match exponent:
        case Name(text=letter) if letter in RUNNING:
            return letter, letter
        case Call(function=sign, arguments=(Name(text=letter), Literal(value=number))) if sign in _SHIFTS:
            if letter in RUNNING and number.denominator == 1:
                return letter, f"{letter}{sign[-1] if sign[0] != '?' else '+' if sign == '?plus' else '-'}{number}"
    return "", ""


def iterates(value: Term) -> Mapping[int, Iterate]:
    """The powers of names whose exponent may be an index, by the `id` of each; a letter that stands for a number
    elsewhere is none.
    """
    found: dict[int, Iterate] = {}
    inside: set[int] = set()
    stack = [(value, False)]
    while stack:
        term, vector = stack.pop()
        if isinstance(term, Call) and term.function in _POWERS and len(term.arguments) == 2:
            base, exponent = term.arguments
            letter, above = index_of(exponent)
            if isinstance(base, Name) and letter:
                found[id(term)] = Iterate(base.text, above, letter, vector)
                inside |= {id(part) for part in terms_in(exponent)}
        if isinstance(term, Call):
            vector = vector or term.function in _ENCLOSED or _of_matrices(term)
        stack += [(part, vector) for part in parts_of(term)]
    if not found:
        return found
    numbers = {part.text for part in terms_in(value) if isinstance(part, Name) and id(part) not in inside}
    found = {place: one for place, one in found.items() if one.letter not in numbers}
    steps = Counter(name for name, _ in {(one.name, one.above) for one in found.values()})
    return {place: one._replace(as_vector=one.as_vector or steps[one.name] > 1) for place, one in found.items()}


def _of_matrices(term: Call) -> bool:
    """Whether factors side by side hold a matrix by its letter, or a transposed vector."""
    if term.function not in _BESIDE:
        return False
    for part in term.arguments:
        inner = part.arguments[0] if isinstance(part, Call) and part.function in ("?T", ".T") else part
        if inner is not part or (isinstance(inner, Name) and habit(inner.text) == 2):
            return True
    return False
