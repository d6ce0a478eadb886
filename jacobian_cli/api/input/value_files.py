"""Arrays out of files: `.npy`, `.npz`, `.csv` and `.json`, none of which runs anything or is larger than it may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from jacobian_cli.syntax.errors import InputError

MAX_BYTES = 1 << 30
"""What a file may hold, unpacked."""
_MAX_TEXT = MAX_BYTES >> 2


def array_in(written: str) -> Any:
    """The one array of a file. Raises `InputError` for a file that cannot be read or holds several."""
    path = Path(written)
    if path.suffix == ".npz":
        raise InputError(f"{path} holds several arrays", hint=f"give the file alone: --at {path}")
    with _reading(path, MAX_BYTES if path.suffix == ".npy" else _MAX_TEXT):
        if path.suffix == ".json":
            return _json(path)
        return np.loadtxt(path, delimiter=",") if path.suffix == ".csv" else np.load(path, allow_pickle=False)


def named_arrays_in(written: str) -> list[tuple[str, Any]]:
    """The arrays of a file by their names. Raises `InputError` for a file that cannot be read or names none."""
    path = Path(written)
    if path.suffix == ".json":
        with _reading(path, _MAX_TEXT):
            found = _json(path)
            if not isinstance(found, dict):
                raise InputError(f"{path} names no variables", hint=f'as in {{"x": [1,2]}}, or --at x={path}')
            return list(found.items())
    if path.suffix != ".npz":
        raise InputError(
            "values are given as name=value", text=written, hint="as in --at x=1,y=[2,3] or --at values.npz"
        )
    with _reading(path, MAX_BYTES):
        with ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > MAX_BYTES:
            raise InputError(f"{path} unpacks to {unpacked >> 20:,} MB; at most {MAX_BYTES >> 20:,} MB are read")
        with np.load(path, allow_pickle=False) as arrays:
            return [(name, arrays[name]) for name in arrays.files]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise InputError(f"{path} is no JSON", hint='an array like [[1,2],[3,4]], or {"x": [1,2]}') from None


@contextmanager
def _reading(path: Path, limit: int) -> Iterator[None]:
    """A file that is there, and not too large; whatever goes wrong inside it is said in words."""
    if not path.is_file():
        raise InputError(f"there is no file {path}", hint="the path is taken from the folder you are in")
    if path.stat().st_size > limit:
        raise InputError(f"{path} is larger than {limit >> 20:,} MB")
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - zip, zlib and NumPy each raise their own for a broken file
        raise InputError(f"{path} cannot be read: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
