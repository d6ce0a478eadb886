"""Shape rules: broadcasting, index signatures, reduced axes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jacobian_cli.shape import ONE, Shape, Size, Unifier, shape_text


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
        case 1 if sizes == "?":
            return "a vector"
        case 1:
            return f"a vector ({sizes})"
        case 2 if shape[0] is ONE:
            return f"a row vector ({sizes})"
        case 2:
            return f"a matrix ({sizes})"
    return f"a tensor ({sizes})"


def broadcast(shapes: list[Shape], unifier: Unifier) -> Shape:
    """The common shape of element-wise operands, as in NumPy, but a row and a column do not mix."""
    if shapes.count(shapes[0]) == len(shapes):
        return shapes[0]
    rows = [s for s in shapes if len(s) == 2 and s[0] is ONE and s[1] is not ONE]
    if rows and any(len(s) == 1 for s in shapes):
        raise ShapeError(
            "a row vector and a column vector do not mix element by element",
            "without the transpose they do, `x + y`; a dot product is `x.T@y`, an outer product `x@y.T`",
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
                raise ShapeError(mismatch(shapes, unifier), _broadcast_hint(shapes))
        result.append(size)
    return tuple(result)


def mismatch(shapes: list[Shape], unifier: Unifier) -> str:
    known = [described(tuple(unifier.resolve(size) for size in shape)) for shape in shapes]
    return "these sizes do not match: " + " and ".join(known)


def _broadcast_hint(shapes: list[Shape]) -> str | None:
    orders = sorted(map(len, shapes))
    if orders == [1, 2]:
        return "a vector runs along the last axis of a matrix, as in NumPy; `x[:, None]*A` runs along the first"
    return None


@cache
def parsed(signature: str) -> tuple[tuple[str, ...], str]:
    """`ij,j->i` as its inputs and its output."""
    inputs, output = signature.split("->")
    return tuple(inputs.split(",")), output


Ones = tuple[bool, ...]
"""Which axes of a shape are of length one."""


def matches(signature: str, shapes: Sequence[Shape]) -> bool:
    """Whether shapes have the axes that an index signature asks for."""
    return _matches(signature, _ones(shapes))


def _ones(shapes: Sequence[Shape]) -> tuple[Ones, ...]:
    return tuple([tuple([size is ONE for size in shape]) for shape in shapes])


def _matches(signature: str, shapes: tuple[Ones, ...]) -> bool:
    inputs, _ = parsed(signature)
    return len(inputs) == len(shapes) and all(
        len(letters) == len(shape) and all(a != "1" or one for a, one in zip(letters, shape, strict=True))
        for letters, shape in zip(inputs, shapes, strict=True)
    )


_FRONT = "ABCDEFGH"


def _expanded(signature: str, shapes: tuple[Ones, ...]) -> str:
    """A signature with letters for the axes in front: `...ij,...jk->...ik` of a batch and a matrix is `Aij,jk->Aik`.

    Axes in front run along with each other as in broadcasting: one of length one stays out.
    """
    if "..." not in signature:
        return signature
    inputs, output = parsed(signature)
    if len(inputs) != len(shapes):
        return signature
    fronts = [
        shape[: max(0, len(shape) - len(part) + 3)] if part.startswith("...") else ()
        for part, shape in zip(inputs, shapes, strict=True)
    ]
    depth = max(map(len, fronts))
    letters = _FRONT[:depth]
    proper = {
        letter for front in fronts for letter, one in zip(letters[depth - len(front) :], front, strict=True) if not one
    }

    def named(front: Ones) -> str:
        own = letters[depth - len(front) :]
        return "".join("1" if one and a in proper else a for a, one in zip(own, front, strict=True))

    parts = [part.replace("...", named(front)) for part, front in zip(inputs, fronts, strict=True)]
    return f"{','.join(parts)}->{output.replace('...', letters)}"


def fitting(signatures: tuple[str, ...], shapes: list[Shape]) -> str | None:
    """The first signature, its axes in front spelled out, that shapes fit."""
    return _fitting(signatures, _ones(shapes))


@cache
def _fitting(signatures: tuple[str, ...], shapes: tuple[Ones, ...]) -> str | None:
    return next((s for s in (_expanded(s, shapes) for s in signatures) if _matches(s, shapes)), None)


def contract(signature: str, shapes: list[Shape], unifier: Unifier) -> Shape:
    """The output shape of an index signature that `matches`."""
    inputs, output = parsed(signature)
    sizes: dict[str, Size] = {"1": ONE}
    for letters, shape in zip(inputs, shapes, strict=True):
        for letter, size in zip(letters, shape, strict=True):
            if letter != "1" and not unifier.unify(sizes.setdefault(letter, size), size):
                raise ShapeError(mismatch(shapes, unifier), _product_hint(shapes))
    return tuple([sizes[letter] for letter in output])


def _product_hint(shapes: list[Shape]) -> str | None:
    if len(shapes) == 1:
        return "it wants a square matrix, as `A.T@A` is"
    if [len(s) for s in shapes] == [2, 2]:
        return "the columns of the first must be as many as the rows of the second; a transpose is `A.T@B`"
    return None


def batched(signature: str, shapes: list[Shape], unifier: Unifier, name: str) -> Shape:
    """The shape of a function of one matrix, or of a batch of them."""
    inputs, output = parsed(signature)
    (shape,), (letters,) = shapes, inputs
    front = len(shape) - len(letters)
    if front < 0:
        square = letters != "".join(dict.fromkeys(letters))
        raise ShapeError(
            f"{name} does not take {described(shape)}",
            "it wants a square matrix, as `A.T@A` is" if square else f"as in `{name}({'A' if letters[1:] else 'x'})`",
            order=True,
        )
    if ONE in shape[front:] and letters == "ij":
        raise ShapeError(f"{name} does not take {described(shape)}", "of one row or one column, write it as a vector")
    try:
        core = contract(f"{letters}->{''.join(dict.fromkeys(output))}", [shape[front:]], unifier)
    except ShapeError as error:
        raise ShapeError(f"{name} wants a square matrix, not {described(shape)}", error.hint) from None
    sizes = dict(zip(dict.fromkeys(output), core, strict=True))
    return (*shape[:front], *(sizes[letter] for letter in output))


def reduce(shape: Shape, options: Mapping[str, Any]) -> Shape:
    """What is left of a shape when the axes in `options` are reduced."""
    axes = reduced_axes(shape, options)
    if options.get("keepdims"):
        return tuple(ONE if i in axes else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in axes)


def along(shape: Shape, options: Mapping[str, Any]) -> Shape:
    """The shape of what a function of rows makes: the same."""
    if not shape:
        raise ShapeError("a scalar has no rows", order=True)
    if len(reduced_axes(shape, {"axis": options.get("axis", (-1,))})) != 1:
        raise ShapeError("one axis, please", "as in `softmax(X, axis=1)`")
    return shape


def reduced_axes(shape: Shape, options: Mapping[str, Any]) -> tuple[int, ...]:
    """The axes that a reduction runs over: those given, or all."""
    axes: tuple[int, ...] = options.get("axis", tuple(range(len(shape))))
    for axis in axes:
        if not -len(shape) <= axis < len(shape):
            raise ShapeError(
                f"there is no axis {axis} in {described(shape)}", "axes count from 0, or from -1 backwards", order=True
            )
    return tuple(sorted({axis % len(shape) for axis in axes}))
