"""LaTeX in lines that fit: widths are estimated, and a line is broken where it hurts least."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

_TOKEN = re.compile(r"\\(?:left|right)\s*(?:\\[A-Za-z]+|\\.|.)|\\[A-Za-z]+\*?|\\.|\s+|.", re.DOTALL)
SLIDE = 60
"""Letters that a line of a slide holds."""
NEXT = " \\\\\n    &"
"""Where a line of an `align*` goes on."""
_LETTER = 5.0
"""How wide a letter of words is, in points at a size of ten: what a column is."""
_PROSE = 4.3
"""The same in sentences, of which some are spaces."""
_CAPITAL, _NARROW, _SIGN, _SMALL = 8.0, 4.0, 12.5, 0.72
_SIGNS = frozenset((*"+-=<>", r"\odot", r"\otimes", r"\times", "/", r"\cdot", r"\le", r"\ge", r"\ne", r"\to"))
_WORDS = frozenset((r"\operatorname", r"\mathrm", r"\mathtt", r"\text", r"\mathbf"))
_SPACES = {r"\quad": 10.0, r"\qquad": 20.0, r"\,": 1.7, r"\;": 2.8, r"\!": -1.7}
_NO_WIDTH = frozenset((r"\displaystyle", r"\limits", r"\bigl", r"\bigr"))
_LEAST = 0.35
"""So much of a line stands on it before it is broken."""


class _Item(NamedTuple):
    """A piece of a line that is not broken. `depth` counts the brackets around it, of which `tied` grow with what is in
    them and are no longer told to where a line ends inside.
    """

    text: str
    width: float
    sign: bool = False
    opens: bool = False
    closes: bool = False
    tied: bool = False
    comma: bool = False


class _Reader:
    """The pieces of a text."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(text)
        self.at = 0

    def items(self) -> Iterator[_Item]:
        while self.at < len(self.tokens):
            item = self._item()
            while self._scripted():
                script, width = self._token(), self.argument()
                item = item._replace(text=item.text + script + width[0], width=item.width + _SMALL * width[1])
            yield item

    def _scripted(self) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at] in ("^", "_")

    def _token(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def _item(self) -> _Item:
        token = self._token()
        if token.isspace():
            return _Item(token, 0.0)
        if token.startswith((r"\left", r"\right")) and not token[1:].isalpha():
            left = token.startswith(r"\left")
            return _Item(token, _NARROW, opens=left, closes=not left, tied=True)
        if token in ("(", "["):
            return _Item(token, _NARROW, opens=True)
        if token in (")", "]"):
            return _Item(token, _NARROW, closes=True)
        if token in _SIGNS:
            return _Item(token, _SIGN, sign=True)
        if token == "{":
            self.at -= 1
            return _Item(*self.argument())
        return self._command(token)

    def _command(self, token: str) -> _Item:
        if token == r"\frac":
            above, below = self.argument(), self.argument()
            return _Item(token + above[0] + below[0], max(above[1], below[1]) + 2)
        if token == r"\begin":
            return self._environment(token)
        if token in _WORDS:
            word, _ = self.argument()
            letters = len(re.sub(r"\\[A-Za-z]+", "xx", word).strip("{}").replace("$", ""))
            return _Item(token + word, (_PROSE if token == r"\text" and " " in word else _LETTER) * letters + 2)
        if token in (r"\sqrt", r"\hat", r"\bar", r"\tilde"):
            under, width = self.argument()
            return _Item(token + under, width + (_CAPITAL if token == r"\sqrt" else 0))
        if token in _NO_WIDTH:
            return _Item(token, 0.0)
        if token in _SPACES:
            return _Item(token, _SPACES[token])
        if token == ",":
            return _Item(token, _NARROW, comma=True)
        wide = token.isupper() or (token.startswith("\\") and token[1:2].isupper())
        function = token[1:] if len(token) > 4 and token[1:].isalpha() and token in _FUNCTIONS else ""
        return _Item(token, _CAPITAL if wide else _LETTER * len(function) if function else _LETTER + 0.5)

    def _environment(self, token: str) -> _Item:
        """A matrix is one piece, as wide as its widest row."""
        begin, body, depth = token + self.argument()[0], "", 1
        while self.at < len(self.tokens):
            part = self._token()
            depth += (part == r"\begin") - (part == r"\end")
            if not depth:
                body += part + self.argument()[0]
                break
            body += part
        rows = re.sub(r"\\(?:begin|end)\{[^{}]*\}", "", body).split(r"\\")
        return _Item(begin + body, max(map(width, rows)) + 10)

    def argument(self) -> tuple[str, float]:
        """What stands in braces, or one token, and its width."""
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        if self.at >= len(self.tokens):
            return "", 0.0
        if self.tokens[self.at] != "{":
            token = self._token()
            return token, width(token)
        start, depth = self.at, 0
        while self.at < len(self.tokens):
            token = self._token()
            depth += (token == "{") - (token == "}")
            if not depth:
                break
        text = "".join(self.tokens[start : self.at])
        return text, width(text[1:-1])


_FUNCTIONS = frozenset(
    rf"\{name}" for name in "log exp sin cos tan sinh cosh tanh arcsin arccos arctan max min det".split()
)


def width(text: str) -> float:
    """About how wide a text of LaTeX is, in points at a size of ten.

    >>> width("X") < width("X + Y") < width("X + Y + Z")
    True
    """
    return sum(item.width for item in _Reader(text).items())


def room(columns: int) -> float:
    """How wide a line of so many letters is."""
    return columns * _LETTER


class _Line:
    """The pieces of a text, and where they may part."""

    def __init__(self, text: str) -> None:
        self.items = list(_Reader(text).items())

    @cached_property
    def depths(self) -> list[int]:
        """The brackets around each piece."""
        depth, found = 0, []
        for item in self.items:
            depth -= item.closes
            found.append(depth)
            depth += item.opens
        return found

    def may_part(self, k: int) -> bool:
        """Before a sign that has a left side, behind a comma, between factors."""
        item, before = self.items[k], self._shown(k)
        if before is None or before.opens or item.closes or item.comma or item.text.isspace():
            return False
        return item.sign or before.comma or (not before.sign and self.items[k - 1].text.isspace())

    def _shown(self, k: int) -> _Item | None:
        return next((item for item in reversed(self.items[:k]) if not item.text.isspace()), None)

    def cost(self, k: int) -> tuple[int, bool]:
        """Deeper is worse; between factors it is worse than before a sign."""
        before = self._shown(k)
        return self.depths[k], not (self.items[k].text in "+-" or (before is not None and before.comma))

    def places(self, first: float, others: float) -> list[int]:
        """The pieces with which lines begin, for lines of these widths."""
        begins, room = [0], first
        while (place := self._next(begins[-1], room)) is not None:
            begins.append(place)
            room = others
        return begins

    def _next(self, start: int, room: float) -> int | None:
        """Where the line that begins here ends; None if all the rest fits, or nothing in it may part."""
        near, far, reached = list[int](), list[int](), 0.0
        for k in range(start, len(self.items)):
            if k > start and self.may_part(k):
                if reached > room and not near + far:
                    return k  # what does not fit goes on to the next place there is
                (far if reached >= _LEAST * room else near).append(k)
            reached += self.items[k].width
            if reached > room and near + far:
                return min(far or near, key=lambda j: (self.cost(j), -j))
        return None

    def too_wide(self, begins: list[int], first: float, others: float) -> int | None:
        """The widest fraction of a line that does not fit."""
        ends = [*begins[1:], len(self.items)]
        for n, (begin, end) in enumerate(zip(begins, ends, strict=True)):
            room = others if n else first
            if sum(item.width for item in self.items[begin:end]) > room:
                fractions = [k for k in range(begin, end) if self.items[k].text.startswith(r"\frac")]
                widest = max(fractions, key=lambda k: self.items[k].width, default=None)
                if widest is not None and self.items[widest].width > others / 4:
                    return widest
        return None

    def parted(self, begins: list[int]) -> list[str]:
        """The lines; brackets that are open where a line ends have a fixed size."""
        texts = [item.text for item in self.items]
        stack: list[int] = []
        for k, item in enumerate(self.items):
            if item.opens:
                stack.append(k)
            elif item.closes and stack:
                opened = stack.pop()
                if item.tied and any(opened < begin <= k for begin in begins):
                    texts[opened] = texts[opened].replace(r"\left", r"\Bigl", 1)
                    texts[k] = texts[k].replace(r"\right", r"\Bigr", 1)
        ends = [*begins[1:], len(texts)]
        return ["".join(texts[a:b]).strip() for a, b in zip(begins, ends, strict=True)]


def _levelled(items: list[_Item], place: int) -> str:
    """The same with a fraction as a quotient, which may part."""
    parts = _Reader(items[place].text)
    parts.at = 1
    above, below = (parts.argument()[0][1:-1] for _ in range(2))
    rest = "".join(parts.tokens[parts.at :])
    simple = len([one for one in _Reader(below).items() if not one.text.isspace()]) == 1
    quotient = f"({above}) / {below if simple else f'({below})'}"
    texts = [item.text for item in items]
    texts[place] = f"({quotient}){rest}" if rest else quotient
    return "".join(texts)


def folded(text: str, columns: int, beside: float = 0.0) -> list[str]:
    r"""A text of LaTeX in lines of so many letters, of which `beside` points are taken by what stands before it.

    >>> folded(r"A B + \left(C + \frac{1}{2}\right)", 60)
    ['A B + \\left(C + \\frac{1}{2}\\right)']
    >>> folded(r"A B + \left(C + \frac{1}{2}\right)", 8)
    ['A B', '+ \\Bigl(C', '+ \\frac{1}{2}\\Bigr)']
    """
    first = room(columns) - beside
    others = first - _SPACES[r"\quad"]
    while True:
        line = _Line(text)
        begins = line.places(first, others)
        fraction = line.too_wide(begins, first, others)
        if fraction is None:
            return line.parted(begins)
        text = _levelled(line.items, fraction)


def aligned(text: str, columns: int, beside: float) -> str:
    """The right side of a line of an `align*`, on several lines where it is wider than one."""
    first, *others = folded(text, columns, beside)
    # behind {} a sign stands between two values, whatever line the first one is on
    return f"{NEXT}\\quad ".join([first, *(f"{{}}{line}" if line[0] in "+-\\" else line for line in others)])
