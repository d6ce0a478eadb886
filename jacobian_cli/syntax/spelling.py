"""A syntax tree as a text of the language: what was read, to be shown and pasted."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate

from jacobian_cli.syntax.tree import LITERAL, Call, Dots, Flag, Group, Literal, Name, Slice, Term, Text, listed

_COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(6)
_INFIX = {
    **dict.fromkeys((">", "<", ">=", "<=", "==", "!="), (_COMPARE, _SUM, _SUM)),
    "+": (_SUM, _SUM, _PRODUCT),
    "-": (_SUM, _SUM, _PRODUCT),
    "*": (_PRODUCT, _PRODUCT, _SIGN),
    "/": (_PRODUCT, _PRODUCT, _POWER),
    "@": (_PRODUCT, _PRODUCT, _POWER),
    "**": (_POWER, _ATOM, _SIGN),
}
"""The level of each operator, and those that its operands must have."""


def spelled(term: Term) -> str:
    """The text of a tree.

    >>> from jacobian_cli.syntax.parser import parse
    >>> spelled(parse("(u.T @ sigmoid(W@x+b))**2 - x[0, :]/2"))
    '(u.T@sigmoid(W@x + b))**2 - x[0, :]/2'
    """
    return _spelled(term)[0]


def _spelled(term: Term) -> tuple[str, int]:
    match term:
        case Name(text=text):
            return text, _ATOM
        case Literal(value=value):
            return _number(value)
        case Text(value=quoted):
            return f'"{quoted}"', _ATOM
        case Flag(value=flag):
            return str(flag), _ATOM
        case Dots():
            return "...", _ATOM
        case Slice(start=start, stop=stop, step=step):
            bounds = (start, stop) if step is None else (start, stop, step)
            return ":".join("" if bound is None else spelled(bound) for bound in bounds), _COMPARE
        case Group(square=True):
            return _literal(listed(term)), _ATOM
        case Group(items=items):
            return f"({', '.join(map(spelled, items))}{',' if len(items) == 1 else ''})", _ATOM
        case Call(function=function, arguments=arguments):
            if function in _INFIX and len(arguments) == 2:
                return _infix(function, *arguments)
            if function == "u-":
                text, level = _spelled(arguments[0])
                return f"-{text}" if level >= _PRODUCT else f"-({text})", min(max(level, _PRODUCT), _SIGN)
            if function == ".T":
                return _at(arguments[0], _ATOM) + ".T", _ATOM
            if function == LITERAL:
                return _literal(term), _ATOM
            if function == "[]":
                return f"{_at(arguments[0], _ATOM)}[{_index(arguments[1])}]", _ATOM
            named = [f"{name}={spelled(value)}" for name, value in term.keywords]
            return f"{function}({', '.join([*map(spelled, arguments), *named])})", _ATOM
    raise AssertionError(term)


def _at(term: Term, level: int) -> str:
    text, found = _spelled(term)
    return text if found >= level else f"({text})"


def _infix(function: str, left: Term, right: Term) -> tuple[str, int]:
    level, first, second = _INFIX[function]
    sign = f" {function} " if level <= _SUM else function
    shown = _at(right, second)
    if shown.startswith("-") and function != "**":
        shown = f"({shown})"
    return _at(left, first) + sign + shown, level


def _literal(term: Call) -> str:
    cells, (widths, *_) = list(map(spelled, term.arguments)), (*(v for _, v in term.keywords), None)
    if not isinstance(widths, Group):
        return f"[{', '.join(cells)}]"
    counts = [int(width.value) for width in widths.items if isinstance(width, Literal)]
    rows = [", ".join(cells[stop - width : stop]) for width, stop in zip(counts, accumulate(counts), strict=True)]
    return f"[{', '.join(f'[{row}]' for row in rows)}]"


def _index(term: Term) -> str:
    if not isinstance(term, Group):
        return spelled(term)
    return ", ".join(f"[{_index(item)}]" if isinstance(item, Group) else spelled(item) for item in term.items)


def _number(value: Fraction) -> tuple[str, int]:
    sign, size = ("-", -value) if value < 0 else ("", value)
    text, level = str(size), _ATOM
    if size.denominator != 1:
        exact = _decimal(size)
        text, level = (exact, _ATOM) if exact else (f"{size.numerator}/{size.denominator}", _PRODUCT)
    return sign + text, min(level, _SIGN) if sign else level


def _decimal(value: Fraction) -> str:
    """The decimal of a number between, or nothing where it has none that is short."""
    for places in range(1, 13):
        whole = value * 10**places
        if whole.denominator == 1:
            digits = str(whole.numerator).rjust(places + 1, "0")
            return f"{digits[:-places]}.{digits[-places:]}"
    return ""
