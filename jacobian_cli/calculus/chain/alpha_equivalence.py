"""Layers that are alike: what was worked out for one is that of the next under its names.

A deep network is one formula many times over. Two links are alike when their formulas are the same but for the names
of variables and of sizes; a derivative of the one, with those names changed, is the derivative of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from jacobian_cli.expr import Apply, Defined, Expr, Extent, Variable, nodes, walk
from jacobian_cli.shape import Shape, Size


class Kind(NamedTuple):
    """What a formula is but for its names (`key`, None where sizes are more than names), and its names in order."""

    key: Hashable
    names: tuple[str, ...]
    sizes: tuple[Size, ...]


class Alike:
    """What was worked out so far, by kind of formula. `defined` holds what names mean, and may grow."""

    def __init__(self, defined: Mapping[str, Expr]) -> None:
        self._defined = defined
        self._known: dict[Hashable, tuple[Kind, tuple[str, ...], Sequence[Expr]]] = {}

    def find(
        self, kind: Kind, wanted: Hashable, own: tuple[str, ...], work: Callable[[], Sequence[Expr]]
    ) -> list[Expr]:
        """What `work` would find, or found for a formula of this kind, names meaning what they are defined to mean.
        `own` are further names in it; `wanted` says what is worked out.
        """
        found = self._known.get((kind.key, wanted)) if kind.key is not None else None
        if found is None:
            made = work()
            if kind.key is not None:
                self._known[kind.key, wanted] = kind, own, made
            return renamed(made, {}, {}, self._defined)
        first, first_own, forms = found
        names = dict(zip((*first.names, *first_own), (*kind.names, *own), strict=True))
        sizes = {s.name: t for s, t in zip(first.sizes, kind.sizes, strict=True) if s.name and s is not t}
        return renamed(forms, names, sizes, self._defined)


def kind_of(formula: Expr, ranks: Mapping[str, int]) -> Kind:
    """The kind of a formula. `ranks` say in which order names are written: formulas that differ in it are not alike."""
    places: dict[Expr, int] = {}
    names: dict[str, int] = {}
    sizes: dict[Size, int] = {}
    parts: list[Hashable] = []
    known: dict[tuple[Any, ...], Hashable] = {(): ()}
    simple = True

    def told(item: Any) -> Hashable:
        nonlocal simple
        if isinstance(item, tuple):
            if item not in known:
                known[item] = tuple(map(told, item))
            return known[item]
        if not isinstance(item, Size):
            return item  # type: ignore[no-any-return]  # what a node is made of has any type
        if item.value is not None:
            return item
        simple = simple and item.name is not None
        return ("size", sizes.setdefault(item, len(sizes)))

    for node in nodes(formula):
        places[node] = len(places)
        match node:
            case Variable(name, shape):
                parts.append((names.setdefault(name, len(names)), told(shape)))
            case Apply(function, arguments, parameters, shape):
                parts.append((function, tuple(places[a] for a in arguments), told(parameters), told(shape)))
            case Extent(size):
                parts.append(("extent", told(size)))
            case _:
                parts.append(node)
    order = sorted(names, key=lambda name: ranks.get(name, len(ranks)))
    parts.append(tuple(names[name] for name in order))
    return Kind(tuple(parts) if simple else None, tuple(names), tuple(sizes))


def renamed(
    forms: Sequence[Expr], names: Mapping[str, str], sizes: Mapping[str, Size], defined: Mapping[str, Expr]
) -> list[Expr]:
    """Expressions with other names for variables and sizes, all changed at once; what is `defined` stands for them."""
    made: dict[Expr, Expr] = {}
    known: dict[Shape, Shape] = {}

    def shaped(shape: Shape) -> Shape:
        if shape not in known:
            known[shape] = tuple(size.replace(sizes) for size in shape)
        return known[shape]

    def option(item: Any) -> Any:
        if isinstance(item, tuple):
            return tuple(map(option, item))
        return item.replace(sizes) if isinstance(item, Size) else item

    for node in walk(forms, lambda n: not isinstance(n, Defined)):
        match node:
            case Variable(name, shape):
                name = names.get(name, name)
                made[node] = defined.get(name) or Variable(name, shaped(shape))
            case Defined(name):
                made[node] = defined.get(name, node)
            case Apply(function, arguments, parameters, shape):
                made[node] = Apply(function, tuple(made[a] for a in arguments), option(parameters), shaped(shape))
            case Extent(size):
                made[node] = Extent(size.replace(sizes))
            case _:
                made[node] = node
    return [made[form] for form in forms]
