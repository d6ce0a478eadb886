"""Every printed line of a chain against autograd and central differences: local Jacobians and running products.

A line is a text of the language. It is read back and evaluated where the names it uses have the values that they
have at a random point, and compared with the derivative of the function that it is said to be the Jacobian of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from jacobian_cli.checks.oracles import differences
from jacobian_cli.checks.oracles import hips_autograd as autodiff
from jacobian_cli.checks.oracles.differences import STEP
from jacobian_cli.checks.verdict.report import TOLERANCE, Report, Tally, largest, verdicts
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate, lengths
from jacobian_cli.expr import Defined, Expr, Variable, rebuild, size_names, variables, walk
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.parser import parse_statement

Array = Any
DENSE = 400
"""Jacobians up to this many entries are compared entry by entry, larger ones along a random direction."""
_WORK = 5_000
"""The same where the entries of the variable times the parts of the function are more than this."""
_FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class Line:
    """A text that is said to be the Jacobian |function| × |wrt|. `printed` reads it back, which has this shape; that
    and the function are made when they are compared.
    """

    label: str
    printed: Callable[[], Expr]
    shape: Shape
    function: Callable[[], Expr]
    wrt: Variable


def read(text: str, form: Expr) -> Expr:
    """A printed line as an expression again, each name in it a variable. `form` is what it was printed from: it tells
    the shapes of the names in it, and nothing else of it is used.
    """
    written = rebuild(form, lambda node: Variable(node.name, node.shape) if isinstance(node, Defined) else None)
    names: dict[str, Shape] = {name: variable.shape for name, variable in variables(written).items()}
    names["?sizes"] = tuple(Size.named(name) for name in size_names([written]))
    return elaborate([parse_statement(text, limited=False)], names).output


def compare(lines: Sequence[Line], values: Mapping[str, Array], sizes: Mapping[str, int]) -> Report:
    """Each line against two independent derivatives at one point."""
    tallies = {name: Tally() for name in TOLERANCE}
    rng = np.random.default_rng(2)
    for line in lines:
        function, wrt = line.function(), line.wrt.name
        rows, columns = (prod(lengths(shape, sizes)) for shape in (function.shape, line.wrt.shape))
        printed = np.asarray(evaluate(line.printed(), values, sizes), float).reshape(rows, columns)
        here = evaluate(function, values, sizes)

        def moved(x: Array, function: Expr = function, wrt: str = wrt) -> Array:
            return evaluate(function, {**values, wrt: x}, sizes)

        floor = _FLOOR * max(1.0, largest(here))
        claims = {"autograd": printed, "differences": printed}
        truths: dict[str, tuple[Array, Array]]
        if rows * columns <= DENSE and columns * sum(1 for _ in walk([function])) <= _WORK:
            truths = {
                "autograd": (autodiff.jacobian(function, values, sizes, wrt), np.zeros((rows, columns))),
                "differences": differences.with_doubt(moved, values[wrt]),
            }
        else:  # along random directions: δᵀJ and J v
            upstream, direction = rng.standard_normal(np.shape(here)), rng.standard_normal(np.shape(values[wrt]))
            pulled = autodiff.vjp(function, values, sizes, wrt, upstream).reshape(1, columns)
            slopes = [differences.directional(moved, values[wrt], direction, step) for step in (STEP, STEP / 2)]
            pushed = slopes[1].reshape(rows, 1)
            claims = {
                "autograd": upstream.reshape(1, rows) @ printed,
                "differences": printed @ direction.reshape(columns, 1),
            }
            truths = {
                "autograd": (pulled, np.zeros_like(pulled)),
                "differences": (pushed, np.abs(pushed - slopes[0].reshape(rows, 1))),
            }
        for name, (expected, unsure) in truths.items():
            tallies[name].add(line.label, claims[name], expected, "", floor, unsure)
    engines, notes = verdicts(tallies)
    passed = all(engine.passed for engine in engines.values()) if engines else None
    return Report(passed, 1, engines, [sizes], notes)
