"""`register`: functions of the user's own, written in Python with a forward and a backward."""

from __future__ import annotations

import inspect
import keyword
import runpy
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from jacobian_cli.api.input.arguments import textual
from jacobian_cli.api.input.assume import by_name
from jacobian_cli.elaborate.builder import CONSTANTS
from jacobian_cli.engine.own import Own, prove
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.rules import parsed
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.syntax.errors import InputError

Made = TypeVar("Made", bound=type)


def register(name: str, *, signature: str | None = None, at: Mapping[str, Any] | None = None) -> Callable[[Made], Made]:
    """Make a class a function of the language: `backprop` and `tape` then know it by `name`.

    The class has the interface of a node: `forward(self, x, …)` takes arrays and returns an array, and keeps what
    `backward(self, upstream)` needs, which returns one gradient for each input. Without a `signature` the function
    works entry by entry, with broadcasting; with one, such as `"ij,j->i"`, it takes and makes arrays with these axes.
    Before it can be used it is compared with central differences, at random points or at the values in `at`.

    Raises `InputError` for a name that has a meaning already, and for a backward that is wrong, naming the worst entry.

    >>> import numpy as np
    >>> @register("snake")
    ... class Snake:
    ...     '''x + sin²x (Ziyin, Hartwig & Ueda 2020)'''
    ...     def forward(self, x):
    ...         self.x = x
    ...         return x + np.sin(x)**2
    ...     def backward(self, upstream):
    ...         return [upstream*(1 + np.sin(2*self.x))]
    >>> from jacobian_cli import backprop
    >>> backprop("snake(x)*x", at={"x": 1}).gradients["x"].round(6).item()
    3.617371
    >>> unregister("snake")
    """

    def made(operation: Made) -> Made:
        row = _row(name, operation, signature)
        prove(row, None if at is None else _point(row, at))
        FUNCTIONS[name] = replace(row, own=partial(Own, row))
        return operation

    _want_free(name)
    return made


def unregister(name: str) -> None:
    """Take a registered function out of the language again. Raises `InputError` if there is none."""
    textual(name, "the name of a function")
    if name not in FUNCTIONS or FUNCTIONS[name].own is None:
        raise InputError(f"no function '{name}' was registered")
    del FUNCTIONS[name]


def load(path: str) -> list[str]:
    """Run a Python file of the user's, and say which functions it registered.

    Raises `InputError` for a file that is not there, that fails, or that registers nothing.
    """
    if not Path(path).is_file():
        raise InputError(f"there is no file {path}", hint="the path is taken from the folder you are in")
    before = {name: row for name, row in FUNCTIONS.items() if row.own is not None}
    try:
        runpy.run_path(path, run_name="jac_plugin")
    except InputError as error:
        raise InputError(f"{path}: {error.message}", text=error.text, span=error.span, hint=error.hint) from None
    except SyntaxError as error:
        raise InputError(f"{path} is not Python: {error.msg} (line {error.lineno})") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the file raises is its own
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
        where = f" at line {lines[-1]}" if lines else ""
        reason = (str(error).splitlines() or [""])[0][:200]
        raise InputError(f"{path} failed{where} with {type(error).__name__}: {reason}") from None
    found = [name for name, row in FUNCTIONS.items() if row.own is not None and before.get(name) is not row]
    if not found:
        raise InputError(f"{path} registers no function", hint='a class below @jac.register("name") becomes one')
    return found


def _row(name: str, operation: type, signature: str | None) -> Row:
    """The row of the table that the class becomes."""
    for method in ("forward", "backward"):
        if not callable(getattr(operation, method, None)):
            raise InputError(f"{name}: the class has no {method}", hint="forward(self, x), backward(self, upstream)")
    parameters = list(inspect.signature(getattr(operation, "forward")).parameters.values())[1:]  # noqa: B009 - mypy sees no such attribute
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if not parameters or any(p.kind not in plain for p in parameters):
        raise InputError(f"{name}: forward takes its inputs one by one, by position", hint="forward(self, x, y)")
    summary = (inspect.getdoc(operation) or "a function of your own").splitlines()[0]
    names = tuple(parameter.name for parameter in parameters)
    if signature is None:
        return Row(name=name, summary=summary, parameters=names, own=operation)
    written = textual(signature, "a signature", 'as in "ij,j->i"').replace(" ", "")
    letters = written.replace("->", "", 1).replace(",", "")
    if written.count("->") != 1 or not (letters.isalpha() or not letters):
        raise InputError(f"{name}: the signature cannot be read", text=signature, hint='as in "ij,j->i"')
    inputs, output = parsed(written)
    if len(inputs) != len(names):
        raise InputError(f"{name}: the signature has {len(inputs)} inputs, forward {len(names)}", text=signature)
    if set(output) - set("".join(inputs)):
        raise InputError(f"{name}: each letter after the arrow must stand before it", text=signature)
    kind = Kind.CONTRACTION
    return Row(name=name, summary=summary, kind=kind, parameters=names, signatures=(written,), own=operation)


def _want_free(name: str) -> None:
    textual(name, "the name of a function", 'as in @register("snake")')
    if not name.isidentifier() or keyword.iskeyword(name):
        raise InputError(f"'{name}' is not a name")
    if name in ALIASES or name in CONSTANTS or (name in FUNCTIONS and FUNCTIONS[name].own is None):
        raise InputError(f"'{name}' already has a meaning", hint="choose another name")


def _point(row: Row, at: Mapping[str, Any]) -> Mapping[str, Any]:
    at = by_name(at, '{"x": 1.0}')
    missing = [name for name in row.parameters if name not in at]
    if missing:
        raise InputError(f"{row.name}: no value is given for {', '.join(missing)}")
    return at
