"""Functions over entries one after the other: running extremes, areas, what NumPy's operators accumulate; distances."""

from __future__ import annotations

import ast
from fractions import Fraction

from jacobian_cli.syntax.code.arguments import Arguments, is_
from jacobian_cli.syntax.libraries import CONVEX, SHARED, TORCH
from jacobian_cli.syntax.parser import parse
from jacobian_cli.syntax.tree import HELD, Call, Literal, Name, Term, Text

_ACCUMULATED = {"add": "cumsum", "multiply": "cumprod", "maximum": "cummax", "minimum": "cummin",
                "logaddexp": "logcumsumexp"}  # fmt: skip
_REDUCED = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logaddexp": "logsumexp"}


def extreme(call: Arguments) -> Term:
    """`cummax` and `cummin`; PyTorch's are a pair, and of no other library they are methods."""
    given = call.bound("x", "axis")
    made = call.call(call.name, given["x"], axis=given.get("axis"))
    return Call("?pair", (made,), (), call.span) if call.library == TORCH or call.method else made


_TWO = frozenset(("hypot", "arctan2", "atan2"))


def _each_with_each(call: Arguments, operator: str) -> Term:
    """`np.subtract.outer(x, y)`, which is x[:, None] - y."""
    row = SHARED.get(operator)
    made = parse(row.text) if row is not None and row.parameters == ("x", "y") else None
    plain = isinstance(made, Call) and all(isinstance(part, Name) for part in made.arguments) and not made.keywords
    if not plain and operator not in _TWO:
        raise call.refuse(
            f"'outer' of {operator} is not known", "as in `x[:, None] - y`, which is np.subtract.outer(x, y)"
        )
    given = call.bound("x", "y")
    function = made.function if isinstance(made, Call) else operator
    return call.call("?outer", given["x"], given["y"], Text(function, call.span))


def of_ufunc(call: Arguments) -> Term:
    """`np.maximum.accumulate(x)` and `np.add.reduce(x)`: along the first axis, unless told otherwise."""
    operator = call.module.rpartition(".")[2]
    if call.name == "outer":
        return _each_with_each(call, operator)
    if call.name in ("at", "reduceat"):
        raise call.refuse(f"'{operator}.{call.name}' is not in the language", "write the whole array as a formula")
    if len(call.arguments) > 3:
        call.no_out(call.arguments[3])
    everything = call.flat(1)
    function = (_ACCUMULATED if call.name == "accumulate" else _REDUCED).get(operator)
    if function is None:
        hint = "of NumPy's operators there are np.maximum.accumulate, np.add.reduce and the like"
        raise call.refuse(f"'{call.name}' is not known of this", hint)
    given = call.bound("x", "axis", "dtype", "out", "keepdims")
    axis = None if everything else given.get("axis") or Literal(Fraction(0), call.span)
    return call.call(function, given["x"], axis=axis, keepdims=given.get("keepdims"))


def trapezoid(call: Arguments) -> Term:
    """The area under straight lines, at the places `x` or steps `dx` apart."""
    given = call.bound("y", "x", "dx", "axis")
    made = call.call("trapezoid", given["y"], x=given.get("x"), axis=given.get("axis"))
    return made if "dx" not in given or "x" in given else call.call("*", given["dx"], made)


_METRICS = {
    "euclidean": "cdist(x, y)",
    "sqeuclidean": "cdist(x, y)**2",
    "cityblock": "cdist(x, y, ord=1)",
}
"""SciPy's words for distances."""


def distances(call: Arguments) -> Term:
    """PyTorch's and SciPy's `cdist`, Euclidean unless told otherwise."""
    metric = call.keywords.pop("metric", None)
    if metric is None and len(call.arguments) > 2 and isinstance(getattr(call.arguments[2], "value", 0), str):
        metric = call.arguments.pop(2)
    if metric is not None:
        word = metric.value if isinstance(metric, ast.Constant) else None
        if word not in _METRICS:
            raise call.code.refuse(metric, "this distance is not read", f"there are {', '.join(_METRICS)}")
        given = call.bound("x", "y")
        return call.made(_METRICS[word], given)
    given = call.bound("x", "y", "p")
    order = None if is_(given.get("p"), 2) else given.get("p")
    return call.up_to_two(call.call("cdist", given["x"], given["y"], ord=order), given["x"])


def differences(call: Arguments) -> Term:
    """CVXPY's run down the columns of a matrix, CuPy's along its rows."""
    if call.module not in CONVEX or len(call.arguments) != 1 or call.keywords:
        return call.plain()
    held = Name(HELD, call.span)
    down = Call("diff", (held,), (("axis", Literal(Fraction(0), call.span)),), call.span)
    how = Text("none", call.span)
    return Call("?columns", (call.code.term(call.arguments[0]), call.call("diff", held), down, how), (), call.span)
