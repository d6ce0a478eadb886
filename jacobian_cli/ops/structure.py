"""The index form of functions that make or rearrange entries, in terms of whatever algebra is handed in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from jacobian_cli.ops.rules import slice_bounds
from jacobian_cli.shape import ONE, Shape, Size


class Algebra(Protocol):
    """What index forms are made of; axes of length one do not exist here."""

    def delta(self, size: Size) -> Any: ...
    def ones(self, shape: Shape) -> Any: ...
    def zeros(self, shape: Shape) -> Any: ...
    def product(self, shape: Shape, factors: Iterable[Any]) -> Any: ...
    def reshape(self, tensor: Any, shape: Shape) -> Any: ...
    def add(self, shape: Shape, terms: Iterable[Any]) -> Any: ...
    def unit(self, size: Size, index: int | Size) -> Any: ...
    def window(self, size: Size, start: Size, stop: Size) -> Any: ...


def proper(shape: Shape) -> Shape:
    """A shape without its axes of length one."""
    return tuple(size for size in shape if size is not ONE)


def eye(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    del tensors, shapes
    (size,) = options["sizes"]
    return algebra.ones(()) if size is ONE else algebra.delta(size)


def commutation(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """K[(i,j),(l,k)] = δ_ik δ_jl: vec(Xᵀ) runs over X row by row, vec(X) column by column."""
    del tensors, shapes
    rows, columns = options["sizes"]
    if rows is ONE or columns is ONE:
        return eye(algebra, [], [], {"sizes": (rows * columns,)})
    ties = [(algebra.delta(rows), (0, 3), 1), (algebra.delta(columns), (1, 2), 1)]
    return algebra.reshape(algebra.product((rows, columns, columns, rows), ties), (rows * columns, rows * columns))


def ones(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    del tensors, shapes
    return algebra.ones(proper(options["sizes"]))


def zeros(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    del tensors, shapes
    return algebra.zeros(proper(options["sizes"]))


def reshape(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    del shapes
    return algebra.reshape(tensors[0], proper(options["shape"]))


def vec(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """Columns stacked: the transpose, row by row."""
    del options
    (tensor,), (shape,) = tensors, shapes
    kept = proper(shape)
    if len(kept) < 2:
        return tensor
    turned = algebra.product((kept[1], kept[0]), [(tensor, (1, 0), 1)])
    return algebra.reshape(turned, (kept[0] * kept[1],))


def kron(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """kron(A, B)[(i,k),(j,l)] = A_ij B_kl."""
    del options
    pairs = [tuple(shape) + (ONE,) * (2 - len(shape)) for shape in shapes]
    names = iter(range(4))
    split: Shape = ()
    place: dict[tuple[int, int], int] = {}
    for axis in (0, 1):
        for k in (0, 1):
            if pairs[k][axis] is not ONE:
                place[k, axis] = next(names)
                split += (pairs[k][axis],)
    labels = [tuple(place[k, axis] for axis in (0, 1) if (k, axis) in place) for k in (0, 1)]
    joined = algebra.product(split, [(tensors[k], labels[k], 1) for k in (0, 1)])
    rows, columns = pairs[0][0] * pairs[1][0], pairs[0][1] * pairs[1][1]
    return algebra.reshape(joined, proper((rows, columns)))


def concat(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """[x; y] = Σ Eᵀx, E a window of the identity for each part."""
    del options
    parts = [shape or (ONE,) for shape in shapes]
    total = sum((shape[0] for shape in parts), Size(()))
    if total is ONE:
        return tensors[0]
    rest = proper(parts[0][1:])
    order = len(rest) + 1
    terms: list[tuple[int, Any]] = []
    start = Size(())
    for tensor, shape in zip(tensors, parts, strict=True):
        behind = tuple(range(1, order))
        if shape[0] is ONE:
            place = (
                (algebra.unit(total, start.value), (0,), 1) if start.value is not None else _row(algebra, total, start)
            )
            term = algebra.product((total, *rest), [(tensor, behind, 1), place])
        else:
            window = algebra.window(total, start, start + shape[0])
            term = algebra.product((total, *rest), [(tensor, (order, *behind), 1), (window, (order, 0), 1)])
        terms.append((1, term))
        start = start + shape[0]
    return algebra.add((total, *rest), terms)


def _row(algebra: Algebra, total: Size, start: Size) -> Any:
    """One row of the identity, at a place that is a symbol: the ones of a window of one row."""
    return (algebra.unit(total, start), (0,), 1)


def stack(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """Values along a new first axis."""
    del options
    count, rest = Size.number(len(tensors)), proper(shapes[0])
    if count is ONE:
        return tensors[0]
    labels = tuple(range(1, len(rest) + 1))
    units = [(algebra.unit(count, k), (0,), 1) for k in range(len(tensors))]
    terms = [(1, algebra.product((count, *rest), [(t, labels, 1), e])) for t, e in zip(tensors, units, strict=True)]
    return algebra.add((count, *rest), terms)


def index(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """x[i] = Σ_k x_k e_k, and a slice is a window of the identity."""
    (tensor,), (shape,) = tensors, shapes
    items = [item for item in options["index"] if item is not None]
    items += [(None, None)] * (len(shape) - len(items))
    picks: list[tuple[Any, tuple[int, ...], int]] = []
    labels: list[int] = []
    result: list[Size] = []
    bound = iter(range(len(shape), 2 * len(shape) + 1))
    for item, size in zip(items, shape, strict=True):
        if size is ONE:
            continue
        if not isinstance(item, tuple):
            labels.append(next(bound))
            picks.append((algebra.unit(size, item), (labels[-1],), 1))
            continue
        start, stop = slice_bounds(item, size)
        if stop - start is ONE:
            labels.append(next(bound))
            picks.append((algebra.unit(size, start if start.value is None else start.value), (labels[-1],), 1))
        elif stop - start is size:
            labels.append(len(result))
            result.append(size)
        else:
            labels.append(next(bound))
            picks.append((algebra.window(size, start, stop), (len(result), labels[-1]), 1))
            result.append(stop - start)
    # summed labels must lie behind the axes of the value, of which there are at most as many as axes
    return algebra.product(tuple(result), [(tensor, tuple(labels), 1), *picks])
