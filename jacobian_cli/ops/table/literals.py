"""Vectors and matrices written out: of entries, or of blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from jacobian_cli.ops.row import Kind, Row
from jacobian_cli.ops.rules import ShapeError, described

_ALL = (None, None)


def _literal(make: Any, *cells: Any, rows: Any = None) -> Any:
    """A vector of its entries, a matrix of its rows of entries, or a matrix of blocks."""
    if rows is None:
        return _vector(make, cells)
    lines = list(_lines(cells, rows))
    if any(cell.shape for cell in cells):
        blocks = _blocks(make, lines)
        return blocks[0] if len(blocks) == 1 else make("concat", *blocks)
    if len({len(line) for line in lines}) > 1:
        raise ShapeError("the rows of a matrix are equally long", "as in `[[a, b], [c, d]]`")
    return make("stack", *(make("stack", *line) for line in lines))


def _lines(cells: Sequence[Any], widths: Sequence[int]) -> Iterator[Sequence[Any]]:
    stop = 0
    for width in widths:
        if not width:
            raise ShapeError("a row of a matrix holds something", "as in `[[a, b], [c, d]]`")
        stop += width
        yield cells[stop - width : stop]


def _vector(make: Any, cells: Sequence[Any]) -> Any:
    """Entries; beside them, vectors are parts of a longer one."""
    shapes = [cell.shape for cell in cells]
    if not any(shapes):
        return make("stack", *cells)
    if all(shapes) or any(len(shape) > 1 for shape in shapes):
        first = next(shape for shape in shapes if shape)
        raise ShapeError(
            f"a vector is a list of scalars, and {described(first)} stands in it",
            "vectors end to end are `concat(x, y)`, as rows of a matrix `stack(x, y)`, side by side `[[x, y]]`",
            order=True,
        )
    return make("concat", *cells)


def _blocks(make: Any, lines: Sequence[Sequence[Any]]) -> list[Any]:
    """The rows of a matrix of blocks: a vector is a column, 0 is as large as its row and its column are."""
    wide = [[_matrix(make, cell) for cell in line] for line in lines]
    found = []
    for line in wide:
        row = [_zero(make, wide, line, k) if cell is None else cell for k, cell in enumerate(line)]
        found.append(row[0] if len(row) == 1 else make("concat", *row, axis=(1,)))
    return found


def _matrix(make: Any, cell: Any) -> Any:
    """A block as a matrix; nothing for a zero, whose size is that of what stands around it."""
    match len(cell.shape):
        case 0:
            return None if getattr(cell, "value", None) == 0 else make("[]", cell, index=(None, None))
        case 1:
            return make("[]", cell, index=(_ALL, None))
        case 2:
            return cell
    raise ShapeError(f"a block is a matrix, not {described(cell.shape)}", order=True)


def _zero(make: Any, lines: Sequence[Sequence[Any]], line: Sequence[Any], place: int) -> Any:
    rows = next((cell.shape[0] for cell in line if cell is not None), None)
    columns = next((row[place].shape[1] for row in lines if len(row) == len(line) and row[place] is not None), None)
    if rows is None or columns is None:
        raise ShapeError("how large this block of zeros is nothing says", "write its sizes: `zeros(n, m)`")
    return make("zeros", sizes=(rows, columns))


LITERALS = (
    Row(name="[,]", summary="a vector of its entries; of lists, a matrix row by row, of entries or of blocks",
        kind=Kind.SHAPE, parameters=("...",), options=("rows",), defaults={"rows": ""}, reads=_literal,
        example="[[cos(t), -sin(t)], [sin(t), cos(t)]]"),
)  # fmt: skip
