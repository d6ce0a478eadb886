"""Values for variables: numbers, JSON arrays, and `.npy`, `.npz` or `.csv` files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jacobian_cli.api.input.assume import Facts
from jacobian_cli.checks.points.constrained import misfit
from jacobian_cli.expr import Variable
from jacobian_cli.shape import Shape, shape_text
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.parser import normal_name

Array = Any
MAX_BYTES = 1 << 30


def read_values(texts: list[str]) -> dict[str, Array]:
    """`x=1,y=[2,3]`, `W=weights.npy`, or a whole file `window.npz` of named arrays.

    Raises `InputError` for what cannot be read, and for nan and infinity.

    >>> read_values(["x=4", "y=[1, 2]"])["y"].tolist()
    [1.0, 2.0]
    """
    values: dict[str, Array] = {}
    for text in texts:
        for part in _split(text):
            name, equals, written = part.partition("=")
            if not equals:
                found = _named_arrays(part.strip())
            elif not name.strip().isidentifier():
                raise InputError("values are given as name=value", text=part, hint="as in --at x=1,y=[2,3]")
            else:
                found = {normal_name(name.strip()): _value(written.strip(), part)}
            for key, value in found.items():
                if key in values:
                    raise InputError(f"'{key}' is given two values", text=text)
                values[key] = value
    return values


def as_arrays(values: Any) -> dict[str, Array]:
    """Values from Python as arrays of finite floats."""
    if not isinstance(values, Mapping):
        raise InputError("values are given by name", hint='as in at={"x": 1.0, "W": weights}')
    return {name: _finite(value, str(name)) for name, value in values.items()}


def _split(text: str) -> Iterator[str]:
    """At commas outside brackets and quotes."""
    depth, start = 0, 0
    for at, character in enumerate(text):
        depth += (character in "[{(") - (character in "]})")
        if character == "," and depth == 0:
            yield text[start:at]
            start = at + 1
    if text[start:].strip():
        yield text[start:]


def _value(written: str, part: str) -> Array:
    if written.endswith((".npy", ".csv", ".npz")):
        return _array_file(Path(written))
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        raise InputError(
            "this value cannot be read",
            text=part,
            hint="a number, a JSON array like [[1,2],[3,4]], or a .npy or .csv file",
        ) from None
    return _finite(value, part)


def _finite(value: Any, where: str) -> Array:
    try:
        complex_numbers = np.iscomplexobj(value)
        array = np.zeros(0) if complex_numbers else np.asarray(value, dtype=float)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise InputError("this is not an array of numbers", text=where, hint="rows must be of one length") from None
    if complex_numbers:
        raise InputError("complex numbers cannot be used", text=where)
    if not array.size:
        raise InputError("there is no number in this array", text=where)
    if not np.all(np.isfinite(array)):
        raise InputError("nan and infinity cannot be differentiated at", text=where, hint="give finite numbers")
    return array


def _array_file(path: Path) -> Array:
    if path.suffix == ".npz":
        raise InputError(f"{path} holds several arrays", hint=f"give the file alone: --at {path}")
    _exists(path)
    try:
        if path.suffix == ".csv":
            return _finite(np.loadtxt(path, delimiter=","), str(path))
        return _finite(np.load(path, allow_pickle=False), str(path))
    except InputError:
        raise
    except (OSError, ValueError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {_first_line(error)}") from None


def _named_arrays(written: str) -> dict[str, Array]:
    path = Path(written)
    if path.suffix != ".npz":
        raise InputError(
            "values are given as name=value", text=written, hint="as in --at x=1,y=[2,3] or --at values.npz"
        )
    _exists(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {normal_name(name): _finite(archive[name], f"{name} in {path}") for name in archive.files}
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - zip, zlib and NumPy each raise their own for a broken archive
        raise InputError(f"{path} cannot be read: {_first_line(error)}") from None


def _exists(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"there is no file {path}", hint="the path is taken from the folder you are in")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES >> 20} MB")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def fitted(
    values: Mapping[str, Array], variables: Mapping[str, Variable], facts: Facts | None = None
) -> dict[str, Array]:
    """The values for exactly these variables, each of the right shape.

    Raises `InputError` for missing or surplus values, for shapes that do not fit, and for values of which the facts
    declared do not hold.
    """
    missing = [name for name in variables if name not in values]
    if missing:
        raise InputError(
            f"no value is given for {', '.join(missing)}", hint=f"add --at {','.join(f'{n}=…' for n in missing)}"
        )
    surplus = [name for name in values if name not in variables]
    if surplus:
        raise InputError(f"there is no variable {', '.join(surplus)}", hint=f"there are {', '.join(variables)}")
    sizes: dict[str, tuple[int, str]] = {}
    for name, variable in variables.items():
        given = np.shape(values[name])
        if len(given) != len(variable.shape):
            raise InputError(
                f"{name} is {shape_text(variable.shape)} in the formula; the value given has shape {given}",
                hint=_shape_hint(variable.shape),
            )
        for size, length in zip(variable.shape, given, strict=True):
            if size.name is not None and sizes.setdefault(size.name, (length, name))[0] != length:
                other = sizes[size.name]
                raise InputError(
                    f"the size {size} is {other[0]} in {other[1]} and {length} in {name}",
                    hint="values of one size must be equally long",
                )
    known = {name: length for name, (length, _) in sizes.items()}
    for name, variable in variables.items():
        for size, length in zip(variable.shape, np.shape(values[name]), strict=True):
            if any(n not in known for n in size.names()):
                raise InputError(
                    f"the size {size} of {name} cannot be told from the values", hint="give numbers with -s"
                )
            if size.at(known) != length:
                raise InputError(f"{name} has {length} entries where the formula wants {size} = {size.at(known)}")
    for name, said in (facts or {}).items():
        wrong = misfit(name, said, values[name])
        if wrong is not None:
            raise InputError(
                f"{name} is declared {wrong.fact}, and the value given is not: {wrong.words}",
                hint="give another value, or do not declare it",
            )
    return {name: values[name] for name in variables}


def _shape_hint(shape: Shape) -> str:
    return ("a scalar is a number: 4", "a vector is a list: [1,2,3]", "a matrix is a list of rows: [[1,2],[3,4]]")[
        min(len(shape), 2)
    ]
