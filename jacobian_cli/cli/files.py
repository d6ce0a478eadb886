"""Files of definitions that are read, and files that are written."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from jacobian_cli.syntax.errors import InputError

MAX_FILE = 10_000_000


def is_file(path: str) -> bool:
    """Whether there is such a file."""
    return Path(path).is_file()


def read_file(path: str) -> str:
    """The text of a file of definitions; `-` is what comes in from a pipe."""
    if path == "-":
        return sys.stdin.read(MAX_FILE)
    file = Path(path)
    if file.is_dir():
        raise InputError(f"{path} is a folder", hint="name a file in it: -f FOLDER/FILE.jac")
    if not file.is_file():
        raise InputError(f"there is no file {path}", hint="the path is taken from the folder you are in")
    if file.stat().st_size > MAX_FILE:
        raise InputError(f"{path} is too large to be a file of definitions")
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{path} cannot be read as text") from None


def write_files(texts: Mapping[str, str | bytes], *, force: bool) -> None:
    """Write files. Raises `InputError`, before any is written, for one that is there unless it may be replaced."""
    for path in texts:
        if Path(path).exists() and not force:
            raise InputError(f"{path} is there already", hint="name another file, or write over it with --force")
    for path, text in texts.items():
        try:
            Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}") from None
