"""Braces of LaTeX, what commands take as arguments, and what stands above and below the line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jacobian_cli.syntax.commands import ACCENTS, FRACTIONS, STYLES, TRANSPOSES, WORDS
from jacobian_cli.syntax.mathematics import PSEUDO, Scanner
from jacobian_cli.syntax.names import spelling
from jacobian_cli.syntax.tokens import Token

COMMAND = re.compile(r"\\(?:[A-Za-z]+\*?|.)", re.DOTALL)
_TURNED = re.compile(
    r"\\(?:mathsf|mathrm|text|textsf|textrm|rm|sf|mathit|mathbf|operatorname|scriptscriptstyle)(?![A-Za-z])|[\s{}]"
    r"|\\[!,;:>]"
)
_MARKED = re.compile(r"(\([^()\\{}]{1,20}\))(?:T|⊤|\\top|\\intercal|\\mathsf\{?T\}?|\\mathrm\{?T\}?)")
"""The name of a sample, and a transpose."""
ABOVE = re.compile(r"\s*[-−]?[0-9]+(?:\.[0-9]+)?")
"""A number above the line without braces: people mean all its digits, though LaTeX takes one."""
_BELOW = re.compile(r"\s*[0-9]+")
_WORD = re.compile(r"\s*([A-Za-z]{2,})")
_EXTREMES = ("max", "min")
_MINUS = re.compile(r"\s*[-−](?!\s*\})")
_LONGEST = 30
_MARK = "another name has an index: `x_2^T`"


class Scripts(Scanner):
    """Cuts arguments, exponents and indices."""

    def unit(self, at: int, stop: int) -> tuple[str, tuple[str, ...], int, int]:
        """A letter with its digits; what stands above and below the line is attached as it comes."""
        end = at + 1
        while end < stop and self.text[end].isdecimal():
            end += 1
        if self.times_ones(self.text[at], self.text[at + 1 : end], at):
            end = at + 1
        indices = (self.text[at + 1 : end],) if end > at + 1 else ()
        if spoken := self.spoken(end, stop):
            return self.text[at], (spoken[1], *indices), at, spoken.end()
        return self.text[at], indices, at, end

    def group(self, inner: list[Token], start: int, stop: int, found: list[Token]) -> None:
        """Braces: around one token or one bracket they are nothing, around more a bracket that is not seen."""
        if len(inner) == 1 or _enclosed(inner):
            found += inner
        elif inner:
            found.append(Token("group", "", start, stop, parts=(tuple(inner),)))

    def closing(self, at: int, stop: int) -> int:
        depth = 0
        text = self.text
        place = at
        while place < stop:
            if text[place] == "\\":
                place += 2
                continue
            depth += (text[place] == "{") - (text[place] == "}")
            if not depth:
                return place + 1
            place += 1
        raise self.refuse(at, at + 1, "this brace is never closed", "add the }")

    def argument(self, at: int, stop: int) -> tuple[str, int, int, int]:
        """What a command takes: a group, a command, or one sign. Its text, its place, and the place behind it."""
        while at < stop and self.text[at].isspace():
            at += 1
        if at >= stop:
            raise self.refuse(max(0, at - 1), at, "the formula ends too early")
        if self.text[at] == "{":
            end = self.closing(at, stop)
            return self.text[at + 1 : end - 1], at + 1, end - 1, end
        if self.text[at] == "\\":
            found = COMMAND.match(self.text, at, stop)
            if found is None:
                raise self.refuse(at, at + 1, "a command belongs behind \\")
            end = found.end()
            if found[0] in STYLES | WORDS | FRACTIONS | {r"\sqrt"} | {*ACCENTS}:
                for _ in range(2 if found[0] in FRACTIONS else 1):
                    end = self.argument(end, stop)[3]
            return self.text[at:end], at, end, end
        return self.text[at], at, at + 1, at + 1

    def script(self, numbers: re.Pattern[str], at: int, stop: int) -> tuple[str, int, int, int]:
        """What stands above or below the line: all digits of a number, what a minus stands before, or an argument."""
        if found := numbers.match(self.text, at, stop):
            start = found.end() - len(found[0].lstrip())
            return self.text[start : found.end()], start, found.end(), found.end()
        minus = _MINUS.match(self.text, at, stop) if numbers is ABOVE else None
        _, start, end, after = self.argument(minus.end() if minus else at, stop)
        start = minus.end() - 1 if minus else start
        return self.text[start:end], start, end, after

    # ---- above and below the line ----------------------------------------------------------------------------------

    def turn(self, inside: str) -> str:
        """`T` for a sign of transposition, `-T` for that of the inverse."""
        bare = _TURNED.sub("", inside)
        sign = "-" if bare.startswith(("-", "−")) else ""
        bare = bare.lstrip("-−")
        if bare in ("T", r"\top", r"\intercal", "⊤") or bare in TRANSPOSES:
            return sign + "T"
        return ""

    def above(self, at: int, stop: int, found: list[Token]) -> int:
        inside, start, end, after = self.script(ABOVE, at + 1, stop)
        turned = self.turn(inside)
        if not turned and inside.strip() == "t" and self.turns("t", at, after - at):
            turned = "T"
        bare = inside.replace(" ", "")
        if turned:
            mark = bare.lstrip("-−")
            found.append(Token("invT" if turned[0] == "-" else "T", mark if mark in ("T", "t") else "⊤", at, after))
        elif (both := _MARKED.fullmatch(bare)) and self.attach(both[1].strip("()"), after, found):  # x^{(i)	op}
            found.append(Token("T", "T", at, after))
        elif bare in (r"\prime", "'"):
            found.append(Token("prime", "'", at, after))
        elif bare in (r"\prime\top", r"\primeT", r"\prime\intercal", "'T", r"'\top"):
            raise self.refuse(at, after, "a prime and a transpose: is the prime a mark of the name?", _MARK)
        elif bare == r"\dagger":
            base = self.text[found[-1].start : found[-1].stop].strip() if found else "x"
            real = f"of real values the transpose is `{base}^T`" if len(base) < _LONGEST else "a transpose is `x^T`"
            pseudo = f"the pseudo-inverse is `pinv({base})`; " * (not (len(base) == 1 and base.islower()))
            raise self.refuse(at, after, "is this a pseudo-inverse, or a transpose?", pseudo + real)
        elif bare == "+":
            raise self.refuse(at, after, "is this a pseudo-inverse?", PSEUDO)
        elif bare in ("*", r"\star", r"\ast") or re.fullmatch(r"\([^()\\{}]{1,20}\)|\[[^\[\]\\{}]{1,20}\]", bare):
            mark = bare.strip("()[]") if bare[0] in "([" else "star"
            if not self.attach(mark, after, found):
                raise self.refuse(at, after, "this mark above the line cannot be read")
        else:
            found.append(Token("sup", inside, at, after, parts=(tuple(self.scan(start, end)),)))
        return after

    def worded(self, word: str, found: list[Token]) -> bool:
        """Whether a word without braces is the index of what stands before it: x_max, or one with which it is known."""
        base = self.bases.get(found[-1].start) if found else None
        return base is not None and (
            word in _EXTREMES or self.known.find(spelling(base[0], (*base[1], word))) is not None
        )

    def below(self, at: int, stop: int, found: list[Token]) -> int:
        inside, _, _, after = self.script(_BELOW, at + 1, stop)
        if (word := _WORD.match(self.text, at + 1, stop)) and self.worded(word[1], found):
            inside, after = word[1], word.end()
        inside = re.sub(r"\\(?:mid|vert)(?![A-Za-z])", "|", inside)
        index = re.sub(r"\\(?:text|mathrm|mathsf|rm|textrm|mathbf|mathit|operatorname)(?![A-Za-z])|[\s{}]", "", inside)
        index = index.replace(r"\times", "×").replace(r"\infty", "∞").replace("\\", "")
        if not self.attach(index, after, found):
            found.append(Token("sub", index, at, after))
        return after


def _enclosed(tokens: Sequence[Token]) -> bool:
    """Whether one bracket holds all of these."""
    depth = 0
    for place, token in enumerate(tokens):
        depth += (token.kind == "open") - (token.kind == "close")
        if depth <= 0:
            return place > 0 and place == len(tokens) - 1
    return False
