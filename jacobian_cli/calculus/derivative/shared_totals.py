"""Totals that are there beside means of the same: Σ_i m_i/n for the mean of m_i where a rule is Σ_i m_i."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jacobian_cli.calculus.notation import write
from jacobian_cli.expr import Apply, Defined, Expr, visible, with_parts

Key = tuple[Expr, Any]


def shared_totals(forms: Mapping[str, Expr]) -> Mapping[str, Expr]:
    """The forms in which a mean over an axis is a total over a count, where a form by itself is that total of more
    than a name.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.language import text
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> forms = {f: elaborate([parse_statement(f)]).output for f in ("X*mean(X*X, axis=0)", "sum(X*X, axis=0)")}
    >>> [text(form) for form in shared_totals(forms).values()]
    ['X*sum(X*X, axis=0)/n', 'sum(X*X, axis=0)']
    """
    totals = {_of(form, "sum"): form for form in forms.values() if write.is_call(form, "sum")}
    totals = {key: form for key, form in totals.items() if key is not None and isinstance(key[0], Apply)}
    if not totals:
        return forms
    made: dict[Expr, Expr] = {}
    for node in visible(*forms.values()):
        made[node] = node if isinstance(node, Defined) else with_parts(node, made)
        factors = node.children if write.is_call(node, "*") else (node,)
        if (key := _of(factors[-1], "mean")) in totals and key is not None:
            first = made[factors[0]] if len(factors) > 1 else write.number(1)
            made[node] = write.divide(write.multiply(first, totals[key]), _count(totals[key]))
    return {key: made[form] for key, form in forms.items()}


def _of(node: Expr, function: str) -> Key | None:
    """What is reduced, and over which axes, where all that is said is that."""
    if not isinstance(node, Apply) or node.function != function:
        return None
    options = dict(node.parameters)
    return None if options.get("keepdims") else (node.arguments[0], options.get("axis"))


def _count(total: Expr) -> Expr:
    """How many entries are added."""
    assert isinstance(total, Apply)
    counts = [write.extent(size) for size in write.reduced(total)]
    first, *others = counts
    for other in others:
        first = write.multiply(first, other)
    return first
