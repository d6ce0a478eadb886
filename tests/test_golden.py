"""The look of the answers: each command of golden/commands.toml prints what its golden file says."""

from __future__ import annotations

import pytest

from tests.transcripts import GOLDEN, difference, golden, golden_commands, same


@pytest.mark.parametrize("name", golden_commands())
def test_look(name: str) -> None:
    path = GOLDEN / f"{name}.txt"
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    now = golden(golden_commands()[name])
    if not same(written, now):
        pytest.fail(difference(written, now, path.name), pytrace=False)


def test_every_golden_file_has_its_command() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(golden_commands())
