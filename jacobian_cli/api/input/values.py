"""Values for variables: numbers, arrays, and `.npy`, `.npz`, `.csv` or `.json` files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from numbers import Real
from operator import index
from typing import Any

import numpy as np

from jacobian_cli.api.input.assume import Facts
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.checks.points.constrained import misfit
from jacobian_cli.expr import Expr, Variable, size_names
from jacobian_cli.ops.bounds import bounds
from jacobian_cli.ops.places import places_of
from jacobian_cli.shape import Shape, shape_text
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.parser import normal_name

Array = Any
MAX_NUMBERS = 1 << 27
"""An array may hold so many."""
MAX_AXES = 8


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
                from jacobian_cli.api.input.value_files import named_arrays_in  # files are rare, and take time to load

                found = {normal_name(n): numbers(v, f"{n} in {part.strip()}") for n, v in named_arrays_in(part.strip())}
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
    """Values from Python as arrays of finite floats, by name. Raises `InputError` for anything else.

    >>> as_arrays({"x": [1, 2]})["x"].tolist()
    [1.0, 2.0]
    """
    if not isinstance(values, Mapping):
        raise InputError("values are given by name", hint='as in at={"x": 1.0, "W": weights}')
    found: dict[str, Array] = {}
    for key, value in values.items():
        name = normal_name(str(key))
        if name in found:
            raise InputError(f"'{name}' is given two values")
        found[name] = numbers(value, name)
    return found


def numbers(value: Any, where: str) -> Array:
    """A value as an array of finite floats. Raises `InputError` for what is none: complex numbers, texts, dates,
    masked entries, nan and infinity, and arrays without entries or of more than eight axes.
    """
    try:
        given = np.asarray(value)
        if given.dtype.kind == "O" and all(isinstance(entry, Real | Decimal) for entry in given.flat):
            given = given.astype(float)
    except (ValueError, TypeError, OverflowError, RecursionError, RuntimeError):
        raise InputError("this is not an array of numbers", text=where, hint="rows must be of one length") from None
    if given.dtype.kind == "c":
        raise InputError("complex numbers cannot be used", text=where)
    if given.dtype.kind not in "biuf":
        raise InputError("this is not an array of numbers", text=where, hint="numbers, such as 4 or [1.5, 2]")
    if given.ndim > MAX_AXES:
        raise InputError(f"this array has {given.ndim} axes; at most {MAX_AXES} can be used", text=where)
    if not given.size:
        raise InputError("there is no number in this array", text=where)
    if given.size > MAX_NUMBERS:
        raise InputError(f"{given.size:,} numbers are more than {MAX_NUMBERS:,}", text=where)
    if _masked(value):
        raise InputError("entries of this array are masked", text=where, hint="fill them: x.filled(0)")
    with np.errstate(over="ignore"):
        array = given.astype(float, copy=False)
    if not np.all(np.isfinite(array)):
        raise InputError("nan and infinity cannot be differentiated at", text=where, hint="give finite numbers")
    return array


def _masked(value: Any) -> bool:
    """Whether an entry of an array, or of arrays in lists, is masked."""
    if isinstance(value, list | tuple):
        return any(map(_masked, value))
    return isinstance(value, np.ma.MaskedArray) and bool(np.any(np.ma.getmaskarray(value)))


def lengths_of_sizes(sizes: Any, known: Iterable[str], places: Sequence[str] = ()) -> dict[str, int]:
    """Numbers for size symbols, from Python; `places` may be 0. Raises `InputError` for what is no size, or not
    one of those known.

    >>> lengths_of_sizes({"n": 3}, ["n", "m"])
    {'n': 3}
    """
    if not isinstance(sizes, Mapping):
        raise InputError("sizes are given by name", hint='as in {"n": 2, "m": 3}')
    known, found = list(known), dict[str, int]()
    for name, length in sizes.items():
        if name not in known:
            raise InputError(f"there is no size {name}", hint=f"there are {', '.join(known)}" if known else None)
        try:
            found[name] = index(length)
        except TypeError:
            raise InputError(f"the size {name} is a whole number, not {length!r}") from None
        if found[name] < (name not in places) or isinstance(length, bool):
            raise InputError(f"the size {name} cannot be {length!r}", hint="sizes are at least 1")
    return found


def _split(text: str) -> Iterator[str]:
    """At commas and semicolons outside brackets and quotes."""
    depth, start = 0, 0
    for at, character in enumerate(text):
        depth += (character in "[{(") - (character in "]})")
        if character in ",;" and depth == 0:
            yield text[start:at]
            start = at + 1
    if text[start:].strip():
        yield text[start:]


def _value(written: str, part: str) -> Array:
    if written.endswith((".npy", ".csv", ".npz", ".json")):
        from jacobian_cli.api.input.value_files import array_in

        return numbers(array_in(written), written)
    try:
        value = json.loads(_DOTTED.sub(_with_digits, _listed(written)))
    except (ValueError, RecursionError):
        raise InputError(
            "this value cannot be read",
            text=part,
            hint="a number, an array like [[1,2],[3,4]], or a .npy, .csv or .json file",
        ) from None
    return numbers(value, part)


_SPACED = re.compile(r"\[([-+.\deE\s,;]*)\]")
"""Numbers as MATLAB lists them: [1 2; 3 4]."""


def _listed(written: str) -> str:
    """An array of MATLAB as one of JSON: rows behind semicolons, entries behind blanks or commas."""
    found = _SPACED.fullmatch(written.strip())
    if found is None or not re.search(r"[;]|[\d.]\s+[-+.\d]", found[1]):
        return written
    rows = [row.replace(",", " ").split() for row in found[1].split(";") if row.strip()]
    if len(rows) == 1 or all(len(row) == 1 for row in rows):
        return f"[{', '.join(entry for row in rows for entry in row)}]"
    return f"[{', '.join('[' + ', '.join(row) + ']' for row in rows)}]"


_DOTTED = re.compile(r"(?<![\w.])(\d*)\.(\d*)(?![\w.])|(?<![\w.])(\d*)\.(\d*)(?=[eE])")


def _with_digits(found: re.Match[str]) -> str:
    """`.5` and `2.`, as people type them, with the digits that JSON wants."""
    whole, part = found[1] or found[3] or "", found[2] or found[4] or ""
    return f"{whole or '0'}.{part or '0'}" if whole or part else found[0]


def fitted(
    values: Mapping[str, Array],
    variables: Mapping[str, Variable],
    facts: Facts | None = None,
    *,
    sizes: Iterable[str] = (),
) -> dict[str, Array]:
    """The values for exactly these variables, each of the right shape, and for those of `sizes` that no shape tells.

    Raises `InputError` for missing or surplus values, for shapes that do not fit, and for values of which the facts
    declared do not hold.
    """
    sizes = list(dict.fromkeys([*sizes, *(n for v in variables.values() for size in v.shape for n in size.names())]))
    surplus = [name for name in values if name not in variables and name not in sizes]
    if surplus:
        raise InputError(f"there is no variable {', '.join(surplus)}", hint=f"there are {', '.join(variables)}")
    _want_values([name for name in variables if name not in values])
    told = _told_by_name(values, variables)
    for name in [name for name in sizes if name in values]:
        length = _whole(values[name], name)
        if told.setdefault(name, (length, name))[0] != length:
            raise InputError(f"the size {name} is {told[name][0]} in {told[name][1]}, and {length} is given")
    _want_values([name for name in sizes if name not in told])
    known = {name: length for name, (length, _) in told.items()}
    for name, variable in variables.items():
        for size, length in zip(variable.shape, np.shape(values[name]), strict=True):
            if size.at(known) != length:
                raise InputError(f"{name} has {length} entries where the formula wants {size} = {size.at(known)}")
    for name, said in (facts or {}).items():
        wrong = misfit(name, said, values[name])
        if wrong is not None:
            raise InputError(
                f"{name} is declared {wrong.fact}, and the value given is not: {wrong.words}",
                hint="give another value, or do not declare it",
            )
    return {name: values[name] for name in (*variables, *sizes) if name in values}


def fitted_to(problem: Problem, values: Mapping[str, Array]) -> dict[str, Array]:
    """The values for the variables of a problem."""
    return fitted(values, problem.variables, problem.facts, sizes=size_names([problem.output]))


def _want_values(missing: Sequence[str]) -> None:
    if missing:
        raise InputError(
            f"no value is given for {', '.join(missing)}", hint=f"add --at {','.join(f'{n}=…' for n in missing)}"
        )


def _told_by_name(values: Mapping[str, Array], variables: Mapping[str, Variable]) -> dict[str, tuple[int, str]]:
    """The sizes that are the length of an axis: how long, and of which value."""
    told: dict[str, tuple[int, str]] = {}
    for name, variable in variables.items():
        given = np.shape(values[name])
        if len(given) != len(variable.shape):
            raise InputError(
                f"{name} is {shape_text(variable.shape)} in the formula; the value given has shape {given}",
                hint=_shape_hint(variable.shape),
            )
        for size, length in zip(variable.shape, given, strict=True):
            if size.name is not None and told.setdefault(size.name, (length, name))[0] != length:
                other = told[size.name]
                raise InputError(
                    f"the size {size} is {other[0]} in {other[1]} and {length} in {name}",
                    hint="values of one size must be equally long",
                )
    return told


def _whole(value: Array, name: str) -> int:
    if np.ndim(value) or value != np.round(value) or value < 0:
        raise InputError(f"the size {name} is a whole number", hint=f"as in --at {name}=3")
    return int(value)


def want_inside(output: Expr, sizes: Mapping[str, int], formula: str, values: Mapping[str, Array]) -> None:
    """Refuse sizes at which an index or slice of the formula leaves its axis, or a slice holds nothing, and places that
    are none.
    """
    for name, among in places_of([output]).items():
        count, given = min(size.at(sizes) for size in among), np.asarray(values[name], float)
        if np.any((given != np.round(given)) | (given < -count) | (given >= count)):
            raise InputError(
                f"{name} holds places, whole numbers from 0 to {count - 1} here, and other values are given",
                text=formula,
                hint="places count from 0, as in NumPy",
            )
    failing = next((bound for bound in bounds([output]) if not bound.holds(sizes)), None)
    if failing is not None:
        raise InputError(
            "an index or slice leaves the values given, or holds nothing of them",
            text=formula,
            hint=f"the formula wants {failing}",
        )


def _shape_hint(shape: Shape) -> str:
    return ("a scalar is a number: 4", "a vector is a list: [1,2,3]", "a matrix is a list of rows: [[1,2],[3,4]]")[
        min(len(shape), 2)
    ]
