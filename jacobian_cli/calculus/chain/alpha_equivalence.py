"""Layers that are alike: what was worked out for one is that of the next under its names.

A deep network is one formula many times over. Two links are alike when their formulas are the same but for the names
of variables and of sizes; a derivative of the one, with those names changed, is the derivative of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from jacobian_cli.expr import Apply, Defined, Expr, Extent, Variable, visible
from jacobian_cli.shape import Shape, Size


class Kind(NamedTuple):
    """What a formula is but for its names (`key`, None where sizes are more than names), and its names in order, also
    as variables.
    """

    key: Hashable
    names: tuple[str, ...]
    variables: tuple[Variable, ...]
    sizes: tuple[Size, ...]


class Form(NamedTuple):
    """What was worked out, and the names in it."""

    expr: Expr
    names: frozenset[str]

    @classmethod
    def of(cls, expr: Expr) -> Form:
        """An expression with its names looked up."""
        return cls(expr, frozenset([node.name for node in visible(expr) if isinstance(node, (Variable, Defined))]))


class Alike:
    """What was worked out so far, by kind of formula. `defined` holds what names mean, and may grow."""

    def __init__(self, defined: Mapping[str, Expr]) -> None:
        self._defined = defined
        self._known: dict[Hashable, tuple[Kind, tuple[str, ...], Sequence[Form], Sequence[Expr]]] = {}

    def find(
        self, kind: Kind, wanted: Hashable, own: tuple[str, ...], work: Callable[[], Sequence[Expr]]
    ) -> list[Form]:
        """What `work` would find, or found for a formula of this kind, names meaning what they are defined to mean.
        `own` are further names in it; `wanted` says what is worked out.
        """
        found = self._known.get((kind.key, wanted)) if kind.key is not None else None
        if found is None:
            exprs = work()
            found = kind, own, list(map(Form.of, exprs)), visible(*exprs)
            if kind.key is not None:
                self._known[kind.key, wanted] = found
        first, first_own, forms, parts = found
        names = dict(zip((*first.names, *first_own), (*kind.names, *own), strict=True))
        sizes = {s.name: t for s, t in zip(first.sizes, kind.sizes, strict=True) if s.name and s is not t}
        made = renamed(parts, names, sizes, self._defined)
        return [Form(made[form.expr], frozenset([names.get(n, n) for n in form.names])) for form in forms]


def kind_of(formula: Expr, ranks: Mapping[str, int]) -> Kind:
    """The kind of a formula, in which definitions are variables. `ranks` say in which order names are written: formulas
    that differ in it are not alike.
    """
    places: dict[Expr, int] = {}
    variables: dict[str, Variable] = {}
    numbers: dict[str, int] = {}
    sizes: dict[Size, int] = {}
    shapes: dict[Shape, int] = {}
    parts: list[Hashable] = []

    def size_told(size: Size) -> Hashable:
        return size if size.value is not None else ("size", sizes.setdefault(size, len(sizes)))

    def told(item: Any) -> Hashable:
        if isinstance(item, tuple):
            return tuple(map(told, item))
        return size_told(item) if isinstance(item, Size) else item

    for node in visible(formula):
        places[node] = len(places)
        if isinstance(node, Apply):
            below = tuple([places[a] for a in node.arguments])
            options = node.parameters and told(node.parameters)
            parts.append((node.function, below, options, shapes.setdefault(node.shape, len(shapes))))
        elif isinstance(node, Variable | Defined):
            name, shape = node.name, node.shape
            if name not in variables:
                variables[name] = node if isinstance(node, Variable) else Variable(name, shape)
            parts.append((numbers.setdefault(name, len(numbers)), shapes.setdefault(shape, len(shapes))))
        elif isinstance(node, Extent):
            parts.append(("extent", size_told(node.size)))
        else:
            parts.append(node)
    order = sorted(variables, key=lambda name: ranks.get(name, len(ranks)))
    parts += [tuple([numbers[name] for name in order]), tuple([tuple(map(size_told, s)) for s in shapes])]
    simple = all(size.name is not None for size in sizes)
    return Kind(tuple(parts) if simple else None, tuple(variables), tuple(variables.values()), tuple(sizes))


def renamed(
    parts: Sequence[Expr], names: Mapping[str, str], sizes: Mapping[str, Size], defined: Mapping[str, Expr]
) -> Mapping[Expr, Expr]:
    """Expressions, each behind its parts, with other names for variables and sizes, all changed at once; what is
    `defined` stands for them.
    """
    made: dict[Expr, Expr] = {}
    known: dict[Shape, Shape] = {}

    def shaped(shape: Shape) -> Shape:
        found = known.get(shape)
        if found is None:
            found = known[shape] = tuple([size.replace(sizes) for size in shape])
        return found

    def option(item: Any) -> Any:
        if isinstance(item, tuple):
            return tuple(map(option, item))
        return item.replace(sizes) if isinstance(item, Size) else item

    for node in parts:
        match node:
            case Apply(function, arguments, parameters, shape):
                below = tuple([made[a] for a in arguments])
                made[node] = Apply(function, below, parameters and option(parameters), shaped(shape))
            case Variable(name, shape):
                name = names.get(name, name)
                made[node] = defined.get(name) or Variable(name, shaped(shape))
            case Defined(name):
                made[node] = defined.get(name, node)
            case Extent(size):
                made[node] = Extent(size.replace(sizes))
            case _:
                made[node] = node
    return made
