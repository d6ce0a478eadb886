"""Matrices of blocks: those below each other share columns, and meet the parts of a vector one by one."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.expr import Apply, Defined, Expr
from jacobian_cli.shape import ONE, Shape, Size, Unifier

_DEPTH = 8
"""So many operators may stand around what is made of blocks."""
_SQUARE = frozenset("inv det logdet slogdet trace expm logm sqrtm cholesky".split())
"""Functions of square matrices, whose blocks on the diagonal are square."""
ALIGNED = _SQUARE | frozenset(("@", "+", "-", "concat", "solve"))
"""What makes blocks meet."""


def align(function: str, arguments: Sequence[Expr], axis: int, unifier: Unifier) -> None:
    """Make the sizes of blocks equal that meet in a call, as far as nothing else is known of them."""
    if not any(size.is_open for argument in arguments for size in argument.shape):
        return
    first, *others = arguments
    match function, others:
        case "concat", _ if axis == 0:
            for other in others:
                _pair(along(first, 1), along(other, 1), unifier)
        case "@", [other]:
            _pair(along(first, 1), along(other, 0), unifier)
        case "solve", [other]:
            _pair(along(first, 0), along(first, 1), unifier)
            _pair(along(first, 0), along(other, 0), unifier)
        case "+" | "-", [other]:
            for k in range(len(first.shape) if len(first.shape) == len(other.shape) else 0):
                sides = along(first, k), along(other, k)
                if ONE not in (*sides[0], *sides[1]):  # [0; x] − [x; 0]
                    _pair(*sides, unifier)
        case _, [] if function in _SQUARE:
            _pair(along(first, 0), along(first, 1), unifier)


def _pair(sizes: Sequence[Size], others: Sequence[Size], unifier: Unifier) -> None:
    """Make sizes equal where there are as many of the one as of the other, and one of two is open."""
    if len(sizes) != len(others) or len(sizes) < 2:
        return
    pairs = [(unifier.resolve(size), unifier.resolve(other)) for size, other in zip(sizes, others, strict=True)]
    lefts, rights = zip(*pairs, strict=True)
    if any(one is not other and (one in rights or other in lefts) for one, other in pairs):  # [x; y] − [y; x]
        return
    for one, other in pairs:
        if (one.is_open or other.is_open) and (one.name or one.value) and (other.name or other.value):
            unifier.unify(one, other)


def along(expr: Expr, axis: int, depth: int = _DEPTH) -> Sequence[Size]:
    """The sizes of the blocks of which an array is made along an axis; nothing where it is of one piece."""
    if not depth or len(expr.shape) <= axis:
        return ()
    match expr:
        case Defined(body=body):
            return along(body, axis, depth - 1)
        case Apply(function="concat", arguments=parts, parameters=parameters):
            joined = dict(parameters).get("axis", (0,))[0]
            if joined == axis:
                return [_axes(part)[axis] for part in parts]
            return along(parts[0], axis, depth - 1)
        case Apply(function=".T", arguments=(inner,)):
            return along(inner, 1 - axis, depth - 1)
        case Apply(function="inv", arguments=(inner,)):
            return along(inner, 1 - axis, depth - 1)
        case Apply(function="u-", arguments=(inner,)):
            return along(inner, axis, depth - 1)
        case Apply(function="@", arguments=(left, right)):
            return along(right if axis else left, axis, depth - 1)
        case Apply(function="+" | "-" | "*", arguments=sides):
            side = next((side for side in sides if len(side.shape) == len(expr.shape)), None)
            return along(side, axis, depth - 1) if side is not None else ()
    return ()


def _axes(part: Expr) -> Shape:
    return part.shape or (ONE,)
