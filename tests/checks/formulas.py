"""Formulas for the tests of the oracles, typed."""

from __future__ import annotations

from collections.abc import Mapping

from jacobian_cli.elaborate import Program, elaborate
from jacobian_cli.expr import Apply, walk
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.parser import statements
from jacobian_cli.syntax.statements import split

SIZES = {"n": 2, "m": 3, "k": 4}


def shape(text: str) -> Shape:
    """`n,3` as a shape; nothing as a scalar's."""
    return tuple(Size.number(int(s)) if s.isdigit() else Size.named(s) for s in text.split(",") if s)


def typed(text: str, **shapes: str) -> Program:
    """The program of definitions separated by `;`, variables of these shapes."""
    return elaborate(statements(split(text)), {name: shape(sizes) for name, sizes in shapes.items()})


def functions(program: Program) -> set[str]:
    """The rows of the table that a formula uses."""
    return {node.function for node in walk([program.output]) if isinstance(node, Apply)}


def lengths(program: Program, sizes: Mapping[str, int] = SIZES) -> dict[str, tuple[int, ...]]:
    """The numeric shapes of the variables."""
    return {name: tuple(s.at(sizes) for s in v.shape) for name, v in program.variables.items()}
