"""The one door to SymPy: every entry of a Jacobian at small sizes, by SymPy's own `Matrix.jacobian`.

Two tables: the proof, in which composite functions are replaced by their definitions and nothing but SymPy's
derivatives occurs; and the one that is shown, in which σ stays σ. A derivative of the table's gets into the latter
only if the former proves it.
"""

from sympy import Matrix

from jacobian_cli.checks.oracles.budget import TooLargeError
from jacobian_cli.checks.oracles.entry_text import entry_text
from jacobian_cli.checks.oracles.symbolic.entries import abbreviated, element_symbols, entries_in_names, entries_of
from jacobian_cli.checks.oracles.symbolic.equality import ExactResult, difference
from jacobian_cli.checks.oracles.symbolic.table import Explicit, explicit_jacobian, jacobian_of

__all__ = [
    "ExactResult",
    "Explicit",
    "Matrix",
    "TooLargeError",
    "abbreviated",
    "difference",
    "element_symbols",
    "entries_in_names",
    "entries_of",
    "entry_text",
    "explicit_jacobian",
    "jacobian_of",
]
