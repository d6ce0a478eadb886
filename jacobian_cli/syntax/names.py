"""How names are read: Greek letters spelled out, and indices at their end.

`W1` is W with the index 1, `lam` is λ, `x_hat` is x with the index "hat".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from keyword import kwlist
from typing import NamedTuple

GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "iota": "ι",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "upsilon": "υ",
    "phi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
}
_RESPELLED = {"lam": "lambda", "lamda": "lambda", "eps": "epsilon"}
"""Names that people write where Python keeps the letter's own for itself, or that are too long."""
LETTERS = {
    **GREEK,
    **{name.capitalize(): letter.upper() for name, letter in GREEK.items()},
}
"""Every letter by its English name, capitals too: `Delta` is Δ."""
_NUMBERED = re.compile(r"(.*\D)(\d+)")


class Reading(NamedTuple):
    """A name taken apart: the stem, with a Greek letter by its English name, and the indices."""

    stem: str
    indices: tuple[str, ...]

    @property
    def word(self) -> bool:
        """Whether the stem is written with several letters."""
        return len(self.letter) > 1

    @property
    def letter(self) -> str:
        """The stem with a Greek letter as that letter."""
        return LETTERS.get(self.stem, self.stem)


def read(name: str) -> Reading:
    """The parts of a name.

    >>> read("lam2"), read("x_hat")
    (Reading(stem='lambda', indices=('2',)), Reading(stem='x', indices=('hat',)))
    """
    first, *indices = name.split("_")
    if not all((first, *indices)):
        return Reading(name, ())
    found = _NUMBERED.fullmatch(first)
    if found:
        first, indices = found[1], [found[2], *indices]
    stem = _RESPELLED.get(first.lower())
    if stem is not None:
        first = stem if first.islower() else stem.capitalize()
    return Reading(first, tuple(indices))


_ENGLISH = {letter: name for name, letter in LETTERS.items()}
_COMBINED = {"\N{COMBINING CIRCUMFLEX ACCENT}": "hat", "\N{COMBINING MACRON}": "bar", "\N{COMBINING TILDE}": "tilde"}
KEYWORDS = frozenset(kwlist) - {"None", "True", "False"}
"""Words that Python's grammar keeps for itself."""

Key = tuple[str, ...]


@lru_cache(maxsize=4096)
def key(name: str) -> Key:
    """What is the same for all spellings of a name: W1, W_1 and W₁; λ, lam and lambda; ŷ and y_hat.

    >>> key("W_1") == key("W1"), key("λ") == key("lam"), key("ŷ") == key("y_hat")
    (True, True, True)
    """
    name = unicodedata.normalize("NFKC", name)
    reading = read(name if name == "lambda" else free(name))
    stem, marks = reading.stem, []
    split = unicodedata.normalize("NFD", stem)
    if any(mark in _COMBINED for mark in split):
        marks = [_COMBINED[c] for c in split if c in _COMBINED]
        stem = unicodedata.normalize("NFC", "".join(c for c in split if c not in _COMBINED))
    return (_ENGLISH.get(stem, stem), *marks, *reading.indices)


def free(name: str) -> str:
    """A name that Python's grammar does not keep for itself.

    >>> free("lambda"), free("class"), free("x")
    ('lam', 'class_', 'x')
    """
    return "lam" if name == "lambda" else f"{name}_" if name in KEYWORDS else name


def spelling(stem: str, indices: tuple[str, ...]) -> str:
    """The name of the language for a letter and its indices.

    >>> spelling("W", ("1",)), spelling("lambda", ()), spelling("x", ("t-1",))
    ('W1', 'lam', 'x_tm1')
    """
    if not indices:
        return free(stem)
    stem = "lam" if stem == "lambda" else stem
    first, *rest = (_plain(index) for index in indices)
    joined = "" if first.isdecimal() and not stem[-1].isdecimal() else "_"
    return "_".join([stem + joined + first, *rest])


_BAR = re.compile(r"\\(?:mid|vert)(?![A-Za-z])")
"""What LaTeX has for the bar of P_{k|k-1}."""


def _plain(index: str) -> str:
    return re.sub(r"\W+", "", re.sub("[-−–]", "m", index).replace("+", "p").replace("*", "star")) or "_"


_LOWERED = {"ᵢ": "_i", "ⱼ": "_j", "ₖ": "_k", "ₙ": "_n", "ₘ": "_m", "ₜ": "_t"}
_RUNS = re.compile(r"(?:∑|∏|Σ|\\?\b(?:sum|prod|max|min))\s*(?:_\s*\{?\s*)?([a-zᵢⱼₖₙₘₜ])(?![a-z])")


def is_entry(name: str, texts: Iterable[str]) -> bool:
    """Whether a name is that of an entry, because a sum in one of these texts runs over its index or over another one
    of the same name.

    >>> is_entry("z_i", ["z_i - log sum_j exp(z_j)"]), is_entry("x_t", ["sum_i y_i"])
    (True, False)
    """
    stem, indices = read("".join(_LOWERED.get(sign, sign) for sign in name))
    if len(indices) != 1 or len(indices[0]) != 1 or not indices[0].isalpha():
        return False
    for text in texts:
        over = {unicodedata.normalize("NFKC", found[1]) for found in _RUNS.finditer(text)}
        plain = unicodedata.normalize("NFKC", "".join(_LOWERED.get(c, c) for c in text)).replace("{", "")
        if indices[0] in over or any(f"{stem}_{index}" in plain for index in over):
            return True
    return False


_STYLE = re.compile(r"\\(?:mathbf|boldsymbol|bm|mathrm|mathcal|text|mathit|vec)(?![A-Za-z])\s*")
ACCENTS = {mark: mark for mark in ("hat", "bar", "tilde", "dot", "ddot", "check", "breve")}
ACCENTS |= {"widehat": "hat", "overline": "bar", "widetilde": "tilde"}
"""Commands of LaTeX that set a mark above a letter, and the mark in a name."""
MARKS = (*dict.fromkeys(ACCENTS.values()), "star", "prime")
"""The words for what stands at a letter: x-hat."""
_ACCENTED = re.compile(
    rf"\\({'|'.join(ACCENTS)})(?![A-Za-z])\s*\{{?\s*\{{?\s*\\?(?:var(?=[a-z]))?([^\W\d_]+)\s*\}}?\s*\}}?(.*)", re.DOTALL
)
_MARKED = re.compile(r"(?:\\(?:var(?=[a-z]))?)?([^\W\d_]+)((?:[_^]?[{(\[]*[\w+,*|−-]+[)}\]]*)*)")


def plain_name(text: str) -> str:
    r"""The name of the language for one in mathematics or LaTeX; what is none stays as it is.

    >>> plain_name("W^{(1)}"), plain_name(r"\hat{\theta}"), plain_name(r"\mathbf{w}_1"), plain_name("W@x")
    ('W1', 'theta_hat', 'w1', 'W@x')
    >>> plain_name("P_{k|k-1}")
    'P_kkm1'
    """
    bare, marks = _INSIDE.sub(lambda found: _BLANKS.sub("", _BAR.sub("|", found[0])), text.strip()), list[str]()
    bare = _GREEK_BELOW.sub(r"_\1", _STYLE.sub("", bare))
    if bare[:1] == "{" and bare[-1:] == "}" and "{" not in bare[1:]:
        bare = bare[1:-1]
    bare = re.sub(r"^\{([^{}]*)\}", r"\1", bare)
    accented = _ACCENTED.fullmatch(bare)
    if accented:
        bare, marks = accented[2] + accented[3], [ACCENTS[accented[1]]]
    found = _MARKED.fullmatch(bare)
    if not found or len(bare) > _LONGEST_NAME:
        return text
    indices = re.findall(r"[^\W_](?:[\w+*|−-]*)", found[2])
    return spelling(found[1], (*marks, *indices))


_INSIDE = re.compile(r"_\{[^{}]*\}")
_GREEK_BELOW = re.compile(r"_\{?\\(?:var(?=[a-z]))?([A-Za-z]+)\}?")
_BLANKS = re.compile(r"\s+")
_LONGEST_NAME = 60


_AMPLITUDE = re.compile("A(?:sin|cos|tan)h?")
"""A times a function: the inverse function has a small letter."""


class Known:
    """The names that are known before a text is read: declared, defined, asked for; and those of functions."""

    def __init__(self, names: Iterable[str], functions: Collection[str] = ()) -> None:
        self.names = dict.fromkeys(names)
        self.functions = functions
        self.primed = any(name.endswith("'") for name in functions)
        """Whether derivatives of functions are known: then what is read may be what was printed."""
        self.by_key: dict[Key, str] = {}
        self.longest = 1
        for name in self.names:
            self.by_key.setdefault(key(name), name)
            self.longest = max(self.longest, len(name))

    def find(self, name: str) -> str | None:
        """The known name that this is another spelling of."""
        return name if name in self.names else self.by_key.get(key(name)) if self.by_key else None

    def function(self, word: str) -> str | None:
        """The function of the language that a word is, whatever the case of its letters: `ReLU`, `Tr`."""
        if word in self.names:
            return None
        word = SAME.get(word, word)
        if word in self.functions:
            return word
        if _AMPLITUDE.fullmatch(word):
            return None
        lower = SAME.get(word.lower(), word.lower())
        return lower if len(word) > 1 and lower in self.functions else None


SAME = {
    "chol": "cholesky",
    "concatenate": "concat",
    "diagonal": "diag",
    "ln": "log",
    "lse": "logsumexp",
    "sgn": "sign",
    "tr": "trace",
}
"""Words of mathematics for functions of the language."""
