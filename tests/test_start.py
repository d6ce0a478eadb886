"""What `jac` loads before it must: help and a syntax error wait for no mathematics."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"autograd", "numpy", "rich", "sympy"}
_SCRIPT = """
import sys
from jacobian_cli.cli.main import run
try:
    run(sys.argv[1:])
except SystemExit as end:
    status = end.code
print(status, *sorted(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--help"], 0), (["derive", "--help"], 0), (["derive", "W@@x", "--wrt", "W"], 2), (["derive", "W@x"], 2)],
)
def test_nothing_heavy_is_loaded(arguments: list[str], status: int) -> None:
    ended = subprocess.run([sys.executable, "-c", _SCRIPT, *arguments], capture_output=True, text=True, check=True)
    ending, *modules = ended.stderr.splitlines()[-1].split()
    assert int(ending) == status
    assert HEAVY.isdisjoint(modules)


def test_a_graph_needs_no_computer_algebra() -> None:
    arguments = ["backprop", "x*y", "--at", "x=1,y=2"]
    ended = subprocess.run([sys.executable, "-c", _SCRIPT, *arguments], capture_output=True, text=True, check=True)
    ending, *modules = ended.stderr.splitlines()[-1].split()
    assert int(ending) == 0
    assert "sympy" not in modules
