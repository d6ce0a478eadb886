"""The examples beyond what their pages show: pictures where matplotlib is installed, and what to do where it is not."""

from __future__ import annotations

import importlib.util
import re

import pytest

from tests.terminal import terminal

PLOTS = importlib.util.find_spec("matplotlib") is not None


def test_training_learns() -> None:
    with terminal() as shell:
        done = shell.run("python3 examples/train_window.py --picture loss.png")
        assert done.returncode == 0, done.stderr
        picture = shell.home / "loss.png"
        if PLOTS:
            assert picture.read_bytes().startswith(b"\x89PNG")
        else:
            assert "matplotlib is not installed" in done.stdout
    epochs = [
        (float(loss), int(training), int(held_out))
        for loss, training, held_out in re.findall(r"^ +\d+ +(\d\.\d\d) +(\d+)% +(\d+)%$", done.stdout, re.MULTILINE)
    ]
    assert epochs[-1][0] < epochs[0][0] / 10
    assert epochs[-1][1] == 100
    assert epochs[-1][2] > 90


@pytest.mark.parametrize("arguments", ["--help", "--nonsense"])
def test_the_script_explains_itself(arguments: str) -> None:
    with terminal() as shell:
        done = shell.run(f"python3 examples/train_window.py {arguments}")
    assert "--picture FILE" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
