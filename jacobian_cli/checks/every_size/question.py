"""What is asked of a certificate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.expr import Expr, Variable

TIED = ("symmetric", "half")
"""Forms that are others, read in a variable whose entries are tied."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is compared: a formula, the variable, and the forms of its derivative as they were read back."""

    output: Expr
    wrt: Variable
    forms: Mapping[str, Expr]
    known: Mapping[str, Variable]
    facts: Mapping[str, frozenset[str]]
    laid: Laid
    upstream: str
    tangent: str = ""
    """The name of the direction in a derivative along one, the form `jvp`."""
    alike: Mapping[str, str] = field(default_factory=dict)
    """Variables that have the value of another one, and do not move with it."""
