"""LaTeX, as papers write it and as `jac` prints it, cut into the same tokens as mathematics on a board."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cached_property

from jacobian_cli.syntax.board import statement_of
from jacobian_cli.syntax.mathematics import ALONE, PSEUDO, Scanner, want_formula
from jacobian_cli.syntax.names import ACCENTS, GREEK, Known
from jacobian_cli.syntax.parser import want_short
from jacobian_cli.syntax.tokens import Token, too_deep
from jacobian_cli.syntax.tree import Definition

_COMMAND = re.compile(r"\\(?:[A-Za-z]+\*?|.)", re.DOTALL)
_BLANKS = frozenset(
    r"\, \; \: \! \> \quad \qquad \left \right \big \Big \bigl \bigr \Bigl \Bigr \bigg \Bigg \biggl \biggr \Biggl "
    r"\Biggr \middle \displaystyle \textstyle \limits \nolimits \mathopen \mathclose \mathbin \mathrel \mathord "
    r"\phantom \allowbreak \nonumber \notag \rm \bf \it \sf \mathop".split()
) | {"\\ "}
_STYLES = frozenset(
    r"\mathbf \boldsymbol \bm \pmb \mathcal \mathscr \mathfrak \mathbb \mathit \vec \mathds \mathnormal \ensuremath "
    r"\mathbfit \symbf \symbfit \bold \vb \vb* \mat \vect \mathbbm".split()
)
_WORDS = frozenset(
    r"\operatorname \operatorname* \mathrm \text \textrm \mathsf \textsf \textbf \textit \mathtt".split()
)
_PROSE = (r"\operatorname", r"\text")
"""Commands in which words that are no names stand, too: `\\text{minimize}`."""
_ACCENTS = {rf"\{command}": mark for command, mark in ACCENTS.items()}
_FRACTIONS = frozenset(r"\frac \tfrac \dfrac \cfrac \nicefrac \sfrac".split())
_OPERATORS = {
    r"\cdot": "·", r"\times": "×", r"\odot": "⊙", r"\circ": "⊙", r"\otimes": "⊗", r"\ast": "*", r"\le": "<=",
    r"\leq": "<=", r"\leqslant": "<=", r"\ge": ">=", r"\geq": ">=", r"\geqslant": ">=", r"\ne": "!=", r"\neq": "!=",
    r"\lt": "<", r"\gt": ">", r"\colon": ":", r"\div": "/", r"\eq": "=",
}  # fmt: skip
_BARS = {r"\|": "‖", r"\Vert": "‖", r"\lVert": "‖", r"\rVert": "‖", r"\parallel": "‖"}
_BARS |= {r"\vert": "|", r"\lvert": "|", r"\rvert": "|", r"\mid": "|"}
_BRACKETS = {
    r"\lfloor": ("open", "⌊"), r"\rfloor": ("close", "⌋"), r"\lceil": ("open", "⌈"), r"\rceil": ("close", "⌉"),
    r"\langle": ("open", "⟨"), r"\rangle": ("close", "⟩"), r"\{": ("open", "{"), r"\}": ("close", "}"),
    r"\lbrace": ("open", "{"), r"\rbrace": ("close", "}"), r"\lbrack": ("open", "["), r"\rbrack": ("close", "]"),
}  # fmt: skip
_GREEK = {rf"\{name}": name for name in GREEK} | {rf"\{name.capitalize()}": name.capitalize() for name in GREEK}
_GREEK |= {rf"\var{name}": name for name in ("epsilon", "theta", "phi", "rho", "pi", "sigma", "kappa")}
_GREEK |= {rf"\var{name}": name for name in ("Sigma", "Gamma", "Delta", "Theta", "Lambda", "Phi", "Psi", "Omega")}
_LETTERS = {r"\ell": "l", r"\imath": "i", r"\jmath": "j", r"\hslash": "h"}
_REFUSED = {
    **dict.fromkeys((r"\partial", r"\nabla", r"\mathrm d"), ALONE),
    r"\begin": "matrices are read, \\begin{bmatrix} a & b \\\\ c & d \\end{bmatrix}; a choice is `where(x > 0, x, 0)`",
    r"\binom": "a binomial coefficient is not in the language; declare a number for it: `-s c=()`",
    r"\int": "an integral is not in the language",
    r"\dots": "type the formula in full",
    r"\ldots": "type the formula in full",
    r"\cdots": "type the formula in full",
    r"\\": "type one line",
    **dict.fromkeys(
        (r"\sim", r"\forall", r"\exists", r"\succeq", r"\succ", r"\preceq", r"\propto", r"\approx", r"\equiv"),
        "type the formula alone; what holds of a variable is declared: `--assume S=spd`",
    ),
    r"\in": "sizes are declared apart: -s x=n",
    r"\lim": "a limit is not in the language",
}
_TABLES = frozenset("matrix bmatrix pmatrix smallmatrix bsmallmatrix psmallmatrix array".split())
"""Environments whose cells are those of a matrix."""
_OPENED = re.compile(r"(?<=\\left)\|\s*\\left\s*\|")
_CLOSED = re.compile(r"\\right\s*(\|\s*\\right\s*\|)")
_SIZED = re.compile(r"\\(?:left|right)(?![A-Za-z])")
_SPACE = re.compile(r"\s*\[[\d. ]*(?:pt|em|ex|mm|cm)\]")
_D = r"(?:\\partial|d|\\mathrm\s*\{?\s*d\s*\}?)"
_DERIVATIVE = re.compile(
    rf"\\frac\s*\{{\s*(?:{_D}(?![a-z]).*?\}}\s*\{{\s*{_D}|d\w\s*\}}\s*\{{\s*d[a-z]\s*\}})|\bd\s*/\s*d[A-Za-z]\b"
)
_TURNED = re.compile(
    r"\\(?:mathsf|mathrm|text|textsf|textrm|rm|sf|mathit|mathbf|operatorname|scriptscriptstyle)(?![A-Za-z])|[\s{}]"
    r"|\\[!,;:>]"
)
_MARKED = re.compile(r"(\([^()\\{}]{1,20}\))(?:T|⊤|\\top|\\intercal|\\mathsf\{?T\}?|\\mathrm\{?T\}?)")
"""The name of a sample, and a transpose."""
_DOLLARS = re.compile(r"\s*(?:\$\$?|\\\[|\\\()(.*?)(?:\$\$?|\\\]|\\\))\s*[.,]?\s*", re.DOTALL)
_OPTION = re.compile(r"(axis|axes|keepdims)\s*=\s*(.*)", re.DOTALL)


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
    scanner = _Scanner(text, known)
    try:
        tokens = [*scanner.scan(start, stop), Token("end", "", stop, stop + 1, True)]
    except RecursionError:
        raise too_deep(text) from None
    guessed = guessed and not known.primed
    return statement_of(tokens, text, known, notation, blanks=False, guessed=guessed, vectors=scanner.vectors)


class _Scanner(Scanner):
    """Cuts LaTeX; what is no command is read as on a board."""

    tables = 0
    """How many matrices are open."""

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

    def unit(self, at: int, stop: int) -> tuple[str, tuple[str, ...], int, int]:
        """A letter with its digits; what stands above and below the line is attached as it comes."""
        end = at + 1
        while end < stop and self.text[end].isdecimal():
            end += 1
        indices = (self.text[at + 1 : end],) if end > at + 1 else ()
        return self.text[at], indices, at, end

    def group(self, inner: list[Token], start: int, stop: int, found: list[Token]) -> None:
        """Braces: around one token they are nothing, around more a bracket that is not seen."""
        if len(inner) == 1:
            found.append(inner[0])
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
            found = _COMMAND.match(self.text, at, stop)
            if found is None:
                raise self.refuse(at, at + 1, "a command belongs behind \\")
            end = found.end()
            if found[0] in _STYLES | _WORDS | _FRACTIONS | {r"\sqrt"} | {*_ACCENTS}:
                for _ in range(2 if found[0] in _FRACTIONS else 1):
                    end = self.argument(end, stop)[3]
            return self.text[at:end], at, end, end
        return self.text[at], at, at + 1, at + 1

    # ---- above and below the line ----------------------------------------------------------------------------------

    def turn(self, inside: str) -> str:
        """`T` for a sign of transposition, `-T` for that of the inverse."""
        bare = _TURNED.sub("", inside)
        sign = "-" if bare.startswith(("-", "−")) else ""
        bare = bare.lstrip("-−")
        if bare in ("T", r"\top", r"\intercal", "⊤", r"\transpose", r"\tran"):
            return sign + "T"
        return ""

    def above(self, at: int, stop: int, found: list[Token]) -> int:
        inside, start, end, after = self.argument(at + 1, stop)
        turned = self.turn(inside)
        if not turned and inside.strip() == "t" and self.turns("t", at):
            turned = "T"
        bare = inside.replace(" ", "")
        if turned:
            found.append(Token("invT" if turned[0] == "-" else "T", "T", at, after))
        elif (both := _MARKED.fullmatch(bare)) and self.attach(both[1].strip("()"), after, found):  # x^{(i)	op}
            found.append(Token("T", "T", at, after))
        elif bare in (r"\prime", "'"):
            found.append(Token("prime", "'", at, after))
        elif bare in (r"\dagger", "+"):
            raise self.refuse(at, after, "is this a pseudo-inverse?", PSEUDO)
        elif bare in ("*", r"\star", r"\ast") or re.fullmatch(r"\([^()\\{}]{1,20}\)|\[[^\[\]\\{}]{1,20}\]", bare):
            mark = bare.strip("()[]") if bare[0] in "([" else "star"
            if not self.attach(mark, after, found):
                raise self.refuse(at, after, "this mark above the line cannot be read")
        else:
            found.append(Token("sup", inside, at, after, parts=(tuple(self.scan(start, end)),)))
        return after

    def below(self, at: int, stop: int, found: list[Token]) -> int:
        inside, _, _, after = self.argument(at + 1, stop)
        index = re.sub(r"\\(?:text|mathrm|mathsf|rm|textrm|mathbf|mathit|operatorname)(?![A-Za-z])|[\s{}]", "", inside)
        index = index.replace(r"\times", "×").replace(r"\infty", "∞").replace("\\", "")
        if not self.attach(index, after, found):
            found.append(Token("sub", index, at, after))
        return after

    # ---- commands --------------------------------------------------------------------------------------------------

    def command(self, at: int, stop: int, found: list[Token]) -> int:
        match = _COMMAND.match(self.text, at, stop)
        if match is None:
            raise self.refuse(at, at + 1, "a command belongs behind \\")
        name, end = match[0], match.end()
        if name in (r"\begin", r"\end") or (name == r"\\" and self.tables):
            return self.table(name, at, end, stop, found)
        if name in _BLANKS:
            if name == r"\right" and self.text[end : end + 1] == ".":
                raise self.refuse(at, end + 1, "a bracket without its other half cannot be read")
            return end
        if name in _GREEK:
            word = _GREEK[name]
            if word == "pi":
                self.bases[at] = ("π", ())
                found.append(Token("name", self.known.find("pi") or "pi", at, end))
            else:
                found.append(self.named(word, (), at, end))
            return end
        for kind, table in (("op", _OPERATORS), ("bar", _BARS)):
            if name in table:
                self.sign(kind, table[name], at, end, found)
                return end
        if name in _BRACKETS:
            kind, sign = _BRACKETS[name]
            found.append(Token(kind, sign, at, end))
            return end
        if name in _FRACTIONS:
            _, start, middle, end = self.argument(end, stop)
            above = tuple(self.scan(start, middle))
            _, start, middle, end = self.argument(end, stop)
            found.append(Token("frac", "/", at, end, parts=(above, tuple(self.scan(start, middle)))))
            return end
        if name == r"\sqrt":
            return self.root(at, end, stop, found)
        if name in _WORDS:
            return self.word(at, end, stop, found)
        if name in _STYLES:
            return self.styled(name, at, end, stop, found)
        if name in _ACCENTS:
            return self.accented(_ACCENTS[name], at, end, stop, found)
        if name in (r"\sum", r"\prod"):
            found.append(Token("sum", name[1:], at, end))
            return end
        if name in _LETTERS:
            found.append(self.letter((_LETTERS[name], (), at, end)))
            return end
        function = self.known.function(name[1:].rstrip("*"))
        if function:
            found.append(Token("func", function, at, end))
            return end
        hint = _REFUSED.get(
            name, "a function of the language is written \\operatorname{name}; jac functions lists them"
        )
        raise self.refuse(at, end, f"{name} cannot be read here", hint)

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
        if inside.strip().rstrip("*") not in _TABLES:
            raise self.refuse(at, end, f"{name}{{{inside[:20]}}} cannot be read here", _REFUSED[r"\begin"])
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
        elif (function := self.known.function(plain)) and self.known.find(plain) is None:
            found.append(Token("func", function, at, end))
        elif re.fullmatch(r"[^\W\d]\w*", plain):
            first, *rest = plain.split("_")
            made = self.letter((first, tuple(rest), at, end)) if all(rest) else self.named(plain, (), at, end)
            prose = len(first) > 1 and self.text.startswith(_PROSE, at) and self.known.find(made.text) is None
            found.append(made._replace(kind="word") if prose and made.kind == "name" else made)
        elif plain == "1":
            found.append(Token("ones", "", at, end))
        else:
            self.group(self.scan(start, middle), at, end, found)
        return end

    def styled(self, command: str, at: int, end: int, stop: int, found: list[Token]) -> int:
        """Bold and calligraphic letters are letters; a bold digit is all ones or all zeros."""
        inside, start, middle, end = self.argument(end, stop)
        if inside.strip() in ("0", "1"):
            found.append(Token("ones" if inside.strip() == "1" else "zeros", "", at, end))
            return end
        inner = self.scan(start, middle)
        if command == r"\vec" and len(inner) == 1 and inner[0].kind == "name":
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
