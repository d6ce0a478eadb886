"""Arguments from Python that are words and numbers: what is of another kind is refused in one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from numbers import Real
from operator import index

from jacobian_cli.syntax.errors import InputError

MAX_POINTS = 100


def whole(value: object, least: int, most: int, message: str, hint: str) -> int:
    """A whole number between two others, NumPy's too. Raises `InputError` for anything else.

    >>> whole(2, 1, 3, "{} is no order", "1 to 3")
    2
    """
    try:
        number = index(value)  # type: ignore[arg-type]  # what is no number raises
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or not least <= number <= most:
        raise InputError(message.format(shown(value)), hint=hint)
    return number


def points_of(value: object) -> int:
    """At how many random points an answer is checked."""
    return whole(value, 1, MAX_POINTS, "{} points cannot be checked at", f"a whole number from 1 to {MAX_POINTS}")


def positive(value: object, message: str, hint: str) -> float:
    """A finite number above zero. Raises `InputError` for anything else."""
    if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value) or value <= 0:
        raise InputError(message.format(shown(value)), hint=hint)
    return float(value)


def word(value: object, words: Iterable[str], message: str, hint: str | None = None) -> str:
    """One of some words. Raises `InputError` for anything else; its hint lists them.

    >>> word("text", ["text", "latex"], "there is no format {}")
    'text'
    """
    known = list(words)
    if not isinstance(value, str) or value not in known:
        raise InputError(message.format(shown(value)), hint=hint or f"there are {', '.join(known)}")
    return value


def textual(value: object, what: str, hint: str | None = None) -> str:
    """A text. Raises `InputError` for anything else."""
    if not isinstance(value, str):
        raise InputError(f"{what} is a text, not {shown(value)}", hint=hint)
    return value


def flag(value: object, name: str) -> bool:
    """True or False. Raises `InputError` for anything else: "no" would be true."""
    if not isinstance(value, bool):
        raise InputError(f"{name} is True or False, not {shown(value)}")
    return value


def shown(value: object) -> str:
    """A value in a message: short, on one line."""
    written = " ".join((f"'{value}'" if isinstance(value, str) else repr(value)).split())
    return written if len(written) <= 60 else f"{written[:57]}…"
