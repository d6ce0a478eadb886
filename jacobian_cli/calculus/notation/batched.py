"""Sums of products of tensors of three and more axes, where `@`, `*` and sums along an axis can say them.

The axes in front of a matrix are a batch that runs along: Σ_l A_bil B_blj is A@B, as in NumPy. What this cannot say
stays with its subscripts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from jacobian_cli.calculus.cost import WEIGHTS, cost, shortest
from jacobian_cli.calculus.index.tensor import Rational
from jacobian_cli.calculus.notation import write
from jacobian_cli.expr import Apply, Defined, Expr, walk
from jacobian_cli.ops import Kind, row
from jacobian_cli.shape import ONE, Shape, Size

Labels = tuple[int, ...]
Operand = tuple[Expr, Labels]
_MOST_AXES = 4


def reduced(operands: Sequence[Operand], output: Labels) -> list[Operand]:
    """The operands after every sum, over a label that `output` lacks, that `@` or a sum along an axis can say."""
    if len(output) > _MOST_AXES or any(len(set(ls)) < len(ls) or write.is_call(e, "eye") for e, ls in operands):
        return list(operands)
    left = _merged(operands, output)
    waiting = sorted({label for _, labels in operands for label in labels} - set(output))
    while waiting:
        found = next((made for label in waiting if (made := _summed(left, label, output)) is not None), None)
        if found is None:
            break
        left = _merged(found, output)
        waiting = sorted({label for _, labels in left for label in labels} - set(output))
    return left


def joined(
    operands: Sequence[Operand],
    output: Labels,
    product: Callable[[list[tuple[Expr, Rational]]], Expr],
    sizes: Mapping[int, Size],
) -> Expr | None:
    """The product entry by entry of operands, if one of them has the axes of all others; None if none has, or if
    something is summed.
    """
    if not operands:
        return product([(write.ones(*(sizes[label] for label in output)), 1)])
    whole = max((labels for _, labels in operands), key=len)
    if any(set(labels) - set(whole) for _, labels in operands) or set(whole) - set(output):
        return None
    if len(output) > _MOST_AXES or any(len(set(ls)) < len(ls) or write.is_call(e, "eye") for e, ls in operands):
        return None
    below = [(expr.children[1], labels, -1) if _is_inverse(expr) else (expr, labels, 1) for expr, labels in operands]
    result = product([(spread(expr, labels, output), power) for expr, labels, power in below])
    if len(whole) < len(output):
        return write.apply("*", write.ones(*(sizes[label] for label in output)), result)
    return result


def _is_inverse(expr: Expr) -> bool:
    """Whether an operand is 1/x."""
    return write.is_call(expr, "/") and write.is_number(expr.children[0], 1)


def detours(expr: Expr, operands: Sequence[Operand]) -> bool:
    """Whether axes of operands are exchanged where a product of them is written: subscripts say it at once."""
    given = {operand for operand, _ in operands}
    new = (node for node in walk([expr], lambda n: n not in given and not isinstance(n, Defined)) if node not in given)
    return any(write.is_call(node, "transpose") for node in new)


def turned(expr: Expr, labels: Labels, wanted: Labels) -> Expr:
    """A tensor with its axes, which bear `labels`, in the order `wanted`."""
    if labels == wanted:
        return expr
    if len(labels) == 2:
        return write.transpose(expr)
    axes = tuple(labels.index(label) for label in wanted)
    return shortest(_turnings(expr, axes))


def _turnings(expr: Expr, axes: Labels) -> Iterator[Expr]:
    """Ways to write a tensor whose axis k is the old axis `axes[k]`."""
    factors = write.chain(expr)
    if len(factors) > 1 and axes == _swap(len(axes)) and all(len(f.shape) > 1 for f in factors):
        yield write.matmul(*(turned(f, tuple(range(len(f.shape))), _swap(len(f.shape))) for f in reversed(factors)))
    if write.is_call(expr, "transpose"):
        assert isinstance(expr, Apply)
        inner = dict(expr.parameters)["axes"]
        (body,) = expr.arguments
        both = tuple(inner[axis] % len(axes) for axis in axes)
        yield body if both == tuple(range(len(axes))) else write.apply("transpose", body, axes=both)
    else:
        yield write.apply("transpose", expr, axes=axes)
    if isinstance(expr, Apply) and row(expr.function).kind is Kind.ELEMENTWISE:
        yield write.apply(expr.function, *(spread(*_bare(argument, len(axes)), axes) for argument in expr.arguments))


def _bare(operand: Expr, order: int) -> Operand:
    """An operand of a value with so many axes, without the axes that an index put in, and what is left of them."""
    if write.is_call(operand, "[]"):
        assert isinstance(operand, Apply)
        index = dict(operand.parameters)["index"]
        if all(item in (None, (None, None)) for item in index):
            own = [k for k in range(len(operand.shape)) if k >= len(index) or index[k] is not None]
            return operand.arguments[0], tuple(k + order - len(operand.shape) for k in own)
    own = [k for k, size in enumerate(operand.shape) if size is not ONE]
    return write.proper(operand), tuple(k + order - len(operand.shape) for k in own)


def _swap(order: int) -> Labels:
    """The axes with the last two exchanged."""
    return (*range(order - 2), order - 1, order - 2)


def untransposed(operand: Operand) -> Operand:
    """An operand of an einsum without a transpose around it: its labels can say that."""
    expr, labels = operand
    if write.is_call(expr, ".T") and len(labels) == 2 and len(expr.children[0].shape) == 2:
        return expr.children[0], labels[::-1]
    return operand


def _merged(operands: Sequence[Operand], output: Labels) -> list[Operand]:
    """Operands with the same axes multiplied entry by entry, their axes in the order of the value if one is so."""
    found: dict[frozenset[int], Operand] = {}
    for expr, labels in operands:
        key = frozenset(labels)
        if key in found:
            other, order = found[key]
            if _in_order(labels, output) and not _in_order(order, output):
                other, order = turned(other, order, labels), labels
            found[key] = write.multiply(other, turned(expr, labels, order)), order
        else:
            found[key] = expr, labels
    return list(found.values())


def _in_order(labels: Labels, output: Labels) -> bool:
    return [k for k in labels if k in output] == [k for k in output if k in labels]


def _summed(operands: list[Operand], label: int, output: Labels) -> list[Operand] | None:
    """The operands after the sum over a label; None if neither a sum along an axis nor `@` says it."""
    meeting = [operand for operand in operands if label in operand[1]]
    rest = [operand for operand in operands if label not in operand[1]]
    needed = {*output, *(other for _, labels in rest for other in labels)}
    if len(meeting) == 1:
        ((expr, labels),) = meeting
        axes = tuple(axis for axis, own in enumerate(labels) if own not in needed)
        return [*rest, (write.apply("sum", expr, axis=axes), tuple(own for own in labels if own in needed))]
    if len(meeting) > 2:
        meeting = _absorbed(meeting)
    if len(meeting) != 2:
        return None
    shared = set(meeting[0][1]) & set(meeting[1][1]) - {label}
    if shared - needed:
        return None
    orders = [output, *(labels for _, labels in rest)]
    found = [made for pair in (meeting, meeting[::-1]) if (made := _matmul(pair[0], pair[1], label)) is not None]
    return [*rest, min(found, key=lambda made: _with_turns(made, orders))] if found else None


def _with_turns(operand: Operand, orders: Sequence[Labels]) -> int:
    """What a product costs, with the transpose that it will want before it meets tensors with axes in these orders."""
    expr, labels = operand
    row, column = labels[-2:] if len(labels) > 1 else (-1, -1)
    against = any(row in order and column in order and order.index(row) > order.index(column) for order in orders)
    return cost(expr) + WEIGHTS["transpose"] * against


def _absorbed(operands: list[Operand]) -> list[Operand]:
    """The smallest operand multiplied into one that has all its axes."""
    small = min(operands, key=lambda operand: len(operand[1]))
    for k, (expr, labels) in enumerate(operands):
        if operands[k] is not small and set(small[1]) <= set(labels):
            joined = write.multiply(expr, spread(*small, labels))
            return [o for o in operands if o is not small and o is not operands[k]] + [(joined, labels)]
    return operands


def _matmul(a: Operand, b: Operand, label: int) -> Operand | None:
    """a@b summed over a label, with the axes of both in front running along."""
    (left, own), (right, others) = a, b
    rows = [k for k in own if k not in others]
    columns = [k for k in others if k not in own]
    if not rows or (not columns and len(others) > 1):
        return None
    row = rows[-1]
    front = tuple(k for k in own if k not in (row, label))
    left = turned(left, own, (*front, row, label))
    if not columns:
        return write.matmul(left, right), (*front, row)
    behind = tuple(k for k in others if k not in (columns[-1], label))
    if set(behind) == set(front):
        behind = front
    longer, shorter = (front, behind) if len(front) >= len(behind) else (behind, front)
    if longer[len(longer) - len(shorter) :] != shorter:
        return None
    right = turned(right, others, (*behind, label, columns[-1]))
    return write.matmul(left, right), (*longer, row, columns[-1])


def spread(expr: Expr, labels: Labels, whole: Labels) -> Expr:
    """A tensor ready to meet one with the axes `whole`: in their order, of length one where it has none."""
    if not labels:
        return expr
    order = tuple(label for label in whole if label in labels)
    expr = turned(expr, labels, order)
    missing = [axis for axis, label in enumerate(whole) if label not in labels and axis > whole.index(order[0])]
    if not missing:
        return expr
    first = whole.index(order[0])
    if not first and isinstance(expr, Apply) and row(expr.function).kind is Kind.REDUCTION:
        options = dict(expr.parameters)
        if list(options.get("axis", ())) == missing and not options.get("keepdims"):
            return write.apply(expr.function, *expr.arguments, **options, keepdims=True)
    index = tuple(None if axis in missing else (None, None) for axis in range(first, len(whole)))
    while index and index[-1] is not None:
        index = index[:-1]
    return _with_axes(expr, index, tuple(ONE if item is None else size for item, size in _sized(expr, index)))


def _sized(expr: Expr, index: Sequence[object]) -> Iterator[tuple[object, Size]]:
    """The items of an index that only puts axes in, each with the size of the axis that it keeps."""
    sizes = iter(expr.shape)
    for item in index:
        yield item, ONE if item is None else next(sizes)
    yield from ((True, size) for size in sizes)


def _with_axes(expr: Expr, index: Sequence[object], shape: Shape) -> Expr:
    """A tensor with axes of length one put in, or never taken out: v of n × g × 1 in √(v + ε) stays so."""
    put_in = write.apply("[]", expr, index=tuple(index))
    match expr:
        case Apply(function="reshape", arguments=(inner,)) if inner.shape == shape:
            return inner
        case Apply(function=function, arguments=arguments, parameters=parameters) if row(
            function
        ).kind is Kind.ELEMENTWISE and all(a.shape in ((), expr.shape) for a in arguments):
            parts = [_with_axes(a, index, shape) if a.shape else a for a in arguments]
            return shortest([put_in, write.apply(function, *parts, **dict(parameters))])
    return put_in
