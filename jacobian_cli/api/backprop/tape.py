"""`tape`: a formula that runs forwards and backwards on arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jacobian_cli.api.input.problem import (
    Formulas,
    ShapeLike,
    names_of,
    shapes_of,
    statements_of,
    unknown,
    with_few_axes,
)
from jacobian_cli.api.input.values import as_arrays, fitted, numbers, want_inside
from jacobian_cli.api.pages import formulas, page, spelled
from jacobian_cli.checks.squares import without_roots
from jacobian_cli.elaborate import Program, elaborate_typed
from jacobian_cli.engine import tape as engine
from jacobian_cli.evaluate.evaluate import sizes_of
from jacobian_cli.expr import Defined, size_names, walk
from jacobian_cli.interned import Portable
from jacobian_cli.ops.places import no_slope, places_of
from jacobian_cli.records import record
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.parser import normal_name

Array = NDArray[np.float64]


class Tape:
    """A formula on the tape. `forward` runs it, `backward` pulls a gradient back through what was run.

    Use it by way of `tape`.
    """

    def __init__(self, program: Program, wrt: Sequence[str]) -> None:
        self.program = program
        self.wrt = tuple(wrt)
        known = program.variables.keys() >= set(wrt)
        self.engine = engine.Tape(without_roots(program.output, meeting=True) if known else program.output, wrt)
        self._sizes = size_names([program.output])
        self._given: dict[str, Array] | None = None

    def __repr__(self) -> str:
        """The page: the formula, and what gradients are worked out."""
        by = ", ".join(map(spelled, self.wrt))
        return page(*formulas(self.program, self.program.output_name or "f"), f"  gradients by {by}")

    def _repr_latex_(self) -> str:
        from jacobian_cli.printers.math.latex import latex  # few ask for it

        return f"$${latex(self.program.output)}$$"

    def __eq__(self, other: object) -> bool:
        """Whether it is the same formula, with the same gradients wanted."""
        if not isinstance(other, Tape):
            return NotImplemented
        return (self.program, self.wrt) == (other.program, other.wrt)

    def __hash__(self) -> int:
        return hash((self.program.output, self.wrt))

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy is made anew, and runs on the arrays that this one ran on."""
        return _again, (_Run(self.program, self.wrt, self._given),)

    def forward(self, **values: object) -> Array:
        """The value at these arrays, one for each variable, of the shapes of the formula.

        Raises `InputError` for missing or surplus arrays, for shapes that do not fit, and for what is no array of
        finite numbers.
        """
        known = self.program.variables
        given = fitted(as_arrays(values), known, sizes=self._sizes)
        sizes = sizes_of(known, given)
        want_inside(self.program.output, sizes, self.program.statements[-1].source, given)
        value: Array = self.engine.forward(given, sizes)
        self._given = given
        return value

    def backward(self, upstream: object = 1.0) -> dict[str, Array]:
        """For each variable its gradient, in its shape, given that of the output (of the output's shape, or a number).

        Raises `InputError` before the first `forward`, and for a shape that does not fit.
        """
        if self._given is None:
            raise InputError("backward comes after forward", hint="tape.forward(x=…) first, or tape.gradients(x=…)")
        arrived = numbers(upstream, "upstream")
        if arrived.ndim and arrived.shape != self.engine.values[-1].shape:
            raise InputError(
                f"the output has shape {self.engine.values[-1].shape}, the upstream gradient {arrived.shape}"
            )
        return self.engine.backward(arrived)

    def gradients(self, **values: object) -> tuple[Array, dict[str, Array]]:
        """Value and gradients at these arrays; of an output that is no scalar, those of the sum of its entries."""
        value = self.forward(**values)
        return value, self.backward()


@record(frozen=True)
class _Run(Portable):
    """What makes a tape, and what it ran on."""

    program: Program
    wrt: tuple[str, ...]
    given: Mapping[str, Array] | None


def _again(run: _Run) -> Tape:
    made = Tape(run.program, run.wrt)
    if run.given is not None:
        made.forward(**run.given)
    return made


def tape(
    expression: Formulas,
    wrt: str | Sequence[str] | None = None,
    shapes: Mapping[str, ShapeLike] | None = None,
    *,
    syntax: str | None = None,
) -> Tape:
    """A formula, or definitions of which the last is the output, ready to run forwards and backwards on arrays.

    `wrt` are the names whose gradients are wanted (all variables unless given; the name of a definition asks for
    the gradient at that node), `shapes` declares shapes as in `derive`. Sizes are those of the arrays of each run.

    Raises `InputError` for anything that is not a formula of the language.

    >>> import numpy as np
    >>> t = tape(["z = X@W + b", "mean(relu(z)**2)"], wrt=["W", "b"], shapes={"X": "n,m", "W": "m,k", "b": "k"})
    >>> loss, gradients = t.gradients(X=np.ones((5, 2)), W=np.ones((2, 3)), b=np.zeros(3))
    >>> float(loss), gradients["W"].shape, gradients["b"].round(3).tolist()
    (4.0, (2, 3), [1.333, 1.333, 1.333])
    """
    declared = shapes_of(shapes)
    names = () if wrt is None else names_of(wrt)
    program = with_few_axes(elaborate_typed(statements_of(expression, names, declared, syntax), declared))
    return Tape(program, wanted(program, wrt))


def wanted(program: Program, wrt: str | Sequence[str] | None) -> list[str]:
    """The names whose gradients are asked for: variables, or definitions that the output uses."""
    picking = places_of([program.output])
    if wrt is None:
        names = [name for name in program.variables if name not in picking]
    else:
        given = names_of(wrt)
        names = list(dict.fromkeys(normal_name(name.strip()) for name in given if name.strip()))
    if not names:
        raise InputError("there is no variable to differentiate by")
    for name in names:
        if name in picking:
            raise no_slope(name, (n for n in program.variables if n not in picking), program.statements[-1].source)
        if name not in program.variables and name not in program.values:
            raise unknown(name, program)
    return names


def used(program: Program) -> set[str]:
    """The names of the definitions that the output uses."""
    return {node.name for node in walk([program.output]) if isinstance(node, Defined)}
