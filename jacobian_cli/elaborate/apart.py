"""What else is wrong in a line that cannot be read: its terms are read and typed one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from jacobian_cli.elaborate.program import elaborate
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Definition

_LONGEST = 2_000
_MOST = 20
_BARS = re.compile(r"[|‖∥∣;]|\\(?:[lr]?[vV]ert|left|begin)|\bdef\b|\blambda\b")
"""Where these stand, what is between two signs need not be a term."""
_ENDED = re.compile(r"(?:[^\W_](?<!\d[eE])|[)\]}'⁰-⁹ᵀ²³])\s*\Z")
"""What a term ends with: a sign behind it begins another."""
_HEAD = re.compile(r"\s*[^\W\d]\w*\s*=(?!=)")


def mistakes_apart(
    text: str, known: Sequence[InputError], shapes: Mapping[str, Shape], read: Callable[[str], Sequence[Definition]]
) -> Iterator[InputError]:
    """The mistakes in the terms of a text, but for those that are known: all but these are of shapes, or of reading."""
    terms = list(_terms(text))
    if len(terms) < 2 or len(text) > _LONGEST or len(terms) > _MOST or _BARS.search(text):
        return
    told = [error.span for error in known if error.span is not None]
    for start, stop in terms:
        try:
            elaborate(read(" " * start + text[start:stop]), shapes)
        except InputError as error:
            for one in error.errors:
                if one.span is None or any(one.span.start < s.stop and s.start < one.span.stop for s in told):
                    continue
                told.append(one.span)
                one.others = ()
                one.text = text
                yield one


def _terms(text: str) -> Iterator[tuple[int, int]]:
    """The places of the terms of a sum, outside brackets."""
    head = _HEAD.match(text)
    start, depth = head.end() if head else 0, 0
    for place in range(start, len(text)):
        sign = text[place]
        depth += (sign in "([{") - (sign in ")]}")
        alike = text[place - 1 : place].isspace() == text[place + 1 : place + 2].isspace()
        if sign in "+-−" and not depth and alike and _ENDED.search(text[start:place]):
            yield start, place
            start = place + 1
    yield start, len(text)
