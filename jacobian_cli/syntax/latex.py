"""LaTeX, as papers write it and as `jac` prints it, cut into the same tokens as mathematics on a board."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cached_property

from jacobian_cli.syntax.board import BETWEEN, statement_of
from jacobian_cli.syntax.commands import (
    ACCENTS,
    BARS,
    BLANKS,
    BRACED,
    BRACKETS,
    FRACTIONS,
    GREEK,
    INNER,
    LETTERS,
    OPERATORNAMES,
    OPERATORS,
    PROSE,
    REFUSED,
    STYLES,
    TABLES,
    TRANSPOSES,
    WORDS,
)
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.letters import UNCLEAR
from jacobian_cli.syntax.mathematics import want_formula
from jacobian_cli.syntax.names import Known
from jacobian_cli.syntax.parser import want_short
from jacobian_cli.syntax.scripts import ABOVE, COMMAND, Scripts
from jacobian_cli.syntax.tokens import Token, too_deep
from jacobian_cli.syntax.tree import Definition

_OPENED = re.compile(r"(?<=\\left)\|\s*\\left\s*\|")
_CLOSED = re.compile(r"\\right\s*(\|\s*\\right\s*\|)")
_SIZED = re.compile(r"\\(?:left|right)(?![A-Za-z])")
_SPACE = re.compile(r"\s*\[[\d. ]*(?:pt|em|ex|mm|cm)\]")
_D = r"(?:\\partial|d|\\mathrm\s*\{?\s*d\s*\}?)"
_DERIVATIVE = re.compile(
    rf"\\frac\s*\{{\s*(?:{_D}(?![a-z]).*?\}}\s*\{{\s*{_D}|d\w\s*\}}\s*\{{\s*d[a-z]\s*\}})|\bd\s*/\s*d[A-Za-z]\b"
)
_DOLLARS = re.compile(r"\s*(?:\$\$?|\\\[|\\\()(.*?)(?:\$\$?|\\\]|\\\))\s*[.,]?\s*", re.DOTALL)
_OPTION = re.compile(r"(axis|axes|keepdims)\s*=\s*(.*)", re.DOTALL)
_ENDED = re.compile(r"(?:[\s,;~.]|\\[,;:! ]|\\q?quad)+$")
"""What ends a sentence, behind a formula."""
_OPTIONAL = re.compile(r"\s*\[\s*(\\[Bb]igg?|\\infty|[12F*])\s*\](?=\s*\{)")
"""What some macros take before their argument: the size of their brackets, the index of a norm."""
_OPEN = re.compile(r"\s*(?:\\left\s*|\\[Bb]igg?l?\s*)?\(")
_OVER = re.compile(r"\\over(?![A-Za-z])")
_NAME = re.compile(r"(?:\\[A-Za-z]+|[A-Za-z])(?:_(?:\w|\{\w+\}))?")
_RATE = re.compile(r"eps\w*|lr|reg")
"""Words that are numbers before a bracket, too."""
_CALLIGRAPHIC = (r"\mathcal", r"\mathscr", r"\mathfrak")
_LABEL = re.compile(r"\s*[_^]")


def read(text: str, known: Known, notation: str = "latex", guessed: bool = False) -> Definition:
    r"""A formula or a definition in LaTeX.

    >>> read(r"\frac{1}{2} \lVert x \rVert^2", Known([])).value.function
    '?beside'
    """
    want_short(text)
    want_formula(text, _DERIVATIVE, known)
    start, stop = 0, len(text)
    dollars = _DOLLARS.fullmatch(text)
    if dollars:
        start, stop = dollars.span(1)
    ended = _ENDED.search(text, start, stop)
    stop = ended.start() if ended and ended.start() > start else stop
    scanner = _Scanner(text, known)
    try:
        tokens = [*scanner.scan(start, stop), Token("end", "", stop, stop + 1, True)]
    except RecursionError:
        raise too_deep(text) from None
    guessed = guessed and not known.primed
    return statement_of(tokens, text, scanner, notation, blanks=False, guessed=guessed)


class _Scanner(Scripts):
    """Cuts LaTeX; what is no command is read as on a board."""

    tables = 0
    """How many matrices are open."""

    def scan(self, at: int, stop: int) -> list[Token]:
        r"""The tokens of a part; `\over` makes a quotient of all of it."""
        for over in _OVER.finditer(self.text, at, stop):
            inside = self.text[at : over.start()]
            if inside.count("{") == inside.count("}"):
                above, below = (
                    tuple(super(_Scanner, self).scan(*part)) for part in ((at, over.start()), (over.end(), stop))
                )
                return [Token("frac", "/", at, stop, parts=(above, below))]
        return super().scan(at, stop)

    def one(self, at: int, stop: int, found: list[Token]) -> int:
        sign = self.text[at]
        if sign == "\\":
            return self.command(at, stop, found)
        if sign == "|" and at in self.halves:
            self.sign("bar", "‖", at, self.halves[at], found)
            return self.halves[at]
        if sign == "&" and self.tables:
            found.append(Token("op", ",", at, at + 1))
            return at + 1
        if sign in "~&$":
            if sign == "$":
                raise self.refuse(at, at + 1, "one formula, please", "type what stands between two $ signs")
            return at + 1
        if sign == "{":
            end = self.closing(at, stop)
            self.group(self.scan(at + 1, end - 1), at, end, found)
            return end
        if sign == "}":
            raise self.refuse(at, at + 1, "this bracket was never opened")
        if sign == "_":
            return self.below(at, stop, found)
        if sign == "^":
            return self.above(at, stop, found)
        if sign == "1" and self.text[at + 1 : at + 2] in ("^", "_"):
            found.append(Token("num", sign, at, at + 1, value=Fraction(1)))
            if self.text[at + 1] == "_" or self.turn(self.argument(at + 2, stop)[0]) == "T":
                found[-1] = Token("ones", "", at, at + 1)
            return at + 1
        return super().one(at, stop, found)

    # ---- commands --------------------------------------------------------------------------------------------------

    def command(self, at: int, stop: int, found: list[Token]) -> int:
        match = COMMAND.match(self.text, at, stop)
        if match is None:
            raise self.refuse(at, at + 1, "a command belongs behind \\")
        name, end = match[0], match.end()
        if name in (r"\begin", r"\end") or (name == r"\\" and self.tables):
            return self.table(name, at, end, stop, found)
        if name in BLANKS:
            if name == r"\right" and self.text[end : end + 1] == ".":
                raise self.refuse(at, end + 1, "a bracket without its other half cannot be read")
            return end
        if self.symbol(name, at, end, found):
            return end
        if name in FRACTIONS:
            _, start, middle, end = self.argument(end, stop)
            above = tuple(self.scan(start, middle))
            _, start, middle, end = self.argument(end, stop)
            found.append(Token("frac", "/", at, end, parts=(above, tuple(self.scan(start, middle)))))
            return end
        if name == r"\sqrt":
            return self.root(at, end, stop, found)
        if name in WORDS:
            return self.word(at, end, stop, found)
        if name in STYLES:
            return self.styled(name, at, end, stop, found)
        if name in ACCENTS:
            return self.accented(ACCENTS[name], at, end, stop, found)
        if name in (r"\sum", r"\prod"):
            found.append(Token("sum", name[1:], at, end))
            return end
        if name in BRACED:
            return self.noted(at, end, stop, found)
        if name in INNER and self.text[end : end + 1] == "{":
            return self.macro("⟨", at, end, stop, found)
        word = name[1:].rstrip("*")
        if word in UNCLEAR:
            raise self.refuse(at, end, *UNCLEAR[word])
        function = self.known.function(word)
        if function:
            return self.function(function, at, end, stop, found)
        hint = REFUSED.get(name, "a function of the language is written \\operatorname{name}; jac functions lists them")
        raise self.refuse(at, end, f"{name} cannot be read here", hint)

    def symbol(self, name: str, at: int, end: int, found: list[Token]) -> bool:
        """A command that is one sign or letter by itself; whether it is one."""
        if name in GREEK:
            word = GREEK[name]
            if word == "pi":
                self.bases[at] = ("π", ())
                found.append(Token("name", self.known.find("pi") or "pi", at, end))
            else:
                found.append(self.named(word, (), at, end))
        elif name in LETTERS:
            found.append(self.letter((LETTERS[name], (), at, end)))
        elif name in BRACKETS:
            kind, sign = BRACKETS[name]
            found.append(Token(kind, sign, at, end))
        elif name in TRANSPOSES and found:
            found.append(Token("T", "T", at, end))
        elif name in OPERATORS or name in BARS:
            self.sign("op" if name in OPERATORS else "bar", OPERATORS.get(name) or BARS[name], at, end, found)
        else:
            return False
        return True

    @cached_property
    def halves(self) -> dict[int, int]:
        """Where ‖ is written as two bars, each with its size, and where it ends: both close beside each other too."""
        found: dict[int, int] = {}
        for opened in _OPENED.finditer(self.text):
            depth = 2
            for sized in _SIZED.finditer(self.text, opened.end()):
                depth += 1 if sized[0] == r"\left" else -1
                if depth == 1:
                    if closed := _CLOSED.match(self.text, sized.start()):
                        found |= {opened.start(): opened.end(), closed.start(1): closed.end()}
                    break
        return found

    def table(self, name: str, at: int, end: int, stop: int, found: list[Token]) -> int:
        """A matrix: its brackets, and the ends of its rows."""
        if name == r"\\":
            found.append(Token("op", ";", at, end))
            space = _SPACE.match(self.text, end, stop)
            return space.end() if space else end
        inside, _, _, end = self.argument(end, stop)
        if inside.strip().rstrip("*") not in TABLES:
            raise self.refuse(at, end, f"{name}{{{inside[:20]}}} cannot be read here", REFUSED[r"\begin"])
        if name == r"\begin":
            if inside.strip() == "array":
                end = self.argument(end, stop)[3]
            self.tables += 1
            found.append(Token("open", "⟦", at, end))
        else:
            self.tables -= 1
            found.append(Token("close", "⟧", at, end))
        return end

    def sign(self, kind: str, sign: str, at: int, end: int, found: list[Token]) -> None:
        """A sign; two single bars beside each other are a double one where nothing stands between."""
        last = found[-1] if found else None
        if sign == "|" and last and last.kind == "bar" and last.text == "|" and not self.text[last.stop : at].strip():
            found[-1] = Token("bar", "‖", last.start, end, last.space)
        else:
            found.append(Token(kind, sign, at, end))

    def root(self, at: int, end: int, stop: int, found: list[Token]) -> int:
        degree: tuple[Token, ...] = ()
        if end < stop and self.text[end] == "[":
            closed = self.text.find("]", end, stop)
            if closed < 0:
                raise self.refuse(end, end + 1, "this bracket is never closed", "add the ]")
            degree = tuple(self.scan(end + 1, closed))
            end = closed + 1
        _, start, middle, end = self.argument(end, stop)
        found.append(Token("root", "√", at, end, parts=(tuple(self.scan(start, middle)), degree)))
        return end

    def word(self, at: int, end: int, stop: int, found: list[Token]) -> int:
        """Upright letters: a function, an option, one name, or the constant e."""
        inside, start, middle, end = self.argument(end, stop)
        plain = inside.replace(r"\_", "_").strip()
        option = _OPTION.fullmatch(plain)
        if option:
            found.append(Token("word", option[1], at, end))
            found.append(Token("op", "=", at, end))
            found += self.scan(middle - len(option[2]), middle)
            return end
        if plain in ("None", "True", "False"):
            found.append(Token("word", plain, at, end))
        elif self.text.startswith(r"\mathtt", at) and re.fullmatch(r"[A-Za-z,. ]*\\to *[A-Za-z,. ]*", plain):
            found.append(Token("text", plain.replace(r"\to", "->").replace(" ", ""), at, end))
        elif plain in UNCLEAR and self.known.find(plain) is None:
            raise self.refuse(at, end, *UNCLEAR[plain])
        elif (function := self.known.function(plain)) and self.known.find(plain) is None:
            return self.function(function, at, end, stop, found)
        elif re.fullmatch(r"[^\W\d]\w*", plain):
            first, *rest = plain.split("_")
            made = self.letter((first, tuple(rest), at, end)) if all(rest) else self.named(plain, (), at, end)
            called = not _RATE.fullmatch(first) and _OPEN.match(self.text, end, stop)
            spoken = self.text.startswith(PROSE, at) or bool(called)
            prose = len(first) > 1 and spoken and self.known.find(made.text) is None
            found.append(made._replace(kind="word") if prose and made.kind == "name" else made)
        elif plain == "1":
            found.append(Token("ones", "", at, end))
        else:
            self.group(self.scan(start, middle), at, end, found)
        return end

    def function(self, function: str, at: int, end: int, stop: int, found: list[Token]) -> int:
        """A function; braces behind one that LaTeX has not are those of a macro, and hold all its argument."""
        standard, index = self.text[at:end] in OPERATORNAMES, ""
        if not standard and (option := _OPTIONAL.match(self.text, end, stop)):
            index, end = option[1] if "ig" not in option[1] else "", option.end()
        place = end + len(self.text[end:stop]) - len(self.text[end:stop].lstrip())
        if self.text[place : min(place + 1, stop)] != "{":
            found.append(Token("func", function, at, end))
            return end
        if not standard:
            end = self.macro(function, at, place, stop, found)
            if index:
                found.append(Token("sub", index.replace(r"\infty", "∞"), at, end))
            return end
        found.append(Token("func", function, at, end))
        closed = self.closing(place, stop)
        argument = self.text[place + 1 : closed - 1].strip()
        raised = ABOVE.match(self.text, closed + 1, stop) if self.text[closed : closed + 1] == "^" else None
        if raised and _NAME.fullmatch(argument):  # \sin{x}^2
            word, power = self.text[at:end], f"^{{{raised[0].strip()}}}"
            readings = f"`{word}({argument}{power})` is read; the other reading is `{word}({argument}){power}`"
            self.doubts.append(Doubt(readings))
        return end

    def macro(self, function: str, at: int, end: int, stop: int, found: list[Token]) -> int:
        r"""A macro and its arguments in braces: \norm{x}, \inner{x}{y}."""
        opened, closed = {"norm": ("‖", "‖"), "⟨": ("⟨", "⟩")}.get(function, ("(", ")"))
        parts = [(end, self.closing(end, stop))]
        while function in ("⟨", *BETWEEN) and self.text[parts[-1][1] : min(parts[-1][1] + 1, stop)] == "{":
            parts.append((parts[-1][1], self.closing(parts[-1][1], stop)))
        start, end = parts[0][0], parts[-1][1]
        if opened == "(":
            found.append(Token("func", function, at, start))
        found.append(Token("bar" if opened == "‖" else "open", opened, at if opened != "(" else start, start + 1))
        for place, (first, last) in enumerate(parts):
            found += [Token("op", ",", first, first + 1)] * (place > 0) + self.scan(first + 1, last - 1)
        found.append(Token("bar" if closed == "‖" else "close", closed, end - 1, end))
        return end

    def noted(self, at: int, end: int, stop: int, found: list[Token]) -> int:
        """A part with a brace or a line at it, and perhaps a note."""
        _, start, middle, end = self.argument(end, stop)
        self.group(self.scan(start, middle), at, end, found)
        if note := _LABEL.match(self.text, end, stop) if "brace" in self.text[at:start] else None:
            return self.argument(note.end(), stop)[3]
        return end

    def styled(self, command: str, at: int, end: int, stop: int, found: list[Token]) -> int:
        """Bold and calligraphic letters are letters; a bold digit is all ones or all zeros."""
        if command in (r"\vec", r"\vect") and _OPEN.match(self.text, end, stop):
            found.append(Token("func", "vec", at, end))
            return end
        inside, start, middle, end = self.argument(end, stop)
        if inside.strip() in ("0", "1"):
            found.append(Token("ones" if inside.strip() == "1" else "zeros", "", at, end))
            return end
        if command in _CALLIGRAPHIC:
            self.calligraphic.update(range(start, middle))
        inner = self.scan(start, middle)
        if command == r"\vec" and inner and inner[0].kind == "name":
            if len(inner) > 1 and {token.kind for token in inner[1:]} != {"prime"}:
                stacked = rf"the columns of a matrix below each other are `\operatorname{{vec}}({inside.strip()})`"
                raise self.refuse(at, end, "an arrow stands over one name", stacked)
            if self.text[inner[0].start].isupper() and r"\otimes" in self.text:
                stacked = rf"the columns of a matrix are `\operatorname{{vec}}({inner[0].text})`"
                self.doubts.append(Doubt(f"`{inner[0].text}` is a vector, for an arrow stands over it; {stacked}"))
            self.pointed.add(inner[0].start)
            self.vectors.add(inner[0].text)
        self.group(inner, at, end, found)
        return end

    def accented(self, mark: str, at: int, end: int, stop: int, found: list[Token]) -> int:
        inside, start, middle, end = self.argument(end, stop)
        inner = self.scan(start, middle)
        if len(inner) != 1 or inner[0].start not in self.bases:
            raise self.refuse(at, end, "this accent stands over more than one letter", f"{inside.strip()} needs a name")
        stem, indices = self.bases[inner[0].start]
        found.append(self.letter((stem, (mark, *indices), at, end)))
        return end
