"""Where an answer cannot go: a full disk, a reader who has gone, a terminal of no width."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal import shared_jac

COMMANDS = [
    ["derive", "u.T@x", "--wrt", "x"],
    ["derive", "u.T@x", "--wrt", "x", "--json"],
    ["derive", "u.T@x", "--wrt", "x", "--to", "latex"],
    ["chain", "z = W@x", "sum(z)", "--wrt", "W"],
    ["backprop", "x*y", "--at", "x=1,y=2"],
    ["check", "x.T@x", "2*x", "--wrt", "x", "--json"],
    ["functions"],
    ["man"],
    ["derive", "--help"],
]
FULL = Path("/dev/full")


def ended(arguments: list[str], out: int) -> subprocess.CompletedProcess[str]:
    command = [*shared_jac(), *arguments]
    env = {**os.environ, "PYTHONUTF8": "1"}
    return subprocess.run(command, stdout=out, stderr=subprocess.PIPE, encoding="utf-8", check=False, env=env)


@pytest.mark.skipif(not FULL.exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_full_disk_is_told_of(arguments: list[str]) -> None:
    with FULL.open("wb") as full:
        done = ended(arguments, full.fileno())
    assert (done.returncode, done.stderr) == (2, "jac: the answer could not be written: No space left on device\n")


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_an_output_that_is_closed_is_told_of(arguments: list[str]) -> None:
    command = shlex.join([sys.executable, "-m", "jacobian_cli", *arguments])
    done = subprocess.run(f"{command} >&-", shell=True, stderr=subprocess.PIPE, encoding="utf-8", check=False)  # noqa: S602 - only a shell closes it
    assert (done.returncode, done.stderr) == (2, "jac: the answer could not be written: Bad file descriptor\n")


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_reader_who_has_gone_is_no_fault(arguments: list[str]) -> None:
    gone, pipe = os.pipe()
    os.close(gone)
    done = ended(arguments, pipe)
    os.close(pipe)
    assert (done.returncode, done.stderr) == (0, "")
