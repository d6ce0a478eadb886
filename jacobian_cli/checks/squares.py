"""Even powers of roots of squares, written without the root: ‖x‖² is Σ xᵢ², which has a derivative also at 0."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.expr import Apply, Defined, Expr, Number, Variable, rebuild, walk, with_parts
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.rules import reduced_axes
from jacobian_cli.shape import ONE

_ADDED = frozenset({"sum", "mean", "+", "*", "/"})
"""What is not negative where none of its arguments is."""
_MEANT = (Kind.ELEMENTWISE, Kind.REDUCTION, Kind.FORMULA)


@lru_cache(maxsize=256)
def without_roots(expr: Expr, *, meeting: bool = False) -> Expr:
    """The same value, roots and moduli under even powers written out by what they mean; no derivative is taken. Only
    those that are 0 somewhere whatever the variables are, if these are `meeting`: of distances of rows from themselves.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> from jacobian_cli.printers.language import text
    >>> text(without_roots(elaborate([parse_statement("exp(-norm(x)**2/2)/norm(x)")]).output))
    'exp(-sum(x**2)/2)/norm(x)'
    """
    made: dict[Expr, Expr] = {}
    for node in walk([expr]):
        same = with_parts(node, made) if node.children else node
        other = _power(same) if isinstance(same, Apply) else None
        made[node] = other if other is not None and (not meeting or _meets(other)) else same
    return made[expr]


def _meets(square: Expr) -> bool:
    """Whether it holds a difference of entries of one array from each other."""
    calls = (node for node in walk([square]) if isinstance(node, Apply) and node.function == "-")
    return any(_rearranged(a) == _rearranged(b) for a, b in (call.arguments for call in calls))


def _rearranged(expr: Expr) -> Expr:
    """What the entries of an expression are entries of."""
    while isinstance(expr, Defined) or (isinstance(expr, Apply) and FUNCTIONS[expr.function].moves):
        if len(expr.children) > 1:
            break
        (expr,) = expr.children
    return expr


def _power(node: Apply) -> Expr | None:
    """A square or another even power of a root, without it."""
    if node.function == "square":
        return _square(node.arguments[0])
    if node.function == "*":
        return _product(node)
    if node.function != "**" or not isinstance(node.arguments[1], Number):
        return None
    half = node.arguments[1].value / 2
    if half.denominator != 1 or (square := _square(node.arguments[0])) is None:
        return None
    return square if half == 1 else _to(square, half)


def _product(node: Apply) -> Expr | None:
    """A product in which a factor stands twice, as `r*r` and `w*r*r`."""
    a, b = node.arguments
    if a == b:
        return _square(a)
    match a:
        case Apply("*", (x, y)) if b in (x, y) and (square := _square(b)) is not None:
            return Apply("*", (y if b == x else x, square), (), node.shape)
    return None


def _square(base: Expr) -> Expr | None:
    """The square of an expression, if a root or a modulus in it goes by that."""
    if isinstance(base, Defined):
        return _square(base.body)
    if not isinstance(base, Apply):
        return None
    match base.function:
        case "abs":
            return _to(base.arguments[0], Fraction(2))
        case "sqrt":
            return base.arguments[0] if _never_negative(base.arguments[0]) else None
        case "u-" | "transpose" | "[]" | "reshape":  # of each entry by itself
            square = _square(base.arguments[0])
            if square is None or base.function == "u-":
                return square
            return Apply(base.function, (square, *base.arguments[1:]), base.parameters, base.shape)
        case "*" | "/":
            squares = [_square(part) for part in base.arguments]
            if not any(squares):
                return None
            parts = [square or _to(part, Fraction(2)) for square, part in zip(squares, base.arguments, strict=True)]
            return Apply(base.function, tuple(parts), (), base.shape)
    return _meant(base)


def _meant(base: Apply) -> Expr | None:
    """What is below the root that a function is by definition, as of `norm` and `hypot`."""
    row = FUNCTIONS[base.function]
    same = all(argument.shape == base.shape for argument in base.arguments)
    if not row.definition or row.kind not in _MEANT or (row.kind is Kind.ELEMENTWISE and not same):
        return None
    if len(row.parameters) != len(base.arguments):
        return None
    body = meaning(row.definition, row.parameters, tuple(argument.shape for argument in base.arguments))
    if row.kind is Kind.FORMULA:
        below = _square(body)
    elif isinstance(body, Apply) and body.function == "sqrt":
        below = _along(body.arguments[0], base) if row.kind is Kind.REDUCTION else body.arguments[0]
    else:
        return None
    bound = dict(zip(row.parameters, base.arguments, strict=True))
    return below and rebuild(below, lambda e: bound.get(e.name) if isinstance(e, Variable) else None)


def _along(body: Expr, base: Apply) -> Expr:
    """A definition of all entries, said of those along the axes of a reduction."""
    options = dict(base.parameters)
    whole = base.arguments[0].shape
    axes = reduced_axes(whole, options)
    kept = tuple(ONE if k in axes else size for k, size in enumerate(whole))

    def inner(part: Expr) -> Expr | None:
        if isinstance(part, Apply) and FUNCTIONS[part.function].kind is Kind.REDUCTION:
            (argument,) = (rebuild(a, inner) for a in part.arguments)
            return Apply(part.function, (argument,), (("axis", axes), ("keepdims", True)), kept)
        return None

    assert isinstance(body, Apply)
    return Apply(body.function, tuple(rebuild(a, inner) for a in body.arguments), base.parameters, base.shape)


def _never_negative(expr: Expr) -> bool:
    """Whether it is so as it is written, as of a sum of squares."""
    match expr:
        case Defined(_, body):
            return _never_negative(body)
        case Number(value):
            return value >= 0
        case Apply("**", (_, Number(value))):
            return value % 2 == 0 and value > 0
        case Apply("*", (a, b)) if a == b:
            return True
        case Apply("abs" | "norm" | "exp" | "square", _):
            return True
        case Apply(name, arguments) if name in _ADDED or FUNCTIONS[name].kind is Kind.SHAPE:
            return all(map(_never_negative, arguments))
    return False


def _to(base: Expr, exponent: Fraction) -> Expr:
    return Apply("**", (base, Number(exponent)), (), base.shape)
