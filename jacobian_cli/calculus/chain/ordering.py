"""In what order Jacobians are multiplied, and what it costs: the product is the same, the work is not.

A Jacobian is seen as its pattern: which axes run together (δ_ij, a diagonal or an identity), and into which factors
its entries fall apart (A_ik x_l is A ⊗ xᵀ). To multiply two of them is one multiply-add for each value of the labels
that meet, so that diag(v) on n entries costs n, an identity nothing, and δᵀ(I ⊗ xᵀ) as much as the outer product δ xᵀ.
Every product is written out, but for the zeros that its pattern shows. From left to right is reverse mode, from right
to left forward mode; the cheapest order is found by dynamic programming (Griewank & Walther, Evaluating Derivatives,
ch. 9; Cormen et al., Introduction to Algorithms, 15.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import combinations
from math import prod
from typing import NamedTuple

from jacobian_cli.calculus.chain.links import Chain, Link, Running
from jacobian_cli.calculus.index.tensor import Delta, Factor, Product, Sum, Tensor, Unit, Window
from jacobian_cli.expr import Variable
from jacobian_cli.records import record
from jacobian_cli.shape import ONE, Size, product

MAX_LINKS = 24
"""For longer lines the cheapest order is not looked for."""
Sizes = Mapping[str, int]
Labels = frozenset[int]
Tree = str | tuple["Tree", "Tree"]
"""An order of multiplication: a link's name, or two orders whose products are multiplied."""


class Pattern(NamedTuple):
    """One term of a Jacobian: the label of each row and column axis, the size of each label, and the labels of each
    factor of its entries. One label twice is a diagonal.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    sizes: tuple[Size, ...]
    factors: tuple[Labels, ...]


@record(frozen=True)
class Cost:
    """Multiply-adds: a sum of products of sizes."""

    terms: tuple[tuple[Size, ...], ...] = ()

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.terms + other.terms)

    @cached_property
    def symbolic(self) -> Size:
        """As a polynomial in the sizes."""
        counted: dict[tuple[Size, ...], int] = {}
        for term in self.terms:
            counted[term] = counted.get(term, 0) + 1
        found = (product(term) * Size.number(k) for term, k in counted.items())
        return Size.collect(part for each in found for part in each.terms)

    def at(self, sizes: Sizes) -> int:
        """As a number."""
        return sum(prod(size.at(sizes) for size in term) for term in self.terms)


class Order(NamedTuple):
    """An order of multiplication and its cost; `tree` is None where the links are no line."""

    name: str
    tree: Tree | None
    cost: Cost


def orders(chain: Chain, variable: Variable, sizes: Sizes) -> dict[str, Order]:
    """Reverse and forward mode for one variable, and the cheapest order where its links are a line.

    `sizes` are the numbers by which the cheapest is chosen.
    """
    found = {
        "reverse": Order("reverse", None, reverse(chain, [variable], sizes)),
        "forward": Order("forward", None, forward(chain, variable, sizes)),
    }
    line = line_of(chain, variable)
    if line is None:
        return found
    names = [link.name for link in line]
    left, right = _folded(names), _folded(names[::-1], backwards=True)
    found["reverse"] = Order("reverse", left, found["reverse"].cost)
    found["forward"] = Order("forward", right, found["forward"].cost)
    if len(line) <= MAX_LINKS:
        factors = [patterns(link.locals[v.name].tensor, len(link.rows.shape)) for link, v in _steps(line, variable)]
        tree, cost = cheapest(names, factors, sizes)
        best = min(found.values(), key=lambda order: order.cost.at(sizes))
        found["cheapest"] = best if best.cost.at(sizes) <= cost.at(sizes) else Order("cheapest", tree, cost)
    return found


def line_of(chain: Chain, variable: Variable) -> list[Link] | None:
    """The links from the output to the variable, if there is one path only."""
    line: list[Link] = []
    while True:
        users = chain.running[variable.name].users
        if not users:
            return line[::-1] or None
        if len(users) > 1:
            return None
        line.append(users[0])
        variable = users[0].variable


def reverse(chain: Chain, wrt: Sequence[Variable], sizes: Sizes) -> Cost:
    """From the output backwards, once for all variables: each running product times each local Jacobian."""
    needed = _behind(chain, wrt)
    cost = Cost()
    for link in reversed(chain.links.values()):
        if link.name not in needed:
            continue
        running = chain.running[link.name]
        for variable in link.inputs:
            if variable.name in needed and running.users:
                _, spent = multiplied(_running(chain, link), _local(link, variable), sizes)
                cost += spent
    return cost + _added(chain, needed)


def step(chain: Chain, running: Running, sizes: Sizes) -> Cost:
    """One running product, where those that it is made from are known."""
    cost = Cost()
    for link in running.users:
        if chain.running[link.name].users:
            cost += multiplied(_running(chain, link), _local(link, running.variable), sizes)[1]
    return cost + _added(chain, {running.variable.name})


def forward(chain: Chain, variable: Variable, sizes: Sizes) -> Cost:
    """From the variable onwards: each local Jacobian times the derivative of its input."""
    needed = _behind(chain, [variable])
    moved: dict[str, tuple[Pattern, ...] | None] = {variable.name: None}
    cost = Cost()
    for link in chain.links.values():
        if link.name not in needed:
            continue
        parts: list[tuple[Pattern, ...]] = []
        for source in link.inputs:
            if source.name not in needed:
                continue
            local, before = _local(link, source), moved[source.name]
            if before is not None:
                local, spent = multiplied(local, before, sizes)
                cost += spent
            parts.append(local)
        together = [pattern for part in parts for pattern in part]
        moved[link.name] = parts[0] if len(parts) == 1 else _sum_of(together)
        if len(parts) > 1:
            cost += _additions(together)
    return cost


def cheapest(names: Sequence[str], factors: Sequence[tuple[Pattern, ...]], sizes: Sizes) -> tuple[Tree, Cost]:
    """The order of least cost for a product of several Jacobians, by the order of its parts."""
    best: dict[tuple[int, int], tuple[int, Tree, Cost, tuple[Pattern, ...]]] = {
        (k, k): (0, names[k], Cost(), factors[k]) for k in range(len(factors))
    }
    for width in range(1, len(factors)):
        for i in range(len(factors) - width):
            tried = []
            for k in range(i, i + width):
                (a, left, spent, first), (b, right, also, second) = best[i, k], best[k + 1, i + width]
                pattern, cost = multiplied(first, second, sizes)
                tried.append((a + b + cost.at(sizes), (left, right), spent + also + cost, pattern))
            best[i, i + width] = min(tried, key=lambda entry: entry[0])
    _, tree, cost, _ = best[0, len(factors) - 1]
    return tree, cost


def multiplied(
    first: tuple[Pattern, ...], second: tuple[Pattern, ...], sizes: Sizes
) -> tuple[tuple[Pattern, ...], Cost]:
    """The pattern of a product, written out, and what it costs."""
    cost = Cost()
    parts = []
    for a in first:
        for b in second:
            pattern, spent = _times(a, b, sizes)
            parts.append(pattern)
            cost += spent
    return _sum_of(parts), cost + _additions(parts)


def patterns(tensor: Tensor, order: int) -> tuple[Pattern, ...]:
    """The patterns of the terms of a Jacobian whose first `order` axes are its rows."""
    terms = [t for _, t in tensor.terms] if isinstance(tensor, Sum) else [tensor]
    return tuple(_pattern(term, order) for term in terms)


def _pattern(term: Tensor, order: int) -> Pattern:
    axes = tuple(range(len(term.shape)))
    whole: list[Factor] = list(term.factors) if isinstance(term, Product) else [(term, axes, 1)]
    sizes = dict(enumerate(term.shape))
    joined = _Joined()
    for node, labels, _ in whole:
        for label, size in zip(labels, node.shape, strict=True):
            sizes[label] = min(sizes.get(label, size), size, key=lambda s: (s is not ONE, str(s)))
        if isinstance(node, Delta | Window):
            joined.join(*labels)
            sizes[labels[0]] = sizes[labels[1]] = node.shape[0]
        if isinstance(node, Unit):
            sizes[labels[0]] = ONE
    kinds = (Delta, Window, Unit)
    factors = [{joined.root(k) for k in labels} for node, labels, _ in whole if not isinstance(node, kinds)]
    bound = {joined.root(k) for k in sizes} - {joined.root(k) for k in axes}
    merged: list[set[int]] = []
    for factor in factors:  # what is summed inside a local Jacobian, or shares its axes, is given with it
        near = [m for m in merged if m & factor & bound or m <= factor or factor <= m]
        merged = [*(m for m in merged if m not in near), factor.union(*near)]
    roots = [joined.root(k) for k in axes]
    return _numbered(
        roots[:order], roots[order:], {joined.root(k): s for k, s in sizes.items()}, [m - bound for m in merged]
    )


def _numbered(
    rows: Sequence[int], columns: Sequence[int], sizes: Mapping[int, Size], factors: Iterable[Iterable[int]]
) -> Pattern:
    """A pattern with labels in order of appearance."""
    names = {label: k for k, label in enumerate(dict.fromkeys([*rows, *columns]))}
    return Pattern(
        tuple(names[k] for k in rows),
        tuple(names[k] for k in columns),
        tuple(sizes[k] for k in names),
        tuple(frozenset(names[k] for k in factor) for factor in factors),
    )


def _times(a: Pattern, b: Pattern, sizes: Sizes) -> tuple[Pattern, Cost]:
    """One term times one term: labels that meet become one, what is summed is summed in the cheapest pairs."""
    if len(a.columns) != len(b.rows):
        a, b = _flat(a), _flat(b)
    shift = len(a.sizes)
    known = dict(enumerate((*a.sizes, *b.sizes)))
    joined = _Joined()
    for left, right in zip(a.columns, b.rows, strict=True):
        i, j = joined.root(left), joined.root(right + shift)
        joined.join(i, j)
        known[i] = known[j] = min(known[i], known[j], key=lambda size: size.at(sizes))
    rows = [joined.root(k) for k in a.rows]
    columns = [joined.root(k + shift) for k in b.columns]
    factors = [frozenset(map(joined.root, f)) for f in a.factors]
    factors += [frozenset(joined.root(k + shift) for k in f) for f in b.factors]
    kept = frozenset((*rows, *columns))
    spent: list[tuple[Size, ...]] = []
    lengths = {label: size.at(sizes) for label, size in known.items()}

    def pay(labels: Labels) -> None:
        spent.append(tuple(known[k] for k in sorted(labels) if known[k] is not ONE))

    while len(factors) > 1:
        i, j = min(
            combinations(range(len(factors)), 2),
            key=lambda ij: prod(lengths[k] for k in factors[ij[0]] | factors[ij[1]]),
        )
        both = factors[i] | factors[j]
        rest = [f for k, f in enumerate(factors) if k not in (i, j)]
        pay(both)
        factors = [*rest, both & kept.union(*rest)]
    if len(factors) == 1 and any(known[k] is not ONE for k in factors[0] - kept):  # summed against ones
        pay(factors[0])
    factors = [factor & kept for factor in factors]
    return _numbered(rows, columns, known, factors), Cost(tuple(spent))


def _sum_of(parts: Sequence[Pattern]) -> tuple[Pattern, ...]:
    """The pattern of a sum: theirs if they agree, else all entries; of no term at all, zero, none."""
    if len(parts) < 2:
        return tuple(parts)
    first = parts[0]
    if all((p.rows, p.columns) == (first.rows, first.columns) for p in parts):
        factors = frozenset[int]().union(*(f for p in parts for f in p.factors))
        return (Pattern(first.rows, first.columns, first.sizes, (factors,)),)
    return (_full(first),)


def _full(pattern: Pattern) -> Pattern:
    """All entries of a Jacobian of this shape."""
    sizes = tuple(pattern.sizes[k] for k in (*pattern.rows, *pattern.columns))
    places = tuple(range(len(sizes)))
    return Pattern(places[: len(pattern.rows)], places[len(pattern.rows) :], sizes, (frozenset(places),))


def _additions(parts: Sequence[Pattern]) -> Cost:
    """What it costs to add terms up."""
    if len(parts) < 2:
        return Cost()
    (whole,) = _sum_of(parts)
    return Cost((tuple(size for size in whole.sizes if size is not ONE),) * (len(parts) - 1))


def _flat(pattern: Pattern) -> Pattern:
    """A Jacobian of which nothing is known but its rows and columns."""
    rows, columns = (product(pattern.sizes[k] for k in axes) for axes in (pattern.rows, pattern.columns))
    return Pattern((0,), (1,), (rows, columns), (frozenset((0, 1)),))


def _local(link: Link, variable: Variable) -> tuple[Pattern, ...]:
    return patterns(link.locals[variable.name].tensor, len(link.rows.shape))


def _running(chain: Chain, link: Link) -> tuple[Pattern, ...]:
    """The running product at a link, written out but for the zeros that are left."""
    running = chain.running[link.name]
    if running.tensor is None:
        sizes = (*chain.front, *(s for s in link.variable.shape if s is not ONE))
        places = tuple(range(len(sizes)))
        return (Pattern(places[: chain.order], places[chain.order :], sizes, (frozenset(places),)),)
    found = _sum_of(patterns(running.tensor, chain.order))
    if len(found) == 1 and len(found[0].factors) > 1:
        pattern = found[0]
        whole = frozenset((*pattern.rows, *pattern.columns))
        return (Pattern(pattern.rows, pattern.columns, pattern.sizes, (whole,)),)
    return found


def _behind(chain: Chain, wrt: Sequence[Variable]) -> set[str]:
    """The names on the paths from the output to the variables."""
    needed: set[str] = set()
    stack = list(wrt)
    while stack:
        variable = stack.pop()
        if variable.name not in needed:
            needed.add(variable.name)
            stack.extend(link.variable for link in chain.running[variable.name].users)
    return needed


def _added(chain: Chain, needed: set[str]) -> Cost:
    """Where paths meet, what comes back along them is added up."""
    cost = Cost()
    for name, running in chain.running.items():
        if name in needed and len(running.users) > 1:
            entries = tuple(s for s in (*chain.front, *running.variable.shape) if s is not ONE)
            cost += Cost((entries,) * (len(running.users) - 1))
    return cost


def _steps(line: Sequence[Link], variable: Variable) -> list[tuple[Link, Variable]]:
    """Each link of a line with the input through which the line goes on."""
    return list(zip(line, [*(link.variable for link in line[1:]), variable], strict=True))


def _folded(names: Sequence[str], *, backwards: bool = False) -> Tree:
    """((a b) c) or, backwards, (a (b c))."""
    tree: Tree = names[0]
    for name in names[1:]:
        tree = (name, tree) if backwards else (tree, name)
    return tree


class _Joined:
    """Labels that have become one."""

    def __init__(self) -> None:
        self._root: dict[int, int] = {}

    def root(self, label: int) -> int:
        while label in self._root:
            label = self._root[label]
        return label

    def join(self, a: int, b: int) -> None:
        a, b = sorted((self.root(a), self.root(b)))
        if a != b:
            self._root[b] = a
