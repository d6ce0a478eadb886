"""Constants that no float holds are refused before code is written of them: 9**9**9**9 keeps Python busy for ever, and
0/0 is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from jacobian_cli.evaluate.evaluate import applied, numpy_backend
from jacobian_cli.expr import Apply, Constant, Defined, Expr, Extent, Number, walk
from jacobian_cli.printers.language import text
from jacobian_cli.syntax.errors import InputError


def want_numbers(formula: Expr, sizes: Mapping[str, int]) -> None:
    """Raises `InputError` where a part of a formula that hangs on no variable has no value that a float holds, at
    these sizes.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> want_numbers(elaborate([parse_statement("x/(3 - 3)**2")]).output, {})
    Traceback (most recent call last):
    jacobian_cli.syntax.errors.InputError: x/(3 - 3)**2 divides by zero
    """
    values: dict[Expr, Any] = {}
    for node in walk([formula]):
        match node:
            case Number(value=value):
                values[node] = _float(float, value)
            case Constant():
                values[node] = numpy_backend().constants[node.name]
            case Extent(size=size) if {*size.names()} <= sizes.keys():
                values[node] = float(size.at(sizes))
            case Defined(body=body) if body in values:
                values[node] = values[body]
            case Apply(function="/") if values.get(node.arguments[1]) == 0:
                raise InputError(f"{text(node)} divides by zero")
            case Apply() if not node.shape and all(a in values for a in node.arguments):
                values[node] = _value(node, [values[a] for a in node.arguments])


def _value(node: Apply, given: list[Any]) -> Any:
    with np.errstate(all="ignore"):
        found = _float(lambda: applied(node, list(map(np.float64, given)), {}, numpy_backend()))
    if all(map(isfinite, given)) and not isfinite(found):
        why = "has no value" if np.isnan(found) else "is larger than any float"
        raise InputError(f"{text(node)} {why}")
    return found


def _float(made: Any, *given: Any) -> float:
    try:
        return float(made(*given))
    except OverflowError:
        return float("inf")
