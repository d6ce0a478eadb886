"""One statement typed, and the names in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from jacobian_cli.elaborate.builder import Builder
from jacobian_cli.elaborate.options import OrderError, Scope
from jacobian_cli.expr import Expr
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.rules import described
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import LETTERS
from jacobian_cli.syntax.tree import (
    LITERAL,
    Call,
    Definition,
    Group,
    Literal,
    Name,
    Term,
    Text,
    parts_of,
    terms_in,
)

_LONGEST = 100
"""Formulas as long as this are quoted whole."""
_NO_NUMBERS = frozenset("nan NaN NAN NA Inf Infinity true false TRUE FALSE NULL".split())
"""Constants of other notations, of which no derivative is taken."""


def as_numbers(left: Term, right: Term, assumed: Mapping[str, int]) -> str:
    """How to declare numbers among the names of two vectors beside each other: those that scale the other, or all."""
    one, other = (list(dict.fromkeys(names_in(term))) for term in (left, right))
    declared = [f"`-s {name}=()`" for name in dict.fromkeys((*one, *other)) if assumed.get(name) == 1]
    every = " ".join(declared[:4])
    if not one or {assumed.get(name) for name in one} != {1} or not len(one) < len(declared) < 5:
        return f"for numbers declare {every}"
    said = f"{', '.join(one)} {'is a number' if len(one) == 1 else 'are numbers'}"
    return f"where {said} declare {' '.join(declared[: len(one)])}, where all are {every}"


def typed_statement(statement: Definition, scope: Scope, declared: Mapping[str, Shape]) -> Expr:
    """One statement typed, of the shape that was declared of its name."""
    try:
        body = Builder(scope, statement.source).build(statement.value)
    except OrderError as error:
        rows = None if statement.notation else _with_rows(statement, scope)
        if rows is None or not error.message.startswith("@ does not take a vector"):
            raise
        hint = f"a vector is a column, its row is `x.T`: `{rows}`"
        raise OrderError(error.message, text=error.text, span=error.span, hint=hint) from None
    wanted = declared.get(statement.name or "")
    if wanted is not None and not (
        len(wanted) == len(body.shape)
        and all(scope.unifier.unify(a, b) for a, b in zip(wanted, body.shape, strict=True))
    ):
        raise InputError(
            f"{statement.name} is declared as {described(wanted)} and is {described(body.shape)}",
            text=statement.source,
            span=statement.value.span,
        )
    return body


def _with_rows(statement: Definition, scope: Scope) -> str | None:
    """The text with the transposes that NumPy does without where a vector stands before @."""
    source, ends = statement.source, set[int]()
    for term in statement.terms:
        name = term.arguments[0] if isinstance(term, Call) and term.function == "@" else None
        if isinstance(name, Call) and name.function == "*" and isinstance(name.arguments[0], Literal):
            name = name.arguments[1]  # 2*b@A@x
        if isinstance(name, Name):
            value = scope.values.get(name.text)
            if value is not None and len(value.shape) == 1:
                ends.add(name.span.stop)
    for end in sorted(ends, reverse=True):
        source = source[:end] + ".T" + source[end:]
    return " ".join(source.split()) if ends and len(source) < _LONGEST else None


def unknown_functions(statements: Iterable[Definition]) -> list[InputError]:
    """The calls of functions that there are none of, for which nothing need be typed."""
    found: list[InputError] = []
    for statement in statements:
        builder = Builder(Scope({}), statement.source)
        stack: list[Term] = [statement.value]
        while stack:
            term = stack.pop()
            stack.extend(reversed(parts_of(term)))
            if isinstance(term, Call) and term.function.isidentifier():
                try:
                    builder.row(term)
                except InputError as error:
                    found.append(error)
    return found


def no_values(statements: Sequence[Definition], known: set[str]) -> list[InputError]:
    """What is no value where one belongs, unless it was declared as a variable: `nan`, and names of functions."""
    found = []
    for statement in statements:
        for place in statement.names:
            name = place.text
            if name in known:
                continue
            if name in _NO_NUMBERS:
                message = f"{name} is no number of the language"
                hint = f"if it is a variable of yours, declare it: `-s {name}=()`"
            elif statement.notation not in PYTHON and name not in LETTERS and (name in FUNCTIONS or name in ALIASES):
                message = f"'{name}' is a function, and a value belongs here"
                hint = f"apply it, {_applied(name)}; or, if it is a variable of yours, declare it: `-s {name}=n`"
            else:
                continue
            found.append(InputError(message, text=statement.source, span=place.span, hint=hint))
    return found


PYTHON = frozenset(("numpy", "torch", "jax", "function"))
"""Notations of code, in which functions of a library have its name before theirs, and arrays of one axis are neither
rows nor columns.
"""


def _applied(name: str) -> str:
    """A call of a function, to paste."""
    row = FUNCTIONS[ALIASES.get(name, name)]
    example = row.example or f"{name}({', '.join(p for p in row.parameters if p not in row.defaults)})"
    return f"`{example}`"


def subscripted(statements: Iterable[Definition]) -> dict[str, int]:
    """The names for which subscripts say how many axes they have: `einsum("bij,bj->bi", A, x)`."""
    found: dict[str, int] = {}
    for statement in statements:
        for call in statement.calls:
            match call:
                case Call(arguments=(Text(value=subscripts), *operands)) if "..." not in subscripts:
                    for letters, part in zip(subscripts.partition("->")[0].split(","), operands, strict=False):
                        if isinstance(part, Name):
                            found.setdefault(part.text, len(letters.strip()))
    return found


def picked_whole(statements: Sequence[Definition]) -> dict[str, int]:
    """The vectors of which a formula with lists picks every entry up to the last, and does nothing else with them: how
    many entries they have. `[p[0] + v*cos(p[2]), p[1] + v*sin(p[2]), p[2] + w]` speaks of three.
    """
    if not any(call.function == "[]" for statement in statements for call in statement.calls):
        return {}
    terms = [statement.value for statement in statements]
    picks: dict[str, set[Fraction]] = {}
    lists, whole = False, set[str]()
    while terms:
        match terms.pop():
            case Call(function="[]", arguments=(Name(text=name), Group(items=(Literal(value=place),)))):
                picks.setdefault(name, set()).add(place)
            case Name(text=name):
                whole.add(name)
            case term:
                lists = lists or _is_list(term)
                terms.extend(parts_of(term))
    counts = {name: len(places) for name, places in picks.items() if lists and name not in whole}
    return {
        name: count for name, count in counts.items() if count > 1 and picks[name] == set(map(Fraction, range(count)))
    }


def _is_list(term: Term) -> bool:
    return (isinstance(term, Group) and term.square) or (isinstance(term, Call) and term.function == LITERAL)


def named_places(term: Term) -> Iterable[tuple[str, Span]]:
    """The names in a tree that stand for values or sizes, left to right."""
    return [(part.text, part.span) for part in reversed(list(terms_in(term))) if isinstance(part, Name)]


def turned_names(statement: Definition) -> frozenset[str]:
    """The names that are transposed somewhere, or stand before what they are dotted with, as numbers do not."""
    calls = [term for term in terms_in(statement.value) if isinstance(term, Call)] if statement.notation else []
    turned = [call.arguments[0] for call in calls if call.function in ("?T", ".T")]
    return frozenset(term.text for term in turned if isinstance(term, Name)) | projected(calls)


def projected(terms: Iterable[Term]) -> frozenset[str]:
    """The names on both sides of a bracket as n in n(n·v): directions, on which something is projected."""
    return frozenset(name for name, _ in projections(terms))


def projections(terms: Iterable[Term]) -> Iterator[tuple[str, Call]]:
    """The directions of projections, each with its dot product."""
    for term in terms:
        if isinstance(term, Call) and term.function == "?beside":
            for pair in pairwise(term.arguments):
                for one, dotted in (pair, pair[::-1]):
                    if isinstance(one, Name) and isinstance(dotted, Call) and dotted.function in ("?dot", "?inner"):
                        names = [part.text for part in dotted.arguments if isinstance(part, Name)]
                        yield from ((name, dotted) for name in names if name == one.text)


def names_in(term: Term) -> list[str]:
    """The names in a tree, each once."""
    return list(dict.fromkeys(name for name, _ in named_places(term)))
