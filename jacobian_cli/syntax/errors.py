"""The one exception that a user's input can cause, and how it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from jacobian_cli.syntax.doubts import pastes, plain

_WIDTH = 72


class Span(NamedTuple):
    """A half-open range of characters in a source text."""

    start: int
    stop: int


class Part(str):
    """A statement of a longer text: where it begins there is known, and where its signs stand is told in the whole."""

    __slots__ = ("start", "whole")

    whole: str
    start: int

    def __new__(cls, text: str, whole: str = "", start: int = 0) -> Self:
        found = super().__new__(cls, text)
        found.whole, found.start = whole or text, start
        return found


class InputError(ValueError):
    """Input that cannot be used: what is wrong, where (a caret), and how to mend it.

    What a hint quotes between backticks is text to paste; it is shown without them.

    >>> error = InputError("unknown name", text="a + b", span=Span(4, 5), hint="declare it: `-s b=n`")
    >>> print(error)
    unknown name
      a + b
          ^
    declare it: -s b=n
    >>> error.pastes
    ('-s b=n',)
    """

    def __init__(
        self,
        message: str,
        *,
        text: str | None = None,
        span: Span | None = None,
        hint: str | None = None,
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.span = span
        self.hint = None if hint is None else plain(hint)
        self.quoted = hint
        """The hint with its texts to paste between backticks."""
        self.pastes = pastes(hint or "")
        self.file = file
        self.line = line
        self.calls: tuple[tuple[str, Span], ...] = ()
        """The functions that are called in the formula, and where: there may be more to say of them."""
        self.others: tuple[InputError, ...] = ()
        """Further mistakes in the same input."""

    @property
    def errors(self) -> tuple[InputError, ...]:
        """Every mistake that was found, this one first."""
        return (self, *self.others)

    @property
    def typed(self) -> tuple[str | None, Span | None]:
        """All that was typed, and the place in it."""
        if not isinstance(self.text, Part):
            return self.text, self.span
        start = self.text.start
        return self.text.whole, None if self.span is None else Span(self.span.start + start, self.span.stop + start)

    @property
    def column(self) -> int | None:
        """Where in its line the mistake is, counted from 1."""
        text, span = self.typed
        if text is None or span is None:
            return None
        return span.start - text.rfind("\n", 0, span.start)

    def in_text(self, text: str, file: str | None = None, line: int | None = None) -> InputError:
        """The same mistakes in a longer text, or in a line of a file; those of another file stay there."""
        for error in self.errors:
            if file is not None and error.file not in (None, file):
                continue
            error.text = text
            error.file, error.line = file or error.file, line or error.line
        return self

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback: the message, and the place in the formula."""
        return [line for error in self.errors for line in error.told().splitlines()]

    def to_dict(self) -> dict[str, Any]:
        """The first mistake as JSON has it: `span` is its first character and the one behind its last."""
        place = self.typed[1]
        span = None if place is None else [place.start, place.stop]
        return {
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "span": span,
            "hint": self.hint,
        }

    def told(self) -> str:
        """One mistake alone: where, what, the place under carets, and the way out."""
        where = ""
        if self.line is not None:
            where = f"line {self.line}: "
            if self.file is not None:
                where = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None) + ": "
        lines = [printable(where + self.message)]
        text, span = self.typed
        if text is not None:
            lines += excerpt(text, span)
        if self.hint:
            lines.append(printable(self.hint))
        return "\n".join(lines)

    def __str__(self) -> str:
        return "\n".join(error.told() for error in self.errors)


_MOST = 20
"""So many mistakes are told at once."""


def together(errors: Sequence[InputError]) -> InputError:
    """Several mistakes as one exception: the first, which knows the others."""
    every = {(one.message, one.hint, one.text): one for error in reversed(errors) for one in reversed(error.errors)}
    first, *others = list(reversed(every.values()))[:_MOST]
    for other in others:
        other.others = ()
    first.others = tuple(others)
    return first


class Mistakes:
    """Collects what is wrong in several places, to tell all of it at once.

    >>> mistakes = Mistakes()
    >>> with mistakes.noted():
    ...     raise InputError("one")
    >>> with mistakes.noted():
    ...     raise InputError("another")
    >>> mistakes.raised()
    Traceback (most recent call last):
    jacobian_cli.syntax.errors.InputError: one
    another
    """

    def __init__(self) -> None:
        self.found: list[InputError] = []

    def noted(self) -> Self:
        """What goes wrong inside is kept for later."""
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, InputError):
            self.found.append(error)
            return True
        return False

    def raised(self) -> None:
        """Raise all that was noted, if there is any."""
        if self.found:
            raise together(self.found)


def printable(text: str) -> str:
    """`text` without control characters, which could drive a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def excerpt(text: str, span: Span | None) -> list[str]:
    """The line of `text` that holds `span`, cut to a screen's width, and the carets below it."""
    start = min(span.start, len(text)) if span else 0
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    line = printable(text[first : last if last >= 0 else len(text)])
    if span is None:
        return ["  " + (line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…")]
    at, length = start - first, max(1, min(span.stop, first + len(line)) - start)
    left = max(0, at - _WIDTH // 2) if len(line) > _WIDTH else 0
    shown, at = line[left : left + _WIDTH], at - left
    if left:
        shown = "…" + shown[1:]
    if left + _WIDTH < len(line):
        shown = shown[:-1] + "…"
    return ["  " + shown, "  " + " " * at + "^" * max(1, min(length, _WIDTH - at))]
