"""The rules of the house are kept by tools, and the tools are run here."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.terminal import ROOT

CODE = ("jacobian_cli", "tests", "examples")
SCRIPTS = Path(sysconfig.get_path("scripts"))
TOOLS: dict[str, tuple[str | Path, ...]] = {
    "lint": (sys.executable, "-m", "ruff", "check", "--output-format=concise", *CODE),
    "format": (sys.executable, "-m", "ruff", "format", "--check", *CODE),
    "types": (sys.executable, "-m", "mypy"),
    "layers": (SCRIPTS / "lint-imports", "--no-logo"),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_tool_finds_nothing(tool: str) -> None:
    done = subprocess.run(TOOLS[tool], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        pytest.fail(f"{done.stdout}{done.stderr}", pytrace=False)


LONGEST = 450


def test_no_file_is_too_long_to_be_read() -> None:
    package = ROOT / "jacobian_cli"
    lines = {str(p.relative_to(package)): len(p.read_text("utf-8").splitlines()) for p in package.rglob("*.py")}
    assert not {name for name, count in lines.items() if count > LONGEST}


def test_the_installed_command_answers_from_anywhere(tmp_path: Path) -> None:
    jac = SCRIPTS / "jac"
    assert jac.exists(), "install the package first: pip install -e '.[test]'"
    done = subprocess.run(
        [jac, "derive", "W@x+b", "--wrt", "W"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
