"""Calls with options that make another function of a row: `var(x, ddof=1)`, `norm(x, ord=1)`, `tril(A, k=-1)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jacobian_cli.expr import Expr
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.read import read
from jacobian_cli.ops.rules import reduced_axes
from jacobian_cli.ops.table import SPELLED, WORDS
from jacobian_cli.shape import Shape, Size, product
from jacobian_cli.syntax.tree import Call, Flag, Literal, Name, Term, Text


def positional(row: Row, call: Call) -> Call:
    """A call with its parameters in their places: `huber(x, a=2)`, or by the word that other libraries have for it,
    `huber(x, delta=2)`.
    """
    names = row.parameters
    if not dict(call.keywords).keys().isdisjoint(SPELLED):
        own = {*names, *options_of(row)} - {name for name, _ in call.keywords}
        renamed = [(SPELLED[n] if SPELLED.get(n) in own else n, value) for n, value in call.keywords]
        call = replace(call, keywords=tuple(renamed))
    further = call.arguments[len(names) :] if names[-1:] != ("...",) else ()
    if 0 < len(further) <= len(row.second) and not dict(call.keywords).keys() & {*list(row.second)[: len(further)]}:
        keywords = (*call.keywords, *zip(row.second, further, strict=False))
        call = replace(call, arguments=call.arguments[: len(names)], keywords=keywords)
    count = len(call.arguments)
    if not call.keywords or names[-1:] == ("...",):
        return call
    only = [name for name in names if name in row.defaults]
    words = dict.fromkeys(WORDS, only[0]) if len(only) == 1 else {}
    known = {name: term for name, term in call.keywords if words.get(name, name) in names}
    placed = {words.get(name, name): term for name, term in known.items()}
    furthest = max((names.index(name) for name in placed), default=0)
    terms = {name: read(row.defaults[name]) for name in only} | placed
    behind = [terms[name] for name in names[count : furthest + 1] if name in terms]
    if len(behind) < len(call.keywords) and len(behind) < len(known):
        return call
    if any(name not in placed and name not in row.defaults for name in names[count:]):
        return call
    kept = tuple(pair for pair in call.keywords if pair[0] not in known)
    return replace(call, arguments=(*call.arguments, *behind), keywords=kept)


def without(row: Row, call: Call) -> tuple[str, dict[str, Term]] | None:
    """What a call is read as in which one parameter is left out, or None, and the terms of the others."""
    given = {**dict(zip(row.parameters, call.arguments, strict=False)), **dict(call.keywords)}
    given = {name: term for name, term in given.items() if not (isinstance(term, Flag) and term.value is None)}
    given.pop("axis", None)
    missing = [name for name in row.parameters if name not in given]
    if len(missing) != 1 or not given.keys() <= set(row.parameters) or len(call.arguments) > len(row.parameters):
        return None
    text = row.given.get(f"without {missing[0]}")
    return None if text is None else (text, given)


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
