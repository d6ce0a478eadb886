"""Time for all that SymPy is asked about one question of the user's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import thread_time

SECONDS = 2.5


class TooLargeError(Exception):
    """A table in symbols that would be too large to write out, or to compare."""


class Budget:
    """So many seconds of work in all, counted by a clock while something is being `spent`.

    >>> moments = iter(range(9))
    >>> budget = Budget(2, lambda: next(moments))
    >>> with budget.spent():
    ...     budget.ask()
    >>> with budget.spent():
    ...     budget.ask()
    Traceback (most recent call last):
    jacobian_cli.checks.oracles.budget.TooLargeError: it takes more than 2 s
    """

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = thread_time) -> None:
        self.seconds = seconds
        self._clock = clock
        self._used = 0.0
        self._since: float | None = None

    @contextmanager
    def spent(self) -> Iterator[None]:
        """What is done in here is paid for."""
        if self._since is not None:
            yield
            return
        self._since = self._clock()
        try:
            yield
        finally:
            self._used += self._clock() - self._since
            self._since = None

    def ask(self) -> None:
        """Go on. Raises `TooLargeError` where nothing is left."""
        running = 0.0 if self._since is None else self._clock() - self._since
        if self._used + running >= self.seconds:
            raise TooLargeError(f"it takes more than {self.seconds:g} s")
