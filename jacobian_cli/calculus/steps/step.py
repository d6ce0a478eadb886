"""What a derivation consists of: numbered equations, each with one named rule, its reason, and what it claims.

Gradients have the shape of what they are the gradient of (the shape convention).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from jacobian_cli.expr import Expr, Variable
from jacobian_cli.shape import Shape

Words = tuple[str | Expr, ...]
"""A reason: text, and between it formulas."""
Kinds = Literal["value", "local", "slope", "gradient", "path", "jacobian"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What the right side of a step must be equal to.

    `value`: `of`. `local`: the Jacobian of the part `of` by `by`. `slope`: the same of an element-wise part, one
    derivative an entry. `gradient`: that of the output, which is `of` in terms of `by`. `path`: the share of a
    gradient that comes by way of the part `of`, whose own gradient is `seed` (None: what arrives from above).
    `jacobian`: the Jacobian of the whole formula.
    """

    kind: Kinds
    of: Expr
    by: Variable | None = None
    seed: Claim | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """The left side of an equation, as `δ₁ = ∂f/∂z`: names, and ∂of/∂by.

    A share of a gradient comes by way of the part `via`; `place` says of which of several occurrences it is. `row`
    marks the Jacobian of a scalar, whose gradient is the same in another shape.
    """

    names: tuple[str, ...] = ()
    of: str = ""
    by: str = ""
    via: str = ""
    place: int = 0
    row: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """The name of a rule, and the function that it is about: `chain rule through`, `sigmoid`."""

    name: str
    function: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a derivation: `left` = `right`, by `rule`."""

    number: int
    rule: Rule
    left: Side
    right: Expr
    reason: Words
    claim: Claim

    @property
    def shape(self) -> Shape:
        """The shape of the right side."""
        return self.right.shape


@dataclass(frozen=True, slots=True)
class Steps:
    """A derivation. `names` says which node each part's name stands for, `slopes` which gradient each δ is."""

    steps: tuple[Step, ...]
    output: Expr
    variable: Variable
    label: str
    """What is differentiated: the output, or, where that is no scalar, a scalar J that depends on it."""
    upstream: Variable
    names: Mapping[str, Expr]
    slopes: Mapping[str, Claim]
    omitted: int
    """How many parts were not written out, because there would be too many steps."""
