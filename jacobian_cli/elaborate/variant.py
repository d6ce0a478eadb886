"""Calls with options that make another function of a row: `var(x, ddof=1)`, `norm(x, ord=1)`, `tril(A, k=-1)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jacobian_cli.expr import Expr
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.rules import reduced_axes
from jacobian_cli.ops.table import WORDS
from jacobian_cli.shape import Shape, Size, product
from jacobian_cli.syntax.tree import Call, Flag, Literal, Name, Term, Text


def positional(row: Row, call: Call) -> Call:
    """A call with its parameters in their places: `huber(x, a=2)`, or by the word that other libraries have for it,
    `huber(x, delta=2)`.
    """
    names = row.parameters
    if row.second and len(call.arguments) == len(names) + 1 and next(iter(row.second)) not in dict(call.keywords):
        *arguments, last = call.arguments
        keywords = (*call.keywords, (next(iter(row.second)), last))
        call = replace(call, arguments=tuple(arguments), keywords=keywords)
    given = len(call.arguments)
    if not call.keywords or names[-1:] == ("...",):
        return call
    only = [name for name in names if name in row.defaults]
    words = dict.fromkeys(WORDS, only[0]) if len(only) == 1 else {}
    known = {name: term for name, term in call.keywords if words.get(name, name) in names}
    placed = {words.get(name, name): term for name, term in known.items()}
    behind = [placed[name] for name in names[given:] if name in placed]
    if len(behind) < len(call.keywords) and len(behind) < len(known):
        return call
    if any(name not in placed and name not in row.defaults for name in names[given:]):
        return call
    kept = tuple(pair for pair in call.keywords if pair[0] not in known)
    return replace(call, arguments=(*call.arguments, *behind), keywords=kept)


def taken_out(row: Row, call: Call) -> tuple[str, Term, Call] | None:
    """The option of a call that makes another function of its row, its value, and the call without it."""
    given = dict(call.keywords)
    for name in options_of(row):
        if name in given:
            others = tuple(pair for pair in call.keywords if pair[0] != name)
            return name, given[name], replace(call, keywords=others)
    return None


def options_of(row: Row) -> dict[str, None]:
    """The options that make another function of a row, the outermost first."""
    return dict.fromkeys(key.split("=")[0].rstrip("<>0 ") for key in row.given)


def handed_on(tree: Term, options: tuple[tuple[str, Term], ...]) -> Term | None:
    """A text with further options at the function in it that takes them all; None where none does."""
    if not options:
        return tree
    if not isinstance(tree, Call):
        return None
    row = FUNCTIONS.get(tree.function)
    if row is not None and {name for name, _ in options} <= options_of(row).keys():
        return replace(tree, keywords=(*tree.keywords, *options))
    for place, part in enumerate(tree.arguments):
        if (found := handed_on(part, options)) is not None:
            return replace(tree, arguments=(*tree.arguments[:place], found, *tree.arguments[place + 1 :]))
    return None


def text_for(row: Row, name: str, term: Term, *, matrix: bool) -> str | None:
    """What a row is read as where an option has this value; None where there is nothing for it."""
    keys = [f"{name}={_spelled(term)}", name]
    if isinstance(term, Literal) and term.value.denominator == 1 and term.value:
        keys.insert(1, f"{name}{'>' if term.value > 0 else '<'}0")
    special = any(key.endswith(" of matrices") for key in row.given)
    if matrix and special:
        keys = [f"{key} of matrices" for key in keys]
    text = next((row.given[key] for key in keys if key in row.given), None)
    return text and text.replace(f"{{{name}}}", _spelled(term).lstrip("-"))


def _spelled(term: Term) -> str:
    match term:
        case Literal(value=value):
            return str(value)
        case Name(text=text):
            return text
        case Text(value=text):
            return text
        case Flag(value=value):
            return str(value)
        case Call(function="u-", arguments=(inner,)):
            return f"-{_spelled(inner)}"
    return ""


def along(row: Row, shape: Shape, options: Mapping[str, Any]) -> dict[str, Any]:
    """The axis and `keepdims` of the reductions in the text of a row, where they must be said."""
    if row.kind is Kind.ROW:
        return {"axis": options.get("axis", (-1,)), "keepdims": True} if len(shape) > 1 else {}
    return {name: options[name] for name in ("axis", "keepdims") if name in options}


def counts(row: Row, argument: Expr, options: dict[str, Any]) -> dict[str, Size]:
    """What the text of a row calls sizes: `N` the entries that it runs over, `n` and `m` those of matrices."""
    axes = reduced_axes(argument.shape, {"axis": (-1,), **options} if row.kind is Kind.ROW else options)
    found = {"N": product(argument.shape[axis] for axis in axes)}
    return {**found, **dict(zip(("n", "m"), argument.shape[-2:], strict=False))}
