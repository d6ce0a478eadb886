"""The backward rule of one function, as an expression: upstream × local, contracted once and for all sizes."""

from __future__ import annotations

from functools import lru_cache

from jacobian_cli.calculus import notation as write
from jacobian_cli.calculus.differentiate import pullback
from jacobian_cli.calculus.lower import lower, lower_all
from jacobian_cli.calculus.matrix import Notation
from jacobian_cli.calculus.tensor import Leaf
from jacobian_cli.expr import Apply, Defined, Expr, Variable, rebuild

ANS, UPSTREAM = "ans", "delta"
"""What a backward rule calls the function's own value and the gradient that arrives from above."""


@lru_cache(maxsize=1024)
def backward_rules(call: Apply) -> tuple[Expr, ...]:
    """For each argument that is a variable, its gradient in terms of the arguments, `ans` and `delta`.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.text import text
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> call = elaborate([parse_statement("softmax(x)")]).output
    >>> [text(rule) for rule in backward_rules(call)]
    ['ans*(delta - delta.T@ans)']
    """
    variables = [argument for argument in call.arguments if isinstance(argument, Variable)]
    ans = Defined(ANS, call)
    parts = lower_all(ans)
    leaves = [leaf for leaf in map(lower, variables) if isinstance(leaf, Leaf)]
    pulled = pullback(parts[ans], lower(Variable(UPSTREAM, call.shape)), leaves)
    notation = Notation([*(v.name for v in variables), UPSTREAM], {tensor: expr for expr, tensor in parts.items()})
    value = Variable(ANS, call.shape)
    known = {ans: value, call: value}
    rules = (write.shaped(notation.express(t), v.shape) for v, t in zip(variables, pulled, strict=True))
    return tuple(rebuild(rule, known.get) for rule in rules)
