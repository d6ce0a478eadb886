"""A server of its own for the tests, at a port that is free."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SECONDS = 120
"""A busy machine starts it slowly."""


@dataclass
class Served:
    """Where a server is, the address it printed, and its process."""

    port: int
    address: str
    process: subprocess.Popen[str]

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@contextmanager
def served(*options: str) -> Iterator[Served]:
    """`jac serve` until the tests are done; it must then end by itself on Ctrl-C."""
    command = [sys.executable, "-P", "-m", "jacobian_cli", "serve", "--port", "0", *options]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            yield Served(int(address.split(":")[2].split("/")[0]), address, process)
            assert process.poll() is None, "the server ended by itself"
            process.send_signal(signal.SIGINT)
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()
