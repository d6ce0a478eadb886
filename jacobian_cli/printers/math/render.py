"""Mathematical notation: one walk over an expression; what differs between the terminal and LaTeX is data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import reduce

from jacobian_cli.expr import Apply, Constant, Defined, Expr, Extent, Number, Variable, walk
from jacobian_cli.ops import FUNCTIONS, row
from jacobian_cli.ops.identities import marked
from jacobian_cli.printers.literals import matrix, vector
from jacobian_cli.printers.math.medium import Edge, Level, Notation, Part
from jacobian_cli.printers.precedence import LEADING, decimal, fold, given
from jacobian_cli.shape import Size


def notated(expr: Expr, notation: Notation, beside: Iterable[str] = ()) -> str:
    """An expression in mathematical notation; `beside` are the variables of the formula that it belongs to."""
    names = {*beside, *(node.name for node in walk([expr]) if isinstance(node, Variable | Defined))}
    called = frozenset(notation.function(entry) for entry in FUNCTIONS.values())
    own = replace(notation, taken=frozenset(notation.name(name).text for name in names), called=called)
    return own.value(fold(expr, lambda node, parts: _part(node, parts, own)))


def _part(node: Expr, parts: Mapping[Expr, Part], notation: Notation) -> Part:
    match node:
        case Variable(name=name) | Defined(name=name):
            return notation.name(name)
        case Constant(name=name):
            return notation.constants[name]
        case Number(value=value):
            return _number(value, notation)
        case Extent(size=size):
            return _size(size, notation)
        case Apply(function=function):
            if (written := _written_out(node, parts, notation)) is not None:
                return written
            operands = [parts[argument] for argument in given(node)]
            return _FORMS.get(function, _called)(node, operands, notation)
    raise AssertionError(node)


def _written_out(node: Apply, parts: Mapping[Expr, Part], notation: Notation) -> Part | None:
    """A vector or matrix as its entries or blocks in brackets; what is one column of scalars would be a vector so."""
    rows = matrix(node)
    if rows is not None and (max(map(len, rows)) > 1 or rows[0][0].shape):
        return notation.matrix([[_cell(cell, parts, notation) for cell in row] for row in rows])
    cells = vector(node)
    if cells is None and notation.parts and node.function == "concat" and len(node.shape) == 1:
        cells = node.arguments
    if cells is None or len(cells) < 2:
        return None
    return notation.column([_cell(cell, parts, notation) for cell in cells])


def _cell(cell: Expr, parts: Mapping[Expr, Part], notation: Notation) -> str:
    return notation.value(parts[cell] if cell in parts else _part(cell, {}, notation))


def _number(value: Fraction, notation: Notation) -> Part:
    shown = decimal(abs(value))
    if shown is None:
        above, below = (_number(Fraction(whole), notation) for whole in (abs(value.numerator), value.denominator))
        return _fraction(above, below, notation)._replace(negative=value < 0)
    digits, exponent = shown
    if not exponent:
        return Part(notation.number(digits), Level.NUMBER, Edge.DIGIT, Edge.DIGIT, value < 0)
    ten = _raised(_number(Fraction(10), notation), exponent, notation)
    return Part(notation.number(digits) + notation.dot + ten.text, Level.SCALED, Edge.DIGIT, Edge.CLOSED, value < 0)


def size_text(size: Size, notation: Notation) -> str:
    """A size as mathematics: sizes side by side are multiplied."""
    return notation.shown(_size(size, notation))


def _size(size: Size, notation: Notation) -> Part:
    below = size.denominator
    if below > 1:
        return _fraction(_size(size * Size.number(below), notation), _number(Fraction(below), notation), notation)
    result: Part | None = None
    for monomial, coefficient in sorted(size.terms, key=lambda term: term[1] < 0):
        factors = [notation.name(name) if p == 1 else _raised(notation.name(name), p, notation) for name, p in monomial]
        if abs(coefficient) != 1 or not factors:
            factors.insert(0, _number(abs(Fraction(coefficient)), notation))
        term = reduce(lambda a, b: notation.side_by_side(a, b, (Level.SCALED, Level.POWER), Level.SCALED), factors)
        term = term._replace(negative=coefficient < 0)
        result = term if result is None else _sum(result, term, notation)
    return result or Part(notation.number("0"), Level.NUMBER, Edge.DIGIT, Edge.DIGIT)


def _raised(base: Part, exponent: int, notation: Notation) -> Part:
    shown, last = notation.power(_number(Fraction(exponent), notation), exponent, False, notation)
    return Part(notation.script(base.text, shown), Level.POWER, base.first, last)


def _sum(a: Part, b: Part, notation: Notation) -> Part:
    """a + b; a term with a minus is subtracted."""
    return notation.join(
        notation.at(a, Level.SUM),
        notation.signs["-" if b.negative else "+"],
        notation.unsigned(b, Level.QUOTIENT),
        Level.SUM,
    )


def _plus(node: Apply, operands: list[Part], notation: Notation) -> Part:
    a, b = _shortened(node, operands)
    return _sum(a, b, notation)


def _difference(node: Apply, operands: list[Part], notation: Notation) -> Part:
    a, b = _shortened(node, operands)
    return notation.join(notation.at(a, Level.SUM), notation.signs["-"], notation.at(b, Level.QUOTIENT), Level.SUM)


def _negative(node: Apply, operands: list[Part], notation: Notation) -> Part:
    del node
    return notation.at(operands[0], Level.QUOTIENT)._replace(negative=True)


def _times(node: Apply, operands: list[Part], notation: Notation) -> Part:
    """⊙ between arrays; a scalar stands beside what it scales."""
    first, second = node.arguments
    a, b = operands
    if first.shape and second.shape:
        return notation.between(a, b, "⊙", (Level.CHAIN, Level.CHAIN), Level.HADAMARD)
    if isinstance(first, Number) and first.value == -1 and not b.negative:
        return notation.unsigned(b, Level.QUOTIENT)._replace(negative=True)
    wanted = Level.POWER if first.shape else Level.CHAIN
    level = Level.CHAIN if b.level is Level.CHAIN and wanted is Level.CHAIN else Level.SCALED
    made = notation.side_by_side(a, b, (Level.SCALED, wanted), level)
    if not (a.short or b.short):
        return made
    a, b = (part._replace(text=part.short or part.text) for part in (a, b))
    return made._replace(short=notation.side_by_side(a, b, (Level.SCALED, wanted), level).text)


def _chain(node: Apply, operands: list[Part], notation: Notation) -> Part:
    """Matrices side by side; of two vectors the first is turned."""
    first, second = node.arguments
    a, b = _shortened(node, operands, 1)
    if len(first.shape) == len(second.shape) == 1:
        a = _turned(a, notation)
    return _product(a, b, notation)


def _product(a: Part, b: Part, notation: Notation) -> Part:
    return notation.side_by_side(a, b, (Level.CHAIN, Level.POWER), Level.CHAIN)


def _turned(part: Part, notation: Notation) -> Part:
    inner = notation.at(part, Level.NUMBER)
    return Part(notation.script(inner.text, notation.transposed), Level.POWER, inner.first, tall=inner.tall)


def _permuted(node: Apply, operands: list[Part], notation: Notation) -> Part:
    """Of a batch of matrices, the transposes: Kᵀ."""
    order = len(node.shape)
    axes = tuple(axis % order for axis in dict(node.parameters)["axes"])
    if order > 2 and axes == (*range(order - 2), order - 1, order - 2):
        return _turned(operands[0], notation)
    return _called(node, operands, notation)


def _transposed(node: Apply, operands: list[Part], notation: Notation) -> Part:
    if len(node.shape) > 2:  # all axes, the last first
        return _called(Apply("transpose", node.arguments, (), node.shape), operands, notation)
    return _turned(operands[0], notation) if node.shape else operands[0]


def _dot(node: Apply, operands: list[Part], notation: Notation) -> Part:
    first = _turned(operands[0], notation) if len(node.arguments[0].shape) == 1 else operands[0]
    return _product(first, operands[1], notation)


def _outer(node: Apply, operands: list[Part], notation: Notation) -> Part:
    del node
    return _product(operands[0], _turned(operands[1], notation), notation)


def _kronecker(node: Apply, operands: list[Part], notation: Notation) -> Part:
    del node
    a, b = operands
    return notation.between(a, b, "⊗", (Level.CHAIN, Level.CHAIN), Level.KRONECKER)


def _quotient(node: Apply, operands: list[Part], notation: Notation) -> Part:
    a, b = operands
    if node.arguments[1].shape:
        return notation.between(a, b, "/", (Level.HADAMARD, Level.POWER), Level.QUOTIENT)
    return _fraction(a, b, notation)


def _fraction(a: Part, b: Part, notation: Notation) -> Part:
    if not notation.fraction:
        return notation.between(a, b, "/", (Level.HADAMARD, Level.POWER), Level.QUOTIENT)
    above = notation.value(a._replace(negative=False))
    shown = notation.fraction.format(above, notation.value(b))
    return Part(shown, Level.POWER, negative=a.negative, tall=True)


def _power(node: Apply, operands: list[Part], notation: Notation) -> Part:
    base, exponent = notation.at(operands[0], Level.NUMBER), operands[1]
    matrix = len(node.arguments[0].shape) > 1
    shown, last = notation.power(exponent, _whole(node.arguments[1]), matrix, notation)
    return Part(notation.script(base.text, shown), Level.POWER, base.first, last, tall=base.tall)


def _whole(expr: Expr) -> int | None:
    match expr:
        case Number(value=value) if value.denominator == 1:
            return int(value)
        case Apply(function="u-", arguments=(Number(value=value),)) if value.denominator == 1:
            return -int(value)
    return None


def _compared(node: Apply, operands: list[Part], notation: Notation) -> Part:
    a, b = (notation.at(operand, Level.SUM) for operand in operands)
    return notation.join(a, notation.signs[node.function], b, Level.COMPARE)


def _indexed(node: Apply, operands: list[Part], notation: Notation) -> Part:
    inner = notation.at(operands[0], Level.POSTFIX)
    (shown,) = _options(node, notation).values()
    return _at(inner, shown, notation)


def _gathered(node: Apply, operands: list[Part], notation: Notation) -> Part:
    inner = notation.at(operands[0], Level.POSTFIX)
    before = [notation.colon] * dict(node.parameters)["axis"][0]
    return _at(inner, notation.comma.join([*before, notation.value(operands[1])]), notation)


def _at(inner: Part, index: str, notation: Notation) -> Part:
    opening, closing = notation.square
    return Part(inner.text + opening + index + closing, first=inner.first, tall=inner.tall)


def _filled(node: Apply, operands: list[Part], notation: Notation) -> Part:
    del operands
    (shown,) = _options(node, notation).values()
    ways = [way(shown) for way in notation.filled[node.function]]
    free = [part for part in ways if part.text not in notation.taken] or ways[-1:]
    if len(ways) > 1 and free[0] is ways[0] and shown not in ways[0].text:
        return free[min(1, len(free) - 1)]._replace(short=free[0].text)
    return free[0]


def _shortened(node: Apply, operands: list[Part], least: int = 2) -> list[Part]:
    """Two operands, an identity without its size where that follows from the other one, which has axes."""
    parts = list(operands)
    for k, other in ((0, 1), (1, 0)):
        if parts[k].short and len(node.arguments[other].shape) >= least and not operands[other].short:
            parts[k] = parts[k]._replace(text=parts[k].short)
    return parts


def _options(node: Apply, notation: Notation) -> dict[str, str]:
    return {
        name: notation.options[name](value, notation) if name in notation.options else notation.option(name, str(value))
        for name, value in node.parameters
    }


def _marked(node: Apply, operands: list[Part], notation: Notation) -> Part:
    """Where the entries are that were picked: x = max(x)."""
    picked = _called(Apply(marked(node.function), node.arguments, node.parameters, ()), operands, notation)
    return notation.join(notation.at(operands[0], Level.SUM), notation.signs["=="], picked, Level.COMPARE)


def _called(node: Apply, operands: list[Part], notation: Notation) -> Part:
    """A function by its name, or in the form that its row gives it."""
    if row(node.function).gathers:
        return _gathered(node, operands, notation)
    if marked(node.function):
        return _marked(node, operands, notation)
    spelling, options = notation.function(row(node.function)), _options(node, notation)
    tall = any(operand.tall for operand in operands)
    bars = row(node.function).math.startswith("|") and len(node.arguments[0].shape) > 1  # |A| is a determinant
    if "{}" in spelling and not options and not bars:
        return _templated(spelling, operands, notation, tall)
    if "{}" in spelling:
        spelling = notation.function(replace(row(node.function), math="", latex=""))
    opening, closing = notation.tall_brackets if tall else notation.brackets
    before = [options.pop(name) for name in LEADING if name in options]
    shown = notation.comma.join([*before, *map(notation.value, operands), *options.values()])
    return Part(spelling + opening + shown + closing, first=notation.edge(spelling), tall=tall)


def _templated(template: str, operands: list[Part], notation: Notation, tall: bool) -> Part:
    """An argument at an open end of a template must hold together; between delimiters anything may stand."""
    if template.startswith("{}") or template.endswith("{}"):
        texts = [notation.at(operand, Level.NUMBER).text for operand in operands]
        if template.startswith("{}"):
            texts, template = texts[1:], notation.script(texts[0].translate(_BRACES), template.removeprefix("{}"))
        return Part(template.format(*texts), Level.POWER, tall=tall)
    return Part(template.format(*map(notation.value, operands)), tall=tall)


_BRACES = str.maketrans({"{": "{{", "}": "}}"})
"""Braces of a text that stands in a template."""

_FORMS: dict[str, Callable[[Apply, list[Part], Notation], Part]] = {
    "+": _plus,
    "-": _difference,
    "u-": _negative,
    "*": _times,
    "/": _quotient,
    "**": _power,
    "@": _chain,
    ".T": _transposed,
    "transpose": _permuted,
    "[]": _indexed,
    **dict.fromkeys((">", "<", ">=", "<=", "==", "!="), _compared),
    "dot": _dot,
    "outer": _outer,
    "kron": _kronecker,
    **dict.fromkeys(("eye", "ones", "zeros", "commutation"), _filled),
}
"""The forms that are not written as a call. What a minus sign stands before, it stands before the whole of."""
