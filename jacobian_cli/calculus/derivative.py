"""All ways of writing one derivative, for one or several variables of one formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from jacobian_cli.calculus import notation as write
from jacobian_cli.calculus.declare import Declared, Facts
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
    used: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    """For each declared fact, by variable, whether the forms would be others without it."""


def derivative(
    output: Expr,
    variables: Sequence[Variable],
    order: Sequence[str],
    upstream: str,
    taken: Sequence[str],
    text: Callable[[Expr], str],
    *,
    second: bool = False,
    facts: Facts | None = None,
) -> Derivative:
    """Differentiate `output` with respect to `variables`, with `second` once more by each of them.

    `order` ranks all variables as the user wrote them, `upstream` names the gradient that arrives from above,
    `taken` are names that may not be given to repeated parts, `text` prints (what repeats is judged by length),
    `facts` are declared of values. They are put into the derivatives, in which every entry was free.
    """
    parts = lower_all(output)
    tensor = parts[output]
    while isinstance(tensor, Reshape) and not tensor.loop:
        tensor = tensor.body  # rows of a Jacobian run over the output's entries, whatever its shape
    leaves = [leaf for leaf in (lower(v) for v in variables) if isinstance(leaf, Leaf)]
    delta = Variable(upstream, output.shape)
    out_order = len(tensor.shape)
    jacobians = jacobian(tensor, leaves)
    pulled = jacobians if not output.shape else pullback(parts[output], lower(delta), leaves)
    rule = "vjp" if output.shape else "gradient"
    gradients = [f"{variable.name} {rule}" for variable in variables]
    again = [jacobian(derived, leaves) if second else [] for derived in jacobians]

    def written(declared: Declared) -> tuple[Notation, dict[str, Expr]]:
        notation = Notation([*order, upstream], declared.spellings((t, e) for e, t in parts.items()))
        forms: dict[str, Expr] = {}
        for variable, derived, down, seconds in zip(variables, jacobians, pulled, again, strict=True):
            name = variable.name
            forms[f"{name} jacobian"] = jacobian_form(notation, declared.tensor(derived), out_order)
            forms[f"{name} {rule}"] = write.shaped(notation.express(declared.tensor(down)), variable.shape)
            for other, block in zip(variables, seconds, strict=False):
                form = jacobian_form(notation, declared.tensor(block), len(derived.shape))
                forms[f"{name} hessian {other.name}"] = form
        return notation, {key: declared.expr(form) for key, form in forms.items()}

    declared = Declared(facts or {})
    notation, full = written(declared)
    primal = frozenset(notation.given.values())
    named = name_repeats(full, gradients, primal, [*taken, *order, upstream], text)
    used = _used(facts or {}, lambda fewer: written(Declared(fewer))[1] == full)
    forms: dict[str, Forms] = {}
    for variable, derived in zip(variables, jacobians, strict=True):
        name = variable.name
        gradient = named.forms.get(f"{name} gradient")
        vjp = write.scaled(delta, gradient) if gradient is not None else named.forms[f"{name} vjp"]
        blocks = {v.name: named.forms[f"{name} hessian {v.name}"] for v in variables} if second else {}
        form = named.forms[f"{name} jacobian"]
        forms[name] = Forms(form, gradient, vjp, declared.tensor(derived), out_order, blocks)
    return Derivative(forms, named.where, delta, notation, named, used)


def _used(facts: Facts, enough: Callable[[Facts], bool]) -> dict[str, dict[str, bool]]:
    """For each fact whether the answer needs it, `enough` telling whether it is the same under fewer facts. Where
    several say the same, and one would do, all count as used.
    """
    needed = {
        name: frozenset(fact for fact in said if not enough({**facts, name: said - {fact}}))
        for name, said in facts.items()
    }
    all_of_them = any(needed[name] != said for name, said in facts.items()) and not enough(needed)
    return {name: {fact: all_of_them or fact in needed[name] for fact in sorted(said)} for name, said in facts.items()}
