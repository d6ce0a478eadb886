"""Tables in symbols where declared facts hold: the entries of a symmetric matrix are fewer symbols than entries.

SymPy differentiates by every entry; then the entries are written in symbols of which the facts are true whatever
their values. Expressions are handed in and asked what they are; nothing here imports SymPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from jacobian_cli.checks.oracles.symbolic import element_symbols
from jacobian_cli.evaluate.evaluate import lengths
from jacobian_cli.expr import Variable
from jacobian_cli.ops.facts import everything

Facts = Mapping[str, frozenset[str]]
_WITHOUT_SYMBOLS = frozenset({"orthogonal", "one_hot", "binary", "mask", "pm1"})
"""Facts that no choice of symbols makes true."""


def without_symbols(facts: Facts) -> str:
    """Why tables cannot be compared exactly under these facts; nothing where they can."""
    named = [f"{name} is {fact}" for name, said in facts.items() for fact in sorted(said & _WITHOUT_SYMBOLS)]
    return f"not compared exactly with SymPy: that {named[0]} cannot be said in symbols" if named else ""


def restricted(table: Any, facts: Facts, known: Mapping[str, Variable], sizes: Mapping[str, int]) -> Any:
    """A table of SymPy's in symbols of which the facts are true."""
    return table.xreplace(_merged(facts, known, sizes, _independent)) if facts else table


def as_shown(table: Any, facts: Facts, known: Mapping[str, Variable], sizes: Mapping[str, int]) -> Any:
    """A table of SymPy's as people write it: S₁₂ for S₂₁, no zeros, and what sums to one summed."""
    if not facts:
        return table
    table = table.xreplace(_merged(facts, known, sizes, _entries))
    for name, said in facts.items():
        if "sums_to_one" in everything(said) and name in known:
            symbols = element_symbols(name, lengths(known[name].shape, sizes))
            for row in symbols.reshape(-1, symbols.shape[-1]):
                table = table.applyfunc(lambda entry, row=row: _summed(entry, row))
    return table


def _merged(facts: Facts, known: Mapping[str, Variable], sizes: Mapping[str, int], write: Any) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for name, said in facts.items():
        shape = lengths(known[name].shape, sizes)
        new = write(name, shape, everything(said))
        found |= dict(zip(element_symbols(name, shape).flat, new.flat, strict=True))
    return found


def _entries(name: str, shape: tuple[int, ...], facts: frozenset[str], positive: bool = False) -> Any:
    """The entries of a variable, those that facts make equal or zero being so."""
    entries = element_symbols(name, shape, positive)
    if "diagonal" in facts:
        return entries * np.eye(shape[-1], dtype=int)
    if "lower" in facts:
        return np.tril(entries)
    return np.triu(entries) + np.swapaxes(np.triu(entries, 1), -1, -2) if "symmetric" in facts else entries


def _independent(name: str, shape: tuple[int, ...], facts: frozenset[str]) -> Any:
    """The entries of a variable in symbols that may have any values, or any positive ones."""
    if "spd" in facts:  # S = L D Lᵀ, L having ones on its diagonal
        positive = np.diag(element_symbols(f"{name}′", shape[:1], True))
        if "diagonal" in facts:
            return positive
        lower = np.tril(element_symbols(f"{name}″", shape), -1) + np.eye(shape[0], dtype=int)
        return lower @ positive @ lower.T
    entries = _entries(name, shape, facts, "positive" in facts)
    if "lower" in facts:
        return np.tril(entries, -1) + np.diag(np.diag(element_symbols(name, shape, True)))
    if "sums_to_one" in facts:
        if "positive" in facts:
            return entries / entries.sum(axis=-1, keepdims=True)
        last = 1 - entries[..., :-1].sum(axis=-1, keepdims=True)
        return np.concatenate([entries[..., :-1], last], axis=-1)
    return entries


def _summed(entry: Any, row: Any) -> Any:
    """An entry in which one of the symbols that sum to one is 1 minus the others, if that makes it shorter."""
    if not entry.has(*row):
        return entry
    others = [(symbol, 1 - sum(other for other in row if other is not symbol)) for symbol in row]
    return min([entry, *(entry.xreplace({old: new}).expand() for old, new in others)], key=lambda e: e.count_ops())
