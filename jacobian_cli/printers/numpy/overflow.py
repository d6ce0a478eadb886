"""Where a part of a formula may overflow and its value does not: 1/(1 + x**2) and exp(-x**2) are 0 at 1e200, and x**2
is inf on the way there. IEEE 754 has inf for that; NumPy warns of it all the same, unless it is told that it is meant.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import inf, isfinite

from jacobian_cli.calculus.notation.growth import moves
from jacobian_cli.calculus.notation.operations import is_call, unsigned
from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Apply, Defined, Expr, Number, Variable, walk
from jacobian_cli.ops import Kind, row

_TOPS = frozenset({"max", "maximum", "abs"})


def absorbs(forms: Iterable[Expr]) -> bool:
    """Whether a part that grows without bound stands where inf is as good as a number: below a fraction, in a function
    that has a value there, in a branch that is not taken.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> shown = lambda text: absorbs([elaborate([parse_statement(text)]).output])
    >>> [shown(text) for text in ("1/(1 + x**2)", "exp(-x**2)", "tanh(x**2)", "1/cosh(x)")]
    [True, True, True, True]
    >>> [shown(text) for text in ("1 + x**2", "exp(x)", "log(1 + x**2)", "x/norm(x)", "W@x")]
    [False, False, False, False, False]
    """
    return any(isinstance(node, Apply) and _absorbs(node) for node in walk(forms))


def _absorbs(node: Apply) -> bool:
    entry = row(node.function)
    if node.function == "/" or entry.algebra == "power":
        exponent = node.arguments[1]
        if node.function == "/":
            return _grows(exponent)
        return isinstance(exponent, Number) and exponent.value < 0 and _grows(node.arguments[0])
    if entry.kind is Kind.ELEMENTWISE and _composite(node.function):
        return True
    if entry.kind is not Kind.ELEMENTWISE or not entry.called or not any(map(_grows, node.arguments)):
        return False
    if len(node.arguments) == 1:
        high, low = _ends(node.function)
        return low and (high or unsigned(node.arguments[0])[0])
    return len(node.arguments) > 2


@lru_cache(maxsize=1024)
def _composite(function: str) -> bool:
    """Whether a function is written by a definition in which something is absorbed."""
    entry = row(function)
    text = entry.steady or entry.definition
    if not text or entry.kernel is not None or entry.numpy:
        return False
    return absorbs([meaning(text, entry.parameters)])


@lru_cache(maxsize=1024)
def _ends(function: str) -> tuple[bool, bool]:
    """Whether a function has a value where its argument is above, and where it is below all numbers."""
    call = Apply(function, (Variable("x", ()),), (), ())
    try:
        above, below = (float(evaluate(call, {"x": end}, {})) for end in (inf, -inf))
    except (ValueError, TypeError, OverflowError):
        return False, False
    return isfinite(above), isfinite(below)


def _grows(expr: Expr) -> bool:
    """Whether a power or an exponential of what varies is in it, outside of logarithms and roots of it."""
    stack, met = [expr], set[Expr]()
    while stack:
        node = stack.pop()
        if node in met:
            continue
        met.add(node)
        if isinstance(node, Defined):
            stack.append(node.body)
        if not isinstance(node, Apply):
            continue
        entry = row(node.function)
        if entry.steep and moves(node) and not _is_held(node.arguments[0]):
            return True
        if entry.algebra == "power" and moves(node.arguments[0]):
            exponent = node.arguments[1]
            if not isinstance(exponent, Number) or exponent.value > 1:
                return True
        if entry.algebra == "product" or entry.kind is Kind.CONTRACTION:
            sides = [{part.name for part in walk([a]) if isinstance(part, Variable)} for a in node.arguments]
            if len(sides) > 1 and set.intersection(*sides):
                return True
        stack.extend(node.arguments)
    return False


def _is_held(expr: Expr) -> bool:
    """Whether an exponent is one less the largest there is, or less a modulus."""
    minus, inner = unsigned(expr)
    if minus:
        return is_call(inner, "abs")
    return is_call(inner, "-") and isinstance(top := inner.children[1], Apply) and top.function in _TOPS
