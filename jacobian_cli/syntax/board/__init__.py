"""The grammar of mathematics as it is written on a board: tokens to a tree."""

from jacobian_cli.syntax.board.functions import BETWEEN
from jacobian_cli.syntax.board.grammar import statement_of

__all__ = ["BETWEEN", "statement_of"]
