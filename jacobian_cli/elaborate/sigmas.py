"""Whether Σ is the sign of a sum in a formula: where one of them must be, all are."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.syntax.tree import Call, Literal, Name, Term, terms_in

_ENTRIES = ("?power", "?hadamard", "**", "?bars", "?total")
"""What has entries that one would sum."""
_TOTALS = ("sum", "?total", "?over")
_PRODUCTS = ("?beside", "?star", "?dot")
_FACTOR = "C"
"""A capital that is a number before a sum: C Σξ."""


def sums(terms: Sequence[Term]) -> bool:
    """Whether any Σ among these terms, each of which is read both ways, sums what has entries."""
    found = [term for term in terms if isinstance(term, Call)]
    raised = {id(inner) for term in found if term.function == "?power" for inner in term.arguments[:1]}
    return any(term.function == "?sigma" and (id(term) in raised or _evident(term)) for term in found)


def _evident(term: Call) -> bool:
    total = term.arguments[1]
    while isinstance(total, Call) and total.function not in _TOTALS:  # ½ Σ(y − Xw)²
        factors = total.arguments
        if len(factors) > 1 and isinstance(factors[-2], Name) and factors[-2].text == _FACTOR:
            return True
        total = factors[-1]
    value = total.arguments[0] if isinstance(total, Call) else total
    if isinstance(value, Call) and value.function == "/" and isinstance(value.arguments[1], Literal | Name):  # Σx²/n
        value = value.arguments[0]
    parts = [value]
    if isinstance(value, Call) and value.function in ("?plus", "?minus"):  # Σ (μ² − log σ²)
        parts = [*terms_in(value)]
    elif isinstance(value, Call) and value.function in _PRODUCTS:  # Σ(y · log p)
        parts = [part for part in value.arguments if isinstance(part, Call) and elementwise(part)]
    return any(isinstance(p, Call) and (p.function in _ENTRIES or p.function.isidentifier()) for p in parts)
