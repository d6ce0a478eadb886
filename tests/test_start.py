"""What `jac` loads before it must: help and a syntax error wait for no mathematics."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.terminal import shared_jac

HEAVY = {"autograd", "numpy", "rich", "sympy"}
_SCRIPT = """
import sys
from jacobian_cli.cli.run import run
try:
    run(sys.argv[1:])
except SystemExit as end:
    status = end.code
print(status, *sorted(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--help"], 0), (["derive", "--help"], 0), (["derive", "W@@x", "--wrt", "W"], 2), (["functions", "--nosuch"], 2)],
)
def test_nothing_heavy_is_loaded(arguments: list[str], status: int) -> None:
    ended = subprocess.run([sys.executable, "-c", _SCRIPT, *arguments], capture_output=True, text=True, check=True)
    ending, *modules = ended.stderr.splitlines()[-1].split()
    assert int(ending) == status
    assert HEAVY.isdisjoint(modules)


def test_a_graph_needs_neither_derivations_nor_computer_algebra() -> None:
    arguments = ["backprop", "x*y", "--at", "x=1,y=2"]
    ended = subprocess.run([sys.executable, "-c", _SCRIPT, *arguments], capture_output=True, text=True, check=True)
    ending, *modules = ended.stderr.splitlines()[-1].split()
    assert int(ending) == 0
    assert {"sympy", "jacobian_cli.api.derive.answer", "jacobian_cli.calculus.derivative.forms"}.isdisjoint(modules)


@pytest.mark.parametrize(
    "arguments",
    [["derive", "u.T@sigmoid(W@x)"], ["hessian", "x.T@A@x", "-w", "x"], ["chain", "z = W@x", "sum(z)", "-w", "W"]],
)
def test_an_answer_needs_no_numbers(arguments: list[str]) -> None:
    """It is on the screen before what checks it is loaded."""
    command = [sys.executable, "-c", _SCRIPT, *arguments, "--no-check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONUTF8": "1"})
    ending, *modules = ended.stderr.splitlines()[-1].split()
    assert int(ending) == 0
    assert HEAVY - {"rich"} <= HEAVY.difference(modules)


_INTERRUPTED = """
import os, signal, sys

module = sys.argv[1]

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has it ignored
sys.meta_path.insert(0, Interrupting())
from jacobian_cli.__main__ import run
sys.argv = ["jac", "derive", "u.T@sigmoid(W@x)", "--wrt", "W"]
run()
"""


@pytest.mark.parametrize(
    "module",
    [
        "jacobian_cli.cli.run",
        "jacobian_cli.cli.main",
        "click",
        "jacobian_cli.cli.derive",
        "numpy",
        "sympy",
        "rich.console",
    ],
)
def test_an_interrupted_start_ends_without_a_traceback(module: str) -> None:
    """Ctrl-C while a module is being loaded, be it the first or the last."""
    ended = subprocess.run([sys.executable, "-c", _INTERRUPTED, module], capture_output=True, text=True, check=False)
    assert ended.returncode == 130
    assert "Traceback" not in ended.stderr
    assert "jac: interrupted" in ended.stderr or not ended.stderr


@pytest.mark.parametrize("columns", ["0", "-1", "1", "x", "999999999999"])
def test_any_width_is_answered(columns: str) -> None:
    command = [*shared_jac(), "derive", "x*x", "--wrt", "x"]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": columns, "PYTHONUTF8": "1"}
    )
    assert "diag(2*x)" in ended.stdout


_CORE = """
import sys
import jacobian_cli
from jacobian_cli.printers.math.steps import left_mathml
r = jacobian_cli.derive(["z = W@x + b", "h = sigmoid(z)", "s = u.T@h"], wrt="W", check=False)
shown = [r.jacobian.closed_form, r.gradient.latex, r.vjp.mathml]
shown += [step.latex + left_mathml(step.step.left) for step in r.steps()]
assert all(shown)
print(*sorted(sys.modules))
"""


def test_text_to_closed_form_steps_latex_and_mathml_needs_the_standard_library_alone() -> None:
    ended = subprocess.run([sys.executable, "-c", _CORE], capture_output=True, encoding="utf-8", check=True)
    loaded = {name.partition(".")[0] for name in ended.stdout.split()}
    assert HEAVY.isdisjoint(loaded)
    assert "click" not in loaded
