"""All ways of writing one derivative, for one or several variables of one formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from jacobian_cli.calculus import notation as write
from jacobian_cli.calculus.differentiate import jacobian, pullback
from jacobian_cli.calculus.lower import lower, lower_all
from jacobian_cli.calculus.matrix import Notation
from jacobian_cli.calculus.naming import Named, name_repeats
from jacobian_cli.calculus.reshape import jacobian_form
from jacobian_cli.calculus.tensor import Leaf, Reshape, Tensor
from jacobian_cli.expr import Expr, Variable


@dataclass(frozen=True, slots=True)
class Forms:
    """One derivative, written as a Jacobian matrix, as a gradient (of a scalar only) and as a backward rule.

    `tensor` is the derivative itself, with axes out + in, of which `out_order` are the output's.
    """

    jacobian: Expr
    gradient: Expr | None
    vjp: Expr
    tensor: Tensor
    out_order: int
    hessian: Mapping[str, Expr] = field(default_factory=dict)
    """For second derivatives, by the variable differentiated by next: |out|·|in| × |in|."""


@dataclass(frozen=True, slots=True)
class Derivative:
    """The derivatives of one output with respect to several variables, with the names they share."""

    forms: Mapping[str, Forms]
    where: Mapping[str, Expr]
    upstream: Variable
    notation: Notation
    named: Named


def derivative(
    output: Expr,
    variables: Sequence[Variable],
    order: Sequence[str],
    upstream: str,
    taken: Sequence[str],
    text: Callable[[Expr], str],
    *,
    second: bool = False,
) -> Derivative:
    """Differentiate `output` with respect to `variables`, with `second` once more by each of them.

    `order` ranks all variables as the user wrote them, `upstream` names the gradient that arrives from above,
    `taken` are names that may not be given to repeated parts, `text` prints (what repeats is judged by length).
    """
    parts = lower_all(output)
    tensor = parts[output]
    while isinstance(tensor, Reshape) and not tensor.loop:
        tensor = tensor.body  # rows of a Jacobian run over the output's entries, whatever its shape
    leaves = [leaf for leaf in (lower(v) for v in variables) if isinstance(leaf, Leaf)]
    notation = Notation([*order, upstream], {t: e for e, t in parts.items()})
    delta = Variable(upstream, output.shape)
    out_order = len(tensor.shape)
    jacobians = jacobian(tensor, leaves)
    written: dict[str, Expr] = {}
    gradients: list[str] = []
    pulled = jacobians if not output.shape else pullback(parts[output], lower(delta), leaves)
    for variable, derived, down in zip(variables, jacobians, pulled, strict=True):
        name = variable.name
        written[f"{name} jacobian"] = jacobian_form(notation, derived, out_order)
        rule = write.shaped(notation.express(down), variable.shape)
        if not output.shape:
            written[f"{name} gradient"] = rule
            gradients.append(f"{name} gradient")
        else:
            written[f"{name} vjp"] = rule
            gradients.append(f"{name} vjp")
    if second:
        for variable, derived in zip(variables, jacobians, strict=True):
            for other, again in zip(variables, jacobian(derived, leaves), strict=True):
                form = jacobian_form(notation, again, len(derived.shape))
                written[f"{variable.name} hessian {other.name}"] = form
    primal = frozenset(notation.given.values())
    named = name_repeats(written, gradients, primal, [*taken, *order, upstream], text)
    forms: dict[str, Forms] = {}
    for variable, derived in zip(variables, jacobians, strict=True):
        name = variable.name
        gradient = named.forms.get(f"{name} gradient")
        vjp = write.scaled(delta, gradient) if gradient is not None else named.forms[f"{name} vjp"]
        blocks = {v.name: named.forms[f"{name} hessian {v.name}"] for v in variables} if second else {}
        forms[name] = Forms(named.forms[f"{name} jacobian"], gradient, vjp, derived, out_order, blocks)
    return Derivative(forms, named.where, delta, notation, named)
