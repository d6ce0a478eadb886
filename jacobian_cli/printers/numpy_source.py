"""NumPy source code that depends on nothing else: expressions, and modules of functions.

Vectors are one-dimensional arrays, row vectors have the shape (1, n), scalars are numbers.
"""

from __future__ import annotations

import keyword
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from jacobian_cli.elaborate import Builder, Scope
from jacobian_cli.expr import Defined, Expr, Variable, walk
from jacobian_cli.ops import Kind, Row, row
from jacobian_cli.printers.numpy_forms import MISSING, Need, Writer
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.parser import parse

_COUNT = "N"
"""What a definition calls the number of entries that it reduces."""


@dataclass(frozen=True)
class Function:
    """A function to be written: what it takes, the definitions it computes first, and its result."""

    name: str
    arguments: tuple[str, ...]
    definitions: tuple[tuple[str, Expr], ...]
    result: Expr
    result_shape_text: str | None
    docstring: str
    sizes: dict[str, str]
    """For each size symbol a NumPy expression in the arguments, such as `W.shape[0]`."""


def expression_source(expr: Expr) -> str:
    """The NumPy expression for an expression, in the names of its variables, sizes and functions.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> expression_source(elaborate([parse_statement("A.T@B@(delta*x) + relu(u@x)")]).output)
    'A.T@(B@(delta*x)) + relu(u@x)'
    """
    return Writer().text(expr)


def module_source(functions: Sequence[Function]) -> str:
    """A module with these functions, and with what they need that NumPy lacks.

    >>> x = Variable("x", (Size.named("n"),))
    >>> print(module_source([Function("value", ("x",), (), x, "n", "The vector itself.", {})]))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def value(x):
        \"""The vector itself.
    <BLANKLINE>
        Shape: n.
        \"""
        return x
    <BLANKLINE>
    """
    taken = {name for function in functions for name in _names(function)}
    module = _Module(taken)
    bodies = [_function(function, module) for function in functions]
    helpers = module.written()
    return "\n\n\n".join([module.imports(), *helpers, *bodies]) + "\n"


def _names(function: Function) -> list[str]:
    return [
        function.name,
        *function.arguments,
        *function.sizes,
        *(name for name, _ in function.definitions),
        *(n.name for n in walk([function.result]) if isinstance(n, Variable | Defined)),
    ]


def _fresh(name: str, taken: Container[str]) -> str:
    while name in taken or keyword.iskeyword(name):
        name += "_"
    return name


@dataclass(slots=True)
class _Module:
    """The names of a module, and the functions that turned out to be needed."""

    taken: set[str]
    helpers: dict[Need, str] = field(default_factory=dict)
    np: str = ""
    math: str = ""

    def __post_init__(self) -> None:
        self.np = self.claim("np")
        self.math = self.claim("math")

    def claim(self, name: str) -> str:
        name = _fresh(name, self.taken)
        self.taken.add(name)
        return name

    def helper(self, need: Need) -> str:
        """The name of a function that is needed; along axes or not, it is the same function."""
        for known, name in self.helpers.items():
            if known.function == need.function and known.shapes == need.shapes:
                self.helpers[need] = name
                return name
        name = self.helpers[need] = self.claim(need.function)
        return name

    def imports(self) -> str:
        wanted = [f"import numpy as {self.np}" if self.np != "numpy" else "import numpy"]
        if any("{math}" in MISSING[n][0] for n in (row(need.function).numpy for need in self.helpers) if n in MISSING):
            wanted.insert(0, f"import math as {self.math}" if self.math != "math" else "import math")
            wanted.insert(1, "")
        return "\n".join(wanted)

    def written(self) -> list[str]:
        """The functions needed, each after those it needs itself."""
        bodies: dict[Need, str] = {}
        order: dict[str, list[str]] = {}
        while waiting := [need for need in self.helpers if need not in bodies]:
            for need in waiting:
                known = set(self.helpers)
                bodies[need] = _helper(need, self)
                del known
        for need in sorted(bodies, key=lambda need: need.axes):
            order[self.helpers[need]] = [bodies[need]]
        return [text for texts in order.values() for text in texts]
