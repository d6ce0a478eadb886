"""The backward rule of one function, as an expression: upstream × local, contracted once and for all sizes."""

from __future__ import annotations

from functools import lru_cache

from jacobian_cli.calculus.differentiate.lower import lower, lower_all
from jacobian_cli.calculus.differentiate.pullback import jacobian, pullback
from jacobian_cli.calculus.index.tensor import Leaf, Tensor
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.reshape import jacobian_form
from jacobian_cli.expr import Apply, Defined, Expr, Variable, rebuild

ANS, UPSTREAM = "ans", "delta"
"""What a backward rule calls the function's own value and the gradient that arrives from above."""


@lru_cache(maxsize=1024)
def backward_rules(call: Apply, *, everywhere: bool = False) -> tuple[Expr, ...]:
    """For each argument that is a variable, its gradient in terms of the arguments, `ans` and `delta`; with
    `everywhere` one that has a value wherever there is a derivative.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.language import text
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> call = elaborate([parse_statement("softmax(x)")]).output
    >>> [text(rule) for rule in backward_rules(call)]
    ['ans*(delta - delta.T@ans)']
    """
    tensor, leaves, notation = _lowered(call)
    pulled = pullback(tensor, lower(Variable(UPSTREAM, call.shape)), leaves, everywhere=everywhere)
    return tuple(_named(write.shaped(notation.express(t), v.typed), call) for v, t in zip(leaves, pulled, strict=True))


@lru_cache(maxsize=1024)
def local_jacobians(call: Apply) -> tuple[Expr, ...]:
    """For each argument that is a variable, the matrix |value| × |argument| of partials in the same terms.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.language import text
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> text(local_jacobians(elaborate([parse_statement("sigmoid(x)")]).output)[0])
    'diag(ans*(1 - ans))'
    """
    tensor, leaves, notation = _lowered(call)
    order = len(tensor.shape)
    return tuple(_named(jacobian_form(notation, t, order), call) for t in jacobian(tensor, leaves))


def _lowered(call: Apply) -> tuple[Tensor, list[Leaf], Notation]:
    """The call in index form under the name `ans`, its variables, and what writes it."""
    ans = Defined(ANS, call)
    parts = lower_all(ans)
    leaves = [leaf for leaf in map(parts.get, call.arguments) if isinstance(leaf, Leaf)]
    notation = Notation([*(leaf.name for leaf in leaves), UPSTREAM], {tensor: e for e, tensor in parts.items()})
    return parts[ans], leaves, notation


def _named(expr: Expr, call: Apply) -> Expr:
    """The function's own value as a variable."""
    value = Variable(ANS, call.shape)
    return rebuild(expr, {Defined(ANS, call): value, call: value}.get)
