"""A terminal of 80 columns without colours, in a directory of its own, where `jac` is the code under test."""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
_INHERITED = ("HOME", "LD_LIBRARY_PATH", "TMPDIR")
_MARK = "-- the next command --"
_SECONDS = 120


class Terminal:
    """Runs shell commands as a reader of the README would, from the top of a checkout. What every `jac` has to import
    is imported once for all, if it is `shared`.
    """

    def __init__(self, home: Path, *, shared: bool = True) -> None:
        self.home = home
        commands = home / ".bin"
        commands.mkdir()
        jac = commands / "jac"
        start = [sys.executable, "-P", "-m", "jacobian_cli"]
        if shared:
            start = shared_jac()
        jac.write_text(f'#!/bin/sh\nexec {shlex.join(start)} "$@"\n', encoding="utf-8")
        jac.chmod(0o755)
        if (ROOT / "examples").is_dir():
            shutil.copytree(ROOT / "examples", home / "examples")
        path = (str(commands), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))
        self.environment = _environment() | {"PATH": os.pathsep.join(path)}

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


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "COLUMNS": "80",
        "LINES": "24",
        "NO_COLOR": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def shared_jac() -> list[str]:
    """How `jac` is called where it need not start: its imports are there, all else is its own."""
    return [sys.executable, "-I", "-S", str(ROOT / "tests" / "prefork.py"), _server()]


@cache
def _server() -> str:
    """The address at which commands are run that need not start. It serves as long as this process lives."""
    home = TemporaryDirectory(prefix="jac-")
    atexit.register(home.cleanup)
    address = str(Path(home.name) / "socket")
    serving = subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.prefork", address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment() | {"PATH": os.environ.get("PATH", os.defpath)},
    )
    assert serving.stdin is not None
    assert serving.stdout is not None
    assert serving.stdout.readline() == b"ready\n"
    atexit.register(serving.wait)
    atexit.register(serving.stdin.close)
    return address


@contextmanager
def terminal(*, shared: bool = True) -> Iterator[Terminal]:
    """A terminal in a new directory that holds a copy of the examples."""
    with TemporaryDirectory(prefix="jac-") as home:
        yield Terminal(Path(home), shared=shared)
