"""What a call of a function may have been written as: another function, another axis, another argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from jacobian_cli.checks.mistakes.terms import Change, key
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.syntax.tree import Call, Literal, Term

_TOTALS = {"sum": "mean", "mean": "sum"}
_TAKEN_FOR = (
    ("exp", "softmax", "sum_term_forgotten"),
    ("sigmoid", "softmax", "wrong_derivative"),
    ("softmax", "sigmoid", "wrong_derivative"),
    ("log_softmax", "softmax", "wrong_derivative"),
    ("softmax", "log_softmax", "wrong_derivative"),
    ("sigmoid", "tanh", "wrong_derivative"),
    ("tanh", "sigmoid", "wrong_derivative"),
    ("sin", "cos", "wrong_derivative"),
    ("cos", "sin", "wrong_derivative"),
    ("sinh", "cosh", "wrong_derivative"),
    ("cosh", "sinh", "wrong_derivative"),
    ("log", "exp", "wrong_derivative"),
    ("abs", "sign", "variable_for_derivative"),
    ("var", "std", "inverse_power"),
    ("std", "var", "inverse_power"),
)
"""Functions that people write for another one, and what kind of mistake that is."""


def calls(place: Call, call: Callable[..., Call], *, alone: bool = False) -> Iterator[Change]:
    """The changes of a call; `alone` asks for those of the function and of how it runs only."""
    function, arguments = place.function, place.arguments
    if not function.isidentifier():
        return
    for wrong, right, kind in _TAKEN_FOR:
        if function == wrong and len(arguments) == 1:
            yield replace(place, function=right), "wrong_derivative", kind, f"{wrong} for {right} in {{}}"
        if function == right and len(arguments) == 1:
            yield replace(place, function=wrong), kind, "wrong_derivative", f"{right} for {wrong} in {{}}"
    row = FUNCTIONS.get(function)
    if len(arguments) == 1 and row is not None and "axis" in row.options:
        yield from _axes(place)
    if alone:
        return
    if function in _TOTALS:
        other = replace(place, function=_TOTALS[function])
        yield other, "mean_for_sum", "mean_for_sum", "sum or mean in {}"
    if len(arguments) == 2:
        yield from _of_two(place, call)
    if len(arguments) == 1:
        yield from _of_one(place, arguments[0], call)
    if function == "where" and len(arguments) == 3:
        condition, one, two = arguments
        yield one, "missing_branch", "unknown", "what {} is where the condition does not hold"
        yield two, "missing_branch", "unknown", "what {} is where the condition holds"
        yield call("where", condition, two, one), "order", "order", "the branches of {}"
    if function == "concat" and len(arguments) > 1:
        turned = replace(place, arguments=arguments[::-1])
        yield turned, "index", "index", "the order of the parts of {}"
    if function == "eye" and arguments:
        ones = replace(place, function="ones", arguments=(arguments[0], arguments[-1]))
        yield ones, "ones_for_identity", "diagonal_only", "{}"
    if function == "ones" and len(arguments) == 2 and key(arguments[0]) == key(arguments[1]):
        yield replace(place, function="eye", arguments=arguments[:1]), "diagonal_only", "ones_for_identity", "{}"


Total = tuple[str, str, object]
"""The kind of a change in how something is summed, in words, and from what to what."""


def totals(place: Call) -> Iterator[tuple[Total, Call]]:
    """How a sum may have been taken instead, and what makes it so: a mean, or along another axis."""
    row = FUNCTIONS.get(place.function)
    if len(place.arguments) != 1 or row is None or "axis" not in row.options:
        return
    if place.function in _TOTALS:
        other = replace(place, function=_TOTALS[place.function])
        yield ("mean_for_sum", "sum or mean in {}, and in the others", place.function), other
    given = dict(place.keywords).get("axis")
    here = given.value if isinstance(given, Literal) else None
    for new in _along(place):
        there = dict(new.keywords).get("axis")
        to = there.value if isinstance(there, Literal) else None
        yield ("wrong_axis", "the axis of {}, and of the others", (here, to)), new


def _of_one(place: Call, inner: Term, call: Callable[..., Call]) -> Iterator[Change]:
    match place.function:
        case "sum" | "mean":
            yield inner, "missing_sum", "wrong_contraction", f"the {place.function} {{}}"
        case "diag":
            yield inner, "shape", "shape", "the diag of {}"
            yield call("diag", call("/", inner, inner)), "missing_derivative", "extra_derivative", "the factor {}"
        case "trace":
            yield inner, "wrong_contraction", "wrong_contraction", "the trace {}"
            yield call(".T", inner), "wrong_contraction", "wrong_contraction", "the trace {}"
        case "inv":
            yield call("@", place, place), "inverse_power", "inverse_power", "the power of {}"
            yield inner, "inverse_power", "inverse_power", "the power of {}"
        case _:
            minus = inner.arguments[0] if isinstance(inner, Call) and inner.function == "u-" else call("u-", inner)
            yield replace(place, arguments=(minus,)), "sigma_of_minus", "sigma_of_minus", "the sign inside {}"


def _of_two(place: Call, call: Callable[..., Call]) -> Iterator[Change]:
    a, b = place.arguments
    if place.function == "outer":
        yield call("outer", b, a), "outer_swapped", "outer_swapped", "the order in {}"
        yield call("@", a, b), "inner_for_outer", "wrong_contraction", "the outer product {}"
        yield call("*", a, b), "outer_lost", "matmul_for_hadamard", "the outer product {}"
    if place.function == "kron":
        yield call("kron", b, a), "order", "order", "the order in {}"
        for one, other in ((a, b), (b, a), (a, call(".T", b)), (call(".T", a), b)):
            yield call("@", one, other), "outer_lost", "unknown", "the Kronecker product {}"


def _axes(place: Call) -> Iterator[Change]:
    """The axes that a function may have run along instead."""
    for new in _along(place):
        yield new, "wrong_axis", "wrong_axis", "the axis of {}"


def _along(place: Call) -> Iterator[Call]:
    given = dict(place.keywords).get("axis")
    others = {name: value for name, value in place.keywords if name != "axis"}
    for axis in (None, 0, 1):
        if (given is None and axis is None) or (isinstance(given, Literal) and given.value == axis):
            continue
        keywords = dict(others) if axis is None else {**others, "axis": Literal(Fraction(axis), place.span)}
        yield replace(place, keywords=tuple(keywords.items()))
