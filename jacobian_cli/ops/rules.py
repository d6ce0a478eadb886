"""Shape rules: broadcasting, index signatures, and the few rules that no signature can say."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jacobian_cli.shape import ONE, Shape, Size, Unifier, product, shape_text


class ShapeError(Exception):
    """Shapes that do not fit; the caller knows where in the text."""

    def __init__(self, message: str, hint: str | None = None, *, order: bool = False) -> None:
        super().__init__(message)
        self.order = order
        """Whether the number of axes is wrong, rather than a size."""
        self.message = message
        self.hint = hint


def described(shape: Shape) -> str:
    """A shape in words: `a vector (n)`, `a 3 × m matrix`."""
    sizes = re.sub(r"\?\d+", "?", shape_text(shape))  # a size that is not known yet has no name
    match len(shape):
        case 0:
            return "a scalar"
        case 1:
            return f"a vector ({sizes})"
        case 2 if shape[0] is ONE:
            return f"a row vector ({sizes})"
        case 2:
            return f"a matrix ({sizes})"
    return f"a tensor ({sizes})"


def broadcast(shapes: list[Shape], unifier: Unifier) -> Shape:
    """The common shape of element-wise operands, as in NumPy, but a row and a column do not mix."""
    rows = [s for s in shapes if len(s) == 2 and s[0] is ONE and s[1] is not ONE]
    if rows and any(len(s) == 1 for s in shapes):
        raise ShapeError(
            "a row vector and a column vector do not mix element by element",
            "transpose one of them with .T; an outer product is x@y.T",
        )
    order = max(map(len, shapes))
    result: list[Size] = []
    for axis in range(-order, 0):
        size = ONE
        for shape in shapes:
            if -axis > len(shape) or shape[axis] is ONE:
                continue
            if size is ONE:
                size = shape[axis]
            elif not unifier.unify(size, shape[axis]):
                raise ShapeError(_mismatch(shapes, unifier), _broadcast_hint(shapes))
        result.append(size)
    return tuple(result)


def _mismatch(shapes: list[Shape], unifier: Unifier) -> str:
    known = [described(tuple(unifier.resolve(size) for size in shape)) for shape in shapes]
    return "these sizes do not match: " + " and ".join(known)


def _broadcast_hint(shapes: list[Shape]) -> str | None:
    orders = sorted(map(len, shapes))
    if orders == [1, 2]:
        return "a vector runs along the last axis of a matrix, as in NumPy; x[:, None] runs along the first"
    return None


@cache
def parsed(signature: str) -> tuple[tuple[str, ...], str]:
    """`ij,j->i` as its inputs and its output."""
    inputs, output = signature.split("->")
    return tuple(inputs.split(",")), output


def matches(signature: str, shapes: list[Shape]) -> bool:
    """Whether shapes have the axes that an index signature asks for."""
    inputs, _ = parsed(signature)
    return len(inputs) == len(shapes) and all(
        len(letters) == len(shape) and all(a != "1" or s is ONE for a, s in zip(letters, shape, strict=True))
        for letters, shape in zip(inputs, shapes, strict=True)
    )


def contract(signature: str, shapes: list[Shape], unifier: Unifier) -> Shape:
    """The output shape of an index signature that `matches`."""
    inputs, output = parsed(signature)
    sizes: dict[str, Size] = {"1": ONE}
    for letters, shape in zip(inputs, shapes, strict=True):
        for letter, size in zip(letters, shape, strict=True):
            if letter != "1" and not unifier.unify(sizes.setdefault(letter, size), size):
                raise ShapeError(_mismatch(shapes, unifier), _product_hint(shapes))
    return tuple(sizes[letter] for letter in output)


def _product_hint(shapes: list[Shape]) -> str | None:
    if len(shapes) == 1:
        return "it wants a square matrix"
    if [len(s) for s in shapes] == [2, 2]:
        return "the columns of the first must be as many as the rows of the second; .T transposes"
    return None


def batched(signature: str, shapes: list[Shape], unifier: Unifier, name: str) -> Shape:
    """The shape of a function of one matrix, or of a batch of them."""
    inputs, output = parsed(signature)
    (shape,), (letters,) = shapes, inputs
    front = len(shape) - len(letters)
    if front < 0:
        raise ShapeError(f"{name} does not take {described(shape)}", "it wants a square matrix", order=True)
    try:
        core = contract(f"{letters}->{''.join(dict.fromkeys(output))}", [shape[front:]], unifier)
    except ShapeError as error:
        raise ShapeError(f"{name} wants a square matrix, not {described(shape)}", error.hint) from None
    sizes = dict(zip(dict.fromkeys(output), core, strict=True))
    return (*shape[:front], *(sizes[letter] for letter in output))


def reduce(shape: Shape, options: dict[str, Any]) -> Shape:
    """What is left of a shape when the axes in `options` are reduced."""
    axes = reduced_axes(shape, options)
    if options.get("keepdims"):
        return tuple(ONE if i in axes else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in axes)


def concat(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """Scalars count as vectors of one entry; matrices must agree in all axes but the first."""
    del options
    shapes = [shape or (ONE,) for shape in shapes]
    first = shapes[0]
    length = Size(())
    for shape in shapes:
        if len(shape) != len(first):
            raise ShapeError(_mismatch(shapes, unifier), "what is joined must have the same number of axes", order=True)
        if not all(unifier.unify(a, b) for a, b in zip(shape[1:], first[1:], strict=True)):
            raise ShapeError(_mismatch(shapes, unifier))
        length = length + unifier.resolve(shape[0])
    return (length, *first[1:])


def stack(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """Values of one shape along a new first axis."""
    del options
    for shape in shapes:
        if len(shape) != len(shapes[0]):
            raise ShapeError(_mismatch(shapes, unifier), "what is stacked must have one shape", order=True)
        if not all(unifier.unify(a, b) for a, b in zip(shape, shapes[0], strict=True)):
            raise ShapeError(_mismatch(shapes, unifier), "what is stacked must have one shape")
    return (Size.number(len(shapes)), *shapes[0])


def along(shape: Shape, options: dict[str, Any]) -> Shape:
    """The shape of what a function of rows makes: the same."""
    if not shape:
        raise ShapeError("a scalar has no rows", order=True)
    if len(reduced_axes(shape, {"axis": options.get("axis", (-1,))})) != 1:
        raise ShapeError("one axis, please", "as in axis=1")
    return shape


def reduced_axes(shape: Shape, options: dict[str, Any]) -> tuple[int, ...]:
    """The axes that a reduction runs over: those given, or all."""
    axes: tuple[int, ...] = options.get("axis", tuple(range(len(shape))))
    for axis in axes:
        if not -len(shape) <= axis < len(shape):
            raise ShapeError(
                f"there is no axis {axis} in {described(shape)}", "axes count from 0, or from -1 backwards"
            )
    return tuple(sorted({axis % len(shape) for axis in axes}))


def einsum(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """Explicit subscripts only: `ij,jk->ik`."""
    subscripts = options["subscripts"]
    inputs, arrow, output = subscripts.partition("->")
    letters = inputs.split(",")
    if not arrow or not all(part.isascii() and (part.isalpha() or not part) for part in (*letters, output)):
        raise ShapeError("the subscripts of einsum cannot be read", 'write them out with an arrow, as in "ij,jk->ik"')
    if len(letters) != len(shapes):
        raise ShapeError(f"einsum has subscripts for {len(letters)} operands and {len(shapes)} are given")
    for part, shape in zip(letters, shapes, strict=True):
        if len(part) != len(shape):
            raise ShapeError(f"'{part}' names {len(part)} axes of {described(shape)}", order=True)
    unknown = set(output) - set("".join(letters))
    if unknown or len(set(output)) != len(output):
        raise ShapeError("each letter after the arrow must appear before it, and only once after it")
    return contract(subscripts, shapes, unifier)


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
        raise ShapeError("an identity matrix has one size", "as in eye(n)")
    return (sizes[0], sizes[0])


def commutation(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """A square matrix over the entries of a matrix."""
    del shapes, unifier
    sizes: Shape = options["sizes"]
    if len(sizes) != 2:
        raise ShapeError(
            "a commutation matrix has two sizes, those of the matrix whose vec it turns", "as in commutation(n, m)"
        )
    entries = product(sizes)
    return (entries, entries)


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
            "where its sizes cannot be told from the formula, declare them: -s A=n,m",
        )
    return target


def index(shapes: list[Shape], options: dict[str, Any], unifier: Unifier) -> Shape:
    """`i`, `start:stop`, `None`; axes not mentioned are kept whole."""
    del unifier
    (shape,) = shapes
    result: list[Size] = []
    axis = 0
    for item in options["index"]:
        if item is None:
            result.append(ONE)
            continue
        if axis == len(shape):
            raise ShapeError(f"too many indices for {described(shape)}", order=True)
        size = shape[axis]
        axis += 1
        if isinstance(item, tuple):
            start, stop = slice_bounds(item, size)
            length = stop - start
            if length.value is not None and length.value <= 0:
                raise ShapeError(f"the slice {start}:{stop} holds nothing")
            if size.value is not None and stop.value is not None and stop.value > size.value:
                raise ShapeError(f"the slice {start}:{stop} leaves the axis of length {size}")
            result.append(length)
        elif item is size or (
            isinstance(item, int) and size.value is not None and not -size.value <= item < size.value
        ):
            raise ShapeError(
                f"there is no entry {item} on an axis of length {size}", "indices count from 0, as in NumPy"
            )
    return (*result, *shape[axis:])


def slice_bounds(item: tuple[Size | None, Size | None], size: Size) -> tuple[Size, Size]:
    """The bounds of `start:stop` on an axis of this size; negative numbers count from the end."""

    def bound(given: Size | None, default: Size) -> Size:
        if given is None:
            return default
        return size + given if given.value is not None and given.value < 0 else given

    return bound(item[0], Size(())), bound(item[1], size)


def _want_orders(name: str, shapes: list[Shape], orders: set[int]) -> None:
    for shape in shapes:
        if len(shape) not in orders:
            raise ShapeError(f"{name} takes vectors and matrices, not {described(shape)}", order=True)
