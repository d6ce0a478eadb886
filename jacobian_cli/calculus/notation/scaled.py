"""Exponentials that are computed side by side: (exp(x) - exp(-x))/(exp(x) + exp(-x)) has a value at any x, but neither
of its parts has one where x is large.

Each value is m exp(t), of which m stays near one: a sum of such takes the largest t out of its terms, a product adds
the t of its factors, a quotient takes them away, so that only differences of t are ever raised (P. Blanchard, D. J.
Higham and N. J. Higham, Accurately computing the log-sum-exp and softmax functions, IMA J. Numer. Anal. 41, 2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from jacobian_cli.calculus.notation.growth import degree, meant, moves
from jacobian_cli.calculus.notation.operations import (
    apply,
    divide,
    extent,
    is_call,
    is_number,
    multiply,
    negate,
    number,
    unsigned,
)
from jacobian_cli.expr import Apply, Constant, Expr, Extent, Number, Variable, walk
from jacobian_cli.ops.rules import reduced_axes
from jacobian_cli.shape import ONE

_ONE, _ZERO = number(1), number(0)


class Scaled(NamedTuple):
    """m exp(t)."""

    m: Expr
    t: Expr
    sums: bool = False
    """Whether m is a sum that was taken out of the range of exponentials."""
    met: bool = False
    """Whether exponents of two factors, or of the parts of a fraction, were taken together."""

    @property
    def whole(self) -> Expr:
        """The product."""
        if is_number(self.t, 0):
            return self.m
        raised = apply("exp", self.t)
        return raised if is_number(self.m, 1) else multiply(self.m, raised)


def scaled(node: Apply, known: Mapping[Expr, Scaled]) -> Scaled | None:
    """How an expression is scaled whose parts are these; nothing where no exponential is in it that grows."""
    parts = [known.get(a) or Scaled(a, _ZERO) for a in node.arguments]
    if node.function == "exp":
        return Scaled(_ONE, node.arguments[0]) if moves(node.arguments[0]) else None
    if all(is_number(part.t, 0) for part in parts):
        return None
    first = parts[0]
    match node.function:
        case "*":
            met = not any(is_number(part.t, 0) for part in parts)
            return Scaled(multiply(first.m, parts[1].m), _plus(first.t, parts[1].t), any(p.sums for p in parts), met)
        case "/":
            t = _plus(first.t, negate(parts[1].t))
            return Scaled(divide(first.m, parts[1].m), t, any(p.sums for p in parts), not is_number(parts[1].t, 0))
        case "u-":
            return Scaled(negate(first.m), first.t, first.sums)
        case "+" | "-":
            return _sum(node, first, parts[1])
        case "**" if isinstance(exponent := node.arguments[1], Number) and exponent.value.denominator == 1:
            return Scaled(apply("**", first.m, exponent), multiply(exponent, first.t), first.sums)
        case "sum" | "mean":
            return _total(node, first)
        case ".T" | "[]" | "reshape":
            return _moved(node, first)
        case "@" if _is_vector(first.t) and len(node.arguments[1].shape) == 1 and is_number(parts[1].t, 0):
            return _dot(first, parts[1])
        case "@" if _is_vector(parts[1].t) and _is_vector(node.arguments[0]) and is_number(first.t, 0):
            top = _top(parts[1].t)
            return Scaled(apply("@", first.m, _against(parts[1], top)), top, sums=True)
    return None


def damped(node: Apply) -> Expr | None:
    """exp(-t)*p for a polynomial p that grows with t, each power of which takes its part of the exponential: what is
    written x**2*exp(-x**2) is (x*exp(-x**2/2))**2, which is 0 and not inf times 0 where x is large.
    """
    if node.function != "*":
        return None
    factors = _factors(node)
    for damping in factors:
        raised = meant(damping)
        if isinstance(raised, Apply) and raised.function == "exp":
            t = raised.arguments[0]
            names = {part.name for part in walk([t]) if isinstance(part, Variable)}
            growing = next((f for f in factors if f is not damping and degree(f, names) > 1), None)
            if growing is not None and unsigned(t)[0] and degree(t, names) > 1:
                found = _damped(growing, t, names)
                for other in factors:
                    if other is not damping and other is not growing:
                        found = multiply(other, found)
                return found if found.shape == node.shape else None
    return None


def _factors(expr: Expr) -> list[Expr]:
    """The factors of a product of entries."""
    if isinstance(expr, Apply) and expr.function == "*":
        return [factor for part in expr.arguments for factor in _factors(part)]
    return [expr]


def _damped(expr: Expr, t: Expr, names: set[str]) -> Expr:
    inner = meant(expr)
    if isinstance(inner, Apply) and degree(inner, names) > 1:
        parts = inner.arguments
        match inner.function:
            case "+" | "-":
                return apply(inner.function, *(_damped(part, t, names) for part in parts))
            case "u-":
                return negate(_damped(parts[0], t, names))
            case "*":
                shares = [degree(part, names) for part in parts]
                times = [_part(Fraction(share, sum(shares)), t) for share in shares]
                both = zip(parts, times, strict=True)
                return multiply(*(_damped(part, at, names) if at is not _ZERO else part for part, at in both))
            case "**" if isinstance(power := parts[1], Number) and power.value > 1:
                return apply("**", _damped(parts[0], _part(1 / power.value, t), names), power)
    return multiply(expr, apply("exp", t))


def _part(share: Fraction, t: Expr) -> Expr:
    """A part of an exponent, its sign in front."""
    if share in (0, 1):
        return t if share else _ZERO
    minus, inner = unsigned(t)
    found = multiply(number(share), inner) if share.numerator > 1 else divide(inner, number(share.denominator))
    return negate(found) if minus else found


def logarithm(node: Apply, known: Mapping[Expr, Scaled]) -> Expr | None:
    """log(m exp(t)) = log(m) + t, where m is a sum: as logaddexp or logsumexp where each term is one exponential."""
    if node.function not in ("log", "log1p"):
        return None
    (x,) = node.arguments
    if node.function == "log1p":
        x = apply("+", _ONE, x)
    raises = any(is_call(part, "exp") for part in walk([x]))
    if raises and (found := _log_of_sum(x)) is not None:
        return found
    part = known.get(x)
    if part is None or not part.sums:
        return None
    return apply("+", apply("log", part.m), part.t)


def _log_of_sum(expr: Expr) -> Expr | None:
    """log of what is made of exponentials times positive numbers, by addition alone."""
    expr = meant(expr)
    if isinstance(expr, Number | Extent | Constant):
        positive = not isinstance(expr, Number) or expr.value > 0
        return (_ZERO if is_number(expr, 1) else apply("log", expr)) if positive else None
    if not isinstance(expr, Apply):
        return None
    match expr.function, expr.arguments:
        case "exp", (t,):
            return t
        case "+", (a, b):
            one, other = _log_of_sum(a), _log_of_sum(b)
            return None if one is None or other is None else apply("logaddexp", one, other)
        case "*", (a, b):
            one, other = _log_of_sum(a), _log_of_sum(b)
            return None if one is None or other is None else _plus(one, other)
        case "/", (a, b) if isinstance(meant(b), Number | Extent):
            one, other = _log_of_sum(a), _log_of_sum(b)
            return None if one is None or other is None else _plus(one, negate(other))
        case "sum" | "mean", (a,):
            inner = _log_of_sum(a)
            if inner is None or inner.shape != a.shape or len(dict(expr.parameters).get("axis", (0,))) > 1:
                return None
            total = apply("logsumexp", inner, **dict(expr.parameters))
            return total if expr.function == "sum" else apply("-", total, apply("log", _count(expr)))
    return None


def _count(node: Apply) -> Expr:
    """How many entries a reduction takes together."""
    (x,) = node.arguments
    found: Expr = _ONE
    for axis in reduced_axes(x.shape, dict(node.parameters)):
        found = multiply(found, extent(x.shape[axis]))
    return found


def _sum(node: Apply, one: Scaled, other: Scaled) -> Scaled:
    if one.t is other.t:
        return Scaled(apply(node.function, one.m, other.m), one.t, one.sums or other.sums)
    top = _larger(one.t, other.t)
    if node.function == "-" and is_number(one.m, 1) and is_number(other.m, 1):
        apart = _plus(one.t, negate(other.t))  # exp(a) - exp(b) without what cancels where they are near each other
        m = negate(multiply(apply("sign", apart), apply("expm1", negate(apply("abs", apart)))))
        return Scaled(m, top, sums=True)
    parts = [_against(part, top) for part in (one, other)]
    return Scaled(apply(node.function, *parts), top, sums=True)


def _larger(one: Expr, other: Expr) -> Expr:
    """The larger of two exponents; of x and -x it is |x|."""
    (minus, a), (minus_, b) = unsigned(one), unsigned(other)
    if a is b and minus is not minus_:
        return apply("abs", a)
    if is_number(one, 0) or is_call(other, "maximum"):
        one, other = other, one
    return apply("maximum", one, other)


def _against(part: Scaled, top: Expr) -> Expr:
    return Scaled(part.m, _plus(part.t, negate(top))).whole


def _total(node: Apply, part: Scaled) -> Scaled | None:
    """A total of entries each of which has an exponent of its own."""
    (x,) = node.arguments
    if part.t.shape != x.shape:
        return None
    options = dict(node.parameters)
    kept = {"axis": reduced_axes(x.shape, options), "keepdims": True} if node.shape else {}
    top = apply("max", part.t, **kept)
    inner = _against(part, top)
    if inner.shape != x.shape:
        return None
    return Scaled(apply(node.function, inner, **options), apply("max", part.t, **options), sums=True)


def _moved(node: Apply, part: Scaled) -> Scaled | None:
    """Entries in other places."""
    (x,) = node.arguments
    if part.t.shape != x.shape or (part.m.shape and part.m.shape != x.shape):
        return None
    m = Apply(node.function, (part.m,), node.parameters, node.shape) if part.m.shape else part.m
    return Scaled(m, Apply(node.function, (part.t,), node.parameters, node.shape), part.sums)


def inward(node: Apply, known: Mapping[Expr, Scaled]) -> tuple[str, list[tuple[Expr, Expr]]] | None:
    """A diagonal or an outer product over a number that holds exponentials: the function of it, and the quotients that
    it is of.
    """
    if node.function != "/" or node.arguments[1].shape or not _raised(node.arguments[1], known):
        return None
    above, below = meant(node.arguments[0]), node.arguments[1]
    if is_call(above, "diag") and len(above.shape) == 2:
        return "diag", [(above.children[0], below)]
    if not isinstance(above, Apply) or len(above.arguments) != 2 or not all(map(_is_vector, above.arguments)):
        return None
    if above.function != "outer" and (above.function != "@" or len(above.shape) != 2):
        return None
    a, b = above.arguments
    power = meant(below)
    if is_call(power, "**") and is_number(power.children[1], 2):
        return above.function, [(a, power.children[0]), (b, power.children[0])]
    return above.function, [(a, below), (b, _ONE)]


def _raised(expr: Expr, known: Mapping[Expr, Scaled]) -> bool:
    return expr in known and known[expr].sums


def _is_vector(expr: Expr) -> bool:
    return len(expr.shape) == 1 or (len(expr.shape) == 2 and expr.shape[0] is ONE)


def _dot(part: Scaled, other: Scaled) -> Scaled | None:
    """A dot product of exponentials with what is none."""
    top = _top(part.t)
    return Scaled(apply("@", _against(part, top), other.m), top, sums=True)


def _top(t: Expr) -> Expr:
    """The largest entry, of a row as of the column that it was."""
    return apply("max", t.children[0] if is_call(t, ".T") else t)


def _plus(a: Expr, b: Expr) -> Expr:
    """a + b, without what is zero in it."""
    if is_number(a, 0):
        return b
    if is_number(b, 0):
        return a
    minus, other = unsigned(b)
    if other is a or _same(a, other):
        return multiply(number(2), a) if not minus else _ZERO
    return apply("-" if minus else "+", a, other)


def _same(a: Expr, b: Expr) -> bool:
    return meant(a) is meant(b)
