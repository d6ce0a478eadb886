"""Matrices that are square only because what was lost of an axis ran along the other one: X - mean(X, axis=1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from jacobian_cli.elaborate.quoting import Typed, changed, edited, quoted, row_of
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.tree import Call, Definition, Flag, Literal, Name, Term

_MATRIX = 2


def squared(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """A matrix beside what was reduced along its rows without `keepdims`, which runs down them again."""
    bodies = {s.name: s for s in typed.statements if s.name}
    for term in statement.terms:
        if not isinstance(term, Call) or len(term.arguments) != 2 or not elementwise(term):
            continue
        matrix, vector = sorted(term.arguments, key=typed.order, reverse=True)
        shape = typed.shapes.get(id(matrix), ())
        if len(shape) != _MATRIX or shape[0] != shape[1] or typed.order(vector) != 1:
            continue
        own = _names(matrix, bodies)
        for where, call in _reduced(typed, vector, statement, bodies):
            if own.isdisjoint(_names(call.arguments[0], bodies)):
                continue
            other = _kept(where, call)
            if other is not None and typed.fits(where, other):
                taken, meant = quoted(where, other, call.span)
                yield Doubt(
                    f"`{taken}` gives what is of a row to a column, so that the matrix must be square; "
                    f"with one number for each row it is `{meant}`"
                )
                return


def _reduced(
    typed: Typed, term: Term, statement: Definition, bodies: Mapping[str, Definition]
) -> Iterator[tuple[Definition, Call]]:
    """What goes into a vector that is reduced along the last axis of a matrix, and the statement that it stands in."""
    if isinstance(term, Name) and term.text in bodies:
        yield from _reduced(typed, bodies[term.text].value, bodies[term.text], bodies)
    if not isinstance(term, Call):
        return
    row = row_of(term)
    options = dict(term.keywords)
    axis = options.get("axis")
    if row is not None and "keepdims" in row.options and isinstance(axis, Literal) and axis.value in (1, -1):
        if "keepdims" not in options and typed.order(term.arguments[0]) == _MATRIX:
            yield statement, term
    elif elementwise(term):
        for part in term.arguments:
            yield from _reduced(typed, part, statement, bodies)


def _kept(statement: Definition, call: Call) -> Definition | None:
    """The statement in which the axis is kept."""
    if statement.notation:
        flag = Flag(True, call.span)
        return changed(statement, {id(call): lambda made: replace(made, keywords=(*made.keywords, ("keepdims", flag)))})
    return edited(statement, [(Span(call.span.stop - 1, call.span.stop - 1), ", keepdims=True")])


def _names(term: Term, bodies: Mapping[str, Definition]) -> set[str]:
    """The variables in a term, those in definitions too."""
    found = set[str]()
    waiting = [*names_in(term)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += names_in(bodies[name].value) if name in bodies else ()
    return found
