"""What the functions of the language are in NumPy, by the shapes of operands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from jacobian_cli.expr import Apply, Number
from jacobian_cli.ops import Kind, row
from jacobian_cli.printers.numpy import picking
from jacobian_cli.printers.numpy.blocks import ALONG, SPREAD, Blocks, two_axes
from jacobian_cli.printers.numpy.numbers import large_power, picked
from jacobian_cli.printers.numpy.products import (
    Inverse,
    Role,
    Source,
    blocks_of,
    call,
    diagonal_of,
    multiply,
    pair_by_pair,
    row_of,
    subscript,
    transposed,
)
from jacobian_cli.printers.numpy.sizes import alike
from jacobian_cli.printers.numpy.target import Need
from jacobian_cli.printers.numpy.writer import Writer
from jacobian_cli.printers.precedence import PYTHON, Level, Piece, given, index_text, negative
from jacobian_cli.shape import ONE, Shape

_LINALG = frozenset({"det", "inv"})


def _is_row(shape: Shape) -> bool:
    return len(shape) == 2 and shape[0] is ONE


def each(node: Apply, operands: list[Source], join: Callable[..., Piece]) -> Source:
    """What is done entry by entry: to rows, also as one-dimensional arrays."""
    vector = None
    if _is_row(node.shape) and all(not o.shape or _is_row(o.shape) for o in operands):
        vector = join(*(o.line for o in operands))
    plain = all(o.plain for o in operands)
    return Source(join(*(o.piece for o in operands)), node.shape, vector, plain=plain)


def _infix(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    a, b = operands
    if node.function == "*" and not (a.shape and b.shape) and (a.structured or b.structured):
        return multiply(a, b, writer.np)
    if node.function == "/" and a.blocks and not b.shape:
        return blocks_of(a.blocks.scaled(b.piece, over=True), node.shape)
    if node.function == "**" and large_power(*node.arguments) and isinstance(base := node.arguments[0], Number):
        a = replace(a, piece=writer.float(base.value))
    return each(node, operands, PYTHON[node.function].join)


def _negative(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    if (blocks := operands[0].blocks) is not None:
        return blocks_of(blocks.negated(), node.shape)
    if operands[0].diagonal:
        return diagonal_of(negative(operands[0].line), node.shape, writer.np)
    if (inverse := operands[0].inverse) is not None:
        opposite = replace(inverse, minus=not inverse.minus)
        return Source(negative(operands[0].piece), node.shape, inverse=opposite)
    return each(node, operands, negative)


def _compared(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    del writer
    condition = PYTHON[node.function].join(*(o.piece for o in operands))
    return Source(PYTHON["*"].join(Piece("1.0"), condition), node.shape, condition=condition)


def _where(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    chosen, first, second = operands
    condition = chosen.condition or PYTHON["!="].join(chosen.piece, Piece("0"))
    return Source(call(f"{writer.np}.where", condition, first.piece, second.piece), node.shape)


def _transposed(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    del writer
    (operand,) = operands
    match operand.shape:
        case ():
            return operand
        case (_,):
            return row_of(operand.piece, node.shape)
        case (first, _) if first is ONE:
            return Source(operand.line, node.shape)
    inverse = None if operand.inverse is None else operand.inverse.turned()
    return Source(transposed(operand.piece), node.shape, inverse=inverse)


def _permuted(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    axes = dict(node.parameters)["axes"]
    return Source(
        call(f"{writer.np}.transpose", operands[0].piece, f"({', '.join(map(str, axes))}{',' * (len(axes) == 1)})"),
        node.shape,
    )


def _indexed(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    (operand,) = operands
    if not node.shape and not operand.shape:
        return operand
    if not operand.shape:
        return _reshaped(writer, node, operands)
    index = dict(node.parameters)["index"]
    return Source(subscript(operand.piece, index_text(index, lambda size: writer.size(size).text)), node.shape)


def _summed(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """A sum of rows of which one entry each is picked is that entry."""
    if (found := picked(node)) is None or writer.along:
        return (writer.target.called or called)(writer, node, operands)
    at, rows = (writer.source(part).piece for part in found)
    taken = call(f"{writer.np}.{writer.target.take}", rows, subscript(at, "..., None"), "-1")
    return Source(subscript(taken, "..., 0"), node.shape)


def _dot(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    if any(len(argument.shape) != 1 for argument in node.arguments):
        return called(writer, node, operands)
    first, second = operands
    return multiply(first, second, writer.np)


def _outer(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    return Source(call(f"{writer.np}.outer", *(o.piece for o in operands)), node.shape)


def _diag(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    (operand,) = operands
    if len(operand.shape) > 2:
        return Source(call(f"{writer.np}.diagonal", operand.piece, "axis1=-2", "axis2=-1"), node.shape)
    if len(node.shape) == 2:
        return diagonal_of(operand.piece, node.shape, writer.np)
    return Source(call(f"{writer.np}.diag", operand.piece), node.shape)


def _traced(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """Of a batch, the trace of each matrix."""
    axes = ["axis1=-2", "axis2=-1"] if len(operands[0].shape) > 2 else []
    return Source(call(f"{writer.np}.trace", operands[0].piece, *axes), node.shape)


def _kron(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """With a matrix, a vector counts as one column."""
    if (filled := _filled_with_blocks(writer, node, operands)) is not None:
        return filled
    pieces = [
        subscript(o.piece, ":, None") if len(o.shape) == 1 and len(node.shape) == 2 else o.piece for o in operands
    ]
    function = f"{writer.np}.kron"
    if _is_row(node.shape) and all(_is_row(o.shape) for o in operands):
        return Source(call(function, *pieces), node.shape, call(function, *(o.line for o in operands)))
    return Source(call(function, *pieces), node.shape)


def _filled_with_blocks(writer: Writer, node: Apply, operands: list[Source]) -> Source | None:
    """A Kronecker product of which one factor is diagonal."""
    first, second = operands
    eyes = [isinstance(a, Apply) and a.function == "eye" for a in node.arguments]
    diagonal = [eye or o.role is Role.DIAGONAL for eye, o in zip(eyes, operands, strict=True)]
    if not writer.fills or len(node.shape) != 2 or not any(diagonal):
        return None
    at, other = (0, second) if diagonal[0] else (1, first)
    rows, columns = (writer.size(size) for size in two_axes(other.shape))
    count = writer.size(node.arguments[at].shape[0])
    name = writer.helper(Need(SPREAD if at else ALONG))
    line = other.piece if len(other.shape) == 1 else None
    entries = other.piece if line is None else subscript(line, ":, None")
    row = other.line if other.role is Role.ROW else None
    found = Blocks(name, not at, writer.np, entries, count, rows, columns, row)
    if operands[at].role is Role.DIAGONAL:
        scale = subscript(operands[at].line, ":, None, None")
        found = replace(found, entries=PYTHON["*"].join(scale, entries), row=None, whole=True)
    return blocks_of(found, node.shape)


def _inverted(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """What it multiplies is solved for."""
    inverse = Inverse(operands[0].piece) if len(node.shape) == 2 else None
    return Source(call(f"{writer.np}.linalg.inv", operands[0].piece), node.shape, inverse=inverse)


def _vec(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    del writer
    (operand,) = operands
    if operand.role in (Role.COLUMN, Role.ROW):
        return Source(operand.line, node.shape)
    return Source(Piece(operand.piece.at(Level.POSTFIX) + ".T.reshape(-1)"), node.shape)


def _reshaped(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    (operand,) = operands
    if not operand.shape:
        return Source(call(f"{writer.np}.reshape", operand.piece, shape_source(writer, node.shape)), node.shape)
    sizes = ", ".join(writer.size(size).text for size in node.shape)
    return Source(Piece(f"{operand.piece.at(Level.POSTFIX)}.reshape({sizes})"), node.shape)


def shape_source(writer: Writer, shape: Shape) -> str:
    sizes = ", ".join(writer.size(size).text for size in shape)
    return sizes if len(shape) == 1 else f"({sizes})"


def _filled(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    del operands
    sizes = dict(node.parameters)["sizes"]
    return Source(call(f"{writer.np}.{row(node.function).numpy}", shape_source(writer, sizes)), node.shape)


def _commutation(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """The rows of an identity in the order of vec(Xᵀ)."""
    del operands
    rows, columns = (writer.size(size).text for size in dict(node.parameters)["sizes"])
    count = writer.size(node.shape[0]).text
    identity = f"{writer.np}.eye({count}).reshape({columns}, {rows}, {count})"
    return Source(Piece(f"{identity}.swapaxes(0, 1).reshape({count}, {count})"), node.shape)


def _einsum(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    return pair_by_pair(
        writer.np, node, operands, "optimize=True"
    )  # a sum over what two share is then a matrix product


def _joined(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """Arrays end to end; a scalar counts as a vector of one entry."""
    return _listed(writer, node, [o.piece.text if o.shape else f"[{o.piece.text}]" for o in operands])


def _stacked(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """Arrays along a new first axis."""
    return _listed(writer, node, [o.piece.text for o in operands])


def _listed(writer: Writer, node: Apply, parts: list[str]) -> Source:
    axis = [f"axis={axes[0]}" for axes in (dict(node.parameters).get("axis"),) if axes]
    return Source(call(f"{writer.np}.{row(node.function).numpy}", f"[{', '.join(parts)}]", *axis), node.shape)


def options_of(writer: Writer, node: Apply, operands: list[Source]) -> list[str]:
    """The axes of a reduction, or of a function of rows, as arguments."""
    entry, options = row(node.function), dict(node.parameters)
    if "count" in options:
        return [writer.size(options["count"]).text]
    if "axis" not in entry.options or not operands[0].shape:
        return []
    if writer.along:
        return ["axis=axis", "keepdims=True"] if entry.kind is Kind.REDUCTION else ["axis=axis"]
    if entry.kind not in (Kind.REDUCTION, Kind.SHARE) and len(operands[0].shape) > 1:
        options.setdefault("axis", (-1,))
    if "axis" in options and len(options["axis"]) == 1:
        options["axis"] = options["axis"][0]
    return [f"{name}={options[name]}" for name in ("axis", "keepdims") if name in options]


def called(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """A function of NumPy, or one that is defined beside the expression."""
    entry, options = row(node.function), options_of(writer, node, operands)
    if not entry.numpy:
        return helped(writer, node, operands)
    function = f"{writer.np}.{'linalg.' * (entry.numpy in _LINALG)}{entry.numpy}"
    if entry.kind is Kind.ELEMENTWISE:
        return each(node, operands, lambda *pieces: call(function, *pieces))
    return Source(call(function, *(o.piece for o in operands), *options), node.shape)


def helped(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """A function that is defined beside the expression."""
    entry, options = row(node.function), options_of(writer, node, operands)
    kernel = writer.target.runs(node.function, entry.kernel) or node.function in writer.target.kernels
    same = entry.kind is Kind.ELEMENTWISE or kernel or "axis" in entry.options
    shapes = () if same else alike([o.shape for o in operands])
    function = writer.helper(Need(node.function, shapes, axes=bool(options) and "axis" in entry.options))
    operands = operands[: len(given(node))]
    if sizes := dict(node.parameters).get("sizes"):
        options = [f"({', '.join(writer.size(size).text for size in sizes)},)"]
    if entry.kind is Kind.ELEMENTWISE:
        return each(node, operands, lambda *pieces: call(function, *pieces))
    return Source(call(function, *(o.piece for o in operands), *options), node.shape)


FORMS: dict[str, Callable[[Writer, Apply, list[Source]], Source]] = {
    **dict.fromkeys(("+", "-", "*", "/", "**"), _infix),
    **dict.fromkeys((">", "<", ">=", "<=", "==", "!="), _compared),
    "u-": _negative,
    ".T": _transposed,
    "transpose": _permuted,
    "[]": _indexed,
    "take": picking.taken,
    "one_hot": picking.one_hot,
    "sum": _summed,
    "scatter_add": picking.scattered,
    "where": _where,
    "dot": _dot,
    "outer": _outer,
    "diag": _diag,
    "trace": _traced,
    "kron": _kron,
    "inv": _inverted,
    "vec": _vec,
    "reshape": _reshaped,
    "einsum": _einsum,
    **dict.fromkeys(("eye", "ones", "zeros"), _filled),
    "commutation": _commutation,
    "concat": _joined,
    "stack": _stacked,
}
"""The forms that are not a call of one function with its arguments."""


class NumPyWriter(Writer):
    """Writes NumPy, or what a target has in its place, in the names of variables, sizes and functions.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> NumPyWriter().text(elaborate([parse_statement("A.T@B@(delta*x) + relu(u@x)")]).output)
    'A.T@(B@(delta*x)) + relu(u@x)'
    """

    __slots__ = ()

    def applied(self, node: Apply, operands: list[Source]) -> Source:
        """As the target says, by the function's own name or by NumPy's for it; else a call."""
        meant = row(node.function).numpy
        ways = (self.target.forms.get(node.function), FORMS.get(node.function), self.target.forms.get(meant))
        form = next(filter(None, ways), None) or FORMS.get(meant) or self.target.called or called
        return form(self, node, operands)
