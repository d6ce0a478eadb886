"""Trees that are made of trees: calls, their texts to paste, and sizes in the signs of the language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.parser import parse
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Group, Literal, Name, Slice, Term, parts_of


def unclear(term: Term) -> bool:
    """Whether anything in a tree is left to shapes."""
    stack = [term]
    while stack:
        part = stack.pop()
        if isinstance(part, Call) and part.function[0] == "?":
            return True
        stack.extend(parts_of(part))
    return False


def span_of(left: Term, right: Term, span: Span) -> Span:
    start, stop = left.span.start, right.span.stop
    return Span(start, stop) if start < stop else span


def call_of(function: str, *parts: Term) -> Call:
    return Call(function, parts, (), parts[0].span)


def inner_text(left: Term, right: Term) -> str:
    return spelled(call_of("@", call_of(".T", left), right))


def outer_text(left: Term, right: Term) -> str:
    return spelled(call_of("@", left, call_of(".T", right)))


def upright(row: Term) -> Term:
    """A row as a column: Aᵀα of αᵀA."""
    match row:
        case Call(function=".T", arguments=(inner,)):
            return inner
        case Call(function="@", arguments=(left, right)):
            turned = right.arguments[0] if isinstance(right, Call) and right.function == ".T" else call_of(".T", right)
            return call_of("@", turned, upright(left))
    return call_of(".T", row)


def summands(term: Term) -> list[Term]:
    """The terms of a sum."""
    if isinstance(term, Call) and term.function in ("?plus", "?minus"):
        return [part for argument in term.arguments for part in summands(argument)]
    return [term]


def times_text(left: Term, right: Term) -> str:
    return spelled(call_of("*", left, right))


def unindexed(term: Term) -> Iterator[str]:
    """The names in a tree that carry no index."""
    stack = [term]
    while stack:
        part = stack.pop()
        if isinstance(part, Name):
            yield part.text
        elif not (isinstance(part, Call) and part.function == "?entry"):
            stack.extend(parts_of(part))


def sizes_of(term: Term) -> list[Term]:
    """Sizes as they are printed, `n × 2m`, with the signs of the language."""
    if isinstance(term, Call) and term.function == "?cross":
        return [s for part in term.arguments for s in sizes_of(part)]
    return [_size(term)]


_SIGNS = {"?beside": "*", "?plus": "+", "?minus": "-", "?power": "**", "?dot": "*", "?star": "*"}


def _size(term: Term) -> Term:
    match term:
        case Call(function=function, arguments=arguments, span=span):
            parts = [_size(part) for part in arguments]
            total = parts[0]
            for part in parts[1:]:
                total = Call(_SIGNS.get(function, function), (total, part), (), span)
            return total if len(parts) > 1 else Call(function, (total,), (), span)
        case Group(items=items, span=span):
            return Group(tuple(_size(item) for item in items), span)
        case Slice(start=start, stop=stop, span=span, step=step):
            return Slice(None if start is None else _size(start), None if stop is None else _size(stop), span, step)
    return term


def placed(term: Term, span: Span) -> Term:
    match term:
        case Name(text=text):
            return Name(text, span)
        case Call(function=function, arguments=arguments):
            return Call(function, tuple(placed(part, span) for part in arguments), (), span)
        case Literal(value=value):
            return Literal(value, span)
    raise AssertionError(term)


def spelled_out(text: str, given: Mapping[str, Term], span: Span) -> Term:
    """A text of the language with terms for its names."""

    def filled(term: Term) -> Term:
        match term:
            case Name(text=name) if name in given:
                return given[name]
            case Call(function=function, arguments=arguments, keywords=keywords):
                return Call(function, tuple(map(filled, arguments)), keywords, span)
        return term

    return filled(parse(text))


def unsigned(term: Term) -> Term:
    """A part without the minus before it."""
    while isinstance(term, Call) and term.function == "u-":
        (term,) = term.arguments
    return term
