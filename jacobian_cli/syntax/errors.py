"""The one exception that a user's input can cause, and how it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH = 72


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters in a source text."""

    start: int
    stop: int


class InputError(ValueError):
    """Input that cannot be used: what is wrong, where (a caret), and how to mend it.

    >>> print(InputError("unknown name", text="a + b", span=Span(4, 5), hint="declare it"))
    unknown name
      a + b
          ^
    declare it
    """

    def __init__(
        self,
        message: str,
        *,
        text: str | None = None,
        span: Span | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.span = span
        self.hint = hint
        self.others: tuple[InputError, ...] = ()
        """Further mistakes in the same input."""

    @property
    def errors(self) -> tuple[InputError, ...]:
        """Every mistake that was found, this one first."""
        return (self, *self.others)

    def __str__(self) -> str:
        lines = []
        for error in self.errors:
            lines.append(printable(error.message))
            if error.text is not None:
                lines += excerpt(error.text, error.span)
            if error.hint:
                lines.append(printable(error.hint))
        return "\n".join(lines)


def together(errors: Sequence[InputError]) -> InputError:
    """Several mistakes as one exception: the first, which knows the others."""
    first, *others = (one for error in errors for one in error.errors)
    first.others = tuple(others)
    return first


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
