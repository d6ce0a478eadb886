"""Homework graded: derivations as they are found in homework, forums and lecture notes. Every wrong one is found and
called by one of its names; right ones in unusual forms are right.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import jacobian_cli as jac

LINES = Path(__file__).with_name("homework.jsonl").read_text(encoding="utf-8").splitlines()
"""The formula, the variable, the claim, the kinds of mistake that it may be called (none where it is right), and what
is said besides.
"""


@pytest.mark.parametrize("entry", [json.loads(line) for line in LINES])
def test_homework(entry: dict[str, Any]) -> None:
    kinds = entry.pop("kinds")
    found = jac.check(entry.pop("formula"), entry.pop("wrt"), entry.pop("claim"), **entry)
    assert (found.verdict == "right") is not bool(kinds)
    named = [diagnosis.kind for diagnosis in found.diagnosis]
    assert not kinds or any(kind in name for kind in kinds for name in named), named
