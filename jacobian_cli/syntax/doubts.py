"""What may have been read otherwise than it was meant, and texts to paste inside messages."""

from __future__ import annotations

import re
from typing import NamedTuple

_QUOTED = re.compile(r"`([^`]+)`")


def pastes(message: str) -> tuple[str, ...]:
    """The texts to paste in a message, which stand between backticks.

    >>> pastes("a power is written `x**2`, an inverse `inv(A)`")
    ('x**2', 'inv(A)')
    """
    return tuple(_QUOTED.findall(message))


def plain(message: str) -> str:
    """A message as it is shown: without the backticks, which a shell would run."""
    return message.replace("`", "")


class Doubt(NamedTuple):
    """A reading that may not be the one meant. The message quotes both, first the one that was taken.

    >>> doubt = Doubt("`W*x` multiplies entry by entry; the matrix product is `W@x`")
    >>> str(doubt), doubt.readings
    ('W*x multiplies entry by entry; the matrix product is W@x', ('W*x', 'W@x'))
    """

    message: str

    @property
    def readings(self) -> tuple[str, ...]:
        """The texts to paste."""
        return pastes(self.message)

    def __str__(self) -> str:
        return plain(self.message)
