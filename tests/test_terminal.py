"""Commands that share their imports show what they show when each is started anew."""

from __future__ import annotations

import pytest

from tests.terminal import terminal

SCRIPTS = {
    "an answer": 'jac derive "W@x + b" --wrt W',
    "a refusal": 'jac derive "W@@x" --wrt W',
    "a mismatch": 'jac check "x.T@x" --wrt x "x"',
    "a pipe, and standard input": "echo 'x.T@A@x' | jac derive - --wrt x --json | head -c 60",
    "another directory and width": "cd examples && COLUMNS=40 jac derive -f window.jac --wrt W | tail -n 3",
    "one after the other": "jac --version; jac nonsense; echo $?; jac functions tanh",
    "an end that hears no more": 'jac functions | head -n 1; jac derive "x" --wrt x > /dev/full; echo $?',
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_shared_start_changes_nothing(script: str) -> None:
    with terminal() as shell, terminal(shared=False) as anew:
        shared, alone = shell.run(SCRIPTS[script]), anew.run(SCRIPTS[script])
    assert (shared.returncode, shared.stdout, shared.stderr) == (alone.returncode, alone.stdout, alone.stderr)
