"""Entries of an explicit table as short Unicode mathematics: `u₁·x₂·σ(z₁)·(1 − σ(z₁))`.

Expressions are handed in and asked what they are; nothing here imports SymPy.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from jacobian_cli.elaborate.habits import GREEK
from jacobian_cli.ops import FUNCTIONS

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_ACCENTS = {"_hat": "\u0302", "_bar": "\u0304", "_tilde": "\u0303"}
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SIGNS = {
    "StrictGreaterThan": ">",
    "GreaterThan": "≥",
    "StrictLessThan": "<",
    "LessThan": "≤",
    "Equality": "=",
    "Unequality": "≠",
}
_CONSTANTS = {"Pi": "π", "Exp1": "e", "NaN": "undefined", "ComplexInfinity": "∞", "Infinity": "∞", "ImaginaryUnit": "i"}
_ROOTS = {2: "√", 3: "∛", 4: "∜"}


def entry_text(entry: Any) -> str:
    """One entry, written as one would by hand."""
    if entry.is_Symbol:
        name: str = entry.name
        return name
    return _sum(entry.args) if entry.is_Add else _product(entry)


def indexed(name: str, index: Iterable[int]) -> str:
    """A name with its indices, counted from 0, as subscripts that count from 1; with commas from 10 on.

    >>> indexed("W", (0, 1)), indexed("W", (9, 1)), indexed("c", ())
    ('W₁₂', 'W₁₀,₂', 'c')
    """
    parts = [str(k + 1) for k in index]
    return name + ("," if any(len(p) > 1 for p in parts) else "").join(parts).translate(SUBSCRIPTS)


def greek(name: str) -> str:
    """A name that spells a Greek letter as that letter, and `y_hat` as ŷ.

    >>> greek("delta"), greek("Sigma1"), greek("lam"), greek("sum"), greek("y_hat")
    ('δ', 'Σ1', 'λ', 'sum', 'ŷ')
    """
    if name[1:] in _ACCENTS:
        return unicodedata.normalize("NFC", name[0] + _ACCENTS[name[1:]])
    stem = name.rstrip("0123456789_")
    if stem.lower() not in GREEK or stem not in (stem.lower(), stem.capitalize()):
        return name
    size = "SMALL" if stem.islower() else "CAPITAL"
    spelled = "LAMDA" if stem.lower() == "lam" else stem.upper()
    return unicodedata.lookup(f"GREEK {size} LETTER {spelled}") + name[len(stem) :]


def length(entries: Sequence[Any]) -> int:
    """The operations in all entries as they would be written out; what is shared is walked only once."""
    known: dict[Any, int] = {}
    stack = list(entries)
    while stack:
        missing = [part for part in stack[-1].args if part not in known]
        if missing:
            stack.extend(missing)
        else:
            node = stack.pop()
            known[node] = 1 + sum(known[part] for part in node.args)
    return sum(known[entry] for entry in entries)


def _sum(terms: Iterable[Any]) -> str:
    """Positive terms first, then products before symbols before numbers."""
    written = sorted((_order(term), _product(term)) for term in terms)
    text = written[0][1]
    for _, term in written[1:]:
        text += f" − {term[1:]}" if term.startswith("−") else f" + {term}"
    return text


def _order(term: Any) -> tuple[bool, bool, bool]:
    return bool(_is_negative(term)), bool(term.is_number), bool(term.is_Symbol)


def _is_negative(term: Any) -> bool:
    number = term.args[0] if term.is_Mul else term
    return bool(number.is_Number and number.is_negative)


def _product(entry: Any) -> str:
    """A product: sign, number, symbols, functions, sums, and what is divided by."""
    sign, above, below = "", [], []
    for factor in entry.args if entry.is_Mul else (entry,):
        if factor.is_Rational:
            sign = "−" if factor.p < 0 else ""
            if abs(factor.p) != 1:
                above.append((0, str(abs(factor.p))))
            if factor.q != 1:
                below.append((0, str(factor.q)))
        elif factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative:
            below.append(_factor(1 / factor))
        else:
            above.append(_factor(factor))
    if entry.is_zero:
        return "0"
    top = "·".join(text for _, text in sorted(above)) or "1"
    if not below:
        return sign + top
    bottom = "·".join(text for _, text in sorted(below))
    return f"{sign}{top}/({bottom})" if len(below) > 1 else f"{sign}{top}/{bottom}"


def _factor(factor: Any) -> tuple[int, str]:
    """A text that can stand in a product, and its place there."""
    if factor.is_Symbol:
        return 1, factor.name
    if factor.is_Add:
        return 3, f"({_sum(factor.args)})"
    place = 0 if factor.is_number else 2
    if factor.is_Pow:
        return (1 if factor.base.is_Symbol else place), _power(factor.base, factor.exp)
    return place, _atom(factor)


def _power(base: Any, exponent: Any) -> str:
    if exponent.is_Rational and exponent.p == 1 and exponent.q in _ROOTS:
        return _ROOTS[exponent.q] + _atom(base)
    raised = str(exponent).translate(_SUPERSCRIPTS) if exponent.is_Integer and exponent.p > 0 else f"^{_atom(exponent)}"
    return _atom(base) + raised


def _atom(entry: Any) -> str:
    """A text that needs no brackets to be raised to a power."""
    name = type(entry).__name__
    if entry.is_Symbol:
        return str(entry.name)
    if entry.is_Add or entry.is_Mul or entry.is_Pow or (entry.is_Rational and (entry.is_negative or entry.q != 1)):
        return f"({entry_text(entry)})"
    if entry.is_Number:
        return _CONSTANTS.get(name) or str(entry)
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    if name in _SIGNS:
        return f"{entry_text(entry.args[0])} {_SIGNS[name]} {entry_text(entry.args[1])}"
    if name == "Piecewise":
        return "{" + "; ".join(_case(*pair.args) for pair in entry.args) + "}"
    spelling = _spelling(name)
    arguments = ", ".join(entry_text(argument) for argument in entry.args)
    if "{}" not in spelling:
        return f"{spelling}({arguments})"
    closed = not spelling.endswith("{}") or entry.args[0].is_Symbol
    return spelling.format(arguments if closed else f"({arguments})")


def _case(value: Any, condition: Any) -> str:
    if type(condition).__name__ == "BooleanTrue":
        return f"{entry_text(value)} otherwise"
    return f"{entry_text(value)} if {_atom(condition)}"


@lru_cache(maxsize=256)
def _spelling(name: str) -> str:
    """How a function of SymPy's, or one of the table's that bears a name of its own, is written."""
    if name == "Indicator":
        return "1"
    for row in FUNCTIONS.values():
        if row.sympy == name:
            return row.math or row.name
    return name
