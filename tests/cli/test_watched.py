"""What somebody sees in front of a terminal: the answer before its check, colours unless they are not wanted."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from functools import cache

import pytest

CHAIN = ["chain", "z = W@x + b", "h = sigmoid(z)", "s = u.T@h", "--wrt", "W"]


@cache
def seen(*arguments: str, **environment: str) -> str:
    """All that a program writes to a terminal of 80 columns. It is the same however often it is asked for."""
    here, there = pty.openpty()
    keep = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR", "TERM")}
    env = {**keep, "TERM": "xterm-256color", "COLUMNS": "80", "PYTHONUTF8": "1", **environment}
    with subprocess.Popen(
        [sys.executable, "-m", "jacobian_cli", *arguments], stdin=there, stdout=there, stderr=there, env=env
    ) as program:
        os.close(there)
        parts = []
        while True:
            try:
                part = os.read(here, 1 << 16)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            parts.append(part)
        program.wait()
    os.close(here)
    return b"".join(parts).decode()


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["derive", "W@x + b", "--wrt", "W"], "Iₙ ⊗ xᵀ"),
        (["derive", "u.T @ sigmoid(W@x + b)"], "delta1@x.T"),
        (["hessian", "x.T@A@x", "--wrt", "x"], "Hessian"),
        (CHAIN, "Order of multiplication"),
        (["backprop", "x*y", "--at", "x=1,y=2"], "Operations"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_the_answer_stands_before_it_is_checked(arguments: list[str], answer: str) -> None:
    shown = seen(*arguments)
    assert 0 < shown.index(answer) < shown.index("checking…") < shown.rindex("✓")
    assert shown.count(answer) == 1


def test_a_pipe_shows_what_a_terminal_shows() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jacobian_cli", *CHAIN],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "COLUMNS": "80", "PYTHONUTF8": "1"},
    )
    watched = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen(*CHAIN)).replace("\r", "")
    for line in done.stdout.splitlines():
        assert line in watched


def test_colours_are_left_out_where_they_are_not_wanted() -> None:
    colour = re.compile(r"\x1b\[(?:\d+;)*3[0-7]")
    assert colour.search(seen(*CHAIN))
    assert "\x1b" not in seen(*CHAIN, NO_COLOR="1")  # nor bold, nor what moves the cursor
