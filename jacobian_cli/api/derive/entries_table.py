"""The explicit table as text: labels, entries, and where each entry goes in the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from jacobian_cli.api.derive.answer import Answer
from jacobian_cli.api.derive.proof import Proof
from jacobian_cli.checks.oracles.entry_text import entry_text
from jacobian_cli.checks.oracles.restricted import as_shown
from jacobian_cli.checks.oracles.symbolic import TooLargeError, abbreviated, element_symbols, entries_in_names


@dataclass(frozen=True, slots=True)
class Grid:
    """An explicit Jacobian, printed."""

    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[str]]
    names: Sequence[Sequence[str]]
    """What each entry is: ∂f₁/∂x₂."""


def pattern_lines(pattern: Any, width: int) -> list[str]:
    """One mark an entry, `width` to a line: where the table is not zero."""
    marks = ["■" if filled else "·" for filled in pattern.reshape(-1)]
    return [" ".join(marks[k : k + width]) for k in range(0, len(marks), width)]


def grid_of(answer: Answer, proof: Proof) -> Grid:
    """The entries in the names of the closed form: SymPy's own or, where they are shorter and SymPy has proven them
    equal, those of the closed form, as p₁ − p₁² for a softmax.
    """
    explicit = proof.explicit
    assert explicit is not None
    bodies = {n: b for n, b in answer.derivative.where.items() if not n[-1].isdigit()}
    problem, shape = answer.problem, explicit.matrix.shape
    cells = _texts(
        as_shown(abbreviated(explicit.matrix, bodies, proof.sizes), problem.facts, problem.variables, proof.sizes)
    )
    if proven(proof):
        try:
            printed = entries_in_names(answer.jacobian.expr, bodies, proof.sizes, shape)
        except TooLargeError:
            pass
        else:
            own = _texts(as_shown(printed, problem.facts, problem.variables, proof.sizes))
            cells = own if sum(map(len, chain(*own))) < sum(map(len, chain(*cells))) else cells
    names = [[explicit.entry(i, j) for j in range(shape[1])] for i in range(shape[0])]
    return Grid(explicit.rows, explicit.columns, cells, names)


def proven(proof: Proof) -> bool:
    """Whether SymPy has proven the printed entries."""
    engine = proof.report.engines.get("sympy")
    return engine is not None and engine.passed and bool(engine.exact)


def _texts(matrix: Any) -> list[list[str]]:
    """Each entry as text, printed once however often it stands there."""
    texts: dict[object, str] = {}
    for entry in matrix:
        if entry not in texts:
            texts[entry] = entry_text(entry)
    return [[texts[matrix[i, j]] for j in range(matrix.cols)] for i in range(matrix.rows)]


def gradient_places(answer: Answer, sizes: Mapping[str, int]) -> list[list[str]]:
    """For a matrix variable, the label of the Jacobian's entry that stands at each place of the gradient."""
    rows, columns = (size.at(sizes) for size in answer.variable.shape)
    symbols = element_symbols(answer.wrt, (rows, columns))
    name = answer.problem.name
    return [[f"∂{name}/∂{symbols[i, j]}" for j in range(columns)] for i in range(rows)]
