"""Mistakes made with the whole derivative: a transpose, its diagonal alone, the form for a symmetric variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from jacobian_cli.checks.verdict.claim import TruePoint

Array = Any


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole derivative, wrong in one way: its kind, and in words."""

    kind: str
    what: str
    point: TruePoint


def with_table(point: TruePoint, table: Array, hessian: Array | None = None) -> TruePoint:
    """A point at which the derivative is another one."""
    other = copy(point)
    other.__dict__["table"] = table
    if hessian is not None:
        other.__dict__["hessian"] = hessian
    return other


def moved(point: TruePoint, values: Mapping[str, Array]) -> TruePoint:
    """The same point where some variables have other values."""
    other = copy(point)
    other.values = {**point.values, **values}
    for found in ("table", "hessian", "magnitude", "agreed"):
        other.__dict__.pop(found, None)
    return other


def wholes(point: TruePoint, form: str) -> Iterator[Whole]:
    """The derivative at a point as somebody writes it who made one mistake with all of it."""
    second = form == "hessian"
    table = point.hessian if second else point.table

    def made(kind: str, what: str, changed: Array) -> Whole:
        return Whole(kind, what, with_table(point, point.table if second else changed, changed if second else None))

    rows, columns = table.shape
    if rows == columns and rows > 1:
        yield made("diagonal_only", "only the diagonal of the Jacobian is there", table * np.eye(rows))
        yield made("transposed", "it is the transpose of the Jacobian", table.T)
    if form == "vjp" and len(point.out) == len(point.variable) and rows == columns:
        yield made("local_forgotten", "the local Jacobian is left out", np.eye(rows))
    if form == "vjp":
        ones = table.sum(axis=0, keepdims=True)
        spread = np.linalg.pinv(point.upstream.reshape(1, -1))
        yield made("upstream_forgotten", "the upstream gradient is left out", spread @ ones)
    if rows == 1 and len(point.variable) == 2:
        gradient = table.reshape(point.variable)
        if point.variable[0] == point.variable[1]:
            both = gradient + gradient.T
            half = both - gradient * np.eye(len(gradient))
            yield made("symmetric_form", "it is the form for a symmetric variable", half.reshape(1, -1))
            yield made("symmetric_form", "it is the form for a symmetric variable", both.reshape(1, -1))
            yield made("transposed", "it is the transpose", gradient.T.reshape(1, -1))
