"""What is exported to C, compiled here and called with arrays. Where there is no compiler, tests say so."""

from __future__ import annotations

import ctypes
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jacobian_cli.api.export.c import compiler

Array = Any
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")
needs_compiler = pytest.mark.skipif(compiler() is None, reason="there is no C compiler: apt-get install gcc")


class Library:
    """The functions of a file of C, called by the names of their arguments."""

    def __init__(self, source: str, folder: Path, made: ctypes.CDLL | None = None, ending: str = "") -> None:
        """The file is compiled unless it is `made` already, where its names have an ending."""
        self.library, self.ending = made or _compiled(source, folder), ending
        heads = re.findall(r"^(double|void) (\w+)\(([^)]*)\) \{$", source, re.MULTILINE)
        self.heads = {name: (kind, [p.strip() for p in parameters.split(",")]) for kind, name, parameters in heads}

    def __call__(self, function: str, at: dict[str, Array]) -> tuple[float | None, list[Array]]:
        """What is returned, and the arrays that are written, flat."""
        kind, parameters = self.heads[function]
        call: list[Any] = []
        kept, outs = [], []
        for parameter in parameters:
            found = re.fullmatch(r"(const )?double (\*?)(\w+)(?:\[(\d+)\])?", parameter)
            assert found, parameter
            const, pointer, name, size = found.groups()
            if not const and (pointer or size):
                outs.append(np.full(int(size or 1), np.nan))
                call.append(outs[-1].ctypes.data_as(ctypes.c_void_p))
            elif size:
                kept.append(np.ascontiguousarray(at[name], float))
                assert kept[-1].size == int(size)
                call.append(kept[-1].ctypes.data_as(ctypes.c_void_p))
            else:
                call.append(ctypes.c_double(float(at[name])))
        called = getattr(self.library, function + self.ending)
        called.restype = ctypes.c_double if kind == "double" else None
        return called(*call), outs


def together(sources: Sequence[str], folder: Path) -> list[Library]:
    """Files of C that are compiled as one, each with names of its own: compilers take longer to start than to work."""
    endings = [f"_of_{k}" for k in range(len(sources))]
    made = _compiled("\n".join(map(_renamed, sources, endings)), folder)
    return [Library(source, folder, made, ending) for source, ending in zip(sources, endings, strict=True)]


def _renamed(source: str, ending: str) -> str:
    """A file whose functions and variables have names with an ending."""
    names = set(re.findall(r"^(?:static )?(?:double|void|int|unsigned long) \*?(\w+)", source, re.MULTILINE))
    return re.sub(r"\b\w+\b", lambda found: found[0] + ending if found[0] in names else found[0], source)


def _compiled(source: str, folder: Path) -> ctypes.CDLL:
    file, made = folder / "exported.c", folder / "exported.so"
    file.write_text(source, encoding="utf-8")
    command = [compiler() or "", *FLAGS, "-DJAC_TEST", "-shared", "-fPIC", str(file), "-o", str(made), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, f"{done.stderr}\n{source}"
    return ctypes.CDLL(str(made))
