"""What was typed, as a tree: names, literals and calls, each with its place in the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from fractions import Fraction
from typing import NamedTuple

from jacobian_cli.records import record
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span


@record(frozen=True, slots=True)
class Name:
    """A name: a variable, a definition, a size or a constant."""

    text: str
    span: Span


@record(frozen=True, slots=True)
class Literal:
    """An exact number, as typed."""

    value: Fraction
    span: Span


@record(frozen=True, slots=True)
class Text:
    """A quoted text: the subscripts of `einsum`."""

    value: str
    span: Span


@record(frozen=True, slots=True)
class Flag:
    """`True`, `False` or `None`."""

    value: bool | None
    span: Span


@record(frozen=True, slots=True)
class Group:
    """A tuple or list: a shape, a list of axes, several indices; inside an index a list of places."""

    items: tuple[Term, ...]
    span: Span
    square: bool = False
    """Whether it is a list, which as a value is a vector or a matrix, entry by entry."""


@record(frozen=True, slots=True)
class Slice:
    """`start:stop` or `start:stop:step` inside brackets."""

    start: Term | None
    stop: Term | None
    span: Span
    step: Term | None = None


@record(frozen=True, slots=True)
class Dots:
    """`...` inside brackets: all the axes that are not mentioned there."""

    span: Span


@record(frozen=True, slots=True)
class Call:
    """A function or operator applied to terms. Operators bear their own spelling: `@`, `.T`, `[]`."""

    function: str
    arguments: tuple[Term, ...]
    keywords: tuple[tuple[str, Term], ...]
    span: Span


Term = Name | Literal | Text | Flag | Group | Slice | Dots | Call


LITERAL = "[,]"
"""The operator that makes a vector of its entries or, told how many stand in each row, a matrix."""


def literal(rows: Sequence[Sequence[Term]], span: Span) -> Call:
    """`[[a, b], [c, d]]`: a matrix, of entries or of blocks, row by row."""
    widths = Group(tuple(Literal(Fraction(len(row)), span) for row in rows), span)
    return Call(LITERAL, tuple(cell for row in rows for cell in row), (("rows", widths),), span)


def listed(group: Group) -> Call:
    """What a list is as a value: a vector, or a matrix where each item is a list."""
    rows = [item.items for item in group.items if isinstance(item, Group) and item.square]
    if len(rows) == len(group.items) and rows:
        return literal(rows, group.span)
    return Call(LITERAL, group.items, (), group.span)


def parts_of(term: Term) -> tuple[Term, ...]:
    """The terms directly below one."""
    match term:
        case Name() | Literal():
            return ()
        case Call(arguments=arguments, keywords=keywords):
            return (*arguments, *(value for _, value in keywords)) if keywords else arguments
        case Group(items=items):
            return items
        case Slice(start=start, stop=stop, step=step):
            return tuple(bound for bound in (start, stop, step) if bound is not None)
    return ()


def terms_in(term: Term) -> Iterator[Term]:
    """A tree and all its parts, what stands on the right first."""
    stack = [term]
    while stack:
        part = stack.pop()
        yield part
        stack.extend(parts_of(part))


HELD = "?x"
"""What stands for the argument of a call in readings between which its shape decides."""


def substituted(term: Term, values: Mapping[str, Term]) -> Term:
    """The term in which trees stand for names; each keeps its own place in the text."""
    if isinstance(term, Name):
        return values.get(term.text, term)
    if isinstance(term, Call):
        arguments = tuple(substituted(a, values) for a in term.arguments)
        return Call(term.function, arguments, tuple((n, substituted(v, values)) for n, v in term.keywords), term.span)
    if isinstance(term, Group):
        return replace(term, items=tuple(substituted(item, values) for item in term.items))
    if isinstance(term, Slice):
        start, stop = (None if t is None else substituted(t, values) for t in (term.start, term.stop))
        return replace(term, start=start, stop=stop)
    return term


class Extent(NamedTuple):
    """One axis of a name, and its size."""

    name: str
    axis: int
    size: str


@record(frozen=True, slots=True)
class Definition:
    """`name = value`; a bare expression has no name."""

    name: str | None
    value: Term
    source: str
    doubts: tuple[Doubt, ...] = ()
    """What its reader was not sure of."""
    notation: str = ""
    """What it was typed in, where that is not the language."""
    read: str = ""
    """What was read then, in the language."""
    default: bool = False
    """Whether it is the default of a parameter, which a declaration of its name replaces."""
    orders: tuple[tuple[str, int], ...] = ()
    """The number of axes that names have in this reading, where nothing else says it."""
    settled: frozenset[str] = frozenset()
    """The names among them of which an index says it."""
    own: frozenset[str] = frozenset()
    """Names that are variables, whatever numbers or functions are called so."""
    extents: tuple[Extent, ...] = ()
    """How many entries names have, because a sum runs over all of them."""
    losses: tuple[Call, ...] = ()
    """Losses of libraries as they were called, where the value holds what they are instead."""
    left_out: LeftOut | None = field(default=None, compare=False, repr=False)
    """Parameters that are what their default is, and how all is read where they are variables instead."""
    terms: tuple[Term, ...] = field(init=False, repr=False, compare=False)
    """The value and all its parts, what stands on the right first."""
    names: tuple[Name, ...] = field(init=False, repr=False, compare=False)
    """The names in the value that stand for values or sizes, from left to right, each wherever it stands."""
    calls: tuple[Call, ...] = field(init=False, repr=False, compare=False)
    """The functions and operators that are applied in the value, what stands on the right first."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple(terms_in(self.value)))
        object.__setattr__(self, "names", tuple([t for t in reversed(self.terms) if isinstance(t, Name)]))
        object.__setattr__(self, "calls", tuple([t for t in self.terms if isinstance(t, Call)]))


class LeftOut(NamedTuple):
    """Parameters that are left out, and what reads the statements again where some of them are variables."""

    names: frozenset[str]
    again: Callable[[frozenset[str]], list[Definition]]


class Declaration(NamedTuple):
    """`W: 8, 20` in a file, or `-s W=8,20`: the sizes of a variable, as typed."""

    name: str
    sizes: tuple[Term, ...]
    source: str


class Assumption(NamedTuple):
    """`assume S: spd` in a file, or `--assume S=spd`: one fact about the values of a variable, as typed."""

    name: str
    fact: str
    source: str
    span: Span
