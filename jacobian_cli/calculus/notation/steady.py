"""Formulas as they are computed: what is written log(1 + exp(x)) on paper is softplus(x) in code, for where x is large
exp(x) has no value, and where it is far below 0 nothing is left of it beside 1 (N. J. Higham, Accuracy and Stability of
Numerical Algorithms, SIAM 2002, chapter 1).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from jacobian_cli.calculus.notation.operations import apply, divide, unsigned
from jacobian_cli.calculus.notation.roots import divided, logged, rooted
from jacobian_cli.calculus.notation.scaled import Scaled, damped, inward, logarithm, scaled
from jacobian_cli.elaborate.builder import Inside
from jacobian_cli.elaborate.options import Scope
from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.expr import Apply, Defined, Expr, Number, Variable, rebuild, walk, with_parts
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.identities import STEADY, Identity
from jacobian_cli.ops.read import read
from jacobian_cli.ops.rules import reduce, reduced_axes
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Call, Literal, Name, Term

_WHOLE = (None, None)
"""In an index: all of an axis; `None` alone makes a new one."""


def steady(expr: Expr) -> Expr:
    """The same function of its variables, in terms that neither overflow nor cancel where its value does not.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.language import text
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> shown = lambda formula: text(steady(elaborate([parse_statement(formula)]).output))
    >>> shown("sum(log(1 + exp(-y*x)))"), shown("exp(X)/sum(exp(X), axis=1)[:, None]")
    ('sum(softplus(-y*x))', 'softmax(X, axis=1)')
    """
    made: dict[Expr, Expr] = {}
    known: dict[Expr, Scaled] = {}
    for node in walk([expr]):
        made[node] = _said(with_parts(node, made), known)
    return made[expr]


def _said(node: Expr, known: dict[Expr, Scaled]) -> Expr:
    """A node whose parts are steady already, as it is computed; `known` are those that hold exponentials."""
    if isinstance(node, Defined) and node.body in known:
        known[node] = known[node.body]
    if not isinstance(node, Apply):
        return node
    for way in (_said_first, _opened, rooted, divided, damped, partial(logarithm, known=known), _said_last):
        other = way(node)
        if other is not None:
            return (logged(other) if isinstance(other, Apply) else None) or other
    if (found := logged(node)) is not None:
        return found
    if (pushed := inward(node, known)) is not None:
        function, quotients = pushed
        return apply(function, *(_said(divide(above, below), known) for above, below in quotients))
    part = scaled(node, known)
    if part is None:
        return node
    found = part.whole if part.sums and part.met and part.whole.shape == node.shape else node
    known[found] = part
    return found


def _said_first(node: Apply) -> Expr | None:
    return _identified(node, lambda identity: not _near(identity))


def _said_last(node: Apply) -> Expr | None:
    return _identified(node, _near)


def _near(identity: Identity) -> bool:
    """Whether it is of what is near one, and says nothing of what is large."""
    return identity.right.startswith("log1p")


def _identified(node: Apply, asked: Callable[[Identity], bool]) -> Expr | None:
    for identity in filter(asked, STEADY):
        found = _Match(identity).of(node)
        if found is not None:
            return found
    return None


def _opened(node: Apply) -> Expr | None:
    """What is short for a formula, as that formula in steady terms where it has any."""
    entry = FUNCTIONS[node.function]
    if entry.kind is not Kind.FORMULA or entry.own is not None or not any(map(_is_share, node.arguments)):
        return None
    body = meaning(entry.definition, entry.parameters, tuple(a.shape for a in node.arguments))
    given = dict(zip(entry.parameters, node.arguments, strict=True))
    plain = rebuild(body, lambda part: given.get(part.name) if isinstance(part, Variable) else None)
    found = steady(plain)
    return found if found is not plain and found.shape == node.shape else None


def _is_share(expr: Expr) -> bool:
    """Whether an expression is a function that an identity takes the logarithm of."""
    while isinstance(expr, Defined):
        expr = expr.body
    return isinstance(expr, Apply) and expr.function in _shares()


@cache
def _shares() -> frozenset[str]:
    lefts = (read(identity.left) for identity in STEADY)
    return frozenset(
        inner.function
        for left in lefts
        if isinstance(left, Call) and left.function == "log"
        for inner in left.arguments
        if isinstance(inner, Call) and FUNCTIONS[inner.function].called
        if FUNCTIONS[inner.function].kind is not Kind.REDUCTION
    )


class _Match:
    """What the names of an identity stand for, and the axes that its total, or its function of rows, runs along."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.meant: dict[str, Expr] = {}
        self.along: dict[str, Any] = {}
        self.rows = True
        """Whether a total stands beside the entries of its own row, so that a function of rows may be said."""

    def of(self, node: Apply) -> Expr | None:
        """The right side, where the left one is this node."""
        right = self.identity.right
        if not self.fits(read(self.identity.left), node):
            return None
        try:
            found = Inside(Scope(dict(self.meant)), right, self.along).build(read(right))
        except InputError:  # several axes, where the function on the right runs along one
            return None
        of_rows = isinstance(found, Apply) and FUNCTIONS[found.function].kind is Kind.ROW
        if found.shape != node.shape or (of_rows and not self.rows):
            return None
        return rebuild(found, _turned)

    def fits(self, pattern: Term, expr: Expr) -> bool:
        """Whether a part of the left side is this expression."""
        if isinstance(pattern, Name):
            return self.meant.setdefault(pattern.text, expr) is expr
        expr, kept = _total(expr)
        if isinstance(pattern, Literal):
            return isinstance(expr, Number) and expr.value == pattern.value
        if not (isinstance(pattern, Call) and isinstance(expr, Apply) and expr.function == pattern.function):
            return False
        if len(expr.arguments) != len(pattern.arguments):
            return False
        options = dict(expr.parameters) | kept
        if FUNCTIONS[expr.function].kind is Kind.REDUCTION:
            self.rows = bool(options.get("keepdims")) or reduced_axes(expr.arguments[0].shape, options) == (0,)
        self.along |= options
        orders = [expr.arguments, expr.arguments[::-1]] if expr.function == "+" else [expr.arguments]
        before = dict(self.meant)
        for parts in orders:
            self.meant = dict(before)
            if all(self.fits(p, part) for p, part in zip(pattern.arguments, parts, strict=True)):
                return True
        return False


def _total(expr: Expr) -> tuple[Expr, dict[str, Any]]:
    """What a name stands for, and a total without the index that puts its axes back, as sum(X, axis=1)[:, None]."""
    while isinstance(expr, Defined):
        expr = expr.body
    if isinstance(expr, Apply) and expr.function == "[]":
        (inner, _), index = _total(expr.arguments[0]), dict(expr.parameters).get("index", (0,))
        if isinstance(inner, Apply) and FUNCTIONS[inner.function].kind is Kind.REDUCTION:
            kept = {**dict(inner.parameters), "keepdims": True}
            if set(index) <= {None, _WHOLE} and reduce(inner.arguments[0].shape, kept) == expr.shape:
                return inner, {"keepdims": True}
    return expr, {}


def _turned(node: Expr) -> Expr | None:
    """-(-x) is x: the sign that an identity puts in front."""
    if isinstance(node, Apply) and node.function == "u-":
        minus, inner = unsigned(node.arguments[0])
        return inner if minus else node
    return None
