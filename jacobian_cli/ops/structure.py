"""The index form of functions that make or rearrange entries, in terms of whatever algebra is handed in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from jacobian_cli.ops.cuts import Cut, Listed, cut_of
from jacobian_cli.ops.shapes import joined_axis, turned_axes
from jacobian_cli.shape import ONE, Shape, Size


class Algebra(Protocol):
    """What index forms are made of; axes of length one do not exist here."""

    def delta(self, size: Size) -> Any: ...
    def ones(self, shape: Shape) -> Any: ...
    def zeros(self, shape: Shape) -> Any: ...
    def product(self, shape: Shape, factors: Iterable[Any]) -> Any: ...
    def reshape(self, tensor: Any, shape: Shape) -> Any: ...
    def add(self, shape: Shape, terms: Iterable[Any]) -> Any: ...
    def apply(self, function: str, arguments: tuple[Any, ...], loop: int, shape: Shape) -> Any: ...
    def unit(self, size: Size, index: int | Size) -> Any: ...
    def window(self, size: Size, cut: Cut) -> Any: ...
    def listed(self, size: Size, places: tuple[int, ...]) -> Any: ...


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


def elimination(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """A constant, known by the identity of its size."""
    return _of_identity(algebra, "elimination", options["sizes"][0], _halves(options["sizes"][0]))


def duplication(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """A constant, known by the identity of its size."""
    return _of_identity(algebra, "duplication", options["sizes"][0], _halves(options["sizes"][0])[::-1])


def _halves(size: Size) -> Shape:
    return (size * size + size).part(2), size * size


def _of_identity(algebra: Algebra, function: str, size: Size, shape: Shape) -> Any:
    return algebra.ones(()) if size is ONE else algebra.apply(function, (algebra.delta(size),), 0, shape)


def vech(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """vech(X) = L vec(X)."""
    stacked = vec(algebra, tensors, shapes, options)
    size = shapes[0][0]
    if size is ONE:
        return stacked
    picked = elimination(algebra, [], [], {"sizes": (size,)})
    return algebra.product((_halves(size)[0],), [(picked, (0, 1), 1), (stacked, (1,), 1)])


def unvech(make: Any, x: Any, count: Size) -> Any:
    """The matrix whose columns, stacked, are D x."""
    return make("reshape", make("@", make("duplication", sizes=(count,)), x), shape=(count, count))


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


def transpose(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """The axes in another order."""
    (shape,) = shapes
    order = [axis for axis in turned_axes(shape, options) if shape[axis] is not ONE]
    labels = tuple(order.index(axis) for axis in sorted(order))
    return algebra.product(tuple(shape[axis] for axis in order), [(tensors[0], labels, 1)])


def concat(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """[x; y] = Σ Eᵀx, E a window of the identity for each part."""
    parts = [shape or (ONE,) for shape in shapes]
    axis = joined_axis(parts[0], options)
    total = sum((shape[axis] for shape in parts), Size(()))
    if total is ONE:
        return tensors[0]
    before, behind = proper(parts[0][:axis]), proper(parts[0][axis + 1 :])
    whole, place = (*before, total, *behind), len(before)
    rest = [k for k in range(len(whole)) if k != place]
    terms: list[tuple[int, Any]] = []
    start = Size(())
    for tensor, shape in zip(tensors, parts, strict=True):
        where: tuple[int, ...]
        if shape[axis] is ONE:
            factor, where = algebra.unit(total, start if start.value is None else start.value), (place,)
            labels = tuple(rest)
        else:
            bound = len(whole)
            factor, where = algebra.window(total, Cut(start, shape[axis])), (bound, place)
            labels = (*rest[:place], bound, *rest[place:])
        terms.append((1, algebra.product(whole, [(tensor, labels, 1), (factor, where, 1)])))
        start = start + shape[axis]
    return algebra.add(whole, terms)


def stack(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """Values along a new axis."""
    count = Size.number(len(tensors))
    if count is ONE:
        return tensors[0]
    axis = joined_axis((count, *shapes[0]), options)
    before, behind = proper(shapes[0][:axis]), proper(shapes[0][axis:])
    whole, place = (*before, count, *behind), len(before)
    labels = tuple(k for k in range(len(whole)) if k != place)
    units = [(algebra.unit(count, k), (place,), 1) for k in range(len(tensors))]
    return algebra.add(
        whole, [(1, algebra.product(whole, [(t, labels, 1), e])) for t, e in zip(tensors, units, strict=True)]
    )


def ones_like(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    del tensors, options
    return algebra.ones(proper(shapes[0]))


def zeros_like(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    del tensors, options
    return algebra.zeros(proper(shapes[0]))


def tril(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """tril(X) = X ⊙ tril(1)."""
    del options
    return _triangle(algebra, "tril", tensors[0], shapes[0])


def triu(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """triu(X) = X ⊙ triu(1)."""
    del options
    return _triangle(algebra, "triu", tensors[0], shapes[0])


MASKS = frozenset({tril, triu})
"""The forms that multiply the entries by constants, those on the diagonal by 1: f(X) = X ⊙ f(1)."""


def _triangle(algebra: Algebra, function: str, tensor: Any, shape: Shape) -> Any:
    """A tensor times the constant mask on its last two axes; of one row, or one column, that is a unit or all ones."""
    kept, (rows, columns) = proper(shape), shape[-2:]
    order = len(kept)
    labels: tuple[int, ...] = (order - 1,)
    lower = function == "tril"
    if rows is not ONE and columns is not ONE:
        mask, labels = (
            algebra.apply(function, (algebra.ones((rows, columns)),), 0, (rows, columns)),
            (order - 2, order - 1),
        )
    elif rows is columns or (columns is ONE) is lower:
        return tensor
    else:
        mask, labels = algebra.unit(rows if columns is ONE else columns, 0), (order - 1,)
    return algebra.product(kept, [(tensor, tuple(range(order)), 1), (mask, labels, 1)])


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
        if isinstance(item, int | Size):
            labels.append(next(bound))
            picks.append((algebra.unit(size, item), (labels[-1],), 1))
            continue
        cut = cut_of(item, size) if isinstance(item, tuple) else None
        count = Size.number(len(item.places)) if isinstance(item, Listed) else cut.count if cut else size
        if count is ONE:
            labels.append(next(bound))
            only = item.places[0] if isinstance(item, Listed) else cut.first if cut else 0
            picks.append((algebra.unit(size, only), (labels[-1],), 1))
        elif cut and cut.step == 1 and count is size:
            labels.append(len(result))
            result.append(size)
        else:
            labels.append(next(bound))
            rows = algebra.window(size, cut) if cut else algebra.listed(size, item.places)
            picks.append((rows, (len(result), labels[-1]), 1))
            result.append(count)
    # summed labels must lie behind the axes of the value, of which there are at most as many as axes
    return algebra.product(tuple(result), [(tensor, tuple(labels), 1), *picks])


def _rows(algebra: Algebra, tensor: Any, count: Size) -> Any:
    """The rows of an identity matrix at places."""
    places = tensor.shape
    return algebra.apply("one_hot", (tensor,), len(places), (*places, count))


def one_hot(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    del shapes
    count: Size = options["count"]
    return algebra.ones(tensors[0].shape) if count is ONE else _rows(algebra, tensors[0], count)


def take(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """x[i] = Σ_k 1(i = k) x_k."""
    x, places = tensors
    axis = joined_axis(shapes[0], options)
    before, behind = proper(shapes[0][:axis]), proper(shapes[0][axis + 1 :])
    shape = (*before, *places.shape, *behind)
    where = tuple(range(len(before), len(before) + len(places.shape)))
    rest = [*range(len(before)), *range(len(before) + len(where), len(shape))]
    if shapes[0][axis] is ONE:
        return algebra.product(shape, [(x, tuple(rest), 1)])
    bound = len(shape)
    labels = (*rest[: len(before)], bound, *rest[len(before) :])
    return algebra.product(shape, [(x, labels, 1), (_rows(algebra, places, shapes[0][axis]), (*where, bound), 1)])


def scatter_add(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """Σ_r 1(i_r = k) x_r."""
    x, places = tensors
    front, count = len(places.shape), options["count"]
    behind = x.shape[front:]
    shape = (*proper((count,)), *behind)
    offset = len(shape)
    bound = tuple(range(offset, offset + front))
    own = tuple(range(offset - len(behind), offset))
    factors = [(x, (*bound, *own), 1)]
    if count is not ONE:
        factors.append((_rows(algebra, places, count), (*bound, 0), 1))
    del shapes
    return algebra.product(shape, factors)


def _lags(algebra: Algebra, size: Size, starts: Size, count: Size) -> tuple[Any, tuple[int, ...]]:
    """1 where p = i + t, and which of its axes p, i and t it has; an axis of length one is none."""
    if count is ONE:
        return (algebra.ones(()), ()) if size is ONE else (algebra.delta(size), (0, 1))
    if starts is ONE:
        return algebra.delta(size), (0, 2)
    return algebra.apply("unfold", (algebra.delta(size),), 1, (size, starts, count)), (0, 1, 2)


def unfold(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """X[.., i, t] = Σ_p x[.., p] 1(p = i + t)."""
    (tensor,), (shape,) = tensors, shapes
    count: Size = options["count"]
    size, starts = shape[-1], shape[-1] - count + ONE
    front = len(proper(shape[:-1]))
    whole = (*proper(shape[:-1]), *proper((starts, count)))
    ties, axes = _lags(algebra, size, starts, count)
    kept = [axis for axis in (1, 2) if axis in axes]
    names = {axis: front + k for k, axis in enumerate(kept)} | {0: len(whole)}
    labels = tuple(range(front)) + ((names[0],) if size is not ONE else ())
    return algebra.product(whole, [(tensor, labels, 1), (ties, tuple(names[axis] for axis in axes), 1)])


def fold(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """x[.., p] = Σ_it X[.., i, t] 1(p = i + t)."""
    del options
    (tensor,), (shape,) = tensors, shapes
    *front, starts, count = shape
    size = starts + count - ONE
    before = len(proper(tuple(front)))
    whole = (*proper(tuple(front)), *proper((size,)))
    ties, axes = _lags(algebra, size, starts, count)
    names = {0: before, 1: len(whole), 2: len(whole) + (starts is not ONE)}
    labels = (*range(before), *(names[axis] for axis, length in ((1, starts), (2, count)) if length is not ONE))
    return algebra.product(whole, [(tensor, labels, 1), (ties, tuple(names[axis] for axis in axes), 1)])


def correlate(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """z[i] = Σ_t x[i + t] y[t]."""
    del options
    (size,), (count,) = shapes
    return _lagged(algebra, tensors, (size, size - count + ONE, count), (0, 2), 1)


def convolve(algebra: Algebra, tensors: list[Any], shapes: list[Shape], options: dict[str, Any]) -> Any:
    """z[p] = Σ_t x[p - t] y[t]."""
    del options
    (starts,), (count,) = shapes
    return _lagged(algebra, tensors, (starts + count - ONE, starts, count), (1, 2), 0)


def _lagged(algebra: Algebra, tensors: list[Any], sizes: Shape, of: tuple[int, int], out: int) -> Any:
    """Σ x y 1(p = i + t): of p, i and t the vectors have those in `of`, the value the one in `out`."""
    ties, axes = _lags(algebra, *sizes)
    names = {axis: k for k, axis in enumerate(axis for axis in (out, *of) if sizes[axis] is not ONE)}
    labels = [(names[axis],) if axis in names else () for axis in of]
    factors = [(tensor, own, 1) for tensor, own in zip(tensors, labels, strict=True)]
    return algebra.product(
        proper((sizes[out],)), [*factors, (ties, tuple(names[axis] for axis in axes if axis in names), 1)]
    )
