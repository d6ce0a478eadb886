"""The one exception that a user's input can cause, and how it is drawn."""

from __future__ import annotations

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

    def __str__(self) -> str:
        lines = [printable(self.message)]
        if self.text is not None:
            lines += excerpt(self.text, self.span)
        if self.hint:
            lines.append(printable(self.hint))
        return "\n".join(lines)


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
