"""Python functions as formulas: `read_source`, and the files of `--source`."""

from __future__ import annotations

from pathlib import Path

from jacobian_cli.api.input.arguments import textual
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Definition


def read_source(text: str, function: str | None = None) -> list[Definition]:
    """The definitions that a Python function makes, for `derive` and the others to take; it is read, never run.

    `text` is the source of a file, `function` the name of one of its functions; without it, the one that no other
    calls is taken. NumPy, PyTorch and JAX are read by their own meanings; the shapes of parameters are declared as
    those of any variable.

    Raises `InputError`, with line and caret, for what is not Python, and for what no formula can be: loops, branches,
    calls of functions that are not known, random numbers.

    >>> from jacobian_cli import derive
    >>> source = '''
    ... def loss(W, x, y):
    ...     r = W @ x - y
    ...     return np.sum(r**2)
    ... '''
    >>> derive(read_source(source), wrt="W").gradient.closed_form
    '2*r@x.T'
    """
    from jacobian_cli.syntax import function as reader  # only where source is read

    textual(text, "a source", "as in read_source(open(path).read())")
    if function is not None:
        textual(function, "the name of a function", 'as in read_source(text, "loss")')
    return reader.read_source(text, function, functions=FUNCTIONS.keys() | ALIASES.keys())


def read_source_file(named: str) -> list[Definition]:
    """The definitions of a function in a file: `model.py:loss`, or `model.py` where it holds one."""
    from jacobian_cli.syntax import function as reader

    path, function = named, None
    if not Path(path).exists() and ":" in named:
        path, _, function = named.rpartition(":")
    file = Path(path)
    if file.is_dir():
        raise InputError(f"{path} is a directory", hint="name a file: --source model.py:loss")
    if not file.exists():
        raise InputError(f"there is no file {path}", hint="the path is taken from the folder you are in")
    try:
        if file.stat().st_size > reader.MAX_SOURCE * 4:
            raise InputError(f"{path} is too large: at most {reader.MAX_SOURCE:,} characters are read")
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    return reader.read_source(text, function or None, functions=FUNCTIONS.keys() | ALIASES.keys(), file=path)
