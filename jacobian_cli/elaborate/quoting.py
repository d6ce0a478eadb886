"""Statements that fit, and texts of theirs that are quoted: as they are, or edited."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.ops import FUNCTIONS, Row
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.parser import parse
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Term

_LONGEST = 80
"""Formulas as long as this are quoted whole."""
Edit = tuple[Span, str]


class Typed(NamedTuple):
    """Statements that fit, and what is known of their parts."""

    statements: Sequence[Definition]
    shapes: Mapping[int, Shape]
    """The shape of every part, by the `id` of its tree."""
    assumed: Mapping[str, Shape]
    """The names that nothing is declared of."""
    demanded: Collection[str]
    """Those that the formula demands another number of axes of than one would think."""
    declared: Mapping[str, Shape]
    fits: Callable[[Definition, Definition], bool]
    """Whether a statement could stand in the place of another."""
    loose: frozenset[str]
    """The names that are assumed, and those of definitions that rest on them."""
    possible: Callable[[str, int], bool]
    """Whether a name could have so many axes, whatever the others have then."""

    @property
    def names(self) -> set[str]:
        """All names that stand in the statements or are declared."""
        return {*self.declared, *(n for s in self.statements for n in names_in(s.value))}

    def order(self, term: Term) -> int:
        return len(self.shapes.get(id(term), ()))

    def open(self, term: Term) -> bool:
        """Whether a shape in a part is assumed, or one in what a name in it stands for."""
        return not self.loose.isdisjoint(names_in(term))


def resting_on(names: Iterable[str], statements: Iterable[Definition]) -> frozenset[str]:
    """These names, and the definitions, each behind those it uses, in which one of them stands."""
    found = set(names)
    for statement in statements:
        if statement.name and not found.isdisjoint(names_in(statement.value)):
            found.add(statement.name)
    return frozenset(found)


def row_of(term: Call) -> Row | None:
    return FUNCTIONS.get(ALIASES.get(term.function, term.function))


def edited(statement: Definition, edits: Sequence[Edit]) -> Definition | None:
    """The statement with other texts in some places, if it can be read."""
    source = statement.source
    if not edits:
        return None
    for span, text in sorted(edits, key=lambda edit: -edit[0].start):
        source = source[: span.start] + text + source[span.stop :]
    head = source.find("=") + 1 if statement.name else 0
    try:
        value = parse(" " * head + source[head:])
        return Definition(statement.name, value, source, orders=() if statement.notation else statement.orders)
    except InputError:
        return None


def changed(statement: Definition, changes: Mapping[int, Callable[[Call], Term]]) -> Definition | None:
    """The statement in the language with other parts in the places of some, by the `id` of their trees."""

    def rebuilt(term: Term) -> Term:
        match term:
            case Call(function=function, arguments=arguments, keywords=keywords, span=span):
                options = tuple((name, rebuilt(value)) for name, value in keywords)
                made = Call(function, tuple(map(rebuilt, arguments)), options, span)
                return changes[id(term)](made) if id(term) in changes else made
        return term

    source = spelled(rebuilt(statement.value))
    head = f"{statement.name} = " if statement.name else ""
    try:
        return Definition(statement.name, parse(" " * len(head) + source), head + source)
    except InputError:
        return None


def quoted(statement: Definition, other: Definition, span: Span) -> tuple[str, str]:
    """Both readings: the whole statements if they are short, else the part."""
    if statement.notation:
        head = f"{statement.name} = " if statement.name else ""
        return head + spelled(statement.value), other.source
    taken, meant = (" ".join(one.source.split()) for one in (statement, other))
    if max(len(taken), len(meant)) <= _LONGEST:
        return taken, meant
    grown = len(other.source) - len(statement.source)
    return text_at(statement, span), text_at(other, Span(span.start, span.stop + grown))


def written(statement: Definition, term: Term) -> str:
    """A part as it was typed or, in another notation, as it was read."""
    return spelled(term) if statement.notation else text_at(statement, term.span)


def text_at(statement: Definition, span: Span) -> str:
    return " ".join(statement.source[span.start : span.stop].split())
