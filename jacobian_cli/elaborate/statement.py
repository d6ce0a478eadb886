"""One statement typed, and the names in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jacobian_cli.elaborate.builder import Builder
from jacobian_cli.elaborate.options import Scope
from jacobian_cli.expr import Expr
from jacobian_cli.ops.rules import described
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.tokens import parts_of
from jacobian_cli.syntax.tree import Call, Definition, Group, Name, Slice, Term


def typed_statement(statement: Definition, scope: Scope, declared: Mapping[str, Shape]) -> Expr:
    """One statement typed, of the shape that was declared of its name."""
    body = Builder(scope, statement.source).build(statement.value)
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


def named_places(term: Term) -> Iterable[tuple[str, Span]]:
    """The names in a tree that stand for values or sizes, left to right."""
    stack = [term]
    while stack:
        match stack.pop():
            case Name(text=text, span=span):
                yield text, span
            case Call(arguments=arguments, keywords=keywords):
                stack.extend(reversed((*arguments, *(t for _, t in keywords))))
            case Group(items=items):
                stack.extend(reversed(items))
            case Slice(start=start, stop=stop):
                stack.extend(t for t in (stop, start) if t is not None)


def names_in(term: Term) -> list[str]:
    """The names in a tree, each once."""
    return list(dict.fromkeys(name for name, _ in named_places(term)))
