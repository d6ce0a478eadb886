"""Inverses of matrices in products: A⁻¹A = I, (AB)⁻¹A = B⁻¹ for square A, (cA)⁻¹ = A⁻¹/c, diag(x)⁻¹ = diag(1/x).

A product exists where all of its inverses do, and (AB)⁻¹ with square A only where A⁻¹ and B⁻¹ do: nothing else is
assumed. An inverse of a product is kept as it was written until one of its ends meets its like (Petersen & Pedersen,
The Matrix Cookbook, 2012, section 3.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from jacobian_cli.calculus.index.canonical import symmetric, transposed
from jacobian_cli.calculus.index.tensor import Alias, Apply, Delta, Factor, Product, Rational, Sum, Tensor, ratio
from jacobian_cli.calculus.simplify import assumptions as facts
from jacobian_cli.calculus.simplify.recipe import Call, Open, Part, Piece, Rewrite, Times
from jacobian_cli.ops.identities import inverts


def is_inverse(tensor: Tensor) -> bool:
    """Whether a tensor is the inverse of one matrix."""
    return isinstance(tensor, Apply) and not tensor.loop and inverts(tensor.function)


# an inverse alone


def of_scaled(node: Apply) -> Times | None:
    """(c diag(x) A diag(y))⁻¹ = diag(1/y) A⁻¹ diag(1/x)/c."""
    matrix = _product_of_matrices(node)
    if matrix is None:
        return None
    scales = [f for f in matrix.factors if f[1] in ((), (0,), (1,))]
    if not scales and matrix.coefficient == 1:
        return None
    rest = [f for f in matrix.factors if f not in scales]
    over: list[Factor] = [(n, tuple(1 - label for label in labels), -power) for n, labels, power in scales]
    undone: Part = Call(node.function, (Times(matrix.shape, rest),), 0, matrix.shape)
    return Times(matrix.shape, [(undone, (0, 1), 1), *over], ratio(1, matrix.coefficient))


def of_known_ends(node: Apply) -> Times | None:
    """(A⁻¹B)⁻¹ = B⁻¹A, and (QB)⁻¹ = B⁻¹Qᵀ for orthogonal Q."""
    matrix = _product_of_matrices(node)
    if matrix is None or (matrix.coefficient == 1 and len(matrix.factors) == 1):
        return None
    net = _Net.of(matrix.factors)
    for end in (0, 1):
        step = net.leaving(end)
        if step is None or step.label < 2:
            continue
        known = _known_inverse(net.factors[step.place][0])
        if known is not None:
            rest = Times(matrix.shape, net.without({step.place}, {step.label: end}))
            first: Piece = (known, (1 - end, 2) if step.axis else (2, 1 - end), 1)
            inner = Call(node.function, (rest,), 0, matrix.shape)
            return Times(matrix.shape, [first, (inner, (2, 1) if end else (0, 2), 1)])
    return None


def _product_of_matrices(node: Apply) -> Product | None:
    """What an inverse is the inverse of, if that is a product in which there is a matrix."""
    (matrix,) = node.arguments
    if node.loop or not isinstance(matrix, Product) or not any(len(labels) == 2 for _, labels, _ in matrix.factors):
        return None
    return matrix


def _known_inverse(node: Tensor) -> Tensor | None:
    if isinstance(node, Apply) and is_inverse(node):
        return node.arguments[0]
    return transposed(node) if facts.known(node, "orthogonal") else None


# an inverse beside other factors


class _Step(NamedTuple):
    """Through a matrix: its place among the factors, the axis by which it is entered, the label to which it leads."""

    place: int
    axis: int
    label: int


class _Net(NamedTuple):
    """Factors, and at each label the places of those that bear it."""

    factors: Sequence[Factor]
    bearing: dict[int, list[int]]

    @staticmethod
    def of(factors: Sequence[Factor]) -> _Net:
        bearing: dict[int, list[int]] = {}
        for place, (_, labels, _) in enumerate(factors):
            for label in dict.fromkeys(labels):
                bearing.setdefault(label, []).append(place)
        return _Net(factors, bearing)

    def leaving(self, label: int, came: int = -1) -> _Step | None:
        """The step through the one matrix at a label that is not the one through which we came."""
        onward = [k for k in self.bearing.get(label, ()) if k != came and len(self.factors[k][1]) > 1]
        if len(onward) != 1:
            return None
        _, labels, power = self.factors[onward[0]]
        if power != 1 or len(labels) != 2 or labels[0] == labels[1]:
            return None
        axis = labels.index(label)
        return _Step(onward[0], axis, labels[1 - axis])

    def scales(self, label: int) -> dict[int, Factor]:
        """The factors that bear this label alone: a diagonal at this place of a chain."""
        return {k: self.factors[k] for k in self.bearing.get(label, ()) if len(self.factors[k][1]) == 1}

    def without(self, places: Iterable[int], renamed: dict[int, int]) -> list[Factor]:
        """The factors but for some, some labels renamed."""
        gone = set(places)
        return [
            (node, tuple(renamed.get(label, label) for label in labels), power)
            for place, (node, labels, power) in enumerate(self.factors)
            if place not in gone
        ]


class _Match(NamedTuple):
    """What cancels: factors of the inverse's argument, the label at which they end there, factors beside the inverse,
    the label at which those end, how often the first go into the second, and the labels summed over on the way.
    """

    inside: frozenset[int]
    cut: int
    outside: frozenset[int]
    label: int
    ratio: Rational
    summed: frozenset[int]


def cancelled(met: Open) -> Rewrite | None:
    """A⁻¹A = I, and (AB)⁻¹A = B⁻¹ for square A."""
    factors, order = met.factors, met.order
    places = [k for k, (node, _, power) in enumerate(factors) if power == 1 and is_inverse(node)]
    if not places or len(factors) < 2:
        return None
    net = _Net.of(factors)

    def rank(end: tuple[int, int]) -> tuple[int, int, list[int]]:
        node, labels, _ = factors[end[1]]
        return end[0], node.digest, [min(label, order) for label in labels]

    for axis, place in sorted(((axis, place) for axis in (0, 1) for place in places), key=rank):
        node, labels, _ = factors[place]
        assert isinstance(node, Apply)
        for argument in _forms(node.arguments[0]):
            found = _longest(net, place, axis, argument, order)
            if found is None:
                continue
            ends = tuple(found.label if k == axis else labels[k] for k in (0, 1))
            remaining: Part = Delta(node.shape[0])
            if len(found.inside) < len(argument.factors):
                rest = argument.without(found.inside, {found.cut: 1 - axis})
                remaining = Call(node.function, (Times(node.shape, rest),), 0, node.shape)
            kept = net.without({place, *found.outside}, {})
            return Rewrite(kept, [(remaining, ends, 1)], found.ratio, found.summed)
    return None


def _forms(argument: Tensor) -> Iterable[_Net]:
    """An argument as one matrix, and as a product of matrices, under whatever name."""
    yield _Net.of([(argument, (0, 1), 1)])
    while isinstance(argument, Alias):
        argument = argument.body
        yield _Net.of([(argument, (0, 1), 1)])
    if isinstance(argument, Product) and argument.coefficient == 1 and all(ls for _, ls, _ in argument.factors):
        yield _Net.of(argument.factors)


def _longest(net: _Net, place: int, axis: int, argument: _Net, order: int) -> _Match | None:
    """The longest square beginning of the argument that stands beside its inverse, seen from this axis of it."""
    labels = net.factors[place][1]
    inner, outer, far = 1 - axis, labels[axis], labels[1 - axis]
    came_in, came_out = -1, place
    inside, outside, summed = set[int](), set[int](), set[int]()
    times: Rational = 1
    size, best = net.factors[place][0].shape[0], None
    while outer >= order and outer != far:
        first, second = argument.leaving(inner, came_in), net.leaving(outer, came_out)
        scales, beside = argument.scales(inner), net.scales(outer)
        if first is None or second is None or second.place == place or not _alike(scales, beside):
            break
        found = _times(argument.factors[first.place][0], first.axis, net.factors[second.place][0], second.axis)
        if found is None:
            break
        inside |= {first.place, *scales}
        outside |= {second.place, *beside}
        summed.add(outer)
        times = times * found
        inner, outer, came_in, came_out = first.label, second.label, first.place, second.place
        whole = inner == axis
        end = argument.factors[first.place][0].shape[1 - first.axis]
        if end is size and (not whole or len(inside) == len(argument.factors)):
            best = _Match(frozenset(inside), inner, frozenset(outside), outer, times, frozenset(summed))
        if whole:
            break
    return best


def _alike(some: dict[int, Factor], others: dict[int, Factor]) -> bool:
    """Whether two diagonals are one."""
    return _powers(some.values()) == _powers(others.values())


def _powers(scales: Iterable[Factor]) -> dict[Tensor, Rational]:
    total: dict[Tensor, Rational] = {}
    for node, _, power in scales:
        total[node] = total.get(node, 0) + power
    return {node: power for node, power in total.items() if power}


def _times(ours: Tensor, axis: int, theirs: Tensor, other: int) -> Rational | None:
    """How often a matrix, entered by an axis, goes into another; None if they are not multiples of each other."""
    if axis != other and not symmetric(ours):
        if not isinstance(ours, Sum):
            return None
        ours = transposed(ours)
    if ours is theirs:
        return 1
    if not isinstance(ours, Sum) or not isinstance(theirs, Sum) or len(ours.terms) != len(theirs.terms):
        return None
    times = ratio(theirs.terms[0][0], ours.terms[0][0])
    pairs = zip(ours.terms, theirs.terms, strict=True)
    return times if all(t is u and d == times * c for (c, t), (d, u) in pairs) else None
