"""Matrices that are singular by their shape: A@B of an n × k and a k × n one has no inverse where k < n."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from jacobian_cli.checks.points.domain import KINK, conditions
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Apply, Defined, Expr, Variable, rebuild, size_names, variables, walk
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.shape import ONE

_ARGUMENT = "?argument"


class Asked(NamedTuple):
    """What must be positive, or must not be zero, in terms of a square matrix named `?argument`."""

    matrix: Expr
    condition: Expr
    positive: bool


def regular(exprs: Iterable[Expr], sizes: Mapping[str, int]) -> bool:
    """Whether no matrix that must have an inverse, or eigenvalues apart, has too small a rank at these sizes.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> product = elaborate([parse_statement("logdet(A@B)")]).output
    >>> [regular([product], dict(zip(("n", "m"), sizes))) for sizes in ((2, 3), (3, 2))]
    [True, False]
    """
    return all(_met(asked, sizes) for expr in exprs for asked in _asked(expr))


def _met(asked: Asked, sizes: Mapping[str, int]) -> bool:
    count = asked.matrix.shape[0].at(sizes)
    rank = _rank(asked.matrix, sizes)
    if rank >= count:
        return True
    matrix = np.diag(np.where(np.arange(count) < rank, np.arange(count) + 1.0, 0.0))
    with np.errstate(all="ignore"):
        try:
            found: Any = np.asarray(evaluate(asked.condition, {_ARGUMENT: matrix}, sizes), float)
        except np.linalg.LinAlgError:
            return False
    return bool(np.all(found > 0 if asked.positive else found != 0))


@lru_cache(maxsize=256)
def _asked(expr: Expr) -> tuple[Asked, ...]:
    if not any(isinstance(node, Apply) and FUNCTIONS[node.function].kind in _WHOLE for node in walk([expr])):
        return ()
    found: list[Asked] = []
    for condition in conditions(expr, dict.fromkeys(size_names([expr]), 2)):
        if condition.kind == KINK or condition.expression is None:
            continue
        wanted = condition.violation().expression
        for matrix in condition.node.arguments:
            if len(matrix.shape) == 2 and matrix.shape[0] is matrix.shape[1] and not isinstance(matrix, Variable):
                there = {matrix: Variable(_ARGUMENT, matrix.shape)}
                said = rebuild(wanted, there.get)
                if set(variables(said)) == {_ARGUMENT}:
                    found.append(Asked(matrix, said, condition.positive))
    return tuple(found)


_WHOLE = frozenset((Kind.CORE, Kind.FORMULA))


def _rank(matrix: Expr, sizes: Mapping[str, int]) -> int:
    """No rank of this matrix is larger: of a product each factor's, of a sum those of the terms together."""
    found: dict[Expr, int] = {}
    for node in walk([matrix]):
        lengths = [size.at(sizes) for size in node.shape if size is not ONE]
        most = min(lengths) if len(lengths) > 1 else 1
        match node:
            case Defined(_, body):
                most = found[body]
            case Apply("@", (left, right)) if len(node.shape) == 2:
                most = min(most, found[left], found[right])
            case Apply("+" | "-", (left, right)):
                most = min(most, found[left] + found[right])
            case Apply("*" | "/", (left, right)) if not (left.shape and right.shape):
                most = min(most, found[left] if left.shape else found[right])
            case Apply("*", (left, right)):
                most = min(most, found[left] * found[right])
            case Apply(".T" | "u-", (inner,)):
                most = found[inner]
        found[node] = most
    return found[matrix]
