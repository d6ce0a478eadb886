"""Facts that a user declares of variables: read, and refused where they cannot hold."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from jacobian_cli.expr import Variable
from jacobian_cli.ops.facts import FACTS, MASK, PLACES, Fact, everything
from jacobian_cli.shape import ONE, shape_text
from jacobian_cli.syntax.declarations import parse_assumptions
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Assumption, Declaration

FactsLike = str | Sequence[str]
Facts = Mapping[str, frozenset[str]]


def by_name(given: Any, example: str) -> Mapping[str, Any]:
    """What is given by name in Python, or nothing. Raises `InputError` for anything else."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise InputError("this is given by name", text=repr(given)[:80], hint=f"as in {example}")
    return given


def assumptions_of(
    assume: Mapping[str, FactsLike] | None, declarations: Iterable[Declaration | Assumption] = ()
) -> tuple[Assumption, ...]:
    """The facts declared. Raises `InputError` for one that is not known."""
    found = [said for said in declarations if isinstance(said, Assumption)]
    for name, facts in by_name(assume, '{"S": "spd"}').items():
        listed = [facts] if isinstance(facts, str) else facts
        if not isinstance(listed, Iterable):
            raise InputError(f"{facts!r} is not a fact", hint='facts are texts: {"S": "spd", "y": ["one_hot"]}')
        for fact in listed:
            found += parse_assumptions(f"{name}={fact}")
    for said in found:
        if said.fact not in FACTS:
            close = difflib.get_close_matches(said.fact, FACTS, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}?" if close else f"facts are {', '.join(FACTS)}"
            raise InputError(f"'{said.fact}' is not a fact known here", text=said.source, span=said.span, hint=hint)
    return tuple(found)


def square(assumptions: Iterable[Assumption]) -> list[str]:
    """The variables that must be square matrices."""
    return [said.name for said in assumptions if FACTS[said.fact].square]


def places(assumptions: Iterable[Assumption]) -> list[str]:
    """The variables that hold places."""
    return [said.name for said in assumptions if said.fact == PLACES]


def masks(assumptions: Iterable[Assumption]) -> list[str]:
    """The variables that pick entries, those at which they are 1."""
    return [said.name for said in assumptions if said.fact in (MASK, "binary")]


def facts_of(
    assumptions: Sequence[Assumption], known: Mapping[str, Variable], defined: Iterable[str]
) -> dict[str, frozenset[str]]:
    """What is declared of each variable.

    Raises `InputError` for names that are no variables, shapes that do not fit, and facts that do not go together.
    """
    found: dict[str, frozenset[str]] = {}
    for said in assumptions:
        if said.name not in known:
            raise _unknown(said, known, defined)
        _must_fit(FACTS[said.fact], known[said.name], said)
        found[said.name] = found.get(said.name, frozenset()) | {said.fact}
        for one, other in combinations(sorted(found[said.name]), 2):
            if not _go_together(FACTS[one], FACTS[other]):
                raise InputError(
                    f"{said.name} cannot be declared {one} and {other} at once",
                    text=said.source,
                    span=said.span,
                    hint=_beside(FACTS[one], FACTS[other]),
                )
    return found


def _unknown(said: Assumption, known: Mapping[str, Variable], defined: Iterable[str]) -> InputError:
    if said.name in defined:
        hint = f"declare facts of the variables: {', '.join(known)}"
        return InputError(
            f"'{said.name}' is defined by the formula: what holds for it follows", text=said.source, hint=hint
        )
    close = difflib.get_close_matches(said.name, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    return InputError(f"'{said.name}' is neither in the formula nor declared", text=said.source, hint=hint)


def _must_fit(fact: Fact, variable: Variable, said: Assumption) -> None:
    shape = variable.shape
    wanted = ""
    if fact.square and (len(shape) < 2 or shape[-2] is not shape[-1]):
        wanted = "a square matrix"
    elif fact.rows and (not shape or shape[-1] is ONE):
        wanted = "an axis of several entries"
    if wanted:
        what = f"is {shape_text(shape)}" if shape else "is a scalar"
        raise InputError(
            f"{variable.name} {what}; only {wanted} can be {fact.name}",
            text=said.source,
            span=said.span,
            hint=f"declare its shape: -s {variable.name}=n,n"
            if fact.square
            else f"declare its shape: -s {variable.name}=n",
        )


def _go_together(one: Fact, other: Fact) -> bool:
    return other.name in {*one.beside, *everything(frozenset({one.name}))} or one.name in {
        *other.beside,
        *everything(frozenset({other.name})),
    }


def _beside(one: Fact, other: Fact) -> str:
    """What may be declared with one of two facts that do not go together."""
    for fact in (one, other):
        if fact.beside:
            return f"beside {fact.name} there may be {', '.join(fact.beside)}"
    return "declare one of the two"
