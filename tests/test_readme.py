"""Nothing shown is unexecuted: the README and the examples say what `jac` prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.terminal import ROOT
from tests.transcripts import difference, document, documents, golden_commands, same

README = ROOT / "README.md"
READ = (".csv", ".jac", ".json", ".npy", ".npz", ".py", ".txt")
"""What sessions read or run; a script is shown with what it prints, as a command is."""


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_what_is_shown_is_what_is_printed(path: Path) -> None:
    written, now = path.read_text(encoding="utf-8"), document(path)
    if not same(written, now):
        pytest.fail(difference(written, now, path.name), pytrace=False)


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_every_session_stands_where_it_is_run(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    elsewhere = re.sub(r"^ *```(console|python)\n.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert not re.findall(r"^\s*(?:\$ |>>> ).*", elsewhere, re.MULTILINE)


def test_every_example_is_run_or_read_by_one() -> None:
    texts = [path.read_text(encoding="utf-8") for path in documents()] + list(golden_commands().values())
    for path in (ROOT / "examples").glob("**/*"):
        if path.is_dir() or path in documents():
            continue
        assert path.suffix in READ, f"{path.name} is not run by any test"
        assert any(path.name in text for text in texts), f"no session uses {path.name}"
