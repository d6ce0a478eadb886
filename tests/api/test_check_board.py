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


def _judge(entry: dict[str, Any]) -> Judge:
    shapes = {name: tuple(sizes) for name, sizes in entry["shapes"].items()}
    return judge_of(entry["expr"], entry["wrt"], shapes=shapes, assume=entry["domain"])


@pytest.mark.parametrize("entry", _read("board.jsonl"), ids=lambda e: e["id"])
def test_a_mistake_is_found_named_and_mended(entry: dict[str, Any]) -> None:
    judge = _judge(entry)
    found = judged(judge, entry["claim"], entry["form"])
    assert found.verdict == entry["verdict"]
    assert found.verdict != "right"
    assert found.diagnosis
    if entry["kinds"]:
        assert found.diagnosis[0].kind in entry["kinds"]
    assert judged(judge, entry["right"], entry["form"] or found.form).passed


@pytest.mark.parametrize("entry", _read("equal.jsonl"), ids=lambda e: e["id"])
def test_an_equal_form_is_right(entry: dict[str, Any]) -> None:
    assert judged(_judge(entry), entry["claim"], entry["form"]).verdict == "right"
