"""Functions of whole rows and of whole matrices, modulo a prime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from jacobian_cli.checks.every_size.expand import UnknownError
from jacobian_cli.checks.every_size.field import Array, Dual, Field, Value, base
from jacobian_cli.checks.every_size.functions import Symbols

Options = Mapping[str, Any]


def ordered(name: str, x: Value, order: Array, options: Options, field: Field) -> Value:
    """Functions of the order of entries; any order is one that they may have."""
    plain, axes = np.asarray(order, object), options.get("axis", ())
    if name in ("sort", "argsort"):
        (axis,) = axes or (-1,)
        places = np.argsort(plain, axis=axis, kind="stable")
        if name == "argsort":
            return places.astype(object)
        return field.linear(lambda a: np.take_along_axis(a, places, axis), x)
    over = tuple(axes) or None
    top = np.equal(plain, np.max(plain, axis=over, keepdims=True)).astype(int).astype(object)
    share = (
        top * field.each(lambda k: field.number(Fraction(1, k)), np.sum(top, axis=over, keepdims=True)) % field.prime
    )
    if name == "largest":
        return share
    keep = bool(options.get("keepdims"))
    return field.linear(lambda a: np.sum(a * share, axis=over, keepdims=keep), x)


def multiplied(name: str, x: Value, options: Options, field: Field) -> Value:
    """Products of entries, one factor after the other."""
    shape = np.shape(base(x))
    order, running = len(shape), name == "cumprod"
    axes = sorted(axis % order for axis in options.get("axis", (-1,) if running else range(order))) if order else []
    kept = [axis for axis in range(order) if axis not in axes]
    count = prod(shape[axis] for axis in axes)
    rows = field.linear(lambda a: np.reshape(np.transpose(a, (*kept, *axes)), (-1, count)), x)
    parts = [_column(rows, k, field) for k in range(count)]
    for k in range(1, count):
        parts[k] = field.times(parts[k - 1], parts[k])
    if running:
        back = np.argsort((*kept, *axes))
        whole = [shape[axis] for axis in (*kept, *axes)]
        return field.joint(lambda *a: np.transpose(np.reshape(np.stack(a, -1), whole), back), *parts)
    keep = options.get("keepdims")
    made = tuple(1 if axis in axes else n for axis, n in enumerate(shape) if keep or axis not in axes)
    return field.linear(lambda a: np.reshape(a, made), parts[-1])


def _column(x: Value, k: int, field: Field) -> Value:
    return field.linear(lambda a: a[:, k], x)


def of_matrix(name: str, x: Value, field: Field, symbols: Symbols, *, free: bool) -> Value:
    """Functions of one matrix; inverses and determinants of free symbols know only how they change."""
    if np.ndim(base(x)) != 2:
        raise UnknownError(name)
    if name == "cholesky":
        return _cholesky(x, field)
    if name == "inv":
        return _inverse(x, field, symbols if free else None)
    if not isinstance(x, Dual):
        if not free:
            found = field.inverse(x)[1]
        else:
            keys = sorted(tuple(map(int, np.ravel(a))) for a in (x, x.T))
            found = symbols.of(f"det {hash(keys[0])}", 1, field)
        return found if name == "det" else symbols.each("log", found, field)
    value = of_matrix(name, x.value, field, symbols, free=free)
    change = field.linear(lambda a, b: np.sum(a.T * b), _inverse(x.value, field, symbols if free else None), x.slope)
    return Dual(x.tag, value, field.times(value, change) if name == "det" else change)


def _inverse(x: Value, field: Field, symbols: Symbols | None) -> Value:
    if not isinstance(x, Dual):
        return field.inverse(x)[0] if symbols is None else symbols.matrix(x, field)
    value = _inverse(x.value, field, symbols)
    change = field.linear(_three, value, x.slope, value)
    return Dual(x.tag, value, field.scaled(change, -1))


def _three(a: Array, b: Array, c: Array) -> Array:
    return a @ b @ c


def _cholesky(x: Value, field: Field) -> Value:
    """Row by row, so that nothing need be known of its derivative."""
    n = len(base(x))
    half = field.scaled(x, Fraction(1, 2))
    x = field.add(half, field.linear(np.transpose, half))
    entry: Callable[[int, int], Value] = lambda i, j: field.linear(lambda a: np.asarray(a[i, j], object), x)  # noqa: E731 - one of two, beside its twin
    rows: dict[tuple[int, int], Value] = {}
    for i in range(n):
        for j in range(i + 1):
            left = entry(i, j)
            for k in range(j):
                left = field.add(left, field.scaled(field.times(rows[i, k], rows[j, k]), -1))
            rows[i, j] = (
                field.power(left, Fraction(1, 2)) if i == j else field.times(left, field.reciprocal(rows[j, j]))
            )
    nothing = np.asarray(0, object)
    cells = [rows.get((i, j), nothing) for i in range(n) for j in range(n)]
    return field.joint(lambda *a: np.reshape(np.stack([np.asarray(c, object) for c in a]), (n, n)), *cells)
