"""Wrong derivations as students, authors and programmers make them, and right ones in unusual forms: an exam board.

Each wrong one bears the kinds that a teacher would call it by; the first kind told must be one of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.judged import judged
from jacobian_cli.api.check.run import judge_of

_CORPUS = Path(__file__).parents[1] / "corpus"


def _read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (_CORPUS / name).read_text(encoding="utf-8").splitlines()]


def _by_formula(name: str) -> list[list[dict[str, Any]]]:
    """What is said of each formula by each variable: one judge has all of it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in _read(name):
        about = [entry[key] for key in ("expr", "wrt", "shapes", "domain")]
        found.setdefault(json.dumps(about), []).append(entry)
    return list(found.values())


def _judge(entry: dict[str, Any]) -> Judge:
    shapes = {name: tuple(sizes) for name, sizes in entry["shapes"].items()}
    return judge_of(entry["expr"], entry["wrt"], shapes=shapes, assume=entry["domain"])


def _ids(entries: list[dict[str, Any]]) -> str:
    return " ".join(entry["id"] for entry in entries)


@pytest.mark.parametrize("entries", _by_formula("board.jsonl"), ids=_ids)
def test_a_mistake_is_found_named_and_mended(entries: list[dict[str, Any]]) -> None:
    judge = _judge(entries[0])
    for entry in entries:
        found = judged(judge, entry["claim"], entry["form"])
        assert found.verdict == entry["verdict"] != "right", entry["id"]
        assert found.diagnosis, entry["id"]
        if entry["kinds"]:
            assert found.diagnosis[0].kind in entry["kinds"], entry["id"]
        assert judged(judge, entry["right"], entry["form"] or found.form).passed, entry["id"]


@pytest.mark.parametrize("entries", _by_formula("equal.jsonl"), ids=_ids)
def test_an_equal_form_is_right(entries: list[dict[str, Any]]) -> None:
    judge = _judge(entries[0])
    for entry in entries:
        assert judged(judge, entry["claim"], entry["form"]).verdict == "right", entry["id"]
