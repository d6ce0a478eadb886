"""Engines that keep state of their own for the whole process: the depth of autograd's traces, mpmath's precision."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")
_engine = RLock()


def alone(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """A function that only one thread at a time is in."""

    @wraps(function)
    def locked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with _engine:
            return function(*args, **kwargs)

    return locked
