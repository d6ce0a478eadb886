"""Typed expressions of the language: immutable, shared nodes that know their shape.

A shape is a tuple of sizes: `()` a scalar, `(n,)` a column vector, `(1, n)` a row vector, `(n, m)` a matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from jacobian_cli.interned import Interned
from jacobian_cli.records import record
from jacobian_cli.shape import Shape, Size

Parameters = tuple[tuple[str, Any], ...]


class Expr(Interned):
    """A typed expression. Its kinds are the six below, and no more."""

    __slots__ = ()
    shape: Shape
    children: tuple[Expr, ...] = ()
    """What it is made of."""


@record(frozen=True, slots=True, eq=False)
class Variable(Expr):
    """A name with a value to be given."""

    name: str
    shape: Shape


@record(frozen=True, slots=True, eq=False)
class Number(Expr):
    """An exact number."""

    value: Fraction

    @property
    def shape(self) -> Shape:  # type: ignore[override]  # a field of other nodes
        return ()


@record(frozen=True, slots=True, eq=False)
class Constant(Expr):
    """`pi` or `e`."""

    name: str

    @property
    def shape(self) -> Shape:  # type: ignore[override]  # a field of other nodes
        return ()


@record(frozen=True, slots=True, eq=False)
class Extent(Expr):
    """A size used as a number, as the `n` of `sum(x)/n`."""

    size: Size

    @property
    def shape(self) -> Shape:  # type: ignore[override]  # a field of other nodes
        return ()


@record(frozen=True, slots=True, eq=False)
class Apply(Expr):
    """A function or operator of the table, applied. `parameters` are what is not a value: axes, sizes, subscripts."""

    function: str
    arguments: tuple[Expr, ...]
    parameters: Parameters
    shape: Shape


Apply.children = Apply.__dict__["arguments"]  # one slot under two names: walks ask for it all the time


@record(frozen=True, slots=True, eq=False)
class Defined(Expr):
    """A name that stands for its body: a definition of the user, or a repeated part that was named."""

    name: str
    body: Expr

    @property
    def shape(self) -> Shape:  # type: ignore[override]  # a field of other nodes
        return self.body.shape

    @property
    def children(self) -> tuple[Expr, ...]:  # type: ignore[override]  # a field of other nodes
        return (self.body,)


def walk(roots: Iterable[Expr], enter: Callable[[Expr], bool] | None = None) -> Iterator[Expr]:
    """Each node once, children before parents, without recursion. `enter`, asked once, says whose children to visit."""
    seen: set[Expr] = set()
    stack: list[Expr | None] = list(roots)
    stack.reverse()
    while stack:
        node = stack.pop()
        if node is None:  # what lies below it is done
            done = stack.pop()
            assert done is not None
            yield done
        elif node not in seen:
            seen.add(node)
            children = node.children if enter is None or enter(node) else ()
            if children:
                stack += (node, None, *children[::-1])
            else:
                yield node


def visible(*roots: Expr) -> list[Expr]:
    """All that is to be read in expressions, each once, children before parents: what a name stands for is not."""
    return _listed(roots, names=False)


def _listed(roots: Iterable[Expr], *, names: bool) -> list[Expr]:
    """The same as `walk` finds, all at once: most ask for everything. `names` are entered or not."""
    found: dict[Expr, None] = {}
    stack: list[Any] = list(roots)
    stack.reverse()
    while stack:
        node = stack.pop()
        if node is None:  # what lies below it is done
            found[stack.pop()] = None
        elif node not in found:
            children = node.children if names or isinstance(node, Apply) else ()
            if children:
                stack += (node, None, *children[::-1])
            else:
                found[node] = None
    return list(found)


@lru_cache(maxsize=8)
def nodes(*roots: Expr) -> tuple[Expr, ...]:
    """All that expressions are made of, each once, children before parents: what several ask one after the other."""
    return tuple(_listed(roots, names=True))


def variables(root: Expr) -> dict[str, Variable]:
    """The variables of an expression, in the order in which they are met."""
    return {node.name: node for node in nodes(root) if isinstance(node, Variable)}


def size_names(roots: Iterable[Expr]) -> list[str]:
    """The size symbols that occur in expressions, in the order in which they are met."""
    sizes: list[Size] = []
    for node in _listed(roots, names=True):
        sizes.extend(node.shape)
        if isinstance(node, Extent):
            sizes.append(node.size)
        if isinstance(node, Apply):
            sizes.extend(_sizes_in(node.parameters))
    return list(dict.fromkeys(name for size in sizes for name in size.names()))


def _sizes_in(option: Any) -> list[Size]:
    """The sizes among options, however deep."""
    if isinstance(option, Size):
        return [option]
    return [size for part in option for size in _sizes_in(part)] if isinstance(option, tuple) else []


def rebuild(root: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """A copy in which every node for which `change` answers is replaced by the answer; the rest is shared."""
    made: dict[Expr, Expr] = {}
    stack: list[Expr | None] = [root]
    while stack:
        node = stack.pop()
        if node is None:  # what its parts have become is known
            done = stack.pop()
            assert done is not None
            made[done] = with_parts(done, made)
        elif node not in made:
            new = change(node)
            if new is None and node.children:
                stack += (node, None, *node.children[::-1])
            else:
                made[node] = node if new is None else new
    return made[root]


def with_parts(node: Expr, made: Mapping[Expr, Expr]) -> Expr:
    """A node with what has become of its parts; the node itself where these are the same."""
    children = node.children
    parts = tuple([made[child] for child in children])
    if parts == children:
        return node
    if isinstance(node, Apply):
        return Apply(node.function, parts, node.parameters, node.shape)
    assert isinstance(node, Defined)
    return Defined(node.name, *parts)
