"""The explicit table: every entry of a Jacobian at small sizes, derived by SymPy."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from jacobian_cli.api.input.problem import Problem
from jacobian_cli.api.input.values import lengths_of_sizes
from jacobian_cli.calculus.reshape import Convention
from jacobian_cli.checks.oracles.budget import Budget
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.checks.oracles.symbolic import Explicit, explicit_jacobian
from jacobian_cli.checks.points.sampling import draws_for, fits
from jacobian_cli.expr import Variable
from jacobian_cli.ops.places import place_letters
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.errors import InputError

MAX_EXPLICIT = 400
"""An explicit table beyond this many entries is refused."""
_DRAWS = 12


def explicit_table(
    problem: Problem,
    variable: Variable,
    convention: Convention,
    sizes: Mapping[str, int] | None = None,
    hint: str | None = None,
    budget: Budget | None = None,
) -> Explicit:
    """SymPy's Jacobian at these sizes, or at small ones. Raises `InputError`, with the hint, past 400 entries,
    and where only some sizes are given.
    """
    drawn = table_sizes(problem)
    places = place_letters([problem.output])
    chosen = {**drawn, **({} if sizes is None else lengths_of_sizes(sizes, drawn, places))}
    if sizes and (missing := [name for name in drawn if name not in sizes]):
        example = ", ".join(f'"{name}": {chosen[name]}' for name in drawn)
        raise InputError(f"what is the size {' and '.join(missing)}?", hint=f"every size, as in {{{example}}}, or none")
    entries = count(problem.output.shape, chosen) * count(variable.shape, chosen)
    if entries > MAX_EXPLICIT:
        raise InputError(
            f"the explicit table would have {entries:,} entries (limit {MAX_EXPLICIT})",
            hint=hint,
        )
    return explicit_jacobian(problem.output, variable, chosen, problem.name, laid(convention), budget)


def laid(convention: Convention) -> Laid:
    """A convention as the checks know it."""
    return Laid(str(convention.layout), str(convention.vec))


def table_sizes(problem: Problem) -> dict[str, int]:
    """Small numbers for the size symbols, pairwise different; those of variables before those in between."""
    known = problem.variables.values()
    fixed = {size.value for v in known for size in v.shape if size.value is not None}
    parts = [*known, problem.output]
    draws = draws_for(parts, _DRAWS, 0, fixed)
    return dict(next((sizes for sizes in draws if fits(parts, sizes)), draws[0]))


def count(shape: Shape, sizes: Mapping[str, int]) -> int:
    """How many entries a value of this shape has."""
    return prod(size.at(sizes) for size in shape)
