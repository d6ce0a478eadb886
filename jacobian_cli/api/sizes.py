"""Sizes and shapes as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jacobian_cli.shape import Shape

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def shape_said(shape: Shape) -> str:
    """A shape in a line: `n×m`, `n`, `scalar`."""
    return "×".join(map(power_said, shape)) or "scalar"


def sized(shape: Iterable[object]) -> str:
    """A shape on the screen: `n × d·m`, `n³`, `scalar`."""
    return " × ".join(map(power_said, shape)) or "scalar"


def power_said(size: object) -> str:
    """A size as people write it: n², 2·n."""
    raised = re.sub(r"\*\*(\d+)", lambda power: power[1].translate(_RAISED), str(size))
    return raised.replace("*", "·")
