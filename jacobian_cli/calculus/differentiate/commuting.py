"""Functions of a matrix where its change commutes with it: there df = f'(A) dA, as of numbers.

So it is under a trace, tr f(A) having the gradient f'(A)ᵀ, and where A = tB moves with a number t alone (Higham 2008,
Functions of Matrices, ch. 3).
"""

from __future__ import annotations

from collections.abc import Collection

from jacobian_cli.calculus.differentiate.lower import template
from jacobian_cli.calculus.index.tensor import Alias, Apply, Delta, Factor, Product, Rational, Tensor
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.calculus.simplify.substitution import substitute
from jacobian_cli.ops import row
from jacobian_cli.ops.row import COMMUTING, TRACED


def through_commuting(
    node: Apply, upstream: Tensor, front: int, active: Collection[Tensor], value: Tensor
) -> list[tuple[Tensor, Tensor]] | None:
    """What goes on from a function of a matrix, and whereto; None where nothing need commute."""
    entry = row(node.function)
    text = entry.given.get(COMMUTING) or entry.given.get(TRACED)
    if not text or node.loop:
        return None
    (child,) = node.arguments

    def slope() -> Tensor:
        local = template(text, entry.parameters, (child.shape,), node.shape, node.shape[0])
        return substitute(local, {entry.parameters[0]: child, "ans": value}, ())

    if (rest := _traced(upstream, front)) is not None:
        coefficient, factors = rest
        return [(child, algebra.product(upstream.shape, [*factors, (slope(), (front + 1, front), 1)], coefficient))]
    if COMMUTING not in entry.given:
        return None
    body = child
    while isinstance(body, Alias):
        body = body.body
    if not isinstance(body, Product) or any(labels for f, labels, _ in body.factors if f in active):
        return None
    fronts, (a, b, c) = tuple(range(front)), range(front, front + 3)
    place = {0: c, 1: b}
    moved: list[Factor] = [
        (f, tuple(place.get(label, label + front + 1) for label in labels), p) for f, labels, p in body.factors
    ]
    found: list[tuple[Tensor, Tensor]] = []
    for k, (number, _, power) in enumerate(moved):
        if number not in active:
            continue
        others = [*moved[:k], *moved[k + 1 :], (number, (), power - 1)]
        ends: list[Factor] = [(upstream, (*fronts, a, b), 1), (slope(), (a, c), 1)]
        shape = upstream.shape[:front]
        found.append((number, algebra.product(shape, [*ends, *others], body.coefficient * power)))
    return found


def _traced(upstream: Tensor, front: int) -> tuple[Rational, list[Factor]] | None:
    """What a trace is multiplied by, where what arrives is that of a trace: c δ_ij."""
    ends = {front, front + 1}
    if isinstance(upstream, Delta):
        return None if front else (1, [])
    if not isinstance(upstream, Product):
        return None
    meeting = [f for f in upstream.factors if ends & set(f[1])]
    if len(meeting) != 1 or not isinstance(meeting[0][0], Delta) or set(meeting[0][1]) != ends:
        return None
    return upstream.coefficient, [f for f in upstream.factors if f is not meeting[0]]
