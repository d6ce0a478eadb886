"""Sizes that Kronecker products and vecs must have for their products to be meant: (Bᵀ ⊗ A) vec(X) is vec(A X B)."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.expr import Apply, Expr
from jacobian_cli.ops import Row
from jacobian_cli.shape import Shape, Unifier

MEETING = frozenset("@ + -".split())
"""Operators under which such products meet."""


def conform(row: Row, arguments: Sequence[Expr], unifier: Unifier) -> None:
    """Make sizes equal that nothing else could make equal, for they only meet in products of each other."""
    if len(arguments) == 1 and row.given and row.of_scalar:
        for factor in _factors(arguments[0]) or ():
            if len(factor) == 2:
                _equal(factor, tuple(reversed(factor)), unifier)
    if row.name in MEETING and len(arguments) == 2:
        left = _grid(arguments[0], row.name != "@")
        right = left and _grid(arguments[1], True)
        if left and right:
            _equal(left, right, unifier)


def _equal(left: Shape, right: Shape, unifier: Unifier) -> None:
    for one, other in zip(left, right, strict=True):
        unifier.unify(one, other)


def _factors(expr: Expr) -> tuple[Shape, Shape] | None:
    """The shapes of the two factors of a Kronecker product, as it stands or transposed."""
    match expr:
        case Apply(function=".T", arguments=(inner,)):
            found = _factors(inner)
            return None if found is None else (found[0][::-1], found[1][::-1])
        case Apply(function="kron", arguments=(one, other)) if len(one.shape) == len(other.shape) == 2:
            return one.shape, other.shape
    return None


def _grid(expr: Expr, rows: bool) -> Shape | None:
    """The sizes whose product is the number of rows (or columns): of vec(X) those of X, of A ⊗ B those of B and A."""
    stack = [(expr, rows)]
    while stack:  # a sum may have hundreds of terms, one within the other
        node, rows = stack.pop()
        if not isinstance(node, Apply):
            continue
        match node:
            case Apply(function=".T", arguments=(inner,)):
                stack.append((inner, not rows))
                continue
            case Apply(function="vec", arguments=(inner,)) if rows and len(inner.shape) == 2:
                return inner.shape
            case Apply(function="kron", arguments=(one, other)) if rows and len(one.shape) == len(other.shape) == 1:
                return (*other.shape, *one.shape)
            case Apply(function="@", arguments=(left, right)):
                stack.append((left, True) if rows else (right, False))
                continue
            case Apply(function="+" | "-" | "u-", arguments=arguments):
                stack += [(part, rows) for part in reversed(arguments)]
                continue
        factors = _factors(node)
        if factors is not None:
            return tuple(factor[0 if rows else 1] for factor in reversed(factors))
    return None
