"""Expressions as C can loop over them: what is short for a definition is spelled out, and products of many factors are
taken two at a time, in the order that costs least.
"""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_letters

from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.evaluate.pairwise import plan
from jacobian_cli.expr import Apply, Defined, Expr, Variable, rebuild, visible, with_parts
from jacobian_cli.ops import Kind, Row, row
from jacobian_cli.ops.rules import parsed
from jacobian_cli.printers.c.entries import unwritten
from jacobian_cli.printers.c.target import MATRICES
from jacobian_cli.printers.numpy.products import factors
from jacobian_cli.shape import ONE, Shape, Size

Lengths = Callable[[Shape], tuple[int, ...]]


def spelled(expr: Expr, lengths: Lengths) -> Expr:
    """The same value, in functions that have loops of their own; names are not entered."""
    made: dict[Expr, Expr] = {}
    for node in visible(expr):
        if isinstance(node, Defined):
            made[node] = node
            continue
        found = with_parts(node, made) if node.children else node
        if isinstance(found, Apply):
            found = _spelled(found, lengths)
        made[node] = found
    return made[expr]


def _spelled(node: Apply, lengths: Lengths) -> Expr:
    entry = row(node.function)
    if entry.kind is Kind.FORMULA or (entry.kind is Kind.CORE and entry.definition and entry.name not in MATRICES):
        return spelled(_meant(node, entry), lengths)
    if "subscripts" in entry.options and len(node.arguments) > 2:
        return _pairs(node, dict(node.parameters)["subscripts"], list(node.arguments), lengths)
    if node.function == "@" and len(chain := factors(node)) > 2 and (subscripts := _subscripts(node, chain)):
        return _pairs(node, subscripts, chain, lengths)
    return node


def _meant(node: Apply, entry: Row) -> Expr:
    """The definition of a function, of these arguments. Raises `LackingError` for a batch of them."""
    shapes = tuple(argument.shape for argument in node.arguments)
    matrix = entry.kind is Kind.CORE
    if matrix and len(shapes[0]) != len(parsed(entry.signatures[0])[0][0]):
        raise unwritten(entry.name)
    body = meaning(
        entry.steady or entry.definition, entry.parameters, shapes, next(iter(shapes[0]), None) if matrix else None
    )
    given = dict(zip(entry.parameters, node.arguments, strict=True))
    return rebuild(body, lambda part: given.get(part.name) if isinstance(part, Variable) else None)


def _subscripts(node: Apply, chain: list[Expr]) -> str:
    """A product of matrices, of which the last may be a vector, in index notation; nothing for others."""
    *front, last = chain
    if any(len(f.shape) != 2 for f in front) or len(last.shape) not in (1, 2) or len(chain) > len(ascii_letters) - 1:
        return ""
    parts = [ascii_letters[k : k + len(f.shape)] for k, f in enumerate(chain)]
    whole = parts[0][0] + parts[-1][1:]
    output = whole if len(node.shape) == len(whole) else whole[1:] if chain[0].shape[0] is ONE else ""
    return f"{','.join(parts)}->{output}" if len(output) == len(node.shape) else ""


def _pairs(node: Apply, subscripts: str, at_hand: list[Expr], lengths: Lengths) -> Expr:
    long = {
        letter: size
        for letters, part in zip(subscripts.split("->", maxsplit=1)[0].split(","), at_hand, strict=True)
        for letter, size in zip(letters, part.shape, strict=True)
    }
    for step in plan(subscripts, tuple(lengths(part.shape) for part in at_hand)):
        shape: tuple[Size, ...] = tuple(long[letter] for letter in parsed(step.subscripts)[1])
        made = Apply("einsum", tuple(at_hand[k] for k in step.places), (("subscripts", step.subscripts),), shape)
        at_hand = [part for k, part in enumerate(at_hand) if k not in step.places] + [made]
    return at_hand[0]
