"""Homework graded: derivations as they are found in homework, forums and lecture notes. Every wrong one is found and
called by one of its names; right ones in unusual forms are right.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jacobian_cli.api.check.judged import judged
from jacobian_cli.api.check.run import judge_of

LINES = Path(__file__).with_name("homework.jsonl").read_text(encoding="utf-8").splitlines()
"""The formula, the variable, the claim, the kinds of mistake that it may be called (none where it is right), and what
is said besides.
"""


ASKED = ("claim", "form", "kinds")
"""What is said of a claim; all else is of the formula, and one judge has all claims about it."""


def _by_formula() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in map(json.loads, LINES):
        about = {key: value for key, value in entry.items() if key not in ASKED}
        found.setdefault(json.dumps(about, ensure_ascii=False), []).append(entry)
    return found


CLAIMS = _by_formula()


@pytest.mark.parametrize("about", CLAIMS)
def test_homework(about: str) -> None:
    given = json.loads(about)
    judge = judge_of(given.pop("formula"), given.pop("wrt"), **given)
    otherwise = []
    for entry in CLAIMS[about]:
        found = judged(judge, entry["claim"], entry.get("form"))
        named = [diagnosis.kind for diagnosis in found.diagnosis]
        kinds = entry["kinds"]
        called = found.verdict != "right" and any(kind in name for kind in kinds for name in named)
        if not (called if kinds else found.verdict == "right"):
            otherwise.append((entry["claim"], kinds, found.verdict, named))
    assert otherwise == []
