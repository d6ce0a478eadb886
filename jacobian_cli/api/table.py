"""The explicit table as text: labels, entries, and where each entry goes in the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jacobian_cli.api.derivation import Derivation
from jacobian_cli.api.proof import Proof
from jacobian_cli.checks.explicit import abbreviated, element_symbols, entry_text


@dataclass(frozen=True, slots=True)
class Grid:
    """An explicit Jacobian, printed."""

    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[str]]

    def pattern(self) -> list[str]:
        """One mark an entry: where the table is not zero."""
        return [" ".join("·" if cell == "0" else "■" for cell in row) for row in self.cells]


def grid_of(derivation: Derivation, proof: Proof) -> Grid:
    """The entries that SymPy derived, in the names of the closed form."""
    explicit = proof.explicit
    assert explicit is not None
    bodies = dict(derivation.derivative.where)
    matrix = abbreviated(explicit.matrix, bodies, proof.sizes)
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
    return Grid(explicit.rows, explicit.columns, cells)


def gradient_places(derivation: Derivation, sizes: Mapping[str, int]) -> list[list[str]]:
    """For a matrix variable, the label of the Jacobian's entry that stands at each place of the gradient."""
    rows, columns = (size.at(sizes) for size in derivation.variable.shape)
    symbols = element_symbols(derivation.wrt, (rows, columns))
    name = derivation.problem.name
    return [[f"∂{name}/∂{symbols[i, j]}" for j in range(columns)] for i in range(rows)]
