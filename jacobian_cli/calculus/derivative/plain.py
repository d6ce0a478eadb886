"""The same derivative in plain index form: what stands in for closed forms that are not to be had, or are wrong."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.calculus.derivative.common_subexpressions import name_repeats
from jacobian_cli.calculus.derivative.forms import Derivative, Forms
from jacobian_cli.calculus.differentiate.lower import lower
from jacobian_cli.calculus.differentiate.pullback import jacobian, pullback
from jacobian_cli.calculus.index.tensor import Leaf
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.notation.plain import plain
from jacobian_cli.calculus.notation.write import apply
from jacobian_cli.calculus.reshape import NUMERATOR_ROW, Convention
from jacobian_cli.expr import Expr, Variable
from jacobian_cli.shape import product


def plain_derivative(
    output: Expr,
    variables: Sequence[Variable],
    order: Sequence[str],
    upstream: str,
    taken: Sequence[str],
    *,
    second: bool = False,
    conventions: Sequence[Convention] = (NUMERATOR_ROW,),
) -> Derivative:
    """As `derivative`, straight from the pullback: nothing is recognised, or made shorter by what is declared.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.language import text
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> formula = elaborate([parse_statement("u.T@(W@x)")])
    >>> found = plain_derivative(formula.output, [formula.variables["W"]], ["u", "W", "x"], "delta", [])
    >>> text(found.forms["W"].gradient), text(found.forms["W"].jacobian)
    ('einsum("a,b->ab", u, x)', 'reshape(einsum("a,b->ab", u, x), (1, n*m))')
    """
    body, delta = lower(output), Variable(upstream, output.shape)
    leaves = [leaf for leaf in (lower(v) for v in variables) if isinstance(leaf, Leaf)]
    jacobians = jacobian(body, leaves)
    pulled = pullback(body, lower(delta), leaves) if output.shape else jacobians
    out_order = len(body.shape)
    square = Convention(vec=conventions[0].vec)
    rule = "vjp" if output.shape else "gradient"
    full: dict[str, Expr] = {}
    for variable, derived, down in zip(variables, jacobians, pulled, strict=True):
        name = variable.name
        for convention in conventions:
            rows, columns = convention.axes(out_order, len(derived.shape))
            matrix = convention.shape(output.shape, variable.shape)
            full[f"{name} jacobian {convention}"] = plain(derived, rows + columns, matrix)
        full[f"{name} {rule}"] = plain(down, shape=variable.shape)
        for other, block in zip(variables, jacobian(derived, leaves) if second else (), strict=False):
            rows, columns = square.axes(len(derived.shape), len(block.shape))
            matrix = product((*output.shape, *variable.shape)), product(other.shape)
            full[f"{name} hessian {other.name}"] = plain(block, rows + columns, matrix)
    named = name_repeats(full, (), [*taken, *order, upstream])  # else what repeats may grow without end
    forms: dict[str, Forms] = {}
    for variable, derived in zip(variables, jacobians, strict=True):
        name = variable.name
        gradient = named.forms.get(f"{name} gradient")
        vjp = named.forms[f"{name} vjp"] if gradient is None else apply("*", delta, gradient)
        blocks = {v.name: named.forms[f"{name} hessian {v.name}"] for v in variables} if second else {}
        matrices = {c: named.forms[f"{name} jacobian {c}"] for c in conventions}
        several = matrices if len(matrices) > 1 else {}
        forms[name] = Forms(matrices[conventions[0]], gradient, vjp, derived, out_order, blocks, several)
    return Derivative(forms, named.where, delta, Notation([*order, upstream]), named)
