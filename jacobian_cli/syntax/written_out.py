r"""Definitions of entries, written out under the sums that run over their index: of `zᵢ = wᵀxᵢ, L = ∑ᵢ log(1 + e^zᵢ)`
the one formula is L = ∑ᵢ log(1 + e^(wᵀxᵢ)).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from jacobian_cli.syntax.names import ACCENTS, Known, plain_name

_HEAD = re.compile(
    r"[\s&]*(?P<name>(?:\\[A-Za-z]+\s*)?\{?(?:\\[A-Za-z]+|[^\W\d_])\}?(?:_(?:[a-z]|\{[a-z]\})|[ₐ-ₜᵢ-ᵥ]))\s*&?\s*=(?!=)"
)
"""An entry that is defined."""
_RUNS = re.compile(
    r"(?:∑|∏|(?<![^\W_])Σ|\\?(?<![A-Za-z])(?:sum|prod))(?:\\limits)?\s*(?:_\s*\{?\s*)?([a-z]|[ₐ-ₜᵢ-ᵥ])(?![A-Za-z])"
)
_PIECES = re.compile(r"\\[A-Za-z]+|[^\s{}]")
_LONE = re.compile(r"\s*\\?\w+\s*")
_ACCENTED = re.compile(rf"\\(?:{'|'.join(ACCENTS)})\s*\{{?\s*$")
_MARKED = re.compile(r"\s*(?:_|\^\s*\{?\s*[(\[])|[ₐ-ₜᵢ-ᵥ,]\w")
"""What makes another name of an entry."""
_LONGEST = 4000
"""More is not written out."""


class _Entry(NamedTuple):
    """A definition of an entry: where its text stands among the others, its name, index, and what it is."""

    place: int
    name: str
    letter: str
    value: str

    def met(self, text: str) -> Iterator[re.Match[str]]:
        """Where the signs of the entry stand in a text, with whatever braces."""
        for found in re.finditer(r"[\s{}]*".join(map(re.escape, _PIECES.findall(self.name))), text):
            if not _ACCENTED.search(text[: found.start()]):
                yield found

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where these signs are the entry, and no part of another name."""
        latex = "\\" in text
        for found in self.met(text):
            start, stop = found.span()
            before, opened = text[:start], found[0].count("{") - found[0].count("}")
            word = before[-1:].isalpha() and found[0][0] != "\\" and not (latex and before[-2:-1] == "_")
            while opened > 0 and text[stop : stop + 1] == "}":
                opened, stop = opened - 1, stop + 1
            longer = not latex and text[stop : stop + 1].isalnum()
            if not (word or before[-1:] in ("\\", "_") or opened or longer or _MARKED.match(text, stop)):
                yield start, stop

    def clear(self, text: str) -> bool:
        """Whether these signs are the entry wherever they stand in a text."""
        return len([*self.met(text)]) == len([*self.places(text)])

    def written_into(self, text: str) -> str:
        """A text with what the entry is in its place."""
        inside = self.value.strip()
        inside = inside if _LONE.fullmatch(inside) else f"({inside})"
        for start, stop in reversed([*self.places(text)]):
            text = text[:start] + inside + text[stop:]
        return text


def running(text: str) -> set[str]:
    r"""The indices over which sums in a text run.

    >>> sorted(running(r"∑ᵢ xᵢ + \sum_{j=1}^n y_j"))
    ['i', 'j']
    """
    return {unicodedata.normalize("NFKC", found[1]) for found in _RUNS.finditer(text)}


def written_out(texts: Sequence[str], names: Collection[str]) -> Sequence[str]:
    """The texts with the definitions of entries written into the sums that use them, and without these definitions.
    Names that are asked for or declared stay what they are.
    """
    if len(texts) < 2 or not any(map(running, texts)):
        return texts
    known, found = Known(names), [*texts]
    entries = [entry for entry in _entries(texts) if known.find(plain_name(entry.name)) is None]
    waiting = True
    while waiting:
        waiting = False
        for entry in entries:
            users = [k for k, text in enumerate(found) if k != entry.place and [*entry.places(text)]]
            summed = any(entry.letter in running(found[k]) for k in users)
            if not (summed and all(map(entry.clear, found))) or [*entry.places(_value(found[entry.place]))]:
                continue
            own = entry._replace(value=_value(found[entry.place]))
            for k in users:
                found[k] = own.written_into(found[k])
            if any(len(text) > _LONGEST for text in found):
                return texts
            found[entry.place], waiting = "", True
            entries = [other for other in entries if other is not entry]
            break
    return [text for text in found if text] if found != [*texts] else texts


def _entries(texts: Sequence[str]) -> Iterator[_Entry]:
    for place, text in enumerate(texts):
        if head := _HEAD.match(text):
            name = head["name"]
            index = unicodedata.normalize("NFKC", re.sub(r"[\s{}]", "", name)[-1])
            yield _Entry(place, name, index, text[head.end() :])


def _value(text: str) -> str:
    head = _HEAD.match(text)
    return text[head.end() :] if head else text
