"""Capitals that may be numbers although they stand where matrices do: the amplitude of a wave, a capital that grows, a
constant before a power.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from jacobian_cli.elaborate.habits import holds_weights
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.elaborate.trees import call_of
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Literal, Name, Term, terms_in

_WAVES = frozenset(("sin", "cos", "exp"))
"""Functions of time, before which an amplitude stands."""
_POWERS = frozenset(("**", "sqrt"))
_SIGMA = frozenset(("Σ", "Sigma"))
"""What is the sign of a sum, where it is no matrix."""


def amplitude(part: Name, behind: Term, assumed: Mapping[str, int]) -> str | None:
    """What is to be said of a matrix in front of a vector, if it may as well be a number: A sin(ωt + φ), P(1 + r)ⁿ,
    C_D v².

    `assumed` says how many axes the names have that nothing is declared of.
    """
    if part.text in _SIGMA or any(isinstance(inner, Call) and inner.function == "@" for inner in terms_in(behind)):
        return None
    names = names_in(behind)
    vectors = list(dict.fromkeys(name for name in names if assumed.get(name) == 1))
    wave = isinstance(behind, Call) and behind.function in _WAVES and any(assumed.get(name) == 0 for name in names)
    marked = re.search(r"[_\d]", part.text) is not None and _powers(behind)
    grows = (marked or _of_one(behind)) and bool(vectors) and all(assumed.get(name, 0) < 2 for name in names)
    taken, numbers = f"`{part.text}` is taken for a matrix", [part.text]
    if grows and not holds_weights(part.text):
        taken += f", {' and '.join(f'`{name}`' for name in vectors)} for {'vectors' if vectors[1:] else 'a vector'}"
        numbers += vectors
    elif not wave:
        return None
    ways = " ".join(f"`-s {name}=()`" for name in numbers)
    product = spelled(call_of("@", part, behind))
    return f"{taken} in `{product}`; {'numbers are' if numbers[1:] else 'a number is'} declared: {ways}"


def _powers(term: Term) -> bool:
    """Whether a part is a power or a root, computed entry by entry."""
    while isinstance(term, Call) and term.function in ("*", "/", "u-"):
        term = term.arguments[0]
    power = isinstance(term, Call) and term.function in _POWERS
    return power and all(elementwise(part) for part in terms_in(term) if isinstance(part, Call))


def _of_one(term: Term) -> bool:
    """Whether a part is 1 + r or 1 − r, or a power of it."""
    while isinstance(term, Call) and term.function == "**":
        term = term.arguments[0]
    sides = term.arguments if isinstance(term, Call) and term.function in ("+", "-") else ()
    return any(isinstance(side, Literal) and side.value == 1 for side in sides)
