"""Syntax trees to typed expressions: names resolved, shapes inferred."""

from jacobian_cli.elaborate.as_arrays import elaborate_typed
from jacobian_cli.elaborate.builder import Builder
from jacobian_cli.elaborate.options import Scope
from jacobian_cli.elaborate.program import Program, elaborate

__all__ = ["Builder", "Program", "Scope", "elaborate", "elaborate_typed"]
