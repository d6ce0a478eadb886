"""A row times a table, modulo a prime, without writing the table out."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from jacobian_cli.checks.every_size.field import PRIMES, Array, base
from jacobian_cli.checks.every_size.point import ADDED, Point
from jacobian_cli.evaluate.evaluate import resolved
from jacobian_cli.evaluate.pairwise import contract, plan
from jacobian_cli.expr import Apply, Expr
from jacobian_cli.shape import ONE


def row(point: Point, left: Array, table: Expr, level: int) -> Array:
    """A row times a table, which is not written out where it is a product, a sum, or a Kronecker product. An array
    of more axes, or of other lengths, is a table whose rows are its entries one after the other.
    """
    p = PRIMES[level]
    long = point.lengths(table.shape)
    if len(long) == 2 and long[0] == len(left) and (found := _matrix_row(point, left, table, level)) is not None:
        return found
    match table:
        case Apply("reshape", (a,)):
            return row(point, left, a, level)
        case Apply("einsum"):
            kept = _folded(point, left, table, level)
            if kept is not None:
                return kept
        case Apply("+", (a, b)) if a.shape == b.shape == table.shape:
            return (row(point, left, a, level) + row(point, left, b, level)) % p
        case Apply("*", (a, b)) if () in (a.shape, b.shape):
            scale, matrix = (a, b) if a.shape == () else (b, a)
            return row(point, left, matrix, level) * base(point.value(scale, level, 0)) % p
    found = base(point.value(table, level, 0))
    return left @ np.reshape(found, (len(left), -1)) % p


def _matrix_row(point: Point, left: Array, table: Expr, level: int) -> Array | None:
    """The same of a matrix with as many rows, if it is a product or such."""
    p = PRIMES[level]
    match table:
        case Apply("@", (a, b)) if len(a.shape) == len(b.shape) == 2 and ONE not in (*a.shape, *b.shape):
            return row(point, row(point, left, a, level), b, level)
        case Apply("eye"):
            return left
        case Apply("diag", (a,)) if len(a.shape) == 1:
            return left * base(point.value(a, level, 0)) % p
        case Apply("commutation"):
            rows, columns = resolved(dict(table.parameters)["sizes"], point.sizes)
            return np.reshape(np.reshape(left, (rows, columns)).T, -1)
        case Apply("kron", (a, b)) if len(a.shape) == len(b.shape) == 2:
            first, second = (base(point.value(part, level, 0)) for part in (a, b))
            point.spend(np.size(left) * (np.shape(first)[1] + np.shape(second)[1]) // ADDED)
            square = np.reshape(left, (len(first), len(second)))
            return np.reshape(first.T @ square % p @ second % p, -1)
    return None


def _folded(point: Point, left: Array, tensor: Apply, level: int) -> Array | None:
    """A row times a tensor given by its subscripts, if the row runs over the first of its axes."""
    inputs, output = dict(tensor.parameters)["subscripts"].split("->")
    long = point.lengths(tensor.shape)
    count = next((k for k in range(len(output) + 1) if prod(long[:k]) == len(left)), None)
    if count is None:
        return None
    letters = inputs.split(",")
    for k in range(len(letters)):
        others = "".join(text[count:] if j == k else text for j, text in enumerate(letters))
        if letters[k].startswith(output[:count]) and not set(output[:count]) & set(others):
            return _behind(point, left, tensor, k, count, level)
    parts = [base(point.value(part, level, 0)) for part in tensor.arguments]
    subscripts = f"{inputs},{output[:count]}->{output[count:]}"
    shaped = np.reshape(left, long[:count])
    shapes = tuple(np.shape(part) for part in (*parts, shaped))
    point.spend(sum(step.operations for step in plan(subscripts, shapes)) // ADDED)
    return np.reshape(contracted(subscripts, (*parts, shaped), PRIMES[level]), -1)


def _behind(point: Point, left: Array, tensor: Apply, k: int, count: int, level: int) -> Array:
    """The same where one factor alone has the axes of the row: the row times that first, and then the others."""
    inputs, output = dict(tensor.parameters)["subscripts"].split("->")
    letters = inputs.split(",")
    long = point.lengths(tensor.arguments[k].shape)[count:]
    parts = [base(point.value(a, level, 0)) for j, a in enumerate(tensor.arguments) if j != k]
    parts.append(np.reshape(row(point, left, tensor.arguments[k], level), long))
    others = [text for j, text in enumerate(letters) if j != k]
    subscripts = f"{','.join([*others, letters[k][count:]])}->{output[count:]}"
    point.spend(sum(step.operations for step in plan(subscripts, tuple(map(np.shape, parts)))) // ADDED)
    return np.reshape(contracted(subscripts, parts, PRIMES[level]), -1)


def contracted(subscripts: str, parts: Sequence[Array], prime: int) -> Array:
    """A sum of products, two factors at a time, modulo a prime."""
    shapes = tuple(np.shape(part) for part in parts)
    return contract(lambda text, *a, **_: np.einsum(text, *a) % prime, subscripts, parts, shapes)
