"""The explicit table as text: labels, entries, and where each entry goes in the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jacobian_cli.api.derivation import Derivation
from jacobian_cli.api.proof import Proof
from jacobian_cli.checks.explicit import abbreviated, element_symbols
from jacobian_cli.checks.restricted import as_shown
from jacobian_cli.checks.written import entry_text


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


def grid_of(derivation: Derivation, proof: Proof) -> Grid:
    """The entries that SymPy derived, in the names of the closed form."""
    explicit = proof.explicit
    assert explicit is not None
    bodies = {n: b for n, b in derivation.derivative.where.items() if not n[-1].isdigit()}
    problem = derivation.problem
    matrix = abbreviated(explicit.matrix, bodies, proof.sizes)
    matrix = as_shown(matrix, problem.facts, problem.variables, proof.sizes)
    texts: dict[object, str] = {}
    cells = []
    for i in range(matrix.rows):
        row = []
        for j in range(matrix.cols):
            entry = matrix[i, j]
            if entry not in texts:
                texts[entry] = entry_text(entry)
            row.append(texts[entry])
        cells.append(row)
    names = [[explicit.entry(i, j) for j in range(matrix.cols)] for i in range(matrix.rows)]
    return Grid(explicit.rows, explicit.columns, cells, names)


def gradient_places(derivation: Derivation, sizes: Mapping[str, int]) -> list[list[str]]:
    """For a matrix variable, the label of the Jacobian's entry that stands at each place of the gradient."""
    rows, columns = (size.at(sizes) for size in derivation.variable.shape)
    symbols = element_symbols(derivation.wrt, (rows, columns))
    name = derivation.problem.name
    return [[f"∂{name}/∂{symbols[i, j]}" for j in range(columns)] for i in range(rows)]
