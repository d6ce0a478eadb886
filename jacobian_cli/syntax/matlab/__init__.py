"""MATLAB and Julia: `*` is the matrix product, `.*` goes entry by entry, indices count from 1."""

from jacobian_cli.syntax.matlab.grammar import read

__all__ = ["read"]
