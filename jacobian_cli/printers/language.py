"""The language itself: what this prints, the parser reads back, to the same node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from jacobian_cli.expr import Apply, Constant, Defined, Expr, Extent, Number, Variable
from jacobian_cli.ops import row
from jacobian_cli.printers.literals import matrix, nested, vector
from jacobian_cli.printers.precedence import (
    LEADING,
    PYTHON,
    Level,
    Piece,
    fold,
    given,
    index_text,
    negative,
    number_piece,
    size_piece,
)
from jacobian_cli.shape import Shape, Size


@lru_cache(maxsize=1024)
def _size(size: Size) -> str:
    return size_piece(size).text


_SUFFIXES: dict[str, Callable[..., str]] = {
    ".T": lambda: ".T",
    "[]": lambda index: f"[{index_text(index, _size)}]",
}
"""What stands behind its operand, from its options."""

_OPTIONS: dict[str, Callable[..., str]] = {
    "count": _size,
    "sizes": lambda sizes: ", ".join(map(_size, sizes)),
    "shape": lambda shape: _group(shape, _size),
    "subscripts": '"{}"'.format,
    "axes": lambda axes: _group(axes, str),
    "axis": lambda axes: f"axis={_group(axes, str)}",
}
"""How an option is written among the arguments, if not as `name=value`."""


def text(expr: Expr) -> str:
    """The expression in the language.

    Elaborated again, with the same shapes, the text of an elaborated tree is the very same node.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> text(elaborate([parse_statement("(u * h) * (1-h) + x ** 2")]).output)
    'u*h*(1 - h) + x**2'
    """
    return fold(expr, _piece).text


def _piece(node: Expr, pieces: Mapping[Expr, Piece]) -> Piece:
    if not isinstance(node, Apply):
        return Piece(node.name) if isinstance(node, Defined) else _leaf(node)
    if (infix := PYTHON.get(node.function)) is not None and len(node.arguments) == 2:
        left, right = node.arguments
        first = pieces[left]
        return infix.join(Piece(f"({first.text})") if _crowded(node.function, left) else first, pieces[right])
    if (entries := vector(node)) is not None:
        return Piece(_listed(pieces[cell].text for cell in entries))
    if (rows := matrix(node)) is not None and nested(rows):
        shown = [[pieces[cell].text if cell in pieces else text(cell) for cell in row] for row in rows]
        return Piece(_listed(map(_listed, shown)))
    return _applied(node, [pieces[argument] for argument in given(node)])


@lru_cache(maxsize=1024)
def _leaf(node: Expr) -> Piece:
    match node:
        case Variable(name=name) | Constant(name=name):
            return Piece(name)
        case Number(value=value):
            return number_piece(value)
        case Extent(size=size):
            return size_piece(size)
    raise AssertionError(node)


def _applied(node: Apply, operands: list[Piece]) -> Piece:
    function, options = node.function, dict(node.parameters)
    if function in _SUFFIXES:
        return Piece(operands[0].at(Level.POSTFIX) + _SUFFIXES[function](**options))
    if function == "u-":
        return negative(*operands)
    if row(function).gathers:
        whole, places = operands
        return Piece(f"{whole.at(Level.POSTFIX)}[{':, ' * options['axis'][0]}{places.text}]")
    before: list[str] = []
    after: list[str] = []
    for name in row(function).options:
        if name in options:
            spelling = _OPTIONS.get(name, f"{name}={{}}".format)
            (before if name in LEADING else after).append(spelling(options[name]))
    shown = [operand.text for operand in operands]
    if row(function).parameters == ("...",) and len(shown) == 1 and shown[0].startswith("["):
        shown = [_listed(shown)]  # what it is given as one list are its items
    return Piece(f"{function}({', '.join([*before, *shown, *after])})")


def _crowded(function: str, left: Expr) -> bool:
    """Whether the left operand is bracketed for the reader, who sees `@` and `*` as equals only in Python:
    `(u*h)@x.T`, `(W.T@d)*h`, but `2*A@x` and `A@x/2`.
    """
    if not isinstance(left, Apply):
        return False
    if function == "@" and left.function == "*":
        return all(factor.shape for factor in left.arguments)
    return (function, left.function) in (("*", "@"), ("@", "/"))


def _listed(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"


def _group(items: Shape | tuple[int, ...], spelling: Callable[..., str]) -> str:
    shown = ", ".join(map(spelling, items))
    return shown if len(items) == 1 else f"({shown})"
