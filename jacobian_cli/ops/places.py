"""Variables that hold places, whole numbers counted from 0: they pick entries; nothing is differentiated by them."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

from jacobian_cli.expr import Apply, Defined, Expr, Number, Variable, nodes
from jacobian_cli.ops.facts import PLACES
from jacobian_cli.ops.identities import held
from jacobian_cli.ops.read import called_in
from jacobian_cli.ops.row import Kind, Row
from jacobian_cli.ops.table import FUNCTIONS, PRESUMED
from jacobian_cli.shape import Size
from jacobian_cli.syntax.errors import InputError


def places_of(roots: Iterable[Expr]) -> dict[str, list[Size]]:
    """The variables that hold places, and how many entries there are where each picks one.

    >>> n, k = Size.named("n"), Size.named("k")
    >>> table, words = Variable("W", (n, Size.number(3))), Variable("i", (k,))
    >>> places_of([Apply("take", (table, words), (("axis", (0,)),), (k, Size.number(3)))])
    {'i': [n]}
    """
    found: dict[str, list[Size]] = {}
    for node in nodes(*roots):
        if isinstance(node, Apply) and FUNCTIONS[node.function].places:
            for name, argument in zip(FUNCTIONS[node.function].parameters, node.arguments, strict=True):
                if name in FUNCTIONS[node.function].places:
                    for holder in _holders(argument) or ():
                        found.setdefault(holder, []).append(_among(node))
    return found


def place_letters(roots: Iterable[Expr]) -> list[str]:
    """The size symbols that pick an entry and are the length of no axis: they may be 0.

    >>> n = Size.named("n")
    >>> place_letters([Apply("[]", (Variable("x", (n,)),), (("index", (Size.named("k"),)),), ())])
    ['k']
    """
    found = nodes(*roots)
    lengths = {name for node in found for size in node.shape for name in size.names()}
    items = [item for node in found if isinstance(node, Apply) for item in dict(node.parameters).get("index", ())]
    letters = dict.fromkeys(name for item in items if isinstance(item, Size) for name in item.names())
    return [name for name in letters if name not in lengths]


def no_slope(name: str, others: Iterable[str], text: str) -> InputError:
    """What to say where a derivative by places is asked for."""
    return InputError(
        f"{name} holds places, and by whole numbers nothing is differentiated",
        text=text,
        hint=f"differentiate by {next(iter(others), 'another variable')}",
    )


def _among(node: Apply) -> Size:
    """How many entries a place is one of."""
    options: dict[str, Any] = dict(node.parameters)
    if "count" in options:
        count: Size = options["count"]
        return count
    size: Size = node.arguments[0].shape[options.get("axis", (0,))[0]]
    return size


def constant_pieces(roots: Iterable[Expr]) -> dict[str, str]:
    """The functions that are constant, or put entries in an order that stays, at all but some points, and the reason.

    >>> constant_pieces([Apply("floor", (Variable("x", ()),), (), ())])
    {'floor': 'it is constant between its jumps'}
    """
    names = dict.fromkeys(node.function for node in nodes(*roots) if isinstance(node, Apply))
    return {
        name: FUNCTIONS[name].law.why for name in names if FUNCTIONS[name].law.why and _is_constant(FUNCTIONS[name])
    }


def presumed(roots: Iterable[Expr], symmetric: Container[str]) -> dict[str, str]:
    """What functions of matrices take for granted of variables that are not declared symmetric.

    >>> n = Size.named("n")
    >>> presumed([Apply("sqrtm", (Variable("A", (n, n)),), (), (n, n))], ())
    {'sqrtm': 'only the symmetric part of A enters, which must be positive definite'}
    """
    found: dict[str, str] = {}
    for node in nodes(*roots):
        if isinstance(node, Apply) and (said := PRESUMED.get(node.function)):
            free = [a.name for a in node.arguments if isinstance(a, Variable) and a.name not in symmetric]
            if free:
                found[node.function] = said.format(" and ".join(free))
    return found


def _is_constant(entry: Row) -> bool:
    if entry.kind is Kind.ELEMENTWISE and entry.kinks and "0" in entry.derivative:
        return entry.called
    inner = {function for text in entry.derivative if text for function in called_in(text)}
    return any(PLACES in held(name) or (entry.kinks and _is_constant(FUNCTIONS[name])) for name in inner)


def is_whole(expr: Expr) -> bool:
    """Whether a value can hold places: a variable, numbers, the order of entries, or these rearranged."""
    return _holders(expr) is not None


def _holders(root: Expr) -> list[str] | None:
    """The variables that a value takes its places from; None where arithmetic made it."""
    found: dict[Expr, list[str] | None] = {}
    for node in nodes(root):  # each once, however often it is used
        found[node] = None
        match node:
            case Variable(name=name):
                found[node] = [name]
            case Number(value=value) if value.denominator == 1:
                found[node] = []
            case Defined(body=body):
                found[node] = found[body]
            case Apply(function=function, arguments=arguments):
                parts = [found[argument] for argument in arguments]
                if PLACES in held(function) or not arguments:
                    found[node] = []
                elif FUNCTIONS[function].moves and None not in parts:
                    found[node] = list(dict.fromkeys(name for part in parts for name in part or ()))
    return found[root]
