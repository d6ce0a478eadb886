"""The source of the functions that the table writes in NumPy itself, as a module of its own can hold it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from textwrap import dedent
from typing import Any


def kernel_source(kernel: Callable[..., Any], names: dict[str, str]) -> str:
    """A kernel's own text without its first parameter, which stands for NumPy, and without what only we read.

    `names` are those that it bears itself, under "", and that modules bear there.

    >>> from jacobian_cli.ops import row
    >>> print(kernel_source(row("largest").kernel, {"": "largest", "np": "numpy"}))
    def largest(x, axis=None):
        found = 1.0 * (x == numpy.max(x, axis=axis, keepdims=True))
        return found / numpy.sum(found, axis=axis, keepdims=True)
    """
    function = _parsed(kernel)
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name) if name in names:
                node.id = names[name]
            case ast.arg():
                node.annotation = None
    del function.args.args[0]
    function.name, function.returns = names[""], None
    if ast.get_docstring(function) is not None:
        del function.body[0]
    return ast.unparse(function)


def _parsed(kernel: Callable[..., Any]) -> ast.FunctionDef:
    (function,) = ast.parse(dedent(inspect.getsource(kernel))).body
    assert isinstance(function, ast.FunctionDef)
    return function
