"""One entry of an expression, and products of entries: (Wx + b)ᵢ, Σₖ Aₖᵢ xₖ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from jacobian_cli.expr import Apply, Expr, Number, Variable
from jacobian_cli.ops import Kind, row
from jacobian_cli.printers.notation import form, part
from jacobian_cli.printers.parts import Edge, Level, Notation, Part
from jacobian_cli.shape import ONE

Subscript = Callable[[Sequence[str]], str]
"""How letters are written as a subscript."""
_SCALAR = Variable("x", ())


def entry(expr: Expr, labels: Sequence[str], notation: Notation, subscript: Subscript) -> Part:
    """The entry of an expression at indices, one for each axis longer than one.

    An index goes as far inside as it can: the entry of a sum is the sum of the entries.
    """
    if not labels:
        return part(expr, notation)
    match expr:
        case Apply(function="eye"):
            return _marked(Part("δ", first=Edge.LETTER), labels, subscript)
        case Apply(function="ones"):
            return part(Number(Fraction(1)), notation)
        case Apply(function=".T", arguments=(inner,)) if len(labels) == len(_proper(inner)):
            return entry(inner, labels[::-1], notation, subscript)
        case Apply(function=function, arguments=arguments) if row(function).kind is Kind.ELEMENTWISE and all(
            len(_proper(a)) in (0, len(labels)) for a in arguments
        ):
            parts = [entry(a, labels if _proper(a) else (), notation, subscript) for a in arguments]
            scalars = tuple(_SCALAR if a.shape else a for a in arguments)
            return form(Apply(function, scalars, expr.parameters, ()), parts, notation)
    return _marked(notation.at(part(expr, notation), Level.POSTFIX), labels, subscript)


def _proper(expr: Expr) -> tuple[object, ...]:
    return tuple(size for size in expr.shape if size is not ONE)


def _marked(base: Part, labels: Sequence[str], subscript: Subscript) -> Part:
    return Part(base.text + subscript(labels), first=base.first, last=Edge.LETTER, tall=base.tall)


def contracted(
    coefficient: Fraction,
    factors: Sequence[tuple[Expr, Sequence[str], Fraction]],
    summed: Sequence[str],
    notation: Notation,
    subscript: Subscript,
) -> str:
    """A number times a product of powers of entries, summed over some of the indices."""
    above: list[str] = []
    below: list[str] = []
    for expr, labels, power in factors:
        if isinstance(expr, Apply) and expr.function == "ones":
            continue
        raised = _raised(entry(expr, labels, notation, subscript), abs(power), notation)
        (above if power > 0 else below).append(notation.at(raised, Level.SCALED).text)
    front = str(abs(coefficient.numerator))
    numbers = [front] if front != "1" or not (above or summed) else []
    if coefficient.denominator != 1:
        below.insert(0, str(coefficient.denominator))
    sums = [f"Σ{subscript(summed)}"] if summed else []
    shown = " ".join([*numbers, *sums, *(above or ["1"] * bool(summed))])
    if below:
        shown += notation.signs["/"] + (below[0] if len(below) == 1 else f"({' '.join(below)})")
    return notation.shown(Part(shown, negative=coefficient < 0))


def _raised(base: Part, power: Fraction, notation: Notation) -> Part:
    if power == 1:
        return base
    exponent = Number(power)
    if power == Fraction(1, 2):
        return form(Apply("sqrt", (_SCALAR,), (), ()), [base], notation)
    return form(Apply("**", (_SCALAR, exponent), (), ()), [base, part(exponent, notation)], notation)
