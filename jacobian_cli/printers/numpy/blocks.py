"""Kronecker products with a diagonal matrix: of their entries only the blocks are written, the rest are zeros.

diag(d) ⊗ B has the blocks d_i B along its diagonal; B ⊗ diag(d) has them spread, entry by entry, over the whole. Both
stay what they are when a number or a diagonal matrix multiplies them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jacobian_cli.printers.precedence import PYTHON, Level, Piece, negative
from jacobian_cli.shape import ONE, Shape, Size

ALONG, SPREAD = "block_diagonal", "spread_blocks"
KERNELS = {
    ALONG: """def {name}(blocks):
    # blocks along the diagonal of a matrix, zeros elsewhere
    n, p, q = blocks.shape
    found = {np}.zeros((n, p, n, q), blocks.dtype)
    k = {np}.arange(n)
    found[k, :, k] = blocks
    return found.reshape(n*p, n*q)""",
    SPREAD: """def {name}(blocks):
    # entry i, j of block k at row i*n + k and column j*n + k, zeros elsewhere
    n, p, q = blocks.shape
    found = {np}.zeros((p, n, q, n), blocks.dtype)
    k = {np}.arange(n)
    found[:, k, :, k] = blocks
    return found.reshape(p*n, q*n)""",
}


@dataclass(frozen=True, slots=True)
class Blocks:
    """What the blocks are: an array with axes block, row, column, of which some may still have length one."""

    function: str
    """Its name in the module."""
    along: bool
    np: str
    entries: Piece
    count: Piece
    rows: Piece
    columns: Piece
    row: Piece | None = None
    """Blocks of one row that are all alike: their entries."""
    whole: bool = False
    """Whether all axes have their length."""

    def written(self) -> Piece:
        """The dense matrix."""
        text = self.entries.text
        if not self.whole:
            shape = ", ".join(part.text for part in (self.count, self.rows, self.columns))
            text = f"{self.np}.broadcast_to({text}, ({shape}))"
        return Piece(f"{self.function}({text})")

    def scaled(self, factor: Piece, *, over: bool = False) -> Blocks:
        """Times a number, or divided by it."""
        entries = PYTHON["/"].join(self.entries, factor) if over else PYTHON["*"].join(factor, self.entries)
        return replace(self, entries=entries, row=None)

    def negated(self) -> Blocks:
        """With the other sign."""
        return replace(self, entries=negative(self.entries), row=None)

    def rows_scaled(self, d: Piece) -> Blocks:
        """diag(d) in front."""
        if self.row is not None and self.along:
            outer = Piece(f"{self.np}.outer({d.text}, {self.row.text})[:, None]")
            return replace(self, entries=outer, row=None, whole=True)
        at = d.at(Level.POSTFIX)
        shaped = (
            Piece(f"{at}.reshape({self.count.text}, {self.rows.text}, 1)")
            if self.along
            else Piece(f"{at}.reshape({self.rows.text}, {self.count.text}).T[:, :, None]")
        )
        return replace(self, entries=PYTHON["*"].join(shaped, self.entries), row=None, whole=True)

    def columns_scaled(self, d: Piece) -> Blocks:
        """diag(d) behind."""
        at = d.at(Level.POSTFIX)
        shaped = (
            Piece(f"{at}.reshape({self.count.text}, 1, {self.columns.text})")
            if self.along
            else Piece(f"{at}.reshape({self.columns.text}, {self.count.text}).T[:, None]")
        )
        return replace(self, entries=PYTHON["*"].join(self.entries, shaped), row=None, whole=True)


def two_axes(shape: Shape) -> tuple[Size, Size]:
    """The rows and columns of a factor: a vector is one column."""
    rows, columns = (*shape, ONE)[:2]
    return rows, columns
