"""The shapes of what makes entries or rearranges them, which no signature can say."""

from __future__ import annotations

from typing import Any

from jacobian_cli.ops.rules import ShapeError, contract, described, mismatch, parsed, reduced_axes
from jacobian_cli.shape import ONE, UNKNOWN, Shape, Size, Unifier, product, shape_text

REST = Size.number(-1)
"""The size that a reshape leaves open."""


def concat(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """Scalars count as vectors of one entry; arrays must agree in all axes but the one along which they are joined."""
    shapes = [shape or (ONE,) for shape in shapes]
    first = shapes[0]
    axis = joined_axis(first, options)
    length = Size(())
    for shape in shapes:
        if len(shape) != len(first):
            raise ShapeError(mismatch(shapes, unifier), "what is joined must have the same number of axes", order=True)
        if not all(unifier.unify(a, b) for k, (a, b) in enumerate(zip(shape, first, strict=True)) if k != axis):
            raise ShapeError(mismatch(shapes, unifier), _concat_hint(first, axis))
        length = length + unifier.resolve(shape[axis])
    return (*first[:axis], length, *first[axis + 1 :])


def _concat_hint(shape: Shape, axis: int) -> str:
    other = " (side by side: `concat(A, B, axis=1)`)" if len(shape) == 2 and axis == 0 else ""
    return f"arrays joined along axis {axis} must agree in their other axes{other}"


def joined_axis(shape: Shape, options: dict[str, Any]) -> int:
    """The axis along which arrays of a shape are joined: the first unless told otherwise."""
    axes = reduced_axes(shape, {"axis": options.get("axis", (0,))})
    if len(axes) != 1:
        raise ShapeError("one axis, please", "as in `concat(A, B, axis=1)`")
    return axes[0]


def stack(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """Values of one shape along a new axis, the first unless told otherwise."""
    for shape in shapes:
        if len(shape) != len(shapes[0]):
            raise ShapeError(mismatch(shapes, unifier), "what is stacked must have one shape", order=True)
        if not all(unifier.unify(a, b) for a, b in zip(shape, shapes[0], strict=True)):
            raise ShapeError(mismatch(shapes, unifier), "what is stacked must have one shape")
    count = Size.number(len(shapes))
    axis = joined_axis((count, *shapes[0]), options)
    return (*shapes[0][:axis], count, *shapes[0][axis:])


def skew(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """The matrix of a vector of three entries."""
    (entries,) = cross(shapes, options, unifier)
    return (entries, entries)


def cross(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """Vectors of three entries."""
    del options
    three = Size.number(3)
    for shape in shapes:
        if len(shape) != 1 or not unifier.unify(shape[0], three):
            raise ShapeError(
                f"a vector of three entries belongs here, not {described(shape)}",
                "as in `cross(u[:3], v[:3])`",
                order=len(shape) != 1,
            )
    return (three,)


def singular(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """One value for each column of a matrix that is not wider than high, or of each of a batch."""
    del options
    shape = _high(shapes[0], unifier)
    return (*shape[:-2], shape[-1])


def triangular(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """A square matrix, of as many columns as one that is not wider than high."""
    del options
    shape = _high(shapes[0], unifier)
    if len(shape) > 2:
        raise ShapeError(f"a matrix belongs here, not {described(shape)}", "as in `qr(A)`", order=True)
    return (shape[-1], shape[-1])


HIGH = frozenset({singular, triangular})
"""The rules of what takes matrices that are not wider than high."""


def _high(shape: Shape, unifier: Unifier) -> Shape:
    shape = tuple(map(unifier.resolve, shape))
    if len(shape) < 2:
        raise ShapeError(f"a matrix belongs here, not {described(shape)}", "as in `svdvals(A)`", order=True)
    *_, rows, columns = shape
    known = rows.value is not None and columns.value is not None and rows.value < columns.value
    if known or ONE in (rows, columns):
        raise ShapeError(
            f"a matrix that is not wider than high belongs here, not {described(shape)}",
            "its transpose is: `svdvals(A.T)`",
        )
    return shape


def batch(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """Several values, or rows of them."""
    del options, unifier
    (shape,) = shapes
    if not shape or shape[0] is ONE:
        raise ShapeError(
            f"a batch has rows, and {described(shape)} has none to compare", "as in `batchnorm(X)`", order=True
        )
    return shape


def samples(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """A square matrix, of as many rows as there are."""
    shape = batch(shapes, options, unifier)
    if len(shape) != 2:
        raise ShapeError(f"a matrix belongs here, not {described(shape)}", "as in `corrcoef(A)`", order=True)
    return (shape[0], shape[0])


def rot2(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """The 2 × 2 matrix of an angle."""
    del options, unifier
    (shape,) = shapes
    if shape:
        raise ShapeError(f"an angle is a scalar, not {described(shape)}", "as in `rot2(t[0])`", order=True)
    return (Size.number(2), Size.number(2))


def transpose(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """The axes in another order: axis k of the value is axis `axes[k]`."""
    del unifier
    (shape,) = shapes
    return tuple(shape[axis] for axis in turned_axes(shape, options))


def turned_axes(shape: Shape, options: dict[str, Any]) -> tuple[int, ...]:
    """The order of axes in `options`, counted from 0; without one the last comes first."""
    axes: tuple[int, ...] = options.get("axes", tuple(reversed(range(len(shape)))))
    if len(axes) != len(shape):
        raise ShapeError(
            f"{described(shape)} has {len(shape)} axes, and {len(axes)} are named",
            "each axis is named once: `transpose(A, (1, 0))`",
            order=True,
        )
    order = reduced_axes(shape, {"axis": axes})
    if len(order) != len(shape):
        raise ShapeError("each axis is named once", "as in `transpose(A, (1, 0))`")
    return tuple(axis % len(shape) for axis in axes)


def einsum(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """The letters after the arrow, with the sizes that they have before it."""
    subscripts: str = options["subscripts"]
    (*letters,), output = parsed(subscripts)
    for part, shape in zip(letters, shapes, strict=True):
        if len(part) != len(shape):
            raise ShapeError(f"'{part}' names {len(part)} axes of {described(shape)}", order=True)
    unknown = set(output) - set("".join(letters))
    if unknown or len(set(output)) != len(output):
        raise ShapeError("each letter after the arrow must appear before it, and only once after it")
    return contract(subscripts, shapes, unifier)


def settle_einsum(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> dict[str, Any]:
    """Subscripts written out: `...` by letters that are free; without an arrow, as in NumPy, the letters that
    occur once, in alphabetical order.
    """
    del unifier
    inputs, arrow, output = options["subscripts"].partition("->")
    letters = inputs.split(",")
    if (
        not all(part.replace("...", "", 1).isalpha() or part in ("", "...") for part in (*letters, output))
        or not (inputs + output).isascii()
    ):
        raise ShapeError(
            "the subscripts of einsum cannot be read", 'they are letters, as in `einsum("ij,jk->ik", A, B)`'
        )
    if len(letters) != len(shapes):
        raise ShapeError(f"einsum has subscripts for {len(letters)} operands and {len(shapes)} are given")
    if not arrow:
        once = sorted(letter for letter in set(inputs) - {",", "."} if inputs.count(letter) == 1)
        output = "..." * ("..." in inputs) + "".join(once)
    if "..." in output and "..." not in inputs:
        raise ShapeError("the dots after the arrow stand for axes that no operand has")
    free = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in inputs + output]
    fronts = [len(shape) - len(part) + 3 for part, shape in zip(letters, shapes, strict=True) if "..." in part]
    if min(fronts, default=0) < 0:
        raise ShapeError("einsum names more axes than an operand has", order=True)
    dots = "".join(free[: max(fronts, default=0)])
    written = [
        part.replace("...", dots[len(dots) - len(shape) + len(part) - 3 :])
        for part, shape in zip(letters, shapes, strict=True)
    ]
    return {"subscripts": f"{','.join(written)}->{output.replace('...', dots)}"}


def filled(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """A tensor of the sizes given."""
    del shapes, unifier
    sizes: Shape = options["sizes"]
    return sizes


def eye(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """A square matrix."""
    del shapes, unifier
    sizes: Shape = options["sizes"]
    if len(sizes) != 1:
        raise ShapeError("an identity matrix has one size", "as in `eye(n)`; its first m rows are `eye(n)[:m]`")
    return (sizes[0], sizes[0])


def commutation(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """A square matrix over the entries of a matrix."""
    del shapes, unifier
    sizes: Shape = options["sizes"]
    if len(sizes) != 2:
        raise ShapeError(
            "a commutation matrix has two sizes, those of the matrix whose vec it turns", "as in `commutation(n, m)`"
        )
    entries = product(sizes)
    return (entries, entries)


def _half(size: Size) -> Size:
    """How many entries stand on the diagonal and below it."""
    return (size * size + size).part(2)


def elimination(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """One row for each entry on the diagonal or below it, one column for each entry."""
    del shapes, unifier
    sizes: Shape = options["sizes"]
    if len(sizes) != 1:
        raise ShapeError("it has one size, that of the matrix whose entries it takes", "as in `duplication(n)`")
    return (_half(sizes[0]), product((*sizes, *sizes)))


def duplication(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """One row for each entry, one column for each on the diagonal or below it."""
    return elimination(shapes, options, unifier)[::-1]


def vech(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """The entries of a square matrix on its diagonal and below it."""
    del options
    (shape,) = shapes
    if len(shape) != 2 or not unifier.unify(*shape):
        raise ShapeError(f"a square matrix belongs here, not {described(shape)}", order=True)
    return (_half(unifier.resolve(shape[0])),)


def kron(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """Vectors give a vector; with a matrix, a vector counts as a single column."""
    del options, unifier
    _want_orders("kron", shapes, {1, 2})
    a, b = shapes
    if len(a) == len(b) == 1:
        return (a[0] * b[0],)
    rows, columns = a[0] * b[0], (a[1] if len(a) == 2 else ONE) * (b[1] if len(b) == 2 else ONE)
    return (rows, columns)


def vec(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """Columns stacked."""
    del options, unifier
    _want_orders("vec", shapes, {1, 2})
    return (product(shapes[0]),)


def reshape(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """The same number of entries."""
    target: Shape = options["shape"]
    if not unifier.unify(product(shapes[0]), product(target)):
        raise ShapeError(
            f"{described(shapes[0])} has not as many entries as {shape_text(target)}",
            "where its sizes cannot be told from the formula, declare them: `-s A=n,m`",
        )
    return target


def settle_reshape(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> dict[str, Any]:
    """The size that -1 stands for: what the others leave of the number of entries."""
    target: Shape = options["shape"]
    if REST not in target:
        return options
    if target.count(REST) > 1:
        raise ShapeError("only one size can be left open by -1")
    entries = product(unifier.resolve(size) for size in shapes[0])
    known = product(size for size in target if size is not REST)
    left = entries.over(known)
    if left is None:
        if not any(name.startswith(UNKNOWN) for name in entries.names()):
            raise ShapeError(
                f"the {entries} entries of {described(shapes[0])} cannot be split into rows of {known}",
                "write the sizes out, or declare the shape: `-s A=n,m`",
            )
        left = unifier.fresh()
    return {"shape": tuple(left if size is REST else size for size in target)}


def tril(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """A matrix, or a batch of them."""
    del options, unifier
    if len(shapes[0]) < 2:
        raise ShapeError(f"a triangle is cut out of a matrix, not {described(shapes[0])}", order=True)
    return shapes[0]


def like(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """The same shape."""
    del options, unifier
    return shapes[0]


def _want_orders(name: str, shapes: list[Shape], orders: set[int]) -> None:
    for shape in shapes:
        if len(shape) not in orders:
            raise ShapeError(f"{name} takes vectors and matrices, not {described(shape)}", order=True)
