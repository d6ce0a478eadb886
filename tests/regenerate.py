"""Writes what `jac` prints now into README.md, the examples and the golden files. Read the difference afterwards.

python -m tests.regenerate              everything
python -m tests.regenerate README.md    what bears one of these names
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.terminal import ROOT
from tests.transcripts import GOLDEN, document, documents, golden, golden_commands, pictures, same


def main(wanted: list[str]) -> None:
    """Write the files that bear one of the wanted names, or all."""
    texts: dict[Path, Callable[[], str]] = {path: partial(document, path) for path in documents()}
    texts |= {GOLDEN / f"{name}.txt": partial(golden, command) for name, command in golden_commands().items()}
    texts |= pictures()
    for path, text in texts.items():
        if wanted and not {path.name, path.stem} & set(wanted):
            continue
        old, new = path.read_text(encoding="utf-8") if path.exists() else "", text()
        if not same(old, new):
            path.write_text(new, encoding="utf-8")
            print("written:", path.relative_to(ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
