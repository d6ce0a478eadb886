"""Picking by places: gather, its transpose, which adds what it scatters, and the order of entries."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from jacobian_cli.expr import Extent, Number
from jacobian_cli.ops import picking, structure
from jacobian_cli.ops.row import Kind, Law, Row
from jacobian_cli.ops.rules import ShapeError, reduced_axes
from jacobian_cli.ops.table.rearranging import swapped, whole
from jacobian_cli.shape import ONE, Size, product


def _one_hot(np: Any, i: Any, count: Any) -> Any:
    return np.eye(count)[np.asarray(i, int)]


def _take(np: Any, x: Any, i: Any, axis: Any = (0,)) -> Any:
    return x[(slice(None),) * axis[0] + (np.asarray(i, int),)]


def _scatter_add(np: Any, x: Any, i: Any, count: Any) -> Any:
    i = np.asarray(i, int)
    found = np.zeros((count, *np.shape(x)[np.ndim(i) :]))
    np.add.at(found, i, x)
    return found


def _along_axis(make: Any, x: Any, i: Any) -> Any:
    """One entry of each row; with as many axes as x, several."""
    if not x.shape or len(i.shape) not in (len(x.shape), len(x.shape) - 1):
        raise ShapeError("there is one place for each row", "`take_along_axis(X, i)`, i having as many", order=True)
    count = x.shape[-1]
    picked = make("one_hot", i, count=count)
    if len(i.shape) == len(x.shape):
        x = make("[]", x, index=("...", None, (None, None)))
    return make("sum", make("*", picked, x), axis=(-1,))


def _topk(make: Any, x: Any, k: Any, axis: Any = -1, largest: bool = True) -> Any:
    (along,) = reduced_axes(x.shape, {"axis": _axes_of(x, axis)})
    options = _sorted_along(x, along)
    index = (*[(None, None)] * along, (None, k if isinstance(k, Size) else Size.number(k)))
    if not largest:
        return make("[]", make("sort", x, **options), index=index)
    return make("u-", make("[]", make("sort", make("u-", x), **options), index=index))


def _quantile(make: Any, x: Any, q: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sorted entries, weighted by how near they are to the place q(n − 1), which may lie between two."""
    if q.shape or (isinstance(q, Number) and not 0 <= q.value <= 1):
        raise ShapeError("what part of the entries lies below is a number between 0 and 1", "as in `quantile(x, 1/4)`")
    order, whole = len(x.shape), axis is None
    if whole:
        x = x if order == 1 else make("reshape", x, shape=(product(x.shape),))
    (along,) = reduced_axes(x.shape, {"axis": (0,) if whole else _axes_of(x, axis)})
    count = x.shape[along]
    found = make("sort", x, **_sorted_along(x, along))
    if isinstance(q, Number) and q.value in (0, 1):
        found = make("[]", found, index=(*[(None, None)] * along, -int(q.value)))
    elif count.value is not None and isinstance(q, Number):
        below, between = divmod(q.value * (count.value - 1), 1)
        ends = [make("[]", found, index=(*[(None, None)] * along, int(below) + k)) for k in range(1 + (between > 0))]
        if between:
            parts = [make("*", Number(part), end) for part, end in zip((1 - between, between), ends, strict=True)]
            found = make("+", *parts)
        else:
            (found,) = ends
    else:
        place = make("-", Extent(count), Number(Fraction(1)))
        if not isinstance(q, Number):
            place = make("*", q, place)
        else:
            place = place if q.value.numerator == 1 else make("*", Number(Fraction(q.value.numerator)), place)
            place = make("/", place, Number(Fraction(q.value.denominator)))
        away = make("-", make("cumsum", make("ones", sizes=(count,))), make("+", place, Number(Fraction(1))))
        weights = make("maximum", make("-", Number(Fraction(1)), make("abs", away)), Number(Fraction(0)))
        letters = "abcdefgh"[: len(x.shape)]
        kept = letters.replace(letters[along], "")
        if along == len(x.shape) - 1:
            found = make("@", found, weights)
        else:
            found = make("einsum", found, weights, subscripts=f"{letters},{letters[along]}->{kept}")
    if keepdims:
        found = make("reshape", found, shape=tuple(ONE if whole or k == along else s for k, s in enumerate(x.shape)))
    return found


def _percentile(make: Any, x: Any, q: Any, axis: Any = None, keepdims: bool = False) -> Any:
    part = Number(q.value / 100) if isinstance(q, Number) else make("/", q, Number(Fraction(100)))
    return _quantile(make, x, part, axis, keepdims)


def _median(make: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _quantile(make, x, Number(Fraction(1, 2)), axis, keepdims)


def _axes_of(x: Any, axis: Any) -> tuple[int, ...]:
    axes = axis if isinstance(axis, tuple) else (axis,)
    if not x.shape or len(axes) != 1:
        raise ShapeError("entries are put in order along one axis", "as in `sort(A, axis=0)`", order=not x.shape)
    return tuple(map(whole, axes))


def _sorted_along(x: Any, along: int) -> dict[str, Any]:
    return {} if along == len(x.shape) - 1 else {"axis": (along,)}


def _largest_so_far(np: Any, x: Any) -> Any:
    seen = np.where(np.tri(np.shape(x)[-1]) > 0, np.expand_dims(x, -2), -np.inf)
    found = 1.0 * (seen == np.max(seen, axis=-1, keepdims=True))
    return found / np.sum(found, axis=-1, keepdims=True)


def _smallest_so_far(np: Any, x: Any) -> Any:
    seen = np.where(np.tri(np.shape(x)[-1]) > 0, np.expand_dims(x, -2), np.inf)
    found = 1.0 * (seen == np.min(seen, axis=-1, keepdims=True))
    return found / np.sum(found, axis=-1, keepdims=True)


def _running(marks: str) -> Any:
    """The running extreme: what marks it, times the entries."""

    def reads(make: Any, x: Any, axis: Any = -1) -> Any:
        (along,) = reduced_axes(x.shape, {"axis": _axes_of(x, axis)})
        if len(x.shape) == 1:
            return make("@", make(marks, x), x)
        letters, last = "abcdefgh"[: len(x.shape)], len(x.shape) - 1
        front = letters.replace(letters[along], letters[last])[:last]  # the axes once that along which it runs is last
        marked = make(marks, swapped(make, x, along, last))
        subscripts = f"{front}z{letters[along]},{letters}->{letters.replace(letters[along], 'z')}"
        return make("einsum", marked, x, subscripts=subscripts)

    return reads


_BEFORE = "where(tril(outer(ones_like(x), ones_like(x))) > 0, outer(ones_like(x), x), {})"
"""In row i the entries x_1 to x_i, and a number that does not count behind them."""
_ORDER = "near a point where no two entries are equal their order stays"
PLACES = (
    Row(name="argsort", summary="the places of the entries in rising order: sort(x) is x at them", kind=Kind.ROW,
        options=("axis",), derivative=("0",), numpy="argsort", kinks=("diff(sort(x))",), law=Law(why=_ORDER),
        example="argsort(A)"),
    Row(name="sort", summary="the entries in rising order; where no two are equal, a permutation that stays",
        kind=Kind.ROW, options=("axis",), derivative=("one_hot(argsort(x), N)",),
        backward=("scatter_add(delta, argsort(x), N)",), numpy="sort", kinks=("diff(ans)",), law=Law(why=_ORDER),
        given={"descending=True": "-sort(-x)", "descending=False": "sort(x)"},
        flow="sort sends back where it took from", example="sort(A)"),
    Row(name="largest_so_far", summary="in row i 1 at the largest of the first i entries, 0 at the others",
        kind=Kind.CORE, signatures=("i->ii",), derivative=("0",), kernel=_largest_so_far,
        definition=f"largest({_BEFORE.format('-inf')}, axis=1)", example="largest_so_far(x)@y"),
    Row(name="smallest_so_far", summary="in row i 1 at the smallest of the first i entries, 0 at the others",
        kind=Kind.CORE, signatures=("i->ii",), derivative=("0",), kernel=_smallest_so_far,
        definition=f"smallest({_BEFORE.format('inf')}, axis=1)", example="smallest_so_far(x)@y"),
    Row(name="cummax", summary="the largest entry so far, along the last axis unless told otherwise", kind=Kind.SHAPE,
        options=("axis",), defaults={"axis": ""}, reads=_running("largest_so_far"), example="cummax(x)"),
    Row(name="cummin", summary="the smallest entry so far, along the last axis unless told otherwise", kind=Kind.SHAPE,
        options=("axis",), defaults={"axis": ""}, reads=_running("smallest_so_far"), example="cummin(x)"),
    Row(name="topk", summary="the k largest entries of each row, the largest first; with largest=False the least",
        kind=Kind.SHAPE, options=("k", "axis", "largest"), defaults={"axis": "", "largest": "True"}, reads=_topk,
        example="topk(x, 2)"),
    Row(name="quantile", summary="what a part q of the entries lies below, linear between neighbours, over all or "
        "along an axis", kind=Kind.SHAPE, parameters=("x", "q"), options=("axis", "keepdims"),
        defaults={"axis": "", "keepdims": "False"}, reads=_quantile, example="quantile(x, 1/4)"),
    Row(name="percentile", summary="quantile(x, q/100)", kind=Kind.SHAPE, parameters=("x", "q"),
        options=("axis", "keepdims"), defaults={"axis": "", "keepdims": "False"}, reads=_percentile,
        example="percentile(x, 25)"),
    Row(name="median", summary="the entry in the middle, of an even number the mean of two: quantile(x, 1/2)",
        kind=Kind.SHAPE, options=("axis", "keepdims"), defaults={"axis": "", "keepdims": "False"}, reads=_median,
        example="median(x)"),
    Row(name="one_hot", summary="rows of an identity matrix with n columns, those at the places i", kind=Kind.SHAPE,
        parameters=("i",), counts={"i": 0}, options=("count",), rule=picking.one_hot, form=structure.one_hot,
        kernel=_one_hot, latex=r"\operatorname{onehot}", example="one_hot(i, n)@x"),
    Row(name="take", summary="the entries, or rows, at the places i: x[i]", kind=Kind.SHAPE, parameters=("x", "i"),
        counts={"i": 0}, options=("axis",), rule=picking.take, settle=picking.settle_take,
        form=structure.take, kernel=_take,
        law=Law("indexing", "what was picked gets its part added, as often as it was picked"),
        flow="an index adds back where it picked",
        example="take(W, i)"),
    Row(name="scatter_add", summary="zeros, n rows of them, to which the rows of x are added at the places i: the "
        "transpose of x[i]", kind=Kind.SHAPE, parameters=("x", "i"), counts={"i": 0}, options=("count",),
        rule=picking.scatter_add, form=structure.scatter_add, kernel=_scatter_add, example="scatter_add(x, i, n)"),
    Row(name="take_along_axis", summary="of each row of x the entry at its place i, or the entries", kind=Kind.SHAPE,
        parameters=("x", "i"), counts={"i": 0}, reads=_along_axis, example="take_along_axis(X, i)"),
)  # fmt: skip
