"""The value of a tensor, node by node: the definition of the index form, and nothing that simplifies it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from jacobian_cli.calculus.index.tensor import (
    Alias,
    Apply,
    Constant,
    Delta,
    Extent,
    Factor,
    Leaf,
    Product,
    Rational,
    Reshape,
    Sum,
    Tensor,
    Unit,
    Window,
    walk,
)
from jacobian_cli.checks.points.sampling import fits
from jacobian_cli.evaluate.evaluate import evaluate, node_values, numpy_backend
from jacobian_cli.expr import Apply as Application
from jacobian_cli.expr import Expr, Variable
from jacobian_cli.ops import row
from jacobian_cli.ops.cuts import Cut, Listed
from jacobian_cli.shape import Shape, Size

Array = Any


def regular(expr: Expr, values: Mapping[str, Array], sizes: Mapping[str, int]) -> bool:
    """Whether an expression has a value at these sizes, and all that it is made of has, none of them large."""
    if not fits([expr], sizes):
        return False
    found = node_values(expr, values, sizes, numpy_backend())
    return all(np.all(np.abs(np.asarray(part, float)) < 1e9) for part in found.values())


def lengths(shape: Shape, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(size.at(sizes) for size in shape)


def value(tensor: Tensor, values: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    """What a tensor is where its leaves have these values and its sizes are these numbers."""
    found: dict[Tensor, Array] = {}
    for node in walk([tensor]):
        found[node] = _value(node, found, values, sizes)
        assert np.shape(found[node]) == lengths(node.shape, sizes), node
    return found[tensor]


def _value(node: Tensor, found: Mapping[Tensor, Array], values: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    match node:
        case Leaf(name=name):
            return np.reshape(values[name], lengths(node.shape, sizes))
        case Constant(name=name):
            return np.float64({"pi": math.pi, "e": math.e, "inf": math.inf}[name])
        case Extent(size=size):
            return np.float64(size.at(sizes))
        case Delta(size=size):
            return np.eye(size.at(sizes))
        case Window(size=size, cut=Listed(places=places)):
            return np.eye(size.at(sizes))[[*places]]
        case Window(size=size, cut=Cut(first=first, count=count, step=step)):
            return np.eye(size.at(sizes))[[first.at(sizes) + step * k for k in range(count.at(sizes))]]
        case Unit(size=size, index=index):
            return np.eye(size.at(sizes))[index.at(sizes) if isinstance(index, Size) else index]
        case Apply():
            return _applied(node, [found[a] for a in node.arguments], sizes)
        case Reshape(body=body):
            return np.reshape(found[body], lengths(node.shape, sizes))
        case Product(coefficient=coefficient, factors=factors, shape=shape):
            return contracted(shape, factors, coefficient, found, sizes)
        case Sum(terms=terms, shape=shape):
            return sum((float(c) * found[t] for c, t in terms), np.zeros(lengths(shape, sizes)))
        case Alias(body=body):
            return found[body]
    raise AssertionError(type(node))


def contracted(
    shape: Shape,
    factors: Sequence[Factor],
    coefficient: Rational,
    found: Mapping[Tensor, Array],
    sizes: Mapping[str, int],
) -> Array:
    """coefficient · Σ Π factors, by one einsum; the value has axes that no factor bears."""
    operands: list[Any] = []
    for node, labels, power in factors:
        operands += [found[node] ** float(power) if power != 1 else found[node], list(labels)]
    for axis, length in enumerate(lengths(shape, sizes)):
        operands += [np.ones(length), [axis]]
    if not operands:
        return np.float64(coefficient)
    return float(coefficient) * np.einsum(*operands, list(range(len(shape))), optimize="greedy")


def _applied(node: Apply, arguments: list[Array], sizes: Mapping[str, int]) -> Array:
    """A function of the table, entry by entry of its loop."""
    result = np.empty(lengths(node.shape, sizes))
    names = [f"a{k}" for k in range(len(arguments))]
    variables = tuple(Variable(n, a.shape[node.loop :]) for n, a in zip(names, node.arguments, strict=True))
    options = (("count", node.shape[-1]),) if "count" in row(node.function).options else ()
    call = Application(node.function, variables, options, node.shape[node.loop :])
    for place in product(*map(range, lengths(node.shape[: node.loop], sizes))):
        here = dict(zip(names, (a[place] for a in arguments), strict=True))
        result[place] = evaluate(call, here, sizes)
    return result
