"""Index form in the language as it stands: one einsum for each product, and nothing recognised.

What matrix notation would say shortly is long here, and obviously right: the form to fall back on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from string import ascii_letters
from typing import Any

from jacobian_cli.calculus.index.tensor import (
    Alias,
    Apply,
    Constant,
    Delta,
    Extent,
    Labels,
    Leaf,
    Product,
    Rational,
    Reshape,
    Sum,
    Tensor,
    Unit,
    Window,
    magnitude,
    walk,
)
from jacobian_cli.calculus.notation.write import apply, extent, first_entry, is_number, number, zeros
from jacobian_cli.expr import Constant as ConstantExpr
from jacobian_cli.expr import Defined, Expr, Variable
from jacobian_cli.ops import Kind, row
from jacobian_cli.shape import ONE, Shape, product

Operand = tuple[Expr, Labels]
_MOST_OPERANDS = 24
"""An einsum of more operands is split in two: NumPy takes 32 of them."""


def plain(tensor: Tensor, axes: Sequence[int] | None = None, shape: Shape | None = None) -> Expr:
    """A tensor in the language, without any recognition: its axes in the order `axes`, its entries row by row in
    `shape`, which for a derivative of axes out + in may be that of its matrix.

    >>> from jacobian_cli.calculus.differentiate.lower import lower
    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.language import text
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> tensor = lower(elaborate([parse_statement("A@B@x/2")]).output)
    >>> text(plain(tensor))
    'einsum("bc,ab,c->a", B, A, x)/2'
    """
    written: dict[Tensor, Expr] = {}
    for node in walk([tensor]):
        found = written[node] = _written(node, written)
        assert found.shape == node.shape, (node, found)
    expr = written[tensor]
    if axes is not None and tuple(axes) != tuple(range(len(expr.shape))):
        expr = _einsum([(expr, tuple(axes.index(k) for k in range(len(expr.shape))))], len(axes))
    return expr if shape is None else _laid(expr, shape)


def _laid(expr: Expr, shape: Shape) -> Expr:
    """The same entries, row by row, in a shape of as many."""
    assert product(expr.shape) is product(shape), (expr.shape, shape)
    if expr.shape == shape:
        return expr
    if not shape:
        return first_entry(expr)
    return apply("reshape", expr, shape=shape) if expr.shape else apply("*", expr, apply("ones", sizes=shape))


def _typed(expr: Expr) -> Expr:
    """A value of the language without its axes of length one, which the index form does not have."""
    return _laid(expr, tuple(size for size in expr.shape if size is not ONE))


def _written(node: Tensor, written: Mapping[Tensor, Expr]) -> Expr:
    match node:
        case Leaf(name=name, typed=typed):
            return _typed(Variable(name, typed))
        case Alias(name=name, source=source):
            return _typed(Defined(name, source))
        case Constant(name=name):
            return ConstantExpr(name)
        case Extent(size=size):
            return extent(size)
        case Delta(size=size):
            return apply("eye", sizes=(size,))
        case Unit(size=size, index=index):
            return apply("[]", apply("eye", sizes=(size,)), index=(index,))
        case Window(size=size):
            return apply("[]", apply("eye", sizes=(size,)), index=(node.item,))
        case Apply(function=function, arguments=arguments, loop=loop):
            entry = row(function)
            options: dict[str, Any] = {}
            if entry.kind is Kind.REDUCTION or (entry.kind is Kind.SHARE and loop):
                options["axis"] = tuple(range(loop, len(arguments[0].shape)))
            if "sizes" in entry.options:
                return apply(function, sizes=arguments[0].shape[:1])
            if "count" in entry.options:
                options["count"] = node.shape[-1]
            given = [written[a] for a in arguments]
            for k, name in enumerate(entry.parameters[: len(given)]):
                constant = arguments[k]
                if name in entry.whole and isinstance(constant, Product):  # a number written out stays one
                    given[k] = number(constant.coefficient)
            return apply(function, *given, **options)
        case Reshape(body=body, shape=shape):
            return _laid(written[body], shape)
        case Product():
            return _product(node, written)
        case Sum(terms=terms, shape=shape):
            return _sum([(c, written[term]) for c, term in terms], shape)
    raise AssertionError(node)


def _sum(terms: Sequence[tuple[Rational, Expr]], shape: Shape) -> Expr:
    """Σ c·term, all terms of one shape."""
    if not terms:
        return zeros(shape)
    first, *rest = terms
    result = _times(*first)
    for c, term in rest:
        result = apply("-" if c < 0 else "+", result, _times(magnitude(c), term))
    return result


def _product(node: Product, written: Mapping[Tensor, Expr]) -> Expr:
    """c·Σ Π factors: numbers in front, what has axes in one einsum."""
    scalars: list[Expr] = []
    operands: list[Operand] = []
    for factor, labels, power in node.factors:
        raised = written[factor] if power == 1 else apply("**", written[factor], _times(power, number(1)))
        if labels:
            operands.append((raised, labels))
        else:
            scalars.append(raised)
    have = {label for _, labels in operands for label in labels}
    order = len(node.shape)
    operands += [(apply("ones", sizes=(node.shape[k],)), (k,)) for k in range(order) if k not in have]
    result = _einsum(operands, order) if operands else number(1)
    for scalar in scalars:
        result = apply("*", scalar, result)
    return _times(node.coefficient, result)


def _times(coefficient: Rational, expr: Expr) -> Expr:
    """An exact number times an expression."""
    whole = Fraction(coefficient)
    if is_number(expr, 1):
        above: Expr = number(whole.numerator)
    elif whole.numerator == 1:
        above = expr
    else:
        above = apply("u-", expr) if whole.numerator == -1 else apply("*", number(whole.numerator), expr)
    return above if whole.denominator == 1 else apply("/", above, number(whole.denominator))


def _einsum(operands: Sequence[Operand], order: int) -> Expr:
    """Σ Π operands, with the labels below `order` as the axes of the value, in their order."""
    if len(operands) == 1 and operands[0][1] == tuple(range(order)):
        return operands[0][0]
    labels = dict.fromkeys([*range(order), *(label for _, own in operands for label in own)])
    if len(operands) > 2 and (len(labels) > len(ascii_letters) or len(operands) > _MOST_OPERANDS):
        half = len(operands) // 2
        return _einsum([_joined(operands[:half], operands[half:], order), *operands[half:]], order)
    letters = dict(zip(labels, ascii_letters, strict=False))
    subscripts = ",".join("".join(letters[k] for k in own) for _, own in operands)
    output = "".join(letters[k] for k in range(order))
    return apply("einsum", *(e for e, _ in operands), subscripts=f"{subscripts}->{output}")


def _joined(operands: Sequence[Operand], others: Sequence[Operand], order: int) -> Operand:
    """Some operands as one, summed over what none of the others bears."""
    outside = {*range(order), *(label for _, own in others for label in own)}
    kept = [k for k in dict.fromkeys(label for _, own in operands for label in own) if k in outside]
    inside = {label: new for new, label in enumerate(kept)}
    for _, own in operands:
        for label in own:
            inside.setdefault(label, len(inside))
    return _einsum([(e, tuple(inside[k] for k in own)) for e, own in operands], len(kept)), tuple(kept)
