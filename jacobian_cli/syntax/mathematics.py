"""Mathematics as on a board, in Unicode or typed in ASCII, cut into tokens."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from jacobian_cli.syntax.board import statement_of
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.letters import SUBSCRIPTS, SUPERSCRIPTS, Letters
from jacobian_cli.syntax.names import Known
from jacobian_cli.syntax.parser import want_short
from jacobian_cli.syntax.tokens import Token, number, too_deep
from jacobian_cli.syntax.tree import Definition

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+|\.(?![*/^'TA-Za-z.]))?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?")
_FRACTIONS = {"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅛": (1, 8), "⅕": (1, 5), "⅙": (1, 6)}
_SIGNS = {
    **dict.fromkeys("−–—", "-"),
    **dict.fromkeys("·⋅∙•", "·"),
    **dict.fromkeys("∗", "*"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("⊙∘", "⊙"),
    **{c: c for c in "+-*/×⊗:,;<>=@"},
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "⩽": "<=",
    "⩾": ">=",
}
_DIGIT, _SIGN = "[⁰¹²³⁴⁵⁶⁷⁸⁹]", "[⁺⁻]"
_LETTER = "[" + "".join(c for c in SUPERSCRIPTS if c not in "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᐟᵀᵗ") + "]"
_LETTERED = re.compile(f"{_SIGN}?{_DIGIT}*{_LETTER}(?:{_DIGIT}|{_LETTER})*(?:{_SIGN}(?:{_DIGIT}|{_LETTER})+)*")
_RAISED = re.compile(f"⁻?[ᵀᵗ⊤]|{_SIGN}?{_DIGIT}+(?:ᐟ{_DIGIT}+)?|{_SIGN}[{''.join(_FRACTIONS)}]")
_LONGER = {"<=": "<=", ">=": ">=", "==": "==", "!=": "!=", "**": "**"}
_OPENING = {**{c: c for c in "([{⟨⌊⌈"}, "〈": "⟨"}
_CLOSING = {**{c: c for c in ")]}⟩⌋⌉"}, "〉": "⟩"}
_BARS = {"|": "|", "∣": "|", "‖": "‖", "∥": "‖"}
_ALONE = {**{c: ("sqrt", c) for c in "√∛∜"}, "∑": ("sum", "sum"), "∏": ("sum", "prod"), "∞": ("name", "inf")}
_TURNED = ("T", "⊤", "t", "\N{DOWN TACK}")
_REFUSED = {
    "∂": "type the formula alone; jac takes the derivative",
    "∇": "type the formula alone; jac takes the derivative",
    "∫": "an integral is not in the language",
    "†": "a transpose is written xᵀ or x^T",
    "!": "a factorial is not in the language",
    "%": "a remainder is written `mod(x, y)`",
    "″": "a second derivative is not read; jac hessian takes it",
    ".": "a dot product is written `a·b`, a decimal `0.5`",
    **dict.fromkeys("≈∝≡⟂∀∃¬∧∨±∓←⊕⊖≻≽≺≼", "type one formula alone"),
    "∈": "sizes are declared apart: -s x=n",
    "→": "type one formula",
}
_ANGLES = re.compile(r"<[^<>=,|]+,[^<>=,|]+>")
"""An inner product, typed with the signs for less and more."""
_WORD = re.compile(r"[A-Za-z]{2,}")
_ARROW = re.compile(
    r"\s*(?:[^\W\d]\w*|\([\w\s,]*\)|\\?[A-Za-z]+)\s*(?:->|→|↦|=>|⟼|\\mapsto|\\to(?![a-z]))(?=.)", re.DOTALL
)
"""A function without a name: `x -> x^2`."""
_DERIVATIVE = re.compile(
    r"^\s*d[^\W\d_]\d*\s*/\s*d[^\W\d_]\d*\s*$|\bd\s*/\s*d[^\W\d]\b|\bd\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*/\s*d[^\W\d]\b|[∂∇]|^\s*(?:grad|gradient|derivative)\b(?!\s*=)"
)
PSEUDO = "the pseudo-inverse is `pinv(A)`, the positive part `max(x, 0)`"
_BLANK = r"(?:\s|\\[,;:! ])*"
_DIVERGENCE = re.compile(
    r"(?:D\s*_?\s*)?\{?(?:\\(?:text|mathrm|operatorname)\s*)?\{?KL\}*\s*(?:\\left)?[(\[]"
    rf"{_BLANK}(?P<p>[^|()\[\]\\]+?){_BLANK}(?:\|\||‖|∥|\\\||\\parallel|\\Vert){_BLANK}(?P<q>[^|()\[\]\\]+?){_BLANK}"
    r"(?:\\right)?[)\]]"
)
"""KL(p ‖ q)."""
_DENSITY = re.compile(
    r"(?:\\(?:mathcal|mathscr|mathrm)\s*\{?\s*N\s*\}?|(?<![^\W\d])[N𝒩])\s*(?:\\left|\\[Bb]ig+l?)?\s*"
    r"\([^()=]*,[^=]*?\)(?!\s*:?=)"
)
"""N(x | μ, Σ)."""
_BELOW = r"(?:[ₐ-ₜᵢ-ᵥ]+|_\{(?P<braced>[^{}]*)\}|_(?P<bare>\\?\w+))"
_UNDER = _BELOW.replace("braced", "under").replace("bare", "plain")
_MINIMIZED = re.compile(
    rf"\s*(?:[^=<>]{{1,20}}=(?!=)\s*)?(?:\\?arg\s*\\?(?:min|max)(?![A-Za-z])(?:{_BELOW}\s*|\s*(?!\())"
    r"|(?:min|max)imi[sz]e\s+(?:over\s+\w+\s*:?\s*)?"
    rf"|\\?(?:min|max)(?:imize)?{_UNDER}\s*)(?=\S)"
)
"""What is asked of a formula, before it: `min_w`."""
_CHOICE = re.compile(r"(?:\s*[^\W\d]\w*\s*=)?(.+?)\bif\b(.+?)\belse\b(.+)", re.DOTALL)
"""What Python has for a choice: x if x > 0 else -x."""
_TITLE = re.compile(
    r"\s*(?:\\(?:text|textbf|textrm|mathrm)\s*\{\s*)?(?:[^\W\d_]+\s+){0,3}(?P<word>[^\W\d_]{3,})"
    r"(?::\s*\}|\}\s*:|:(?=\s))\s*(?=\S)"
)
"""A word before a formula: `Loss: ‖Ax − b‖²`."""
_CONDITIONED = re.compile(
    r"(?<![^\W_\d])(?<!\\)(?P<name>(?:[^\W\d_]|\\(?:pi|mu|rho|phi|Phi))(?:_\{[^{}]*\}|_\\?\w+|[₀-₉ₐ-ₜᵢ-ᵥ]+)?)\s?(?:\\left\s*)?\("
    r"[^()|∣=]+(?<!\\left)(?<!\\right)(?:[|∣]|\\(?:mid|vert)(?![a-z]))[^()|∣=]+\)"
)
"""p(y|x)."""
_INDEX = re.compile(r"_\{[^{}]*\}")
ALONE = "type the formula alone; jac takes the derivative"


_PROSE = re.compile(
    r"(?i)(?<![\w.\\])(?:(?:the|of|is|such that|subject to|s\.t\.|w\.r\.t\.|with respect to|let|find|compute|calculate"
    r"|given|what|solve|show|prove|consider|suppose|evaluate|simplify|inverse|transpose|squared|cubed|times)(?![\w(_=.}])"
    r"|(?:for|while)(?=\s+\w+\s*(?:=|in\b))|lim(?=\s+\w+\s*(?:->|→)))(?!\s*(?:\(|=(?!=)))"
)
"""Words of a sentence, and of a loop."""


def tokens(text: str, known: Known) -> list[Token]:
    """The tokens of a formula.

    >>> [t.text for t in tokens("Wx + b₁ᵀ", Known([]))]
    ['W', 'x', '+', 'b1', 'T', '']
    """
    return Scanner(text, known).whole()


def read(text: str, known: Known, notation: str = "math", guessed: bool = False) -> Definition:
    """A formula or a definition in mathematics.

    >>> read("u^T W x", Known([])).value.function
    '?beside'
    """
    want_short(text)
    want_formula(text, _DERIVATIVE, known)
    try:
        scanner = Scanner(text, known)
        guessed = guessed and not known.primed
        return statement_of(scanner.whole(), text, scanner, notation, guessed=guessed)
    except RecursionError:
        raise too_deep(text) from None


def want_formula(text: str, derivative: re.Pattern[str], known: Known) -> None:
    """Refuse derivatives, which are what is asked for, and functions without a name."""
    if (words := _PROSE.search(text)) and known.find(words[0]) is None:
        raise CertainError("words are no part of a formula", text=text, span=Span(*words.span()), hint=ALONE)
    if found := derivative.search(text):
        raise InputError("a derivative is not a formula", text=text, span=Span(*found.span()), hint=ALONE)
    if divergence := _DIVERGENCE.search(text):
        hint = f"of two distributions it is `kl_div({divergence['p']}, {divergence['q']})`"
        raise InputError("a divergence is not read so", text=text, span=Span(*divergence.span()), hint=hint)
    if (density := _DENSITY.search(text)) and known.find("N") is None:
        hint = "of one number it is `normal_pdf((x - m)/s)/s`; of a vector, type its logarithm"
        message = "the density of a distribution is not in the language"
        raise InputError(message, text=text, span=Span(*density.span()), hint=hint)
    if (title := _TITLE.match(text)) and known.find(title["word"]) is None:
        hint = f"that is `{text[title.end() :].strip()}`"
        raise CertainError("a word before a formula is no part of it", text=text, span=Span(*title.span()), hint=hint)
    barred = _INDEX.sub(lambda index: re.sub("[|∣]", "/", index[0]), text)  # P_{k|k-1}
    if (conditioned := _CONDITIONED.search(barred)) and known.find(conditioned["name"]) is None:
        hint = "type what it is, or give its value a name of its own"
        message = f"the density {conditioned[0]} is not in the language"
        raise InputError(message, text=text, span=Span(*conditioned.span()), hint=hint)
    if choice := _CHOICE.fullmatch(text):
        taken, condition, other = (choice[k].strip() for k in (1, 2, 3))
        hint = f"it is `where({condition}, {taken}, {other})`"
        raise InputError("a choice is written with where", text=text, span=Span(0, len(text.rstrip())), hint=hint)
    for pattern, message in (
        (_MINIMIZED, "what is to be minimized is typed alone"),
        (_ARROW, "a function without a name is not a formula"),
    ):
        if (before := pattern.match(text)) and not (pattern is _MINIMIZED and _over_entries(before, text)):
            hint = f"that is `{text[before.end() :].strip()}`"
            said = message.replace("min", "max") if "max" in before[0].lower() else message
            raise InputError(said, text=text, span=Span(*before.span()), hint=hint)


def _over_entries(found: re.Match[str], text: str) -> bool:
    """Whether a maximum is one of entries, whose names carry its index: max_i x_i."""
    lowered = "".join(SUBSCRIPTS.get(sign, "") for sign in found[0])  # maxᵢ
    letters = (found["under"] or found["plain"] or lowered).replace(",", "").replace(" ", "")
    below = "".join(sign for sign, plain in SUBSCRIPTS.items() if plain in letters)
    carried = rf"_(?:\{{[^{{}}]*)?[{letters}](?![A-Za-z]{{2}})" + (f"|[{below}]" if below else "")
    return letters.isalpha() and len(letters) < 3 and bool(re.search(carried, text[found.end() :]))


_INDEXED = re.compile(r"[_ᵢ∑Σ]|sum")


class CertainError(InputError):
    """What is wrong however the text is read."""


class Scanner(Letters):
    """Cuts one text."""

    def whole(self) -> list[Token]:
        """The tokens of the text, and its end."""
        end = len(self.text.rstrip())
        return [*self.scan(0, len(self.text)), Token("end", "", end, end + 1, True)]

    def scan(self, at: int, stop: int) -> list[Token]:
        text, found, space = self.text, list[Token](), False
        while at < stop:
            sign = text[at]
            if sign.isspace() or sign in "\ufeff\u200b\u2061\u2062":
                at, space = at + 1, True
                continue
            before = len(found)
            at = self.one(at, stop, found)
            if space and len(found) > before:
                first = found[before]
                found[before] = Token(first.kind, first.text, first.start, first.stop, True, first.parts, first.value)
            space = False
        return found

    def one(self, at: int, stop: int, found: list[Token]) -> int:
        """Read what begins at a place; the place behind it."""
        text, sign = self.text, self.text[at]
        if sign in SUPERSCRIPTS or sign == "⊤":
            return self.raised(at, stop, found)
        if sign in SUBSCRIPTS or sign == "_":
            index, end = self.index(at, stop)
            marked = bool(found) and found[-1].kind in ("T", "invT", "prime", "sup")
            if not (marked and self.attach(index, end, found)):  # Wᵀ₁ is W₁ᵀ
                found.append(Token("sub", index, at, end))
            return end
        if sign in "0123456789." and (digits := _NUMBER.match(text, at, stop)):
            return self.number(digits[0], at, stop, found)
        if sign == "𝟙" or (unicodedata.normalize("NFKC", sign) == "1" and sign != "1"):
            return self.filled("ones", at, at + 1, stop, found)
        if sign.isalpha():
            return self.run(at, stop, found)
        if sign == "^":
            return self.power(at, stop, found)
        if sign in _FRACTIONS:
            found.append(Token("num", sign, at, at + 1, value=Fraction(*_FRACTIONS[sign])))
            return at + 1
        if sign == "." and text[at : at + 2] == ".T" and not text[at + 2 : at + 3].isalnum():
            found.append(Token("T", "⊤", at, at + 2))
            return at + 2
        pair = text[at : min(at + 2, stop)]
        if sign == "<" and (end := self.inner_product(at, stop)):
            found.append(Token("open", "⟨", at, at + 1))
            found += [*self.scan(at + 1, end - 1), Token("close", "⟩", end - 1, end)]
            return end
        if pair in _LONGER:
            if pair == "**":
                return self.power(at + 1, stop, found, at)
            found.append(Token("op", _LONGER[pair], at, at + 2))
            return at + 2
        if pair == "||":
            found.append(Token("bar", "‖", at, at + 2))
            return at + 2
        for kind, table in (("op", _SIGNS), ("open", _OPENING), ("close", _CLOSING), ("bar", _BARS)):
            if sign in table:
                found.append(Token(kind, table[sign], at, at + 1))
                return at + 1
        if sign in "'′’":
            found.append(Token("prime", "'", at, at + 1))
            return at + 1
        if sign == '"' and (end := text.find('"', at + 1, stop)) > 0:
            found.append(Token("text", text[at + 1 : end], at, end + 1))
            return end + 1
        if sign in _ALONE:
            beside = found and found[-1].kind == "bar" and found[-1].stop == at  # ‖x‖∞
            kind, written = ("sub", sign) if beside and sign == "∞" else _ALONE[sign]
            found.append(Token(kind, written, at, at + 1))
            return at + 1
        raise self.refuse(at, at + 1, f"{sign} cannot be read here", _REFUSED.get(sign))

    def number(self, digits: str, at: int, stop: int, found: list[Token]) -> int:
        end = at + len(digits)
        if digits in ("0", "1") and end < stop and (self.text[end] in SUBSCRIPTS or self.text[end] == "_"):
            return self.filled("ones" if digits == "1" else "zeros", at, end, stop, found)
        if self.turned(end, stop) or self.text[end : end + 1] in ("'", "′", "’"):
            if digits == "11":  # 11ᵀ
                found.append(Token("num", "1", at, at + 1, value=Fraction(1)))
            elif digits != "1":
                raise self.refuse(at, end + 1, "a number has no transpose", f"a power is `{digits}**T`")
            found.append(Token("ones", "", end - 1, end))
            return end
        unit = self.text[end : end + 1]
        imaginary = unit == "j" or (unit == "i" and not _INDEXED.search(self.text))  # 2i may be twice an index
        if imaginary and not self.text[end + 1 : end + 2].isalnum() and not self.known.find(unit):
            hint = f"a name {unit} is declared: `-s {unit}=()`"
            raise self.refuse(at, end + 1, "complex numbers are not in the language", hint)
        found.append(Token("num", digits, at, end, value=number(digits, self.text, Span(at, end))))
        return end

    def filled(self, kind: str, at: int, end: int, stop: int, found: list[Token]) -> int:
        """All ones or the identity, with its sizes below the line where they are given."""
        index = ""
        if end < stop and (self.text[end] in SUBSCRIPTS or self.text[end] == "_"):
            index, end = self.index(end, stop)
        found.append(Token(kind, index, at, end))
        return end

    def turned(self, at: int, stop: int) -> int:
        """The length of a sign of transposition that begins here."""
        found = re.compile(r"ᵀ|⊤|\^\s*(?:\{\s*[T⊤]\s*\}|\(\s*[T⊤]\s*\)|[T⊤])").match(self.text, at, stop)
        return len(found[0]) if found else 0

    def inner_product(self, at: int, stop: int) -> int:
        """The place behind `<x, y>`, where that begins here and no value stands before it."""
        found = _ANGLES.match(self.text, at, stop)
        before, behind = self.text[:at], self.text[at + 1 : at + 2]
        beside = before[-1:].isspace() and not behind.isspace()  # λ <x, y>
        return found.end() if found and (beside or not before.rstrip()[-1:].isalnum()) else 0

    # ---- what stands above and below the line --------------------------------------------------------------------

    def raised(self, at: int, stop: int, found: list[Token]) -> int:
        """A run of raised signs: each transpose and number is a postfix of its own, letters are one exponent."""
        while at < stop and (self.text[at] in SUPERSCRIPTS or self.text[at] == "⊤"):
            lettered = _LETTERED.match(self.text, at, stop)
            part = lettered or _RAISED.match(self.text, at, stop)
            if part is None:
                raise self.refuse(at, at + 1, f"{self.text[at]} cannot be read here")
            end = part.end()
            written = "".join(SUPERSCRIPTS.get(c, "T" if c == "⊤" else c) for c in part[0])
            if written == "T" and "ᵗ" in part[0] and not self.turns("t", at, 1):
                index = Token("name", self.known.find("t") or "t", at, end)
                found.append(Token("sup", "t", at, end, parts=((index,),)))
            elif written in ("T", "-T"):
                mark = "⊤" if part[0][-1] == "⊤" else "T"
                found.append(Token("T" if written == "T" else "invT", mark, at, end))
            else:
                found.append(Token("sup", written, at, end, parts=(tuple(self.exponent(written, at, end)),)))
            at = end
        return at

    def exponent(self, written: str, at: int, end: int) -> list[Token]:
        """Numbers, letters and signs, as they are without being raised."""
        found: list[Token] = []
        for piece in re.findall(r"^-[0-9]+$|[0-9]+|.", written):
            if piece in _FRACTIONS:
                found.append(Token("num", piece, at, end, value=Fraction(*_FRACTIONS[piece])))
            elif piece in "+-/":
                found.append(Token("op", piece, at, end))
            elif piece.isalpha():
                found.append(Token("name", self.known.find(piece) or piece, at, end))
            else:
                value = number(piece.lstrip("-"), self.text, Span(at, end))
                found.append(Token("num", piece, at, end, value=-value if piece[0] == "-" else value))
        return found

    def power(self, at: int, stop: int, found: list[Token], start: int | None = None) -> int:
        """What stands behind ^ (or **): one sign and one token, or a bracket."""
        start, at = at if start is None else start, at + 1
        text = self.text
        while at < stop and text[at].isspace():
            at += 1
        if text[at : at + 1] == "*" and text[start] == "^":
            message, hint = "this mark above the line cannot be read", "give the name an index: `w_star`"
            raise CertainError(message, text=text, span=Span(start, at + 1), hint=hint)
        entries: list[Token] = []
        if at < stop and text[at] in "⊙∘":  # entry by entry
            entries.append(Token("op", "⊙", at, at + 1))
            at += 1
        if at < stop and text[at] in "{(":
            end = self.closing(at, stop)
            inside = text[at + 1 : end - 1].strip()
            if inside in ("*", "⋆") and text[at] == "{" and self.attach("star", end, found):
                return end
            if inside == "+":
                raise self.refuse(start, end, "is this a pseudo-inverse?", PSEUDO)
            if inside.strip("- ") in _TURNED and self.turns(inside, start, end - start):
                found.append(Token("invT" if inside.startswith("-") else "T", inside.strip("- "), start, end))
                return end
            found.append(Token("sup", inside, start, end, parts=((*entries, *self.scan(at + 1, end - 1)),)))
            return end
        inner: list[Token] = entries
        sign = at
        if at < stop and text[at] in "-−+":
            inner.append(Token("op", "-" if text[at] != "+" else "+", at, at + 1))
            at += 1
        if at < stop and text[at] in _TURNED and self.turns(text[at], start):
            found.append(Token("invT" if inner else "T", text[at], start, at + 1))
            return at + 1
        if at < stop and (digits := _NUMBER.match(text, at, stop)):
            value = number(digits[0], text, Span(at, digits.end()))
            inner.append(Token("num", digits[0], at, digits.end(), value=value))
            at = digits.end()
        elif at < stop and text[at] == "(":
            end = self.closing(at, stop)
            inner += [*self.scan(at, end)]
            at = end
        elif at < stop and text[at] in _FRACTIONS:
            at = self.one(at, stop, inner)
        elif at < stop and (text[at] in "|∣‖∥√∛∜" or self.applies(at, stop)):
            pass  # e^-‖x‖², e^sin(x): what is above the line is read with what follows
        elif at < stop and text[at].isalpha() and text[at] not in SUPERSCRIPTS and text[at] not in SUBSCRIPTS:
            at = self.run(at, stop, inner, one=True)
        elif text[sign:at] == "+":
            raise self.refuse(start, at, "is this a pseudo-inverse?", PSEUDO)
        else:
            raise self.refuse(start, max(sign, start + 1), "an exponent belongs here", "as in x^2 or A^-1")
        found.append(Token("sup", text[sign:at], start, at, parts=(tuple(inner),)))
        return at

    def applies(self, at: int, stop: int) -> bool:
        """Whether a function of several letters begins here."""
        found = _WORD.match(self.text, at, stop)
        return found is not None and self.known.function(found[0]) is not None and self.known.find(found[0]) is None

    def turns(self, mark: str, start: int, length: int = 2) -> bool:
        """Whether a raised T is a transpose: always the capital, the small one where t is no other name or index."""
        if "t" not in mark:
            return True
        rest = re.sub(r"\^\s*(?:t|\{\s*t\s*\})|ᵗ", " ", f"{self.text[:start]} {self.text[start + length :]}")
        return self.known.find("t") is None and not re.search(r"(?<![^\W_])t(?![^\W_])|ₜ", rest)
