"""Typed expressions whose sizes were open, once these are known: what was built need not be built again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from jacobian_cli.expr import Apply, Constant, Defined, Expr, Extent, Number, Variable, nodes
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.shape import ONE, Shape, Size

_KINDS = (Kind.ELEMENTWISE, Kind.CONTRACTION, Kind.REDUCTION, Kind.ROW, Kind.SHARE)
_OPTIONS = frozenset(("axis", "keepdims"))


@lru_cache(maxsize=1024)
def _by_axes_alone(row: Row) -> bool:
    """Whether a function is the same of sizes that are open and of those that they turn out to be, but for one."""
    return row.kind in _KINDS and not (row.rule or row.settle) and _OPTIONS.issuperset(row.options)


def settled(
    roots: Sequence[Expr], known: Mapping[str, Expr], size: Callable[[Size], Size]
) -> tuple[Mapping[Expr, Expr], Callable[[Shape], Shape]] | None:
    """What becomes of expressions and of their parts, and of shapes, where `known` are the variables and `size` says
    what a size turned out to be. None where another size might have led to another expression.
    """
    shapes: dict[Shape, Shape] = {}

    def shaped(shape: Shape) -> Shape:
        found = shapes.get(shape)
        if found is None:
            found = shapes[shape] = tuple([size(each) if each.is_open else each for each in shape])
        return found

    made: dict[Expr, Expr] = {}
    for node in nodes(*roots):
        match node:
            case Apply(function, arguments, parameters, shape):
                if not _by_axes_alone(FUNCTIONS[function]):
                    return None
                made[node] = Apply(function, tuple([made[a] for a in arguments]), parameters, shaped(shape))
            case Variable(name):
                made[node] = known[name]
                for one, other in zip(node.shape, made[node].shape, strict=True):
                    if other.is_open or (other is ONE and one is not ONE):
                        return None
            case Defined(name, body):
                made[node] = Defined(name, made[body])
            case Extent(length):
                (resolved,) = shaped((length,))
                made[node] = Extent(resolved)
            case Number() | Constant():
                made[node] = node
            case _:
                raise AssertionError(node)
    if any(each.is_open for shape in shapes.values() for each in shape):
        return None
    return made, shaped
