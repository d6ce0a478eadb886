"""Losses that are fed something else than they take: logits, probabilities, log-probabilities, targets.

What a function takes and gives is said by its row; here the two are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from jacobian_cli.elaborate.quoting import Typed, row_of, written
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.ops.row import DISTRIBUTION, LOG_PROBABILITIES, LOGITS, PROBABILITIES, TARGETS
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.tree import Call, Definition, Name, Term

_TARGET = re.compile(r"(y|t|targets?|labels?|truth|gt)(_?(true|train|batch))?", re.IGNORECASE)
_SUMS = frozenset(("+", "-", "u-"))
_BOTH = 2


class _Takes(NamedTuple):
    """What a function takes in its first places, and what makes probabilities of logits for it."""

    roles: Sequence[str]
    link: str
    other: str = ""


_OTHERS = {"F.kl_div": _Takes((LOG_PROBABILITIES, TARGETS), "softmax")}
"""Functions of libraries that the language has under no name."""


class _Given(NamedTuple):
    """An argument: what it gives, its text, and what stands inside the function that made it so."""

    role: str
    text: str
    inside: str
    function: str


def fed(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`cross_entropy(softmax(z), y)`, `nll_loss(softmax(z), y)`, `binary_cross_entropy(y, sigmoid(z))`."""
    bodies = {s.name: s for s in typed.statements if s.name}
    for term in (*statement.terms, *statement.losses):
        if isinstance(term, Call) and (takes := _taken(term)) is not None and len(term.arguments) >= _BOTH:
            yield from _compared(term, takes, statement, bodies)


def _taken(term: Call) -> _Takes | None:
    row = row_of(term)
    if row is None:
        return _OTHERS.get(term.function)
    return _Takes(row.role.takes, row.role.link, row.role.elsewhere) if row.role.takes else None


def _compared(term: Call, takes: _Takes, statement: Definition, bodies: Mapping[str, Definition]) -> Iterator[Doubt]:
    first, second = (_given(part, statement, bodies) for part in term.arguments[:_BOTH])
    rest = [written(statement, part) for part in term.arguments[_BOTH:]]
    taken = f"{term.function}({', '.join((first.text, second.text, *rest))})"
    one, other = term.arguments[:_BOTH]
    turned = isinstance(one, Name) and _TARGET.fullmatch(one.text) and one.text not in bodies
    if takes.roles[1] == TARGETS and turned and (second.role or _computed(other)):
        meant = f"{term.function}({', '.join((_as(second, takes), first.text, *rest))})"
        yield Doubt(f"`{taken}` takes {second.text} for the targets, which stand behind here: `{meant}`")
        return
    for place, (given, role) in enumerate(zip((first, second), takes.roles, strict=False)):
        if not _wrong(given, role):
            continue
        here = takes._replace(roles=(role,))
        parts = [first.text, second.text, *rest]
        parts[place] = _as(given, here)
        meant = f"{term.function}({', '.join(parts)})"
        if role == LOGITS and place == 0 and given.function == "softmax":
            what = f"takes the softmax twice, for {term.function} is one of logits; without the first it is `{meant}`"
        else:
            what = f"takes {role}, and {given.text} gives {given.role}; of {role} it is `{meant}`"
        more = ""
        if takes.other and given.role == LOG_PROBABILITIES:
            more = "; " + takes.other.format(first.text, second.text)
        yield Doubt(f"`{taken}` {what}{more}")
        return


def _wrong(given: _Given, role: str) -> bool:
    """Whether an argument is certainly not what is taken; targets may be probabilities."""
    if not given.role or role == given.role:
        return False
    if role == TARGETS:
        return given.role != PROBABILITIES
    if role == DISTRIBUTION:
        return given.role == LOG_PROBABILITIES
    return not (role == LOGITS and given.role == LOG_PROBABILITIES)  # whose softmax is the same


def _as(given: _Given, takes: _Takes) -> str:
    """An argument as what the first place takes."""
    role, link = takes.roles[0], takes.link
    if given.role == role or not given.role:
        return given.text
    if role in (LOGITS, TARGETS):
        return given.inside or given.text
    if role in (PROBABILITIES, DISTRIBUTION):
        return f"{link}({given.inside or given.text})"
    if given.role == PROBABILITIES and given.function != link:
        return f"log({given.text})"
    return f"log_{link}({given.inside or given.text})"


def _computed(term: Term) -> bool:
    return isinstance(term, Call) and term.function not in (".T", "[]") and not elementwise(term)


def _given(term: Term, statement: Definition, bodies: Mapping[str, Definition]) -> _Given:
    """What an argument gives, by its row or as a product of matrices; through the name of a definition."""
    text, where = written(statement, term), statement
    if isinstance(term, Name) and term.text in bodies:
        where = bodies[term.text]
        term = where.value
    if not isinstance(term, Call):
        return _Given("", text, "", "")
    row = row_of(term)
    if row is not None and row.role.gives:
        return _Given(row.role.gives, text, written(where, term.arguments[0]), row.name)
    if row is not None and row.name == "log" and isinstance(inner := term.arguments[0], Call):
        below = row_of(inner)
        if below is not None and below.role.gives == PROBABILITIES:
            return _Given(LOG_PROBABILITIES, text, written(where, inner.arguments[0]), below.name)
    return _Given(LOGITS if _product(term) else "", text, "", "")


def _product(term: Term) -> bool:
    """Whether a product of matrices is the last that was done, but for a bias."""
    if not isinstance(term, Call):
        return False
    return term.function == "@" or (term.function in _SUMS and any(map(_product, term.arguments)))
