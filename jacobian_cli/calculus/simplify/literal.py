"""The index form of a short text of the table as it is written, nothing simplified: what a pattern is made of."""

from __future__ import annotations

from itertools import count

from jacobian_cli.calculus.index.tensor import (
    Apply,
    Constant,
    Delta,
    Extent,
    Factor,
    Leaf,
    Product,
    Rational,
    Reshape,
    Sum,
    Tensor,
    Window,
    is_zero,
)
from jacobian_cli.elaborate import Builder, Scope
from jacobian_cli.expr import Apply as Application
from jacobian_cli.expr import Constant as ConstantExpr
from jacobian_cli.expr import Expr, Number, Variable
from jacobian_cli.expr import Extent as ExtentExpr
from jacobian_cli.ops import Kind, row
from jacobian_cli.ops.cuts import cut_of
from jacobian_cli.ops.read import read
from jacobian_cli.ops.rules import fitting, parsed
from jacobian_cli.ops.structure import kron, proper
from jacobian_cli.shape import ONE, Shape


def literal(expr: Expr) -> Tensor:
    """An expression in index form, products flattened, like terms left as they are."""
    match expr:
        case Variable(name, shape):
            return Leaf(name, proper(shape), shape)
        case Number(value):
            number = value.numerator if value.denominator == 1 else value
            return Product(number, (), ()) if number else Sum((), ())
        case ConstantExpr(name):
            return Constant(name)
        case ExtentExpr(size):
            return Extent(size)
        case Application():
            return _applied(expr)
    raise AssertionError(expr)


def _applied(expr: Application) -> Tensor:
    entry = row(expr.function)
    shape = proper(expr.shape)
    if not expr.arguments:  # of what makes entries, an identity matrix is all that identities speak of
        (size,) = dict(expr.parameters)["sizes"]
        return Delta(size)
    if entry.definition and not entry.derivative:
        scope = Scope(dict(zip(entry.parameters, expr.arguments, strict=True)), {})
        return literal(Builder(scope, entry.definition).build(read(entry.definition)))
    parts = [literal(a) for a in expr.arguments]
    if entry.form is kron:
        a, b = parts
        halves = Product(1, ((a, (0, 2), 1), (b, (1, 3), 1)), (a.shape[0], b.shape[0], a.shape[1], b.shape[1]))
        return Reshape(halves, 0, shape)
    if entry.kind is Kind.SHAPE:  # of what else changes shapes, rows that a slice takes are all that is spoken of
        (item,), (size,) = dict(expr.parameters)["index"], parts[0].shape
        return Product(1, ((Window(size, cut_of(item, size)), (0, 1), 1), (parts[0], (1,), 1)), shape)
    match entry.kind, entry.algebra:
        case Kind.REDUCTION, "sum":
            return Product(1, ((parts[0], tuple(range(len(parts[0].shape))), 1),), shape)
        case Kind.ELEMENTWISE, "sum":
            return Sum(tuple(term for part in parts for term in _terms(part, shape)), shape)
        case Kind.ELEMENTWISE, "product":
            return _times(shape, parts, 1)
        case Kind.ELEMENTWISE, "power" if isinstance(parts[1], Product) and not parts[1].factors:
            return _times(shape, parts[:1], parts[1].coefficient)
        case Kind.ELEMENTWISE, _:
            return Apply(expr.function, tuple(_along(part, shape) for part in parts), len(shape), shape)
        case Kind.CONTRACTION, _:
            return _contracted(entry.signatures, expr, parts)
    return Apply(expr.function, tuple(parts), len(shape) - 1 if entry.kind is Kind.ROW else 0, shape)


def _along(part: Tensor, shape: Shape) -> Tensor:
    """A number repeated along the axes of a shape."""
    if part.shape == shape or is_zero(part):
        return part if part.shape == shape else Sum((), shape)
    return (
        Product(1, ((part, (), 1),), shape)
        if not isinstance(part, Product)
        else Product(part.coefficient, part.factors, shape)
    )


def _terms(part: Tensor, shape: Shape) -> list[tuple[Rational, Tensor]]:
    if isinstance(part, Sum):
        return [(c, _along(term, shape)) for c, term in part.terms]
    if isinstance(part, Product) and part.coefficient != 1:
        whole = tuple(range(len(part.shape)))
        alone = len(part.factors) == 1 and part.factors[0][1:] == (whole, 1)
        bare = part.factors[0][0] if alone else Product(1, part.factors, part.shape)
        return [(part.coefficient, _along(bare, shape))]
    return [(1, _along(part, shape))]


def _times(shape: Shape, parts: list[Tensor], power: Rational) -> Tensor:
    """Parts times each other to a power; products without sums are opened."""
    coefficient: Rational = 1
    factors: list[Factor] = []
    for part in parts:
        summed = isinstance(part, Product) and any(k >= len(part.shape) for _, ls, _ in part.factors for k in ls)
        if isinstance(part, Product) and power == 1 and not summed:
            coefficient *= part.coefficient
            factors += part.factors
        else:
            factors.append((part, tuple(range(len(part.shape))), power))
    return Product(coefficient, tuple(factors), shape)


def _contracted(signatures: tuple[str, ...], expr: Application, parts: list[Tensor]) -> Tensor:
    """A sum of products as its signature says."""
    signature = fitting(signatures, [a.shape for a in expr.arguments])
    assert signature is not None
    inputs, output = parsed(signature)
    kept = [a for a in output if a != "1"]
    labels: dict[str, int] = {}
    factors: list[Factor] = []
    shape = proper(expr.shape)
    fresh = count(len(shape))
    for place, letter in enumerate(kept):
        if letter in labels:
            factors.append((Delta(shape[place]), (labels[letter], place), 1))
        labels.setdefault(letter, place)
    for part, letters, argument in zip(parts, inputs, expr.arguments, strict=True):
        names = [a for a, size in zip(letters, argument.shape, strict=True) if a != "1" and size is not ONE]
        labels |= {a: next(fresh) for a in names if a not in labels}
        if isinstance(part, Product) and not any(k >= len(part.shape) for _, ls, _ in part.factors for k in ls):
            own = [labels[a] for a in names]
            factors += [(node, tuple(own[k] for k in ls), p) for node, ls, p in part.factors]
        else:
            factors.append(
                (part, tuple(labels[a] if a in labels else labels.setdefault(a, next(fresh)) for a in names), 1)
            )
    return Product(1, tuple(factors), shape)
