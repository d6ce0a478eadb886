"""Functions that are run: what they give is judged, and what goes wrong in them is one message."""

from __future__ import annotations

from pathlib import Path

import pytest

import jacobian_cli as jac
from jacobian_cli.api.check.run import judge_of
from jacobian_cli.api.check.running import judged_by_running

NEURON = "u.T @ sigmoid(W@x + b)"
HEAD = "import numpy as np\n\ndef slope(z):\n    h = 1/(1 + np.exp(-z))\n    return h*(1 - h)\n\n"

VERDICTS = [
    ("def mine(u, W, x, b):\n    return np.outer(u*slope(W@x + b), x)\n", None, "right", ""),
    ("def mine(u, W, x, b):\n    print('hello')\n    return -np.outer(u*slope(W@x + b), x)\n", None, "wrong", "sign"),
    ("def mine(delta, u, W, x, b):\n    return delta*np.outer(u*slope(W@x + b), x)\n", None, "right", ""),
    ("def mine(g, u, W, x, b):\n    return np.outer(u*slope(W@x + b), x)\n", None, "wrong", "upstream_forgotten"),
    ("def mine(u, W, x, b):\n    return np.outer(x, u*slope(W@x + b))\n", None, "right if", ""),
    ("def mine(u, W, x, b):\n    return np.outer(u*slope(W@x + b), x).reshape(1, -1)\n", "jacobian", "right", ""),
    ("def mine(u, W, x, b):\n    return np.outer(u, u)\n", None, "wrong", "shape"),
]


@pytest.mark.parametrize(("body", "form", "verdict", "kind"), VERDICTS)
def test_verdicts(tmp_path: Path, body: str, form: str | None, verdict: str, kind: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(HEAD + body, encoding="utf-8")
    found = judged_by_running(judge_of(NEURON, "W"), f"{file}:mine", form)
    assert found.verdict == verdict
    assert not kind or kind in {d.kind for d in found.diagnosis}


REFUSED = [
    ("def mine(W):\n    raise KeyError('no')\n", "raises KeyError"),
    ("def mine(W):\n    W += 1\n    return W\n", "changes its argument W"),
    ("def mine(W):\n    return 'W'\n", "gives str"),
    ("def mine(W):\n    return W/0\n", "not finite"),
    ("def mine(W):\n    while True: pass\n", "does not end within 2 seconds"),
    ("def mine(W):\n    import os; os._exit(0)\n", "ends the process"),
    ("raise ValueError('at once')\ndef mine(W):\n    return W\n", "cannot be loaded"),
    ("def mine(W, q):\n    return W\n", "'q' is not in the function"),
    ("def mine(W:\n", "is no Python"),
    ("mine = 3\n", "which function"),
]


@pytest.mark.parametrize(("body", "message"), REFUSED)
def test_refused(tmp_path: Path, body: str, message: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(body, encoding="utf-8")
    with pytest.raises(jac.InputError, match=message):
        judged_by_running(judge_of(NEURON, "W"), f"{file}:mine", None, seconds=2)
