"""Definitions in the order in which they are used, and the names in them that are sizes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from jacobian_cli.elaborate.builder import CONSTANTS
from jacobian_cli.elaborate.terms import COUNTED
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.identities import COMPARED
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import LETTERS
from jacobian_cli.syntax.tree import Call, Definition, Group, Literal, Name, Term, Text, parts_of

_KEPT = frozenset(CONSTANTS) - {"e"}
"""Constants that derivatives are written with, so that no definition may have their names."""


def size_names(
    statements: Sequence[Definition], declared: Mapping[str, Shape], places: Collection[str] = ()
) -> dict[str, Size]:
    """Names that are sizes: those in declared shapes, and those where only a size can stand."""
    found = {name: Size.named(name) for shape in declared.values() for size in shape for name in size.names()}
    defined = {statement.name for statement in statements}
    for statement in statements:
        found.update((extent.size, Size.named(extent.size)) for extent in statement.extents)
        stack = [statement.value]
        while stack:
            term = stack.pop()
            if isinstance(term, Group):
                stack.extend(term.items)
            match term:
                case Call(function="?over", arguments=(_, _, Text(value=limit), _)) if limit.isidentifier():
                    found.update({limit: Size.named(limit)} if limit not in defined else {})
            if not isinstance(term, Call):
                continue
            row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
            if row is None or not (row.options or row.reads):
                stack.extend(parts_of(term))
                continue
            options = row.options
            sized: tuple[Term, ...] = ()
            if "sizes" in options:
                sized = term.arguments
            elif "shape" in options:
                sized = term.arguments[1:]
            elif "index" in options:
                sized = _group(term.arguments[1])
            elif row.reads or "count" in options:
                behind = () if row.parameters[-1:] == ("...",) else term.arguments[len(row.parameters) :]
                free = [option for option in options if option not in dict(term.keywords)]
                told = (*zip(free, behind, strict=False), *term.keywords)
                sized = tuple(value for name, value in told if name in {*options} - {*row.values})
            for part in sized:
                found.update((name, Size.named(name)) for name in _measures(part) if name not in (*declared, *places))
            stack.extend(t for t in term.arguments if t not in sized)
            stack.extend(t for _, t in term.keywords)
    return found


def _measures(term: Term) -> Iterator[str]:
    """The names in a size, but for those of arrays whose entries are counted: of X in X.shape[0]."""
    stack = [term]
    while stack:
        part = stack.pop()
        if isinstance(part, Name):
            yield part.text
        elif not (isinstance(part, Call) and part.function in COUNTED):
            stack.extend(parts_of(part))


def _group(term: Term) -> tuple[Term, ...]:
    """The items of an index that are numbers or sizes; a call gives places."""
    items = term.items if isinstance(term, Group) else (term,)
    return tuple(
        item
        for item in items
        if not (isinstance(item, Call) and (item.function.isidentifier() or item.function in COMPARED))
    )


def _want_value(name: str, statement: Definition) -> None:
    """Refuse `X=n,d` among formulas: sizes stand where a value does."""
    value = statement.value
    if isinstance(value, Group) and not value.square and all(isinstance(item, Name | Literal) for item in value.items):
        items = list(map(_size_text, value.items))
        raise InputError(
            f"these are sizes of {name}, and no value",
            text=statement.source,
            span=value.span,
            hint=f"a shape is declared: `-s {name}={','.join(items)}`; entries are listed: `[{', '.join(items)}]`",
        )


def _size_text(item: Term) -> str:
    return item.text if isinstance(item, Name) else str(item.value) if isinstance(item, Literal) else ""


def _named_apart(statements: Sequence[Definition]) -> Sequence[Definition]:
    """The statements; the last may be called like a function that none of them calls: mse = mean(…)."""
    last = statements[-1] if statements else None
    if last is None or last.notation not in ("matlab", "julia") or last.name not in FUNCTIONS or last.name in LETTERS:
        return statements
    used = {call.function for s in statements for call in s.calls}
    used |= {name.text for s in statements for name in s.names}
    return statements if last.name in used else [*statements[:-1], replace(last, name=f"{last.name}_")]


def result_last(statements: Sequence[Definition]) -> list[Definition]:
    """The statements, what they define last, as far as that can be told: where others use the last one, and all but one
    are used, that one is meant. `L = y.T@y, y = W@x` is typed from the result down.
    """
    used = {name.text for statement in statements for name in statement.names}
    results = [statement for statement in statements if statement.name not in used]
    if len(results) != 1 or not statements or statements[-1] is results[0]:
        return list(statements)
    return [*(statement for statement in statements if statement is not results[0]), results[0]]


def in_order(statements: Sequence[Definition]) -> tuple[list[Definition], Definition]:
    """The definitions sorted so that each comes after those it uses; cycles and second definitions refused."""
    by_name: dict[str, Definition] = {}
    statements = _named_apart(statements)
    for statement in statements:
        if statement.name is None:
            continue
        _want_value(statement.name, statement)
        if statement.name in by_name:
            raise InputError(
                f"'{statement.name}' is defined twice",
                text=statement.source,
                span=_name_span(statement),
                hint="give the second one a name of its own",
            )
        if (statement.name in FUNCTIONS and statement.name not in LETTERS) or statement.name in _KEPT:
            raise InputError(
                f"'{statement.name}' already has a meaning",
                text=statement.source,
                span=_name_span(statement),
                hint="give what is defined another name",
            )
        by_name[statement.name] = statement
    if not statements:
        raise InputError("there is no formula", hint='type one, as in `jac derive "W@x + b" --wrt W`')
    *others, last = statements
    for statement in others:
        if statement.name is None:
            raise InputError(
                "only the last formula may be without a name",
                text=statement.source,
                span=statement.value.span,
                hint="name it, as in `z = W@x`; jac chain reads formulas without names as f∘g",
            )
    ordered: list[Definition] = []
    state: dict[str, bool] = {}  # False while its parts are being visited
    roots = [s for s in statements if s is not last] + [last]
    for root in roots:
        stack: list[tuple[Definition, bool]] = [(root, False)]
        while stack:
            statement, done = stack.pop()
            if done:
                ordered.append(statement)
                state[statement.name or ""] = True
                continue
            if statement.name:
                if statement.name in state:
                    continue
                state[statement.name] = False
            stack.append((statement, True))
            for place in statement.names:
                name = place.text
                needed = by_name.get(name)
                if needed is None or state.get(name) is True:
                    continue
                if state.get(name) is False and any(s is needed and d for s, d in stack):
                    raise InputError(
                        f"'{name}' is defined by way of itself",
                        text=statement.source,
                        span=place.span,
                        hint=f"break the circle {_circle(name, [s.name or '' for s, d in stack if d])}",
                    )
                stack.append((needed, False))
    return ordered, last


def _circle(name: str, visited: Sequence[str]) -> str:
    """z → h → z: each is defined by way of the next."""
    return " → ".join((*visited[visited.index(name) :], name))


def _name_span(statement: Definition) -> Span:
    at = statement.source.find(statement.name or "")
    return Span(max(at, 0), max(at, 0) + len(statement.name or ""))
