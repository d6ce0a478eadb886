"""What is positive definite by the way it is written: X.T@X + c*eye(d) with c > 0, H@P@H.T + R, inv(K)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from jacobian_cli.calculus.notation.operations import apply
from jacobian_cli.expr import Apply, Constant, Defined, Expr, Extent, Number, Variable
from jacobian_cli.ops.facts import everything

Facts = Mapping[str, Collection[str]]


def is_definite(expr: Expr, facts: Facts) -> bool:
    """Whether a matrix is symmetric and positive definite under the facts declared of variables.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> ridge, gram = (elaborate([parse_statement(t)]).output for t in ("X.T@X + c*eye(d)", "X.T@X"))
    >>> is_definite(ridge, {"c": ["positive"]}), is_definite(ridge, {}), is_definite(gram, {"c": ["positive"]})
    (True, False, False)
    """
    match expr:
        case Defined(body=body):
            return is_definite(body, facts)
        case Variable(name=name):
            return "spd" in everything(facts.get(name, ()))
        case Apply(function="eye"):
            return True
        case Apply(function="inv" | ".T", arguments=(inner,)):
            return is_definite(inner, facts)
        case Apply(function="diag", arguments=(inner,)) if len(inner.shape) == 1:
            return _is_positive(inner, facts)
        case Apply(function="*" | "/"):
            return _scaled(expr, facts, is_definite)
        case Apply(function="+", arguments=(a, b)) if a.shape == b.shape:
            return any(is_definite(one, facts) and _is_semidefinite(other, facts) for one, other in ((a, b), (b, a)))
    return False


def _is_semidefinite(expr: Expr, facts: Facts) -> bool:
    match expr:
        case Defined(body=body):
            return _is_semidefinite(body, facts)
        case Apply(function="@"):
            return _is_palindrome(_factors(expr), facts)
        case Apply(function="outer", arguments=(a, b)):
            return a is b
        case Apply(function="*" | "/"):
            return _scaled(expr, facts, _is_semidefinite) or is_definite(expr, facts)
        case Apply(function="+", arguments=(a, b)) if a.shape == b.shape:
            return _is_semidefinite(a, facts) and _is_semidefinite(b, facts)
    return is_definite(expr, facts)


def _factors(expr: Expr) -> list[Expr]:
    """Those of a product of matrices, or of a column and a row."""
    if isinstance(expr, Apply) and expr.function == "@" and len(expr.shape) == 2:
        return [part for argument in expr.arguments for part in _factors(argument)]
    return [expr]


def _is_palindrome(factors: list[Expr], facts: Facts) -> bool:
    """A@B@B.T@A.T, or with a positive semidefinite matrix in the middle."""
    while len(factors) > 1:
        first, *factors, last = factors
        if first is not apply(".T", last) and last is not apply(".T", first):
            return False
    return not factors or _is_semidefinite(factors[0], facts)


def _scaled(expr: Apply, facts: Facts, asked: Callable[[Expr, Facts], bool]) -> bool:
    """A matrix times a positive number, or divided by one."""
    a, b = expr.arguments
    if not b.shape:
        return _is_positive(b, facts) and asked(a, facts)
    return expr.function == "*" and not a.shape and _is_positive(a, facts) and asked(b, facts)


def _is_positive(expr: Expr, facts: Facts) -> bool:
    """Whether all entries are."""
    match expr:
        case Number(value=value):
            return value > 0
        case Extent() | Constant():
            return True
        case Defined(body=body):
            return _is_positive(body, facts)
        case Variable(name=name):
            return "positive" in everything(facts.get(name, ()))
        case Apply(function="exp" | "ones"):
            return True
        case Apply(function="*" | "/" | "+"):
            return all(_is_positive(part, facts) for part in expr.arguments)
        case Apply(function="**" | "sqrt", arguments=(inner, *_)):
            return _is_positive(inner, facts)
    return False
