"""Mathematics as on a board, in Unicode or typed in ASCII, cut into tokens."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from jacobian_cli.syntax.board import statement_of
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import LETTERS, Known, spelling
from jacobian_cli.syntax.tokens import Token, number, want_short
from jacobian_cli.syntax.tree import Definition

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+|\.(?![*/^'TA-Za-z.]))?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?")
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₊₋", "0123456789aehijklmnoprstuvx+-", strict=True))
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿᵀᵗᵏᵐⁱʲᵖᵈ", "0123456789+-()nTTkmijpd", strict=True))
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
_LONGER = {"<=": "<=", ">=": ">=", "==": "==", "!=": "!=", "**": "**"}
_OPENING, _CLOSING = {**{c: c for c in "([{"}, "⟨": "⟨", "〈": "⟨"}, {**{c: c for c in ")]}"}, "⟩": "⟩", "〉": "⟩"}
_BARS = {"|": "|", "∣": "|", "‖": "‖", "∥": "‖"}
_TURNED = ("T", "⊤", "t", "\N{DOWN TACK}")
_REFUSED = {
    "∂": "type the formula alone; jac takes the derivative",
    "∇": "type the formula alone; jac takes the derivative",
    "∫": "an integral is not in the language",
    "†": "a transpose is written xᵀ or x^T",
    "!": "a factorial is not in the language",
    "%": "a remainder is not in the language",
    "″": "a second derivative is not read; jac hessian takes it",
    "∈": "sizes are declared apart: -s x=n",
    "→": "type one formula",
}
NUMBERS = frozenset("eps reg lam lamda".split())
"""Words that are names as they stand, beside the Greek letters written out."""
KEYWORDS = frozenset("axis axes keepdims None True False".split())
"""Words of options, which are what they are wherever they stand."""
_LONGEST_RUN = 100
_REACH = 16
"""Functions and Greek letters are no longer than this."""
Unit = tuple[str, tuple[str, ...], int, int]
"""A letter, its indices, and its place."""
_PLAIN = re.compile(r"[A-Za-z]+")
_DERIVATIVE = re.compile(r"\bd\s*/\s*d[^\W\d]\b|[∂∇]")
ALONE = "type the formula alone; jac takes the derivative"
_NUMBERED = frozenset("dnmND")
_WORD = re.compile(r"[A-Z]?[a-z]{3,}")


def tokens(text: str, known: Known) -> list[Token]:
    """The tokens of a formula.

    >>> [t.text for t in tokens("Wx + b₁ᵀ", Known([]))]
    ['W', 'x', '+', 'b1', 'T', '']
    """
    scanner = Scanner(text, known)
    return [*scanner.scan(0, len(text)), Token("end", "", len(text.rstrip()), len(text.rstrip()) + 1, True)]


def read(text: str, known: Known, notation: str = "math", guessed: bool = False) -> Definition:
    """A formula or a definition in mathematics.

    >>> read("u^T W x", Known([])).value.function
    '?beside'
    """
    del guessed
    want_short(text)
    found = _DERIVATIVE.search(text)
    if found:
        raise InputError("a derivative is not a formula", text=text, span=Span(*found.span()), hint=ALONE)
    return statement_of(tokens(text, known), text, known, notation)


class Scanner:
    """Cuts one text."""

    def __init__(self, text: str, known: Known) -> None:
        self.text = text
        self.known = known
        self.bases: dict[int, tuple[str, tuple[str, ...]]] = {}
        """The letter and indices of each name, for what may still be attached to it."""

    def refuse(self, start: int, stop: int, message: str, hint: str | None = None) -> InputError:
        return InputError(message, text=self.text, span=Span(start, stop), hint=hint)

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
        if sign in _SUPERSCRIPTS or sign == "⊤":
            return self.raised(at, stop, found)
        if sign in _SUBSCRIPTS or sign == "_":
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
            found.append(Token("T", "T", at, at + 2))
            return at + 2
        pair = text[at : min(at + 2, stop)]
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
        if sign == "√":
            found.append(Token("sqrt", "√", at, at + 1))
            return at + 1
        if sign in "∑∏":
            found.append(Token("sum", "sum" if sign == "∑" else "prod", at, at + 1))
            return at + 1
        raise self.refuse(at, at + 1, f"{sign} cannot be read here", _REFUSED.get(sign))

    def number(self, digits: str, at: int, stop: int, found: list[Token]) -> int:
        end = at + len(digits)
        if digits in ("0", "1") and end < stop and (self.text[end] in _SUBSCRIPTS or self.text[end] == "_"):
            return self.filled("ones" if digits == "1" else "zeros", at, end, stop, found)
        if digits == "1" and self.turned(end, stop):
            found.append(Token("ones", "", at, end))
            return end
        found.append(Token("num", digits, at, end, value=number(digits, self.text, Span(at, end))))
        return end

    def filled(self, kind: str, at: int, end: int, stop: int, found: list[Token]) -> int:
        """All ones or the identity, with its sizes below the line where they are given."""
        index = ""
        if end < stop and (self.text[end] in _SUBSCRIPTS or self.text[end] == "_"):
            index, end = self.index(end, stop)
        found.append(Token(kind, index, at, end))
        return end

    def turned(self, at: int, stop: int) -> int:
        """The length of a sign of transposition that begins here."""
        found = re.compile(r"ᵀ|⊤|\^\s*(?:\{\s*[T⊤]\s*\}|\(\s*[T⊤]\s*\)|[T⊤])").match(self.text, at, stop)
        return len(found[0]) if found else 0

    # ---- what stands above and below the line --------------------------------------------------------------------

    def raised(self, at: int, stop: int, found: list[Token]) -> int:
        """A run of raised signs: each transpose, number and letter is a postfix of its own."""
        for part in re.compile(r"⁻?[ᵀᵗ⊤]|[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[⁺⁻]?.", re.DOTALL).finditer(self.text, at, stop):
            if part.start() != at or not (part[0][0] in _SUPERSCRIPTS or part[0] == "⊤"):
                break
            written = "".join(_SUPERSCRIPTS.get(c, "T") for c in part[0])
            end = part.end()
            if written == "T":
                found.append(Token("T", "T", at, end))
            elif written == "-T":
                found.append(Token("invT", "T", at, end))
            elif re.fullmatch(r"[+-]?[0-9]+", written):
                value = number(written.lstrip("+-"), self.text, Span(at, end))
                inner = Token("num", written, at, end, value=-value if written[0] == "-" else value)
                found.append(Token("sup", written, at, end, parts=((inner,),)))
            elif written.isalpha():
                inner = Token("name", self.known.find(written) or written, at, end)
                found.append(Token("sup", written, at, end, parts=((inner,),)))
            else:
                raise self.refuse(at, end, f"{part[0]} cannot be read here")
            at = end
        return at

    def power(self, at: int, stop: int, found: list[Token], start: int | None = None) -> int:
        """What stands behind ^ (or **): one sign and one token, or a bracket."""
        start, at = at if start is None else start, at + 1
        text = self.text
        while at < stop and text[at].isspace():
            at += 1
        entries: list[Token] = []
        if at < stop and text[at] in "⊙∘":  # entry by entry
            entries.append(Token("op", "⊙", at, at + 1))
            at += 1
        if at < stop and text[at] in "{(":
            end = self.closing(at, stop)
            inside = text[at + 1 : end - 1].strip()
            if inside.strip("- ") in _TURNED and self.turns(inside, start):
                found.append(Token("invT" if inside.startswith("-") else "T", "T", start, end))
                return end
            found.append(Token("sup", inside, start, end, parts=((*entries, *self.scan(at + 1, end - 1)),)))
            return end
        inner: list[Token] = entries
        sign = at
        if at < stop and text[at] in "-−+":
            inner.append(Token("op", "-" if text[at] != "+" else "+", at, at + 1))
            at += 1
        if at < stop and text[at] in _TURNED and self.turns(text[at], start):
            found.append(Token("invT" if inner else "T", "T", start, at + 1))
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
        elif at < stop and text[at].isalpha() and text[at] not in _SUPERSCRIPTS and text[at] not in _SUBSCRIPTS:
            at = self.run(at, stop, inner, one=True)
        else:
            raise self.refuse(start, max(sign, start + 1), "an exponent belongs here", "as in x^2 or A^-1")
        found.append(Token("sup", text[sign:at], start, at, parts=(tuple(inner),)))
        return at

    def turns(self, mark: str, start: int) -> bool:
        """Whether a raised T is a transpose: always the capital, the small one where t is no other name."""
        if "t" not in mark:
            return True
        rest = self.text[:start] + " " + self.text[start + 2 :]
        return self.known.find("t") is None and not re.search(r"(?<![^\W_])t(?![^\W_])", rest.replace("^t", "  "))

    def closing(self, at: int, stop: int) -> int:
        """The place behind the bracket that closes the one here."""
        depth = 0
        for place in range(at, stop):
            depth += (self.text[place] in "({[") - (self.text[place] in ")}]")
            if not depth:
                return place + 1
        raise self.refuse(at, at + 1, "this bracket is never closed", "add the " + {"{": "}"}.get(self.text[at], ")"))

    def index(self, at: int, stop: int) -> tuple[str, int]:
        """What stands below the line from here on, with the place behind it."""
        text, start = self.text, at
        while at < stop and text[at] in _SUBSCRIPTS:
            at += 1
        if at > start:
            return "".join(_SUBSCRIPTS[c] for c in text[start:at]), at
        at += 1
        if at < stop and text[at] == "{":
            end = self.closing(at, stop)
            return re.sub(r"\s+", "", text[at + 1 : end - 1]), end
        found = re.compile(r"[0-9]+|[A-Za-zͰ-Ͽ]+[0-9]*|∞|\*").match(text, at, stop)
        if not found:
            raise self.refuse(start, start + 1, "an index belongs behind _", "as in W_1 or x_t")
        return found[0], found.end()

    def attach(self, index: str, stop: int, found: list[Token]) -> bool:
        """Give the name that stands before another index."""
        place = len(found) - 1
        while place > 0 and found[place].kind in ("T", "invT", "prime", "sup"):
            place -= 1
        if place < 0:
            return False
        token = found[place]
        if token.kind in ("ones", "zeros"):
            found[place] = Token(token.kind, index, token.start, stop, token.space)
            return True
        if token.start not in self.bases or token.kind not in ("name", "word", "eye", "indexed"):
            return False
        stem, indices = self.bases[token.start]
        made = self.letter((stem, (*indices, *index.split(",")), token.start, stop))
        found[place] = made
        return True

    # ---- names -----------------------------------------------------------------------------------------------------

    def run(self, at: int, stop: int, found: list[Token], *, one: bool = False) -> int:
        """Letters without anything between: one name, or several beside each other."""
        plain = _PLAIN.match(self.text, at, stop)
        if plain and plain[0] in KEYWORDS and self.known.find(plain[0]) is None:
            found.append(Token("word", plain[0], at, plain.end()))
            return plain.end()
        units: list[Unit] = []
        place = at
        while place < stop and (self.text[place].isalpha() and self.text[place] not in _SUPERSCRIPTS):
            if self.text[place] in _SUBSCRIPTS or (units and self.doubled(place)):
                break
            units.append(self.unit(place, stop))
            place = units[-1][3]
            if len(units) > _LONGEST_RUN:
                raise self.refuse(at, place, "so many letters without a blank or a sign are no formula")
        if one:
            whole = next((k for k in range(len(units), 1, -1) if self.known.find(self.text[at : units[k - 1][3]])), 1)
            return self.cut(units[:whole], found)
        return self.cut(units, found)

    def doubled(self, place: int) -> bool:
        return self.text[place] == "𝟙" or unicodedata.normalize("NFKC", self.text[place]).isdecimal()

    def unit(self, at: int, stop: int) -> Unit:
        """A letter with its accents, digits and indices."""
        text, end = self.text, at + 1
        while end < stop and unicodedata.combining(text[end]):
            end += 1
        stem = unicodedata.normalize("NFKC", text[at:end])
        digits = re.compile(r"[0-9]+").match(text, end, stop)
        indices: list[str] = []
        if digits:
            indices.append(digits[0])
            end = digits.end()
        while end < stop:
            if text[end] in _SUBSCRIPTS or (text[end] == "_" and re.match(r"[\w{∞]", text[end + 1 : end + 2])):
                index, end = self.index(end, stop)
                indices += index.split(",")
            elif mark := re.compile(r"\^\{\(([^(){}]{1,20})\)\}|⁽([^⁽⁾]{1,20})⁾").match(text, end, stop):
                indices.append(mark[1] or "".join(_SUPERSCRIPTS.get(c, c) for c in mark[2]))
                end = mark.end()
            else:
                break
        return stem, tuple(indices), at, end

    def cut(self, units: list[Unit], found: list[Token]) -> int:
        """A run as known names and functions, longest first; what is left are letters."""
        k, total = 0, len(units)
        while k < total:
            token, end = self.piece(units, k)
            if token is None:
                end = k + 1
                while end < min(total, k + _REACH) and self.piece(units, end)[0] is None:
                    end += 1
                word = self.text[units[k][2] : units[end - 1][3]]
                letters = {self.known.find(c) for c in word}
                if _WORD.match(word.split("_")[0]) and letters == {None}:
                    stem, *rest = word.split("_")
                    token = Token("word", spelling(stem, tuple(rest)), units[k][2], units[end - 1][3])
                else:
                    token, end = self.letter(units[k]), k + 1
            found.append(token)
            k = end
        return units[-1][3]

    def piece(self, units: list[Unit], k: int) -> tuple[Token | None, int]:
        """The longest known name or function that begins with a letter of a run, and its end."""
        for end in range(min(len(units), k + max(_REACH, self.known.longest)), k, -1):
            token = self.known_piece(units, k, end)
            if token and not (token.kind == "func" and _WORD.match(self.text, token.stop, units[-1][3])):
                return token, end
        return None, k + 1

    def known_piece(self, units: list[Unit], k: int, end: int) -> Token | None:
        start, stop = units[k][2], units[end - 1][3]
        piece = self.text[start:stop]
        stems = "".join(unit[0] for unit in units[k:end])
        marked = any(unit[1] for unit in units[k : end - 1])
        indices = units[end - 1][1]
        name = self.known.find(piece) or (None if marked else self.known.find(spelling(stems, indices)))
        if name:
            self.bases[start] = (stems, indices)
            return Token("name", name, start, stop)
        if marked:
            return None
        if end - k > 1 and (stems in LETTERS or stems in NUMBERS):
            if stems == "pi" and not indices:
                return Token("name", "pi", start, stop)
            return self.named(stems, indices, start, stop)
        if end - k > 1 and (function := self.known.function(piece)):
            return Token("func", function, start, stop)
        if end - k > 1 and indices and (function := self.known.function(stems)):
            return Token("func", function, start, stop, parts=((Token("sub", ",".join(indices), start, stop),),))
        return None

    def named(self, stem: str, indices: tuple[str, ...], start: int, stop: int) -> Token:
        self.bases[start] = (stem, indices)
        name = spelling(stem, indices)
        return Token("name", self.known.find(name) or name, start, stop)

    def sizes(self, stem: str, indices: tuple[str, ...], pair: list[str]) -> bool:
        """Whether the indices of a letter are known names, and the letter with them is none: Kₙₘ commutes."""
        if "commutation" not in self.known.functions or self.known.find(spelling(stem, indices)):
            return False
        return all(part.isdecimal() or self.known.find(part) for part in pair)

    def letter(self, unit: Unit) -> Token:
        stem, indices, start, stop = unit
        self.bases[start] = (stem, indices)
        if stem == "π" and not indices:
            return Token("name", "pi", start, stop)
        if stem == "I":
            return Token("eye", ",".join(indices), start, stop)
        pair = [*indices[0]] if len(indices) == 1 and not indices[0].isdecimal() else [*indices]
        if stem == "K" and len(pair) == 2 and self.sizes(stem, indices, pair):
            return Token("commutation", ",".join(pair), start, stop)
        if stem == "ℓ":
            stem = "l"
        numbered = stem in _NUMBERED  # d_k is a size
        free = [] if numbered else [i for i in indices if re.fullmatch(r"[ijk]|(?!ii|jj|kk)[ijk]{2}", i)]
        token = self.named(stem, indices, start, stop)
        if free and self.known.find(token.text) is None:
            return Token("indexed", token.text, start, stop, parts=((Token("sub", free[0], start, stop),),))
        return token
