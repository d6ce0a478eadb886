"""What picks entries, and puts them back where they were picked: indexing in NumPy."""

from __future__ import annotations

from jacobian_cli.expr import Apply, Defined, Expr, Number, Variable
from jacobian_cli.printers.numpy.numbers import is_known
from jacobian_cli.printers.numpy.products import Source, call, subscript
from jacobian_cli.printers.numpy.target import Need
from jacobian_cli.printers.numpy.writer import Writer
from jacobian_cli.printers.precedence import PYTHON, Level, Piece


def places(writer: Writer, expr: Expr, piece: Piece) -> Piece:
    """Places as whole numbers, which variables that hold them are, and lists of numbers where those are no floats."""
    inner = expr.body if isinstance(expr, Defined) else expr
    numbers = isinstance(inner, Apply) and inner.arguments and all(isinstance(a, Number) for a in inner.arguments)
    known = isinstance(inner, Variable | Number) or (numbers and not writer.target.arrays)
    return piece if known else Piece(f"{piece.at(Level.POSTFIX)}{writer.target.whole}")


def taken(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    x, at = operands[0].piece, places(writer, node.arguments[1], operands[1].piece)
    return Source(subscript(x, ":, " * dict(node.parameters)["axis"][0] + at.text), node.shape)


def one_hot(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """Rows of an identity; of places that are arrays without it, which is as high as it is wide."""
    count = writer.size(node.shape[-1]).text
    if is_known(node.arguments[0]):
        at = places(writer, node.arguments[0], operands[0].piece)
        return Source(subscript(call(f"{writer.np}.eye", count), at.text), node.shape)
    return Source(PYTHON["*"].join(Piece("1.0"), at_places(writer, node, operands[0].piece)), node.shape)


def at_places(writer: Writer, node: Apply, piece: Piece, *kind: str) -> Piece:
    """Where each place is, as a comparison with all of them."""
    along = call(f"{writer.np}.arange", writer.size(node.shape[-1]).text, *kind)
    column = subscript(piece, "..., None") if node.arguments[0].shape else piece
    return PYTHON["=="].join(column, along)


def scattered(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    pieces = [operands[0].piece, places(writer, node.arguments[1], operands[1].piece)]
    return Source(call(writer.helper(Need(node.function)), *pieces, writer.size(node.shape[0]).text), node.shape)
