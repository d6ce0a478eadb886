"""How much work something is, whatever else the machine does meanwhile."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

_EINSUM = re.compile(r'einsum\("([^"]*)->')


def calls(work: Callable[[], object]) -> int:
    """How many functions of Python are called: the same in every run, as seconds are not."""
    count = 0

    def counted(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        del frame, argument
        count += event == "call"

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def operands(source: str) -> int:
    """The most operands of one einsum in a source: of more than two, every letter is a loop inside all others."""
    return max((len(inputs.split(",")) for inputs in _EINSUM.findall(source)), default=0)
