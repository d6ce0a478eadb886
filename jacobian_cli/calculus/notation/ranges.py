"""Between which numbers the entries of an expression lie: intervals of floats, as they come out of rounded operations.

To round is monotone, so that what a bound gives bounds what is computed: where 0 ≤ h ≤ 1, so is 1 - h, to the last bit
(R. E. Moore, Interval Analysis, 1966).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, isnan

from jacobian_cli.calculus.notation.definite import Facts
from jacobian_cli.expr import Apply, Constant, Defined, Expr, Extent, Number, Variable, walk
from jacobian_cli.ops import row
from jacobian_cli.ops.facts import everything

Range = tuple[float, float]
_ANY: Range = (-inf, inf)
_AT_LEAST_0: Range = (0.0, inf)
_SHARE: Range = (0.0, 1.0)
_RANGES: Mapping[str, Range] = {
    **dict.fromkeys("exp exp2 softplus norm std var square cosh relu relu6".split(), _AT_LEAST_0),
    **dict.fromkeys("sigmoid softmax softmin hard_sigmoid eye one_hot largest smallest".split(), _SHARE),
    **dict.fromkeys("> < >= <= == !=".split(), _SHARE),
    **dict.fromkeys("tanh sin cos erf sign".split(), (-1.0, 1.0)),
    "ones": (1.0, 1.0),
    "zeros": (0.0, 0.0),
    "erfc": (0.0, 2.0),
}
"""The least and the largest value of functions, whatever they are given."""
_FACTS: Mapping[str, Range] = {
    "probability": _SHARE, "binary": _SHARE, "pm1": (-1.0, 1.0), "positive": _AT_LEAST_0
}  # fmt: skip


def is_nonnegative(expr: Expr, facts: Facts) -> bool:
    """Whether no entry is below zero, under the facts declared of variables.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> shown = lambda text, facts={}: is_nonnegative(elaborate([parse_statement(text)]).output, facts)
    >>> shown("y**2*sigmoid(x)*(1 - sigmoid(x))"), shown("1 - tanh(x)**2"), shown("x*exp(x)"), shown("c*x**2")
    (True, True, False, False)
    >>> shown("c*x**2", {"c": ["positive"]})
    True
    """
    found: dict[Expr, Range] = {}
    for node in walk([expr]):
        least, most = _of(node, found, facts)
        found[node] = _ANY if isnan(least) or isnan(most) else (least, most)
    return found[expr][0] >= 0


def _of(node: Expr, found: Mapping[Expr, Range], facts: Facts) -> Range:
    match node:
        case Number(value=value):
            return (float(value), float(value)) if abs(value) < 2**60 else _ANY
        case Extent():
            return _AT_LEAST_0
        case Constant():
            return (0.0, 4.0)
        case Variable(name=name):
            return next((_FACTS[fact] for fact in _FACTS if fact in everything(facts.get(name, ()))), _ANY)
        case Defined(body=body):
            return found[body]
        case Apply(function=function, arguments=arguments):
            if function in _RANGES:
                return _RANGES[function]
            if (rule := _RULES.get(function)) is not None:
                return rule(node, [found[a] for a in arguments])
            if row(function).moves:
                parts = [found[a] for a in arguments]
                return min(a for a, _ in parts), max(b for _, b in parts)
    return _ANY


def _sum(node: Apply, parts: list[Range]) -> Range:
    del node
    (a, b), (c, d) = parts
    return a + c, b + d


def _difference(node: Apply, parts: list[Range]) -> Range:
    del node
    (a, b), (c, d) = parts
    return a - d, b - c


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _product(node: Apply, parts: list[Range]) -> Range:
    (a, b), (c, d) = parts
    ends = [_times(x, y) for x in (a, b) for y in (c, d)]
    same = node.arguments[0] is node.arguments[1]
    return max(min(ends), 0.0) if same else min(ends), max(ends)


def _quotient(node: Apply, parts: list[Range]) -> Range:
    """Its sign alone."""
    del node
    (a, b), (c, d) = parts
    if c < 0 < d or a < 0 < b:
        return _ANY
    return _AT_LEAST_0 if (a >= 0) == (c >= 0) else (-inf, 0.0)


def _power(node: Apply, parts: list[Range]) -> Range:
    exponent, (least, most) = node.arguments[1], parts[0]
    even = isinstance(exponent, Number) and exponent.value.denominator == 1 and exponent.value % 2 == 0
    if least < 0 and not even:
        return _ANY
    within = least >= -1 and most <= 1 and isinstance(exponent, Number) and exponent.value > 0
    return _SHARE if within else _AT_LEAST_0


def _opposite(node: Apply, parts: list[Range]) -> Range:
    del node
    ((a, b),) = parts
    return -b, -a


def _size(node: Apply, parts: list[Range]) -> Range:
    del node
    ((a, b),) = parts
    return 0.0, max(abs(a), abs(b))


def _larger(node: Apply, parts: list[Range]) -> Range:
    del node
    return max(a for a, _ in parts), max(b for _, b in parts)


def _smaller(node: Apply, parts: list[Range]) -> Range:
    del node
    return min(a for a, _ in parts), min(b for _, b in parts)


def _either(node: Apply, parts: list[Range]) -> Range:
    del node
    return min(a for a, _ in parts[1:]), max(b for _, b in parts[1:])


def _total(node: Apply, parts: list[Range]) -> Range:
    """Of what has one sign, that."""
    del node
    a, b = parts[0]
    return 0.0 if a >= 0 else -inf, 0.0 if b <= 0 else inf


def _same_sign(node: Apply, parts: list[Range]) -> Range:
    del node
    return _AT_LEAST_0 if parts[0][0] >= 0 else _ANY


_RULES: Mapping[str, Callable[[Apply, list[Range]], Range]] = {
    "+": _sum, "-": _difference, "*": _product, "/": _quotient, "**": _power, "u-": _opposite, "abs": _size,
    "maximum": _larger, "minimum": _smaller, "where": _either, "sum": _total, "mean": _total, "sqrt": _same_sign,
    "log1p": _same_sign, "max": lambda node, parts: parts[0], "min": lambda node, parts: parts[0],
}  # fmt: skip
