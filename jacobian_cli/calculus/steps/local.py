"""The local derivative of one part: its matrix, its rule, and the rule in words."""

from __future__ import annotations

from dataclasses import dataclass

from jacobian_cli.calculus.index.tensor import Delta, Factor, Product, Tensor
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.calculus.steps.decompose import Part
from jacobian_cli.calculus.steps.step import Rule, Words
from jacobian_cli.expr import Apply, Expr, Number
from jacobian_cli.ops import Kind, row


@dataclass(frozen=True, slots=True)
class Slope:
    """A local Jacobian |out| × |in|, and whether it is diagonal; where `matrix` is false, a derivative an entry."""

    form: Expr
    diagonal: bool
    matrix: bool

    def back(self, arrives: Expr) -> Expr:
        """Its transpose times a gradient."""
        turned = write.transpose(self.form)
        if arrives.shape:
            return write.matmul(turned, arrives)
        join = write.multiply if _numbered(arrives) and _numbered(turned) else write.scaled
        return join(arrives, turned)


def _numbered(expr: Expr) -> bool:
    """Whether a product begins with a number."""
    while isinstance(expr, Apply) and expr.function in ("*", "/", "@", "u-"):
        expr = expr.arguments[0]
    return isinstance(expr, Number)


def diagonal(local: Tensor) -> bool:
    """Whether a local derivative is zero but for equal indices."""
    return isinstance(local, Product) and any(isinstance(node, Delta) for node, _, _ in local.factors)


def entrywise(local: Tensor, order: int) -> Tensor | None:
    """The derivatives of an element-wise part of `order` axes, one an entry: what stands beside δ_ik δ_jl."""
    if not isinstance(local, Product) or len(local.shape) != 2 * order:
        return None
    ties = {labels for node, labels, _ in local.factors if isinstance(node, Delta)}
    if ties != {(k, k + order) for k in range(order)}:
        return None
    rest: list[Factor] = [
        (node, tuple(k if k < order else k - order for k in labels), power)
        for node, labels, power in local.factors
        if not isinstance(node, Delta)
    ]
    return algebra.product(local.shape[:order], rest, local.coefficient)


def law(part: Part, place: int = 0) -> Rule:
    """The rule that differentiates a part, `place` being one of several occurrences of a variable."""
    if not part.core:
        return Rule("the same value")
    entry = row(part.core)
    if place and entry.kind is Kind.CONTRACTION:
        return Rule("product rule")
    return Rule(entry.law.name) if entry.law.name else Rule("derivative of", part.core)


def why(part: Part, local: Tensor, *, backwards: bool = True) -> Words:
    """The rule in words: of a local Jacobian, or, `backwards`, of what becomes of a gradient."""
    if part.core and row(part.core).kind is Kind.CONTRACTION and not backwards:
        return ("linear, so the Jacobian is what it is multiplied by",)
    if part.core and row(part.core).law.why:
        return (row(part.core).law.why,)
    return ("entry by entry, so the Jacobian is diagonal",) if diagonal(local) and len(part.node.shape) == 1 else ()
