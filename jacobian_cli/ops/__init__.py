"""THE table: one row per function holds its shape rule, meaning, derivative and spelling."""

from jacobian_cli.ops.row import Kind, Row
from jacobian_cli.ops.table import FUNCTIONS, row

__all__ = ["FUNCTIONS", "Kind", "Row", "row"]
