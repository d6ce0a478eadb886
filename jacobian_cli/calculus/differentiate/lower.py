"""Typed expressions to index form."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jacobian_cli.calculus.index.tensor import Alias, Constant, Factor, Leaf, Tensor
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.calculus.simplify.substitution import substitute
from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.expr import Apply as Application
from jacobian_cli.expr import Constant as ConstantExpr
from jacobian_cli.expr import Defined, Expr, Extent, Number, Variable, nodes
from jacobian_cli.ops import Kind, Row, row
from jacobian_cli.ops.facts import PLACES
from jacobian_cli.ops.identities import held
from jacobian_cli.ops.rules import fitting, parsed, reduced_axes
from jacobian_cli.ops.structure import proper
from jacobian_cli.ops.table import of_one_axis
from jacobian_cli.shape import ONE, Shape, Size, product
from jacobian_cli.syntax.errors import InputError


def lower(expr: Expr) -> Tensor:
    """The index form of an expression. Definitions stay whole under their names."""
    return lower_all(expr)[expr]


def lower_all(expr: Expr, *, free: bool = False) -> dict[Expr, Tensor]:
    """The index form of an expression and of each of its parts; with `free` the entries of definitions are that."""
    made: dict[Expr, Tensor] = {}
    for node in nodes(expr):
        match node:
            case Variable(name, shape):
                made[node] = Leaf(name, proper(shape), shape)
            case Number(value):
                made[node] = algebra.number(value.numerator if value.denominator == 1 else value)
            case ConstantExpr(name):
                made[node] = Constant(name)
            case Extent(size):
                made[node] = algebra.extent(size)
            case Defined(name, body):
                made[node] = Alias(name, made[body], body, free)
            case Application():
                made[node] = _apply(node, [made[a] for a in node.arguments])
    return made


def _apply(node: Application, tensors: list[Tensor]) -> Tensor:
    entry = row(node.function)
    shapes = [a.shape for a in node.arguments]
    options: dict[str, Any] = dict(node.parameters)
    if entry.own is not None:
        raise InputError(
            f"{entry.name} is a function of your own: it has a backward, but no symbolic derivative",
            hint="jac backprop differentiates it at a point",
        )
    if entry.form is not None:
        result: Tensor = entry.form(algebra, tensors, shapes, options)
        return result
    match entry.kind:
        case Kind.ELEMENTWISE:
            return _elementwise(entry, tensors, shapes, node.shape)
        case Kind.REDUCTION:
            return _reduction(entry, tensors[0], shapes[0], options)
        case Kind.ROW:
            return _along(entry, tensors[0], shapes[0], options)
        case Kind.SHARE:
            return _share(entry, tensors[0], shapes[0], options)
        case Kind.FORMULA:
            return _formula(entry, tensors, tuple(shapes))
        case Kind.CORE:
            return _core(entry, tensors, shapes, node.shape)
    signature = options.get("subscripts") or fitting(entry.signatures, shapes)
    assert signature is not None
    return _contraction(signature, tensors, shapes)


def _elementwise(entry: Row, tensors: list[Tensor], shapes: list[Shape], shape: Shape) -> Tensor:
    axes: dict[int, int] = {}
    for position, size in enumerate(shape):
        if size is not ONE:
            axes[position] = len(axes)
    whole = proper(shape)
    labels = []
    for typed in shapes:
        first = len(shape) - len(typed)
        labels.append(tuple(axes[first + k] for k, size in enumerate(typed) if size is not ONE))
    match entry.algebra:
        case "product":
            return algebra.product(whole, [(t, ls, 1) for t, ls in zip(tensors, labels, strict=True)])
        case "power" if (exponent := algebra.value_of(tensors[1])) is not None:
            return algebra.product(whole, [(tensors[0], labels[0], exponent)])
    spread = [algebra.spread(t, ls, whole) for t, ls in zip(tensors, labels, strict=True)]
    if entry.algebra == "sum":
        return algebra.add(whole, [(1, t) for t in spread])
    if entry.definition and not entry.derivative:
        values = dict(zip(entry.parameters, spread, strict=True))
        return substitute(template(entry.definition, entry.parameters, ((),) * len(spread)), values, whole)
    return algebra.apply(entry.name, tuple(spread), len(whole), whole)


def _reduction(entry: Row, tensor: Tensor, typed: Shape, options: dict[str, Any]) -> Tensor:
    reduced = reduced_axes(typed, options)
    places = [k for k, size in enumerate(typed) if size is not ONE]
    loop = [i for i, k in enumerate(places) if k not in reduced]
    core = [i for i, k in enumerate(places) if k in reduced]
    front = tuple(tensor.shape[i] for i in loop)
    if entry.algebra == "sum":
        labels = {axis: new for new, axis in enumerate(loop + core)}
        return algebra.product(front, [(tensor, tuple(labels[i] for i in range(len(places))), 1)])
    turned = algebra.permute(tensor, loop + core)
    inner = tuple(tensor.shape[i] for i in core)
    if not inner:  # over axes of length one: each entry is its own largest, product, …
        if not entry.definition:
            return tensor
        return substitute(template(entry.definition, entry.parameters, ((),)), {"x": tensor}, front)
    if len(inner) > 1 and of_one_axis(entry.name):  # over several axes: over all their entries in a row
        inner = (product(inner),)
        turned = algebra.reshape(turned, front + inner, len(loop))
    if entry.definition and not entry.derivative:
        return substitute(template(entry.definition, entry.parameters, (inner,)), {"x": turned}, front)
    return algebra.apply(entry.name, (turned,), len(front), front)


def _along(entry: Row, tensor: Tensor, typed: Shape, options: dict[str, Any]) -> Tensor:
    """A function of rows: along one axis, all others running along."""
    (axis,) = reduced_axes(typed, {"axis": options.get("axis", (-1,))})
    places = [k for k, size in enumerate(typed) if size is not ONE]
    if axis not in places:  # rows of one entry
        if not entry.definition:
            return algebra.scale(0, tensor) if PLACES in held(entry.name) else tensor
        whole = tensor.shape
        body = template(entry.definition, entry.parameters, ((ONE,),))
        return substitute(body, {entry.parameters[0]: tensor}, whole)
    last = places.index(axis)
    order = [k for k in range(len(places)) if k != last] + [last]
    turned = algebra.permute(tensor, order)
    loop, core = turned.shape[:-1], turned.shape[-1:]
    if entry.definition and not entry.derivative:
        body = template(entry.definition, entry.parameters, (core,))
        result = substitute(body, {entry.parameters[0]: turned}, loop)
    else:
        result = algebra.apply(entry.name, (turned,), len(loop), turned.shape)
    return algebra.permute(result, [order.index(k) for k in range(len(order))])


def _share(entry: Row, tensor: Tensor, typed: Shape, options: dict[str, Any]) -> Tensor:
    """A function that keeps the shape and runs over some axes together. Of a single entry the share is 1."""
    reduced = reduced_axes(typed, options)
    places = [k for k, size in enumerate(typed) if size is not ONE]
    loop = [i for i, k in enumerate(places) if k not in reduced]
    core = [i for i, k in enumerate(places) if k in reduced]
    if not core:
        return algebra.ones(tensor.shape)
    turned = algebra.permute(tensor, loop + core)
    if of_one_axis(entry.name) and len(core) > 1:  # over all their entries in a row
        whole = turned.shape
        turned = algebra.reshape(turned, (*whole[: len(loop)], product(whole[len(loop) :])), len(loop))
        result = algebra.reshape(algebra.apply(entry.name, (turned,), len(loop), turned.shape), whole, len(loop))
    else:
        result = algebra.apply(entry.name, (turned,), len(loop), turned.shape)
    return algebra.permute(result, [(loop + core).index(k) for k in range(len(places))])


def _formula(entry: Row, tensors: list[Tensor], shapes: tuple[Shape, ...]) -> Tensor:
    """The definition, on these values."""
    body = template(entry.definition, entry.parameters, shapes)
    return substitute(body, dict(zip(entry.parameters, tensors, strict=True)), ())


def _core(entry: Row, tensors: list[Tensor], shapes: list[Shape], shape: Shape) -> Tensor:
    """A function of matrices or vectors. A 1 × 1 matrix is the number in it."""
    (first, *_), _ = parsed(entry.signatures[0])
    front = len(shapes[0]) - len(first)
    if any(ONE in typed[front:] for typed in shapes):
        raise InputError(f"{entry.name} of a matrix with an axis of length one", hint="write the number itself")
    loop = proper(shapes[0][:front])
    return algebra.apply(entry.name, tuple(tensors), len(loop), loop + shape[front:])


def _contraction(signature: str, tensors: list[Tensor], shapes: list[Shape]) -> Tensor:
    inputs, output = parsed(signature)
    sizes = {
        letter: size
        for part, shape in zip(inputs, shapes, strict=True)
        for letter, size in zip(part, shape, strict=True)
    }
    kept = [letter for letter in output if letter != "1" and sizes[letter] is not ONE]
    labels: dict[str, int] = {}
    factors: list[Factor] = []
    for place, letter in enumerate(kept):
        if letter in labels:  # i->ii: the two axes are tied by a delta
            factors.append((algebra.delta(sizes[letter]), (labels[letter], place), 1))
        else:
            labels[letter] = place
    fresh = len(kept)
    for tensor, part, shape in zip(tensors, inputs, shapes, strict=True):
        names = []
        for letter, size in zip(part, shape, strict=True):
            if letter == "1" or size is ONE:
                continue
            if letter not in labels:
                labels[letter], fresh = fresh, fresh + 1
            names.append(labels[letter])
        factors.append((tensor, tuple(names), 1))
    return algebra.product(tuple(sizes[letter] for letter in kept), factors)


def partial(entry: Row, place: int, cores: tuple[Shape, ...], ans: Shape, *, everywhere: bool = False) -> Tensor:
    """A row's derivative to its parameter at `place`, on arguments whose own axes are `cores`."""
    if not entry.derivative[place]:
        raise InputError(f"{entry.name} is not differentiated by {entry.parameters[place]}, a whole number")
    rules = (everywhere and entry.everywhere) or entry.derivative
    count = cores[place][0] if entry.kind is Kind.CORE and cores[place] else None
    local = template(rules[place], entry.parameters, cores, ans, count)
    # a number is that of every entry
    return local if local.shape else algebra.spread(local, (), ans + cores[place])


@lru_cache(maxsize=4096)
def template(
    text: str,
    parameters: tuple[str, ...],
    shapes: tuple[Shape, ...],
    ans: Shape | None = None,
    count: Size | None = None,
) -> Tensor:
    """A text of the table in index form, its parameters (and `ans`) being leaves of these shapes. Its `N` is
    `count`, or else the number of entries.
    """
    entries = count or product(size for shape in shapes for size in shape)
    if ans is not None:
        parameters, shapes = (*parameters, "ans"), (*shapes, ans)
    return lower(meaning(text, parameters, shapes, entries))
