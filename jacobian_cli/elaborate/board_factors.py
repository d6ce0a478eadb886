"""Factors typed in mathematics or LaTeX that fit only as numbers, where rows and matrices may have been meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jacobian_cli.elaborate.habits import BEFORE_MATRICES, MATRIX, VECTOR, habit, leans, of_step, varies
from jacobian_cli.elaborate.quoting import Typed
from jacobian_cli.elaborate.trees import call_of
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Group, Literal, Name, Term

_ROWS = frozenset("hq")
"""Letters of states and queries, which are rows before weights as variables are."""
_SUMS = ("+", "-")
_PAIR = 2


def of_factors(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """The doubts of one statement."""
    yield from _rows(typed, statement)
    for term in statement.terms:
        if isinstance(term, Call):
            yield from _behind(typed, term)
            yield from _blocks(typed, statement, term)
            yield from _shifted(typed, term)
            yield from _ended(term)


def _rows(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """xW + hU, whose x and h are numbers only because vectors do not fit there."""
    found: dict[str, Call] = {}
    kept = set[str]()
    for term in statement.terms:
        match term:
            case Call(function="*", arguments=(Name(text=name), Name(text=matrix) as behind)) if typed.order(
                behind
            ) == MATRIX == habit(matrix) and _row(typed, name):
                found.setdefault(name, term)
            case Call(arguments=arguments):
                kept.update(part.text for part in arguments if isinstance(part, Name))
    names = sorted((name for name in found if name not in kept), key=lambda name: found[name].span.start)
    if names:
        listed = " and ".join(f"`{name}`" for name in names)
        what = "are taken for numbers" if names[1:] else "is taken for a number"
        whole = _sum_with(statement, found[names[0]])
        rows = spelled(_turned(whole, frozenset(names)))
        ways = " ".join(f"`-s {name}=()`" for name in names)
        numbers = "numbers are" if names[1:] else "a number is"
        row = "rows are" if names[1:] else "a row is"
        yield Doubt(f"{listed} {what} in `{spelled(whole)}`; {row} `{rows}`, {numbers} declared: {ways}")


def _row(typed: Typed, name: str) -> bool:
    letter = varies(name) or of_step(name) or name.split("_", maxsplit=1)[0].rstrip("0123456789") in _ROWS
    return typed.assumed.get(name) == () and habit(name) == VECTOR and letter and name not in BEFORE_MATRICES


def _sum_with(statement: Definition, term: Call) -> Term:
    """The sum of two in which a product stands, else the product."""
    for whole in statement.terms:
        if isinstance(whole, Call) and whole.function in _SUMS and any(part is term for part in whole.arguments):
            return whole
    return term


def _turned(term: Term, names: frozenset[str]) -> Term:
    """A part with rows where these names scale matrices."""
    match term:
        case Call(function="*", arguments=(Name(text=name) as row, matrix)) if name in names:
            return call_of("@", call_of(".T", row), matrix)
        case Call(function=function, arguments=arguments, keywords=keywords, span=span):
            return Call(function, tuple(_turned(part, names) for part in arguments), keywords, span)
    return term


def _behind(typed: Typed, term: Call) -> Iterator[Doubt]:
    """[x; h]W and xAyᵀ, whose capital is a number only because a matrix does not fit behind a vector."""
    match term:
        case Call(function="*", arguments=(left, Name(text=name) as right)) if typed.order(left) == VECTOR:
            joined = isinstance(left, Call) and left.function == "concat"
            if typed.assumed.get(name) == () and (habit(name) == MATRIX or (joined and leans(name))):
                product = spelled(call_of("@", call_of(".T", left), right))
                said = f"`{name}` is taken for a number behind the vector `{spelled(left)}`"
                yield Doubt(f"{said}; a row times it is `{product}`, a number is declared: `-s {name}=()`")
        case Call(function="@", arguments=(Call(function="concat", arguments=parts), right)) if len(parts) > 1:
            names = [p.arguments[0] for p in parts if isinstance(p, Call) and p.function == ".T"]
            if len(names) == len(parts) and all(typed.order(name) == VECTOR for name in names):
                taken, row = spelled(term), call_of(".T", Call("concat", tuple(names), (), term.span))
                meant = spelled(call_of("@", row, right))
                yield Doubt(f"`{taken}` puts rows below each other; one long row is `{meant}`")


def _ended(term: Call) -> Iterator[Doubt]:
    """[b; 0] of a vector b."""
    zeros = [isinstance(part, Literal) and part.value == 0 for part in term.arguments]
    if term.function == "concat" and any(zeros) and not all(isinstance(part, Literal) for part in term.arguments):
        yield Doubt(f"`0` is one entry in `{spelled(term)}`; zeros of several are `zeros(m)`")


def _blocks(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """[A, B] of matrices: one below the other, where side by side or a commutator may be meant."""
    names = [part for part in term.arguments if isinstance(part, Name)]
    text = statement.source[term.span.start : term.span.stop]
    commas = text.startswith("[") and "," in text and ";" not in text
    stacks = term.function == "concat" and not term.keywords and 1 < len(names) == len(term.arguments)
    if commas and stacks and any(typed.order(name) == MATRIX for name in names):
        beside = f"concat({', '.join(name.text for name in names)}, axis=1)"
        said = f"`{spelled(term)}` puts one below the other; side by side it is `{beside}`"
        yield Doubt(said + _commutator(names))


def commutators(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """[A, B] of two capitals alone, which is a list of numbers."""
    match statement.value:
        case Group(items=(Name(text=one) as left, Name(text=other) as right), square=True):
            said = _commutator((left, right))
            if said and typed.assumed.get(one) == typed.assumed.get(other) == ():
                numbers = f"numbers are declared: `-s {one}=()` `-s {other}=()`"
                yield Doubt(f"`{spelled(statement.value)}` is a list of two numbers{said}; {numbers}")


def _commutator(names: Sequence[Name]) -> str:
    one, other = names[0].text, names[-1].text
    capitals = len(names) == _PAIR and habit(one) == habit(other) == MATRIX
    return f"; a commutator is `{one}@{other} - {other}@{one}`" if capitals else ""


def _shifted(typed: Typed, term: Call) -> Iterator[Doubt]:
    """(A − θ)⁻¹, whose θ is a matrix only because it is added to one that is inverted."""
    match term:
        case Call(function="inv", arguments=(Call(function="+" | "-", arguments=sides),)):
            for part in sides:
                if isinstance(part, Name) and habit(part.text) == 0 and len(typed.assumed.get(part.text, ())) == MATRIX:
                    said = f"`{part.text}` is taken for a matrix, for it is added to one that is inverted"
                    yield Doubt(f"{said}; a number is declared: `-s {part.text}=()`")
