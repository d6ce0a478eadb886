"""How many axes a name suggests by itself."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from jacobian_cli.syntax.names import key

SCALAR, VECTOR, MATRIX = 0, 1, 2
GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lam lamda mu nu xi rho sigma tau upsilon phi chi psi "
    "omega hbar pi".split()
)
BEFORE_MATRICES = frozenset("tsck")
"""Letters that are numbers where they stand before a matrix; others are rows there."""
IN_QUOTIENTS = frozenset("abcdhkmnprst")
"""Letters whose quotients are numbers before a vector or a matrix."""
STEP_LETTERS = frozenset("ths")
"""Letters of steps along vectors: x + t d."""
RUNNING = frozenset("i j k l n t".split())
"""Letters of indices that number steps, layers or samples, where they stand above the line."""
STEPS = RUNNING - {"n"}
"""Those of them that nobody has for the degree of a polynomial."""
DENSITIES = ("rho",)
"""Greek letters for matrices inside a trace: states in quantum mechanics."""
_TIMES = ("t", "T")
"""Letters whose differences are numbers: Δt."""
_DIFFERENCES = ("Delta", "Δ")
HABITS = ("a Greek name is a scalar", "a lower-case name is a column vector", "a capital is a matrix")


@lru_cache(maxsize=1024)
def habit(name: str) -> int:
    """The textbook habit: how many axes a name suggests (a capital 2, a lower-case name 1, a small Greek letter 0); a
    difference, `Delta_x`, is what its parts are.
    """
    stem = _stem(name)
    if stem in _DIFFERENCES and name[len(stem) : len(stem) + 1] == "_":
        return habit(name[len(stem) + 1 :]) if name[len(stem) + 1 :] not in _TIMES else 0
    if stem[:1].isupper():
        return 2
    return 0 if stem in GREEK or any("Ͱ" <= c <= "Ͽ" or "ἀ" <= c <= "ῼ" for c in stem) else 1


def neighbours(left: str, right: str) -> bool:
    """Whether two letters follow each other, as those of vectors do that stand for anything: a bᵀc, x yᵀz."""
    return len(left) == len(right) == 1 and ord(right) - ord(left) == 1


class Default(NamedTuple):
    """How many axes a name is taken to have, and why."""

    order: int
    why: str


def by_habit(name: str) -> Default:
    """What a name suggests by itself."""
    order = habit(name)
    return Default(order, HABITS[order])


_SAMPLES = frozenset("XHZA")
_NUMBERS = frozenset("mtsh")
_WEIGHTS = frozenset(("W", "U", "V", "Theta", "Θ"))


def _stem(name: str) -> str:
    return re.sub(r"[\d_].*$", "", name)


def holds_samples(name: str) -> bool:
    """Whether a name is one of those that hold samples or activations in their rows, if it is a matrix."""
    return _stem(name) in _SAMPLES or habit(name) == 1


def holds_weights(name: str) -> bool:
    """Whether a capital is one of those behind which a bias is added: XW + b."""
    return _stem(name) in _WEIGHTS


def scales_as_number(name: str) -> bool:
    """Whether a lower-case letter is one of those that are numbers before a vector as often as vectors: m·a."""
    return _stem(name) in _NUMBERS


def weighs(name: str) -> bool:
    """Whether a lower-case name is one of those of weights, which samples are multiplied by."""
    return _stem(name) in _WEIGHING


_WEIGHING = frozenset("w v weight weights coef coefs theta beta".split())


_DATA = frozenset("x t xdata tdata xs ts xi ti".split())


def holds_data(name: str) -> bool:
    """Whether a name is one of those of data that models are functions of, beside their parameters."""
    return name in _DATA


_VARIABLES = frozenset("uvwxyz")


def varies(name: str) -> bool:
    """Whether a letter is one of those that formulas are functions of: α^x."""
    return _stem(name) in _VARIABLES


def of_step(name: str) -> bool:
    """Whether a name has the letter of a step below it, perhaps with a mark: C_t, C_tm1, C_tilde_t."""
    *_, index = name.split("_")
    return index != name and re.fullmatch(f"[{''.join(sorted(STEPS))}](?:[mp]\\d+)?", index) is not None


def is_bias(name: str) -> bool:
    """Whether a letter is that of what is added to scores: wᵀX + b."""
    return _stem(name) == "b"


def leans(name: str) -> bool:
    """Whether a Greek name behind an array is rather the coefficients than a number: X*theta."""
    return _stem(name) in _COEFFICIENTS or name[:1] in "θβ"


def spans(name: str) -> bool:
    """Whether a Greek name before a vector is rather a matrix of features than a number: phi*w."""
    return _stem(name) in ("phi", "psi") or name[:1] in "φϕψ"


_COEFFICIENTS = frozenset("theta beta".split())


_SCALES = frozenset("lambda sigma tau eta epsilon rho kappa gamma delta".split())


def scales(name: str) -> bool:
    """Whether a Greek letter is one of those that scale or bound arrays, where an array stands beside it: λ, τ, σ."""
    return key(name)[0] in _SCALES


def bounds(name: str) -> bool:
    """Whether a Greek letter is one of those that entries are compared with: |x| − λ, x − τ."""
    return key(name)[0] in _BOUNDS


_BOUNDS = frozenset("lambda tau".split())


_STEPS_OF_TIME = re.compile(r"dt|Ts|T_s|[Δ∆]t")


def of_time(name: str) -> bool:
    """Whether a name is one of those of time from one sample to the next."""
    return _STEPS_OF_TIME.fullmatch(name) is not None


def of_means(name: str) -> bool:
    """Whether a Greek letter is that of a mean: μ."""
    return key(name)[0] == "mu"


def is_setting(name: str) -> bool:
    """Whether a name is that of a number that entries are compared with or scaled by, wherever it stands: a margin."""
    return _SETTINGS.fullmatch(name) is not None


_SETTINGS = re.compile(r"margin|clip(_?(eps|ratio|range|value|norm))?|thresh(old)?|temp|norm|det|logdet|trace|discount")
