"""A terminal of 80 columns without colours, in a directory of its own, where `jac` is the code under test."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
_INHERITED = ("HOME", "LD_LIBRARY_PATH", "TMPDIR")
_MARK = "-- the next command --"
_SECONDS = 120


class Terminal:
    """Runs shell commands as a reader of the README would, from the top of a checkout."""

    def __init__(self, home: Path) -> None:
        self.home = home
        commands = home / ".bin"
        commands.mkdir()
        jac = commands / "jac"
        jac.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m jacobian_cli "$@"\n', encoding="utf-8")
        jac.chmod(0o755)
        if (ROOT / "examples").is_dir():
            shutil.copytree(ROOT / "examples", home / "examples")
        path = (str(commands), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))
        self.environment = {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
            "PATH": os.pathsep.join(path),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "COLUMNS": "80",
            "LINES": "24",
            "NO_COLOR": "1",
        }

    def run(self, script: str, *, merged: bool = False) -> subprocess.CompletedProcess[str]:
        """The outcome of a script; `merged` puts both streams into `stdout`, as a screen does."""
        return subprocess.run(
            ["sh", "-c", script],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )

    def outputs(self, commands: Sequence[str]) -> list[str]:
        """What each command shows when they are typed one after the other into one shell."""
        tail = f"\n_status=$?; printf '\\n%s\\n' '{_MARK}'; (exit $_status)\n"
        shown = self.run("".join(command + tail for command in commands), merged=True).stdout.split(f"\n{_MARK}\n")
        return [*shown, *[""] * len(commands)][: len(commands)]


@contextmanager
def terminal() -> Iterator[Terminal]:
    """A terminal in a new directory that holds a copy of the examples."""
    with TemporaryDirectory(prefix="jac-") as home:
        yield Terminal(Path(home))
