"""Names of mathematics: runs of letters, each with its accents and indices, cut into known names and functions."""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from itertools import repeat

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import KEYWORDS as RESERVED
from jacobian_cli.syntax.names import LETTERS, MARKS, Key, Known, key, read, spelling
from jacobian_cli.syntax.tokens import Token

SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₊₋₌", "0123456789aehijklmnoprstuvx+-=", strict=True))
SUPERSCRIPTS = dict(
    zip(
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᐟⁿᵀᵗᵏᵐⁱʲᵖᵈᵃᵇᶜᵉᶠᵍʰˡᵒʳˢᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵁⱽᵂᵅᵝᵞᵟᶿᵠᵡ",
        "0123456789+-()/nTTkmijpdabcefghlorsuvwxyzABDEGHIJKLMNOPRUVWαβγδθφχ",
        strict=True,
    )
)
_PAIRS = frozenset(("Mu", "Nu"))
"""Capital Greek letters that look like Latin ones: nobody means Μ and Ν, but many mean M·u and N·u."""
_UNSURE = frozenset("Xi Pi Eta Tau Rho Chi".split())
"""Capital Greek letters that are products of letters where one of these is known, or stands alone elsewhere."""
NUMBERS = frozenset("eps reg lam lamda lr".split())
"""Words that are names as they stand, beside the Greek letters written out."""
KEYWORDS = frozenset("axis axes keepdims None True False".split())
"""Words of options, which are what they are wherever they stand."""
_LONGEST_RUN = 100
_REACH = 16
"""Functions and Greek letters are no longer than this."""
Unit = tuple[str, tuple[str, ...], int, int]
"""A letter, its indices, and its place."""
_PLAIN = re.compile(r"[A-Za-z]+")
_MARK = re.compile(r"\^\{\(([^(){}]{1,20})\)\}|\^\{\[([^\[\]{}]{1,20})\]\}|⁽([^⁽⁾]{1,20})⁾")
"""A name's index above the line, in brackets: W^{(1)}, W^{[1]}."""
_HYPHENED = re.compile(rf"[-\u2010\u2011]({'|'.join(MARKS)})(?![^\W_]|\()")
"""A mark behind a letter, as it is spoken: x-hat."""
_SUMMED = re.compile(r"[ₐ-ₜᵢⱼ]₌|_\{[a-z](?:,[a-z])?=")
"""Where a sum begins to run, which is no index of a name."""
_BELOW = {"i": "ᵢ", "j": "ⱼ", "k": "ₖ"}
_OVER = re.compile(r"∑|∏|Σ_?\s*\{?[a-zᵢⱼₖ]|(?<![A-Za-z])\\?(?:sum|prod|max|min)(?![a-z])")
"""What runs over an index."""
_NAMED = re.compile(r"(?<![A-Za-z])([A-Z])(?:\}|\^\{?\w\}?)?_\{?[qvQV](?![A-Za-z])")
"""Beside W_q, W_k is a name and no entry."""
_STEPS = re.compile(r"(?<=[A-Za-z}])_\{(k)(?:[+−-][0-9]|[|∣]|\\(?:mid|vert))")
"""The letter that numbers steps: the k of x_{k+1} and x_{k|k-1}, where no sum runs over it."""
_ARROW = "\N{COMBINING RIGHT ARROW ABOVE}"
_NUMBERED = frozenset("dnmND")
_ALONG = frozenset("a b e f s x y z xx yy zz E in out".split())
"""What stands below the I of an inertia or a current, and counts nothing."""
_FIRST = re.compile(r"(?<![A-Za-z])I(?:_\{?[01](?!\d)|[₀₁](?![₀-₉]))")
"""No identity has the size 0, or is worth being written with the size 1."""
UNCLEAR = {
    **dict.fromkeys(("lg", "ld"), ("a logarithm to which base?", "write `log10(x)`, `log2(x)` or `log(x)`")),
    "LN": ("is this a logarithm, or a layer's norm?", "write `ln(x)` or `layernorm(x)`"),
    "tg": ("is this the tangent?", "write `tan(x)`"),
}
"""Words for functions that are products of letters as well."""
_SUMS_OF_ROWS = re.compile(r"(?i)(?<![a-z])diag\}?\s*[({]\s*$")
"""What stands before the sums of a matrix's rows: diag(W1)."""
_ONES = re.compile(r"(?<![\w.])1\s*(?:ᵀ|⊤|'|\^\s*\{?\s*(?:T|⊤|\\top))")
"""A row of ones."""
_CONSONANTS = re.compile(r"[b-df-hj-np-tv-xz]{3}")
_WORD = re.compile(r"[A-Z]?[a-z]{3,}")


def _label(name: str, text: str) -> str:
    """The letter below a name that numbers entries in others: the k of K_k, the i of Wᵢ."""
    *_, index = ("", *read(name).indices)
    if len(name) == 2 and name[1] in _BELOW and name[0] + _BELOW[name[1]] in text:
        index = name[1]
    return index if index in _BELOW else ""


class Letters:
    """Cuts names out of one text."""

    def __init__(self, text: str, known: Known) -> None:
        self.text = text
        self.known = known
        self.bases: dict[int, tuple[str, tuple[str, ...]]] = {}
        """The letter and indices of each name, for what may still be attached to it."""
        self.calligraphic: set[int] = set()
        """The places of calligraphic letters."""
        self.pointed: set[int] = set()
        """Where letters with an arrow begin."""
        self.vectors: set[str] = set()
        """The names with an arrow."""
        self.doubts: list[Doubt] = []
        self.met: dict[Key, str] = {}
        """The names of this text, each as it is spelled first."""
        named = () if _OVER.search(text) else known.names
        self.labels = (*map(_label, named, repeat(text)), *(() if _OVER.search(text) else _STEPS.findall(text)))
        """Letters that number entries elsewhere, and are part of names here: `K_k` is asked for, no sum runs over k."""
        self.lettered = {read(n).stem for n in named if len(read(n).indices) == 1 and len(n) == 3 and n[-1].isalpha()}
        if not _OVER.search(text):
            self.lettered |= {found[1] for found in _NAMED.finditer(text)}
        """The stems of names with a letter below: beside W_q, W_k is a name too."""
        self.words = {read(n).stem for n in known.names if n[1:2].isalpha() and read(n).indices}
        """The words with something below that are names: beside logp_w, logp_l is one."""

    def refuse(self, start: int, stop: int, message: str, hint: str | None = None) -> InputError:
        return InputError(message, text=self.text, span=Span(start, stop), hint=hint)

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
        while at < stop and text[at] in SUBSCRIPTS:
            at += 1
        if at > start:
            return "".join(SUBSCRIPTS[c] for c in text[start:at]), at
        at += 1
        if at < stop and text[at] == "{":
            end = self.closing(at, stop)
            return re.sub(r"\s+", "", text[at + 1 : end - 1]), end
        found = re.compile(r"[0-9]+|(?:[A-Za-z]+|[Ͱ-Ͽ]+)[0-9]*|∞|\*").match(text, at, stop)
        if text[at : at + 1] == "+" and start:
            if text[:start].rstrip()[-1:] in (")", "]", "}"):
                return "+", at + 1
            raise self.refuse(start, at + 1, "is this a positive part?", "it is `max(x, 0)`")
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
        if "=" in index:  # of a sum
            return False
        if token.kind in ("ones", "zeros"):
            found[place] = Token(token.kind, index, token.start, stop, token.space)
            return True
        if token.start not in self.bases or token.kind not in ("name", "word", "eye", "indexed"):
            return False
        stem, indices = self.bases[token.start]
        made = self.letter((stem, (*indices, *index.split(",")), token.start, stop))
        if token.kind == "word" and made.kind == "name":
            made = made._replace(kind="word")
        found[place] = made
        return True

    def run(self, at: int, stop: int, found: list[Token], *, one: bool = False) -> int:
        """Letters without anything between: one name, or several beside each other."""
        plain = _PLAIN.match(self.text, at, stop)
        if plain and plain[0] in KEYWORDS and self.known.find(plain[0]) is None:
            found.append(Token("word", plain[0], at, plain.end()))
            return plain.end()
        units: list[Unit] = []
        place = at
        while place < stop and (self.text[place].isalpha() and self.text[place] not in SUPERSCRIPTS):
            if self.text[place] in SUBSCRIPTS or (units and self.doubled(place)):
                break
            units.append(self.unit(place, stop))
            if len(units) > 1 and (number := self.behind_function(units, stop)):
                units[-1] = (units[-1][0], (), units[-1][2], number)
                break
            place = units[-1][3]
            if len(units) > _LONGEST_RUN:
                raise self.refuse(at, place, "so many letters without a blank or a sign are no formula")
        if one:
            whole = next((k for k in range(len(units), 1, -1) if self.known.find(self.text[at : units[k - 1][3]])), 1)
            return self.cut(units[:whole], found)
        return self.cut(units, found)

    def behind_function(self, units: list[Unit], stop: int) -> int:
        """Where a number begins that stands between a function and letters: sin2x is sin 2x."""
        found = re.compile(r"[0-9]+(?=[^\W\d_])").search(self.text, units[-1][2], units[-1][3] + 1)
        if found is None or found.end() != units[-1][3]:
            return 0
        for unit in units[:-1]:
            word = self.text[unit[2] : found.start()]
            whole = self.text[unit[2] : found.end()]
            if self.known.function(word) and not self.known.function(whole) and self.known.find(whole) is None:
                if word == "log":
                    raise self.refuse(
                        unit[2], found.end(), "is this a logarithm to a base?", "use brackets: `log(2*x)`"
                    )
                return found.start()
        return 0

    def doubled(self, place: int) -> bool:
        return self.text[place] == "𝟙" or unicodedata.normalize("NFKC", self.text[place]).isdecimal()

    def unit(self, at: int, stop: int) -> Unit:
        """A letter with its accents, digits and indices."""
        text, end = self.text, at + 1
        while end < stop and unicodedata.combining(text[end]):
            end += 1
        if _ARROW in text[at:end]:
            self.pointed.add(at)
        stem = unicodedata.normalize("NFKC", text[at:end].replace(_ARROW, ""))
        digits = re.compile(r"[0-9]+").match(text, end, stop)
        indices: list[str] = []
        turned = re.compile(r"ᵀ|⊤|\^\s*[{(]?\s*[T⊤]|'")
        ones = digits and digits[0] == "11" and turned.match(text, digits.end(), stop)
        if digits and not ones and not self.times_ones(stem, digits[0], at):
            indices.append(digits[0])
            end = digits.end()
        while end < stop:
            if _SUMMED.match(text, end, stop):
                break
            if text[end] in SUBSCRIPTS or (text[end] == "_" and re.match(r"[\w{∞]", text[end + 1 : end + 2])):
                index, end = self.index(end, stop)
                indices += index.split(",")
            elif mark := _MARK.match(text, end, stop):
                indices.append(mark[1] or mark[2] or "".join(SUPERSCRIPTS.get(c, c) for c in mark[3]))
                end = mark.end()
            elif spoken := self.spoken(end, stop):
                indices.append(spoken[1])
                end = spoken.end()
            else:
                break
        return stem, tuple(indices), at, end

    def times_ones(self, stem: str, digits: str, at: int) -> bool:
        """Whether a letter with a 1 behind is one times a vector of ones: diag(W1) − W, y − ȳ1. That is said."""
        if digits != "1":
            return False
        name, plain = f"{stem}{digits}", unicodedata.normalize("NFD", stem)[0]
        mean = "\N{COMBINING MACRON}" in unicodedata.normalize("NFD", stem)
        numbered = re.search(rf"{re.escape(stem)}(?:[02-9₀-₉]|1[0-9]|_)", self.text)
        if numbered or self.known.find(name) is not None or not (mean or stem.isupper()):
            return False
        other = re.escape(plain if mean else stem)
        alone = re.search(rf"(?<![^\W\d_]){other}(?![^\W\d]|[\d₀-₉\u0300-\u036f])", self.text)
        rows = _SUMS_OF_ROWS.search(self.text[:at]) or _ONES.search(self.text)
        found = bool(alone) if mean else bool(rows) and (alone or self.known.find(stem)) is not None
        if found:
            axes = "n" if mean else "n,n"
            self.doubts.append(Doubt(f"`{stem} 1` is read, times ones; one name is declared: `-s {name}={axes}`"))
        return found

    def spoken(self, at: int, stop: int) -> re.Match[str] | None:
        """A mark behind a hyphen, x-hat, where its word is no name and stands nowhere else."""
        found = _HYPHENED.match(self.text, at, stop)
        if found is None or self.known.find(found[1]) is not None:
            return None
        alone = re.search(rf"(?<![^\W_]|[-\\\u2010\u2011]){found[1]}(?!\w)", self.text)
        return None if alone else found

    def cut(self, units: list[Unit], found: list[Token]) -> int:
        """A run as known names and functions, longest first; what is left are letters."""
        k, total = 0, len(units)
        self.want_clear(units)
        whole = self.text[units[0][2] : units[-1][3]]
        if len(whole) > 2 and whole in RESERVED and whole not in LETTERS and self.known.find(whole) is None:
            found.append(Token("word", spelling(whole, ()), units[0][2], units[-1][3]))
            return units[-1][3]
        if total == 2 and not any(unit[1] for unit in units) and self.sibling(whole):
            found.append(self.named(whole, (), units[0][2], units[-1][3]))
            return units[-1][3]
        while k < total:
            token, end = self.piece(units, k)
            if token is None:
                end = k + 1
                while end < min(total, k + _REACH) and self.piece(units, end)[0] is None:
                    end += 1
                word = self.text[units[k][2] : units[end - 1][3]]
                letters = {self.known.find(c) for c in word}
                if _WORD.match(word.split("_")[0]) and letters == {None} and not self.multiplied(word):
                    stem, *rest = word.split("_")
                    token = Token("word", spelling(stem, tuple(rest)), units[k][2], units[end - 1][3])
                else:
                    if k and units[k][0] == "T" and not units[k][1]:
                        raise self.transposed(units[k])
                    token, end = self.letter(units[k]), k + 1
            found.append(token)
            k = end
        return units[-1][3]

    def multiplied(self, word: str) -> bool:
        """Whether three consonants are a product, as of ½mv² + mgh, for one of them stands in another."""
        beside = re.findall(r"(?<![A-Za-zͰ-Ͽ\\])[A-Za-z]{1,2}(?![A-Za-zͰ-Ͽ])", self.text)
        if not _CONSONANTS.fullmatch(word) or not {*word} & {*"".join(beside)}:
            return False
        self.doubts.append(Doubt(f"`{' '.join(word)}` is read, a product; one name is declared: `-s {word}=()`"))
        return True

    def sibling(self, word: str) -> bool:
        """Whether two letters are a name as a known one is: Wk where Wq is, Uc where Wc is and no c stands alone."""
        if not word[1].islower() or self.known.find(word) or self.known.function(word):
            return False
        alone = re.search(rf"(?<![^\W_]){re.escape(word[1])}(?![\w₀-₉ₐ-ₜ])", self.text)
        return any(
            len(name) == 2 and name[0].isupper() and (name[0] == word[0] or (name[1] == word[1] and not alone))
            for name in self.known.names
            if name in self.text
        )

    def want_clear(self, units: list[Unit]) -> None:
        """Refuse words that are functions, but not which: `lg`, and those that are nearly one before a bracket."""
        start, stop = units[0][2], units[-1][3]
        word = self.text[start:stop]
        if len(units) < 2 or self.known.find(word):
            return
        if word in UNCLEAR and not any(self.known.find(unit[0]) for unit in units):
            raise self.refuse(start, stop, *UNCLEAR[word])
        scaled = self.known.find(word[0]) and self.known.function(word[1:])
        if len(word) > 4 and self.text[stop : stop + 1] == "(" and not (scaled or self.known.function(word)):
            near = get_close_matches(word.lower(), self.known.functions, 1, 0.8)
            if near and not any(self.known.function(word[k:]) == near[0] for k in range(len(word))):
                raise self.refuse(start, stop, f"there is no function '{word}'", f"did you mean `{near[0]}(x)`?")

    def transposed(self, unit: Unit) -> InputError:
        """A T in a run of letters: no name that is known."""
        at = unit[2]
        turned = f"{self.text[:at].strip()}^{self.text[at:].strip()}"
        return self.refuse(
            at,
            at + 1,
            "is this T a matrix, or does it transpose?",
            f"a transpose is written `{turned}`; a matrix is declared: `-s T=n,m`",
        )

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
            if start in self.pointed:
                self.vectors.add(name)
            return Token("name", name, start, stop)
        if marked:
            return None
        if end - k > 1 and indices and stems in self.words:
            return self.named(stems, indices, start, stop)
        if end - k > 1 and (stems in LETTERS or stems in NUMBERS) and not self.apart(stems):
            if stems == "pi" and not indices:
                return Token("name", "pi", start, stop)
            return self.named(stems, indices, start, stop)
        if end - k > 1 and (function := self.known.function(piece)):
            return Token("func", function, start, stop)
        if end - k > 1 and indices and (function := self.known.function(stems)):
            return Token("func", function, start, stop, parts=((Token("sub", ",".join(indices), start, stop),),))
        return None

    def apart(self, word: str) -> bool:
        """Whether a word that could be a capital Greek letter is a product of letters."""
        if word not in _UNSURE:
            return word in _PAIRS
        alone = rf"(?<![^\W\d])[{word}](?![A-Za-z0-9_₀-₉ₐ-ₜ])"
        return any(map(self.known.find, word)) or re.search(alone, self.text) is not None

    def named(self, stem: str, indices: tuple[str, ...], start: int, stop: int) -> Token:
        self.bases[start] = (stem, indices)
        name = spelling(stem, indices)
        name = self.known.find(name) or self.met.setdefault(key(name), name)
        if start in self.pointed:
            self.vectors.add(name)
        return Token("name", name, start, stop)

    def sizes(self, stem: str, indices: tuple[str, ...], pair: list[str]) -> bool:
        """Whether the indices of a letter are known names, and the letter with them is none: Kₙₘ commutes."""
        if "commutation" not in self.known.functions or self.known.find(spelling(stem, indices)):
            return False
        return all(part.isdecimal() or self.known.find(part) for part in pair)

    def is_current(self, indices: tuple[str, ...]) -> bool:
        """Whether an I with something below is a name, as of currents, inertias and invariants: I_1, I_z, I_C."""
        if len(indices) != 1 or self.known.find(indices[0]):
            return False
        (index,) = indices
        return _FIRST.search(self.text) is not None if index.isdecimal() else index in _ALONG

    def is_script(self, start: int) -> bool:
        """Whether an I is calligraphic, and so a name: Fisher's information."""
        return start in self.calligraphic or self.text[start] in "ℐ𝓘"

    def letter(self, unit: Unit) -> Token:
        stem, indices, start, stop = unit
        self.bases[start] = (stem, indices)
        if stem == "π" and not indices:
            return Token("name", "pi", start, stop)
        if stem == "I" and not (self.is_current(indices) or self.is_script(start)):
            return Token("eye", ",".join(indices), start, stop)
        pair = [*indices[0]] if len(indices) == 1 and not indices[0].isdecimal() else [*indices]
        if stem == "K" and len(pair) == 2 and self.sizes(stem, indices, pair):
            return Token("commutation", ",".join(pair), start, stop)
        if stem == "ℓ":
            stem = "l"
        numbered = stem in _NUMBERED  # d_k is a size
        named = numbered or spelling(stem, ()) in self.lettered
        taken = () if named else tuple(i for i in indices if i not in self.labels)
        free = [i for i in taken if re.fullmatch(r"[ijk]|(?!ii|jj|kk)[ijk]{2}", i)]
        token = self.named(stem, indices, start, stop)
        if free and self.known.find(token.text) is None:
            others = tuple(i for i in indices if i not in free)
            base = self.known.find(spelling(stem, others)) or spelling(stem, others)
            marks = Token("sub", "".join(free), start, stop), Token("name", base, start, stop)
            return Token("indexed", token.text, start, stop, parts=(marks,))
        return token
